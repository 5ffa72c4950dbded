"""What only PostgreSQL does: migrations beside other programs, a server that dies, freezes or comes
back, and what is said when it cannot be used. What it shares with SQLite: the tests of stores."""

from __future__ import annotations

import asyncio
import os
import signal
import traceback
from collections.abc import AsyncIterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.exc import IntegrityError

from callcenter.documents.customers_csv import CustomerRow
from callcenter.domain.customer import Tier
from callcenter.domain.records import FaultRecord
from callcenter.service.ports import Customer
from callcenter.storage.database import SCHEMA, Database
from callcenter.storage.directory import CustomerDirectory
from callcenter.storage.projector import Projector
from callcenter.storage.records import StoredRecords
from callcenter.storage.stores import DatabaseAway, DatabaseUnusable, PageRequest
from callcenter.storage.tables import customer_numbers, metadata, projector_positions
from tests.far_ends.postgresql_server import PostgresqlServer
from tests.unit.storage.databases import new_database, open_database, outsider
from tests.unit.storage.samples import T0, ListJournal, faults_of, make_entry, numbered

pytestmark = pytest.mark.postgresql

DEADLINE_S = 20.0
EMPTY = "empty"
A = "+12025550101"


@pytest.fixture
async def empty_url(postgresql_server: PostgresqlServer) -> str:
    """A database without tables."""
    await postgresql_server.create(EMPTY)
    return postgresql_server.url(EMPTY)


@pytest.fixture
async def database(postgresql_server: PostgresqlServer) -> AsyncIterator[Database]:
    """An empty database with all tables, on a server that runs at the end."""
    try:
        async with new_database(postgresql_server) as made:
            yield made
    finally:
        if not postgresql_server.is_running:
            postgresql_server.start()


# --- migrations -----------------------------------------------------------------------------------


async def test_the_migrations_lead_to_the_tables_that_the_program_uses(empty_url: str) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    async with open_database(empty_url) as database:
        await database.migrate()
        async with database.reading() as connection:
            assert await connection.run_sync(differences) == []


async def test_texts_have_the_order_of_sqlite_whatever_language_the_server_speaks(
    empty_url: str,
) -> None:
    async with open_database(empty_url) as database:
        await database.migrate()
        with outsider(database) as connection:
            others = connection.execute(
                "SELECT table_name, column_name FROM information_schema.columns WHERE data_type ="
                " 'text' AND table_schema = 'public' AND collation_name IS DISTINCT FROM 'C'"
            )
            (server,) = connection.execute(
                "SELECT daticulocale FROM pg_database WHERE datname = current_database()"
            )

    assert others == []
    assert server == ("en-US",)


async def test_programs_that_migrate_at_once_do_it_once(empty_url: str) -> None:
    databases = [Database(empty_url) for _ in range(3)]

    await asyncio.gather(*(database.migrate() for database in databases))

    assert {await database.schema_revision() for database in databases} == {SCHEMA}
    for database in databases:
        await database.close()


async def test_a_migration_that_fails_half_way_leaves_nothing(empty_url: str) -> None:
    async with open_database(empty_url) as database:
        with outsider(database) as connection:
            connection.execute("CREATE TABLE customers (strange TEXT)")

        with pytest.raises(DatabaseUnusable, match="tables of another program"):
            await database.migrate()

        with outsider(database) as connection:
            names = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            )
    assert names == [("customers",)]


