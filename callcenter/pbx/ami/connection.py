"""The link to one PBX: panoramisk below it, its life cycle above. The only user of panoramisk.

panoramisk does here what it does well: the login, ActionIDs, an action's future. What it does badly
is closed off, each point shown by a test:

* a panoramisk Manager lives for one TCP session only, so nothing of an old session can be sent
  again, reconnect behind our back, or answer a new session's action;
* bytes are parsed by `wire`, and every value is checked before it is written;
* every action has a deadline, every list a bound; what is unanswered at a session's end fails as
  OutcomeUnknown;
* an exception in a callback is reported, and the next message is read.

What messages mean is for `translate`; who is kicked before a login is for `fence`.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager

from callcenter.pbx.ami.errors import (
    ActionError,
    ActionTimedOut,
    AmiError,
    DownKind,
    LinkFailed,
    ListTooLong,
    NotConnected,
    OutcomeUnknown,
)
from callcenter.pbx.ami.link import (
    ABANDONED_LISTS_MAX,
    LIST_ROWS_MAX,
    Account,
    Counters,
    FaultHandler,
    LinkDown,
    LinkUp,
    Timings,
    retry_delay_s,
)
from callcenter.pbx.ami.session import AmiSession, Exchange, MessageHandler, call_guarded
from callcenter.pbx.ami.wire import (
    ActionHeaders,
    AmiMessage,
    AmiParser,
    GreetingError,
    InvalidActionError,
    encode_action,
    first,
    is_refusal,
    pairs_of,
)

OWN_EVENTS: Final = frozenset({"FullyBooted", "Shutdown"})
"""Events that the link itself needs, whatever else is wanted."""


class _Pending(Action):  # type: ignore[misc]  # panoramisk ships no types
    """An action in flight: panoramisk's ActionID and future, our encoding, list and deadline."""

    def __init__(self, headers: ActionHeaders, *, rows_max: int | None = None) -> None:
        super().__init__(headers)  # adds an ActionID where there is none
        self.rows_max = rows_max
        """Bound of a list; None for an action with one answer."""
        self.rows: list[AmiMessage] = []
        self.deadline: asyncio.TimerHandle | None = None
        self.encoded = encode_action(pairs_of(dict(self.items())))
        self.title = str(self["Action"])


class _Manager(Manager):  # type: ignore[misc]  # panoramisk ships no types
    """panoramisk's manager for one session: it logs in, and does nothing of its own accord."""

    def connect(self, *_arguments: object, **_options: object) -> None:
        """Do nothing: panoramisk would reconnect, even after close(). AmiConnection does it."""

    def ping(self) -> None:
        """Do nothing: panoramisk's pings have no deadline. AmiSession has a watchdog."""

    async def send_awaiting_actions(self, *_: object) -> None:
        """Do nothing: panoramisk would send unanswered actions a second time."""

    def login(self, future: asyncio.Future[AmiMessage]) -> bool:
        """Note whether the login was accepted; panoramisk would raise inside the loop if not."""
        answered = not future.cancelled() and future.exception() is None
        self.authenticated = answered and not is_refusal(future.result())
        return self.authenticated


