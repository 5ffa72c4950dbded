"""Results of campaigns out of the records, and new lists of contacts made of them."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, assert_never
from zoneinfo import ZoneInfo

from msgspec.structs import replace
from sqlalchemy import (
    ColumnElement,
    RowMapping,
    case,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.documents.contacts_csv import ContactNumber, ContactRow
from callcenter.domain.attempt import ContactStatus
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
from callcenter.storage.campaign_counts import HOUR_S, OF_CONTACT, RETURN_OF_CONTACT, Look, how_many
from callcenter.storage.campaign_waits import read_waits
from callcenter.storage.contact_counts import AS_THE_LIST, CONSENT, ZONE_SEPARATOR
from callcenter.storage.contact_import import BATCH_ROWS, Tally
from callcenter.storage.contact_numbers import is_barred
from callcenter.storage.contact_rows import finish, keep_list
from callcenter.storage.contacts import Contacts
from callcenter.storage.database import Database
from callcenter.storage.record_rows import storable
from callcenter.storage.stores import ContactDestination
from callcenter.storage.tables import (
    attempts,
    contact_lists,
    contact_numbers,
    contacts,
    dispositions,
    return_calls,
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
            look = Look(connection, storable(campaign), sales)
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
                how_many(is_open & ~may_not & ~func.coalesce(is_later, False)),
                how_many(is_open & ~may_not & is_later),
                how_many(columns.status == ContactStatus.DONE.value),
                how_many(columns.status == ContactStatus.USED_UP.value),
                how_many(columns.status == ContactStatus.DNC.value),
                how_many(is_open & may_not),
                how_many(is_finished & (columns.last_tried_at > now - HOUR_S)),
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
        query = select(func.count(), how_many(may_be_called)).where(*which)
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
        conditions.append(exists().where(OF_CONTACT, of.result.in_(ended)))
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
        exists().where(OF_CONTACT, attempts.c.call != "", of_attempt, is_one),
        exists().where(RETURN_OF_CONTACT, of_return, is_one),
    )
