"""From what was learnt to chances: that a call becomes a person, and an agent free, within a time.

The tables go by whole seconds of elapsed time and are made anew now and then; asking them costs a
look-up. Chances come from stepping through the phases a second at a time, backwards: what can still
happen in h seconds follows from what can happen in h - 1.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate, pairwise

from msgspec import Struct

from dialer.pacing.learning import (
    ENDS,
    MACHINE,
    PERSON,
    RINGS,
    TO_READY,
    TO_WRAP_UP,
    Learnt,
)
from dialer.survival import Hazards, chances, rates

AHEAD_S = 40
"""How far ahead chances are known. A phone rings shorter than that."""
PEOPLE_SHARE, AGENTS_SHARE = 0.97, 0.4
"""The two horizons, in terms of a new call's person: when they will have answered almost surely,
and when about half will. All the people who are going to answer are held against the agents who
come free until about then. A call costs not only when its own person finds nobody, but also when
that person takes the agent of one who answers later; counting only those who answer before it
prefers the second call for one free agent to the fourth for two, which the exact optimum does not
(tried on the memoryless twin of the bench: two points of utilisation with five agents)."""
HALVES = (-0.5, 0.5)
"""Elapsed times are rounded to whole seconds; these are on both sides."""
LONGEST_S = 40
"""Dialing or ringing longer than this is all the same."""


Chance = tuple[float, float]
"""Of a call: people per second just now, and that it becomes a person within the horizon."""


class Forecast(Struct):
    """Chances by whole seconds of elapsed time."""

    people_s: int
    """The horizon of people."""
    agents_s: int
    """The horizon of agents."""
    person: float
    """That a new call becomes a person within the first."""
    dialing: list[Chance]
    ringing: list[Chance]
    moves: list[float]
    """Calls per second that stop dialing, in any way, by seconds dialed."""
    screening: list[float]
    """That the verdict falls within the horizon; times the chance of a person by the next two."""
    dialing_is_person: list[float]
    """That something that answered so long after it was dialed is a person."""
    ringing_is_person: list[float]
    talking: list[float]
    """By bucket of ``talk_edges``: free within the horizon and the patience of a person."""
    wrapping_up: list[float]
    """By bucket of ``wrap_up_edges``."""
    talk_edges: tuple[float, ...]
    wrap_up_edges: tuple[float, ...]


def make_forecast(learnt: Learnt, patience_s: float) -> Forecast:
    """The tables of this moment."""
    verdict = _verdicts(learnt.screening)
    screened = _between(verdict[0])
    screened[1] = chances(learnt.screening, 0, 0.5)[0]  # without detection it falls at once
    ringing = _phase(learnt.ringing, [0.0] * (AHEAD_S + 1), screened)
    dialing = _phase(learnt.dialing, _between(ringing[0]), screened)
    new = dialing[0]
    people_s, agents_s = (
        next(h for h in range(1, AHEAD_S + 1) if new[h] >= share * new[AHEAD_S])
        for share in (PEOPLE_SHARE, AGENTS_SHARE)
    )
    late = min(AHEAD_S, agents_s + round(patience_s))
    return Forecast(
        people_s,
        agents_s,
        new[people_s],
        _columns(dialing, people_s, _people_per_s(learnt.dialing)),
        _columns(ringing, people_s, _people_per_s(learnt.ringing)),
        _moves_per_s(learnt.dialing),
        [curve[people_s] for curve in verdict],
        _shares_of_people(learnt.dialing),
        _shares_of_people(learnt.ringing),
        _talking(learnt.talking, _between(_wrapped(learnt.wrapping_up)), late),
        _wrapping_up(learnt.wrapping_up, late),
        learnt.talking.edges,
        learnt.wrapping_up.edges,
    )


def _columns(curves: list[list[float]], horizon_s: int, now: list[float]) -> list[Chance]:
    return [(rate, curve[horizon_s]) for curve, rate in zip(curves, now, strict=True)]


def _people_per_s(hazards: Hazards) -> list[float]:
    """By whole seconds: people who answer per second."""
    found = []
    for e in range(LONGEST_S + 1):
        a, b = (rates(hazards, bisect_right(hazards.edges, max(0.0, e + x)) - 1) for x in HALVES)
        found.append((a[PERSON] + b[PERSON]) / 2)
    return found


def _moves_per_s(hazards: Hazards) -> list[float]:
    """By whole seconds: endings of any kind per second."""
    return [
        math.fsum(rates(hazards, bisect_right(hazards.edges, float(e)) - 1))
        for e in range(LONGEST_S + 1)
    ]


def _between(curve: list[float]) -> list[float]:
    """The chance left when something happens somewhere within the next second: entry h is the mean
    of h - 1 and h seconds."""
    return [0.0, *((a + b) / 2 for a, b in pairwise(curve))]


def _verdicts(screening: Hazards) -> list[list[float]]:
    """By seconds screened: that the verdict falls within h."""
    seconds = range(int(screening.edges[-1]) + 1)
    each = [_chances_at(screening, e)[0] for e in seconds]
    return _backwards([(chance, [1.0] * (AHEAD_S + 1)) for chance in each], each)


def _phase(hazards: Hazards, rung: list[float], screened: list[float]) -> list[list[float]]:
    """By seconds in the phase: that it becomes a person within h."""
    steps, ends = [], []
    for e in range(LONGEST_S + 1):
        each = _chances_at(hazards, e)
        rings, person = each[RINGS], each[PERSON]
        then = [rings * a + person * b for a, b in zip(rung, screened, strict=True)]
        steps.append((1.0, then))
        ends.append(rings + person + each[MACHINE] + each[ENDS])
    return _backwards(steps, ends)


def _backwards(steps: list[tuple[float, list[float]]], ends: list[float]) -> list[list[float]]:
    """For each second e of elapsed time the curve over h: what happens in this second, or else what
    the next second's curve says of h - 1. ``ends``: that the phase ends in this second."""
    last = len(steps) - 1
    curves: list[list[float]] = [[]] * len(steps)
    for e in range(last, -1, -1):
        weight, then = steps[e]
        stays = 1.0 - ends[e]
        curve = [0.0]
        if e == last:  # it goes on as in this second
            for h in range(1, AHEAD_S + 1):
                curve.append(weight * then[h] + stays * curve[h - 1])
        else:
            after = curves[e + 1]
            curve += [weight * t + stays * a for t, a in zip(then[1:], after, strict=False)]
        curves[e] = curve
    return curves


