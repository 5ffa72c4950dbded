"""Calls explained and weighed, and queues switched, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from callcenter.domain import events as e
from callcenter.domain.records import OfferRecord
from callcenter.service.ports import CallHistory
from tests.unit.api.fakes import Answer, Caller, Center
from tests.unit.storage.samples import CALL, T0

SWITCH = "/api/v1/queues/service/switch"
CLOSED = {"mode": "closed", "for_s": 600, "prompt": "closed"}


async def send(
    caller: Caller, method: str, path: str, login: str = "sue", **options: Any
) -> Answer:
    return await caller.send(method, path, headers=await caller.bearer(login), **options)


# --- explained ------------------------------------------------------------------------------------


async def test_a_live_call_is_explained_from_the_machine() -> None:
    center = Center()
    call = center.hub.bench.waiting_caller("in1")
    async with center.serve() as caller:
        answer = await send(caller, "GET", f"/api/v1/calls/{call.id}/routing", "aud")

    assert answer.status == 200, answer.body
    live = answer.body["live"]
    assert answer.body["ended"] is None
    assert (live["call"], live["rule"], live["state"]) == (call.id, "everybody", "waiting")
    assert live["waiting"]["reason"] == "nobody_signed_in"
    assert [rule["holds"] for rule in live["tried"]] == [True]


async def test_an_ended_call_is_explained_from_the_records() -> None:
    center = Center()
    text = "format: 1\nrules:\n  - {name: g, when: customer.known}\n  - {name: all}\n"
    offer = OfferRecord(
        "c1", "ana", T0, T0 + 5, "answered", "longest_idle", (1.0, 0.0, 1.0, 9.0, 2.0)
    )
    history = CallHistory(replace(CALL, rule="g", rules_version=1), offers=(offer,))
    center.records.histories = {"c1": history, "c2": CallHistory(CALL)}
    async with center.serve() as caller:
        body = {"text": text, "based_on": 0}
        await send(caller, "POST", "/api/v1/rules/publish", json=body)
        first = await send(caller, "GET", "/api/v1/calls/c1/routing")
        older = await send(caller, "GET", "/api/v1/calls/c2/routing")

    assert first.body["live"] is None
    ended = first.body["ended"]
    assert (ended["call"]["rule"], ended["when"]) == ("g", "customer.known")
    assert ended["offers"][0]["score"] == [1.0, 0.0, 1.0, 9.0, 2.0]
    assert (older.body["ended"]["when"], older.body["ended"]["offers"]) == ("", [])


async def test_a_call_that_nobody_knows_and_records_that_are_away_are_told() -> None:
    center = Center()
    async with center.serve() as caller:
        unknown = await send(caller, "GET", "/api/v1/calls/c9/routing")
        center.records.away = True
        away = await send(caller, "GET", "/api/v1/calls/c9/routing")
        agent = await send(caller, "GET", "/api/v1/calls/c9/routing", "ana")

    assert (unknown.problem, away.problem) == ("not-found", "unavailable")
    assert agent.problem == "forbidden"


# --- weighed --------------------------------------------------------------------------------------


async def test_a_waiting_call_gets_another_weight_at_once() -> None:
    center = Center()
    call = center.hub.bench.waiting_caller("in1")
    path = f"/api/v1/calls/{call.id}/priority"
    async with center.serve() as caller:
        answer = await send(caller, "POST", path, json={"weight": 5})

    assert (answer.status, answer.body["id"]) == (200, call.id)
    assert center.hub.state.calls[call.id].weight == 5.0
    asked = center.hub.asked[-1]
    assert isinstance(asked, e.CallPriorityRequested)
    assert asked.by == "sue"
    assert center.audit.entries[-1].action == "POST /api/v1/calls/{call}/priority"


async def test_a_call_that_talks_or_is_gone_is_not_weighed() -> None:
    center = Center()
    center.hub.bench.agents("ana")
    center.hub.bench.waiting_caller("in1")
    talking = center.hub.bench.talk("in1").id
    async with center.serve() as caller:
        late = await send(caller, "POST", f"/api/v1/calls/{talking}/priority", json={"weight": 2})
        gone = await send(caller, "POST", "/api/v1/calls/c9/priority", json={"weight": 2})

    assert (late.problem, gone.problem) == ("conflict", "not-found")
    assert "answered" in late.body["detail"]


@pytest.mark.parametrize("weight", [0, -1, 1001, "2", None])
async def test_a_weight_that_cannot_be_is_refused(weight: object) -> None:
    center = Center()
    call = center.hub.bench.waiting_caller("in1")
    async with center.serve() as caller:
        path = f"/api/v1/calls/{call.id}/priority"
        answer = await send(caller, "POST", path, json={"weight": weight})

    assert answer.problem == "invalid"


# --- switched -------------------------------------------------------------------------------------


async def test_a_queue_is_closed_for_a_time_and_opened_again() -> None:
    center = Center()
    center.clock.time = center.hub.bench.now
    async with center.serve() as caller:
        before = await send(caller, "GET", SWITCH, "aud")
        closed = await send(caller, "POST", SWITCH, json=CLOSED)
        seen = await send(caller, "GET", SWITCH)
        opened = await send(caller, "DELETE", SWITCH)
        again = await send(caller, "DELETE", SWITCH)

    prompts = ["bye", "menu", "welcome"]
    assert before.body == {"queue": "service", "switch": None, "prompts": prompts}
    assert closed.status == 200, closed.body
    until = closed.body["switch"]["until"]
    assert seen.body["switch"] == {"mode": "closed", "until": until, "prompt": "closed"}
    assert until == center.clock.time + 600
    assert opened.body == before.body
    assert again.problem == "conflict"
    actions = [entry.action for entry in center.audit.entries[-6:] if "switch" in entry.action]
    assert actions[-1] == "DELETE /api/v1/queues/{queue}/switch"


@pytest.mark.parametrize(
    "body",
    [
        {"mode": "closed", "for_s": 600},
        {"mode": "message", "for_s": 600, "target": "sales"},
        {"mode": "diverted", "for_s": 600, "prompt": "closed"},
        {"mode": "diverted", "for_s": 600, "target": "sales", "prompt": "closed"},
        {"mode": "shut", "for_s": 600, "prompt": "closed"},
        CLOSED | {"for_s": 9},
        CLOSED | {"for_s": 604_801},
        CLOSED | {"until": 5},
    ],
)
async def test_a_switch_that_is_not_whole_is_refused(body: dict[str, object]) -> None:
    center = Center()
    async with center.serve() as caller:
        answer = await send(caller, "POST", SWITCH, json=body)

    assert answer.problem == "invalid"
    assert center.hub.asked == []


async def test_what_the_machine_refuses_is_told_and_unknown_queues_are_not_found() -> None:
    nowhere = {"mode": "diverted", "for_s": 600, "target": "nowhere"}
    async with Center().serve() as caller:
        refused = await send(caller, "POST", SWITCH, json=nowhere)
        strange = await send(caller, "POST", "/api/v1/queues/other/switch", json=CLOSED)

    assert refused.problem == "conflict"
    assert "nowhere" in refused.body["detail"]
    assert strange.problem == "not-found"


@pytest.mark.parametrize("login", ["ana", "aud"])
async def test_agents_and_auditors_change_nothing(login: str) -> None:
    async with Center().serve() as caller:
        switched = await send(caller, "POST", SWITCH, login, json=CLOSED)
        ended = await send(caller, "DELETE", SWITCH, login)
        weighed = await send(caller, "POST", "/api/v1/calls/c1/priority", login, json={"weight": 2})

    assert {switched.problem, ended.problem, weighed.problem} == {"forbidden"}


# --- before publishing ----------------------------------------------------------------------------


async def test_a_preview_tells_who_of_the_waiting_would_be_treated_differently() -> None:
    center = Center()
    call = center.hub.bench.waiting_caller("in1")
    async with center.serve() as caller:
        text = "format: 1\nrules:\n  - {name: all, then: {weight: 2}}\n"
        seen = await send(caller, "POST", "/api/v1/rules/preview", "aud", json={"text": text})
        wrong = await send(
            caller, "POST", "/api/v1/rules/preview", json={"text": "format: 1\nrules: []\n"}
        )

    (row,) = seen.body["changed"]
    assert (row["call"], row["from_rule"], row["to_rule"]) == (call.id, "everybody", "all")
    assert wrong.problem == "invalid"
    assert center.hub.state.rules.version == 0
