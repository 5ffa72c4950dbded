"""Makes reports: reads what is needed of a source and has it counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from typing import TypeVar

from callcenter.domain.ids import AgentId, CampaignId, QueueId, TeamId
from callcenter.domain.report import AgentRow, CampaignRow, Measures, QueueRow, Rows, TeamRow
from callcenter.domain.report_counting import (
    AgentReport,
    CampaignReport,
    QueueReport,
    TeamReport,
)
from callcenter.domain.report_time import Period
from callcenter.service.ports import ReportSource

T = TypeVar("T")

REPORTS_AT_ONCE = 2
"""Each reads through one of the database's few connections, and pages need some too."""


class ReportsBusy(Exception):  # noqa: N818 - a fact about a moment
    """As many reports as may be are being made; nothing was read. Try again after a moment."""


class Reports:
    """Makes reports of one source.

    Each raises ``BadPeriod`` for more than ``rows_max`` rows, ``ReportsBusy``, and what the source
    raises. ``only`` is the one queue, agent, team or campaign that is wanted; empty: all.
    """

    def __init__(self, source: ReportSource) -> None:
        self._source = source
        self._under_way = 0

    async def queues(
        self, period: Period, measures: Measures, rows_max: int, only: QueueId = ""
    ) -> Rows[QueueRow]:
        """Calls by queue."""
        report = QueueReport(period, measures, rows_max)
        pieces = self._source.calls(period.since, period.until)
        with self._turn():
            await _count(pieces, report.add, lambda call: only in ("", call.queue))
        return await asyncio.to_thread(report.rows)

    async def agents(self, period: Period, rows_max: int, only: AgentId = "") -> Rows[AgentRow]:
        """What agents did."""
        report = AgentReport(period, rows_max)
        pieces = self._source.work(period.since, period.until)
        with self._turn():
            await _count(pieces, report.add, lambda work: only in ("", work.agent))
        return await asyncio.to_thread(report.rows)

    async def teams(self, period: Period, rows_max: int, only: TeamId = "") -> Rows[TeamRow]:
        """What agents did, by the team that each is in now."""
        teams = await self._source.teams()
        report = TeamReport(period, teams, rows_max)
        pieces = self._source.work(period.since, period.until)
        with self._turn():
            await _count(pieces, report.add, lambda work: only in ("", teams.get(work.agent, "")))
        return await asyncio.to_thread(report.rows)

    async def campaigns(
        self, period: Period, rows_max: int, only: CampaignId = ""
    ) -> Rows[CampaignRow]:
        """Attempts and return calls by campaign."""
        report = CampaignReport(period, rows_max)
        attempts = self._source.attempts(period.since, period.until)
        returns = self._source.returns(period.since, period.until)
        with self._turn():
            await _count(attempts, report.add, lambda attempt: only in ("", attempt.campaign))
            await _count(returns, report.add_return, lambda call: only in ("", call.campaign))
        return await asyncio.to_thread(report.rows)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One report is read, whatever it is read of."""
        if self._under_way >= REPORTS_AT_ONCE:
            raise ReportsBusy
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1


async def _count(
    pieces: AsyncGenerator[Sequence[T], None],
    add: Callable[[T], None],
    is_wanted: Callable[[T], bool],
) -> None:
    async with aclosing(pieces):  # also when a report is refused on the way
        async for piece in pieces:
            for one in piece:
                if is_wanted(one):
                    add(one)
