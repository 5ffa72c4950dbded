"""The projector: every record is in the database exactly once, whatever happens in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager

from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.domain.records import OfferRecord
from callcenter.domain.step import Entry
from callcenter.service.ports import RecordSink
from callcenter.storage.database import Database
from callcenter.storage.projector import EntriesGone, Projector
from callcenter.storage.record_rows import TABLE_OF
from tests.unit.storage.databases import (
    Place,
    count_rows,
    held,
    new_database,
    open_database,
    outsider,
    refusing_updates,
    url_of,
)
from tests.unit.storage.projecting_child import start_child
from tests.unit.storage.samples import T0, ListJournal, faults_of, make_entry, numbered, one_of_each

JOURNAL = "j0000001"
KILLS = 3
DEADLINE_S = 20.0
"""For what a projector does in milliseconds, on a machine that does other things too."""


def new_projector(
    database: Database,
    journal: ListJournal,
    *,
    queue: int = 1_000,
    batch: int = 100,
    name: str = JOURNAL,
) -> Projector:
    return Projector(
        database,
        name,
        journal.read_after,
        sync_journal=journal.sync,
        clock=lambda: T0 + 1_000,
        queue_entries_max=queue,
        batch_entries_max=batch,
        gather_s=0.0,
        retry_first_s=0.01,
        retry_max_s=0.02,
    )


@asynccontextmanager
async def running(projector: Projector) -> AsyncIterator[Projector]:
    """While the projector's task runs; then it is cut off in mid-work, as by a shutdown."""
    task = asyncio.create_task(projector.run())
    try:
        yield projector
    finally:
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()


async def written(projector: Projector, position: int) -> None:
    async with asyncio.timeout(DEADLINE_S):
        await projector.wait_for(position)


async def happens(condition: Callable[[], object]) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(DEADLINE_S):
        while not condition():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.005)


def fault_kinds(database: Database) -> list[str]:
    """The kinds of all faults in the database, by their key."""
    with outsider(database) as connection:
        rows = connection.execute("SELECT kind FROM faults ORDER BY position, record_index")
        return [kind for (kind,) in rows]


def journal_and_feed(projector: Projector, journal: ListJournal, entries: Sequence[Entry]) -> None:
    journal.entries.extend(entries)
    projector.feed(entries)


# --- the ordinary way -----------------------------------------------------------------------------


async def test_every_kind_of_record_gets_its_row_under_the_key_of_its_entry(
    database: Database,
) -> None:
    journal = ListJournal()
    projector = new_projector(database, journal)
    sink: RecordSink = projector

    async with running(projector):
        sink.feed([make_entry(1), make_entry(2, *one_of_each())])
        await written(projector, 2)

    tables = {table.name for kind, table in TABLE_OF.items() if kind is not OfferRecord}
    assert {table: count_rows(database, table) for table in tables} == dict.fromkeys(tables, 1)
    with outsider(database) as connection:
        keys = connection.execute(
            "SELECT journal, position, record_index, agent FROM offers ORDER BY record_index"
        )
    assert keys == [(JOURNAL, 2, 1, "ana"), (JOURNAL, 2, 2, "bo")]
    assert await projector.position() == 2


async def test_the_position_moves_on_without_records_too(database: Database) -> None:
    projector = new_projector(database, ListJournal())

    async with running(projector):
        projector.feed([make_entry(1), make_entry(2), make_entry(3)])
        await written(projector, 3)

    assert await projector.position() == 3
    assert projector.stats().rows_written == 0


async def test_two_journals_in_one_database_do_not_mix(database: Database) -> None:
    first = new_projector(database, ListJournal(), name="j1")
    second = new_projector(database, ListJournal(), name="j2")

    async with running(first), running(second):
        first.feed(numbered(1, 10))
        second.feed(numbered(1, 4))
        await written(first, 10)
        await written(second, 4)

    assert (await first.position(), await second.position()) == (10, 4)
    assert count_rows(database, "faults") == len(faults_of(numbered(1, 10) + numbered(1, 4)))


