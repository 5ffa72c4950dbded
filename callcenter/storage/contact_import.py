"""What an import of contacts adds: decided here for every store, in one pass over the rows.

As with customers (``customer_import``) every row is judged first and set aside; then the store adds
all of them in one transaction. An import that is cut off or goes wrong has changed nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from callcenter.documents.contacts_csv import ContactRow
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


class ContactTarget(Protocol):
    """What a store must do to be imported into."""

    async def find_taken(self, campaign: CampaignId, numbers: Sequence[str]) -> Collection[str]:
        """Those of the numbers that the campaign has already."""
        ...

    async def apply(
        self, into: ContactDestination, added: Changes[ContactRow], tally: Tally
    ) -> None:
        """Add all of them or none, and bring the list's row up to date."""
        ...


async def import_contacts(
    target: ContactTarget,
    rows: Iterable[ContactRow | Reject],
    into: ContactDestination,
    *,
    on_reject: OnReject,
    on_progress: OnProgress,
    dry_run: bool,
) -> ContactImport:
    """Take the rows over into the store. Contacts that the campaign has stay as they are.

    Each row that comes in as a ``Reject``, or whose number the campaign has already, is handed to
    ``on_reject``. A number stands in one of the rows only, as the reader of a file sees to.
    """
    remaining = iter(rows)
    judged = refused = 0
    problems: list[ImportProblem] = []
    with Changes(ContactRow) as added:
        while batch := await asyncio.to_thread(_take, remaining):
            numbers = [row.number for row in batch if isinstance(row, ContactRow)]
            taken = await target.find_taken(into.campaign, numbers)
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
            await target.apply(into, added, tally)
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