async def test_a_database_of_a_newer_program_is_left_alone(database: Database) -> None:
    with outsider(database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0999'")
        try:
            with pytest.raises(DatabaseUnusable, match=rf"newer program.*0999.*{SCHEMA}"):
                await database.migrate()
        finally:
            connection.execute("UPDATE alembic_version SET version_num = ?", (SCHEMA,))


async def test_a_database_that_lacks_characters_is_refused(
    postgresql_server: PostgresqlServer,
) -> None:
    await postgresql_server.execute(
        "DROP DATABASE IF EXISTS latin",
        "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C' "
        "TEMPLATE template0",
    )
    async with open_database(postgresql_server.url("latin")) as database:
        with pytest.raises(DatabaseUnusable, match=r"encoding LATIN1.*ENCODING 'UTF8'"):
            await database.migrate()


# --- connections ----------------------------------------------------------------------------------


async def test_each_connection_is_set_up_for_its_use(database: Database) -> None:
    async def read(name: str) -> list[object]:
        found = []
        for opened in (database.writing(), database.reading(), database.looking_up()):
            async with opened as connection:
                found.append(await connection.scalar(text(f"SHOW {name}")))
        return found

    assert await read("application_name") == [
        "callcenter write",
        "callcenter read",
        "callcenter look-up",
    ]
    assert await read("statement_timeout") == ["30s", "1min", "1s"]
    assert await read("lock_timeout") == ["50ms"] * 3
    assert await read("synchronous_commit") == ["on"] * 3
    assert await read("transaction_read_only") == ["off", "on", "on"]
    assert await read("transaction_isolation") == [
        "read committed",
        "repeatable read",
        "repeatable read",
    ]


async def test_a_reader_sees_one_moment_throughout(database: Database) -> None:
    query = select(projector_positions.c.position)
    async with database.reading() as reader:
        before = await reader.scalar(query)
        async with database.writing() as writer:
            await writer.execute(insert(projector_positions).values(journal="j", position=7))
        after = await reader.scalar(query)

    assert (before, after) == (None, None)
    async with database.reading() as reader:
        assert await reader.scalar(query) == 7


async def test_writers_of_two_programs_take_turns(database: Database) -> None:
    async with open_database(database) as other:
        async with database.writing():
            with pytest.raises(DatabaseAway, match="Another program holds"):
                async with other.writing():
                    pass

        async with other.writing() as connection:
            assert await connection.scalar(text("SELECT 1")) == 1


async def test_an_error_tells_no_values_nor_does_what_led_to_it(database: Database) -> None:
    async def add() -> None:
        async with database.writing() as connection:
            await connection.execute(
                insert(customer_numbers).values(number=A, customer="Ana López", place=0)
            )

    with pytest.raises(IntegrityError) as problem:
        await add()

    told = "".join(traceback.format_exception(problem.value))
    assert "fk_customer_numbers_customer" in told
    assert A not in told
    assert "Ana" not in told


async def test_a_statement_that_takes_too_long_is_ended_and_the_next_one_works(
    database: Database,
) -> None:
    with pytest.raises(DatabaseAway, match="took too long"):
        async with database.looking_up() as connection:
            await connection.execute(text("SELECT pg_sleep(60)"))

    async with database.looking_up() as connection:
        assert await connection.scalar(text("SELECT 1")) == 1


# --- a server that goes and comes back ------------------------------------------------------------


async def test_a_server_killed_in_mid_writing_comes_back_to_every_record_once(
    database: Database, postgresql_server: PostgresqlServer
) -> None:
    journal = ListJournal(numbered(1, 3_000))
    projector = Projector(
        database,
        "j0000001",
        journal.read_after,
        batch_entries_max=20,
        gather_s=0.0,
        retry_first_s=0.01,
        retry_max_s=0.05,
    )
    task = asyncio.create_task(projector.run())
    kept = []
    for position in (200, 900):
        async with asyncio.timeout(DEADLINE_S):
            await projector.wait_for(position)
        retries = projector.stats().retries
        postgresql_server.kill()
        async with asyncio.timeout(DEADLINE_S):
            while projector.stats().retries <= retries:  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.005)
        kept.append((projector.written, projector.stats().last_error))
        postgresql_server.start()
    async with asyncio.timeout(DEADLINE_S):
        await projector.wait_for(3_000)
    task.cancel()
    await asyncio.wait({task})

    assert all(position < 3_000 for position, _ in kept)
    assert all("PostgreSQL server does not answer" in said for _, said in kept)
    with outsider(database) as connection:
        rows = connection.execute("SELECT kind FROM faults ORDER BY position, record_index")
    assert [kind for (kind,) in rows] == faults_of(journal.entries)


