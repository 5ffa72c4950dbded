"""The machine on a real Asterisk: what it never heard of is found by reading."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from callcenter.bootstrap import SystemClock
from callcenter.core.machine import Machine
from callcenter.core.state import empty_state
from callcenter.domain import events as e
from callcenter.domain.agent import AgentProfile, AgentState
from callcenter.domain.call import Outcome
from callcenter.domain.center import Center as Settings
from callcenter.domain.center import Queue
from callcenter.domain.records import CallRecord
from callcenter.pbx.ami.gateway import AmiGateway
from callcenter.pbx.ami.link import Account
from callcenter.service.executor import Executor
from callcenter.service.hub import Hub
from callcenter.simulator.asterisk_instance import AsteriskInstance
from callcenter.simulator.sip_far_ends import CallerPlan, SippCallers
from tests.fakes import FakeContacts, FakeCustomers, FakeDesktops, FakeJournal
from tests.integration.asterisk import wait_until
from tests.integration.gateway_center import ANSWERS, NUMBER, QUICK, asterisk

pytestmark = pytest.mark.asterisk

SETTINGS = Settings(
    queues=(Queue("service"),),
    flows=(),
    numbers={},
    phones={ANSWERS: "main"},
    default_queue="service",
    pbxs=("main",),
    review_every_s=1.0,
)
"""No menu: a caller waits at once. Read every second, for a test has no minute."""


class DeafProxy:
    """Stands between gateway and Asterisk, and swallows every event of one kind."""

    def __init__(self, port: int, kind: str) -> None:
        self._target = port
        self._head = f"Event: {kind}\r\n".encode()
        self.swallowed = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._writers: list[asyncio.StreamWriter] = []

    @asynccontextmanager
    async def open(self) -> AsyncIterator[int]:
        """The port to connect to."""
        server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            for writer in self._writers:
                writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers += [writer, far_writer]
        self._tasks.append(asyncio.create_task(self._speak(reader, far_writer)))
        self._tasks.append(asyncio.create_task(self._hear(far_reader, writer)))

    @staticmethod
    async def _speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            writer.write(await reader.readuntil(b"\r\n"))  # the greeting
            while True:
                message = await reader.readuntil(b"\r\n\r\n")
                if message.startswith(self._head):
                    self.swallowed += 1
                else:
                    writer.write(message)


@pytest.fixture
async def instance(tmp_path: Path) -> AsyncIterator[AsteriskInstance]:
    async with asterisk(tmp_path) as it:
        yield it


@asynccontextmanager
async def leading(
    instance: AsteriskInstance, ami_port: int
) -> AsyncIterator[tuple[Hub, FakeJournal]]:
    """A hub that leads this Asterisk, with one agent ready on a phone that is picked up."""
    config, log = instance.config, list[str]()
    journal, contacts, clock = FakeJournal(log), FakeContacts(log), SystemClock()
    hub = Hub(Machine(empty_state("REVIEW")), journal, clock)
    faults: list[str] = []
    gateway = AmiGateway(
        Account("main", "127.0.0.1", ami_port, "leader", config.leader.secret, "the test"),
        Account("main", "127.0.0.1", config.ami_port, "fence", config.fence.secret, "it"),
        hub.put,
        on_fault=faults.append,
        timings=QUICK,
    )
    executor = Executor(
        {"main": gateway},
        FakeCustomers(),
        FakeDesktops(log),
        hub.put,
        contacts,
        contacts.written,
        clock,
    )
    hub.connect({"main": gateway}, executor)
    hub.put(e.ServiceStarted(1))
    hub.put(e.CenterConfigured(SETTINGS))
    hub.put(e.AgentsConfigured((AgentProfile("ana", ("service",)),)))
    hub.put(e.DesktopOpened("ana"))
    tasks = [asyncio.create_task(gateway.run()), asyncio.create_task(hub.run())]
    try:
        await wait_until(lambda: hub.state.links.get("main") is True, "the PBX was read")
        assert (await hub.ask(e.SignInRequested("r1", "ana", ANSWERS))).problem == ""
        assert (await hub.ask(e.ReadyRequested("r2", "ana"))).problem == ""
        yield hub, journal
    finally:
        gateway.close()
        tasks[1].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await executor.close()
    assert faults == []


async def test_an_agent_whose_callers_hangup_was_never_heard_is_freed_by_a_reading(
    instance: AsteriskInstance, tmp_path: Path
) -> None:
    config = instance.config
    proxy = DeafProxy(config.ami_port, "Hangup")
    plan = CallerPlan(NUMBER, "6000", stay_ms=3500)
    async with proxy.open() as port, leading(instance, port) as (hub, journal):

        def is_in(state: AgentState) -> bool:
            return hub.state.agents["ana"].state is state

        people = SippCallers(tmp_path / "callers", [plan], pbx=("127.0.0.1", config.sip_port))
        async with people:
            await wait_until(lambda: is_in(AgentState.TALKING), "they talk")
            healthy = dict(hub.repairs)
            await people.wait(10)
        await wait_until(lambda: is_in(AgentState.WRAP_UP), "the agent is freed")

        assert proxy.swallowed >= 1
        assert healthy == {}
        assert hub.repairs["call_gone"] == 1
        assert hub.faults == {}
        records = [r for entry in journal.entries for r in entry.records]
        ended = [record for record in records if isinstance(record, CallRecord)]
        assert [record.outcome for record in ended] == [Outcome.ANSWERED]
        assert len(hub.state.calls) == 0
