"""Adds contacts to a list, as an import or the API hands them in, in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

import msgspec
import structlog
from msgspec.structs import replace
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Table,
    bindparam,
    case,
    cast,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.documents.contacts_csv import ContactNumber, ContactRow
from callcenter.domain.attempt import ContactStatus
from callcenter.domain.ids import CampaignId
from callcenter.storage.contact_counts import AS_THE_LIST, CONSENT, join_zones
from callcenter.storage.contact_import import Tally
from callcenter.storage.contact_numbers import PARAMETERS_MAX, chunks, is_barred, settle_numbers
from callcenter.storage.database import Database
from callcenter.storage.record_rows import Row, storable
from callcenter.storage.stores import ContactDestination, DatabaseAway
from callcenter.storage.tables import (
    contact_lists,
    contact_numbers,
    contacts,
    customer_numbers,
    customers,
    dnc,
)
from dialer.window import zones_of

WRITE_ROWS = 250
"""Written by one statement: preparing them holds the loop for two milliseconds."""
REFRESHED_AT_ONCE = 2_000
"""Contacts looked at in one transaction, some 20 ms: a million take half a minute."""
REFRESH_PAUSE_S = 0.02
"""Between two of them, so that others get their turn at writing."""
REFRESH_EVERY_S = 3600.0
WORTH_MAX = 2_000_000_000
"""What a column of whole numbers holds."""


async def keep_list(
    connection: AsyncConnection, into: ContactDestination, tally: Tally, now: float
) -> int:
    """The id of the list, which is made if the campaign has none of that name."""
    columns = contact_lists.c
    campaign, name = storable(into.campaign), storable(into.list)
    query = select(columns.id, columns.priority).where(
        columns.campaign == campaign, columns.name == name
    )
    found = (await connection.execute(query)).first()
    if found is None:
        made = await connection.execute(
            insert(contact_lists)
            .values(
                campaign=campaign,
                name=name,
                priority=into.priority or 0,
                imported_at=now,
                rows=tally.rows,
                accepted=tally.accepted,
                refused=tally.refused,
            )
            .returning(columns.id)
        )
        return int(made.scalar_one())
    list_id, priority = found
    await connection.execute(
        update(contact_lists)
        .where(columns.id == list_id)
        .values(
            priority=priority if into.priority is None else into.priority,
            imported_at=now,
            rows=columns.rows + tally.rows,
            accepted=columns.accepted + tally.accepted,
            refused=columns.refused + tally.refused,
        )
    )
    return int(list_id)


async def find_taken(
    connection: AsyncConnection, numbers: Sequence[str], campaign: CampaignId | None
) -> set[str]:
    """Those of the numbers that a contact of this campaign has, or of any when None is named."""
    found: set[str] = set()
    of = contact_numbers.c
    for some in chunks(numbers, PARAMETERS_MAX):
        these: BindParameter[Sequence[str]] = bindparam("these", some, expanding=True)
        query = select(contacts.c.number).where(contacts.c.number.in_(these))
        more = select(of.number).where(of.number.in_(these))
        if campaign is not None:
            query = query.where(contacts.c.campaign == storable(campaign))
            more = more.join(contacts, contacts.c.id == of.contact).where(
                contacts.c.campaign == storable(campaign)
            )
        found.update((await connection.scalars(query)).all())
        found.update((await connection.scalars(more)).all())
    return found


async def add_rows(
    connection: AsyncConnection,
    rows: Sequence[ContactRow],
    campaign: CampaignId,
    list_id: int,
    now: float,
) -> None:
    """Write these contacts, without further numbers that another contact of the campaign has."""
    wanted = [one.number for row in rows for one in row.more_numbers]
    taken = await find_taken(connection, wanted, campaign) if wanted else set()
    kept = [_without_taken(row, taken) for row in rows]
    for some in chunks(kept, WRITE_ROWS):
        written = [_contact_row(row, campaign, list_id, now) for row in some]
        await _insert_by_driver(connection, contacts, written)
        several = {row.number: row for row in some if row.more_numbers}
        if several:
            query = select(contacts.c.id, contacts.c.number).where(
                contacts.c.campaign == campaign, contacts.c.number.in_(list(several))
            )
            numbers: list[Row] = []
            for row_id, number in (await connection.execute(query)).all():
                numbers += _number_rows(row_id, several[number])
            await _insert_by_driver(connection, contact_numbers, numbers)


async def finish(connection: AsyncConnection, list_id: int, now: float) -> None:
    """Bring contacts that were just added in line with customers and the do-not-call list."""
    columns = contacts.c
    new = (columns.list == list_id, columns.added_at == now)
    if await connection.scalar(select(literal(1)).where(customers.c.value.is_not(None)).limit(1)):
        await connection.execute(update(contacts).where(*new).values(worth=WORTH))
    if await connection.scalar(select(literal(1)).select_from(dnc).limit(1)) is None:
        return
    barred = is_barred(columns.number, now)
    await connection.execute(
        update(contacts)
        .where(*new, columns.numbers == 1, barred)
        .values(status=ContactStatus.DNC.value)
    )
    of = contact_numbers.c
    query = (
        select(of.number)
        .join(contacts, columns.id == of.contact)
        .where(*new, is_barred(of.number, now))
    )
    await settle_numbers(connection, (await connection.scalars(query)).all(), now)


async def _insert_by_driver(connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> None:
    """Add rows, all with the same columns, their values as the driver takes them: what SQLAlchemy
    does for each row takes four times as long as the database."""
    key = (connection.dialect.name, table.name)
    if key not in _inserts:
        names = list(rows[0])
        statement = insert(table).inline().compile(dialect=connection.dialect, column_keys=names)
        _inserts[key] = str(statement), statement.positiontup or names
    text, columns = _inserts[key]
    await connection.exec_driver_sql(text, [tuple(map(row.__getitem__, columns)) for row in rows])


_inserts: dict[tuple[str, str], tuple[str, Sequence[str]]] = {}
"""By the kind of database and the table: the statement, and the order of its values."""


def _worth() -> ColumnElement[int]:
    """What the customer is worth, in whole units; 0 when nobody knows."""
    of_number = (
        select(customers.c.value)
        .join(customer_numbers, customer_numbers.c.customer == customers.c.id)
        .where(customer_numbers.c.number == contacts.c.number)
        .scalar_subquery()
    )
    of_customer = (
        select(customers.c.value).where(customers.c.id == contacts.c.customer).scalar_subquery()
    )
    value = func.coalesce(of_customer, of_number, 0.0)
    return cast(func.round(_within(value)), Integer)


def _within(value: ColumnElement[float]) -> ColumnElement[float]:
    return case((value > WORTH_MAX, float(WORTH_MAX)), (value < 0.0, 0.0), else_=value)


_LOG = structlog.get_logger("callcenter.storage.contacts")

WORTH = _worth()
"""What a contact's ``worth`` should be."""


