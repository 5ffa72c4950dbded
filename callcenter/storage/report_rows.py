"""Reads what reports are counted from, out of the database or out of records in memory.

A report may be about millions of calls: they come in pieces, and nothing is kept of those before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from msgspec.structs import fields
from sqlalchemy import Row, Select, Table, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.domain.agent import AgentState
from callcenter.domain.attempt import AttemptResult
from callcenter.domain.call import Outcome
from callcenter.domain.ids import AgentId, CallId, TeamId
from callcenter.domain.records import (
    AgentStateRecord,
    AttemptRecord,
    CallRecord,
    ConversationRecord,
    DispositionRecord,
    OfferRecord,
    Record,
    ReturnRecord,
)
from callcenter.domain.report import (
    ASKED_FOR_AGENT,
    ReportedAttempt,
    ReportedCall,
    ReportedReturn,
    ReportedWork,
    entered_at,
)
from callcenter.storage import tables
from callcenter.storage.campaign_waits import wait_of
from callcenter.storage.database import Database
from callcenter.storage.record_rows import TABLE_OF

PIECE_ROWS = 500
"""Rows of one piece: turning them into values takes a few milliseconds, in which nothing else of
the service runs."""
WRAP_UP_LATE_S = 7200.0
"""How long after a conversation the end of its wrap-up is looked for: twice the longest wrap-up
that a queue may have."""
WRAP_UPS_KEPT = 100_000
"""Wrap-ups read ahead of their calls: five hours of 1,000 agents."""

T = TypeVar("T")
Of = TypeVar("Of", ReportedCall, ReportedAttempt)


class _Talk(NamedTuple):
    """A conversation; in the order they ended."""

    ended_at: float
    began_at: float
    agent: AgentId


class StoredReports:
    """The ``ReportSource`` of the database; each reading is one consistent view. Raises
    ``DatabaseAway``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def calls(
        self, since: float, until: float
    ) -> AsyncGenerator[Sequence[ReportedCall], None]:
        """Ended calls that entered their queue in this time."""
        columns = tables.calls.c
        entered = func.coalesce(columns.queued_at, columns.arrived_at)
        query = select(
            columns.call,
            columns.ended_at,
            columns.queue,
            entered.label("entered_at"),
            columns.answered_at,
            columns.outcome,
        ).where(
            columns.ended_at >= since,
            entered >= since,
            entered < until,
            columns.campaign == "",
            or_(columns.queue != "", columns.outcome.in_([one.value for one in ASKED_FOR_AGENT])),
        )
        async with self._database.reading() as connection:
            wrap_ups = _WrapUps(connection, since)
            async for rows in _pieces(connection, _in_order(query, tables.calls)):
                of_call = await _details(connection, rows, wrap_ups)
                yield [
                    ReportedCall(
                        row.queue,
                        row.entered_at,
                        row.answered_at or 0.0,
                        row.ended_at,
                        Outcome(row.outcome),
                        *of_call[row.call],
                    )
                    for row in rows
                ]

    async def attempts(
        self, since: float, until: float
    ) -> AsyncGenerator[Sequence[ReportedAttempt], None]:
        """Ended attempts that were placed in this time."""
        columns = tables.attempts.c
        query = select(
            columns.call,
            columns.ended_at,
            columns.campaign,
            columns.placed_at,
            columns.person_at,
            columns.connected_at,
            columns.result,
            columns.answered_at,
            columns.verdict,
            columns.verdict_cause,
        ).where(columns.ended_at >= since, columns.placed_at >= since, columns.placed_at < until)
        async with self._database.reading() as connection:
            wrap_ups = _WrapUps(connection, since)
            async for rows in _pieces(connection, _in_order(query, tables.attempts)):
                of_call = await _details(connection, rows, wrap_ups)
                yield [
                    ReportedAttempt(
                        row.campaign,
                        row.placed_at,
                        row.person_at or 0.0,
                        row.connected_at or 0.0,
                        row.ended_at,
                        AttemptResult(row.result),
                        *of_call[row.call],
                        *wait_of(row),
                    )
                    for row in rows
                ]

    async def returns(
        self, since: float, until: float
    ) -> AsyncGenerator[Sequence[ReportedReturn], None]:
        """Ended return calls that came in this time."""
        columns = tables.return_calls.c
        query = select(
            columns.campaign, columns.arrived_at, columns.answered_at, columns.opted_out
        ).where(columns.ended_at >= since, columns.arrived_at >= since, columns.arrived_at < until)
        async with self._database.reading() as connection:
            async for rows in _pieces(connection, _in_order(query, tables.return_calls)):
                yield [
                    ReportedReturn(
                        row.campaign, row.arrived_at, bool(row.answered_at), row.opted_out
                    )
                    for row in rows
                ]

    async def teams(self) -> Mapping[AgentId, TeamId]:
        """The team of every agent who is in one now, disabled accounts too."""
        columns = tables.accounts.c
        query = select(columns.id, columns.team).where(columns.team != "")
        async with self._database.reading() as connection:
            return {row.id: row.team for row in await connection.execute(query)}

    async def work(
        self, since: float, until: float
    ) -> AsyncGenerator[Sequence[ReportedWork], None]:
        """What agents did in this time."""
        states, offers = tables.agent_states.c, tables.offers.c
        talks, said = tables.conversations.c, tables.dispositions.c
        wanted: dict[type[Any], tuple[Any, ...]] = {
            AgentStateRecord: (states.ended_at >= since, states.began_at < until),
            OfferRecord: (
                offers.ended_at >= since,
                offers.offered_at >= since,
                offers.offered_at < until,
            ),
            ConversationRecord: (
                talks.ended_at >= since,
                talks.began_at >= since,
                talks.began_at < until,
            ),
            DispositionRecord: (said.at >= since, said.at < until),
        }
        async with self._database.reading() as connection:
            for kind, conditions in wanted.items():
                table = TABLE_OF[kind]
                # In the order of the record's fields: made so, a row costs a tenth of ``from_row``.
                columns = [table.c[field.name] for field in fields(kind)]
                query = _in_order(select(*columns).where(*conditions), table)
                make: Callable[..., ReportedWork] = _MADE_BY.get(kind, kind)
                async for rows in _pieces(connection, query):
                    yield [make(*row) for row in rows]


