"""Never the next person to an empty chair: a wrap-up in which nothing was clicked."""

from __future__ import annotations

from callcenter.domain import events as e
from callcenter.domain.agent import AgentState
from callcenter.domain.ids import ChannelRef
from tests.builders import Bench


def talked(bench: Bench, wrap_up_s: float = 30.0) -> ChannelRef:
    """Ana has talked with the first of many, and is in wrap-up."""
    ref = bench.dial("ana", rows=10, wrap_up_s=wrap_up_s)
    bench.person(ref)
    bench.join(ref)
    bench.wait(5.0)
    bench.part(ref)
    assert bench.agent("ana").state is AgentState.WRAP_UP
    return ref


def test_nobody_is_dialed_for_an_agent_whose_wrap_up_ends_without_a_click() -> None:
    bench = Bench()
    talked(bench)
    before = len(bench.placed())

    bench.wait(31.0)

    assert bench.agent("ana").state is AgentState.NOT_READY
    assert bench.agent("ana").reason == "untouched"
    assert len(bench.placed()) == before
    assert bench.ask(e.ReadyRequested, "ana").problem == ""
    assert len(bench.placed()) == before + 1


def test_a_click_during_the_call_shows_that_somebody_sits_there() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=10)
    bench.person(ref)
    bench.join(ref)
    bench.wait(5.0)
    call = bench.call(ref.id).id
    assert bench.ask(e.DispositionRequested, "ana", call, "agreed").problem == ""
    bench.part(ref)

    bench.wait(31.0)

    assert bench.agent("ana").state is AgentState.READY


def test_in_a_wrap_up_of_a_moment_nobody_can_click() -> None:
    bench = Bench()
    talked(bench, wrap_up_s=2.0)

    bench.wait(3.0)

    assert bench.agent("ana").state is AgentState.READY
