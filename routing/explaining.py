"""Why a call still waits, what would happen next and when, its position and its expected wait."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Collection, Iterable
from enum import StrEnum

from msgspec import Struct

from callcenter.domain.ids import AgentId, QueueId
from routing.learning import JUNIOR, SENIOR, Estimates
from routing.lines import Demand, Line
from routing.settings import Order, Settings
from routing.work import Hold, HoldReason, Profile, Work

WAIT_MAX_S = 7200.0
"""No expectation goes beyond this: it would only say that nobody knows."""
SPARE_MIN = 0.05
"""Calls that go before take at most all but this share of the agents coming free."""


class WaitReason(StrEnum):
    """Why a call has no agent yet."""

    NOBODY = "nobody_signed_in"
    """No agent who is signed in may take it at its present step."""
    ALL_BUSY = "all_busy"
    """All who may take it are at work."""
    HELD = "held"
    """Somebody is idle, and the call is kept for a better agent (``Waiting.hold``)."""


class Fit(StrEnum):
    """What an agent is to a waiting call."""

    MAY_TAKE_IT = "may_take_it"
    """Free, and able: then the call is held (``Waiting.hold``), or the next match pairs them."""
    NOT_HERE = "not_here"
    """Not signed in, or not ready."""
    AT_WORK = "at_work"
    OTHER_QUEUES = "other_queues"
    LACKS_SKILL = "lacks_skill"
    """At the step that the call has reached."""
    NO_ROOM = "no_room"
    """No more of this channel beside what the agent has."""
    KEPT_FOR_ANOTHER = "kept_for_another"


class NextStep(StrEnum):
    """What would happen to a waiting call though nothing else does."""

    RELEASED = "released_to_all"
    """It is no longer kept for the agent it prefers."""
    WIDENED = "step_widens"
    """More agents may take it."""
    HOLD_ENDS = "hold_ends"
    """It is no longer held for a senior."""
    OVERDUE = "overdue"
    """It goes before every call that has waited less."""


class Waiting(Struct, frozen=True):
    """How a waiting call stands."""

    reason: WaitReason
    position: int
    """1: nobody of its queue goes before it."""
    expected_s: float | None
    """How much longer the wait is expected to be; None while nobody is at work who may take it."""
    next: tuple[tuple[float, NextStep], ...]
    """What comes by itself, and when; the next first."""
    busy: int = 0
    """How many who may take it are at work."""
    idle: int = 0
    hold: Hold | None = None
    preferred: AgentId = ""


def fit_of(work: Work, demand: Demand, profile: Profile) -> Fit:
    """What an agent with this profile is to a call that asks for this, busy or not."""
    if all(queue != work.queue for queue, _ in profile.queues):
        return Fit.OTHER_QUEUES
    levels = {skill.skill: skill.level for skill in profile.skills}
    if any(levels.get(need.skill, 0) < need.level for need in demand.key[1]):
        return Fit.LACKS_SKILL
    return Fit.MAY_TAKE_IT


def calls_before(line: Line, other: Line, queued_at: float, call: str, order: Order) -> int:
    """How many of the other line go before a call of this line that came then."""
    if order is not Order.ARRIVAL:
        if other.value > line.value:
            return len(other.places)
        if other.value < line.value:
            return 0
    return bisect_left(other.places, (queued_at, call))


def expect_wait(
    settings: Settings,
    estimates: Estimates,
    work: Work,
    line: Line,
    demand: Demand,
    others: Iterable[Line],
    served: Collection[QueueId],
) -> float | None:
    """How much longer this call is expected to wait, seconds; None while nobody is at work.

    Those before it and the worthier ones still to come are served by the agents as they come free,
    and some hang up: so a line of n moves like dn/dt = -(freed - worthier arrivals) - n x rate of
    hanging up, and it is this call's turn when n is used up.

    ``served``: the queues of those agents.
    """
    freed = math.fsum(
        demand.pools[side].freed_per_s(estimates.coming_free[side]) for side in (JUNIOR, SENIOR)
    )
    if freed <= 0.0:
        return None
    ahead = 1
    for other in others:
        if other.key[0] in served:
            ahead += calls_before(line, other, work.queued_at, work.id, settings.order)
    worthier = 0.0
    if settings.order is not Order.ARRIVAL:
        worthier = math.fsum(
            estimates.figures(queue, tier).arrivals_per_s
            for queue in served
            for tier, value in settings.tier_weights
            if value > line.value
        )
    moves = max(SPARE_MIN * freed, freed - worthier)
    hang_up = max(1e-6, line.figures.hang_up[0])
    return min(WAIT_MAX_S, math.log1p(hang_up * ahead / moves) / hang_up)


def explain(
    settings: Settings,
    estimates: Estimates,
    work: Work,
    line: Line,
    others: Iterable[Line],
    now: float,
    served: Collection[QueueId],
    *,
    is_kept: bool,
) -> Waiting:
    """Say how this waiting call stands; ``line`` is the one it waits in, or would, ``served`` the
    queues of all who may take it now."""
    others = tuple(others)
    demand = line.demand_at(now - work.queued_at)
    idle = len(demand.pools[JUNIOR].idle) + len(demand.pools[SENIOR].idle)
    busy = demand.pools[JUNIOR].occupancy()[0] + demand.pools[SENIOR].occupancy()[0]
    hold = line.hold if idle else None
    if is_kept:
        hold = Hold(HoldReason.FOR_PREFERRED, work.preferred_until)
    steps = [(work.queued_at + step.after_s, NextStep.WIDENED) for step in work.steps]
    steps.append((work.queued_at + settings.overdue_s, NextStep.OVERDUE))
    if is_kept:
        steps.append((work.preferred_until, NextStep.RELEASED))
    elif hold is not None:
        steps.append((hold.until, NextStep.HOLD_ENDS))
    reason = WaitReason.NOBODY
    if hold is not None:
        reason = WaitReason.HELD
    elif busy:
        reason = WaitReason.ALL_BUSY
    position = 1
    for other in others:
        if other.key[0] == work.queue:
            position += calls_before(line, other, work.queued_at, work.id, settings.order)
    return Waiting(
        reason,
        position,
        expect_wait(settings, estimates, work, line, demand, others, served),
        tuple(sorted(step for step in steps if step[0] > now)),
        busy,
        idle,
        hold,
        work.preferred,
    )
