"""Step, journal, release: in this order, whatever happens around it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from callcenter.core.machine import Machine
from callcenter.core.state import decode_state, empty_state
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import AgentProfile, AgentState
from callcenter.domain.call import CallState, Outcome, Place
from callcenter.domain.commands import RingAgent
from callcenter.domain.customer import Tier
from callcenter.domain.records import CallRecord
from callcenter.domain.step import Entry
from callcenter.service import hub as hub_module
from callcenter.service.executor import Executor
from callcenter.service.hub import Hub, JournalLostError
from callcenter.service.ports import Customer, LoadedJournal, OutcomeUnknown, Overloaded, Refused
from callcenter.service.recovery import recover, replay
from tests.builders import CENTER, PBX, channel, truth
from tests.fakes import (
    FakeContacts,
    FakeCustomers,
    FakeDesktops,
    FakeGateway,
    FakeJournal,
    LoopClock,
)

pytestmark = pytest.mark.virtual_time


@dataclass
class Rig:
    """A hub with fakes around it."""

    hub: Hub
    gateway: FakeGateway
    desktops: FakeDesktops
    customers: FakeCustomers
    contacts: FakeContacts
    journal: FakeJournal
    executor: Executor
    log: list[str]
    fed: list[Entry] = field(default_factory=list)
    touched: list[str] = field(default_factory=list)

    async def settle(self, seconds: float = 0.5) -> None:
        """Let this much virtual time pass."""
        await asyncio.sleep(seconds)

    async def seat(self, name: str = "ana", phone: str = "1001") -> None:
        """Sign an agent in and make it ready."""
        self.hub.put(e.AgentsConfigured((AgentProfile(name, ("service",)),)))
        self.hub.put(e.DesktopOpened(name))
        assert (await self.hub.ask(e.SignInRequested(f"in-{name}", name, phone))).problem == ""
        assert (await self.hub.ask(e.ReadyRequested(f"go-{name}", name))).problem == ""


@asynccontextmanager
async def running() -> AsyncIterator[Rig]:
    """A rig whose hub runs."""
    log: list[str] = []
    journal = FakeJournal(log)
    fed: list[Entry] = []

    class Sink:
        def feed(self, entries: Sequence[Entry]) -> None:
            fed.extend(entries)

    hub = Hub(Machine(empty_state("FAKE")), journal, LoopClock(), [Sink()])
    gateway, desktops, customers = FakeGateway(hub.put, log), FakeDesktops(log), FakeCustomers()
    contacts = FakeContacts(log)
    executor = Executor(
        {PBX: gateway}, customers, desktops, hub.put, contacts, contacts.written, LoopClock()
    )
    hub.connect({PBX: gateway}, executor)
    rig = Rig(hub, gateway, desktops, customers, contacts, journal, executor, log, fed)
    hub.on_touched.append(rig.touched.extend)
    hub.put(e.ServiceStarted(1))
    hub.put(e.CenterConfigured(CENTER))
    hub.put(e.PbxStateRead(PBX, ()))
    task = asyncio.create_task(hub.run())
    try:
        yield rig
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await executor.close()


async def test_a_call_goes_all_the_way_with_card_before_ring_and_journal_before_both() -> None:
    async with running() as rig:
        rig.customers.known["+3545551234"] = Customer("k1", Tier.SILVER)
        await rig.seat()
        rig.log.clear()

        rig.hub.put(e.CallArrived(channel("a"), "5551234", "7000"))
        await rig.settle()

        state = rig.hub.state
        assert next(state.calls.values()).state is CallState.CONNECTED
        assert next(state.calls.values()).tier is Tier.SILVER
        rung = rig.log.index("RingAgent")
        assert rig.log.index("card") < rung
        assert "sync" in rig.log[:rung]
        assert rig.log[0] == "append"
        rig.hub.put(e.ChannelHungUp(channel("a"), 16))
        await rig.settle()
        records = [r for entry in rig.fed for r in entry.records if isinstance(r, CallRecord)]
        assert [r.outcome for r in records] == [Outcome.ANSWERED]
        assert rig.fed == rig.journal.entries
        assert "agent:ana" in rig.touched


async def test_timers_fire_when_they_are_due() -> None:
    async with running() as rig:
        rig.gateway.silent = (RingAgent,)
        await rig.seat()
        rig.hub.put(e.CallArrived(channel("a"), "5551234", "7000"))

        await rig.settle(4.9)
        assert rig.hub.state.agents["ana"].state is AgentState.RESERVED
        await rig.settle(0.3)

        assert rig.hub.state.agents["ana"].reason == "unreachable"


async def test_the_heartbeat_is_sent_while_nothing_happens_and_names_the_menus() -> None:
    async with running() as rig:
        rig.gateway.silent = (object,)
        rig.hub.put(e.CallArrived(channel("a"), "5551234", "7000"))

        await rig.settle(9)

        times = [t for t, _ in rig.gateway.beats]
        assert len(times) == 5
        assert max(b - a for a, b in pairwise(times)) < 2.1
        assert rig.gateway.beats[-1][1] == [channel("a")]


async def test_a_pbx_whose_state_was_just_read_hears_the_heartbeat_at_once() -> None:
    # The last one may have been before a kill: the dialplan's patience is nearly over.
    async with running() as rig:
        rig.hub.put(e.CallArrived(channel("a"), "5551234", "7000"))
        await rig.settle(1.0)
        before = len(rig.gateway.beats)

        rig.hub.put(e.PbxLinkLost(PBX, "reset"))
        rig.hub.put(e.PbxStateRead(PBX, (truth("a", Place.MENU),)))
        await rig.settle(0.1)

        assert [menus for _, menus in rig.gateway.beats[before:]] == [[channel("a")]]


async def test_a_request_is_answered_after_the_journal() -> None:
    async with running() as rig:
        rig.hub.put(e.AgentsConfigured((AgentProfile("ana", ("service",)),)))
        rig.log.clear()

        reply = await rig.hub.ask(e.SignInRequested("r1", "ana", "1001"))

        assert reply.problem == ""
        assert rig.log[0] == "append"
        again = await rig.hub.ask(e.SignInRequested("r1", "ana", "1001"))
        assert again == reply


async def test_requests_are_refused_while_too_much_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "MAX_INBOX", 3)
    async with running() as rig:
        for _ in range(4):
            rig.hub.put(e.Tick())

        assert rig.hub.is_full
        assert rig.hub.inbox_length == 7
        with pytest.raises(Overloaded):
            await rig.hub.ask(e.ReadyRequested("r1", "ana"))


async def test_with_a_full_disk_calls_go_on_and_the_journal_is_caught_up() -> None:
    async with running() as rig:
        await rig.seat()
        rig.journal.full = True
        rig.hub.put(e.CallArrived(channel("a"), "5551234", "7000"))
        await rig.settle()
        assert not rig.hub.is_journaled
        assert next(rig.hub.state.calls.values()).state is CallState.CONNECTED

        rig.journal.full = False
        rig.hub.put(e.Tick())
        await rig.settle()
        assert not rig.hub.is_journaled
        await rig.settle(1)
        rig.hub.put(e.Tick())
        await rig.settle()

        assert rig.hub.is_journaled
        positions = [entry.position for entry in rig.journal.entries]
        assert positions == list(range(1, len(positions) + 1))


async def test_a_journal_that_stays_away_ends_the_service_loudly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub_module, "MAX_UNWRITTEN", 10)
    journal = FakeJournal([])
    journal.full = True
    hub = Hub(Machine(empty_state("FAKE")), journal, LoopClock())
    for _ in range(20):
        hub.put(e.Tick())

    with pytest.raises(ExceptionGroup) as caught:
        await hub.run()

    assert caught.group_contains(JournalLostError)


async def test_a_snapshot_is_taken_every_so_many_events_and_brings_the_machine_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub_module, "SNAPSHOT_EVERY", 10)
    async with running() as rig:
        await rig.seat()
        for name in "abc":
            rig.hub.put(e.CallArrived(channel(name), "5551234", "7000"))
            await rig.settle()
        rig.journal.full = True
        for _ in range(12):
            rig.hub.put(e.DesktopOpened("nobody"))
        rig.journal.full = False
        await rig.settle()

        position, data = rig.journal.snapshots[0]
        tail = tuple(x for x in rig.journal.entries if x.position > position)
        recovered = recover("FAKE", LoadedJournal(data, position, tail, 0))

        assert recovered.differences == ()
        assert recovered.machine.state.encode() == rig.hub.state.encode()
        assert decode_state(data).position == position


async def test_a_snapshot_that_cannot_be_written_is_tried_again_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub_module, "SNAPSHOT_EVERY", 5)
    async with running() as rig:

        async def refuse(position: int, state: bytes) -> None:
            raise OSError("disk full")

        monkeypatch.setattr(rig.journal, "save_snapshot", refuse)
        await rig.seat()
        await rig.settle()
        assert ["(disk full)" in problem for problem in rig.hub.tell_problems()] == [True]
        monkeypatch.undo()
        monkeypatch.setattr(hub_module, "SNAPSHOT_EVERY", 5)
        for _ in range(6):
            rig.hub.put(e.DesktopOpened("nobody"))
        await rig.settle()

        assert len(rig.journal.snapshots) == 1
        assert rig.hub.tell_problems() == []


async def test_without_a_snapshot_everything_is_stepped_again_and_differences_are_told() -> None:
    async with running() as rig:
        await rig.seat()
        rig.hub.put(e.CallArrived(channel("a"), "5551234", "7000"))
        await rig.settle()
        entries = tuple(rig.journal.entries)

        assert recover("FAKE", rig.journal.load()).differences == ()
        wrong = Entry(
            entries[-1].position, entries[-1].now, e.CallArrived(channel("z"), "", "7000")
        )
        differences = replay(recover("FAKE", rig.journal.load()).machine, [wrong] * 30).differences

        assert 1 <= len(differences) <= 20
        assert "PlayPrompt" in differences[0].stepped


@pytest.mark.parametrize(
    ("failure", "unknown"),
    [
        (Refused("no such channel"), False),
        (OutcomeUnknown("link lost"), True),
        (KeyError("x"), True),
    ],
)
async def test_what_became_of_a_command_comes_back_as_an_event(
    failure: Exception, unknown: bool
) -> None:
    async with running() as rig:
        rig.gateway.failure = failure
        rig.hub.put(e.CallArrived(channel("a"), "", "7000"))
        await rig.settle()

        failed = [x.event for x in rig.journal.entries if isinstance(x.event, e.CommandFailed)]
        assert [x.unknown for x in failed] == [unknown]


async def test_a_command_for_a_pbx_that_is_not_configured_fails_by_name() -> None:
    async with running() as rig:
        rig.hub.put(e.CallArrived(channel("a", "mars"), "", "7000"))
        await rig.settle()

        failed = [x.event for x in rig.journal.entries if isinstance(x.event, e.CommandFailed)]
        assert "mars" in failed[0].reason


async def test_a_cancelled_result_is_an_unknown_outcome() -> None:
    async with running() as rig:
        pending: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        rig.gateway.send = lambda command: pending  # type: ignore[method-assign] # a silent PBX
        rig.hub.put(e.CallArrived(channel("a"), "", "7000"))
        await rig.settle()
        pending.cancel()
        await rig.settle()

        failed = [x.event for x in rig.journal.entries if isinstance(x.event, e.CommandFailed)]
        assert failed[0].unknown


async def test_a_slow_or_broken_directory_does_not_hold_up_the_call() -> None:
    async with running() as rig:
        await rig.seat()
        rig.customers.delay_s = 60
        rig.hub.put(e.CallArrived(channel("a"), "5551234", "7000"))
        await rig.settle(3)
        assert next(rig.hub.state.calls.values()).state is CallState.CONNECTED
        assert rig.hub.faults == {"customer_lookup_failed": 1}

        rig.customers.delay_s, rig.customers.failure = 0.0, RuntimeError("database is locked")
        rig.hub.put(e.CallArrived(channel("b"), "5551234", "7000"))
        await rig.settle()

        assert rig.hub.faults == {"customer_lookup_failed": 2}


async def test_a_card_that_nobody_sees_is_counted() -> None:
    async with running() as rig:
        rig.desktops.open = False
        await rig.seat()
        rig.hub.put(e.CallArrived(channel("a"), "5551234", "7000"))
        await rig.settle()

        assert rig.hub.faults == {"card_not_shown": 1}
        assert rig.executor.sent["RingAgent"] == 1


async def test_repairs_are_counted() -> None:
    async with running() as rig:
        rig.hub.put(e.CallArrived(channel("a"), "", "7000"))
        rig.hub.put(e.PbxLinkLost(PBX, "reset"))
        rig.hub.put(e.PbxStateRead(PBX, ()))
        await rig.settle()

        assert rig.hub.repairs == {"call_gone": 1}
        assert rig.hub.position == len(rig.journal.entries)


# --- erasing numbers ------------------------------------------------------------------------------


async def test_numbers_are_erased_behind_a_new_snapshot() -> None:
    async with running() as rig:
        await rig.settle()

        await rig.hub.erase_numbers(lambda _: True)

        assert [position for position, _ in rig.journal.snapshots] == [rig.hub.position]
        assert rig.log[-2:] == ["end segment", "erase"]


async def test_a_snapshot_under_way_is_waited_for_before_numbers_are_erased(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("callcenter.service.hub.SNAPSHOT_EVERY", 1)
    async with running() as rig:
        await rig.settle()
        saved = len(rig.journal.snapshots)

        await rig.hub.erase_numbers(lambda _: True)

        assert saved >= 1
        assert len(rig.journal.snapshots) == saved + 1
        assert rig.log[-1] == "erase"


async def test_no_number_is_erased_while_the_journal_cannot_be_written() -> None:
    async with running() as rig:
        await rig.settle()
        rig.journal.full = True
        rig.hub.put(e.CallArrived(channel("a"), "5551234", "7000"))
        await rig.settle(0.1)

        with pytest.raises(OSError, match="cannot be written"):
            await rig.hub.erase_numbers(lambda _: True)

        assert "erase" not in rig.log


async def test_a_number_that_is_not_known_any_more_is_not_dialed() -> None:
    async with running() as rig:
        place = c.PlaceCall("x1", channel("att"), "carrier", "~1.2", "", 9.0, True, 1, "p")
        await rig.settle()

        await rig.executor.carry_out((place,))
        await rig.settle()

        assert "PlaceCall" not in rig.log
        failed = [entry.event for entry in rig.fed if isinstance(entry.event, e.CommandFailed)]
        assert failed == [e.CommandFailed("x1", "the number is not known any more")]
