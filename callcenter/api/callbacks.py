"""Callbacks: calls that contacts of campaigns were promised. Agents see and move their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import structlog
from msgspec import Struct
from pydantic import Field

from callcenter.api.contacts import explain_contact, find_campaign
from callcenter.api.errors import ProblemError
from callcenter.api.route import OVERSEERS, PRINTABLE, Body, Exchange, Name, route
from callcenter.api.rules import EDITORS
from callcenter.core.callback_queries import CallbackView, callback_view, callbacks_view
from callcenter.domain.events import (
    CallbackCancelled,
    CallbackMoved,
    CallbackRequested,
    Request,
)
from callcenter.domain.ids import CallbackId
from callcenter.service.ports import Role

_LOG = structlog.get_logger("callcenter.api")

READERS = (Role.AGENT, *OVERSEERS)
CHANGERS = (Role.AGENT, *EDITORS)
REFUSED = ("conflict", "forbidden", "not-found", "overloaded")

Moment = Annotated[float, Field(gt=0, le=4_102_444_800)]
"""UTC seconds, to the end of this century."""
Agent = Annotated[str, Field(max_length=64, pattern=PRINTABLE)]


class Callbacks(Struct, frozen=True):
    """Calls promised, the earliest first."""

    callbacks: tuple[CallbackView, ...]
    names: dict[CallbackId, str]
    """What the people are called whose list or customer has a name; the machine knows none."""


class NewCallback(Body):
    """Whom to call, and when."""

    campaign: Name
    contact: Name
    """The contact's id or one of its numbers."""
    at: Moment
    agent: Agent = ""
    """Who is to call; empty: anybody of the campaign."""


class CallbackChange(Body):
    """When, and by whom, from now on."""

    at: Moment
    agent: Agent
    """Empty: anybody of the campaign, or whom the rules of the caller's queue choose."""


@route("GET", "/callbacks", roles=READERS, summary="Callbacks")
async def callbacks(exchange: Exchange) -> Callbacks:
    """The calls that were promised and not made yet: agents see their own, others all."""
    agent = None if _sees_all(exchange) else exchange.account.id
    found = callbacks_view(exchange.services.hub.state, agent)
    return Callbacks(found, await _names(exchange, found))


@route(
    "POST",
    "/callbacks",
    roles=EDITORS,
    summary="Promise a contact a call",
    problems=("conflict", "not-found", "overloaded", "unavailable"),
)
async def add_callback(exchange: Exchange, body: NewCallback) -> CallbackView:
    """Have a contact of a campaign called at a time, before anybody else of its list. What they
    were promised before no longer holds."""
    campaign = find_campaign(exchange, body.campaign)
    found = await explain_contact(exchange, campaign, body.contact)
    await _ask(
        exchange,
        CallbackRequested(
            exchange.request_id,
            body.campaign,
            found.contact,
            found.number,
            body.at,
            body.agent,
            exchange.account.id,
        ),
    )
    views = callbacks_view(exchange.services.hub.state)
    return next(
        view for view in views if (view.campaign, view.contact) == (body.campaign, found.contact)
    )


@route(
    "PUT",
    "/callbacks/{callback}",
    roles=CHANGERS,
    summary="Move a callback",
    problems=REFUSED,
)
async def move_callback(exchange: Exchange, body: CallbackChange) -> CallbackView:
    """Another time, or another agent. Agents move their own, and may leave them to anybody."""
    known = _known(exchange)
    if not _is_editor(exchange) and body.agent not in ("", exchange.account.id):
        raise ProblemError("forbidden", "Only supervisors give callbacks to somebody else.")
    if known.queue and body.agent:
        raise ProblemError(
            "conflict",
            "Who waited in a queue is called back by whom its rules choose: leave the agent out.",
        )
    await _ask(
        exchange,
        CallbackMoved(exchange.request_id, known.id, body.at, body.agent, exchange.account.id),
    )
    return callback_view(exchange.services.hub.state, known.id) or known


@route(
    "POST",
    "/callbacks/{callback}/done",
    roles=CHANGERS,
    summary="A callback has been made otherwise",
    problems=REFUSED,
)
async def finish_callback(exchange: Exchange) -> None:
    """The person was reached some other way: take it off the list."""
    await _cancel(exchange, is_done=True)


@route(
    "DELETE",
    "/callbacks/{callback}",
    roles=CHANGERS,
    summary="Cancel a callback",
    problems=REFUSED,
)
async def cancel_callback(exchange: Exchange) -> None:
    """Nobody calls for it. A call that is under way goes on."""
    await _cancel(exchange, is_done=False)


async def _cancel(exchange: Exchange, *, is_done: bool) -> None:
    known = _known(exchange)
    by = exchange.account.id
    await _ask(exchange, CallbackCancelled(exchange.request_id, known.id, is_done, by))


async def _names(exchange: Exchange, promised: Sequence[CallbackView]) -> dict[CallbackId, str]:
    """Without a database the list is there all the same, with numbers only."""
    book = exchange.services.contact_book
    if book is None or not promised:
        return {}
    contacts = tuple(dict.fromkeys(one.contact for one in promised if one.contact))
    customers = tuple(dict.fromkeys(one.customer for one in promised if one.customer))
    try:
        names = await book.names(contacts, customers)
    except Exception as error:  # noqa: BLE001 - any failure of any store
        _LOG.warning("names_not_read", error=repr(error))
        return {}
    found = {
        one.id: names.contacts.get(one.contact) or names.customers.get(one.customer, "")
        for one in promised
    }
    return {callback: name for callback, name in found.items() if name}


def _sees_all(exchange: Exchange) -> bool:
    return any(role in OVERSEERS for role in exchange.account.roles)


def _is_editor(exchange: Exchange) -> bool:
    return any(role in EDITORS for role in exchange.account.roles)


def _known(exchange: Exchange) -> CallbackView:
    """The callback in the path, as far as it is for the account to change."""
    found = callback_view(exchange.services.hub.state, exchange.path["callback"])
    if found is None or not (_is_editor(exchange) or found.agent == exchange.account.id):
        raise ProblemError(
            "not-found", "There is no such callback of yours: it was made, or is off the list."
        )
    return found


async def _ask(exchange: Exchange, request: Request) -> None:
    reply = await exchange.services.hub.ask(request)
    if reply.problem:
        raise ProblemError("conflict", reply.problem)
