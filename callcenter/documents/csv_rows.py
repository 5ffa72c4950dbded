"""Reads the rows of a CSV file one by one, whatever people and spreadsheets did to it.

A million rows are never in memory. What breaks one row rejects that row; what makes the whole file
unreadable (its encoding, its kind) is ``CannotRead``. What the columns mean is not known here.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple

ROW_BYTES_MAX = 32_768
"""Of one row, with its line breaks: ten times a long note."""
LINES_OF_A_ROW_MAX = 200
"""A note may hold line breaks; more of them means that a quotation mark is not closed."""
COLUMNS_MAX = 100
"""Beside those that a file of rejects has before its own."""
REASON_PREFIX = "reject_"
"""Their names begin so."""
DELIMITERS = (",", ";", "\t")

_QUOTE_HINT = 'Double it ("") and put the whole field into quotation marks, or leave it out.'
_WIDTH_HINT = "Put fields that hold the delimiter into quotation marks, fill in missing ones."


class CannotRead(Exception):  # noqa: N818 - a fact about a file
    """The file as a whole cannot be used; the message says where, why and how to mend it."""


class CsvRow(NamedTuple):
    """One row: as many fields as the header has, or none when there is nothing in them."""

    number: int
    """The line of the file it begins on; the header is on line 1."""
    fields: list[str]


class BrokenRow(NamedTuple):
    """One row that cannot be split into fields."""

    number: int
    text: str
    """Its first line, perhaps cut."""
    reason: str
    mend: str


class CsvFile:
    """An open CSV file in UTF-8; iterate once, inside ``with``. Comma, semicolon or tab: whichever
    splits the header into more columns."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> CsvFile:
        """Open the file and read its header. Raises ``CannotRead``."""
        if self.path.exists() and not self.path.is_file():
            raise CannotRead(f"{self.path} is no file. Name a CSV file.")
        try:
            self._file = self.path.open("rb")
        except OSError as problem:
            raise CannotRead(f"{self.path} cannot be opened: {problem.strerror}.") from problem
        try:
            self._size_bytes = os.fstat(self._file.fileno()).st_size
            _check_kind(self._file, self.path)
            self._lines = _Lines(self._file, self.path)
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
        """How much of the file has been read, 0.0 to 1.0."""
        return min(1.0, self._lines.bytes_read / max(1, self._size_bytes))

    def __iter__(self) -> Iterator[CsvRow | BrokenRow]:
        """The rows in order. Raises ``CannotRead`` where the file stops being readable."""
        while (line := self._lines.take()) is not None:
            yield self._split(line)

    def _read_header(self) -> None:
        line = self._lines.take()
        if line is None or not line.text.strip():
            raise CannotRead(f"{self.path} has no header: line 1 must name the columns.")
        if "\r" in line.text:
            raise CannotRead(
                f"{self.path} has lines that end in CR alone. "
                "Save it with Windows or Unix line ends."
            )
        self._delimiter = max(DELIMITERS, key=line.text.count)
        try:
            self.header = [name.strip() for name in _split_line(line.text, self._delimiter)]
        except csv.Error:
            raise CannotRead(f"{self.path}, line 1: a quotation mark is not closed.") from None
        own = [name for name in self.header if not name.startswith(REASON_PREFIX)]
        if line.is_cut or len(own) > COLUMNS_MAX or len(self.header) > 2 * COLUMNS_MAX:
            raise CannotRead(
                f"{self.path}, line 1: at most {COLUMNS_MAX} columns and {ROW_BYTES_MAX} bytes can "
                "be read. Leave out what is not needed."
            )

    def _split(self, first: _Line) -> CsvRow | BrokenRow:
        """The fields of the row that begins with this line, taking the lines it goes on over.

        Where that fails, only the first line is rejected and the others are read again as rows of
        their own: a quotation mark that is not closed must not swallow its neighbours.
        """
        lines = [first] if first.is_cut else self._gather(first)
        text = "\n".join(line.text for line in lines)
        reason, mend = "a quotation mark is not closed or stands in the wrong place", _QUOTE_HINT
        if lines[-1].is_cut or len(text) > ROW_BYTES_MAX:
            reason, mend = f"the row is longer than {ROW_BYTES_MAX} bytes", "Shorten it."
        elif text.count('"') % 2 == 0:
            try:
                fields = self._fit(_split_line(text, self._delimiter))
            except csv.Error:
                pass
            else:
                if not fields or len(fields) == len(self.header):
                    return CsvRow(first.number, fields)
                reason = f"the row has {len(fields)} columns, the header has {len(self.header)}"
                mend = _WIDTH_HINT
        self._lines.give_back(lines[1:])
        return BrokenRow(first.number, first.text, reason, mend)

    def _gather(self, first: _Line) -> list[_Line]:
        """The line, and those after it until its quotation marks are closed or a limit is met."""
        lines, quotes, length = [first], first.text.count('"'), len(first.text)
        while quotes % 2 and len(lines) < LINES_OF_A_ROW_MAX and length < ROW_BYTES_MAX:
            line = self._lines.take()
            if line is None:
                break
            lines.append(line)
            quotes += line.text.count('"')
            length += len(line.text)
            if line.is_cut:
                break
        return lines

    def _fit(self, fields: list[str]) -> list[str]:
        """Without the empty fields that spreadsheets append; nothing when all are empty."""
        if not any(field.strip() for field in fields):
            return []
        while len(fields) > len(self.header) and not fields[-1].strip():
            fields.pop()
        return fields


