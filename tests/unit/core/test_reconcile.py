"""Taking the PBX's word after a restart, a lost link or a restarted PBX."""

from __future__ import annotations

import msgspec
import pytest

from callcenter.core.inbound import HOLD_LEASE_S
from callcenter.core.machine import Machine
from callcenter.core.state import decode_state
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import AgentState
from callcenter.domain.call import CallState, Outcome, Place
from callcenter.domain.records import RepairRecord
from tests.builders import PBX, Bench, channel, truth


def restart(bench: Bench, *channels: e.ChannelTruth) -> None:
    """Kill and restart the service, then read this state from the PBX."""
    bench.machine = Machine(decode_state(bench.machine.state.encode()))
    bench.now += 1
    bench.tell(e.ServiceStarted(2))
    bench.commands.clear()
    bench.tell(e.PbxStateRead(PBX, channels))


def leg_truth(bench: Bench, name: str, place: Place, **more: object) -> e.ChannelTruth:
    """The leg of this caller's agent as a state reading shows it."""
    call = bench.call(name)
    assert call.leg is not None
    row = e.ChannelTruth(call.leg, "1001", place, role="agent")
    return msgspec.structs.replace(row, **more)


def repairs(bench: Bench) -> list[str]:
    """Kinds of repairs made, in order."""
    return [r.kind for r in bench.kept(RepairRecord)]


def test_waiting_callers_keep_their_order_over_a_restart() -> None:
    bench = Bench()
    names = ["c1", "c2", "c3"]
    for name in names:
        bench.waiting_caller(name)
        bench.now += 1

    restart(bench, *(truth(name, Place.HOLD) for name in reversed(names)))
    bench.agents("ana", "jon")

    first, second = (bench.call(n).agent for n in ("c1", "c2"))
    assert (first, second) == ("ana", "jon")
    assert repairs(bench) == []


def test_a_conversation_goes_on_over_a_restart() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    bench.talk("a")

    restart(
        bench,
        truth("a", Place.BRIDGE, bridge="b-a"),
        leg_truth(bench, "a", Place.BRIDGE, bridge="b-a"),
    )

    assert bench.call("a").state is CallState.CONNECTED
    assert bench.agent("ana").state is AgentState.TALKING
    assert [type(x) for x in bench.commands] == [c.AddFallbackMember]
    assert repairs(bench) == []


def test_a_join_done_while_away_is_believed() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    leg = bench.ring("a")
    bench.tell(e.LegAnswered(leg))

    restart(
        bench,
        truth("a", Place.BRIDGE, bridge="b9"),
        leg_truth(bench, "a", Place.BRIDGE, bridge="b9"),
    )

    assert bench.call("a").state is CallState.CONNECTED
    assert repairs(bench) == ["was_connected"]


def test_a_ringing_phone_rings_on_over_a_restart_and_is_joined_when_answered() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    leg = bench.ring("a")

    restart(bench, truth("a", Place.HOLD), leg_truth(bench, "a", Place.DIALPLAN, up=False))
    assert bench.agent("ana").state is AgentState.RINGING
    bench.tell(e.LegAnswered(leg))
    bench.tell(e.LegParked(leg))

    assert bench.last(c.JoinCall).leg == leg


def test_a_leg_answered_while_away_is_joined_at_once() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    leg = bench.ring("a")

    restart(bench, truth("a", Place.HOLD), leg_truth(bench, "a", Place.HOLD))

    assert bench.last(c.JoinCall).leg == leg


def test_an_offer_whose_leg_vanished_is_made_again_without_blame() -> None:
    bench = Bench()
    bench.agents("ana")
    before = bench.waiting_caller("a")
    bench.ring("a")

    restart(bench, truth("a", Place.HOLD))
    bench.tell(e.DesktopOpened("ana"))

    assert bench.call("a").queued_at == before.queued_at
    assert bench.agent("ana").state is AgentState.RESERVED
    assert repairs(bench) == ["offer_gone"]


def test_a_caller_who_left_while_we_were_away_is_recorded_as_lost() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    bench.ring("a")

    restart(bench)

    assert bench.ended().outcome is Outcome.LOST
    assert bench.agent("ana").state is AgentState.READY
    assert "call_gone" in repairs(bench)


def test_a_conversation_that_ended_while_away_leaves_the_agent_in_wrap_up() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    bench.talk("a")

    restart(bench)

    assert bench.agent("ana").state is AgentState.WRAP_UP
    assert bench.ended().outcome is Outcome.ANSWERED


def test_an_agent_who_was_lost_while_away_leaves_the_caller_in_front() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    bench.talk("a")

    restart(bench, truth("a", Place.HOLD))

    assert bench.call("a").state is CallState.WAITING
    assert bench.agent("ana").state is AgentState.WRAP_UP


def test_a_parted_pair_of_which_both_sides_live_is_taken_apart() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    leg = bench.talk("a").leg

    restart(bench, truth("a", Place.HOLD), leg_truth(bench, "a", Place.HOLD))

    assert bench.call("a").state is CallState.WAITING
    assert leg in [h.channel for h in bench.sent(c.HangUp)]
    assert "was_parted" in repairs(bench)


