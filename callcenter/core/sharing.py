"""Agents who work for several campaigns: which of these counts on whom.

An agent takes a person of any of them. But each is shown to one pacer only, that of the agent's
``campaign``: so nobody is dialed for twice. Who is free is given to the campaign of the highest
priority that has somebody to dial; of equal ones to that with the fewest agents. Before that comes
a callback of the agent's own whose time has come.
"""

from __future__ import annotations

from callcenter.core import agents, callbacks
from callcenter.core.pacing import is_open
from callcenter.core.state import State, trunk_key
from callcenter.core.trunks import trunks_of
from callcenter.core.turn import Turn
from callcenter.domain.campaign import Campaign, CampaignState
from callcenter.domain.ids import AgentId, CampaignId


def share_out(turn: Turn) -> None:
    """Give the free agents who work for several campaigns to those that can use them."""
    state = turn.state
    if not len(state.free_to_share):
        return
    wanting: dict[CampaignId, bool] = {}
    promised = _promised(state)
    for agent_id in sorted(state.free_to_share):
        agent = state.agents[agent_id]
        own = promised.get(agent_id, "")
        if own in agent.works_for:
            if own != agent.campaign:
                agents.give(turn, agent, own)
            continue
        best = agent.campaign
        for name in sorted(agent.also_for):
            if _goes_before(state, name, best, agent.campaign, wanting):
                best = name
        if best != agent.campaign:
            agents.give(turn, agent, best)


def _promised(state: State) -> dict[AgentId, CampaignId]:
    """The agents who are to make a due callback of their own, and the campaign of the first."""
    found: dict[AgentId, CampaignId] = {}
    for name in dict.fromkeys(state.due.values()):
        if state.campaigns[name].state is CampaignState.RUNNING:
            for callback in callbacks.due_of(state, name):
                if callback.agent and state.now < callback.at + callback.own_for_s:
                    found.setdefault(callback.agent, name)
    return found


def _goes_before(
    state: State,
    name: CampaignId,
    best: CampaignId,
    current: CampaignId,
    wanting: dict[CampaignId, bool],
) -> bool:
    """Whether the agent is of more use to this campaign than to the best one found so far. Between
    equal ones nobody is moved unless it makes the shares more equal."""
    one, other = (_rank(state, key, wanting) for key in (name, best))
    if one != other:
        return one > other
    team, others = state.teams.get(name) or 0, state.teams.get(best) or 0
    return team + 1 < others if best == current else team < others


def _rank(state: State, name: CampaignId, wanting: dict[CampaignId, bool]) -> tuple[bool, int]:
    campaign = state.campaigns[name]
    if name not in wanting:
        wanting[name] = _can_use_agents(state, campaign)
    return wanting[name], campaign.settings.priority if wanting[name] else 0


def _can_use_agents(state: State, campaign: Campaign) -> bool:
    """Whether it dials: it runs, and has somebody to dial or on the way, and a trunk that works."""
    settings = campaign.settings
    if campaign.state is not CampaignState.RUNNING or state.now < settings.starts_at:
        return False
    trunks = [state.trunks.get(trunk_key(settings.pbx, name)) for name in trunks_of(settings)]
    if all(trunk is not None and trunk.breaker.is_open for trunk in trunks):
        return False
    return bool(campaign.hopper or callbacks.due_of(state, settings.id)) or any(
        attempt.campaign == settings.id and is_open(attempt) for attempt in state.attempts.values()
    )
