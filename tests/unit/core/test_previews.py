"""Preview dialing: whose card is shown to whom, what a press of "dial" or "skip" does, and how a
card is taken back."""

from __future__ import annotations

from typing import Any

import pytest

from callcenter.core.agents import profile_of
from callcenter.core.invariants import broken
from callcenter.core.previews import SKIPPED_FOR_S, SKIPPED_MAX, TRY_AGAIN_S, UNTOUCHED_S
from callcenter.core.salvage import salvage
from callcenter.core.state import decode_state
from callcenter.core.trunks import IN_TROUBLE
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import AgentProfile, AgentState, Preview
from callcenter.domain.attempt import AttemptResult, AttemptState, Verdict
from callcenter.domain.call import CallState, Place
from callcenter.domain.campaign import CallingWindow, CampaignState, CampaignStep, Pacing
from callcenter.domain.customer import Tier
from callcenter.domain.ids import ChannelRef
from callcenter.domain.records import AttemptRecord, FaultRecord
from callcenter.domain.step import Entry, Reply
from dialer.pacing.decision import Because
from dialer.pacing.scene import AgentPhase
from tests.builders import ALWAYS, CAMPAIGN, PBX, Bench, channel, leg_truth, row, truth


def preview(*names: str, rows: int = 6, **changes: Any) -> Bench:
    """These agents on the line for a campaign in which they read the cards first."""
    bench = Bench()
    bench.work(*names, rows=rows, pacing=Pacing.PREVIEW, **changes)
    return bench


def shown(bench: Bench, name: str) -> Preview:
    """The card that this agent reads."""
    found = bench.agent(name).preview
    assert found is not None
    return found


def dial(bench: Bench, name: str) -> ChannelRef:
    """The agent presses "dial"; the channel of the call placed."""
    before = len(bench.placed())
    assert bench.ask(e.PreviewDialRequested, name, shown(bench, name).id).problem == ""
    assert len(bench.placed()) == before + 1
    return bench.last(c.PlaceCall).channel


def skip(bench: Bench, name: str) -> Reply:
    """The agent presses "skip"."""
    return bench.ask(e.PreviewSkipRequested, name, shown(bench, name).id)


def step(bench: Bench, what: CampaignStep) -> None:
    """The manager starts, pauses or drains the campaign."""
    assert bench.ask(e.CampaignStepRequested, "renewals", what, "kim").problem == ""


def hopper(bench: Bench) -> list[str]:
    """The contacts that are next, in order."""
    return [one.contact for one in bench.live().hopper]


# --- showing --------------------------------------------------------------------------------------


def test_each_free_agent_is_shown_the_next_contact_and_nobody_is_dialed() -> None:
    bench = preview("ana", "jon")

    assert shown(bench, "ana").row == row(0)
    assert shown(bench, "jon").row == row(1)
    assert hopper(bench) == ["2", "3", "4", "5"]
    assert bench.sent(c.PlaceCall) == []
    cards = bench.sent(c.PopCard)
    assert [(card.agent, card.contact, card.campaign) for card in cards] == [
        ("ana", "0", "renewals"),
        ("jon", "1", "renewals"),
    ]
    assert cards[0].call == shown(bench, "ana").id


def test_an_agent_whose_line_is_not_open_yet_is_shown_nobody() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.campaign(pacing=Pacing.PREVIEW)
    bench.fill(row(0))
    assert bench.ask(e.CampaignJoinRequested, "ana", "renewals").problem == ""
    assert bench.agent("ana").preview is None

    bench.pick_up_line("ana")

    assert shown(bench, "ana").row.contact == "0"


def test_of_two_free_agents_the_one_idle_longer_reads_the_only_card() -> None:
    bench = Bench()
    bench.agents("jon", "ana")
    bench.campaign(pacing=Pacing.PREVIEW)
    bench.open_line("ana", "jon")

    bench.fill(row(0))

    assert shown(bench, "jon").row.contact == "0"
    assert bench.agent("ana").preview is None


