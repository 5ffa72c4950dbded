"""Reads people from a CSV file or an Excel sheet, row by row: what files of customers and of
contacts share.

That is the finding of columns by their names, the counting of rows, and the fields that both have.
What else a row says is known to ``customers_csv`` and ``contacts_csv``.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Generic, Self, TypeVar

import phonenumbers

from callcenter.documents.csv_rows import BrokenRow, CannotRead, CsvFile, CsvRow
from callcenter.documents.rejects import REJECT_COLUMNS, Reject, unguarded
from callcenter.documents.xlsx_rows import XlsxFile, is_workbook
from callcenter.domain.customer import Tier

Row = TypeVar("Row")

ROWS_MAX = 2_000_000
"""To find duplicates takes some 40 bytes of memory per number of a contact, 200 per customer."""
ID_CHARS_MAX = 64
NAME_CHARS_MAX = 200
NOTE_CHARS_MAX = 4_000
SHOWN_CHARS_MAX = 200
"""Of a field that is rejected."""


class Wrong(Exception):  # noqa: N818 - a fact about a field
    """A field that cannot be, and how to mend it."""

    def __init__(self, reason: str, mend: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.mend = mend


class RowsFile(ABC, Generic[Row]):
    """An open file of whatever stands row by row; iterate once, inside ``with``.

    ``region`` (ISO 3166, e.g. ``US``) is where numbers without a country code are at home;
    ``sheet`` is the sheet of a workbook, empty: the first one.
    """

    def __init__(self, path: Path, region: str, *, sheet: str = "") -> None:
        if region not in phonenumbers.SUPPORTED_REGIONS:
            raise CannotRead(f"The region {region!r} is unknown. Give a country's code, e.g. US.")
        self.path = path
        self._region = region
        self._table = open_table(path, sheet)
        self.rows = 0
        """Rows met so far that have content."""
        self.blank = 0
        """Rows met so far that have none."""

    def __enter__(self) -> Self:
        """Open the file and read its header. Raises ``CannotRead``."""
        self._table.__enter__()
        try:
            self._read_header([unguarded(name) for name in self._table.header])
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._table.__exit__(None, None, None)

    @property
    def share(self) -> float:
        """How much of the file has been read, 0.0 to 1.0."""
        return self._table.share

    def __iter__(self) -> Iterator[Row | Reject]:
        """The rows in order. Raises ``CannotRead`` where the file stops being readable."""
        for row in self._table_rows():
            if isinstance(row, CsvRow) and not row.fields:
                self.blank += 1
                continue
            self.rows += 1
            if self.rows > ROWS_MAX:
                raise CannotRead(
                    f"{self.path} has more than {ROWS_MAX} rows. Split it into several files."
                )
            if isinstance(row, BrokenRow):
                yield Reject(row.number, "", row.text, row.reason, row.mend)
            else:
                yield self._judge(row)

    def _table_rows(self) -> Iterator[CsvRow | BrokenRow]:
        return iter(self._table)

    @abstractmethod
    def _judge(self, row: CsvRow) -> Row | Reject:
        """Whom the fields describe, or what is wrong with them."""

    @abstractmethod
    def _read_header(self, names: list[str]) -> None:
        """Find what the columns mean, and ``_keep`` them. Raises ``CannotRead``."""

    def _keep(self, names: list[str]) -> None:
        """Note which columns are the file's own."""
        self._kept = [place for place, name in enumerate(names) if name not in REJECT_COLUMNS]
        self.header = tuple(names[place] for place in self._kept)
        """The columns, as the file calls them."""

    def _bad_header(self, what: str) -> CannotRead:
        return CannotRead(f"{self.path}, line 1: {what}")

    def _original(self, fields: list[str]) -> tuple[str, ...]:
        """The fields as they stood in the file, in the order of ``header``."""
        if len(self._kept) == len(fields):
            return tuple(fields)
        return tuple(fields[place] for place in self._kept)

    def _reject(self, row: CsvRow, place: int, wrong: Wrong) -> Reject:
        """The row, rejected for the field at this place."""
        column, shown = self._table.header[place], row.fields[place][:SHOWN_CHARS_MAX]
        original = self._original(row.fields)
        return Reject(row.number, column, shown, wrong.reason, wrong.mend, original)