def test_a_caller_in_the_menu_is_probed_and_asked_again_when_the_answer_was_lost() -> None:
    bench = Bench()
    ref = channel("a")
    bench.tell(e.CallArrived(ref, "5551234", "7000"))
    bench.tell(e.IvrCommandEnded(ref, bench.last(c.PlayPrompt).id, 0))

    restart(bench, truth("a", Place.MENU))
    probe = bench.last(c.ProbeMenu)
    bench.tell(e.IvrCommandEnded(ref, probe.id, 0))

    assert bench.last(c.AskDigit).channel == ref
    assert bench.call("a").ivr_command == bench.last(c.AskDigit).id


def test_a_menu_command_that_outlived_us_still_counts() -> None:
    bench = Bench()
    ref = channel("a")
    bench.tell(e.CallArrived(ref, "5551234", "7000"))
    bench.tell(e.IvrCommandEnded(ref, bench.last(c.PlayPrompt).id, 0))
    asked = bench.last(c.AskDigit).id

    restart(bench, truth("a", Place.MENU))
    bench.tell(e.IvrCommandEnded(ref, asked, 1, digits="1"))

    assert bench.call("a").state is CallState.WAITING


def test_a_caller_who_came_while_we_were_away_is_taken_in_where_it_is() -> None:
    for place, state in (
        (Place.MENU, CallState.IN_IVR),
        (Place.HOLD, CallState.WAITING),
        (Place.NATIVE_QUEUE, CallState.IN_FALLBACK),
        (Place.DIALPLAN, CallState.ARRIVING),
    ):
        bench = Bench()
        bench.now += 100
        row = msgspec.structs.replace(truth("a", place), entered_at=bench.now - 7)

        restart(bench, row)

        assert bench.call("a").state is state
        assert bench.call("a").arrived_at == bench.now - 8
        assert repairs(bench)[0] == "unknown_caller"


def test_an_arriving_call_in_the_dialplan_is_watched_until_it_is_somewhere() -> None:
    bench = Bench()
    restart(bench, truth("a", Place.DIALPLAN))

    bench.wait(HOLD_LEASE_S + 1)

    assert len(bench.sent(c.ReadPbx)) == 1


def test_a_conversation_arranged_by_the_native_queue_is_adopted() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    bench.ring("a")

    restart(
        bench,
        truth("a", Place.BRIDGE, bridge="q"),
        e.ChannelTruth(channel("q-leg"), "1001", Place.BRIDGE, bridge="q"),
    )

    assert bench.call("a").state is CallState.CONNECTED
    assert bench.agent("ana").leg == channel("q-leg")
    assert "adopted_conversation" in repairs(bench)
    bench.tell(e.ChannelHungUp(channel("q-leg"), 16))
    assert bench.agent("ana").state is AgentState.WRAP_UP


def test_a_caller_talking_with_somebody_who_is_no_agent_is_left_alone() -> None:
    bench = Bench()
    bench.waiting_caller("a")

    restart(
        bench,
        truth("a", Place.BRIDGE, bridge="q"),
        e.ChannelTruth(channel("q-leg"), "2001", Place.BRIDGE, bridge="q"),
    )
    assert bench.call("a").state is CallState.CONNECTED
    bench.hang_up("a")

    assert bench.ended().outcome is Outcome.ANSWERED


def test_a_connected_caller_found_with_another_agent_changes_hands() -> None:
    bench = Bench()
    bench.agents("ana", "jon")
    bench.waiting_caller("a")
    bench.talk("a")

    restart(
        bench,
        truth("a", Place.BRIDGE, bridge="q"),
        e.ChannelTruth(channel("q-leg"), "1002", Place.BRIDGE, bridge="q"),
    )

    assert bench.agent("ana").state is AgentState.WRAP_UP
    assert bench.agent("jon").state is AgentState.TALKING


def test_a_connected_caller_whose_agent_was_parted_from_it_is_adopted_by_the_new_one() -> None:
    bench = Bench()
    bench.agents("ana", "jon")
    bench.waiting_caller("a")
    leg = bench.talk("a").leg

    restart(
        bench,
        truth("a", Place.BRIDGE, bridge="q"),
        leg_truth(bench, "a", Place.HOLD),
        e.ChannelTruth(channel("q-leg"), "1002", Place.BRIDGE, bridge="q"),
    )

    assert bench.agent("jon").state is AgentState.TALKING
    assert leg in [h.channel for h in bench.sent(c.HangUp)]


def test_an_agent_bound_to_a_call_that_does_not_exist_is_freed() -> None:
    bench = Bench()
    bench.agents("ana")
    agent = bench.agent("ana")
    bench.machine.state.agents.put(
        "ana", msgspec.structs.replace(agent, state=AgentState.TALKING, call="gone")
    )

    bench.tell(e.PbxStateRead(PBX, ()))

    assert bench.agent("ana").state is AgentState.WRAP_UP
    assert repairs(bench) == ["agent_freed"]


