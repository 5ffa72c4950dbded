"""Calling windows at every change of the clocks in the world, minute by minute, for two years."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers.timezone import time_zones_for_number

from callcenter.domain.campaign import CallingWindow
from dialer.window import Schedule, is_open, next_opening

FROM = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
UNTIL = int(datetime(2028, 1, 1, tzinfo=UTC).timestamp())
AROUND_S = 3 * 3600
DAY_S = 86_400
EVERY_DAY = tuple(range(7))
WINDOWS = (
    CallingWindow(),
    CallingWindow(0, 1440, EVERY_DAY),
    CallingWindow(0, 90, EVERY_DAY),
    CallingWindow(90, 150, EVERY_DAY),  # within the hours that are skipped or come twice
    CallingWindow(150, 165, EVERY_DAY),
    CallingWindow(120, 180, (5,)),
    Schedule((CallingWindow(30, 75, EVERY_DAY), CallingWindow(140, 200, (6,)))),
    Schedule((CallingWindow(0, 1440, EVERY_DAY),), closed_days=("2026-03-29", "2027-10-31")),
)
NAMED = (
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Santiago",
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Africa/Cairo",
)

Offsets = tuple[tuple[int, int], ...]
"""Since when (UTC seconds) which seconds are added to UTC; the first since ever."""


def offset(zone: ZoneInfo, at: int) -> int:
    found = datetime.fromtimestamp(at, zone).utcoffset()
    assert found is not None
    return int(found.total_seconds())


def read_offsets(zone: ZoneInfo) -> Offsets:
    """Every change of this zone's clocks in the two years, and a month to either side."""
    found = [(0, offset(zone, FROM - 31 * DAY_S))]
    for low, high in pairwise(range(FROM - 31 * DAY_S, UNTIL + 31 * DAY_S, 2 * DAY_S)):
        after = offset(zone, high)
        if after != found[-1][1]:
            minutes = range(low, high + 60, 60)
            place = bisect_left(minutes, True, key=lambda at: offset(zone, at) == after)
            at = minutes[place]
            found.append((at, after))
    return tuple(found)


def group_zones() -> dict[Offsets, str]:
    """One zone's name for each way of changing the clocks."""
    named: dict[Offsets, str] = {}
    for name in (*NAMED, *sorted(available_timezones() - {"localtime"})):
        offsets = read_offsets(ZoneInfo(name))
        if name in NAMED or len(offsets) > 1:
            named.setdefault(offsets, name)
    return named


def expect_open(window: CallingWindow | Schedule, offsets: Offsets, at: int) -> bool:
    """What the clock on the wall says, by arithmetic instead of the library of time zones."""
    wall = at + next(add for since, add in reversed(offsets) if since <= at)
    minute, day = wall // 60 % 1440, wall // DAY_S
    schedule = window if isinstance(window, Schedule) else Schedule((window,))
    if (date(1970, 1, 1) + timedelta(days=day)).isoformat() in schedule.closed_days:
        return False
    return any(
        (day + 3) % 7 in one.weekdays and one.opens <= minute < one.closes
        for one in schedule.windows
    )


ZONES = group_zones()


def test_both_hemispheres_and_zones_that_change_nothing_are_looked_at() -> None:
    changing = [name for offsets, name in ZONES.items() if len(offsets) > 1]

    assert len(changing) > 20
    assert {"Europe/Berlin", "Australia/Sydney", "America/New_York"} <= set(changing)
    assert {"Asia/Kathmandu", "Pacific/Apia"} <= set(ZONES.values()) - set(changing)


@pytest.mark.parametrize(("offsets", "name"), ZONES.items(), ids=ZONES.values())
def test_every_minute_around_every_change_is_open_as_the_clock_on_the_wall_says(
    offsets: Offsets, name: str
) -> None:
    changes = [since for since, _ in offsets[1:] if FROM <= since < UNTIL]

    for change in changes or [FROM]:
        for at in range(change - AROUND_S, change + AROUND_S, 60):
            for window in WINDOWS:
                expected = expect_open(window, offsets, at)
                assert is_open(window, (name,), at) is expected, (window, at)