def test_a_number_that_is_read_or_dialed_elsewhere_waits_in_front() -> None:
    bench = Bench()
    bench.agents("ana", "jon")
    bench.campaign(pacing=Pacing.PREVIEW)
    bench.fill(row(0), row(1, number=row(0).number), row(2))
    bench.open_line("ana", "jon")

    assert shown(bench, "jon").row.contact == "2"
    assert hopper(bench) == ["1"]
    ref = dial(bench, "ana")
    assert hopper(bench) == ["1"]
    bench.tell(e.ChannelHungUp(ref, 17))
    assert shown(bench, "ana").row.contact == "1"


def test_a_contact_whose_window_has_closed_is_not_shown() -> None:
    closing = CallingWindow(opens=0, closes=22 * 60 + 20, weekdays=ALWAYS.weekdays)
    bench = Bench()
    bench.agents("ana")
    bench.campaign(pacing=Pacing.PREVIEW, window=closing)
    bench.fill(row(0), row(1))
    bench.wait(3600.0)

    bench.open_line("ana")

    assert bench.agent("ana").preview is None
    assert hopper(bench) == []
    assert "hopper:renewals" in bench.machine.state.timers


def test_who_is_read_is_not_asked_of_the_database_again() -> None:
    bench = preview("ana", rows=1)
    bench.wait(31.0)

    assert "0" in bench.refills()[-1].exclude
    bench.fill(row(0), row(1))

    assert hopper(bench) == ["1"]


def test_people_whom_nobody_asked_for_are_taken_before_a_card_is_shown() -> None:
    bench = Bench()
    first = bench.dial("ana", "jon", rows=2)
    second = bench.sent(c.PlaceCall)[1].channel
    settings = bench.live().settings
    changed = type(settings)(**{**_fields(settings), "pacing": Pacing.PREVIEW})
    assert bench.ask(e.CampaignSaved, changed, "kim").problem == ""
    bench.fill(row(2), row(3))
    bench.tell(e.ChannelHungUp(first, 17))
    assert bench.agent("ana").preview is None

    bench.tell(e.ChannelHungUp(second, 17))

    assert [shown(bench, name).row.contact for name in ("ana", "jon")] == ["2", "3"]


def _fields(settings: Any) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in settings.__struct_fields__}


def test_a_desktop_that_comes_back_is_shown_the_card_again() -> None:
    bench = preview("ana")
    bench.tell(e.DesktopClosed("ana"))
    bench.wait(3.0)
    before = len(bench.sent(c.PopCard))

    bench.tell(e.DesktopOpened("ana"))

    [again] = bench.sent(c.PopCard)[before:]
    assert again.call == shown(bench, "ana").id
    bench.tell(e.DesktopOpened("ana"))
    assert len(bench.sent(c.PopCard)) == before + 1


# --- dialing --------------------------------------------------------------------------------------


def test_dial_places_the_call_reserved_for_that_agent() -> None:
    bench = preview("ana", "jon")
    card = shown(bench, "ana")

    ref = dial(bench, "ana")

    assert ref == ChannelRef(PBX, card.id)
    assert bench.attempt(ref).reserved == "ana"
    assert (bench.agent("ana").preview, bench.agent("ana").dialing) == (None, ref.id)
    assert "preview:ana" not in bench.machine.state.timers
    known = bench.machine.state.pacings["renewals"]
    assert known.learnt.scene.agents["ana"].phase is AgentPhase.ACCEPTED
    assert known.reason is not None
    assert known.reason.because is Because.ASKED


def test_the_person_goes_to_the_agent_who_read_the_card_and_to_nobody_else() -> None:
    bench = preview("ana", "jon")  # ana is idle for longer
    ref = dial(bench, "jon")

    bench.person(ref)
    call = bench.join(ref)

    assert (call.agent, call.reserved) == ("jon", "")
    assert bench.agent("jon").state is AgentState.TALKING
    assert bench.agent("jon").dialing == ""
    assert shown(bench, "ana").row.contact == "0"
    bench.part(ref)
    assert bench.came_of_it().agent == "jon"
    assert bench.agent("jon").dialed_in_vain is None


