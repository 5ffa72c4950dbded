"""Whom the stores of contacts hand over first: by worth, by chance, as it is learnt."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from callcenter.documents.customers_csv import CustomerRow
from callcenter.domain.attempt import AttemptResult
from callcenter.domain.campaign import CallingWindow
from callcenter.domain.customer import Tier
from callcenter.storage import contact_rows
from callcenter.storage.contact_rows import keep_worth, refresh_worth
from callcenter.storage.database import Database
from callcenter.storage.stores import ContactDestination, DatabaseAway
from tests.contract.contact_stores import (
    AUTUMN,
    A,
    B,
    C,
    D,
    Store,
    provide_store,
    row,
)
from tests.unit.storage.databases import Place
from tests.unit.storage.samples import T0, make_attempt

R = AttemptResult
ALL_DAY = CallingWindow(0, 24 * 60, tuple(range(7)))
SPRING = ContactDestination("spring", "first")


@pytest.fixture
async def store(place: Place) -> AsyncIterator[Store]:
    async with provide_store(place) as provided:
        yield provided


# --- order ----------------------------------------------------------------------------------------


async def test_who_is_worth_more_comes_first_whatever_the_place_in_the_list(store: Store) -> None:
    await store.customers.import_rows(
        [
            CustomerRow(2, "K1", "Ana", (), Tier.STANDARD, 100.0),
            CustomerRow(3, "K2", "Bo", (C,), Tier.STANDARD, 900.0),
        ]
    )
    await store.add(row(A), row(B, customer="K1"), row(C), row(D, priority=1))

    assert await store.next() == "4321"


async def test_of_a_long_list_the_most_valuable_are_found_at_its_end(store: Store) -> None:
    await store.customers.import_rows([CustomerRow(2, "K1", "Ana", (), Tier.GOLD, 5_000.0)])
    rows = [row(f"+1202555{n:04}") for n in range(300)]
    await store.add(*rows, row("+12025559999", customer="K1"))

    assert (await store.refill(1)).rows[0].number == "+12025559999"


async def test_who_is_likelier_to_be_reached_comes_first_once_enough_was_learnt(
    store: Store,
) -> None:
    mobile, landline = row(A, kind="mobile"), row(B, kind="landline")
    await store.add(mobile, landline, into=SPRING)
    await store.add(row(C, kind="mobile"), row(D, kind="landline"), into=AUTUMN)
    contacts = {
        one.number: one.contact
        for one in (await store.contacts.refill("spring", 9, ALL_DAY, (), T0)).rows
    }
    before = await store.next()

    for n in range(60):
        at = T0 - 50_000 + n * 60
        await store.note(
            make_attempt(f"a{n}", campaign="spring", contact=contacts[A], number=A,
                         placed_at=at, result=R.NO_ANSWER),
            make_attempt(f"b{n}", campaign="spring", contact=contacts[B], number=B,
                         placed_at=at, result=R.CONNECTED),
        )  # fmt: skip

    assert before == "34"
    assert await store.next() == "43"


async def test_a_customers_value_that_changes_is_looked_at_again(store: Store) -> None:
    await store.add(row(A), row(B, customer="K1"), row(C))
    ana = CustomerRow(2, "K1", "Ana", (), Tier.GOLD, 100.0)
    bo = CustomerRow(3, "K2", "Bo", (C,), Tier.GOLD, 9e12)
    await store.customers.import_rows([ana, bo])
    database = store.contacts._database

    assert await refresh_worth(database) == 2
    assert await refresh_worth(database) == 0
    assert await store.next(1) == "3"


async def test_the_worth_of_contacts_is_looked_at_again_although_the_database_was_away(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.add(row(A), row(B, customer="K1"))
    await store.customers.import_rows([CustomerRow(2, "K1", "Ana", (), Tier.GOLD, 100.0)])
    outcomes: list[object] = []

    async def refresh(database: Database) -> int:
        if not outcomes:
            outcomes.append("away")
            raise DatabaseAway("away")
        outcomes.append(await refresh_worth(database))
        return 0

    monkeypatch.setattr(contact_rows, "refresh_worth", refresh)
    monkeypatch.setattr(contact_rows, "REFRESH_EVERY_S", 0.0)
    task = asyncio.create_task(keep_worth(store.contacts._database))
    async with asyncio.timeout(20.0):
        while len(outcomes) < 3:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait({task})

    assert outcomes[:3] == ["away", 1, 0]
