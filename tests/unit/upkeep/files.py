"""Databases in files, which is what a backup is of: migrated once and copied after that."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from callcenter.storage.database import Database

_migrated: list[bytes] = []


@asynccontextmanager
async def database_in(folder: Path) -> AsyncIterator[Database]:
    """The center's database in this folder, made if there is none."""
    path = folder / "center.db"
    database = Database(f"sqlite+aiosqlite:///{path}")
    try:
        if not os.path.exists(path):  # noqa: ASYNC240 - one look at a local file
            if not _migrated:
                await database.migrate()
                await database.close()
                _migrated.append(path.read_bytes())
            path.write_bytes(_migrated[0])
        yield database
    finally:
        await database.close()


def look_into(folder: Path, query: str) -> list[Any]:
    """What another program is answered by the database in this folder."""
    with closing(sqlite3.connect(folder / "center.db")) as connection:
        return connection.execute(query).fetchall()


def spoil(folder: Path, *statements: str) -> None:
    """Change one row with each statement, behind the projector's back."""
    with closing(sqlite3.connect(folder / "center.db")) as connection, connection:
        for statement in statements:
            assert connection.execute(statement).rowcount == 1


def count_rows(folder: Path, table: str) -> int:
    """Rows of a table."""
    return int(look_into(folder, f"SELECT count(*) FROM {table}")[0][0])
