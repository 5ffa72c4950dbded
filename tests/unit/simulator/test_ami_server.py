"""The AMI server in front of a simulated world, through a raw socket."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from callcenter.simulator.ami_server import LINE_BYTES_MAX, LINES_MAX, AmiServer
from callcenter.simulator.messages import GREETING
from callcenter.simulator.people import CallerPlan
from tests.unit.simulator.tiny_service import START, make_world

LIMIT_S = 5.0
"""Longest wait for an answer over loopback: three orders more than it takes."""
LOGIN = b"Action: Login\r\nUsername: leader\r\nSecret: right\r\nActionID: 1\r\n\r\n"
PING = b"Action: Ping\r\nActionID: %d\r\n\r\n"


class Client:
    """A raw AMI client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def message(self) -> bytes:
        """The next message."""
        async with asyncio.timeout(LIMIT_S):
            return await self.reader.readuntil(b"\r\n\r\n")

    async def until(self, words: bytes) -> bytes:
        """The next message that has these words in it."""
        while words not in (message := await self.message()):
            pass
        return message

    async def rest(self) -> bytes:
        """Everything until the link ends."""
        async with asyncio.timeout(LIMIT_S):
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b""

    def send(self, data: bytes) -> None:
        """Write bytes."""
        self.writer.write(data)


class Clients:
    """Makes clients, and closes them after the test."""

    def __init__(self) -> None:
        self.made: list[Client] = []

    async def connect(self, server: AmiServer, *, greet: bool = True) -> Client:
        """A client that has read the greeting."""
        client = Client(*await asyncio.open_connection(server.host, server.port))
        self.made.append(client)
        if greet:
            async with asyncio.timeout(LIMIT_S):
                assert await client.reader.readline() == GREETING
        return client

    async def log_in(self, server: AmiServer) -> Client:
        """The leader."""
        client = await self.connect(server)
        client.send(LOGIN)
        await client.until(b"FullyBooted")
        return client

    async def close(self) -> None:
        """Close them all."""
        for client in self.made:
            client.writer.close()
            with suppress(ConnectionError):
                await client.writer.wait_closed()


@pytest.fixture
async def clients() -> AsyncIterator[Clients]:
    made = Clients()
    yield made
    await made.close()


@pytest.fixture
async def server() -> AsyncIterator[AmiServer]:
    async with AmiServer(make_world(1)) as running:
        yield running


async def test_a_client_is_greeted_and_logs_in(server: AmiServer, clients: Clients) -> None:
    client = await clients.connect(server)

    client.send(LOGIN)

    assert await client.message() == (
        b"Response: Success\r\nActionID: 1\r\nMessage: Authentication accepted\r\n\r\n"
    )
    assert (await client.message()).startswith(b"Event: FullyBooted\r\nPrivilege: system,all\r\n")


async def test_a_message_may_come_in_single_bytes(server: AmiServer, clients: Clients) -> None:
    client = await clients.log_in(server)

    for place in range(len(PING % 2)):
        client.send((PING % 2)[place : place + 1])
        await client.writer.drain()
        await asyncio.sleep(0)

    assert b"ActionID: 2\r\nPing: Pong\r\n" in await client.message()


async def test_several_messages_may_come_at_once(server: AmiServer, clients: Clients) -> None:
    client = await clients.log_in(server)

    client.send(PING % 2 + PING % 3 + b"\r\n" + PING % 4)

    for number in (b"2", b"3", b"4"):
        assert b"ActionID: " + number in await client.message()


async def test_events_come_when_the_world_goes_on_by_itself(
    server: AmiServer, clients: Clients
) -> None:
    client = await clients.log_in(server)

    server.world.add_caller(CallerPlan("+1", "5550"))
    server.step()

    event = await client.until(b"Event: QueueCallerJoin")
    assert b"CallerIDNum: +1\r\n" in event
    assert server.now - START < LIMIT_S


async def test_two_sessions_see_the_same_events(server: AmiServer, clients: Clients) -> None:
    first = await clients.log_in(server)
    second = await clients.connect(server)
    second.send(LOGIN.replace(b"leader", b"fence"))
    await second.message()

    second.send(b"Action: Command\r\nCommand: manager show connected\r\n\r\n")
    shown = await second.message()

    assert b"Output: 2 users connected.\r\n" in shown
    assert len(server.sessions) == 2
    first.send(PING % 9)
    assert b"Pong" in await first.message()


async def test_a_kicked_session_is_closed(server: AmiServer, clients: Clients) -> None:
    leader = await clients.log_in(server)
    fence = await clients.connect(server)
    fence.send(LOGIN.replace(b"leader", b"fence"))
    await fence.message()

    fence.send(b"Action: Command\r\nCommand: manager kick session 8\r\n\r\n")

    assert await leader.rest() == b""
    again = await clients.log_in(server)
    again.send(PING % 2)
    assert b"Pong" in await again.message()


async def test_after_logoff_the_link_is_closed(server: AmiServer, clients: Clients) -> None:
    client = await clients.log_in(server)

    client.send(b"Action: Logoff\r\n\r\n" + PING % 2)

    rest = await client.rest()
    assert rest == b"Response: Goodbye\r\nMessage: Thanks for all the fish.\r\n\r\n"


