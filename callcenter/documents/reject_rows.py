"""Takes a person out of files with rejected rows, which imports leave beside what they read."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Collection
from pathlib import Path

from callcenter.core.arrivals import normalize_number
from callcenter.domain.numbers import is_one_of

REJECTS_PATTERN = "*.rejected.csv"
"""How imports name such files."""


def erase_reject_rows(
    folder: Path, region: str, numbers: Collection[str], names: Collection[str]
) -> int:
    """Take the rows out of which a cell is one of the numbers (E.164), however it is written, or
    one of the names, in all such files in and below ``folder``; returns how many they were.

    Raises ``OSError``.
    """

    def is_theirs(cell: str) -> bool:
        return cell in names or is_one_of(
            cell, numbers, lambda number: normalize_number(number, region)
        )

    return sum(_erase(path, is_theirs) for path in sorted(folder.rglob(REJECTS_PATTERN)))


def _erase(path: Path, is_theirs: Callable[[str], bool]) -> int:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    kept = [row for row in rows if not any(is_theirs(cell.strip("' ")) for cell in row)]
    if len(kept) == len(rows):
        return 0
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows(kept)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    return len(rows) - len(kept)
