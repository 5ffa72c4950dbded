"""A simulated day in which things go wrong, as a plan of faults says.

Overrides the seams of ``SimulatedDay``: what the link carries, what the database and the directory
answer, what the clock shows, who sits at a desktop, what a power cut leaves of the journal.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from functools import partial
from random import Random

from callcenter.core.machine import Machine
from callcenter.core.state import empty_state
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.records import AttemptRecord, CallRecord, FaultRecord, Record, RepairRecord
from callcenter.domain.step import Entry, Step
from callcenter.service.executor import LOOK_UP_DEADLINE_S, REFILL_DEADLINE_S
from callcenter.service.hub import NEEDS_SYNC
from callcenter.simulator import faults as wrong
from callcenter.simulator.agreement import find_disagreement
from callcenter.simulator.carrier import CarrierMix
from callcenter.simulator.contact_list import ContactList
from callcenter.simulator.day import LOOK_UP_S, Setting, SimulatedDay, day_name, page_of
from callcenter.simulator.day_journal import SNAPSHOT_EVERY, DayJournal
from callcenter.simulator.day_link import Silence
from callcenter.simulator.dialed import Behaviour
from callcenter.simulator.doom import AIMS, DOOM_STEPS_MAX, Doom
from callcenter.simulator.faults import NOISE_PER_HOUR, Fault, FaultKind, mangle
from callcenter.simulator.messages import Message, encode
from callcenter.simulator.stale_leader import StaleLeader, StaleLeaders
from callcenter.simulator.timers import Timer
from callcenter.simulator.world import World
from callcenter.storage.memory import MemoryRecords

K = FaultKind

COMPARE_EVERY_S = 60.0
"""How often state and PBX are compared, where they must agree. This mends nothing: that is left to
the machine's own reviews."""
QUIET_S = 30.0
"""This long after the last fault, and two readings later (the first may meet something under way,
and leave it alone), state and PBX agree."""
READING_S = (0.06, 1.0)
"""How long an answer to a reading is on its way, and grows old: what happens meanwhile is told
before it."""
AGREE_S = 3.0
"""Between two looks at whether they do: whatever is under way is over by the second."""
BACK_S = (0.1, 10.0)
"""Until a browser is there again after the service has come back."""
RELOAD_S = 20.0
"""How often agents look whether something is to be clicked again."""


