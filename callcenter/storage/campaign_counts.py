"""Counts what came of a campaign's calls, told apart by a column or by the hour of the day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace
from sqlalchemy import (
    TEXT,
    ColumnElement,
    FromClause,
    Select,
    Subquery,
    case,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.domain.attempt import AttemptResult
from callcenter.domain.ids import CampaignId
from callcenter.service.campaign_results import (
    ResultRow,
)
from callcenter.storage.record_rows import storable
from callcenter.storage.sales import last_said
from callcenter.storage.tables import (
    attempts,
    contact_lists,
    contacts,
    dispositions,
    return_calls,
)

DAY_S, HOUR_S = 86_400, 3_600
HALF_HOUR_S = HOUR_S / 2 - 0.0005
"""Taken off before rounding, it rounds down; never from the very middle, where databases differ."""

NOTHING = (0, 0)

OF_CONTACT = (attempts.c.contact == cast(contacts.c.id, TEXT)) & (
    attempts.c.campaign == contacts.c.campaign
)
"""Joins a contact with its attempts, by their index: ids are texts in the records."""
RETURN_OF_CONTACT = (return_calls.c.contact == cast(contacts.c.id, TEXT)) & (
    return_calls.c.campaign == contacts.c.campaign
)


def _tried_or_returned(campaign: CampaignId) -> Subquery:
    """A campaign's attempts, and the return calls that an agent has answered."""
    of, back = attempts.c, return_calls.c
    tried = select(
        of.contact,
        of.call,
        of.placed_at.label("at"),
        literal(1).label("is_attempt"),
        of.person_at.is_not(None).label("is_person"),
        of.result,
    ).where(of.campaign == campaign)
    returned = select(
        back.contact, back.call, back.arrived_at, literal(0), literal(False), literal("")
    ).where(back.campaign == campaign, back.answered_at.is_not(None))
    return tried.union_all(returned).subquery("come")


