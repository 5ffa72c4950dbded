"""Rehearsals over HTTP: asked for, watched, cancelled, and who may."""

from __future__ import annotations

import asyncio

import pytest

from callcenter.domain.rehearsal import Progress
from callcenter.service.rehearsals import Rehearsals
from tests.unit.api.fakes import Caller, Center
from tests.unit.service.test_rehearsals import RESULT, FakeRehearser, settle

PATH = "/api/v1/rules/rehearsals"
TEXT = "format: 1\nrules:\n  - name: all\n"
WRONG = 'format: 1\nrules:\n  - name: gold\n    when: customer.teir == "gold"\n  - name: all\n'


class Stage(Center):
    """A center that can rehearse."""

    def __init__(self) -> None:
        super().__init__()
        self.rehearser = FakeRehearser()
        self.played = self.rehearsals = Rehearsals(self.hub, self.rehearser, self.clock)
        self.__post_init__()


async def headers(caller: Caller, login: str = "sue") -> dict[str, str]:
    return dict(await caller.bearer(login))


async def test_a_rehearsal_is_begun_watched_and_read() -> None:
    stage = Stage()
    async with stage.serve() as caller:
        sue = await headers(caller)
        begun = await caller.send(
            "POST", PATH, json={"text": TEXT, "seeds": 4, "day": "2026-06-02"}, headers=sue
        )
        await settle()
        stage.rehearser.on_progress(Progress(0.25, "playing"))
        path = f"{PATH}/{begun.body['id']}"
        halfway = await caller.send("GET", path, headers=sue)
        stage.rehearser.outcome.set_result(RESULT)
        await settle()
        done = await caller.send("GET", path, headers=await headers(caller, "aud"))

    assert (begun.status, begun.body["state"], begun.body["by"]) == (200, "running", "sue")
    assert (halfway.body["share"], halfway.body["doing"]) == (0.25, "playing")
    assert done.body["state"] == "done"
    assert done.body["result"]["tiers"][0]["wait_s"] == {
        "current": 1.0, "new": 1.0, "difference": 0.0, "least": 0.0, "most": 0.0
    }  # fmt: skip
    assert stage.rehearser.plans[0].seeds == 4
    entry = next(one for one in stage.audit.entries if one.action == f"POST {PATH}")
    assert (entry.account, entry.status) == ("sue", 200)
    assert "sha256" in entry.detail


async def test_the_same_wish_sent_twice_is_one_rehearsal_and_another_has_to_wait() -> None:
    stage = Stage()
    async with stage.serve() as caller:
        sue = {**await headers(caller), "Idempotency-Key": "once"}
        first = await caller.send("POST", PATH, json={"text": TEXT}, headers=sue)
        again = await caller.send("POST", PATH, json={"text": TEXT}, headers=sue)
        other = await caller.send(
            "POST", PATH, json={"text": TEXT}, headers=await headers(caller, "mia")
        )
        await stage.played.close()

    assert again.body["id"] == first.body["id"]
    assert (other.status, other.problem) == (409, "conflict")
    assert "sue has another rehearsal under way" in other.body["detail"]
    assert other.headers["Retry-After"] == "10"
    assert len(stage.rehearser.plans) == 1


async def test_a_rehearsal_is_cancelled() -> None:
    stage = Stage()
    async with stage.serve() as caller:
        sue = await headers(caller)
        begun = await caller.send("POST", PATH, json={"text": TEXT}, headers=sue)
        ended = await caller.send("DELETE", f"{PATH}/{begun.body['id']}", headers=sue)

    assert (ended.status, ended.body["state"]) == (200, "cancelled")


async def test_rules_with_errors_are_refused_with_their_lines() -> None:
    stage = Stage()
    async with stage.serve() as caller:
        refused = await caller.send(
            "POST", PATH, json={"text": WRONG}, headers=await headers(caller)
        )

    assert (refused.status, refused.problem) == (422, "invalid")
    assert refused.body["errors"][0]["line"] == 4
    assert stage.rehearser.plans == []


@pytest.mark.parametrize(
    "body", [{"seeds": 1}, {"seeds": 51}, {"hours": 25.0}, {"day": "tomorrow"}, {"hours": -1.0}]
)
async def test_what_cannot_be_asked_is_refused(body: dict[str, object]) -> None:
    stage = Stage()
    async with stage.serve() as caller:
        refused = await caller.send(
            "POST", PATH, json={"text": TEXT} | body, headers=await headers(caller)
        )

    assert (refused.status, refused.problem) == (422, "invalid")
    assert refused.body["errors"][0]["path"] == f"body.{next(iter(body))}"


async def test_agents_may_not_and_auditors_only_look() -> None:
    stage = Stage()
    async with stage.serve() as caller:
        of_agent = await caller.send(
            "POST", PATH, json={"text": TEXT}, headers=await headers(caller, "ana")
        )
        of_auditor = await caller.send(
            "POST", PATH, json={"text": TEXT}, headers=await headers(caller, "aud")
        )
        gone = await caller.send("GET", f"{PATH}/gone", headers=await headers(caller, "aud"))

    assert [of_agent.status, of_auditor.status, gone.status] == [403, 403, 404]


async def test_a_center_without_the_means_says_so() -> None:
    async with Center().serve() as caller:
        answer = await caller.send("POST", PATH, json={"text": TEXT}, headers=await headers(caller))

    assert (answer.status, answer.body["detail"]) == (503, "This center cannot rehearse.")


async def test_calls_are_answered_while_a_rehearsal_runs() -> None:
    stage = Stage()
    async with stage.serve() as caller:
        sue = await headers(caller)
        await caller.send("POST", PATH, json={"text": TEXT}, headers=sue)
        async with asyncio.timeout(5.0):
            board = await caller.send("GET", "/api/v1/board", headers=sue)
        await stage.played.close()

    assert board.status == 200
