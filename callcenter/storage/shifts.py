"""Agents' shifts in the database."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from msgspec import Struct
from sqlalchemy import delete, insert, select

from callcenter.documents.rejects import Reject
from callcenter.documents.shifts_csv import ShiftRow
from callcenter.domain.history import Shift
from callcenter.domain.ids import AgentId
from callcenter.storage.customer_import import OnProgress, OnReject
from callcenter.storage.database import Database
from callcenter.storage.tables import accounts, shifts

BATCH_ROWS = 1_000


class ShiftImport(Struct, frozen=True):
    """What an import of shifts did, or with ``dry_run`` would do."""

    rows: int
    accepted: int
    """Rows taken."""
    refused: int
    shifts: int
    """Shifts of those rows: one for each day they name."""
    replaced: int
    """Shifts that were there for the same agents and days, and are gone."""
    dry_run: bool


class Shifts:
    """The shifts of all agents. Every method raises ``DatabaseAway``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> tuple[Shift, ...]:
        """Every shift, in order."""
        columns = shifts.c
        query = select(columns.agent, columns.day, columns.begins_min, columns.ends_min).order_by(
            columns.agent, columns.day, columns.begins_min
        )
        async with self._database.reading() as connection:
            return tuple(Shift(*row) for row in await connection.execute(query))

    async def import_rows(
        self,
        rows: Iterable[ShiftRow | Reject],
        *,
        on_reject: OnReject = lambda _reject: None,
        on_progress: OnProgress = lambda _rows: None,
        dry_run: bool = False,
    ) -> ShiftImport:
        """Take the rows over, all in one transaction; with ``dry_run`` only say what it would do.

        What an agent had on a day that the rows name for them is replaced; other days stay. A row
        of an agent whom no account has is handed to ``on_reject``. Raises what the rows raise;
        then nothing has changed.
        """
        known = await self._agents()
        taken: list[Shift] = []
        judged = accepted = 0
        for row in await asyncio.to_thread(list, rows):
            judged += 1
            verdict = _judge(row, known)
            if isinstance(verdict, ShiftRow):
                accepted += 1
                taken += verdict.shifts
            else:
                on_reject(verdict)
            if judged % BATCH_ROWS == 0:
                on_progress(judged)
        on_progress(judged)
        replaced = await self._replace(taken, dry_run=dry_run)
        return ShiftImport(judged, accepted, judged - accepted, len(taken), replaced, dry_run)

    async def _agents(self) -> dict[AgentId, None]:
        async with self._database.reading() as connection:
            return dict.fromkeys((await connection.scalars(select(accounts.c.id))).all())

    async def _replace(self, taken: list[Shift], *, dry_run: bool) -> int:
        """Put these in the place of what there is on their days; returns how many were there."""
        days = dict.fromkeys((shift.agent, shift.day) for shift in taken)
        have = [shift for shift in await self.all() if (shift.agent, shift.day) in days]
        if dry_run or not taken:
            return len(have)
        async with self._database.writing() as connection:
            for agent, day in days:
                await connection.execute(
                    delete(shifts).where(shifts.c.agent == agent, shifts.c.day == day)
                )
            values = [
                {
                    "agent": shift.agent,
                    "day": shift.day,
                    "begins_min": shift.begins_min,
                    "ends_min": shift.ends_min,
                }
                for shift in taken
            ]
            for first in range(0, len(values), BATCH_ROWS):
                await connection.execute(insert(shifts), values[first : first + BATCH_ROWS])
        return len(have)


def _judge(row: ShiftRow | Reject, known: dict[AgentId, None]) -> ShiftRow | Reject:
    if isinstance(row, Reject):
        return row
    agent = row.shifts[0].agent
    if agent in known:
        return row
    mend = "Write the login of an account, or make one with `callcenter users add`."
    return Reject(row.row, "agent", agent, "there is no account of that name", mend, row.fields)
