"""One TCP session with a PBX: opening it step by step, watching it, ending it for a reason.

What carries bytes, actions and answers is an `Exchange`, which `connection` builds on panoramisk.
A session is used once: after its end everything unanswered has failed, and a new one begins clean.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from callcenter.pbx.ami.errors import (
    ActionError,
    AmiError,
    DownKind,
    LinkBusy,
    LinkFailed,
    LoginRefused,
    NotConnected,
    OutcomeUnknown,
)
from callcenter.pbx.ami.link import (
    LIST_ROWS_MAX,
    PENDING_ACTIONS_MAX,
    WRITE_BUFFER_BYTES_MAX,
    Account,
    Counters,
    FaultHandler,
    Timings,
)
from callcenter.pbx.ami.wire import ActionHeaders, AmiMessage, first, is_refusal

logger = logging.getLogger(__name__)

MessageHandler = Callable[[AmiMessage], object]


class Exchange(Protocol):
    """Carries actions to a PBX and brings back answers and events."""

    transport: asyncio.Transport | None

    def log_in(self) -> asyncio.Future[AmiMessage]:
        """Write the login; the future is its answer."""

    def start(
        self, headers: ActionHeaders, *, rows_max: int | None, timeout_s: float
    ) -> asyncio.Future[Any]:
        """Write an action; the future is its answer, or a list's rows if `rows_max` is given."""

    def fail_pending(self, why: str) -> None:
        """Fail what is unanswered as OutcomeUnknown."""

    @property
    def in_flight(self) -> int:
        """Actions without an answer yet."""