class _Line(NamedTuple):
    number: int
    text: str
    is_cut: bool = False
    """It was longer than can be; ``text`` is its beginning."""


class _Lines:
    """The lines of an open file, with the possibility to give some back."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file = file
        self._path = path
        self._number = 0
        self._again: list[_Line] = []
        self.bytes_read = 0

    def take(self) -> _Line | None:
        """The next line without its end; None after the last. Raises ``CannotRead``."""
        if self._again:
            return self._again.pop()
        raw = self._read()
        if not raw:
            return None
        self._number += 1
        is_cut = len(raw) == ROW_BYTES_MAX and not raw.endswith(b"\n")
        if is_cut:
            self._pass_over_rest()
        try:
            text = raw.decode("utf-8", "ignore" if is_cut else "strict")
        except UnicodeDecodeError as problem:
            raise CannotRead(
                f"{self._path}, line {self._number}, byte {problem.start + 1}: this is not UTF-8 "
                f"(0x{raw[problem.start]:02x}). Save the file as CSV UTF-8."
            ) from None
        return _Line(self._number, text.removesuffix("\n").removesuffix("\r"), is_cut)

    def give_back(self, lines: Sequence[_Line]) -> None:
        """Take these again next, in this order."""
        self._again.extend(reversed(lines))

    def _read(self) -> bytes:
        """A line or the part of it that may be."""
        try:
            raw = self._file.readline(ROW_BYTES_MAX)
        except OSError as problem:
            raise CannotRead(f"{self._path} cannot be read: {problem.strerror}.") from problem
        self.bytes_read += len(raw)
        return raw

    def _pass_over_rest(self) -> None:
        while raw := self._read():
            if raw.endswith(b"\n"):
                return


def _check_kind(file: BinaryIO, path: Path) -> None:
    """Refuse what is plainly not CSV in UTF-8; leave the file behind its byte order mark."""
    head = file.read(4)
    if not head:
        raise CannotRead(f"{path} is empty.")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise CannotRead(f"{path}, line 1: this is UTF-16. Save the file as CSV UTF-8.")
    if head.startswith(b"PK\x03\x04"):
        raise CannotRead(f"{path} is a workbook. Save the sheet as CSV UTF-8.")
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise CannotRead(
            f"{path} is a workbook of the old kind or with a password. Save it without one as "
            ".xlsx or CSV UTF-8."
        )
    if head.startswith(b"\x1f\x8b"):
        raise CannotRead(f"{path} is compressed. Unpack it first.")
    file.seek(3 if head.startswith(b"\xef\xbb\xbf") else 0)


def _split_line(text: str, delimiter: str) -> list[str]:
    """The fields of one row; raises ``csv.Error``."""
    if '"' not in text:
        return [field.lstrip(" ") for field in text.split(delimiter)] if text else []
    reader = csv.reader([text], delimiter=delimiter, strict=True, skipinitialspace=True)
    return next(reader, [])
