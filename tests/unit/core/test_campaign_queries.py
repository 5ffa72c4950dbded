"""What screens show of a campaign, and the sentence that says why it places no call."""

from __future__ import annotations

from typing import Any

import pytest

from callcenter.core import campaign_queries, queries
from callcenter.core.campaign_queries import CampaignView, Silence
from callcenter.core.queries import LineState
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.attempt import AttemptResult, Verdict
from callcenter.domain.campaign import CampaignStep, ListCounts, Pacing
from tests.builders import CAMPAIGN, PBX, T0, Bench, row


def view(bench: Bench) -> CampaignView:
    """The campaign as screens show it."""
    found = campaign_queries.campaign_view(bench.machine.state, "renewals")
    assert found is not None
    return found


def said(bench: Bench) -> tuple[Silence, str]:
    """Why no call is placed: code and sentence."""
    shown = view(bench)
    return shown.silence_code, shown.silence


def step(bench: Bench, what: CampaignStep) -> None:
    """The manager asks for this step."""
    assert bench.ask(e.CampaignStepRequested, "renewals", what, "kim").problem == ""


def idle(counts: dict[str, Any]) -> Bench:
    """A ready agent with an open line, and a list that stands like this."""
    bench = Bench()
    bench.agents("ana")
    bench.campaign()
    bench.open_line("ana")
    bench.fill(counts=ListCounts(at=T0, **counts))
    return bench


def test_who_places_calls_has_nothing_to_explain() -> None:
    bench = Bench()
    bench.dial("ana")

    assert said(bench) == (Silence.NONE, "")


def test_an_idle_agent_and_somebody_in_the_hopper_need_no_words() -> None:
    # The number is being dialed by another campaign just now.
    bench = Bench()
    bench.dial("ana", rows=1)
    bench.agents("ana", "jon")
    bench.campaign(id="surveys", name="Surveys")
    bench.fill(row(5, number=row(0).number), campaign="surveys")
    bench.open_line("jon", campaign="surveys")

    found = campaign_queries.campaign_view(bench.machine.state, "surveys")

    assert found is not None
    assert (found.silence_code, found.hopper) == (Silence.NONE, 1)


def test_the_state_of_the_campaign_is_the_first_reason() -> None:
    bench = Bench()
    assert bench.ask(e.CampaignSaved, CAMPAIGN, "kim").problem == ""
    assert said(bench) == (Silence.DRAFT, "Not started yet.")
    step(bench, CampaignStep.START)
    step(bench, CampaignStep.PAUSE)
    assert said(bench) == (Silence.PAUSED, "Paused by kim.")
    step(bench, CampaignStep.DRAIN)
    assert said(bench)[0] is Silence.FINISHED


def test_a_draining_campaign_says_so() -> None:
    bench = Bench()
    bench.dial("ana")
    step(bench, CampaignStep.DRAIN)

    assert said(bench)[0] is Silence.DRAINING


def test_a_pbx_that_is_away_is_named() -> None:
    bench = Bench()
    bench.dial("ana")
    bench.tell(e.PbxLinkLost(PBX, "reset"))

    assert said(bench) == (Silence.PBX_DOWN, "PBX main cannot be reached.")


def test_agents_who_are_missing_not_on_the_line_or_not_ready_are_counted() -> None:
    bench = Bench()
    bench.agents("ana", "jon")
    bench.campaign()
    bench.fill(row(1))
    assert said(bench) == (Silence.NO_AGENTS, "No agent works for this campaign.")
    bench.ask(e.CampaignJoinRequested, "ana", "renewals")
    bench.ask(e.CampaignJoinRequested, "jon", "renewals")
    assert said(bench)[1] == "None of the 2 agents has picked up the phone yet."
    bench.ask(e.NotReadyRequested, "ana", "lunch")
    bench.pick_up_line("ana")

    assert said(bench) == (Silence.NOBODY_READY, "None of the 2 agents is ready.")


def test_agents_who_talk_or_write_up_are_busy() -> None:
    bench = Bench()
    ref = bench.dial("ana")
    bench.person(ref)
    bench.join(ref)
    assert said(bench)[0] is Silence.AGENTS_BUSY

    bench.tell(e.ChannelHungUp(ref, 16))

    assert said(bench)[1] == "All agents are busy: 1 of 1 talk or write up."


