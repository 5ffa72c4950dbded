"""The local directory of customers: who has this number, and what their card says.

The look-up by number is in the way of a call: it has connections of its own and remembers answers.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import structs
from msgspec.structs import replace
from sqlalchemy import RowMapping, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.documents.customers_csv import CustomerRow
from callcenter.documents.rejects import Reject
from callcenter.domain.customer import Tier
from callcenter.domain.ids import CustomerId
from callcenter.service.ports import Customer
from callcenter.storage.customer_import import (
    Changes,
    CustomerChange,
    OnProgress,
    OnReject,
    import_customers,
)
from callcenter.storage.database import Database
from callcenter.storage.sales import bought_since, read_purchases
from callcenter.storage.stores import CustomerCard, DatabaseAway, ImportConflict, ImportResult
from callcenter.storage.tables import calls, customer_numbers, customers

ANSWERS_MAX = 10_000
"""Numbers whose answer is remembered, some 3 MB: the callers of a busy day."""
ANSWER_AGE_MAX_S = 60.0
"""An import by another process is seen after that; one by this process at once."""

_E164 = re.compile(r"\+[0-9]{1,15}")
_BY_NUMBER = (
    select(customers)
    .join(customer_numbers, customer_numbers.c.customer == customers.c.id)
    .where(customer_numbers.c.number == bindparam("number"))
)
_LAST_AGENT = (
    select(calls.c.answered_by)
    .where(calls.c.customer == bindparam("customer"), calls.c.answered_by != "")
    .order_by(calls.c.ended_at.desc())
    .limit(1)
)
_BOUGHT = bought_since(
    bindparam("customer"),
    select(customers.c.changed_at).where(customers.c.id == bindparam("customer")).scalar_subquery(),
)
"""Since the customer was imported with anything new: that import has what was before."""


class CustomerDirectory:
    """The ``CustomerStore`` and ``CardSource`` of the database. ``clock`` measures the age of
    answers, in seconds; ``now`` tells UTC seconds."""

    def __init__(
        self,
        database: Database,
        *,
        answers_max: int = ANSWERS_MAX,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._answers_max = answers_max
        self._clock = clock
        self._now = now
        self._answers: OrderedDict[str, tuple[float, Customer | None]] = OrderedDict()
        self._generation = 0
        self._importing = asyncio.Lock()

    async def find_by_number(self, number: str) -> Customer | None:
        """The customer with this E.164 number. Raises ``DatabaseAway``."""
        if not _E164.fullmatch(number):
            return None
        remembered = self._answers.get(number)
        if remembered is not None and self._clock() - remembered[0] < ANSWER_AGE_MAX_S:
            self._answers.move_to_end(number)
            return await self._with_last_agent(remembered[1])
        generation = self._generation
        async with self._database.looking_up() as connection:
            row = (await connection.execute(_BY_NUMBER, {"number": number})).mappings().first()
        found = None if row is None else _card(row).customer()
        if generation == self._generation:  # else an import may have made it false meanwhile
            self._answers[number] = (self._clock(), found)
            self._answers.move_to_end(number)
            if len(self._answers) > self._answers_max:
                self._answers.popitem(last=False)
        return await self._with_last_agent(found)

    async def _with_last_agent(self, customer: Customer | None) -> Customer | None:
        """The customer with who answered last, and worth what they were when that was told, and
        what they have bought in campaigns since: that is never remembered, people call again
        within the minute. A database that is away must not cost them their tier."""
        if customer is None:
            return None
        whose = {"customer": customer.id}
        try:
            async with self._database.looking_up() as connection:
                agent = await connection.scalar(_LAST_AGENT, whose)
                bought_cents = await connection.scalar(_BOUGHT, whose)
        except DatabaseAway:
            return customer
        value = customer.value + (bought_cents or 0) / 100
        return replace(customer, last_agent=agent or "", value=value)

    def forget_answers(self) -> None:
        """Look up anew from now on: somebody else has changed the customers."""
        self._generation += 1
        self._answers.clear()

    async def card(self, customer: CustomerId) -> Mapping[str, object] | None:
        """The fields of ``CustomerCard`` that are shown, and what the customer bought in campaigns
        (``purchases``), if anything; ready for JSON. Raises ``DatabaseAway``."""
        async with self._database.looking_up() as connection:
            card = (await _read_cards(connection, [customer])).get(customer)
            bought = await read_purchases(connection, customer) if card else []
        if card is None:
            return None
        purchases = {"purchases": [structs.asdict(one) for one in bought]} if bought else {}
        return {**card.shown(), **purchases}

    async def import_rows(
        self,
        rows: Iterable[CustomerRow | Reject],
        *,
        on_reject: OnReject = lambda _reject: None,
        on_progress: OnProgress = lambda _rows: None,
        dry_run: bool = False,
    ) -> ImportResult:
        """Take the rows over, all in one transaction; with ``dry_run`` only say what it would do.

        The rows are pulled in a thread (reading a file may block). Raises what the rows raise,
        ``ImportConflict`` and ``DatabaseAway``; then nothing has changed.
        """
        async with self._importing:
            return await import_customers(
                self, rows, on_reject=on_reject, on_progress=on_progress, dry_run=dry_run
            )

    # --- for the import --------------------------------------------------------------------------

    async def find_cards(self, ids: Sequence[CustomerId]) -> Mapping[CustomerId, CustomerCard]:
        """The customers with these ids, as far as there are any."""
        async with self._database.reading() as connection:
            return await _read_cards(connection, ids)

    async def find_owners(self, numbers: Sequence[str]) -> Mapping[str, CustomerId]:
        """Whose these numbers are."""
        found: dict[str, CustomerId] = {}
        columns = customer_numbers.c
        async with self._database.reading() as connection:
            for some in _portions(numbers):
                query = select(columns.number, columns.customer).where(columns.number.in_(some))
                found.update((row[0], row[1]) for row in await connection.execute(query))
        return found

    async def apply(self, changes: Changes[CustomerChange]) -> None:
        """Make all of the changes or none."""
        if not changes.count:
            return
        try:
            async with self._database.writing() as connection:
                # In order: who gives a number up comes before the one who gets it.
                for batch in changes.batches():
                    await _take_numbers(connection, batch)
                    await _write_cards(connection, batch, self._now())
        except IntegrityError as problem:
            raise ImportConflict(
                "Another import changed the same customers meanwhile. Nothing was written: "
                "import the file again."
            ) from problem
        finally:
            self.forget_answers()


_VALUES_MAX = 5_000
"""Values in one query; SQLite takes 32,766."""


def _portions(values: Sequence[str]) -> Iterable[Sequence[str]]:
    return (values[start : start + _VALUES_MAX] for start in range(0, len(values), _VALUES_MAX))


async def _read_cards(
    connection: AsyncConnection, ids: Sequence[CustomerId]
) -> dict[CustomerId, CustomerCard]:
    of_numbers = customer_numbers.c
    numbers: dict[CustomerId, list[str]] = {}
    rows: list[RowMapping] = []
    for some in _portions(ids):
        query = select(customers).where(customers.c.id.in_(some))
        rows.extend((await connection.execute(query)).mappings())
        query_numbers = (
            select(of_numbers.customer, of_numbers.number)
            .where(of_numbers.customer.in_(some))
            .order_by(of_numbers.customer, of_numbers.place)
        )
        for customer, number in await connection.execute(query_numbers):
            numbers.setdefault(customer, []).append(number)
    return {row["id"]: _card(row, tuple(numbers.get(row["id"], ()))) for row in rows}


def _card(row: RowMapping, numbers: tuple[str, ...] = ()) -> CustomerCard:
    return CustomerCard(
        id=row["id"],
        name=row["name"],
        tier=Tier(row["tier"]),
        numbers=numbers,
        value=row["value"],
        since=row["since"],
        notes=row["notes"],
        language=row["language"],
        owner=row["owner"],
        churn_risk=row["churn_risk"],
        attributes=row["attributes"],
    )


async def _take_numbers(connection: AsyncConnection, batch: Sequence[CustomerChange]) -> None:
    renumbered = [
        {"of": change.card.id} for change in batch if change.is_renumbered and not change.is_new
    ]
    if renumbered:
        statement = delete(customer_numbers).where(customer_numbers.c.customer == bindparam("of"))
        await connection.execute(statement, renumbered)


async def _write_cards(
    connection: AsyncConnection, batch: Sequence[CustomerChange], now: float
) -> None:
    added = [_card_row(change.card, now) for change in batch if change.is_new]
    if added:
        await connection.execute(insert(customers), added)
    changed = [
        {"of": change.card.id, **_card_row(change.card, now)}
        for change in batch
        if not change.is_new
    ]
    if changed:
        statement = update(customers).where(customers.c.id == bindparam("of"))
        await connection.execute(statement, changed)
    numbers = [
        {"number": number, "customer": change.card.id, "place": place}
        for change in batch
        if change.is_renumbered
        for place, number in enumerate(change.card.numbers)
    ]
    if numbers:
        await connection.execute(insert(customer_numbers), numbers)


def _card_row(card: CustomerCard, now: float) -> dict[str, object]:
    return {
        "id": card.id,
        "name": card.name,
        "tier": card.tier.value,
        "value": card.value,
        "since": card.since,
        "notes": card.notes,
        "language": card.language,
        "owner": card.owner,
        "churn_risk": card.churn_risk,
        "attributes": card.attributes,
        "changed_at": now,
    }
