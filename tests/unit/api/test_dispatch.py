"""Whole requests: bodies, origins, keys, the audit, and what breaks."""

from __future__ import annotations

import asyncio
import json

import pytest

from callcenter.api import dispatch
from callcenter.domain import events as e
from tests.unit.api.fakes import PASSWORD, Caller, Center, until

NOT_READY = "/api/v1/agents/me/not-ready"
SIGN_IN = "/api/v1/agents/me/sign-in"


def agent_on_a_phone() -> Center:
    center = Center().with_agents("ana")
    center.hub.tell(e.DesktopOpened("ana"))
    assert center.hub.bench.ask(e.SignInRequested, "ana", "1001").problem == ""
    return center


async def cookie_of(caller: Caller, login: str = "ana") -> None:
    """Sign in as a browser does."""
    answer = await caller.send(
        "POST",
        "/api/v1/session",
        json={"login": login, "password": PASSWORD},
        headers={"Origin": caller.origin},
    )
    assert answer.status == 200


# --- bodies ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b"[]", "body"),
        (b"null", "body"),
        (b"\xff\xfe", "body"),
        (b'{"reason": 7}', "body.reason"),
        (b'{"reason": false}', "body.reason"),
        (b'{"reason": null}', "body.reason"),
        (b'{"reason": ""}', "body.reason"),
        (b'{"reason": "a\\u0000b"}', "body.reason"),
        (b'{"reason": "a\\r\\nb"}', "body.reason"),
        (b"{}", "body.reason"),
        (b'{"reason": "x", "agent": "ben"}', "body.agent"),
        (b'{"reason": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", "body"),
    ],
)
async def test_a_wrong_body_is_refused_with_the_field_at_fault(body: bytes, path: str) -> None:
    center = agent_on_a_phone()
    async with center.serve() as caller:
        who = await caller.bearer("ana")
        answer = await caller.send(
            "POST", NOT_READY, data=body, headers=who | {"Content-Type": "application/json"}
        )

    assert (answer.status, answer.problem) == (422, "invalid")
    assert answer.body["errors"][0]["path"] == path
    assert center.hub.asked == []


async def test_what_was_sent_is_not_repeated_in_the_problem() -> None:
    async with Center().serve() as caller:
        answer = await caller.send(
            "POST", "/api/v1/session", json={"login": "ana", "password": ["hunter2"]}
        )

    assert answer.status == 422
    assert "hunter2" not in json.dumps(answer.body)


async def test_a_huge_body_is_refused_whether_or_not_it_says_its_size() -> None:
    async def chunks() -> object:
        for _ in range(20):
            yield b"x" * 8192

    center = agent_on_a_phone()
    async with center.serve() as caller:
        who = await caller.bearer("ana") | {"Content-Type": "application/json"}
        told = await caller.send("POST", NOT_READY, data=b"x" * 70_000, headers=who)
        untold = await caller.send("POST", NOT_READY, data=chunks(), headers=who)

    assert (told.status, told.problem) == (413, "too-large")
    assert (untold.status, untold.problem) == (413, "too-large")


async def test_a_body_that_is_not_declared_as_json_is_refused() -> None:
    """A form can be sent by any page of the web; JSON cannot without our permission."""
    async with agent_on_a_phone().serve() as caller:
        who = await caller.bearer("ana")
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
            answer = await caller.send(
                "POST", NOT_READY, data=b'{"reason": "x"}', headers=who | {"Content-Type": kind}
            )
            assert (answer.status, answer.problem) == (415, "wrong-type")


async def test_bodies_and_queries_nobody_asked_for_are_refused() -> None:
    async with agent_on_a_phone().serve() as caller:
        who = await caller.bearer("ana")
        body = await caller.send("POST", "/api/v1/agents/me/ready", json={"x": 1}, headers=who)
        query = await caller.send("POST", "/api/v1/agents/me/ready?x=1", headers=who)

    assert (body.status, body.problem) == (400, "bad-request")
    assert (query.status, query.problem) == (400, "bad-request")


async def test_a_body_that_never_comes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "BODY_DEADLINE_S", 0.05)

    async def never() -> object:
        yield b'{"reason":'
        await asyncio.Event().wait()

    async with agent_on_a_phone().serve() as caller:
        who = await caller.bearer("ana") | {"Content-Type": "application/json"}
        answer = await caller.send("POST", NOT_READY, data=never(), headers=who)

    assert (answer.status, answer.problem) == (408, "too-slow")


# --- addresses ---------------------------------------------------------------------------------


async def test_unknown_addresses_and_methods_are_problems_too() -> None:
    async with Center().serve() as caller:
        for path in ("/api/v1/nothing", "/", "/api/v2/me", "/api/v1/agents/a%0Ab", "/.git/config"):
            answer = await caller.send("GET", path, headers=await caller.bearer("sue"))
            assert (answer.status, answer.problem) == (404, "not-found"), path
        put = await caller.send("PUT", "/api/v1/me")
        options = await caller.send("OPTIONS", "/api/v1/session")

    assert (put.status, put.problem) == (405, "method-not-allowed")
    assert put.headers["Allow"] == "GET"
    assert set(options.headers["Allow"].split(",")) == {"POST", "DELETE"}


