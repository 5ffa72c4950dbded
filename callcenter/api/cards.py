"""Fetches customers' cards ahead of need: when a call's customer becomes known, not when it is
offered.

A source that is slow or broken never holds up a card for longer than ``CARD_WAIT_S`` after the
fetch began; usually that time is over long before the call is offered.
"""

from __future__ import annotations

import asyncio

import msgspec
import structlog

from callcenter.domain.ids import CallId, CustomerId
from callcenter.service.ports import CardSource

CARD_WAIT_S = 0.03
"""A card waits this long for the customer's fields: the local directory answers in 5 ms."""
FETCH_DEADLINE_S = 5.0
"""Later than this the conversation has its own course."""
FETCHES_AT_ONCE = 32
"""Questions to the source under way; more wait their turn within the deadline."""
CARD_BYTES_MAX = 64 * 1024
"""Bytes of one card: a screen full of text has a tenth."""

_LOG = structlog.get_logger("callcenter.api")


class Fetch:
    """One call's card on its way."""

    def __init__(self, customer: CustomerId, task: asyncio.Task[msgspec.Raw | None]) -> None:
        self.customer = customer
        self.began_at = asyncio.get_running_loop().time()
        self.task = task
        self.failed = False

    @property
    def left_s(self) -> float:
        """How long a card may still wait for it."""
        return self.began_at + CARD_WAIT_S - asyncio.get_running_loop().time()


class Cards:
    """The cards of live calls, as JSON."""

    def __init__(self, source: CardSource) -> None:
        self._source = source
        self._fetches: dict[CallId, Fetch] = {}
        self._slots = asyncio.Semaphore(FETCHES_AT_ONCE)
        self.failures = 0
        """Fetches that ended without an answer of the source."""

    def want(self, call: CallId, customer: CustomerId) -> Fetch:
        """Begin to fetch this call's card, unless that is done or under way."""
        fetch = self._fetches.get(call)
        if fetch is None or fetch.customer != customer or fetch.failed:
            task = asyncio.create_task(self._load(call, customer), name=f"card-{call}")
            fetch = self._fetches[call] = Fetch(customer, task)
        return fetch

    def forget(self, call: CallId) -> None:
        """The call has ended."""
        fetch = self._fetches.pop(call, None)
        if fetch is not None:
            fetch.task.cancel()

    async def close(self) -> None:
        """Stop fetching."""
        tasks = [fetch.task for fetch in self._fetches.values()]
        for call in list(self._fetches):
            self.forget(call)
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _load(self, call: CallId, customer: CustomerId) -> msgspec.Raw | None:
        try:
            async with asyncio.timeout(FETCH_DEADLINE_S), self._slots:
                card = await self._source.card(customer)
            if card is None:
                return None
            encoded = msgspec.json.encode(card)
            if len(encoded) > CARD_BYTES_MAX:
                raise ValueError(f"the card has {len(encoded)} bytes")
            return msgspec.Raw(encoded)
        except Exception as error:  # noqa: BLE001 - any failure of any source: number only
            self.failures += 1
            _LOG.warning("card_not_fetched", call=call, customer=customer, error=repr(error))
            fetch = self._fetches.get(call)
            if fetch is not None and fetch.customer == customer:
                fetch.failed = True
            return None
