"""What a day of a center cost, and what two ways of routing differ by."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, stdev
from typing import Any

from msgspec import Struct

from callcenter.bench.center_model import Desk, Result
from callcenter.domain.customer import Tier

IN_TIME_S = 20.0
# Student's 97.5 % quantile by degrees of freedom.
STUDENT = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18, 2.16, 2.14)
STUDENT_MANY = 2.1


class Prices(Struct, frozen=True):
    """What waiting, losing and not resolving cost."""

    weights: dict[Tier, float]
    lost: float = 10.0
    """In minutes of waiting."""
    unresolved: float = 5.0
    """In minutes of waiting."""
    unresolved_share: tuple[float, float] = (0.10, 0.22)
    """Of the calls served by seniors, and by juniors."""


class Figures(Struct, frozen=True):
    """What one way of routing came to over one or more days."""

    cost: float
    """Per call."""
    tiers: dict[str, dict[str, float]]
    occupancy: dict[str, float]


def figures_of(results: Sequence[tuple[Result, Sequence[Desk]]], prices: Prices) -> Figures:
    """Add up these days."""
    costs: list[float] = []
    tiers: dict[str, dict[str, float]] = {}
    served = [one for result, _ in results for one in result.served]
    for tier in Tier:
        mine = [one for one in served if one.caller.tier is tier]
        answered = [one for one in mine if one.desk is not None]
        by_seniors = [one for one in answered if one.desk is not None and one.desk.is_senior]
        minutes = math.fsum(one.waited_s for one in mine) / 60.0
        senior, junior = prices.unresolved_share
        unresolved = senior * len(by_seniors) + junior * (len(answered) - len(by_seniors))
        lost = len(mine) - len(answered)
        costs.append(
            prices.weights[tier] * (minutes + prices.lost * lost + prices.unresolved * unresolved)
        )
        if mine:
            tiers[tier.value] = {
                "calls": len(mine),
                "asa_s": fmean([one.waited_s for one in answered] or [0.0]),
                "in_20_s": len([one for one in answered if one.waited_s <= IN_TIME_S]) / len(mine),
                "abandoned": lost / len(mine),
                "by_seniors": len(by_seniors) / max(1, len(answered)),
            }
    occupancy = {}
    for name, is_senior in (("senior", True), ("junior", False)):
        pairs = [(r, d.name) for r, desks in results for d in desks if d.is_senior is is_senior]
        busy_s = math.fsum(result.busy_s[desk] for result, desk in pairs)
        occupancy[name] = busy_s / max(
            1.0, math.fsum(max(r.busy_s[d], r.present_s[d]) for r, d in pairs)
        )
    return Figures(math.fsum(costs) / max(1, len(served)), tiers, occupancy)


def mean_figures(figures: Sequence[Figures]) -> dict[str, Any]:
    """The means over the seeds."""
    return {
        "cost_per_call": fmean(one.cost for one in figures),
        "tiers": {
            tier: {name: fmean(one.tiers[tier][name] for one in figures) for name in values}
            for tier, values in figures[0].tiers.items()
        },
        "occupancy": {
            side: fmean(one.occupancy[side] for one in figures) for side in figures[0].occupancy
        },
    }


def compare(ours: Sequence[Figures], theirs: Sequence[Figures]) -> dict[str, float]:
    """By how many per cent ours costs more, over the same seeds, with a 95 % interval."""
    more = [100.0 * (a.cost / b.cost - 1.0) for a, b in zip(ours, theirs, strict=True)]
    half = 0.0
    if len(more) > 1:
        student = STUDENT[len(more) - 2] if len(more) - 2 < len(STUDENT) else STUDENT_MANY
        half = student * stdev(more) / math.sqrt(len(more))
    return {"percent": fmean(more), "least": fmean(more) - half, "most": fmean(more) + half}


def error_of(expected: Sequence[tuple[float, float]]) -> dict[str, float]:
    """How far the waits that were told were off, seconds; those of calls that had to wait."""
    errors = [told - came for told, came in expected]
    return {
        "calls": len(errors),
        "mean_wait_s": fmean([came for _, came in expected] or [0.0]),
        "mean_error_s": fmean(errors or [0.0]),
        "mean_absolute_error_s": fmean([abs(one) for one in errors] or [0.0]),
    }
