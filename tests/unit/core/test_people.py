"""A person has answered: an agent at once, or the safe-harbour message."""

from __future__ import annotations

import pytest

from callcenter.core import dialed, offers
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import AgentState
from callcenter.domain.attempt import AttemptResult, AttemptState, ContactStatus, Verdict
from callcenter.domain.call import CallState, Outcome, Place
from callcenter.domain.customer import Tier
from callcenter.domain.records import ConversationRecord, OfferRecord
from tests.builders import Bench, row

R = AttemptResult


def test_a_person_is_joined_at_once_with_the_agent_who_sees_the_card_first() -> None:
    bench = Bench()
    ref = bench.dial("ana")
    line = bench.agent("ana").line

    bench.person(ref)

    shown = [x for x in bench.commands if isinstance(x, c.PopCard | c.JoinCall | c.RingAgent)]
    assert [type(x) for x in shown] == [c.PopCard, c.JoinCall]
    card, join = bench.last(c.PopCard), bench.last(c.JoinCall)
    assert (card.agent, card.campaign, card.contact, card.queue) == ("ana", "renewals", "0", "")
    assert (card.caller_number, card.waited_s) == (row(0).number, 0.0)
    assert (join.caller, join.leg) == (ref, line)
    bench.join(ref)
    assert bench.agent("ana").state is AgentState.TALKING
    assert bench.attempt(ref).state is AttemptState.CONNECTED


def test_a_conversation_ends_with_a_record_of_the_attempt_and_of_the_call() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.wait(5)
    bench.person(ref)
    bench.join(ref)
    bench.note("ana")
    bench.wait(60)

    bench.tell(e.ChannelHungUp(ref, 16))

    came, call = bench.came_of_it(), bench.ended()
    assert (came.result, came.agent, came.call) == (R.CONNECTED, "ana", call.call)
    assert (came.connected_at, came.ended_at) == (bench.now - 60, bench.now)
    assert came.status is ContactStatus.DONE
    assert (call.outcome, call.campaign, call.attempt) == (
        Outcome.ANSWERED,
        "renewals",
        came.attempt,
    )
    assert [r.result for r in bench.kept(OfferRecord)] == ["answered"]
    assert len(bench.kept(ConversationRecord)) == 1
    assert bench.agent("ana").state is AgentState.WRAP_UP
    bench.wait(30)
    assert bench.agent("ana").state is AgentState.READY


def test_the_campaign_says_how_long_after_call_work_takes() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1, wrap_up_s=5.0)
    bench.person(ref)
    bench.join(ref)
    bench.note("ana")
    bench.tell(e.ChannelHungUp(ref, 16))

    bench.wait(5)

    assert bench.agent("ana").state is AgentState.READY


def test_the_card_is_shown_before_the_person_is_in_the_holding_bridge() -> None:
    bench = Bench()
    ref = bench.dial("ana")
    bench.answer(ref)

    bench.tell(e.AttemptScreened(ref, Verdict.HUMAN))
    assert len(bench.sent(c.PopCard)) == 1
    assert bench.sent(c.JoinCall) == []
    bench.tell(e.CallerHeld(ref))

    assert len(bench.sent(c.JoinCall)) == 1


@pytest.mark.parametrize(
    ("verdict", "cause"),
    [
        (Verdict.NOT_SURE, "TOOLONG-5000"),
        (Verdict.HUMAN, "HUMAN-800-800"),
        (Verdict.MACHINE, "INITIALSILENCE-2500-2500"),
    ],
)
def test_who_may_be_a_person_is_treated_as_one(verdict: Verdict, cause: str) -> None:
    bench = Bench()
    ref = bench.dial("ana")

    bench.person(ref, verdict, cause)

    assert bench.attempt(ref).verdict_cause == cause
    assert len(bench.sent(c.JoinCall)) == 1
    assert bench.live().people == 1


def test_without_detection_whoever_answers_is_a_person() -> None:
    bench = Bench()
    ref = bench.dial("ana", amd=False)
    bench.answer(ref)

    bench.tell(e.CallerHeld(ref))
    bench.join(ref)

    assert bench.agent("ana").state is AgentState.TALKING
    assert bench.attempt(ref).verdict is None


