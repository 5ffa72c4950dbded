"""Records and customers in memory, for virtual time and for trying things out: the same promises as
the database's stores (one contract suite), and nothing kept after the process.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar, assert_never, cast, get_args

from callcenter.documents.customers_csv import CustomerRow
from callcenter.documents.rejects import Reject
from callcenter.domain.call import Outcome
from callcenter.domain.customer import Tier
from callcenter.domain.ids import CallId, CampaignId, CustomerId
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
from callcenter.service.ports import (
    AttemptPage,
    CallHistory,
    CallQuery,
    CallRecordPage,
    Customer,
)
from callcenter.storage.customer_import import (
    Changes,
    CustomerChange,
    OnProgress,
    OnReject,
    import_customers,
)
from callcenter.storage.stores import (
    FIRST_PAGE,
    PAGE_ITEMS_DEFAULT,
    BadCursor,
    CustomerCard,
    ImportResult,
    Page,
    PageRequest,
    RecordCounts,
    TierCounts,
    limited,
)

R = TypeVar("R", bound=Record)
_KINDS: tuple[type[Record], ...] = get_args(Record)


class _Kept(NamedTuple):
    """A record with what it is ordered by: when it ended, then its place in the journal."""

    ended_at: float
    position: int
    place: int
    record: Record


class MemoryRecords:
    """A ``RecordSink`` and ``RecordReader`` of one journal."""

    def __init__(self) -> None:
        self._kept: dict[type[Any], list[_Kept]] = {kind: [] for kind in _KINDS}
        self._written = 0
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []

    def feed(self, entries: Sequence[Entry]) -> None:
        """Take these entries; those known already are passed over."""
        for entry in entries:
            if entry.position <= self._written:
                continue
            self._written = entry.position
            for index, record in enumerate(entry.records):
                kept = _Kept(_ended_at(record), entry.position, index, record)
                insort(self._kept[type(record)], kept, key=_order)
        for position, waiter in self._waiting:
            if position <= self._written and not waiter.done():
                waiter.set_result(None)
        self._waiting = [(place, waiter) for place, waiter in self._waiting if not waiter.done()]

    @property
    def written(self) -> int:
        """The last entry taken."""
        return self._written

    async def position(self) -> int:
        """The last entry taken."""
        return self._written

    async def wait_for(self, position: int) -> None:
        """Wait until everything up to ``position`` was taken."""
        if position > self._written:
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.append((position, waiter))
            await waiter

    async def calls(self, query: CallQuery) -> CallRecordPage:
        """One page of ended calls, the last ended first. Raises ``BadCursor``."""
        wanted = PageRequest(query.cursor, query.limit)
        page = self._page(CallRecord, lambda call: _is_wanted(call, query), wanted)
        return CallRecordPage(page.items, page.next)

    async def call(self, call: CallId) -> CallHistory | None:
        """One ended call with all that is kept of it."""
        found = [record for record in self._all(CallRecord) if record.call == call]
        if not found:
            return None
        return CallHistory(
            call=found[-1],
            offers=await self.offers(call),
            conversations=tuple(c for c in self._all(ConversationRecord) if c.call == call),
            dispositions=tuple(d for d in self._all(DispositionRecord) if d.call == call),
        )

    async def offers(self, call: CallId) -> tuple[OfferRecord, ...]:
        """Every offer of one call, in the order they ended."""
        return tuple(offer for offer in self._all(OfferRecord) if offer.call == call)

    async def dispositions(
        self, call: CallId = "", page: PageRequest = FIRST_PAGE
    ) -> Page[DispositionRecord]:
        """What agents said, of one call or of all."""
        return self._page(DispositionRecord, lambda said: call in ("", said.call), page)

    async def faults(self, since: float = 0.0, page: PageRequest = FIRST_PAGE) -> Page[FaultRecord]:
        """What came in and could not be."""
        return self._page(FaultRecord, lambda fault: fault.at >= since, page)

    async def repairs(
        self, since: float = 0.0, page: PageRequest = FIRST_PAGE
    ) -> Page[RepairRecord]:
        """Where the PBX's word was taken against ours."""
        return self._page(RepairRecord, lambda repair: repair.at >= since, page)

    async def campaign_changes(
        self, campaign: CampaignId, page: PageRequest = FIRST_PAGE
    ) -> Page[CampaignRecord]:
        """Who made, changed, started or stopped a campaign, and when."""
        return self._page(CampaignRecord, lambda change: change.settings.id == campaign, page)

    async def attempts_page(
        self, campaign: CampaignId, limit: int = PAGE_ITEMS_DEFAULT, cursor: str = ""
    ) -> AttemptPage:
        """Attempts of a campaign, the last ended first. Raises ``BadCursor``."""
        wanted = PageRequest(cursor, limit)
        page = self._page(AttemptRecord, lambda attempt: attempt.campaign == campaign, wanted)
        return AttemptPage(page.items, page.next)

    async def counts(self, since: float = 0.0) -> RecordCounts:
        """How many of what since a moment (by the time a record ended)."""
        calls = self._all(CallRecord, since)
        outcomes = Counter(call.outcome for call in calls)
        return RecordCounts(
            calls=len(calls),
            queued=sum(call.queued_at > 0 for call in calls),
            outcomes={outcome: outcomes[outcome] for outcome in Outcome},
            tiers={tier: _count_tier([c for c in calls if c.tier is tier]) for tier in Tier},
            via_fallback=sum(call.via_fallback for call in calls),
            offers=_count_by(offer.result for offer in self._all(OfferRecord, since)),
            attempts=_count_by(attempt.result for attempt in self._all(AttemptRecord, since)),
            conversations=len(self._all(ConversationRecord, since)),
            agent_states=len(self._all(AgentStateRecord, since)),
            dispositions=_count_by(said.code for said in self._all(DispositionRecord, since)),
            faults=_count_by(fault.kind for fault in self._all(FaultRecord, since)),
            repairs=_count_by(repair.kind for repair in self._all(RepairRecord, since)),
        )

    # --- inside --------------------------------------------------------------------------------

    def _all(self, kind: type[R], since: float = 0.0) -> list[R]:
        """Records of a kind in the order they ended."""
        kept = self._kept[kind]
        first = bisect_left(kept, since, key=lambda one: one.ended_at) if since else 0
        return [cast(R, one.record) for one in kept[first:]]

    def _page(self, kind: type[R], is_wanted: Callable[[R], bool], page: PageRequest) -> Page[R]:
        kept = self._kept[kind]
        before = len(kept)
        if page.after:
            before = bisect_left(kept, _read_cursor(page.after), key=_order)
        size = limited(page.size)
        found: list[_Kept] = []
        for place in range(before - 1, -1, -1):
            if is_wanted(cast(R, kept[place].record)):
                found.append(kept[place])
                if len(found) > size:
                    break
        more = ":".join(map(repr, _order(found[size - 1]))) if len(found) > size else ""
        return Page(tuple(cast(R, one.record) for one in found[:size]), more)


