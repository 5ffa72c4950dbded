"""The process that rehearses rules and campaigns: an order comes in, lines of JSON go out.

It reads the database itself, so that a running center neither reads nor computes for it; it never
writes. Run by ``callcenter.rehearsal.process``.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from callcenter.domain.rehearsal import (
    CampaignRehearsalResult,
    Plan,
    Progress,
    RehearsalFailed,
    RehearsalResult,
)
from callcenter.rehearsal.campaign import rehearse_campaign
from callcenter.rehearsal.engine import rehearse
from callcenter.rehearsal.process import Line, Order
from callcenter.service.campaign_plan import CampaignPlan
from callcenter.storage.campaign_past import StoredCampaignPast
from callcenter.storage.database import Database
from callcenter.storage.history import StoredHistory
from callcenter.storage.stores import DatabaseAway, DatabaseUnusable

T = TypeVar("T")

NICENESS = 10
"""Calls go first."""


def main() -> None:
    """Carry out one order."""
    os.nice(NICENESS)
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    try:
        _write(Line(progress=Progress(0.0, "reading")))
        if order.campaign is not None:
            _write(Line(campaign=_rehearse_campaign(order, order.campaign)))
        if order.plan is not None:
            _write(Line(result=_rehearse_rules(order, order.plan)))
    except (RehearsalFailed, DatabaseAway, DatabaseUnusable) as failure:
        _write(Line(failed=str(failure)))


def _rehearse_rules(order: Order, plan: Plan) -> RehearsalResult:
    history = asyncio.run(
        _read(
            order,
            lambda database: StoredHistory(database).read(plan.now, days=order.history_days),
        )
    )
    return rehearse(history, plan, lambda progress: _write(Line(progress=progress)))


def _rehearse_campaign(order: Order, plan: CampaignPlan) -> CampaignRehearsalResult:
    settings = plan.campaign.settings
    past = asyncio.run(
        _read(
            order,
            lambda database: StoredCampaignPast(database).read(
                settings.id, settings.terms, plan.now
            ),
        )
    )
    return rehearse_campaign(past, plan, lambda progress: _write(Line(progress=progress)))


async def _read(order: Order, read: Callable[[Database], Awaitable[T]]) -> T:
    database = Database(order.database_url)
    try:
        return await read(database)
    finally:
        await database.close()


def _write(line: Line) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
