"""Copies the database while others write it, and looks whether a copy is whole.

Below SQLAlchemy, with the standard library's driver: a copy is of the file's pages, whatever the
tables are.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from msgspec import Struct

from callcenter.storage.stores import DatabaseUnusable

FILE_MODE = 0o600
PAGES_EACH = 1_000
"""Pages (of 4 KiB) copied between two calls of ``meanwhile``: some 10 ms."""
BUSY_TIMEOUT_S = 5.0
"""For another process that has the file for itself, which lasts milliseconds."""


class DatabaseCopy(Struct, frozen=True):
    """What a copy holds."""

    schema: str
    """The last migration it has seen; empty for one without tables."""
    positions: dict[str, int]
    """Up to where records are written, by the journal's id."""


def copy_database(
    source: Path, target: Path, *, meanwhile: Callable[[], None] = lambda: None
) -> DatabaseCopy:
    """Copy the database as of now into the new file ``target``; writers go on and are not waited
    for.

    ``meanwhile`` is called before the copy begins to be of a certain moment, and again and again
    until it is done. Raises ``DatabaseUnusable`` when the source is missing or damaged, and
    ``OSError``.
    """
    if not source.is_file():
        raise DatabaseUnusable(f"There is no database {source}. Check data_dir.")
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE_MODE))
    meanwhile()
    try:
        with (
            closing(_connect(source, "rw")) as reading,
            closing(_connect(target, "rw")) as writing,
        ):
            reading.execute("PRAGMA query_only = ON")
            reading.execute("BEGIN")  # held to the end: else each change would begin the copy anew
            reading.execute("SELECT count(*) FROM sqlite_master").fetchone()
            reading.backup(writing, pages=PAGES_EACH, progress=lambda *_: meanwhile())
            reading.execute("ROLLBACK")
    except sqlite3.Error as problem:
        raise _explain(problem, source, target) from problem
    return examine_copy(target)


def examine_copy(path: Path) -> DatabaseCopy:
    """Prove that a copy is whole. Raises ``DatabaseUnusable``."""
    try:
        with closing(_connect(path, "rw")) as connection:
            problems = [row[0] for row in connection.execute("PRAGMA quick_check")]
            if problems != ["ok"]:
                raise DatabaseUnusable(f"The database is damaged: {problems[0]} ({path}).")
            tables = {
                row[0]
                for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            }
            schema = ""
            if "alembic_version" in tables:
                found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
                schema = str(found[0]) if found else ""
            positions: dict[str, int] = {}
            if "projector_positions" in tables:
                positions = dict(
                    connection.execute("SELECT journal, position FROM projector_positions")
                )
    except sqlite3.Error as problem:
        raise _explain(problem, path, path) from problem
    return DatabaseCopy(schema, positions)


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.resolve().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        timeout=BUSY_TIMEOUT_S,
    )


def _explain(problem: sqlite3.Error, source: Path, target: Path) -> Exception:
    """A full disk is the target's, everything else the source's."""
    code = getattr(problem, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return OSError(f"{target}: {problem}. Is the disk full?")
    return DatabaseUnusable(f"The database cannot be copied: {problem} ({source}).")
