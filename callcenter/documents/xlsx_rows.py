"""Reads the rows of a sheet of an Excel workbook (.xlsx) one by one, as ``csv_rows`` reads CSV.

A million rows are never in memory, nor is what a small file unpacks to: its parts are read as they
are unpacked, within limits. Formulas are not computed and their last results not trusted: a row
that has one is broken. What the columns mean is not known here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from callcenter.documents.csv_rows import (
    COLUMNS_MAX,
    REASON_PREFIX,
    ROW_BYTES_MAX,
    BrokenRow,
    CannotRead,
    CsvRow,
)
from callcenter.documents.xlsx_parts import (
    PART_BYTES_MAX,
    SAVE_HINT,
    TEXT_CHARS_MAX,
    Parts,
    Workbook,
    Xml,
    plain,
)

DAY_S = 86_400
ROW_DIGITS_MAX = 9
EXACT_MAX = 1e15
"""From here on a spreadsheet has rounded the number: it is shown with an exponent, as kept."""
_PASTE_HINT = "Copy the column and paste it as values."


class XlsxFile:
    """A sheet of an open workbook; iterate once, inside ``with``. The first row with content names
    the columns. ``sheet`` is the sheet's name; empty: the first one."""

    def __init__(self, path: Path, sheet: str = "") -> None:
        self.path = path
        self._sheet = sheet

    def __enter__(self) -> XlsxFile:
        """Open the file and read its header. Raises ``CannotRead``."""
        try:
            self._file = self.path.open("rb")
        except OSError as problem:
            raise CannotRead(f"{self.path} cannot be opened: {problem.strerror}.") from problem
        try:
            self._parts = Parts(self._file, self.path)
            workbook = Workbook(self._parts, self._sheet)
            self._cells = _Sheet(self._parts, workbook)
            self._rows = iter(self._cells)
            self._read_header()
        except BaseException:
            self._file.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._file.close()

    @property
    def share(self) -> float:
        """How much of the sheet has been read, 0.0 to 1.0."""
        return self._cells.share

    def __iter__(self) -> Iterator[CsvRow | BrokenRow]:
        """The rows in order. Raises ``CannotRead`` where the file stops being readable."""
        width = len(self.header)
        for number, fields, wrong in self._rows:
            if wrong is not None:
                yield _broken(number, fields, *wrong)
                continue
            while len(fields) > width and not fields[-1].strip():
                fields.pop()
            if len(fields) > width:
                reason = f"the row has {len(fields)} columns, the header has {width}"
                yield _broken(number, fields, reason, "Name the column in the header, or empty it.")
            elif sum(map(len, fields)) > ROW_BYTES_MAX:
                reason = f"the row is longer than {ROW_BYTES_MAX} characters"
                yield _broken(number, fields, reason, "Shorten it.")
            elif any(map(str.strip, fields)):
                yield CsvRow(number, fields + [""] * (width - len(fields)))
            else:
                yield CsvRow(number, [])

    def _read_header(self) -> None:
        for number, fields, wrong in self._rows:
            if wrong is not None:
                raise CannotRead(f"{self.path}, row {number}: {wrong[0]}. {wrong[1]}")
            names = [name.strip() for name in fields]
            while names and not names[-1]:
                names.pop()
            if names:
                self._check_header(number, names)
                self.header = names
                return
        raise CannotRead(f"{self.path} has an empty sheet: the first row must name the columns.")

    def _check_header(self, number: int, names: list[str]) -> None:
        own = [name for name in names if not name.startswith(REASON_PREFIX)]
        if (
            len(own) > COLUMNS_MAX
            or len(names) > 2 * COLUMNS_MAX
            or sum(map(len, names)) > ROW_BYTES_MAX
        ):
            raise CannotRead(
                f"{self.path}, row {number}: at most {COLUMNS_MAX} columns and {ROW_BYTES_MAX} "
                "characters can be read. Leave out what is not needed."
            )


def is_workbook(path: Path) -> bool:
    """Whether the file begins as one does; what it is called does not matter."""
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PK\x03\x04"
    except OSError:
        return False


def _broken(number: int, fields: list[str], reason: str, mend: str) -> BrokenRow:
    return BrokenRow(number, " | ".join(fields)[:ROW_BYTES_MAX], reason, mend)


# --- the sheet ----------------------------------------------------------------------------------

_Wrong = tuple[str, str]
"""What is wrong and how to mend it."""


class _Row(NamedTuple):
    number: int
    fields: list[str]
    wrong: _Wrong | None


