"""The gateway on a real Asterisk: what the state says, the watchdogs, and a lost link."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from callcenter.domain.call import Place
from callcenter.domain.commands import (
    AddFallbackMember,
    AskDigit,
    HangUp,
    HoldCaller,
    JoinCall,
    ReadPbx,
    RemoveFallbackMember,
)
from callcenter.domain.events import (
    CallerHeld,
    CallFellBack,
    ChannelHungUp,
    ChannelJoined,
    ChannelLeft,
    FallbackAnswered,
    LegCreated,
    LegParked,
    LegRinging,
    PbxEvent,
    PbxLinkLost,
    PbxStateRead,
)
from callcenter.simulator.asterisk_instance import AsteriskInstance
from tests.integration.asterisk import wait_until
from tests.integration.gateway_center import (
    ANSWERS,
    IGNORES,
    NUMBER,
    STALE_S,
    Center,
    asterisk,
    leg,
    running,
)

pytestmark = pytest.mark.asterisk


@pytest.fixture
async def instance(tmp_path: Path) -> AsyncIterator[AsteriskInstance]:
    async with asterisk(tmp_path) as it:
        yield it


@pytest.fixture
async def center(instance: AsteriskInstance) -> AsyncIterator[Center]:
    async with running(instance) as it:
        yield it


# --- what the state says -----------------------------------------------------------------------


async def test_the_state_of_every_place_is_read(center: Center) -> None:
    async with center.caller() as caller:
        center.menus = [caller]
        await center.settle([caller], Place.MENU)
        assert await center.do(lambda c: AskDigit(c, caller, "menu", 10.0)) == "done"
        await center.settle([caller], Place.MENU)  # Read runs, not AGI

        assert await center.do(lambda c: HoldCaller(c, caller)) == "done"
        assert await center.ring(ANSWERS, leg(1)) == "done"
        await center.next_fact(LegRinging)
        truths = await center.read()
        assert (truths[leg(1)].place, truths[leg(1)].up) == (Place.DIALPLAN, False)
        await center.next_fact(LegParked)
        await center.settle([caller, leg(1)], Place.HOLD)

        assert await center.do(lambda c: JoinCall(c, caller, leg(1))) == "done"
        await wait_until(lambda: center.count(ChannelJoined) == 2, "both in one bridge")
        truths = await center.read()
        assert truths[caller].place is truths[leg(1)].place is Place.BRIDGE
        assert truths[caller].bridge == truths[leg(1)].bridge != ""
        assert (truths[leg(1)].endpoint, truths[leg(1)].role) == (ANSWERS, "agent")
        assert (truths[caller].endpoint, truths[caller].role) == ("carrier", "caller")
        assert (truths[caller].caller_number, truths[caller].dialed_number) == (NUMBER, "6000")
        pbx_time = center.gateway.pbx_time()
        assert pbx_time is not None
        assert 0 <= pbx_time - truths[caller].entered_at < 60


async def test_the_native_queue_takes_over_when_the_heart_stops(center: Center) -> None:
    for _ in range(2):  # told twice, it is done already
        add = await center.do(lambda c: AddFallbackMember(c, "main", ANSWERS, "ana"))
        assert add == "done"
    async with center.caller() as caller:
        center.menus = [caller]
        await asyncio.sleep(STALE_S + 1.0)  # the watchdog is renewed: nothing happens
        assert CallFellBack(caller) not in center.facts

        center.beats = False
        await center.next_fact(CallFellBack)
        assert (await center.read())[caller].place is Place.NATIVE_QUEUE
        answered = await center.next_fact(FallbackAnswered)
        await wait_until(lambda: center.count(ChannelJoined) == 2, "both in one bridge")
        truths = await center.read()

        assert (answered.channel, answered.phone) == (caller, ANSWERS)
        assert truths[caller].place is truths[answered.leg].place is Place.BRIDGE
        assert truths[caller].bridge == truths[answered.leg].bridge
        assert truths[answered.leg].endpoint == ANSWERS
        center.beats = True
    for _ in range(2):
        remove = await center.do(lambda c: RemoveFallbackMember(c, "main", ANSWERS))
        assert remove == "done"


async def test_a_watchdog_renewed_too_late_does_not_cut_the_conversation(center: Center) -> None:
    # Story: AbsoluteTimeout also fires in a conversation; a renewal may cross a caller leaving.
    async with center.caller() as caller:
        center.menus = [caller]
        center.gateway.beat([caller])
        bridge = await center.talk(caller, leg(1))
        await asyncio.sleep(STALE_S + 1.0)  # the heart goes on naming the caller as in a menu

        assert ChannelLeft(caller, bridge) not in center.facts
        await center.settle([caller, leg(1)], Place.BRIDGE)


# --- losing the link ---------------------------------------------------------------------------


class HalfOpenProxy:
    """Stands between gateway and Asterisk; `cut` ends the gateway's side and leaves Asterisk's."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._server: asyncio.Server | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._near: list[asyncio.StreamWriter] = []
        self._far: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> int:
        self._server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in [*self._near, *self._far]:
            writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        self._near.append(writer)
        self._far.append(far_writer)
        for one, other in ((reader, far_writer), (far_reader, writer)):
            self._tasks.append(asyncio.create_task(self._pump(one, other)))

    @staticmethod
    async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)

    def cut(self) -> None:
        """Reset every connection to the gateway; Asterisk is not told."""
        for writer in self._near:
            writer.transport.abort()
        self._near.clear()


