"""The allowance of the legal window."""

from __future__ import annotations

import pytest

from dialer.pacing.budget import (
    KEPT_BACK,
    SLICES,
    Budget,
    LegalWindow,
    balance,
    count,
    is_spent,
    turn_window,
)

DAY = 86400.0


def test_the_balance_is_the_cap_of_those_who_answered_less_those_abandoned() -> None:
    budget = Budget(LegalWindow())

    count(budget, 0.0, answered=100.0, abandoned=1.0)

    assert balance(budget) == pytest.approx(3.0 * (1.0 - KEPT_BACK) - 1.0)


def test_the_first_may_be_abandoned_and_the_second_when_it_is_paid_for() -> None:
    budget = Budget(LegalWindow())
    count(budget, 0.0, answered=5.0)
    before = is_spent(budget)

    count(budget, 1.0, answered=1.0, abandoned=1.0)
    after = is_spent(budget)
    count(budget, 2.0, answered=70.0)

    assert (before, after, is_spent(budget)) == (False, True, False)


def test_what_is_in_flight_may_spend_it_too() -> None:
    budget = Budget(LegalWindow())
    count(budget, 0.0, answered=100.0, abandoned=1.0)
    left = balance(budget)

    assert not is_spent(budget, left - 1.0)
    assert is_spent(budget, left - 0.9)


def test_a_period_begins_with_nothing() -> None:
    budget = Budget(LegalWindow(0.03, 30 * DAY))
    count(budget, 0.0, answered=100.0, abandoned=3.0)

    turn_window(budget, 30 * DAY - 1)
    kept = budget.answered
    turn_window(budget, 30 * DAY)

    assert (kept, budget.answered, budget.abandoned) == (100.0, 0.0, 0.0)


def test_a_rolling_window_forgets_part_by_part() -> None:
    budget = Budget(LegalWindow(0.03, DAY, is_rolling=True))
    count(budget, 0.0, answered=10.0, abandoned=1.0)
    count(budget, DAY / 2, answered=20.0)

    turn_window(budget, DAY + DAY / SLICES - 1)
    whole = budget.answered
    turn_window(budget, DAY + DAY / SLICES)

    assert whole == 30.0
    assert (budget.answered, budget.abandoned) == (20.0, 0.0)