def _chances_at(hazards: Hazards, second: int) -> tuple[float, ...]:
    return chances(hazards, bisect_right(hazards.edges, second + 0.5) - 1, 1.0)


def _shares_of_people(hazards: Hazards) -> list[float]:
    """Of what answers after so many seconds, how much is people."""
    shares = []
    for e in range(LONGEST_S + 1):
        bucket = bisect_right(hazards.edges, e + 0.5) - 1
        people = hazards.endings[PERSON][bucket]
        machines = hazards.endings[MACHINE][bucket]
        shares.append((people + 0.1) / (people + machines + 0.15))
    return shares


def _walk(hazards: Hazards, elapsed_s: float, seconds: int) -> Iterator[tuple[float, ...]]:
    """For each of the next seconds: the chances to end then in each way, walking on through the
    buckets."""
    edges = hazards.edges
    at = bisect_right(edges, elapsed_s) - 1
    stays = 1.0
    for s in range(1, seconds + 1):
        while at + 1 < len(edges) and edges[at + 1] <= elapsed_s + s - 0.5:
            at += 1
        each = chances(hazards, at, 1.0)
        yield tuple(stays * chance for chance in each)
        stays *= 1.0 - math.fsum(each)


def _middles(edges: tuple[float, ...]) -> list[float]:
    """The middle of each bucket; of the last, which has no end, its beginning."""
    return [*((a + b) / 2 for a, b in pairwise(edges)), edges[-1]]


def _wrapped(wrapping_up: Hazards) -> list[float]:
    """That a wrap-up that begins now is over within h seconds."""
    steps = (each[TO_READY] for each in _walk(wrapping_up, 0.0, AHEAD_S))
    return list(accumulate(steps, initial=0.0))


def _wrapping_up(hazards: Hazards, horizon_s: int) -> list[float]:
    """By bucket of wrap-up: ready within the horizon."""
    return [
        math.fsum(each[TO_READY] for each in _walk(hazards, elapsed_s, horizon_s))
        for elapsed_s in _middles(hazards.edges)
    ]


def _talking(hazards: Hazards, wrapped: list[float], horizon_s: int) -> list[float]:
    """By bucket of talking time: ready within the horizon, wrap-up included."""
    return [
        math.fsum(
            each[TO_READY] + each[TO_WRAP_UP] * wrapped[horizon_s - s]
            for s, each in enumerate(_walk(hazards, elapsed_s, horizon_s))
        )
        for elapsed_s in _middles(hazards.edges)
    ]
