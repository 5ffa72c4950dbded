"""When a number may be called: the calling window must be open in every zone it may lie in.

A number tells its zone only roughly (a US toll-free number may ring in 41 zones), so all of them
count: US TSR 16 CFR 310.4(c) and its like speak of the called person's own time. Where the
contact's own zone is known it counts alone (``zones_of``).

The clock on the wall decides. An hour that the clocks skip never comes, so a window that would have
opened within it opens when the clocks go on; an hour that comes twice is open twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec import Struct

from callcenter.domain.campaign import CallingWindow
from dialer.holidays import is_holiday, is_known

DAYS_AHEAD = 8
"""How far ahead a plain window's opening is looked for: each weekday once, and today's again."""
DAYS_AHEAD_HOLIDAYS = 36
"""The same where days are left out: Mondays only, and four of them in a row are holidays."""
ZONES_KEPT = 1024
"""The tz database has some 600; each is read from its file once."""
CHANGES_KEPT = 4096
"""Answers of ``_change_on``: eight days in 500 zones."""
DAY_S = 86_400
"""Of the day on the wall: zoneinfo minds that some have 23 or 25 hours."""


class Schedule(Struct, frozen=True):
    """When people may be called: several windows, and days on which nobody is.

    Windows may differ by weekday and there may be several a day; open is what one of them opens.
    """

    windows: tuple[CallingWindow, ...] = (CallingWindow(),)
    holidays: tuple[str, ...] = ()
    """Calendars of public holidays, as ``DE-BY`` or ``US``; a holiday in any of them is closed. The
    contact's own are given with the question."""
    closed_days: tuple[str, ...] = ()
    """Other days on which nobody is called, as ``2026-12-24``; the day at the called person."""


def is_open(
    window: CallingWindow | Schedule,
    zones: tuple[str, ...],
    now: float,
    holidays: tuple[str, ...] = (),
) -> bool:
    """Whether a number that may lie in these zones may be called at ``now`` (UTC seconds).

    ``holidays`` are the calendars of the place where the person lives. Without a zone it may not:
    nobody knows what time it is there. Nor with a calendar that nobody knows.
    """
    schedule = _schedule(window)
    calendars = (*schedule.holidays, *holidays)
    return (
        bool(zones)
        and all(map(is_known, calendars))
        and all(_is_open_in(schedule, calendars, find_zone(zone), now) for zone in zones)
    )


def next_opening(
    window: CallingWindow | Schedule,
    zones: tuple[str, ...],
    now: float,
    holidays: tuple[str, ...] = (),
) -> float:
    """The first time from ``now`` on when ``is_open``; 0.0 when there is none within a week, or
    within five where days are left out.

    Such is the case when the zones lie so far apart that their windows never meet.
    """
    if is_open(window, zones, now, holidays):
        return now
    schedule = _schedule(window)
    known = [zone for zone in map(find_zone, zones) if zone is not None]
    if len(known) < len(zones):
        return 0.0
    closes_days = schedule.holidays or schedule.closed_days or holidays
    ahead = DAYS_AHEAD_HOLIDAYS if closes_days else DAYS_AHEAD
    for first in range(0, ahead, DAYS_AHEAD):
        days = range(first, min(first + DAYS_AHEAD, ahead))
        # Zones are up to 26 hours apart, so their openings are put in order a week at a time.
        for at in sorted(_candidates(schedule, known, now, days)):
            if is_open(schedule, zones, at, holidays):
                return at
    return 0.0


def next_open(window: CallingWindow, zones: tuple[str, ...], now: float) -> float:
    """``next_opening`` of a plain window, as campaigns have it today."""
    return next_opening(window, zones, now)


def zones_of(own_zone: str, number_zones: tuple[str, ...]) -> tuple[str, ...]:
    """The zones to mind: the contact's own where it is known, all of the number's otherwise.

    An own zone that the tz database does not have says nothing, and the number's count.
    """
    return (own_zone,) if own_zone and find_zone(own_zone) is not None else number_zones


def _schedule(window: CallingWindow | Schedule) -> Schedule:
    if isinstance(window, Schedule):
        return window
    return Schedule((window,), window.holidays, window.closed_days)


@lru_cache(maxsize=ZONES_KEPT)
def find_zone(name: str) -> ZoneInfo | None:
    """The time zone of this name; None for one that nobody knows here, as ``Etc/Unknown``."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # the last is said of a folder, as ``America``
        return None


def _is_open_in(
    schedule: Schedule, calendars: tuple[str, ...], zone: ZoneInfo | None, now: float
) -> bool:
    if zone is None:
        return False
    there = datetime.fromtimestamp(now, zone)
    minute, weekday = there.hour * 60 + there.minute, there.weekday()
    if not any(
        weekday in window.weekdays and window.opens <= minute < window.closes
        for window in schedule.windows
    ):
        return False
    day = there.date()
    if schedule.closed_days and day.isoformat() in schedule.closed_days:
        return False
    return not any(is_holiday(calendar, day) for calendar in calendars)


def _candidates(
    schedule: Schedule, zones: list[ZoneInfo], now: float, days: range
) -> Iterator[float]:
    """Every time at which one of the zones may begin to be open.

    It opens last where the others are open already, so the common opening is one of these: a window
    opens (twice, where the hour comes twice) or the clocks are changed.
    """
    for zone in zones:
        today = datetime.fromtimestamp(now, zone).date()
        for number in days:
            midnight = datetime.combine(today + timedelta(days=number), datetime.min.time(), zone)
            for window in schedule.windows:
                opens = midnight + timedelta(minutes=window.opens)  # on the wall
                for fold in (0, 1):
                    at = opens.replace(fold=fold).astimezone(UTC).timestamp()
                    if at > now:
                        yield at
            change = _change_on(zone, int(midnight.astimezone(UTC).timestamp()))
            if change > now:
                yield float(change)


@lru_cache(maxsize=CHANGES_KEPT)
def _change_on(zone: ZoneInfo, midnight: int) -> int:
    """When the clocks of this zone are changed within a day and two hours from this time; 0: they
    are not. No zone changes them twice within so little time."""
    low, high = midnight, midnight + DAY_S + 7200
    before = _offset(zone, low)
    if _offset(zone, high) == before:
        return 0
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high


def _offset(zone: ZoneInfo, at: int) -> timedelta | None:
    return datetime.fromtimestamp(at, zone).utcoffset()
