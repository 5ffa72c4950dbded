"""The connection to the database: one place for its engines, its settings per connection and its
migrations.

Three engines over one database, so that nobody waits behind the wrong neighbour: one connection
that writes, a few that read pages and reports, and two kept free for the look-ups that a waiting
call needs. Queries live in the stores beside this module.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy import URL, Connection, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.util import await_only

from callcenter.storage.stores import DatabaseAway, DatabaseUnusable

BUSY_TIMEOUT_S = 5.0
"""How long a statement waits for another process that writes, before the database counts as
away."""
WRITER_WAIT_S = 30.0
"""How long a task waits for the writing connection: longer than the writing half of a large
import."""
WAL_PAUSES_S = (0.01, 0.02, 0.05, 0.1, 0.2)
"""Between attempts to switch a new database over while another program does: it takes
milliseconds."""
READERS_MAX = 4
"""Pages and reports read at the same time."""
LOOK_UPS_MAX = 2
"""Look-ups of callers at the same time; each takes a millisecond."""
SCHEMA = "0002"
"""The newest migration: the tables that this program works with (callcenter/storage/tables.py)."""
FILE_MODE = 0o600
"""The file holds customers' numbers and password hashes."""

T = TypeVar("T")

_LOG = structlog.get_logger("callcenter.storage")


class Database:
    """One SQLite database in a file, e.g. ``sqlite+aiosqlite:////var/lib/callcenter/center.db``.

    Nothing is opened before the first use. ``migrate`` comes first, ``close`` last.
    """

    def __init__(self, url: str, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self._url = _checked_url(url)
        self.path = Path(str(self._url.database))
        self._busy_timeout_ms = max(1, round(busy_timeout_s * 1000))
        self._late: set[asyncio.Task[Any]] = set()
        self._writer = self._engine(1, writes=True)
        self._readers = self._engine(READERS_MAX, writes=False)
        self._look_ups = self._engine(LOOK_UPS_MAX, writes=False)

    async def migrate(self) -> None:
        """Bring the tables to what this program needs, in one transaction; nothing to do is fine.

        Raises ``DatabaseUnusable`` where the folder is missing or cannot be written, where the file
        is no SQLite database or a damaged one, where it is full or held by another program, and
        where a newer program wrote it.
        """
        self._create_file()
        try:
            async with self._writer.begin() as connection:
                await connection.run_sync(_upgrade_if_needed)
        except (SQLAlchemyError, OSError, sqlite3.Error) as problem:
            raise DatabaseUnusable(f"{self._describe(problem)} ({self.path})") from problem

    async def schema_revision(self) -> str:
        """The last migration this database has seen; empty for a new one."""
        async with self.reading() as connection:
            return await connection.run_sync(_revision)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """One transaction on the writing connection: committed at the end, taken back by an
        exception.

        Raises ``DatabaseAway`` when the database does not answer; ``IntegrityError`` is left to the
        caller.
        """
        async with self._transaction(self._writer) as connection:
            yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A consistent view for pages and reports; writing through it is refused. Raises
        ``DatabaseAway``."""
        async with self._transaction(self._readers) as connection:
            yield connection

    @asynccontextmanager
    async def looking_up(self) -> AsyncIterator[AsyncConnection]:
        """As ``reading``, on connections kept for short look-ups that a call waits for."""
        async with self._transaction(self._look_ups) as connection:
            yield connection

    async def close(self) -> None:
        """Close every connection, those too that nobody waits for any more."""
        while self._late:
            await asyncio.wait(self._late)
        for engine in (self._writer, self._readers, self._look_ups):
            await engine.dispose()

    # --- inside --------------------------------------------------------------------------------

    @asynccontextmanager
    async def _transaction(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        try:
            connection = await self._connect(engine)
            try:
                async with connection.begin():
                    yield connection
            finally:
                await self._give_back(connection)
        except IntegrityError:
            raise
        except (DBAPIError, PoolTimeout, sqlite3.Error, OSError) as problem:
            raise DatabaseAway(f"{self._describe(problem)} ({self.path})") from problem

    async def _connect(self, engine: AsyncEngine) -> AsyncConnection:
        """A connection of the pool. The driver's threads do not know of cancelled tasks: a
        connection whose opening nobody waits for any more is opened to the end and given back."""
        connection = engine.connect()
        opening = self._late_task(connection.start())
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            self._late_task(_close_after(opening, connection))
            raise

    async def _give_back(self, connection: AsyncConnection) -> None:
        await asyncio.shield(self._late_task(connection.close()))

    def _late_task(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """A task that ends even if nobody waits for it any more; ``close`` does."""
        task = asyncio.create_task(work)
        self._late.add(task)
        task.add_done_callback(self._late.discard)
        return task

    def _engine(self, connections_max: int, *, writes: bool) -> AsyncEngine:
        engine = create_async_engine(
            self._url,
            pool_size=connections_max,
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
            else:
                cursor.execute("PRAGMA query_only = ON")
            cursor.close()

        @event.listens_for(engine.sync_engine, "begin")
        def _begin(connection: Connection) -> None:
            # A deferred transaction that reads first and writes later fails at once when another
            # process wrote in between, whatever the busy timeout; IMMEDIATE waits its turn.
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

        return engine

    def _create_file(self) -> None:
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

    def _describe(self, problem: Exception) -> str:
        """One sentence for people; SQL and values stay out of it."""
        cause = problem.orig if isinstance(problem, DBAPIError) else problem
        said = str(cause).lower()
        for fragment, sentence in _SENTENCES:
            if fragment in said:
                return sentence
        if isinstance(problem, PoolTimeout):
            return f"The database was busy for {WRITER_WAIT_S:.0f} s. Try again later."
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
        "The database has not been prepared. Run `callcenter db migrate`.",
    ),
)


async def _close_after(opening: asyncio.Task[AsyncConnection], connection: AsyncConnection) -> None:
    await asyncio.wait({opening})
    if not opening.cancelled() and opening.exception() is None:
        await connection.close()


def _checked_url(url: str) -> URL:
    """The parsed address; refuses what this program cannot use, without repeating a password."""
    try:
        parsed = make_url(url)
    except ArgumentError as problem:
        raise DatabaseUnusable(
            "The database's address cannot be read. Write e.g. sqlite+aiosqlite:////var/lib/callcenter/center.db"
        ) from problem
    if parsed.drivername not in ("sqlite", "sqlite+aiosqlite"):
        raise DatabaseUnusable(
            f"Databases of the kind {parsed.drivername!r} are not supported. "
            "Write e.g. sqlite+aiosqlite:////var/lib/callcenter/center.db"
        )
    if not parsed.database or parsed.database == ":memory:" or parsed.database.startswith("file:"):
        raise DatabaseUnusable(
            "The database must be a file: several connections share it. "
            "Write e.g. sqlite+aiosqlite:////var/lib/callcenter/center.db"
        )
    return parsed.set(drivername="sqlite+aiosqlite")


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


def _revision(connection: Connection) -> str:
    """The last migration that alembic wrote down; empty where it has never been."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.scalar(text("SELECT version_num FROM alembic_version")) or "")


def _upgrade_if_needed(connection: Connection) -> None:
    found = _revision(connection)
    if found == SCHEMA:
        return
    # Alembic takes a fifth of a second to load, for which callers would wait after each crash.
    from callcenter.storage.upgrade import upgrade

    upgrade(connection, found)
    _LOG.info("database migrated", before=found or "empty", after=SCHEMA)
