"""Contacts who call back: whose number it is, and what a return call changes in their rows."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.domain.attempt import AttemptResult, ContactStatus
from callcenter.domain.customer import Tier
from callcenter.domain.ids import CampaignId
from callcenter.domain.records import ReturnRecord
from callcenter.service.ports import KnownContact
from callcenter.storage.contact_counts import row_of
from callcenter.storage.record_rows import storable
from callcenter.storage.tables import contact_numbers, contacts, customer_numbers
from callcenter.storage.tables import customers as customer_rows


async def find_contact(
    connection: AsyncConnection, number: str, campaigns: Sequence[CampaignId]
) -> KnownContact | None:
    """Who has this number on a list of these campaigns, at any place among theirs: of several
    whoever was tried last."""
    columns, wanted = contacts.c, storable(number)
    by_number = select(columns.id).where(columns.number == wanted)
    by_other = select(contact_numbers.c.contact).where(contact_numbers.c.number == wanted)
    customer = func.coalesce(customer_numbers.c.customer, columns.customer)
    query = (
        select(
            columns.id,
            columns.campaign,
            customer,
            func.coalesce(customer_rows.c.tier, columns.tier),
        )
        .select_from(
            contacts.outerjoin(customer_numbers, customer_numbers.c.number == wanted).outerjoin(
                customer_rows, customer_rows.c.id == customer
            )
        )
        .where(
            columns.campaign.in_([storable(one) for one in campaigns]),
            columns.id.in_(by_number.union(by_other)),
        )
        .order_by(columns.last_tried_at.desc().nulls_last(), columns.id)
        .limit(1)
    )
    row = (await connection.execute(query)).first()
    if row is None:
        return None
    row_id, campaign, theirs, tier = row
    return KnownContact(campaign, str(row_id), theirs, Tier(tier))


async def apply_returns(connection: AsyncConnection, returns: Sequence[ReturnRecord]) -> None:
    """Who has talked with an agent, or has opted out, is not tried any more."""
    changes = [
        {
            "of": row_id,
            "in_campaign": storable(one.campaign),
            "talked": one.answered_at > 0.0,
            "ended": one.ended_at,
        }
        for one in returns
        if (one.answered_at or one.opted_out) and (row_id := row_of(one.contact)) is not None
    ]
    of_contact = (contacts.c.id == bindparam("of")) & (
        contacts.c.campaign == bindparam("in_campaign")
    )
    talked = [one for one in changes if one.pop("talked")]
    opted_out = [one for one in changes if one not in talked]
    done = {"status": ContactStatus.DONE.value, "next_try_at": None, "held": ""}
    if talked:
        statement = update(contacts).where(of_contact)
        statement = statement.values(
            last_result=AttemptResult.CONNECTED.value, last_tried_at=bindparam("ended"), **done
        )
        await connection.execute(statement, talked)
    if opted_out:
        await connection.execute(
            update(contacts).where(of_contact).values(**done),
            [{"of": one["of"], "in_campaign": one["in_campaign"]} for one in opted_out],
        )
