"""Live reads of the state."""

from __future__ import annotations

import msgspec

from callcenter.core import mishaps, queries
from callcenter.core.queries import CallPosition
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import AgentProfile, AgentState
from callcenter.domain.call import CallState
from callcenter.domain.customer import Tier
from callcenter.domain.mishap import Mishap
from tests.builders import Bench, channel


def three_waiting() -> Bench:
    bench = Bench()
    for number, tier in enumerate((Tier.STANDARD, Tier.GOLD, Tier.GOLD)):
        bench.now += 1
        bench.waiting_caller(f"in{number}", tier)
    return bench


def test_an_agent_is_shown_with_everything_a_screen_needs() -> None:
    bench = Bench()
    bench.agents("ana")

    view = queries.agent_view(bench.machine.state, "ana")

    assert view is not None
    assert (view.id, view.state, view.phone, view.desktops) == ("ana", AgentState.READY, "1001", 1)
    assert queries.agents_view(bench.machine.state) == (view,)


def test_an_agent_in_wrap_up_is_shown_with_its_end() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("in1")
    bench.talk("in1")
    talking = queries.agent_view(bench.machine.state, "ana")
    bench.hang_up("in1")
    wrap_up = queries.agent_view(bench.machine.state, "ana")

    assert talking is not None
    assert talking.wrap_up_ends_at == 0.0
    assert wrap_up is not None
    assert wrap_up.wrap_up_ends_at == bench.machine.next_deadline()
    assert wrap_up.wrap_up_ends_at > wrap_up.since


def test_who_is_not_an_agent_and_what_is_not_live_is_none() -> None:
    state = Bench().machine.state

    assert queries.agent_view(state, "eve") is None
    assert queries.call_view(state, "c1") is None
    assert queries.queue_view(state, "nowhere") is None


def test_a_call_is_shown_until_it_has_ended() -> None:
    bench = three_waiting()
    call = bench.call("in0")

    before = queries.call_view(bench.machine.state, call.id)
    bench.hang_up("in0")
    after = queries.call_view(bench.machine.state, call.id)

    assert before is not None
    assert (before.queue, before.tier, before.queued_at) == (
        "service",
        Tier.STANDARD,
        call.queued_at,
    )
    assert after is None


def test_a_queue_counts_its_callers_and_since_when_the_first_waits() -> None:
    bench = three_waiting()
    first = bench.call("in0")

    (queue,) = queries.queues_view(bench.machine.state)

    assert (queue.id, queue.waiting, queue.offered, queue.connected) == ("service", 3, 0, 0)
    assert queue.waiting_by_tier == {Tier.GOLD: 2, Tier.SILVER: 0, Tier.STANDARD: 1}
    assert queue.longest_waiting_since == first.queued_at


def test_a_call_being_offered_still_waits_and_a_connected_one_does_not() -> None:
    bench = Bench()
    bench.agents("ana", "ben")
    bench.waiting_caller("in1")
    bench.waiting_caller("in2")
    bench.talk("in1")

    queue = queries.queue_view(bench.machine.state, "service")

    assert queue is not None
    assert (queue.waiting, queue.offered, queue.connected) == (1, 1, 1)
    assert (queue.signed_in, queue.talking, queue.ringing, queue.ready) == (2, 1, 1, 0)


def test_a_queue_counts_its_agents_by_what_they_do() -> None:
    bench = Bench()
    bench.agents("ana", "ben", "cleo", "dan")
    bench.waiting_caller("in1")
    bench.talk("in1")
    bench.hang_up("in1")
    bench.ask(e.NotReadyRequested, "cleo", "break")
    bench.ask(e.SignOutRequested, "dan")

    queue = queries.queue_view(bench.machine.state, "service")

    assert queue is not None
    counts = (queue.signed_in, queue.wrap_up, queue.ready, queue.not_ready)
    assert counts == (3, 1, 1, 1)


def test_an_empty_queue_waits_since_never() -> None:
    queue = queries.queue_view(Bench().machine.state, "service")

    assert queue is not None
    assert (queue.waiting, queue.longest_waiting_since, queue.signed_in) == (0, 0.0, 0)


