"""A gateway on a real Asterisk with real phones and callers, for the tests of the gateway."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from callcenter.domain.call import Place
from callcenter.domain.commands import (
    HangUp,
    HoldCaller,
    JoinCall,
    PbxCommand,
    ReadPbx,
    RingAgent,
)
from callcenter.domain.events import (
    CallArrived,
    CallerHeld,
    ChannelJoined,
    ChannelTruth,
    IvrCommandEnded,
    LegParked,
    PbxEvent,
    PbxLinkLost,
    PbxStateRead,
)
from callcenter.domain.ids import ChannelRef
from callcenter.pbx.ami.gateway import AmiGateway
from callcenter.pbx.ami.link import Account, Timings
from callcenter.pbx.config import PbxConfig, Phone, Trunk
from callcenter.service.ports import OutcomeUnknown, Refused
from callcenter.simulator.asterisk_instance import (
    TRUNK_LOOPBACK,
    AsteriskInstance,
    free_port,
    new_config,
)
from callcenter.simulator.sip_far_ends import (
    Behaviour,
    CallerPlan,
    KeyBy,
    PhonePlan,
    SippCallers,
    SippPhones,
)
from tests.integration.asterisk import wait_until

WAIT_LIMIT_S = 15.0
"""For anything to happen; reached only by a test that fails."""

STALE_S = 3
"""Seconds without a heartbeat until the dialplan believes the service dead; short for tests."""

QUICK = Timings(retry_first_s=0.05, retry_max_s=0.1)
E = TypeVar("E", bound=PbxEvent)

NUMBER = "+12025550143"
ANSWERS, REJECTS, IGNORES, UNREACHABLE, NO_ENDPOINT = "1001", "1002", "1003", "1004", "1999"


class Center:
    """A gateway on a running Asterisk, a heart that beats, and everything that was told."""

    def __init__(self, instance: AsteriskInstance, ami_port: int) -> None:
        config = instance.config
        self.instance = instance
        self.facts: list[PbxEvent] = []
        self.faults: list[str] = []
        self.menus: list[ChannelRef] = []
        """Whose watchdog the heart renews."""
        self.beats = True
        self.gateway = AmiGateway(
            Account("main", "127.0.0.1", ami_port, "leader", config.leader.secret, "the test"),
            Account("main", "127.0.0.1", config.ami_port, "fence", config.fence.secret, "it"),
            self.facts.append,
            on_fault=self.faults.append,
            watchdog_s=STALE_S,
            timings=QUICK,
        )
        self._callers = 0
        self._commands = 0

    async def beat(self) -> None:
        while True:
            if self.beats:
                self.gateway.beat(self.menus)
            await asyncio.sleep(0.3)

    async def next_fact(self, kind: type[E], of: Callable[[E], bool] = lambda _: True) -> E:
        """The first fact of this kind, of those told so far or the next to come."""
        async with asyncio.timeout(WAIT_LIMIT_S):
            while True:
                for fact in self.facts:
                    if isinstance(fact, kind) and of(fact):
                        return fact
                await asyncio.sleep(0.01)

    async def do(self, make: Callable[[str], PbxCommand]) -> str:
        """Carry out a command and say how it ended; ``make`` is given its id."""
        self._commands += 1
        try:
            await asyncio.wait_for(self.gateway.send(make(f"cmd-t-{self._commands}-0")), 10)
        except Refused as refused:
            return f"refused: {refused}"
        except OutcomeUnknown:
            return "unknown"
        return "done"

    async def run_menu(self, make: Callable[[str], PbxCommand]) -> IvrCommandEnded:
        """Carry out a menu command and wait for its end."""
        assert await self.do(make) == "done"
        command = f"cmd-t-{self._commands}-0"
        return await self.next_fact(IvrCommandEnded, lambda fact: fact.command == command)

    async def read(self) -> dict[ChannelRef, ChannelTruth]:
        """Read the state; the channels it shows."""
        assert await self.do(lambda command: ReadPbx(command, "main")) == "done"
        states = [fact for fact in self.facts if isinstance(fact, PbxStateRead)]
        return {truth.channel: truth for truth in states[-1].channels}

    async def settle(self, what: Iterable[ChannelRef], place: Place) -> None:
        """Read the state and see that these channels are at a place."""
        truths = await self.read()
        assert {str(one): truths[one].place for one in what} == {str(one): place for one in what}

    @asynccontextmanager
    async def caller(
        self, *, key: str = "", key_by: KeyBy = KeyBy.INFO, stay_ms: int = 60_000
    ) -> AsyncIterator[ChannelRef]:
        """Somebody calls; the channel, once it is in a menu. Hung up at the end."""
        self._callers += 1
        config = self.instance.config
        folder = self.instance.directory / f"callers-{self._callers}"
        plan = CallerPlan(NUMBER, "6000", stay_ms=stay_ms, key=key, key_by=key_by, key_ms=1000)
        known = self.count(CallArrived)
        async with SippCallers(folder, [plan], pbx=("127.0.0.1", config.sip_port)) as people:
            await wait_until(lambda: self.count(CallArrived) > known, "a call arrived")
            channel = [f.channel for f in self.facts if isinstance(f, CallArrived)][-1]
            yield channel
            await self.do(lambda command: HangUp(command, channel))
            with contextlib.suppress(TimeoutError):
                await people.wait(5)

    async def ring(self, phone: str, leg: ChannelRef, timeout_s: float = 10.0) -> str:
        return await self.do(
            lambda command: RingAgent(command, leg, "ana", phone, "call-1", NUMBER, timeout_s)
        )

    async def talk(self, caller: ChannelRef, leg: ChannelRef) -> str:
        """Bring a caller in a menu and an agent together; the bridge they talk in."""
        assert await self.do(lambda command: HoldCaller(command, caller)) == "done"
        assert await self.ring(ANSWERS, leg) == "done"
        await self.next_fact(CallerHeld, lambda fact: fact.channel == caller)
        await self.next_fact(LegParked, lambda fact: fact.channel == leg)
        assert await self.do(lambda command: JoinCall(command, caller, leg)) == "done"
        first = await self.next_fact(ChannelJoined, lambda fact: fact.channel == caller)
        second = await self.next_fact(ChannelJoined, lambda fact: fact.channel == leg)
        assert first.bridge == second.bridge
        return first.bridge

    def count(self, kind: type[PbxEvent]) -> int:
        """How many facts of this kind were told."""
        return len([fact for fact in self.facts if isinstance(fact, kind)])

    def of(self, channel: ChannelRef) -> list[PbxEvent]:
        """What was told of one channel, in order."""
        told = (fact for fact in self.facts if not isinstance(fact, PbxStateRead | PbxLinkLost))
        return [fact for fact in told if fact.channel == channel]


def leg(number: int) -> ChannelRef:
    return ChannelRef("main", f"leg-t-{number}-0")


def configure(directory: Path, phones: SippPhones) -> PbxConfig:
    """An Asterisk with a trunk and four phones, one of which is not there."""
    nobody = f"sip:{UNREACHABLE}@127.0.0.1:{free_port()}"
    contacts = {number: phones.contact(number) for number in (ANSWERS, REJECTS, IGNORES)}
    return replace(
        new_config(directory),
        phones=tuple(
            Phone(number, contact=contact)
            for number, contact in {**contacts, UNREACHABLE: nobody}.items()
        ),
        trunks=(Trunk("carrier", TRUNK_LOOPBACK, free_port(), qualify_s=0),),
        stale_s=STALE_S,
    )


@asynccontextmanager
async def asterisk(directory: Path) -> AsyncIterator[AsteriskInstance]:
    """A running Asterisk with three phones of different manners, and two prompts."""
    plans = [
        PhonePlan(ANSWERS, ring_ms=300),
        PhonePlan(REJECTS, Behaviour.REJECT, ring_ms=200),
        PhonePlan(IGNORES, Behaviour.IGNORE),
    ]
    prompts = {"welcome": "Welcome.", "menu": "For service, press one. For sales, press two."}
    async with SippPhones(directory / "phones", plans) as phones:
        config = configure(directory / "pbx", phones)
        async with AsteriskInstance(directory / "pbx", config, prompts) as instance:
            yield instance


@asynccontextmanager
async def running(
    instance: AsteriskInstance, ami_port: int = 0, center: Center | None = None
) -> AsyncIterator[Center]:
    """Run a gateway (by ``ami_port``, if given) until its first state is told and it beats."""
    center = center or Center(instance, ami_port or instance.config.ami_port)
    async with asyncio.TaskGroup() as group:
        group.create_task(center.gateway.run())
        heart = group.create_task(center.beat())
        await center.next_fact(PbxStateRead)
        await wait_until(lambda: center.gateway.pbx_time() is not None, "the PBX told its time")
        center.gateway.beat([])
        try:
            yield center
        finally:
            heart.cancel()
            center.gateway.close()
    assert center.faults == []
    assert center.gateway.malformed == 0
    assert center.gateway.counters.handler_errors == 0
