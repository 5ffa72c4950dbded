"""Reads what a campaign is rehearsed from: its ended attempts, and who of its list is left. Takes
seconds for a large one: it is for a process of its own."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.domain.attempt import AttemptResult, ContactStatus
from callcenter.domain.campaign import Terms
from callcenter.domain.customer import Tier
from callcenter.domain.history import CampaignPast, ListedContact, PastAttempt
from callcenter.domain.ids import CampaignId, ContactId
from callcenter.storage.contact_counts import (
    AS_THE_LIST,
    Alike,
    ContactGroup,
    may_be_asked,
    row_of,
    split_zones,
)
from callcenter.storage.contact_numbers import PARAMETERS_MAX, chunks
from callcenter.storage.contact_refill import read_groups, read_priorities
from callcenter.storage.database import Database
from callcenter.storage.history import HISTORY_DAYS, first_talks, read_wrap_ups
from callcenter.storage.record_rows import storable
from callcenter.storage.shifts import Shifts
from callcenter.storage.tables import attempts, contact_lists, contacts

ATTEMPTS_MAX = 50_000
"""The newest so many tell who answers; what was before may have been another list."""
CONTACTS_MAX = 40_000
"""More than are dialed in any rehearsal (``rehearsal.campaign.CALLS_MAX``)."""


class StoredCampaignPast:
    """The past and the list of a campaign in the database. Raises ``DatabaseAway``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(
        self,
        campaign: CampaignId,
        terms: Terms,
        now: float,
        *,
        attempts_max: int = ATTEMPTS_MAX,
        contacts_max: int = CONTACTS_MAX,
    ) -> CampaignPast:
        """Everything of this campaign; of a long list those that are dialed first."""
        campaign = storable(campaign)
        since = now - HISTORY_DAYS * 86400.0
        async with self._database.reading() as connection:
            past = await _read_attempts(connection, campaign, since, attempts_max)
            groups = [
                group
                for group in await read_groups(connection, campaign, now)
                if group.status is ContactStatus.OPEN
            ]
            asked = [group for group in groups if may_be_asked(group.alike.consent, terms)]
            left = sum(group.total for group in asked)
            share = min(1.0, contacts_max / max(1, left))
            listed = await _read_contacts(connection, campaign, asked, share)
        return CampaignPast(
            until=now,
            attempts=tuple(past),
            contacts=tuple(listed),
            left=left,
            without_consent=sum(group.total for group in groups) - left,
            shifts=await Shifts(self._database).all(),
        )


async def _read_contacts(
    connection: AsyncConnection, campaign: CampaignId, groups: Sequence[ContactGroup], share: float
) -> list[ListedContact]:
    """The first of each group, in the same share of all."""
    priorities = await read_priorities(connection, campaign)
    query = select(contact_lists.c.id, contact_lists.c.name).where(
        contact_lists.c.campaign == campaign
    )
    names = {row.id: row.name for row in await connection.execute(query)}
    found: list[ListedContact] = []
    for group in groups:
        alike, count = group.alike, max(1, round(share * group.total))
        own = alike.priority
        priority = priorities.get(alike.list, 0) if own == AS_THE_LIST else own
        found += await _read_group(connection, campaign, alike, priority, names[alike.list], count)
    return found


async def _read_group(
    connection: AsyncConnection,
    campaign: CampaignId,
    alike: Alike,
    priority: int,
    list_name: str,
    count: int,
) -> list[ListedContact]:
    columns = contacts.c
    query = (
        select(
            columns.id,
            columns.made,
            columns.next_try_at,
            columns.worth,
            columns.numbers,
            columns.tier,
            columns.account,
        )
        .where(
            columns.campaign == campaign,
            columns.status == ContactStatus.OPEN.value,
            columns.list == alike.list,
            columns.priority == alike.priority,
            columns.zones == alike.zones,
            columns.kind == alike.kind,
            columns.consent == alike.consent,
        )
        .order_by(
            columns.worth.desc(),
            columns.made,
            columns.next_try_at.asc().nulls_first(),
            columns.id,
        )
        .limit(count)
    )
    zones = split_zones(alike.zones)
    return [
        ListedContact(
            str(row.id),
            zones,
            row.made,
            row.next_try_at or 0.0,
            priority,
            row.worth,
            row.numbers,
            Tier(row.tier),
            row.account,
            list_name,
        )
        for row in await connection.execute(query)
    ]


async def _read_attempts(
    connection: AsyncConnection, campaign: CampaignId, since: float, limit: int
) -> list[PastAttempt]:
    columns = attempts.c
    query = (
        select(
            columns.contact,
            columns.call,
            columns.agent,
            columns.tries,
            columns.placed_at,
            columns.ringing_at,
            columns.answered_at,
            columns.person_at,
            columns.ended_at,
            columns.result,
            columns.cause,
        )
        .where(columns.campaign == campaign, columns.ended_at >= since)
        .order_by(columns.ended_at.desc())
        .limit(limit)
    )
    rows = sorted(await connection.execute(query), key=lambda row: row.placed_at)
    if not rows:
        return []
    zones = await _zones(connection, list(dict.fromkeys(row.contact for row in rows)))
    talks = await first_talks(connection, rows[0].placed_at)
    wrap_ups = await read_wrap_ups(connection, rows[0].placed_at)
    found: list[PastAttempt] = []
    for row in rows:
        agent, began_at, ended_at = talks.get(row.call, ("", 0.0, -1.0))
        found.append(
            PastAttempt(
                contact=row.contact,
                zone=zones.get(row.contact, ""),
                tries=row.tries,
                placed_at=row.placed_at,
                ringing_at=row.ringing_at or 0.0,
                answered_at=row.answered_at or 0.0,
                person_at=row.person_at or 0.0,
                ended_at=row.ended_at,
                result=AttemptResult(row.result),
                cause=row.cause,
                agent=row.agent,
                talk_s=ended_at - began_at,
                wrap_up_s=wrap_ups.get((agent, ended_at), -1.0),
            )
        )
    return found


async def _zones(connection: AsyncConnection, names: Sequence[ContactId]) -> dict[ContactId, str]:
    """Where these contacts most likely are; who is not on a list any more is left out."""
    ids = [row_id for name in names if (row_id := row_of(name)) is not None]
    found: dict[ContactId, str] = {}
    for some in chunks(ids, PARAMETERS_MAX):
        query = select(contacts.c.id, contacts.c.zones).where(contacts.c.id.in_(some))
        for row_id, zones in await connection.execute(query):
            found[str(row_id)] = next(iter(split_zones(zones)), "")
    return found