def test_a_caller_in_the_native_queue_is_fetched_back() -> None:
    bench = Bench()
    before = bench.waiting_caller("a")

    restart(bench, truth("a", Place.NATIVE_QUEUE))
    assert bench.last(c.HoldCaller).channel == channel("a")
    bench.tell(e.CallerHeld(channel("a")))

    assert bench.call("a").queued_at == before.queued_at
    restart(bench, truth("a", Place.HOLD))
    assert bench.call("a").state is CallState.WAITING


def test_a_fallback_call_found_on_hold_waits_again() -> None:
    bench = Bench()
    bench.waiting_caller("a")
    bench.tell(e.CallFellBack(channel("a")))

    restart(bench, truth("a", Place.HOLD))

    assert bench.call("a").state is CallState.WAITING


def test_a_leg_nobody_waits_for_is_hung_up() -> None:
    bench = Bench()

    restart(bench, e.ChannelTruth(channel("leg-old"), "1001", Place.HOLD, role="agent"))

    assert bench.last(c.HangUp).channel == channel("leg-old")
    assert repairs(bench) == ["orphan_leg"]


def test_a_leg_being_hung_up_when_we_died_is_hung_up_again() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    leg = bench.ring("a")
    bench.hang_up("a")

    restart(bench, e.ChannelTruth(leg, "1001", Place.DIALPLAN, up=False))

    assert bench.last(c.HangUp).channel == leg


def test_a_call_we_were_hanging_up_is_hung_up_again() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    bench.talk("a")
    bench.ask(e.HangUpRequested, "ana")

    restart(
        bench,
        truth("a", Place.BRIDGE, bridge="b-a"),
        leg_truth(bench, "a", Place.BRIDGE, bridge="b-a"),
    )

    assert bench.last(c.HangUp).channel == channel("a")


def test_a_redirect_that_never_arrived_is_done_again() -> None:
    bench = Bench()
    bench.tell(e.CallArrived(channel("a"), "5551234", "9999"))

    restart(bench, truth("a", Place.MENU))

    assert bench.last(c.HoldCaller).channel == channel("a")


def test_a_menu_that_broke_off_into_hold_leads_to_the_default_queue() -> None:
    bench = Bench()
    bench.tell(e.CallArrived(channel("a"), "5551234", "7000"))

    restart(bench, truth("a", Place.HOLD))

    assert bench.call("a").queue == "service"


def test_a_caller_found_in_a_menu_after_its_queue_is_put_on_hold() -> None:
    bench = Bench()
    bench.waiting_caller("a")
    bench.tell(e.CallFellBack(channel("a")))

    restart(bench, truth("a", Place.MENU))

    assert repairs(bench)[-1] == "menu_after_queue"
    assert bench.last(c.HoldCaller).channel == channel("a")


def test_a_restarted_pbx_ends_its_calls_and_frees_everybody() -> None:
    bench = Bench()
    bench.agents("ana", "jon")
    bench.waiting_caller("a")
    bench.talk("a")
    bench.waiting_caller("b")
    bench.ring("b")

    bench.tell(e.PbxLinkLost(PBX, "reset"))
    bench.commands.clear()
    bench.tell(e.PbxStateRead(PBX, ()))

    assert len(bench.machine.state.calls) == 0
    assert len(bench.machine.state.legs) == 0
    assert bench.agent("ana").state is AgentState.WRAP_UP
    assert bench.agent("jon").state is AgentState.READY
    assert len(bench.sent(c.AddFallbackMember)) == 2


def test_a_state_reading_over_a_live_link_leaves_what_is_under_way_alone() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    bench.commands.clear()

    bench.tell(e.PbxStateRead(PBX, (truth("a", Place.HOLD),)))

    assert bench.agent("ana").state is AgentState.RESERVED
    assert bench.commands == []


def test_look_ups_are_asked_again_after_a_restart_and_nothing_else_is() -> None:
    bench = Bench()
    bench.tell(e.CallArrived(channel("a"), "5551234", "7000"))
    bench.machine = Machine(decode_state(bench.machine.state.encode()))
    bench.commands.clear()

    bench.tell(e.ServiceStarted(2))

    assert [type(x) for x in bench.commands] == [c.LookUpCustomer]


def test_channels_of_others_are_left_alone() -> None:
    bench = Bench()

    restart(bench, e.ChannelTruth(channel("x"), "1003", Place.BRIDGE, bridge="z"))

    assert bench.commands == []
    assert repairs(bench) == []


@pytest.mark.parametrize("place", [Place.HOLD, Place.BRIDGE])
def test_a_second_pbx_is_not_touched_by_the_state_of_the_first(place: Place) -> None:
    bench = Bench()
    bench.waiting_caller("a")

    bench.tell(e.PbxStateRead("other", (e.ChannelTruth(channel("a", "other"), "x", place),)))

    assert bench.call("a").state is CallState.WAITING
