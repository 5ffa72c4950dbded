"""Ended calls over HTTP."""

from __future__ import annotations

from callcenter.domain.call import Outcome
from callcenter.domain.records import CallRecord
from callcenter.service.ports import CallHistory, CallQuery, CallRecordPage
from tests.unit.api.fakes import Center


def ended_call() -> CallRecord:
    center = Center()
    center.hub.bench.waiting_caller("in1")
    center.hub.bench.hang_up("in1")
    return center.hub.bench.ended()


async def test_ended_calls_are_read_page_by_page() -> None:
    record = ended_call()
    center = Center()
    center.records.page = CallRecordPage((record,), "next")
    async with center.serve() as caller:
        answer = await caller.send(
            "GET",
            "/api/v1/records/calls?limit=1&since=5&until=9.5&queue=service&agent=ana&outcome=abandoned",
            headers=await caller.bearer("sue"),
        )

    assert answer.body["next"] == "next"
    assert answer.body["calls"][0]["call"] == record.call
    assert answer.body["calls"][0]["outcome"] == "abandoned"
    assert center.records.queries == [
        CallQuery(
            limit=1,
            since=5.0,
            until=9.5,
            queue="service",
            agent="ana",
            outcome=Outcome.ABANDONED,
        )
    ]


async def test_one_ended_call_comes_with_its_history() -> None:
    record = ended_call()
    center = Center()
    center.records.histories["c1"] = CallHistory(record)
    async with center.serve() as caller:
        sue = await caller.bearer("sue")
        known = await caller.send("GET", "/api/v1/records/calls/c1", headers=sue)
        unknown = await caller.send("GET", "/api/v1/records/calls/c2", headers=sue)

    assert known.body["call"]["call"] == record.call
    assert known.body["offers"] == []
    assert (unknown.status, unknown.problem) == (404, "not-found")


async def test_a_foreign_cursor_is_refused() -> None:
    async with Center().serve() as caller:
        sue = await caller.bearer("sue")
        for query in ("cursor=nonsense", "since=nan", "since=-1", "until=1e300", "outcome=x"):
            answer = await caller.send("GET", f"/api/v1/records/calls?{query}", headers=sue)
            assert (answer.status, answer.problem) == (422, "invalid"), query


async def test_a_database_that_is_away_is_said_to_be_away() -> None:
    center = Center()
    center.records.away = True
    async with center.serve() as caller:
        sue = await caller.bearer("sue")
        for path in ("/api/v1/records/calls", "/api/v1/records/calls/c1"):
            answer = await caller.send("GET", path, headers=sue)
            assert (answer.status, answer.problem) == (503, "unavailable")
            assert "Calls go on" in answer.body["detail"]
            assert answer.headers["Retry-After"] == "2"
