"""Things that once went wrong around the machine: time, a full disk, the end of the service."""

from __future__ import annotations

import asyncio

import pytest

from callcenter.domain import events as e
from callcenter.domain.agent import AgentProfile, AgentState
from callcenter.domain.commands import PopCard, RingAgent
from callcenter.service.ports import Overloaded
from tests.builders import T0, channel
from tests.fakes import LoopClock
from tests.unit.service.test_hub import running

pytestmark = pytest.mark.virtual_time


async def test_a_clock_that_is_set_back_an_hour_does_not_stop_the_deadlines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running() as rig:
        rig.gateway.silent = (RingAgent,)
        await rig.seat()
        monkeypatch.setattr(
            LoopClock, "now", lambda _: T0 - 3600 + asyncio.get_running_loop().time()
        )
        rig.hub.put(e.CallArrived(channel("a"), "5551234", "7000"))

        await rig.settle(15)

        assert rig.hub.state.agents["ana"].reason == "unreachable"
        assert T0 < rig.hub.state.now < T0 + 15


async def test_a_clock_set_back_ten_minutes_is_right_again_after_twenty(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running() as rig:
        await rig.settle()
        monkeypatch.setattr(
            LoopClock, "now", lambda _: T0 - 600 + asyncio.get_running_loop().time()
        )
        await rig.settle(2 * 600 + 10)
        rig.hub.put(e.Tick())
        await rig.settle(0.1)

        assert rig.hub.state.now == pytest.approx(T0 + 610, abs=2)


async def test_who_waits_for_an_answer_when_the_service_ends_is_told() -> None:
    async with running() as rig:
        await rig.settle()
    ended = rig.hub
    with pytest.raises(Overloaded):
        await ended.ask(e.ReadyRequested("r1", "ana"))


async def test_a_request_under_way_when_the_service_ends_is_told() -> None:
    async with running() as rig:
        await rig.settle()
        asking = asyncio.create_task(rig.hub.ask(e.ReadyRequested("r1", "ana")))
        gone = asyncio.create_task(rig.hub.ask(e.ReadyRequested("r2", "ana")))
        await asyncio.sleep(0)
        gone.cancel()
        # The hub is cancelled here, before it has answered.

    with pytest.raises(Overloaded):
        await asking


async def test_what_waits_for_room_on_the_disk_is_written_although_nothing_happens() -> None:
    async with running() as rig:
        await rig.settle()
        rig.journal.full = True
        rig.hub.put(e.AgentsConfigured((AgentProfile("ana", ("service",)),)))
        await rig.settle()
        rig.journal.full = False

        await rig.settle(5)

        assert rig.hub.is_journaled
        assert rig.journal.entries[-1].position == rig.hub.position


async def test_what_waits_for_room_on_the_disk_is_written_at_the_end() -> None:
    async with running() as rig:
        await rig.settle()
        rig.journal.full = True
        rig.hub.put(e.AgentsConfigured((AgentProfile("ana", ("service",)),)))
        await rig.settle(0.1)
        rig.journal.full = False

    assert rig.journal.entries[-1].position == rig.hub.position


async def test_records_of_what_is_in_no_journal_are_not_stored() -> None:
    async with running() as rig:
        await rig.settle()
        rig.journal.full = True
        rig.hub.put(e.AgentsConfigured((AgentProfile("ana", ("service",)),)))
        await rig.settle()

        assert rig.fed == rig.journal.entries
        assert rig.hub.synced_position <= len(rig.journal.entries)
        rig.journal.full = False
        await rig.settle(5)
        assert rig.fed == rig.journal.entries
        assert rig.fed[-1].position == rig.hub.position


async def test_slow_desktops_hold_up_a_batch_of_calls_no_longer_than_one_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running() as rig:
        names = [f"a{number}" for number in range(4)]
        rig.hub.put(e.AgentsConfigured(tuple(AgentProfile(name, ("service",)) for name in names)))
        for number, name in enumerate(names, 1001):
            rig.hub.put(e.DesktopOpened(name))
            await rig.hub.ask(e.SignInRequested(f"in-{name}", name, str(number)))
            await rig.hub.ask(e.ReadyRequested(f"go-{name}", name))

        async def slow(card: PopCard) -> bool:
            await asyncio.sleep(0.05)
            return True

        monkeypatch.setattr(rig.desktops, "pop_card", slow)
        rig.gateway.silent = (RingAgent,)
        for name in names:
            rig.hub.put(e.CallArrived(channel(name), "", "9999"))
        await rig.settle(0.08)

        assert rig.gateway.log.count("RingAgent") == 4


async def test_a_card_that_raises_does_not_stop_the_center(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running() as rig:

        async def broken(card: PopCard) -> bool:
            raise KeyError("no such field")

        monkeypatch.setattr(rig.desktops, "pop_card", broken)
        await rig.seat()
        rig.hub.put(e.CallArrived(channel("a"), "5551234", "7000"))
        await rig.settle()

        assert rig.hub.state.agents["ana"].state is AgentState.TALKING
        assert rig.hub.faults == {"card_not_shown": 1}
