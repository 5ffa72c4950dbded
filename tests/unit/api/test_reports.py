"""Reports over HTTP."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest

from callcenter.api import reports
from callcenter.domain.agent import AgentState
from callcenter.domain.attempt import AttemptResult
from callcenter.domain.call import Outcome
from callcenter.domain.records import (
    AgentStateRecord,
    ConversationRecord,
    DispositionRecord,
    Record,
)
from callcenter.domain.report import ReportedCall
from callcenter.service.reports import Reports
from tests.unit.api.fakes import Answer, Caller, Center, until
from tests.unit.storage.samples import T0, make_attempt, make_call

HOUR = T0 - T0 % 3600
"""A full hour in UTC."""
PERIOD = f"from={HOUR}&to={HOUR + 7200}&step=1h&zone=UTC"


def a_past() -> list[Record]:
    """Two calls of two queues, an agent's work, and an attempt."""
    at = HOUR + 100
    times: dict[str, Any] = {"arrived_at": at - 5, "queued_at": at}
    return [
        ConversationRecord("c1", "ana", at + 10, at + 60),
        make_call("c1", at + 60, answered_at=at + 10, **times),
        AgentStateRecord("ana", AgentState.TALKING, "", at + 10, at + 60),
        DispositionRecord("c1", "ana", "=solved", at + 65),
        AgentStateRecord("ana", AgentState.WRAP_UP, "", at + 60, at + 65),
        make_call("c2", at + 3, queue="sales", answered_at=0.0, outcome=Outcome.ABANDONED, **times),
        make_attempt(placed_at=at, result=AttemptResult.BUSY, ended_at=at + 9),
    ]


async def ask(caller: Caller, path: str) -> Answer:
    return await caller.send("GET", f"/api/v1/reports/{path}", headers=await caller.bearer("sue"))


async def test_calls_are_reported_by_queue_and_interval() -> None:
    async with Center(past=a_past()).serve() as caller:
        answer = await ask(caller, f"queues?{PERIOD}")

    sales, service = answer.body["rows"]
    assert (sales["queue"], sales["abandoned"], sales["short_abandons"]) == ("sales", 1, 1)
    assert (service["begin"], service["end"]) == (HOUR, HOUR + 3600)
    assert (service["offered"], service["asa_s"], service["aht_s"]) == (1, 10.0, 55.0)
    assert service["dispositions"] == {"=solved": 1}
    assert [row["queue"] for row in answer.body["totals"]] == ["sales", "service"]
    assert (answer.body["total"]["offered"], answer.body["total"]["service_level"]) == (2, 0.5)
    assert (answer.body["zone"], answer.body["formula"]) == ("UTC", "answered_and_abandoned")


async def test_formula_threshold_and_queue_are_chosen() -> None:
    chosen = "formula=without_short_abandons&threshold_s=3"
    async with Center(past=a_past()).serve() as caller:
        all_queues = await ask(caller, f"queues?{PERIOD}&{chosen}")
        one_queue = await ask(caller, f"queues?{PERIOD}&{chosen}.5&queue=sales")

    assert all_queues.body["total"]["service_level"] == 0.5
    assert [row["queue"] for row in one_queue.body["rows"]] == ["sales"]
    assert one_queue.body["total"]["short_abandons"] == 1
    assert one_queue.body["total"]["service_level"] is None


async def test_agents_have_time_cards_and_campaigns_attempts() -> None:
    async with Center(past=a_past()).serve() as caller:
        agents = await ask(caller, f"agents?{PERIOD}&agent=ana")
        nobody = await ask(caller, f"agents?{PERIOD}&agent=ben")
        campaigns = await ask(caller, f"campaigns?{PERIOD}&campaign=autumn")

    (card,) = agents.body["rows"]
    assert (card["talk_s"], card["wrap_up_s"], card["occupancy"]) == (50.0, 5.0, 1.0)
    assert nobody.body["rows"] == []
    assert campaigns.body["total"]["results"] == {"busy": 1}


