"""Who is not handed over: the do-not-call list, consent, caps; and which of several numbers is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence

import pytest

from callcenter.documents.contacts_csv import ContactNumber
from callcenter.documents.customers_csv import CustomerRow
from callcenter.domain.attempt import AttemptResult, ContactStatus
from callcenter.domain.campaign import CallingWindow, Cap, Counting, Of, Terms
from callcenter.domain.customer import Tier
from callcenter.service.dnc import DncEntry, DncNumber, DncStore
from callcenter.storage.stores import ContactDestination
from tests.contract.contact_stores import (
    LONDON,
    NEW_YORK,
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
DAY_S = 86_400.0
ALL_DAY = CallingWindow(0, 24 * 60, tuple(range(7)))
SPRING = ContactDestination("spring", "first")


@pytest.fixture
async def store(place: Place) -> AsyncIterator[Store]:
    async with provide_store(place) as provided:
        yield provided


def capped(of: Of, most: int = 1, counting: Counting = Counting.ATTEMPTS) -> Terms:
    """So many a day."""
    return Terms(caps=(Cap(of, counting, most, DAY_S),))


def more(*numbers: str, zones: tuple[str, ...] = NEW_YORK) -> tuple[ContactNumber, ...]:
    return tuple(ContactNumber(number, zones, "mobile") for number in numbers)


# --- several numbers ------------------------------------------------------------------------------


async def test_the_first_number_is_dialed_first_and_it_is_told_how_many_more_there_are(
    store: Store,
) -> None:
    await store.add(row(A, more_numbers=more(B, C), account="A7"), row(D))

    rows = (await store.refill()).rows

    assert [(one.number, one.others, one.fresh, one.account) for one in rows] == [
        (A, 2, 2, "A7"),
        (D, 0, 0, ""),
    ]


async def test_the_next_number_comes_when_the_machine_says_so_and_each_in_its_turn(
    store: Store,
) -> None:
    await store.add(row(A, more_numbers=more(B, C)))
    contact = await store.id_of(A)
    dialed = []
    for n in range(1, 5):
        (one,) = (await store.refill()).rows
        dialed.append((one.number[-1], one.others, one.fresh))
        await store.note(
            make_attempt(
                f"att-{n}",
                contact=contact,
                number=one.number,
                tries=n,
                next_try_at=T0 - 1,
                other_number=one.fresh > 0,
            )
        )

    assert dialed == [("1", 2, 2), ("2", 2, 1), ("3", 2, 0), ("3", 2, 2)]


async def test_the_same_number_stays_when_nobody_asks_for_another(store: Store) -> None:
    await store.add(row(A, more_numbers=more(B)))
    contact = await store.id_of(A)

    await store.note(make_attempt(contact=contact, number=A, next_try_at=T0 - 1))

    assert await store.next() == "1"


@pytest.mark.parametrize("result", [R.INVALID_NUMBER, R.FAX])
async def test_a_number_that_does_not_exist_or_is_a_faxs_drops_out(
    store: Store, result: AttemptResult
) -> None:
    await store.add(row(A, more_numbers=more(B)))
    contact = await store.id_of(A)
    gone = make_attempt(
        contact=contact,
        number=A,
        result=result,
        next_try_at=T0 - 1,
        other_number=True,
    )

    await store.note(gone)

    (one,) = (await store.refill()).rows
    assert (one.number, one.others, one.fresh, one.made) == (B, 0, 0, 1)


async def test_the_window_is_that_of_the_number_dialed_next(store: Store) -> None:
    await store.add(row(A, more_numbers=more(B, zones=LONDON)))
    contact = await store.id_of(A)

    await store.note(make_attempt(contact=contact, number=A, next_try_at=T0 - 1, other_number=True))

    refill = await store.refill()
    assert refill.rows == ()
    assert refill.counts.closed == 1


async def test_the_contacts_own_zone_alone_decides_for_all_its_numbers(store: Store) -> None:
    await store.add(
        row(A, LONDON, zone="America/New_York", more_numbers=more(B, zones=LONDON)),
        row(C, zone="Europe/London"),
    )
    contact = await store.id_of(A)
    first = await store.refill()

    await store.note(make_attempt(contact=contact, number=A, next_try_at=T0 - 1, other_number=True))

    assert [(one.number, one.zones) for one in first.rows] == [(A, NEW_YORK)]
    assert first.counts.closed == 1
    assert [(one.number, one.zones) for one in (await store.refill()).rows] == [(B, NEW_YORK)]


async def test_further_numbers_that_another_contact_has_are_left_out(store: Store) -> None:
    await store.add(row(A))

    await store.add(row(B, more_numbers=more(A, C)))

    assert [(one.number, one.others) for one in (await store.refill()).rows] == [(A, 0), (B, 1)]


async def test_two_contacts_that_share_a_further_number_are_never_dialed_at_it_both(
    store: Store,
) -> None:
    # The number dialed next is unique in a campaign: the second to come to it would have stopped
    # the projector for ever.
    await store.add(row(A, more_numbers=more(C)), row(B, more_numbers=more(C)))
    for n, number in enumerate((A, B)):
        contact = await store.id_of(number)
        await store.note(
            make_attempt(
                f"att-{n}", contact=contact, number=number, next_try_at=T0 - 1, other_number=True
            )
        )

    assert await store.next() == "32"


async def test_a_contact_is_known_by_any_of_its_numbers(store: Store) -> None:
    await store.add(row(A, more_numbers=more(B)))

    _, rejects = await store.add(row(B))
    await store.add(row(C), into=SPRING)

    assert [reject.value for reject in rejects] == [B]
    assert await store.contacts.numbers_known([A, B, C, D]) == {A, B, C}


# --- the do-not-call list -------------------------------------------------------------------------


async def test_a_number_on_the_list_is_not_handed_over_and_is_counted(store: Store) -> None:
    await store.add(row(A), row(B))

    await store.note_dnc(A)

    refill = await store.refill()
    assert [one.number for one in refill.rows] == [B]
    assert (refill.counts.due, refill.counts.dnc, refill.counts.total) == (1, 1, 2)


async def test_it_comes_back_when_it_is_taken_off_or_its_time_is_over(store: Store) -> None:
    await store.add(row(A), row(B))
    await store.note_dnc(A)
    await store.note_dnc(B, until=T0 + 600)
    before = await store.next()

    await store.note_dnc(A, added=False)

    assert before == ""
    assert await store.next() == "1"
    assert await store.next(now=T0 + 601) == "12"
    assert await store.dnc.find(B) is None


async def test_whoever_has_another_number_is_called_at_that_one(store: Store) -> None:
    await store.add(row(A, more_numbers=more(B)))

    await store.note_dnc(A)
    one_left = (await store.refill()).rows
    await store.note_dnc(B)
    none_left = await store.refill()
    await store.note_dnc(A, added=False)

    assert [(one.number, one.others) for one in one_left] == [(B, 0)]
    assert (none_left.rows, none_left.counts.dnc) == ((), 1)
    assert await store.next() == "1"


async def test_an_attempt_that_ends_after_the_number_was_listed_does_not_bring_it_back(
    store: Store,
) -> None:
    await store.add(row(A))
    contact = await store.id_of(A)
    await store.note_dnc(A)

    await store.note(make_attempt(contact=contact, number=A, next_try_at=T0 - 1))

    assert (await store.refill()).rows == ()


async def test_contacts_whose_number_is_listed_while_they_are_imported_are_not_handed_over(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The rows are judged first and written together at the end.
    await store.add(row(D))
    judge = store.contacts._find_barred

    async def judge_and_list(numbers: Sequence[str]) -> Collection[str]:
        found = await judge(numbers)
        await store.dnc.add([DncNumber(A), DncNumber(B)], source="x", by="kim")
        return found

    monkeypatch.setattr(store.contacts, "_find_barred", judge_and_list)
    await store.add(row(A), row(B, more_numbers=more(C)))

    refill = await store.refill()
    assert [(one.number, one.others) for one in refill.rows] == [(D, 0), (C, 0)]
    assert refill.counts.dnc == 1


async def test_rows_all_of_whose_numbers_are_listed_are_refused_of_others_the_rest_is_taken(
    store: Store,
) -> None:
    await store.note_dnc(A)
    await store.note_dnc(B)

    report, rejects = await store.add(
        row(A), row(C, more_numbers=more(B)), row(B, more_numbers=more(D))
    )

    refill = await store.refill()
    assert [(one.number, one.others) for one in refill.rows] == [(C, 0), (D, 0)]
    assert (report.accepted, refill.counts.dnc) == (2, 0)
    assert [(one.value, one.reason) for one in rejects] == [
        (A, "this number is on the do-not-call list")
    ]


async def test_a_list_of_numbers_is_taken_over_and_told_by_its_number(store: Store) -> None:
    dnc: DncStore = store.dnc
    await store.add(row(A), row(B), row(C))
    before = await store.dnc.imports()

    count = await dnc.add(
        [DncNumber(A, "register"), DncNumber(B, "", T0 + 60), DncNumber(A, "again")],
        source="register 2026",
        by="kim",
    )

    assert count == 2
    assert await store.dnc.imports() == before + 1
    assert await store.next() == "3"
    assert await dnc.find(A) == DncEntry(A, "again", "register 2026", "kim", T0, 0.0)
    assert await dnc.find(C) is None
    assert await dnc.barred([A, B, C]) == {A, B}


async def test_the_list_is_read_page_by_page(store: Store) -> None:
    await store.dnc.add([DncNumber(number) for number in (C, A, B)], source="x", by="kim")

    first = await store.dnc.page(2)
    rest = await store.dnc.page(2, first.next)

    assert [entry.number for entry in first.entries] == [A, B]
    assert [entry.number for entry in rest.entries] == [C]
    assert (first.total, rest.next) == (3, "")


# --- consent --------------------------------------------------------------------------------------


async def test_who_refused_is_never_called_and_who_is_silent_only_without_need(
    store: Store,
) -> None:
    await store.add(row(A, consent=True), row(B), row(C, consent=False))

    assert await store.next() == "12"
    assert await store.next(terms=Terms(needs_consent=True)) == "1"
    assert (await store.refill()).counts.no_consent == 1


# --- caps -----------------------------------------------------------------------------------------


async def test_an_attempt_of_another_campaign_counts_by_number(store: Store) -> None:
    await store.add(row(A), row(B))
    await store.note(make_attempt(number=A, contact="99", campaign="spring", placed_at=T0 - 3600))

    refill = await store.refill(terms=capped(Of.NUMBER), window=ALL_DAY)

    assert [one.number for one in refill.rows] == [B]
    assert (refill.counts.due, refill.counts.later, refill.counts.capped) == (1, 1, 1)
    assert refill.counts.next_due_at == T0 - 3600 + DAY_S
    free = await store.refill(terms=capped(Of.NUMBER), window=ALL_DAY, now=T0 + DAY_S - 3600)
    assert [one.number for one in free.rows] == [A, B]


async def test_so_many_are_allowed_as_the_cap_says_and_old_ones_do_not_count(store: Store) -> None:
    await store.add(row(A))
    await store.note(
        make_attempt("att-1", number=A, contact="99", placed_at=T0 - DAY_S - 1),
        make_attempt("att-2", number=A, contact="99", placed_at=T0 - 60),
    )

    assert await store.next(terms=capped(Of.NUMBER, most=2)) == "1"
    assert await store.next(terms=capped(Of.NUMBER, most=1)) == ""


async def test_a_conversation_counts_by_person_at_whatever_number(store: Store) -> None:
    ana = CustomerRow(2, "K1", "Ana", (B, D), Tier.GOLD)
    await store.customers.import_rows([ana])
    await store.add(row(A, customer="K1"), row(B), row(C))
    terms = capped(Of.PERSON, counting=Counting.CONVERSATIONS)
    await store.note(make_attempt("att-1", number=D, contact="99", placed_at=T0 - 60))
    before = await store.refill(terms=terms)

    await store.note(
        make_attempt("att-2", number=D, contact="99", placed_at=T0 - 60, result=R.CONNECTED)
    )

    assert [one.number for one in before.rows] == [A, C]  # of one person one at a time
    assert await store.next(terms=terms) == "3"


async def test_an_account_is_spared_whomever_of_it_was_called(store: Store) -> None:
    await store.add(row(A, account="A7"), into=SPRING)
    await store.add(row(B, account="A7"), row(C, account="A8"))
    other = make_attempt(contact="1", number=A, campaign="spring", placed_at=T0 - 60)
    await store.note(other)

    assert await store.next(terms=capped(Of.ACCOUNT)) == "3"


async def test_the_trunks_fault_is_nobodys_attempt(store: Store) -> None:
    await store.add(row(A))
    await store.note(make_attempt(number=A, contact="99", placed_at=T0 - 60, result=R.CONGESTION))

    assert await store.next(terms=capped(Of.NUMBER)) == "1"


async def test_an_abandoned_number_rests_as_long_as_the_legal_profile_says(store: Store) -> None:
    await store.add(row(A))
    await store.note(make_attempt(number=A, contact="99", placed_at=T0 - 60, result=R.DROPPED))
    terms = Terms(legal="uk-ofcom")

    assert await store.next(terms=terms) == ""
    assert await store.next(terms=terms, now=T0 + 3 * DAY_S - 61) == ""
    assert await store.next(terms=terms, now=T0 + 3 * DAY_S) == "1"


async def test_other_terms_let_go_whom_the_old_ones_held(store: Store) -> None:
    await store.add(row(A))
    await store.note(make_attempt(number=A, contact="99", placed_at=T0 - 60))
    held = await store.next(terms=capped(Of.NUMBER))

    assert held == ""
    assert await store.next(terms=capped(Of.NUMBER, most=2)) == "1"
    assert await store.next() == "1"


async def test_whoever_is_held_makes_room_for_the_next(store: Store) -> None:
    rows = [row(f"+120255501{n:02}") for n in range(60)]
    await store.add(*rows)
    await store.note(
        *(
            make_attempt(f"att-{n}", number=rows[n].number, contact="999", placed_at=T0 - 60)
            for n in range(55)
        )
    )

    refill = await store.refill(3, terms=capped(Of.NUMBER))

    assert [one.number for one in refill.rows] == [one.number for one in rows[55:58]]
    assert refill.counts.capped == 55
    assert refill.counts.due == 5


async def test_an_attempt_that_ends_lets_the_retry_rule_decide_again(store: Store) -> None:
    await store.add(row(A))
    await store.note(make_attempt("att-0", number=A, contact="99", placed_at=T0 - 60))
    contact = (await store.refill()).rows[0].contact
    await store.refill(terms=capped(Of.NUMBER))

    await store.note(
        make_attempt("att-1", contact=contact, number=A, status=ContactStatus.DONE, next_try_at=0.0)
    )

    counts = (await store.refill(terms=capped(Of.NUMBER))).counts
    assert (counts.done, counts.capped, counts.later) == (1, 0, 0)
