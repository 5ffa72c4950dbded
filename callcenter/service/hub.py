"""The one loop that steps the machine: take events, step, append to the journal, then release.

Nothing goes out before it is in the journal. Callbacks of adapters only put events into the inbox.
"""

from __future__ import annotations

import asyncio
import errno
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence

import structlog

from callcenter.core.machine import Machine
from callcenter.core.state import State
from callcenter.domain.call import Place
from callcenter.domain.commands import Command, DialOutside, OpenLine, PlaceCall, PopCard, RingAgent
from callcenter.domain.events import (
    CommandFailed,
    Event,
    JournalBlocked,
    JournalRestored,
    PbxStateRead,
    Request,
    Tick,
)
from callcenter.domain.ids import PbxName, RequestId
from callcenter.domain.records import FaultRecord, RepairRecord
from callcenter.domain.step import Entry, Reply, Step
from callcenter.service.executor import Executor
from callcenter.service.ports import Clock, Journal, Overloaded, PbxGateway, RecordSink
from routing.chooser import Chooser

MAX_BATCH = 256
"""Events stepped before the journal is written: about 10 ms of stepping at most."""
MAX_INBOX = 20_000
"""Events waiting; above this requests are refused and AMI is not read: one second's work."""
MAX_UNWRITTEN = 100_000
"""Entries kept while the journal cannot be written (disk full); then the service gives up
loudly."""
WRITE_AGAIN_S = 1.0
"""Between two tries to write or sync a journal whose disk is full: each encodes all that waits."""
SYNC_EVERY_S = 0.05
"""How long an appended entry may be unprotected against a power cut."""
BEAT_EVERY_S = 2.0
"""The dialplan believes us dead 10 s after the last heartbeat: four may be lost."""
SNAPSHOT_EVERY = 10_000
"""Events between two snapshots: recovery re-steps at most this many, in about half a second."""

NEEDS_SYNC = (RingAgent, OpenLine, PlaceCall, DialOutside)
"""Commands that dial: their entry must survive a power cut before they are sent."""
NEEDS_JOURNAL = (PlaceCall, DialOutside)
"""Those of them that are not sent at all while that cannot be had: a person would be dialed again
by a process that knows nothing of it. An agent's phone may be rung: an inbound caller waits."""

log = structlog.get_logger(__name__)


class JournalLostError(Exception):
    """The journal could not be written for so long that memory would run out."""


