"""What must hold after every step. Tests and simulations check it; a break is a bug of ours."""

from __future__ import annotations

from collections.abc import Iterator

from callcenter.core.state import State
from callcenter.domain.agent import Agent, AgentState
from callcenter.domain.call import Call, CallState, Place

BUSY = (AgentState.RESERVED, AgentState.RINGING, AgentState.TALKING)
BOUND = (CallState.OFFERED, CallState.CONNECTED)


def broken(state: State) -> list[str]:
    """Every broken invariant, one sentence each; empty when all is well. Costs a pass over the
    state."""
    return [
        *(line for agent in state.agents.values() for line in _agent(state, agent)),
        *(line for call in state.calls.values() for line in _call(state, call)),
        *_phones(state),
    ]


def _agent(state: State, agent: Agent) -> Iterator[str]:
    name = f"agent {agent.id} ({agent.state})"
    if agent.state in BUSY:
        call = state.calls.get(agent.call)
        if call is None:
            yield f"{name}: call {agent.call!r} does not exist"
        elif call.agent != agent.id or call.state not in BOUND:
            yield f"{name}: call {call.id} is {call.state} with {call.agent!r}"
        elif call.leg != agent.leg or agent.leg not in state.legs:
            yield f"{name}: leg {agent.leg} is not that of call {call.id}"
    if agent.state is AgentState.RESERVED and not _has_timer(state, agent, "reserve", "join"):
        yield f"{name}: no deadline"
    if agent.state is AgentState.RINGING and not _has_timer(state, agent, "ring", "join"):
        yield f"{name}: no deadline"
    if agent.state is AgentState.WRAP_UP and not _has_timer(state, agent, "wrap_up"):
        yield f"{name}: no deadline"
    if (agent.state is AgentState.SIGNED_OUT) == bool(agent.phone):
        yield f"{name}: phone {agent.phone!r}"


def _has_timer(state: State, agent: Agent, *kinds: str) -> bool:
    return any(
        f"{kind}:{agent.call if kind == 'join' else agent.id}" in state.timers for kind in kinds
    )


def _call(state: State, call: Call) -> Iterator[str]:
    name = f"call {call.id} ({call.state})"
    if call.state is CallState.ENDED:
        yield f"{name}: ended but still kept"
    if state.call_of.get(call.channel) != call.id:
        yield f"{name}: not found by its channel {call.channel}"
    if call.state in BOUND and call.agent:
        agent = state.agents.get(call.agent)
        if agent is None or agent.call != call.id or agent.state not in BUSY:
            yield f"{name}: agent {call.agent} is not bound to it"
    if call.state in (CallState.WAITING, CallState.OFFERED) and not (
        call.queue in state.queues and call.queued_at
    ):
        yield f"{name}: waits in no queue"
    if call.state is CallState.WAITING and (call.agent or call.leg):
        yield f"{name}: still bound to {call.agent}"
    has_lease = f"lease:{call.id}" in state.timers
    if call.state is CallState.IN_IVR and not has_lease:
        yield f"{name}: no deadline"
    if call.ending and not has_lease:
        yield f"{name}: being hung up without a deadline"
    if call.state is CallState.WAITING and call.place is Place.MENU and not has_lease:
        yield f"{name}: being put on hold without a deadline"


def _phones(state: State) -> Iterator[str]:
    for phone, agent_id in state.agent_of_phone.items():
        agent = state.agents.get(agent_id)
        if agent is None or agent.phone != phone:
            yield f"phone {phone}: {agent_id} does not work on it"
