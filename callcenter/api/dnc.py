"""The do-not-call list: who may not be called by any campaign, and who said so.

Whole lists of numbers are taken over by ``callcenter import dnc``.
"""

from __future__ import annotations

from typing import Annotated, NoReturn

import structlog
from msgspec import Struct
from pydantic import Field, StringConstraints

from callcenter.api.errors import FieldError, ProblemError, unavailable
from callcenter.api.route import OVERSEERS, PRINTABLE, Body, Exchange, Query, route
from callcenter.core.arrivals import normalize_number
from callcenter.domain.events import DncAdded, DncRemoved, Request
from callcenter.service.dnc import DncEntry, DncStore
from callcenter.service.ports import Role

MANAGERS = (Role.MANAGER, Role.ADMINISTRATOR)
"""Who changes the list."""
ENTRIES_PER_PAGE, ENTRIES_PER_PAGE_MAX = 50, 500
NUMBER_CHARS_MAX = 32
REASON_CHARS_MAX = 200
BY_MANAGER = "manager"
"""The source of what is added here."""

_LOG = structlog.get_logger("callcenter.api")


class DncQuery(Query):
    """Which entries."""

    number: Annotated[str, Field(max_length=NUMBER_CHARS_MAX)] = ""
    """Only this number, however it is written; empty: all, in order of the numbers."""
    limit: Annotated[int, Field(ge=1, le=ENTRIES_PER_PAGE_MAX)] = ENTRIES_PER_PAGE
    cursor: Annotated[str, Field(max_length=NUMBER_CHARS_MAX)] = ""
    """``next`` of the page before."""


class NewDncEntry(Body):
    """A number that is not to be called from now on."""

    number: Annotated[str, Field(min_length=1, max_length=NUMBER_CHARS_MAX)]
    """However it is written; without a country code it is at home where the center is."""
    reason: Annotated[
        str,
        StringConstraints(strip_whitespace=True, max_length=REASON_CHARS_MAX, pattern=PRINTABLE),
    ] = ""
    """Why, in somebody's words."""
    until: Annotated[float, Field(ge=0.0)] = 0.0
    """UTC seconds; 0: for good."""


class DncList(Struct, frozen=True):
    """Part of the do-not-call list."""

    entries: tuple[DncEntry, ...]
    total: int
    """Numbers on the whole list."""
    next: str
    """Cursor of the next page; empty after the last."""


@route(
    "GET",
    "/dnc",
    roles=OVERSEERS,
    summary="The do-not-call list",
    problems=("unavailable",),
)
async def dnc_list(exchange: Exchange, query: DncQuery) -> DncList:
    """Numbers that no campaign may call, or whether one number is among them."""
    store = _store(exchange)
    try:
        if query.number:
            found = await store.find(_number(exchange, query.number, "query.number"))
            entries = () if found is None else (found,)
            return DncList(entries, len(entries), "")
        page = await store.page(query.limit, query.cursor)
    except ProblemError:
        raise
    except Exception as error:  # noqa: BLE001 - any failure of any store
        _away(error)
    return DncList(page.entries, page.total, page.next)


@route(
    "POST",
    "/dnc",
    roles=MANAGERS,
    summary="Have a number called no more",
    problems=("conflict", "overloaded"),
)
async def add_to_dnc(exchange: Exchange, body: NewDncEntry) -> DncEntry:
    """Put a number on the do-not-call list. It leaves every campaign's hopper at once; a call to it
    that is under way goes on."""
    number = _number(exchange, body.number, "body.number")
    now = exchange.services.clock.now()
    if 0.0 < body.until <= now:
        raise ProblemError(
            "invalid",
            "The end lies in the past.",
            errors=[FieldError("body.until", "take a later time, or 0 for good")],
        )
    _hide_number(exchange)
    by = exchange.account.id
    await _ask(
        exchange,
        DncAdded(exchange.request_id, number, body.reason, BY_MANAGER, by, body.until),
    )
    return DncEntry(number, body.reason, BY_MANAGER, by, now, body.until)


@route(
    "DELETE",
    "/dnc/{number}",
    roles=MANAGERS,
    summary="Let a number be called again",
    problems=("not-found", "conflict", "overloaded", "unavailable"),
)
async def remove_from_dnc(exchange: Exchange) -> None:
    """Take a number off the do-not-call list, whoever put it there."""
    number = _number(exchange, exchange.path["number"], "path.number")
    store = _store(exchange)
    try:
        found = await store.find(number)
    except Exception as error:  # noqa: BLE001 - any failure of any store
        _away(error)
    if found is None:
        raise ProblemError("not-found", "This number is not on the do-not-call list.")
    _hide_number(exchange)
    await _ask(exchange, DncRemoved(exchange.request_id, number, exchange.account.id))


def _store(exchange: Exchange) -> DncStore:
    store = exchange.services.dnc
    if store is None:
        raise unavailable("This center keeps no do-not-call list.")
    return store


def _number(exchange: Exchange, text: str, field: str) -> str:
    """The number in E.164."""
    number = normalize_number(text, exchange.services.hub.state.center.region)
    if not number.startswith("+") or not number[1:].isdecimal():
        raise ProblemError(
            "invalid",
            "This is no telephone number.",
            errors=[FieldError(field, "write it with + and the country's code")],
        )
    return number


def _hide_number(exchange: Exchange) -> None:
    """The usual id has a digest of the body, from which a number can be found by trying all."""
    exchange.request_id = f"{exchange.account.id}:{exchange.key}"


async def _ask(exchange: Exchange, request: Request) -> None:
    reply = await exchange.services.hub.ask(request)
    if reply.problem:
        raise ProblemError("conflict", reply.problem)


def _away(error: Exception) -> NoReturn:
    _LOG.warning("dnc_store_failed", error=repr(error))
    raise unavailable(
        "The do-not-call list cannot be reached: the database does not answer. Nothing was"
        " changed; try again in a moment."
    ) from None
