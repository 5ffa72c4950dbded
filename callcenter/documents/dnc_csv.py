"""Reads numbers that are not to be called, from a CSV file, an Excel sheet or a bare list.

A bare list has one number a line and no header. Every row comes out as a ``DncRow`` or, with what
is wrong and how to mend it, as a ``Reject``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from callcenter.documents.contact_columns import spoken
from callcenter.documents.csv_rows import BrokenRow, CannotRead, CsvRow
from callcenter.documents.numbers_seen import NumbersSeen
from callcenter.documents.people_csv import RowsFile, Wrong, read_text
from callcenter.documents.phone_numbers import read_number
from callcenter.documents.rejects import Reject, unguarded

T = TypeVar("T")

REASON_CHARS_MAX = 200
SOURCE_CHARS_MAX = 64

ALIASES = {
    "number": ("phone", "phone number", "telephone", "telephone number", "tel", "mobile", "msisdn"),
    "until": ("end", "expires", "valid until"),
    "reason": ("note", "comment", "remark"),
    "source": ("register", "origin"),
}
"""What a column may be called, in any case and with spaces, hyphens or underscores; others are
passed over."""


class DncRow(Struct, frozen=True):
    """One number that is not to be called."""

    row: int
    """The line of the file; the first is 1."""
    number: str
    """E.164."""
    until: float = 0.0
    """UTC seconds; 0.0: for good."""
    reason: str = ""
    source: str = ""
    """Who says so; empty: as the whole list."""
    fields: tuple[str, ...] = ()
    """As they stood in the file."""


class DncFile(RowsFile[DncRow]):
    """An open list of numbers; see ``RowsFile``. ``now`` (UTC seconds) tells which ends are over.

    A day as the end is over with it in UTC.
    """

    def __init__(self, path: Path, region: str, now: float, *, sheet: str = "") -> None:
        super().__init__(path, region, sheet=sheet)
        self._now = now
        self._seen = NumbersSeen()
        self._first: list[CsvRow] = []
        """What stands where a header would be."""

    def _read_header(self, names: list[str]) -> None:
        self._place: dict[str, int] = {}
        for place, name in enumerate(names):
            field = _MEANINGS.get(spoken(name))
            if field in self._place:
                other = names[self._place[field]]
                raise self._bad_header(f"{other!r} and {name!r} both mean {field}. Keep one.")
            if field is not None:
                self._place[field] = place
        self._keep(names)
        if "number" in self._place:
            return
        if len(self.header) > 1:
            raise self._bad_header("no column for number. Name the one with the numbers so.")
        # One column and no name: the first line is a number like all others.
        try:
            self._number_of(names[0])
        except Wrong as wrong:
            raise CannotRead(
                f"{self.path}, line 1: {names[0][:50]!r} is neither a header with a column number "
                f"nor a number: {wrong.reason}."
            ) from None
        self._place["number"] = 0
        self._first = [CsvRow(1, [names[0]])]
        self._table.header[:] = self.header = ("number",)

    def _table_rows(self) -> Iterator[CsvRow | BrokenRow]:
        return chain(self._first, self._table)

    def _judge(self, row: CsvRow) -> DncRow | Reject:
        """The number, or what is wrong with it."""
        place = self._place["number"]
        try:
            number = self._number_of(unguarded(row.fields[place].strip()))
            key = int(number[1:])
            if earlier := self._seen.row_of(key):
                raise Wrong(f"the same number is in row {earlier}", "Keep one row for each number.")
            place = self._place.get("until", 0)
            until = self._field(row, "until", self._read_until) or 0.0
            place = self._place.get("reason", 0)
            reason = self._field(row, "reason", lambda text: read_text(text, REASON_CHARS_MAX))
            place = self._place.get("source", 0)
            source = self._field(row, "source", lambda text: read_text(text, SOURCE_CHARS_MAX))
        except Wrong as wrong:
            return self._reject(row, place, wrong)
        self._seen.add(key, row.number)
        original = self._original(row.fields)
        return DncRow(row.number, number, until, reason or "", source or "", original)

    def _field(self, row: CsvRow, field: str, read: Callable[[str], T]) -> T | None:
        """What stands there; None when there is no such column or nothing in it."""
        place = self._place.get(field)
        text = "" if place is None else unguarded(row.fields[place].strip())
        return read(text) if text else None

    def _number_of(self, text: str) -> str:
        if not text:
            raise Wrong("there is no number", "Fill it in, or leave the row out.")
        # Also one that no number plan has room for: better one too many than a call to it.
        return read_number(text, self._region).e164

    def _read_until(self, text: str) -> float:
        try:
            if len(text) == len("2026-12-31"):
                end = datetime.combine(date.fromisoformat(text), time(), UTC) + timedelta(days=1)
            else:
                end = datetime.fromisoformat(text)
                end = end if end.tzinfo else end.replace(tzinfo=UTC)
            seconds = end.timestamp()
        except (ValueError, OverflowError):
            raise Wrong(
                "this is no day", "Write it as 2026-12-31, or leave it empty: for good."
            ) from None
        if seconds <= self._now:
            raise Wrong("this day is over", "Leave the row out, or write a later day.")
        return seconds


_MEANINGS = {alias: field for field, names in ALIASES.items() for alias in (field, *names)}
