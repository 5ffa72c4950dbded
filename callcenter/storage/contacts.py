"""The contacts of all campaigns: who is dialed next, what an agent's screen shows of them, and what
came of it.

The attempts and what they change in a contact's row are written by the projector, in one
transaction; ``bring_up_to_date`` is called there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, bindparam, case, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.documents.contacts_csv import ContactRow
from callcenter.domain.attempt import ContactStatus
from callcenter.domain.campaign import CallingWindow, HopperRow
from callcenter.domain.customer import Tier
from callcenter.domain.ids import CampaignId, ContactId, CustomerId
from callcenter.domain.records import AttemptRecord
from callcenter.service.ports import AttemptPage, Refill
from callcenter.storage import tables
from callcenter.storage.contact_counts import (
    ContactGroup,
    Openings,
    count_groups,
    join_zones,
    row_of,
    split_zones,
)
from callcenter.storage.contact_import import ContactImporter, Tally
from callcenter.storage.customer_import import Changes
from callcenter.storage.database import Database
from callcenter.storage.record_rows import Row, storable
from callcenter.storage.records import read_page
from callcenter.storage.stores import (
    PAGE_ITEMS_DEFAULT,
    ContactDestination,
    ImportConflict,
    KnownCustomers,
    PageRequest,
)
from callcenter.storage.tables import contact_lists, contacts, customer_numbers
from callcenter.storage.tables import customers as customer_rows

REFILL_ROWS_MAX = 5_000
"""Contacts handed over at once: five minutes of dialing by a thousand agents."""

WRITE_ROWS = 100
"""Written by one statement: preparing them holds the loop for two milliseconds."""


class Contacts(ContactImporter):
    """The ``ContactStore`` of the database, and with ``customers`` the ``CardSource``. ``region``
    (ISO 3166) is where numbers without a country code are at home; ``now`` tells UTC seconds."""

    def __init__(
        self,
        database: Database,
        customers: KnownCustomers,
        region: str,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(region)
        self._database = database
        self._customers = customers
        self._now = now
        self._openings = Openings()

    async def refill(
        self,
        campaign: CampaignId,
        want: int,
        window: CallingWindow,
        exclude: Sequence[ContactId],
        now: float,
    ) -> Refill:
        """At most ``want`` contacts that may be dialed at ``now``, without those of ``exclude``.

        Those of higher priority come first, then those tried less often, then those due for longer.
        Raises ``DatabaseAway``.
        """
        campaign = storable(campaign)
        async with self._database.reading() as connection:
            groups = await _read_groups(connection, campaign, now)
            counts, zones = count_groups(groups, window, self._openings, now)
            rows: tuple[HopperRow, ...] = ()
            if want > 0 and zones:
                limit = min(want, REFILL_ROWS_MAX)
                rows = await _read_due(connection, campaign, limit, zones, exclude, now)
        return Refill(rows, counts)

    async def card(self, customer: CustomerId) -> Mapping[str, object] | None:
        """What an agent's screen shows of a customer. Raises ``DatabaseAway``."""
        return await self._customers.card(customer)

    async def contact_card(self, contact: ContactId) -> Mapping[str, object] | None:
        """What an agent's screen shows of a contact, ready for JSON; None when there is none of
        that id. Raises ``DatabaseAway``.

        ``customer`` is the card of the customer, None when the directory knows none.
        """
        row_id = row_of(contact)
        if row_id is None:
            return None
        query = (
            select(contacts, contact_lists.c.name.label("list_name"))
            .join(contact_lists, contact_lists.c.id == contacts.c.list)
            .where(contacts.c.id == row_id)
        )
        async with self._database.looking_up() as connection:
            row = (await connection.execute(query)).mappings().first()
        if row is None:
            return None
        return {
            "name": row["name"],
            "number": row["number"],
            "campaign": row["campaign"],
            "list": row["list_name"],
            "attributes": row["attributes"],
            "note": row["note"],
            "made": row["made"],
            "last_result": row["last_result"],
            "last_tried_at": row["last_tried_at"] or 0.0,
            "customer": await find_card(self._customers, row["customer"], row["number"]),
        }

    async def attempts_page(
        self, campaign: CampaignId, limit: int = PAGE_ITEMS_DEFAULT, cursor: str = ""
    ) -> AttemptPage:
        """Attempts of a campaign, the last ended first. Raises ``BadCursor``, ``DatabaseAway``."""
        only = [tables.attempts.c.campaign == storable(campaign)]
        wanted = PageRequest(cursor, limit)
        page = await read_page(self._database, AttemptRecord, "ended_at", only, wanted)
        return AttemptPage(page.items, page.next)

    # --- for the import --------------------------------------------------------------------------

    async def _find_taken(self, campaign: CampaignId, numbers: Sequence[str]) -> Collection[str]:
        query = select(contacts.c.number).where(
            contacts.c.campaign == storable(campaign), contacts.c.number.in_(numbers)
        )
        async with self._database.reading() as connection:
            return set((await connection.execute(query)).scalars())

    async def _apply(
        self, into: ContactDestination, added: Changes[ContactRow], tally: Tally
    ) -> None:
        now = self._now()
        campaign = storable(into.campaign)
        try:
            async with self._database.writing() as connection:
                list_id, priority = await _keep_list(connection, into, tally, now)
                for batch in added.batches():
                    rows = [_contact_row(row, campaign, list_id, priority, now) for row in batch]
                    for start in range(0, len(rows), WRITE_ROWS):
                        await connection.execute(insert(contacts), rows[start : start + WRITE_ROWS])
        except IntegrityError as problem:
            raise ImportConflict(
                "Another import added the same contacts meanwhile. Nothing was written: "
                "import the file again."
            ) from problem


