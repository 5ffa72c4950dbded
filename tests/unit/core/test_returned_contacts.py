"""Whoever calls a campaign back is not dialed meanwhile, nor after they have talked with us."""

from __future__ import annotations

import msgspec

from callcenter.core.campaign_queries import campaign_view
from callcenter.core.invariants import broken
from callcenter.core.salvage import salvage
from callcenter.core.state import decode_state
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import AgentState
from callcenter.domain.attempt import AttemptResult, AttemptState, ContactStatus
from callcenter.domain.call import Outcome
from callcenter.domain.campaign import Pacing, ReturnCounts
from callcenter.domain.records import ReturnRecord
from callcenter.domain.step import Entry
from tests.builders import Bench, row
from tests.unit.core.return_bench import (
    IN,
    SHOWN,
    a_campaign,
    call_back,
    call_in,
    known,
    ringing,
    talk,
)


def test_an_answered_return_call_is_told_with_its_agent_and_counts() -> None:
    bench = a_campaign("ana")
    talk(bench)

    bench.hang_up("in")

    [came] = bench.kept(ReturnRecord)
    assert (came.contact, came.agent, came.answered_at) == ("1", "ana", bench.now)
    assert bench.ended().outcome is Outcome.ANSWERED
    assert bench.live().returns == ReturnCounts(calls=1, answered=1)
    assert bench.agent("ana").state is AgentState.WRAP_UP


def test_nobody_dials_who_is_on_the_line_nor_the_same_number_for_another_campaign() -> None:
    bench = a_campaign("ana", "bo")
    bench.campaign(id="surveys", name="Surveys")
    bench.fill(row(9, number=row(1).number), campaign="surveys")
    bench.tell(e.ContactsChanged("renewals"))
    call_back(bench)

    bench.fill(row(1), row(2))
    bench.open_line("bo", campaign="surveys")

    assert [one.number for one in bench.sent(c.PlaceCall)] == [row(2).number]
    bench.tell(e.ContactsChanged("renewals"))
    assert "1" in bench.refills()[-1].exclude
    assert bench.live("surveys").hopper == ()


def test_an_answer_of_before_the_call_does_not_bring_back_who_is_done() -> None:
    bench = a_campaign("ana")
    talk(bench)
    bench.tell(e.ContactsChanged("renewals"))
    bench.hang_up("in")

    bench.fill(row(1), row(2))

    assert [one.contact for one in bench.live().hopper] == ["2"]


def test_a_row_of_another_campaign_stays_in_front_until_the_person_has_hung_up() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.campaign(caller_id=SHOWN)
    bench.campaign(id="surveys", name="Surveys")
    bench.open_line("ana", campaign="surveys")
    call_back(bench)
    bench.fill(row(9, number=row(1).number), campaign="surveys")
    assert bench.sent(c.PlaceCall) == []

    bench.hang_up("in")
    bench.tell(e.ContactsChanged("surveys"))
    bench.fill(row(9, number=row(1).number), campaign="surveys")

    assert [one.number for one in bench.sent(c.PlaceCall)] == [row(1).number]


def test_a_phone_that_rings_for_who_calls_us_stops_and_the_attempt_keeps_its_result() -> None:
    bench = a_campaign("ana", "bo")
    ref = ringing(bench)

    call_back(bench)

    assert bench.last(c.HangUp).channel == ref
    bench.tell(e.ChannelHungUp(ref, 17))
    assert bench.came_of_it().result is AttemptResult.NO_ANSWER
    assert bench.came_of_it().status is ContactStatus.OPEN


def test_an_attempt_that_ends_after_the_talk_began_plans_no_other() -> None:
    bench = a_campaign("ana", "bo", "cy")
    ref = ringing(bench, row(2))
    talk(bench)

    bench.tell(e.ChannelHungUp(ref, 17))

    assert (bench.came_of_it().result, bench.came_of_it().status) == (
        AttemptResult.NO_ANSWER,
        ContactStatus.DONE,
    )


def test_a_call_that_has_no_channel_yet_is_hung_up_as_soon_as_it_has() -> None:
    bench = a_campaign("ana", "bo")
    bench.tell(e.ContactsChanged("renewals"))
    bench.fill(row(1))
    ref = bench.last(c.PlaceCall).channel
    call_back(bench)
    bench.tell(e.CommandFailed(bench.last(c.HangUp).id, "no such channel"))
    bench.commands.clear()

    bench.tell(e.AttemptCreated(ref))

    assert bench.last(c.HangUp).channel == ref


def test_somebody_who_picked_up_before_is_served_as_dialed() -> None:
    bench = a_campaign("ana", "bo")
    ref = ringing(bench)
    bench.tell(e.AttemptAnswered(ref))

    call_back(bench)

    assert bench.attempt(ref).state is AttemptState.SCREENING
    assert not bench.attempt(ref).rang_out


