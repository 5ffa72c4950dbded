"""Contacts who call back: found by their number, done when somebody has talked with them, and in
the campaign's results."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from callcenter.documents.contacts_csv import ContactNumber
from callcenter.documents.customers_csv import CustomerRow
from callcenter.domain.attempt import AttemptResult, ContactStatus
from callcenter.domain.customer import Tier
from callcenter.domain.ids import ContactId
from callcenter.domain.records import DispositionRecord, ReturnRecord
from callcenter.service.campaign_results import ResultsBy, Wanted
from callcenter.service.ports import KnownContact
from callcenter.storage.campaign_results import StoredResults
from tests.contract.contact_stores import A, B, C, Store, provide_store, row
from tests.unit.storage.databases import Place
from tests.unit.storage.samples import T0, make_attempt

OTHER = ContactNumber(B, ("Europe/Paris",), "mobile")


@pytest.fixture
async def store(place: Place) -> AsyncIterator[Store]:
    async with provide_store(place) as store:
        yield store


def returned(contact: ContactId, **changes: object) -> ReturnRecord:
    """A contact of ``autumn`` called back and talked with an agent."""
    facts: dict[str, object] = {
        "call": "call-r",
        "campaign": "autumn",
        "contact": contact,
        "number": A,
        "arrived_at": T0,
        "answered_at": T0 + 5,
        "ended_at": T0 + 65,
        "agent": "bo",
        "opted_out": False,
    }
    return ReturnRecord(**{**facts, **changes})  # type: ignore[arg-type]  # fields by name


async def test_a_contact_is_found_by_any_number_of_theirs(store: Store) -> None:
    several = row(
        A,
        tier=Tier.SILVER,
        customer="k1",
        more_numbers=(OTHER,),
    )
    await store.add(several)
    contact = await store.id_of(A)

    for number in (A, B):
        found = await store.contacts.find_contact(number, ("spring", "autumn"))
        assert found == KnownContact("autumn", contact, "k1", Tier.SILVER)
    assert await store.contacts.find_contact(C, ("autumn",)) is None
    assert await store.contacts.find_contact(A, ("spring",)) is None


async def test_what_the_directory_knows_of_the_number_goes_before_the_list(store: Store) -> None:
    await store.add(row(A, tier=Tier.STANDARD))
    await store.customers.import_rows([CustomerRow(2, "k7", "Ana", (A,), Tier.GOLD)])

    found = await store.contacts.find_contact(A, ("autumn",))

    assert found is not None
    assert (found.customer, found.tier) == ("k7", Tier.GOLD)


async def test_who_has_talked_is_not_tried_again(store: Store) -> None:
    await store.add(row(A), row(B))
    one, other = await store.id_of(A), await store.id_of(B)

    await store.note_records(
        returned(one), returned(other, call="call-s", answered_at=0.0), returned("no id")
    )

    assert await store.next() == B[-1]
    card = await store.contacts.contact_card(one)
    assert card is not None
    assert (card["last_result"], card["last_tried_at"]) == ("connected", T0 + 65)


async def test_who_has_opted_out_is_not_tried_again_and_keeps_the_last_result(store: Store) -> None:
    await store.add(row(A))
    one = await store.id_of(A)
    busy = make_attempt(
        "att-1", contact=one, campaign="autumn", number=A, result=AttemptResult.BUSY,
        status=ContactStatus.OPEN, next_try_at=T0 + 60,
    )  # fmt: skip

    await store.note_records(busy, returned(one, answered_at=0.0, opted_out=True))

    assert await store.next(now=T0 + 3600) == ""
    card = await store.contacts.contact_card(one)
    assert card is not None
    assert card["last_result"] == "busy"


async def test_results_count_them_apart_with_what_agents_said(store: Store) -> None:
    await store.add(row(A), row(B))
    one, other = await store.id_of(A), await store.id_of(B)
    tried = make_attempt(
        "att-1", contact=one, campaign="autumn", number=A, result=AttemptResult.BUSY,
        person_at=0.0, connected_at=0.0, call="",
    )  # fmt: skip
    said = DispositionRecord("call-r", "bo", "agreed", T0 + 66)
    await store.note_records(tried, returned(one), said, returned(other, call="s", answered_at=0.0))
    results = StoredResults(store._records._database, store.contacts, now=lambda: T0)

    for by in (ResultsBy.LIST, ResultsBy.HOUR):
        [found] = await results.rows("autumn", by)
        assert (found.contacts, found.attempts, found.people, found.connected) == (1, 1, 0, 0)
        assert (found.returned, found.sold, found.dispositions) == (1, 1, {"agreed": 1})
    again = await results.make_list("autumn", Wanted(dispositions=("agreed",)), "autumn", "again")
    assert (again.matched, again.taken) == (1, 1)
