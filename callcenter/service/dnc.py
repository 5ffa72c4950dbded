"""The do-not-call list, as the service and the API know it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol

import structlog
from msgspec import Struct

from callcenter.domain.events import DncListChanged, Event

LOOK_EVERY_S = 2.0
"""How soon a list of numbers that another program has taken over reaches the machine."""

_LOG = structlog.get_logger(__name__)


class DncNumber(Struct, frozen=True):
    """A number that is not to be called, as a list brings it."""

    number: str
    """E.164."""
    reason: str = ""
    until: float = 0.0
    """UTC seconds; 0.0: for good."""


class DncEntry(Struct, frozen=True):
    """A number on the do-not-call list."""

    number: str
    """E.164."""
    reason: str
    source: str
    """Who says so: ``manager``, ``agent``, ``opt_out``, or the name of a list."""
    by: str
    """The account that put it there; empty: the person themselves."""
    since: float
    """UTC seconds."""
    until: float
    """UTC seconds; 0.0: for good."""


class DncPage(Struct, frozen=True):
    """Part of the do-not-call list, in order of the numbers."""

    entries: tuple[DncEntry, ...]
    total: int
    """Of the whole list, those too whose time is over since a minute."""
    next: str
    """Cursor of the next page; empty after the last."""


class DncStore(Protocol):
    """The do-not-call list."""

    async def find(self, number: str) -> DncEntry | None:
        """This number's entry (E.164), while it holds."""
        ...

    async def barred(self, numbers: Sequence[str]) -> frozenset[str]:
        """Those of the numbers that may not be called now."""
        ...

    async def page(self, limit: int, cursor: str = "") -> DncPage:
        """Part of the list."""
        ...

    async def add(self, numbers: Iterable[DncNumber], *, source: str, by: str) -> int:
        """Take numbers over from a list; returns how many."""
        ...


async def watch_dnc(imports: Callable[[], Awaitable[int]], put: Callable[[Event], None]) -> None:
    """Tell the machine when a list of numbers was taken over, whichever program did it.

    Hoppers are filled anew then. ``imports`` gives the number of the last one, as
    ``StoredDnc.imports``. Until cancelled.
    """
    known: int | None = None
    while True:
        try:
            found = await imports()
        except Exception as error:  # noqa: BLE001 - any failure of any store: asked again
            _LOG.warning("dnc_list_not_read", error=str(error))
        else:
            if known is not None and found != known:
                put(DncListChanged())
            known = found
        await asyncio.sleep(LOOK_EVERY_S)
