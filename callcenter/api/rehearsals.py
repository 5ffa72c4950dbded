"""Rehearsals: rules played on forecast days beside those in force, before they are published.

What is played is known to ``callcenter.rehearsal``, how it is run to
``callcenter.service.rehearsals``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated

from msgspec import Struct
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from callcenter.api.errors import ProblemError, unavailable
from callcenter.api.route import OVERSEERS, Body, Exchange, route
from callcenter.api.rules import EDITORS, TEXT_BODY_BYTES_MAX, Text, told
from callcenter.domain.ids import CampaignId
from callcenter.domain.rehearsal import SEEDS, SEEDS_MAX, SEEDS_MIN, RehearsalResult
from callcenter.service.rehearsals import (
    Rehearsal,
    RehearsalBusy,
    Rehearsals,
    RehearsalState,
    Wish,
)

BUSY_RETRY_S = 10


def _is_date(text: str) -> str:
    try:
        return text and date.fromisoformat(text).isoformat()
    except ValueError:
        raise PydanticCustomError("no_date", "write a date like 2026-12-01") from None


class RehearseRules(Body):
    """Rules to be rehearsed; nothing is published."""

    text: Text
    seeds: Annotated[int, Field(ge=SEEDS_MIN, le=SEEDS_MAX)] = SEEDS
    """How many forecast days are played under each rules: more make the intervals narrower."""
    hours: Annotated[float, Field(ge=0.0, le=24.0)] = 0.0
    """The busiest so many hours of the day; 0: the whole day."""
    day: Annotated[str, AfterValidator(_is_date)] = ""
    """The center's local date, like 2026-12-01; empty: the next working day."""


class RehearsalView(Struct, frozen=True):
    """One rehearsal and what came of it."""

    id: str
    by: str
    """The account; ``@cli``: the command line."""
    state: RehearsalState
    current_version: int
    """The rules in force that the new ones are compared with; 0: the built-in ones."""
    started_at: float
    ended_at: float
    """0.0 while it runs."""
    share: float
    """How much of it is done, 0.0 to 1.0."""
    doing: str
    """``reading``, ``fitting`` or ``playing``."""
    problem: str
    """With ``failed``: why, and how to mend it."""
    result: RehearsalResult | None
    """With ``done``: the figures of both, side by side."""


@route(
    "POST",
    "/rules/rehearsals",
    roles=EDITORS,
    summary="Rehearse rules",
    problems=("conflict", "overloaded", "unavailable"),
    body_bytes_max=TEXT_BODY_BYTES_MAX,
)
async def rehearse(exchange: Exchange, body: RehearseRules) -> RehearsalView:
    """Play forecast days under the rules in force and under these, and compare what becomes of the
    callers. Takes minutes: ask for its result. One at a time (409 while another runs)."""
    rehearsals = rehearsals_of(exchange)
    with told():
        new = await exchange.services.rules.check(body.text)
    wish = Wish(new, body.seeds, body.hours, body.day, exchange.account.id)
    with waiting():
        return _view(rehearsals.start(name_of(exchange), wish))


@route(
    "GET",
    "/rules/rehearsals/{rehearsal}",
    roles=OVERSEERS,
    summary="How a rehearsal stands",
    problems=("not-found", "unavailable"),
)
async def rehearsal(exchange: Exchange) -> RehearsalView:
    """How far it is, and its figures when it is done."""
    return _view(find(exchange))


@route(
    "DELETE",
    "/rules/rehearsals/{rehearsal}",
    roles=EDITORS,
    summary="Cancel a rehearsal",
    problems=("not-found", "unavailable"),
)
async def cancel(exchange: Exchange) -> RehearsalView:
    """End it at once. One that has ended stays as it is."""
    await rehearsals_of(exchange).cancel(find(exchange).id)
    return _view(find(exchange))


# --- what rehearsals of campaigns need too --------------------------------------------------------


def rehearsals_of(exchange: Exchange) -> Rehearsals:
    """What rehearses here; a problem where nothing does."""
    if exchange.services.rehearsals is None:
        raise unavailable("This center cannot rehearse.")
    return exchange.services.rehearsals


def name_of(exchange: Exchange) -> str:
    """The name of the rehearsal that this request asks for."""
    return hashlib.sha256(exchange.request_id.encode()).hexdigest()[:16]


@contextmanager
def waiting() -> Iterator[None]:
    """Another that is under way is a conflict."""
    try:
        yield
    except RehearsalBusy as busy:
        raise ProblemError(
            "conflict", str(busy), headers={"Retry-After": str(BUSY_RETRY_S)}
        ) from None


def find(exchange: Exchange, campaign: CampaignId = "") -> Rehearsal:
    """The rehearsal that the path names, of this campaign or of rules."""
    known = rehearsals_of(exchange).find(exchange.path["rehearsal"])
    if known is None or known.campaign != campaign:
        raise ProblemError(
            "not-found",
            "There is no such rehearsal: it was long ago, or the center was started anew since.",
        )
    return known


def _view(known: Rehearsal) -> RehearsalView:
    return RehearsalView(**{name: getattr(known, name) for name in RehearsalView.__struct_fields__})
