"""Reports by queue, agent, team and campaign: as JSON, or with ``format=csv`` as a file. What their
words mean: docs/REPORTS.md."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated

import structlog
from msgspec import Struct
from pydantic import Field

from callcenter.api.errors import FieldError, ProblemError, unavailable
from callcenter.api.records import Moment
from callcenter.api.route import OVERSEERS, Download, Exchange, Name, Query, route
from callcenter.documents.report_csv import AnyRow, report_csv
from callcenter.domain.report import (
    SHORT_ABANDON_S,
    AgentRow,
    CampaignRow,
    Formula,
    Measures,
    QueueRow,
    TeamRow,
)
from callcenter.domain.report_time import (
    BadPeriod,
    Period,
    ReportStep,
    UnknownZone,
    local_time,
    zone_of,
)
from callcenter.service.reports import ReportsBusy

ROWS_MAX = 5_000
"""Rows of one answer: about 2 MB of JSON. Longer reports: ``callcenter report``."""
REPORT_DEADLINE_S = 60.0
"""For reading a year of a busy center."""
THRESHOLD_S_MAX = 600.0

_LOG = structlog.get_logger("callcenter.api")


class ReportFormat(StrEnum):
    """How a report is sent."""

    JSON = "json"
    CSV = "csv"


class ReportQuery(Query):
    """The period of a report and how it is cut."""

    since: Annotated[Moment, Field(alias="from")]
    """In the report, UTC seconds."""
    until: Annotated[Moment, Field(alias="to")]
    """No more in the report, UTC seconds."""
    step: ReportStep = ReportStep.DAY
    zone: Annotated[str, Field(max_length=64)] = ""
    """IANA name of the time zone in which days begin; empty: the center's."""
    format: ReportFormat = ReportFormat.JSON


class QueuesQuery(ReportQuery):
    """Which report of queues."""

    queue: Name | None = None
    formula: Formula = Formula.ANSWERED_AND_ABANDONED
    threshold_s: Annotated[float, Field(ge=0, le=THRESHOLD_S_MAX)] = SHORT_ABANDON_S
    """Who hangs up sooner is a short abandon."""


class AgentsQuery(ReportQuery):
    """Which report of agents."""

    agent: Name | None = None


class TeamsQuery(ReportQuery):
    """Which report of teams."""

    team: Name | None = None


class CampaignsQuery(ReportQuery):
    """Which report of campaigns."""

    campaign: Name | None = None


class QueuesReport(Struct, frozen=True):
    """Calls by queue; rows in which nothing was are left out."""

    rows: tuple[QueueRow, ...]
    """By interval, then by queue."""
    totals: tuple[QueueRow, ...]
    """One for each queue over the whole period."""
    total: QueueRow
    """Over all queues."""
    zone: str
    formula: Formula
    threshold_s: float


class AgentsReport(Struct, frozen=True):
    """Time cards; rows in which nothing was are left out."""

    rows: tuple[AgentRow, ...]
    """By interval, then by agent."""
    totals: tuple[AgentRow, ...]
    """One for each agent over the whole period."""
    total: AgentRow
    """Over all agents."""
    zone: str


class TeamsReport(Struct, frozen=True):
    """What the agents of each team did; rows in which nothing was are left out."""

    rows: tuple[TeamRow, ...]
    """By interval, then by team; agents without a team under the empty name."""
    totals: tuple[TeamRow, ...]
    """One for each team over the whole period."""
    total: TeamRow
    """Over all teams."""
    zone: str


class CampaignsReport(Struct, frozen=True):
    """Attempts by campaign; rows in which nothing was are left out."""

    rows: tuple[CampaignRow, ...]
    """By interval, then by campaign."""
    totals: tuple[CampaignRow, ...]
    """One for each campaign over the whole period."""
    total: CampaignRow
    """Over all campaigns."""
    zone: str


