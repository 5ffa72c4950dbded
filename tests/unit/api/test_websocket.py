"""The WebSocket over real sockets on loopback."""

from __future__ import annotations

import asyncio
import json
import socket as sockets
from typing import Any

import aiohttp
import pytest
from aiohttp import WSServerHandshakeError

from callcenter.api import websocket
from callcenter.api.frames import MESSAGE_BYTES_MAX
from callcenter.domain import events as e
from callcenter.domain.commands import PopCard
from callcenter.domain.customer import Tier
from callcenter.service.ports import Account, Role
from tests.unit.api.fakes import PASSWORD, WAIT_S, Caller, Center, Screen, until

LIVE = "/api/v1/live"


def pop(call: str = "c1", agent: str = "ana") -> PopCard:
    return PopCard("x1", agent, call, "", Tier.STANDARD, "+15551234", "service", 3.0)


async def refusal(caller: Caller, headers: dict[str, str]) -> tuple[int, str]:
    """Status and problem of a WebSocket that is not opened."""
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    answer = await caller.send("GET", LIVE, headers=upgrade | headers)
    return answer.status, answer.problem


# --- who may -----------------------------------------------------------------------------------


async def test_who_is_not_signed_in_gets_no_socket() -> None:
    async with Center().serve() as caller:
        assert await refusal(caller, {}) == (401, "not-signed-in")
        assert await refusal(caller, {"Authorization": "Bearer x"}) == (401, "not-signed-in")


async def test_a_browser_must_come_from_our_own_page() -> None:
    async with Center().serve() as caller:
        answer = await caller.send(
            "POST",
            "/api/v1/session",
            json={"login": "sue", "password": PASSWORD},
            headers={"Origin": caller.origin},
        )
        assert answer.status == 200

        assert await refusal(caller, {"Origin": "https://evil.example"}) == (403, "wrong-origin")
        assert await refusal(caller, {}) == (403, "wrong-origin")
        screen = await caller.watch({"Origin": caller.origin})

    assert screen.hello["account"] == "sue"


async def test_an_account_without_a_role_gets_no_socket() -> None:
    center = Center()
    center.accounts.accounts["eve"] = Account("eve", "Eve", ())
    async with center.serve() as caller:
        assert await refusal(caller, await caller.bearer("eve")) == (403, "forbidden")


async def test_a_plain_request_is_told_that_this_is_a_websocket() -> None:
    async with Center().serve() as caller:
        answer = await caller.send("GET", LIVE, headers=await caller.bearer("sue"))

    assert (answer.status, answer.problem) == (400, "bad-request")


async def test_one_account_cannot_open_sockets_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(websocket, "SOCKETS_PER_ACCOUNT_MAX", 2)
    async with Center().serve() as caller:
        sue = await caller.bearer("sue")
        first = await caller.watch(sue)
        await caller.watch(sue)
        assert await refusal(caller, sue) == (429, "too-many")

        await first.ws.close()
        await until(lambda: caller.center.api.sockets.open_count == 1)
        assert await caller.watch(sue)


async def test_the_server_takes_only_so_many_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "SOCKETS_MAX", 1)
    async with Center().serve() as caller:
        await caller.watch(await caller.bearer("sue"))
        assert await refusal(caller, await caller.bearer("mia")) == (503, "unavailable")


# --- topics ------------------------------------------------------------------------------------


async def test_snapshot_then_delta_then_resume() -> None:
    center = Center().with_agents("ana")
    async with center.serve() as caller:
        sue = await caller.bearer("sue")
        screen = await caller.watch(sue)
        await screen.send(subscribe=["board"])
        snapshot = await screen.next("snapshot")
        center.hub.tell(e.DesktopOpened("ana"))
        delta = await screen.next("delta")
        await screen.ws.close()
        center.hub.tell(e.DesktopOpened("ana"))
        await until(lambda: center.api.topics.frames == 2)

        again = await caller.watch(sue)
        resume = {"stream": screen.hello["stream"], "seq": delta["seq"]}
        await again.send(subscribe=["board"], resume=resume)
        missed = await again.next("delta")

    assert snapshot["topic"] == delta["topic"] == missed["topic"] == "board"
    assert snapshot["seq"] < delta["seq"] < missed["seq"]
    assert delta["data"]["agents"]["ana"]["desktops"] == 1
    assert missed["data"]["agents"]["ana"]["desktops"] == 2