async def test_waiting_ends_when_the_position_is_written(database: Database) -> None:
    projector = new_projector(database, ListJournal())
    async with running(projector):
        early = asyncio.create_task(projector.wait_for(2))
        late = asyncio.create_task(projector.wait_for(3))

        projector.feed(numbered(1, 2))
        await asyncio.wait_for(early, DEADLINE_S)

        assert not late.done()
        projector.feed(numbered(3, 3))
        await asyncio.wait_for(late, DEADLINE_S)


async def test_the_journal_is_synced_before_its_records_are_written(database: Database) -> None:
    # Else, after a power cut, the database could know entries that the journal lost, and the
    # records of those that get their positions would be taken for known.
    journal = ListJournal()
    projector = new_projector(database, journal)

    async def sync() -> None:
        journal.syncs += 1
        if journal.syncs == 1:
            raise OSError("no space left")

    projector._sync_journal = sync
    async with running(projector):
        projector.feed(numbered(1, 2))
        await happens(lambda: projector.stats().retries)
        assert projector.written == 0
        await written(projector, 2)

    assert journal.syncs == 2


async def test_entries_that_come_one_by_one_share_transactions(database: Database) -> None:
    journal = ListJournal()
    projector = new_projector(database, journal)
    projector._gather_s = 0.05

    async with running(projector):
        for entry in numbered(1, 200):
            projector.feed([entry])
            await asyncio.sleep(0)
        await written(projector, 200)

    assert fault_kinds(database) == faults_of(numbered(1, 200))
    assert journal.syncs < 50


# --- restarts -------------------------------------------------------------------------------------


async def test_a_new_projector_writes_what_the_journal_holds_beyond_its_position(
    database: Database,
) -> None:
    journal = ListJournal(numbered(1, 50))
    first = new_projector(database, journal)
    async with running(first):
        await written(first, 50)
    journal.entries.extend(numbered(51, 130))

    second = new_projector(database, journal)
    async with running(second):
        await written(second, 130)

    assert fault_kinds(database) == faults_of(numbered(1, 130))


async def test_entries_that_come_again_after_a_restart_are_passed_over(database: Database) -> None:
    journal = ListJournal(numbered(1, 20))
    for _ in range(2):
        projector = new_projector(database, journal)
        async with running(projector):
            projector.feed(numbered(1, 10))
            projector.feed(numbered(5, 20))
            projector.feed(numbered(21, 25))
            await written(projector, 25)

    assert fault_kinds(database) == faults_of(numbered(1, 25))


async def test_two_projectors_of_one_journal_write_each_record_once(database: Database) -> None:
    # An old process that still lives when the new one has begun.
    journal = ListJournal(numbered(1, 400))
    async with open_database(database) as other_database:
        one = new_projector(database, journal, batch=7)
        other = new_projector(other_database, journal, batch=11)

        async with running(one), running(other):
            await written(one, 400)
            await written(other, 400)

    assert fault_kinds(database) == faults_of(numbered(1, 400))


# --- the queue overflows --------------------------------------------------------------------------


async def test_what_the_queue_cannot_hold_is_read_again_from_the_journal(
    database: Database,
) -> None:
    journal = ListJournal()
    projector = new_projector(database, journal, queue=10, batch=4)
    for first in range(1, 101, 5):  # before it runs: nobody empties the queue
        journal_and_feed(projector, journal, numbered(first, first + 4))

    async with running(projector):
        await written(projector, 100)

    assert fault_kinds(database) == faults_of(numbered(1, 100))
    stats = projector.stats()
    assert stats.overflows == 18
    assert stats.entries_missing == 0
    assert stats.lag_entries == 0


async def test_a_gap_between_entries_in_the_queue_is_filled_from_the_journal(
    database: Database,
) -> None:
    journal = ListJournal(numbered(1, 1))
    projector = new_projector(database, journal, queue=3)
    async with running(projector):
        await written(projector, 1)

        journal_and_feed(projector, journal, numbered(2, 3))
        journal_and_feed(projector, journal, numbered(4, 9))  # too many: dropped
        journal_and_feed(projector, journal, numbered(10, 10))
        await written(projector, 10)

    assert fault_kinds(database) == faults_of(numbered(1, 10))
    assert projector.stats().entries_missing == 0


