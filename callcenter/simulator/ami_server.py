"""A TCP server that speaks AMI for the simulated world: what the real Asterisk's port 5038 is.

Runs on the loop's time: on a real loop in real time, on a loop with virtual time in virtual time.
Tests can cut its links, cut them in the middle of a message, and let it fall silent.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Self

from callcenter.simulator.messages import GREETING, Message, encode, parse_block
from callcenter.simulator.pbx import Delivery
from callcenter.simulator.world import World

HOST = "127.0.0.1"
WRITE_TIMEOUT_S = 5.0
"""``writetimeout``: a session that takes nothing for so long is cut off."""
AUTH_TIMEOUT_S = 30.0
"""``authtimeout``: a session that does not log in is cut off."""
WRITE_BUFFER_BYTES = 64 * 1024
"""More unread output than this, and as much in the kernel, counts as not reading."""
LINE_BYTES_MAX = 1025
"""Asterisk's line buffer: a longer line spoils its message."""
LINES_MAX = 128
"""AST_MAX_MANHEADERS: lines in one action."""
UNFINISHED_BYTES_MAX = LINE_BYTES_MAX * LINES_MAX
"""Bytes of a message without an end: more is no AMI client."""


class AmiServer:
    """The server. ``async with AmiServer(world) as server:`` listens on ``server.port``."""

    def __init__(
        self,
        world: World,
        *,
        host: str = HOST,
        port: int = 0,
        write_timeout_s: float = WRITE_TIMEOUT_S,
        auth_timeout_s: float = AUTH_TIMEOUT_S,
    ) -> None:
        """``port`` 0 takes a free one. The world's time begins at its own ``now``."""
        self.world = world
        self.host = host
        self.port = port
        self.write_timeout_s = write_timeout_s
        self.auth_timeout_s = auth_timeout_s
        self.on_step: list[Callable[[], None]] = []
        """Told after everything that happened in the world: take intents, show figures."""
        self._links: dict[int, _Link] = {}
        self._server: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._loop_began = 0.0
        self._world_began = world.now
        self._is_silent = False
        self._is_running = False

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def now(self) -> float:
        """The world's time."""
        passed_s = asyncio.get_running_loop().time() - self._loop_began
        return self._world_began + passed_s

    async def start(self) -> None:
        """Listen, and let the world's time run. Raises ``OSError`` when the port is taken."""
        loop = asyncio.get_running_loop()
        self._loop_began, self._world_began = loop.time(), self.world.now
        self._server = await loop.create_server(lambda: _Link(self), self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        self._is_running = True
        self.step()

    async def stop(self) -> None:
        """Close every link and stop the world's time."""
        self._is_running = False
        if self._timer is not None:
            self._timer.cancel()
        if self._server is not None:
            self._server.close()
        self.cut()
        if self._server is not None:
            await self._server.wait_closed()
            self._server = None

    def step(self) -> None:
        """Bring the world up to now. Call it after changing the world from outside."""
        self.deliver(self.world.advance(self.now))

    def deliver(self, deliveries: list[Delivery]) -> None:
        """Write to the sessions what the world has to say, and set the timer anew."""
        for session, message in deliveries:
            link = self._links.get(session)
            if link is not None:
                link.write(message)
        for watcher in self.on_step:
            watcher()
        self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        due = self.world.next_deadline()
        if due is not None and self._is_running:
            loop = asyncio.get_running_loop()
            at = self._loop_began + (due - self._world_began)
            self._timer = loop.call_at(max(at, loop.time()), self.step)

    # --- what tests do to it ---

    @property
    def sessions(self) -> list[int]:
        """Numbers of the sessions that are connected, oldest first."""
        return list(self._links)

    def is_blocked(self, session: int) -> bool:
        """Whether this session has stopped reading and its output piles up."""
        link = self._links.get(session)
        return link is not None and link.is_blocked

    def cut(self, session: int | None = None) -> None:
        """Break one link, or all, without a word."""
        for number, link in list(self._links.items()):
            if session in (None, number):
                link.abort()

    def cut_in_message(self, session: int, message: Message) -> None:
        """Write the first half of a message and break the link."""
        link = self._links[session]
        whole = encode(message)
        link.close_after(whole[: len(whole) // 2])

    def fall_silent(self) -> None:
        """From now on nothing is read, answered or sent; links stay open, new ones get no
        greeting.
        """
        self._is_silent = True

    def speak_again(self) -> None:
        """Answer everything that came in meanwhile, and send what was held back."""
        self._is_silent = False
        for link in list(self._links.values()):
            link.resume()

    @property
    def is_silent(self) -> bool:
        """Whether it has fallen silent."""
        return self._is_silent

    def add(self, number: int, link: _Link) -> None:
        """A link has a session."""
        self._links[number] = link

    def remove(self, number: int) -> None:
        """A link is gone."""
        if self._links.pop(number, None) is not None and self._is_running:
            self.deliver(self.world.disconnect(number, self.now))


class _Link(asyncio.Protocol):
    """One TCP connection: bytes to actions, messages to bytes."""

    def __init__(self, server: AmiServer) -> None:
        self.server = server
        self.number = 0
        self.transport: asyncio.Transport | None = None
        self.unread = bytearray()
        self.held = bytearray()
        """Output held back while the server is silent."""
        self.is_blocked = False
        self.write_limit: asyncio.TimerHandle | None = None
        self.auth_limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        link = transport.get_extra_info("socket")
        link.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, WRITE_BUFFER_BYTES)
        server = self.server
        self.number = server.world.connect(server.now, server.host)
        server.add(self.number, self)
        loop = asyncio.get_running_loop()
        self.auth_limit = loop.call_later(server.auth_timeout_s, self._check_login)
        self._send(GREETING)

    def data_received(self, data: bytes) -> None:
        """Take bytes; messages may come in pieces."""
        self.unread += data
        if not self.server.is_silent:
            self._read_messages()

    def _read_messages(self) -> None:
        while (end := self.unread.find(b"\r\n\r\n")) >= 0:
            block = bytes(self.unread[:end])
            del self.unread[: end + 4]
            self._act(block.lstrip(b"\r\n"))
        if len(self.unread) > UNFINISHED_BYTES_MAX:
            self.abort()

    def _act(self, block: bytes) -> None:
        lines = block.split(b"\r\n")
        if len(lines) > LINES_MAX:
            self._refuse("Too many lines in message or allocation failure")
        elif any(len(line) >= LINE_BYTES_MAX for line in lines):
            self._refuse("Failed to parse message: line too long")
        elif block:
            server = self.server
            headers = parse_block(block)
            server.deliver(server.world.handle_action(self.number, headers, server.now))

    def _refuse(self, words: str) -> None:
        self._send(encode([("Response", "Error"), ("Message", words)]))

    def write(self, message: Message | None) -> None:
        """Send a message; None closes."""
        if message is not None:
            self._send(encode(message))
        elif self.transport is not None:
            self.close_after(b"")

    def _send(self, data: bytes) -> None:
        if self.server.is_silent:
            self.held += data
        elif self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    def resume(self) -> None:
        """The server speaks again."""
        if self.transport is not None and self.held:
            self.transport.write(bytes(self.held))
            self.held.clear()
        self._read_messages()

    def close_after(self, data: bytes) -> None:
        """Send the last bytes and close."""
        if self.transport is not None:
            self.transport.write(data)
            self.transport.close()

    def abort(self) -> None:
        """Break the connection."""
        if self.transport is not None:
            self.transport.abort()

    def pause_writing(self) -> None:
        """The client does not read."""
        self.is_blocked = True
        loop = asyncio.get_running_loop()
        self.write_limit = loop.call_later(self.server.write_timeout_s, self.abort)

    def resume_writing(self) -> None:
        """It reads again."""
        self.is_blocked = False
        if self.write_limit is not None:
            self.write_limit.cancel()

    def _check_login(self) -> None:
        session = self.server.world.pbx.sessions.open.get(self.number)
        if session is None or session.account is None:
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the session."""
        for limit in (self.write_limit, self.auth_limit):
            if limit is not None:
                limit.cancel()
        self.transport = None
        self.server.remove(self.number)
