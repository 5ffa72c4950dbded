"""Databases for tests, of every kind: migrated once and copied after that.

Where one is made is its ``Place``: a folder for SQLite, a server for PostgreSQL.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Protocol, TypeAlias, cast
from weakref import WeakKeyDictionary

import pytest
from asyncpg import PostgresError

from callcenter.storage.database import Database
from callcenter.storage.tables import metadata
from tests.far_ends.postgresql_client import PostgresqlClient
from tests.far_ends.postgresql_server import PostgresqlServer

BUSY_TIMEOUT_S = 0.05
"""Short, so that tests of a held database are."""

Place: TypeAlias = Path | PostgresqlServer
Rows: TypeAlias = list[tuple[Any, ...]]

ON_SERVER = pytest.param("postgresql", marks=pytest.mark.postgresql)
STORED_KINDS = ("sqlite", ON_SERVER)
"""For ``parametrize``: the kinds of databases."""
ALL_KINDS = ("memory", *STORED_KINDS)

_migrated: list[bytes] = []
_url_of: WeakKeyDictionary[Database, str] = WeakKeyDictionary()

TEMPLATE = "migrated"
REUSED = "reused"
"""Emptied for the next test: that takes a tenth of the time of making another one."""
_EMPTY = f"""DO $$ BEGIN
    {"".join(f"DELETE FROM {table.name};" for table in reversed(metadata.sorted_tables))}
    PERFORM setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S';
END $$"""


def place_of(request: pytest.FixtureRequest, folders: pytest.TempPathFactory) -> Place:
    """Where a fixture's database can be, by its parameter: one of ``STORED_KINDS``."""
    if request.param == "sqlite":
        return folders.mktemp("databases")
    server: PostgresqlServer = request.getfixturevalue("postgresql_server")
    return server


def url_of(place: Path | Database) -> str:
    """The address of the database in this file, or of this one."""
    return f"sqlite+aiosqlite:///{place}" if isinstance(place, Path) else _url_of[place]


@asynccontextmanager
async def new_database(place: Place) -> AsyncIterator[Database]:
    """An empty database with all tables."""
    if isinstance(place, PostgresqlServer):
        opened = open_database(await _empty_on(place))
    else:
        opened = open_database(await _empty_in(place))
    async with opened as database:
        yield database


@asynccontextmanager
async def open_database(place: Path | str | Database) -> AsyncIterator[Database]:
    """The database in this file, at this address, or another process's view of this one; closed at
    the end."""
    url = place if isinstance(place, str) else url_of(place)
    database = Database(url, busy_timeout_s=BUSY_TIMEOUT_S)
    _url_of[database] = url
    try:
        yield database
    finally:
        await database.close()


async def _empty_in(folder: Path) -> Path:
    path = Path(mkdtemp(dir=folder)) / "center.db"
    if not _migrated:
        first = Database(url_of(path))
        await first.migrate()
        await first.close()
        _migrated.append(path.read_bytes())
    path.write_bytes(_migrated[0])
    return path


async def _empty_on(server: PostgresqlServer) -> str:
    if TEMPLATE not in server.databases:
        await server.create(TEMPLATE)
        first = Database(server.url(TEMPLATE))
        await first.migrate()
        await first.close()
    try:
        await server.execute(_EMPTY, database=REUSED)
    except PostgresError:  # not there yet, or a test threw a table away
        await server.create(REUSED, template=TEMPLATE)
    return server.url(REUSED)


# --- other programs -------------------------------------------------------------------------------


class Connection(Protocol):
    """Another program's connection: each statement is a transaction unless ``BEGIN`` was said."""

    def execute(self, statement: str, parameters: Sequence[object] = ()) -> Rows:
        """Carry it out; ``?`` stands for the next parameter."""
        ...


class _SqliteConnection:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(self, statement: str, parameters: Sequence[object] = ()) -> Rows:
        return self._connection.execute(statement, cast(tuple[Any, ...], parameters)).fetchall()


@contextmanager
def outsider(place: Path | Database) -> Iterator[Connection]:
    """Another program's connection to the database."""
    path = place if isinstance(place, Path) else place.path
    if path is None:
        client = PostgresqlClient(url_of(place))
        try:
            yield client
        finally:
            client.close()
        return
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    try:
        yield _SqliteConnection(connection)
    finally:
        connection.close()


@contextmanager
def held(place: Path | Database) -> Iterator[None]:
    """While another program holds the database for itself; who only reads is let in."""
    with outsider(place) as connection:
        if isinstance(connection, PostgresqlClient):
            connection.execute("BEGIN")
            tables = ", ".join(table.name for table in metadata.sorted_tables)
            connection.execute(f"LOCK TABLE {tables} IN EXCLUSIVE MODE")
        else:
            connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def count_rows(place: Path | Database, table: str) -> int:
    """Rows of a table, as another program sees them."""
    with outsider(place) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}")[0][0])


def dump(database: Database) -> str:
    """Everything in the database, as text."""
    with outsider(database) as connection:
        return "\n".join(
            repr(row)
            for table in metadata.sorted_tables
            for row in connection.execute(f"SELECT * FROM {table.name}")
        )


@contextmanager
def refusing_updates(database: Database, table: str) -> Iterator[None]:
    """While no row of this table can be changed."""
    with outsider(database) as connection:
        if isinstance(connection, PostgresqlClient):
            connection.execute(
                "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'the power went'; END $$"
            )
            how, on_table = "EXECUTE FUNCTION refuse()", f" ON {table}"
        else:
            how, on_table = "BEGIN SELECT RAISE(ABORT, 'the power went'); END", ""
        connection.execute(f"CREATE TRIGGER refuse BEFORE UPDATE ON {table} FOR EACH ROW {how}")
        yield
        connection.execute(f"DROP TRIGGER refuse{on_table}")