class PanoramiskExchange(AMIProtocol):  # type: ignore[misc]  # panoramisk ships no types
    """panoramisk's protocol with an own parser: answers go to futures, events to the session."""

    def __init__(self, session: AmiSession, wanted: Collection[str] | None = None) -> None:
        account = session.account
        self._session = session
        self._counters = session.counters
        self._parser = AmiParser(wanted=None if wanted is None else OWN_EVENTS.union(wanted))
        self._manager = _Manager(
            loop=asyncio.get_running_loop(),
            username=account.user,
            secret=account.secret,
            events="on" if session.events else "off",
        )
        self.transport: asyncio.Transport | None = None
        self.responses: dict[str, _Pending] = {}
        self._abandoned: dict[str, None] = {}
        """ActionIDs of lists given up, oldest first: their late rows are no events."""

    @property
    def in_flight(self) -> int:
        return len(self.responses)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._session.attach(self)

    def log_in(self) -> asyncio.Future[AmiMessage]:
        """Let panoramisk send the login, as it does on a new connection."""
        connected = asyncio.get_running_loop().create_future()
        connected.set_result((self.transport, self))
        self._manager.connection_made(connected)
        self._manager.pinger.cancel()
        login: asyncio.Future[AmiMessage] = self._manager.authenticated_future
        return login

    def data_received(self, data: bytes) -> None:
        session, parser, counters = self._session, self._parser, self._counters
        counters.bytes_received += len(data)
        skipped = parser.skipped
        try:
            messages = parser.feed(data)
        except GreetingError as error:
            text = f"{session.where} is not Asterisk's manager: {error}. Is it the right port?"
            session.end(DownKind.NOT_AMI, text)
            return
        counters.events_skipped += parser.skipped - skipped
        if parser.greeting is not None:
            session.take_greeting(parser.greeting)
        for fault in parser.take_faults():
            self._fault(fault)
        for message in messages:
            if session.ended.done():
                return
            if not call_guarded(counters, self.handle_message, message):
                session.report(f"handler failed on event {first(message, 'Event')}")

    def _fault(self, text: str) -> None:
        self._counters.faults += 1
        self._session.report(f"malformed: {text}")

    def handle_message(self, message: AmiMessage) -> None:
        """Bring one message to where it belongs."""
        action_id = message.get("ActionID")
        if "Event" not in message:
            self._take_answer(message, action_id)
        elif not isinstance(action_id, str) or not self._take_row(message, action_id):
            self._session.take_event(message)

    def _take_answer(self, message: AmiMessage, action_id: object) -> None:
        if "Response" not in message:
            self._fault("message skipped: it is neither an event nor an answer")
            return
        self._counters.responses += 1
        pending = self.responses.get(action_id) if isinstance(action_id, str) else None
        if pending is None or pending.future.done():  # given up, by deadline or by its caller
            self._counters.responses_late += 1
        elif pending.rows_max is None:
            self._settle(pending, message)
        elif is_refusal(message):
            self._settle(pending, ActionError(pending.title, message))
        elif not _begins_list(message):
            self._settle(pending, pending.rows)

    def _take_row(self, message: AmiMessage, action_id: str) -> bool:
        """Take an event that is a row of a list; OriginateResponse, say, is none."""
        pending = self.responses.get(action_id)
        if pending is None or pending.rows_max is None:
            if action_id not in self._abandoned:
                return False
            if _ends_list(message):
                del self._abandoned[action_id]
        elif _ends_list(message):
            self._settle(pending, pending.rows)
        elif len(pending.rows) < pending.rows_max:
            pending.rows.append(message)
        else:
            self._abandon(pending)
            text = f"{pending.title} has more than {pending.rows_max} rows"
            self._settle(pending, ListTooLong(text))
        return True

    def start(
        self, headers: ActionHeaders, *, rows_max: int | None, timeout_s: float
    ) -> asyncio.Future[Any]:
        """Write an action now. Raises InvalidActionError before anything is written."""
        pending = _Pending(headers, rows_max=rows_max)
        future: asyncio.Future[Any] = self._manager.send_action(pending)
        loop = asyncio.get_running_loop()
        pending.deadline = loop.call_later(timeout_s, self._expire, pending, timeout_s)
        return future

    def send(self, data: Any, as_list: bool | None = None) -> asyncio.Future[Any]:
        """Write what panoramisk's manager sends, by our encoding."""
        pending = data if isinstance(data, _Pending) else _Pending(data)
        if pending.id in self.responses:
            raise InvalidActionError(f"ActionID {pending.id!r} is in flight already")
        assert self.transport is not None
        self.responses[pending.id] = pending
        pending.future.add_done_callback(lambda future: self._clear_up(pending, future))
        self.transport.write(pending.encoded)
        self._counters.actions += 1
        future: asyncio.Future[Any] = pending.future
        return future

    def fail_pending(self, why: str) -> None:
        """Fail everything unanswered, where panoramisk would keep it and send it again."""
        for pending in list(self.responses.values()):
            self._counters.unanswered += 1
            text = f"{pending.title}: outcome unknown, no answer before the end: {why}"
            self._settle(pending, OutcomeUnknown(text))

    def _expire(self, pending: _Pending, seconds: float) -> None:
        self._counters.unanswered += 1
        self._abandon(pending)
        text = f"{pending.title}: no answer within {seconds:g} s from {self._session.where}"
        self._settle(pending, ActionTimedOut(text))

    def _settle(self, pending: _Pending, outcome: object) -> None:
        self.responses.pop(pending.id, None)
        if pending.future.done():  # its caller has cancelled it
            return
        if isinstance(outcome, Exception):
            pending.future.set_exception(outcome)
        else:
            pending.future.set_result(outcome)

    def _abandon(self, pending: _Pending) -> None:
        """Remember a list whose rows may still come."""
        if pending.rows_max is not None:
            self._abandoned[pending.id] = None
            if len(self._abandoned) > ABANDONED_LISTS_MAX:
                del self._abandoned[next(iter(self._abandoned))]

    def _clear_up(self, pending: _Pending, future: asyncio.Future[Any]) -> None:
        if pending.deadline is not None:
            pending.deadline.cancel()
        if not future.cancelled():
            future.exception()  # nobody has to look at it: failures are counted here
        elif self.responses.pop(pending.id, None) is not None:
            self._abandon(pending)

    def connection_lost(self, exc: Exception | None) -> None:
        self._session.lose(exc)

    def close(self) -> None:
        """Do nothing: panoramisk's manager calls it, but AmiSession ends the connection."""


