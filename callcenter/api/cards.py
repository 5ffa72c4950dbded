"""Fetches the cards of customers and contacts ahead of need: when it becomes known whom a call is
with, not when it is offered.

A source that is slow or broken never holds up a card for longer than ``CARD_WAIT_S`` after the
fetch began; usually that time is over long before the call is offered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

import msgspec
import structlog

from callcenter.domain.ids import CallId, ContactId, CustomerId
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


class Whom(NamedTuple):
    """Whose card it is."""

    customer: CustomerId = ""
    contact: ContactId = ""
    """Of a campaign's call: then the contact's card, which tells of the customer too."""


class Fetch:
    """One call's card on its way."""

    def __init__(self, whom: Whom, task: asyncio.Task[msgspec.Raw | None]) -> None:
        self.whom = whom
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

    def want(self, call: CallId, whom: Whom) -> Fetch:
        """Begin to fetch this call's card, unless that is done or under way."""
        fetch = self._fetches.get(call)
        if fetch is None or fetch.whom != whom or fetch.failed:
            task = asyncio.create_task(self._load(call, whom), name=f"card-{call}")
            fetch = self._fetches[call] = Fetch(whom, task)
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

    async def _load(self, call: CallId, whom: Whom) -> msgspec.Raw | None:
        try:
            async with asyncio.timeout(FETCH_DEADLINE_S), self._slots:
                card = await self._ask(whom)
            if card is None:
                return None
            encoded = msgspec.json.encode(card)
            if len(encoded) > CARD_BYTES_MAX:
                raise ValueError(f"the card has {len(encoded)} bytes")
            return msgspec.Raw(encoded)
        except Exception as error:  # noqa: BLE001 - any failure of any source: number only
            self.failures += 1
            _LOG.warning("card_not_fetched", call=call, error=repr(error), **whom._asdict())
            fetch = self._fetches.get(call)
            if fetch is not None and fetch.whom == whom:
                fetch.failed = True
            return None

    async def _ask(self, whom: Whom) -> Mapping[str, object] | None:
        if whom.contact:
            return await self._source.contact_card(whom.contact)
        return await self._source.card(whom.customer)