def test_a_gold_customer_is_not_held_for_a_senior_nobody_waits_in_silence() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.campaign()
    bench.fill(row(0, tier=Tier.GOLD))
    bench.open_line("ana")
    ref = bench.last(c.PlaceCall).channel

    bench.person(ref)

    assert bench.call(ref.id).agent == "ana"


def test_a_person_who_hangs_up_while_being_joined_frees_the_agent_without_blame() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.person(ref)

    bench.tell(e.ChannelHungUp(ref, 16))

    assert bench.agent("ana").state is AgentState.READY
    assert bench.came_of_it().result is R.HUNG_UP
    assert bench.ended().outcome is Outcome.ABANDONED
    assert [r.result for r in bench.kept(OfferRecord)] == ["caller_gone"]
    assert bench.sent(c.HangUp) == []


def two_people(bench: Bench) -> None:
    """Ana talks with the first of two people dialed for her; the second has nobody."""
    bench.work("ana", rows=2, lines_per_agent=2.0)
    first, second = (x.channel for x in bench.sent(c.PlaceCall))
    bench.person(first)
    bench.join(first)
    bench.person(second)


def test_a_person_for_whom_nobody_is_free_hears_the_message_and_is_left_alone_for_long() -> None:
    bench = Bench()
    two_people(bench)
    ref = bench.sent(c.PlaceCall)[1].channel
    assert bench.call(ref.id).state is CallState.WAITING

    bench.wait(1)
    bench.message(ref)
    assert bench.attempt(ref).state is AttemptState.DROPPED
    bench.wait(8)
    bench.tell(e.ChannelHungUp(ref, 16))

    came = bench.came_of_it()
    assert (came.result, came.harbour_at) == (R.DROPPED, bench.now - 8)
    assert came.next_try_at == bench.now + 72 * 3600.0
    assert bench.ended().outcome is Outcome.DROPPED
    assert bench.live().people == 2


def test_an_agent_who_comes_free_within_the_second_takes_the_person() -> None:
    bench = Bench()
    two_people(bench)
    first, second = (x.channel for x in bench.sent(c.PlaceCall))
    bench.wait(0.5)
    line = bench.agent("ana").line
    assert line is not None

    bench.tell(e.LegParked(line))
    bench.tell(e.ChannelHungUp(first, 16))
    call = bench.agent("ana").call
    assert bench.ask(e.DispositionRequested, "ana", call, "sold").problem == ""

    assert bench.last(c.JoinCall).caller == second
    bench.join(second)
    assert bench.attempt(second).agent == "ana"


def test_an_agent_who_comes_free_during_the_message_is_not_joined_into_it() -> None:
    bench = Bench()
    two_people(bench)
    first, second = (x.channel for x in bench.sent(c.PlaceCall))
    bench.message(second)

    bench.tell(e.ChannelHungUp(first, 16))
    bench.ask(e.ReadyRequested, "ana")

    assert len(bench.sent(c.JoinCall)) == 1
    assert bench.agent("ana").state is AgentState.READY


def test_an_agent_chosen_too_late_for_the_holding_bridge_is_freed_by_the_message() -> None:
    bench = Bench()
    two_people(bench)
    first, second = (x.channel for x in bench.sent(c.PlaceCall))
    bench.tell(e.CallerLeftHold(second))
    line = bench.agent("ana").line
    assert line is not None
    bench.tell(e.LegParked(line))
    bench.tell(e.ChannelHungUp(first, 16))
    bench.ask(e.ReadyRequested, "ana")
    assert bench.call(second.id).agent == "ana"

    bench.tell(e.HarbourBegan(second))

    assert len(bench.sent(c.JoinCall)) == 1
    assert bench.agent("ana").state is AgentState.READY
    assert bench.attempt(second).state is AttemptState.DROPPED


def test_an_agent_who_comes_free_takes_the_person_who_waits_and_is_not_dialed_for() -> None:
    bench = Bench()
    first = bench.dial("ana", "jon", rows=3)
    for name in ("ana", "jon"):
        bench.ask(e.NotReadyRequested, name, "lunch")
    bench.person(first)

    bench.ask(e.ReadyRequested, "jon")

    assert bench.call(first.id).agent == "jon"
    assert len(bench.placed()) == 2