async def test_look_ups_fail_at_once_while_the_server_is_away_and_work_when_it_is_back(
    database: Database, postgresql_server: PostgresqlServer
) -> None:
    directory = CustomerDirectory(database)
    await directory.import_rows([CustomerRow(2, "K1", "Ana", (A,), Tier.GOLD)])
    found = await directory.find_by_number(A)
    directory.forget_answers()

    postgresql_server.kill()
    for _ in range(5):
        with pytest.raises(DatabaseAway, match="PostgreSQL server does not answer"):
            await directory.find_by_number(A)
    postgresql_server.start()

    assert await directory.find_by_number(A) == found == Customer("K1", Tier.GOLD)


async def test_a_restart_between_two_uses_is_not_noticed(
    database: Database, postgresql_server: PostgresqlServer
) -> None:
    async with database.reading() as connection:
        await connection.scalar(text("SELECT 1"))

    postgresql_server.stop()
    postgresql_server.start()

    async with database.reading() as connection:
        assert await connection.scalar(text("SELECT 1")) == 1


async def test_a_frozen_server_is_away_until_it_goes_on(
    database: Database, postgresql_server: PostgresqlServer
) -> None:
    # It takes connections (the kernel does) and answers nothing: only our own limits help.
    directory = CustomerDirectory(database)
    await directory.find_by_number(A)
    directory.forget_answers()

    pids = postgresql_server.pids()
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        async with asyncio.timeout(DEADLINE_S):
            for _ in range(2):
                with pytest.raises(DatabaseAway, match="PostgreSQL server does not answer"):
                    await directory.find_by_number(A)
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)

    assert await directory.find_by_number(A) is None


# --- records --------------------------------------------------------------------------------------


async def test_moments_come_back_bit_for_bit(database: Database) -> None:
    moments = [T0 + n / 7 for n in range(50)] + [0.1 + 0.2, 5e-324, 1.7976931348623157e308]
    faults = [FaultRecord("late", str(n), at) for n, at in enumerate(moments)]
    projector = Projector(database, "j", lambda _position: (), gather_s=0.0)
    task = asyncio.create_task(projector.run())
    projector.feed([make_entry(2**40, *faults)])
    async with asyncio.timeout(DEADLINE_S):
        await projector.wait_for(2**40)
    task.cancel()
    await asyncio.wait({task})

    page = await StoredRecords(database).faults(page=PageRequest(size=100))

    assert {fault.detail: fault.at.hex() for fault in page.items} == {
        fault.detail: fault.at.hex() for fault in faults
    }


# --- a server that cannot be used -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://postgres@/nowhere?host={folder}", "has no such database"),
        ("postgresql://nobody:pass-word@/empty?host={folder}", "refuses the user"),
        ("postgres://postgres@/empty?host={folder}/absent", "does not answer"),
        ("postgresql+asyncpg://postgres:pass-word@127.0.0.1:1/empty", "does not answer"),
        ("postgresql://postgres@/empty?host={folder}&nonsense=1", "42704"),
        ("postgresql://postgres@/empty?host={folder}&sslmode=odd", "does not know"),
    ],
)
async def test_what_is_wrong_is_said_without_the_password(
    postgresql_server: PostgresqlServer, empty_url: str, url: str, said: str
) -> None:
    async with open_database(url.format(folder=postgresql_server.folder)) as database:
        with pytest.raises(DatabaseUnusable, match=said) as refusal:
            await database.migrate()
        with pytest.raises(DatabaseAway, match=said):
            await database.schema_revision()

    assert "pass-word" not in "".join(traceback.format_exception(refusal.value))
    assert "pass-word" not in database.place


async def test_a_user_who_may_not_make_tables_is_told_so(
    postgresql_server: PostgresqlServer, empty_url: str
) -> None:
    await postgresql_server.execute("DROP ROLE IF EXISTS guest", "CREATE ROLE guest LOGIN")

    async with open_database(empty_url.replace("postgres@", "guest@")) as database:
        with pytest.raises(DatabaseUnusable, match="owner of the database"):
            await database.migrate()


async def test_a_database_says_what_it_is(database: Database) -> None:
    assert (await database.program()).startswith("PostgreSQL ")
    assert database.place.startswith("reused at /")
    assert database.path is None
