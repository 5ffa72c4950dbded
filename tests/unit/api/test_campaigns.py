"""Campaigns over HTTP: settings, steps, lists of contacts, and what came of the attempts."""

from __future__ import annotations

from typing import Any

import pytest

from callcenter.domain import events as e
from callcenter.domain.attempt import AttemptResult, ContactStatus
from callcenter.domain.campaign import (
    DEFAULT_RETRIES,
    CallingWindow,
    CampaignSettings,
    CampaignStep,
    Pacing,
    RetryRule,
    Terms,
)
from callcenter.domain.ids import ChannelRef
from callcenter.domain.records import AttemptRecord
from callcenter.service.ports import AttemptPage
from tests.unit.api.fakes import Center

RENEWALS = "/api/v1/campaigns/renewals"
CONTACTS = f"{RENEWALS}/contacts?list=autumn"
SETUP: dict[str, Any] = {"name": "Renewals", "pbx": "main", "trunk": "carrier"}


def with_campaign() -> Center:
    """A center with one draft."""
    center = Center().with_agents("ana")
    settings = CampaignSettings("renewals", "Renewals", "main", "carrier")
    assert center.hub.bench.ask(e.CampaignSaved, settings, "mia").problem == ""
    return center


def attempt() -> AttemptRecord:
    return AttemptRecord(
        attempt="att-1",
        campaign="renewals",
        contact="7",
        number="+3545550100",
        channel=ChannelRef("main", "att-1"),
        tries=1,
        placed_at=1.0,
        ringing_at=2.0,
        answered_at=0.0,
        person_at=0.0,
        connected_at=0.0,
        harbour_at=0.0,
        ended_at=9.0,
        result=AttemptResult.BUSY,
        cause=17,
        verdict=None,
        verdict_cause="",
        agent="",
        call="",
        status=ContactStatus.OPEN,
        next_try_at=609.0,
    )


# --- settings and steps -------------------------------------------------------------------------


async def test_a_managers_day() -> None:
    center = Center().with_agents("ana")
    async with center.serve() as caller:
        mia = await caller.bearer("mia")

        saved = await caller.send("PUT", RENEWALS, json=SETUP, headers=mia)
        started = await caller.send("POST", f"{RENEWALS}/start", headers=mia)
        paused = await caller.send("POST", f"{RENEWALS}/pause", headers=mia)
        again = await caller.send("PUT", RENEWALS, json=SETUP | {"ring_s": 40}, headers=mia)
        ended = await caller.send("POST", f"{RENEWALS}/drain", headers=mia)
        await caller.send("POST", f"{RENEWALS}/start", headers=mia)
        stopped = await caller.send("POST", f"{RENEWALS}/stop", headers=mia)
        everything = await caller.send("GET", "/api/v1/campaigns", headers=mia)

    assert (saved.status, saved.body["state"], saved.body["changed_by"]) == (200, "draft", "mia")
    assert saved.body["silence"] == "Not started yet."
    assert started.body["state"] == "running"
    assert paused.body["silence"] == "Paused by mia."
    assert (again.body["state"], again.body["settings"]["ring_s"]) == ("paused", 40.0)
    assert ended.body["state"] == "finished"
    assert (stopped.status, stopped.body["state"]) == (200, "finished")
    assert [view["id"] for view in everything.body["campaigns"]] == ["renewals"]


async def test_settings_reach_the_machine_whole() -> None:
    center = Center().with_agents("ana")
    body = SETUP | {
        "caller_id": "+3545550100",
        "pacing": "power",
        "lines_per_agent": 2,
        "legal": "uk-ofcom",
        "drop_cap": 0.01,
        "max_lines": 30,
        "ring_s": 20,
        "amd": False,
        "harbour_wait_s": 2,
        "harbour_prompt": "sorry",
        "window": {"opens": "10:00", "closes": "18:30", "weekdays": ["friday", "monday"]},
        "retries": {"busy": {"delay_s": 60, "max_tries": 3}},
        "wrap_up_s": 10,
    }
    async with center.serve() as caller:
        mia = await caller.bearer("mia")
        answer = await caller.send("PUT", RENEWALS, json=body, headers=mia)

    assert answer.status == 200, answer.body
    request = center.hub.asked[0]
    assert isinstance(request, e.CampaignSaved)
    assert request.by == "mia"
    assert request.settings == CampaignSettings(
        id="renewals",
        name="Renewals",
        pbx="main",
        trunk="carrier",
        caller_id="+3545550100",
        pacing=Pacing.POWER,
        lines_per_agent=2.0,
        terms=Terms(legal="uk-ofcom"),
        drop_cap=0.01,
        max_lines=30,
        ring_s=20.0,
        amd=False,
        harbour_wait_s=2,
        harbour_prompt="sorry",
        window=CallingWindow(600, 1110, (0, 4)),
        retries={AttemptResult.BUSY: RetryRule(60.0, 3)},
        wrap_up_s=10.0,
    )


