"""A small AMI peer in this process, which misbehaves on request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self, cast

from callcenter.pbx.ami.link import Account, Timings
from callcenter.pbx.ami.wire import AmiMessage, AmiParser, encode_message, first

GREETING = b"Asterisk Call Manager/11.0.0\r\n"
SECRET = "opensesame"

PATIENT = Timings(retry_first_s=0.01, retry_max_s=0.02, retry_refused_s=0.03)
"""Deadlines long enough for a busy machine, retries at once."""

RING = {"Action": "Originate", "Channel": "PJSIP/1001", "Async": "true"}

WAIT_LIMIT_S = 10.0
"""For `wait_until`: reached only by a test that fails."""


async def wait_until(condition: Callable[[], object]) -> None:
    """Wait until something has become true."""
    async with asyncio.timeout(WAIT_LIMIT_S):
        while not condition():  # noqa: ASYNC110  # what is waited for is not ours to signal
            await asyncio.sleep(0.002)


def message(**headers: str) -> bytes:
    """Write a message with these headers."""
    return encode_message(headers.items())


class Peer(asyncio.Protocol):
    """One connection to the server."""

    def __init__(self, server: FakeAmi) -> None:
        self.server = server
        self.parser = AmiParser(greeting=False)
        self.transport: asyncio.Transport = None  # type: ignore[assignment]  # set on connection
        self.user = ""
        self.descriptor = 0
        self.is_writable = True
        self.is_kept = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.descriptor = self.server.add(self)
        if self.server.closes_at_once:
            self.transport.close()
        elif self.server.greeting:
            self.transport.write(self.server.greeting)

    def data_received(self, data: bytes) -> None:
        self.server.received += data
        for action in self.parser.feed(data):
            self.server.take(self, action)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.is_kept:
            self.server.remove(self)

    def pause_writing(self) -> None:
        self.is_writable = False

    def resume_writing(self) -> None:
        self.is_writable = True

    def answer(self, action: AmiMessage, response: str = "Success", **headers: str) -> None:
        given = {"Response": response, "ActionID": first(action, "ActionID"), **headers}
        self.transport.write(message(**given))


class FakeAmi:
    """Listens on loopback; knows Login, Ping, Logoff and the fence's commands.

    `on_action` sees every other action first and returns true for what it has dealt with.
    """

    def __init__(self) -> None:
        self.greeting = GREETING
        self.closes_at_once = False
        self.keeps_dead_sessions = False
        """As Asterisk with a half-open session: it does not see that `cut` has cut it."""
        self.is_mute = False
        """Takes actions and answers none."""
        self.login_mute = False
        self.boots = True
        self.in_login_answer = b""
        """Written in one go with the answer to a login."""
        self.one_session_each = False
        self.may_command = True
        self.kick_works = True
        self.on_action: Callable[[Peer, AmiMessage], bool] = lambda _peer, _action: False
        self.actions: list[AmiMessage] = []
        self.received = b""
        self.peers: dict[int, Peer] = {}
        self.port = 0
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        await self.listen()
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _value: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    async def listen(self) -> None:
        """Accept connections, after `stop` on the same port as before."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Peer(self), "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Accept no more, and cut what is there."""
        if self._server is not None:
            self._server.close()
        self.cut()
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    def cut(self) -> None:
        """Cut all connections."""
        for peer in list(self.peers.values()):
            peer.is_kept = self.keeps_dead_sessions
            peer.transport.abort()

    def push(self, data: bytes) -> None:
        """Write to everyone who is logged in."""
        for peer in self.peers.values():
            if peer.user and not peer.transport.is_closing():
                peer.transport.write(data)

    @property
    def names(self) -> list[str]:
        """Names of the actions received, pings left out."""
        names = [first(action, "Action") for action in self.actions]
        return [name for name in names if name != "Ping"]

    def account(self, user: str = "leader", secret: str = SECRET) -> Account:
        """An account on this server."""
        return Account("main", "127.0.0.1", self.port, user, secret, "secrets/leader")

    def add(self, peer: Peer) -> int:
        descriptor = max(self.peers, default=7) + 1
        self.peers[descriptor] = peer
        return descriptor

    def remove(self, peer: Peer) -> None:
        self.peers.pop(peer.descriptor, None)

    def take(self, peer: Peer, action: AmiMessage) -> None:
        self.actions.append(action)
        name = first(action, "Action")
        if name == "Login":
            self._log_in(peer, action)
        elif self.is_mute or self.on_action(peer, action):
            pass
        elif name == "Ping":
            peer.answer(action, Ping="Pong")
        elif name == "Logoff":
            peer.answer(action, "Goodbye", Message="Thanks for all the fish.")
            peer.transport.close()
        elif name == "Command":
            self._command(peer, action)
        else:
            peer.answer(action, Message="done")

    def _log_in(self, peer: Peer, action: AmiMessage) -> None:
        user = first(action, "Username")
        if self.login_mute:
            return
        if first(action, "Secret") != SECRET:
            peer.answer(action, "Error", Message="Authentication failed")
            peer.transport.close()
        elif self.one_session_each and any(p.user == user for p in self.peers.values()):
            peer.answer(action, "Error", Message="Login Already In Use")
            peer.transport.close()
        else:
            peer.user = user
            peer.answer(action, Message="Authentication accepted")
            if first(action, "Events") == "on" and self.boots:
                peer.transport.write(message(Event="FullyBooted", Status="Fully Booted"))
            peer.transport.write(self.in_login_answer)

    def _command(self, peer: Peer, action: AmiMessage) -> None:
        if not self.may_command:
            peer.answer(action, "Error", Message="Permission denied")
            return
        command = first(action, "Command")
        if command.startswith("manager kick session "):
            descriptor = int(command.rpartition(" ")[2])
            lines = [f"Kicking manager session connected using file descriptor {descriptor}"]
            if self.kick_works and descriptor in self.peers:
                kicked = self.peers.pop(descriptor)
                kicked.transport.abort()
        else:
            lines = self.connected()
        headers = [("Response", "Success"), ("ActionID", first(action, "ActionID"))]
        headers += [("Message", "Command output follows")]
        headers += [("Output", line) for line in lines]
        peer.transport.write(encode_message(headers))

    def connected(self) -> list[str]:
        """`manager show connected` as Asterisk 22.10 prints it."""
        row = "  %-15.15s  %-55.55s  %-10.10s  %-10.10s  %-8.8s  %-8.8s  %-10.10s  %-10.10s"
        titles = ("Username", "IP Address", "Start", "Elapsed", "FileDes", "HttpCnt", "ReadPerms")
        lines = [row % (*titles, "WritePerms")]
        users = [(peer.user, fd) for fd, peer in self.peers.items() if peer.user]
        lines += [
            row % (user, "127.0.0.1", "1795301784", "0", fd, "0", "0000013155", "0000012898")
            for user, fd in users
        ]
        return [*lines, f"{len(users)} users connected."]


def hold_actions(server: FakeAmi) -> list[tuple[Peer, AmiMessage]]:
    """Let the server keep actions unanswered, for the test to answer; pings too."""
    held: list[tuple[Peer, AmiMessage]] = []

    def hold(peer: Peer, action: AmiMessage) -> bool:
        held.append((peer, action))
        return True

    server.on_action = hold
    return held
