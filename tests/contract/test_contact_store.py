"""What every store of contacts promises, in memory and in databases of each kind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.documents.contacts_csv import ContactRow
from callcenter.documents.customers_csv import CustomerRow
from callcenter.documents.rejects import Reject
from callcenter.domain.attempt import AttemptResult, ContactStatus
from callcenter.domain.campaign import HopperRow, ListCounts
from callcenter.domain.customer import Tier
from callcenter.service.contact_lists import Duplicates
from callcenter.service.ports import CardSource, Refill
from callcenter.storage.customer_import import BATCH_ROWS
from callcenter.storage.stores import PROBLEMS_MAX, ContactDestination
from dialer.window import is_open
from tests.contract.contact_stores import (
    AUTUMN,
    DEADLINE_S,
    LONDON,
    LONDON_OPENS,
    NEW_YORK,
    WINDOW,
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


@pytest.fixture
async def store(place: Place) -> AsyncIterator[Store]:
    async with provide_store(place) as provided:
        yield provided


# --- who is next ----------------------------------------------------------------------------------


async def test_a_campaign_without_contacts_has_none(store: Store) -> None:
    await store.add(row(A), into=ContactDestination("spring", "first"))

    assert await store.refill() == Refill((), ListCounts(at=T0))


async def test_a_contact_is_handed_over_with_all_that_dialing_needs(store: Store) -> None:
    zones = ("America/Chicago", "America/New_York")
    await store.add(row(A, zones, customer="K7", tier=Tier.SILVER), row(B))

    first, second = (await store.refill()).rows

    assert first == HopperRow(first.contact, A, zones, 0, "K7", Tier.SILVER, list="first")
    assert second == HopperRow(second.contact, B, NEW_YORK, list="first")
    assert first.contact != second.contact


async def test_the_directory_tells_who_has_the_number_and_which_tier_they_are(
    store: Store,
) -> None:
    await store.add(row(A), row(B, customer="K2"), row(C, customer="K9", tier=Tier.SILVER))
    await store.customers.import_rows(
        [
            CustomerRow(2, "K1", "Ana", (A, C), Tier.GOLD),
            CustomerRow(3, "K2", "Bo", (D,), Tier.SILVER),
        ]
    )

    found = [(row.customer, row.tier) for row in (await store.refill()).rows]

    assert found == [("K1", Tier.GOLD), ("K2", Tier.SILVER), ("K9", Tier.SILVER)]


async def test_no_more_are_handed_over_than_wanted(store: Store) -> None:
    await store.add(row(A), row(B), row(C))

    assert await store.next(2) == "12"
    assert await store.next(0) == ""
    assert await store.next(-1) == ""
    assert (await store.refill(0)).counts.due == 3


async def test_those_under_way_are_left_out_but_counted(store: Store) -> None:
    await store.add(row(A), row(B), row(C))
    under_way = await store.id_of(B)

    refill = await store.refill(exclude=[under_way, "999999", "x", "", "9" * 30, "²"])

    assert [row.number for row in refill.rows] == [A, C]
    assert refill.counts.due == 3


async def test_ever_so_many_may_be_left_out(store: Store) -> None:
    await store.add(row(A), row(B))
    many = [str(n) for n in range(1_000, 42_000)]

    assert await store.next(exclude=[await store.id_of(A), *many]) == "2"


async def test_higher_priority_comes_first_then_who_was_never_tried_then_who_was_tried_longest_ago(
    store: Store,
) -> None:
    await store.add(row("+12025550105"), row("+12025550104"), row("+12025550106"), row(C))
    await store.add(row(B), row(A, priority=7), into=ContactDestination("autumn", "hot", 5))
    for number, tried_at in (
        ("+12025550105", T0 - 900),
        ("+12025550104", T0 - 100),
        ("+12025550106", T0 - 200),
    ):
        contact = await store.id_of(number)
        await store.note(make_attempt(contact=contact, placed_at=tried_at, next_try_at=T0 - 9))

    assert await store.next() == "123564"


async def test_a_priority_given_to_a_list_holds_for_all_its_contacts_without_one_of_their_own(
    store: Store,
) -> None:
    await store.add(
        row(C), row("+12025550105", priority=1), into=ContactDestination("autumn", "list", 3)
    )
    await store.add(row(D), into=ContactDestination("autumn", "other", 4))
    before = await store.next()
    await store.add(row(B), into=ContactDestination("autumn", "list"))
    await store.add(row(A), into=ContactDestination("autumn", "list", 9))

    assert before == "435"
    assert await store.next() == "32145"


async def test_whom_the_window_keeps_waiting_is_not_dialed_and_it_is_told_until_when(
    store: Store,
) -> None:
    both = ("America/New_York", "Europe/London")
    await store.add(row(A, LONDON), row(B), row(C, both))

    evening = await store.refill()
    morning = await store.refill(now=LONDON_OPENS)
    afternoon = await store.refill(now=LONDON_OPENS + 6 * 3600)

    assert [row.number for row in evening.rows] == [B]
    assert evening.counts == ListCounts(at=T0, total=3, due=1, closed=2, opens_at=LONDON_OPENS)
    assert [row.number for row in morning.rows] == [A]
    assert morning.counts.opens_at == LONDON_OPENS + 5 * 3600  # nine in New York
    assert [row.number for row in afternoon.rows] == [A, B, C]


async def test_zones_whose_windows_never_meet_open_at_no_time(store: Store) -> None:
    await store.add(row(A, ("America/New_York", "Asia/Bangkok")))

    counts = (await store.refill()).counts

    assert (counts.due, counts.closed, counts.opens_at) == (0, 1, 0.0)


# --- what attempts change -------------------------------------------------------------------------


async def test_a_contact_to_be_tried_again_waits_for_its_time(store: Store) -> None:
    await store.add(row(A), row(B))
    contact = await store.id_of(A)
    await store.note(make_attempt(contact=contact, tries=3, next_try_at=T0 + 600))

    before = await store.refill(now=T0 + 599)
    after = await store.refill(now=T0 + 600)

    assert [row.number for row in before.rows] == [B]
    assert (before.counts.later, before.counts.next_due_at) == (1, T0 + 600)
    assert [(row.number, row.made) for row in after.rows] == [(B, 0), (A, 3)]  # never tried first
    assert (after.counts.later, after.counts.next_due_at, after.counts.due) == (0, 0.0, 2)


async def test_contacts_that_are_done_or_used_up_are_counted_and_left_alone(store: Store) -> None:
    await store.add(row(A), row(B), row(C), row(D, LONDON))
    ended = {A: ContactStatus.DONE, B: ContactStatus.USED_UP, D: ContactStatus.DONE}
    contacts = {row.number: row.contact for row in (await store.refill(now=T0 + 57_600)).rows}
    for number, status in ended.items():
        await store.note(make_attempt(contact=contacts[number], status=status, next_try_at=0.0))

    refill = await store.refill()

    assert [row.number for row in refill.rows] == [C]
    assert refill.counts == ListCounts(at=T0, total=4, due=1, done=2, used_up=1)


async def test_of_several_attempts_the_last_one_counts(store: Store) -> None:
    await store.add(row(A))
    contact = await store.id_of(A)

    await store.note(
        make_attempt("att-1", contact=contact, tries=1, next_try_at=T0 - 1),
        make_attempt("att-2", contact=contact, tries=2, status=ContactStatus.DONE, next_try_at=0.0),
    )

    assert (await store.refill()).counts.done == 1


@pytest.mark.parametrize("contact", ["0", "999999", "contact", "", "-1", "9" * 30, "²"])
async def test_an_attempt_of_an_unknown_contact_is_kept_and_changes_nobody(
    store: Store, contact: str
) -> None:
    await store.add(row(A))

    await store.note(make_attempt(contact=contact))

    assert await store.next() == "1"
    assert len((await store.contacts.attempts_page("autumn")).rows) == 1


async def test_an_attempt_for_another_campaign_does_not_touch_the_contact(store: Store) -> None:
    await store.add(row(A))

    await store.note(make_attempt(contact=await store.id_of(A), campaign="spring"))

    assert (await store.refill()).rows[0].made == 0


# --- the screen -----------------------------------------------------------------------------------


async def test_the_card_tells_all_of_a_contact(store: Store) -> None:
    ana = CustomerRow(2, "K1", "Ana López", (B,), Tier.GOLD, 12.5, "2019-05-31", "")
    await store.customers.import_rows([ana])
    await store.add(
        row(A, name="Ana", customer="K1", note="prefers mornings", attributes={"City": "Mérida"})
    )
    contact = await store.id_of(A)
    source: CardSource = store.contacts

    fresh = await source.contact_card(contact)
    await store.note(make_attempt(contact=contact, tries=2, result=AttemptResult.BUSY))
    tried = await source.contact_card(contact)

    assert fresh == {
        "name": "Ana",
        "number": A,
        "campaign": "autumn",
        "list": "first",
        "attributes": {"City": "Mérida"},
        "note": "prefers mornings",
        "made": 0,
        "last_result": "",
        "last_tried_at": 0.0,
        "script": "",
        "customer": await store.customers.card("K1"),
    }
    assert tried == {**fresh, "made": 2, "last_result": "busy", "last_tried_at": T0 + 20}
    assert await source.card("K1") == await store.customers.card("K1")


async def test_the_card_finds_the_customer_by_number_where_the_list_names_none(
    store: Store,
) -> None:
    await store.customers.import_rows([CustomerRow(2, "K1", "Ana", (A,), Tier.GOLD)])
    await store.add(row(A), row(B), row(C, customer="nobody"))
    contacts = [row.contact for row in (await store.refill()).rows]

    cards = [await store.contacts.contact_card(contact) for contact in contacts]

    assert [card and card["customer"] for card in cards] == [
        await store.customers.card("K1"),
        None,
        None,
    ]


@pytest.mark.parametrize("contact", ["1", "0", "contact", "", "-1", "9" * 30, "²", "\ud800"])
async def test_a_contact_that_is_not_there_has_no_card(store: Store, contact: str) -> None:
    assert await store.contacts.contact_card(contact) is None


# --- attempts -------------------------------------------------------------------------------------


async def test_attempts_of_a_campaign_come_the_last_ended_first_page_by_page(
    store: Store,
) -> None:
    for n, ended_at in enumerate((5.0, 9.0, 3.0, 3.0), 1):
        await store.note(make_attempt(f"att-{n}", ended_at=ended_at))
    await store.note(make_attempt("att-5", campaign="spring"))

    first = await store.contacts.attempts_page("autumn", limit=3)
    rest = await store.contacts.attempts_page("autumn", limit=3, cursor=first.next)

    assert [attempt.attempt for attempt in first.rows] == ["att-2", "att-1", "att-4"]
    assert rest.rows == (make_attempt("att-3", ended_at=3.0),)
    assert rest.next == ""


async def test_a_cursor_of_another_origin_is_a_value_error(store: Store) -> None:
    with pytest.raises(ValueError, match="no such page"):
        await store.contacts.attempts_page("autumn", cursor="x")


# --- the import -----------------------------------------------------------------------------------


async def test_rows_are_added_and_rejects_passed_on(store: Store) -> None:
    reject = Reject(7, "phone", "12", "too short", "Write more.", ("12",))
    whole = Reject(8, "", "x", "broken", "Mend it.")

    report, rejects = await store.add(row(A), reject, row(B), whole)

    assert (report.accepted, report.refused, report.list) == (2, 2, "first")
    assert rejects == [reject, whole]
    assert [(p.row, p.reason, p.fix) for p in report.problems] == [
        (7, "phone: too short", "Write more."),
        (8, "broken", "Mend it."),
    ]


async def test_a_number_that_the_campaign_has_is_refused_and_the_contact_stays(
    store: Store,
) -> None:
    await store.add(row(A, name="Ana"))

    _, rejects = await store.add(row(A, name="Other", fields=("A", "Other")), row(B))
    elsewhere, _ = await store.add(row(A), into=ContactDestination("spring", "first"))

    assert rejects == [
        Reject(
            row=2,
            column="number",
            value=A,
            reason="the campaign has this number already",
            mend="Leave it out; the contact stays as it is.",
            fields=("A", "Other"),
        )
    ]
    card = await store.contacts.contact_card(await store.id_of(A))
    assert card is not None
    assert card["name"] == "Ana"
    assert elsewhere.accepted == 1


async def test_a_dry_run_tells_what_would_happen_and_does_not_do_it(store: Store) -> None:
    await store.add(row(A))

    report, _ = await store.add(row(A), row(B), row(C), dry_run=True)

    assert (report.accepted, report.refused, report.dry_run) == (2, 1, True)
    assert await store.next() == "1"


async def test_a_report_tells_the_first_problems_only(store: Store) -> None:
    rejects = [Reject(n, "", "", "broken", "Mend it.") for n in range(PROBLEMS_MAX + 10)]

    report, told = await store.add(*rejects)

    assert (len(report.problems), report.refused, len(told)) == (500, 510, 510)


async def test_a_number_of_another_campaign_is_refused_when_it_must_be_in_none(
    store: Store,
) -> None:
    await store.add(row(A))
    nowhere_else = ContactDestination("spring", "first", duplicates=Duplicates.EVERYWHERE)

    report, rejects = await store.add(row(A), row(B), into=nowhere_else)

    assert report.accepted == 1
    assert [(one.value, one.reason) for one in rejects] == [
        (A, "some campaign has this number already")
    ]


async def test_a_file_that_breaks_off_changes_nothing(store: Store) -> None:
    def rows() -> Iterable[ContactRow]:
        for n in range(BATCH_ROWS + 10):
            yield row(f"+1202555{n:04d}")
        raise OSError("the disk was pulled out")

    with pytest.raises(OSError, match="pulled out"):
        await store.contacts.add(rows(), AUTUMN)

    assert (await store.refill()).counts.total == 0


async def test_a_cancelled_import_changes_nothing_and_the_next_one_works(store: Store) -> None:
    began = asyncio.Event()
    many = (row(f"+1202{n:07d}") for n in range(100_000))
    task = asyncio.create_task(store.contacts.add(many, AUTUMN, on_progress=lambda _: began.set()))
    await asyncio.wait_for(began.wait(), DEADLINE_S)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert (await store.refill()).counts.total == 0
    await store.add(row(A))
    assert await store.next() == "1"


async def test_progress_is_told_batch_by_batch(store: Store) -> None:
    told: list[int] = []
    rows = [row(f"+1202{n:07d}") for n in range(2 * BATCH_ROWS + 3)]

    await store.contacts.add(rows, AUTUMN, on_progress=told.append)

    assert told == [BATCH_ROWS, 2 * BATCH_ROWS, 2 * BATCH_ROWS + 3]
    assert (await store.refill()).counts.total == 2 * BATCH_ROWS + 3


# --- whatever happened ----------------------------------------------------------------------------

Step: TypeAlias = tuple[str, int, int, int]

steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 9), st.integers(0, 2), st.integers(0, 2)),
        st.tuples(st.just("try"), st.integers(1, 10), st.integers(0, 3), st.integers(-3, 20)),
        st.tuples(st.just("ask"), st.integers(0, 12), st.integers(0, 5), st.integers(0, 20)),
    ),
    max_size=30,
)


ZONE_SETS = (NEW_YORK, LONDON, ("America/New_York", "Europe/London"))
STATUSES = (ContactStatus.OPEN, ContactStatus.OPEN, ContactStatus.DONE, ContactStatus.USED_UP)


@dataclass
class Known:
    """A contact as a reader of the contract would note it down."""

    number: str
    zones: tuple[str, ...]
    list: str
    status: ContactStatus = ContactStatus.OPEN
    tried_at: float = 0.0
    next_try_at: float = 0.0

    def may_be_dialed(self, now: float) -> bool:
        is_due = self.status is ContactStatus.OPEN and self.next_try_at <= now
        return is_due and is_open(WINDOW, self.zones, now)


@settings(max_examples=25)
@given(steps=steps)
def test_whatever_happened_those_are_handed_over_who_are_next(
    place: Place, steps: list[Step]
) -> None:
    known: dict[str, Known] = {}
    priorities: dict[str, int] = {}

    def add(number: str, zones: tuple[str, ...], name: str, priority: int | None) -> None:
        priorities[name] = priority or priorities.get(name, 0)
        if all(one.number != number for one in known.values()):
            known[str(len(known) + 1)] = Known(number, zones, name)

    def find(want: int, excluded: str, now: float) -> list[str]:
        due = [
            (-priorities[one.list], one.tried_at, contact)
            for contact, one in known.items()
            if one.may_be_dialed(now) and contact != excluded
        ]
        return [contact for _, _, contact in sorted(due)][:want]

    async def live() -> None:
        async with provide_store(place) as store:
            for count, (step, one, two, three) in enumerate(steps):
                now = T0 + three * 3600
                if step == "add":
                    name, number = f"list {three}", f"+120255501{one:02d}"
                    into = ContactDestination("autumn", name, three or None)
                    await store.add(row(number, ZONE_SETS[two]), into=into)
                    add(number, ZONE_SETS[two], name, three or None)
                elif step == "try":
                    at = T0 - 1_000 + count
                    attempt = make_attempt(
                        f"att-{count}",
                        contact=str(one),
                        placed_at=at,
                        tries=two + 1,
                        status=STATUSES[two],
                        next_try_at=now if STATUSES[two] is ContactStatus.OPEN else 0.0,
                    )
                    await store.note(attempt)
                    if str(one) in known:
                        contact = known[str(one)]
                        contact.status, contact.tried_at = attempt.status, at
                        contact.next_try_at = attempt.next_try_at
                else:
                    refill = await store.refill(one, exclude=[str(two)], now=now)
                    assert [row.contact for row in refill.rows] == find(one, str(two), now)
                    assert refill.counts.total == len(known)

    asyncio.run(live())
