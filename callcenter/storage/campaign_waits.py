"""How long the people whom campaigns dialed waited for an agent, out of the attempts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, Select, select

from callcenter.domain.attempt import AttemptResult, Verdict
from callcenter.domain.evidence import WaitFrom, wait_until
from callcenter.domain.ids import CampaignId
from callcenter.domain.records import AttemptRecord
from callcenter.domain.waits import Waits, WaitTally
from callcenter.storage.database import Database
from callcenter.storage.tables import attempts

PIECE_ROWS = 2_000
"""Counted at a time: some milliseconds."""

_COLUMNS = (
    attempts.c.result,
    attempts.c.connected_at,
    attempts.c.answered_at,
    attempts.c.person_at,
    attempts.c.verdict,
    attempts.c.verdict_cause,
)


def wait_of(attempt: AttemptRecord | Row[Any]) -> tuple[float, WaitFrom | None]:
    """How long the person waited for an agent, and from where that is counted; None: nobody who was
    a person talked with one."""
    if attempt.result != AttemptResult.CONNECTED or not attempt.person_at:
        return 0.0, None
    verdict = None if attempt.verdict is None else Verdict(attempt.verdict)
    return wait_until(
        attempt.connected_at,
        attempt.answered_at or 0.0,
        attempt.person_at,
        verdict,
        attempt.verdict_cause,
    )


async def read_waits(database: Database, campaign: CampaignId) -> Waits:
    """Those of a campaign, all its time. Raises ``DatabaseAway``."""
    tally = WaitTally()
    query: Select[Any] = select(*_COLUMNS).where(
        attempts.c.campaign == campaign, attempts.c.result == AttemptResult.CONNECTED.value
    )
    async with database.reading() as connection:
        result = await connection.stream(query)
        async for rows in result.partitions(PIECE_ROWS):
            for row in rows:
                waited_s, since = wait_of(row)
                if since is not None:
                    tally.add(waited_s, since)
    return tally.waits()