def _state(agent: str, state: str, reason: str, began_at: float, ended_at: float) -> ReportedWork:
    return AgentStateRecord(agent, AgentState(state), reason, began_at, ended_at)


def _offer(
    call: str, agent: str, offered_at: float, ended_at: float, result: str, reason: str, score: Any
) -> ReportedWork:
    return OfferRecord(call, agent, offered_at, ended_at, result, reason, tuple(score))


_MADE_BY: dict[type[Any], Callable[..., ReportedWork]] = {
    AgentStateRecord: _state,
    OfferRecord: _offer,
}
"""Of kinds with a field that a row holds otherwise."""


class MemoryReports:
    """The ``ReportSource`` of records in memory, which must be in the journal's order.

    ``teams``: agent -> team.
    """

    def __init__(
        self, records: Sequence[Record], teams: Mapping[AgentId, TeamId] | None = None
    ) -> None:
        self._records = records
        self._teams = teams or {}

    async def teams(self) -> Mapping[AgentId, TeamId]:
        """The team of every agent who is in one now."""
        return self._teams

    async def calls(
        self, since: float, until: float
    ) -> AsyncGenerator[Sequence[ReportedCall], None]:
        """Ended calls that entered their queue in this time."""
        details = self._details()
        found: list[ReportedCall] = []
        for call in self._all(CallRecord):
            entered = entered_at(call)
            if entered is not None and since <= entered < until:
                found.append(
                    ReportedCall(
                        call.queue,
                        entered,
                        call.answered_at,
                        call.ended_at,
                        call.outcome,
                        *details[call.call],
                    )
                )
        for piece in _cut(found):
            yield piece

    async def attempts(
        self, since: float, until: float
    ) -> AsyncGenerator[Sequence[ReportedAttempt], None]:
        """Ended attempts that were placed in this time."""
        details = self._details()
        found = [
            ReportedAttempt(
                attempt.campaign,
                attempt.placed_at,
                attempt.person_at,
                attempt.connected_at,
                attempt.ended_at,
                attempt.result,
                *details[attempt.call],
                *wait_of(attempt),
            )
            for attempt in self._all(AttemptRecord)
            if since <= attempt.placed_at < until
        ]
        for piece in _cut(found):
            yield piece

    async def returns(
        self, since: float, until: float
    ) -> AsyncGenerator[Sequence[ReportedReturn], None]:
        """Ended return calls that came in this time."""
        found = [
            ReportedReturn(call.campaign, call.arrived_at, call.answered_at > 0, call.opted_out)
            for call in self._all(ReturnRecord)
            if since <= call.arrived_at < until
        ]
        for piece in _cut(found):
            yield piece

    async def work(
        self, since: float, until: float
    ) -> AsyncGenerator[Sequence[ReportedWork], None]:
        """What agents did in this time."""
        found: list[ReportedWork] = [
            state
            for state in self._all(AgentStateRecord)
            if state.ended_at >= since and state.began_at < until
        ]
        found += [o for o in self._all(OfferRecord) if since <= o.offered_at < until]
        found += [c for c in self._all(ConversationRecord) if since <= c.began_at < until]
        found += [d for d in self._all(DispositionRecord) if since <= d.at < until]
        for piece in _cut(found):
            yield piece

    def _all(self, kind: type[T]) -> Iterator[T]:
        return (record for record in self._records if isinstance(record, kind))

    def _details(self) -> _Details:
        wrap_ups = {
            (state.agent, state.began_at): state.ended_at - state.began_at
            for state in self._all(AgentStateRecord)
            if state.state is AgentState.WRAP_UP
        }
        talks: dict[CallId, list[_Talk]] = defaultdict(list)
        for talk in self._all(ConversationRecord):
            talks[talk.call].append(_Talk(talk.ended_at, talk.began_at, talk.agent))
        codes: dict[CallId, list[str]] = defaultdict(list)
        for said in self._all(DispositionRecord):
            codes[said.call].append(said.code)
        return _put_together(talks, wrap_ups, codes)