class AmiSession:
    """One TCP session with a PBX, from connecting to its end. Not used again afterwards.

    `on_event` gets every event of a usable session, in order; `on_ready` is called once, before the
    first of them, when the login is accepted and (with `events`) Asterisk has said FullyBooted.
    """

    def __init__(
        self,
        account: Account,
        *,
        on_event: MessageHandler,
        on_ready: Callable[[], object] = lambda: None,
        on_fault: FaultHandler | None = None,
        events: bool = True,
        timings: Timings | None = None,
        counters: Counters | None = None,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.account = account
        self.events = events
        self.where = account.where
        self.timings = timings or Timings()
        self.counters = counters or Counters()
        self.greeted: asyncio.Future[str] = loop.create_future()
        """The peer's first line."""
        self.ready: asyncio.Future[None] = loop.create_future()
        """Done when actions may be sent."""
        self.ended: asyncio.Future[tuple[DownKind, str]] = loop.create_future()
        """Why the session ended."""
        self._gone: asyncio.Future[None] = loop.create_future()
        self._login: asyncio.Future[AmiMessage] | None = None
        self._loop = loop
        self._on_event = on_event
        self._on_ready = on_ready
        self._on_fault = on_fault or logger.warning
        self._shutdown_limit: asyncio.TimerHandle | None = None
        """Set once Asterisk has said that it shuts down."""
        self._pauses = 0
        self._pause_limit: asyncio.TimerHandle | None = None
        self._exchange: Exchange | None = None

    @property
    def is_usable(self) -> bool:
        """Whether actions may be written now."""
        return self.ready.done() and not self.ended.done()

    async def open(
        self,
        connect: Callable[[AmiSession], Awaitable[Exchange]],
        before_login: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        """Connect, check the greeting, fence, log in, wait for FullyBooted.

        Raises LinkFailed, or LoginRefused, which say what, where and how to mend it. The secret is
        only written to a peer that has greeted as Asterisk does.
        """
        exchange = await self._connect(connect)
        await self._reached(
            self.greeted,
            self.timings.greeting_s,
            DownKind.SILENT_PEER,
            "accepts connections but says nothing, where Asterisk greets at once. Is this the AMI "
            "port (manager.conf, 'port'), and does Asterisk hang?",
        )
        if before_login is not None:
            await self._fence(before_login)
        await self._log_in(exchange)
        if not self.events:
            self._become_ready()
        await self._reached(
            self.ready,
            self.timings.booted_s,
            DownKind.NOT_BOOTED,
            f"took the login of {self.account.user!r} but has not said FullyBooted. Is it still "
            "loading, or does the account lack 'read = system'?",
        )

    async def _connect(self, connect: Callable[[AmiSession], Awaitable[Exchange]]) -> Exchange:
        mend = (
            "Is Asterisk running there, and does manager.conf have 'enabled = yes', this port and "
            "a 'bindaddr' that this host reaches?"
        )
        try:
            async with asyncio.timeout(self.timings.connect_s):
                return await connect(self)
        except TimeoutError as error:
            text = f"{self.where} does not answer within {self.timings.connect_s:g} s. {mend}"
            raise LinkFailed(DownKind.UNREACHABLE, text) from error
        except (OSError, UnicodeError) as error:  # UnicodeError: a host name no resolver takes
            text = f"{self.where} cannot be reached: {_reason(error)}. {mend}"
            raise LinkFailed(DownKind.UNREACHABLE, text) from error

    async def _fence(self, before_login: Callable[[], Awaitable[object]]) -> None:
        prefix = f"{self.where}: no login as {self.account.user!r}, since its earlier session"
        try:
            async with asyncio.timeout(self.timings.fence_s):
                await before_login()
        except TimeoutError as error:
            text = f"{prefix} could not be ended within {self.timings.fence_s:g} s"
            raise LinkFailed(DownKind.FENCE_FAILED, text) from error
        except AmiError as error:
            text = f"{prefix} may still give orders: {error}"
            raise LinkFailed(DownKind.FENCE_FAILED, text) from error

    async def _log_in(self, exchange: Exchange) -> None:
        if self.ended.done():
            raise LinkFailed(*self._early_end())
        account = self.account
        self._login = exchange.log_in()
        answer: AmiMessage = await self._reached(
            self._login,
            self.timings.login_s,
            DownKind.LOGIN_TIMEOUT,
            f"greets as Asterisk but does not answer the login of {account.user!r}",
        )
        if not is_refusal(answer):
            return
        said = first(answer, "Message") or "no reason given"
        if "already in use" in said.lower():
            text = (
                f"{self.where}: {account.user!r} is logged in already and may be only once "
                "(allowmultiplelogin=no). Another instance of this service holds the session, or "
                "an old one has not ended: 'manager show connected' names it, "
                "'manager kick session FD' ends it"
            )
            raise LoginRefused(DownKind.LOGIN_IN_USE, text)
        text = (
            f"{self.where} refuses the login of {account.user!r} ({said}). Compare the secret in "
            f"{account.secret_source} with section [{account.user}] of manager.conf, see whether "
            "its 'permit' and 'deny' let this host in, then run 'manager reload' in Asterisk"
        )
        raise LoginRefused(DownKind.LOGIN_REFUSED, text)

    async def _reached(
        self, step: asyncio.Future[Any], within_s: float, kind: DownKind, otherwise: str
    ) -> Any:
        """Wait for a step of the opening; raise LinkFailed if time or the session ends first."""
        await asyncio.wait({step, self.ended}, timeout=within_s, return_when="FIRST_COMPLETED")
        if step.done() and step.exception() is None:
            return step.result()
        if self.ended.done():
            raise LinkFailed(*self._early_end())
        raise LinkFailed(kind, f"{self.where} {otherwise} (waited {within_s:g} s)")

    def _early_end(self) -> tuple[DownKind, str]:
        kind, text = self.ended.result()
        if kind is not DownKind.LOST:
            return kind, text
        how = "Is the number of open logins limited ('authlimit' in manager.conf)?"
        return DownKind.CLOSED_EARLY, f"{text}, before the login was through. {how}"

    def attach(self, exchange: Exchange) -> None:
        """Take note that there is a connection."""
        self._exchange = exchange

    def take_greeting(self, line: str) -> None:
        """Take note of the peer's first line."""
        if not self.greeted.done():
            self.greeted.set_result(line)

    def take_event(self, message: AmiMessage) -> None:
        """Handle what concerns the link, and pass the event on once the session is usable."""
        name = message["Event"]
        if name == "FullyBooted" and self._login is not None and self._login.done():
            self._become_ready()
        elif name == "Shutdown" and self._shutdown_limit is None:
            self._shutdown_limit = self._loop.call_later(self.timings.shutdown_s, self._shut_down)
        if self.ready.done():
            self.counters.events += 1
            self._on_event(message)

    def _become_ready(self) -> None:
        if not self.ready.done():
            self.ready.set_result(None)
            self._on_ready()

    def start_action(
        self, headers: ActionHeaders, *, timeout_s: float | None = None
    ) -> asyncio.Future[AmiMessage]:
        """Write an action now, in call order, and return the future of its answer.

        What this raises means that nothing was written: InvalidActionError, NotConnected or
        LinkBusy. What the future raises means that it was: OutcomeUnknown (also ActionTimedOut).
        An answer that refuses is a result here: see `is_refusal`.
        """
        return self._write(headers, None, self.timings.action_s if timeout_s is None else timeout_s)

    async def action(self, headers: ActionHeaders, *, timeout_s: float | None = None) -> AmiMessage:
        """Send an action and return its answer. Raises ActionError if that is a refusal."""
        answer = await self.start_action(headers, timeout_s=timeout_s)
        if is_refusal(answer):
            raise ActionError(str(headers["Action"]), answer)
        return answer

    async def list_action(
        self,
        headers: ActionHeaders,
        *,
        timeout_s: float | None = None,
        rows_max: int = LIST_ROWS_MAX,
    ) -> list[AmiMessage]:
        """Send an action that answers with a list; return its rows.

        Raises as `action` does, and ListTooLong.
        """
        deadline_s = self.timings.list_s if timeout_s is None else timeout_s
        rows: list[AmiMessage] = await self._write(headers, rows_max, deadline_s)
        return rows

    def _write(
        self, headers: ActionHeaders, rows_max: int | None, timeout_s: float
    ) -> asyncio.Future[Any]:
        exchange = self._exchange
        transport = None if exchange is None else exchange.transport
        title = headers.get("Action", "action")
        if exchange is None or transport is None or transport.is_closing() or not self.is_usable:
            raise NotConnected(f"{title} not sent: no session with {self.where}")
        if exchange.in_flight >= PENDING_ACTIONS_MAX:
            text = f"{PENDING_ACTIONS_MAX} actions are unanswered by {self.where}"
            raise LinkBusy(f"{title} not sent: {text}")
        if transport.get_write_buffer_size() > WRITE_BUFFER_BYTES_MAX:
            raise LinkBusy(f"{title} not sent: {self.where} does not read what is sent")
        return exchange.start(headers, rows_max=rows_max, timeout_s=timeout_s)

    async def stay(self) -> tuple[DownKind, str]:
        """Ping until the session has ended; return why it has."""
        while not self.ended.done():
            await asyncio.wait({self.ended}, timeout=self.timings.ping_every_s)
            # While paused an answer could not be seen, and an Asterisk that shuts down refuses all
            # actions, loudly, for half a second: both have a limit of their own.
            if not (self.ended.done() or self._pause_limit or self._shutdown_limit):
                await self._ping()
        return self.ended.result()

    async def _ping(self) -> None:
        pauses = self._pauses
        try:
            await self.action({"Action": "Ping"}, timeout_s=self.timings.ping_s)
        except (OutcomeUnknown, LinkBusy):
            if pauses == self._pauses:
                text = f"{self.where} has not answered a ping within {self.timings.ping_s:g} s"
                self.end(DownKind.PING_TIMEOUT, f"{text}: the network is cut, or Asterisk hangs")
        except AmiError as error:
            logger.debug("ping answered, unusually: %s", error)  # any answer is a sign of life

    def pause_reading(self) -> None:
        """Stop taking in bytes. What one read has brought (up to 256 KiB) is still delivered."""
        transport = None if self._exchange is None else self._exchange.transport
        if self._pause_limit is None and self.is_usable and transport is not None:
            self._pauses += 1
            transport.pause_reading()
            self._pause_limit = self._loop.call_later(self.timings.pause_s, self._overloaded)

    def resume_reading(self) -> None:
        """Go on reading."""
        if self._pause_limit is None:
            return
        self._pause_limit.cancel()
        self._pause_limit = None
        transport = None if self._exchange is None else self._exchange.transport
        if transport is not None and not transport.is_closing():
            transport.resume_reading()

    def _overloaded(self) -> None:
        text = f"{self.where}: events were not taken in for {self.timings.pause_s:g} s, so the "
        self.end(DownKind.OVERLOADED, text + "link is made anew and the PBX's state read again")

    def report(self, fault: str) -> None:
        """Tell of something malformed or failed; whoever listens cannot fail the link by it."""
        call_guarded(self.counters, self._on_fault, f"{self.where}: {fault}")

    def lose(self, error: Exception | None) -> None:
        """Take note that the transport is gone."""
        self._gone.set_result(None)
        if self._shutdown_limit is not None:
            self._shut_down()
        else:
            how = "closed by the peer" if error is None else _reason(error)
            self.end(DownKind.LOST, f"connection with {self.where} lost: {how}")

    def _shut_down(self) -> None:
        self.end(DownKind.PBX_STOPPED, f"{self.where}: Asterisk was shut down or restarted")

    def end(self, kind: DownKind, text: str) -> None:
        """End the session now: nothing is sent or delivered any more. The first reason counts."""
        if self.ended.done():
            return
        self.ended.set_result((kind, text))
        for limit in (self._pause_limit, self._shutdown_limit):
            if limit is not None:
                limit.cancel()
        if self._exchange is None:
            return
        self._exchange.fail_pending(text)
        transport = self._exchange.transport
        if transport is None or transport.is_closing():
            return
        if kind is DownKind.CLOSED and transport.get_write_buffer_size() == 0:
            transport.close()
        else:
            transport.abort()  # close() would wait for a peer that may never read again

    async def close(self) -> None:
        """End the session if it has not ended, and wait until its socket is gone."""
        self.end(DownKind.CLOSED, f"session with {self.where} closed by this service")
        if self._exchange is not None:
            await asyncio.wait({self._gone}, timeout=self.timings.farewell_s)


def call_guarded(counters: Counters, handler: Callable[..., object], *arguments: object) -> bool:
    """Call a handler; its exception is logged, counted and ends here. Tell whether all is well."""
    try:
        handler(*arguments)
        return True
    except Exception:
        counters.handler_errors += 1
        logger.exception("a handler of the PBX link failed")
        return False


def _reason(error: BaseException) -> str:
    """Say what went wrong in the system's words; asyncio's own repeat the address."""
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return str(error) or type(error).__name__
