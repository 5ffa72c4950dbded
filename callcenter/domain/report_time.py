"""The period of a report and the intervals it is cut into, in a time zone.

An interval of minutes begins at local midnight and goes on in elapsed time, so a day on which the
clocks change has 23 or 25 hours and every second of it is in exactly one interval.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import takewhile
from zoneinfo import ZoneInfo

from msgspec import Struct

LATEST_S = 4_102_444_800.0
"""Year 2100: later moments are milliseconds by mistake."""


class BadPeriod(ValueError):  # noqa: N818 - a fact about a request
    """There is no such period, or it has too many intervals; the message says how to mend it."""


class UnknownZone(BadPeriod):
    """There is no time zone of that name."""


class ReportStep(StrEnum):
    """How long the intervals of a report are."""

    QUARTER_HOUR = "15m"
    HALF_HOUR = "30m"
    HOUR = "1h"
    DAY = "day"
    MONTH = "month"


SECONDS = {
    ReportStep.QUARTER_HOUR: 900.0,
    ReportStep.HALF_HOUR: 1800.0,
    ReportStep.HOUR: 3600.0,
}
"""Of the steps that are always equally long."""


class Period(Struct, frozen=True):
    """What a report is about: from ``since`` (in) to ``until`` (out), UTC seconds. Raises
    ``BadPeriod``."""

    since: float
    until: float
    step: ReportStep = ReportStep.DAY
    zone: str = "UTC"
    """IANA name of the time zone in which days begin."""

    def __post_init__(self) -> None:
        """Refuse what cannot be cut."""
        if not 0.0 <= self.since < self.until <= LATEST_S:
            raise BadPeriod("The period is empty: its end must be later than its beginning.")
        zone_of(self.zone)


class Intervals:
    """A period cut at its boundaries; the first and the last may be cut short by the period.

    Raises ``BadPeriod`` for more than ``intervals_max``.
    """

    def __init__(self, period: Period, intervals_max: int) -> None:
        begins = [period.since]
        for cut in takewhile(lambda cut: cut < period.until, _cuts(period)):
            if cut > period.since:
                begins.append(cut)
            if len(begins) > intervals_max:
                raise BadPeriod(
                    f"The period has more than {intervals_max} intervals: ask for a shorter period"
                    " or a longer step."
                )
        self._period = period
        self._begins = begins

    def __len__(self) -> int:
        """How many."""
        return len(self._begins)

    def begin(self, index: int) -> float:
        """When this interval begins."""
        return self._begins[index]

    def end(self, index: int) -> float:
        """When the next one begins."""
        return self._begins[index + 1] if index + 1 < len(self) else self._period.until

    def find(self, moment: float) -> int | None:
        """The interval that a moment lies in; None outside the period."""
        if not self._period.since <= moment < self._period.until:
            return None
        return bisect_right(self._begins, moment) - 1

    def split(self, began_at: float, ended_at: float) -> Iterator[tuple[int, float]]:
        """The intervals that a stretch of time touches, with its seconds in each."""
        began_at = max(began_at, self._period.since)
        ended_at = min(ended_at, self._period.until)
        index = bisect_right(self._begins, began_at) - 1
        while began_at < ended_at:
            end = min(self.end(index), ended_at)
            yield index, end - began_at
            began_at, index = end, index + 1


def zone_of(name: str) -> ZoneInfo:
    """The time zone of this IANA name; raises ``UnknownZone``."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, no name of a zone, the name of a folder
        raise UnknownZone(f"There is no time zone {name}: use one like Europe/Berlin.") from None


def local_time(moment: float, zone: ZoneInfo) -> str:
    """The moment as ISO 8601 with its offset: on the longest day of the year 01:30 comes twice."""
    return datetime.fromtimestamp(moment, zone).isoformat(timespec="seconds")


def _cuts(period: Period) -> Iterator[float]:
    """Every boundary from the day (month) of the period's beginning on, for ever."""
    zone = zone_of(period.zone)
    day = datetime.fromtimestamp(period.since, UTC).astimezone(zone).date()
    if period.step is ReportStep.MONTH:
        day = day.replace(day=1)
    seconds = SECONDS.get(period.step)
    while True:
        following = _next(day, period.step)
        begin, end = _midnight(day, zone), _midnight(following, zone)
        if seconds is None:
            yield begin
        else:
            while begin < end:
                yield begin
                begin += seconds
        day = following


def _next(day: date, step: ReportStep) -> date:
    if step is not ReportStep.MONTH:
        return day + timedelta(days=1)
    return day.replace(year=day.year + day.month // 12, month=day.month % 12 + 1)


def _midnight(day: date, zone: ZoneInfo) -> float:
    """The first moment of a day: where midnight is left out by a change of the clocks, the moment
    of the change."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()