async def test_teams_have_the_work_of_their_agents() -> None:
    ben = AgentStateRecord("ben", AgentState.READY, "", HOUR, HOUR + 60)
    center = Center(past=[*a_past(), ben], teams={"ana": "north"})
    async with center.serve() as caller:
        everybody = await ask(caller, f"teams?{PERIOD}")
        north = await ask(caller, f"teams?{PERIOD}&team=north")

    none, of_ana = everybody.body["totals"]
    assert (none["team"], none["agents"], none["ready_s"]) == ("", 1, 60.0)
    assert (of_ana["team"], of_ana["talk_s"], of_ana["conversations"]) == ("north", 50.0, 1)
    assert (everybody.body["total"]["agents"], everybody.body["zone"]) == (2, "UTC")
    assert [row["team"] for row in north.body["rows"]] == ["north"]


async def test_days_begin_in_the_centers_time_zone_if_none_is_named() -> None:
    async with Center().serve() as caller:
        answer = await ask(caller, f"queues?from={HOUR}&to={HOUR + 1}")

    assert answer.body["zone"] == caller.center.hub.state.center.time_zone


@pytest.mark.parametrize("kind", ["queues", "agents", "teams", "campaigns"])
async def test_a_report_can_be_had_as_a_file(kind: str) -> None:
    async with Center(past=a_past()).serve() as caller:
        answer = await ask(caller, f"{kind}?{PERIOD}&format=csv")
    header, *lines = csv.reader(io.StringIO(answer.body.removeprefix("\ufeff")))

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == (
        f'attachment; filename="{kind}-2023-11-14-1h.csv"'
    )
    assert header[:3] == [kind.removesuffix("s"), "begin", "end"]
    assert lines[0][1:3] == ["2023-11-14T22:00:00+00:00", "2023-11-14T23:00:00+00:00"]
    assert len(lines) == (2 if kind == "queues" else 1)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "query.from"),
        (f"from={HOUR}&to={HOUR}", "query.to"),
        (f"from={HOUR}&to={HOUR + 9}&zone=Mars/Base", "query.zone"),
        (f"from={HOUR}&to={HOUR + 9}&step=week", "query.step"),
        (f"from=0&to={HOUR}&step=15m", "query.step"),
        (f"from={HOUR}&to=1e300", "query.to"),
        (f"from={HOUR}&to={HOUR + 9}&format=pdf", "query.format"),
        (f"from={HOUR}&to={HOUR + 9}&threshold_s=-1", "query.threshold_s"),
    ],
)
async def test_a_report_of_nonsense_is_refused_and_names_the_field(query: str, field: str) -> None:
    async with Center().serve() as caller:
        answer = await ask(caller, f"queues?{query}")

    assert (answer.status, answer.problem) == (422, "invalid")
    assert field in [error["path"] for error in answer.body["errors"]]


async def test_a_report_with_too_many_rows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "ROWS_MAX", 1)
    async with Center(past=a_past()).serve() as caller:
        day = f"from={HOUR}&to={HOUR + 3600}"
        answer = await ask(caller, f"queues?{day}")

    assert answer.status == 422
    assert "more than 1 rows: ask for a shorter period" in answer.body["detail"]


class StuckSource:
    """Gives nothing until it is let go; then it fails."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.asked = 0

    async def calls(
        self, since: float, until: float
    ) -> AsyncGenerator[Sequence[ReportedCall], None]:
        """Wait, and fail."""
        self.asked += 1
        await self.gate.wait()
        raise OSError("the database is away")
        yield ()


async def test_only_a_few_reports_are_made_at_once_and_failures_are_said() -> None:
    center, source = Center(), StuckSource()
    object.__setattr__(center.api._services, "reports", Reports(source))  # type: ignore[arg-type]  # only calls are asked for
    async with center.serve() as caller:
        waiting = [asyncio.create_task(ask(caller, f"queues?{PERIOD}")) for _ in range(2)]
        await until(lambda: source.asked == 2)
        third = await ask(caller, f"queues?{PERIOD}")
        source.gate.set()
        failed = [await task for task in waiting]
        after = await ask(caller, f"queues?{PERIOD}")

    assert (third.status, third.headers["Retry-After"]) == (503, "5")
    assert "Other reports" in third.body["detail"]
    for answer in (*failed, after):
        assert (answer.status, answer.problem) == (503, "unavailable")
        assert "Calls go on" in answer.body["detail"]
