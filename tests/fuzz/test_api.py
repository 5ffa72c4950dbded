"""Whatever is sent to the API, it answers: what was asked for, or a problem that is not ours."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote, quote_from_bytes, urlencode

from aiohttp import ClientConnectionError
from yarl import URL

from callcenter.api.app import RESOURCES
from callcenter.api.errors import PROBLEM_TYPE
from callcenter.api.route import PREFIX, TABLE, Route
from callcenter.service.rehearsals import Rehearsals
from tests.fuzz.mutation import RUBBISH, draw, mutate, spoil
from tests.fuzz.trials import Bound, Trials, inputs
from tests.unit.api.fakes import ACCOUNTS, PASSWORD, Caller, Center, FakeClock
from tests.unit.api.test_campaign_results import FakeResults
from tests.unit.api.test_campaigns import with_campaign
from tests.unit.api.test_people import FakeErasure
from tests.unit.service.test_rehearsals import FakeRehearser

BLOCK = 5_000
"""Requests to one center; then another one is made, so that nothing piles up. What an input is
answered may depend on those before it in its block."""
ROUTES = list(TABLE.values())
WORDS = (
    "ana",
    "ben",
    "mia",
    "service",
    "renewals",
    "main",
    "carrier",
    "1001",
    "+15551234",
    "lunch",
    "sale",
    "09:00",
    "20:00",
    "2026-11-30",
    "1700000000",
    "Europe/Paris",
    "day",
    "json",
    "csv",
    "7",
    PASSWORD,
    "busy",
    "next",
    "safe-harbour",
    "",
    "0",
    "true",
    "Zoë",
    "2026-11-30T10:00:00Z",
    "mon",
    "no_answer",
)
TOKENS = (
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b":",
    b",",
    b"null",
    b"1e999",
    b"\\ud800",
    b"\\u0000",
    b"-",
    b"[" * 5_000,
    b'{"a":' * 3_000,
    b"NaN",
    b"Infinity",
    b"//",
    b"'",
)
KINDS = (
    "application/json",
    "application/json; charset=utf-16",
    "text/csv",
    "text/plain",
    "",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json;;;",
    "a",
)
KNOWN = {"agent": "ana", "campaign": "renewals", "queue": "service"}
"""What there is, by the name of the path's placeholder."""
TARGET_CHARS_MAX = 8_000
"""Of a path with its query. Longer ones the server refuses before there is a request: by 400, in
plain text."""
LIST = b"phone,name\n+12025550141,Ana\n+12025550142,?\n"
assert RESOURCES


@dataclass(frozen=True)
class Wish:
    """One request."""

    method: str
    path: str
    """With its query, as it goes over the wire."""
    account: str
    headers: Mapping[str, str]
    body: bytes | None


def make(rng: Random) -> Wish:
    """A request to some route, mostly by who may, with something wrong in it."""
    route = rng.choice(ROUTES)
    path = route.path
    for name in route.placeholders:
        known = KNOWN.get(name, "x") if rng.random() < 0.7 else _draw_name(rng)
        path = path.replace(f"{{{name}}}", known)
    if rng.random() < 0.03:
        path = rng.choice(
            ("/healthz", "/metrics", f"{PREFIX}/openapi.json", f"{PREFIX}/live", "/x")
        )
        path += rng.choice(("", "/", "//", "/../", "%2f", _draw_name(rng)))
    query = _draw_query(rng, route)
    method = (
        route.method if rng.random() < 0.95 else rng.choice(("PUT", "PATCH", "HEAD", "OPTIONS"))
    )
    account = _draw_account(rng, route)
    headers, body = {}, None
    if route.upload is not None or route.body is not None:
        body = _draw_body(rng, route)
        right = rng.choice(route.upload.media_types) if route.upload else KINDS[0]
        headers["Content-Type"] = right if rng.random() < 0.95 else rng.choice(KINDS)
    elif rng.random() < 0.05:
        body = mutate(rng, b'{"a": 1}', TOKENS)
    if rng.random() < 0.2:
        headers["Idempotency-Key"] = rng.choice(("k1", "k2", "x" * 200, "", "é", "a b", "\u202e"))
    path = f"{path}?{query}" if query else path
    return Wish(method, path[:TARGET_CHARS_MAX], account, headers, body)


def _draw_name(rng: Random) -> str:
    if rng.random() < 0.7:
        return quote(rng.choice(WORDS[:8]), safe="")
    return quote_from_bytes(mutate(rng, rng.choice(WORDS).encode(), RUBBISH[:-3])[:2_000], safe="")


