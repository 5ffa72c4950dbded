"""When a number may be called: the calling window must be open in every zone it may lie in.

A number tells its zone only roughly (a US toll-free number may ring in 41 zones), so all of them
count: US TSR 16 CFR 310.4(c) and its like speak of the called person's own time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from callcenter.domain.campaign import CallingWindow

DAYS_AHEAD = 8
"""How far ahead an opening is looked for: each weekday once, and today's again."""
ZONES_KEPT = 1024
"""The tz database has some 600; each is read from its file once."""


def is_open(window: CallingWindow, zones: tuple[str, ...], now: float) -> bool:
    """Whether a number that may lie in these zones may be called at ``now`` (UTC seconds).

    Without a zone it may not: nobody knows what time it is there.
    """
    return bool(zones) and all(_is_open_in(window, _zone(zone), now) for zone in zones)


@lru_cache(maxsize=ZONES_KEPT)
def _zone(name: str) -> ZoneInfo | None:
    """The time zone of this name; None for one that nobody knows here, as ``Etc/Unknown``."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # the last is said of a folder, as ``America``
        return None


def _is_open_in(window: CallingWindow, zone: ZoneInfo | None, now: float) -> bool:
    if zone is None:
        return False
    there = datetime.fromtimestamp(now, zone)
    minute = there.hour * 60 + there.minute
    return there.weekday() in window.weekdays and window.opens <= minute < window.closes


def next_open(window: CallingWindow, zones: tuple[str, ...], now: float) -> float:
    """The first time from ``now`` on when ``is_open``; 0.0 when there is none within a week.

    Such is the case when the zones lie so far apart that their windows never meet.
    """
    if is_open(window, zones, now):
        return now
    known = [zone for zone in map(_zone, zones) if zone is not None]
    if len(known) < len(zones):
        return 0.0
    openings = sorted(opening for zone in known for opening in _openings(window, zone, now))
    return next((at for at in openings if is_open(window, zones, at)), 0.0)


def _openings(window: CallingWindow, zone: ZoneInfo, now: float) -> list[float]:
    """Every opening in this zone in the next days. It opens last where the others are open
    already, so the common opening is one of these."""
    today = datetime.fromtimestamp(now, zone).date()
    found = []
    for day in range(DAYS_AHEAD):
        midnight = datetime.combine(today + timedelta(days=day), datetime.min.time(), zone)
        opens = midnight + timedelta(minutes=window.opens)  # wall time: zoneinfo minds the clocks
        if opens.weekday() in window.weekdays:
            at = opens.astimezone(UTC).timestamp()
            if at >= now:
                found.append(at)
    return found
