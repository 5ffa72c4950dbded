"""Results of campaigns out of the records, and new lists of contacts made of them."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, assert_never
from zoneinfo import ZoneInfo

from msgspec.structs import replace
from sqlalchemy import (
    TEXT,
    ColumnElement,
    FromClause,
    RowMapping,
    Select,
    Subquery,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.documents.contacts_csv import ContactNumber, ContactRow
from callcenter.domain.attempt import AttemptResult, ContactStatus
from callcenter.domain.customer import Tier
from callcenter.domain.ids import CampaignId
from callcenter.domain.waits import Waits
from callcenter.service.campaign_results import (
    SALES,
    ListStanding,
    NewList,
    ResultRow,
    ResultsBy,
    Wanted,
)
from callcenter.storage.campaign_waits import read_waits
from callcenter.storage.contact_counts import AS_THE_LIST, CONSENT, ZONE_SEPARATOR
from callcenter.storage.contact_import import BATCH_ROWS, Tally
from callcenter.storage.contact_numbers import is_barred
from callcenter.storage.contact_rows import finish, keep_list
from callcenter.storage.contacts import Contacts
from callcenter.storage.database import Database
from callcenter.storage.record_rows import storable
from callcenter.storage.sales import last_said
from callcenter.storage.stores import ContactDestination
from callcenter.storage.tables import (
    attempts,
    contact_lists,
    contact_numbers,
    contacts,
    dispositions,
    return_calls,
)

DAY_S, HOUR_S = 86_400, 3_600
HALF_HOUR_S = HOUR_S / 2 - 0.0005
"""Taken off before rounding, it rounds down; never from the very middle, where databases differ."""

NOTHING = (0, 0)

_OF_CONTACT = (attempts.c.contact == cast(contacts.c.id, TEXT)) & (
    attempts.c.campaign == contacts.c.campaign
)
"""Joins a contact with its attempts, by their index: ids are texts in the records."""
_RETURN_OF_CONTACT = (return_calls.c.contact == cast(contacts.c.id, TEXT)) & (
    return_calls.c.campaign == contacts.c.campaign
)
_SAID = {said: known for known, said in CONSENT.items()}


class StoredResults:
    """The ``CampaignResults`` of the database; ``store`` takes contacts of other campaigns over.
    ``now`` tells UTC seconds. All methods raise ``DatabaseAway``."""

    def __init__(
        self, database: Database, store: Contacts, *, now: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._store = store
        self._now = now

    async def rows(
        self,
        campaign: CampaignId,
        by: ResultsBy,
        *,
        attribute: str = "",
        zone: str = "UTC",
        sales: Sequence[str] = SALES,
    ) -> tuple[ResultRow, ...]:
        """See ``CampaignResults``."""
        async with self._database.reading() as connection:
            look = _Look(connection, storable(campaign), sales)
            match by:
                case ResultsBy.HOUR:
                    return tuple(await look.by_hour(ZoneInfo(zone)))
                case ResultsBy.LIST:
                    key: ColumnElement[Any] = contact_lists.c.name
                    return tuple(await look.rows_with_rest(key, look.with_lists))
                case ResultsBy.TIER:
                    return tuple(await look.rows_with_rest(contacts.c.tier, look.with_contacts))
                case ResultsBy.ATTRIBUTE:
                    value = func.coalesce(contacts.c.attributes[attribute].as_string(), "")
                    return tuple(await look.rows_with_rest(value, look.with_contacts))
                case _:
                    assert_never(by)

    async def waits(self, campaign: CampaignId) -> Waits:
        """See ``CampaignResults``."""
        return await read_waits(self._database, storable(campaign))

    async def lists(
        self, campaign: CampaignId, needs_consent: bool, now: float
    ) -> tuple[ListStanding, ...]:
        """See ``CampaignResults``."""
        columns, of = contacts.c, contact_lists.c
        is_open = columns.status == ContactStatus.OPEN.value
        is_finished = columns.status.in_([ContactStatus.DONE.value, ContactStatus.USED_UP.value])
        is_later = columns.next_try_at > now
        refused, unknown = CONSENT[False], CONSENT[None]
        may_not = columns.consent.in_([refused, unknown] if needs_consent else [refused])
        query = (
            select(
                of.id,
                of.name,
                of.priority,
                of.imported_at,
                func.count(columns.id),
                _how_many(is_open & ~may_not & ~func.coalesce(is_later, False)),
                _how_many(is_open & ~may_not & is_later),
                _how_many(columns.status == ContactStatus.DONE.value),
                _how_many(columns.status == ContactStatus.USED_UP.value),
                _how_many(columns.status == ContactStatus.DNC.value),
                _how_many(is_open & may_not),
                _how_many(is_finished & (columns.last_tried_at > now - HOUR_S)),
            )
            .select_from(contact_lists.outerjoin(contacts, columns.list == of.id))
            .where(of.campaign == storable(campaign))
            .group_by(of.id, of.name, of.priority, of.imported_at)
            .order_by(of.priority.desc(), of.id)
        )
        async with self._database.reading() as connection:
            return tuple(ListStanding(*row) for row in await connection.execute(query))

    async def make_list(
        self,
        campaign: CampaignId,
        wanted: Wanted,
        into: CampaignId,
        name: str,
        *,
        priority: int | None = None,
        dry_run: bool = False,
    ) -> NewList:
        """See ``CampaignResults``."""
        destination = ContactDestination(into, name, priority)
        if into == campaign:
            return await self._move(storable(campaign), wanted, destination, dry_run)
        report = await self._store.add(
            self._read(storable(campaign), wanted), destination, dry_run=dry_run
        )
        return NewList(into, name, report.rows, report.accepted, report.refused, dry_run)

    async def _move(
        self, campaign: CampaignId, wanted: Wanted, into: ContactDestination, dry_run: bool
    ) -> NewList:
        """Within the campaign: what a number may be on once only stays one contact."""
        now, columns = self._now(), contacts.c
        there = (
            select(contact_lists.c.id)
            .where(
                contact_lists.c.campaign == campaign, contact_lists.c.name == storable(into.list)
            )
            .scalar_subquery()
        )
        which = [*_conditions(campaign, wanted), func.coalesce(columns.list != there, True)]
        may_be_called = or_(columns.numbers > 1, ~is_barred(columns.number, now))
        query = select(func.count(), _how_many(may_be_called)).where(*which)
        async with self._database.reading() as connection:
            matched, taken = (await connection.execute(query)).one()
        told = NewList(into.campaign, into.list, matched, taken, matched - taken, dry_run)
        if dry_run or not taken:
            return told
        chosen = select(columns.id).where(*which, may_be_called)
        was_open = columns.status == ContactStatus.OPEN.value
        async with self._database.writing() as connection:
            ids = [row_id for (row_id,) in await connection.execute(chosen)]
            tally = Tally(matched, len(ids), matched - len(ids))
            list_id = await keep_list(connection, into, tally, now)
            for first in range(0, len(ids), BATCH_ROWS):
                some = ids[first : first + BATCH_ROWS]
                closed = select(columns.id).where(columns.id.in_(some), ~was_open)
                await connection.execute(
                    update(contact_numbers)
                    .where(contact_numbers.c.contact.in_(closed))
                    .values(made=0)
                )
                await connection.execute(
                    update(contacts)
                    .where(columns.id.in_(some))
                    .values(
                        list=list_id,
                        priority=AS_THE_LIST,
                        status=ContactStatus.OPEN.value,
                        made=case((was_open, columns.made), else_=0),
                        next_try_at=case((was_open, columns.next_try_at), else_=None),
                        held=case((was_open, columns.held), else_=""),
                        added_at=now,
                    )
                )
            await finish(connection, list_id, now)
        return replace(told, taken=len(ids), refused=matched - len(ids))

    async def _read(self, campaign: CampaignId, wanted: Wanted) -> AsyncIterator[list[ContactRow]]:
        """These contacts as a file would have them, some at a time, each number once."""
        columns = contacts.c
        query = select(contacts).where(*_conditions(campaign, wanted)).order_by(columns.id)
        seen: dict[str, None] = {}
        last = row = 0
        while True:
            async with self._database.reading() as connection:
                page = query.where(columns.id > last).limit(BATCH_ROWS)
                found = (await connection.execute(page)).mappings().all()
                several = await _more_numbers(connection, found)
            if not found:
                return
            batch = []
            for one in found:
                row += 1
                batch.append(_row(one, row, several, seen))
            last = found[-1]["id"]
            yield [one for one in batch if one is not None]


def _row(
    one: RowMapping,
    row: int,
    several: Mapping[int, Sequence[ContactNumber]],
    seen: dict[str, None],
) -> ContactRow | None:
    """A contact as a row of a list; None when another has its number."""
    number = one["number"]
    if number in seen:
        return None
    more = tuple(x for x in several.get(one["id"], ()) if x.number not in seen)
    seen.update(dict.fromkeys((number, *(x.number for x in more))))
    return ContactRow(
        row,
        number,
        tuple(one["zones"].split(ZONE_SEPARATOR)),
        one["name"],
        one["customer"],
        Tier(one["tier"]),
        None,
        one["note"],
        one["attributes"],
        (),
        one["kind"],
        more,
        one["zone"],
        _SAID[one["consent"]],
        one["account"],
    )


async def _more_numbers(
    connection: AsyncConnection, found: Sequence[RowMapping]
) -> dict[int, list[ContactNumber]]:
    """The further numbers of those that have several, without those that do not exist."""
    first = {one["id"]: one["number"] for one in found if one["numbers"] > 1}
    several: dict[int, list[ContactNumber]] = defaultdict(list)
    if first:
        of = contact_numbers.c
        query = (
            select(of.contact, of.number, of.zones, of.kind)
            .where(of.contact.in_(list(first)), ~of.invalid)
            .order_by(of.contact, of.place)
        )
        for contact, number, zones, kind in await connection.execute(query):
            if number != first[contact]:
                zones = tuple(zones.split(ZONE_SEPARATOR))
                several[contact].append(ContactNumber(number, zones, kind))
    return several


def _conditions(campaign: CampaignId, wanted: Wanted) -> list[ColumnElement[bool]]:
    """What holds of these contacts of a campaign."""
    columns, of = contacts.c, attempts.c
    conditions = [columns.campaign == campaign, columns.status != ContactStatus.DNC.value]
    if wanted.results:
        ended = [result.value for result in wanted.results]
        conditions.append(exists().where(_OF_CONTACT, of.result.in_(ended)))
    if wanted.dispositions:
        conditions.append(_was_said(wanted.dispositions))
    if wanted.without:
        conditions.append(~_was_said(wanted.without))
    if wanted.tiers:
        conditions.append(columns.tier.in_([tier.value for tier in wanted.tiers]))
    if wanted.lists:
        names = [storable(name) for name in wanted.lists]
        conditions.append(
            columns.list.in_(
                select(contact_lists.c.id).where(
                    contact_lists.c.campaign == campaign, contact_lists.c.name.in_(names)
                )
            )
        )
    return conditions


def _was_said(codes: Sequence[str]) -> ColumnElement[bool]:
    said = dispositions.c
    is_one = said.code.in_([storable(code) for code in codes])
    of_attempt = said.call == attempts.c.call
    of_return = said.call == return_calls.c.call
    return or_(
        exists().where(_OF_CONTACT, attempts.c.call != "", of_attempt, is_one),
        exists().where(_RETURN_OF_CONTACT, of_return, is_one),
    )


# --- counting -------------------------------------------------------------------------------------


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


class _Look:
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
            _how_many(of.is_person),
            _how_many(of.result == AttemptResult.CONNECTED.value),
            _how_many(of.result == AttemptResult.DROPPED.value),
            _how_many(of.is_attempt == 0),
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


def _how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
