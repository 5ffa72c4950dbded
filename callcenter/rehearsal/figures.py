"""What is measured of a day that was played, and what two documents of rules differ by: pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from callcenter.domain.agent import AgentState, Seniority
from callcenter.domain.call import Outcome
from callcenter.domain.customer import Tier
from callcenter.domain.ids import AgentId, CallId, QueueId
from callcenter.domain.records import AgentStateRecord, CallRecord
from callcenter.domain.rehearsal import EVERYBODY, OccupancyResult, Paired, TierResult

# Student's 97.5 % quantile for 1, 2, 3 ... degrees of freedom.
STUDENT = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
NORMAL = 1.960

BUSY = (AgentState.TALKING, AgentState.WRAP_UP)
STAFFED = (*BUSY, AgentState.READY, AgentState.RESERVED, AgentState.RINGING)
GROUPS = (Seniority.SENIOR.value, Seniority.JUNIOR.value, EVERYBODY)


class TierFigures(Struct, frozen=True):
    """One tier on one day; what is divided by nothing is None."""

    calls: int
    wait_s: float | None
    in_time: float | None
    abandoned: float | None
    by_seniors: float | None
    led_out: float | None = None


class DayFigures(Struct, frozen=True):
    """One day under one document of rules."""

    tiers: dict[str, TierFigures]
    occupancy: dict[str, float | None]


class Measured(Struct, frozen=True):
    """What of a day is counted: calls that began to wait in this time."""

    begin: float
    end: float
    targets_s: Mapping[QueueId, float]
    seniority: Mapping[AgentId, Seniority]


def measure(
    what: Measured,
    calls: Iterable[CallRecord],
    states: Iterable[AgentStateRecord],
    led_out: Mapping[CallId, float] | None = None,
) -> DayFigures:
    """The figures of a day from the records that the machine made of it.

    ``led_out``: when calls were led to a message and its end, a voicemail or a number outside.
    """
    counted = [call for call in calls if what.begin <= call.queued_at < what.end]
    outside = led_out or {}
    tiers = {
        tier.value: _of_tier(
            [call for call in counted if call.tier is tier], what.targets_s, outside
        )
        for tier in Tier
    }
    tiers[EVERYBODY] = _of_tier(counted, what.targets_s, outside)
    busy = {group: [0.0] for group in GROUPS}
    staffed = {group: [0.0] for group in GROUPS}
    for one in states:
        inside_s = min(one.ended_at, what.end) - max(one.began_at, what.begin)
        if one.state in STAFFED and inside_s > 0.0:
            for group in (what.seniority[one.agent].value, EVERYBODY):
                staffed[group].append(inside_s)
                if one.state in BUSY:
                    busy[group].append(inside_s)
    return DayFigures(
        tiers,
        {group: _share(math.fsum(busy[group]), math.fsum(staffed[group])) for group in GROUPS},
    )


def _of_tier(
    calls: Sequence[CallRecord],
    targets_s: Mapping[QueueId, float],
    led_out: Mapping[CallId, float],
) -> TierFigures:
    ends = [call.answered_at or led_out.get(call.call, call.ended_at) for call in calls]
    waits = [max(0.0, end - call.queued_at) for call, end in zip(calls, ends, strict=True)]
    answered = [call for call in calls if call.answered_at]
    in_time = [
        call for call in answered if call.answered_at - call.queued_at <= targets_s[call.queue]
    ]
    abandoned = [call for call in calls if call.outcome is Outcome.ABANDONED]
    number = float(len(calls))
    return TierFigures(
        calls=len(calls),
        wait_s=_share(math.fsum(waits), number),
        in_time=_share(len(in_time), number),
        abandoned=_share(len(abandoned), number),
        by_seniors=_share(
            len([call for call in answered if call.answered_by_senior]), float(len(answered))
        ),
        led_out=_share(len([call for call in calls if call.call in led_out]), number),
    )


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole > 0.0 else None


# --- two ways, side by side ---------------------------------------------------------------------


def student(freedom: int) -> float:
    """Student's 97.5 % quantile; beyond the table by how it nears the normal one's."""
    if freedom <= len(STUDENT):
        return STUDENT[freedom - 1]
    return NORMAL * (1.0 + (NORMAL**2 + 1.0) / (4.0 * freedom))


def pair(current: Sequence[float | None], new: Sequence[float | None]) -> Paired:
    """The means over the seeds that have both, and the difference with its interval; all 0 where
    none has both, and no interval where only one has."""
    both = [(a, b) for a, b in zip(current, new, strict=True) if a is not None and b is not None]
    if not both:
        return Paired(0.0, 0.0, 0.0)
    number = len(both)
    differences = [b - a for a, b in both]
    mean = math.fsum(differences) / number
    least = most = None
    if number > 1:
        squares = math.fsum((value - mean) ** 2 for value in differences)
        half = student(number - 1) * math.sqrt(squares / (number - 1) / number)
        least, most = mean - half, mean + half
    return Paired(
        math.fsum(a for a, _ in both) / number,
        math.fsum(b for _, b in both) / number,
        mean,
        least,
        most,
    )


def compare_tiers(
    current: Sequence[DayFigures], new: Sequence[DayFigures]
) -> tuple[TierResult, ...]:
    """Each tier that has calls, and all of them together."""
    found: list[TierResult] = []
    for tier in (*(tier.value for tier in Tier), EVERYBODY):
        ours = [day.tiers[tier] for day in current]
        theirs = [day.tiers[tier] for day in new]
        calls = math.fsum(one.calls for one in ours) / len(ours)
        if calls > 0.0 or tier == EVERYBODY:
            found.append(
                TierResult(
                    tier,
                    calls,
                    pair([one.wait_s for one in ours], [one.wait_s for one in theirs]),
                    pair([one.in_time for one in ours], [one.in_time for one in theirs]),
                    pair([one.abandoned for one in ours], [one.abandoned for one in theirs]),
                    pair([one.by_seniors for one in ours], [one.by_seniors for one in theirs]),
                    pair([one.led_out for one in ours], [one.led_out for one in theirs]),
                )
            )
    return tuple(found)


def compare_agents(
    current: Sequence[DayFigures], new: Sequence[DayFigures]
) -> tuple[OccupancyResult, ...]:
    """Each seniority that somebody worked in, and all agents together."""
    found: list[OccupancyResult] = []
    for group in GROUPS:
        ours = [day.occupancy[group] for day in current]
        if any(share is not None for share in ours):
            theirs = [day.occupancy[group] for day in new]
            found.append(OccupancyResult(group, pair(ours, theirs)))
    return tuple(found)


def tell_waits(tiers: Iterable[TierResult]) -> str:
    """ "gold waits about 12 s, standard waits about 40 s", by the new rules."""
    words = [
        f"{one.tier} waits about {tell_seconds(one.wait_s.new)}"
        for one in tiers
        if one.tier != EVERYBODY
    ]
    return ", ".join(words) or "nobody calls"


def tell_seconds(seconds: float) -> str:
    """A wait as people say it."""
    if seconds < 100.0:
        return f"{seconds:.0f} s"
    return f"{seconds / 60.0:.1f} min"
