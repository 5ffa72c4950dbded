"""What is known of a contact before a call."""

from __future__ import annotations

import math
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from callcenter.domain.attempt import AttemptResult
from dialer.contact_chance import Features
from dialer.contact_history import Try, features_at, part_of_day, was_reached

BERLIN = "Europe/Berlin"
R = AttemptResult


def at(day: int, hour: int) -> float:
    """This hour in Berlin, June 2026; the 1st is a Monday."""
    return datetime(2026, 6, day, hour, 30, tzinfo=ZoneInfo(BERLIN)).timestamp()


def test_hour_and_weekday_are_those_at_the_contact() -> None:
    saturday_evening = at(6, 18)

    here = dict(features_at(saturday_evening, BERLIN).categories)
    there = dict(features_at(saturday_evening, "Asia/Kathmandu").categories)

    assert (here["hour"], here["weekday"], here["part_of_day"]) == ("18", "sat", "weekend evening")
    assert (there["hour"], there["part_of_day"]) == ("22", "weekend night")


def test_where_the_zone_is_not_known_nothing_is_said_of_the_time_of_day() -> None:
    found = dict(features_at(at(1, 9), "Mars/Olympus", number_type="mobile").categories)

    assert found == {"number_type": "mobile", "tries": "0", "last_result": "never"}


def test_a_contact_never_tried_has_no_age_of_the_last_try() -> None:
    found = features_at(at(1, 9), BERLIN)

    assert ("last_result", "never") in found.categories
    assert found.numbers == ()


def test_tries_count_and_the_last_one_tells_its_result_and_age() -> None:
    tries = (Try(at(1, 9), R.NO_ANSWER), Try(at(2, 9), R.BUSY))

    found = features_at(at(3, 9), BERLIN, tries)

    categories = dict(found.categories)
    assert (categories["tries"], categories["last_result"]) == ("2", "busy")
    assert found.numbers == (("last_try_hours", math.log1p(24.0)),)


def test_only_tries_in_vain_at_this_time_of_day_count_against_it() -> None:
    tries = (
        Try(at(1, 10), R.NO_ANSWER),
        Try(at(2, 11), R.MACHINE),
        Try(at(2, 18), R.NO_ANSWER),
        Try(at(3, 10), R.CONNECTED),
    )

    morning = dict(features_at(at(4, 10), BERLIN, tries).categories)
    evening = dict(features_at(at(4, 18), BERLIN, tries).categories)

    assert morning["tried_in_vain_at_this_time"] == "2"
    assert evening["tried_in_vain_at_this_time"] == "1"


def test_nothing_of_the_call_itself_or_of_later_ones_slips_in() -> None:
    earlier = (Try(at(1, 9), R.NO_ANSWER),)
    later = (*earlier, Try(at(2, 9), R.CONNECTED), Try(at(3, 9), R.BUSY))

    assert features_at(at(2, 9), BERLIN, later) == features_at(at(2, 9), BERLIN, earlier)


def test_a_dead_trunk_says_nothing_of_the_contact() -> None:
    tries = (Try(at(1, 9), R.CONGESTION), Try(at(1, 10), R.FAILED))

    assert features_at(at(2, 9), BERLIN, tries) == features_at(at(2, 9), BERLIN)


def test_columns_of_the_list_are_named_apart_from_our_own() -> None:
    listed = Features((("tries", "many"),), (("age", 41.0),))

    found = features_at(at(1, 9), BERLIN, columns=listed)

    assert ("list:tries", "many") in found.categories
    assert ("tries", "0") in found.categories
    assert found.numbers == (("list:age", 41.0),)


@pytest.mark.parametrize(
    ("hour", "part"),
    [(0, "night"), (4, "night"), (5, "early"), (9, "morning"), (12, "noon"), (14, "afternoon"),
     (17, "evening"), (20, "evening"), (21, "night"), (23, "night")],
)  # fmt: skip
def test_every_hour_has_its_part_of_the_day(hour: int, part: str) -> None:
    assert part_of_day(hour) == part


@pytest.mark.parametrize(
    ("result", "reached"),
    [(R.CONNECTED, True), (R.DROPPED, True), (R.HUNG_UP, True), (R.MACHINE, False),
     (R.NO_ANSWER, False), (R.BUSY, False), (R.REJECTED, False), (R.INVALID_NUMBER, False),
     (R.CONGESTION, None), (R.FAILED, None), (R.UNKNOWN, None)],
)  # fmt: skip
def test_a_result_says_whether_a_person_was_reached(
    result: AttemptResult, reached: bool | None
) -> None:
    assert was_reached(result) is reached
