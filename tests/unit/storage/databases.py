"""Databases for tests: each a file of its own, migrated once and copied after that."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from callcenter.storage.database import Database

BUSY_TIMEOUT_S = 0.05
"""Short, so that tests of a held database are."""

_migrated: list[bytes] = []


def url_of(path: Path) -> str:
    """The address of the database in this file."""
    return f"sqlite+aiosqlite:///{path}"


@asynccontextmanager
async def new_database(folder: Path) -> AsyncIterator[Database]:
    """An empty database with all tables."""
    path = folder / "center.db"
    if not _migrated:
        first = Database(url_of(path))
        await first.migrate()
        await first.close()
        _migrated.append(path.read_bytes())
    path.write_bytes(_migrated[0])
    async with open_database(path) as database:
        yield database


@asynccontextmanager
async def open_database(path: Path) -> AsyncIterator[Database]:
    """The database in this file, closed at the end."""
    database = Database(url_of(path), busy_timeout_s=BUSY_TIMEOUT_S)
    try:
        yield database
    finally:
        await database.close()


@contextmanager
def outsider(path: Path) -> Iterator[sqlite3.Connection]:
    """Another program's connection to the file."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def held(path: Path) -> Iterator[None]:
    """While another program holds the database for itself."""
    with outsider(path) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def count_rows(path: Path, table: str) -> int:
    """Rows of a table, as another program sees them."""
    with outsider(path) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
