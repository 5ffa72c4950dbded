"""Reads what a forecast is fitted from out of the records. Takes seconds for a large center: it is
for a process of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.core.lessons import RESOLVED
from callcenter.domain.agent import AgentState
from callcenter.domain.call import Outcome
from callcenter.domain.customer import CustomerFacts, Tier
from callcenter.domain.history import History, KnownCustomer, PastCall, PastWork
from callcenter.domain.ids import AgentId, CallId, CustomerId
from callcenter.storage import tables
from callcenter.storage.database import Database
from callcenter.storage.directory import CustomerDirectory
from callcenter.storage.shifts import Shifts

HISTORY_DAYS = 56
"""Eight weeks: each weekday eight times, and what was before may be another season."""
CALLS_MAX = 100_000
"""The newest so many calls: less than 500 MB in the process that reads them."""

PIECE_ROWS = 5_000

WAITED = (
    Outcome.ANSWERED.value,
    Outcome.ABANDONED.value,
    Outcome.LOST.value,
    Outcome.LED_OUT.value,
    Outcome.ENDED_BY_FLOW.value,
)
"""Calls with a time of waiting that ended so; the last one by a message of an overflow."""


class StoredHistory:
    """The past of the center in the database. Raises ``DatabaseAway``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(
        self, now: float, *, days: float = HISTORY_DAYS, calls_max: int = CALLS_MAX
    ) -> History:
        """The last so many days, and the shifts."""
        since = now - days * 86400.0
        async with self._database.reading() as connection:
            rows = await _read_calls(connection, since, calls_max)
            if len(rows) == calls_max:
                since = rows[0].queued_at
            calls = tuple(await _with_details(connection, rows, since))
            work = tuple(await _read_work(connection, since))
        shifts = await Shifts(self._database).all()
        return History(since, now, calls, work, await self._customers(calls), shifts)

    async def _customers(self, calls: Iterable[PastCall]) -> dict[CustomerId, KnownCustomer]:
        """The callers whom the directory knows, as it tells them today."""
        last_agents: dict[CustomerId, AgentId] = {}
        for call in calls:
            if call.customer:
                last_agents[call.customer] = call.agent or last_agents.get(call.customer, "")
        cards = await CustomerDirectory(self._database).find_cards(list(last_agents))
        found: dict[CustomerId, KnownCustomer] = {}
        for customer, card in cards.items():
            known = card.customer()
            found[customer] = KnownCustomer(
                known.id,
                known.tier,
                CustomerFacts(
                    last_agents[customer],
                    known.owner,
                    known.language,
                    float(known.value),
                    float(known.churn_risk),
                    dict(known.attributes),
                ),
            )
        return found


async def _read_calls(connection: AsyncConnection, since: float, limit: int) -> list[Row[Any]]:
    """Calls that waited, in the order they began to; of more than ``limit`` the newest."""
    columns = tables.calls.c
    query = (
        select(
            columns.call,
            columns.dialed_number,
            columns.caller_number,
            columns.choices,
            columns.customer,
            columns.tier,
            columns.queue,
            columns.queued_at,
            columns.answered_at,
            columns.ended_at,
            columns.outcome,
            columns.answered_by,
            columns.answered_by_senior,
        )
        .where(
            columns.ended_at >= since,
            columns.queued_at >= since,
            columns.campaign == "",
            columns.queue != "",
            columns.outcome.in_(WAITED),
        )
        .order_by(columns.ended_at.desc())
        .limit(limit)
    )
    rows: list[Row[Any]] = list(await connection.execute(query))
    return sorted(rows, key=lambda row: (row.queued_at, row.call))


