"""When a number may be called, and when next."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from callcenter.domain.campaign import CallingWindow
from dialer.window import Schedule, is_open, next_open, next_opening, zones_of

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


@pytest.mark.parametrize(
    ("zone", "opens", "opening"),
    [
        # 2026-03-29, 02:00 becomes 03:00: half past two never comes.
        ("Europe/Berlin", 150, datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        # 2026-10-04, 02:00 becomes 02:30: a quarter past two never comes.
        ("Australia/Lord_Howe", 135, datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
        # 2026-04-24, midnight becomes 01:00: that day begins at one.
        ("Africa/Cairo", 0, datetime(2026, 4, 23, 22, 0, tzinfo=UTC)),
    ],
)
def test_a_window_that_would_open_in_a_skipped_hour_opens_when_the_clocks_go_on(
    zone: str, opens: int, opening: datetime
) -> None:
    window = CallingWindow(opens, 300, tuple(range(7)))
    an_hour_before = opening.timestamp() - 3600

    assert next_open(window, (zone,), an_hour_before) == opening.timestamp()


def test_a_window_in_an_hour_that_comes_twice_opens_twice() -> None:
    window = CallingWindow(90, 120, tuple(range(7)))
    first = datetime(2026, 11, 1, 5, 30, tzinfo=UTC).timestamp()  # 01:30 in New York

    assert next_open(window, (NEW_YORK,), first - 60) == first
    assert not is_open(window, (NEW_YORK,), first + 1800)  # 01:00 again
    assert next_open(window, (NEW_YORK,), first + 1800) == first + 3600


def test_there_may_be_several_windows_a_day_and_others_on_other_days() -> None:
    schedule = Schedule(
        (
            CallingWindow(9 * 60, 12 * 60, (0, 1, 2, 3, 4)),
            CallingWindow(14 * 60, 18 * 60, (0, 1, 2, 3, 4)),
            CallingWindow(10 * 60, 13 * 60, (5,)),
        )
    )
    friday_noon = at(ICELAND, 2026, 6, 5, 12, 0)
    friday_evening = at(ICELAND, 2026, 6, 5, 18, 0)

    assert next_opening(schedule, (ICELAND,), friday_noon) == at(ICELAND, 2026, 6, 5, 14, 0)
    assert next_opening(schedule, (ICELAND,), friday_evening) == at(ICELAND, 2026, 6, 6, 10, 0)


def test_nobody_is_called_on_a_holiday_of_the_campaign() -> None:
    schedule = Schedule(holidays=("DE-BY",))
    corpus_christi_eve = at("Europe/Berlin", 2026, 6, 3, 20, 0)

    opening = next_opening(schedule, ("Europe/Berlin",), corpus_christi_eve)

    assert not is_open(schedule, ("Europe/Berlin",), at("Europe/Berlin", 2026, 6, 4, 12, 0))
    assert opening == at("Europe/Berlin", 2026, 6, 5, 9, 0)


def test_the_holidays_of_the_place_where_a_person_lives_count_too() -> None:
    thanksgiving = at(NEW_YORK, 2026, 11, 26, 12, 0)

    assert is_open(WINDOW, (NEW_YORK,), thanksgiving)
    assert not is_open(WINDOW, (NEW_YORK,), thanksgiving, holidays=("US",))
    assert next_opening(WINDOW, (NEW_YORK,), thanksgiving, ("US",)) == at(
        NEW_YORK, 2026, 11, 27, 9, 0
    )


def test_a_holiday_is_over_when_it_is_over_at_the_called_person() -> None:
    round_the_clock = Schedule((CallingWindow(0, 1440, tuple(range(7))),), ("AU",))
    day_after = at("Australia/Sydney", 2026, 1, 27, 0, 0)  # the 26th is Australia Day

    assert not is_open(round_the_clock, ("Australia/Sydney",), day_after - 60)
    assert next_opening(round_the_clock, ("Australia/Sydney",), day_after - 3600) == day_after


def test_a_schedule_may_close_days_of_its_own() -> None:
    schedule = Schedule(closed_days=("2026-06-04", "2026-06-05"))
    wednesday_night = at(ICELAND, 2026, 6, 3, 22, 0)

    assert next_opening(schedule, (ICELAND,), wednesday_night) == at(ICELAND, 2026, 6, 6, 9, 0)


def test_an_opening_behind_several_closed_weeks_is_found() -> None:
    mondays = Schedule(
        (CallingWindow(9 * 60, 17 * 60, (0,)),), closed_days=("2026-06-08", "2026-06-15")
    )
    first_monday_night = at(ICELAND, 2026, 6, 1, 22, 0)

    assert next_opening(mondays, (ICELAND,), first_monday_night) == at(ICELAND, 2026, 6, 22, 9, 0)


def test_a_calendar_that_nobody_knows_keeps_the_window_closed() -> None:
    schedule = Schedule(holidays=("DE-BAVARIA",))
    noon = at(ICELAND, 2026, 6, 3, 12, 0)

    assert not is_open(schedule, (ICELAND,), noon)
    assert next_opening(schedule, (ICELAND,), noon) == 0.0


@pytest.mark.parametrize(
    ("own", "minded"),
    [(DENVER, (DENVER,)), ("", (NEW_YORK, DENVER)), ("Mars/Olympus", (NEW_YORK, DENVER))],
)
def test_a_contacts_own_zone_counts_alone_where_it_is_known(
    own: str, minded: tuple[str, ...]
) -> None:
    assert zones_of(own, (NEW_YORK, DENVER)) == minded
