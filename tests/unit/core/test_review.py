"""Stories that once went wrong: each is told as the events that led to it."""

from __future__ import annotations

import msgspec
import pytest

from callcenter.core import agents, offers
from callcenter.core.inbound import HOLD_REFUSED_S, MENU_FAILED_S
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import AgentState
from callcenter.domain.call import CallState, Place
from callcenter.domain.records import OfferRecord
from tests.builders import CENTER, PBX, Bench, channel, truth


def cut_and_read(bench: Bench, *channels: e.ChannelTruth) -> None:
    """The link goes and comes back; this is what is true then."""
    bench.tell(e.PbxLinkLost(PBX, "reset"))
    bench.tell(e.PbxStateRead(PBX, channels))


def test_a_caller_met_by_a_state_reading_on_its_way_to_us_gets_its_menu() -> None:
    bench = Bench()
    bench.tell(e.PbxStateRead(PBX, (truth("a", Place.DIALPLAN),)))

    bench.tell(e.CallArrived(channel("a"), "5551234", "7000"))

    assert bench.call("a").state is CallState.IN_IVR
    assert bench.last(c.PlayPrompt).channel == channel("a")


@pytest.mark.parametrize("times", [1, 3])
def test_a_pbx_that_refuses_every_redirect_is_asked_once_a_second_at_most(times: int) -> None:
    bench = Bench()
    bench.tell(e.CallArrived(channel("a"), "5551234", "9999"))

    for _ in range(times):
        bench.tell(e.CommandFailed(bench.last(c.HoldCaller).id, "Permission denied"))
        bench.wait(HOLD_REFUSED_S)
        bench.tell(e.PbxStateRead(PBX, (truth("a", Place.MENU),)))

    assert len(bench.sent(c.ReadPbx)) == times
    assert len(bench.sent(c.HoldCaller)) == times + 1


def test_a_refused_redirect_of_a_caller_who_is_on_hold_or_gone_changes_nothing() -> None:
    bench = Bench()
    bench.waiting_caller("a")
    bench.tell(e.CommandFailed(bench.last(c.HoldCaller).id, "no such channel"))
    bench.hang_up("a")
    bench.tell(e.CommandFailed(bench.last(c.HoldCaller).id, "no such channel"))

    assert bench.deadlines() == {}


def test_a_caller_whose_menu_command_is_refused_goes_to_a_person() -> None:
    bench = Bench(allowed_faults=("menu_failed",))
    bench.tell(e.CallArrived(channel("a"), "5551234", "7000"))

    bench.tell(e.CommandFailed(bench.last(c.PlayPrompt).id, "Permission denied"))
    bench.wait(MENU_FAILED_S)

    assert bench.call("a").state is CallState.WAITING
    assert bench.last(c.HoldCaller).channel == channel("a")


def test_a_caller_whose_menu_cannot_even_be_probed_goes_to_a_person() -> None:
    bench = Bench(allowed_faults=("menu_failed",))
    bench.tell(e.CallArrived(channel("a"), "5551234", "7000"))
    cut_and_read(bench, truth("a", Place.MENU))

    bench.tell(e.CommandFailed(bench.last(c.ProbeMenu).id, "is in no menu"))
    bench.wait(MENU_FAILED_S)

    assert bench.call("a").state is CallState.WAITING


def test_a_menu_command_refused_for_want_of_a_link_leaves_the_caller_in_the_menu() -> None:
    bench = Bench()
    bench.tell(e.CallArrived(channel("a"), "5551234", "7000"))
    bench.tell(e.PbxLinkLost(PBX, "reset"))

    bench.tell(e.CommandFailed(bench.last(c.PlayPrompt).id, "no link"))
    bench.tell(e.CommandFailed("x-of-another-time", "no link"))
    bench.wait(MENU_FAILED_S)
    bench.tell(e.PbxStateRead(PBX, (truth("a", Place.MENU),)))

    assert bench.call("a").state is CallState.IN_IVR
    assert bench.last(c.ProbeMenu).channel == channel("a")


def test_a_menu_command_refused_after_the_caller_has_gone_changes_nothing() -> None:
    bench = Bench()
    bench.tell(e.CallArrived(channel("a"), "5551234", "7000"))
    bench.hang_up("a")

    bench.tell(e.CommandFailed(bench.last(c.PlayPrompt).id, "no such channel"))

    assert bench.deadlines() == {}


def parked_leg(bench: Bench) -> e.ChannelTruth:
    """The leg of caller a as a reading finds it before it is joined."""
    leg = bench.call("a").leg
    assert leg is not None
    return e.ChannelTruth(leg, "1001", Place.HOLD, role="agent")


def test_a_pbx_that_refuses_every_bridge_is_asked_once_a_second_at_most() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    leg = bench.ring("a")
    bench.tell(e.LegAnswered(leg))
    bench.tell(e.LegParked(leg))

    for _ in range(3):
        bench.tell(e.CommandFailed(bench.last(c.JoinCall).id, "Permission denied"))
        bench.wait(offers.JOIN_REFUSED_S)
        bench.tell(e.PbxStateRead(PBX, (truth("a", Place.HOLD), parked_leg(bench))))

    assert len(bench.sent(c.ReadPbx)) == 3
    assert len(bench.sent(c.JoinCall)) == 4


def test_a_bridge_that_came_to_nothing_without_a_word_is_made_again() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    leg = bench.ring("a")
    bench.tell(e.LegAnswered(leg))
    bench.tell(e.LegParked(leg))
    bench.tell(e.CommandSucceeded(bench.last(c.JoinCall).id))

    bench.wait(offers.JOIN_LEASE_S)
    bench.tell(e.PbxStateRead(PBX, (truth("a", Place.HOLD), parked_leg(bench))))

    assert len(bench.sent(c.JoinCall)) == 2


