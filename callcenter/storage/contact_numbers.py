"""What attempts and the do-not-call list change in the rows of contacts: how they stand, and which
of their numbers is dialed next.

Called by the projector in the transaction of its records, and by the list in that of its numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from sqlalchemy import (
    Boolean,
    ColumnElement,
    bindparam,
    case,
    delete,
    exists,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.domain.attempt import GIVEN_BACK, NO_PHONE, ContactStatus
from callcenter.domain.numbers import is_erased
from callcenter.domain.records import AttemptRecord, DncRecord
from callcenter.storage.contact_counts import row_of
from callcenter.storage.record_rows import Row, storable
from callcenter.storage.tables import contact_numbers, contacts, dnc
from dialer.number_choice import Choice, KnownNumber, choose_number

PARAMETERS_MAX = 500
"""Values named in one statement."""

T = TypeVar("T")


async def bring_up_to_date(connection: AsyncConnection, attempts: Sequence[AttemptRecord]) -> None:
    """Write into the rows of their contacts what came of these attempts, in this order.

    A contact that the database does not have (any more) is passed over.
    """
    known = [(row_id, one) for one in attempts if (row_id := row_of(one.contact)) is not None]
    if not known:
        return
    changes = [
        {
            "of": row_id,
            "in_campaign": storable(attempt.campaign),
            "status": attempt.status.value,
            "made": attempt.tries,
            "last_result": attempt.result.value,
            "last_tried_at": attempt.ended_at,
            "next_try_at": attempt.next_try_at or None,
            "held": "",
        }
        for row_id, attempt in known
    ]
    statement = update(contacts).where(
        contacts.c.id == bindparam("of"), contacts.c.campaign == bindparam("in_campaign")
    )
    await connection.execute(statement, changes)
    await _count_tries(connection, known)
    rotate = {row_id for row_id, attempt in known if attempt.other_number}
    await _settle(
        connection, dict.fromkeys(row_id for row_id, _ in known), known[-1][1].ended_at, rotate
    )


async def apply_dnc(connection: AsyncConnection, changes: Sequence[DncRecord]) -> None:
    """Put numbers on the do-not-call list or take them off it, in this order."""
    for change in changes:
        if is_erased(change.number) or not change.number:
            continue
        number = storable(change.number)
        await connection.execute(delete(dnc).where(dnc.c.number == number))
        if change.added:
            row = {
                "number": number,
                "reason": storable(change.reason),
                "source": storable(change.source),
                "by": storable(change.by),
                "since": change.at,
                "until": change.until or None,
            }
            await connection.execute(insert(dnc), row)
        await settle_numbers(connection, [number], change.at)


def is_barred(number: ColumnElement[str], now: float) -> ColumnElement[bool]:
    """Whether a number is on the do-not-call list at ``now``."""
    return exists().where(dnc.c.number == number, or_(dnc.c.until.is_(None), dnc.c.until > now))


async def settle_numbers(connection: AsyncConnection, numbers: Sequence[str], now: float) -> None:
    """Bring the contacts of these numbers in line with the do-not-call list."""
    for some in chunks(numbers, PARAMETERS_MAX):
        ids = await connection.scalars(select(contacts.c.id).where(contacts.c.number.in_(some)))
        affected = dict.fromkeys(ids)
        ids = await connection.scalars(
            select(contact_numbers.c.contact).where(contact_numbers.c.number.in_(some))
        )
        affected |= dict.fromkeys(ids)
        await _settle(connection, affected, now)


async def read_numbers(
    connection: AsyncConnection, ids: Collection[int], now: float
) -> dict[int, list[KnownNumber]]:
    """The numbers of those contacts that have several, in their own order.

    A number that is dialed for another contact of the campaign may not be dialed for this one.
    """
    found: dict[int, list[KnownNumber]] = {}
    columns, own = contact_numbers.c, contacts.alias("own")
    other = contacts.alias("other")
    taken = exists().where(
        other.c.campaign == own.c.campaign,
        other.c.number == columns.number,
        other.c.id != columns.contact,
    )
    query = (
        select(
            columns.contact,
            columns.place,
            columns.number,
            columns.made,
            or_(columns.invalid, taken, is_barred(columns.number, now)),
        )
        .join(own, own.c.id == columns.contact)
        .order_by(columns.contact, columns.place)
    )
    for some in chunks(list(ids), PARAMETERS_MAX):
        for row_id, place, number, made, barred in await connection.execute(
            query.where(columns.contact.in_(some))
        ):
            known = KnownNumber(place, number, made, not barred)
            found.setdefault(row_id, []).append(known)
    return found


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The items, so many at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


async def _count_tries(
    connection: AsyncConnection, attempts: Iterable[tuple[int, AttemptRecord]]
) -> None:
    """Count at the numbers of contacts that have several."""
    statement = (
        update(contact_numbers)
        .where(
            contact_numbers.c.contact == bindparam("of"),
            contact_numbers.c.number == bindparam("at_number"),
        )
        .values(
            made=contact_numbers.c.made + bindparam("counted"),
            last_result=bindparam("result"),
            last_tried_at=bindparam("tried_at"),
            invalid=or_(contact_numbers.c.invalid, bindparam("is_invalid", type_=Boolean())),
        )
    )
    changes = [
        {
            "of": row_id,
            "at_number": storable(attempt.number),
            "result": attempt.result.value,
            "counted": int(attempt.result not in GIVEN_BACK),
            "tried_at": attempt.ended_at,
            "is_invalid": attempt.result in NO_PHONE,
        }
        for row_id, attempt in attempts
    ]
    await connection.execute(statement, changes)


async def _settle(
    connection: AsyncConnection,
    ids: Mapping[int, None],
    now: float,
    rotate: Collection[int] = (),
) -> None:
    """Choose the number to be dialed next, and keep back who may be called at none."""
    listed = list(ids)
    several = await read_numbers(connection, listed, now)
    await _settle_single(connection, [row_id for row_id in listed if row_id not in several], now)
    if not several:
        return
    columns = contacts.c
    query = select(columns.id, columns.number, columns.status)
    changes: list[Row] = []
    places: list[Row] = []
    for some in chunks(list(several), PARAMETERS_MAX):
        for row in (await connection.execute(query.where(columns.id.in_(some)))).all():
            row_id, number = row.id, row.number
            choice = choose_number(several[row_id], number, rotate=row_id in rotate)
            status = _status_of(ContactStatus(row.status), choice)
            if status != row.status:
                changes.append({"of": row_id, "becomes": status.value})
            if choice is not None and choice.number.number != number:
                places.append({"of": row_id, "at_place": choice.number.place})
    if changes:
        await connection.execute(
            update(contacts)
            .where(columns.id == bindparam("of"))
            .values(status=bindparam("becomes")),
            changes,
        )
    if places:
        await connection.execute(_TAKE, places)


async def _settle_single(connection: AsyncConnection, ids: Sequence[int], now: float) -> None:
    barred = is_barred(contacts.c.number, now)
    for some in chunks(ids, PARAMETERS_MAX):
        for was, becomes, condition in (
            (ContactStatus.OPEN, ContactStatus.DNC, barred),
            (ContactStatus.DNC, ContactStatus.OPEN, ~barred),
        ):
            await connection.execute(
                update(contacts)
                .where(contacts.c.id.in_(some), contacts.c.status == was.value, condition)
                .values(status=becomes.value)
            )


def _status_of(status: ContactStatus, choice: Choice | None) -> ContactStatus:
    """How a contact stands that may be dialed at this number, or at none."""
    if choice is None and status is ContactStatus.OPEN:
        return ContactStatus.DNC
    if choice is not None and status is ContactStatus.DNC:
        return ContactStatus.OPEN
    return status


def _of_place(name: str) -> ColumnElement[str]:
    columns = contact_numbers.c
    return (
        select(columns[name])
        .where(columns.contact == bindparam("of"), columns.place == bindparam("at_place"))
        .scalar_subquery()
    )


_RESTATE = (
    update(contacts).where(contacts.c.id == bindparam("of")).values(status=bindparam("becomes"))
)
_TAKE = (
    update(contacts)
    .where(contacts.c.id == bindparam("of"))
    .values(
        number=_of_place("number"),
        zones=case((contacts.c.zone != "", contacts.c.zone), else_=_of_place("zones")),
        kind=_of_place("kind"),
    )
)
"""Has the number at a place of the contact's own order dialed next."""
