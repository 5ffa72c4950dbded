"""The do-not-call list: numbers that no campaign may dial.

One number at a time comes as a record of the machine (``contact_numbers.apply_dnc``); lists of them
are added here, after which a center that runs has to be told (``DncListChanged``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from sqlalchemy import BindParameter, RowMapping, bindparam, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.service.dnc import DncEntry, DncNumber, DncPage
from callcenter.storage.contact_numbers import PARAMETERS_MAX, chunks, settle_numbers
from callcenter.storage.database import Database
from callcenter.storage.record_rows import storable
from callcenter.storage.stores import limited
from callcenter.storage.tables import dnc, dnc_imports

BATCH_ROWS = 500
"""Numbers of one transaction: others get their turn between two."""


class StoredDnc:
    """The ``DncStore`` of the database. ``now`` tells UTC seconds."""

    def __init__(self, database: Database, *, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    async def find(self, number: str) -> DncEntry | None:
        """This number's entry while it holds. Raises ``DatabaseAway``."""
        async with self._database.looking_up() as connection:
            query = select(dnc).where(dnc.c.number == storable(number))
            row = (await connection.execute(query)).mappings().first()
        entry = None if row is None else _entry(row)
        return entry if entry and not 0.0 < entry.until <= self._now() else None

    async def barred(self, numbers: Sequence[str]) -> frozenset[str]:
        """Those of the numbers that may not be called now. Raises ``DatabaseAway``."""
        async with self._database.reading() as connection:
            return await read_barred(connection, numbers, self._now())

    async def page(self, limit: int, cursor: str = "") -> DncPage:
        """Entries in order of their numbers, after the one that ``cursor`` names. Raises
        ``DatabaseAway``."""
        most = limited(limit)
        query = select(dnc).where(dnc.c.number > storable(cursor)).order_by(dnc.c.number)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query.limit(most + 1))).mappings().all()
            total = await connection.scalar(select(func.count()).select_from(dnc))
        entries = tuple(_entry(row) for row in rows[:most])
        return DncPage(entries, int(total or 0), entries[-1].number if len(rows) > most else "")

    async def add(self, numbers: Iterable[DncNumber], *, source: str, by: str) -> int:
        """Take numbers over, in portions; returns how many. One that is there already gets the new
        reason and end. Raises ``DatabaseAway``: then the portions before it have been taken."""
        count, now = 0, self._now()
        waiting = iter(numbers)
        while some := list(islice(waiting, BATCH_ROWS)):
            rows = {
                one.number: {
                    "number": storable(one.number),
                    "reason": storable(one.reason),
                    "source": storable(source),
                    "by": storable(by),
                    "since": now,
                    "until": one.until or None,
                }
                for one in some
            }
            async with self._database.writing() as connection:
                await connection.execute(delete(dnc).where(dnc.c.number.in_(list(rows))))
                await connection.execute(insert(dnc), list(rows.values()))
                await settle_numbers(connection, list(rows), now)
            count += len(rows)
        if count:
            async with self._database.writing() as connection:
                await connection.execute(
                    insert(dnc_imports).values(source=storable(source), at=now, rows=count)
                )
        return count

    async def imports(self) -> int:
        """The number of the last list taken over, 0 for none: it rises with each, whichever program
        took it. Raises ``DatabaseAway``."""
        async with self._database.looking_up() as connection:
            return int(await connection.scalar(select(func.max(dnc_imports.c.id))) or 0)


async def read_barred(
    connection: AsyncConnection, numbers: Sequence[str], now: float
) -> frozenset[str]:
    """Those of the numbers that may not be called at ``now``."""
    found: list[str] = []
    for some in chunks(numbers, PARAMETERS_MAX):
        these: BindParameter[Sequence[str]] = bindparam("these", some, expanding=True)
        query = select(dnc.c.number, dnc.c.until).where(dnc.c.number.in_(these))
        rows = (await connection.execute(query)).all()
        found += [number for number, until in rows if until is None or until > now]
    return frozenset(found)


async def lift_ended(connection: AsyncConnection, now: float) -> None:
    """Forget entries whose time is over, and let their contacts be called again."""
    while True:
        query = select(dnc.c.number).where(dnc.c.until <= now).limit(BATCH_ROWS)
        ended = (await connection.scalars(query)).all()
        if not ended:
            return
        await connection.execute(delete(dnc).where(dnc.c.number.in_(ended)))
        await settle_numbers(connection, ended, now)


def _entry(row: RowMapping) -> DncEntry:
    return DncEntry(
        row["number"], row["reason"], row["source"], row["by"], row["since"], row["until"] or 0.0
    )
