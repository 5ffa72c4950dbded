"""When a number may be called, and when next."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from callcenter.domain.campaign import CallingWindow
from dialer.window import is_open, next_open

NEW_YORK, DENVER, ICELAND = "America/New_York", "America/Denver", "Atlantic/Reykjavik"
WINDOW = CallingWindow(opens=9 * 60, closes=20 * 60, weekdays=(0, 1, 2, 3, 4, 5))


def at(zone: str, *when: int) -> float:
    """This wall time in this zone, UTC seconds."""
    year, month, day, hour, minute = when
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(zone)).timestamp()


@pytest.mark.parametrize(
    ("hour", "minute", "may"),
    [(8, 59, False), (9, 0, True), (19, 59, True), (20, 0, False)],
)
def test_the_window_opens_and_closes_on_the_minute(hour: int, minute: int, may: bool) -> None:
    assert is_open(WINDOW, (NEW_YORK,), at(NEW_YORK, 2024, 3, 5, hour, minute)) is may


def test_nobody_is_called_on_a_day_that_is_not_listed() -> None:
    sunday_noon = at(NEW_YORK, 2024, 3, 3, 12, 0)

    assert not is_open(WINDOW, (NEW_YORK,), sunday_noon)


def test_every_zone_that_the_number_may_lie_in_counts() -> None:
    nine_in_new_york = at(NEW_YORK, 2024, 3, 5, 9, 0)
    nine_in_denver = at(DENVER, 2024, 3, 5, 9, 0)

    assert not is_open(WINDOW, (NEW_YORK, DENVER), nine_in_new_york)
    assert is_open(WINDOW, (NEW_YORK, DENVER), nine_in_denver)


@pytest.mark.parametrize("zones", [(), ("Etc/Unknown",), ("America",), ("../etc",), (ICELAND, "x")])
def test_who_lives_nobody_knows_where_is_never_called(zones: tuple[str, ...]) -> None:
    noon = at(ICELAND, 2024, 3, 5, 12, 0)

    assert not is_open(WINDOW, zones, noon)
    assert next_open(WINDOW, zones, noon) == 0.0


def test_an_open_window_is_next_open_now() -> None:
    noon = at(ICELAND, 2024, 3, 5, 12, 0)

    assert next_open(WINDOW, (ICELAND,), noon) == noon


def test_a_window_closed_for_the_night_opens_in_the_morning_of_the_last_zone() -> None:
    tuesday_night = at(NEW_YORK, 2024, 3, 5, 22, 0)

    assert next_open(WINDOW, (NEW_YORK,), tuesday_night) == at(NEW_YORK, 2024, 3, 6, 9, 0)
    assert next_open(WINDOW, (NEW_YORK, DENVER), tuesday_night) == at(DENVER, 2024, 3, 6, 9, 0)


def test_a_window_closed_for_the_weekend_opens_on_monday_after_the_clocks_were_changed() -> None:
    saturday_night = at(NEW_YORK, 2024, 3, 9, 22, 0)

    opens = next_open(WINDOW, (NEW_YORK,), saturday_night)

    assert opens == at(NEW_YORK, 2024, 3, 11, 9, 0)
    assert datetime.fromtimestamp(opens, UTC).hour == 13  # daylight saving time by then


def test_windows_that_never_meet_have_no_opening() -> None:
    short = CallingWindow(opens=9 * 60, closes=10 * 60)
    noon = at(NEW_YORK, 2024, 3, 5, 12, 0)

    assert next_open(short, (NEW_YORK, DENVER), noon) == 0.0


def test_a_window_of_one_day_a_week_is_found_a_week_ahead() -> None:
    mondays = CallingWindow(opens=9 * 60, closes=10 * 60, weekdays=(0,))
    monday_noon = at(ICELAND, 2024, 3, 4, 12, 0)

    assert next_open(mondays, (ICELAND,), monday_noon) == at(ICELAND, 2024, 3, 11, 9, 0)
