"""Rehearsals of campaigns over HTTP: asked for, watched, cancelled, refused, and who may."""

from __future__ import annotations

import pytest

from callcenter.domain import events as e
from callcenter.domain.campaign import CampaignSettings, Pacing, Terms
from callcenter.domain.rehearsal import Change
from tests.unit.api.fakes import Caller
from tests.unit.api.test_rehearsals import PATH as RULES
from tests.unit.api.test_rehearsals import TEXT, Stage
from tests.unit.service.test_rehearsals import CAMPAIGN_RESULT, settle

PATH = "/api/v1/campaigns/renewals/rehearsals"


class CampaignStage(Stage):
    """A center that can rehearse, with a campaign."""

    def __init__(self) -> None:
        super().__init__()
        self.with_agents("ana")
        settings = CampaignSettings(
            "renewals", "Renewals", "main", "carrier", terms=Terms(legal="us-tsr")
        )
        assert self.hub.bench.ask(e.CampaignSaved, settings, "mia").problem == ""


async def headers(caller: Caller, login: str = "mia") -> dict[str, str]:
    return dict(await caller.bearer(login))


async def test_a_campaign_is_rehearsed_with_a_change_watched_and_read() -> None:
    stage = CampaignStage()
    body = {"seeds": 3, "hours": 2.5, "without": 5, "pacing": "power", "lines_per_agent": 1.5}
    async with stage.serve() as caller:
        begun = await caller.send("POST", PATH, json=body, headers=await headers(caller))
        await settle()
        path = f"{PATH}/{begun.body['id']}"
        stage.rehearser.campaign_outcome.set_result(CAMPAIGN_RESULT)
        await settle()
        done = await caller.send("GET", path, headers=await headers(caller, "aud"))
        as_rules = await caller.send(
            "GET", f"{RULES}/{begun.body['id']}", headers=await headers(caller)
        )

    assert (begun.status, begun.body["state"], begun.body["campaign"]) == (
        200, "running", "renewals"
    )  # fmt: skip
    (plan,) = stage.rehearser.campaign_plans
    change = Change(without=5, pacing=Pacing.POWER, lines_per_agent=1.5)
    assert (plan.change, plan.seeds, plan.hours) == (change, 3, 2.5)
    assert done.body["result"]["figures"]["idle_s"]["current"] == {
        "mean": 0.5, "least": 0.4, "most": 0.6
    }  # fmt: skip
    assert done.body["result"]["figures"]["finished_h"]["current"] is None
    assert as_rules.status == 404


async def test_it_is_cancelled_and_one_of_rules_waits_for_it() -> None:
    stage = CampaignStage()
    async with stage.serve() as caller:
        mia = await headers(caller)
        begun = await caller.send("POST", PATH, json={}, headers=mia)
        rules = await caller.send("POST", RULES, json={"text": TEXT}, headers=mia)
        ended = await caller.send("DELETE", f"{PATH}/{begun.body['id']}", headers=mia)

    assert (rules.status, rules.headers["Retry-After"]) == (409, "10")
    assert (ended.status, ended.body["state"]) == (200, "cancelled")


@pytest.mark.parametrize(
    "body",
    [
        {"seeds": 1},
        {"hours": 0.0},
        {"agents": 0},
        {"without": -1},
        {"ring_s": 5.0},
        {"drop_cap": 0.04},
        {"lines_per_agent": 1.5},
    ],
)
async def test_what_could_not_be_set_cannot_be_rehearsed(body: dict[str, object]) -> None:
    stage = CampaignStage()
    async with stage.serve() as caller:
        refused = await caller.send("POST", PATH, json=body, headers=await headers(caller))

    assert (refused.status, refused.problem) == (422, "invalid")
    assert refused.body["errors"][0]["path"] == f"body.{next(iter(body))}"
    assert stage.rehearser.campaign_plans == []


async def test_managers_may_others_only_look_and_a_campaign_must_be_there() -> None:
    stage = CampaignStage()
    async with stage.serve() as caller:
        of_supervisor = await caller.send(
            "POST", PATH, json={}, headers=await headers(caller, "sue")
        )
        gone = await caller.send("GET", f"{PATH}/gone", headers=await headers(caller, "sue"))
        unknown = await caller.send(
            "POST", "/api/v1/campaigns/none/rehearsals", json={}, headers=await headers(caller)
        )

    assert [of_supervisor.status, gone.status, unknown.status] == [403, 404, 404]
