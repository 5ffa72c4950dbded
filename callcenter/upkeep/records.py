"""Proves that the records are what the journal says, and makes them anew from it.

The journal's entries are projected into a second, temporary database by the same projector, and the
two are compared. What a trimmed journal no longer holds cannot be proved, and is never touched.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path

from msgspec import Struct

from callcenter.domain.step import Entry
from callcenter.installation import journal_folder, open_database
from callcenter.journal.pinned import PinnedFolder, measure, read_after
from callcenter.settings import Settings
from callcenter.storage.database import Database
from callcenter.storage.projector import Projector
from callcenter.storage.record_check import (
    Range,
    TableCheck,
    compare_records,
    count_others,
    read_positions,
    replace_records,
)


class RecordsUnprovable(Exception):  # noqa: N818 - a fact, said to the administrator
    """There is nothing to compare the records with; the message says why."""


class RecordsCheck(Struct, frozen=True):
    """What came of it."""

    journal: str
    first: int
    """From this position on the journal holds every entry."""
    last: int
    """Up to here the records were written when it began."""
    journal_last: int
    """Where the journal ends: what is beyond ``last`` is still to be written."""
    older: int
    """Rows of this journal before ``first``: not proved."""
    other_journals: int
    """Rows of journals before a restore: not proved."""
    tables: tuple[TableCheck, ...]
    """As they were found."""
    replaced: dict[str, int]
    """Rows written anew, by table; empty unless asked for."""

    @property
    def is_equal(self) -> bool:
        """Whether the records were what the journal says, as far as it goes."""
        return all(table.is_equal for table in self.tables)


async def check_records(settings: Settings, *, rebuild: bool = False) -> RecordsCheck:
    """Compare the records with the journal, and with ``rebuild`` replace those that it holds, in
    one transaction. The center may be running.

    Raises ``RecordsUnprovable``, ``DatabaseUnusable``, ``DatabaseAway``, ``JournalDamaged`` and
    ``ForeignJournal``.
    """
    async with open_database(settings) as database:
        with PinnedFolder(journal_folder(settings)) as journal, _second_file(settings) as path:
            journal.pin()  # before the position is asked: the journal is always ahead of it
            positions = await read_positions(database)
            journal.freeze()
            extent = measure(journal)
            if not extent.journal:
                raise RecordsUnprovable(f"There is no journal in {journal_folder(settings)}.")
            written = positions.get(extent.journal, 0)
            if written > extent.last_position:
                raise RecordsUnprovable(
                    f"The records are of entries up to {written}, the journal ends at "
                    f"{extent.last_position}: the two do not belong together."
                )
            first = extent.first_position or extent.last_position + 1
            of = Range(extent.journal, first, written)
            second = Database(f"sqlite+aiosqlite:///{path}")
            try:
                await second.migrate()
                await project(second, of, read_after(journal, first - 1))
                tables = await compare_records(database, second, of)
                replaced = await replace_records(database, second, of) if rebuild else {}
            finally:
                await second.close()
            others = await count_others(database, of)
    return RecordsCheck(
        extent.journal,
        first,
        written,
        extent.last_position,
        others["older"],
        others["other_journals"],
        tables,
        replaced,
    )


async def project(
    database: Database, of: Range, entries: Iterator[Entry], *, batch_entries_max: int = 1_000
) -> None:
    """Write the records of these entries, up to the range's end, into an empty database."""
    wanted = takewhile(lambda entry: entry.position <= of.last, entries)
    projector = Projector(
        database, of.journal, lambda _: wanted, batch_entries_max=batch_entries_max
    )
    await projector.begin_at(of.first - 1)
    await projector.catch_up()


@contextmanager
def _second_file(settings: Settings) -> Iterator[Path]:
    """Where a database can be made for a while: private, and on the disk that has room for one."""
    with tempfile.TemporaryDirectory(prefix=".records-", dir=settings.data_dir) as folder:
        yield Path(folder) / "second.db"
