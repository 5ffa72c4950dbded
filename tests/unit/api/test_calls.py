"""Live calls over HTTP."""

from __future__ import annotations

from callcenter.domain import events as e
from callcenter.domain.customer import Tier
from tests.unit.api.fakes import Center


async def test_live_calls_come_page_by_page_in_the_order_of_arrival() -> None:
    center = Center()
    ids = []
    for number in range(5):
        center.hub.bench.now += 1
        ids.append(center.hub.bench.waiting_caller(f"in{number}", Tier.GOLD).id)
    async with center.serve() as caller:
        sue = await caller.bearer("sue")
        seen, cursor = [], ""
        for _ in range(3):
            page = await caller.send(
                "GET", "/api/v1/calls", params={"limit": 2, "cursor": cursor}, headers=sue
            )
            seen += [call["id"] for call in page.body["calls"]]
            cursor = page.body["next"]

    assert seen == ids
    assert cursor == ""


async def test_a_page_goes_on_after_a_call_that_has_ended_meanwhile() -> None:
    center = Center()
    for number in range(3):
        center.hub.bench.now += 1
        center.hub.bench.waiting_caller(f"in{number}")
    last = center.hub.bench.call("in2").id
    async with center.serve() as caller:
        sue = await caller.bearer("sue")
        first = await caller.send("GET", "/api/v1/calls", params={"limit": 2}, headers=sue)
        center.hub.bench.hang_up("in1")
        rest = await caller.send(
            "GET", "/api/v1/calls", params={"cursor": first.body["next"]}, headers=sue
        )

    assert [call["id"] for call in rest.body["calls"]] == [last]


async def test_calls_are_narrowed_by_queue_and_state() -> None:
    center = Center()
    center.hub.bench.waiting_caller("in1")
    async with center.serve() as caller:
        sue = await caller.bearer("sue")
        counts = {}
        for query in ("queue=service", "queue=other", "state=waiting", "state=connected"):
            answer = await caller.send("GET", f"/api/v1/calls?{query}", headers=sue)
            counts[query] = len(answer.body["calls"])

    assert counts == {
        "queue=service": 1,
        "queue=other": 0,
        "state=waiting": 1,
        "state=connected": 0,
    }


async def test_a_query_that_is_wrong_says_where() -> None:
    async with Center().serve() as caller:
        sue = await caller.bearer("sue")
        paths = {}
        for query in (
            "limit=0",
            "limit=501",
            "limit=many",
            "state=asleep",
            "cursor=1;drop",
            "color=red",
            "limit=1&limit=2",
            "queue=a%0Ab",
        ):
            answer = await caller.send("GET", f"/api/v1/calls?{query}", headers=sue)
            assert (answer.status, answer.problem) == (422, "invalid"), query
            paths[query] = [error["path"] for error in answer.body["errors"]]

    assert paths == {
        "limit=0": ["query.limit"],
        "limit=501": ["query.limit"],
        "limit=many": ["query.limit"],
        "state=asleep": ["query.state"],
        "cursor=1;drop": ["query.cursor"],
        "color=red": ["query.color"],
        "limit=1&limit=2": ["query.limit"],
        "queue=a%0Ab": ["query.queue"],
    }


async def test_agents_see_their_own_call_and_no_other() -> None:
    center = Center().with_agents("ana", "ben")
    center.hub.tell(e.DesktopOpened("ana"))
    assert center.hub.bench.ask(e.SignInRequested, "ana", "1001").problem == ""
    assert center.hub.bench.ask(e.ReadyRequested, "ana").problem == ""
    center.hub.bench.waiting_caller("in1")
    call = center.hub.bench.talk("in1").id
    async with center.serve() as caller:
        own = await caller.send("GET", f"/api/v1/calls/{call}", headers=await caller.bearer("ana"))
        foreign = await caller.send(
            "GET", f"/api/v1/calls/{call}", headers=await caller.bearer("ben")
        )
        overseen = await caller.send(
            "GET", f"/api/v1/calls/{call}", headers=await caller.bearer("sue")
        )
        missing = await caller.send("GET", "/api/v1/calls/none", headers=await caller.bearer("sue"))

    assert own.body["state"] == "connected"
    assert (foreign.status, foreign.problem) == (404, "not-found")
    assert overseen.body == own.body
    assert (missing.status, missing.problem) == (404, "not-found")