def test_two_people_at_once_go_each_to_their_own_agent() -> None:
    bench = preview("ana", "jon")
    of_ana, of_jon = dial(bench, "ana"), dial(bench, "jon")

    bench.person(of_jon)
    bench.person(of_ana)

    assert bench.call(of_ana.id).agent == "ana"
    assert bench.call(of_jon.id).agent == "jon"


def test_a_person_whose_agent_has_gone_hears_the_message_though_others_are_free() -> None:
    bench = preview("ana", "jon")
    ref = dial(bench, "ana")
    bench.tell(e.DesktopClosed("ana"))
    bench.wait(21.0)
    assert bench.agent("ana").state is AgentState.NOT_READY

    bench.person(ref)
    assert bench.call(ref.id).state is CallState.WAITING
    bench.message(ref)
    bench.tell(e.ChannelHungUp(ref, 16))

    assert bench.came_of_it().result is AttemptResult.DROPPED
    assert bench.agent("ana").dialing == ""


def test_the_agent_is_told_what_came_of_a_call_in_vain_and_reads_the_next_card() -> None:
    bench = preview("ana")
    ref = dial(bench, "ana")

    bench.tell(e.ChannelHungUp(ref, 17))

    ana = bench.agent("ana")
    assert ana.dialed_in_vain is not None
    assert (ana.dialed_in_vain.contact, ana.dialed_in_vain.result) == ("0", AttemptResult.BUSY)
    assert shown(bench, "ana").row.contact == "1"
    dial(bench, "ana")
    assert bench.agent("ana").dialed_in_vain is None


def test_a_machine_keeps_its_agent_waiting_until_its_channel_is_gone() -> None:
    bench = preview("ana")
    ref = dial(bench, "ana")

    bench.answer(ref)
    bench.tell(e.AttemptScreened(ref, Verdict.MACHINE, "MAXWORDS-4-4"))
    assert bench.agent("ana").preview is None
    bench.tell(e.ChannelHungUp(ref, 16))

    assert bench.came_of_it().result is AttemptResult.MACHINE
    assert shown(bench, "ana").row.contact == "1"


def test_a_person_whose_agents_phone_is_lost_in_mid_talk_may_go_to_another() -> None:
    bench = preview("ana", "jon")
    ref = dial(bench, "ana")
    bench.person(ref)
    bench.join(ref)
    line = bench.agent("ana").line
    assert line is not None

    bench.tell(e.CallerHeld(ref))
    bench.tell(e.ChannelHungUp(line, 44))

    assert bench.call(ref.id).agent == "jon"
    assert bench.agent("jon").preview is None
    assert hopper(bench)[0] == "1"


def test_an_agent_rung_by_the_native_queue_while_dialing_goes_on_talking() -> None:
    bench = preview("ana")
    ref = dial(bench, "ana")
    bench.waiting_caller("in1")
    bench.tell(e.CallFellBack(channel("in1")))
    bench.tell(e.FallbackAnswered(channel("in1"), "1001", channel("q-1")))

    bench.person(ref)
    assert bench.call(ref.id).state is CallState.WAITING
    bench.message(ref)
    bench.tell(e.ChannelHungUp(ref, 16))

    ana = bench.agent("ana")
    assert (ana.state, ana.dialing) == (AgentState.TALKING, "")
    assert ana.call == bench.call("in1").id


def test_a_break_asked_for_while_dialing_begins_after_the_call() -> None:
    bench = preview("ana")
    ref = dial(bench, "ana")

    assert bench.ask(e.NotReadyRequested, "ana", "lunch").problem == ""
    assert bench.agent("ana").state is AgentState.READY
    assert bench.ask(e.CampaignJoinRequested, "ana", "").problem == "Finish the running call first."
    bench.tell(e.ChannelHungUp(ref, 17))

    assert (bench.agent("ana").state, bench.agent("ana").reason) == (AgentState.NOT_READY, "lunch")
    assert bench.agent("ana").preview is None