async def test_too_long_a_line_spoils_its_message_only(server: AmiServer, clients: Clients) -> None:
    client = await clients.log_in(server)

    client.send(b"Action: Ping\r\nX: " + b"x" * LINE_BYTES_MAX + b"\r\n\r\n" + PING % 2)

    assert b"Failed to parse message: line too long" in await client.message()
    assert b"Pong" in await client.message()


async def test_too_many_lines_spoil_their_message(server: AmiServer, clients: Clients) -> None:
    client = await clients.log_in(server)

    client.send(b"Action: Ping\r\n" + b"X: x\r\n" * LINES_MAX + b"\r\n")

    assert b"Too many lines in message" in await client.message()


async def test_a_message_without_an_end_breaks_the_link(
    server: AmiServer, clients: Clients
) -> None:
    client = await clients.log_in(server)

    client.send(b"x" * (LINE_BYTES_MAX * LINES_MAX + 1))

    assert await client.rest() == b""


async def test_a_client_that_does_not_log_in_is_cut_off(clients: Clients) -> None:
    async with AmiServer(make_world(1), auth_timeout_s=0.05) as server:
        client = await clients.connect(server)

        assert await client.rest() == b""


def flood(server: AmiServer, session: int) -> None:
    """Have one more event sent."""
    event = [("Action", "UserEvent"), ("UserEvent", "X"), ("Text", "x" * 900)]
    server.deliver(server.world.handle_action(session, event, server.now))


async def test_a_client_that_does_not_read_is_cut_off_and_others_are_not(clients: Clients) -> None:
    async with AmiServer(make_world(1), write_timeout_s=0.1) as server:
        deaf = socket.socket()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect((server.host, server.port))
        deaf.sendall(LOGIN)
        logged_in = asyncio.Event()
        server.on_step.append(logged_in.set)
        await logged_in.wait()
        session = server.sessions[0]

        async with asyncio.timeout(LIMIT_S):
            while server.sessions:
                flood(server, session)
                await asyncio.sleep(0)
        other = await clients.log_in(server)
        other.send(PING % 2)

        assert b"Pong" in await other.message()
        deaf.close()


async def test_a_slow_reader_is_not_cut_off_when_it_reads_in_time(clients: Clients) -> None:
    async with AmiServer(make_world(1), write_timeout_s=LIMIT_S) as server:
        client = await clients.log_in(server)
        session = server.sessions[0]
        while not server.is_blocked(session):
            flood(server, session)

        while server.is_blocked(session):
            await client.message()

        assert server.sessions == [session]


async def test_cutting_links_ends_them_without_a_word(server: AmiServer, clients: Clients) -> None:
    first, second = await clients.log_in(server), await clients.connect(server)

    server.cut(server.sessions[0])
    gone = await first.rest()
    second.send(LOGIN)
    await second.until(b"FullyBooted")
    server.cut()

    assert gone == b""
    assert await second.rest() == b""


async def test_a_link_can_be_cut_in_the_middle_of_a_message(
    server: AmiServer, clients: Clients
) -> None:
    client = await clients.log_in(server)

    server.cut_in_message(server.sessions[0], [("Event", "Hangup"), ("Channel", "PJSIP/1")])

    rest = await client.rest()
    assert rest.startswith(b"Event: Hangup")
    assert not rest.endswith(b"\r\n\r\n")


async def test_a_silent_server_answers_nothing_until_it_speaks_again(
    server: AmiServer, clients: Clients
) -> None:
    client = await clients.log_in(server)

    server.fall_silent()
    late = await clients.connect(server, greet=False)
    client.send(PING % 2)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await client.reader.read(1)
    silent = server.is_silent
    server.speak_again()

    assert silent
    assert b"Pong" in await client.message()
    async with asyncio.timeout(LIMIT_S):
        assert await late.reader.readline() == GREETING


async def test_watchers_are_told_after_every_step(server: AmiServer) -> None:
    told: list[float] = []
    server.on_step.append(lambda: told.append(server.now))

    server.world.add_desktop("ana", "1001")
    server.step()

    assert len(told) == 1
    assert server.world.take_intents()


async def test_a_server_that_has_stopped_can_be_started_again(clients: Clients) -> None:
    server = AmiServer(make_world(1))
    await server.start()
    await server.stop()

    await server.start()
    client = await clients.log_in(server)
    client.send(PING % 2)

    assert b"Pong" in await client.message()
    await server.stop()


async def test_a_port_that_is_taken_is_an_error(server: AmiServer) -> None:
    with pytest.raises(OSError, match="address already in use"):
        await AmiServer(make_world(1), port=server.port).start()


@pytest.mark.virtual_time
async def test_on_a_loop_with_virtual_time_an_hour_passes_at_once() -> None:
    async with AmiServer(make_world(1)) as server:
        server.world.add_caller(CallerPlan("+1", "5550", patience_s=600.0), after_s=3000.0)
        server.step()

        await asyncio.sleep(3601)

        assert server.now == pytest.approx(START + 3601)
        assert server.world.callers == {}
        assert len(server.world.log) == 4
