"""Signing in and out of the API."""

from __future__ import annotations

import asyncio

from callcenter.api.auth import SIGN_INS_AT_ONCE
from tests.unit.api.fakes import PASSWORD, Center

SIGN_IN = {"login": "ana", "password": PASSWORD}


async def test_a_browser_gets_a_strict_cookie_and_no_token() -> None:
    async with Center().serve() as caller:
        answer = await caller.send(
            "POST", "/api/v1/session", json=SIGN_IN, headers={"Origin": caller.origin}
        )
        cookie = answer.headers["Set-Cookie"]
        me = await caller.send("GET", "/api/v1/me")

    assert answer.status == 200
    assert answer.body["token"] == ""
    assert cookie.startswith("session=")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie
    assert me.body["account"] == "ana"
    assert me.body["roles"] == ["agent"]


async def test_over_https_the_cookie_is_bound_to_the_host() -> None:
    https = {"X-Forwarded-Proto": "https"}
    async with Center(behind_proxy=True).serve() as caller:
        answer = await caller.send("POST", "/api/v1/session", json=SIGN_IN, headers=https)
        cookie = answer.headers["Set-Cookie"]
        pair = cookie.partition(";")[0]
        me = await caller.send("GET", "/api/v1/me", headers=https | {"Cookie": pair})
        plain = await caller.send(
            "GET", "/api/v1/me", headers={"Cookie": pair.replace("__Host-", "")} | https
        )

    assert cookie.startswith("__Host-session=")
    assert "Secure" in cookie
    assert answer.headers["Strict-Transport-Security"]
    assert me.status == 200
    assert plain.status == 401


async def test_a_program_gets_a_token_and_no_cookie() -> None:
    async with Center().serve() as caller:
        answer = await caller.send("POST", "/api/v1/session", json=SIGN_IN | {"bearer": True})

    assert answer.body["token"]
    assert "Set-Cookie" not in answer.headers


async def test_a_wrong_password_and_an_unknown_login_are_told_apart_by_nobody() -> None:
    async with Center().serve() as caller:
        wrong = await caller.send("POST", "/api/v1/session", json={"login": "ana", "password": "x"})
        unknown = await caller.send(
            "POST", "/api/v1/session", json={"login": "eve", "password": "x"}
        )

    assert (wrong.status, wrong.problem) == (401, "wrong-sign-in")
    assert wrong.body == unknown.body


async def test_too_many_attempts_are_told_to_wait() -> None:
    async with Center().serve() as caller:
        for _ in range(5):
            await caller.send("POST", "/api/v1/session", json={"login": "ana", "password": "x"})
        answer = await caller.send("POST", "/api/v1/session", json=SIGN_IN)

    assert (answer.status, answer.problem) == (429, "too-many")
    assert answer.headers["Retry-After"] == "30"


async def test_the_store_is_told_the_clients_address_behind_a_proxy() -> None:
    center = Center(behind_proxy=True)
    async with center.serve() as caller:
        forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "6.6.6.6, 192.0.2.7"}
        await caller.send("POST", "/api/v1/session", json=SIGN_IN, headers=forwarded)

    assert center.accounts.attempts == [("ana", "192.0.2.7")]


async def test_without_a_proxy_nobody_is_believed_about_the_address() -> None:
    center = Center()
    async with center.serve() as caller:
        forged = {"X-Forwarded-For": "192.0.2.7"}
        await caller.send("POST", "/api/v1/session", json=SIGN_IN, headers=forged)

    assert center.accounts.attempts == [("ana", "127.0.0.1")]


async def test_signing_out_ends_the_session_at_once() -> None:
    center = Center()
    async with center.serve() as caller:
        who = await caller.bearer("ana")
        before = await caller.send("GET", "/api/v1/me", headers=who)
        out = await caller.send("DELETE", "/api/v1/session", headers=who)
        after = await caller.send("GET", "/api/v1/me", headers=who)

    assert (before.status, out.status, after.status) == (200, 204, 401)
    assert 'session=""' in out.headers["Set-Cookie"]
    assert "Max-Age=0" in out.headers["Set-Cookie"]
    assert center.accounts.sessions == {}