def test_going_home_while_dialing_is_after_the_call_and_can_be_taken_back() -> None:
    bench = preview("ana")
    ref = dial(bench, "ana")

    assert bench.ask(e.SignOutRequested, "ana").problem == ""
    assert bench.agent("ana").wish is AgentState.SIGNED_OUT
    assert bench.ask(e.ReadyRequested, "ana").problem == ""
    assert bench.agent("ana").wish is None
    assert bench.ask(e.SignOutRequested, "ana").problem == ""
    bench.tell(e.ChannelHungUp(ref, 17))

    assert bench.agent("ana").state is AgentState.SIGNED_OUT


@pytest.mark.parametrize("kind", ["dial", "skip"])
def test_a_card_that_is_not_the_agents_any_more_is_neither_dialed_nor_skipped(kind: str) -> None:
    bench = preview("ana", "jon")
    wish = e.PreviewDialRequested if kind == "dial" else e.PreviewSkipRequested
    of_jon = shown(bench, "jon").id

    assert "not yours any more" in bench.ask(wish, "ana", of_jon).problem
    assert "not yours any more" in bench.ask(wish, "ana", "att-gone").problem
    assert "is not an agent" in bench.ask(wish, "nobody", of_jon).problem
    ref = dial(bench, "ana")
    assert "being dialed already" in bench.ask(wish, "ana", ref.id).problem
    assert bench.placed() == ["0"]


def test_dial_pressed_twice_under_one_request_is_answered_twice_and_dialed_once() -> None:
    bench = preview("ana")
    wish = e.PreviewDialRequested("same", "ana", shown(bench, "ana").id)

    first, second = bench.tell(wish), bench.tell(wish)

    assert first.replies == second.replies == (Reply("same"),)
    assert bench.placed() == ["0"]


# --- refused --------------------------------------------------------------------------------------


def refusal(bench: Bench) -> str:
    """What ana is told when she presses "dial"; nobody is called."""
    before = bench.placed()
    problem = bench.ask(e.PreviewDialRequested, "ana", shown(bench, "ana").id).problem
    assert bench.placed() == before
    return problem


def test_the_card_stays_while_nobody_can_be_dialed() -> None:
    bench = preview("ana")
    card = shown(bench, "ana")

    bench.tell(e.JournalBlocked("no space"))
    assert "journal" in refusal(bench)
    bench.tell(e.JournalRestored())
    bench.tell(e.PbxLinkLost(PBX, "reset"))
    assert "cannot be reached" in refusal(bench)
    line = bench.agent("ana").line
    assert line is not None
    bench.tell(e.PbxStateRead(PBX, (leg_truth(line, Place.DIALPLAN),)))
    assert "Your line is not open" in refusal(bench)
    bench.tell(e.LegParked(line))
    bench.tell(e.DesktopClosed("ana"))
    assert "No desktop" in refusal(bench)

    bench.tell(e.DesktopOpened("ana"))
    assert shown(bench, "ana") == card
    dial(bench, "ana")


def test_no_more_calls_than_the_campaign_has_lines() -> None:
    bench = preview("jon", "ana", max_lines=1)
    dial(bench, "jon")

    assert "All lines of the campaign" in refusal(bench)


def test_a_trunk_in_trouble_takes_one_call_after_a_while() -> None:
    bench = preview("ana", rows=20)
    bench.allowed_faults = (IN_TROUBLE,)
    while not bench.kept(FaultRecord):
        bench.tell(e.ChannelHungUp(dial(bench, "ana"), 34))

    assert refusal(bench) == "Trunk carrier takes no call just now: try again in a moment."
    bench.wait(60.0)
    dial(bench, "ana")


def test_the_agent_is_free_while_a_refused_call_waits_for_what_the_trunk_tells() -> None:
    bench = preview("ana")
    ref = dial(bench, "ana")

    bench.tell(e.ChannelHungUp(ref, 34))

    assert bench.attempt(ref).state is AttemptState.HELD
    assert bench.kept(AttemptRecord) == []
    ana = bench.agent("ana")
    assert ana.dialed_in_vain is not None
    assert ana.dialed_in_vain.result is AttemptResult.CONGESTION
    assert shown(bench, "ana").row.contact == "1"
    dial(bench, "ana")


