"""The invariants of what a step touched: found broken at once, by looking at nothing else."""

from __future__ import annotations

import msgspec

from callcenter.core.invariants import broken_in
from callcenter.domain.agent import AgentState
from callcenter.domain.call import CallState
from tests.builders import Bench


def offered() -> Bench:
    """One call being offered to ana, jon idle."""
    bench = Bench()
    bench.agents("ana", "jon")
    bench.waiting_caller("a")
    return bench


def all_topics(bench: Bench) -> list[str]:
    """Everything that a step may touch."""
    state = bench.machine.state
    calls = [f"call:{call}" for call in state.calls]
    agents = [f"agent:{agent}" for agent in state.agents]
    return [*calls, *agents, "queue:service", "agent:nobody", "call:gone"]


def test_nothing_is_broken_in_a_center_that_is_well() -> None:
    bench = offered()

    assert broken_in(bench.machine.state, all_topics(bench)) == []


def test_a_touched_agent_is_looked_at_with_its_call() -> None:
    bench = offered()
    state, call = bench.machine.state, bench.call("a")
    state.calls.put(call.id, msgspec.structs.replace(call, state=CallState.WAITING))

    found = broken_in(state, ["agent:ana"])

    assert any("still bound to ana" in line for line in found)
    assert broken_in(state, ["agent:jon"]) == []


def test_a_touched_call_is_looked_at_with_its_agent() -> None:
    bench = offered()
    state = bench.machine.state
    ana = state.agents["ana"]
    state.agents.put("ana", msgspec.structs.replace(ana, state=AgentState.READY))

    found = broken_in(state, [f"call:{bench.call('a').id}"])

    assert any("agent ana is not bound to it" in line for line in found)


def test_an_agent_left_behind_by_a_call_that_has_ended_is_found() -> None:
    bench = offered()
    state, call = bench.machine.state, bench.call("a")
    state.calls.remove(call.id)

    found = broken_in(state, [f"call:{call.id}"])

    assert any("does not exist" in line for line in found)


def test_an_agent_whose_phone_is_not_known_for_theirs_is_found() -> None:
    bench = offered()
    state = bench.machine.state
    state.agent_of_phone.remove(state.agents["jon"].phone)

    assert any("is not known for theirs" in line for line in broken_in(state, ["agent:jon"]))


def test_a_touched_call_of_a_campaign_is_looked_at_with_its_attempt() -> None:
    bench = Bench()
    person = bench.dial("ana")
    bench.answer(person)
    bench.person(person)
    state = bench.machine.state
    attempt = state.attempts[person.id]
    assert broken_in(state, [f"call:{attempt.call}"]) == []
    state.dialing.remove(attempt.number)

    found = broken_in(state, [f"call:{attempt.call}"])

    assert any("is being dialed twice" in line for line in found)
