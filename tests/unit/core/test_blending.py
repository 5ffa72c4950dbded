"""Agents of a campaign who also take calls that come in: those go first, and are foreseen."""

from __future__ import annotations

from callcenter.core.blending import KEPT_FOR_S
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import AgentState
from callcenter.domain.call import CallState
from callcenter.domain.ids import ChannelRef
from tests.builders import Bench, channel

TEAM = ("ana", "jon", "eva", "kai")


def blended(rows: int = 40) -> Bench:
    """Four agents on the line for a blended campaign, each about to be given a person."""
    bench = Bench()
    bench.work(*TEAM, rows=rows, blended=True)
    return bench


def end_all(bench: Bench) -> None:
    """Every number dialed is busy."""
    for ref in [attempt.channel for attempt in bench.machine.state.attempts.values()]:
        bench.tell(e.ChannelHungUp(ref, 17))


def caller(bench: Bench, number: int) -> ChannelRef:
    """Somebody calls, hears the menu and is put on hold."""
    bench.waiting_caller(f"caller-{number}")
    return channel(f"caller-{number}")


def test_an_agent_on_the_line_is_joined_with_a_caller_without_ringing() -> None:
    bench = blended()

    ref = caller(bench, 1)

    call = bench.machine.state.calls[bench.machine.state.call_of[ref]]
    assert call.state is CallState.OFFERED
    assert bench.last(c.JoinCall).caller == ref
    assert bench.sent(c.RingAgent) == []


def test_without_blending_a_caller_waits_for_somebody_else() -> None:
    bench = Bench()
    bench.work(*TEAM, rows=10)

    ref = caller(bench, 1)

    call = bench.machine.state.calls[bench.machine.state.call_of[ref]]
    assert call.state is CallState.WAITING


def test_agents_whom_the_expected_calls_need_are_not_dialed_for_though_nobody_waits() -> None:
    bench = blended(rows=200)
    for number in range(6):  # somebody every 20 s, for minutes
        ref = caller(bench, number)
        bench.tell(e.ChannelHungUp(ref, 16))
        bench.wait(20.0)
    assert not [call for call in bench.machine.state.calls.values() if not call.campaign]
    end_all(bench)
    bench.wait(KEPT_FOR_S)
    end_all(bench)

    free = [a for a in bench.machine.state.agents.values() if a.state is AgentState.READY]
    dialed = len(bench.machine.state.attempts)

    assert len(free) == len(TEAM)
    assert dialed < len(TEAM)
    reason = bench.machine.state.pacings["renewals"].reason
    assert reason is not None
    assert reason.kept == len(TEAM) - dialed
    assert f"{reason.kept} more kept for calls that come in" in reason.sentence()


def test_dialing_comes_back_when_nobody_has_called_for_long() -> None:
    bench = blended(rows=200)
    for number in range(6):
        ref = caller(bench, number)
        bench.tell(e.ChannelHungUp(ref, 16))
        bench.wait(20.0)

    bench.wait(4 * 3600.0)
    end_all(bench)

    assert len(bench.machine.state.attempts) == len(TEAM) - 1
    reason = bench.machine.state.pacings["renewals"].reason
    assert reason is not None
    assert reason.kept == 1
