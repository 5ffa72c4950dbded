"""Taking over conversations that somebody else arranged: the native queue, while nobody led."""

from __future__ import annotations

from callcenter.core import offers, readings
from callcenter.core.turn import Turn
from callcenter.domain.agent import Agent, AgentState
from callcenter.domain.call import Call, CallState, CallStep, Place
from callcenter.domain.events import FallbackAnswered
from callcenter.domain.ids import ChannelRef
from callcenter.domain.leg import Leg


def fallback_answered(turn: Turn, event: FallbackAnswered) -> None:
    """The native queue connected the caller to a signed-in agent."""
    call = turn.call_on(event.channel)
    agent_id = turn.state.agent_of_phone.get(event.phone)
    if call is None or agent_id is None:
        readings.ask(turn, event.channel.pbx)
        return
    adopt_conversation(turn, call, turn.state.agents[agent_id], event.leg)


def adopt_conversation(turn: Turn, call: Call, agent: Agent, leg: ChannelRef) -> None:
    """Take over a conversation that somebody else arranged.

    An agent who talks on another call already has picked up on a second line, and a leg of ours
    has a call of its own: whom the caller talks with is then not our business.
    """
    if call.state is CallState.CONNECTED:
        return
    offers.withdraw(turn, call)
    other = turn.state.calls.get(agent.call)
    if other is not None and other.id != call.id:
        offers.withdraw(turn, other)
    agent = turn.state.agents[agent.id]
    call = turn.state.calls[call.id]
    busy = agent.state is AgentState.TALKING or not agent.phone
    if busy or leg in turn.state.legs:
        talk_with_stranger(turn, call)
        return
    if agent.state is AgentState.NOT_READY and agent.wish is None:
        # The native queue rings whoever is signed in: a break goes on after the call.
        agent = turn.change_agent(agent, wish=AgentState.NOT_READY, wish_reason=agent.reason)
    adopted = Leg(leg, agent.id, call.id, turn.now, "native_queue", created=True)
    turn.put_leg(adopted, answered_at=turn.now, bridge=call.bridge)
    offers.connect(turn, call, agent, adopted, via_fallback=True)


def talk_with_stranger(turn: Turn, call: Call) -> None:
    """The caller talks with somebody who is no agent of ours at work: leave them alone."""
    turn.repair("talks_with_stranger", call.id)
    offers.withdraw(turn, call)
    turn.clear_lease(call)
    turn.step_call(
        turn.state.calls[call.id],
        CallStep.CONNECT,
        place=Place.BRIDGE,
        connected_at=turn.now,
        answered_at=call.answered_at or turn.now,
        via_fallback=True,
    )