def _without_taken(row: ContactRow, taken: set[str]) -> ContactRow:
    if not row.more_numbers:
        return row
    return replace(row, more_numbers=tuple(x for x in row.more_numbers if x.number not in taken))


def _contact_row(row: ContactRow, campaign: CampaignId, list_id: int, now: float) -> Row:
    return {
        "campaign": campaign,
        "list": list_id,
        "number": row.number,
        "name": row.name,
        "customer": row.customer,
        "tier": row.tier.value,
        "attributes": msgspec.json.encode(row.attributes).decode(),
        "note": row.note,
        "zones": join_zones(zones_of(row.zone, row.zones)),
        "priority": AS_THE_LIST if row.priority is None else row.priority,
        "status": ContactStatus.OPEN.value,
        "made": 0,
        "last_result": "",
        "last_tried_at": None,
        "next_try_at": None,
        "added_at": now,
        "kind": row.kind,
        "zone": row.zone,
        "consent": CONSENT[row.consent],
        "account": row.account,
        "numbers": 1 + len(row.more_numbers),
    }


def _number_rows(row_id: int, row: ContactRow) -> Iterable[Row]:
    first = ContactNumber(row.number, row.zones, row.kind)
    for place, one in enumerate((first, *row.more_numbers)):
        yield {
            "contact": row_id,
            "place": place,
            "number": one.number,
            "zones": join_zones(zones_of(row.zone, one.zones)),
            "kind": one.kind,
            "made": 0,
            "last_result": "",
            "last_tried_at": None,
            "invalid": False,
        }


async def refresh_worth(database: Database) -> int:
    """Look at every contact's customer again, some contacts at a time; returns how many rows were
    changed. Raises ``DatabaseAway``."""
    columns = contacts.c
    changed = after = 0
    async with database.reading() as connection:
        last = await connection.scalar(select(func.max(columns.id))) or 0
    while after < last:
        until = after + REFRESHED_AT_ONCE
        statement = (
            update(contacts)
            .where(columns.id > after, columns.id <= until, columns.worth != WORTH)
            .values(worth=WORTH)
        )
        async with database.writing() as connection:
            changed += (await connection.execute(statement)).rowcount
        after = until
        await asyncio.sleep(REFRESH_PAUSE_S)
    return changed


async def keep_worth(database: Database) -> None:
    """Look again every hour, until cancelled: customers are imported and change."""
    while True:
        try:
            changed = await refresh_worth(database)
        except DatabaseAway as problem:
            _LOG.warning("worth_not_refreshed", error=str(problem))
        else:
            if changed:
                _LOG.info("worth of contacts refreshed", contacts=changed)
        await asyncio.sleep(REFRESH_EVERY_S)
