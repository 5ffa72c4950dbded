"""Writes the records of the journal into the database: the only writer of those tables.

Entries come from the hub and wait in a bounded queue. A batch's rows and the position reached are
one transaction, so a record is there exactly once whatever dies when. What the queue could not
hold, or what was written to the journal while this process did not run, is read again from the
journal. What an attempt changes in the row of its contact belongs to the same transaction. Reading
records is ``records.py``.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import structlog
from sqlalchemy import Table, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.domain.records import AttemptRecord, DncRecord, ReturnRecord
from callcenter.domain.step import Entry
from callcenter.storage.contact_chances import learn_chances
from callcenter.storage.contact_numbers import apply_dnc, bring_up_to_date
from callcenter.storage.contact_returns import apply_returns
from callcenter.storage.database import Database
from callcenter.storage.record_rows import TABLE_OF, Row, to_row
from callcenter.storage.stores import ProjectorStats
from callcenter.storage.tables import projector_positions

QUEUE_ENTRIES_MAX = 20_000
"""Entries that wait in memory: a second of the busiest center, some 20 MB. More are read again from
the journal."""
BATCH_ENTRIES_MAX = 1_000
"""Entries of one transaction: some 20 ms of writing, so that others get their turn."""
GATHER_S = 0.05
"""How long a batch waits for company: each transaction costs an fsync, whatever its size."""
RETRY_FIRST_S = 0.1
RETRY_MAX_S = 5.0
"""The wait after a failure doubles from the one to the other: back soon after a short lock, quiet
in a long outage."""

ReadAfter = Callable[[int], Iterable[Entry]]
"""Reads the journal's entries after this position, in order, as far as it is written. Called and
consumed in a thread while the hub goes on appending; an entry half written ends it. Raises
``EntriesGone``."""

SyncJournal = Callable[[], Awaitable[None]]
"""Makes the journal survive a power cut (``Journal.sync``). Without it the database, which syncs
each transaction, could remember entries that the journal lost, and would pass over the new ones
that get their positions."""

_LOG = structlog.get_logger("callcenter.storage.projector")


class EntriesGone(Exception):  # noqa: N818 - a fact about a journal
    """The journal no longer holds the entries wanted: the database is older than what was trimmed.

    ``first`` is the first position that it still holds.
    """

    def __init__(self, first: int) -> None:
        super().__init__(f"the journal begins at position {first}")
        self.first = first


class Projector:
    """The ``RecordSink`` of the database. ``feed`` on the loop's thread; ``run`` is a task of its
    own.

    ``clock`` gives UTC seconds and is asked only for the lag.
    """

    def __init__(
        self,
        database: Database,
        journal_id: str,
        read_after: ReadAfter,
        *,
        sync_journal: SyncJournal | None = None,
        clock: Callable[[], float] = time.time,
        queue_entries_max: int = QUEUE_ENTRIES_MAX,
        batch_entries_max: int = BATCH_ENTRIES_MAX,
        gather_s: float = GATHER_S,
        retry_first_s: float = RETRY_FIRST_S,
        retry_max_s: float = RETRY_MAX_S,
    ) -> None:
        self._database = database
        self._journal_id = journal_id
        self._read_after = read_after
        self._sync_journal = sync_journal or _nothing_to_sync
        self._clock = clock
        self._queue_entries_max = queue_entries_max
        self._batch_entries_max = batch_entries_max
        self._gather_s = gather_s
        self._retry_first_s = retry_first_s
        self._retry_max_s = retry_max_s

        self._queue: deque[Entry] = deque()
        self._arrived = asyncio.Event()
        self._progress = asyncio.Condition()
        self._started = False
        self._written = 0
        self._fed = 0
        self._pending: Sequence[Entry] = ()
        self._reading: _Reading | None = None
        self._unwritten_since = 0.0
        self._rows_written = 0
        self._retries = 0
        self._overflows = 0
        self._missing = 0
        self._last_error = ""

    def feed(self, entries: Sequence[Entry]) -> None:
        """Take these entries; never blocks, never raises. A full queue leaves them to be read
        again."""
        if not entries:
            return
        if not self._unwritten_since and entries[-1].position > self._written:
            self._unwritten_since = entries[0].now
        self._fed = max(self._fed, entries[-1].position)
        if len(self._queue) + len(entries) > self._queue_entries_max:
            self._overflows += 1
        else:
            self._queue.extend(entries)
        self._arrived.set()

    async def run(self) -> None:
        """Write until cancelled; begins with what the journal holds beyond the position in the
        database."""
        delay_s = self._retry_first_s
        while True:
            try:
                if not self._pending:
                    self._pending = await self._next_batch()
                await self._write(self._pending)
                delay_s = self._retry_first_s
            # Whatever goes wrong here, calls go on and nothing is given up: it is tried again, and
            # said.
            except Exception as problem:  # noqa: BLE001 - said and tried again
                self._note_failure(problem)
                await asyncio.sleep(delay_s)
                delay_s = min(delay_s * 2, self._retry_max_s)

    async def catch_up(self) -> int:
        """Write what the journal holds beyond the position in the database, once; returns the
        position reached. Instead of ``run``, for who repairs: every failure is raised."""
        self._written = await self.position()
        reading = self._open_journal()
        while batch := await self._read_again(reading):
            await self._write(batch)
        return self._written

    async def begin_at(self, position: int) -> None:
        """Note that this journal begins after ``position``: it goes on from another one, whose
        records are there."""
        async with self._database.writing() as connection:
            await connection.execute(
                insert(projector_positions).values(journal=self._journal_id, position=position)
            )

    async def position(self) -> int:
        """The last entry of this journal whose records are in the database; 0 for none."""
        async with self._database.reading() as connection:
            found = await connection.scalar(
                select(projector_positions.c.position).where(
                    projector_positions.c.journal == self._journal_id
                )
            )
        return int(found or 0)

    @property
    def written(self) -> int:
        """``position`` as last known, without asking the database: the journal may be trimmed
        behind it."""
        return self._written

    async def wait_for(self, position: int) -> None:
        """Wait until everything up to ``position`` is written: for ever, if the database stays
        away."""
        async with self._progress:
            await self._progress.wait_for(lambda: self._written >= position)

    def stats(self) -> ProjectorStats:
        """How it is doing."""
        since = self._unwritten_since
        return ProjectorStats(
            fed_position=self._fed,
            written_position=self._written,
            lag_entries=max(0, self._fed - self._written),
            lag_s=max(0.0, self._clock() - since) if since else 0.0,
            rows_written=self._rows_written,
            retries=self._retries,
            overflows=self._overflows,
            entries_missing=self._missing,
            last_error=self._last_error,
        )

    # --- where the next entries come from -------------------------------------------------------

    async def _next_batch(self) -> Sequence[Entry]:
        """The entries that follow what is written; waits for them."""
        missing_until = 0
        while True:
            if not self._started:
                self._written = await self.position()
                self._reading = self._open_journal()
                self._started = True
                await self._tell_progress()
            if self._reading is not None:
                batch = await self._read_again(self._reading)
                if batch:
                    return batch
                missing_until = self._reading.fed
                self._reading = None
            batch = self._take_queued(missing_until)
            if batch:
                return batch
            if self._fed <= self._written:
                await self._wait_for_more()
            elif self._fed <= missing_until:
                raise _JournalBehind(
                    f"The journal cannot be read beyond position {self._written}, "
                    f"but entries up to {self._fed} were reported."
                )
            else:
                self._reading = self._open_journal()

    def _open_journal(self) -> _Reading:
        def entries(after: int) -> Iterator[Entry]:
            # A generator: files are opened when the thread asks for the first entry.
            try:
                yield from self._read_after(after)
            except EntriesGone as gone:
                yield from self._read_after(gone.first - 1)

        return _Reading(self._fed, entries(self._written))

    async def _read_again(self, reading: _Reading) -> list[Entry]:
        """Entries of the journal that are not written yet; empty at its end."""
        while True:
            try:
                entries = await asyncio.to_thread(_take, reading.entries, self._batch_entries_max)
            except BaseException:
                self._started = False  # a broken reading would look like the journal's end
                raise
            if not entries:
                return []
            self._fed = max(self._fed, entries[-1].position)
            self._unwritten_since = self._unwritten_since or entries[0].now
            batch = [entry for entry in entries if entry.position > self._written]
            if batch:
                return batch

    def _take_queued(self, missing_until: int) -> list[Entry]:
        """Queued entries without a gap before or between them.

        A gap before the first is passed over where the journal was asked and has nothing up to
        ``missing_until``.
        """
        queue = self._queue
        while queue and queue[0].position <= self._written:
            queue.popleft()
        if not queue or queue[0].position > max(self._written, missing_until) + 1:
            return []
        batch = [queue.popleft()]
        while (
            queue
            and len(batch) < self._batch_entries_max
            and queue[0].position == batch[-1].position + 1
        ):
            batch.append(queue.popleft())
        return batch

    async def _wait_for_more(self) -> None:
        self._unwritten_since = 0.0
        self._note_recovery()
        self._arrived.clear()
        await self._arrived.wait()
        if self._gather_s and len(self._queue) < self._batch_entries_max:
            await asyncio.sleep(self._gather_s)

    # --- writing --------------------------------------------------------------------------------

    async def _write(self, batch: Sequence[Entry]) -> None:
        """Write the rows of a batch and the position it ends at, or nothing."""
        await self._sync_journal()
        rows_count = await self._write_rows(batch)
        self._note_gap(batch)
        self._rows_written += rows_count
        self._written = batch[-1].position
        self._unwritten_since = batch[-1].now
        self._pending = ()
        self._note_recovery()
        await self._tell_progress()

    async def _write_rows(self, batch: Sequence[Entry]) -> int:
        """The transaction; returns the number of rows it added."""
        positions = projector_positions
        ours = positions.c.journal == self._journal_id
        async with self._database.writing() as connection:
            # Asked anew in the transaction: another projector on this database cannot make a row
            # twice.
            stored = await connection.scalar(
                select(positions.c.position).where(ours).with_for_update()
            )
            new = [entry for entry in batch if entry.position > (stored or 0)]
            rows = self._rows(new)
            for table, of_table in rows.items():
                await connection.execute(insert(table), of_table)
            await _bring_up_to_date(connection, new)
            end = batch[-1].position
            if stored is None:
                await connection.execute(
                    insert(positions).values(journal=self._journal_id, position=end)
                )
            elif end > stored:
                await connection.execute(update(positions).where(ours).values(position=end))
        return sum(len(of_table) for of_table in rows.values())

    def _rows(self, entries: Iterable[Entry]) -> dict[Table, list[Row]]:
        rows: dict[Table, list[Row]] = {}
        for entry in entries:
            for index, record in enumerate(entry.records):
                row = to_row(record, self._journal_id, entry.position, index)
                rows.setdefault(TABLE_OF[type(record)], []).append(row)
        return rows

    def _note_gap(self, batch: Sequence[Entry]) -> None:
        """Count the entries that are nowhere: the journal was trimmed or damaged before they were
        written."""
        missing = 0
        before = self._written
        for entry in batch:
            missing += max(0, entry.position - before - 1)
            before = entry.position
        if missing:
            self._missing += missing
            _LOG.error("records are lost: entries are no longer in the journal", entries=missing)

    def _note_recovery(self) -> None:
        if self._last_error:
            _LOG.info("records are written again", position=self._written)
            self._last_error = ""

    def _note_failure(self, problem: Exception) -> None:
        self._retries += 1
        said = str(problem) or type(problem).__name__
        if said != self._last_error:
            _LOG.warning("records cannot be written, trying again", problem=said)
        self._last_error = said

    async def _tell_progress(self) -> None:
        async with self._progress:
            self._progress.notify_all()


class _Reading(NamedTuple):
    """The journal being read again."""

    fed: int
    """What had been reported when it began: of that, what it does not give is not there."""
    entries: Iterator[Entry]


class _JournalBehind(Exception):  # noqa: N818 - a fact
    """Entries were reported that the journal does not show (yet)."""


async def _bring_up_to_date(connection: AsyncConnection, entries: Iterable[Entry]) -> None:
    """What the records change in the rows of contacts and in the do-not-call list."""
    records = [record for entry in entries for record in entry.records]
    attempts = [record for record in records if isinstance(record, AttemptRecord)]
    if attempts:
        await learn_chances(connection, attempts)
        await bring_up_to_date(connection, attempts)
    await apply_returns(connection, [one for one in records if isinstance(one, ReturnRecord)])
    await apply_dnc(connection, [record for record in records if isinstance(record, DncRecord)])


def _take(reading: Iterator[Entry], count: int) -> list[Entry]:
    return list(islice(reading, count))


async def _nothing_to_sync() -> None:
    """For a journal that is safe as soon as it is written."""