class FaultyDay(SimulatedDay):
    """One service, one world, and a plan of what goes wrong."""

    def __init__(
        self,
        setting: Setting,
        world: World,
        contacts: ContactList,
        faults: tuple[Fault, ...],
    ) -> None:
        self.done: Counter[FaultKind] = Counter()
        """Faults that came about, by kind."""
        self.repaired: Counter[str] = Counter()
        self.faulted: Counter[str] = Counter()
        self.readings = 0
        """Answers to readings that the machine asked for."""
        self.calls = 0
        """Calls that have ended."""
        self.attempts: dict[str, AttemptRecord] = {}
        """What is kept for ever of attempts, by id: exactly one for each."""
        self.ordered: dict[str, None] = {}
        """Legs and attempts of which the journal knows that they were to be dialed."""
        self.database = MemoryRecords()
        """What is asked for reports: told of every entry, after a start of all once more."""
        self.problems: list[str] = []
        """Found broken outside of a step; told with the next one."""
        self._clock_offset_s = 0.0
        self._time = self._clock_at = world.now
        self._blocked_until = self._wrong_until = 0.0
        self._noticing: Timer | None = None
        self._unanswered: dict[str, None] = {}
        self._noise: deque[Fault] = deque()
        self._troubles: Counter[FaultKind] = Counter()
        """What is wrong with database, directory and trunk at present."""
        self._away: Counter[str] = Counter()
        """Agents whose browsers are cut off or closed."""
        self._open: dict[str, None] = {}
        """Agents whose desktop the service knows to be open."""
        self._stale = StaleLeaders(setting.seed)
        self._doom: Doom | None = None
        """The death that the service awaits."""
        self._journal = DayJournal(empty_state(day_name(setting.seed)).encode())
        self._rng_reading = Random(f"{setting.seed}/reading")
        self._rng_database = Random(f"{setting.seed}/database")
        self._usual_mix = world.carrier.mix
        super().__init__(setting, world, contacts)
        self.link.on_event = self._over_the_wire
        for fault in faults:
            self._agenda.add(fault.at, partial(self._begin, fault))
        self._read_at: deque[float] = deque(maxlen=2)
        """When the last readings were told."""
        self.after(COMPARE_EVERY_S, self._look)
        self.after(RELOAD_S, self._look_again)

    # --- what goes wrong ------------------------------------------------------------------------

    def _rng_of(self, fault: Fault) -> Random:
        return Random(f"{self.setting.seed}/fault-{fault.index}")

    def _begin(self, fault: Fault) -> None:
        self._wrong_until = max(self._wrong_until, fault.until)
        if fault.kind in NOISE_PER_HOUR:
            self._noise.append(fault)  # the next event's
            return
        rng, lasts_s = self._rng_of(fault), fault.until - self.world.now
        match fault.kind:
            case K.LINK_LOST:
                self._block_link(fault.until)
                if self.link.is_up:
                    self.lose_link("reset by peer")
            case K.LINK_HALF_OPEN:
                self._fall_silent(fault, rng)
            case K.PBX_RESTART:
                self._block_link(fault.until)
                self.link.hear(self.world.restart_pbx(self.world.now))
            case K.SERVICE_KILLED | K.POWER_CUT:
                if not self.is_alive or self._doom is not None:
                    return
                self._doom = Doom(fault, rng.choice(AIMS), rng.randrange(DOOM_STEPS_MAX))
            case K.CLOCK_JUMP:
                least, most = wrong.JUMP_S
                jump_s = rng.choice((-1, 1)) * least * (most / least) ** rng.random()
                self._set_clock(jump_s)
                self.after(lasts_s, lambda: self._set_clock(-jump_s))
            case K.DESKTOPS_GONE:
                for agent in self._draw_agents(rng):
                    self._leave(agent)
                    self.after(lasts_s, partial(self._come_back, agent))
            case K.STAFF_LEAVES:
                for agent in self._draw_agents(rng):
                    self._go_home(agent, rng.uniform(0.5, 30.0), lasts_s)
            case _:
                self._trouble(fault.kind, 1)
                self.after(lasts_s, lambda: self._trouble(fault.kind, -1))
        self.done[fault.kind] += 1

    def _trouble(self, kind: FaultKind, change: int) -> None:
        self._troubles[kind] += change
        is_dead = self._troubles[K.TRUNK_REFUSES] > 0
        self.world.carrier.mix = (
            CarrierMix(shares={Behaviour.CONGESTION: 1.0}) if is_dead else self._usual_mix
        )

    # --- the clock ------------------------------------------------------------------------------

    def service_time(self) -> float:
        """As ``Hub`` has it: behind a clock that was set back it goes on at half its pace."""
        clock = self.world.now + self._clock_offset_s
        self._time = max(clock, self._time + max(0.0, clock - self._clock_at) / 2)
        self._clock_at = clock
        return self._time

    def world_time(self, deadline: float) -> float:
        """When the service, which may go at half the pace now, will step at ``deadline``."""
        ahead_s = self.service_time() - self._clock_at
        wait_s = max(0.0, deadline - self._time)
        return self.world.now + (2.0 * wait_s if wait_s < ahead_s else wait_s + ahead_s)

    def _set_clock(self, jump_s: float) -> None:
        self.service_time()
        self._clock_offset_s += jump_s

    # --- the link -------------------------------------------------------------------------------

    def connect(self) -> None:
        """Connect; where nothing passes, try again."""
        if not self.is_alive or self.link.is_up:
            return
        if self.world.now < self._blocked_until:
            self.after(wrong.RETRY_S, self.connect)
            return
        super().connect()
        if not self.link.is_up:
            self.after(wrong.RETRY_S, self.connect)
            return
        for stale, wakes_s in self._stale.take():
            self.after(wakes_s, partial(self._wake, stale))

    def _wake(self, stale: StaleLeader) -> None:
        self.problems += stale.wake(self.service_time)

    def _block_link(self, until: float) -> None:
        self._blocked_until = max(self._blocked_until, until)

    def lose_link(self, reason: str) -> None:
        """The link is down; what was asked over it nobody can tell."""
        super().lose_link(reason)
        if self._noticing is not None:
            self._noticing.cancel()
        for command in list(self._unanswered):
            self._give_up(command)
        self.after(wrong.RETRY_S, self.connect)

    def _fall_silent(self, fault: Fault, rng: Random) -> None:
        self._block_link(fault.until)
        if not self.link.is_up or self.link.silence is not Silence.NONE:
            return
        self.link.silence = rng.choice((Silence.ANSWERS, Silence.BOTH))
        self._noticing = self.after(
            rng.uniform(*wrong.NOTICED_S), lambda: self.lose_link("no answer to a ping")
        )

    def leave_unanswered(self, command: c.Command) -> None:
        """Nobody can say what became of this command."""
        self._unanswered[command.id] = None
        self.after(wrong.ACTION_S, lambda: self._give_up(command.id))

    def _give_up(self, command: str) -> None:
        if command in self._unanswered:
            del self._unanswered[command]
            self.put(e.CommandFailed(command, "no answer", unknown=True))

    def _over_the_wire(self, message: Message) -> list[bytes]:
        """What an event of the PBX becomes: mostly itself."""
        wire = encode(message)
        if not self._noise:
            return [wire]
        fault = self._noise.popleft()
        self._wrong_until = max(self._wrong_until, self.world.now)
        self.done[fault.kind] += 1
        rng = self._rng_of(fault)
        match fault.kind:
            case K.EVENT_LOST:
                return []
            case K.EVENT_DOUBLED:
                return [wire, wire]
            case K.EVENT_MALFORMED:
                return [mangle(message, rng)]
            case _:
                late_s = wrong.LATE_S if fault.kind is K.EVENT_LATE else wrong.SWAPPED_S
                self._deliver_late(wire, rng.uniform(*late_s))
                return []

    def _deliver_late(self, wire: bytes, delay_s: float) -> None:
        session = self.link.sessions

        def deliver() -> None:
            if self.link.is_up and self.link.sessions == session:
                self.link.receive([wire])

        self.after(delay_s, deliver)

    def answer_reading(self, command: c.ReadPbx) -> None:
        """The answer is on its way for a while."""
        read, session = self.link.read_state(), self.link.sessions
        if read is None:
            super().answer_reading(command)
            return

        def come_in() -> None:
            if self.is_alive and self.link.is_up and self.link.sessions == session:
                self._unanswered.pop(command.id, None)
                self._read_at.append(self.world.now)
                self.readings += 1
                self.put(read)
                self.put(e.CommandSucceeded(command.id))

        self._unanswered[command.id] = None  # until then: lost with the link
        self.after(self._rng_reading.uniform(*READING_S), come_in)

    def _look(self) -> None:
        self.after(COMPARE_EVERY_S, self._look)
        if self._is_quiet():
            first = self._find_disagreement()
            self.after(AGREE_S, lambda: self._compare(first))

    def _is_quiet(self) -> bool:
        """Whether nothing has gone wrong for so long that nothing can be left of it."""
        is_known = self.is_alive and self.link.is_up and not self._noise
        is_read = len(self._read_at) == 2 and self._read_at[0] > self._wrong_until + QUIET_S
        return is_known and is_read

    def _find_disagreement(self) -> list[str]:
        read = self.link.read_state()
        return [] if read is None else find_disagreement(self.state, read)

    def _compare(self, before: list[str]) -> None:
        """What differs from the PBX twice has no reason, and none but a reading would mend it."""
        if self._is_quiet():
            now = self._find_disagreement()
            self.problems += [line for line in before if line in now]

    # --- life and death -------------------------------------------------------------------------

    def step_one(self, event: e.Event, now: float, *, release: bool = True) -> None:
        """Step; where the service is doomed it may be the last, and not even released."""
        if self._doom is None:
            super().step_one(event, now, release=release)
            return
        fault = self._doom.fault
        is_last = self._doom.is_near and self._doom.steps == 0
        is_released = not is_last or self._rng_of(fault).random() < 0.5
        super().step_one(event, now, release=is_released)
        if is_last:
            self._doom = None
            if fault.kind is K.SERVICE_KILLED:
                unsent = () if is_released else self._journal.entries[-1].commands
                self.link = self._stale.may_stand_still(
                    fault.index, self.machine, self.link, unsent
                )
            self.kill()
            if fault.kind is K.POWER_CUT:
                self._journal.cut_power(self._rng_of(fault))
            self.after(max(0.3, fault.until - self.world.now), self._start)
        elif self._doom.is_near:
            self._doom.steps -= 1

    def kill(self) -> None:
        """The process has ended, and with it whatever it waited for."""
        super().kill()
        self._unanswered.clear()
        self._open.clear()
        if self._noticing is not None:
            self._noticing.cancel()

    def journal(self, entry: Entry) -> None:
        """Append. What is not synced may yet be lost; the database is told afterwards."""
        self._journal.append(entry, self.world.now)
        self._keep(self._journal.grow_old(self.world.now))
        if entry.position % SNAPSHOT_EVERY == 0:
            self._journal.take_snapshot(self.machine)

    def release(self, step: Step) -> None:
        """Dialing waits for the disk."""
        if any(isinstance(command, NEEDS_SYNC) for command in step.commands):
            self.sync()
        if self._doom is not None and any(
            isinstance(command, self._doom.aim) for command in step.commands
        ):
            self._doom.is_near = True
        super().release(step)

    def sync(self) -> None:
        """Everything written survives from now on."""
        self._keep(self._journal.sync())

    def _keep(self, entries: list[Entry]) -> None:
        self.database.feed(entries)
        for entry in entries:
            self.note_attempts(entry)
            for record in entry.records:
                self._keep_record(record, entry)
            for command in entry.commands:
                if isinstance(command, c.PlaceCall):
                    self.ordered[command.channel.id] = None
                elif isinstance(command, (c.RingAgent, c.OpenLine)):
                    self.ordered[command.leg.id] = None

    def _keep_record(self, record: Record, entry: Entry) -> None:
        match record:
            case AttemptRecord():
                if record.attempt in self.attempts:
                    self.problems.append(f"attempt {record.attempt} has two results")
                self.attempts[record.attempt] = record
            case CallRecord():
                self.calls += 1
            case FaultRecord():
                self.faulted[record.kind] += 1
            case RepairRecord():
                self.repaired[record.kind] += 1
            case _:
                pass

    def recover(self) -> Machine:
        """Replay what came since the last snapshot, as a start does."""
        machine = self._journal.replay()
        self._keep(self._journal.sync())
        self.database.feed(self._journal.entries)  # what a start cannot know to be there
        self._clock_at = self.world.now + self._clock_offset_s
        self._time = max(machine.state.now, self._clock_at)
        return machine

    def is_replayed(self) -> bool:
        """Whether stepping the rest again, too, comes to the same."""
        self._journal.take_snapshot(self.machine)
        return not self._journal.differences

    def check_all(self) -> list[str]:
        """What is broken, looking at everything; and who could talk, and is not paired."""
        due = self.machine.next_deadline()
        left: list[str] = []
        if due is None or due > self.state.now:  # else the tick to come may pair them
            chooser = self.machine.chooser
            for call in self.state.calls:
                stands = chooser.explain(call, self.state.now)
                if stands is not None and stands.idle and stands.hold is None:
                    left.append(f"call {call} waits while somebody is free, and no hold says why")
        return [*super().check_all(), *left]

    def take_problems(self) -> list[str]:
        """What was found broken beside the state since the last call."""
        found = [*self.problems, *self._journal.differences]
        self.problems.clear()
        return found

    def is_allowed(self, fault: FaultRecord) -> bool:
        """What the machine notes of the world is no break, once anything has gone wrong there."""
        return bool(self.done) and fault.kind in wrong.OF_THE_WORLD

    # --- database and directory -----------------------------------------------------------------

    def refill(self, command: c.RefillHopper | c.FetchContacts) -> None:
        """The database writes the records first, and for that the journal is synced."""
        self.sync()
        answer = partial(self.contacts.answer, command, self.service_time())
        self._ask(command, REFILL_DEADLINE_S, answer, wrong.DATABASE)

    def find_contact(self, command: c.FindContact) -> None:
        """As the database can at present."""
        self._ask(command, LOOK_UP_DEADLINE_S, lambda: self.contacts.find(command), wrong.DATABASE)

    def look_up(self, command: c.LookUpCustomer) -> None:
        """As the directory can at present."""
        self._ask(command, LOOK_UP_DEADLINE_S, lambda: self.customer_of(command), wrong.DIRECTORY)

    def _ask(
        self, command: c.Command, longest_s: float, answer: Callable[[], e.Event], of: wrong.Source
    ) -> None:
        wait_s, fails = wrong.delay(self._troubles, of, longest_s, self._rng_database)
        failed = e.CommandFailed(command.id, "nobody answers")
        self.put_later(wait_s or LOOK_UP_S, failed if fails else answer())

    # --- desktops -------------------------------------------------------------------------------

    def put(self, event: e.Event) -> None:
        """Have the service take an event; every agent has one browser."""
        match event:
            case e.DesktopOpened():
                if event.agent in self._open:
                    return
                self._open[event.agent] = None
            case e.DesktopClosed():
                self._open.pop(event.agent, None)
            case _:
                pass
        super().put(event)

    def is_shown(self, agent: str) -> bool:
        """Whether this agent's browser is connected."""
        return self._away[agent] <= 0

    def open_desktop(self, agent: str) -> None:
        """The browser connects again, some time after the service has come back."""
        self.after(self._rng.uniform(*BACK_S), lambda: self._reconnect(agent))

    def _reconnect(self, agent: str) -> None:
        if self.is_alive and self.is_shown(agent):
            self.put(e.DesktopOpened(agent))

    def _draw_agents(self, rng: Random) -> list[str]:
        agents = [profile.id for profile, _, _ in self.setting.agents]
        return rng.sample(agents, max(1, round(len(agents) * rng.uniform(0.1, 0.7))))

    def _leave(self, agent: str) -> None:
        self._away[agent] += 1
        if self.is_alive and agent in self._open:
            self.put(e.DesktopClosed(agent))

    def _come_back(self, agent: str) -> None:
        self._away[agent] -= 1
        self._reconnect(agent)

    def _go_home(self, agent: str, after_s: float, lasts_s: float) -> None:
        """Sign out, close the browser a little later, and come back for the next shift."""
        desktop = self.world.desktops[agent]
        desktop.leave()
        self.after(after_s, lambda: self._leave(agent))

        def come_back() -> None:
            self._come_back(agent)
            desktop.come_back()

        self.after(max(after_s, lasts_s), come_back)

    def _look_again(self) -> None:
        """Whose click came to nothing clicks again."""
        self.after(RELOAD_S, self._look_again)
        for agent in self.state.agents.values() if self.is_alive else ():
            if agent.id in self._open:
                self.world.desktops[agent.id].look_again(*page_of(agent))
