"""How long things last, learnt from what ended and from what still goes on.

A duration that has not ended yet is at risk and counts with the time it lasted so far (it is
*censored*). Who looks only at what has ended sees the quick ones first: answers come back before
failures do, and rates learnt that way run away.

The estimate is a hazard, constant within each bucket of elapsed time: endings there divided by the
time spent there. Durations may end in several ways (*outcomes*), each with a hazard of its own.
"""

from __future__ import annotations

import math
from bisect import bisect_right

from msgspec import Struct

RATE_MAX = 20.0
"""Per second. More is not told from "at once" by anybody here."""


class Hazards(Struct):
    """Endings and time spent, by bucket of elapsed time; the functions below change it in place."""

    edges: tuple[float, ...]
    """Where the buckets begin, in seconds, from 0.0 up; the last has no end."""
    endings: list[list[float]]
    """For each outcome, how many ended so in each bucket; old ones weigh less."""
    time_s: list[float]
    """Time spent in each bucket by all, also by those that have not ended."""


def hazards_like(
    edges: tuple[float, ...], rates: tuple[tuple[float, ...], ...], s: float
) -> Hazards:
    """What is believed before anything was seen: these rates (per outcome and bucket), with the
    weight of ``s`` seconds seen in each bucket."""
    return Hazards(edges, [[rate * s for rate in row] for row in rates], [s] * len(edges))


def observe_end(hazards: Hazards, elapsed_s: float, outcome: int) -> None:
    """A duration ended after so long, in this way. Its time is told by ``observe_time``."""
    hazards.endings[outcome][bucket_of(hazards, elapsed_s)] += 1.0


def observe_time(hazards: Hazards, from_s: float, to_s: float) -> None:
    """A duration was watched from this elapsed time to that.

    Tell it while it lasts, or old time and new endings are weighed against each other.
    """
    edges, time_s = hazards.edges, hazards.time_s
    bucket, last = bucket_of(hazards, from_s), bucket_of(hazards, to_s)
    while bucket < last:
        time_s[bucket] += edges[bucket + 1] - from_s
        bucket += 1
        from_s = edges[bucket]
    time_s[last] += to_s - from_s


def bucket_of(hazards: Hazards, elapsed_s: float) -> int:
    """The bucket that this elapsed time lies in."""
    return max(0, bisect_right(hazards.edges, elapsed_s) - 1)


def forget(hazards: Hazards, kept: float) -> None:
    """Let everything seen so far weigh this much of what it did (0.0 to 1.0)."""
    hazards.time_s = [value * kept for value in hazards.time_s]
    hazards.endings = [[value * kept for value in row] for row in hazards.endings]


def total(hazards: Hazards, outcome: int) -> float:
    """How many ended in this way, all buckets together."""
    return math.fsum(hazards.endings[outcome])


def rates(hazards: Hazards, bucket: int) -> tuple[float, ...]:
    """Endings per second in this bucket, for each outcome."""
    time_s = max(hazards.time_s[bucket], 1e-9)
    return tuple(min(RATE_MAX, row[bucket] / time_s) for row in hazards.endings)


def chances(hazards: Hazards, bucket: int, step_s: float) -> tuple[float, ...]:
    """The chance to end within the next ``step_s`` in this bucket, for each outcome."""
    each = rates(hazards, bucket)
    rate = math.fsum(each)
    if rate <= 0.0:
        return (0.0,) * len(each)
    ends = -math.expm1(-rate * step_s)
    return tuple(ends * one / rate for one in each)
