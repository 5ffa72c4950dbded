"""Whose turn it is among the numbers shown, and which must rest."""

from __future__ import annotations

import random

import pytest

from callcenter.domain.attempt import AttemptResult
from dialer.caller_ids import (
    LONG_MIN,
    RECENT_MIN,
    REST_MAX_S,
    REST_S,
    UNUSED,
    CallerNumber,
    choose_number,
    learn,
    must_rest,
    recent_rate,
    rest,
    usual_rate,
)

R = AttemptResult


def after(calls: int, rate: float, number: CallerNumber = UNUSED, seed: int = 1) -> CallerNumber:
    """The number after so many more calls with this answer rate."""
    rng = random.Random(seed)
    for _ in range(calls):
        number = learn(number, R.CONNECTED if rng.random() < rate else R.NO_ANSWER)
    return number


def test_numbers_take_turns_and_those_that_rest_are_passed_over() -> None:
    known = {
        "a": CallerNumber(turn=10),
        "b": CallerNumber(turn=5),
        "c": CallerNumber(turn=1, rests_until=100.0),
    }

    assert choose_number((), known, 50.0) == ""
    assert choose_number(("a", "b", "c"), known, 50.0) == "b"
    assert choose_number(("a", "b", "c"), known, 100.0) == "c"
    assert choose_number(("a", "new"), known, 50.0) == "new"


def test_where_all_rest_the_one_that_is_nearest_to_its_end_is_shown() -> None:
    known = {"a": CallerNumber(rests_until=300.0), "b": CallerNumber(rests_until=200.0)}

    assert choose_number(("a", "b"), known, 50.0) == "b"


@pytest.mark.parametrize(
    "result", [R.FAILED, R.CONGESTION, R.UNKNOWN, R.UNCOUNTED, R.INVALID_NUMBER]
)
def test_what_says_nothing_of_the_number_is_not_counted(result: AttemptResult) -> None:
    assert learn(UNUSED, result) is UNUSED


def test_every_answer_counts_also_a_machines() -> None:
    number = UNUSED
    for result in (R.MACHINE, R.DROPPED, R.HUNG_UP, R.BUSY):
        number = learn(number, result)

    assert recent_rate(number) == pytest.approx(0.75, abs=0.01)
    assert usual_rate(number) == pytest.approx(0.75, abs=0.01)
    assert (recent_rate(UNUSED), usual_rate(UNUSED)) == (0.0, 0.0)


def test_a_number_that_fewer_answer_than_before_must_rest() -> None:
    others = [after(500, 0.3, seed=2), after(500, 0.3, seed=3)]
    marked = after(250, 0.06, after(600, 0.3))

    assert must_rest(marked, others)
    assert not must_rest(after(850, 0.3), others)


def test_where_all_numbers_fall_together_none_must_rest() -> None:
    others = [after(250, 0.06, after(600, 0.3, seed=seed), seed=seed) for seed in (2, 3)]

    assert not must_rest(after(250, 0.06, after(600, 0.3)), others)


def test_a_number_without_others_in_its_turn_does_not_rest() -> None:
    assert not must_rest(after(150, 0.0, after(600, 0.3)), [])


def test_few_calls_say_nothing() -> None:
    others = [after(500, 0.3, seed=2)]

    assert not must_rest(after(int(RECENT_MIN) - 1, 0.0), others)
    assert not must_rest(after(int(LONG_MIN) - 1, 0.0), others)


@pytest.mark.parametrize("rate", [0.08, 0.3, 0.6])
def test_a_number_as_good_as_the_others_seldom_rests_by_chance(rate: float) -> None:
    others = [after(600, rate, seed=2), after(600, rate, seed=3)]
    number, rests = UNUSED, 0
    rng = random.Random(5)
    for _ in range(20_000):
        number = learn(number, R.CONNECTED if rng.random() < rate else R.NO_ANSWER)
        if must_rest(number, others):
            rests += 1
            number = rest(number, 0.0)

    assert rests <= 3


def test_rests_grow_longer_up_to_a_week_and_begin_with_a_clean_sheet() -> None:
    number, ends = after(500, 0.3), []
    for _ in range(5):
        number = rest(number, 0.0)
        ends.append(number.rests_until)

    assert ends == [REST_S, 2 * REST_S, 4 * REST_S, REST_MAX_S, REST_MAX_S]
    assert number.recent == 0.0
    assert not must_rest(number, [after(500, 0.3, seed=2)])
