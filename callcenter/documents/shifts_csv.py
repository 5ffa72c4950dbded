"""Reads agents' shifts from a CSV file, row by row.

Every row comes out as a ``ShiftRow`` or, with what is wrong and how to mend it, as a ``Reject``.
Times are the center's local ones.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path

from msgspec import Struct

from callcenter.documents.csv_rows import CsvRow
from callcenter.documents.people_csv import ID_CHARS_MAX, PeopleFile, Wrong, meanings_of, read_text
from callcenter.documents.rejects import Reject
from callcenter.domain.history import Shift
from callcenter.domain.rules import DAYS

ALIASES: dict[str, tuple[str, ...]] = {
    "agent": ("account", "login", "agent id"),
    "day": ("date", "days", "weekday", "weekdays"),
    "starts": ("start", "begins", "begin", "from"),
    "ends": ("end", "until", "to"),
}
"""What a column may be called, in any case and with spaces, hyphens or underscores."""
DAY_MIN = 24 * 60
WRITTEN_LENGTH = "a time like 08:30, or a date and a time like 2026-12-01 08:30"
_CLOCK = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)(?::00)?")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[T ]+(\S+)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_BETWEEN = re.compile(r"\s*[,;|+]\s*|\s+")


class ShiftRow(Struct, frozen=True):
    """One row, checked: a shift on one day, or the same on several weekdays."""

    row: int
    """The line of the file it begins on; the header is on line 1."""
    shifts: tuple[Shift, ...]
    fields: tuple[str, ...] = ()
    """As they stood in the file."""


class ShiftsFile(PeopleFile[ShiftRow]):
    """An open file of shifts; see ``PeopleFile``."""

    _meanings = meanings_of(ALIASES)
    _required = ("agent", "starts", "ends")
    _missing_hint = "Line 1 must name the columns agent, starts and ends, and may name day."
    _repeated_hint = "Keep one."

    def __init__(self, path: Path) -> None:
        super().__init__(path, "US")  # the base reads phone numbers, too; here there are none
        self._planned: dict[tuple[str, str], list[tuple[int, int, int]]] = {}

    def _take_other(self, name: str, place: int) -> None:
        """A plan of shifts has many columns that mean nothing here."""

    def _judge(self, row: CsvRow) -> ShiftRow | Reject:
        texts = self._texts(row.fields)
        meaning = "agent"
        try:
            agent = read_text(texts["agent"], ID_CHARS_MAX)
            meaning = "starts"
            starts_on, starts = _read_moment(texts["starts"])
            meaning = "ends"
            ends_on, ends = _read_moment(texts["ends"])
            meaning = "day" if "day" in self._place else "starts"
            days = _read_days(texts.get("day", ""), starts_on)
            meaning = "ends"
            ends = _read_end(
                starts, ends, starts_on or (days[0] if len(days) == 1 else ""), ends_on
            )
            meaning = "starts"
            for day in days:
                self._find_overlap(agent, day, starts, ends, row.number)
        except Wrong as wrong:
            return self._reject(row, self._place[meaning], wrong)
        for day in days:
            self._planned.setdefault((agent, day), []).append((starts, ends, row.number))
        shifts = tuple(Shift(agent, day, starts, ends) for day in days)
        return ShiftRow(row.number, shifts, self._original(row.fields))

    def _find_overlap(self, agent: str, day: str, starts: int, ends: int, number: int) -> None:
        for begins, until, line in self._planned.get((agent, day), ()):
            if starts < until and begins < ends:
                raise Wrong(
                    f"on {day} {agent} works at that time already, by line {line}",
                    "Keep one of them, or make them follow each other.",
                )


def _read_moment(text: str) -> tuple[str, int]:
    """A date, if there is one, and minutes after midnight. Raises ``Wrong``."""
    day, clock = "", text
    found = _MOMENT.fullmatch(text)
    if found is not None:
        day, clock = _read_date(found[1]), found[2]
    time = _CLOCK.fullmatch(clock)
    minutes = int(time[1]) * 60 + int(time[2]) if time is not None else DAY_MIN + 1
    if minutes > DAY_MIN:
        raise Wrong("this is no time of day", f"Write {WRITTEN_LENGTH}.")
    return day, minutes


def _read_date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise Wrong("there is no such date", "Write year, month and day like 2026-12-01.") from None


def _read_days(text: str, of_start: str) -> tuple[str, ...]:
    """The days that a row is about. Raises ``Wrong``."""
    if not text:
        if of_start:
            return (of_start,)
        raise Wrong("the day is missing", "Write a date like 2026-12-01, or weekdays like mon-fri.")
    if _DATE.fullmatch(text):
        day = _read_date(text)
        if of_start not in ("", day):
            raise Wrong("this is another date than that of the start", "Leave one of them out.")
        return (day,)
    if of_start:
        raise Wrong("the start has a date, the day is a weekday", "Leave one of them out.")
    days: dict[str, None] = {}
    for part in _BETWEEN.split(text.casefold()):
        first, _, last = part.partition("-")
        ends = [name[:3] for name in (first, last or first)]
        if any(name not in DAYS for name in ends):
            raise Wrong(
                "this is neither a date nor a weekday",
                "Write a date like 2026-12-01, or weekdays like mon-fri or mon,wed,fri.",
            )
        begin, end = (DAYS.index(name) for name in ends)
        count = (end - begin) % 7 + 1
        days.update(dict.fromkeys(DAYS[(begin + step) % 7] for step in range(count)))
    return tuple(days)


def _read_end(starts: int, ends: int, day: str, ends_on: str) -> int:
    """The end in minutes after the first day's midnight; earlier than the start is the next day.
    Raises ``Wrong``."""
    if ends_on:
        if not _DATE.fullmatch(day):
            raise Wrong("the end has a date, the shift is of every week", "Leave the date out.")
        apart = datetime.fromisoformat(ends_on) - datetime.fromisoformat(day)
        ends += apart.days * DAY_MIN
    elif ends <= starts:
        ends += DAY_MIN
    if not starts < ends <= starts + DAY_MIN:
        raise Wrong(
            "a shift lasts 24 hours at most, and ends after it starts", "Write its true end."
        )
    return ends
