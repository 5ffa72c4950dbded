"""Contacts who were promised a call are fetched by name, as far as they may be dialed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from callcenter.domain.attempt import AttemptResult, ContactStatus
from callcenter.domain.campaign import Cap, Counting, Of, Terms
from callcenter.service.ports import ContactStore, Fetched
from tests.contract.contact_stores import A, B, C, D, Store, provide_store, row
from tests.unit.storage.databases import Place
from tests.unit.storage.samples import T0, make_attempt

DAY_S = 86_400.0


@pytest.fixture
async def store(place: Place) -> AsyncIterator[Store]:
    async with provide_store(place) as provided:
        yield provided


async def fetch(store: Store, *contacts: str, terms: Terms | None = None) -> Fetched:
    """What the store gives of these, in the campaign ``autumn``."""
    source: ContactStore = store.contacts
    return await source.fetch("autumn", contacts, T0, terms or Terms())


async def test_one_who_is_done_with_is_given_and_one_of_another_campaign_is_not(
    store: Store,
) -> None:
    await store.add(row(A), row(B))
    a, b = [await store.id_of(number) for number in (A, B)]
    await store.note(
        make_attempt(
            "att-1",
            number=A,
            contact=a,
            campaign="autumn",
            result=AttemptResult.CONNECTED,
            status=ContactStatus.DONE,
            next_try_at=0.0,
        )
    )

    found = await fetch(store, b, a, "99", "x")

    assert {one.contact: one.number for one in found.rows} == {a: A, b: B}
    assert found.held == {}
    source: ContactStore = store.contacts
    assert (await source.fetch("spring", [a], T0)).rows == ()


async def test_who_must_not_be_called_is_given_up(store: Store) -> None:
    await store.add(row(A, consent=False), row(B), row(C), row(D, consent=True))
    ids = {number: await store.id_of(number) for number in (B, C, D)}
    await store.note_dnc(B)

    found = await fetch(store, *ids.values())
    agreed = await fetch(store, *ids.values(), terms=Terms(needs_consent=True))

    assert [one.number for one in found.rows] == [C, D]
    assert [one.number for one in agreed.rows] == [D]
    assert found.held == agreed.held == {}


async def test_whom_caps_hold_back_is_told_with_the_time(store: Store) -> None:
    await store.add(row(A), row(B, account="K"), row(C, account="K"))
    a, b, c = [await store.id_of(number) for number in (A, B, C)]
    await store.note(make_attempt("att-1", number=A, contact="99", placed_at=T0 - 60.0))
    terms = Terms(
        caps=(
            Cap(Of.NUMBER, Counting.ATTEMPTS, 1, DAY_S),
            Cap(Of.ACCOUNT, Counting.ATTEMPTS, 1, DAY_S),
        )
    )

    found = await fetch(store, a, b, c, terms=terms)

    assert [one.contact for one in found.rows] == [b]
    assert found.held[a] == pytest.approx(T0 - 60.0 + DAY_S, abs=1.0)
    assert T0 < found.held[c] < T0 + 600.0