@pytest.mark.parametrize(
    ("counts", "code", "sentence"),
    [
        ({}, Silence.EMPTY_LIST, "The list is empty: import contacts."),
        (
            {"total": 9, "closed": 4, "later": 2},
            Silence.WINDOW_CLOSED,
            "4 contacts are due, outside their calling window.",
        ),
        (
            {"total": 9, "later": 2, "done": 7},
            Silence.RETRIES_LATER,
            "Nobody is due: 2 contacts are to be tried later.",
        ),
        (
            {"total": 9, "done": 7, "used_up": 2},
            Silence.ALL_DONE,
            "Everybody was dialed: 7 done, 2 given up.",
        ),
        (
            {"total": 9, "done": 6, "no_consent": 2, "dnc": 1},
            Silence.NO_CONSENT,
            "Nobody is left who may be called: 2 contacts did not agree to be called; 1 on the "
            "do-not-call list.",
        ),
        ({"total": 9, "due": 9}, Silence.LOOKING, "Looking up who is next."),
    ],
)
def test_an_empty_hopper_is_explained_by_the_list(
    counts: dict[str, Any], code: Silence, sentence: str
) -> None:
    assert said(idle(counts)) == (code, sentence)


def test_a_list_that_is_being_looked_up_for_the_first_time_says_so() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.campaign()
    bench.open_line("ana")

    assert said(bench)[0] is Silence.LOOKING


def test_a_trunk_that_refuses_call_after_call_is_named() -> None:
    bench = Bench(allowed_faults=("trunk_in_trouble",))
    bench.dial("ana", rows=20)
    for _ in range(5):
        bench.tell(e.ChannelHungUp(bench.last(c.PlaceCall).channel, 34))

    assert said(bench) == (
        Silence.TRUNK_REFUSES,
        "Trunk carrier is in trouble: 5 calls in a row were refused; 5 tries were given back. "
        "One call tries it every 1 s.",
    )
    bench.wait(1)
    assert said(bench)[0] is Silence.TRUNK_REFUSES  # one call tries it
    bench.tell(e.AttemptRinging(bench.last(c.PlaceCall).channel))
    assert said(bench)[0] is Silence.NONE


def test_a_campaign_whose_agents_read_cards_says_so_and_counts_them() -> None:
    bench = Bench()
    bench.work("ana", "jon", rows=5, pacing=Pacing.PREVIEW)
    first = bench.agent("ana").preview
    assert first is not None
    bench.ask(e.PreviewSkipRequested, "ana", first.id)

    assert said(bench) == (Silence.PREVIEWING, "2 of 2 agents read the card of who is next.")
    assert (view(bench).previews, view(bench).skips) == (2, 1)
    second = bench.agent("jon").preview
    assert second is not None
    bench.ask(e.PreviewDialRequested, "jon", second.id)
    assert said(bench)[0] is Silence.NONE
    assert (view(bench).previews, view(bench).dialing) == (1, 1)
    why = view(bench).pacing
    assert why is not None
    assert "asks for it" in why.sentence


def test_every_reason_has_a_sentence() -> None:
    bench = idle({})
    campaign, tally = bench.live(), campaign_queries._Tally()

    sentences = {
        code: campaign_queries._sentence(bench.machine.state, code, campaign, tally)
        for code in Silence
    }

    unsaid = [code for code, sentence in sentences.items() if not sentence]
    of_trunks = [Silence.TRUNK_REFUSES, Silence.TRUNK_FULL]  # nothing is wrong with one here
    assert unsaid == [Silence.NONE, *of_trunks]


