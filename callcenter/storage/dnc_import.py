"""Takes a list of numbers that are not to be called over into the do-not-call list: all of its rows
are judged first, so that a file that breaks off has added nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from callcenter.documents.csv_rows import CannotRead
from callcenter.documents.dnc_csv import DncRow
from callcenter.documents.rejects import Reject
from callcenter.service.dnc import DncNumber, DncStore
from callcenter.storage.customer_import import BATCH_ROWS, Changes, OnProgress, OnReject

SOURCES_MAX = 100
"""Different ones in one list: more are no sources."""


class DncImport(Struct, frozen=True):
    """What an import did, or with ``dry_run`` would do. Numbers that are on the list already get
    the new reason and end."""

    rows: int
    accepted: int
    refused: int
    dry_run: bool


async def import_dnc(
    store: DncStore,
    rows: Iterable[DncRow | Reject],
    *,
    source: str,
    by: str,
    on_reject: OnReject,
    on_progress: OnProgress,
    dry_run: bool,
) -> DncImport:
    """Take the numbers over; ``source`` is of those that name none, ``by`` the account's id.

    Each row that comes in as a ``Reject`` is handed to ``on_reject``. Raises ``CannotRead``, and
    ``DatabaseAway`` when the database went away; then a part may have been taken over, and the
    list is imported again.
    """
    judged = refused = 0
    remaining = iter(rows)
    with ExitStack() as stack:
        by_source: dict[str, Changes[DncRow]] = {}
        while batch := list(islice(remaining, BATCH_ROWS)):
            for row in batch:
                if isinstance(row, Reject):
                    refused += 1
                    on_reject(row)
                    continue
                name = row.source or source
                if name not in by_source:
                    if len(by_source) == SOURCES_MAX:
                        raise CannotRead(
                            f"Row {row.row}: there are more than {SOURCES_MAX} different sources. "
                            "Rename the column, if it names no sources."
                        )
                    by_source[name] = stack.enter_context(Changes(DncRow))
                by_source[name].add(replace(row, fields=()))
            judged += len(batch)
            on_progress(judged)
            await asyncio.sleep(0)
        if not dry_run:
            for name, numbers in by_source.items():
                await store.add(_numbers(numbers), source=name, by=by)
    return DncImport(judged, judged - refused, refused, dry_run)


def _numbers(rows: Changes[DncRow]) -> Iterator[DncNumber]:
    for batch in rows.batches():
        for row in batch:
            yield DncNumber(row.number, row.reason, row.until)
