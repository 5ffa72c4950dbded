"""A peer that goes silent or sends too much."""

from __future__ import annotations

import asyncio

import pytest

from callcenter.pbx.ami.errors import (
    ActionTimedOut,
    DownKind,
)
from callcenter.pbx.ami.link import Timings
from callcenter.pbx.ami.wire import AmiMessage
from tests.unit.pbx.ami.fake_server import (
    FakeAmi,
    Peer,
    message,
    wait_until,
)
from tests.unit.pbx.ami.link_probe import LinkProbe, linked, running


async def test_a_peer_that_goes_silent_is_noticed_and_left(server: FakeAmi) -> None:
    quick = Timings(ping_every_s=0.01, ping_s=0.3, retry_first_s=0.01)

    async with linked(server, timings=quick) as probe:
        await wait_until(lambda: len(server.actions) > 3)
        assert probe.downs == []
        server.is_mute = True
        await wait_until(lambda: DownKind.PING_TIMEOUT in probe.kinds)
        server.is_mute = False
        await wait_until(lambda: len(probe.ups) == 2)

    assert "has not answered a ping within 0.3 s" in probe.downs[0].text


async def test_a_refused_ping_is_a_sign_of_life(server: FakeAmi) -> None:
    def refuse(peer: Peer, action: AmiMessage) -> bool:
        peer.answer(action, "Error", Message="Permission denied")
        return True

    server.on_action = refuse
    async with linked(server, timings=Timings(ping_every_s=0.01)) as probe:
        await wait_until(lambda: len(server.actions) > 4)
        assert probe.downs == []


async def test_reading_can_be_paused_so_that_a_flood_waits_at_its_source(
    server: FakeAmi,
) -> None:
    flood = message(Event="Flood", Padding="x" * 900) * 1000
    quick = Timings(ping_every_s=0.01, ping_s=60, pause_s=60)

    async with linked(server, timings=quick) as probe:
        (peer,) = server.peers.values()
        probe.link.pause_reading()
        probe.link.pause_reading()
        while peer.is_writable:
            server.push(flood)
            await asyncio.sleep(0)
        held = probe.link.counters.bytes_received
        pings = len(server.actions)
        await asyncio.sleep(0.1)  # many ping intervals: none may cut the paused link
        assert probe.link.counters.bytes_received == held
        assert len(server.actions) <= pings + 1
        assert probe.downs == []
        probe.link.resume_reading()
        probe.link.resume_reading()
        await wait_until(lambda: peer.is_writable)

    assert probe.kinds == [DownKind.CLOSED]


async def test_a_ping_in_flight_when_reading_is_paused_does_not_cut_the_link(
    server: FakeAmi,
) -> None:
    server.is_mute = True
    quick = Timings(ping_every_s=0.01, ping_s=0.3)

    async with linked(server, timings=quick) as probe:
        await wait_until(lambda: len(server.actions) == 2)
        probe.link.pause_reading()
        await wait_until(lambda: probe.link.counters.unanswered)
        await asyncio.sleep(0)
        assert probe.link.is_up

    assert probe.kinds == [DownKind.CLOSED]


async def test_a_pause_without_end_gives_up_the_session_and_reads_anew(server: FakeAmi) -> None:
    quick = Timings(pause_s=0.02, retry_first_s=0.01)

    async with linked(server, timings=quick) as probe:
        probe.link.pause_reading()
        await wait_until(lambda: len(probe.ups) == 2)
        assert probe.downs[0].kind is DownKind.OVERLOADED
        probe.link.resume_reading()
        probe.link.pause_reading()
        probe.link.resume_reading()
        server.push(message(Event="Fine"))
        await wait_until(lambda: probe.events)

    assert "not taken in for 0.02 s" in probe.downs[0].text


async def test_a_pause_asked_for_while_there_is_no_link_holds_when_it_comes_up(
    server: FakeAmi,
) -> None:
    probe = LinkProbe(server.port)
    probe.link.pause_reading()
    probe.link.resume_reading()
    probe.link.pause_reading()

    async with running(probe):
        await wait_until(lambda: probe.ups)
        server.push(message(Event="Held"))
        with pytest.raises(ActionTimedOut):
            await probe.link.action({"Action": "Getvar"}, timeout_s=0.02)
        assert probe.events == []
        probe.link.resume_reading()
        await wait_until(lambda: probe.events)

    assert probe.events == ["Held"]


async def test_a_flood_without_message_ends_is_dropped_in_bounded_memory(
    server: FakeAmi,
) -> None:
    async with linked(server) as probe:
        server.push(b"Event: Endless\r\nPadding: " + b"x" * 3_000_000)
        await wait_until(lambda: probe.link.counters.bytes_received > 3_000_000)
        server.push(b"\r\n\r\n" + message(Event="Fine"))
        await wait_until(lambda: probe.events)

    assert probe.events == ["Fine"]
    assert len(probe.faults) == 1
    assert "longer than 1048576 bytes (Event: Endless)" in probe.faults[0]