def test_nobody_is_shown_or_dialed_before_the_campaign_begins() -> None:
    bench = Bench()
    bench.work("ana", rows=3, pacing=Pacing.PREVIEW, starts_at=bench.now + 600.0)
    assert bench.agent("ana").preview is None

    bench.wait(601.0)

    assert shown(bench, "ana").row.contact == "0"


def test_who_asks_not_to_be_called_disappears_from_the_desk() -> None:
    bench = preview("ana")
    number = shown(bench, "ana").row.number

    assert bench.ask(e.DncAdded, number, "asked", "agent", "ana").problem == ""

    assert shown(bench, "ana").row.contact == "1"
    assert "0" not in hopper(bench)


def test_a_new_list_of_who_is_not_to_be_called_takes_every_card_away() -> None:
    bench = preview("ana")

    bench.tell(e.DncListChanged())

    assert bench.agent("ana").preview is None
    assert "0" not in bench.refills()[-1].exclude
    bench.fill(row(1))
    assert shown(bench, "ana").row.contact == "1"


def test_agents_of_a_blended_campaign_may_be_needed_for_calls_that_come_in() -> None:
    bench = preview("ana", blended=True)
    known = bench.machine.state.pacings["renewals"]
    known.kept, known.kept_at = 1, bench.now

    assert "needed for calls that come in" in refusal(bench)


def test_a_caller_takes_the_agent_of_a_blended_campaign_from_the_card_not_from_the_call() -> None:
    bench = preview("ana", "jon", blended=True)
    dial(bench, "ana")

    bench.waiting_caller("in1", Tier.GOLD)

    assert bench.call("in1").agent == "jon"
    assert bench.agent("jon").preview is None
    assert hopper(bench)[0] == "1"


def test_a_person_whose_window_closes_meanwhile_is_not_called() -> None:
    closing = CallingWindow(opens=0, closes=22 * 60 + 17, weekdays=ALWAYS.weekdays)
    bench = preview("ana", window=closing)
    bench.wait(240.0)

    assert "calling window" in refusal(bench)

    assert bench.agent("ana").preview is None
    assert "0" not in hopper(bench)


def test_a_number_dialed_meanwhile_for_another_campaign_is_left_for_later() -> None:
    bench = preview("ana")
    bench.campaign(id="surveys")
    bench.fill(row(70, number=row(0).number), campaign="surveys")
    bench.tell(e.AgentsConfigured(_profiles(bench, "eva")))
    bench.tell(e.DesktopOpened("eva"))
    assert bench.ask(e.SignInRequested, "eva", "1004").problem == ""
    assert bench.ask(e.ReadyRequested, "eva").problem == ""
    bench.open_line("eva", campaign="surveys")

    assert "being dialed for somebody else" in refusal(bench)

    assert shown(bench, "ana").row.contact == "1"
    assert hopper(bench)[0] == "0"


def _profiles(bench: Bench, *more: str) -> tuple[Any, ...]:
    known = [profile_of(agent) for agent in bench.machine.state.agents.values()]
    return (*known, *(AgentProfile(name, ("service",)) for name in more))


# --- skipping -------------------------------------------------------------------------------------


def test_who_was_skipped_is_not_shown_again_for_a_while() -> None:
    bench = preview("ana", rows=2)

    assert skip(bench, "ana").problem == ""

    assert shown(bench, "ana").row.contact == "1"
    assert bench.live().skips == 1
    bench.wait(31.0)
    assert {"0", "1"} <= set(bench.refills()[-1].exclude)
    bench.fill(row(0), row(2))
    assert hopper(bench) == ["2"]
    assert bench.placed() == []


def test_after_that_while_they_come_again() -> None:
    bench = preview("ana", rows=1)
    skip(bench, "ana")
    bench.fill()
    bench.wait(SKIPPED_FOR_S - 60.0)
    assert "0" in bench.refills()[-1].exclude
    for _ in range(3):
        bench.fill()
        bench.wait(31.0)
    assert "0" not in bench.refills()[-1].exclude

    bench.fill(row(0))

    assert shown(bench, "ana").row.contact == "0"