def test_a_join_that_crosses_the_message_is_a_conversation() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.person(ref)

    bench.tell(e.HarbourBegan(ref))
    assert bench.agent("ana").state is AgentState.RESERVED
    bench.join(ref)

    assert bench.attempt(ref).state is AttemptState.CONNECTED
    bench.tell(e.HarbourBegan(ref))
    bench.tell(e.ChannelHungUp(ref, 16))
    assert bench.came_of_it().result is R.CONNECTED
    assert bench.came_of_it().harbour_at > 0
    assert bench.ended().outcome is Outcome.ANSWERED


def test_a_join_that_came_too_late_for_the_message_frees_the_agent() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.person(ref)
    bench.message(ref)

    bench.tell(e.CommandFailed(bench.last(c.JoinCall).id, "no such channel"))

    assert bench.agent("ana").state is AgentState.READY
    assert bench.call(ref.id).ending
    bench.tell(e.ChannelHungUp(ref, 16))
    assert bench.came_of_it().result is R.DROPPED


def test_a_message_told_twice_is_one_message() -> None:
    bench = Bench()
    two_people(bench)
    ref = bench.sent(c.PlaceCall)[1].channel
    bench.message(ref)
    began = bench.attempt(ref).harbour_at
    bench.wait(1)

    bench.tell(e.HarbourBegan(ref))

    assert bench.attempt(ref).harbour_at == began


def test_a_message_without_any_verdict_is_a_dropped_person() -> None:
    # harbour_wait_s is 0, or the verdict was lost.
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.answer(ref)

    bench.tell(e.HarbourBegan(ref))
    bench.tell(e.ChannelHungUp(ref, 16))

    assert bench.came_of_it().result is R.DROPPED
    assert (bench.live().people, bench.sent(c.JoinCall)) == (1, [])
    assert bench.agent("ana").state is AgentState.READY


@pytest.mark.parametrize(("waited_s", "result"), [(1.5, R.HUNG_UP), (3.5, R.DROPPED)])
def test_who_waited_longer_than_the_pbx_lets_anybody_has_heard_the_message(
    waited_s: float, result: AttemptResult
) -> None:
    # The word of it was lost: the service was down when the message began.
    bench = Bench()
    two_people(bench)
    ref = bench.sent(c.PlaceCall)[1].channel
    person_at = bench.attempt(ref).person_at
    bench.wait(waited_s)

    bench.tell(e.ChannelHungUp(ref, 16))

    assert bench.came_of_it().result is result
    assert bench.came_of_it().harbour_at == (person_at + 1 if result is R.DROPPED else 0.0)


def test_a_refused_join_is_tried_again_within_the_second_that_the_person_has() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    line = bench.agent("ana").line
    assert line is not None
    bench.person(ref)

    bench.tell(e.CommandFailed(bench.last(c.JoinCall).id, "Channel2 is not in a bridge"))
    bench.wait(offers.JOIN_PERSON_AGAIN_S)
    assert len(bench.sent(c.ReadPbx)) == 1
    bench.tell(
        e.PbxStateRead(
            ref.pbx,
            (
                e.ChannelTruth(ref, "carrier", Place.HOLD, role="dialed"),
                e.ChannelTruth(line, "1001", Place.HOLD, role="agent"),
            ),
        )
    )

    assert len(bench.sent(c.JoinCall)) == 2
    bench.join(ref)
    assert bench.agent("ana").state is AgentState.TALKING


def test_a_line_that_is_back_after_a_refused_join_is_joined_at_once() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    line = bench.agent("ana").line
    assert line is not None
    bench.person(ref)
    bench.tell(e.CommandFailed(bench.last(c.JoinCall).id, "no"))

    bench.tell(e.LegParked(line))

    assert len(bench.sent(c.JoinCall)) == 2


def test_an_agents_line_lost_while_talking_gives_the_person_to_another_agent() -> None:
    bench = Bench()
    ref = bench.dial("ana", "jon", rows=1)
    bench.person(ref)
    line = bench.join(ref).leg
    assert line is not None
    bench.wait(30)

    bench.tell(e.ChannelHungUp(line, 44))
    bench.tell(e.CallerHeld(ref))

    assert bench.agent("ana").state is AgentState.WRAP_UP
    assert bench.call(ref.id).agent == "jon"
    assert bench.last(c.JoinCall).caller == ref
    bench.join(ref)
    bench.tell(e.ChannelHungUp(ref, 16))
    assert (bench.came_of_it().agent, bench.ended().answered_by) == ("ana", "ana")
    assert [r.agent for r in bench.kept(ConversationRecord)] == ["ana", "jon"]
    assert (len(bench.kept(ConversationRecord)), bench.live().people) == (2, 1)


