"""The loop of tests marked ``virtual_time``: its clock jumps, and only when it may."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from tests import virtual_time
from tests.virtual_time import VirtualDeadlock, VirtualLoop

HOUR_S = 3600.0


@pytest.mark.virtual_time
async def test_an_hour_of_sleep_takes_no_real_time_and_ends_exactly_on_the_hour() -> None:
    began_s = time.monotonic()

    await asyncio.sleep(HOUR_S)

    assert asyncio.get_running_loop().time() == HOUR_S
    assert time.monotonic() - began_s < HOUR_S / 60


@pytest.mark.virtual_time
async def test_timers_fire_in_the_order_of_their_time_whatever_the_order_they_were_set_in() -> None:
    woken: list[float] = []

    async def sleep(delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        woken.append(delay_s)

    async with asyncio.TaskGroup() as group:
        for delay_s in (30.0, 0.5, 7200.0, 0.25):
            group.create_task(sleep(delay_s))

    assert woken == [0.25, 0.5, 30.0, 7200.0]


@pytest.mark.virtual_time
async def test_a_deadline_passes_without_waiting_for_it() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(HOUR_S):
            await asyncio.Event().wait()

    assert asyncio.get_running_loop().time() == HOUR_S


@pytest.mark.virtual_time
async def test_the_clock_stands_still_while_a_thread_works() -> None:
    may_end = threading.Event()
    loop = asyncio.get_running_loop()

    def work() -> bool:
        return may_end.wait(timeout=10)

    job = loop.run_in_executor(None, work)
    timer = asyncio.create_task(asyncio.sleep(HOUR_S))
    threading.Timer(0.02, may_end.set).start()

    assert await job
    assert loop.time() == 0.0
    await timer
    assert loop.time() == HOUR_S


@pytest.mark.virtual_time
async def test_bytes_on_a_socket_arrive_before_the_clock_moves() -> None:
    received: asyncio.Queue[bytes] = asyncio.Queue()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.put_nowait(await reader.readline())
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"Action: Ping\n")
        line = await received.get()
        writer.close()
        await writer.wait_closed()

    assert line == b"Action: Ping\n"
    assert asyncio.get_running_loop().time() == 0.0


def test_waiting_for_what_can_never_come_is_named_instead_of_hanging(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(virtual_time, "IDLE_ROUNDS_MAX", 3)
    loop = VirtualLoop()
    never = loop.create_future()

    try:
        with pytest.raises(VirtualDeadlock, match="nothing is scheduled"):
            loop.run_until_complete(never)
    finally:
        loop.close()


async def test_an_unmarked_test_keeps_real_time() -> None:
    assert not isinstance(asyncio.get_running_loop(), VirtualLoop)


@pytest.mark.virtual_time
async def test_a_marked_test_runs_on_the_virtual_loop() -> None:
    assert isinstance(asyncio.get_running_loop(), VirtualLoop)
