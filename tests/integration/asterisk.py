"""What tests on a real Asterisk share: an instance with phones and a trunk, and a bare AMI client.

The client is a plain socket and nothing of the program's own: it shows what Asterisk itself does.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from callcenter.pbx.config import AmiAccount, PbxConfig, Phone, Trunk
from callcenter.simulator.asterisk_instance import (
    LOOPBACK,
    TRUNK_LOOPBACK,
    AsteriskInstance,
    free_port,
    new_config,
)

__all__ = [
    "LOOPBACK",
    "PATIENCE_S",
    "TRUNK_LOOPBACK",
    "AsteriskInstance",
    "BareAmi",
    "free_port",
    "make_config",
    "running",
    "wait_until",
]

PATIENCE_S = 15.0
"""How long a test waits for something that a real Asterisk does within milliseconds."""

Message = dict[str, str]


def make_config(directory: Path, phones_port: int | None = None) -> PbxConfig:
    """A center with phones 1001 to 1004 on this machine, and calls in from TRUNK_LOOPBACK."""
    port = phones_port or free_port()
    phones = tuple(
        Phone(number, contact=f"sip:{number}@{LOOPBACK}:{port}")
        for number in ("1001", "1002", "1003", "1004")
    )
    trunk = Trunk("carrier", TRUNK_LOOPBACK, free_port(), qualify_s=0)
    return replace(new_config(directory), phones=phones, trunks=(trunk,))


@asynccontextmanager
async def running(directory: Path, config: PbxConfig) -> AsyncIterator[AsteriskInstance]:
    """A running instance that has logged neither warning nor error when it is left."""
    async with AsteriskInstance(directory, config, {"welcome": "Welcome."}) as pbx:
        yield pbx
        assert pbx.warnings() == []


async def wait_until(
    is_so: Callable[[], bool | Awaitable[bool]], what: str, patience_s: float = PATIENCE_S
) -> None:
    """Look again and again until something outside of this process is so; fail with `what`."""
    deadline = time.monotonic() + patience_s
    while True:
        answer = is_so()
        if answer if isinstance(answer, bool) else await answer:
            return
        assert time.monotonic() < deadline, f"not so after {patience_s:g} s: {what}"
        await asyncio.sleep(0.02)


class BareAmi:
    """One AMI session over a plain socket. Keeps every event it was sent."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._ids = itertools.count(1)
        self._arrived = asyncio.Event()
        self.events: list[Message] = []
        self.responses: dict[str, Message] = {}
        self.closed = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(LOOPBACK, self._port)
        self.banner = (await self._reader.readline()).decode()
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._writer.close()
        await self._reading

    async def login(self, account: AmiAccount) -> Message:
        """Log in and return the response."""
        return await self.act("Login", Username=account.user, Secret=account.secret)

    async def act(self, action: str, **headers: str) -> Message:
        """Send an action and return its response; a newline in a value repeats the header."""
        action_id = f"t{next(self._ids)}"
        lines = [f"Action: {action}", f"ActionID: {action_id}"]
        for name, value in headers.items():
            lines += [f"{name}: {one}" for one in value.split("\n")]
        self._writer.write("\r\n".join([*lines, "", ""]).encode())
        async with asyncio.timeout(PATIENCE_S):
            while action_id not in self.responses:
                assert not self.closed.is_set(), f"Asterisk closed the session during {action}"
                await self._next()
        return self.responses[action_id]

    async def expect(self, event: str, since: int = 0, **fields: str) -> Message:
        """The first event with these fields, had from number `since` on or to come; or fails."""
        seen = since
        try:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    for message in self.events[seen:]:
                        if message["Event"] == event and fields.items() <= message.items():
                            return message
                    seen = len(self.events)
                    await self._next()
        except TimeoutError:
            names = [message["Event"] for message in self.events]
            raise AssertionError(f"no {event} {fields} among {names}") from None

    async def beat(self, at: int | None = None) -> None:
        """Set the heartbeat to the PBX's time now, or to `at`."""
        now = at if at is not None else int((await self.act("Getvar", Variable="EPOCH"))["Value"])
        assert (await self.act("Setvar", Variable="CC_HEARTBEAT", Value=str(now)))["Response"] == (
            "Success"
        )

    async def _next(self) -> None:
        self._arrived.clear()
        await self._arrived.wait()

    async def _read(self) -> None:
        try:
            while block := await self._reader.readuntil(b"\r\n\r\n"):
                self._take(block.decode("utf-8", "replace"))
                self._arrived.set()
        except (asyncio.IncompleteReadError, ConnectionError):
            self.closed.set()
            self._arrived.set()

    def _take(self, block: str) -> None:
        message: Message = {}
        for line in block.strip().split("\r\n"):
            name, _, value = line.partition(":")
            value = value.strip()
            message[name] = f"{message[name]}\n{value}" if name in message else value
        if "Event" in message:
            self.events.append(message)
        else:
            self.responses[message.get("ActionID", "")] = message