def test_of_those_skipped_so_many_are_kept() -> None:
    bench = preview("ana", rows=1)
    many = {f"c{n}": bench.now + 600.0 for n in range(SKIPPED_MAX)}
    bench.machine.state.campaigns.put(
        "renewals", type(bench.live())(**{**_fields(bench.live()), "skipped": many})
    )

    skip(bench, "ana")

    assert len(bench.live().skipped) == SKIPPED_MAX
    assert "c0" not in bench.live().skipped
    assert "0" in bench.live().skipped


# --- time -----------------------------------------------------------------------------------------


def test_a_timed_preview_is_dialed_by_itself() -> None:
    bench = preview("ana", preview_s=10.0)
    card = shown(bench, "ana")
    assert card.dial_at == card.since + 10.0

    bench.wait(9.0)
    assert bench.placed() == []
    bench.wait(2.0)

    assert bench.placed() == ["0"]
    assert bench.agent("ana").dialing == card.id


def test_a_timed_preview_that_cannot_be_dialed_is_tried_again() -> None:
    bench = preview("ana", preview_s=10.0)
    bench.tell(e.JournalBlocked("no space"))
    bench.wait(30.0)
    assert bench.placed() == []

    bench.tell(e.JournalRestored())
    bench.wait(TRY_AGAIN_S)

    assert bench.placed() == ["0"]


def test_a_timed_preview_whose_window_has_closed_gives_way_to_the_next() -> None:
    closing = CallingWindow(opens=0, closes=22 * 60 + 16, weekdays=ALWAYS.weekdays)
    bench = preview("ana", preview_s=200.0, window=closing)

    bench.wait(201.0)

    assert bench.placed() == []
    assert bench.agent("ana").preview is None


def test_a_card_that_nobody_touches_makes_its_agent_not_ready() -> None:
    bench = preview("ana", "jon")
    bench.wait(1.0)
    dial(bench, "jon")

    bench.wait(UNTOUCHED_S)

    ana = bench.agent("ana")
    assert (ana.state, ana.reason) == (AgentState.NOT_READY, "preview_untouched")
    assert ana.preview is None
    assert hopper(bench)[0] == "0"


def test_a_timer_without_its_card_does_nothing() -> None:
    bench = preview("ana")
    skip(bench, "ana")
    for name in ("ana", "nobody"):
        bench.machine.state.set_timer(f"preview:{name}", bench.now)
    card = shown(bench, "ana")
    bench.ask(e.NotReadyRequested, "ana", "lunch")
    bench.machine.state.set_timer("preview:ana", bench.now)

    bench.wait(0.1)

    assert (bench.agent("ana").reason, bench.placed()) == ("lunch", [])
    assert hopper(bench)[0] == card.row.contact


# --- withdrawn ------------------------------------------------------------------------------------


def test_an_agent_who_takes_a_break_gives_the_card_to_the_next() -> None:
    bench = preview("ana")

    bench.ask(e.NotReadyRequested, "ana", "lunch")

    assert bench.agent("ana").preview is None
    assert hopper(bench)[0] == "0"
    assert "preview:ana" not in bench.machine.state.timers
    bench.ask(e.ReadyRequested, "ana")
    assert shown(bench, "ana").row.contact == "0"


def test_leaving_the_campaign_signing_out_and_losing_the_line_take_the_card_away() -> None:
    for what in ("leaves", "signs out", "loses the line"):
        bench = preview("ana")
        line = bench.agent("ana").line
        assert line is not None

        if what == "leaves":
            bench.ask(e.CampaignJoinRequested, "ana", "")
        elif what == "signs out":
            bench.ask(e.SignOutRequested, "ana")
        else:
            bench.tell(e.ChannelHungUp(line, 16))

        assert bench.agent("ana").preview is None
        assert hopper(bench)[0] == "0"


