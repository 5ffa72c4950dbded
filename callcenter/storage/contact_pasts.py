"""What was done with people before, of all campaigns: what caps count, and what tells whether
somebody is reached now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.domain.attempt import AttemptResult
from callcenter.storage.contact_numbers import PARAMETERS_MAX, chunks
from callcenter.storage.tables import attempts, contacts, customer_numbers
from dialer.compliance import History, Past
from dialer.contact_history import TRIES_MAX, Try


class Relation(Struct, frozen=True):
    """Whom a contact's caps count together."""

    contact: int
    number: str
    """E.164, of the number to be dialed."""
    customer: str = ""
    account: str = ""

    @property
    def person(self) -> str:
        """The customer, or where none is known this contact alone."""
        return self.customer or f"contact {self.contact}"


async def read_tries(
    connection: AsyncConnection, ids: Sequence[int], before: float
) -> dict[int, tuple[Try, ...]]:
    """The last tries of each of these contacts before a time, in order."""
    columns = attempts.c
    found: dict[int, list[Try]] = {}
    query = (
        select(columns.contact, columns.placed_at, columns.result)
        .where(columns.placed_at < before)
        .order_by(columns.placed_at)
    )
    for some in chunks(ids, PARAMETERS_MAX):
        names = [str(row_id) for row_id in some]
        for contact, at, result in await connection.execute(
            query.where(columns.contact.in_(names))
        ):
            found.setdefault(int(contact), []).append(Try(at, AttemptResult(result)))
    return {row_id: tuple(tries[-TRIES_MAX:]) for row_id, tries in found.items()}


async def read_history(
    connection: AsyncConnection, relations: Sequence[Relation], since: float
) -> History:
    """Every attempt since a time that any of these contacts' caps may count."""
    customers = {one.customer: None for one in relations if one.customer}
    accounts = {one.account: None for one in relations if one.account}
    person_of = {str(one.contact): one.person for one in relations}
    account_of = {str(one.contact): one.account for one in relations}
    customer_of: dict[str, str] = {}
    numbers = {one.number: None for one in relations}
    columns = contacts.c
    for wanted, by in ((customers, columns.customer), (accounts, columns.account)):
        query = select(columns.id, columns.customer, columns.account)
        for row_id, customer, account in await _read(connection, query, by, wanted):
            name = str(row_id)
            person_of.setdefault(name, customer or f"contact {row_id}")
            account_of.setdefault(name, account)
    of = customer_numbers.c
    for number, customer in await _read(
        connection, select(of.number, of.customer), of.customer, customers
    ):
        customer_of[number] = customer
        numbers[number] = None
    found: dict[str, Past] = {}
    record = attempts.c
    query = select(
        record.attempt, record.contact, record.number, record.placed_at, record.result
    ).where(record.placed_at >= since)
    for keys, by in ((person_of, record.contact), (numbers, record.number)):
        for attempt, contact, number, at, result in await _read(connection, query, by, keys):
            found[attempt] = Past(
                at,
                number,
                AttemptResult(result),
                person_of.get(contact) or customer_of.get(number, ""),
                account_of.get(contact, ""),
            )
    return History(tuple(found.values()))


async def _read(
    connection: AsyncConnection,
    query: Any,
    by: ColumnElement[str],
    keys: Iterable[str],
) -> list[Any]:
    """The rows of a query whose ``by`` is one of the keys."""
    rows: list[Any] = []
    for some in chunks(list(keys), PARAMETERS_MAX):
        rows += (await connection.execute(query.where(by.in_(some)))).all()
    return rows
