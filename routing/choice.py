"""The arithmetic of a choice: how urgent a call is, whether it is held, who of two sides takes it.

Pure functions on a line's figures. All costs are in the cost of a second that a customer with
weight 1 waits.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import TypeAlias

from callcenter.domain.ids import CallId
from callcenter.domain.survival import AGES_S
from routing.learning import SENIOR, Figures, Lending, loss_at
from routing.lines import Demand, Line
from routing.settings import Order, Settings
from routing.work import Hold, HoldReason, Score

LENDING_GAIN = 2.0
"""Fifty points of difference in occupancy at this moment: 2.7 times the weight is asked for."""
LENDING_RATE = 1.0 / 60.0
"""A difference of ten points for ten minutes does the same, and it stays."""
SENIOR_RESERVE = 0.01
"""How much less busy seniors are kept than juniors, as a share of the time: a worthy call then
finds one free more often, and nobody notices the difference."""
LENDING_STEP_S = 30.0
"""A longer pause between two choices counts as this long: nothing is known of it."""
LEVEL_MAX = 4.0
"""Bound of the logarithm: a weight of 55."""


Rank: TypeAlias = tuple[bool, float, float, CallId]
"""The order of two calls for the same agent, the smaller first: not overdue, urgency as a negative
(0 for the overdue), since when, whose."""


def score_of(settings: Settings, line: Line, waited_s: float, side: int) -> Score:
    """How urgent the first of this line is for an agent of this seniority, in its parts."""
    figures = line.figures
    weight = line.value * figures.lift
    handling_s = figures.handling_s[side]
    loss, growth = 0.0, 1.0
    if settings.order is Order.COST:
        loss = loss_at(figures, waited_s)
        growth = 1.0 + waited_s / settings.growth_s
    return Score(weight, loss, growth, handling_s, urgency_of(settings, line, waited_s, side))


def urgency_of(settings: Settings, line: Line, waited_s: float, side: int) -> float:
    """What a second of waiting costs for each second of agent time; in strict order the weight."""
    figures = line.figures
    if settings.order is Order.COST:
        lost = figures.loss[bisect_right(AGES_S, waited_s)]
        growth = 1.0 + waited_s / settings.growth_s
        return line.value * figures.lift * (1.0 + lost) * growth / figures.handling_s[side]
    return line.value * figures.lift if settings.order is Order.WEIGHT else 0.0


def rank_of(settings: Settings, line: Line, now: float, side: int, preference: float) -> Rank:
    """The place of this line's first call among the calls that an agent may take."""
    queued_at, call = line.places[0]
    waited_s = now - queued_at
    if waited_s >= settings.overdue_s:
        return (False, 0.0, queued_at, call)
    return (True, -urgency_of(settings, line, waited_s, side) * preference, queued_at, call)


def cost_rate(line: Line, now: float) -> float:
    """What each second costs that the first of this line waits."""
    return line.value * line.figures.lift * (1.0 + loss_at(line.figures, now - line.places[0][0]))


def judge_hold(
    settings: Settings,
    line: Line,
    demand: Demand,
    ahead: int,
    instead: Line | None,
    asked_weight: float,
    freed_rates: tuple[float, ...],
    hold_max_s: float,
    now: float,
) -> Hold | None:
    """Whether the first of this line waits for a senior although a junior is idle.

    ``ahead`` is how many calls wait that are as worthy, this one included. ``instead`` is the line
    that the junior would serve then; without one the junior stays idle.

    The gain is what a senior is worth for this call, less what it is worth for the call that the
    senior would have taken otherwise. The cost is the longer wait of all that wait in front of the
    last one held: so what counts is when so many seniors have come free as calls wait for them.
    """
    if settings.order is not Order.COST:
        return None
    until = line.places[0][0] + hold_max_s
    if now >= until:
        return None
    other = asked_weight if instead is None else instead.value
    if other >= line.value:
        return None
    seniors = demand.pools[SENIOR]
    wanted = ahead - len(seniors.idle)
    expected_s = 0.0
    if wanted > 0:
        freed = seniors.freed_per_s(freed_rates)
        if freed <= 0.0:
            return None
        expected_s = wanted / freed
    benefit = (line.value - other) * line.figures.gain
    saved = 0.0 if instead is None else cost_rate(instead, now)
    cost = max(0.0, cost_rate(line, now) - saved) * expected_s
    if benefit <= cost:
        return None
    return Hold(HoldReason.FOR_SENIOR, until, expected_s, benefit, cost)


def is_spared(
    line: Line,
    demand: Demand,
    worthier: list[tuple[float, Figures]],
    freed_rates: tuple[float, ...],
) -> bool:
    """Whether a senior for this call is worth less than what is lost to worthier calls to come.

    ``worthier``: value and figures of the tiers above. With every senior given away the chance that
    a worthier call comes before a senior comes free is a power of the share of such calls among
    both kinds of events; such a call then waits, or goes to a junior, whichever is cheaper.
    """
    arrivals = math.fsum(figures.arrivals_per_s for _, figures in worthier)
    seniors = demand.pools[SENIOR]
    freed = seniors.freed_per_s(freed_rates)
    if arrivals <= 0.0:
        return False
    chance = (arrivals / (arrivals + freed)) ** len(seniors.idle)
    parts: list[float] = []
    for value, figures in worthier:
        wait_s = figures.gain if freed <= 0.0 else (1.0 + figures.loss[0]) / freed
        parts.append(figures.arrivals_per_s / arrivals * value * min(figures.gain, wait_s))
    harm = math.fsum(parts)  # in whatever order the queues became known
    return chance * harm > line.value * line.figures.gain


def lend(lending: Lending, demand: Demand, now: float) -> tuple[Lending, float]:
    """How worthy a call must be to go to a senior while at least one of either side is idle.

    The weight asked for rises while the seniors of this demand are busier than its juniors, at once
    and, slowly, for good: so both come to the same occupancy, and the seniors' share of the work is
    the worthiest.
    """
    (juniors_busy, juniors), (seniors_busy, seniors) = (pool.occupancy() for pool in demand.pools)
    difference = seniors_busy / seniors - juniors_busy / juniors + SENIOR_RESERVE
    step_s = min(LENDING_STEP_S, max(0.0, now - lending.at))
    level = lending.level + LENDING_RATE * difference * step_s
    level = min(LEVEL_MAX, max(-LEVEL_MAX, level))
    asked = math.exp(min(2.0 * LEVEL_MAX, level + LENDING_GAIN * difference))
    return Lending(level, now), asked