class Look:
    """One look at what has come of the contacts of a campaign."""

    def __init__(
        self, connection: AsyncConnection, campaign: CampaignId, sales: Sequence[str]
    ) -> None:
        self._connection = connection
        self._campaign = campaign
        self._sales = [storable(code) for code in sales]
        self._come = _tried_or_returned(campaign)
        is_theirs = (self._come.c.contact == cast(contacts.c.id, TEXT)) & (
            contacts.c.campaign == campaign
        )
        self.with_contacts = self._come.join(contacts, is_theirs)
        self.with_lists = self.with_contacts.join(
            contact_lists, contact_lists.c.id == contacts.c.list
        )

    async def rows(self, key: ColumnElement[Any], source: FromClause) -> list[ResultRow]:
        """By a key that ``source`` has, sorted by it."""
        of, said = self._come.c, dispositions.c
        spoken = source.join(dispositions, (said.call == of.call) & (of.call != ""))
        codes: dict[str, dict[str, int]] = defaultdict(dict)
        by_code = self._by(key, spoken, said.code, func.count(of.call.distinct()))
        for name, code, count in await self._connection.execute(
            by_code.group_by(said.code).order_by(said.code)
        ):
            codes[_text(name)][code] = count
        by_sale = self._by(
            key, spoken, func.count(of.contact.distinct()), func.sum(said.amount_cents)
        )
        sold = {
            _text(name): (count, int(revenue))
            for name, count, revenue in await self._connection.execute(
                by_sale.where(said.code.in_(self._sales), last_said())
            )
        }
        counts = self._by(
            key,
            source,
            func.count(of.contact.distinct()),
            func.sum(of.is_attempt),
            how_many(of.is_person),
            how_many(of.result == AttemptResult.CONNECTED.value),
            how_many(of.result == AttemptResult.DROPPED.value),
            how_many(of.is_attempt == 0),
        )
        found = [
            ResultRow(
                key=_text(row[0]),
                contacts=row[1],
                attempts=row[2],
                people=row[3],
                connected=row[4],
                dropped=row[5],
                sold=sold.get(_text(row[0]), NOTHING)[0],
                returned=row[6],
                dispositions=codes[_text(row[0])],
                revenue_cents=sold.get(_text(row[0]), NOTHING)[1],
            )
            for row in await self._connection.execute(counts)
        ]
        return sorted(found, key=lambda row: row.key)

    async def rows_with_rest(self, key: ColumnElement[Any], source: FromClause) -> list[ResultRow]:
        """The same, and under the empty key also contacts that are there no more."""
        found = await self.rows(key, source)
        rest = await self.rows(literal(self._campaign), self._come)
        for row in found:
            rest = [_less(whole, row) for whole in rest]
        named = [row for row in found if row.key]
        unnamed = [row for row in found if not row.key]
        gone = [row for row in rest if row.attempts or row.returned]
        if unnamed and gone:
            return [_together(unnamed[0], gone[0]), *named]
        return [*unnamed, *(replace(row, key="") for row in gone), *named]

    async def by_hour(self, zone: ZoneInfo) -> list[ResultRow]:
        """By the hour of the day in which the call was placed."""
        placed = self._come.c.at
        query = select(func.min(placed), func.max(placed)).select_from(self._come)
        first, last = (await self._connection.execute(query)).one()
        if first is None:
            return []
        *changes, (_, offset) = _offsets(zone, first, last)
        local = placed + (
            case(*((placed < until, before) for until, before in changes), else_=offset)
            if changes
            else offset
        )
        hours = func.round((local - HALF_HOUR_S) / HOUR_S)
        hour = hours - 24 * func.round((hours - 11.5) / 24)
        found = await self.rows(hour, self._come)
        named = [replace(row, key=f"{round(float(row.key)):02}") for row in found]
        return sorted(named, key=lambda row: row.key)

    def _by(self, key: ColumnElement[Any], source: FromClause, *columns: Any) -> Select[Any]:
        """These columns of each key."""
        # By its name: the key's parameters are others each time it is written down.
        return select(key.label("grouped_by"), *columns).select_from(source).group_by("grouped_by")


def _offsets(zone: ZoneInfo, first: float, last: float) -> list[tuple[float, int]]:
    """What is to be added to UTC seconds for the local time, and until when, from ``first`` on."""

    def offset(at: float) -> int:
        ahead = datetime.fromtimestamp(at, zone).utcoffset()
        return 0 if ahead is None else int(ahead.total_seconds())

    found: list[tuple[float, int]] = []
    at = float(int(first))
    while at <= last:
        before, after = at, at + DAY_S
        if offset(before) != offset(after):
            while after - before > 1:
                middle = (before + after) // 2
                if offset(middle) == offset(at):
                    before = middle
                else:
                    after = middle
            found.append((after, offset(at)))
        at += DAY_S
    return [*found, (at, offset(at))]


def _less(whole: ResultRow, part: ResultRow) -> ResultRow:
    """What is left of all attempts without these."""
    return _combined(whole, part, -1)


def _together(one: ResultRow, other: ResultRow) -> ResultRow:
    return _combined(one, other, 1)


def _combined(one: ResultRow, other: ResultRow, sign: int) -> ResultRow:
    codes = {
        code: count
        for code in sorted({**one.dispositions, **other.dispositions})
        if (count := one.dispositions.get(code, 0) + sign * other.dispositions.get(code, 0))
    }
    return ResultRow(
        one.key,
        one.contacts + sign * other.contacts,
        one.attempts + sign * other.attempts,
        one.people + sign * other.people,
        one.connected + sign * other.connected,
        one.dropped + sign * other.dropped,
        one.sold + sign * other.sold,
        codes,
        one.revenue_cents + sign * other.revenue_cents,
        one.returned + sign * other.returned,
    )


def _text(key: object) -> str:
    return "" if key is None else str(key)


def how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """Of how many rows this is true."""
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