async def test_me_tells_an_agents_live_state() -> None:
    async with Center().with_agents("ana").serve() as caller:
        ana = await caller.send("GET", "/api/v1/me", headers=await caller.bearer("ana"))
        sue = await caller.send("GET", "/api/v1/me", headers=await caller.bearer("sue"))

    assert ana.body["agent"]["state"] == "signed_out"
    assert sue.body["agent"] is None


async def test_a_session_goes_on_while_the_database_is_away() -> None:
    center = Center()
    async with center.serve() as caller:
        who = await caller.bearer("ana")
        center.accounts.away = True
        sessions = center.api._services.sessions
        for key, (account, _) in list(sessions._kept.items()):
            sessions._kept[key] = (account, asyncio.get_running_loop().time() - 10.0)

        known = await caller.send("GET", "/api/v1/me", headers=who)
        unknown = await caller.send(
            "GET", "/api/v1/me", headers={"Authorization": "Bearer who-is-this"}
        )

    assert known.status == 200
    assert (unknown.status, unknown.problem) == (503, "unavailable")
    assert unknown.headers["Retry-After"] == "2"


async def test_while_the_database_is_away_nobody_signs_in_or_out_and_is_told_so() -> None:
    center = Center()
    async with center.serve() as caller:
        who = await caller.bearer("ana")
        center.accounts.away = True
        coming = await caller.send("POST", "/api/v1/session", json=SIGN_IN)
        going = await caller.send("DELETE", "/api/v1/session", headers=who)

    assert (coming.status, coming.problem) == (503, "unavailable")
    assert (going.status, going.problem) == (503, "unavailable")
    assert "Set-Cookie" not in going.headers


async def test_a_click_does_not_look_the_session_up_each_time() -> None:
    center = Center()
    async with center.serve() as caller:
        who = await caller.bearer("ana")
        for _ in range(5):
            await caller.send("GET", "/api/v1/me", headers=who)

    assert center.accounts.look_ups == 0


async def test_a_session_that_was_revoked_elsewhere_ends_when_it_is_looked_up() -> None:
    center = Center()
    async with center.serve() as caller:
        who = await caller.bearer("ana")
        center.accounts.sessions.clear()
        center.api._services.sessions._kept.clear()

        answer = await caller.send("GET", "/api/v1/me", headers=who)

    assert answer.status == 401


async def test_tokens_that_cannot_be_ours_are_not_looked_up() -> None:
    center = Center()
    async with center.serve() as caller:
        for header in ("Bearer " + "x" * 300, "Basic YTpi", "Bearer ", "nonsense"):
            answer = await caller.send("GET", "/api/v1/me", headers={"Authorization": header})
            assert answer.status == 401, header

    assert center.accounts.look_ups == 0


async def test_no_more_than_so_many_people_sign_in_at_once() -> None:
    center = Center()
    center.api._services.sessions._signing_in = SIGN_INS_AT_ONCE
    async with center.serve() as caller:
        answer = await caller.send("POST", "/api/v1/session", json=SIGN_IN)

    assert (answer.status, answer.problem) == (503, "unavailable")
    assert center.accounts.attempts == []


async def test_a_password_of_megabytes_is_refused_unread() -> None:
    center = Center()
    async with center.serve() as caller:
        long = await caller.send(
            "POST", "/api/v1/session", json={"login": "ana", "password": "x" * 300}
        )
        huge = await caller.send(
            "POST", "/api/v1/session", json={"login": "ana", "password": "x" * 100_000}
        )

    assert (long.status, long.problem) == (422, "invalid")
    assert (huge.status, huge.problem) == (413, "too-large")
    assert center.accounts.attempts == []
