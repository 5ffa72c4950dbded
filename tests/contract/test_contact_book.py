"""Contacts one by one: priorities, somebody added, and why somebody is next or is not."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from callcenter.documents.customers_csv import CustomerRow
from callcenter.domain.attempt import AttemptResult, ContactStatus
from callcenter.domain.campaign import Cap, Counting, Of, Terms
from callcenter.domain.customer import Tier
from callcenter.service.contact_book import ContactAdded, ContactBecause, ContactBook, ContactWhy
from callcenter.storage import contact_book
from callcenter.storage.contact_book import StoredContactBook
from callcenter.storage.stores import ContactDestination
from dialer.compliance import lawful_window
from tests.contract.contact_stores import (
    AUTUMN,
    LONDON,
    LONDON_OPENS,
    WINDOW,
    A,
    B,
    C,
    D,
    Store,
    provide_store,
    row,
)
from tests.contract.test_spared_contacts import more
from tests.unit.storage.databases import Place
from tests.unit.storage.samples import T0, make_attempt

ANY = Terms()
DAILY = Terms(caps=(Cap(Of.NUMBER, Counting.ATTEMPTS, 1, 86_400.0),))


class Shelf:
    """A store and its book."""

    def __init__(self, store: Store, book: ContactBook) -> None:
        self.store = store
        self.book = book

    async def why(self, wanted: str, terms: Terms = ANY) -> ContactWhy:
        """Why this contact."""
        window = lawful_window(WINDOW, terms)
        found = await self.book.why("autumn", wanted, window, terms, T0)
        assert found is not None
        return found

    async def said(self, wanted: str, terms: Terms = ANY) -> list[tuple[ContactBecause, str]]:
        """The reasons in words."""
        return [(one.code, one.sentence) for one in (await self.why(wanted, terms)).reasons]


@pytest.fixture
async def shelf(place: Place) -> AsyncIterator[Shelf]:
    async with provide_store(place) as store:
        yield Shelf(store, StoredContactBook(store.contacts._database, store.contacts))


# --- priorities -----------------------------------------------------------------------------------


async def test_another_priority_of_a_list_holds_for_the_next_call(shelf: Shelf) -> None:
    await shelf.store.add(row(A), into=ContactDestination("autumn", "cold", 5))
    await shelf.store.add(row(B), row(C, priority=1), into=ContactDestination("autumn", "warm"))
    cold, warm = await shelf.book.lists("autumn")
    before = await shelf.store.next()

    assert await shelf.book.set_list_priority("autumn", warm.id, 9)

    assert before == "132"
    assert await shelf.store.next() == "213"
    changed = {one.name: one.priority for one in await shelf.book.lists("autumn")}
    assert changed == {"cold": 5, "warm": 9}
    assert (cold.rows, cold.accepted, cold.refused) == (1, 1, 0)


async def test_a_contact_gets_a_priority_of_its_own_and_its_lists_again(shelf: Shelf) -> None:
    await shelf.store.add(row(A), row(B))
    contact = await shelf.store.id_of(B)

    assert await shelf.book.set_contact_priority("autumn", contact, 100)
    first = await shelf.store.next()
    assert await shelf.book.set_contact_priority("autumn", contact, None)

    assert (first, await shelf.store.next()) == ("21", "12")


@pytest.mark.parametrize("contact", ["999", "x", "", "9" * 30])
async def test_what_is_not_there_has_no_priority(shelf: Shelf, contact: str) -> None:
    await shelf.store.add(row(A), into=ContactDestination("spring", "first"))
    spring = (await shelf.book.lists("spring"))[0].id

    assert not await shelf.book.set_list_priority("autumn", spring, 9)
    assert not await shelf.book.set_contact_priority("autumn", contact, 9)
    assert await shelf.book.lists("autumn") == ()


# --- somebody added -------------------------------------------------------------------------------


async def test_who_is_added_with_a_high_priority_is_next(shelf: Shelf) -> None:
    await shelf.store.add(row(A), into=ContactDestination("autumn", "first", 50))

    added = await shelf.book.add_one("autumn", row(B, priority=100, consent=True), "web")

    assert isinstance(added, ContactAdded)
    (first,) = (await shelf.store.refill(1)).rows
    assert (first.contact, first.number) == (added.contact, added.number)
    assert [one.name for one in await shelf.book.lists("autumn")] == ["first", "web"]


async def test_who_is_there_already_or_must_not_be_called_is_not_added(shelf: Shelf) -> None:
    await shelf.store.add(row(A))
    await shelf.store.note_dnc(B)

    there = await shelf.book.add_one("autumn", row(A), "web")
    listed = await shelf.book.add_one("autumn", row(B), "web")

    assert there == "number: the campaign has this number already"
    assert listed == "number: this number is on the do-not-call list"


# --- why next, why not now ------------------------------------------------------------------------


async def test_why_next_is_told_with_numbers(shelf: Shelf) -> None:
    ana = CustomerRow(2, "K1", "Ana", (A,), Tier.GOLD, 250.0)
    await shelf.store.customers.import_rows([ana])
    await shelf.store.add(row(A), row(D), into=ContactDestination("autumn", "first", 3))
    await shelf.store.add(row(B), row(C), into=ContactDestination("autumn", "hot", 9))

    found = await shelf.why(A)

    assert (found.list, found.priority, found.made, found.numbers) == ("first", 3, 0, 1)
    assert [(one.code, one.sentence) for one in found.reasons] == [
        (
            ContactBecause.NEXT,
            "campaign priority 0, list priority 3, 50% likely to be reached now, worth 250: score"
            " 125; was never tried; 2 contacts of a higher priority are due",
        )
    ]


async def test_a_contact_is_found_by_its_id_and_by_any_of_its_numbers(shelf: Shelf) -> None:
    await shelf.store.add(row(A, more_numbers=more(B)))
    contact = await shelf.store.id_of(A)

    assert [(await shelf.why(wanted)).contact for wanted in (contact, A, B)] == [contact] * 3
    assert await shelf.book.why("autumn", C, WINDOW, ANY, T0) is None
    assert await shelf.book.why("spring", A, WINDOW, ANY, T0) is None


async def test_why_not_now_by_status(shelf: Shelf) -> None:
    await shelf.store.add(row(A), row(B), row(C))
    ids = {number: await shelf.store.id_of(number) for number in (A, B, C)}
    await shelf.store.note(
        make_attempt("a1", contact=ids[A], number=A, status=ContactStatus.DONE, next_try_at=0.0),
        make_attempt(
            "a2", contact=ids[B], number=B, status=ContactStatus.USED_UP, tries=4, next_try_at=0.0
        ),
        make_attempt("a3", contact=ids[C], number=C, result=AttemptResult.BUSY),
    )

    assert await shelf.said(A) == [(ContactBecause.DONE, "is done")]
    assert await shelf.said(B) == [(ContactBecause.USED_UP, "was given up after 4 attempts")]
    assert await shelf.said(C) == [
        (ContactBecause.RETRY_LATER, "is tried again at 2023-11-14 23:13 UTC at the soonest")
    ]
    assert (await shelf.why(C)).last_result == "busy"


async def test_why_not_now_by_list_consent_window_and_caps(shelf: Shelf) -> None:
    await shelf.store.add(row(A), row(B, LONDON), row(C, consent=False), row(D))
    await shelf.store.note_dnc(A)
    await shelf.store.note(make_attempt(number=D, contact="99", placed_at=T0 - 60))

    barred, closed, refused, capped = [await shelf.why(one, DAILY) for one in (A, B, C, D)]

    assert [(one.code, one.sentence) for one in barred.reasons] == [
        (
            ContactBecause.DNC,
            "is on the do-not-call list since 2023-11-14 22:13 UTC (manager), because: asked",
        )
    ]
    assert [(one.code, one.until) for one in closed.reasons] == [
        (ContactBecause.WINDOW_CLOSED, LONDON_OPENS)
    ]
    assert [(one.code, one.sentence) for one in refused.reasons] == [
        (ContactBecause.NO_CONSENT, "refused to be called")
    ]
    assert [(one.code, one.sentence) for one in capped.reasons] == [
        (
            ContactBecause.CAPPED,
            "1 attempts within 24 hours are allowed for each number, until 2023-11-15 22:12 UTC",
        )
    ]


async def test_all_that_is_in_the_way_is_told(shelf: Shelf) -> None:
    await shelf.store.add(row(A))
    contact = await shelf.store.id_of(A)
    terms = Terms(needs_consent=True, legal="uk-ofcom")
    await shelf.store.note(
        make_attempt(contact=contact, number=A, result=AttemptResult.DROPPED, placed_at=T0 - 60)
    )
    await shelf.store.note_dnc(A)

    codes = [code for code, _ in await shelf.said(contact, terms)]

    assert codes == [ContactBecause.DNC, ContactBecause.NO_CONSENT, ContactBecause.ABANDONED]


async def test_a_contact_held_by_its_caps_is_told_by_them_and_not_by_a_retry(shelf: Shelf) -> None:
    await shelf.store.add(row(A), into=AUTUMN)
    await shelf.store.note(make_attempt(number=A, contact="99", placed_at=T0 - 60))
    await shelf.store.refill(terms=DAILY)

    assert [code for code, _ in await shelf.said(A, DAILY)] == [ContactBecause.CAPPED]


# --- names ----------------------------------------------------------------------------------------


async def test_people_are_called_as_their_list_says_or_as_the_directory_does(shelf: Shelf) -> None:
    await shelf.store.customers.import_rows(
        [CustomerRow(2, "K1", "Ana", (), Tier.GOLD), CustomerRow(3, "K2", "", (), Tier.GOLD)]
    )
    await shelf.store.add(
        row(A, name="Anna B.", customer="K1"), row(B, customer="K1"), row(C), row(D, customer="K2")
    )
    a, b, c, d = [await shelf.store.id_of(number) for number in (A, B, C, D)]

    names = await shelf.book.names((a, b, c, d, "x", "999"), ("K1", "K2", "K3"))

    assert names.contacts == {a: "Anna B.", b: "Ana"}
    assert names.customers == {"K1": "Ana"}


async def test_thousands_of_names_are_asked_for_in_parts(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contact_book, "NAMES_EACH", 2)
    await shelf.store.add(*(row(number, name=number) for number in (A, B, C)))
    ids = [await shelf.store.id_of(number) for number in (A, B, C)]

    names = await shelf.book.names(ids, ())

    assert names.contacts == dict(zip(ids, (A, B, C), strict=True))