async def test_after_a_restart_of_the_server_there_is_a_fresh_snapshot() -> None:
    async with Center().serve() as caller:
        screen = await caller.watch(await caller.bearer("sue"))
        await screen.send(subscribe=["board"], resume={"stream": "of another run", "seq": 5})

        await screen.next("snapshot")


async def test_topics_are_for_their_roles() -> None:
    async with Center().with_agents("ana").serve() as caller:
        ana = await caller.watch(await caller.bearer("ana"))
        await ana.send(subscribe=["board"])
        assert "supervisor" in (await ana.next("problem"))["detail"]
        await ana.send(subscribe=["me", "queues"])
        assert {(await ana.next("snapshot"))["topic"] for _ in range(2)} == {"me", "queues"}

        sue = await caller.watch(await caller.bearer("sue"))
        await sue.send(subscribe=["me"])
        assert "agents" in (await sue.next("problem"))["detail"]


async def test_what_is_no_longer_subscribed_is_no_longer_sent() -> None:
    center = Center().with_agents("ana")
    async with center.serve() as caller:
        screen = await caller.watch(await caller.bearer("sue"))
        await screen.send(subscribe=["board", "board"])
        await screen.next("snapshot")
        await screen.send(unsubscribe=["board"])
        await screen.send(subscribe=["nothing"])  # the answer tells that the one before was read
        await screen.next("problem")
        center.hub.tell(e.DesktopOpened("ana"))
        await until(lambda: center.api.topics.frames == 1)
        await screen.send(subscribe=["board"])

        assert (await screen.next("snapshot"))["data"]["agents"]["ana"]["desktops"] == 1


@pytest.mark.parametrize(
    "message",
    [
        "{",
        "[]",
        '{"subscribe": "board"}',
        '{"subscribe": ["all"]}',
        '{"admin": true}',
        '{"shown": 1}',
    ],
)
async def test_a_message_that_is_not_understood_is_told_so(message: str) -> None:
    async with Center().serve() as caller:
        screen = await caller.watch(await caller.bearer("sue"))
        await screen.ws.send_str(message)
        assert (await screen.next("problem"))["detail"]
        await screen.ws.send_bytes(b"{}")
        assert "text" in (await screen.next("problem"))["detail"]
        await screen.send(subscribe=["board"])
        await screen.next("snapshot")


async def test_a_ping_is_answered_with_the_servers_time() -> None:
    center = Center()
    async with center.serve() as caller:
        screen = await caller.watch(await caller.bearer("sue"))
        await screen.send(ping=True)
        frame = await screen.next("pong")

    assert frame == {"type": "pong", "at": center.clock.now()}


async def test_a_client_that_sends_too_much_is_closed() -> None:
    async with Center().serve() as caller:
        flood = await caller.watch(await caller.bearer("sue"))
        for _ in range(websocket.MESSAGES_BURST + 5):
            await flood.send(unsubscribe=["board"])
        assert await flood.end() == websocket.TOO_MANY

        huge = await caller.watch(await caller.bearer("sue"))
        await huge.ws.send_str("x" * (MESSAGE_BYTES_MAX + 1))
        assert await huge.end() == 1009


# --- cards -------------------------------------------------------------------------------------


async def test_the_card_is_in_the_clients_socket_when_the_command_returns() -> None:
    """Card before ring: nothing is awaited from the client, and nothing is left to be written."""
    async with Center().with_agents("ana").serve() as caller:
        screen = await caller.watch(await caller.bearer("ana"))

        assert await caller.center.api.desktops.pop_card(pop())

        (socket,) = caller.center.api.sockets._sockets
        assert socket._transport.get_write_buffer_size() == 0
        card = await screen.next("card")

    assert (card["call"], card["number"], card["queue"]) == ("c1", "+15551234", "service")


