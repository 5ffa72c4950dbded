"""Brings audit entries to the log without letting anybody wait for it.

A click must not wait for the database. What is lost when the process dies with entries on the way
is still in the journal: every change is an event there.
"""

from __future__ import annotations

import asyncio
from collections import deque
from itertools import islice

import structlog

from callcenter.service.ports import AuditEntry, AuditLog

ENTRIES_MAX = 10_000
"""Entries that wait for the log: more than an hour of a large center's clicks."""
BATCH_MAX = 200
"""Entries of one write."""
WRITE_DEADLINE_S = 5.0
RETRY_S = 2.0
"""Between two attempts while the log does not answer."""
CLOSE_DEADLINE_S = 5.0
"""For the last entries when the service stops."""

_LOG = structlog.get_logger("callcenter.api")


class AuditWriter:
    """One task that writes entries in their order, in batches.

    A write that failed is tried again, so an entry can come twice: its request id tells.
    """

    def __init__(self, log: AuditLog) -> None:
        self._log = log
        self._entries: deque[AuditEntry] = deque()
        self._wake = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None
        self.dropped = 0
        """Entries that found no place while the log was away."""

    @property
    def waiting(self) -> int:
        """Entries not yet written."""
        return len(self._entries)

    def add(self, entry: AuditEntry) -> None:
        """Take an entry. When too many wait it goes to the process's own log instead."""
        if len(self._entries) >= ENTRIES_MAX:
            self.dropped += 1
            _LOG.error(
                "audit_entry_dropped", account=entry.account, action=entry.action, at=entry.at
            )
            return
        self._entries.append(entry)
        self._wake.set()

    def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.create_task(self._run(), name="audit")

    async def close(self) -> None:
        """Write what is left, within a deadline."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            try:
                async with asyncio.timeout(CLOSE_DEADLINE_S):
                    await self._task
            except TimeoutError:
                _LOG.error("audit_entries_lost", count=len(self._entries))

    async def _run(self) -> None:
        while self._entries or not self._closing:
            if not self._entries:
                self._wake.clear()
                await self._wake.wait()
                continue
            batch = list(islice(self._entries, BATCH_MAX))
            try:
                async with asyncio.timeout(WRITE_DEADLINE_S):
                    await self._log.write(batch)
            except Exception as error:  # noqa: BLE001 - any failure of any log: tried again
                _LOG.warning("audit_log_failed", error=repr(error))
                await asyncio.sleep(RETRY_S)
            else:
                for _ in batch:
                    self._entries.popleft()
