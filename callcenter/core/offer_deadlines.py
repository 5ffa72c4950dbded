"""What is done when an offer has not come to its end in time."""

from __future__ import annotations

from callcenter.core import offers, outside, readings
from callcenter.core.turn import Turn
from callcenter.domain.call import CallState
from callcenter.domain.ids import AgentId, CallId


def no_ring(turn: Turn, agent_id: AgentId) -> None:
    """The phone did not ring in time."""
    _give_up(turn, agent_id, "unreachable")


def rang_out(turn: Turn, agent_id: AgentId) -> None:
    """The agent did not answer in time."""
    _give_up(turn, agent_id, "no_answer")


def outside_rang_out(turn: Turn, call_id: CallId) -> None:
    """The number outside did not answer in time."""
    leg = outside.overdue(turn, call_id)
    if leg is not None:
        offers.fail_offer(turn, leg, "no_answer")
        offers.drop_leg(turn, leg)


def _give_up(turn: Turn, agent_id: AgentId, result: str) -> None:
    agent = turn.state.agents.get(agent_id)
    leg = turn.state.legs.get(agent.leg) if agent is not None and agent.leg is not None else None
    if leg is not None and offers.offer_of(turn, leg) is not None:
        offers.fail_offer(turn, leg, result)
        offers.drop_leg(turn, leg)


def join_overdue(turn: Turn, call_id: CallId) -> None:
    """An answered leg is still not joined: ask the PBX, and go on asking.

    A Bridge may have come to nothing without a word: found side by side on hold they are joined
    again.
    """
    call = turn.state.calls.get(call_id)
    if call is None or call.state is not CallState.OFFERED:
        return
    turn.change_call(call, joining=False)
    turn.state.set_timer(f"join:{call_id}", turn.now + offers.JOIN_LEASE_S)
    readings.ask(turn, call.channel.pbx)
