"""The chance of a contact, learnt from results."""

from __future__ import annotations

import math
import random

import msgspec
import pytest

from dialer.contact_chance import (
    OTHER,
    VALUES_MAX,
    Chances,
    Features,
    chance,
    learn,
    parts,
)


def at_hour(hour: int, **numbers: float) -> Features:
    """A contact called at this hour."""
    return Features((("hour", str(hour)),), tuple(numbers.items()))


def taught(count: int = 400) -> Chances:
    """People are at home at 18 h and not at 10 h; the older the likelier."""
    draw = random.Random(5)
    chances = Chances()
    for _ in range(count):
        hour, age = draw.choice((10, 18)), draw.uniform(20.0, 80.0)
        is_there = draw.random() < (0.15 if hour == 10 else 0.45) + (age - 50.0) / 200.0
        learn(chances, at_hour(hour, age=age), is_there)
    return chances


def test_before_anything_was_learnt_all_contacts_are_alike() -> None:
    assert chance(Chances(), at_hour(10, age=30.0)) == chance(Chances(), at_hour(18)) == 0.5


def test_what_went_well_before_is_likelier_to_go_well_again() -> None:
    chances = taught()

    assert chance(chances, at_hour(18, age=50.0)) > 1.5 * chance(chances, at_hour(10, age=50.0))
    assert chance(chances, at_hour(18, age=75.0)) > chance(chances, at_hour(18, age=25.0))


def test_the_chance_is_near_the_share_that_was_reached() -> None:
    chances = taught(4000)

    assert chance(chances, at_hour(18, age=50.0)) == pytest.approx(0.45, abs=0.07)
    assert chance(chances, at_hour(10, age=50.0)) == pytest.approx(0.15, abs=0.07)


def test_what_was_never_seen_shifts_nothing() -> None:
    chances = taught()

    known = Features((("hour", "18"),))
    stranger = Features((("hour", "18"), ("town", "nowhere")))

    assert chance(chances, stranger) == chance(chances, known)


def test_results_are_counted() -> None:
    chances = Chances()

    for happened in (True, False, True):
        learn(chances, at_hour(9), happened)

    assert (chances.results, chances.successes) == (3, 2)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 1e300])
def test_a_number_that_is_none_is_left_out(number: float) -> None:
    with_it, without = Chances(), Chances()

    learn(with_it, at_hour(9, age=number), True)
    learn(without, at_hour(9), True)

    assert with_it == without
    assert chance(with_it, at_hour(9, age=number)) == chance(without, at_hour(9))


def test_a_typing_error_decides_no_more_than_a_large_number() -> None:
    chances = taught()

    assert chance(chances, at_hour(18, age=9e9)) == chance(chances, at_hour(18, age=900.0))


def test_a_number_that_is_the_same_for_all_says_nothing() -> None:
    chances = Chances()
    for n in range(50):
        learn(chances, at_hour(9, age=40.0), n % 2 == 0)

    assert chance(chances, at_hour(9, age=40.0)) == pytest.approx(0.5, abs=0.1)


def test_a_column_with_a_value_for_each_contact_does_not_grow_for_ever() -> None:
    chances = Chances()
    for n in range(3 * VALUES_MAX):
        learn(chances, Features((("name", f"n{n}"),)), False)

    assert len(chances.columns["name"]) == VALUES_MAX + 1
    assert OTHER in chances.columns["name"]
    assert chance(chances, Features((("name", "somebody new"),))) == chance(
        chances, Features((("name", OTHER),))
    )


def test_the_chance_never_leaves_its_bounds() -> None:
    chances = Chances()
    for _ in range(5000):
        learn(chances, Features(tuple((f"c{n}", "x") for n in range(30))), True)

    found = chance(chances, Features(tuple((f"c{n}", "x") for n in range(30))))

    assert 0.99 < found <= 1.0


def test_the_columns_that_say_most_come_first_with_their_direction() -> None:
    chances = taught(2000)

    told = parts(chances, at_hour(10, age=78.0))

    odds = {(part.column, part.value): part.odds for part in told}
    assert odds["age", "78"] > 0.0 > odds["hour", "10"]
    assert abs(told[0].odds) >= abs(told[1].odds)
    assert parts(chances, at_hour(10, age=78.0), 1) == told[:1]


def test_where_nothing_was_learnt_nothing_says_anything() -> None:
    assert parts(Chances(), at_hour(10, age=78.0)) == ()


def test_a_learner_read_back_from_a_snapshot_goes_on_exactly_as_before() -> None:
    chances = taught()
    for encode, decode in (
        (msgspec.json.encode, msgspec.json.Decoder(Chances).decode),
        (msgspec.msgpack.encode, msgspec.msgpack.Decoder(Chances).decode),
    ):
        again = decode(encode(chances))
        same = decode(encode(chances))

        learn(again, at_hour(18, age=33.3), True)
        learn(same, at_hour(18, age=33.3), True)

        assert again == same
        assert encode(decode(encode(again))) == encode(again)
