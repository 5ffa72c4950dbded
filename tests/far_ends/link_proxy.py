"""The cables between service, PBX and telephone network, to be cut and frozen.

A process of its own (``python -m tests.far_ends.link_proxy``), so that a test that computes delays
nobody's bytes. It is told what to do by lines of JSON and answers each with one word. Only the
standard library is used, and nothing of the program.

* ``cut``: TCP connections are reset and refused; nobody listens at the UDP port.
* ``freeze``: as a switch that hangs. TCP stands still in both directions and nobody is told; who
  gives up meanwhile leaves the other half-open. Datagrams are lost.
* ``mend``: all is well again. What TCP held back arrives late, unless its sender has given up.

A UDP link has one far end, and its SIP names the link as its address: so nothing goes round it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
import sys
from pathlib import Path
from typing import Any, Final, Protocol, Self

PROJECT: Final = Path(__file__).resolve().parents[2]
READY_S: Final = 10.0
CHUNK_BYTES: Final = 65_536

Address = tuple[str, int]


class Link(Protocol):
    """Something that can be cut, frozen and mended."""

    async def open(self) -> None:
        """Begin."""

    async def cut(self) -> None:
        """See the module."""

    def freeze(self) -> None:
        """See the module."""

    async def mend(self) -> None:
        """See the module."""


class _Way:
    """One direction of a connection."""

    def __init__(self) -> None:
        self.chunks: asyncio.Queue[bytes] = asyncio.Queue()
        """What was read and not passed on; an empty one is the end."""
        self.gave_up = False
        """Whether it ended while nothing was passed on."""


class TcpLink:
    """Connections to one address, passed on to another."""

    def __init__(self, at: Address, to: Address) -> None:
        self._at, self._to = at, to
        self._server: asyncio.Server | None = None
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._ends: dict[asyncio.StreamWriter, None] = {}
        """Of both sides of every connection."""
        self._tasks: dict[asyncio.Task[None], None] = {}

    async def open(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._accept, *self._at, limit=CHUNK_BYTES)

    async def cut(self) -> None:
        """Reset what is open, refuse what comes."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in list(self._tasks):
            task.cancel()
        for end in list(self._ends):
            _reset(end)
        self._ends.clear()

    def freeze(self) -> None:
        """Pass nothing on, and tell nobody."""
        self._flowing.clear()

    async def mend(self) -> None:
        """Pass on what waits; listen again."""
        self._flowing.set()
        if self._server is None:
            await self.open()

    async def _accept(self, reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        self._ends[near] = None
        task = asyncio.ensure_future(self._carry(reader, near))
        self._tasks[task] = None
        task.add_done_callback(lambda done: self._tasks.pop(done, None))

    async def _carry(self, reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        """One connection, from its first byte to its last."""
        await self._flowing.wait()
        if near.is_closing() or reader.at_eof():
            _reset(near)  # gave up before anybody heard of it
            return
        try:
            far_reader, far = await asyncio.open_connection(*self._to, limit=CHUNK_BYTES)
        except OSError:
            _reset(near)
            return
        self._ends[far] = None
        try:
            async with asyncio.TaskGroup() as group:
                for source, to, back in ((reader, far, near), (far_reader, near, far)):
                    way = _Way()
                    group.create_task(self._take(source, way))
                    group.create_task(self._give(way, to, back))
        finally:
            for end in (near, far):
                self._ends.pop(end, None)
                end.close()

    async def _take(self, reader: asyncio.StreamReader, way: _Way) -> None:
        """Read all that comes in one direction, also while nothing is passed on."""
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK_BYTES):
                way.chunks.put_nowait(data)
        way.gave_up = not self._flowing.is_set()
        way.chunks.put_nowait(b"")

    async def _give(self, way: _Way, to: asyncio.StreamWriter, back: asyncio.StreamWriter) -> None:
        """Pass it on. When one side ends the other is ended too, unless all stands still then."""
        with contextlib.suppress(OSError):
            while data := await way.chunks.get():
                await self._flowing.wait()
                if way.gave_up or to.is_closing():
                    break
                to.write(data)
                await to.drain()
        if not way.gave_up:
            _reset(to)
        # What was held back of a sender that has given up is lost, and the other side is not told
        # until it says something itself.
        _reset(back)


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection as a host that has forgotten it does."""
    ours = writer.get_extra_info("socket")
    if ours is not None:
        with contextlib.suppress(OSError):
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class UdpLink:
    """SIP between the PBX and one far end, which each sees at the address of this link."""

    def __init__(self, at: Address, pbx: Address, far: Address) -> None:
        self._at, self._pbx, self._far = at, pbx, far
        self._transport: asyncio.DatagramTransport | None = None
        self._flowing = True
        self._real = f"{far[0]}:{far[1]}".encode()
        self._shown = f"{at[0]}:{at[1]}".encode()
        # A body's length must not change: all ports of a test have five digits.
        assert len(self._real) == len(self._shown)

    async def open(self) -> None:
        """Take the port."""
        link = self

        class Receiver(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
                link.take(data, (str(addr[0]), addr[1]))

        made, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            Receiver, local_addr=self._at
        )
        self._transport = made

    def take(self, data: bytes, source: Address) -> None:
        """Pass a message on."""
        if self._transport is None or not self._flowing:
            return
        if source == self._far:
            self._transport.sendto(data.replace(self._real, self._shown), self._pbx)
        elif source == self._pbx:
            self._transport.sendto(data, self._far)

    async def cut(self) -> None:
        """Give the port back."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def freeze(self) -> None:
        """Lose everything."""
        self._flowing = False

    async def mend(self) -> None:
        """Take the port again."""
        self._flowing = True
        if self._transport is None:
            await self.open()


# --- the process ----------------------------------------------------------------------------------


async def obey(links: dict[str, list[Link]], order: dict[str, Any]) -> None:
    """Do one thing."""
    name = order["name"]

    def address(key: str) -> Address:
        return str(order[key][0]), int(order[key][1])

    match order["do"]:
        case "open_tcp":
            link: Link = TcpLink(address("at"), address("to"))
            await link.open()
            links.setdefault(name, []).append(link)
        case "open_udp":
            link = UdpLink(address("at"), address("pbx"), address("far"))
            await link.open()
            links.setdefault(name, []).append(link)
        case "cut":
            for link in links[name]:
                await link.cut()
        case "freeze":
            for link in links[name]:
                link.freeze()
        case "mend":
            for link in links[name]:
                await link.mend()
        case unknown:
            raise ValueError(unknown)


async def run() -> None:
    """Obey until standard input ends."""
    commands = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    links: dict[str, list[Link]] = {}
    print("ready", flush=True)
    while line := await commands.readline():
        await obey(links, json.loads(line))
        print("done", flush=True)
    for name in links:
        for link in links[name]:
            await link.cut()


class LinkProxy:
    """The process. ``async with`` starts and ends it; each method returns when it is done."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.far_ends.link_proxy"),
            cwd=PROJECT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        await self._expect(b"ready\n")
        return self

    async def __aexit__(self, *_: object) -> None:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(READY_S):
                status = await process.wait()
        except TimeoutError:
            process.kill()
            status = await process.wait()
        assert status == 0, f"the links ended with status {status}"

    async def open_tcp(self, name: str, at: Address, to: Address) -> None:
        """Pass connections to ``at`` on to ``to``."""
        await self._tell(do="open_tcp", name=name, at=at, to=to)

    async def open_udp(self, name: str, at: Address, pbx: Address, far: Address) -> None:
        """Stand between the PBX and a far end; several may have one name."""
        await self._tell(do="open_udp", name=name, at=at, pbx=pbx, far=far)

    async def cut(self, name: str) -> None:
        """See the module."""
        await self._tell(do="cut", name=name)

    async def freeze(self, name: str) -> None:
        """See the module."""
        await self._tell(do="freeze", name=name)

    async def mend(self, name: str) -> None:
        """See the module."""
        await self._tell(do="mend", name=name)

    async def _tell(self, **order: object) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        await self._expect(b"done\n")

    async def _expect(self, word: bytes) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async with asyncio.timeout(READY_S):
            said = await self._process.stdout.readline()
        assert said == word, f"the links did not obey: {said!r}"


if __name__ == "__main__":
    asyncio.run(run())
