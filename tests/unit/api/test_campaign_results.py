"""Results of campaigns over HTTP, how lists stand, and lists made of results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from callcenter.domain import events as e
from callcenter.domain.attempt import AttemptResult
from callcenter.domain.campaign import CampaignSettings
from callcenter.domain.customer import Tier
from callcenter.domain.evidence import WaitFrom
from callcenter.domain.waits import Waits
from callcenter.service.campaign_results import (
    SALES,
    ListStanding,
    NewList,
    ResultRow,
    ResultsBy,
    Wanted,
)
from tests.unit.api.fakes import Center

RENEWALS = "/api/v1/campaigns/renewals"
MAKE = f"{RENEWALS}/lists/from-results"
ROW = ResultRow("first", 2, 3, 2, 2, 0, 1, {"agreed": 1})
WAITS = Waits(4, 3, 0.75, 0.91, 2.3, 2.4, {WaitFrom.GREETING: 4})
STANDING = ListStanding(4, "first", 5, 100.0, 9, 3, 2, 1, 1, 1, 1, 2)


class FakeResults:
    """Says what it was asked."""

    def __init__(self, rows: Sequence[ResultRow] = (ROW,)) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.found = tuple(rows)
        self.is_away = False

    async def rows(
        self,
        campaign: str,
        by: ResultsBy,
        *,
        attribute: str = "",
        zone: str = "UTC",
        sales: Sequence[str] = SALES,
    ) -> tuple[ResultRow, ...]:
        self._ask(campaign, by, attribute, zone, tuple(sales))
        return self.found

    async def waits(self, campaign: str) -> Waits:
        self._ask(campaign)
        return WAITS

    async def lists(
        self, campaign: str, needs_consent: bool, now: float
    ) -> tuple[ListStanding, ...]:
        self._ask(campaign, needs_consent)
        return (STANDING,)

    async def make_list(
        self,
        campaign: str,
        wanted: Wanted,
        into: str,
        name: str,
        *,
        priority: int | None = None,
        dry_run: bool = False,
    ) -> NewList:
        self._ask(campaign, wanted, into, name, priority, dry_run)
        return NewList(into, name, 3, 2, 1, dry_run)

    def _ask(self, *asked: Any) -> None:
        if self.is_away:
            raise ConnectionError("gone")
        self.asked.append(asked)


def center_with(results: FakeResults | None) -> Center:
    """A center with two campaigns."""
    center = Center(results=results).with_agents("ana")
    for name in ("renewals", "spring"):
        settings = CampaignSettings(name, name, "main", "carrier")
        assert center.hub.bench.ask(e.CampaignSaved, settings, "mia").problem == ""
    return center


async def test_results_are_told_by_list_unless_asked_otherwise() -> None:
    results = FakeResults()
    async with center_with(results).serve() as caller:
        headers = await caller.bearer("sue")
        by_list = await caller.send("GET", f"{RENEWALS}/results", headers=headers)
        query = "by=attribute&attribute=the offer&zone=Asia/Tokyo&sales=agreed, sold,"
        by_offer = await caller.send("GET", f"{RENEWALS}/results?{query}", headers=headers)

    assert by_list.body["rows"][0]["sold"] == 1
    assert by_offer.body["sales"] == ["agreed", "sold"]
    assert results.asked[0][:3] == ("renewals", ResultsBy.LIST, "")
    assert results.asked[1][1:] == (
        ResultsBy.ATTRIBUTE,
        "the offer",
        "Asia/Tokyo",
        ("agreed", "sold"),
    )


async def test_waits_for_an_agent_are_told() -> None:
    async with center_with(FakeResults()).serve() as caller:
        headers = await caller.bearer("sue")
        found = await caller.send("GET", f"{RENEWALS}/waits", headers=headers)

    assert (found.body["in_time"], found.body["p95_s"]) == (3, 2.3)
    assert found.body["counted_from"] == {"greeting": 4}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("by=attribute", "query.attribute"),
        ('by=attribute&attribute=a"b', "query.attribute"),
        ("by=hour&zone=Mars/Base", "query.zone"),
        ("by=hour&zone=/etc/passwd", "query.zone"),
        ("by=moon", "query.by"),
    ],
)
async def test_what_cannot_be_asked_is_told_at_its_field(query: str, field: str) -> None:
    async with center_with(FakeResults()).serve() as caller:
        headers = await caller.bearer("sue")
        answer = await caller.send("GET", f"{RENEWALS}/results?{query}", headers=headers)

    assert answer.problem == "invalid"
    assert [error["path"] for error in answer.body["errors"]] == [field]


async def test_a_column_with_a_value_for_each_contact_is_no_offer() -> None:
    many = [ResultRow(str(n), 1, 1, 0, 0, 0, 0, {}) for n in range(501)]
    async with center_with(FakeResults(many)).serve() as caller:
        headers = await caller.bearer("sue")
        path = f"{RENEWALS}/results?by=attribute&attribute=born"
        answer = await caller.send("GET", path, headers=headers)

    assert answer.problem == "invalid"
    assert "501 values" in answer.body["detail"]


async def test_lists_are_told_with_what_stands() -> None:
    async with center_with(FakeResults()).serve() as caller:
        headers = await caller.bearer("aud")
        answer = await caller.send("GET", f"{RENEWALS}/lists/counts", headers=headers)

    assert answer.body["lists"][0]["later"] == 2


async def test_a_list_is_made_of_results_and_the_campaign_told() -> None:
    results = FakeResults()
    center = center_with(results)
    body = {
        "list": " again ",
        "campaign": "spring",
        "priority": 7,
        "results": ["connected"],
        "dispositions": ["interested"],
        "without": ["agreed"],
        "tiers": ["gold"],
        "lists": ["first"],
    }
    async with center.serve() as caller:
        headers = await caller.bearer("mia")
        counted = await caller.send("POST", MAKE, headers=headers, json={**body, "dry_run": True})
        told_before = list(center.hub.told)
        made = await caller.send("POST", MAKE, headers=headers, json=body)

    wanted = Wanted(
        (AttemptResult.CONNECTED,), ("interested",), ("agreed",), (Tier.GOLD,), ("first",)
    )
    assert (counted.status, counted.body["dry_run"], made.body["taken"]) == (200, True, 2)
    assert results.asked == [
        ("renewals", wanted, "spring", "again", 7, True),
        ("renewals", wanted, "spring", "again", 7, False),
    ]
    assert told_before == []
    assert center.hub.told == [e.ContactsChanged("spring")]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"list": "x"}, "invalid"),
        ({"list": "", "results": ["connected"]}, "invalid"),
        ({"list": "x", "results": ["nonsense"]}, "invalid"),
        ({"list": "x", "results": ["connected"], "campaign": "summer"}, "not-found"),
    ],
)
async def test_a_list_of_nothing_is_not_made(body: dict[str, Any], problem: str) -> None:
    results = FakeResults()
    async with center_with(results).serve() as caller:
        headers = await caller.bearer("mia")
        answer = await caller.send("POST", MAKE, headers=headers, json=body)

    assert answer.problem == problem
    assert results.asked == []


async def test_only_managers_make_lists() -> None:
    async with center_with(FakeResults()).serve() as caller:
        headers = await caller.bearer("sue")
        body = {"list": "x", "results": ["connected"]}
        answer = await caller.send("POST", MAKE, headers=headers, json=body)

    assert answer.status == 403


@pytest.mark.parametrize("path", ["results", "lists/counts"])
async def test_a_database_that_is_away_is_said(path: str) -> None:
    results = FakeResults()
    results.is_away = True
    async with center_with(results).serve() as caller:
        headers = await caller.bearer("sue")
        away = await caller.send("GET", f"{RENEWALS}/{path}", headers=headers)
        unknown = await caller.send("GET", f"/api/v1/campaigns/no/{path}", headers=headers)

    assert (away.problem, unknown.problem) == ("unavailable", "not-found")


async def test_a_center_without_results_says_so() -> None:
    async with center_with(None).serve() as caller:
        headers = await caller.bearer("sue")
        answer = await caller.send("GET", f"{RENEWALS}/results", headers=headers)

    assert answer.problem == "unavailable"
