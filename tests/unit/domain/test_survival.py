"""How long things last, learnt from what ended and what was cut off."""

from __future__ import annotations

import math

import pytest

from callcenter.domain.survival import (
    AGES_S,
    age_of,
    chance_within,
    observe,
    rates_of,
    start_hazard,
)


def test_a_start_value_ends_at_the_same_rate_at_every_age() -> None:
    rates = rates_of(start_hazard(200.0, 10.0))

    assert rates == pytest.approx((1 / 200.0,) * (len(AGES_S) + 1))


def test_an_end_counts_in_its_age_and_the_time_before_in_the_ages_gone_through() -> None:
    start = start_hazard(100.0, 0.0)

    after = observe(start, 40.0, ended=True)

    assert after.ended[:4] == (0.0, 0.0, 1.0, 0.0)
    assert after.observed_s[:4] == (15.0, 15.0, 10.0, 0.0)


def test_what_is_cut_off_counts_as_watched_and_not_as_ended() -> None:
    after = observe(start_hazard(100.0, 0.0), 20.0, ended=False)

    assert sum(after.ended) == 0.0
    assert after.observed_s[:3] == (15.0, 5.0, 0.0)
    assert rates_of(after)[:3] == (0.0, 0.0, 0.0)


def test_what_lasts_beyond_the_last_age_is_counted_in_it() -> None:
    after = observe(start_hazard(100.0, 0.0), 1000.0, ended=True)

    assert after.ended[-1] == 1.0
    assert after.observed_s[-1] == 1000.0 - AGES_S[-1]


def test_old_evidence_is_forgotten_in_the_ages_that_are_gone_through() -> None:
    hazard = observe(start_hazard(100.0, 0.0), 10.0, ended=True)

    after = observe(hazard, 10.0, ended=False, keep=0.5)

    assert after.ended[0] == 0.5
    assert after.observed_s[0] == 15.0


def test_the_rate_of_exponential_times_is_found_though_half_are_cut_off() -> None:
    hazard = start_hazard(500.0, 1.0)
    for number in range(4000):
        lasts = -60.0 * math.log((number % 997 + 0.5) / 997.0)
        cut = 120.0 * (number % 89 + 0.5) / 89.0
        hazard = observe(hazard, min(lasts, cut), ended=lasts <= cut)

    assert rates_of(hazard)[0] == pytest.approx(1 / 60.0, rel=0.1)
    assert rates_of(hazard)[2] == pytest.approx(1 / 60.0, rel=0.1)


def test_ages_begin_at_their_bounds() -> None:
    assert [age_of(elapsed) for elapsed in (0.0, 14.9, 15.0, 480.0, 1e9)] == [0, 0, 1, 6, 6]


@pytest.mark.parametrize(("elapsed", "next_s"), [(0.0, 10.0), (10.0, 30.0), (400.0, 5000.0)])
def test_the_chance_of_ending_with_one_rate_is_exponential(elapsed: float, next_s: float) -> None:
    rates = (0.01,) * (len(AGES_S) + 1)

    assert chance_within(rates, elapsed, next_s) == pytest.approx(1.0 - math.exp(-0.01 * next_s))