async def test_entries_dropped_while_the_journal_is_being_read_are_found_too(
    database: Database,
) -> None:
    journal = ListJournal(numbered(1, 5))
    projector = new_projector(database, journal, queue=3, batch=2)
    read_after = journal.read_after

    def read_and_be_overtaken(position: int) -> Iterator[Entry]:
        yield from read_after(position)
        if len(journal.entries) == 5:
            journal_and_feed(projector, journal, numbered(6, 9))  # too many: dropped
            journal_and_feed(projector, journal, numbered(10, 11))  # fit: a gap before them

    projector._read_after = read_and_be_overtaken
    async with running(projector):
        await written(projector, 11)

    assert fault_kinds(database) == faults_of(numbered(1, 11))
    assert projector.stats().entries_missing == 0


# --- things fail ----------------------------------------------------------------------------------


async def test_records_wait_while_another_program_holds_the_database(database: Database) -> None:
    journal = ListJournal()
    projector = new_projector(database, journal)
    async with running(projector):
        projector.feed(numbered(1, 3))
        await written(projector, 3)

        with held(database):
            projector.feed(numbered(4, 9))
            await happens(lambda: projector.stats().retries >= 2)
            stats = projector.stats()
        await written(projector, 9)

    assert "Another program holds the database" in stats.last_error
    assert (stats.written_position, stats.lag_entries) == (3, 6)
    assert projector.stats().last_error == ""
    assert fault_kinds(database) == faults_of(numbered(1, 9))


async def test_a_long_outage_costs_no_memory_and_no_records(database: Database) -> None:
    journal = ListJournal()
    projector = new_projector(database, journal, queue=20)
    async with running(projector):
        with held(database):
            for first in range(1, 301, 10):
                journal_and_feed(projector, journal, numbered(first, first + 9))
            await happens(lambda: projector.stats().retries)
            assert len(projector._queue) <= 20
        await written(projector, 300)

    assert fault_kinds(database) == faults_of(numbered(1, 300))


async def test_rows_and_position_are_one_transaction(database: Database) -> None:
    journal = ListJournal(numbered(1, 10))
    projector = new_projector(database, journal, batch=5)
    async with running(projector):
        with refusing_updates(database, "projector_positions"):
            await happens(lambda: projector.stats().retries >= 2)

            assert projector.written == 5  # the first position is inserted, the next is an update
            assert fault_kinds(database) == faults_of(numbered(1, 5))
        await written(projector, 10)

    assert fault_kinds(database) == faults_of(numbered(1, 10))


async def test_a_journal_that_cannot_be_read_for_a_while_loses_nothing(database: Database) -> None:
    journal = ListJournal(numbered(1, 30))
    journal.problems = [OSError("input/output error"), OSError("input/output error")]
    projector = new_projector(database, journal, queue=5)

    async with running(projector):
        await written(projector, 30)

    assert projector.stats().retries == 2
    assert fault_kinds(database) == faults_of(numbered(1, 30))


async def test_a_database_older_than_the_trimmed_journal_goes_on_and_counts_what_is_lost(
    database: Database,
) -> None:
    journal = ListJournal(numbered(41, 60))
    projector = new_projector(database, journal)

    def read_after(position: int) -> Iterator[Entry]:
        if position < 40:
            raise EntriesGone(first=41)
        yield from journal.read_after(position)

    projector._read_after = read_after
    async with running(projector):
        await written(projector, 60)

    assert projector.stats().entries_missing == 40
    assert fault_kinds(database) == faults_of(numbered(41, 60))


async def test_entries_that_never_got_into_the_journal_are_counted_and_passed_over(
    database: Database,
) -> None:
    # The disk was full: the journal has a hole, and the queue did too.
    journal = ListJournal(numbered(1, 3))
    projector = new_projector(database, journal)
    async with running(projector):
        await written(projector, 3)

        projector.feed(numbered(7, 9))
        await written(projector, 9)

    assert projector.stats().entries_missing == 3
    assert fault_kinds(database) == faults_of(numbered(1, 3) + numbered(7, 9))


