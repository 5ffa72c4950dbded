"""SQLite: one file, for demos and small centers. What is special about its connections and its
errors."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.util import await_only

from callcenter.storage.kind import CONNECTIONS_MAX, WRITER_WAIT_S, Use
from callcenter.storage.stores import DatabaseUnusable

EXAMPLE = "sqlite+aiosqlite:////var/lib/callcenter/center.db"
WAL_PAUSES_S = (0.01, 0.02, 0.05, 0.1, 0.2)
"""Between attempts to switch a new database over while another program does: it takes
milliseconds."""
SCRUB_WAIT_S = 30.0
"""For whoever writes when the file shall be written anew."""
SCRUB_PAUSES_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Between attempts to empty the write-ahead log while reports read it."""
FILE_MODE = 0o600
"""The file holds customers' numbers and password hashes."""


WRITER_CACHE_KIB = 64 * 1024
"""Pages the writing connection keeps: a list of a million is one transaction that comes back to the
same pages of its indexes; with SQLite's 2 MiB each of them is read again and again."""


class SqliteFile:
    """The ``Kind`` of an SQLite database. ``busy_timeout_s``: how long it waits for another program
    that writes."""

    failures: tuple[type[Exception], ...] = (sqlite3.Error,)

    def __init__(self, url: URL, busy_timeout_s: float) -> None:
        if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
            raise DatabaseUnusable(
                f"The database must be a file: several connections share it. Write e.g. {EXAMPLE}"
            )
        self.path = Path(url.database)
        self._url = url.set(drivername="sqlite+aiosqlite")
        self._busy_timeout_ms = max(1, round(busy_timeout_s * 1000))

    @property
    def place(self) -> str:
        """The file."""
        return str(self.path)

    def prepare(self) -> None:
        """Make an empty file that only its owner can read; SQLite gives its side files the same
        mode."""
        folder = self.path.parent
        if not folder.is_dir():
            raise DatabaseUnusable(
                f"The folder {folder} of the database does not exist or is no folder. "
                "Create it, or set another data_dir."
            )
        try:
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, FILE_MODE))
        except OSError as problem:
            raise DatabaseUnusable(
                f"The database {self.path} cannot be opened for writing: {problem.strerror}. "
                "Let the service's user write the file and its folder, or set another data_dir."
            ) from problem

    def make_engine(self, use: Use) -> AsyncEngine:
        """Readers never wait for the writer; a second writer waits its turn."""
        writes = use in (Use.WRITE, Use.MIGRATE)
        engine = create_async_engine(
            self._url,
            pool_size=CONNECTIONS_MAX[use],
            max_overflow=0,
            hide_parameters=True,  # numbers and names must not get into logs by way of an error
            pool_timeout=WRITER_WAIT_S,
            # The driver's own way of beginning transactions is switched off: see _begin.
            connect_args={"isolation_level": None, "timeout": self._busy_timeout_ms / 1000},
        )

        @event.listens_for(engine.sync_engine, "connect")
        def _prepare(connection: Any, _record: object) -> None:
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout = {self._busy_timeout_ms}")
            cursor.execute("PRAGMA foreign_keys = ON")
            if writes:
                _use_wal(cursor)
                # The journal forgets what the projector has written: that must survive a power cut.
                cursor.execute("PRAGMA synchronous = FULL")
                cursor.execute(f"PRAGMA cache_size = -{WRITER_CACHE_KIB}")
                # What is deleted is overwritten with zeros, not only marked as free.
                cursor.execute("PRAGMA secure_delete = ON")
            else:
                cursor.execute("PRAGMA query_only = ON")
            cursor.close()

        @event.listens_for(engine.sync_engine, "begin")
        def _begin(connection: Connection) -> None:
            # A deferred transaction that reads first and writes later fails at once when another
            # process wrote in between, whatever the busy timeout; IMMEDIATE waits its turn.
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

        return engine

    async def scrub(self) -> None:
        """Write the file anew, and empty the write-ahead log into it."""
        await asyncio.to_thread(self._scrub)

    def _scrub(self) -> None:
        with closing(
            sqlite3.connect(self.path, timeout=SCRUB_WAIT_S, isolation_level=None)
        ) as connection:
            connection.execute("VACUUM")
            # As long as somebody reads what is in the log it is not emptied.
            for pause_s in (*SCRUB_PAUSES_S, None):
                (is_busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                if not is_busy:
                    return
                if pause_s is None:
                    raise sqlite3.OperationalError("database is locked")
                time.sleep(pause_s)

    def check(self, connection: Connection) -> None:
        """Any SQLite will do."""

    def name(self, connection: Connection) -> str:
        """The library's version: it is part of the program."""
        return f"SQLite {sqlite3.sqlite_version}"

    def describe(self, problem: Exception) -> str:
        """By what SQLite says."""
        cause = problem.orig if isinstance(problem, DBAPIError) else problem
        said = str(cause).lower()
        for fragment, sentence in _SENTENCES:
            if fragment in said:
                return sentence
        return f"The database says: {cause}."


_SENTENCES = (
    (
        "database is locked",
        "Another program holds the database (a backup, an import, a second service?). "
        "End it and try again.",
    ),
    (
        "not a database",
        "This file is not an SQLite database, or an encrypted one. "
        "Move it away or set another data_dir.",
    ),
    ("malformed", "The database file is damaged. Restore the last backup."),
    ("is full", "The disk is full. Make room on it."),
    ("disk i/o error", "The disk cannot be read or written. Check it and its mount."),
    (
        "readonly",
        "The database cannot be written. Let the service's user write the file and its folder.",
    ),
    (
        "unable to open",
        "The database file cannot be opened. "
        "Check that its folder exists and that the service's user may write it.",
    ),
    (
        "already exists",
        "The file holds tables of another program with the same names. Set another data_dir.",
    ),
    (
        "no such table",
        "The database has not been prepared. Start `callcenter serve`, which does it.",
    ),
)


def _use_wal(cursor: Any) -> None:
    """Write ahead: readers never wait for the writer.

    While another program switches a new database over, SQLite refuses to at once, whatever the busy
    timeout.
    """
    for pause_s in (*WAL_PAUSES_S, None):
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as problem:
            if pause_s is None or "locked" not in str(problem):
                raise
            await_only(asyncio.sleep(pause_s))
        else:
            return
