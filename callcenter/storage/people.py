"""Forgetting people: one who asks for it, and the numbers of calls that are long ago.

Rows that reports count stay; their number goes. A number on the do-not-call list stays there, for
the next list would have the person called again; nothing but the number is kept of it. Who speaks
of the person in a text (audit, faults) is blotted out word by word.
"""

from __future__ import annotations

from collections.abc import Sequence

import phonenumbers
from sqlalchemy import ColumnElement, Table, bindparam, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.domain.attempt import ContactStatus
from callcenter.domain.ids import CustomerId
from callcenter.service.erasure import Erased, Person
from callcenter.service.retention import Forgotten
from callcenter.storage.database import Database
from callcenter.storage.directory import CustomerDirectory
from callcenter.storage.tables import (
    attempts,
    audit,
    calls,
    contact_numbers,
    contacts,
    customer_numbers,
    customers,
    dnc,
    dnc_changes,
    faults,
    repairs,
    return_calls,
)

NAME_CHARS_MIN = 3
"""A shorter name is not looked for in texts: it would be found in every second word."""
BLOT = "(erased)"
_TEXTS: tuple[tuple[Table, tuple[str, ...]], ...] = (
    (audit, ("subject", "request", "detail", "account")),
    (faults, ("detail",)),
    (repairs, ("subject",)),
    (dnc_changes, ("reason",)),
)
"""Texts that may speak of a person."""


class People:
    """The ``PersonStore`` and ``RecordKeeper`` of the database."""

    def __init__(self, database: Database, directory: CustomerDirectory | None = None) -> None:
        """``directory`` remembers answers, and is told to forget them."""
        self._database = database
        self._directory = directory
        self._forgotten_before = 0.0

    async def find(self, number: str, customer: CustomerId) -> Person:
        """See ``PersonStore``. Raises ``DatabaseAway``."""
        numbers: dict[str, None] = dict.fromkeys([number] if number else [])
        theirs: dict[str, None] = dict.fromkeys([customer] if customer else [])
        names: dict[str, None] = {}
        async with self._database.reading() as connection:
            query = select(customer_numbers.c.customer).where(customer_numbers.c.number == number)
            theirs.update(dict.fromkeys((await connection.scalars(query)).all()))
            for one in list(theirs):
                query = select(customer_numbers.c.number).where(customer_numbers.c.customer == one)
                numbers.update(dict.fromkeys((await connection.scalars(query)).all()))
                query = select(customers.c.name).where(customers.c.id == one)
                names.update(dict.fromkeys((await connection.scalars(query)).all()))
            query = select(contacts.c.number, contacts.c.name, contact_numbers.c.number).outerjoin(
                contact_numbers, contact_numbers.c.contact == contacts.c.id
            )
            person = Person(tuple(numbers), (), tuple(theirs))
            for row in await connection.execute(query.where(_is_theirs(person))):
                numbers[row[0]] = None
                names[row[1]] = None
                numbers |= {row[2]: None} if row[2] else {}
        return Person(tuple(numbers), tuple(name for name in names if name), tuple(theirs))

    async def hold(self, person: Person) -> None:
        """See ``PersonStore``. Raises ``DatabaseAway``."""
        async with self._database.writing() as connection:
            await connection.execute(
                update(contacts).where(_is_theirs(person)).values(status=ContactStatus.DONE)
            )

    async def erase(self, person: Person) -> Erased:
        """See ``PersonStore``. One transaction. Raises ``DatabaseAway``."""
        numbers, theirs = person.numbers, person.customers
        spelled = [spelling for number in numbers for spelling in spellings(number)[:3]]
        async with self._database.writing() as connection:
            contact_rows = await connection.execute(delete(contacts).where(_is_theirs(person)))
            await connection.execute(
                delete(customer_numbers).where(
                    or_(
                        customer_numbers.c.number.in_(numbers),
                        customer_numbers.c.customer.in_(theirs),
                    )
                )
            )
            customer_rows = await connection.execute(
                delete(customers).where(customers.c.id.in_(theirs))
            )
            call_rows = await connection.execute(
                update(calls).where(calls.c.caller_number.in_(spelled)).values(caller_number="")
            )
            attempt_rows = await connection.execute(
                update(attempts).where(attempts.c.number.in_(spelled)).values(number="")
            )
            for table in (return_calls, dnc_changes):
                await connection.execute(
                    update(table).where(table.c.number.in_(spelled)).values(number="")
                )
            await connection.execute(
                update(dnc).where(dnc.c.number.in_(numbers)).values(reason="", by="")
            )
            texts = await _blot_texts(connection, person)
        if self._directory is not None:
            self._directory.forget_answers()
        return Erased(
            customers=customer_rows.rowcount,
            contacts=contact_rows.rowcount,
            calls=call_rows.rowcount,
            attempts=attempt_rows.rowcount,
            texts=texts,
        )

    async def scrub(self) -> None:
        """See ``PersonStore``."""
        await self._database.scrub()

    async def forget_before(self, calls_before: float, audit_before: float) -> Forgotten:
        """See ``RecordKeeper``. Raises ``DatabaseAway``."""
        since = self._forgotten_before  # what is older was looked at before: years of rows
        async with self._database.writing() as connection:
            of_calls = await connection.execute(
                update(calls)
                .where(calls.c.ended_at >= since, calls.c.ended_at < calls_before)
                .where(calls.c.caller_number != "")
                .values(caller_number="")
            )
            of_attempts = await connection.execute(
                update(attempts)
                .where(attempts.c.ended_at >= since, attempts.c.ended_at < calls_before)
                .where(attempts.c.number != "")
                .values(number="")
            )
            for table, at in (
                (return_calls, return_calls.c.ended_at),
                (dnc_changes, dnc_changes.c.at),
            ):
                await connection.execute(
                    update(table)
                    .where(at >= since, at < calls_before, table.c.number != "")
                    .values(number="")
                )
            of_audit = await connection.execute(delete(audit).where(audit.c.at < audit_before))
        self._forgotten_before = max(since, calls_before)
        return Forgotten(of_calls.rowcount, of_attempts.rowcount, of_audit.rowcount)


