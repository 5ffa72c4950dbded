"""Results of campaigns by list, hour, tier and attribute, and new lists made of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from callcenter.documents.contacts_csv import ContactNumber
from callcenter.domain.attempt import AttemptResult, ContactStatus, Verdict
from callcenter.domain.customer import Tier
from callcenter.domain.evidence import WaitFrom
from callcenter.domain.records import AttemptRecord, DispositionRecord
from callcenter.service.campaign_results import (
    CampaignResults,
    NewList,
    ResultRow,
    ResultsBy,
    Wanted,
)
from callcenter.storage.campaign_results import StoredResults
from callcenter.storage.stores import ContactDestination
from tests.contract.contact_stores import AUTUMN, A, B, C, D, Store, provide_store, row
from tests.unit.storage.databases import Place
from tests.unit.storage.samples import T0, make_attempt, make_entry

SECOND = ContactDestination("autumn", "second", 3)
REACHED = Wanted(
    results=(AttemptResult.CONNECTED,),
    dispositions=("interested",),
    without=("agreed",),
    tiers=(Tier.GOLD,),
)


class Past:
    """A store with a past."""

    def __init__(self, store: Store, results: CampaignResults) -> None:
        self.store = store
        self.results = results
        self._calls = 0

    async def note(
        self,
        number: str,
        result: AttemptResult,
        *codes: str,
        amounts: dict[str, int] | None = None,
        **changes: object,
    ) -> None:
        """An attempt at a contact of ``autumn`` ended, and this is what agents said."""
        self._calls += 1
        talked = result is AttemptResult.CONNECTED
        call = f"call-{self._calls}" if talked else ""
        facts: dict[str, object] = {
            "contact": self.ids[number],
            "campaign": "autumn",
            "number": number,
            "result": result,
            "person_at": T0 if talked else 0.0,
            "connected_at": T0 if talked else 0.0,
            "call": call,
            "status": ContactStatus.DONE if talked else ContactStatus.OPEN,
            "next_try_at": 0.0 if talked else T0 + 600,
            **changes,
        }
        attempt: AttemptRecord = make_attempt(f"att-{self._calls}", **facts)
        said = [DispositionRecord(call, "bo", code, T0 + 5) for code in codes]
        for code, cents in (amounts or {}).items():
            said.append(DispositionRecord(call, "bo", code, T0 + 5, cents > 0, cents))
        self.store._end += 1
        self.store._records.feed([make_entry(self.store._end, attempt, *said)])
        await self.store._records.wait_for(self.store._end)

    async def learn_ids(self) -> None:
        """The contacts by their numbers."""
        rows = (await self.store.refill(1_000)).rows
        self.ids = {row.number: row.contact for row in rows}

    async def by(self, by: ResultsBy, **how: str) -> dict[str, ResultRow]:
        """The rows by their keys."""
        return {row.key: row for row in await self.results.rows("autumn", by, **how)}

    async def make(
        self,
        wanted: Wanted,
        into: str = "autumn",
        *,
        priority: int | None = None,
        dry_run: bool = False,
    ) -> NewList:
        """A list called ``again``."""
        return await self.results.make_list(
            "autumn", wanted, into, "again", priority=priority, dry_run=dry_run
        )


@pytest.fixture
async def past(place: Place) -> AsyncIterator[Past]:
    """Two lists of two: Ann (gold) is interested, Bob (gold) bought, Cid nobody reached, Dee (gold)
    was reached and hung up on us."""
    async with provide_store(place) as store:
        await store.add(
            row(A, tier=Tier.GOLD, attributes={"offer": "card"}, name="Ann"),
            row(B, tier=Tier.GOLD, attributes={"offer": 'loan "easy"'}),
        )
        await store.add(row(C, attributes={"other": "x"}), row(D, tier=Tier.GOLD), into=SECOND)
        past = Past(store, StoredResults(store.contacts._database, store.contacts, now=lambda: T0))
        await past.learn_ids()
        await past.note(A, AttemptResult.NO_ANSWER)
        await past.note(A, AttemptResult.CONNECTED, "interested")
        await past.note(B, AttemptResult.CONNECTED, "interested", "agreed")
        await past.note(C, AttemptResult.BUSY)
        await past.note(D, AttemptResult.DROPPED, person_at=T0, status=ContactStatus.USED_UP)
        yield past


# --- results --------------------------------------------------------------------------------------


async def test_results_by_list_count_each_contact_once(past: Past) -> None:
    found = await past.by(ResultsBy.LIST)

    assert list(found.values()) == [
        ResultRow("first", 2, 3, 2, 2, 0, 1, {"agreed": 1, "interested": 2}),
        ResultRow("second", 2, 2, 1, 0, 1, 0, {}),
    ]


async def test_revenue_is_what_was_said_last_of_each_sale(past: Past) -> None:
    await past.note(A, AttemptResult.CONNECTED, amounts={"agreed": 4_990})
    await past.note(C, AttemptResult.CONNECTED, amounts={"agreed": 700, "interested": 0})

    first, second = (await past.by(ResultsBy.LIST)).values()
    by_tier = await past.by(ResultsBy.TIER)

    assert (first.sold, first.revenue_cents) == (2, 4_990)
    assert (second.sold, second.revenue_cents) == (0, 0)
    assert {key: row.revenue_cents for key, row in by_tier.items()} == {
        "gold": 4_990,
        "standard": 0,
    }


async def test_waits_are_those_of_people_who_talked_with_an_agent(past: Past) -> None:
    await past.note(
        C,
        AttemptResult.CONNECTED,
        person_at=T0 + 1,
        connected_at=T0 + 2.5,
        verdict=Verdict.HUMAN,
        verdict_cause="HUMAN-820-800",
    )

    found = await past.results.waits("autumn")

    assert (found.connected, found.in_time, found.p50_s) == (3, 2, 0.0)
    assert found.p95_s == pytest.approx(2.32, abs=1e-6)  # of moments in seconds since 1970
    assert found.counted_from == {WaitFrom.GREETING: 1, WaitFrom.ANSWER: 2}
    assert (await past.results.waits("winter")).connected == 0


async def test_results_by_tier(past: Past) -> None:
    found = await past.by(ResultsBy.TIER)

    assert {key: (row.contacts, row.sold) for key, row in found.items()} == {
        "gold": (3, 1),
        "standard": (1, 0),
    }


async def test_results_by_an_attribute_have_those_without_it_under_no_name(past: Past) -> None:
    found = await past.by(ResultsBy.ATTRIBUTE, attribute="offer")

    assert {key: (row.contacts, row.attempts) for key, row in found.items()} == {
        "": (2, 2),
        "card": (1, 2),
        'loan "easy"': (1, 1),
    }


async def test_attempts_at_contacts_that_are_there_no_more_are_counted(past: Past) -> None:
    past.ids["gone"] = "x"
    await past.note("gone", AttemptResult.CONNECTED, "agreed")

    by_tier = await past.by(ResultsBy.TIER)
    by_offer = await past.by(ResultsBy.ATTRIBUTE, attribute="offer")

    assert by_tier[""] == ResultRow("", 1, 1, 1, 1, 0, 1, {"agreed": 1})
    assert (by_offer[""].contacts, by_offer[""].attempts, by_offer[""].sold) == (3, 3, 1)


@pytest.mark.parametrize(
    ("zone", "placed", "hour"),
    [
        ("Europe/Paris", "2027-03-28T01:59:59+01:00", "01"),
        ("Europe/Paris", "2027-03-28T03:00:00+02:00", "03"),
        ("Europe/Paris", "2027-10-31T02:30:00+01:00", "02"),
        ("Asia/Kathmandu", "2027-05-01T00:00:00+05:45", "00"),
        ("America/St_Johns", "2027-05-01T23:59:59-02:30", "23"),
    ],
)
async def test_results_by_hour_follow_the_clock_of_the_place(
    past: Past, zone: str, placed: str, hour: str
) -> None:
    at = datetime.fromisoformat(placed).timestamp()
    before = await past.by(ResultsBy.HOUR, zone=zone)
    await past.note(C, AttemptResult.BUSY, placed_at=at, ended_at=at + 9)

    found = await past.by(ResultsBy.HOUR, zone=zone)

    was = before[hour].attempts if hour in before else 0
    assert found[hour].attempts == was + 1
    assert sum(row.attempts for row in found.values()) == 6


async def test_a_campaign_without_attempts_has_no_results(past: Past) -> None:
    for by in ResultsBy:
        assert await past.results.rows("spring", by, attribute="offer") == ()


# --- lists ----------------------------------------------------------------------------------------


async def test_lists_tell_how_their_contacts_stand(past: Past) -> None:
    await past.store.add(row("+12025550111", consent=True), into=SECOND)
    await past.store.note_dnc("+12025550111")

    second, first = await past.results.lists("autumn", False, T0)

    assert (second.name, second.priority, first.name) == ("second", 3, "first")
    assert (second.total, second.later, second.used_up, second.dnc) == (3, 1, 1, 1)
    assert (first.total, first.done, first.due) == (2, 2, 0)
    assert (first.finished, second.finished) == (2, 1)
    assert [one.finished for one in await past.results.lists("autumn", False, T0 + 7200)] == [0, 0]


async def test_who_did_not_agree_is_counted_apart_where_consent_is_needed(past: Past) -> None:
    third = ContactDestination("spring", "third")
    await past.store.add(row("+12025550112"), row("+12025550113", consent=True), into=third)

    (free,) = await past.results.lists("spring", False, T0)
    (strict,) = await past.results.lists("spring", True, T0)

    assert (free.due, free.no_consent) == (2, 0)
    assert (strict.due, strict.no_consent) == (1, 1)


# --- new lists ------------------------------------------------------------------------------------


async def test_a_trial_run_only_counts(past: Past) -> None:
    told = await past.make(REACHED, dry_run=True)

    assert told == NewList("autumn", "again", 1, 1, 0, True)
    assert len(await past.results.lists("autumn", False, T0)) == 2


async def test_reached_interested_no_sale_gold_are_called_again(past: Past) -> None:
    told = await past.make(REACHED, priority=9)

    again, *_ = await past.results.lists("autumn", False, T0)
    (next_one,) = (await past.store.refill()).rows
    assert told == NewList("autumn", "again", 1, 1, 0, False)
    assert (again.name, again.priority, again.due, again.total) == ("again", 9, 1, 1)
    assert (next_one.number, next_one.contact) == (A, past.ids[A])


async def test_made_again_it_takes_nobody_twice(past: Past) -> None:
    await past.make(REACHED)

    assert (await past.make(REACHED)).matched == 0


async def test_who_waits_for_a_retry_goes_on_waiting_on_the_new_list(past: Past) -> None:
    await past.make(Wanted(results=(AttemptResult.BUSY,)))

    by_name = {one.name: one for one in await past.results.lists("autumn", False, T0)}
    assert (by_name["again"].later, by_name["again"].due) == (1, 0)


async def test_nobody_on_the_do_not_call_list_is_taken(past: Past) -> None:
    await past.store.note_dnc(A)

    here = await past.make(REACHED)
    there = await past.make(REACHED, "spring")

    assert (here.taken, there.taken) == (0, 0)
    assert await past.store.next() == ""


async def test_into_another_campaign_they_are_added_with_all_that_is_known(past: Past) -> None:
    told = await past.make(REACHED, "spring")
    again = await past.make(REACHED, "spring")

    (there,) = await past.results.lists("spring", False, T0)
    assert (told.taken, again.taken, again.refused) == (1, 0, 1)
    assert (there.name, there.total) == ("again", 1)
    first, second = await past.results.lists("autumn", False, T0)
    assert (first.total, second.total) == (2, 2)
    everyone = await past.results.make_list("spring", Wanted(), "summer", "x", dry_run=True)
    assert everyone.matched == 1


async def test_further_numbers_come_along(past: Past) -> None:
    more = (ContactNumber("+12025550114", ("America/New_York",), "mobile"),)
    await past.store.add(row("+12025550115", more_numbers=more), into=SECOND)
    await past.learn_ids()
    await past.note("+12025550115", AttemptResult.CONNECTED, "interested")

    wanted = Wanted(dispositions=("interested",), lists=("second",))
    told = await past.results.make_list("autumn", wanted, "spring", "again")

    taken = await past.store.contacts.numbers_known(["+12025550114", "+12025550115"])
    assert (told.matched, told.taken) == (1, 1)
    assert sorted(taken) == ["+12025550114", "+12025550115"]
    once_more = await past.results.make_list("autumn", wanted, "spring", "again")
    assert once_more.refused == 1


async def test_lists_that_are_not_there_have_nobody(past: Past) -> None:
    assert (await past.make(Wanted(lists=("third",)))).matched == 0


async def test_the_first_list_is_left_with_the_others(past: Past) -> None:
    await past.make(REACHED)

    by_name = {one.name: one.total for one in await past.results.lists("autumn", False, T0)}
    assert by_name == {"again": 1, AUTUMN.list: 1, "second": 2}
