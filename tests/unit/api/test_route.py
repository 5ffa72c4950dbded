"""The table of routes: who may call what, and what the decorator refuses."""

from __future__ import annotations

from typing import Any

import pytest

from callcenter.api.route import TABLE, Body, Exchange, Query, Route, route
from callcenter.service.ports import Role
from tests.unit.api.fakes import ACCOUNTS, Center

ROUTES = sorted(TABLE.values(), key=lambda row: row.name)
GUARDED = [row for row in ROUTES if row.roles]
BODIES: dict[str, dict[str, Any]] = {
    "POST /api/v1/agents/me/sign-in": {"phone": "1001"},
    "POST /api/v1/agents/me/not-ready": {"reason": "break"},
    "POST /api/v1/agents/me/disposition": {"call": "c1", "code": "solved"},
    "POST /api/v1/agents/me/campaign": {"campaign": ""},
    "POST /api/v1/calls/{call}/priority": {"weight": 2},
    "POST /api/v1/queues/{queue}/switch": {"mode": "closed", "for_s": 60, "prompt": "closed"},
    "PUT /api/v1/campaigns/{campaign}": {"name": "X", "pbx": "main", "trunk": "carrier"},
}
PERSON_OF = {account.roles[0]: login for login, account in reversed(ACCOUNTS.items())}


def path_of(row: Route) -> str:
    path = row.path
    for name in row.placeholders:
        path = path.replace("{" + name + "}", "x1")
    return path


def test_every_expected_route_is_in_the_table() -> None:
    assert {row.name.replace("/api/v1", "") for row in ROUTES} == {
        "POST /session",
        "DELETE /session",
        "GET /me",
        "GET /agents",
        "GET /agents/me",
        "GET /agents/{agent}",
        "POST /agents/me/sign-in",
        "POST /agents/me/ready",
        "POST /agents/me/not-ready",
        "POST /agents/me/disposition",
        "POST /agents/me/hang-up",
        "POST /agents/me/sign-out",
        "POST /agents/me/campaign",
        "GET /calls",
        "GET /calls/{call}",
        "GET /queues",
        "GET /queues/{queue}",
        "GET /records/calls",
        "GET /records/calls/{call}",
        "GET /reports/agents",
        "GET /reports/campaigns",
        "GET /reports/queues",
        "GET /reports/teams",
        "GET /board",
        "GET /rules",
        "GET /rules/versions",
        "GET /rules/versions/{version}",
        "GET /rules/diff",
        "GET /rules/schema",
        "POST /rules/check",
        "POST /rules/preview",
        "POST /rules/publish",
        "POST /rules/rollback",
        "GET /calls/{call}/routing",
        "POST /calls/{call}/priority",
        "GET /queues/{queue}/switch",
        "POST /queues/{queue}/switch",
        "DELETE /queues/{queue}/switch",
        "GET /trunks",
        "GET /campaigns",
        "GET /campaigns/{campaign}",
        "PUT /campaigns/{campaign}",
        "GET /campaigns/{campaign}/settings",
        "POST /campaigns/{campaign}/start",
        "POST /campaigns/{campaign}/pause",
        "GET /campaigns/{campaign}/placeholders",
        "POST /campaigns/{campaign}/drain",
        "POST /campaigns/{campaign}/stop",
        "POST /campaigns/{campaign}/contacts",
        "GET /campaigns/{campaign}/contacts/progress",
        "GET /campaigns/{campaign}/contacts/rejects",
        "POST /people/erase",
        "GET /callbacks",
        "POST /callbacks",
        "PUT /callbacks/{callback}",
        "DELETE /callbacks/{callback}",
        "POST /callbacks/{callback}/done",
        "GET /voicemails",
        "DELETE /voicemails/{call}",
        "GET /campaigns/{campaign}/attempts",
        "GET /campaigns/{campaign}/lists",
        "PUT /campaigns/{campaign}/lists/{list}",
        "POST /campaigns/{campaign}/contact",
        "PUT /campaigns/{campaign}/contacts/{contact}",
        "GET /campaigns/{campaign}/contacts/{contact}/why",
        "GET /dnc",
        "POST /rules/rehearsals",
        "GET /rules/rehearsals/{rehearsal}",
        "DELETE /rules/rehearsals/{rehearsal}",
        "POST /campaigns/{campaign}/rehearsals",
        "GET /campaigns/{campaign}/rehearsals/{rehearsal}",
        "DELETE /campaigns/{campaign}/rehearsals/{rehearsal}",
        "POST /dnc",
        "DELETE /dnc/{number}",
        "GET /caller-ids",
        "GET /campaigns/{campaign}/evidence",
        "GET /campaigns/{campaign}/lists/counts",
        "GET /campaigns/{campaign}/results",
        "GET /campaigns/{campaign}/waits",
        "POST /agents/me/preview/dial",
        "POST /agents/me/preview/skip",
        "POST /campaigns/{campaign}/lists/from-results",
    }


def test_only_signing_in_is_public() -> None:
    assert [row.name for row in ROUTES if not row.roles] == ["POST /api/v1/session"]


@pytest.mark.parametrize("row", GUARDED, ids=lambda row: row.name)
async def test_a_route_refuses_who_is_not_signed_in(row: Route) -> None:
    async with Center().serve() as caller:
        answer = await caller.send(row.method, path_of(row), json=BODIES.get(row.name))

    assert (answer.status, answer.problem) == (401, "not-signed-in")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("row", GUARDED, ids=lambda row: row.name)
async def test_a_route_takes_its_roles_and_refuses_all_others(row: Route) -> None:
    center = Center().with_agents("ben")
    async with center.serve() as caller:
        for role in Role:
            who = await caller.bearer(PERSON_OF[role])
            answer = await caller.send(
                row.method, path_of(row), json=BODIES.get(row.name), headers=who
            )
            if role in row.roles:
                assert answer.status not in (401, 403), (role, answer.body)
            else:
                assert (answer.status, answer.problem) == (403, "forbidden"), role


async def test_agents_do_not_see_the_whole_center() -> None:
    overseeing = {row.name for row in GUARDED if Role.AGENT not in row.roles}

    assert overseeing >= {"GET /api/v1/board", "GET /api/v1/calls", "GET /api/v1/records/calls"}


async def test_auditors_change_nothing_but_their_own_session() -> None:
    writes = [row.name for row in GUARDED if row.writes and Role.AUDITOR in row.roles]

    assert writes == ["DELETE /api/v1/session"]


def test_two_handlers_for_one_address_are_refused() -> None:
    async def again(exchange: Exchange) -> None:
        """Do nothing."""

    with pytest.raises(ValueError, match="has a handler already"):
        route("GET", "/me", roles=(), summary="Twice")(again)


def test_a_schema_that_is_not_strict_is_refused() -> None:
    async def loose_body(exchange: Exchange, body: Query) -> None:
        """Do nothing."""

    async def loose_query(exchange: Exchange, query: Body) -> None:
        """Do nothing."""

    with pytest.raises(TypeError, match="must be a Body"):
        route("POST", "/loose", roles=(), summary="Loose")(loose_body)
    with pytest.raises(TypeError, match="must be a Query"):
        route("GET", "/loose", roles=(), summary="Loose")(loose_query)
