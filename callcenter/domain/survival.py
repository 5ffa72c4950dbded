"""How long things last, estimated from what has ended and what is still running.

A duration is cut into ages (0 to 15 s, 15 to 30 s, ...). For each age the estimator keeps how often
something ended there and how long things were under observation there: the rate of ending is the
quotient. What is still running, or left for another reason, counts as observed and not as ended
(censored): leaving it out would make patience look short and talks look short.

Routing asks it how soon agents come free and how likely a caller is to hang up; the dialer may ask
it the same.
"""

from __future__ import annotations

import math
from bisect import bisect_right

from msgspec import Struct

AGES_S = (15.0, 30.0, 60.0, 120.0, 240.0, 480.0)
"""Where one age ends and the next begins; the last one has no end."""
BEGINS_S = (0.0, *AGES_S)


class Hazard(Struct, frozen=True, array_like=True):
    """What is known of one kind of duration. All it needs is in here: it can be stored."""

    ended: tuple[float, ...]
    """For each age, how many ended in it; old ones count less and less."""
    observed_s: tuple[float, ...]
    """For each age, how many seconds were observed in it; forgotten alike."""


def start_hazard(mean_s: float, worth: float) -> Hazard:
    """What is assumed before anything was seen: the same rate at every age.

    ``mean_s`` is the mean duration, ``worth`` how many observations the assumption weighs as.
    """
    each = worth / (len(AGES_S) + 1)
    return Hazard((each,) * (len(AGES_S) + 1), (each * mean_s,) * (len(AGES_S) + 1))


def observe(hazard: Hazard, lasted_s: float, *, ended: bool, keep: float = 1.0) -> Hazard:
    """One more duration of ``lasted_s``; ``ended`` is false where it was only cut off.

    ``keep`` is the share of the older evidence that is kept, in the ages this one went through: an
    age that is rarely reached is rarely forgotten.
    """
    ends, seen, last = list(hazard.ended), list(hazard.observed_s), age_of(lasted_s)
    for age in range(last + 1):
        end = lasted_s if age == last else AGES_S[age]
        seen[age] = seen[age] * keep + end - BEGINS_S[age]
        ends[age] = ends[age] * keep
    ends[last] += float(ended)
    return Hazard(tuple(ends), tuple(seen))


def age_of(elapsed_s: float) -> int:
    """The number of the age that this much time lies in."""
    return bisect_right(AGES_S, elapsed_s)


def rates_of(hazard: Hazard) -> tuple[float, ...]:
    """For each age, the chance per second of ending."""
    return tuple(
        ends / seen if seen > 0.0 else 0.0
        for ends, seen in zip(hazard.ended, hazard.observed_s, strict=True)
    )


def chance_within(rates: tuple[float, ...], elapsed_s: float, next_s: float) -> float:
    """The chance that what has run for ``elapsed_s`` ends within the next ``next_s``."""
    until, total = elapsed_s + next_s, 0.0
    first, last = age_of(elapsed_s), age_of(until)
    for age in range(first, last + 1):
        begin = elapsed_s if age == first else BEGINS_S[age]
        end = until if age == last else AGES_S[age]
        total += rates[age] * (end - begin)
    return 1.0 - math.exp(-total)
