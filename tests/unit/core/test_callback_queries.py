"""What screens show of callbacks."""

from __future__ import annotations

from callcenter.core.callback_queries import CallbackState, callback_view, callbacks_view
from callcenter.domain import events as e
from callcenter.domain.callback import OWN_FOR_S
from callcenter.domain.campaign import Pacing
from tests.builders import Bench, row
from tests.unit.core.callback_bench import HOUR_S, come_due, fetch, only, promised
from tests.unit.core.preview_bench import dial


def state_of(bench: Bench) -> CallbackState:
    """The state shown of the one callback."""
    [view] = callbacks_view(bench.machine.state)
    return view.state


def test_a_callback_is_shown_from_the_promise_to_the_call() -> None:
    bench = promised("ana")
    view = callback_view(bench.machine.state, only(bench).id)
    assert view is not None
    assert (view.agent, view.own_until) == ("ana", view.at + OWN_FOR_S)
    assert (view.number, view.state) == (row(0).number, CallbackState.PLANNED)

    bench.wait(HOUR_S + 1.0)
    assert state_of(bench) is CallbackState.DUE
    fetch(bench, row(0))

    assert state_of(bench) is CallbackState.CALLING
    assert callback_view(bench.machine.state, "cb-none") is None


def test_each_agent_has_a_list_of_their_own_the_earliest_first() -> None:
    bench = promised("ana", is_own=False, pacing=Pacing.PROGRESSIVE)
    for contact, agent, in_s in (("1", "ana", 90.0), ("2", "ana", 60.0)):
        bench.ask(e.CallbackRequested, "renewals", contact, "", bench.now + in_s, agent, "kim")

    assert [one.contact for one in callbacks_view(bench.machine.state, "ana")] == ["2", "1"]
    assert [one.contact for one in callbacks_view(bench.machine.state)] == ["2", "1", "0"]
    assert callbacks_view(bench.machine.state)[2].own_until == 0.0


def test_a_card_that_is_read_for_it_is_no_call_yet() -> None:
    bench = Bench()
    bench.work("ana", rows=0, pacing=Pacing.PREVIEW)
    bench.ask(e.CallbackRequested, "renewals", "0", "", bench.now + HOUR_S, "ana", "kim")

    come_due(bench)

    assert state_of(bench) is CallbackState.READ
    dial(bench, "ana")
    assert state_of(bench) is CallbackState.CALLING