def _begins_list(answer: AmiMessage) -> bool:
    listed = first(answer, "EventList").lower() == "start"
    return listed or "will follow" in first(answer, "Message")


def _ends_list(event: AmiMessage) -> bool:
    listed = first(event, "EventList").lower() in ("complete", "cancelled")
    return listed or first(event, "Event").endswith("Complete")


def connector(
    wanted: Collection[str] | None = None,
) -> Callable[[AmiSession], Awaitable[Exchange]]:
    """Return what makes the TCP connection of a session."""

    async def connect(session: AmiSession) -> Exchange:
        _, exchange = await asyncio.get_running_loop().create_connection(
            lambda: PanoramiskExchange(session, wanted), session.account.host, session.account.port
        )
        return exchange

    return connect


@asynccontextmanager
async def logged_in(
    account: Account, *, timings: Timings | None = None
) -> AsyncIterator[AmiSession]:
    """Log in once, without events, for a few actions; log off and close at the end.

    For the fence and for checks of an installation. Raises LinkFailed as AmiSession.open does.
    """
    session = AmiSession(account, on_event=lambda _: None, events=False, timings=timings)
    try:
        await session.open(connector())
        yield session
        with suppress(AmiError):  # the PBX may close before it has answered
            await session.action({"Action": "Logoff"})
    finally:
        await session.close()


