"""Nailed-up lines: an agent of a campaign picks up once and stays on the line from call to call.

The line is open while its leg waits in the agents' holding bridge. It is opened again when it is
lost, and let go when the agent leaves the campaign, signs out or has no desktop any more.
"""

from __future__ import annotations

from callcenter.core.turn import Turn
from callcenter.domain.agent import Agent, AgentState, AgentStep
from callcenter.domain.commands import HangUp, OpenLine
from callcenter.domain.ids import LEG_PREFIX, AgentId, ChannelRef
from callcenter.domain.leg import Leg

LINE_RING_S = 30.0
"""How long the phone rings for the line: the agent has just asked for it, or sits beside it."""
LINE_LEASE_S = 10.0
"""Beyond that the PBX has given up by itself; then the line counts as lost."""
LINE_RETRY_S = 2.0
"""Between a line that was lost and its next ringing."""
LINE_TRIES = 3
"""A phone that was rung so often in a row without a line coming about is left alone; the agent is
not ready until they ask for calls again."""


def open_line(turn: Turn, agent: Agent) -> Agent:
    """Ring the agent's phone for the line, unless it is there or not wanted; over a link that is
    down, later."""
    if not agent.campaign or agent.line is not None:
        return agent
    if not turn.is_up(agent.pbx):
        turn.state.set_timer(f"line:{agent.id}", turn.now + LINE_RETRY_S)
        return agent
    leg = Leg(
        channel=ChannelRef(agent.pbx, turn.new_id(LEG_PREFIX)),
        agent=agent.id,
        call="",
        offered_at=turn.now,
        reason="nailed_up",
        nailed=True,
    )
    turn.put_leg(leg)
    turn.send(OpenLine(turn.command_id(), leg.channel, agent.id, agent.phone, LINE_RING_S))
    turn.state.set_timer(f"line:{agent.id}", turn.now + LINE_RING_S + LINE_LEASE_S)
    return turn.change_agent(agent, line=leg.channel)


def close_line(turn: Turn, agent: Agent) -> Agent:
    """Let the phone go."""
    turn.state.clear_timer(f"line:{agent.id}")
    leg = turn.state.legs.get(agent.line) if agent.line is not None else None
    if leg is not None:
        turn.put_leg(leg, nailed=False, call="")
        turn.send(HangUp(turn.command_id(), leg.channel))
    return turn.change_agent(agent, line=None, line_failures=0)


def line_of(turn: Turn, agent: Agent) -> Leg | None:
    """The agent's line if it is open and in no call."""
    leg = turn.state.legs.get(agent.line) if agent.line is not None else None
    return leg if leg is not None and leg.parked and not leg.call else None


def line_parked(turn: Turn, leg: Leg) -> None:
    """The line is open, for the first time or after a conversation."""
    turn.state.clear_timer(f"line:{leg.agent}")
    turn.change_agent(turn.state.agents[leg.agent], line_failures=0)


def line_free(turn: Turn, leg: Leg) -> None:
    """The line is in no call: open, or on its way there, which must have an end."""
    leg = turn.put_leg(leg, call="")
    if leg.parked:
        line_parked(turn, leg)
    elif f"line:{leg.agent}" not in turn.state.timers:
        turn.state.set_timer(f"line:{leg.agent}", turn.now + LINE_RING_S + LINE_LEASE_S)


def line_lost(turn: Turn, leg: Leg) -> None:
    """The line's channel is gone: rung in vain, hung up by the agent, or lost."""
    agent = turn.state.agents.get(leg.agent)
    if agent is None or agent.line != leg.channel:
        return
    failures = 0 if leg.answered_at else agent.line_failures + 1
    agent = turn.change_agent(agent, line=None, line_failures=failures)
    if failures < LINE_TRIES:
        turn.state.set_timer(f"line:{agent.id}", turn.now + LINE_RETRY_S)
        return
    turn.state.clear_timer(f"line:{agent.id}")
    if agent.state is AgentState.READY:
        turn.step_agent(agent, AgentStep.GO_NOT_READY, reason="line_lost", call="", leg=None)


def line_due(turn: Turn, agent_id: AgentId) -> None:
    """Time to ring again for a line that was lost, or to give up one that came to nothing."""
    agent = turn.state.agents.get(agent_id)
    if agent is None or not agent.campaign:
        return
    leg = turn.state.legs.get(agent.line) if agent.line is not None else None
    if leg is not None:
        turn.put_leg(leg, nailed=False, call="")
        turn.send(HangUp(turn.command_id(), leg.channel))
        line_lost(turn, leg)
    elif agent.desktops:  # without one the line is not wanted; it is opened when one is there again
        open_line(turn, agent)
