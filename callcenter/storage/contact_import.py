"""What an import of contacts adds: decided here for every store, in one pass over the rows.

As with customers (``customer_import``) every row is judged first and set aside; then the store adds
all of them in one transaction. An import that is cut off or goes wrong has changed nothing.
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from callcenter.documents.contacts_csv import ContactRow, ContactsFile
from callcenter.documents.rejects import Reject
from callcenter.domain.ids import CampaignId
from callcenter.service.ports import ContactImport, ImportProblem
from callcenter.storage.customer_import import BATCH_ROWS, Changes, OnProgress, OnReject
from callcenter.storage.stores import PROBLEMS_MAX, ContactDestination

COURTESY_ROWS = 10
"""Rows read at a stretch, about a millisecond: a thread that does not let go of Python's lock by
itself makes everything on the loop, calls among it, wait 5 ms each time."""
COURTESY_S = 1e-6
"""Any sleep lets go of the lock; the system makes it some 60 microseconds."""


class Tally(Struct, frozen=True):
    """How many rows an import had."""

    rows: int
    accepted: int
    refused: int


class ContactImporter(ABC):
    """A store of contacts, as far as it is imported into. ``region`` (ISO 3166) is where numbers
    without a country code are at home."""

    def __init__(self, region: str) -> None:
        self._region = region
        self._importing = asyncio.Lock()

    async def add(
        self,
        rows: Iterable[ContactRow | Reject],
        into: ContactDestination,
        *,
        on_reject: OnReject = lambda _reject: None,
        on_progress: OnProgress = lambda _rows: None,
        dry_run: bool = False,
    ) -> ContactImport:
        """Take the rows over, all in one transaction; with ``dry_run`` only say what it would do.

        Contacts that the campaign has stay as they are. Each row that comes in as a ``Reject``, or
        whose number the campaign has already, is handed to ``on_reject``. A number stands in one of
        the rows only, as the reader of a file sees to. The rows are pulled in a thread (reading a
        file may block). Raises what the rows raise, and of the database ``ImportConflict`` and
        ``DatabaseAway``; then nothing has changed.
        """
        async with self._importing:
            return await self._add(iter(rows), into, on_reject, on_progress, dry_run)

    async def import_contacts(
        self,
        campaign: CampaignId,
        path: Path,
        *,
        list_name: str,
        priority: int | None = None,
        dry_run: bool = False,
    ) -> ContactImport:
        """As ``add``, from a CSV file. Raises ``CannotRead`` for one that cannot be used."""
        into = ContactDestination(campaign, list_name, priority)
        with ContactsFile(path, self._region) as rows:
            return await self.add(rows, into, dry_run=dry_run)

    @abstractmethod
    async def _find_taken(self, campaign: CampaignId, numbers: Sequence[str]) -> Collection[str]:
        """Those of the numbers that the campaign has already."""

    @abstractmethod
    async def _apply(
        self, into: ContactDestination, added: Changes[ContactRow], tally: Tally
    ) -> None:
        """Add all of them or none, and bring the list's row up to date."""

    async def _add(
        self,
        rows: Iterator[ContactRow | Reject],
        into: ContactDestination,
        on_reject: OnReject,
        on_progress: OnProgress,
        dry_run: bool,
    ) -> ContactImport:
        judged = refused = 0
        problems: list[ImportProblem] = []
        with Changes(ContactRow) as added:
            while batch := await asyncio.to_thread(_take, rows):
                numbers = [row.number for row in batch if isinstance(row, ContactRow)]
                taken = await self._find_taken(into.campaign, numbers)
                for row in batch:
                    verdict = _judge(row, taken)
                    if isinstance(verdict, ContactRow):
                        added.add(replace(verdict, fields=()))
                        continue
                    refused += 1
                    on_reject(verdict)
                    if len(problems) < PROBLEMS_MAX:
                        problems.append(_problem(verdict))
                judged += len(batch)
                on_progress(judged)
            tally = Tally(judged, added.count, refused)
            if not dry_run:
                await self._apply(into, added, tally)
        return ContactImport(
            list=into.list,
            rows=tally.rows,
            accepted=tally.accepted,
            refused=tally.refused,
            dry_run=dry_run,
            problems=tuple(problems),
        )


def _judge(row: ContactRow | Reject, taken: Collection[str]) -> ContactRow | Reject:
    if isinstance(row, ContactRow) and row.number in taken:
        reason = "the campaign has this number already"
        mend = "Leave it out; the contact stays as it is."
        return Reject(row.row, "number", row.number, reason, mend, row.fields)
    return row


def _problem(reject: Reject) -> ImportProblem:
    reason = f"{reject.column}: {reject.reason}" if reject.column else reject.reason
    return ImportProblem(reject.row, reason, reject.mend)


def _take(rows: Iterator[ContactRow | Reject]) -> list[ContactRow | Reject]:
    """Some rows; in a thread beside the loop that may be running the center."""
    batch: list[ContactRow | Reject] = []
    while len(batch) < BATCH_ROWS and (some := list(islice(rows, COURTESY_ROWS))):
        batch.extend(some)
        time.sleep(COURTESY_S)
    return batch
