"""The one WebSocket, ``/api/v1/live``: sockets of signed-in people, their queues and their ends.

What travels over it is described in ``frames``; topics are in ``live``, cards in ``desktops``.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import cast

import msgspec
import structlog
from aiohttp import WSMsgType, web

from callcenter.api.auth import Site, require_role
from callcenter.api.desktops import LiveDesktops
from callcenter.api.dispatch import signed_in
from callcenter.api.errors import ProblemError, overloaded, unavailable
from callcenter.api.frames import (
    MESSAGE_BYTES_MAX,
    ClientMessage,
    Hello,
    Pong,
    Topic,
    Trouble,
    decode,
    encode,
)
from callcenter.api.live import LiveTopics
from callcenter.api.route import EVERYONE, OVERSEERS, Services
from callcenter.domain.ids import AgentId
from callcenter.service.ports import Account, Clock, Overloaded, Role

HEARTBEAT_S = 10.0
"""Between pings; a client that does not answer within half of it is gone: 15 s to notice an empty
chair."""
SOCKETS_MAX = 5_000
"""Open at once: 1,000 agents with some tabs each, and their supervisors."""
SOCKETS_PER_ACCOUNT_MAX = 10
"""Tabs of one person."""
QUEUE_FRAMES_MAX = 256
"""Frames waiting for one client: 25 s of one topic."""
QUEUE_BYTES_MAX = 8 * 1024 * 1024
"""Bytes waiting for one client: the whole board of 1,000 agents and 5,000 calls has 2 MB."""
SEND_DEADLINE_S = 20.0
"""For one frame: that board over a line of 1 Mbit/s."""
CLOSE_GRACE_S = 2.0
"""A client that is being closed has this long to read why."""
MESSAGES_BURST = 20
"""Messages a client may send at once: a page that opens sends two or three."""
MESSAGES_PER_S = 5.0
"""And steadily: one card shown per call is far less."""
SESSION_CHECK_S = 30.0
"""How often the sessions of open sockets are looked at: revoked ones are closed."""

SIGNED_OUT, ACCOUNT_CHANGED, TOO_SLOW, TOO_MANY = 4001, 4002, 4003, 4004
GOING_AWAY, TRY_LATER = 1001, 1013

_POLL_S = 0.001
"""How often a socket's buffer is looked at while a card is on its way out."""

_LOG = structlog.get_logger("callcenter.api")