@route(
    "GET",
    "/reports/queues",
    roles=OVERSEERS,
    summary="Calls by queue and interval",
    deadline_s=REPORT_DEADLINE_S,
)
async def report_queues(exchange: Exchange, query: QueuesQuery) -> QueuesReport | Download:
    """Offered, answered, abandoned, service level, ASA, AHT and longest wait of ended calls, by the
    interval in which they entered their queue."""
    period = _period(exchange, query)
    queues = exchange.services.hub.state.center.queues
    measures = Measures(
        query.formula, query.threshold_s, {queue.id: queue.target_s for queue in queues}
    )
    with _refusals():
        found = await exchange.services.reports.queues(
            period, measures, ROWS_MAX, query.queue or ""
        )
    if query.format is ReportFormat.CSV:
        return await _file("queues", QueueRow, found.rows, period)
    return QueuesReport(
        found.rows, found.totals, found.total, period.zone, query.formula, query.threshold_s
    )


@route(
    "GET",
    "/reports/agents",
    roles=OVERSEERS,
    summary="Time cards of agents",
    deadline_s=REPORT_DEADLINE_S,
)
async def report_agents(exchange: Exchange, query: AgentsQuery) -> AgentsReport | Download:
    """Time in each state, occupancy, offers, conversations and dispositions of agents. A state
    counts when it is over."""
    period = _period(exchange, query)
    with _refusals():
        found = await exchange.services.reports.agents(period, ROWS_MAX, query.agent or "")
    if query.format is ReportFormat.CSV:
        return await _file("agents", AgentRow, found.rows, period)
    return AgentsReport(found.rows, found.totals, found.total, period.zone)


@route(
    "GET",
    "/reports/teams",
    roles=OVERSEERS,
    summary="Work of agents by team",
    deadline_s=REPORT_DEADLINE_S,
)
async def report_teams(exchange: Exchange, query: TeamsQuery) -> TeamsReport | Download:
    """Time in each state, occupancy, offers, conversations and dispositions, by team. All of an
    agent's time counts for the team that the agent is in now."""
    period = _period(exchange, query)
    with _refusals():
        found = await exchange.services.reports.teams(period, ROWS_MAX, query.team or "")
    if query.format is ReportFormat.CSV:
        return await _file("teams", TeamRow, found.rows, period)
    return TeamsReport(found.rows, found.totals, found.total, period.zone)


@route(
    "GET",
    "/reports/campaigns",
    roles=OVERSEERS,
    summary="Attempts by campaign and interval",
    deadline_s=REPORT_DEADLINE_S,
)
async def report_campaigns(exchange: Exchange, query: CampaignsQuery) -> CampaignsReport | Download:
    """Attempts, people, connected, dropped, results and dispositions, by the interval in which the
    attempts were placed."""
    period = _period(exchange, query)
    with _refusals():
        found = await exchange.services.reports.campaigns(period, ROWS_MAX, query.campaign or "")
    if query.format is ReportFormat.CSV:
        return await _file("campaigns", CampaignRow, found.rows, period)
    return CampaignsReport(found.rows, found.totals, found.total, period.zone)


def _period(exchange: Exchange, query: ReportQuery) -> Period:
    zone = query.zone or exchange.services.hub.state.center.time_zone
    try:
        return Period(query.since, query.until, query.step, zone)
    except UnknownZone as problem:
        raise _refusal(problem, "query.zone") from None
    except BadPeriod as problem:
        raise _refusal(problem, "query.to") from None


@contextmanager
def _refusals() -> Iterator[None]:
    """While a report is made: why it is not, in words."""
    try:
        yield
    except BadPeriod as problem:
        raise _refusal(problem, "query.step") from None
    except ReportsBusy:
        raise unavailable("Other reports are being made just now. Try again.", 5) from None
    except Exception as error:  # noqa: BLE001 - any failure of any store
        _LOG.warning("report_failed", error=repr(error))
        raise unavailable(
            "The report cannot be made: the database does not answer. Calls go on; try again in a"
            " moment."
        ) from None


def _refusal(problem: BadPeriod, field: str) -> ProblemError:
    return ProblemError("invalid", str(problem), errors=[FieldError(field, str(problem))])


async def _file(name: str, kind: type[AnyRow], rows: Sequence[AnyRow], period: Period) -> Download:
    """The rows as CSV; the byte order mark tells spreadsheets that it is UTF-8."""
    zone = zone_of(period.zone)
    day = local_time(period.since, zone)[:10]
    text = await asyncio.to_thread(report_csv, kind, rows, zone)
    return Download(f"{name}-{day}-{period.step.value}.csv", text.encode("utf-8-sig"))
