"""A campaign that is stopped: what nobody has answered yet is hung up, and its agents leave it.

It drains besides: people who talk are left to finish, and so is who has answered and waits for an
agent, or is being listened to, and a contact who calls back and waits already: the agents stay for
them. Cards in preview are withdrawn as whenever
a campaign does not dial (``previews``). A call answered in the moment it is hung up is what the PBX
says last: served if it got that far, otherwise it ends as one that hung up, and counts.
"""

from __future__ import annotations

from callcenter.core import agents, lines
from callcenter.core.amd import is_for_no_agent
from callcenter.core.state import IN_FLIGHT
from callcenter.core.turn import Turn
from callcenter.domain.agent import Agent, AgentState
from callcenter.domain.attempt import Attempt, AttemptState
from callcenter.domain.call import CallState
from callcenter.domain.campaign import CampaignState, CampaignStep
from callcenter.domain.commands import HangUp
from callcenter.domain.ids import CampaignId

UNANSWERED = (AttemptState.PLACED, AttemptState.RINGING)
UNSERVED = (*IN_FLIGHT, AttemptState.FOR_AGENT)
"""An agent may be needed yet."""
WAITS = (CallState.WAITING, CallState.OFFERED)
"""The same of callers."""
HANGUP_LEASE_S = 10.0
"""A channel that is not gone by then has its PBX asked."""
STOPPED = "campaign_stopped"


def took_step(turn: Turn, campaign: CampaignId, step: CampaignStep) -> None:
    """A manager has taken this step with the campaign: a stop begins, or a start ends it."""
    if step is CampaignStep.STOP:
        for attempt in list(turn.state.attempts.values()):
            if attempt.campaign == campaign and attempt.state in UNANSWERED:
                _cancel(turn, attempt)
    elif step is not CampaignStep.START:
        return
    for agent in list(turn.state.agents.values()):
        if campaign in agent.works_for:
            others = tuple(name for name in agent.leaves if name != campaign)
            leaves = (*others, campaign) if step is CampaignStep.STOP else others
            turn.change_agent(agent, leaves=leaves)


def _cancel(turn: Turn, attempt: Attempt) -> None:
    if attempt.cancelled:
        return
    turn.change_attempt(attempt, cancelled=True)
    if attempt.created:
        hang_up(turn, attempt)


def hang_up(turn: Turn, attempt: Attempt) -> None:
    """Let a phone go that is not to be answered any more. Its channel is there: before, there is
    nothing to hang up, and the PBX would dial on."""
    turn.send(HangUp(turn.command_id(), attempt.channel))
    turn.state.set_timer(f"attempt:{attempt.id}", turn.now + HANGUP_LEASE_S)


def review(turn: Turn) -> None:
    """Have agents leave who are free by now, as far as this step has changed anything."""
    ending = [
        name
        for name in turn.dirty_campaigns
        if turn.state.campaigns[name].state in (CampaignState.DRAINING, CampaignState.FINISHED)
    ]
    changed = [turn.state.agents.get(name) for name in turn.dirty_agents]
    leaving = [agent for agent in changed if agent is not None and agent.leaves]
    if ending:
        leaving = [a for a in turn.state.agents.values() if a.leaves]
    left = dict.fromkeys(name for a in leaving if _is_free(a) for name in a.leaves)
    over = [name for name in left if not _is_awaited(turn, name)]
    for agent in leaving:
        for name in agent.leaves if _is_free(agent) else ():
            if name in over:
                _leave(turn, turn.state.agents[agent.id], name)


def _is_free(agent: Agent) -> bool:
    """Whether there is nothing to finish, not even a wrap-up."""
    return agent.state in (AgentState.READY, AgentState.NOT_READY) and not agent.dialing


def _is_awaited(turn: Turn, campaign: CampaignId) -> bool:
    """Whether somebody may yet have to be served, dialed or calling back."""
    return any(
        one.campaign == campaign and one.state in UNSERVED and not is_for_no_agent(one)
        for one in turn.state.attempts.values()
    ) or any(
        one.waits_for == campaign and one.state in WAITS and not one.ending
        for one in turn.state.calls.values()
    )


def _leave(turn: Turn, agent: Agent, campaign: CampaignId) -> None:
    """Work for the others only. Of none besides the line is let go, and who was ready for the
    campaign's calls has not asked for others: they are not ready, and see why."""
    turn.touch_campaign(campaign)
    names = tuple(name for name in agent.works_for if name != campaign)
    if agent.campaign == campaign:
        agent = agents.take_card(turn, agent)
    if not names:
        agent = lines.close_line(turn, agent)
    leaves = tuple(name for name in agent.leaves if name != campaign)
    first = "".join(names[:1])
    agent = turn.change_agent(agent, campaign=first, also_for=names[1:], leaves=leaves)
    if not names and agent.state is AgentState.READY:
        agents.make_not_ready(turn, agent, STOPPED)