async def test_settings_come_back_as_they_are_put() -> None:
    async with with_campaign().serve() as caller:
        mia = await caller.bearer("mia")
        before = await caller.send("GET", f"{RENEWALS}/settings", headers=mia)
        changed = before.body | {"name": "Renewals, spring"}

        answer = await caller.send("PUT", RENEWALS, json=changed, headers=mia)
        after = await caller.send("GET", f"{RENEWALS}/settings", headers=mia)

    assert before.body["window"]["weekdays"][0] == "monday"
    assert answer.status == 200, answer.body
    assert after.body == changed


async def test_a_campaign_without_rules_gets_those_of_the_center() -> None:
    center = Center().with_agents("ana")
    async with center.serve() as caller:
        await caller.send("PUT", RENEWALS, json=SETUP, headers=await caller.bearer("adi"))

    assert center.hub.state.campaigns["renewals"].settings.retries == DEFAULT_RETRIES


@pytest.mark.parametrize(
    ("change", "path", "said"),
    [
        ({"trunk": "moon"}, "body.trunk", "use one of carrier"),
        ({"trunks": ["carrier", "moon"]}, "body.trunks", "has no trunk moon; use one of carrier"),
        ({"pbx": "south"}, "body.pbx", "use one of main"),
        ({"ring_s": 10}, "body.ring_s", "greater than or equal to 15"),
        ({"ring_s": "20"}, "body.ring_s", "valid number"),
        ({"lines_per_agent": 9}, "body.lines_per_agent", "less than or equal to 3"),
        ({"harbour_wait_s": 2}, "body.harbour_wait_s", "Take 1 or 0, or switch amd off."),
        ({"caller_id": "5550100"}, "body.caller_id", "country code"),
        ({"caller_id": "+1555\r\nAction: X"}, "body.caller_id", "telephone number"),
        ({"window": {"opens": "9"}}, "body.window.opens", 'Write it as "09:00"'),
        ({"retries": {"sold": {}}}, "body.retries.sold", "Input should be"),
        ({"speed": 7}, "body.speed", "not permitted"),
        ({"id": "renewals"}, "body.id", "not permitted"),
    ],
)
async def test_wrong_settings_are_refused_with_the_field_and_how_to_mend_it(
    change: dict[str, Any], path: str, said: str
) -> None:
    center = Center().with_agents("ana")
    async with center.serve() as caller:
        answer = await caller.send(
            "PUT", RENEWALS, json=SETUP | change, headers=await caller.bearer("mia")
        )

    assert (answer.status, answer.problem) == (422, "invalid")
    assert answer.body["errors"][0]["path"] == path
    assert said in answer.body["errors"][0]["detail"]
    assert center.hub.asked == []


async def test_a_center_without_a_trunk_says_so() -> None:
    async with Center(trunks={"main": ()}).serve() as caller:
        answer = await caller.send("PUT", RENEWALS, json=SETUP, headers=await caller.bearer("mia"))

    assert "the config file has no trunk" in answer.body["detail"]


async def test_an_id_that_would_not_do_in_an_address_is_refused() -> None:
    async with Center().serve() as caller:
        for name in ("Renewals", "9lives", "a.b", "x" * 32):
            answer = await caller.send(
                "PUT", f"/api/v1/campaigns/{name}", json=SETUP, headers=await caller.bearer("mia")
            )
            assert (answer.status, answer.problem) == (422, "invalid"), name
            assert answer.body["errors"][0]["path"] == "path.campaign"


async def test_what_the_machine_refuses_is_a_conflict_with_its_reason() -> None:
    async with with_campaign().serve() as caller:
        mia = await caller.bearer("mia")
        answer = await caller.send("POST", f"{RENEWALS}/pause", headers=mia)

    assert (answer.status, answer.problem) == (409, "conflict")
    assert "draft" in answer.body["detail"]


