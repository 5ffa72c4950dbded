"""The connection to the database: one place for its engines, its transactions and its migrations.

Three engines over one database, so that nobody waits behind the wrong neighbour: one connection
that writes, a few that read pages and reports, and two kept free for the look-ups that a waiting
call needs. Queries live in the stores beside this module; what differs between SQLite and
PostgreSQL in ``sqlite.py`` and ``postgresql.py``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import structlog
from sqlalchemy import Connection, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from callcenter.storage import postgresql, sqlite
from callcenter.storage.kind import Kind, Use
from callcenter.storage.postgresql import PostgresqlServer
from callcenter.storage.sqlite import SqliteFile
from callcenter.storage.stores import DatabaseAway, DatabaseUnusable

BUSY_TIMEOUT_S = 5.0
"""How long a statement waits for another process that writes, before the database counts as
away."""
SCHEMA = "0011"
"""The newest migration: the tables that this program works with (callcenter/storage/tables.py)."""

T = TypeVar("T")

_LOG = structlog.get_logger("callcenter.storage")


class Database:
    """One database: a file (``sqlite+aiosqlite:////var/lib/callcenter/center.db``) or on a server
    (``postgresql://callcenter@db.example.com/callcenter``).

    Nothing is opened before the first use. ``migrate`` comes first, ``close`` last.
    """

    def __init__(self, url: str, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self._kind = _kind_of(url, busy_timeout_s)
        self._late: set[asyncio.Task[Any]] = set()
        self._writer = self._kind.make_engine(Use.WRITE)
        self._readers = self._kind.make_engine(Use.READ)
        self._look_ups = self._kind.make_engine(Use.LOOK_UP)

    @property
    def path(self) -> Path | None:
        """The file it is in; None when a server keeps it."""
        return self._kind.path

    @property
    def place(self) -> str:
        """Where it is, for people: without a password."""
        return self._kind.place

    async def migrate(self) -> None:
        """Bring the tables to what this program needs, in one transaction; nothing to do is fine.

        Raises ``DatabaseUnusable`` where it cannot be reached, read or written, where it is damaged
        or of another kind, where it is full or held by another program, and where a newer program
        wrote it. Programs that migrate at once do it one after the other.
        """
        self._kind.prepare()
        engine = self._kind.make_engine(Use.MIGRATE)
        try:
            async with self._transaction(engine) as connection:
                await connection.run_sync(self._upgrade_if_needed)
        except DatabaseAway as problem:
            raise DatabaseUnusable(str(problem)) from problem
        except SQLAlchemyError as problem:
            raise DatabaseUnusable(self._describe(problem)) from problem
        finally:
            await engine.dispose()

    async def schema_revision(self) -> str:
        """The last migration this database has seen; empty for a new one. Raises
        ``DatabaseAway``."""
        async with self.reading() as connection:
            return await connection.run_sync(_revision)

    async def program(self) -> str:
        """The program that keeps it and its version, e.g. ``SQLite 3.40.1``. Raises
        ``DatabaseAway``."""
        async with self.reading() as connection:
            return await connection.run_sync(self._kind.name)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """One transaction on the writing connection: committed at the end, taken back by an
        exception. No other program writes meanwhile.

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

    async def scrub(self) -> None:
        """Leave nothing of deleted rows in the database's files, as far as its kind can tell.

        Others write and read meanwhile, or wait their turn. Raises ``DatabaseAway``.
        """
        away: tuple[type[Exception], ...] = (SQLAlchemyError, OSError)
        away += self._kind.failures
        try:
            await self._kind.scrub()
        except away as problem:
            raise DatabaseAway(self._describe(problem)) from problem

    async def close(self) -> None:
        """Close every connection, those too that nobody waits for any more."""
        while self._late:
            await asyncio.wait(self._late)
        for engine in (self._writer, self._readers, self._look_ups):
            await engine.dispose()

    # --- inside --------------------------------------------------------------------------------

    @asynccontextmanager
    async def _transaction(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        away: tuple[type[Exception], ...] = (DBAPIError, PoolTimeout, OSError)
        away += self._kind.failures
        try:
            connection = await self._connect(engine)
            try:
                async with connection.begin():
                    yield connection
            finally:
                await self._give_back(connection)
        except IntegrityError:
            raise
        except away as problem:
            raise DatabaseAway(self._describe(problem)) from problem

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

    def _upgrade_if_needed(self, connection: Connection) -> None:
        self._kind.check(connection)
        found = _revision(connection)
        if found == SCHEMA:
            return
        # Alembic takes a fifth of a second to load, for which callers would wait after each crash.
        from callcenter.storage.upgrade import upgrade

        upgrade(connection, found)
        _LOG.info("database migrated", before=found or "empty", after=SCHEMA)

    def _describe(self, problem: Exception) -> str:
        """One sentence for people, and where; SQL and values stay out of it."""
        if isinstance(problem, PoolTimeout):
            sentence = "The database was busy for too long. Try again later."
        else:
            sentence = self._kind.describe(problem)
        return f"{sentence} ({self.place})"


async def _close_after(opening: asyncio.Task[AsyncConnection], connection: AsyncConnection) -> None:
    await asyncio.wait({opening})
    if not opening.cancelled() and opening.exception() is None:
        await connection.close()


def _kind_of(url: str, busy_timeout_s: float) -> Kind:
    """What is at this address; refuses what this program cannot use, without repeating a
    password."""
    examples = f"Write e.g. {sqlite.EXAMPLE} or {postgresql.EXAMPLE}"
    try:
        parsed = make_url(url)
        urlsplit(url)  # as the driver of PostgreSQL reads it
    except (ArgumentError, ValueError) as problem:
        raise DatabaseUnusable(f"The database's address cannot be read. {examples}") from problem
    if parsed.drivername in ("sqlite", "sqlite+aiosqlite"):
        return SqliteFile(parsed, busy_timeout_s)
    if parsed.drivername in ("postgres", "postgresql", postgresql.DRIVER):
        return PostgresqlServer(parsed, busy_timeout_s)
    raise DatabaseUnusable(
        f"Databases of the kind {parsed.drivername!r} are not supported. {examples}"
    )


def _revision(connection: Connection) -> str:
    """The last migration that alembic wrote down; empty where it has never been."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.scalar(text("SELECT version_num FROM alembic_version")) or "")
