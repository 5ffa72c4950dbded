"""A whole cable passes everything on; one that is cut or frozen does what cables do then."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from tests.far_ends.link_proxy import Address, TcpLink, UdpLink

HOST = "127.0.0.1"
PATIENCE_S = 10.0


def free_address(kind: socket.SocketKind) -> Address:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((HOST, 0))
        return HOST, int(probe.getsockname()[1])


async def settle() -> None:
    """Let what was sent arrive, and what was closed be gone."""
    for _ in range(10):
        await asyncio.sleep(0)


class Pbx:
    """Greets, answers every line with itself, and remembers."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.writers: list[asyncio.StreamWriter] = []
        self.ended = asyncio.Event()
        self.came = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        writer.write(b"hello\n")
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                self.lines.append(line)
                self.came.set()
                writer.write(line)
        self.ended.set()
        writer.close()


@asynccontextmanager
async def tcp_link() -> AsyncIterator[tuple[TcpLink, Address, Pbx]]:
    pbx = Pbx()
    server = await asyncio.start_server(pbx.serve, HOST, 0)
    at = free_address(socket.SOCK_STREAM)
    link = TcpLink(at, server.sockets[0].getsockname())
    await link.open()
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield link, at, pbx
    finally:
        await link.cut()
        server.close()
        for writer in pbx.writers:
            writer.close()
        await settle()


async def test_a_whole_cable_passes_both_directions_and_the_end() -> None:
    async with tcp_link() as (_, at, pbx):
        reader, writer = await asyncio.open_connection(*at)
        writer.write(b"ping\n")

        assert await reader.readline() == b"hello\n"
        assert await reader.readline() == b"ping\n"
        writer.close()
        await pbx.ended.wait()


async def test_a_cut_cable_resets_what_is_open_and_refuses_what_comes() -> None:
    async with tcp_link() as (link, at, pbx):
        reader, writer = await asyncio.open_connection(*at)
        await reader.readline()

        await link.cut()

        with pytest.raises(ConnectionError):
            await reader.read()
        writer.close()
        await pbx.ended.wait()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*at)
        await link.mend()
        reader, writer = await asyncio.open_connection(*at)
        assert await reader.readline() == b"hello\n"
        writer.close()


async def test_a_frozen_cable_holds_back_and_delivers_late() -> None:
    async with tcp_link() as (link, at, pbx):
        reader, writer = await asyncio.open_connection(*at)
        await reader.readline()

        link.freeze()
        writer.write(b"late\n")
        answer = asyncio.ensure_future(reader.readline())
        other, other_writer = await asyncio.open_connection(*at)  # takes the call, and says nothing
        silent = asyncio.ensure_future(other.readline())
        done, _ = await asyncio.wait({answer, silent}, timeout=0.05)

        assert not done
        assert not pbx.lines
        await link.mend()
        assert await answer == b"late\n"
        assert await silent == b"hello\n"
        writer.close()
        other_writer.close()


async def test_who_gives_up_on_a_frozen_cable_leaves_the_other_half_open() -> None:
    async with tcp_link() as (link, at, pbx):
        reader, writer = await asyncio.open_connection(*at)
        await reader.readline()

        link.freeze()
        for line in (b"never\n", b"nor this\n"):
            writer.write(line)
            await settle()
        writer.transport.abort()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(pbx.ended.wait(), 0.05)
        await link.mend()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(pbx.ended.wait(), 0.05)

        assert not pbx.lines  # what its sender gave up is lost, not late
        pbx.writers[0].write(b"event\n")  # only now the other hears that nobody is there
        await pbx.ended.wait()


# --- datagrams ------------------------------------------------------------------------------------


class End(asyncio.DatagramProtocol):
    """Keeps what comes, and from where."""

    def __init__(self) -> None:
        self.came: asyncio.Queue[tuple[bytes, Address]] = asyncio.Queue()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)
        self.at: Address = transport.get_extra_info("sockname")

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        self.came.put_nowait((data, (str(addr[0]), addr[1])))


@asynccontextmanager
async def udp_link() -> AsyncIterator[tuple[UdpLink, Address, End, End]]:
    loop = asyncio.get_running_loop()
    pbx_transport, pbx = await loop.create_datagram_endpoint(End, local_addr=(HOST, 0))
    far_transport, far = await loop.create_datagram_endpoint(End, local_addr=(HOST, 0))
    at = free_address(socket.SOCK_DGRAM)
    link = UdpLink(at, pbx.at, far.at)
    await link.open()
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield link, at, pbx, far
    finally:
        await link.cut()
        pbx_transport.close()
        far_transport.close()
        await settle()


async def test_each_side_sees_the_other_at_the_address_of_the_link() -> None:
    async with udp_link() as (_, at, pbx, far):
        far.transport.sendto(f"Contact: <sip:x@{HOST}:{far.at[1]}>".encode(), at)
        pbx.transport.sendto(b"answer", at)

        assert await pbx.came.get() == (f"Contact: <sip:x@{HOST}:{at[1]}>".encode(), at)
        assert await far.came.get() == (b"answer", at)


@pytest.mark.parametrize("how", ["cut", "freeze"])
async def test_what_is_sent_meanwhile_is_lost_and_not_late(how: str) -> None:
    async with udp_link() as (link, at, pbx, far):
        if how == "cut":
            await link.cut()
        else:
            link.freeze()
        far.transport.sendto(b"lost", at)
        pbx.transport.sendto(b"lost", at)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(pbx.came.get(), 0.05)

        await link.mend()
        far.transport.sendto(b"again", at)

        assert await pbx.came.get() == (b"again", at)
        assert far.came.empty()
