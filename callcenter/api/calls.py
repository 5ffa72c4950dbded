"""Live calls. Those that have ended are in ``records``."""

from __future__ import annotations

import re
from typing import Annotated

from msgspec import Struct
from pydantic import Field

from callcenter.api.errors import FieldError, ProblemError
from callcenter.api.route import EVERYONE, OVERSEERS, Exchange, Name, Query, route
from callcenter.core.queries import (
    CALLS_PER_PAGE_MAX,
    CallPosition,
    CallView,
    call_view,
    calls_view,
)
from callcenter.domain.call import CallState

CALLS_PER_PAGE = 100
"""Unless the client asks for another number."""

_CURSOR = re.compile(r"(\d{1,12}\.\d{1,9})~(\S{1,100})")


class CallsQuery(Query):
    """Which live calls."""

    limit: Annotated[int, Field(ge=1, le=CALLS_PER_PAGE_MAX)] = CALLS_PER_PAGE
    cursor: Annotated[str, Field(max_length=128)] = ""
    """``next`` of the page before."""
    queue: Name | None = None
    state: CallState | None = None


class Calls(Struct, frozen=True):
    """One page of live calls, the earliest arrival first."""

    calls: tuple[CallView, ...]
    next: str
    """Cursor of the next page; empty after the last."""


@route("GET", "/calls", roles=OVERSEERS, summary="Live calls")
async def calls(exchange: Exchange, query: CallsQuery) -> Calls:
    """The calls that are in the center now, page by page."""
    page = calls_view(
        exchange.services.hub.state,
        limit=query.limit,
        after=_position(query.cursor),
        queue=query.queue or "",
        call_state=query.state,
    )
    return Calls(page.calls, "" if page.after is None else _cursor(page.after))


@route("GET", "/calls/{call}", roles=EVERYONE, summary="One live call", problems=("not-found",))
async def call(exchange: Exchange) -> CallView:
    """One live call; agents without another role see their own call only."""
    view = call_view(exchange.services.hub.state, exchange.path["call"])
    oversees = any(role in OVERSEERS for role in exchange.account.roles)
    if view is None or not (oversees or view.agent == exchange.account.id):
        raise ProblemError(
            "not-found",
            f"Call {exchange.path['call']} is not live or not yours."
            " Ended calls are under /api/v1/records/calls.",
        )
    return view


def _cursor(position: CallPosition) -> str:
    return f"{position.arrived_at:.9f}~{position.call}"


def _position(cursor: str) -> CallPosition | None:
    if not cursor:
        return None
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise ProblemError(
            "invalid",
            "The cursor is not one of ours: take `next` of the page before, or none.",
            errors=[FieldError("query.cursor", "not a cursor")],
        )
    return CallPosition(float(found[1]), found[2])
