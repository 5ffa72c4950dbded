"""What agents say in each campaign, in the database."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import delete, func, insert, select

from callcenter.documents.contact_columns import ATTRIBUTES_MAX
from callcenter.domain.ids import CampaignId
from callcenter.storage.database import Database
from callcenter.storage.record_rows import storable
from callcenter.storage.tables import campaign_scripts, contacts

COLUMNS_MAX = 10 * ATTRIBUTES_MAX
"""Those of ten lists that have nothing in common: more than anybody reads."""


class StoredScripts:
    """The ``CampaignScripts`` of the database. ``now`` tells UTC seconds. All methods raise
    ``DatabaseAway``."""

    def __init__(self, database: Database, *, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    async def script(self, campaign: CampaignId) -> str:
        """See ``CampaignScripts``."""
        columns = campaign_scripts.c
        query = select(columns.text).where(columns.campaign == storable(campaign))
        async with self._database.reading() as connection:
            return await connection.scalar(query) or ""

    async def put_script(self, campaign: CampaignId, text: str) -> None:
        """See ``CampaignScripts``."""
        campaign = storable(campaign)
        async with self._database.writing() as connection:
            await connection.execute(
                delete(campaign_scripts).where(campaign_scripts.c.campaign == campaign)
            )
            if text:
                values = {"campaign": campaign, "text": storable(text), "changed_at": self._now()}
                await connection.execute(insert(campaign_scripts).values(values))

    async def columns(self, campaign: CampaignId) -> tuple[str, ...]:
        """See ``CampaignScripts``. Looks at every contact, so it is for people who write, not for
        calls: a second for a million."""
        # Both kinds of database have a function of this name that gives a row for each entry.
        entries = func.json_each(contacts.c.attributes).table_valued("key")
        query = (
            select(entries.c.key)
            .select_from(contacts)
            .join(entries, contacts.c.campaign == storable(campaign))
            .distinct()
            .limit(COLUMNS_MAX)
        )
        async with self._database.reading() as connection:
            # The kinds of database have orders of their own.
            return tuple(sorted(await connection.scalars(query), key=str.casefold))
