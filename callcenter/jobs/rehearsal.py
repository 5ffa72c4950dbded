"""The process that rehearses rules: an order on standard input, lines of JSON on standard output.

It reads the database itself, so that a running center neither reads nor computes for it; it never
writes. Run by ``callcenter.rehearsal.process``.
"""

from __future__ import annotations

import asyncio
import os
import sys

import msgspec

from callcenter.domain.history import History
from callcenter.domain.rehearsal import Progress, RehearsalFailed
from callcenter.rehearsal.engine import rehearse
from callcenter.rehearsal.process import Line, Order
from callcenter.storage.database import Database
from callcenter.storage.history import StoredHistory
from callcenter.storage.stores import DatabaseAway, DatabaseUnusable

NICENESS = 10
"""Calls go first."""


def main() -> None:
    """Carry out one order."""
    os.nice(NICENESS)
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    try:
        _write(Line(progress=Progress(0.0, "reading")))
        history = asyncio.run(_read(order))
        result = rehearse(history, order.plan, lambda progress: _write(Line(progress=progress)))
        _write(Line(result=result))
    except (RehearsalFailed, DatabaseAway, DatabaseUnusable) as failure:
        _write(Line(failed=str(failure)))


async def _read(order: Order) -> History:
    database = Database(order.database_url)
    try:
        return await StoredHistory(database).read(order.plan.now, days=order.history_days)
    finally:
        await database.close()


def _write(line: Line) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
