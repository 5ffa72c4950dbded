"""What the running center knows of a campaign to be rehearsed: its settings and counts, what
its pacer has learnt, and who works for it now.

Its list and its past are read from the database by who plays it.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from callcenter.core.agents import profile_of
from callcenter.core.state import State
from callcenter.domain.agent import AgentProfile, AgentState
from callcenter.domain.campaign import Campaign, CampaignState
from callcenter.domain.center import Center
from callcenter.domain.ids import AgentId, CampaignId
from callcenter.domain.rehearsal import CAMPAIGN_HOURS, CAMPAIGN_SEEDS, Change
from dialer.campaign_pacing import PacingState
from dialer.pacing.scene import Scene


class CampaignPlan(Struct, frozen=True):
    """What is to be rehearsed."""

    center: Center
    campaign: Campaign
    """Nothing is under way in it."""
    pacing: PacingState | None
    """What its pacer knows, without calls and agents; None: it has never dialed."""
    agents: tuple[AgentProfile, ...]
    """All of the center."""
    team: tuple[AgentId, ...]
    """Who works for it now."""
    change: Change
    now: float
    """UTC seconds."""
    seeds: int = CAMPAIGN_SEEDS
    hours: float = CAMPAIGN_HOURS
    """Hours of work to be played."""


def plan_campaign(
    state: State, campaign: Campaign, change: Change, now: float, seeds: int, hours: float
) -> CampaignPlan:
    """The plan, as the center stands now."""
    name = campaign.settings.id
    agents = tuple(state.agents.values())
    return CampaignPlan(
        center=state.center,
        campaign=at_rest(campaign),
        pacing=_without_scene(state, name),
        agents=tuple(profile_of(agent) for agent in agents),
        team=tuple(
            agent.id
            for agent in agents
            if agent.campaign == name and agent.state is not AgentState.SIGNED_OUT
        ),
        change=change,
        now=now,
        seeds=seeds,
        hours=hours,
    )


def at_rest(campaign: Campaign) -> Campaign:
    """The campaign with nothing under way, ready to be started; what it has counted stays."""
    return replace(
        campaign,
        state=CampaignState.PAUSED,
        hopper=(),
        refill="",
        ended_since_refill=(),
        spared_since_refill=(),
        skipped={},
        unjudged={},
    )


def _without_scene(state: State, campaign: CampaignId) -> PacingState | None:
    known = state.pacings.get(campaign)
    if known is None:
        return None
    learnt = replace(
        known.learnt,
        scene=Scene(),
        forecast=None,
        is_learnt=False,
        offered=[],
        mute=0.0,
        in_vain=0.0,
        asked_at=0.0,
        refusals=0,
        held_until=0.0,
    )
    return replace(known, learnt=learnt, reason=None, placed=0, kept=0, kept_at=0.0)
