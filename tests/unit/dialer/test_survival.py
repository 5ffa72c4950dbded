"""How long things last, learnt from what ended and what goes on."""

from __future__ import annotations

import pytest

from dialer.survival import (
    RATE_MAX,
    Hazards,
    bucket_of,
    chances,
    forget,
    hazards_like,
    observe_end,
    observe_time,
    rates,
    total,
)

EDGES = (0.0, 10.0, 20.0)


def nothing() -> Hazards:
    """Nothing seen, nothing believed."""
    return hazards_like(EDGES, ((0.0,) * 3, (0.0,) * 3), 0.0)


def test_a_rate_is_endings_by_time_at_risk_in_each_bucket() -> None:
    hazards = nothing()
    observe_time(hazards, 0.0, 15.0)
    observe_end(hazards, 15.0, 1)

    observe_time(hazards, 0.0, 5.0)  # still goes on: it counts as well

    assert hazards.time_s == [15.0, 5.0, 0.0]
    assert rates(hazards, 1) == (0.0, 0.2)


def test_time_told_in_parts_is_the_same_as_told_at_once() -> None:
    at_once, in_parts = nothing(), nothing()
    observe_time(at_once, 0.0, 33.0)

    for begins, ends in ((0.0, 4.0), (4.0, 10.0), (10.0, 33.0)):
        observe_time(in_parts, begins, ends)

    assert in_parts.time_s == at_once.time_s == [10.0, 10.0, 13.0]


def test_a_belief_is_what_is_said_before_anything_was_seen() -> None:
    hazards = hazards_like(EDGES, ((0.1, 0.2, 0.3),), 5.0)

    assert [rates(hazards, bucket)[0] for bucket in range(3)] == pytest.approx([0.1, 0.2, 0.3])


def test_forgetting_leaves_rates_and_takes_weight() -> None:
    hazards = hazards_like(EDGES, ((0.1, 0.2, 0.3),), 10.0)

    forget(hazards, 0.5)

    assert rates(hazards, 1) == pytest.approx((0.2,))
    assert total(hazards, 0) == pytest.approx(3.0)


def test_what_ends_at_once_has_a_bounded_rate() -> None:
    hazards = nothing()
    observe_end(hazards, 0.0, 0)

    assert rates(hazards, 0)[0] == RATE_MAX


def test_chances_share_the_endings_of_a_step() -> None:
    hazards = hazards_like(EDGES, ((0.1,) * 3, (0.3,) * 3), 10.0)

    first, second = chances(hazards, 0, 1.0)

    assert second == pytest.approx(3 * first)
    assert first + second == pytest.approx(1.0 - 0.670320046)
    assert chances(nothing(), 0, 1.0) == (0.0, 0.0)


def test_times_before_the_beginning_belong_to_the_first_bucket() -> None:
    assert [bucket_of(nothing(), elapsed) for elapsed in (-1.0, 0.0, 10.0, 99.0)] == [0, 0, 1, 2]