async def find_card(
    customers: KnownCustomers, customer: str, number: str
) -> Mapping[str, object] | None:
    """The card of this customer or, when none is named, of the one who has the number."""
    if not customer:
        found = await customers.find_by_number(number)
        if found is None:
            return None
        customer = found.id
    return await customers.card(customer)


async def bring_up_to_date(connection: AsyncConnection, attempts: Sequence[AttemptRecord]) -> None:
    """Write into the rows of their contacts what came of these attempts, in this order.

    A contact that the database does not have (any more) is passed over.
    """
    changes = [
        {
            "of": row_id,
            "in_campaign": storable(attempt.campaign),
            "status": attempt.status.value,
            "made": attempt.tries,
            "last_result": attempt.result.value,
            "last_tried_at": attempt.ended_at,
            "next_try_at": attempt.next_try_at or None,
        }
        for attempt in attempts
        if (row_id := row_of(attempt.contact)) is not None
    ]
    if changes:
        statement = update(contacts).where(
            contacts.c.id == bindparam("of"), contacts.c.campaign == bindparam("in_campaign")
        )
        await connection.execute(statement, changes)


def _is_due(now: float) -> ColumnElement[bool]:
    return or_(contacts.c.next_try_at.is_(None), contacts.c.next_try_at <= now)


async def _read_groups(
    connection: AsyncConnection, campaign: CampaignId, now: float
) -> list[ContactGroup]:
    columns = contacts.c
    query = (
        select(
            columns.status,
            columns.zones,
            func.count(),
            func.sum(case((_is_due(now), 1), else_=0)),
            func.min(case((columns.next_try_at > now, columns.next_try_at))),
        )
        .where(columns.campaign == campaign)
        .group_by(columns.status, columns.zones)
    )
    return [
        ContactGroup(ContactStatus(status), zones, count, due, next_at)
        for status, zones, count, due, next_at in await connection.execute(query)
    ]


async def _read_due(
    connection: AsyncConnection,
    campaign: CampaignId,
    limit: int,
    zones: Sequence[str],
    exclude: Sequence[ContactId],
    now: float,
) -> tuple[HopperRow, ...]:
    """The next contacts, in the order of ``ix_contacts_order``: SQLite stops at the limit."""
    columns = contacts.c
    not_these = [row_id for contact in exclude if (row_id := row_of(contact)) is not None]
    customer = case(
        (columns.customer != "", columns.customer),
        else_=func.coalesce(customer_numbers.c.customer, ""),
    )
    query = (
        select(
            columns.id,
            columns.number,
            columns.zones,
            columns.made,
            customer,
            func.coalesce(customer_rows.c.tier, columns.tier),
            contact_lists.c.name,
        )
        .join(contact_lists, contact_lists.c.id == columns.list)
        .outerjoin(customer_numbers, customer_numbers.c.number == columns.number)
        .outerjoin(customer_rows, customer_rows.c.id == customer)
        .where(
            columns.campaign == campaign,
            columns.status == ContactStatus.OPEN.value,
            _is_due(now),
            columns.zones.in_(zones),
            # Written into the statement: there may be more of them than parameters are allowed.
            columns.id.not_in(
                bindparam("not_these", not_these, expanding=True, literal_execute=True)
            ),
        )
        .order_by(
            columns.priority.desc(),
            columns.made,
            columns.next_try_at.asc().nulls_first(),
            columns.id,
        )
        .limit(limit)
    )
    return tuple(
        HopperRow(str(row_id), number, split_zones(zones), made, customer_id, Tier(tier), name)
        for row_id, number, zones, made, customer_id, tier, name in await connection.execute(query)
    )


async def _keep_list(
    connection: AsyncConnection, into: ContactDestination, tally: Tally, now: float
) -> tuple[int, int]:
    """The id and the priority of the list, which is made if the campaign has none of that name."""
    columns = contact_lists.c
    campaign, name = storable(into.campaign), storable(into.list)
    query = select(columns.id, columns.priority).where(
        columns.campaign == campaign, columns.name == name
    )
    found = (await connection.execute(query)).first()
    if found is None:
        priority = into.priority or 0
        made = await connection.execute(
            insert(contact_lists)
            .values(
                campaign=campaign,
                name=name,
                priority=priority,
                imported_at=now,
                rows=tally.rows,
                accepted=tally.accepted,
                refused=tally.refused,
            )
            .returning(columns.id)
        )
        return made.scalar_one(), priority
    list_id, priority = found
    if into.priority is not None:
        priority = into.priority
    await connection.execute(
        update(contact_lists)
        .where(columns.id == list_id)
        .values(
            priority=priority,
            imported_at=now,
            rows=columns.rows + tally.rows,
            accepted=columns.accepted + tally.accepted,
            refused=columns.refused + tally.refused,
        )
    )
    return list_id, priority


def _contact_row(
    row: ContactRow, campaign: CampaignId, list_id: int, priority: int, now: float
) -> Row:
    return {
        "campaign": campaign,
        "list": list_id,
        "number": row.number,
        "name": row.name,
        "customer": row.customer,
        "tier": row.tier.value,
        "attributes": row.attributes,
        "note": row.note,
        "zones": join_zones(row.zones),
        "priority": priority if row.priority is None else row.priority,
        "status": ContactStatus.OPEN.value,
        "made": 0,
        "last_result": "",
        "last_tried_at": None,
        "next_try_at": None,
        "added_at": now,
    }
