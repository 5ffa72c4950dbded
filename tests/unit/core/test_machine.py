"""The machine itself: faults, timers, replies, snapshots."""

from __future__ import annotations

from typing import Any

import pytest

from callcenter.core import agents, inbound
from callcenter.core import machine as machine_module
from callcenter.core.machine import ANSWERED_FOR_S, Machine, pending_of
from callcenter.core.state import decode_state, empty_state
from callcenter.core.turn import Turn
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import AgentState, AgentStep, may
from callcenter.domain.agent import next_state as next_agent_state
from callcenter.domain.call import CallState, CallStep
from callcenter.domain.call import next_state as next_call_state
from callcenter.domain.records import FaultRecord
from callcenter.domain.transitions import Impossible
from tests.builders import PBX, T0, Bench, channel


def test_a_step_that_raises_leaves_the_state_as_it_was_and_becomes_a_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench(allowed_faults=("*",))
    bench.agents("ana")
    bench.waiting_caller("a")
    before = bench.machine.state.snapshot()

    def explode(turn: Turn, event: Any) -> None:
        turn.change_agent(turn.state.agents["ana"], desktops=7)
        turn.state.agents.remove("ana")
        turn.state.legs.remove(next(iter(turn.state.legs)))
        turn.state.set_timer("ring:zoe", 1.0)
        turn.state.clear_timer("reserve:ana")
        turn.state.set_epoch(99)
        turn.state.set_center(machine_module.Machine(empty_state("X")).state.center)
        turn.send(c.HangUp("x", channel("a")))
        raise KeyError("boom")

    monkeypatch.setitem(machine_module._HANDLERS, e.IvrLeft, explode)
    step = bench.tell(e.IvrLeft(channel("a")))

    after = bench.machine.state.snapshot()
    assert step.commands == ()
    assert [type(r) for r in step.records] == [FaultRecord]
    assert bench.machine.faults == 1
    assert (after.agents, after.calls, after.timers) == (before.agents, before.calls, before.timers)
    assert (after.legs, after.epoch, after.center) == (before.legs, before.epoch, before.center)
    assert bench.machine.next_deadline() == min(before.timers.values())


def test_an_impossible_step_names_what_and_in_which_state(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(allowed_faults=("*",))
    bench.agents("ana")

    def impossible(turn: Turn, event: Any) -> None:
        turn.step_agent(turn.state.agents["ana"], AgentStep.CONVERSATION_OVER)

    monkeypatch.setitem(machine_module._HANDLERS, e.ReadyRequested, impossible)
    reply = bench.ask(e.ReadyRequested, "ana")

    assert reply.problem != ""
    fault = bench.kept(FaultRecord)[0]
    assert fault.kind == "impossible_agent"
    assert "conversation_over in state ready" in fault.detail


def test_a_timer_that_raises_is_gone_and_does_not_hold_up_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench(allowed_faults=("*",))
    bench.agents("ana", "jon")
    for name in ("ana", "jon"):
        bench.tell(e.DesktopClosed(name))
    real = agents.desktop_timed_out

    def explode(turn: Turn, agent_id: str) -> None:
        real(turn, agent_id)
        if agent_id == "ana":
            raise ValueError("boom")

    monkeypatch.setitem(machine_module._TIMERS, "desktop", explode)
    bench.wait(60)

    assert bench.agent("jon").state is AgentState.NOT_READY
    assert bench.agent("ana").state is AgentState.READY
    assert len(bench.kept(FaultRecord)) == 1


def test_time_never_goes_backwards() -> None:
    bench = Bench()
    bench.now = T0 - 100

    bench.tell(e.CallArrived(channel("a"), "5551234", "7000"))

    assert bench.call("a").arrived_at == T0


def test_a_machine_from_a_snapshot_goes_on_like_the_one_it_was_taken_from() -> None:
    one = Bench()
    one.agents("ana", "jon", seniors=("ana",))
    one.waiting_caller("a")
    two = Bench(machine=Machine(decode_state(one.machine.state.encode())))
    two.machine = Machine(decode_state(one.machine.state.encode()))
    two.now = one.now

    for bench in (one, two):
        bench.talk("a")
        bench.waiting_caller("b")
        bench.hang_up("a")
        bench.wait(120)

    assert one.machine.state.encode() == two.machine.state.encode()


def test_pending_commands_are_listed_until_their_results_come() -> None:
    bench = Bench()
    bench.tell(e.CallArrived(channel("a"), "5551234", "7000"))
    look_up, play = pending_of(bench.machine.state)

    bench.tell(e.CommandSucceeded(play))

    assert pending_of(bench.machine.state) == (look_up,)


def test_kept_replies_are_forgotten_after_a_day() -> None:
    bench = Bench()
    bench.agents("ana")
    kept = len(bench.machine.state.answered)

    bench.now += ANSWERED_FOR_S + 1
    bench.ask(e.ReadyRequested, "ana")

    assert kept > 1
    assert len(bench.machine.state.answered) == 1


def test_at_most_so_many_replies_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine_module, "MAX_ANSWERED", 5)
    bench = Bench()
    bench.agents("ana")

    for _ in range(20):
        bench.ask(e.ReadyRequested, "ana")

    assert len(bench.machine.state.answered) == 5


