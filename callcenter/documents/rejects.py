"""Rows of an imported file that were not taken, and the file they are written to for mending."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from msgspec import Struct

from callcenter.documents.csv_rows import CannotRead

REJECT_COLUMNS = ("reject_row", "reject_column", "reject_value", "reject_reason", "reject_mend")
"""What a rejects file has before the columns of the original; passed over when it is read again."""

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


class Reject(Struct, frozen=True):
    """One row that is not imported."""

    row: int
    """The line of the file it begins on; the header is on line 1."""
    column: str
    """As the file calls it; empty when it is about the row as a whole."""
    value: str
    reason: str
    mend: str
    fields: tuple[str, ...] = ()
    """All of the row, as it stood in the file; empty when it could not be split."""


class RejectsFile:
    """Where rejected rows go, each with its reason and its fields: mended there, the file can be
    imported again. Readable by its owner only; a file of that name is replaced, and removed when
    there is nothing to reject or the block ends by an exception. Raises ``CannotRead`` where it
    cannot be written.
    """

    def __init__(self, path: Path, source: Path, header: Sequence[str]) -> None:
        self.path = path
        self.count = 0
        if path.resolve() == source.resolve():
            raise CannotRead(f"Rejected rows cannot go into {path}: that is the file being read.")
        try:
            handle = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        except OSError as problem:
            raise CannotRead(
                f"Rejected rows cannot be written to {path}: {problem.strerror}. Name another file."
            ) from problem
        # The byte order mark tells spreadsheets that it is UTF-8.
        self._file = os.fdopen(handle, "w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file, quoting=csv.QUOTE_ALL)
        self._writer.writerow((*REJECT_COLUMNS, *map(guarded, header)))

    def __enter__(self) -> RejectsFile:
        """Ready to write."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the file, and remove it if nothing was rejected or the import came to nothing."""
        self._file.close()
        if not self.count or kind is not None:
            self.path.unlink(missing_ok=True)

    @property
    def size_bytes(self) -> int:
        """Of the file so far, without what is not on its way to the disk yet."""
        return os.fstat(self._file.fileno()).st_size

    def write(self, reject: Reject) -> None:
        """Add a row."""
        said = (reject.column, reject.value, reject.reason, reject.mend)
        self._writer.writerow((reject.row, *map(guarded, said), *map(guarded, reject.fields)))
        self.count += 1


def guarded(cell: str) -> str:
    """The cell so that no spreadsheet takes it for a formula; reading takes the guard off again."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell


def unguarded(cell: str) -> str:
    """The cell without that guard."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_FORMULA_STARTS) else cell
