"""Contacts in SQLite: what the contract of all stores of contacts does not say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest
from sqlalchemy import event

from callcenter.documents.contacts_csv import ContactRow
from callcenter.domain.attempt import ContactStatus
from callcenter.domain.campaign import CallingWindow
from callcenter.domain.step import Entry
from callcenter.storage.contacts import REFILL_ROWS_MAX, Contacts
from callcenter.storage.database import Database
from callcenter.storage.directory import CustomerDirectory
from callcenter.storage.projector import Projector
from callcenter.storage.stores import ContactDestination, DatabaseAway, ImportConflict
from tests.far_ends.postgresql_server import PostgresqlServer
from tests.unit.storage.databases import count_rows, held, new_database, outsider, refusing_updates
from tests.unit.storage.samples import T0, ListJournal, make_attempt, make_entry

A, B = "+12025550101", "+12025550102"
ANA = ContactRow(2, A, ("America/New_York",))
AUTUMN = ContactDestination("autumn", "first")
DEADLINE_S = 20.0


def new_contacts(database: Database) -> Contacts:
    return Contacts(database, CustomerDirectory(database), "US", now=lambda: T0)


@asynccontextmanager
async def projecting(database: Database, *entries: Entry) -> AsyncIterator[Projector]:
    """While a projector runs that has been fed these entries."""
    projector = Projector(
        database,
        "j",
        ListJournal(entries).read_after,
        gather_s=0.0,
        retry_first_s=0.01,
        retry_max_s=0.02,
    )
    task = asyncio.create_task(projector.run())
    projector.feed(entries)
    yield projector
    task.cancel()
    await asyncio.wait({task})


async def write(database: Database, *entries: Entry) -> None:
    """Let a projector write the records of these entries."""
    async with projecting(database, *entries) as projector, asyncio.timeout(DEADLINE_S):
        await projector.wait_for(entries[-1].position)


async def is_refused(projector: Projector) -> None:
    """Wait until the database has refused to write."""
    async with asyncio.timeout(DEADLINE_S):
        while not projector.stats().retries:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.005)


def contact_rows(database: Database) -> list[tuple[object, ...]]:
    with outsider(database) as connection:
        return connection.execute(
            "SELECT id, status, made, last_result, last_tried_at, next_try_at FROM contacts"
        )


def lists(database: Database) -> list[tuple[object, ...]]:
    with outsider(database) as connection:
        return connection.execute(
            "SELECT campaign, name, priority, rows, accepted, refused FROM contact_lists"
        )


# --- the projector --------------------------------------------------------------------------------


async def test_an_attempt_and_its_contact_are_written_together(database: Database) -> None:
    await new_contacts(database).add([ANA], AUTUMN)

    await write(database, make_entry(1, make_attempt(contact="1", tries=2)))

    assert count_rows(database, "attempts") == 1
    assert contact_rows(database) == [(1, "open", 2, "no_answer", T0 + 20, T0 + 3600)]


async def test_a_contact_that_is_done_has_no_next_try(database: Database) -> None:
    await new_contacts(database).add([ANA], AUTUMN)

    done = make_attempt(contact="1", status=ContactStatus.DONE, next_try_at=0.0)
    await write(database, make_entry(1, done))

    assert contact_rows(database) == [(1, "done", 1, "no_answer", T0 + 20, None)]


async def test_neither_is_written_while_the_database_is_held_and_both_after(
    database: Database,
) -> None:
    await new_contacts(database).add([ANA], AUTUMN)

    async with projecting(database, make_entry(1, make_attempt(contact="1"))) as projector:
        with held(database):
            await is_refused(projector)
            before = (count_rows(database, "attempts"), contact_rows(database)[0][2])
        async with asyncio.timeout(DEADLINE_S):
            await projector.wait_for(1)

    assert before == (0, 0)
    assert (count_rows(database, "attempts"), contact_rows(database)[0][2]) == (1, 1)


async def test_a_contact_that_cannot_be_written_takes_its_attempt_back(
    database: Database,
) -> None:
    await new_contacts(database).add([ANA], AUTUMN)

    async with projecting(database, make_entry(1, make_attempt(contact="1"))) as projector:
        with refusing_updates(database, "contacts"):
            await is_refused(projector)
            assert count_rows(database, "attempts") == 0
        async with asyncio.timeout(DEADLINE_S):
            await projector.wait_for(1)

    assert count_rows(database, "attempts") == 1
    assert contact_rows(database)[0][2] == 1


async def test_entries_read_again_do_not_bring_a_contact_back_to_what_it_was(
    database: Database,
) -> None:
    await new_contacts(database).add([ANA], AUTUMN)
    old, new = make_attempt("att-1", contact="1"), make_attempt("att-2", contact="1", tries=2)
    other = make_entry(3, make_attempt("att-3", contact="9"))
    await write(database, make_entry(1, old), make_entry(2, new))

    await write(database, make_entry(1, old), other)

    assert contact_rows(database)[0][2] == 2
    assert count_rows(database, "attempts") == 3


# --- ids ------------------------------------------------------------------------------------------


async def test_the_id_of_a_deleted_contact_is_never_given_again(database: Database) -> None:
    contacts = new_contacts(database)
    await contacts.add([ANA], AUTUMN)
    with outsider(database) as connection:
        connection.execute("DELETE FROM contacts")

    await contacts.add([ANA], AUTUMN)

    assert contact_rows(database)[0][0] == 2


# --- how it is read -------------------------------------------------------------------------------


async def test_a_refill_counts_from_an_index_alone_and_reads_in_the_order_of_another(
    sqlite_database: Database,
) -> None:
    # Of a million contacts: a sort for each refill takes a second, stopping at the limit a
    # millisecond; counting without the index 1.7 s instead of 0.3.
    contacts = new_contacts(sqlite_database)
    await contacts.add([ANA], AUTUMN)

    with listening(sqlite_database) as statements:
        await contacts.refill("autumn", 9, CallingWindow(), ("5",), T0)
    counting, reading = (
        explain(sqlite_database, *next(found for found in statements if word in found[0]))
        for word in ("GROUP BY", "ORDER BY contacts.worth")
    )

    assert "USING COVERING INDEX ix_contacts_order (campaign=?)" in counting
    assert (
        "USING INDEX ix_contacts_order (campaign=? AND status=? AND list=? AND priority=?"
        " AND zones=? AND kind=? AND consent=?)"
    ) in reading
    assert "TEMP B-TREE" not in counting + reading


@pytest.mark.postgresql
async def test_postgresql_reads_contacts_in_the_order_of_an_index_too(
    postgresql_server: PostgresqlServer,
) -> None:
    async with new_database(postgresql_server) as database:
        contacts = new_contacts(database)
        await contacts.add([ANA], AUTUMN)

        with listening(database) as statements:
            await contacts.refill("autumn", 9, CallingWindow(), ("5",), T0)
        with outsider(database) as connection:
            # Of a table with one row it would read everything.
            connection.execute("SET enable_seqscan = off")
            connection.execute("SET enable_bitmapscan = off")
            statement, parameters = next(
                found for found in statements if "ORDER BY contacts.worth" in found[0]
            )
            plan = str(connection.execute(f"EXPLAIN {statement}", parameters))

    assert "Index Scan using ix_contacts_order" in plan
    assert "Sort" not in plan


@contextmanager
def listening(database: Database) -> Iterator[list[tuple[str, tuple[object, ...]]]]:
    """What readers ask the database in the meantime."""
    asked: list[tuple[str, tuple[object, ...]]] = []

    def note(
        _connection: object,
        _cursor: object,
        statement: str,
        parameters: tuple[object, ...],
        *_: object,
    ) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    engine = database._readers.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


def explain(database: Database, statement: str, parameters: tuple[object, ...]) -> str:
    """How SQLite would answer."""
    with outsider(database) as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return "; ".join(row[3] for row in plan)


async def test_one_refill_has_a_limit_whatever_is_wanted(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert REFILL_ROWS_MAX >= 1_000
    monkeypatch.setattr("callcenter.storage.contacts.REFILL_ROWS_MAX", 3)
    contacts = new_contacts(database)
    rows = [ContactRow(n, f"+1202555{n:04d}", ("America/New_York",)) for n in range(5)]
    await contacts.add(rows, AUTUMN)

    refill = await contacts.refill("autumn", 10**9, CallingWindow(), (), T0)

    assert len(refill.rows) == 3


async def test_a_database_that_is_away_says_so(database: Database) -> None:
    contacts = new_contacts(database)
    with outsider(database) as connection:
        connection.execute("DROP TABLE contact_numbers")
        connection.execute("DROP TABLE contacts")

    with pytest.raises(DatabaseAway):
        await contacts.refill("autumn", 1, CallingWindow(), (), T0)
    with pytest.raises(DatabaseAway):
        await contacts.contact_card("1")


# --- the import -----------------------------------------------------------------------------------


async def test_a_list_adds_up_its_imports(database: Database) -> None:
    contacts = new_contacts(database)
    bo = ContactRow(3, B, ("America/New_York",))

    await contacts.add([ANA], ContactDestination("autumn", "first", 3))
    await contacts.add([ANA, bo], AUTUMN)
    await contacts.add([ANA], AUTUMN, dry_run=True)
    await contacts.add([ANA], ContactDestination("spring", "first"))

    assert lists(database) == [("autumn", "first", 3, 3, 2, 1), ("spring", "first", 0, 1, 1, 0)]


async def test_an_import_waits_for_the_one_before(database: Database) -> None:
    contacts = new_contacts(database)

    reports = await asyncio.gather(*(contacts.add([ANA], AUTUMN) for _ in range(3)))

    assert [report.accepted for report in reports] == [1, 0, 0]


async def test_an_import_that_another_process_overtook_changes_nothing(
    database: Database,
) -> None:
    contacts = new_contacts(database)
    bo = ContactRow(2, B, ("America/New_York",))

    def overtake(_rows: int) -> None:
        with outsider(database) as connection:
            connection.execute("INSERT INTO contact_lists VALUES (1,'autumn','x',0,1.0,1,1,0)")
            connection.execute(
                "INSERT INTO contacts (id, campaign, list, number, name, customer, tier,"
                " attributes, note, zones, priority, status, made, last_result, added_at)"
                " VALUES (1, 'autumn', 1, ?, '', '', 'gold', '{}', '', 'x', 0, 'open', 0, '', 1.0)",
                (A,),
            )

    with pytest.raises(ImportConflict, match="import the file again"):
        await contacts.add([bo, ANA], AUTUMN, on_progress=overtake)

    assert count_rows(database, "contacts") == 1
    assert count_rows(database, "contact_lists") == 1


@pytest.mark.parametrize(
    ("campaign", "name", "priority", "said"),
    [
        ("", "first", None, "Name the campaign"),
        ("autumn", " ", None, "Give the list a name"),
        ("autumn", "x" * 101, None, "at most 100 characters"),
        ("autumn", "first", -1, "from 0 to 100"),
        ("autumn", "first", 101, "from 0 to 100"),
    ],
)
def test_a_destination_that_cannot_be_is_refused(
    campaign: str, name: str, priority: int | None, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        ContactDestination(campaign, name, priority)


async def test_names_that_no_database_holds_are_mended(database: Database) -> None:
    contacts = new_contacts(database)

    await contacts.add([ANA], ContactDestination("autumn\0", "first\ud800"))

    assert lists(database) == [("autumn\ufffd", "first?", 0, 1, 1, 0)]
    assert (await contacts.refill("autumn\0", 9, CallingWindow(), (), T0)).counts.total == 1
