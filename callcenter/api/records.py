"""Calls that have ended, read from the database."""

from __future__ import annotations

from typing import Annotated

import structlog
from msgspec import Struct
from pydantic import Field

from callcenter.api.errors import FieldError, ProblemError, unavailable
from callcenter.api.route import OVERSEERS, Exchange, Name, Query, route
from callcenter.domain.call import Outcome
from callcenter.domain.records import CallRecord
from callcenter.domain.report_time import LATEST_S
from callcenter.service.ports import CallHistory, CallQuery

RECORDS_PER_PAGE = 100
RECORDS_PER_PAGE_MAX = 500
"""Rows of one page: about 200 kB of JSON."""

_LOG = structlog.get_logger("callcenter.api")

Moment = Annotated[float, Field(ge=0, le=LATEST_S, allow_inf_nan=False)]


class RecordsQuery(Query):
    """Which ended calls."""

    limit: Annotated[int, Field(ge=1, le=RECORDS_PER_PAGE_MAX)] = RECORDS_PER_PAGE
    cursor: Annotated[str, Field(max_length=256)] = ""
    """``next`` of the page before."""
    since: Moment = 0.0
    """Ended at this time or later, UTC seconds."""
    until: Moment = 0.0
    """Ended before this time, UTC seconds; 0: no bound."""
    queue: Name | None = None
    agent: Name | None = None
    """Who answered."""
    outcome: Outcome | None = None


class Records(Struct, frozen=True):
    """One page of ended calls, the last ended first."""

    calls: tuple[CallRecord, ...]
    next: str
    """Cursor of the next page; empty after the last."""


@route("GET", "/records/calls", roles=OVERSEERS, summary="Ended calls", problems=("unavailable",))
async def ended_calls(exchange: Exchange, query: RecordsQuery) -> Records:
    """Ended calls, the last ended first, page by page. They appear a moment after the hang-up."""
    asked = CallQuery(
        limit=query.limit,
        cursor=query.cursor,
        since=query.since,
        until=query.until,
        queue=query.queue or "",
        agent=query.agent or "",
        outcome=query.outcome,
    )
    try:
        page = await exchange.services.records.calls(asked)
    except ValueError:
        raise ProblemError(
            "invalid",
            "The cursor is not one of ours: take `next` of the page before, or none.",
            errors=[FieldError("query.cursor", "not a cursor")],
        ) from None
    except Exception as error:  # noqa: BLE001 - any failure of any store
        raise _no_records(error) from None
    return Records(page.rows, page.next)


@route(
    "GET",
    "/records/calls/{call}",
    roles=OVERSEERS,
    summary="One ended call",
    problems=("not-found", "unavailable"),
)
async def ended_call(exchange: Exchange) -> CallHistory:
    """One ended call with its offers, conversations and dispositions."""
    try:
        history = await exchange.services.records.call(exchange.path["call"])
    except Exception as error:  # noqa: BLE001 - any failure of any store
        raise _no_records(error) from None
    if history is None:
        raise ProblemError(
            "not-found",
            f"No ended call {exchange.path['call']} is on record. It may be live still:"
            " /api/v1/calls has those.",
        )
    return history


def _no_records(error: Exception) -> ProblemError:
    _LOG.warning("record_store_failed", error=repr(error))
    return unavailable(
        "Records cannot be read: the database does not answer. Calls go on and records catch up;"
        " try again in a moment."
    )