class Hub:
    """Owns the machine. All methods are for the loop's thread only."""

    def __init__(
        self,
        machine: Machine,
        journal: Journal,
        clock: Clock,
        sinks: Sequence[RecordSink] = (),
    ) -> None:
        self._machine = machine
        self._journal = journal
        self._clock = clock
        self._sinks = tuple(sinks)
        self._gateways: Mapping[PbxName, PbxGateway] = {}
        self._executor: Executor | None = None
        self._inbox: deque[Event] = deque()
        self._wake = asyncio.Event()
        self._released: deque[tuple[int, list[Step]]] = deque()
        """Batches, each with the position of its last entry."""
        self._release_wake = asyncio.Event()
        self._unwritten: list[Entry] = []
        self._write_again_at = 0.0
        self._sync_again_at = 0.0
        self.journal_problem = ""
        """Why the journal cannot be written or synced, the system's word; empty while it can. The
        machine knows, and dials nobody."""
        self.snapshot_problem = ""
        """Why the last snapshot could not be written; empty when it was."""
        self._dirty = False
        self.synced_position = machine.state.position
        """Entries up to here survive a power cut."""
        self._waiters: dict[RequestId, list[asyncio.Future[Reply]]] = {}
        self._last_beat = float("-inf")
        self._clock_at = clock.now()
        self._time = machine.state.now
        self._ended = False
        self._snapshot_at = machine.state.position
        self._snapshot_task: asyncio.Task[None] | None = None
        self.on_touched: list[Callable[[tuple[str, ...]], None]] = []
        """Told, after the journal, which live topics changed."""
        self.events: Counter[str] = Counter()
        """Events stepped, by kind, since this process began."""
        self.faults: Counter[str] = Counter()
        self.repairs: Counter[str] = Counter()

    def connect(self, gateways: Mapping[PbxName, PbxGateway], executor: Executor) -> None:
        """Attach what commands go to. Once, before ``run``."""
        self._gateways = gateways
        self._executor = executor

    # --- looking in ---------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """The live state, for pure queries only."""
        return self._machine.state

    @property
    def chooser(self) -> Chooser:
        """Who goes to whom, as it stands: for pure queries only."""
        return self._machine.chooser

    @property
    def position(self) -> int:
        """Position of the last event stepped."""
        return self._machine.state.position

    @property
    def inbox_length(self) -> int:
        """Events waiting to be stepped."""
        return len(self._inbox)

    @property
    def is_full(self) -> bool:
        """Whether sources should hold back."""
        return len(self._inbox) >= MAX_INBOX

    @property
    def is_journaled(self) -> bool:
        """False while some of what was stepped is not written, and calls go on unprotected."""
        return not self._unwritten

    def tell_problems(self) -> list[str]:
        """What is wrong with the disk, in sentences for the administrator."""
        found: list[str] = []
        if self.journal_problem:
            found.append(
                f"The journal cannot be written ({self.journal_problem}): calls that come in go on "
                "and would be forgotten by a crash, nobody is dialed. Make room on its disk; if "
                "this stays, start the service anew."
            )
        if self.snapshot_problem:
            found.append(
                f"The last snapshot could not be written ({self.snapshot_problem}): the journal "
                "grows, and a start takes longer. Make room on its disk."
            )
        return found

    # --- coming in ----------------------------------------------------------------------------

    def put(self, event: Event) -> None:
        """Have this event stepped. Never blocks, never refuses: sources look at ``is_full``."""
        self._inbox.append(event)
        self._wake.set()

    async def ask(self, request: Request) -> Reply:
        """Have a request stepped and return the machine's answer, after it is in the journal.

        Raises ``Overloaded`` when too much is waiting already.
        """
        if self._ended:
            raise Overloaded("the service is ending: try again")
        if self.is_full:
            raise Overloaded("too many events are waiting: try again in a second")
        waiter: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiters.setdefault(request.request, []).append(waiter)
        self.put(request)
        return await waiter

    # --- running ------------------------------------------------------------------------------

    async def run(self) -> None:
        """Step, journal and release until cancelled. Raises ``JournalLostError``.

        Who waits for an answer at the end is told that none will come.
        """
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._step_loop())
                group.create_task(self._release_loop())
                group.create_task(self._sync_loop())
        finally:
            self._ended = True
            self._give_up_waiters()
            if self._unwritten:
                self._write([])  # there may be room again

    def _give_up_waiters(self) -> None:
        for waiter in [waiter for waiters in self._waiters.values() for waiter in waiters]:
            if not waiter.done():
                waiter.set_exception(Overloaded("the service is ending: try again"))
        self._waiters.clear()

    async def _step_loop(self) -> None:
        while True:
            await self._wait_for_work()
            self._step_batch()
            self._beat()
            self._snapshot_if_due()
            await asyncio.sleep(0)  # let the adapters read and write between two batches

    async def _wait_for_work(self) -> None:
        """Until an event is there, a timer is due or a heartbeat must be sent."""
        self._wake.clear()
        if self._inbox:
            return
        wait_s = self._last_beat + BEAT_EVERY_S - asyncio.get_running_loop().time()
        due = self._machine.next_deadline()
        if due is not None:
            wait_s = min(wait_s, due - self._now())
        try:
            async with asyncio.timeout(max(0.0, wait_s)):
                await self._wake.wait()
        except TimeoutError:
            pass

    def _step_batch(self) -> None:
        """Step what is waiting, at most MAX_BATCH events, and write it to the journal."""
        entries: list[Entry] = []
        steps: list[Step] = []
        due = self._machine.next_deadline()
        if due is not None and due <= self._now():
            self._step(Tick(), entries, steps)
        while self._inbox and len(entries) < MAX_BATCH:
            self._step(self._inbox.popleft(), entries, steps)
        if entries or self._unwritten:
            self._append(entries)
        if entries:
            self._released.append((entries[-1].position, steps))
            self._release_wake.set()

    def _now(self) -> float:
        """The time to step at. Behind a clock that was set back it goes on at half its pace.

        So no deadline waits for hours, and the clock is right again when it has caught up.
        """
        clock = self._clock.now()
        self._time = max(clock, self._time + max(0.0, clock - self._clock_at) / 2)
        self._clock_at = clock
        return self._time

    def _step(self, event: Event, entries: list[Entry], steps: list[Step]) -> None:
        step = self._machine.handle(event, self._now())
        state = self._machine.state
        entries.append(Entry(state.position, state.now, event, step.commands, step.records))
        steps.append(step)
        self.events[type(event).__name__] += 1
        if isinstance(event, PbxStateRead):
            self._last_beat = float("-inf")  # a PBX we have just come to has waited long enough
        for record in step.records:
            if isinstance(record, FaultRecord):
                self.faults[record.kind] += 1
                log.error("fault", kind=record.kind, detail=record.detail, position=state.position)
            elif isinstance(record, RepairRecord):
                self.repairs[record.kind] += 1
                log.warning("repair", kind=record.kind, subject=record.subject)

    def _append(self, entries: list[Entry]) -> None:
        """Write to the journal; while it cannot be written, keep the entries and go on loudly."""
        now = asyncio.get_running_loop().time()
        if not self._unwritten or now >= self._write_again_at:
            if self._write(entries):
                return
            self._write_again_at = now + WRITE_AGAIN_S
        self._unwritten += entries
        if len(self._unwritten) > MAX_UNWRITTEN:
            raise JournalLostError(
                f"the journal could not be written for {len(self._unwritten)} events: make room on "
                "its disk and start again"
            )

    def _write(self, entries: list[Entry]) -> bool:
        """Write what waits and these entries; then, not before, their records may be stored.

        Records of what is in no journal would, after a crash, stand in the way of others with the
        same positions.
        """
        written = [*self._unwritten, *entries]
        try:
            self._journal.append(written)
        except OSError as error:
            log.error("journal_not_written", error=str(error), entries=len(written))
            self._block(error)
            return False
        self._unwritten.clear()
        self._dirty = True
        for sink in self._sinks:
            sink.feed(written)
        return True

    def _block(self, error: OSError) -> None:
        """Have the machine dial nobody from now on."""
        if not self.journal_problem:
            self.journal_problem = str(error)
            self._inbox.appendleft(JournalBlocked(str(error)))
            self._wake.set()

    def _beat(self) -> None:
        """Tell every PBX that the machine steps, and renew the watchdogs of callers in menus."""
        now = asyncio.get_running_loop().time()
        if now < self._last_beat + BEAT_EVERY_S:
            return
        self._last_beat = now
        menus = [call.channel for call in self.state.calls.values() if call.place is Place.MENU]
        for name, gateway in self._gateways.items():
            gateway.beat([channel for channel in menus if channel.pbx == name])

    # --- releasing ----------------------------------------------------------------------------

    async def _release_loop(self) -> None:
        while True:
            await self._release_wake.wait()
            self._release_wake.clear()
            while self._released:
                await self._release(*self._released.popleft())

    async def _release(self, position: int, steps: list[Step]) -> None:
        """Let out what one batch, which ends with this position, led to: replies, live topics, then
        commands.

        Cards go out while the disk syncs what must survive before a phone is dialed: so the card
        has a head start of a millisecond or two that costs the caller nothing.
        """
        touched: dict[str, None] = {}
        for step in steps:
            for reply in step.replies:
                for waiter in self._waiters.pop(reply.request, ()):
                    if not waiter.done():
                        waiter.set_result(reply)
            touched.update(dict.fromkeys(step.touched))
        if touched:
            for listener in self.on_touched:
                listener(tuple(touched))
        commands = [command for step in steps for command in step.commands]
        if self._executor is None or not commands:
            return
        cards = tuple(command for command in commands if isinstance(command, PopCard))
        await self._executor.carry_out(cards)
        if any(isinstance(command, NEEDS_SYNC) for command in commands):
            await self._sync()
        rest: Sequence[Command] = [
            command for command in commands if not isinstance(command, PopCard)
        ]
        if self.synced_position < position:
            rest = self._withhold(rest)
        await self._executor.carry_out(tuple(rest))

    def _withhold(self, commands: Sequence[Command]) -> Sequence[Command]:
        """Of commands whose entry may be lost, those that may go out all the same."""
        sent: list[Command] = []
        for command in commands:
            if isinstance(command, NEEDS_JOURNAL):
                reason = f"not sent, the journal cannot be written: {self.journal_problem}"
                self.put(CommandFailed(command.id, reason, withheld=True))
            else:
                sent.append(command)
        return sent

    async def _sync_loop(self) -> None:
        while True:
            await asyncio.sleep(SYNC_EVERY_S)
            if self._dirty and asyncio.get_running_loop().time() >= self._sync_again_at:
                await self._sync()

    async def _sync(self) -> None:
        self._dirty, position = False, self.position - len(self._unwritten)
        try:
            await self._journal.sync()
        except OSError as error:
            log.error("journal_not_synced", error=str(error))
            self._dirty = True
            self._sync_again_at = asyncio.get_running_loop().time() + WRITE_AGAIN_S
            self._block(error)
        else:
            self.synced_position = max(self.synced_position, position)
            if self.journal_problem and self.is_journaled:
                self.journal_problem = ""
                self.put(JournalRestored())

    def _snapshot_if_due(self) -> None:
        """Every SNAPSHOT_EVERY events: encode on the loop, write beside it."""
        if self.position - self._snapshot_at < SNAPSHOT_EVERY or self._unwritten:
            return
        if self._snapshot_task is not None and not self._snapshot_task.done():
            return
        self._snapshot_at = self.position
        self._snapshot_task = asyncio.create_task(
            self._save_snapshot(self.position, self.state.encode())
        )

    async def erase_numbers(self, is_erased: Callable[[str], bool]) -> None:
        """Erase these numbers from the journal, behind a new snapshot: a start after it replays
        nothing of before. The state must not hold them any more.

        Raises ``OSError``: then it is to be asked for again.
        """
        if self._snapshot_task is not None:  # its state may hold them
            await asyncio.wait({self._snapshot_task})
        await self.save_snapshot_now()
        await self._journal.erase(is_erased)

    async def save_snapshot_now(self) -> None:
        """Save a snapshot whatever the count, and let the journal go on in a new file.

        Raises ``OSError``, also while nothing can be written.
        """
        if self._unwritten:
            raise OSError(errno.ENOSPC, "the journal cannot be written")
        self._snapshot_at = self.position
        self._journal.end_segment()
        await self._journal.save_snapshot(self.position, self.state.encode())

    async def _save_snapshot(self, position: int, state: bytes) -> None:
        try:
            await self._journal.save_snapshot(position, state)
        except OSError as error:
            log.error("snapshot_not_written", error=str(error), position=position)
            self.snapshot_problem = str(error)
        else:
            self.snapshot_problem = ""
