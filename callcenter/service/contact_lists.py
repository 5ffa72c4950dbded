"""What an import of a list of contacts takes, does and refuses."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Duplicates(StrEnum):
    """Where a number must not be yet, besides in the rows before it, to be taken from a list."""

    CAMPAIGN = "campaign"
    EVERYWHERE = "everywhere"
    """In no campaign."""


class ImportProblem(Struct, frozen=True):
    """One row of a list that was refused."""

    row: int
    """The line of the file it begins on; the header is on line 1."""
    reason: str
    fix: str
    """A sentence that says how to mend it."""
    value: str = ""
    """What stands in the field that it was refused for, perhaps cut: most often the number."""


class ImportColumn(Struct, frozen=True):
    """One column of a list."""

    name: str
    """As the file calls it."""
    taken_as: str
    """``number``, ``mobile``, ``landline``, ``name`` and so on, ``attribute`` or ``skip``."""
    examples: tuple[str, ...]
    """What the first rows have there."""


class ContactImport(Struct, frozen=True):
    """What an import of contacts did, or with ``dry_run`` would do."""

    list: str
    """The name of the contact list."""
    rows: int
    accepted: int
    refused: int
    dry_run: bool
    problems: tuple[ImportProblem, ...]
    """The first of the rows refused."""
    columns: tuple[ImportColumn, ...] = ()
    """How the columns of the file were understood."""
    rejects_kept: int = 0
    """Refused rows that can be had as a file: all of them, or the first when they are many."""


class ImportProgress(Struct, frozen=True):
    """How far an import has come."""

    list: str
    share: float
    """Of the file, 0.0 to 1.0. What is behind it is the writing."""
    rows: int
    """Judged so far."""
    dry_run: bool