async def test_entries_that_the_journal_does_not_show_yet_are_waited_for(
    database: Database,
) -> None:
    journal = ListJournal()
    projector = new_projector(database, journal, queue=2)
    async with running(projector):
        projector.feed(numbered(1, 5))  # too many for the queue
        await happens(lambda: projector.stats().retries)
        assert "cannot be read beyond position 0" in projector.stats().last_error

        journal.entries.extend(numbered(1, 5))
        await written(projector, 5)

    assert fault_kinds(database) == faults_of(numbered(1, 5))


# --- what it tells of itself ----------------------------------------------------------------------


async def test_the_lag_is_the_age_of_the_oldest_entry_not_written(database: Database) -> None:
    projector = new_projector(database, ListJournal())
    before = projector.stats()
    projector.feed(numbered(1, 10))
    waiting = projector.stats()

    async with running(projector):
        await written(projector, 10)
        await happens(lambda: projector.stats().lag_s == 0.0)
    after = projector.stats()

    assert (before.lag_entries, before.lag_s) == (0, 0.0)
    assert (waiting.lag_entries, waiting.lag_s) == (10, 999.0)
    assert (after.fed_position, after.written_position, after.lag_entries) == (10, 10, 0)
    assert after.rows_written == len(faults_of(numbered(1, 10)))


def test_feeding_nothing_is_fine() -> None:
    projector = Projector(Database("sqlite:////nowhere/center.db"), JOURNAL, lambda _position: ())

    projector.feed([])

    assert projector.stats().fed_position == 0


# --- anything at all ------------------------------------------------------------------------------

steps = st.lists(
    st.tuples(
        st.integers(1, 9),  # entries that the hub appends to the journal
        st.sampled_from(("fed", "fed", "fed twice", "lost on the way")),
        st.sampled_from(("goes on", "goes on", "waits", "restarts")),
    ),
    max_size=12,
)


@settings(max_examples=15)
@given(steps=steps, queue=st.integers(1, 12), batch=st.integers(1, 8))
def test_however_entries_come_each_is_written_once(
    place: Place, steps: list[tuple[int, str, str]], queue: int, batch: int
) -> None:
    async def live() -> None:
        async with new_database(place) as database:
            journal = ListJournal()
            projector = new_projector(database, journal, queue=queue, batch=batch)
            task = asyncio.create_task(projector.run())
            end = 0
            for count, how, then in steps:
                entries = numbered(end + 1, end + count)
                journal.entries.extend(entries)
                end += count
                for _ in range({"fed": 1, "fed twice": 2, "lost on the way": 0}[how]):
                    projector.feed(entries)
                if then == "waits" and how != "lost on the way":
                    await written(projector, end)
                elif then == "restarts":
                    task.cancel()
                    await asyncio.wait({task})
                    projector = new_projector(database, journal, queue=queue, batch=batch)
                    task = asyncio.create_task(projector.run())
            journal_and_feed(projector, journal, numbered(end + 1, end + 1))
            await written(projector, end + 1)
            task.cancel()
            await asyncio.wait({task})

            assert fault_kinds(database) == faults_of(journal.entries)
            assert projector.stats().entries_missing == 0

    asyncio.run(live())


async def test_a_killed_process_leaves_each_record_once(database: Database) -> None:
    # Not a cancelled task but SIGKILL, in mid-transaction as often as not.
    positions = []
    for _ in range(KILLS):
        child = await start_child(url_of(database))
        assert child.stdout is not None
        for _ in range(5):  # it prints a line for each transaction
            await asyncio.wait_for(child.stdout.readline(), DEADLINE_S)
        child.kill()
        await child.wait()
        positions.append(await Projector(database, JOURNAL, lambda _position: ()).position())

    assert positions == sorted(set(positions))
    assert fault_kinds(database) == faults_of(numbered(1, positions[-1]))
