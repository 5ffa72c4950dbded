"""What every store of records promises, in memory and in databases of each kind; customers: see
beside."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from callcenter.domain.call import Outcome
from callcenter.domain.campaign import CampaignState
from callcenter.domain.customer import Tier
from callcenter.domain.records import (
    CallRecord,
    CampaignRecord,
    DispositionRecord,
    FaultRecord,
    Record,
    RepairRecord,
)
from callcenter.domain.step import Entry
from callcenter.service.ports import (
    CallHistory,
    CallQuery,
    RecordReader,
    RecordSink,
)
from callcenter.storage.memory import MemoryRecords
from callcenter.storage.projector import Projector
from callcenter.storage.records import StoredRecords, write_cursor
from callcenter.storage.stores import BadCursor, PageRequest, RecordCounts, TierCounts
from tests.unit.storage.databases import Place, new_database
from tests.unit.storage.samples import (
    CAMPAIGN,
    T0,
    any_record,
    clean_texts,
    make_call,
    make_entry,
    one_of_each,
)

DEADLINE_S = 20.0

Reader: TypeAlias = StoredRecords | MemoryRecords


class Records:
    """A sink and the reader of what it took."""

    def __init__(self, sink: Projector | MemoryRecords, reader: Reader) -> None:
        self.sink = sink
        self.reader = reader
        self._end = 0

    async def keep(self, *records: Record) -> None:
        """Let one entry lead to these records, and wait until they can be read."""
        self._end += 1
        await self.take([make_entry(self._end, *records)])

    async def take(self, entries: Sequence[Entry]) -> None:
        """Feed these entries, and wait until they can be read."""
        sink: RecordSink = self.sink
        sink.feed(entries)
        self._end = max(self._end, entries[-1].position)
        async with asyncio.timeout(DEADLINE_S):
            await self.sink.wait_for(self._end)


@asynccontextmanager
async def provide_records(place: Place | None) -> AsyncIterator[Records]:
    if place is None:
        memory = MemoryRecords()
        yield Records(memory, memory)
        return
    async with new_database(place) as database:
        projector = Projector(database, "j", lambda _position: (), gather_s=0.0)
        task = asyncio.create_task(projector.run())
        yield Records(projector, StoredRecords(database))
        task.cancel()
        await asyncio.wait({task})


@pytest.fixture
async def records(place_or_memory: Place | None) -> AsyncIterator[Records]:
    async with provide_records(place_or_memory) as provided:
        yield provided


def ids(calls: Iterable[CallRecord]) -> list[str]:
    return [call.call for call in calls]


async def test_an_empty_store_has_nothing(records: Records) -> None:
    reader: RecordReader = records.reader

    page = await reader.calls(CallQuery(limit=10))

    assert (page.rows, page.next) == ((), "")
    assert await reader.call("c1") is None
    assert await reader.call("\ud800") is None
    assert await records.sink.position() == records.sink.written == 0


async def test_everything_kept_of_a_call_comes_back(records: Records) -> None:
    await records.keep(*one_of_each("other", T0))
    kept = one_of_each("c1", T0 + 60)
    await records.keep(*kept)
    call, first_offer, second_offer, conversation, _state, disposition, *_ = kept

    history = await records.reader.call("c1")

    assert history == CallHistory(
        call=call,  # type: ignore[arg-type]  # one_of_each begins with these kinds
        offers=(first_offer, second_offer),  # type: ignore[arg-type]  # as above
        conversations=(conversation,),  # type: ignore[arg-type]  # as above
        dispositions=(disposition,),  # type: ignore[arg-type]  # as above
    )
    assert await records.reader.offers("c1") == (first_offer, second_offer)
    assert await records.sink.position() == 2


async def test_a_call_that_was_never_queued_or_answered_says_never(records: Records) -> None:
    call = make_call("c1", queued_at=0.0, answered_at=0.0, outcome=Outcome.LEFT_IN_IVR, choices=())

    await records.keep(call)

    assert (await records.reader.calls(CallQuery(limit=1))).rows == (call,)


async def test_calls_come_the_last_ended_first_page_by_page(records: Records) -> None:
    for n, ended_at in enumerate((5.0, 3.0, 9.0, 3.0, 7.0), 1):
        await records.keep(make_call(f"c{n}", ended_at))

    pages = [await records.reader.calls(CallQuery(limit=2))]
    await records.keep(make_call("later", 10.0))  # moves nothing on the pages that follow
    while pages[-1].next:
        pages.append(await records.reader.calls(CallQuery(limit=2, cursor=pages[-1].next)))

    assert [ids(page.rows) for page in pages] == [["c3", "c5"], ["c1", "c4"], ["c2"]]


async def test_calls_of_one_entry_have_an_order_too(records: Records) -> None:
    await records.keep(*(make_call(f"c{n}", 5.0) for n in range(4)))

    first = await records.reader.calls(CallQuery(limit=3))
    rest = await records.reader.calls(CallQuery(limit=3, cursor=first.next))

    assert ids(first.rows) + ids(rest.rows) == ["c3", "c2", "c1", "c0"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (CallQuery(limit=9), ["c4", "c3", "c2", "c1"]),
        (CallQuery(limit=9, since=20.0), ["c4", "c3", "c2"]),
        (CallQuery(limit=9, until=20.0), ["c1"]),
        (CallQuery(limit=9, since=20.0, until=40.0), ["c3", "c2"]),
        (CallQuery(limit=9, queue="sales"), ["c2"]),
        (CallQuery(limit=9, agent="bo"), ["c3"]),
        (CallQuery(limit=9, outcome=Outcome.ABANDONED), ["c4"]),
        (CallQuery(limit=9, queue="service", agent="ana"), ["c1"]),
        (CallQuery(limit=9, queue="' OR 1=1 --"), []),
        (CallQuery(limit=9, agent="\ud800\0"), []),
        (CallQuery(limit=-5), ["c4"]),
    ],
)
async def test_a_query_narrows(records: Records, query: CallQuery, expected: list[str]) -> None:
    await records.keep(
        make_call("c1", 10.0),
        make_call("c2", 20.0, queue="sales"),
        make_call("c3", 30.0, answered_by="bo"),
        make_call("c4", 40.0, answered_by="", outcome=Outcome.ABANDONED),
    )

    assert ids((await records.reader.calls(query)).rows) == expected


@pytest.mark.parametrize(
    "cursor",
    ["x", "1", "W10=", "1:2", "é", "\ud800", "bnVsbA==", write_cursor((1.0, "j", 10**30, 0))],
    ids=repr,
)
async def test_a_cursor_of_another_origin_is_a_value_error(records: Records, cursor: str) -> None:
    with pytest.raises(ValueError, match="no such page") as refusal:
        await records.reader.calls(CallQuery(limit=1, cursor=cursor))

    assert refusal.type is BadCursor


async def test_faults_repairs_and_dispositions_are_paged_and_narrowed(records: Records) -> None:
    faults = [FaultRecord("late", f"f{n}", T0 + n) for n in range(3)]
    repairs = [RepairRecord("gone", f"c{n}", T0 + n) for n in range(3)]
    said = [DispositionRecord("c1", "ana", "sold", T0), DispositionRecord("c2", "bo", "no", T0 + 1)]
    await records.keep(*faults, *repairs, *said)
    reader = records.reader

    first = await reader.faults(page=PageRequest(size=2))
    second = await reader.faults(page=PageRequest(first.next, 2))

    assert first.items + second.items == tuple(reversed(faults))
    assert (await reader.faults(since=T0 + 1)).items == (faults[2], faults[1])
    assert (await reader.repairs()).items == tuple(reversed(repairs))
    assert (await reader.repairs(since=T0 + 2)).items == (repairs[2],)
    assert (await reader.dispositions()).items == (said[1], said[0])
    assert (await reader.dispositions("c1")).items == (said[0],)


async def test_what_was_changed_of_a_campaign_is_told_the_last_first(records: Records) -> None:
    made = CampaignRecord(CAMPAIGN, CampaignState.DRAFT, "max", T0)
    started = CampaignRecord(CAMPAIGN, CampaignState.RUNNING, "max", T0 + 1)
    other = CampaignRecord(replace(CAMPAIGN, id="spring"), CampaignState.DRAFT, "", T0 + 2)
    await records.keep(made, started, other)

    first = await records.reader.campaign_changes("autumn", PageRequest(size=1))
    rest = await records.reader.campaign_changes("autumn", PageRequest(first.next, 1))

    assert (first.items, rest.items, rest.next) == ((started,), (made,), "")


async def test_a_call_that_a_campaign_made_says_so(records: Records) -> None:
    call = make_call("c1", campaign="autumn", attempt="att-1", queue="")

    await records.keep(call)

    assert (await records.reader.calls(CallQuery(limit=1))).rows == (call,)


async def test_counts_add_up(records: Records) -> None:
    silver = {"tier": Tier.SILVER, "answered_by_senior": False}
    await records.keep(*one_of_each("c1", 10.0))
    await records.keep(*one_of_each("c2", 20.0), make_call("c3", 30.0, **silver, overflowed=True))
    await records.keep(
        make_call("c4", 40.0, **silver, outcome=Outcome.ABANDONED, via_fallback=True),
        make_call("c5", 50.0, **silver, outcome=Outcome.LEFT_IN_IVR, queued_at=0.0),
    )

    everything = await records.reader.counts()
    since = await records.reader.counts(since=20.0)

    assert everything == RecordCounts(
        calls=5,
        queued=4,
        outcomes={
            **dict.fromkeys(Outcome, 0),
            Outcome.ANSWERED: 3,
            Outcome.ABANDONED: 1,
            Outcome.LEFT_IN_IVR: 1,
        },
        tiers={
            Tier.GOLD: TierCounts(calls=2, queued=2, answered=2, by_senior=2),
            Tier.SILVER: TierCounts(calls=3, queued=2, answered=1, abandoned=1, overflowed=1),
            Tier.STANDARD: TierCounts(),
        },
        via_fallback=1,
        offers={"answered": 2, "no_answer": 2},
        attempts={"no_answer": 2},
        conversations=2,
        agent_states=2,
        dispositions={"solved": 2},
        faults={"late": 2},
        repairs={"call_gone": 2},
    )
    assert (since.calls, since.offers, since.faults) == (4, {}, {"late": 1})
    assert (await records.reader.counts(since=1e9)).calls == 0


async def test_entries_fed_twice_count_once(records: Records) -> None:
    entries = [make_entry(n, make_call(f"c{n}", float(n))) for n in range(1, 6)]

    await records.take(entries[:3])
    await records.take(entries[1:4])
    await records.take(entries)

    assert ids((await records.reader.calls(CallQuery(limit=9))).rows) == [
        "c5",
        "c4",
        "c3",
        "c2",
        "c1",
    ]


@settings(max_examples=15)
@given(batches=st.lists(st.lists(any_record(clean_texts), max_size=6), min_size=1, max_size=5))
def test_both_stores_tell_the_same_of_any_records(
    place: Place, batches: list[list[Record]]
) -> None:
    async def read(place: Place | None) -> list[object]:
        async with provide_records(place) as records:
            for batch in batches:
                await records.keep(*batch)
            calls = await records.reader.calls(CallQuery(limit=3))
            more = await records.reader.calls(CallQuery(limit=500, cursor=calls.next))
            reader = records.reader
            return [
                await reader.counts(),
                calls.rows,
                more.rows if calls.next else (),
                (await reader.faults()).items,
                (await reader.repairs()).items,
                (await reader.dispositions()).items,
                *[(await reader.campaign_changes(name)).items for name in _campaigns_in(batches)],
            ]

    assert asyncio.run(read(place)) == asyncio.run(read(None))


def _campaigns_in(batches: list[list[Record]]) -> list[str]:
    return [
        record.settings.id
        for batch in batches
        for record in batch
        if isinstance(record, CampaignRecord)
    ]