class PeopleFile(RowsFile[Row]):
    """An open file whose columns are known by their names alone; see ``RowsFile``."""

    _meanings: ClassVar[Mapping[str, str]]
    """What the columns of these names mean, see ``meanings_of``."""
    _required: ClassVar[Sequence[str]]
    """Meanings that the file must have a column for."""
    _missing_hint: ClassVar[str]
    """How to mend a header that lacks one of them."""
    _repeated_hint: ClassVar[str]
    """How to mend a header with two columns of one meaning."""

    @abstractmethod
    def _take_other(self, name: str, place: int) -> None:
        """Keep or pass over a column whose name means nothing here. Raises ``CannotRead``."""

    def _read_header(self, names: list[str]) -> None:
        """Find what the columns mean. Raises ``CannotRead``."""
        self._place: dict[str, int] = {}
        """Where the columns stand, by their meaning."""
        for place, name in enumerate(names):
            if name in REJECT_COLUMNS:
                continue
            meaning = self._meanings.get(re.sub(r"[\s_-]+", " ", name.casefold()))
            if meaning is None:
                self._take_other(name, place)
            else:
                self._put(self._place, meaning, place)
        missing = [meaning for meaning in self._required if meaning not in self._place]
        if missing:
            raise self._bad_header(f"no column for {', '.join(missing)}. {self._missing_hint}")
        self._keep(names)

    def _put(self, places: dict[str, int], meaning: str, place: int) -> None:
        """Note where a column stands. Raises ``CannotRead`` where another one means the same."""
        if meaning in places:
            names = self._table.header
            raise self._bad_header(
                f"the columns {names[places[meaning]]!r} and {names[place]!r} both mean {meaning}. "
                f"{self._repeated_hint}"
            )
        places[meaning] = place

    def _texts(self, fields: list[str]) -> dict[str, str]:
        """The fields that mean something, by their meaning."""
        return {meaning: unguarded(fields[place].strip()) for meaning, place in self._place.items()}


def open_table(path: Path, sheet: str = "") -> CsvFile | XlsxFile:
    """The reader of this file, by what is in it and not by its name."""
    return XlsxFile(path, sheet) if is_workbook(path) else CsvFile(path)


def meanings_of(aliases: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """What a column means, by its name or one of its aliases."""
    return {alias: column for column, names in aliases.items() for alias in (column, *names)}


# --- fields -------------------------------------------------------------------------------------

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def read_text(text: str, chars_max: int) -> str:
    """One line of text that says something. Raises ``Wrong``."""
    if not text:
        raise Wrong("the field is empty", "Fill it in.")
    if len(text) > chars_max:
        raise Wrong(f"the text is longer than {chars_max} characters", "Shorten it.")
    if not text.isprintable() and _CONTROL.search(text):
        raise Wrong("the text holds control characters", "Write it anew without them.")
    return text


def read_note(text: str) -> str:
    """Text of several lines, perhaps none. Raises ``Wrong``."""
    if len(text) <= NOTE_CHARS_MAX and text.isprintable():
        return text
    for line in text.splitlines():
        if line:
            read_text(line.replace("\t", " "), NOTE_CHARS_MAX)
    if len(text) > NOTE_CHARS_MAX:
        raise Wrong(f"the note is longer than {NOTE_CHARS_MAX} characters", "Shorten it.")
    return text


def read_tier(text: str) -> Tier:
    """The tier of this name. Raises ``Wrong``."""
    try:
        return Tier(text.casefold())
    except ValueError:
        raise Wrong("there is no such tier", f"Write one of {', '.join(Tier)}.") from None
