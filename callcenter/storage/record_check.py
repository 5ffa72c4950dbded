"""Compares the records of two databases, row by row, and replaces those of one by the other's: what
the projector wrote, and what the journal leads to.

Of one journal and a range of its positions. Nothing here knows where the rows should come from.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from msgspec import Struct
from sqlalchemy import JSON, ColumnElement, Table, Text, cast, delete, func, insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.storage.database import Database
from callcenter.storage.record_rows import TABLE_OF
from callcenter.storage.tables import projector_positions

PAGE_ROWS = 2_000
"""Rows read at a time: a few megabytes."""
DIFFERENCES_MAX = 5
"""Kept of one table; after the first the reason is known."""

RECORD_TABLES: tuple[Table, ...] = tuple(TABLE_OF.values())
KEY = ("position", "record_index")

Key = tuple[int, int]


class Range(Struct, frozen=True):
    """Positions of one journal, both ends included."""

    journal: str
    first: int
    last: int


class Difference(Struct, frozen=True):
    """One row that is not as it should be. Values are not told: they are people's numbers."""

    position: int
    record_index: int
    what: str
    """``missing`` (the journal leads to it), ``unexplained`` (the journal does not) or
    ``differs``."""
    columns: tuple[str, ...] = ()
    """Those that differ."""


class TableCheck(Struct, frozen=True):
    """One table compared."""

    table: str
    rows: int
    """In the database, within the range."""
    expected: int
    """That the journal leads to."""
    missing: int
    unexplained: int
    differing: int
    differences: tuple[Difference, ...]
    """The first ones."""

    @property
    def is_equal(self) -> bool:
        """Whether all rows are as they should be."""
        return not (self.missing or self.unexplained or self.differing)


async def compare_records(
    actual: Database, expected: Database, of: Range
) -> tuple[TableCheck, ...]:
    """Compare every table of records. Raises ``DatabaseAway``."""
    async with actual.reading() as ours, expected.reading() as theirs:
        return tuple([await _compare_table(table, ours, theirs, of) for table in RECORD_TABLES])


async def replace_records(actual: Database, expected: Database, of: Range) -> dict[str, int]:
    """Put the rows of ``expected`` in the place of those of ``actual``, in one transaction; says
    how many of each table. Raises ``DatabaseAway``, and then nothing was changed."""
    counts: dict[str, int] = {}
    async with expected.reading() as source, actual.writing() as target:
        for table in RECORD_TABLES:
            await target.execute(delete(table).where(*_within(table, of)))
            written = 0
            async for page in _pages(table, source, of, as_text=False):
                await target.execute(insert(table), page)
                written += len(page)
            counts[str(table.name)] = written
    return counts


async def count_others(database: Database, of: Range) -> dict[str, int]:
    """Rows that are not of this range: ``older`` ones of the same journal, and those of
    ``other_journals``."""
    counts = {"older": 0, "other_journals": 0}
    async with database.reading() as connection:
        for table in RECORD_TABLES:
            own = table.c.journal == of.journal
            for name, condition in (
                ("older", own & (table.c.position < of.first)),
                ("other_journals", ~own),
            ):
                query = select(func.count()).select_from(table).where(condition)
                counts[name] += int(await connection.scalar(query) or 0)
    return counts


async def read_positions(database: Database) -> dict[str, int]:
    """Up to where records are written, by the journal's id."""
    columns = projector_positions.c
    async with database.reading() as connection:
        rows = await connection.execute(select(columns.journal, columns.position))
        return {row.journal: row.position for row in rows}


def _within(table: Table, of: Range) -> tuple[ColumnElement[bool], ...]:
    return (table.c.journal == of.journal, table.c.position.between(of.first, of.last))


async def _pages(
    table: Table, connection: AsyncConnection, of: Range, *, as_text: bool
) -> AsyncIterator[list[dict[str, Any]]]:
    """The rows by their key; ``as_text`` leaves JSON as it is stored."""
    columns = [
        cast(column, Text).label(column.name)
        if as_text and isinstance(column.type, JSON)
        else column
        for column in table.c
    ]
    key = tuple_(*(table.c[name] for name in KEY))
    query = select(*columns).where(*_within(table, of)).order_by(*(table.c[name] for name in KEY))
    after: Key | None = None
    while True:
        page_query = query.limit(PAGE_ROWS)
        if after is not None:
            page_query = page_query.where(key > tuple_(*after))
        page = [dict(row) for row in (await connection.execute(page_query)).mappings()]
        if page:
            yield page
        if len(page) < PAGE_ROWS:
            return
        after = _key(page[-1])


def _key(row: dict[str, Any]) -> Key:
    return (row["position"], row["record_index"])


async def _rows(
    table: Table, connection: AsyncConnection, of: Range
) -> AsyncIterator[dict[str, Any]]:
    async for page in _pages(table, connection, of, as_text=True):
        for row in page:
            yield row


async def _compare_table(
    table: Table, ours: AsyncConnection, theirs: AsyncConnection, of: Range
) -> TableCheck:
    actual, expected = _rows(table, ours, of), _rows(table, theirs, of)
    have, want = await anext(actual, None), await anext(expected, None)
    counts = {"rows": 0, "expected": 0, "missing": 0, "unexplained": 0, "differs": 0}
    found: list[Difference] = []

    def note(what: str, row: dict[str, Any], columns: tuple[str, ...] = ()) -> None:
        counts[what] += 1
        if len(found) < DIFFERENCES_MAX:
            found.append(Difference(*_key(row), what, columns))

    while have is not None or want is not None:
        if want is None or (have is not None and _key(have) < _key(want)):
            assert have is not None
            note("unexplained", have)
            has_ours, has_theirs = True, False
        elif have is None or _key(want) < _key(have):
            note("missing", want)
            has_ours, has_theirs = False, True
        else:
            if have != want:
                note("differs", want, tuple(str(n) for n in want if have[n] != want[n]))
            has_ours, has_theirs = True, True
        if has_ours:
            counts["rows"] += 1
            have = await anext(actual, None)
        if has_theirs:
            counts["expected"] += 1
            want = await anext(expected, None)
    return TableCheck(
        str(table.name),
        counts["rows"],
        counts["expected"],
        counts["missing"],
        counts["unexplained"],
        counts["differs"],
        tuple(found),
    )