async def test_a_link_cut_in_mid_call_is_made_anew_and_the_call_found(
    instance: AsteriskInstance,
) -> None:
    proxy = HalfOpenProxy(instance.config.ami_port)
    async with (
        proxy as port,
        running(instance, port) as center,
        center.caller() as caller,
    ):
        await center.talk(caller, leg(1))
        sessions = await instance.cli("manager show connected")
        assert sessions.count("leader") == 1

        proxy.cut()  # Asterisk's side stays open: without the fence no login
        await center.next_fact(PbxLinkLost)
        await wait_until(lambda: center.gateway.is_up, "the link is up again")

        state = [fact for fact in center.facts if isinstance(fact, PbxStateRead)][-1]
        truths = {truth.channel: truth for truth in state.channels}
        assert truths[caller].place is truths[leg(1)].place is Place.BRIDGE
        sessions = await instance.cli("manager show connected")
        assert sessions.count("leader") == 1
        assert await center.do(lambda c: HangUp(c, leg(1))) == "done"
        await center.next_fact(ChannelHungUp, lambda fact: fact.channel == leg(1))
    assert center.faults == []


async def test_an_originate_cut_off_is_unknown_and_its_leg_is_found(
    instance: AsteriskInstance,
) -> None:
    proxy = HalfOpenProxy(instance.config.ami_port)
    async with proxy as port, running(instance, port) as center:
        ringing = asyncio.ensure_future(center.ring(IGNORES, leg(1)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        proxy.cut()

        assert await ringing in ("unknown", "done")  # the answer may have been quicker
        await center.next_fact(PbxLinkLost)
        await wait_until(lambda: center.gateway.is_up, "the link is up again")
        if LegCreated(leg(1)) not in center.facts:
            truths = await center.read()
            assert leg(1) in truths or not center.of(leg(1))
        await center.do(lambda c: HangUp(c, leg(1)))


async def test_no_older_event_is_told_after_a_state_that_shows_what_came_of_it(
    center: Center,
) -> None:
    # Story: rows overtake events, so "on hold" was told after a row that showed the talk.
    async with center.caller() as caller:
        await center.talk(caller, leg(1))
        for number in range(8):
            before = len(center.facts)
            assert await center.do(lambda c: HoldCaller(c, caller)) == "done"
            for fact in (CallerHeld(caller), LegParked(leg(1))):
                await wait_until(partial(_is_told, center, before, fact), "both are on hold")
            asked = [
                center.gateway.send(JoinCall(f"cmd-x-{number}-0", caller, leg(1))),
                center.gateway.send(ReadPbx(f"cmd-x-{number}-1", "main")),
            ]
            await asyncio.gather(*asked)
            await asyncio.sleep(0.1)  # for whatever might still come

            assert isinstance(center.facts[-1], PbxStateRead)
            places = {truth.channel: truth.place for truth in center.facts[-1].channels}
            assert places == {caller: Place.BRIDGE, leg(1): Place.BRIDGE}


def _is_told(center: Center, since: int, fact: PbxEvent) -> bool:
    return fact in center.facts[since:]