async def test_shown_is_kept_and_measured() -> None:
    async with Center().with_agents("ana").serve() as caller:
        screen = await caller.watch(await caller.bearer("ana"))
        await caller.center.api.desktops.pop_card(pop())
        await screen.next("card")

        await screen.send(shown={"call": "c1", "at_ms": 1700000000123.0})
        await until(lambda: caller.center.api.desktops.cards_shown == 1)
        text = str((await caller.send("GET", "/metrics")).body)

    assert "callcenter_card_shown_seconds_count 1.0" in text


async def test_a_desktop_is_told_to_the_machine_while_its_socket_is_open() -> None:
    center = Center().with_agents("ana")
    async with center.serve() as caller:
        screen = await caller.watch(await caller.bearer("ana"))
        await until(lambda: center.hub.bench.agent("ana").desktops == 1)
        await caller.watch(await caller.bearer("sue"))

        await screen.ws.close()
        await until(lambda: center.hub.bench.agent("ana").desktops == 0)

    assert center.hub.told == [e.DesktopOpened("ana"), e.DesktopClosed("ana")]


async def test_a_full_inbox_closes_the_desktop_and_says_to_come_again() -> None:
    center = Center().with_agents("ana")
    async with center.serve() as caller:
        who = await caller.bearer("ana")
        center.hub.full = True
        screen = Screen(await caller.client.ws_connect(LIVE, headers=who))

        assert await screen.end() == websocket.TRY_LATER

    assert center.hub.told == []


# --- slow clients ------------------------------------------------------------------------------


async def stalled_client(caller: Caller, who: dict[str, str]) -> sockets.socket:
    """A client that opens a WebSocket, subscribes to the board, and then reads nothing more."""
    loop = asyncio.get_running_loop()
    raw = sockets.socket()
    raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    raw.setblocking(False)
    await loop.sock_connect(raw, ("127.0.0.1", caller.client.port))
    head = [
        f"GET {LIVE} HTTP/1.1",
        f"Host: 127.0.0.1:{caller.client.port}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        *(f"{name}: {value}" for name, value in who.items()),
    ]
    await loop.sock_sendall(raw, "\r\n".join([*head, "", ""]).encode())
    text = json.dumps({"subscribe": ["board", "me"]}).encode()
    frame = bytes([0x81, 0x80 | len(text)]) + b"\0\0\0\0" + text  # masked with zeros
    await loop.sock_sendall(raw, frame)
    await until(lambda: any(s.topics for s in caller.center.api.sockets._sockets))
    return raw


def stuff(center: Center, mebibytes: int) -> Any:
    """Fill the send buffers of the only socket, as a big board would."""
    (socket,) = center.api.sockets._sockets
    for _ in range(mebibytes):
        socket.enqueue(b'"' + b"x" * (1024 * 1024) + b'"')
    socket.wake()
    return socket


async def test_a_client_that_does_not_read_is_closed_by_its_full_queue() -> None:
    center = Center().with_agents("ana")
    center.accounts.accounts["ana"] = Account("ana", "Ana", tuple(Role))
    async with center.serve() as caller:
        raw = await stalled_client(caller, await caller.bearer("ana"))

        socket = stuff(center, 20)
        await until(lambda: socket.close_reason)
        await until(lambda: center.api.sockets.open_count == 0)
        raw.close()

        text = str((await caller.send("GET", "/metrics")).body)

    assert socket.close_reason.startswith("too slow")
    assert center.hub.bench.agent("ana").desktops == 0
    assert "callcenter_sockets_kicked_total 1.0" in text


async def test_a_client_stuck_in_one_frame_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "SEND_DEADLINE_S", 0.05)
    center = Center().with_agents("ana")
    center.accounts.accounts["ana"] = Account("ana", "Ana", tuple(Role))
    async with center.serve() as caller:
        raw = await stalled_client(caller, await caller.bearer("ana"))

        socket = stuff(center, 7)
        await until(lambda: socket.close_reason)
        await until(lambda: center.api.sockets.open_count == 0)
        raw.close()

    assert "a frame took over" in socket.close_reason