class MemoryCustomers:
    """A ``CustomerStore`` and ``CardSource``."""

    def __init__(self, cards: Iterable[CustomerCard] = ()) -> None:
        self._cards: dict[CustomerId, CustomerCard] = {}
        self._owners: dict[str, CustomerId] = {}
        for card in cards:
            self.put(card)

    def put(self, card: CustomerCard) -> None:
        """Add or replace a customer, who alone has these numbers from now on."""
        before = self._cards.get(card.id)
        for number in before.numbers if before else ():
            if self._owners.get(number) == card.id:
                del self._owners[number]
        self._cards[card.id] = card
        self._owners.update(dict.fromkeys(card.numbers, card.id))

    async def find_by_number(self, number: str) -> Customer | None:
        """The customer with this E.164 number."""
        owner = self._owners.get(number)
        return self._cards[owner].customer() if owner is not None else None

    async def card(self, customer: CustomerId) -> Mapping[str, object] | None:
        """The card's fields, ready for JSON."""
        card = self._cards.get(customer)
        return card.shown() if card else None

    async def import_rows(
        self,
        rows: Iterable[CustomerRow | Reject],
        *,
        on_reject: OnReject = lambda _reject: None,
        on_progress: OnProgress = lambda _rows: None,
        dry_run: bool = False,
    ) -> ImportResult:
        """As ``CustomerDirectory.import_rows``."""
        return await import_customers(
            self, rows, on_reject=on_reject, on_progress=on_progress, dry_run=dry_run
        )

    async def find_cards(self, ids: Sequence[CustomerId]) -> Mapping[CustomerId, CustomerCard]:
        """For the import."""
        return {one: self._cards[one] for one in ids if one in self._cards}

    async def find_owners(self, numbers: Sequence[str]) -> Mapping[str, CustomerId]:
        """For the import."""
        return {number: self._owners[number] for number in numbers if number in self._owners}

    async def apply(self, changes: Changes[CustomerChange]) -> None:
        """For the import."""
        for batch in changes.batches():
            for change in batch:
                self.put(change.card)


def _ended_at(record: Record) -> float:
    match record:
        case (
            CallRecord()
            | OfferRecord()
            | ConversationRecord()
            | AgentStateRecord()
            | AttemptRecord()
            | ReturnRecord()
        ):
            return record.ended_at
        case (
            DispositionRecord()
            | CampaignRecord()
            | DncRecord()
            | RoutingRecord()
            | FaultRecord()
            | RepairRecord()
        ):
            return record.at
        case _:
            assert_never(record)


def _order(kept: _Kept) -> tuple[float, int, int]:
    return kept[:3]


def _read_cursor(text: str) -> tuple[float, int, int]:
    try:
        ended_at, position, index = text.split(":")
        return float(ended_at), int(position), int(index)
    except ValueError as problem:
        raise BadCursor("There is no such page. Take `next` of the page before.") from problem


def _is_wanted(call: CallRecord, query: CallQuery) -> bool:
    return (
        call.ended_at >= query.since
        and (not query.until or call.ended_at < query.until)
        and query.queue in ("", call.queue)
        and query.agent in ("", call.answered_by)
        and query.outcome in (None, call.outcome)
    )


def _count_tier(calls: Sequence[CallRecord]) -> TierCounts:
    return TierCounts(
        calls=len(calls),
        queued=sum(call.queued_at > 0 for call in calls),
        answered=sum(call.outcome is Outcome.ANSWERED for call in calls),
        abandoned=sum(call.outcome is Outcome.ABANDONED for call in calls),
        by_senior=sum(call.answered_by_senior for call in calls),
        overflowed=sum(call.overflowed for call in calls),
    )


def _count_by(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))