def test_the_card_of_who_calls_back_leaves_the_desk_where_it_is_read() -> None:
    bench = a_campaign("ana", pacing=Pacing.PREVIEW)
    bench.fill(row(1), row(2))
    preview = bench.agent("ana").preview
    assert preview is not None
    assert preview.row.contact == "1"

    call_in(bench)
    known(bench)

    preview = bench.agent("ana").preview
    assert preview is None or preview.row.contact == "2"


def test_the_card_of_somebody_else_stays_on_the_desk() -> None:
    bench = a_campaign("ana", pacing=Pacing.PREVIEW, returns_to="service")
    bench.fill(row(1), row(2))
    before = bench.agent("ana").preview

    call_in(bench, 2)
    known(bench, 2)

    assert before is not None
    assert before.row.contact == "1"
    assert bench.agent("ana").preview == before
    assert bench.live().hopper == ()


def test_a_card_read_for_another_campaign_leaves_the_desk_too() -> None:
    bench = a_campaign("ana", "bo")
    bench.campaign(id="surveys", name="Surveys", pacing=Pacing.PREVIEW)
    bench.open_line("bo", campaign="surveys")
    bench.fill(row(9, number=row(5).number), campaign="surveys")
    assert bench.agent("bo").preview is not None

    call_back(bench, 5)

    assert bench.agent("bo").preview is None


def test_a_card_whose_person_calls_back_without_being_known_in_time_is_not_dialed() -> None:
    bench = a_campaign("ana", "bo")
    bench.campaign(id="surveys", name="Surveys", pacing=Pacing.PREVIEW)
    bench.open_line("bo", campaign="surveys")
    call_back(bench, 5)
    bench.fill(row(9, number=row(5).number), row(6), campaign="surveys")

    preview = bench.agent("bo").preview
    assert preview is not None
    assert preview.row.contact == "6"


def test_a_stale_card_of_who_is_on_the_line_is_refused() -> None:
    bench = a_campaign("ana", "bo")
    bench.campaign(id="surveys", name="Surveys", pacing=Pacing.PREVIEW)
    bench.open_line("bo", campaign="surveys")
    bench.fill(row(9, number=row(5).number), campaign="surveys")
    preview = bench.agent("bo").preview
    assert preview is not None
    bench.machine.state.numbers_on_line.put(row(5).number, 1)
    bench.machine.state.commit()

    answer = bench.machine.handle(e.PreviewDialRequested("r", "bo", preview.id), bench.now)

    assert answer.replies[0].problem.startswith("This person has called us")


def test_a_line_that_went_with_its_caller_while_we_were_away_is_opened_again() -> None:
    """Both had gone when the service came back: the line was forgotten as a leg, and the agent had
    one that was not there any more."""
    bench = a_campaign("ana")
    talk(bench)

    bench.restart()
    bench.tell(e.DesktopOpened("ana"))
    bench.wait(2.0)

    assert bench.last(c.OpenLine).agent == "ana"


def test_campaigns_tell_who_calls_back_and_came_of_it() -> None:
    bench = a_campaign("ana")
    view = campaign_view(bench.machine.state, "renewals")
    assert view is not None
    assert (view.returning, view.returns) == (0, ReturnCounts())

    talk(bench)
    bench.waiting_caller("other")

    view = campaign_view(bench.machine.state, "renewals")
    assert view is not None
    assert view.returning == 1


def test_a_queue_that_is_not_there_is_refused_for_return_calls() -> None:
    bench = a_campaign()
    settings = msgspec.structs.replace(bench.live().settings, returns_to="nowhere")

    assert "no queue nowhere" in bench.ask(e.CampaignSaved, settings, "kim").problem


def test_what_a_foreign_tail_tells_of_return_calls_is_kept() -> None:
    bench = a_campaign("ana", "bo")
    ref = ringing(bench, row(2))
    state = decode_state(bench.machine.state.encode())
    facts = ("renewals", "1", row(1).number, bench.now)
    told = (
        ReturnRecord("c1", *facts, bench.now, bench.now, "ana", False),
        ReturnRecord("c2", *facts, 0.0, bench.now, "", False),
        ReturnRecord("c3", "gone", *facts[1:], 0.0, bench.now, "", False),
    )

    found = salvage(state, [Entry(state.position + 1, bench.now, e.Tick(), (), told)])

    assert found.campaigns["renewals"].returns == ReturnCounts(calls=2, answered=1)
    assert found.attempts[ref.id].returned


def test_invariants_see_a_count_that_is_wrong_and_a_wait_without_an_end() -> None:
    bench = a_campaign("ana")
    bench.tell(e.ChannelHungUp(bench.agent("ana").line or IN, 16))
    call = call_back(bench)
    state = bench.machine.state

    state.note_return(call, 1)
    state.clear_timer(f"return:{call.id}")
    state.calls.put(call.id, msgspec.structs.replace(call, seeks_contact=True))

    found = " ".join(broken(state))
    assert "are on the line, counted are" in found
    assert "waits for agents of 'renewals' without an end" in found
    assert "its contact is looked up without a deadline" in found