class Socket:
    """One client. Frames wait in a bounded queue and are sent by a task of its own."""

    def __init__(
        self, account: Account, token: str, ws: web.WebSocketResponse, transport: asyncio.Transport
    ) -> None:
        self.account = account
        self.token = token
        self.topics: dict[Topic, None] = {}
        self.close_reason = ""
        """Why we closed it; empty while it is open or when the client went by itself."""
        self._ws = ws
        self._transport = transport
        self._queue: deque[bytes] = deque()
        self._queued_bytes = 0
        self._wake = asyncio.Event()
        self._closing: asyncio.Task[None] | None = None
        self._messages_left = float(MESSAGES_BURST)
        self._message_at = asyncio.get_running_loop().time()

    @property
    def agent(self) -> AgentId:
        """Whose desktop it is."""
        return self.account.id

    # --- sending ------------------------------------------------------------------------------

    def enqueue(self, frame: bytes) -> None:
        """Take a frame to be sent in its turn. A client with too many unread is closed."""
        if self.close_reason:
            return
        self._queue.append(frame)
        self._queued_bytes += len(frame)
        if len(self._queue) > QUEUE_FRAMES_MAX or self._queued_bytes > QUEUE_BYTES_MAX:
            self.kick(TOO_SLOW, f"too slow: {len(self._queue)} frames unread")

    def wake(self) -> None:
        """Begin to send what was taken."""
        self._wake.set()

    async def send_queued(self) -> None:
        """Send frames as they come, until cancelled or the client is gone."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue and not self.close_reason:
                frame = self._queue.popleft()
                self._queued_bytes -= len(frame)
                try:
                    async with asyncio.timeout(SEND_DEADLINE_S):
                        await self._ws.send_frame(frame, WSMsgType.TEXT)
                except TimeoutError:
                    self.kick(TOO_SLOW, f"too slow: a frame took over {SEND_DEADLINE_S:.0f} s")
                except (ConnectionError, RuntimeError):
                    return  # gone; the reading side notices too

    async def write_now(self, frame: bytes, deadline: float) -> bool:
        """Hand a frame to the operating system before everything queued (``DesktopSocket``).

        aiohttp writes an uncompressed frame to the transport in one piece, so this may come between
        two frames of ``send_queued``.
        """
        before = self._transport.get_write_buffer_size()
        if self.close_reason or self._transport.is_closing():
            return False
        try:
            async with asyncio.timeout_at(deadline):
                await self._ws.send_frame(frame, WSMsgType.TEXT)
                await asyncio.sleep(0)  # uvloop writes at the end of a round
                # A transport never tells that its buffer is empty, only that it is low
                while self._transport.get_write_buffer_size():  # noqa: ASYNC110 - must be asked
                    await asyncio.sleep(_POLL_S)
        except TimeoutError:
            left = self._transport.get_write_buffer_size()
            if left >= before + len(frame):
                self.kick(TOO_SLOW, "too slow: a card could not be written")
            return left == 0
        except (ConnectionError, RuntimeError):
            return False
        return True

    # --- receiving ----------------------------------------------------------------------------

    def may_send(self) -> bool:
        """Whether the client keeps to its rate of messages; counts one."""
        now = asyncio.get_running_loop().time()
        earned = (now - self._message_at) * MESSAGES_PER_S
        self._messages_left = min(float(MESSAGES_BURST), self._messages_left + earned) - 1.0
        self._message_at = now
        return self._messages_left >= 0.0

    # --- ending -------------------------------------------------------------------------------

    def kick(self, code: int, reason: str) -> None:
        """Close this client and say why; nothing more is sent to it."""
        if not self.close_reason:
            self.close_reason = reason
            self._queue.clear()
            self._queued_bytes = 0
            _LOG.info("socket_closed", account=self.account.id, code=code, reason=reason)
            self._closing = asyncio.create_task(self._close(code, reason))

    async def _close(self, code: int, reason: str) -> None:
        try:
            async with asyncio.timeout(CLOSE_GRACE_S):
                await self._ws.close(code=code, message=reason.encode()[:120], drain=False)
        except (TimeoutError, ConnectionError, RuntimeError):
            pass
        self.drop()

    def drop(self) -> None:
        """End the connection, giving a buffer that still holds something a last moment."""
        if self._transport.get_write_buffer_size():
            asyncio.get_running_loop().call_later(CLOSE_GRACE_S, self._transport.abort)

    async def closed(self) -> None:
        """Wait until our closing, if there was one, has run its course."""
        if self._closing is not None:
            await asyncio.gather(self._closing, return_exceptions=True)


class LiveSockets:
    """All open sockets."""

    def __init__(
        self,
        services: Services,
        site: Site,
        topics: LiveTopics,
        desktops: LiveDesktops,
        clock: Clock,
    ) -> None:
        self._services = services
        self._site = site
        self._topics = topics
        self._desktops = desktops
        self._clock = clock
        self._sockets: dict[Socket, None] = {}
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self.kicked = 0
        """Clients closed by us since the start."""

    @property
    def open_count(self) -> int:
        """Sockets open now."""
        return len(self._sockets)

    def start(self) -> None:
        """Begin to look after sessions."""
        self._services.sessions.on_closed.append(self._session_closed)
        self._task = asyncio.create_task(self._check_sessions(), name="live-sessions")

    async def close(self) -> None:
        """Close everybody: the service stops."""
        self._stopping = True
        self._desktops.stop()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        sockets = list(self._sockets)
        for socket in sockets:
            socket.kick(GOING_AWAY, "the service stops: connect again in a moment")
        await asyncio.gather(*(socket.closed() for socket in sockets))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The handler of ``GET /api/v1/live``."""
        self._site.refuse_plain_http(request)
        account, token, by_cookie = await signed_in(request, self._site, self._services)
        self._site.refuse_foreign_origin(request, by_cookie=by_cookie)
        require_role(account, EVERYONE)
        self._refuse_too_many(account)
        ws = web.WebSocketResponse(
            heartbeat=HEARTBEAT_S,
            compress=False,  # so that frames are written in one piece, see Socket.write_now
            max_msg_size=MESSAGE_BYTES_MAX,
            timeout=CLOSE_GRACE_S,
        )
        if not ws.can_prepare(request).ok:
            raise ProblemError("bad-request", "This address speaks WebSocket only.")
        await ws.prepare(request)
        transport = cast(asyncio.Transport, request.transport)
        if transport is None:
            return ws
        await self._serve(Socket(account, token, ws, transport), ws)
        return ws

    def _refuse_too_many(self, account: Account) -> None:
        if self._stopping or len(self._sockets) >= SOCKETS_MAX:
            raise unavailable("No more WebSockets are taken just now. Try again.", retry_s=5)
        mine = sum(1 for socket in self._sockets if socket.account.id == account.id)
        if mine >= SOCKETS_PER_ACCOUNT_MAX:
            raise ProblemError(
                "too-many",
                f"{mine} WebSockets of {account.id} are open. Close some tabs.",
                headers={"Retry-After": "15"},
            )

    async def _serve(self, socket: Socket, ws: web.WebSocketResponse) -> None:
        """A socket's whole life."""
        self._sockets[socket] = None
        is_desktop = Role.AGENT in socket.account.roles
        sender = asyncio.create_task(socket.send_queued(), name="live-sender")
        try:
            socket.enqueue(self._hello(socket))
            socket.wake()
            if is_desktop:
                self._desktops.open(socket)
            await self._read(socket, ws)
        except Overloaded:
            socket.kick(TRY_LATER, overloaded().problem.title)
        finally:
            del self._sockets[socket]
            if socket.close_reason:
                self.kicked += 1
            for topic in list(socket.topics):
                self._topics.unsubscribe(socket, topic, socket.agent)
            if is_desktop:
                self._desktops.close(socket)
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
            await socket.closed()
            socket.drop()

    def _hello(self, socket: Socket) -> bytes:
        return encode(Hello(self._topics.stream, self._clock.now(), socket.account.id, HEARTBEAT_S))

    async def _read(self, socket: Socket, ws: web.WebSocketResponse) -> None:
        """Take the client's messages until it is gone."""
        async for message in ws:
            if message.type is not WSMsgType.TEXT:
                if message.type is WSMsgType.BINARY:
                    self._tell(socket, "Send text frames with JSON.")
                continue
            if not socket.may_send():
                socket.kick(TOO_MANY, "too many messages")
                return
            try:
                wish = decode(message.data)
            except msgspec.MsgspecError as error:
                self._tell(socket, f"This message is not understood: {error}.")
            else:
                self._obey(socket, wish)

    def _obey(self, socket: Socket, wish: ClientMessage) -> None:
        for topic in wish.unsubscribe:
            socket.topics.pop(topic, None)
            self._topics.unsubscribe(socket, topic, socket.agent)
        resume_from = None
        if wish.resume is not None and wish.resume.stream == self._topics.stream:
            resume_from = wish.resume.seq
        for topic in wish.subscribe:
            if refusal := _refusal(socket.account, topic):
                self._tell(socket, refusal)
            elif topic not in socket.topics:
                socket.topics[topic] = None
                self._topics.subscribe(socket, topic, socket.agent, resume_from)
        if wish.shown is not None:
            self._desktops.note_shown(socket.agent, wish.shown)
        if wish.ping:
            socket.enqueue(encode(Pong(self._clock.now())))
            socket.wake()

    def _tell(self, socket: Socket, detail: str) -> None:
        socket.enqueue(encode(Trouble(detail)))
        socket.wake()

    # --- sessions -----------------------------------------------------------------------------

    def _session_closed(self, token: str) -> None:
        for socket in list(self._sockets):
            if socket.token == token:
                socket.kick(SIGNED_OUT, "signed out")

    async def _check_sessions(self) -> None:
        """Close the sockets of sessions that were revoked elsewhere or whose account changed."""
        while True:
            await asyncio.sleep(SESSION_CHECK_S)
            for socket in list(self._sockets):
                try:
                    account = await self._services.sessions.account(socket.token)
                except ProblemError:
                    break  # the store is away: who is connected goes on
                if account is None:
                    socket.kick(SIGNED_OUT, "the session is over: sign in again")
                elif account != socket.account:
                    socket.kick(ACCOUNT_CHANGED, "the account was changed: connect again")


def _refusal(account: Account, topic: Topic) -> str:
    """Why this account may not read this topic; empty when it may."""
    match topic:
        case Topic.ME if Role.AGENT not in account.roles:
            return "The topic me is for agents."
        case Topic.BOARD | Topic.CALLBACKS if not any(role in OVERSEERS for role in account.roles):
            return f"The topic {topic} needs the role {' or '.join(OVERSEERS)}."
        case _:
            return ""
