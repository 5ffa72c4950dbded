"""The database: its connections, its migrations, and what it says when it cannot be used. What only
PostgreSQL does: see beside."""

from __future__ import annotations

import asyncio
import os
import stat
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.exc import IntegrityError

from callcenter.storage.database import SCHEMA, Database
from callcenter.storage.stores import DatabaseAway, DatabaseUnusable
from callcenter.storage.tables import customer_numbers, metadata, projector_positions
from callcenter.storage.upgrade import make_config
from tests.unit.storage.databases import held, open_database, outsider, url_of

POSITION = {"journal": "j", "position": 7}


async def migrate(path: Path, url: str = "") -> None:
    database = Database(url or url_of(path), busy_timeout_s=0.05)
    try:
        await database.migrate()
    finally:
        await database.close()


# --- migrations -----------------------------------------------------------------------------------


async def test_the_migrations_lead_to_the_tables_that_the_program_uses(tmp_path: Path) -> None:
    path = tmp_path / "center.db"
    await migrate(path)

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    async with open_database(path) as database, database.reading() as connection:
        assert await connection.run_sync(differences) == []


def test_the_newest_migration_is_the_one_that_the_program_asks_for() -> None:
    assert ScriptDirectory.from_config(make_config()).get_current_head() == SCHEMA


async def test_migrating_again_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "center.db"
    await migrate(path)
    async with open_database(path) as database, database.writing() as connection:
        await connection.execute(insert(projector_positions).values(POSITION))

    await migrate(path)

    async with open_database(path) as database:
        assert await database.schema_revision() == SCHEMA
        async with database.reading() as connection:
            assert await connection.scalar(select(projector_positions.c.position)) == 7


async def test_two_programs_that_migrate_at_once_do_it_once(tmp_path: Path) -> None:
    path = tmp_path / "center.db"
    databases = [Database(url_of(path)) for _ in range(3)]

    await asyncio.gather(*(database.migrate() for database in databases))

    assert {await database.schema_revision() for database in databases} == {SCHEMA}
    for database in databases:
        await database.close()


async def test_a_migration_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "center.db"
    with outsider(path) as connection:
        connection.execute("CREATE TABLE customers (strange TEXT)")

    with pytest.raises(DatabaseUnusable, match="tables of another program"):
        await migrate(path)

    with outsider(path) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    assert names == [("customers",)]


async def test_the_file_can_be_read_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "center.db"
    await migrate(path)

    async with open_database(path) as database, database.writing():
        modes = modes_in(tmp_path)

    assert modes == {0o600}


def modes_in(folder: Path) -> set[int]:
    return {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


# --- connections ----------------------------------------------------------------------------------


async def test_each_connection_to_sqlite_is_set_up(sqlite_database: Database) -> None:
    async def pragma(name: str, writes: bool) -> object:
        opened = sqlite_database.writing() if writes else sqlite_database.reading()
        async with opened as connection:
            return await connection.scalar(text(f"PRAGMA {name}"))

    assert await pragma("journal_mode", True) == "wal"
    assert await pragma("synchronous", True) == 2
    assert await pragma("foreign_keys", True) == 1
    assert await pragma("busy_timeout", True) == 50
    assert await pragma("foreign_keys", False) == 1
    assert await pragma("query_only", False) == 1


async def test_a_transaction_that_raises_is_taken_back(database: Database) -> None:
    async def fail() -> None:
        async with database.writing() as connection:
            await connection.execute(insert(projector_positions).values(POSITION))
            raise KeyError("on the way")

    with pytest.raises(KeyError):
        await fail()

    async with database.reading() as connection:
        assert await connection.scalar(select(projector_positions.c.position)) is None


async def test_a_cancelled_transaction_is_taken_back_and_the_next_one_works(
    database: Database,
) -> None:
    began = asyncio.Event()

    async def write_for_ever() -> None:
        async with database.writing() as connection:
            await connection.execute(insert(projector_positions).values(POSITION))
            began.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write_for_ever())
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async with database.writing() as connection:
        assert await connection.scalar(select(projector_positions.c.position)) is None