def test_the_ring_time_of_an_offer_that_vanished_does_not_end_the_next_one() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    bench.ring("a")
    bench.wait(13)
    cut_and_read(bench)
    assert [record.result for record in bench.kept(OfferRecord)] == ["caller_gone"]

    bench.waiting_caller("b")
    assert bench.agent("ana").state is AgentState.RESERVED
    bench.wait(3)  # the first ring time would run out here

    assert bench.agent("ana").state is AgentState.RESERVED


def test_a_break_wished_for_during_an_offer_that_vanished_is_taken() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    bench.ring("a")
    assert bench.ask(e.NotReadyRequested, "ana", "lunch").problem == ""

    cut_and_read(bench)

    assert bench.agent("ana").state is AgentState.NOT_READY
    assert bench.agent("ana").reason == "lunch"


def test_an_agent_freed_from_a_call_that_does_not_exist_takes_the_break_wished_for() -> None:
    bench = Bench()
    bench.agents("ana")
    agent = msgspec.structs.replace(
        bench.agent("ana"),
        state=AgentState.RESERVED,
        call="gone",
        wish=AgentState.NOT_READY,
        wish_reason="lunch",
    )
    bench.machine.state.agents.put("ana", agent)

    bench.tell(e.PbxStateRead(PBX, ()))

    assert bench.agent("ana").state is AgentState.NOT_READY


def test_a_call_that_a_stranger_took_first_names_the_agent_who_answered_it_then() -> None:
    bench = Bench()
    bench.agents("ana", seniors=("ana",))
    assert bench.ask(e.NotReadyRequested, "ana", "lunch").problem == ""
    bench.waiting_caller("a")
    cut_and_read(bench, truth("a", Place.BRIDGE, bridge="q"))
    cut_and_read(bench, truth("a", Place.HOLD))
    assert bench.ask(e.ReadyRequested, "ana").problem == ""
    bench.talk("a")
    bench.hang_up("a")

    assert bench.ended().answered_by == "ana"
    assert bench.ended().answered_by_senior


def test_a_desktop_lost_while_the_phone_rings_does_not_leave_the_agent_ready_for_ever() -> None:
    queue = msgspec.structs.replace(CENTER.queues[0], ring_timeout_s=60.0)
    bench = Bench(center=msgspec.structs.replace(CENTER, queues=(queue,)))
    bench.agents("ana")
    bench.waiting_caller("a")
    bench.ring("a")
    bench.tell(e.DesktopClosed("ana"))
    bench.wait(25)
    bench.hang_up("a")
    assert bench.agent("ana").state is AgentState.READY

    bench.wait(21)

    assert bench.agent("ana").reason == "desktop_lost"


def test_who_signs_out_while_the_link_is_down_is_taken_out_of_the_native_queue_after_it() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.tell(e.PbxLinkLost(PBX, "reset"))
    assert bench.ask(e.SignOutRequested, "ana").problem == ""
    bench.tell(e.CommandFailed(bench.last(c.RemoveFallbackMember).id, "no link"))
    bench.wait(agents.REMOVE_AGAIN_S)
    assert len(bench.sent(c.RemoveFallbackMember)) == 1

    bench.tell(e.PbxStateRead(PBX, ()))
    bench.wait(agents.REMOVE_AGAIN_S)

    assert [member.phone for member in bench.sent(c.RemoveFallbackMember)] == ["1001", "1001"]
    bench.tell(e.CommandSucceeded(bench.last(c.RemoveFallbackMember).id))
    assert bench.deadlines() == {}


def test_a_phone_not_yet_out_of_the_native_queue_at_a_restart_is_taken_out_after_it() -> None:
    bench = Bench()
    bench.agents("ana")
    assert bench.ask(e.SignOutRequested, "ana").problem == ""
    bench.tell(e.ServiceStarted(2))
    bench.tell(e.PbxStateRead(PBX, ()))

    bench.wait(agents.REMOVE_AGAIN_S)

    assert len(bench.sent(c.RemoveFallbackMember)) == 2


def test_a_phone_that_has_a_new_agent_stays_in_the_native_queue() -> None:
    bench = Bench()
    bench.agents("ana")
    assert bench.ask(e.SignOutRequested, "ana").problem == ""
    bench.tell(e.CommandFailed(bench.last(c.RemoveFallbackMember).id, "no link"))
    assert bench.ask(e.SignInRequested, "ana", "1001").problem == ""

    bench.wait(agents.REMOVE_AGAIN_S)

    assert len(bench.sent(c.RemoveFallbackMember)) == 1


def test_a_phone_taken_out_of_the_settings_signs_its_agent_out() -> None:
    bench = Bench()
    bench.agents("ana", "jon", "eva")
    bench.waiting_caller("a")
    bench.talk("a")
    assert bench.agent("ana").state is AgentState.TALKING

    bench.tell(e.CenterConfigured(msgspec.structs.replace(CENTER, phones={"1003": PBX})))

    assert bench.agent("ana").state is AgentState.TALKING
    assert bench.agent("jon").state is AgentState.SIGNED_OUT
    assert bench.agent("eva").state is AgentState.READY
    bench.hang_up("a")
    bench.wait(31)
    assert bench.agent("ana").state is AgentState.SIGNED_OUT


def test_a_phone_that_moved_to_another_pbx_signs_its_agent_out() -> None:
    bench = Bench()
    bench.agents("ana")

    bench.tell(e.CenterConfigured(msgspec.structs.replace(CENTER, phones={"1001": "north"})))

    assert bench.agent("ana").state is AgentState.SIGNED_OUT
    assert bench.last(c.RemoveFallbackMember).pbx == PBX