async def test_a_name_of_endless_length_is_not_found() -> None:
    async with Center().serve() as caller:
        answer = await caller.send(
            "GET", "/api/v1/agents/" + "x" * 200, headers=await caller.bearer("sue")
        )

    assert (answer.status, answer.problem) == (404, "not-found")


# --- where a request comes from ----------------------------------------------------------------


async def test_another_site_cannot_use_a_browsers_session() -> None:
    center = agent_on_a_phone()
    async with center.serve() as caller:
        await cookie_of(caller)
        port = caller.client.port
        for origin in ("https://evil.example", "null", f"http://localhost:{port}", None):
            headers = {} if origin is None else {"Origin": origin}
            answer = await caller.send("POST", NOT_READY, json={"reason": "break"}, headers=headers)
            assert (answer.status, answer.problem) == (403, "wrong-origin"), origin
        own = await caller.send(
            "POST", NOT_READY, json={"reason": "break"}, headers={"Origin": caller.origin}
        )

    assert own.status == 200
    assert len(center.hub.asked) == 1


async def test_another_site_cannot_sign_somebody_in() -> None:
    center = Center()
    async with center.serve() as caller:
        answer = await caller.send(
            "POST",
            "/api/v1/session",
            json={"login": "ana", "password": PASSWORD},
            headers={"Origin": "https://evil.example"},
        )

    assert (answer.status, answer.problem) == (403, "wrong-origin")
    assert center.accounts.attempts == []


async def test_a_token_from_another_sites_page_is_refused_too() -> None:
    async with agent_on_a_phone().serve() as caller:
        who = await caller.bearer("ana") | {"Origin": "https://evil.example"}
        answer = await caller.send("POST", NOT_READY, json={"reason": "break"}, headers=who)

    assert (answer.status, answer.problem) == (403, "wrong-origin")


async def test_origins_of_the_config_file_are_ours_and_no_others() -> None:
    center = agent_on_a_phone()
    center = Center(hub=center.hub, origins=("https://cc.example.com",))
    async with center.serve() as caller:
        who = await caller.bearer("ana")
        ours = await caller.send(
            "POST",
            NOT_READY,
            json={"reason": "break"},
            headers=who | {"Origin": "https://cc.example.com"},
        )
        address = await caller.send(
            "POST", NOT_READY, json={"reason": "break"}, headers=who | {"Origin": caller.origin}
        )

    assert ours.status == 200
    assert (address.status, address.problem) == (403, "wrong-origin")


async def test_plain_http_is_for_loopback_names_only() -> None:
    """A name that somebody else's DNS points at this machine is not ours."""
    async with Center().serve() as caller:
        sign_in = {"login": "ana", "password": PASSWORD}
        answer = await caller.send(
            "POST", "/api/v1/session", json=sign_in, headers={"Host": "rebound.example:8080"}
        )
        local = await caller.send(
            "POST", "/api/v1/session", json=sign_in, headers={"Host": "localhost:8080"}
        )
        six = await caller.send(
            "POST", "/api/v1/session", json=sign_in, headers={"Host": "[::1]:8080"}
        )

    assert (answer.status, answer.problem) == (403, "https-needed")
    assert (local.status, six.status) == (200, 200)


async def test_a_proxy_that_speaks_plain_http_to_clients_is_refused() -> None:
    async with Center(behind_proxy=True).serve() as caller:
        answer = await caller.send(
            "POST",
            "/api/v1/session",
            json={"login": "ana", "password": PASSWORD},
            headers={"X-Forwarded-Proto": "http", "Host": "cc.example.com"},
        )

    assert (answer.status, answer.problem) == (403, "https-needed")


# --- the same wish twice -----------------------------------------------------------------------


async def test_a_wish_sent_twice_is_named_the_same() -> None:
    center = agent_on_a_phone()
    async with center.serve() as caller:
        who = await caller.bearer("ana") | {"Idempotency-Key": "k-1"}
        first = await caller.send("POST", NOT_READY, json={"reason": "break"}, headers=who)
        again = await caller.send("POST", NOT_READY, json={"reason": "break"}, headers=who)

    assert first.body == again.body
    assert first.headers["Idempotency-Key"] == "k-1"
    assert len({request.request for request in center.hub.asked}) == 1


async def test_wishes_without_a_key_are_wishes_of_their_own() -> None:
    center = agent_on_a_phone()
    async with center.serve() as caller:
        who = await caller.bearer("ana")
        first = await caller.send("POST", NOT_READY, json={"reason": "break"}, headers=who)
        await caller.send("POST", NOT_READY, json={"reason": "break"}, headers=who)

    assert len({request.request for request in center.hub.asked}) == 2
    assert first.headers["Idempotency-Key"]


