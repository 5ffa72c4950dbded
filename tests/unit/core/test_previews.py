"""Preview dialing: whose card is shown to whom, and what a press of "dial" does."""

from __future__ import annotations

from typing import Any

import pytest

from callcenter.core.agents import profile_of
from callcenter.core.trunks import IN_TROUBLE
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import AgentProfile, AgentState
from callcenter.domain.attempt import AttemptResult, AttemptState, Verdict
from callcenter.domain.call import CallState, Place
from callcenter.domain.campaign import CallingWindow, Pacing
from callcenter.domain.customer import Tier
from callcenter.domain.ids import ChannelRef
from callcenter.domain.records import AttemptRecord, FaultRecord
from callcenter.domain.step import Reply
from dialer.pacing.decision import Because
from dialer.pacing.scene import AgentPhase
from tests.builders import ALWAYS, PBX, Bench, channel, leg_truth, row
from tests.unit.core.preview_bench import dial, fields_of, hopper, preview, shown

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


def test_a_hopper_of_numbers_read_elsewhere_stays_as_it_is_and_is_read_from_later() -> None:
    bench = Bench()
    bench.agents("ana", "jon")
    bench.campaign(pacing=Pacing.PREVIEW)
    bench.fill(row(0), row(1, number=row(0).number))
    bench.open_line("ana", "jon")
    assert (bench.agent("jon").preview, hopper(bench)) == (None, ["1"])

    bench.tell(e.ChannelHungUp(dial(bench, "ana"), 17))

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
    changed = type(settings)(**{**fields_of(settings), "pacing": Pacing.PREVIEW})
    assert bench.ask(e.CampaignSaved, changed, "kim").problem == ""
    bench.fill(row(2), row(3))
    bench.tell(e.ChannelHungUp(first, 17))
    assert bench.agent("ana").preview is None

    bench.tell(e.ChannelHungUp(second, 17))

    assert [shown(bench, name).row.contact for name in ("ana", "jon")] == ["2", "3"]


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