async def test_a_stalled_desktop_is_closed_by_the_card_it_does_not_take() -> None:
    center = Center().with_agents("ana")
    center.accounts.accounts["ana"] = Account("ana", "Ana", tuple(Role))
    async with center.serve() as caller:
        raw = await stalled_client(caller, await caller.bearer("ana"))
        socket = stuff(center, 7)
        await until(lambda: socket._transport.get_write_buffer_size() > 0)
        began = asyncio.get_running_loop().time()

        assert not await center.api.desktops.pop_card(pop())

        assert asyncio.get_running_loop().time() - began < 1.0
        assert "a card could not be written" in socket.close_reason
        assert not await socket.write_now(b"{}", began + 100)
        await until(lambda: center.api.sockets.open_count == 0)
        raw.close()


async def test_a_card_passes_the_queue_of_a_slow_client() -> None:
    async with Center().with_agents("ana").serve() as caller:
        screen = await caller.watch(await caller.bearer("ana"))
        (socket,) = caller.center.api.sockets._sockets
        socket.enqueue(b'{"type": "waiting in the queue"}')

        assert await caller.center.api.desktops.pop_card(pop())
        socket.wake()

        await screen.next("card")
        await screen.next("waiting in the queue")


# --- the end -----------------------------------------------------------------------------------


async def test_signing_out_closes_the_sockets_of_that_session_only() -> None:
    async with Center().with_agents("ana").serve() as caller:
        one, other = await caller.bearer("ana"), await caller.bearer("ana")
        closed, kept = await caller.watch(one), await caller.watch(other)

        await caller.send("DELETE", "/api/v1/session", headers=one)

        assert await closed.end() == websocket.SIGNED_OUT
        await kept.send(subscribe=["me"])
        await kept.next("snapshot")


async def test_a_session_revoked_elsewhere_closes_its_sockets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(websocket, "SESSION_CHECK_S", 0.02)
    center = Center()
    async with center.serve() as caller:
        sue = await caller.watch(await caller.bearer("sue"))
        mia = await caller.watch(await caller.bearer("mia"))
        center.accounts.away = True
        center.api._services.sessions._kept.clear()  # as if seen a while ago
        looks = center.accounts.look_ups
        await until(lambda: center.accounts.look_ups > looks + 2)
        assert center.api.sockets.open_count == 2

        center.accounts.away = False
        del center.accounts.accounts["sue"]
        center.accounts.accounts["mia"] = Account("mia", "Mia", (Role.AGENT,))

        assert await sue.end() == websocket.SIGNED_OUT
        assert await mia.end() == websocket.ACCOUNT_CHANGED


async def test_when_the_service_stops_everybody_is_told() -> None:
    center = Center().with_agents("ana")
    async with center.serve() as caller:
        screens = [await caller.watch(await caller.bearer(login)) for login in ("ana", "sue")]

        ends = [asyncio.create_task(screen.end()) for screen in screens]
        await center.api.sockets.close()

        assert [await end for end in ends] == [websocket.GOING_AWAY] * 2
        with pytest.raises(WSServerHandshakeError):
            await caller.watch(await caller.bearer("sue"))

    assert center.hub.told == [e.DesktopOpened("ana")]


async def test_a_client_that_vanishes_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pong comes from a laptop whose lid was closed."""
    monkeypatch.setattr(websocket, "HEARTBEAT_S", 0.1)
    center = Center().with_agents("ana")
    async with center.serve() as caller:
        screen = await caller.watch(await caller.bearer("ana"), autoping=False)
        await until(lambda: center.hub.bench.agent("ana").desktops == 1)

        await until(lambda: center.hub.bench.agent("ana").desktops == 0)

        assert center.api.sockets.open_count == 0
        async with asyncio.timeout(WAIT_S):
            while (await screen.ws.receive()).type is aiohttp.WSMsgType.PING:
                pass