async def test_a_key_of_one_account_is_no_key_of_another() -> None:
    center = Center().with_agents("ana", "ben")
    async with center.serve() as caller:
        for login, phone in (("ana", "1001"), ("ben", "1001")):
            who = await caller.bearer(login) | {"Idempotency-Key": "k-1"}
            await caller.send("POST", SIGN_IN, json={"phone": phone}, headers=who)

    assert len({request.request for request in center.hub.asked}) == 2


async def test_a_key_for_two_different_wishes_is_refused() -> None:
    center = agent_on_a_phone()
    async with center.serve() as caller:
        who = await caller.bearer("ana") | {"Idempotency-Key": "k-1"}
        await caller.send("POST", NOT_READY, json={"reason": "break"}, headers=who)
        body = await caller.send("POST", NOT_READY, json={"reason": "lunch"}, headers=who)
        path = await caller.send("POST", "/api/v1/agents/me/ready", headers=who)

    assert (body.status, body.problem) == (422, "key-reused")
    assert (path.status, path.problem) == (422, "key-reused")
    assert len(center.hub.asked) == 1


async def test_a_body_that_was_refused_does_not_use_up_its_key() -> None:
    async with agent_on_a_phone().serve() as caller:
        who = await caller.bearer("ana") | {"Idempotency-Key": "k-1"}
        wrong = await caller.send("POST", NOT_READY, json={"raeson": "break"}, headers=who)
        right = await caller.send("POST", NOT_READY, json={"reason": "break"}, headers=who)

    assert (wrong.status, right.status) == (422, 200)


async def test_a_key_that_is_no_key_is_refused() -> None:
    async with agent_on_a_phone().serve() as caller:
        who = await caller.bearer("ana")
        for key in ("", "with blank", "x" * 129, "ключ"):
            answer = await caller.send(
                "POST",
                NOT_READY,
                json={"reason": "break"},
                headers=who | {"Idempotency-Key": key},
            )
            assert (answer.status, answer.problem) == (422, "invalid"), key


# --- what breaks -------------------------------------------------------------------------------


async def test_an_answer_that_does_not_come_in_time_is_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dispatch, "HANDLER_DEADLINE_S", 0.05)
    center = agent_on_a_phone()
    center.hub.silent = True
    async with center.serve() as caller:
        answer = await caller.send(
            "POST", NOT_READY, json={"reason": "break"}, headers=await caller.bearer("ana")
        )

    assert (answer.status, answer.problem) == (503, "unavailable")
    assert "same Idempotency-Key" in answer.body["detail"]


async def test_a_bug_is_told_by_number_and_never_by_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    center = Center()

    def broken(_: object) -> None:
        raise ZeroDivisionError("secret detail in /etc/shadow")

    async with center.serve() as caller:
        who = await caller.bearer("sue")
        monkeypatch.setattr(type(center.hub), "state", property(broken))
        answer = await caller.send("GET", "/api/v1/board", headers=who)

    assert (answer.status, answer.problem) == (500, "internal")
    assert answer.body["incident"] in answer.body["detail"]
    text = json.dumps(answer.body)
    assert "Traceback" not in text
    assert "secret" not in text
    assert "ZeroDivision" not in text


# --- the audit ---------------------------------------------------------------------------------


async def test_every_change_is_audited_granted_or_not_and_reads_are_not() -> None:
    center = agent_on_a_phone()
    async with center.serve() as caller:
        who = await caller.bearer("ana")
        sue = await caller.bearer("sue")
        await caller.send("GET", "/api/v1/me", headers=who)
        await caller.send("POST", NOT_READY, json={"reason": "break"}, headers=who)
        await caller.send("POST", SIGN_IN, json={"phone": "1002"}, headers=who)
        await caller.send("POST", NOT_READY, json={"reason": "break"}, headers=sue)
        await caller.send("POST", NOT_READY, json={"why": "hunter2"}, headers=who)
        await until(lambda: len(center.audit.entries) == 6)

    kept = [(x.account, x.action.rpartition("/")[2], x.status) for x in center.audit.entries]
    assert kept == [
        ("ana", "session", 200),
        ("sue", "session", 200),
        ("ana", "not-ready", 200),
        ("ana", "sign-in", 409),
        ("sue", "not-ready", 403),
        ("ana", "not-ready", 422),
    ]
    granted = center.audit.entries[2]
    assert granted.address == "127.0.0.1"
    assert granted.action == "POST /api/v1/agents/me/not-ready"
    assert granted.detail == '{"reason":"break"}'
    assert granted.request == center.hub.asked[0].request
    assert center.audit.entries[5].detail == ""


async def test_a_refused_sign_in_is_audited_without_the_password() -> None:
    center = Center()
    async with center.serve() as caller:
        await caller.send("POST", "/api/v1/session", json={"login": "eve", "password": "hunter2"})
        await until(lambda: center.audit.entries)

    entry = center.audit.entries[0]
    assert (entry.account, entry.status) == ("eve", 401)
    assert "hunter2" not in entry.detail
    assert "eve" in entry.detail
