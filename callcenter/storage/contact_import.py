"""What an import of contacts adds: decided here for every store, in one pass over the rows.

As with customers (``customer_import``) every row is judged first and set aside; then the store adds
all of them in one transaction. An import that is cut off or goes wrong has changed nothing. Where
the rows come from is known to ``contact_files``.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Callable,
    Collection,
    Iterable,
    Sequence,
)
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from callcenter.documents.contacts_csv import ContactRow
from callcenter.documents.rejects import Reject
from callcenter.domain.ids import CampaignId
from callcenter.service.contact_lists import (
    ContactImport,
    Duplicates,
    ImportProblem,
)
from callcenter.storage.customer_import import Changes, OnProgress, OnReject
from callcenter.storage.stores import PROBLEMS_MAX, ContactDestination

BATCH_ROWS = 500
"""Rows judged with one query: SQLite takes some thousand values."""
COURTESY_ROWS = 100
"""Rows judged at a stretch, in half a millisecond; then others on the loop get their turn."""

Batches = AsyncIterable[Sequence[ContactRow | Reject]]
"""Rows as a file hands them over, some at a time."""


class Tally(Struct, frozen=True):
    """How many rows an import had."""

    rows: int
    accepted: int
    refused: int


class ContactImporter(ABC):
    """A store of contacts, as far as it is imported into. ``region`` (ISO 3166) is where numbers
    without a country code are at home."""

    def __init__(self, region: str) -> None:
        self.region = region
        self._importing = asyncio.Lock()

    async def add(
        self,
        rows: Batches | Iterable[ContactRow | Reject],
        into: ContactDestination,
        *,
        on_reject: OnReject = lambda _reject: None,
        on_progress: OnProgress = lambda _rows: None,
        dry_run: bool = False,
    ) -> ContactImport:
        """Take the rows over, all in one transaction; with ``dry_run`` only say what it would do.

        Contacts that are there stay as they are. Each row that comes in as a ``Reject``, whose
        first number is there already (``into.duplicates`` says where), or none of whose numbers may
        be called, is handed to ``on_reject``. A number stands in one of the rows only, as the
        reader of a file sees to. Raises what the rows raise, and of the database
        ``ImportConflict`` and ``DatabaseAway``; then nothing has changed.
        """
        batches = rows if isinstance(rows, AsyncIterable) else _in_portions(rows)
        async with self._importing:
            return await self._add(batches, into, on_reject, on_progress, dry_run)

    @abstractmethod
    async def numbers_known(self, numbers: Sequence[str]) -> Collection[str]:
        """Those of the numbers that a contact of any campaign has."""

    @abstractmethod
    async def _find_taken(self, campaign: CampaignId, numbers: Sequence[str]) -> Collection[str]:
        """Those of the numbers that the campaign has already."""

    async def _find_barred(self, numbers: Sequence[str]) -> Collection[str]:
        """Those of the numbers that must not be called."""
        return ()

    @abstractmethod
    async def _apply(
        self, into: ContactDestination, added: Changes[ContactRow], tally: Tally
    ) -> None:
        """Add all of them or none, and bring the list's row up to date."""

    async def _add(
        self,
        batches: Batches,
        into: ContactDestination,
        on_reject: OnReject,
        on_progress: OnProgress,
        dry_run: bool,
    ) -> ContactImport:
        judged = refused = 0
        problems: list[ImportProblem] = []
        with Changes(ContactRow) as added:
            async for batch in _gathered(batches):
                judge = await self._judge_of(batch, into)
                for place, row in enumerate(batch, 1):
                    verdict = judge(row)
                    if isinstance(verdict, ContactRow):
                        added.add(replace(verdict, fields=()))
                    else:
                        refused += 1
                        on_reject(verdict)
                        if len(problems) < PROBLEMS_MAX:
                            problems.append(_problem(verdict))
                    if place % COURTESY_ROWS == 0:
                        await asyncio.sleep(0)
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

    async def _judge_of(
        self, batch: Sequence[ContactRow | Reject], into: ContactDestination
    ) -> Callable[[ContactRow | Reject], ContactRow | Reject]:
        """What says of each row of this batch whether it can be taken."""
        numbers = [number for row in batch if isinstance(row, ContactRow) for number in _all(row)]
        first = [row.number for row in batch if isinstance(row, ContactRow)]
        barred = await self._find_barred(numbers)
        if into.duplicates is Duplicates.EVERYWHERE:
            taken, where = await self.numbers_known(first), "some campaign"
        else:
            taken, where = await self._find_taken(into.campaign, first), "the campaign"

        def judge(row: ContactRow | Reject) -> ContactRow | Reject:
            if isinstance(row, Reject):
                return row
            if row.number in taken:
                reason, mend = (
                    f"{where} has this number already",
                    "Leave it out; the contact stays as it is.",
                )
            elif all(number in barred for number in _all(row)):
                reason, mend = "this number is on the do-not-call list", "Leave it out."
                if row.more_numbers:
                    reason = "all these numbers are on the do-not-call list"
            else:
                return row
            return Reject(row.row, "number", row.number, reason, mend, row.fields)

        return judge


def _all(row: ContactRow) -> tuple[str, ...]:
    """Every number of a contact."""
    if not row.more_numbers:
        return (row.number,)
    return (row.number, *(more.number for more in row.more_numbers))


def _problem(reject: Reject) -> ImportProblem:
    reason = f"{reject.column}: {reject.reason}" if reject.column else reject.reason
    return ImportProblem(reject.row, reason, reject.mend, reject.value)


async def _in_portions(
    rows: Iterable[ContactRow | Reject],
) -> AsyncIterator[list[ContactRow | Reject]]:
    remaining = iter(rows)
    while batch := list(islice(remaining, BATCH_ROWS)):
        yield batch
        await asyncio.sleep(0)


async def _gathered(batches: Batches) -> AsyncIterator[list[ContactRow | Reject]]:
    """The rows in batches for one query each."""
    batch: list[ContactRow | Reject] = []
    async for some in batches:
        batch.extend(some)
        if len(batch) >= BATCH_ROWS:
            yield batch
            batch = []
    if batch:
        yield batch