def _is_theirs(person: Person) -> ColumnElement[bool]:
    of_others = select(contact_numbers.c.contact).where(
        contact_numbers.c.number.in_(person.numbers)
    )
    return or_(
        contacts.c.number.in_(person.numbers),
        contacts.c.customer.in_(person.customers),
        contacts.c.id.in_(of_others),
    )


def spellings(number: str) -> tuple[str, ...]:
    """How this number (E.164) may stand in a text; the longest first, so that one is not cut out of
    another. The last is a part of all others."""
    bare = number.removeprefix("+")
    if bare == number:
        return (number,)
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return f"00{bare}", number, bare
    national = phonenumbers.national_significant_number(parsed)
    inland = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
    dialed = "".join(filter(str.isdecimal, inland))
    return f"00{bare}", number, bare, inland, dialed, national


async def _blot_texts(connection: AsyncConnection, person: Person) -> int:
    """Blot the person out of texts; returns how many rows were changed."""
    words = [spelling for number in person.numbers for spelling in spellings(number)]
    words += [name for name in person.names if len(name) >= NAME_CHARS_MIN]
    changed = 0
    if not words:
        return changed
    for table, names in _TEXTS:
        keys = list(table.primary_key.columns)
        columns = [table.c[name] for name in names]
        speaks = or_(*(column.contains(w, autoescape=True) for column in columns for w in words))
        rows = (await connection.execute(select(*keys, *columns).where(speaks))).mappings().all()
        statement = (
            update(table)
            .where(*(key == bindparam(f"key_{key.name}") for key in keys))
            .values({name: bindparam(f"new_{name}") for name in names})
        )
        for row in rows:
            new = {f"new_{name}": _blotted(row[name], words) for name in names}
            await connection.execute(
                statement, {**new, **{f"key_{key.name}": row[key.name] for key in keys}}
            )
        changed += len(rows)
    return changed


def _blotted(text: str, words: Sequence[str]) -> str:
    for word in words:
        text = text.replace(word, BLOT)
    return text