def _draw_query(rng: Random, route: Route) -> str:
    if route.query is None:
        return "" if rng.random() < 0.95 else "a=1"
    drawn = draw(rng, route.query.model_json_schema(by_alias=True), WORDS)
    pairs = [(name, _as_text(value)) for name, value in drawn.items() if value is not None]
    if "zone" in drawn:
        pairs = [(n, "Europe/Paris" if n == "zone" and rng.random() < 0.7 else v) for n, v in pairs]
    if rng.random() < 0.4 and pairs:
        place = rng.randrange(len(pairs))
        name, text = pairs[place]
        pairs[place] = name, mutate(rng, text.encode(), RUBBISH)[:3_000].decode("latin-1")
    if rng.random() < 0.1:
        pairs.append(rng.choice((("extra", "1"), *pairs)))
    return urlencode(pairs)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _draw_account(rng: Random, route: Route) -> str:
    if rng.random() < 0.1:
        return rng.choice(("", "nobody", *ACCOUNTS))
    may = [
        name for name, account in ACCOUNTS.items() if any(r in route.roles for r in account.roles)
    ]
    return rng.choice(may) if may else ""


def _draw_body(rng: Random, route: Route) -> bytes:
    if route.body is None:
        return mutate(rng, LIST, TOKENS) if rng.random() < 0.7 else LIST
    value = draw(rng, route.body.model_json_schema(by_alias=True), WORDS)
    if rng.random() < 0.5:
        value = spoil(rng, value)
    wire = json.dumps(value, ensure_ascii=rng.random() < 0.5).encode()
    return mutate(rng, wire, TOKENS) if rng.random() < 0.3 else wire


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[tuple[Caller, dict[str, str]]]:
    """A center with a campaign, and a token of everybody."""
    hub, clock = with_campaign().hub, FakeClock()
    center = Center(
        hub=hub,
        clock=clock,
        upload_dir=folder,
        erasure=FakeErasure(),
        results=FakeResults(),
        rehearsals=Rehearsals(hub, FakeRehearser(), clock),
    )
    center.with_agents("ana", "ben")
    async with center.serve() as caller:
        tokens = {name: (await caller.bearer(name))["Authorization"] for name in ACCOUNTS}
        yield caller, {"nobody": "Bearer x", **tokens}


async def send(caller: Caller, tokens: dict[str, str], wish: Wish) -> str:
    """Send it; what came back is what the API promises."""
    headers = dict(wish.headers)
    if wish.account:
        if wish.method == "DELETE" or (
            wish.account in ACCOUNTS and _is_signed_out(caller, tokens, wish)
        ):
            tokens[wish.account] = await _sign_in(caller, wish.account)
        headers["Authorization"] = tokens[wish.account]
    try:
        async with caller.client.request(
            wish.method, URL(wish.path, encoded=True), headers=headers, data=wish.body
        ) as response:
            status, content = response.status, await response.read()
            kind = response.headers.get("Content-Type", "")
    except ClientConnectionError:  # a body that is too large is not read to its end
        assert wish.body is not None
        assert len(wish.body) > 60_000
        return "cut off"
    assert status < 500, content
    if status < 400:
        return str(status)
    if wish.method == "HEAD":
        return "HEAD"
    assert kind == PROBLEM_TYPE, (status, kind, content[:200])
    problem = json.loads(content)
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    return str(problem["type"]).removeprefix("urn:callcenter:problem:")


def forget(center: Center) -> None:
    """What stands in for the rest of the service keeps everything, for longer than a run bears."""
    hub, contacts = center.hub, center.contacts
    hub.told.clear()
    hub.asked.clear()
    hub.bench.commands.clear()
    hub.bench.records.clear()
    hub.bench.replies.clear()
    contacts.imported.clear()
    contacts.paths.clear()
    contacts.pages.clear()
    center.records.queries.clear()
    center.audit.entries.clear()


def _is_signed_out(caller: Caller, tokens: dict[str, str], wish: Wish) -> bool:
    return tokens[wish.account].removeprefix("Bearer ") not in caller.center.accounts.sessions


async def _sign_in(caller: Caller, name: str) -> str:
    if name not in ACCOUNTS:
        return "Bearer x"
    caller.center.accounts.attempts.clear()
    return (await caller.bearer(name))["Authorization"]


TRIALS = Trials(
    "API requests",
    make,
    size=lambda wish: len(wish.path) + len(wish.body or b""),
    memory=Bound(4_000_000, 60),
    steps=Bound(200_000, 60),
)


@inputs(1_000)
async def test_every_request_is_answered_and_never_by_a_failure_of_ours(
    count: int, tmp_path: Path
) -> None:
    done = 0

    async def judge(wish: Wish) -> str:
        outcome = await send(caller, tokens, wish)
        forget(caller.center)
        return outcome

    while done < count:
        async with served(tmp_path) as (caller, tokens):
            tally = await TRIALS.run_waiting(min(BLOCK, count - done), judge, done)
        done += BLOCK
        assert os.listdir(tmp_path) == []  # no file that was sent is left

    print(tally)
    assert tally.outcomes["200"] > count / 5
    assert tally.outcomes["invalid"] > count / 20
