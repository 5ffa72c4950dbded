"""What agents sold in campaigns, read from what they said of conversations.

An agent may say something else of the same conversation later: then only the last holds. A
campaign's call keeps its customer, so a purchase is known also when the contact is there no more.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.domain.ids import CallId, CampaignId, CustomerId
from callcenter.storage.tables import calls, customer_numbers, dispositions

PURCHASES_SHOWN = 5
"""On a card: the newest."""


class Purchase(Struct, frozen=True):
    """What a customer bought in a campaign's call."""

    at: float
    """UTC seconds."""
    campaign: CampaignId
    code: str
    """The agent's word for it."""
    amount_cents: int
    """In hundredths of the center's currency; 0: nobody said."""
    call: CallId = ""


def last_said() -> ColumnElement[bool]:
    """Whether a disposition is the last one of its agent for its call."""
    of, later = dispositions.c, dispositions.alias("later").c
    return ~exists().where(
        later.call == of.call,
        later.agent == of.agent,
        (later.at > of.at)
        | (
            (later.at == of.at)
            & (later.journal == of.journal)
            & (
                (later.position > of.position)
                | ((later.position == of.position) & (later.record_index > of.record_index))
            )
        ),
    )


async def read_purchases(
    connection: AsyncConnection, customer: CustomerId, limit: int = PURCHASES_SHOWN
) -> list[Purchase]:
    """The last purchases of this customer, the newest first."""
    of = dispositions.c
    query = _sales(of.at, calls.c.campaign, of.code, of.amount_cents, of.call).where(
        _is_of(customer)
    )
    rows = await connection.execute(query.order_by(of.at.desc()).limit(limit))
    return [Purchase(*row) for row in rows]


def bought_since(customer: Any, since: Any) -> Select[Any]:
    """Selects for how much a customer has bought after a moment, in hundredths; NULL: nothing."""
    return _sales(func.sum(dispositions.c.amount_cents)).where(
        _is_of(customer), dispositions.c.at > since
    )


def _is_of(customer: Any) -> ColumnElement[bool]:
    """Whether a call is this customer's: by the list's word, or by a number of theirs where the
    list named nobody."""
    numbers = select(customer_numbers.c.number).where(customer_numbers.c.customer == customer)
    return or_(
        calls.c.customer == customer,
        (calls.c.customer == "") & calls.c.caller_number.in_(numbers),
    )


def _sales(*columns: Any) -> Select[Any]:
    of = dispositions.c
    return (
        select(*columns)
        .select_from(calls.join(dispositions, of.call == calls.c.call))
        .where(calls.c.campaign != "", of.sale, last_said())
    )
