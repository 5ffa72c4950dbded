"""Rehearsals of campaigns: as it is beside a change, before launch and while it runs.

What is played is known to ``callcenter.rehearsal.campaign``; how rehearsals are run, one at a time
with those of rules, to ``callcenter.service.rehearsals``.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct
from pydantic import Field

from callcenter.api.campaign_results import campaign_of
from callcenter.api.campaigns import MANAGERS
from callcenter.api.errors import FieldError, ProblemError
from callcenter.api.rehearsals import find, name_of, rehearsals_of, waiting
from callcenter.api.route import OVERSEERS, Body, Exchange, route
from callcenter.documents.campaigns import (
    DROP_CAP_MAX,
    LINES_MAX,
    LINES_PER_AGENT_MAX,
    RING_S_MAX,
    RING_S_MIN,
)
from callcenter.domain.campaign import CampaignSettings, Pacing
from callcenter.domain.rehearsal import (
    AGENTS_MAX,
    CAMPAIGN_HOURS,
    CAMPAIGN_HOURS_MAX,
    CAMPAIGN_SEEDS,
    SEEDS_MAX,
    SEEDS_MIN,
    CampaignRehearsalResult,
    Change,
)
from callcenter.service.rehearsals import CampaignWish, Rehearsal, RehearsalState
from dialer.compliance import PROFILES


class RehearseCampaign(Body):
    """How a campaign is to be rehearsed, and what is to be different; nothing is changed in it."""

    seeds: Annotated[int, Field(ge=SEEDS_MIN, le=SEEDS_MAX)] = CAMPAIGN_SEEDS
    """How often it is played: more make the intervals narrower."""
    hours: Annotated[float, Field(ge=0.25, le=CAMPAIGN_HOURS_MAX)] = CAMPAIGN_HOURS
    """Hours of work, in which somebody on the list may be called and agents are there."""
    agents: Annotated[int, Field(ge=1, le=AGENTS_MAX)] | None = None
    """With the change so many agents work for it; left out: as many as do."""
    without: Annotated[int, Field(ge=0, le=AGENTS_MAX)] = 0
    """With the change so many of them leave."""
    pacing: Pacing | None = None
    lines_per_agent: Annotated[float, Field(ge=1.0, le=LINES_PER_AGENT_MAX)] | None = None
    """With power: calls placed for each free agent."""
    drop_cap: Annotated[float, Field(ge=0.0, le=DROP_CAP_MAX)] | None = None
    """Share of the people who answer that may be dropped at most."""
    ring_s: Annotated[float, Field(ge=RING_S_MIN, le=RING_S_MAX)] | None = None
    """How long a phone rings before it is given up."""
    max_lines: Annotated[int, Field(ge=1, le=LINES_MAX)] | None = None
    """Calls being dialed at once, at most."""

    def change(self) -> Change:
        """What is to be different."""
        return Change(
            agents=self.agents,
            without=self.without,
            pacing=self.pacing,
            lines_per_agent=self.lines_per_agent,
            drop_cap=self.drop_cap,
            ring_s=self.ring_s,
            max_lines=self.max_lines,
        )


class CampaignRehearsalView(Struct, frozen=True):
    """One rehearsal of a campaign and what came of it."""

    id: str
    by: str
    """The account; ``@cli``: the command line."""
    campaign: str
    change: Change
    """What is different from how it is; fields left out are as they are."""
    state: RehearsalState
    started_at: float
    ended_at: float
    """0.0 while it runs."""
    share: float
    """How much of it is done, 0.0 to 1.0."""
    doing: str
    """``reading``, ``fitting`` or ``playing``."""
    problem: str
    """With ``failed``: why, and how to mend it."""
    result: CampaignRehearsalResult | None
    """With ``done``: the figures."""


@route(
    "POST",
    "/campaigns/{campaign}/rehearsals",
    roles=MANAGERS,
    summary="Rehearse a campaign",
    problems=("not-found", "conflict", "overloaded", "unavailable"),
)
async def rehearse(exchange: Exchange, body: RehearseCampaign) -> CampaignRehearsalView:
    """Play the campaign with its own list, team and past, as it is and with a change, before launch
    or from where it is now. Takes minutes: ask for its result. One at a time (409 while another
    runs, also one of rules)."""
    rehearsals = rehearsals_of(exchange)
    campaign = campaign_of(exchange, exchange.path["campaign"])
    _refuse_unlawful(campaign.settings, body)
    wish = CampaignWish(campaign, body.change(), body.seeds, body.hours, exchange.account.id)
    with waiting():
        return _view(rehearsals.start_campaign(name_of(exchange), wish))


@route(
    "GET",
    "/campaigns/{campaign}/rehearsals/{rehearsal}",
    roles=OVERSEERS,
    summary="How a campaign's rehearsal stands",
    problems=("not-found", "unavailable"),
)
async def rehearsal(exchange: Exchange) -> CampaignRehearsalView:
    """How far it is, and its figures when it is done."""
    return _view(find(exchange, exchange.path["campaign"]))


@route(
    "DELETE",
    "/campaigns/{campaign}/rehearsals/{rehearsal}",
    roles=MANAGERS,
    summary="Cancel a campaign's rehearsal",
    problems=("not-found", "unavailable"),
)
async def cancel(exchange: Exchange) -> CampaignRehearsalView:
    """End it at once. One that has ended stays as it is."""
    campaign = exchange.path["campaign"]
    await rehearsals_of(exchange).cancel(find(exchange, campaign).id)
    return _view(find(exchange, campaign))


def _refuse_unlawful(settings: CampaignSettings, body: RehearseCampaign) -> None:
    """What could not be set cannot be rehearsed."""
    profile = PROFILES.get(settings.terms.legal)
    if body.lines_per_agent is not None and (body.pacing or settings.pacing) is not Pacing.POWER:
        _refuse("lines_per_agent", "only power pacing reads it: rehearse pacing power with it")
    if profile is not None and body.drop_cap is not None:
        cap = profile.abandoned.cap
        if body.drop_cap > cap:
            _refuse("drop_cap", f"the legal profile allows {100.0 * cap:g} % at most")


def _refuse(field: str, why: str) -> None:
    raise ProblemError(
        "invalid",
        "The campaign cannot be run like this.",
        errors=[FieldError(f"body.{field}", why)],
    )


def _view(known: Rehearsal) -> CampaignRehearsalView:
    names = (name for name in CampaignRehearsalView.__struct_fields__ if name != "result")
    return CampaignRehearsalView(
        **{name: getattr(known, name) for name in names}, result=known.campaign_result
    )