# --- the parts of one call -----------------------------------------------------------------------

_Details = defaultdict[CallId, tuple[float, float, tuple[str, ...]]]
"""Talk, wrap-up and dispositions of each call; nothing of one without any."""


class _WrapUps:
    """The wrap-ups after a moment, read along with the calls: a wrap-up begins in the moment in
    which its conversation ends."""

    def __init__(self, connection: AsyncConnection, since: float) -> None:
        columns = tables.agent_states.c
        query = (
            select(columns.agent, columns.began_at, columns.ended_at)
            .where(columns.ended_at >= since, columns.state == AgentState.WRAP_UP.value)
            .order_by(columns.ended_at)
        )
        self._pieces = _pieces(connection, query)
        self._read_to = since
        self._is_over = False
        self.known: dict[tuple[AgentId, float], float] = {}
        """Seconds, by agent and beginning."""

    async def reach(self, moment: float) -> None:
        """Read what has ended by then."""
        while self._read_to <= moment and not self._is_over:
            rows = await anext(self._pieces, None)
            if rows is None:
                self._is_over = True
                return
            for row in rows:
                self.known[row.agent, row.began_at] = row.ended_at - row.began_at
            self._read_to = rows[-1].ended_at
        while len(self.known) > WRAP_UPS_KEPT:
            del self.known[next(iter(self.known))]


async def _details(
    connection: AsyncConnection, rows: Sequence[Row[Any]], wrap_ups: _WrapUps
) -> _Details:
    """Those of these calls or attempts."""
    calls = [row.call for row in rows]
    spoken, said = tables.conversations.c, tables.dispositions.c
    talks: dict[CallId, list[_Talk]] = defaultdict(list)
    query = select(spoken.call, spoken.ended_at, spoken.began_at, spoken.agent)
    last = 0.0
    for talk in await connection.execute(query.where(spoken.call.in_(calls))):
        talks[talk.call].append(_Talk(talk.ended_at, talk.began_at, talk.agent))
        last = max(last, talk.ended_at)
    codes: dict[CallId, list[str]] = defaultdict(list)
    order = (said.at, said.journal, said.position, said.record_index)
    for one in await connection.execute(
        select(said.call, said.code).where(said.call.in_(calls)).order_by(*order)
    ):
        codes[one.call].append(one.code)
    if last:
        await wrap_ups.reach(last + WRAP_UP_LATE_S)
    return _put_together(talks, wrap_ups.known, codes)


def _put_together(
    talks: dict[CallId, list[_Talk]],
    wrap_ups: dict[tuple[AgentId, float], float],
    codes: dict[CallId, list[str]],
) -> _Details:
    details: _Details = defaultdict(lambda: (0.0, 0.0, ()))
    for call in {**talks, **codes}:
        talk_s = wrap_up_s = 0.0
        for talk in sorted(talks.get(call, ())):
            talk_s += talk.ended_at - talk.began_at
            wrap_up_s += wrap_ups.get((talk.agent, talk.ended_at), 0.0)
        details[call] = (talk_s, wrap_up_s, tuple(codes.get(call, ())))
    details.pop("", None)  # what has no call belongs to no call
    return details


def _in_order(query: Select[Any], table: Table) -> Select[Any]:
    columns = table.c
    time = columns.at if "at" in columns else columns.ended_at
    return query.order_by(time, columns.journal, columns.position, columns.record_index)


async def _pieces(
    connection: AsyncConnection, query: Select[Any]
) -> AsyncIterator[Sequence[Row[Any]]]:
    """The rows, without ever having all of them in memory."""
    result = await connection.stream(query)
    async for rows in result.partitions(PIECE_ROWS):
        yield rows


def _cut(found: Sequence[T]) -> Iterator[Sequence[T]]:
    for first in range(0, len(found), PIECE_ROWS):
        yield found[first : first + PIECE_ROWS]