class AmiConnection:
    """The lasting link to one PBX: connects, stays, and comes back until it is closed.

    Callbacks are plain functions, called on the loop, in the order of what came; none may block,
    and their exceptions are reported and end there:

    * `on_up(LinkUp)`: usable from now on; before any event of this session.
    * `on_message(dict)`: every event, in order. Rows of a list and answers are not among them.
    * `on_down(LinkDown)`: a session ended (`was_up`), or an attempt failed. Unanswered actions have
      failed as OutcomeUnknown before it.

    `before_login` is awaited between greeting and login, each time: the fence.
    """

    def __init__(
        self,
        name: str,
        host: str,
        port: int,
        user: str,
        secret: str,
        *,
        on_message: MessageHandler,
        on_up: Callable[[LinkUp], object],
        on_down: Callable[[LinkDown], object],
        on_fault: FaultHandler | None = None,
        before_login: Callable[[], Awaitable[object]] | None = None,
        secret_source: str = "the config file",
        wanted: Collection[str] | None = None,
        timings: Timings | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self.account = Account(name, host, port, user, secret, secret_source)
        self.counters = Counters()
        self._closed_text = f"link to {self.account.where} closed by this service"
        self._on_message = on_message
        self._on_up = on_up
        self._on_down = on_down
        self._on_fault = on_fault
        self._before_login = before_login
        self._wanted = wanted
        self._timings = timings or Timings()
        self._jitter = jitter
        self._session: AmiSession | None = None
        self._sessions = 0
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self._paused = False

    @property
    def is_up(self) -> bool:
        """Whether actions may be sent now."""
        return self._session is not None and self._session.is_usable

    async def run(self) -> None:
        """Keep the link until `close`. To be run in a TaskGroup of the owner, once."""
        if self._task is not None:
            raise RuntimeError(f"the link to {self.account.where} is running already")
        if self._closed:
            return
        async with asyncio.TaskGroup() as group:
            self._task = group.create_task(self._keep(), name=f"ami {self.name}")

    def close(self) -> None:
        """Close for good, in whatever state it is: no event comes any more, `run` returns."""
        self._closed = True
        if self._session is not None:
            self._session.end(DownKind.CLOSED, self._closed_text)
        if self._task is not None:
            self._task.cancel()

    async def _keep(self) -> None:
        attempt = 0
        while True:
            session = self._session = AmiSession(
                self.account,
                on_event=self._on_message,
                on_ready=self._came_up,
                on_fault=self._on_fault,
                timings=self._timings,
                counters=self.counters,
            )
            try:
                kind, text = await self._live(session)
                await session.close()
            except asyncio.CancelledError:
                await self._leave(session)
                raise
            was_up = session.ready.done()
            attempt = 1 if was_up else attempt + 1
            self.counters.failed_attempts += not was_up
            delay_s = retry_delay_s(attempt, self._jitter(), self._timings)
            if kind is DownKind.LOGIN_REFUSED:
                delay_s = max(delay_s, self._timings.retry_refused_s)
            self._tell_down(kind, text, was_up=was_up, retry_in_s=delay_s)
            await asyncio.sleep(delay_s)

    async def _live(self, session: AmiSession) -> tuple[DownKind, str]:
        try:
            await session.open(connector(self._wanted), self._before_login)
        except LinkFailed as failed:
            return failed.kind, str(failed)
        return await session.stay()

    async def _leave(self, session: AmiSession) -> None:
        """End for good; whoever was told that the link is up is told that it is down."""
        session.end(DownKind.CLOSED, self._closed_text)
        try:
            await session.close()
        finally:
            if session.ready.done():
                text = self._closed_text
                self._tell_down(DownKind.CLOSED, text, was_up=True, retry_in_s=None)

    def _came_up(self) -> None:
        session = self._session
        assert session is not None
        self._sessions += 1
        self.counters.reconnects = self._sessions - 1
        if self._paused:
            session.pause_reading()
        up = LinkUp(self.name, session.greeted.result(), self._sessions)
        call_guarded(self.counters, self._on_up, up)

    def _tell_down(
        self, kind: DownKind, text: str, *, was_up: bool, retry_in_s: float | None
    ) -> None:
        down = LinkDown(self.name, kind, text, was_up, retry_in_s)
        call_guarded(self.counters, self._on_down, down)

    def start_action(
        self, headers: ActionHeaders, *, timeout_s: float | None = None
    ) -> asyncio.Future[AmiMessage]:
        """Write an action now, in call order, and return the future of its answer.

        Raises NotSent (NotConnected, LinkBusy) or InvalidActionError: then nothing was written.
        The future raises OutcomeUnknown: then it was written, and is never sent again. An answer
        that refuses is a result: see `wire.is_refusal`.
        """
        return self._up(headers).start_action(headers, timeout_s=timeout_s)

    async def action(self, headers: ActionHeaders, *, timeout_s: float | None = None) -> AmiMessage:
        """Send an action, return its answer. Raises as `start_action`, and ActionError."""
        return await self._up(headers).action(headers, timeout_s=timeout_s)

    async def list_action(
        self,
        headers: ActionHeaders,
        *,
        timeout_s: float | None = None,
        rows_max: int = LIST_ROWS_MAX,
    ) -> list[AmiMessage]:
        """Send an action answered by a list; return its rows. Raises also ListTooLong."""
        return await self._up(headers).list_action(headers, timeout_s=timeout_s, rows_max=rows_max)

    def _up(self, headers: ActionHeaders) -> AmiSession:
        if self._session is None or not self._session.is_usable:
            title = headers.get("Action", "action")
            raise NotConnected(f"{title} not sent: no link to {self.account.where} now")
        return self._session

    def pause_reading(self) -> None:
        """Take in nothing until `resume_reading`, answers included, also over a reconnect.

        What one read has brought (up to 256 KiB) is still delivered. A pause longer than
        `Timings.pause_s` ends the session as OVERLOADED.
        """
        self._paused = True
        if self._session is not None:
            self._session.pause_reading()

    def resume_reading(self) -> None:
        """Go on taking in events."""
        self._paused = False
        if self._session is not None:
            self._session.resume_reading()


def stock_parser(on_event: Callable[[Any], object]) -> Callable[[bytes], None]:
    """Return panoramisk's own parsing and dispatch, unchanged, to be measured against ours."""
    manager = Manager()
    manager.register_event("*", lambda _, event: on_event(event))
    protocol = AMIProtocol()
    protocol.connection_made(None)
    protocol.factory = manager
    protocol.encoding = "utf-8"
    feed: Callable[[bytes], None] = protocol.data_received
    return feed