async def _with_details(
    connection: AsyncConnection, rows: Iterable[Row[Any]], since: float
) -> list[PastCall]:
    talks = await first_talks(connection, since)
    wrap_ups = await read_wrap_ups(connection, since)
    rings = await _rings(connection, since)
    led_out = await _led_out(connection, since)
    said = tables.dispositions.c
    codes = {
        row.call: row.code
        for row in await connection.execute(select(said.call, said.code).where(said.at >= since))
    }
    calls: list[PastCall] = []
    for row in rows:
        agent, began_at, ended_at = talks.get(row.call, ("", 0.0, 0.0))
        calls.append(
            PastCall(
                dialed_number=row.dialed_number,
                caller_number=row.caller_number,
                choices=tuple(row.choices),
                customer=row.customer,
                tier=Tier(row.tier),
                queue=row.queue,
                queued_at=row.queued_at,
                answered_at=row.answered_at or 0.0,
                ended_at=led_out.get(row.call, row.ended_at),
                is_abandoned=row.outcome == Outcome.ABANDONED,
                by_senior=row.answered_by_senior,
                agent=row.answered_by,
                talk_s=ended_at - began_at,
                wrap_up_s=wrap_ups.get((agent, ended_at), -1.0),
                ring_s=rings.get(row.call, -1.0),
                resolved=RESOLVED.get(codes.get(row.call, "")),
            )
        )
    return calls


async def first_talks(
    connection: AsyncConnection, since: float
) -> dict[CallId, tuple[AgentId, float, float]]:
    """The first conversation of each call: with whom, from when to when."""
    columns = tables.conversations.c
    query = (
        select(columns.call, columns.agent, columns.began_at, columns.ended_at)
        .where(columns.ended_at >= since)
        .order_by(columns.began_at)
    )
    found: dict[CallId, tuple[AgentId, float, float]] = {}
    for call, agent, began_at, ended_at in await connection.execute(query):
        found.setdefault(call, (agent, began_at, ended_at))
    return found


async def read_wrap_ups(
    connection: AsyncConnection, since: float
) -> dict[tuple[AgentId, float], float]:
    """How long wrap-ups were, by agent and the moment in which the conversation ended: they begin
    in that moment."""
    columns = tables.agent_states.c
    query = select(columns.agent, columns.began_at, columns.ended_at).where(
        columns.ended_at >= since, columns.state == AgentState.WRAP_UP
    )
    return {
        (agent, began_at): ended_at - began_at
        for agent, began_at, ended_at in await connection.execute(query)
    }


async def _led_out(connection: AsyncConnection, since: float) -> dict[CallId, float]:
    """When calls stopped waiting for an agent, because an overflow led them elsewhere."""
    columns = tables.routing_changes.c
    query = select(columns.subject, columns.at).where(
        columns.at >= since, columns.kind == "led_out"
    )
    return {row.subject: row.at for row in await connection.execute(query)}


async def _rings(connection: AsyncConnection, since: float) -> dict[CallId, float]:
    """How long the phone rang of who answered."""
    columns = tables.offers.c
    query = select(columns.call, columns.offered_at, columns.ended_at).where(
        columns.ended_at >= since, columns.result == "answered"
    )
    return {
        call: ended_at - offered_at
        for call, offered_at, ended_at in await connection.execute(query)
    }


async def _read_work(connection: AsyncConnection, since: float) -> list[PastWork]:
    """What agents did, with stretches that follow each other made one: there are millions."""
    columns = tables.agent_states.c
    query = (
        select(columns.agent, columns.began_at, columns.ended_at, columns.state)
        .where(columns.ended_at >= since, columns.state != AgentState.SIGNED_OUT)
        .order_by(columns.agent, columns.began_at)
    )
    work: list[PastWork] = []
    result = await connection.stream(query)
    async for rows in result.partitions(PIECE_ROWS):
        for row in rows:
            _append(work, PastWork(row[0], row[1], row[2], row[3] != AgentState.NOT_READY))
    return work


def _append(work: list[PastWork], one: PastWork) -> None:
    before = work[-1] if work else None
    if (
        before is None
        or (before.agent, before.is_ready) != (one.agent, one.is_ready)
        or one.began_at > before.ended_at
    ):
        work.append(one)
    else:
        work[-1] = replace(before, ended_at=max(before.ended_at, one.ended_at))