def test_an_agent_whose_desktop_is_gone_for_good_loses_the_card() -> None:
    bench = preview("ana")
    bench.tell(e.DesktopClosed("ana"))

    bench.wait(21.0)

    assert bench.agent("ana").reason == "desktop_lost"
    assert bench.agent("ana").preview is None


@pytest.mark.parametrize("what", [CampaignStep.PAUSE, CampaignStep.DRAIN])
def test_a_campaign_that_stops_takes_its_cards_away(what: CampaignStep) -> None:
    bench = preview("ana", "jon")

    step(bench, what)

    assert [bench.agent(name).preview for name in ("ana", "jon")] == [None, None]
    assert len(bench.machine.state.previewing) == 0
    assert bench.live().state in (CampaignState.PAUSED, CampaignState.FINISHED)


def test_another_pacing_takes_the_cards_away_and_dials() -> None:
    bench = preview("ana")
    changed = type(CAMPAIGN)(**{**_fields(CAMPAIGN), "pacing": Pacing.PROGRESSIVE})

    assert bench.ask(e.CampaignSaved, changed, "kim").problem == ""

    assert bench.agent("ana").preview is None
    assert bench.placed() == ["0"]


def test_a_person_who_is_forgotten_is_not_shown_any_more() -> None:
    bench = preview("ana")
    skip(bench, "ana")
    ref = dial(bench, "ana")
    bench.tell(e.ChannelHungUp(ref, 17))
    assert shown(bench, "ana").row.contact == "2"

    assert bench.ask(e.ErasureRequested, ("0", "1", "2"), "kim", ()).problem == ""

    ana = bench.agent("ana")
    assert shown(bench, "ana").row.contact == "3"
    assert ana.dialed_in_vain is None
    assert bench.live().skipped == {}
    assert not {"0", "1", "2"} & set(hopper(bench))


# --- restarts -------------------------------------------------------------------------------------


def test_a_card_survives_a_restart_of_the_service() -> None:
    bench = preview("ana")
    card, line = shown(bench, "ana"), bench.agent("ana").line
    assert line is not None

    bench.restart(leg_truth(line, Place.HOLD))
    assert shown(bench, "ana") == card
    bench.tell(e.DesktopOpened("ana"))

    assert [x.call for x in bench.sent(c.PopCard)] == [card.id]
    assert dial(bench, "ana").id == card.id


def test_a_call_asked_for_survives_a_restart_and_finds_its_agent() -> None:
    bench = preview("ana", "jon")
    ref = dial(bench, "ana")
    lines = [bench.agent(name).line for name in ("ana", "jon")]

    rows = [leg_truth(line, Place.HOLD) for line in lines if line is not None]
    bench.restart(*rows, truth(ref.id, Place.SCREENING, role="dialed"))
    for name in ("ana", "jon"):
        bench.tell(e.DesktopOpened(name))
    bench.tell(e.AttemptScreened(ref, Verdict.HUMAN))
    bench.tell(e.CallerHeld(ref))

    assert bench.call(ref.id).agent == "ana"


def test_what_a_foreign_version_left_behind_is_salvaged_without_cards() -> None:
    bench = preview("ana", "jon")
    ref = dial(bench, "ana")

    found = salvage(bench.machine.state, [])

    assert broken(found) == []
    assert [agent.preview for agent in found.agents.values()] == [None, None]
    assert [agent.dialing for agent in found.agents.values()] == ["", ""]
    assert found.attempts[ref.id].state is AttemptState.PLACED
    assert len(found.previewing) == 0


def test_the_tail_of_a_foreign_version_tells_of_a_call_asked_for() -> None:
    bench = preview("ana")
    before = bench.machine.state.encode()
    wish = e.PreviewDialRequested("r", "ana", shown(bench, "ana").id)
    made = bench.tell(wish)
    state = bench.machine.state
    tail = [Entry(state.position, state.now, wish, made.commands, made.records)]
    found = salvage(decode_state(before), tail)

    assert broken(found) == []
    assert [attempt.contact for attempt in found.attempts.values()] == ["0"]
