"""Exact and approximate chances that people outnumber agents."""

from __future__ import annotations

import math
from itertools import product

import pytest

from dialer.pacing.chance import (
    Spread,
    add_many,
    add_one,
    chance_at_least,
    chance_at_least_normal,
)


def pmf(chances: list[float], longest: int = 50) -> list[float]:
    """Of a sum of yes-or-no's."""
    found = [1.0]
    for chance in chances:
        add_one(found, chance, longest)
    return found


def test_a_sum_is_what_counting_every_case_gives() -> None:
    chances = [0.1, 0.5, 0.8]
    expected = [0.0] * 4
    for case in product((0, 1), repeat=3):
        parts = [c if yes else 1 - c for c, yes in zip(chances, case, strict=True)]
        expected[sum(case)] += math.prod(parts)

    assert pmf(chances) == pytest.approx(expected)


def test_what_lies_beyond_the_longest_is_gathered_in_the_last() -> None:
    whole = pmf([0.3] * 6)

    cut = pmf([0.3] * 6, longest=3)

    assert cut == pytest.approx([whole[0], whole[1], math.fsum(whole[2:])])
    assert pmf([0.3] * 6, longest=1) == pytest.approx([1.0])


def test_people_are_held_against_agents_who_come_free() -> None:
    people, agents = pmf([0.5, 0.5]), pmf([0.4])

    assert chance_at_least(people, agents, 1) == pytest.approx(0.6 * 0.75 + 0.4 * 0.25)
    assert chance_at_least(people, agents, 0) == pytest.approx(0.6 + 0.4 * 0.75)
    assert chance_at_least(people, agents, -5) == pytest.approx(1.0)
    assert chance_at_least(people, agents, 9) == 0.0


def test_the_normal_distribution_is_near_the_exact_one_for_many() -> None:
    people, agents = pmf([0.3] * 200, 300), pmf([0.1] * 400, 300)
    spread = Spread()
    add_many(spread, 0.3, 200, 1.0)
    add_many(spread, 0.1, 400, -1.0)

    for lead in (10, 20, 30):
        exact = chance_at_least(people, agents, lead)
        assert chance_at_least_normal(spread, lead, 0.0) == pytest.approx(exact, abs=0.01)


def test_without_any_spread_it_is_yes_or_no() -> None:
    assert chance_at_least_normal(Spread(2.0), 2, 0.0) == 1.0
    assert chance_at_least_normal(Spread(2.0), 3, 0.0) == 0.0


def test_an_unsure_mean_widens_it() -> None:
    sure, unsure = (chance_at_least_normal(Spread(5.0, 4.0), 12, error) for error in (0.0, 5.0))

    assert unsure > 10 * sure
