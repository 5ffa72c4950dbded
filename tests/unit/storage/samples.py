"""Records, and the journal entries that led to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, get_args

from hypothesis import strategies as st
from msgspec.structs import fields, replace

from callcenter.domain.agent import AgentState
from callcenter.domain.attempt import AttemptResult, ContactStatus, Verdict
from callcenter.domain.call import Outcome
from callcenter.domain.campaign import (
    DEFAULT_RETRIES,
    CallingWindow,
    CampaignSettings,
    CampaignState,
    RetryRule,
)
from callcenter.domain.customer import Tier
from callcenter.domain.events import Tick
from callcenter.domain.ids import ChannelRef
from callcenter.domain.records import (
    AgentStateRecord,
    AttemptRecord,
    CallRecord,
    CampaignRecord,
    ConversationRecord,
    DispositionRecord,
    DncRecord,
    FaultRecord,
    OfferRecord,
    Record,
    RepairRecord,
    ReturnRecord,
    RoutingRecord,
)
from callcenter.domain.step import Entry
from callcenter.storage.record_rows import MAYBE_NEVER

T0 = 1_700_000_000.0
"""When everything here begins, UTC seconds."""

RECORD_KINDS: tuple[type[Any], ...] = get_args(Record)

CALL = CallRecord(
    call="c1",
    channel=ChannelRef("main", "1700000000.1"),
    caller_number="+12025550101",
    dialed_number="7000",
    flow="main",
    choices=("1", "3"),
    customer="K1",
    tier=Tier.GOLD,
    queue="service",
    arrived_at=T0,
    queued_at=T0 + 10,
    answered_at=T0 + 15.25,
    ended_at=T0 + 60,
    outcome=Outcome.ANSWERED,
    answered_by="ana",
    answered_by_senior=True,
    overflowed=False,
    via_fallback=False,
    offers=1,
)


def make_call(call: str, ended_at: float = T0 + 60, **changes: Any) -> CallRecord:
    """An answered call, but for these changes."""
    return replace(CALL, call=call, ended_at=ended_at, **changes)


ATTEMPT = AttemptRecord(
    attempt="att-1",
    campaign="autumn",
    contact="1",
    number="+12025550101",
    channel=ChannelRef("main", "att-1"),
    tries=1,
    placed_at=T0,
    ringing_at=T0 + 1,
    answered_at=0.0,
    person_at=0.0,
    connected_at=0.0,
    harbour_at=0.0,
    ended_at=T0 + 20,
    result=AttemptResult.NO_ANSWER,
    cause=19,
    verdict=None,
    verdict_cause="",
    agent="",
    call="",
    status=ContactStatus.OPEN,
    next_try_at=T0 + 3600,
)

CAMPAIGN = CampaignSettings(
    id="autumn",
    name="Renewals, autumn",
    pbx="main",
    trunk="carrier",
    window=CallingWindow(weekdays=(0, 2)),
    retries=DEFAULT_RETRIES,
)


def make_attempt(attempt: str = "att-1", **changes: Any) -> AttemptRecord:
    """An attempt that nobody answered, but for these changes."""
    return replace(ATTEMPT, attempt=attempt, **changes)


def one_of_each(name: str = "c1", at: float = T0) -> tuple[Record, ...]:
    """A record of every kind, all about one call."""
    return (
        make_call(name, at),
        OfferRecord(name, "ana", at - 20, at - 15, "no_answer", "longest idle"),
        OfferRecord(name, "bo", at - 15, at - 10, "answered", "most_urgent", (1.0, 0.5)),
        ConversationRecord(name, "bo", at - 10, at),
        AgentStateRecord("ana", AgentState.RINGING, "", at - 20, at - 15),
        DispositionRecord(name, "bo", "solved", at + 5),
        make_attempt(f"att-{name}", ended_at=at),
        ReturnRecord(name, "autumn", "7", "+12025550199", at - 20, at - 10, at, "bo", False),
        CampaignRecord(CAMPAIGN, CampaignState.RUNNING, "max", at),
        DncRecord("+12025550199", True, "asked not to be called", "agent", 0.0, "bo", at),
        RoutingRecord("queue_switched", "service", "closed closed until 1", "max", at),
        FaultRecord("late", "ring of a leg that is gone", at),
        RepairRecord("call_gone", name, at),
    )


def make_entry(position: int, *records: Record) -> Entry:
    """An entry that led to these records."""
    return Entry(position, T0 + position, Tick(), records=records)


def numbered(first: int, last: int) -> tuple[Entry, ...]:
    """Entries that can be counted: each led to a fault that names its position, every third to
    nothing and every fifth to two."""
    return tuple(
        make_entry(position, *(FaultRecord(f"p{position}", "", T0 + position),) * _weight(position))
        for position in range(first, last + 1)
    )


def faults_of(entries: Sequence[Entry]) -> list[str]:
    """The kinds of their faults, in order."""
    return [
        record.kind
        for entry in entries
        for record in entry.records
        if isinstance(record, FaultRecord)
    ]


def _weight(position: int) -> int:
    if position % 5 == 0:
        return 2
    return 0 if position % 3 == 0 else 1


class ListJournal:
    """A journal in memory that can be trimmed, and can fail when it is read."""

    def __init__(self, entries: Sequence[Entry] = ()) -> None:
        self.entries = list(entries)
        self.reads = 0
        self.problems: list[Exception] = []
        """Raised by the next readings, one each."""
        self.syncs = 0

    def read_after(self, position: int) -> Iterator[Entry]:
        """As the real one: everything after this position."""
        self.reads += 1
        if self.problems:
            raise self.problems.pop(0)
        for entry in list(self.entries):
            if entry.position > position:
                yield entry

    async def sync(self) -> None:
        """Counted."""
        self.syncs += 1


# --- any record at all ---------------------------------------------------------------------------

texts = st.text(max_size=20)
clean_texts = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
"""Without what no database can hold."""
moments = st.floats(min_value=0.5, max_value=4e9, allow_nan=False)
moments_or_never = st.one_of(st.just(0.0), moments)


def any_record(texts: st.SearchStrategy[str] = texts) -> st.SearchStrategy[Record]:
    """A record of any kind with any content."""
    of_type: dict[Any, st.SearchStrategy[Any]] = {
        str: texts,
        float: moments,
        int: st.integers(0, 1_000),
        bool: st.booleans(),
        ChannelRef: st.builds(ChannelRef, texts, texts),
        CampaignSettings: _any_settings(texts),
        Verdict | None: st.sampled_from([*Verdict, None]),
        tuple[str, ...]: st.lists(texts, max_size=5).map(tuple),
        tuple[float, ...]: st.lists(moments, max_size=5).map(tuple),
    }

    def field(name: str, kind: Any) -> st.SearchStrategy[Any]:
        if name in MAYBE_NEVER:
            return moments_or_never
        return of_type[kind] if kind in of_type else st.sampled_from(list(kind))

    return st.one_of(
        *(
            st.builds(kind, **{one.name: field(one.name, one.type) for one in fields(kind)})
            for kind in RECORD_KINDS
        )
    )


def _any_settings(texts: st.SearchStrategy[str]) -> st.SearchStrategy[CampaignSettings]:
    return st.builds(
        CampaignSettings,
        id=texts,
        name=texts,
        pbx=texts,
        trunk=texts,
        window=st.builds(CallingWindow, st.integers(0, 600), st.integers(601, 1440)),
        retries=st.dictionaries(
            st.sampled_from(AttemptResult), st.builds(RetryRule, moments, st.integers(1, 9))
        ),
    )
