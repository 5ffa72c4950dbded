"""The allowance of abandoned calls in the campaign's legal window, and the price that follows.

The law counts over a window: in the United States a share of the people who answered, per campaign,
over successive periods of 30 days (16 CFR 310.4(b)(4)(i)); others want a rolling day. What was
counted stays here over restarts.
"""

from __future__ import annotations

import math

from msgspec import Struct, field

SLICES = 30
"""A rolling window is counted in so many parts; the oldest falls out as a whole."""


class LegalWindow(Struct, frozen=True):
    """The rule to be kept."""

    cap: float = 0.03
    """Share of the people who answered that may be abandoned."""
    length_s: float = 30 * 86400.0
    is_rolling: bool = False
    """Counted back from now; otherwise in periods, one after the other."""


class Slice(Struct):
    """What was counted in a part of the window."""

    begins: float
    answered: float = 0.0
    abandoned: float = 0.0


class Budget(Struct):
    """What was counted in the window. Changed in place by the functions below."""

    rule: LegalWindow
    slices: list[Slice] = field(default_factory=list)
    """Oldest first."""
    answered: float = 0.0
    abandoned: float = 0.0


def count(budget: Budget, now: float, *, answered: float = 0.0, abandoned: float = 0.0) -> None:
    """Count people, at this time."""
    turn_window(budget, now)
    last = budget.slices[-1]
    last.answered += answered
    last.abandoned += abandoned
    budget.answered += answered
    budget.abandoned += abandoned


def turn_window(budget: Budget, now: float) -> None:
    """Let fall what lies outside of the window, and open the part that ``now`` lies in."""
    rule, slices = budget.rule, budget.slices
    if rule.is_rolling:
        part_s = rule.length_s / SLICES
        outside = [one for one in slices if one.begins + part_s <= now - rule.length_s]
    else:
        part_s = rule.length_s
        outside = [one for one in slices if one.begins + part_s <= now]
    if outside:
        del slices[: len(outside)]
        budget.answered = math.fsum(one.answered for one in slices)
        budget.abandoned = math.fsum(one.abandoned for one in slices)
    if not slices or slices[-1].begins + part_s <= now:
        slices.append(Slice(now))


KEPT_BACK = 0.05
"""Part of the cap that is never spent: a call that is abandoned was placed half a minute ago."""


def balance(budget: Budget) -> float:
    """How many more may be abandoned just now; below 0.0: too many were."""
    return (1.0 - KEPT_BACK) * budget.rule.cap * budget.answered - budget.abandoned


def is_spent(budget: Budget, at_risk: float = 0.0) -> bool:
    """Whether one more abandoned call would break the cap, if ``at_risk`` of those in flight are
    abandoned, too.

    The very first is allowed before the people who pay for it have answered: a window always begins
    with none, and a campaign too short to pay for one is not dialed predictively.
    """
    return balance(budget) - at_risk < 1.0 and budget.abandoned > 0.0
