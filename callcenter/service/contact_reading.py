"""Reads a file of contacts in a process of its own (``callcenter.jobs.read_contacts``): neither a
million rows nor a file made to do harm hold up calls.

The order goes to its standard input; rows, judged one by one, come back in frames. It is killed
when nobody waits for it any more, and when it is silent for long.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import structlog
from msgspec import Struct

from callcenter.documents.contacts_csv import ContactReading, ContactRow
from callcenter.documents.csv_rows import CannotRead
from callcenter.documents.rejects import Reject
from callcenter.service import processes

COMMAND = (sys.executable, "-m", "callcenter.jobs.read_contacts")
SILENCE_DEADLINE_S = 120.0
"""A workbook of a million rows has its texts read first: half a minute on a busy machine."""
FRAME_BYTES_MAX = 64_000_000
"""A hundred rows as long as rows can be, as they stand and as they are understood."""

_LOG = structlog.get_logger("callcenter.contact_reading")


class Order(Struct, frozen=True):
    """What the process is told."""

    path: str
    reading: ContactReading


class Head(Struct, frozen=True):
    """What the columns are, and what they are taken as."""

    header: tuple[str, ...]
    taken_as: tuple[str, ...]


class Rows(Struct, frozen=True, array_like=True):
    """Some rows, one after the other in the file."""

    taken: list[ContactRow]
    refused: list[Reject]
    share: float
    """Of the file, behind them."""


class Frame(Struct, frozen=True, omit_defaults=True):
    """What the process says: one of these."""

    head: Head | None = None
    rows: Rows | None = None
    examples: list[tuple[str, ...]] = []
    is_last: bool = False
    failed: str = ""
    """Why the file cannot be used."""


class ContactsProcess:
    """A file of contacts, read elsewhere: use with ``async with`` and iterate once.

    ``command`` is what is run.
    """

    def __init__(
        self, path: Path, reading: ContactReading, *, command: Sequence[str] = COMMAND
    ) -> None:
        self._path = path
        self._reading = reading
        self._command = tuple(command)
        self._decoder = msgspec.msgpack.Decoder(Frame)
        self.share = 0.0
        """How much of the file has been read, 0.0 to 1.0."""
        self.examples: Sequence[tuple[str, ...]] = ()
        """The first rows as they stand in the file; known when all is read."""

    async def __aenter__(self) -> Self:
        """Start the process and wait for the header. Raises ``CannotRead``."""
        try:
            # Of a session of its own: Ctrl-C at a terminal is for us, and we end it.
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdin=PIPE, stdout=PIPE, stderr=PIPE, start_new_session=True
            )
        except OSError as error:
            raise CannotRead(f"The process that reads files cannot be started: {error}.") from error
        self._errors = asyncio.create_task(processes.read_tail(self._process.stderr))
        try:
            await self._send()
            head = (await self._next()).head
            if head is None:
                raise self._not_understood("no header came first")
        except BaseException:
            await self._end()
            raise
        self.header, self.taken_as = head.header, head.taken_as
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the process."""
        await self._end()

    async def __aiter__(self) -> AsyncIterator[list[ContactRow | Reject]]:
        """The rows in order, some at a time. Raises ``CannotRead`` where the file stops being
        readable."""
        while True:
            frame = await self._next()
            if frame.is_last:
                self.share, self.examples = 1.0, frame.examples
                return
            if frame.rows is None:
                raise self._not_understood("a frame holds nothing")
            self.share = frame.rows.share
            rows: list[ContactRow | Reject] = [*frame.rows.taken, *frame.rows.refused]
            rows.sort(key=lambda row: row.row)
            yield rows

    async def _send(self) -> None:
        assert self._process.stdin is not None
        order = Order(str(self._path), self._reading)
        with suppress(ConnectionError):  # it died at once: its end tells
            self._process.stdin.write(msgspec.msgpack.encode(order))
            await self._process.stdin.drain()
        self._process.stdin.close()

    async def _next(self) -> Frame:
        """What it says next. Raises ``CannotRead``."""
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(SILENCE_DEADLINE_S):
                length = int.from_bytes(await self._process.stdout.readexactly(4), "big")
                if length > FRAME_BYTES_MAX:
                    raise self._not_understood(f"a frame has {length} bytes")
                frame = self._decoder.decode(await self._process.stdout.readexactly(length))
        except asyncio.IncompleteReadError:
            raise await self._died() from None
        except TimeoutError:
            raise CannotRead(
                f"Reading {self._path} stood still for {SILENCE_DEADLINE_S:.0f} s and was ended. "
                "Nothing was taken over: try again, or split the file."
            ) from None
        except msgspec.MsgspecError as error:
            raise self._not_understood(str(error)) from error
        if frame.failed:
            raise CannotRead(frame.failed)
        return frame

    async def _died(self) -> CannotRead:
        status = await self._process.wait()
        _LOG.error("contact_reading_died", status=status, said=await self._errors)
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        return CannotRead(
            f"The process that read {self._path} {how}: the log says more. Nothing was taken over:"
            " try again, or split the file."
        )

    def _not_understood(self, why: str) -> CannotRead:
        _LOG.error("contact_reading_not_understood", why=why)
        return CannotRead(
            f"The process that read {self._path} said something that cannot be understood, and was"
            " ended. Nothing was taken over."
        )

    async def _end(self) -> None:
        await processes.end(self._process, self._errors)
