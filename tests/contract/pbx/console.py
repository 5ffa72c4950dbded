"""What a scenario works with: commands to the gateway, facts from it, and the raw session.

The same on both sites. Nothing here waits for a time to pass: everything is waited for by name.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, NamedTuple, TypeVar

from callcenter.domain.campaign import OnMachine
from callcenter.domain.commands import (
    HangUp,
    HoldCaller,
    JoinCall,
    OpenLine,
    PbxCommand,
    PlaceCall,
    ReadPbx,
    RingAgent,
)
from callcenter.domain.events import (
    CallArrived,
    CallerHeld,
    CallFellBack,
    ChannelHungUp,
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
from callcenter.pbx.config import AmiAccount
from callcenter.service.ports import OutcomeUnknown, Refused
from tests.contract.pbx.recorder import FLUSH, HOST, Message, Record, Recorder, get
from tests.contract.pbx.sites import NAME, STALE_S, TRUNK, Call, Site
from tests.integration.asterisk import BareAmi, wait_until

WAIT_LIMIT_S: Final = 15.0
"""For anything to happen; reached only by a test that fails."""

BEAT_EVERY_S: Final = 0.4
"""Between two heartbeats: several within ``STALE_S``."""

QUIET_S: Final = 0.12
"""Without a message for so long, a scenario has nothing more to tell: device states, the slowest
to come, take a few milliseconds."""

NOBODY: Final = "<unknown>"
"""The number of an other end that is not known; callers here have no names."""

SHOWN: Final = "+18005550199"
"""What people see who are dialed."""

QUICK: Final = Timings(retry_first_s=0.05, retry_max_s=0.1)

E = TypeVar("E", bound=PbxEvent)


class Remark(NamedTuple):
    """Something besides facts and messages that both PBXs must do alike."""

    what: str
    said: dict[str, str]


class Recording(NamedTuple):
    """Everything one scenario brought about on one site."""

    facts: list[PbxEvent]
    remarks: list[Remark]
    """Results of commands, answers of other sessions, in order."""
    records: list[Record]


class Console:
    """One gateway with its heart and its relay, on one site."""

    def __init__(self, site: Site, recorder: Recorder) -> None:
        self.site = site
        self.recorder = recorder
        self.facts: list[PbxEvent] = []
        self.remarks: list[Remark] = []
        self.faults: list[str] = []
        self.menus: list[ChannelRef] = []
        """Whose watchdog the heart renews."""
        self.beats = True
        self.gateway = AmiGateway(
            self._account(site.leader, recorder.port),
            self._account(site.fence, site.ami_port),
            self._take_fact,
            on_fault=self.faults.append,
            watchdog_s=STALE_S,
            timings=QUICK,
        )
        self._changed = asyncio.Event()
        self._commands = 0
        self._began = 0
        recorder.on_record = self._changed.set

    @staticmethod
    def _account(account: AmiAccount, port: int) -> Account:
        return Account(NAME, HOST, port, account.user, account.secret, "the test")

    def _take_fact(self, fact: PbxEvent) -> None:
        self.facts.append(fact)
        self._changed.set()

    async def beat(self) -> None:
        """The heart."""
        while True:
            if self.beats:
                self.gateway.beat(self.menus)
            await asyncio.sleep(BEAT_EVERY_S)

    # --- waiting ------------------------------------------------------------------------------

    async def until(self, is_so: Callable[[], bool], what: str) -> None:
        """Wait until something is so; looked at after every message."""
        try:
            async with asyncio.timeout(WAIT_LIMIT_S):
                while not is_so():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            told = ", ".join(map(str, self.facts[-6:]))
            raise AssertionError(f"{self.site.name}: never {what}; last told: {told}") from None

    async def fact(self, kind: type[E], channel: ChannelRef | None = None, *, times: int = 1) -> E:
        """The ``times``-th fact of this kind, of this channel if one is given."""
        await self.until(
            lambda: len(self._list(kind, channel)) >= times, f"{kind.__name__} of {channel}"
        )
        return self._list(kind, channel)[times - 1]

    def _list(self, kind: type[E], channel: ChannelRef | None) -> list[E]:
        found = [fact for fact in self.facts if isinstance(fact, kind)]
        return [fact for fact in found if channel in (None, getattr(fact, "channel", None))]

    async def event(self, name: str, *, times: int = 1, **headers: str) -> Record:
        """The ``times``-th raw event with these headers since the scenario began."""

        def found() -> list[Record]:
            return [
                record
                for record in self.list_events(name)
                if all(record.get(key) == value for key, value in headers.items())
            ]

        await self.until(lambda: len(found()) >= times, f"event {name} {headers}")
        return found()[times - 1]

    def list_events(self, name: str) -> list[Record]:
        """All raw events of this name since the scenario began."""
        records = self.recorder.records[self._began :]
        return [record for record in records if record.message[0] == ("Event", name)]

    async def next_beat(self) -> None:
        """Wait until the heart beats again: for what takes a moment and is told by no event."""
        known = self._count_beats()
        await self.until(lambda: self._count_beats() > known, "a heartbeat")

    def _count_beats(self) -> int:
        return sum(
            record.sent and record.get("Variable") == "CC_HEARTBEAT"
            for record in self.recorder.records
        )

    # --- commands -----------------------------------------------------------------------------

    async def do(self, make: Callable[[str], PbxCommand]) -> str:
        """Carry out a command and say how it ended; ``make`` is given its id."""
        self._commands += 1
        command = make(f"cmd-c-{self._commands}-0")
        try:
            async with asyncio.timeout(WAIT_LIMIT_S):
                await self.gateway.send(command)
            result = "done"
        except Refused as refused:
            result = f"refused: {refused}"
        except OutcomeUnknown:
            result = "unknown"
        said = {key: str(getattr(command, key)) for key in command.__struct_fields__}
        self.remark(type(command).__name__, {**said, "result": result})
        return result

    async def run_menu(self, make: Callable[[str], PbxCommand]) -> IvrCommandEnded:
        """Carry out a menu command and wait for its end."""
        assert await self.do(make) == "done"
        command = f"cmd-c-{self._commands}-0"

        def ends() -> list[IvrCommandEnded]:
            return [end for end in self._list(IvrCommandEnded, None) if end.command == command]

        await self.until(lambda: bool(ends()), f"the end of {command}")
        return ends()[0]

    async def hold(self, caller: ChannelRef, *, times: int = 1) -> None:
        """Put a caller on hold, for the ``times``-th time."""
        assert await self.do(lambda command: HoldCaller(command, caller)) == "done"
        await self.fact(CallerHeld, caller, times=times)

    async def ring(self, phone: str, leg: ChannelRef, timeout_s: float = 10.0) -> str:
        """Ring a phone."""
        return await self.do(
            lambda command: RingAgent(
                command, leg, "ana", phone, "call-1", "+12025550143", timeout_s
            )
        )

    async def park(self, phone: str, leg: ChannelRef) -> None:
        """Ring a phone that answers, and wait until its leg is parked."""
        assert await self.ring(phone, leg) == "done"
        await self.fact(LegParked, leg)

    async def open_line(self, phone: str, line: ChannelRef) -> None:
        """Ring a phone that answers and is to stay on the line; wait until it is parked."""
        command = await self.do(lambda command: OpenLine(command, line, "ana", phone, 10.0))
        assert command == "done"
        await self.fact(LegParked, line)

    async def place(
        self,
        number: str,
        person: ChannelRef,
        *,
        amd: bool = False,
        harbour_s: int = 1,
        prompt: str = "safe-harbour",
        timeout_s: float = 10.0,
        trunk: str = TRUNK,
        machine_prompt: str = "",
    ) -> str:
        """Dial somebody for a campaign."""
        on_machine = OnMachine.LEAVE_MESSAGE if machine_prompt else OnMachine.HANG_UP
        return await self.do(
            lambda command: PlaceCall(
                command,
                person,
                trunk,
                number,
                SHOWN,
                timeout_s,
                amd,
                harbour_s,
                prompt,
                on_machine=on_machine,
                machine_prompt=machine_prompt,
            )
        )

    async def join_line(self, person: ChannelRef, line: ChannelRef, *, times: int = 1) -> None:
        """Join somebody dialed and an open line, the line for the ``times``-th time; until each has
        learnt the other's number.
        """
        shown = (await self.recorder.peek("Status", Channel=line.id))[0]
        assert await self.do(lambda command: JoinCall(command, person, line)) == "done"
        first = await self.fact(ChannelJoined, person)
        second = await self.fact(ChannelJoined, line, times=times)
        assert first.bridge == second.bridge

        async def knows() -> bool:
            rows = [
                (await self.recorder.peek("Status", Channel=one.id))[0] for one in (person, line)
            ]
            heard = [get(row, "ConnectedLineNum") for row in rows]
            return heard == [get(shown, "CallerIDNum"), SHOWN]

        await wait_until(knows, "each knows the other's number")

    async def join(self, caller: ChannelRef, leg: ChannelRef, *, times: int = 1) -> None:
        """Join a caller and a parked leg, the caller for the ``times``-th time; until each has
        learnt the other's number, which no event of the leader's tells.
        """
        assert await self.do(lambda command: JoinCall(command, caller, leg)) == "done"
        first = await self.fact(ChannelJoined, caller, times=times)
        second = await self.fact(ChannelJoined, leg)
        assert first.bridge == second.bridge
        await wait_until(lambda: self._knows(caller, leg), "each knows the other's number")

    async def _knows(self, caller: ChannelRef, leg: ChannelRef) -> bool:
        rows = [
            (await self.recorder.peek("Status", Channel=channel.id))[0] for channel in (caller, leg)
        ]
        heard, shown = get(rows[0], "ConnectedLineNum"), get(rows[1], "ConnectedLineName")
        return heard != NOBODY and shown == NOBODY

    async def hang_up(self, channel: ChannelRef) -> None:
        """End a channel and wait for its end."""
        assert await self.do(lambda command: HangUp(command, channel)) == "done"
        await self.fact(ChannelHungUp, channel)

    async def read(self) -> dict[ChannelRef, ChannelTruth]:
        """Read the state; the channels it shows."""
        assert await self.do(lambda command: ReadPbx(command, NAME)) == "done"
        return {truth.channel: truth for truth in self._list(PbxStateRead, None)[-1].channels}

    async def stop_heart(self, *, stale: bool = False) -> None:
        """No more heartbeats; ``stale``: the last one is long ago already."""
        self.beats = False
        if stale:
            await self._flush()
            await self.recorder.act("Setvar", Variable="CC_HEARTBEAT", Value="1000000000")

    async def resume_heart(self) -> None:
        """The heart beats again, and the PBX has felt it."""
        self.beats = True
        self.gateway.beat([])
        await self._flush()

    async def _flush(self) -> None:
        """Wait until the PBX has taken everything that the gateway has written."""
        with contextlib.suppress(Refused):
            await self.gateway.send(HangUp("cmd-flush-0-0", ChannelRef(NAME, FLUSH)))

    # --- callers and other sessions -----------------------------------------------------------

    async def call(self, plan: Call | None = None) -> ChannelRef:
        """Somebody calls and comes into a menu, whose watchdog is renewed from then on."""
        known = len(self._list(CallArrived, None))
        await self.site.call(plan or Call())
        arrival = await self.fact(CallArrived, times=known + 1)
        self.menus.append(arrival.channel)
        return arrival.channel

    async def call_into_queue(self, plan: Call | None = None) -> ChannelRef:
        """Somebody calls while the service is dead, and comes into the native queue."""
        known = len(self._list(CallFellBack, None))
        await self.site.call(plan or Call())
        return (await self.fact(CallFellBack, times=known + 1)).channel

    @asynccontextmanager
    async def session(self) -> AsyncIterator[BareAmi]:
        """Another AMI session, not the leader's."""
        async with BareAmi(self.site.ami_port) as ami:
            yield ami

    def remark(self, what: str, said: dict[str, str] | Message) -> None:
        """Write down something that both PBXs must do alike."""
        self.remarks.append(Remark(what, dict(said)))

    # --- one scenario after the other ---------------------------------------------------------

    async def begin(self) -> None:
        """Begin a new scenario: the service lives, nothing has been told."""
        self.facts.clear()
        self.remarks.clear()
        self.menus.clear()
        self._commands = 0
        await self.resume_heart()
        self._began = len(self.recorder.records)

    async def end(self) -> Recording:
        """Wait until every channel is gone and nothing more is told; what the scenario brought."""
        await self.until(lambda: not self._live(), "all channels gone")
        await self._be_quiet()
        await self.site.see_off()
        records = self.recorder.records[self._began :]
        return Recording(list(self.facts), list(self.remarks), records)

    async def clear_up(self) -> None:
        """End what a failed scenario has left behind."""
        self.beats = True
        for channel in self._live():
            with contextlib.suppress(TimeoutError):
                await self.recorder.act("Hangup", Channel=channel)
        await self.site.see_off()

    def _live(self) -> list[str]:
        live: dict[str, None] = {}
        for record in self.recorder.records[self._began :]:
            if record.message[0] == ("Event", "Newchannel"):
                live[record.get("Uniqueid")] = None
            elif record.message[0] == ("Event", "Hangup"):
                live.pop(record.get("Uniqueid"), None)
        return list(live)

    async def _be_quiet(self) -> None:
        """Wait until no event has come for a while; the heart goes on beating."""
        async with asyncio.timeout(WAIT_LIMIT_S):
            while True:
                events = self._count_events()
                await asyncio.sleep(QUIET_S)
                if events == self._count_events():
                    return

    def _count_events(self) -> int:
        return sum(record.kind == "Event" for record in self.recorder.records)


@asynccontextmanager
async def open_console(site: Site) -> AsyncIterator[Console]:
    """Run a gateway on a site until its state is told and its heart beats."""
    async with Recorder(site.ami_port) as recorder:
        console = Console(site, recorder)
        async with asyncio.TaskGroup() as group:
            group.create_task(console.gateway.run())
            heart = group.create_task(console.beat())
            try:
                await console.fact(PbxStateRead)
                await console.until(
                    lambda: console.gateway.pbx_time() is not None, "the PBX's time"
                )
                yield console
            finally:
                heart.cancel()
                console.gateway.close()
    assert console.gateway.malformed == 0
    assert console.gateway.counters.handler_errors == 0


def leg(number: int) -> ChannelRef:
    """The id of an agent's leg."""
    return ChannelRef(NAME, f"leg-c-{number}-0")


def attempt(number: int) -> ChannelRef:
    """The id of somebody dialed."""
    return ChannelRef(NAME, f"att-c-{number}-0")


__all__ = ["Console", "PbxLinkLost", "Recording", "Remark", "attempt", "leg", "open_console"]