@pytest.mark.parametrize(
    ("method", "rest"),
    [
        ("GET", ""),
        ("GET", "/settings"),
        ("GET", "/attempts"),
        ("POST", "/start"),
        ("POST", "/pause"),
        ("POST", "/drain"),
        ("POST", "/stop"),
    ],
)
async def test_a_campaign_that_is_not_there_is_not_found(method: str, rest: str) -> None:
    async with Center().serve() as caller:
        answer = await caller.send(method, RENEWALS + rest, headers=await caller.bearer("mia"))

    assert (answer.status, answer.problem) == (404, "not-found")


async def test_a_step_sent_twice_is_named_the_same() -> None:
    center = with_campaign()
    async with center.serve() as caller:
        mia = await caller.bearer("mia") | {"Idempotency-Key": "k-1"}
        for _ in range(2):
            await caller.send("POST", f"{RENEWALS}/start", headers=mia)

    assert len({request.request for request in center.hub.asked}) == 1
    assert isinstance(center.hub.asked[0], e.CampaignStepRequested)
    assert center.hub.asked[0].step is CampaignStep.START


async def test_agents_see_campaigns_and_change_none() -> None:
    async with with_campaign().serve() as caller:
        ana = await caller.bearer("ana")
        seen = await caller.send("GET", RENEWALS, headers=ana)
        refused = await caller.send("POST", f"{RENEWALS}/start", headers=ana)

    assert seen.body["name"] == "Renewals"
    assert (refused.status, refused.problem) == (403, "forbidden")


# --- agents -------------------------------------------------------------------------------------


async def test_an_agent_joins_a_campaign_and_leaves_it() -> None:
    center = with_campaign()
    center.hub.tell(e.DesktopOpened("ana"))
    assert center.hub.bench.ask(e.SignInRequested, "ana", "1001").problem == ""
    path = "/api/v1/agents/me/campaign"
    async with center.serve() as caller:
        ana = await caller.bearer("ana")
        joined = await caller.send("POST", path, json={"campaign": "renewals"}, headers=ana)
        unknown = await caller.send("POST", path, json={"campaign": "spring"}, headers=ana)
        left = await caller.send("POST", path, json={"campaign": ""}, headers=ana)

    assert (joined.body["campaign"], joined.body["line"]) == ("renewals", "opening")
    assert (unknown.status, unknown.problem) == (409, "conflict")
    assert (left.body["campaign"], left.body["line"]) == ("", "none")


async def test_an_agent_joins_several_campaigns_at_once() -> None:
    center = with_campaign()
    bench = center.hub.bench
    bench.campaign(id="surveys", name="Surveys")
    center.hub.tell(e.DesktopOpened("ana"))
    assert bench.ask(e.SignInRequested, "ana", "1001").problem == ""
    body = {"campaign": "renewals", "also": ["surveys"]}
    async with center.serve() as caller:
        ana = await caller.bearer("ana")
        joined = await caller.send("POST", "/api/v1/agents/me/campaign", json=body, headers=ana)

    assert (joined.status, joined.body["campaigns"]) == (200, ["renewals", "surveys"])


# --- attempts -------------------------------------------------------------------------------------


async def test_evidence_is_read_page_by_page() -> None:
    center = with_campaign()
    center.contacts.page = AttemptPage((attempt(),), "next")
    async with center.serve() as caller:
        sue = await caller.bearer("sue")
        first = await caller.send("GET", f"{RENEWALS}/evidence?limit=1", headers=sue)
        foreign = await caller.send("GET", f"{RENEWALS}/evidence?cursor=x", headers=sue)
        nowhere = await caller.send("GET", "/api/v1/campaigns/none/evidence", headers=sue)

    assert (first.status, first.body["next"]) == (200, "next")
    [row] = first.body["rows"]
    assert (row["result"], row["waited_s"], row["is_late"]) == ("busy", None, False)
    assert (foreign.status, nowhere.status) == (422, 404)


async def test_ended_attempts_are_read_page_by_page() -> None:
    center = with_campaign()
    center.contacts.page = AttemptPage((attempt(),), "next")
    async with center.serve() as caller:
        sue = await caller.bearer("sue")
        first = await caller.send("GET", f"{RENEWALS}/attempts?limit=1", headers=sue)
        await caller.send("GET", f"{RENEWALS}/attempts?cursor=next", headers=sue)
        foreign = await caller.send("GET", f"{RENEWALS}/attempts?cursor=x", headers=sue)

    assert first.body["next"] == "next"
    assert first.body["attempts"][0]["result"] == "busy"
    assert center.contacts.pages[:2] == [("renewals", 1, ""), ("renewals", 100, "next")]
    assert (foreign.status, foreign.problem) == (422, "invalid")