def test_an_agent_who_puts_the_phone_down_ends_the_call_and_is_rung_for_the_line_again() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.person(ref)
    line = bench.join(ref).leg
    assert line is not None
    bench.wait(offers.ACCIDENT_S)

    bench.tell(e.ChannelHungUp(line, 16))

    assert bench.last(c.HangUp).channel == ref
    bench.tell(e.ChannelHungUp(ref, 16))
    assert bench.came_of_it().result is R.CONNECTED
    bench.wait(2)
    assert len(bench.sent(c.OpenLine)) == 2


def test_an_agent_who_hangs_up_by_the_desktop_keeps_the_line() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.person(ref)
    line = bench.join(ref).leg

    assert bench.ask(e.HangUpRequested, "ana").problem == ""

    assert [x.channel for x in bench.sent(c.HangUp)] == [ref]
    bench.tell(e.ChannelHungUp(ref, 16))
    assert bench.agent("ana").line == line


def test_a_person_back_on_hold_without_word_of_the_line_waits_for_the_next_agent() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.person(ref)
    line = bench.join(ref).leg
    assert line is not None

    bench.tell(e.ChannelLeft(ref, "b-" + ref.id))
    bench.tell(e.CallerHeld(ref))
    bench.tell(e.LegParked(line))
    bench.wait(offers.PARTED_S)

    assert bench.call(ref.id).state is CallState.WAITING
    assert bench.agent("ana").state is AgentState.WRAP_UP
    assert [x.channel for x in bench.sent(c.HangUp)] == []


def test_a_line_lost_before_the_join_blames_nobody_and_the_person_goes_to_another_agent() -> None:
    bench = Bench()
    ref = bench.dial("ana", "jon", rows=1)
    bench.person(ref)
    line = bench.call(ref.id).leg
    assert line is not None

    bench.tell(e.ChannelHungUp(line, 44))

    assert bench.agent("ana").state is AgentState.READY
    assert bench.call(ref.id).agent == "jon"


def test_a_pbx_that_refuses_every_join_of_somebody_who_has_talked_is_not_stormed() -> None:
    # Nobody plays the message to them: it would have gone on 20 times a second for ever.
    bench = Bench()
    ref = bench.dial("ana", "jon", rows=1)
    bench.person(ref)
    line = bench.join(ref).leg
    assert line is not None
    bench.wait(30)
    bench.tell(e.ChannelHungUp(line, 44))
    bench.tell(e.CallerHeld(ref))

    bench.tell(e.CommandFailed(bench.last(c.JoinCall).id, "Permission denied"))
    bench.wait(offers.JOIN_REFUSED_S - 0.1)
    assert bench.sent(c.ReadPbx) == []
    bench.wait(0.1)

    assert len(bench.sent(c.ReadPbx)) == 1


def test_a_person_of_whom_nothing_is_heard_has_the_pbx_asked() -> None:
    bench = Bench()
    two_people(bench)

    bench.wait(dialed.PERSON_LEASE_S)

    assert len(bench.sent(c.ReadPbx)) == 1


def test_a_person_who_never_arrives_in_the_holding_bridge_has_the_pbx_asked() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.ask(e.NotReadyRequested, "ana", "lunch")
    bench.answer(ref)
    bench.tell(e.AttemptScreened(ref, Verdict.HUMAN))

    bench.wait(dialed.PERSON_LEASE_S)

    assert len(bench.sent(c.ReadPbx)) == 1


def test_a_message_without_end_has_the_pbx_asked() -> None:
    bench = Bench()
    two_people(bench)
    bench.message(bench.sent(c.PlaceCall)[1].channel)

    bench.wait(dialed.HARBOUR_LEASE_S)

    assert len(bench.sent(c.ReadPbx)) == 1


def test_a_verdict_that_comes_late_or_twice_changes_nothing() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.person(ref)
    bench.tell(e.AttemptScreened(ref, Verdict.HUMAN))
    bench.join(ref)
    bench.tell(e.AttemptScreened(ref, Verdict.HUMAN))
    bench.tell(e.AttemptAnswered(ref))

    assert bench.attempt(ref).state is AttemptState.CONNECTED
    assert (bench.live().people, len(bench.machine.state.calls)) == (1, 1)
