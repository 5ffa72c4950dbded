"""A relay between the gateway and a PBX: writes down every AMI message, and can add actions.

It knows no more of AMI than where a message ends. The actions it adds go over the leader's own
session, of which there may be only one; their answers come back here and not to the gateway.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NamedTuple, Self

HOST: Final = "127.0.0.1"
ANSWER_LIMIT_S: Final = 10.0
"""Seconds for an answer: a refused login comes after one, all others after a millisecond."""

ADDED: Final = "added-"
"""ActionIDs of added actions begin so."""

PEEKED: Final = "peeked-"
"""ActionIDs of added actions that are not written down."""

FLUSH: Final = "nobody"
"""Actions on this channel, which there never is, are not written down."""

_END: Final = b"\r\n\r\n"
_CHUNK_BYTES: Final = 65_536

Message = list[tuple[str, str]]
"""One AMI message: headers in order, names may repeat."""


class Record(NamedTuple):
    """One message that passed."""

    sent: bool
    """Whether it went to the PBX (an action) or came from it."""
    message: Message

    @property
    def kind(self) -> str:
        """The name of its first header: Action, Response or Event."""
        return self.message[0][0]

    @property
    def name(self) -> str:
        """The value of its first header, e.g. the event's name."""
        return self.message[0][1]

    def get(self, header: str) -> str:
        """The first header of this name; empty when it is missing."""
        return get(self.message, header)


def get(message: Message, header: str) -> str:
    """The first header of this name; empty when it is missing."""
    return next((value for key, value in message if key == header), "")


class Recorder:
    """The relay. ``async with Recorder(port) as recorder:`` listens on ``recorder.port``."""

    def __init__(self, target_port: int) -> None:
        self.port = 0
        self.records: list[Record] = []
        """Everything that passed, in order, all sessions one after the other."""
        self.on_record: Callable[[], None] = lambda: None
        self._target = target_port
        self._server: asyncio.Server | None = None
        self._tasks: dict[asyncio.Task[None], None] = {}
        self._ids = itertools.count(1)
        self._answers: dict[str, asyncio.Future[list[Message]]] = {}
        self._rows: dict[str, list[Message]] = {}
        self._pbx: asyncio.StreamWriter | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, HOST, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- actions of our own -------------------------------------------------------------------

    async def act(self, action: str, **headers: str) -> Message:
        """Send an action over the leader's session; its answer."""
        return (await self._ask(ADDED, action, headers))[0]

    async def list_rows(self, action: str, **headers: str) -> list[Message]:
        """Send an action that answers with a list; its rows."""
        return (await self._ask(ADDED, action, headers))[1:-1]

    async def peek(self, action: str, **headers: str) -> list[Message]:
        """The same, but no part of the scenario: for waiting until something is so."""
        return (await self._ask(PEEKED, action, headers))[1:-1]

    async def _ask(self, kind: str, action: str, headers: dict[str, str]) -> list[Message]:
        assert self._pbx is not None, "nobody is connected"
        action_id = f"{kind}{next(self._ids)}"
        answer: asyncio.Future[list[Message]] = asyncio.get_running_loop().create_future()
        self._answers[action_id] = answer
        message = [("Action", action), ("ActionID", action_id), *headers.items()]
        self._note(sent=True, message=message)
        self._pbx.write("".join(f"{key}: {value}\r\n" for key, value in message).encode() + b"\r\n")
        async with asyncio.timeout(ANSWER_LIMIT_S):
            await answer
        return answer.result()

    def _take_answer(self, message: Message) -> bool:
        """Whether this belongs to an action of our own, and so is not for the gateway."""
        action_id = get(message, "ActionID")
        if action_id not in self._answers or get(message, "Event") == "OriginateResponse":
            return False
        rows = self._rows.setdefault(action_id, [])
        rows.append(message)
        begins_list = get(rows[0], "EventList") == "start"
        if not begins_list or get(message, "EventList") == "Complete":
            self._answers.pop(action_id).set_result(self._rows.pop(action_id))
        return True

    # --- relaying -----------------------------------------------------------------------------

    def _note(self, *, sent: bool, message: Message) -> None:
        if get(message, "ActionID").startswith(PEEKED) or get(message, "Channel") == FLUSH:
            return
        self.records.append(Record(sent, message))
        self.on_record()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._relay(reader, writer))
        self._tasks[task] = None
        task.add_done_callback(lambda _: self._tasks.pop(task))

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pbx_reader, pbx_writer = await asyncio.open_connection(HOST, self._target)
        self._pbx = pbx_writer
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump_actions(reader, pbx_writer))
                group.create_task(self._pump_messages(pbx_reader, writer))
        finally:
            for end in (writer, pbx_writer):
                end.transport.abort()

    async def _pump_actions(self, reader: asyncio.StreamReader, pbx: asyncio.StreamWriter) -> None:
        """From the gateway to the PBX, whole actions at a time."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                block = await reader.readuntil(_END)
                self._note(sent=True, message=_parse(block))
                pbx.write(block)
        pbx.close()

    async def _pump_messages(self, pbx: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """From the PBX to the gateway, as soon as it comes."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            writer.write(await pbx.readline())  # the greeting
            while True:
                block = await pbx.readuntil(_END)
                message = _parse(block)
                if message:
                    self._note(sent=False, message=message)
                if not self._take_answer(message):
                    writer.write(block)
        writer.close()


def _parse(block: bytes) -> Message:
    lines = block.decode("utf-8", "replace").strip("\r\n").split("\r\n")
    parted = (line.partition(":") for line in lines if line)
    return [(key, value.removeprefix(" ")) for key, _, value in parted]
