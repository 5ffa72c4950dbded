"""What is old is forgotten by itself, once a day: numbers of calls and attempts, the audit, and the
journal's entries behind a snapshot of the day."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog
from msgspec import Struct

from callcenter.service.ports import Clock

DAY_S = 86_400.0
EVERY_S = DAY_S
FIRST_S = 600.0
"""After a start, which has more urgent things to do. What led up to trouble soon after a start is
then still in the journal as it was."""
AGAIN_S = 600.0
"""After a day's work that failed: the database was away, or the disk full."""

log = structlog.get_logger(__name__)


class Forgotten(Struct, frozen=True):
    """How much was forgotten, in rows."""

    calls: int
    attempts: int
    audit: int


class RecordKeeper(Protocol):
    """The database, as far as things get old in it."""

    async def forget_before(self, calls_before: float, audit_before: float) -> Forgotten:
        """Take the numbers out of calls and attempts that ended before the one time, and the rows
        of the audit from before the other (UTC seconds). Rows that reports count stay."""
        ...


class Retention:
    """The daily work. ``calls_days`` and ``audit_days``: how long each is kept; 0: for ever."""

    def __init__(
        self,
        keeper: RecordKeeper,
        save_snapshot: Callable[[], Awaitable[None]],
        clock: Clock,
        *,
        calls_days: int,
        audit_days: int,
    ) -> None:
        """``save_snapshot`` lets the journal drop what is behind the last two of them."""
        self._keeper = keeper
        self._save_snapshot = save_snapshot
        self._clock = clock
        self._calls_days = calls_days
        self._audit_days = audit_days
        self.forgotten: Counter[str] = Counter()
        """Rows, by what they are of, since this process began."""

    async def run(self) -> None:
        """Work soon after the start and every day, until cancelled."""
        await asyncio.sleep(FIRST_S)
        while True:
            try:
                await self.work()
            except Exception as error:  # noqa: BLE001 - whatever it was, calls go on
                log.warning("retention_failed", error=type(error).__name__)
                await asyncio.sleep(AGAIN_S)
            else:
                await asyncio.sleep(EVERY_S)

    async def work(self) -> None:
        """One day's work."""
        await self._save_snapshot()
        now = self._clock.now()
        found = await self._keeper.forget_before(
            now - self._calls_days * DAY_S if self._calls_days else 0.0,
            now - self._audit_days * DAY_S if self._audit_days else 0.0,
        )
        for name in Forgotten.__struct_fields__:
            self.forgotten[name] += getattr(found, name)
        if any(self.forgotten.values()):
            log.info("forgotten", calls=found.calls, attempts=found.attempts, audit=found.audit)