@pytest.mark.parametrize("turns", range(0, 40, 3))
async def test_a_task_can_be_cancelled_at_any_moment_without_leaving_a_thread(
    database: Database, turns: int
) -> None:
    # The driver's threads answer to the loop: one that answers after its end dies of it.
    async def work(writes: bool) -> None:
        opened = database.writing() if writes else database.looking_up()
        async with opened as connection:
            await connection.scalar(select(projector_positions.c.position))
            if writes:
                await connection.execute(insert(projector_positions).values(POSITION))

    tasks = [asyncio.create_task(work(n % 2 == 0)) for n in range(4)]
    for _ in range(turns):
        await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    await database.close()

    alive = [thread for thread in threading.enumerate() if "connection_worker" in thread.name]
    for thread in alive:
        await asyncio.to_thread(thread.join, 5.0)
    assert not any(thread.is_alive() for thread in alive)


async def test_readers_go_on_while_somebody_writes(database: Database) -> None:
    async with database.writing() as writer:
        await writer.execute(insert(projector_positions).values(POSITION))

        async with database.reading() as reader:
            seen = await reader.scalar(select(projector_positions.c.position))
        async with database.looking_up() as reader:
            also_seen = await reader.scalar(select(projector_positions.c.position))

    assert seen is None
    assert also_seen is None


async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(DatabaseAway, match="cannot be written"):
        async with database.reading() as connection:
            await connection.execute(insert(projector_positions).values(POSITION))


async def test_errors_do_not_tell_the_values_of_a_row(database: Database) -> None:
    with pytest.raises(IntegrityError) as problem:
        async with database.writing() as connection:
            await connection.execute(
                insert(customer_numbers).values(number="+12025550101", customer="Ana", place=0)
            )

    assert "2025550101" not in str(problem.value)


async def test_what_refers_to_nothing_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.writing() as connection:
            await connection.execute(
                insert(customer_numbers).values(number="+1", customer="nobody", place=0)
            )


async def test_a_database_held_by_another_program_is_away_until_it_is_not(
    database: Database,
) -> None:
    async def write() -> None:
        async with database.writing() as connection:
            await connection.execute(insert(projector_positions).values(POSITION))

    with held(database), pytest.raises(DatabaseAway, match="Another program holds"):
        await write()

    await write()


async def test_a_database_without_tables_says_how_to_make_them(tmp_path: Path) -> None:
    async with open_database(tmp_path / "center.db") as database:
        with pytest.raises(DatabaseAway, match="callcenter serve"):
            async with database.reading() as connection:
                await connection.execute(select(projector_positions))


# --- a database that cannot be used ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "cannot be read"),
        ("nonsense", "cannot be read"),
        ("mysql://secret:word@host/name", "'mysql' are not supported"),
        ("sqlite+aiosqlite://", "must be a file"),
        ("sqlite+aiosqlite:///:memory:", "must be a file"),
        ("sqlite+aiosqlite:///file:center.db?uri=true", "must be a file"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_with_an_example(url: str, said: str) -> None:
    with pytest.raises(DatabaseUnusable, match=said) as refusal:
        Database(url)

    assert "sqlite+aiosqlite:////var/lib/callcenter/center.db" in str(refusal.value)
    assert "word" not in str(refusal.value)


async def test_the_short_form_of_the_address_works(tmp_path: Path) -> None:
    path = tmp_path / "center.db"

    await migrate(path, f"sqlite:///{path}")

    assert path.stat().st_size > 0


async def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnusable, match=r"folder .*absent of the database does not exist"):
        await migrate(tmp_path / "absent" / "center.db")


async def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "center.db"
    path.mkdir()

    with pytest.raises(DatabaseUnusable, match="cannot be opened for writing: Is a directory"):
        await migrate(path)


async def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The superuser, as whom CI runs, may write everywhere: so the system's refusal is played.
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)

    with pytest.raises(DatabaseUnusable, match=r"Permission denied.*Let the service's user write"):
        await migrate(tmp_path / "center.db")


async def test_a_file_of_another_kind_is_said_to_be_one_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "center.db"
    path.write_bytes(b"These are the accounts of the year. " * 100)

    with pytest.raises(DatabaseUnusable, match="not an SQLite database"):
        await migrate(path)

    assert path.read_bytes().startswith(b"These are the accounts")


async def test_a_database_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "center.db"
    await migrate(path)
    with outsider(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0999'")

    with pytest.raises(DatabaseUnusable, match=rf"newer program.*0999.*{SCHEMA}"):
        await migrate(path)

    with outsider(path) as connection:
        assert connection.execute("SELECT * FROM alembic_version") == [("0999",)]


async def test_a_held_database_cannot_be_migrated_and_says_by_whom(tmp_path: Path) -> None:
    path = tmp_path / "center.db"
    path.touch()

    with held(path), pytest.raises(DatabaseUnusable, match="Another program holds"):
        await migrate(path)