def test_callers_in_no_queue_and_agents_of_unknown_queues_are_counted_nowhere() -> None:
    bench = Bench()
    bench.tell(e.AgentsConfigured((AgentProfile("ana", ("closed_long_ago",)),)))
    bench.tell(e.CallArrived(channel("in1"), "5551234", "7000"))

    (queue,) = queries.queues_view(bench.machine.state)

    assert (queue.id, queue.waiting, queue.signed_in) == ("service", 0, 0)


def test_calls_are_paged_by_arrival() -> None:
    state = three_waiting().machine.state

    first = queries.calls_view(state, limit=2)
    second = queries.calls_view(state, limit=2, after=first.after)

    arrivals = [call.arrived_at for call in (*first.calls, *second.calls)]
    assert arrivals == sorted(arrivals)
    assert (len(first.calls), len(second.calls)) == (2, 1)
    assert first.after == CallPosition(first.calls[1].arrived_at, first.calls[1].id)
    assert second.after is None


def test_a_page_of_exactly_the_limit_is_the_last() -> None:
    page = queries.calls_view(three_waiting().machine.state, limit=3)

    assert (len(page.calls), page.after) == (3, None)


def test_the_size_of_a_page_is_bounded_both_ways() -> None:
    state = three_waiting().machine.state

    assert len(queries.calls_view(state, limit=0).calls) == 1
    assert len(queries.calls_view(state, limit=10**9).calls) == 3


def test_calls_are_narrowed_by_queue_and_by_state() -> None:
    state = three_waiting().machine.state

    assert len(queries.calls_view(state, limit=9, queue="service").calls) == 3
    assert queries.calls_view(state, limit=9, queue="other").calls == ()
    assert len(queries.calls_view(state, limit=9, call_state=CallState.WAITING).calls) == 3
    assert queries.calls_view(state, limit=9, call_state=CallState.CONNECTED).calls == ()


def test_the_board_holds_the_truth_of_one_moment() -> None:
    bench = three_waiting()
    bench.agents("ana")

    board = queries.board(bench.machine.state, calls_limit=2)

    assert (board.at, board.position) == (bench.machine.state.now, bench.machine.state.position)
    assert board.links == {"main": True}
    assert (len(board.calls), board.calls_total) == (2, 3)
    assert [queue.id for queue in board.queues] == ["service"]
    assert [agent.id for agent in board.agents] == ["ana"]


def test_counts_by_state_name_every_state() -> None:
    bench = three_waiting()
    bench.agents("ana")

    calls = queries.calls_by_state(bench.machine.state)
    agents = queries.agents_by_state(bench.machine.state)

    assert list(calls) == list(CallState)
    assert (calls[CallState.WAITING], calls[CallState.OFFERED]) == (2, 1)
    assert list(agents) == list(AgentState)
    assert agents[AgentState.RESERVED] == 1


def test_every_field_of_a_view_is_in_its_json() -> None:
    bench = three_waiting()
    bench.agents("ana")

    board = msgspec.to_builtins(queries.board(bench.machine.state))

    assert set(board["agents"][0]) == set(queries.AgentView.__struct_fields__)
    assert set(board["calls"][0]) == set(queries.CallView.__struct_fields__)
    assert set(board["queues"][0]) == set(queries.QueueView.__struct_fields__)


def test_repairs_and_faults_are_counted_by_kind_from_midnight_on() -> None:
    bench = Bench()
    for name in ("in1", "in2"):
        bench.waiting_caller(name)
    bench.review()

    today = queries.board(bench.machine.state).mishaps
    bench.now += 86_400
    bench.review()
    bench.waiting_caller("in3")
    quiet = queries.board(bench.machine.state).mishaps
    bench.review()
    tomorrow = queries.board(bench.machine.state).mishaps

    assert [(one.id, one.mishap, one.kind, one.count) for one in today] == [
        ("repair:call_gone", Mishap.REPAIR, "call_gone", 2)
    ]
    assert quiet == ()
    assert [(one.id, one.count) for one in tomorrow] == [("repair:call_gone", 1)]


def test_a_fault_is_counted_too() -> None:
    bench = Bench(allowed_faults=("*",))

    bench.waiting_caller("in1")
    bench.agents("ana")
    bench.tell(e.CommandFailed(bench.last(c.PopCard).id, "no desktop is open"))

    (fault,) = mishaps.mishaps_view(bench.machine.state)
    assert (fault.mishap, fault.kind, fault.count) == (Mishap.FAULT, "card_not_shown", 1)