class _Sheet:
    """The rows of a sheet, as they come out of its part."""

    def __init__(self, parts: Parts, workbook: Workbook) -> None:
        self._parts = parts
        self._workbook = workbook
        self._size = max(1, parts.size(workbook.sheet))
        self._read = 0
        self._rows: list[_Row] = []
        self._number = 0
        self._fields: list[str] = []
        self._wrong: _Wrong | None = None
        self._column = 0
        self._kind = self._style = ""
        self._text: list[str] = []
        self._text_chars = 0
        self._takes_text = self._is_formula = self._is_phonetic = False

    @property
    def share(self) -> float:
        """How much has been read, 0.0 to 1.0."""
        return min(1.0, self._read / self._size)

    def __iter__(self) -> Iterator[_Row]:
        """The rows that are there, in order. Raises ``CannotRead``."""
        reader = Xml(self._workbook.path, self._workbook.sheet)
        reader.parser.StartElementHandler = self._on_start
        reader.parser.EndElementHandler = self._on_end
        reader.parser.CharacterDataHandler = self._on_text
        try:
            for piece in self._parts.pieces(self._workbook.sheet, PART_BYTES_MAX):
                reader.feed(piece)
                self._read += len(piece)
                yield from self._take()
            reader.end()
            yield from self._take()
        except CannotRead as problem:
            raise CannotRead(f"{problem} Rows up to {self._number} could be read.") from None

    def _take(self) -> list[_Row]:
        rows, self._rows = self._rows, []
        return rows

    def _on_start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2] if ":" in tag else tag
        if name == "c":
            self._column = _column_of(attributes.get("r", ""), self._column)
            self._kind = attributes.get("t", "n")
            self._style = attributes.get("s", "")
            self._text.clear()
            self._text_chars = 0
            self._is_formula = False
        elif name in ("v", "t"):
            self._takes_text = not self._is_phonetic
        elif name == "row":
            number = attributes.get("r", "")
            is_told = number.isdecimal() and len(number) <= ROW_DIGITS_MAX
            self._number = int(number) if is_told else self._number + 1
            self._fields = []
            self._wrong = None
            self._column = 0
        elif name == "f":
            self._is_formula = True
        elif name == "rPh":
            self._is_phonetic = True

    def _on_end(self, tag: str) -> None:
        name = tag.rpartition(":")[2] if ":" in tag else tag
        self._takes_text = False
        if name == "c":
            self._put()
        elif name == "row":
            self._rows.append(_Row(self._number, self._fields, self._wrong))
        elif name == "rPh":
            self._is_phonetic = False

    def _on_text(self, text: str) -> None:
        if self._takes_text and self._text_chars <= TEXT_CHARS_MAX:
            self._text.append(text)
            self._text_chars += len(text)

    def _put(self) -> None:
        """Take a cell into its row."""
        text = self._value("".join(self._text))
        if not text and not self._is_formula:
            return
        if self._column > 2 * COLUMNS_MAX:
            self._blame(f"the row has {self._column} columns", "Leave out what is not needed.")
            return
        self._fields += [""] * (self._column - len(self._fields))
        self._fields[self._column - 1] = text
        if self._is_formula:
            self._blame(f"cell {self._cell} holds a formula", _PASTE_HINT)
        elif self._kind == "e":
            self._blame(f"cell {self._cell} holds the error {text[:20]}", "Mend or empty it.")

    @property
    def _cell(self) -> str:
        letters, column = "", self._column
        while column:
            column, letter = divmod(column - 1, 26)
            letters = chr(ord("A") + letter) + letters
        return f"{letters}{self._number}"

    def _value(self, text: str) -> str:
        if self._kind == "s":
            try:
                return self._workbook.texts[int(text)] if text else ""
            except (IndexError, ValueError):
                self._blame(f"cell {self._cell} names a text that is not there", SAVE_HINT)
                return ""
        if self._kind == "n":
            return self._shown(text) if text else ""
        if self._kind == "b":
            return "TRUE" if text == "1" else "FALSE"
        return plain(text)

    def _shown(self, text: str) -> str:
        """A number as people write it, or the date that it stands for."""
        try:
            number = float(text)
            if not math.isfinite(number):
                raise ValueError(text)
            if self._is_date():
                return _date_of(number, self._workbook.epoch)
            is_exact = number.is_integer() and abs(number) < EXACT_MAX
            return str(int(number)) if is_exact else repr(number)
        except (ValueError, OverflowError):
            self._blame(f"cell {self._cell} holds no number that can be", "Write it anew.")
            return text

    def _is_date(self) -> bool:
        dates = self._workbook.dates
        return self._style.isdecimal() and int(self._style) < len(dates) and dates[int(self._style)]

    def _blame(self, reason: str, mend: str) -> None:
        """Tell what is wrong with the row, the first of all things."""
        self._wrong = self._wrong or (reason, mend)


def _column_of(reference: str, before: int) -> int:
    """The column, from 1, of the cell with this name; one without a name follows the one before."""
    column = 0
    for letter in reference:
        if not "A" <= letter <= "Z":
            break
        column = 26 * column + ord(letter) - ord("A") + 1
        if column > 1_000_000:
            break
    return column or before + 1


def _date_of(days: float, epoch: datetime) -> str:
    """A day, with the time if it has one; a time alone is less than a day."""
    moment = epoch + timedelta(seconds=round(days * DAY_S))
    if 0 <= days < 1:
        return f"{moment:%H:%M:%S}"
    return f"{moment:%Y-%m-%d %H:%M:%S}" if days % 1 else f"{moment:%Y-%m-%d}"
