"""Reads the evidence of a campaign: its attempts, with the settings that held for each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from sqlalchemy import func, select, tuple_

from callcenter.domain.evidence import Evidence, SettingsFrom, evidence_of, settings_at
from callcenter.domain.ids import CampaignId
from callcenter.domain.records import AttemptRecord, CampaignRecord
from callcenter.service.ports import EvidencePage
from callcenter.storage.database import Database
from callcenter.storage.record_rows import from_row, storable
from callcenter.storage.records import read_page
from callcenter.storage.stores import PAGE_ITEMS_DEFAULT, PageRequest
from callcenter.storage.tables import attempts, campaign_changes

PAGE_ROWS = 2_000
"""Read at a time: a megabyte."""


class StoredEvidence:
    """The ``EvidenceReader`` of the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def evidence_page(
        self, campaign: CampaignId, limit: int = PAGE_ITEMS_DEFAULT, cursor: str = ""
    ) -> EvidencePage:
        """One page, the last ended first. Raises ``BadCursor``, ``DatabaseAway``."""
        only = [attempts.c.campaign == storable(campaign)]
        wanted = PageRequest(cursor, limit)
        page = await read_page(self._database, AttemptRecord, "ended_at", only, wanted)
        history = await self._history(campaign)
        return EvidencePage(_of(page.items, history), page.next)

    async def all(self, campaign: CampaignId) -> AsyncIterator[tuple[Evidence, ...]]:
        """All of it, the first ended first, some at a time. Raises ``DatabaseAway``."""
        history = await self._history(campaign)
        key = (attempts.c.ended_at, *(attempts.c[name] for name in _KEY))
        query = select(attempts).where(attempts.c.campaign == storable(campaign))
        query = query.order_by(*key).limit(PAGE_ROWS)
        after = None
        while True:
            some = query if after is None else query.where(tuple_(*key) > tuple_(*after))
            async with self._database.reading() as connection:
                rows = (await connection.execute(some)).mappings().all()
            if rows:
                after = [rows[-1][name] for name in ("ended_at", *_KEY)]
                records = (from_row(AttemptRecord, row) for row in rows)
                yield tuple(
                    evidence_of(one, settings_at(history, one.placed_at)) for one in records
                )
            if len(rows) < PAGE_ROWS:
                return

    async def counts(self, campaign: CampaignId) -> dict[str, int]:
        """How many attempts the database has, by result. Raises ``DatabaseAway``."""
        query = (
            select(attempts.c.result, func.count())
            .where(attempts.c.campaign == storable(campaign))
            .group_by(attempts.c.result)
        )
        async with self._database.reading() as connection:
            return {row[0]: row[1] for row in await connection.execute(query)}

    async def _history(self, campaign: CampaignId) -> list[SettingsFrom]:
        table = campaign_changes
        query = (
            select(table)
            .where(table.c.campaign == storable(campaign))
            .order_by(table.c.at, *(table.c[name] for name in _KEY))
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        records = (from_row(CampaignRecord, row) for row in rows)
        return [SettingsFrom(record.at, record.settings) for record in records]


def _of(records: Sequence[AttemptRecord], history: Sequence[SettingsFrom]) -> tuple[Evidence, ...]:
    return tuple(evidence_of(one, settings_at(history, one.placed_at)) for one in records)


_KEY = ("journal", "position", "record_index")
