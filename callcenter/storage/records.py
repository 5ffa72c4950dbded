"""Reads the records that the projector wrote, page by page, newest first. Nothing here writes."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Select, Table, case, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.domain.call import Outcome
from callcenter.domain.customer import Tier
from callcenter.domain.ids import CallId, CampaignId
from callcenter.domain.records import (
    CallRecord,
    CampaignRecord,
    ConversationRecord,
    DispositionRecord,
    FaultRecord,
    OfferRecord,
    Record,
    RepairRecord,
)
from callcenter.service.ports import CallHistory, CallQuery, CallRecordPage
from callcenter.storage import tables
from callcenter.storage.database import Database
from callcenter.storage.record_rows import TABLE_OF, from_row, storable
from callcenter.storage.stores import (
    FIRST_PAGE,
    BadCursor,
    Page,
    PageRequest,
    RecordCounts,
    TierCounts,
    limited,
)

R = TypeVar("R", bound=Record)
Conditions = Sequence[ColumnElement[bool]]
Cursor = tuple[float, str, int, int]
"""The last row of a page: its time, journal, position and index."""


class StoredRecords:
    """The ``RecordReader`` of the database, and what tests and the demo count."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def calls(self, query: CallQuery) -> CallRecordPage:
        """One page of ended calls, the last ended first. Raises ``BadCursor``, ``DatabaseAway``."""
        wanted = PageRequest(query.cursor, query.limit)
        page = await read_page(self._database, CallRecord, "ended_at", _conditions(query), wanted)
        return CallRecordPage(page.items, page.next)

    async def call(self, call: CallId) -> CallHistory | None:
        """One ended call with all that is kept of it. Raises ``DatabaseAway``."""
        async with self._database.reading() as connection:
            found = await _read_of_call(connection, CallRecord, "ended_at", call)
            if not found:
                return None
            return CallHistory(
                call=found[-1],
                offers=await _read_of_call(connection, OfferRecord, "ended_at", call),
                conversations=await _read_of_call(connection, ConversationRecord, "ended_at", call),
                dispositions=await _read_of_call(connection, DispositionRecord, "at", call),
            )

    async def offers(self, call: CallId) -> tuple[OfferRecord, ...]:
        """Every offer of one call, in the order they ended."""
        async with self._database.reading() as connection:
            return await _read_of_call(connection, OfferRecord, "ended_at", call)

    async def dispositions(
        self, call: CallId = "", page: PageRequest = FIRST_PAGE
    ) -> Page[DispositionRecord]:
        """What agents said, of one call or of all."""
        only = [tables.dispositions.c.call == storable(call)] if call else []
        return await read_page(self._database, DispositionRecord, "at", only, page)

    async def faults(self, since: float = 0.0, page: PageRequest = FIRST_PAGE) -> Page[FaultRecord]:
        """What came in and could not be."""
        return await read_page(
            self._database, FaultRecord, "at", _since(tables.faults, "at", since), page
        )

    async def repairs(
        self, since: float = 0.0, page: PageRequest = FIRST_PAGE
    ) -> Page[RepairRecord]:
        """Where the PBX's word was taken against ours."""
        return await read_page(
            self._database, RepairRecord, "at", _since(tables.repairs, "at", since), page
        )

    async def campaign_changes(
        self, campaign: CampaignId, page: PageRequest = FIRST_PAGE
    ) -> Page[CampaignRecord]:
        """Who made, changed, started or stopped a campaign, and when."""
        only = [tables.campaign_changes.c.campaign == storable(campaign)]
        return await read_page(self._database, CampaignRecord, "at", only, page)

    async def counts(self, since: float = 0.0) -> RecordCounts:
        """How many of what since a moment (by the time a record ended), in one consistent view."""
        async with self._database.reading() as connection:
            tiers = await _count_tiers(connection, since)
            outcomes = await _count_by(connection, tables.calls, "outcome", "ended_at", since)
            return RecordCounts(
                calls=sum(counts.calls for counts in tiers.values()),
                queued=sum(counts.queued for counts in tiers.values()),
                outcomes={outcome: outcomes.get(outcome, 0) for outcome in Outcome},
                tiers=tiers,
                via_fallback=await _count(
                    connection, tables.calls, "ended_at", since, tables.calls.c.via_fallback
                ),
                offers=await _count_by(connection, tables.offers, "result", "ended_at", since),
                attempts=await _count_by(connection, tables.attempts, "result", "ended_at", since),
                conversations=await _count(connection, tables.conversations, "ended_at", since),
                agent_states=await _count(connection, tables.agent_states, "ended_at", since),
                dispositions=await _count_by(connection, tables.dispositions, "code", "at", since),
                faults=await _count_by(connection, tables.faults, "kind", "at", since),
                repairs=await _count_by(connection, tables.repairs, "kind", "at", since),
            )