@pytest.mark.parametrize(("offsets", "name"), ZONES.items(), ids=ZONES.values())
def test_the_next_opening_is_the_first_open_minute_around_every_change(
    offsets: Offsets, name: str
) -> None:
    changes = [since for since, _ in offsets[1:] if FROM <= since < UNTIL]

    for change in changes or [FROM]:
        for window in WINDOWS:
            # Backwards, so that each minute knows the first open one after it.
            opens = 0
            for at in range(change + AROUND_S, change - AROUND_S, -60):
                opens = at if expect_open(window, offsets, at) else opens
                if opens and (at - opens) % 660 == 0:  # a few of the minutes before each opening
                    assert next_opening(window, (name,), at) == opens, (window, at)


def zones_of_number(number: str) -> tuple[str, ...]:
    return tuple(time_zones_for_number(phonenumbers.parse(number)))


TOLL_FREE, AUSTRALIAN_MOBILE = zones_of_number("+18002345678"), zones_of_number("+61412345678")


def test_some_numbers_lie_in_many_zones() -> None:
    assert len(TOLL_FREE) > 35
    assert len(AUSTRALIAN_MOBILE) == 8


@pytest.mark.parametrize("zones", [TOLL_FREE, AUSTRALIAN_MOBILE], ids=["toll-free", "mobile"])
@pytest.mark.parametrize("window", [CallingWindow(), CallingWindow(60, 1380, EVERY_DAY)])
def test_a_number_of_many_zones_is_called_only_when_it_is_time_in_all_of_them(
    zones: tuple[str, ...], window: CallingWindow
) -> None:
    every = {name: read_offsets(ZoneInfo(name)) for name in zones}
    changes = dict.fromkeys(at for offsets in every.values() for at, _ in offsets[1:])

    for change in changes:
        if FROM <= change < UNTIL:
            for at in range(change - AROUND_S, change + AROUND_S, 60):
                expected = all(expect_open(window, offsets, at) for offsets in every.values())
                assert is_open(window, zones, at) is expected, at


WINDOW: st.SearchStrategy[CallingWindow] = st.builds(
    lambda opens, length, weekdays: CallingWindow(opens, min(1440, opens + length), weekdays),
    st.integers(0, 1439),
    st.integers(1, 1440),
    st.lists(st.integers(0, 6), min_size=1, unique=True).map(tuple),
)
SCHEDULE = st.builds(
    Schedule,
    st.lists(WINDOW, min_size=1, max_size=3).map(tuple),
    st.lists(st.sampled_from(("DE-BY", "US", "AU-NSW")), max_size=2, unique=True).map(tuple),
)
SOME_ZONES = st.lists(
    st.sampled_from(sorted(ZONES.values())), min_size=1, max_size=3, unique=True
).map(tuple)
TIME = st.integers(FROM // 60, UNTIL // 60).map(lambda minute: minute * 60)


def first_open(ask: Callable[[int], bool], at: int, until: int) -> int:
    return next((minute for minute in range(at, until, 60) if ask(minute)), 0)


@settings(max_examples=60)
@given(SCHEDULE, SOME_ZONES, TIME)
def test_nobody_could_have_been_called_before_the_next_opening(
    schedule: Schedule, zones: tuple[str, ...], now: int
) -> None:
    opening = next_opening(schedule, zones, now)

    if opening:
        assert opening >= now
        assert is_open(schedule, zones, opening)
    until = min(int(opening) or now + DAY_S, now + DAY_S)
    assert first_open(lambda at: is_open(schedule, zones, at), now, until) == 0


@settings(max_examples=60)
@given(SCHEDULE, SOME_ZONES, TIME)
def test_another_zone_or_calendar_never_opens_what_was_closed(
    schedule: Schedule, zones: tuple[str, ...], now: int
) -> None:
    if not is_open(schedule, zones, now):
        assert not is_open(schedule, (*zones, "Europe/Berlin"), now)
        assert not is_open(schedule, zones, now, holidays=("FR",))
