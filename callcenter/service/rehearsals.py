"""Rehearsals that somebody asked a running center for: one at a time, each in a process of its own.

Nothing is kept beyond this process: figures of yesterday's rules help nobody.
"""

from __future__ import annotations

import asyncio
from enum import StrEnum
from functools import partial
from typing import Protocol

import structlog
from msgspec import Struct
from msgspec.structs import replace

from callcenter.core.agents import profile_of
from callcenter.core.state import State
from callcenter.domain.campaign import Campaign
from callcenter.domain.ids import CampaignId, RequestId
from callcenter.domain.rehearsal import (
    CampaignRehearsalResult,
    Change,
    Plan,
    Progress,
    RehearsalFailed,
    RehearsalResult,
)
from callcenter.domain.rules import Rules
from callcenter.service.campaign_plan import CampaignPlan, plan_campaign
from callcenter.service.ports import Clock, Rehearser

KEPT = 20
"""The newest so many, with their results: some 5 KB each."""

_LOG = structlog.get_logger("callcenter.rehearsal")


class RehearsalState(StrEnum):
    """How a rehearsal stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class CampaignWish(Struct, frozen=True):
    """What of a campaign is to be rehearsed; see ``CampaignPlan``."""

    campaign: Campaign
    change: Change
    seeds: int
    hours: float
    by: str


class Wish(Struct, frozen=True):
    """What is to be rehearsed; see ``Plan``."""

    new: Rules
    seeds: int
    hours: float
    day: str
    by: str
    """The account that asks."""


class Rehearsal(Struct, frozen=True):
    """One rehearsal and what came of it."""

    id: RequestId
    by: str
    state: RehearsalState
    current_version: int
    """The rules that the new ones are compared with."""
    started_at: float
    ended_at: float = 0.0
    share: float = 0.0
    """How much of it is done, 0.0 to 1.0."""
    doing: str = ""
    """``reading``, ``fitting`` or ``playing``."""
    problem: str = ""
    """With ``failed``: why, and how to mend it."""
    result: RehearsalResult | None = None
    """Of rules."""
    campaign: CampaignId = ""
    """The campaign that is rehearsed; empty: rules are."""
    change: Change = Change()
    campaign_result: CampaignRehearsalResult | None = None


Result = RehearsalResult | CampaignRehearsalResult


class RehearsalBusy(Exception):  # noqa: N818 - a fact about a moment
    """Another rehearsal is under way; nothing was begun."""


class HasState(Protocol):
    """The hub, as far as rehearsals need it."""

    @property
    def state(self) -> State:
        """The live state."""
        ...


class Rehearsals:
    """Begins, watches and ends rehearsals. ``close`` before the loop ends."""

    def __init__(self, center: HasState, rehearser: Rehearser, clock: Clock) -> None:
        self._center = center
        self._rehearser = rehearser
        self._clock = clock
        self._known: dict[RequestId, Rehearsal] = {}
        self._task: asyncio.Task[Result] | None = None
        self._running: RequestId = ""

    def start(self, request: RequestId, wish: Wish) -> Rehearsal:
        """Begin one; asked again with the same ``request`` it is the same. Raises
        ``RehearsalBusy``."""
        known = self._known_or_free(request)
        if known is not None:
            return known
        state = self._center.state
        plan = Plan(
            center=state.center,
            agents=tuple(profile_of(agent) for agent in state.agents.values()),
            current=state.rules.rules,
            new=wish.new,
            now=self._clock.now(),
            seeds=wish.seeds,
            hours=wish.hours,
            day=wish.day,
        )
        begun = Rehearsal(request, wish.by, RehearsalState.RUNNING, state.rules.version, plan.now)
        self._begin(begun, plan)
        return begun

    def start_campaign(self, request: RequestId, wish: CampaignWish) -> Rehearsal:
        """The same for a campaign."""
        known = self._known_or_free(request)
        if known is not None:
            return known
        state, now = self._center.state, self._clock.now()
        plan = plan_campaign(state, wish.campaign, wish.change, now, wish.seeds, wish.hours)
        begun = Rehearsal(
            request,
            wish.by,
            RehearsalState.RUNNING,
            state.rules.version,
            now,
            campaign=wish.campaign.settings.id,
            change=wish.change,
        )
        self._begin(begun, plan)
        return begun

    def _known_or_free(self, request: RequestId) -> Rehearsal | None:
        known = self._known.get(request)
        if known is None and self._running:
            raise RehearsalBusy(
                f"{self._known[self._running].by} has another rehearsal under way: wait for its"
                " end, or cancel it."
            )
        return known

    def _begin(self, begun: Rehearsal, plan: Plan | CampaignPlan) -> None:
        request = begun.id
        self._known[request] = begun
        while len(self._known) > KEPT:
            del self._known[next(iter(self._known))]
        self._running = request
        self._task = asyncio.create_task(self._run(request, plan), name="rehearsal")
        self._task.add_done_callback(partial(self._end, request))

    def find(self, rehearsal: RequestId) -> Rehearsal | None:
        """One that was begun by this process, and not so long ago."""
        return self._known.get(rehearsal)

    async def cancel(self, rehearsal: RequestId) -> Rehearsal | None:
        """End one that runs; one that has ended stays as it is. None: there is none."""
        if rehearsal == self._running and self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        return self._known.get(rehearsal)

    async def close(self) -> None:
        """End what runs."""
        await self.cancel(self._running)

    async def _run(self, request: RequestId, plan: Plan | CampaignPlan) -> Result:
        def note(progress: Progress) -> None:
            self._note(request, progress)

        if isinstance(plan, CampaignPlan):
            return await self._rehearser.rehearse_campaign(plan, note)
        return await self._rehearser.rehearse(plan, note)

    def _end(self, request: RequestId, task: asyncio.Task[Result]) -> None:
        """Write down how it ended: also of one cancelled before it began."""
        known = replace(self._known[request], ended_at=self._clock.now())
        if task.cancelled():
            known = replace(known, state=RehearsalState.CANCELLED)
        elif isinstance(error := task.exception(), RehearsalFailed):
            known = replace(known, state=RehearsalState.FAILED, problem=str(error))
        elif error is not None:
            _LOG.error("rehearsal_failed", error=repr(error))
            problem = "The rehearsal failed: see the log."
            known = replace(known, state=RehearsalState.FAILED, problem=problem)
        else:
            known = replace(known, state=RehearsalState.DONE, share=1.0)
            result = task.result()
            if isinstance(result, CampaignRehearsalResult):
                known = replace(known, campaign_result=result)
            else:
                known = replace(known, result=result)
        self._known[request] = known
        self._running = ""

    def _note(self, request: RequestId, progress: Progress) -> None:
        self._known[request] = replace(
            self._known[request], share=progress.share, doing=progress.doing
        )