def test_calls_are_counted_where_they_are_and_agents_by_what_they_do() -> None:
    names = ("ana", "jon", "eva", "zoe")
    bench = Bench()
    bench.work(*names, rows=20, lines_per_agent=2.0)
    refs = [x.channel for x in bench.sent(c.PlaceCall)]
    assert len(refs) == 8
    bench.tell(e.AttemptRinging(refs[1]))
    bench.answer(refs[2])
    bench.person(refs[3])
    bench.join(refs[3])
    bench.person(refs[4])
    bench.join(refs[4])
    bench.tell(e.ChannelHungUp(refs[4], 16))
    bench.ask(e.NotReadyRequested, "eva", "lunch")
    bench.person(refs[5])
    bench.join(refs[5])
    bench.person(refs[6])
    bench.message(refs[6])
    bench.person(refs[7])

    shown = view(bench)

    assert (shown.dialing, shown.ringing, shown.screening) == (1, 1, 1)
    assert (shown.waiting, shown.talking, shown.dropping) == (1, 2, 1)
    assert (shown.agents, shown.lines_open, shown.agents_ready) == (4, 4, 0)
    assert (shown.agents_talking, shown.agents_wrap_up) == (2, 1)
    assert (shown.placed, shown.people) == (8, 5)
    assert sum(shown.results.values()) == shown.results[AttemptResult.CONNECTED] == 1
    assert shown.settings == bench.live().settings


def test_the_rate_of_dropped_calls_is_of_people_not_of_calls() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=3)
    assert view(bench).drop_rate == 0.0
    bench.answer(ref)
    bench.tell(e.AttemptScreened(ref, Verdict.MACHINE, "MAXWORDS"))
    bench.tell(e.ChannelHungUp(ref, 16))
    person = bench.last(c.PlaceCall).channel
    bench.person(person)
    bench.join(person)
    bench.note("ana")
    bench.part(person)
    bench.wait(30)
    dropped = bench.last(c.PlaceCall).channel
    bench.answer(dropped)
    bench.tell(e.HarbourBegan(dropped))
    bench.tell(e.ChannelHungUp(dropped, 16))

    assert view(bench).drop_rate == 0.5
    assert view(bench).results[AttemptResult.MACHINE] == 1


def test_an_agent_without_a_desktop_is_not_ready_for_a_campaign() -> None:
    bench = Bench()
    bench.dial("ana")
    bench.tell(e.DesktopClosed("ana"))

    assert view(bench).agents_ready == 0


def test_what_is_not_there_is_not_shown() -> None:
    state = Bench().machine.state

    assert campaign_queries.campaign_view(state, "renewals") is None
    assert campaign_queries.campaigns_view(state) == ()


def test_the_board_shows_campaigns_in_the_order_they_were_made() -> None:
    bench = Bench()
    bench.dial("ana")
    bench.campaign(id="surveys", name="Surveys")

    shown = queries.board(bench.machine.state).campaigns

    assert [x.id for x in shown] == ["renewals", "surveys"]
    assert (shown[0].dialing, shown[1].dialing) == (1, 0)
    assert shown == campaign_queries.campaigns_view(bench.machine.state)


def test_one_campaign_is_shown_alone_whatever_the_others_do() -> None:
    bench = Bench()
    bench.dial("ana")
    bench.campaign(id="surveys", name="Surveys")

    found = campaign_queries.campaign_view(bench.machine.state, "surveys")

    assert found is not None
    assert (found.id, found.dialing, found.agents) == ("surveys", 0, 0)


def test_an_agents_line_and_campaign_are_shown() -> None:
    bench = Bench()
    ref = bench.dial("ana")
    bench.person(ref)
    bench.join(ref)

    shown = queries.agent_view(bench.machine.state, "ana")
    call = queries.view_of_call(bench.call(ref.id))

    assert shown is not None
    assert (shown.campaign, shown.line) == ("renewals", LineState.IN_USE)
    assert (call.campaign, call.attempt) == ("renewals", ref.id)


def test_a_journal_that_cannot_be_written_is_the_reason_until_it_can() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.campaign()
    bench.fill(row(1))
    bench.tell(e.JournalBlocked("no space left on device"))

    bench.open_line("ana")

    assert bench.placed() == []
    assert said(bench)[0] is Silence.JOURNAL_BLOCKED
    assert "nobody is dialed until it can" in said(bench)[1]
    bench.tell(e.JournalRestored())
    assert bench.placed() == ["1"]
    assert said(bench) == (Silence.NONE, "")
