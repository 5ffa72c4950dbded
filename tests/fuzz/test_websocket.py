"""Whatever a client sends over its WebSocket, it is told what is wrong or closed, and nobody else
notices."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import msgspec
import pytest

from callcenter.api.frames import ClientMessage, Topic
from tests.fuzz.mutation import cut, draw, mutate, spoil
from tests.fuzz.trials import Bound, Trials, inputs
from tests.unit.api.fakes import ACCOUNTS, Center

TURNS = 200
"""Of the loop: what the server does of itself takes ten; then it waits for more."""
TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9
OPCODES = (0, TEXT, TEXT, TEXT, BINARY, CLOSE, PING, 10, 3, 7, 11, 15)
WORDS = (*Topic, "c1", "", "x", "stream-1")
SCHEMA = msgspec.json.schema(ClientMessage)
TOKENS = (
    b"{",
    b"}",
    b"[",
    b'"',
    b"\\ud800",
    b"1e999",
    b"[" * 3_000,
    b'{"a":' * 800,
    b"\x81\xfe\xff\xff",
    b"\x81\xff" + b"\xff" * 8,
    b"\x81\xff" + bytes(8),
    b"\x88\x82",
    b"\x89\xfd",
    b"\x80",
    b"\xc1\x80",
    b"\x01\x80",
)
"""JSON's own; and heads of frames: lengths that lie, control frames that are long, compression that
was not agreed on, a fragment that nothing goes on from."""
MASK = b"\x01\x02\x03\x04"


@dataclass(frozen=True)
class Talk:
    """What a client writes to its socket."""

    account: str
    pieces: tuple[bytes, ...]


def frame(
    payload: bytes, opcode: int = TEXT, *, is_last: bool = True, is_masked: bool = True
) -> bytes:
    """A frame as clients write it (RFC 6455)."""
    head = bytes([opcode | (0x80 if is_last else 0)])
    masked = 0x80 if is_masked else 0
    if len(payload) < 126:
        head += bytes([masked | len(payload)])
    elif len(payload) < 65536:
        head += bytes([masked | 126]) + struct.pack(">H", len(payload))
    else:
        head += bytes([masked | 127]) + struct.pack(">Q", len(payload))
    if not is_masked:
        return head + payload
    return head + MASK + bytes(byte ^ MASK[n % 4] for n, byte in enumerate(payload))


def make(rng: Random) -> Talk:
    """A few messages: wrong as JSON, as frames, or as bytes."""
    wire = b""
    for _ in range(rng.choice((1, 1, 2, 3, 5, 24))):
        message: Any = draw(rng, SCHEMA, WORDS)
        if rng.random() < 0.5:
            message = spoil(rng, message)
        text = json.dumps(message).encode()
        if rng.random() < 0.3:
            text = mutate(rng, text, TOKENS)
        text = text[:5_000]
        if rng.random() < 0.8:
            wire += frame(text)
        else:
            choices = rng.choice(OPCODES), rng.random() < 0.8, rng.random() < 0.8
            wire += frame(text, choices[0], is_last=choices[1], is_masked=choices[2])
    if rng.random() < 0.2:
        wire = mutate(rng, wire, TOKENS)
    return Talk(rng.choice(list(ACCOUNTS)), tuple(cut(rng, wire)))


class Wire(asyncio.Transport):
    """A connection without a network: what the server writes is kept, its closing is told it."""

    def __init__(self, server: Any) -> None:
        super().__init__({"peername": ("127.0.0.1", 40_000)})
        self.heard = bytearray()
        self._protocol = server()
        self._is_closing = False
        self._protocol.connection_made(self)

    def hear(self, data: bytes) -> None:
        """Bytes of the client."""
        if not self._is_closing:
            self._protocol.data_received(data)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """See ``asyncio.Transport``."""
        self.heard += data

    def close(self) -> None:
        """See ``asyncio.Transport``; also how a client goes."""
        if not self._is_closing:
            self._is_closing = True
            asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)

    abort = close

    def is_closing(self) -> bool:
        """See ``asyncio.Transport``."""
        return self._is_closing

    def get_write_buffer_size(self) -> int:
        """See ``asyncio.Transport``: a client who reads all at once."""
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """See ``asyncio.Transport``."""

    def pause_reading(self) -> None:
        """See ``asyncio.Transport``."""

    def resume_reading(self) -> None:
        """See ``asyncio.Transport``."""

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """See ``asyncio.Transport``."""
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        """See ``asyncio.Transport``."""
        return self._protocol  # type: ignore[no-any-return]  # aiohttp's server makes it


async def let_run(is_done: Callable[[], object] = lambda: False) -> bool:
    """Give the server its turns until it is done; false when so many were not enough."""
    for _ in range(TURNS):
        if is_done():
            return True
        await asyncio.sleep(0)
    return bool(is_done())


async def talk(center: Center, server: Any, token: str, pieces: tuple[bytes, ...]) -> str:
    """Open a socket, write all that, then a good message, and go; read everything to the end."""
    wire = Wire(server)
    key = base64.b64encode(bytes(16)).decode()
    wire.hear(
        f"GET /api/v1/live HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {token}\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
    )
    assert await let_run(lambda: center.api.sockets.open_count), bytes(wire.heard)
    for piece in pieces:
        wire.hear(piece)
        await asyncio.sleep(0)
    wire.hear(frame(b'{"ping": true}'))
    await let_run(wire.is_closing)
    is_closed = wire.is_closing()
    wire.close()
    assert await let_run(lambda: not center.api.sockets.open_count), "the socket stays open"
    head, _, heard = wire.heard.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 "), head
    outcome = judge_heard(bytes(heard))
    assert outcome != "nothing" or not is_closed, "it was closed without a word"
    return outcome


def judge_heard(heard: bytes) -> str:
    """Every frame of ours is whole and says what it may; then the pong, or the end."""
    outcome = "nothing"
    at = 0
    while at < len(heard):
        opcode, length, at = heard[at] & 15, heard[at + 1] & 127, at + 2
        if length == 126:
            length, at = int.from_bytes(heard[at : at + 2]), at + 2
        elif length == 127:
            length, at = int.from_bytes(heard[at : at + 8]), at + 8
        payload, at = heard[at : at + length], at + length
        assert len(payload) == length
        if opcode == CLOSE and outcome != "pong":
            outcome = f"closed {int.from_bytes(payload[:2])}"
        elif opcode == TEXT:
            said = json.loads(payload)
            assert said["type"] in ("hello", "snapshot", "delta", "pong", "problem")
            if said["type"] == "pong":
                outcome = "pong"
    return outcome


@pytest.fixture
def errors() -> Iterator[list[str]]:
    """What the framework logs of handlers that raised."""
    found: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(record.getMessage())

    handler = Keep(logging.ERROR)
    loggers = [logging.getLogger(name) for name in ("aiohttp.server", "aiohttp.web", "asyncio")]
    for logger in loggers:
        logger.addHandler(handler)
    yield found
    for logger in loggers:
        logger.removeHandler(handler)


TRIALS = Trials(
    "WebSocket frames",
    make,
    size=lambda talk: sum(map(len, talk.pieces)),
    memory=Bound(2_000_000, 60),
    steps=Bound(60_000, 20),
)


@inputs(800)
async def test_a_socket_that_brings_rubbish_is_told_or_closed(
    count: int, errors: list[str]
) -> None:
    async def judge(case: Talk) -> str:
        outcome = await talk(center, server, tokens[case.account], case.pieces)
        assert errors == []
        center.hub.told.clear()
        center.hub.bench.commands.clear()
        center.hub.bench.records.clear()
        return outcome

    center = Center().with_agents("ana", "ben")
    async with center.serve() as caller:
        server = caller.client.server.handler
        tokens = {name: (await caller.bearer(name))["Authorization"] for name in ACCOUNTS}
        tally = await TRIALS.run_waiting(count, judge)

    print(tally)
    assert tally.outcomes["pong"] > count / 3
    assert sum(n for name, n in tally.outcomes.items() if name.startswith("closed")) > count / 10