def test_a_link_going_up_or_down_is_told_to_live_screens() -> None:
    bench = Bench()

    assert f"pbx:{PBX}" in bench.tell(e.PbxLinkLost(PBX, "cut")).touched
    assert f"pbx:{PBX}" in bench.tell(e.PbxStateRead(PBX, ())).touched


def test_timers_left_over_from_ended_calls_do_nothing() -> None:
    bench = Bench()
    state = bench.machine.state
    for kind in ("wrap_up", "desktop", "reserve", "ring", "join", "parted", "lease"):
        state.set_timer(f"{kind}:gone", T0 + 1)
    state.commit()

    bench.wait(2)

    assert bench.commands == []


def test_a_lease_while_the_link_is_down_asks_nobody() -> None:
    bench = Bench()
    bench.tell(e.CallArrived(channel("a"), "5551234", "7000"))
    bench.tell(e.PbxLinkLost(PBX, "cut"))

    bench.wait(inbound.MENU_LEASE_S + 1)

    assert bench.sent(c.ReadPbx) == []


def test_the_tables_refuse_what_they_lack() -> None:
    assert may(AgentState.READY, AgentStep.RESERVE)
    assert not may(AgentState.SIGNED_OUT, AgentStep.RESERVE)
    with pytest.raises(Impossible, match="reserve in state signed_out"):
        next_agent_state(AgentState.SIGNED_OUT, AgentStep.RESERVE)
    with pytest.raises(Impossible, match="offer in state in_ivr"):
        next_call_state(CallState.IN_IVR, CallStep.OFFER)


def test_commands_know_their_pbx() -> None:
    ref = channel("a", "north")

    assert c.pbx_of(c.HangUp("x", ref)) == "north"
    assert c.pbx_of(c.JoinCall("x", ref, ref)) == "north"
    assert c.pbx_of(c.RingAgent("x", ref, "ana", "1001", "c", "", 1.0)) == "north"
    assert c.pbx_of(c.ReadPbx("x", "north")) == "north"


def test_more_timers_than_one_tick_fires_are_left_to_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(machine_module, "MAX_TIMERS_PER_TICK", 1)
    bench = Bench()
    bench.agents("ana", "jon")
    bench.tell(e.DesktopClosed("ana"))
    bench.tell(e.DesktopClosed("jon"))
    bench.now += 60

    bench.tell(e.Tick())
    assert bench.agent("ana").state is AgentState.NOT_READY
    assert bench.agent("jon").state is AgentState.READY
    bench.tell(e.Tick())

    assert bench.agent("jon").state is AgentState.NOT_READY


def test_a_fault_in_a_step_that_touched_a_call_keeps_routing_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench(allowed_faults=("*",))
    bench.waiting_caller("a")

    def explode(turn: Turn, event: Any) -> None:
        turn.change_call(next(iter(turn.state.calls.values())), ending=True)
        raise ValueError("boom")

    monkeypatch.setitem(machine_module._HANDLERS, e.IvrLeft, explode)
    bench.tell(e.IvrLeft(channel("a")))
    bench.agents("ana")

    assert bench.call("a").agent == "ana"