async def read_page(
    database: Database, kind: type[R], time_column: str, only: Conditions, page: PageRequest
) -> Page[R]:
    """One page of records of a kind, the newest first. Raises ``BadCursor``, ``DatabaseAway``.

    It is continued by the last row's key, so that what is added meanwhile moves nothing.
    """
    table = TABLE_OF[kind]
    key = (table.c[time_column], table.c.journal, table.c.position, table.c.record_index)
    size = limited(page.size)
    query: Select[Any] = select(table).where(*only)
    if page.after:
        query = query.where(tuple_(*key) < tuple_(*read_cursor(page.after)))
    query = query.order_by(*(column.desc() for column in key)).limit(size + 1)
    async with database.reading() as connection:
        rows = (await connection.execute(query)).mappings().all()
    more = ""
    if len(rows) > size:
        last = rows[size - 1]
        more = write_cursor(
            (
                last[time_column],
                last["journal"],
                last["position"],
                last["record_index"],
            )
        )
    return Page(tuple(from_row(kind, row) for row in rows[:size]), more)


def write_cursor(cursor: Cursor) -> str:
    """The opaque text for the page after this row."""
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode("ascii")


def read_cursor(text: str) -> Cursor:
    """The row that a page ended at; raises ``BadCursor`` for a text of another origin."""
    try:
        cursor: Cursor = msgspec.json.decode(base64.urlsafe_b64decode(text), type=Cursor)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as problem:
        raise BadCursor(_NO_PAGE) from problem
    at, journal, position, index = cursor
    if max(abs(position), abs(index)) > _WHOLE_MAX:
        raise BadCursor(_NO_PAGE)
    return at, storable(journal), position, index


_NO_PAGE = "There is no such page. Take `next` of the page before as it is, or begin without it."
_WHOLE_MAX = 2**63 - 1
"""What a database has room for."""


async def _read_of_call(
    connection: AsyncConnection, kind: type[R], time_column: str, call: CallId
) -> tuple[R, ...]:
    """All records of a kind that one call led to, in the order they ended."""
    table = TABLE_OF[kind]
    columns = table.c
    query = (
        select(table)
        .where(columns.call == storable(call))
        .order_by(columns[time_column], columns.journal, columns.position, columns.record_index)
    )
    rows = (await connection.execute(query)).mappings()
    return tuple(from_row(kind, row) for row in rows)


def _conditions(query: CallQuery) -> list[ColumnElement[bool]]:
    columns = tables.calls.c
    conditions = _since(tables.calls, "ended_at", query.since)
    if query.until:
        conditions.append(columns.ended_at < query.until)
    if query.queue:
        conditions.append(columns.queue == storable(query.queue))
    if query.agent:
        conditions.append(columns.answered_by == storable(query.agent))
    if query.outcome:
        conditions.append(columns.outcome == query.outcome.value)
    return conditions


def _since(table: Table, time_column: str, since: float) -> list[ColumnElement[bool]]:
    return [table.c[time_column] >= since] if since else []


async def _count(
    connection: AsyncConnection,
    table: Table,
    time_column: str,
    since: float,
    *also: ColumnElement[bool],
) -> int:
    query = select(func.count()).select_from(table).where(*_since(table, time_column, since), *also)
    return int(await connection.scalar(query) or 0)


async def _count_by(
    connection: AsyncConnection, table: Table, column: str, time_column: str, since: float
) -> dict[str, int]:
    query = (
        select(table.c[column], func.count())
        .where(*_since(table, time_column, since))
        .group_by(table.c[column])
        .order_by(table.c[column])
    )
    return {row[0]: row[1] for row in await connection.execute(query)}


async def _count_tiers(connection: AsyncConnection, since: float) -> dict[Tier, TierCounts]:
    columns = tables.calls.c

    def how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.sum(case((condition, 1), else_=0))

    query = (
        select(
            columns.tier,
            func.count(),
            how_many(columns.queued_at.is_not(None)),
            how_many(columns.outcome == Outcome.ANSWERED.value),
            how_many(columns.outcome == Outcome.ABANDONED.value),
            how_many(columns.answered_by_senior),
            how_many(columns.overflowed),
        )
        .where(*_since(tables.calls, "ended_at", since))
        .group_by(columns.tier)
    )
    found = {row[0]: TierCounts(*row[1:]) for row in await connection.execute(query)}
    return {tier: found.get(tier, TierCounts()) for tier in Tier}
