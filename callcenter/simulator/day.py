"""A simulated day: the production machine against the simulated world, without a loop, without I/O.

AMI goes as bytes through the product's own parser and translation (``day_link``). The service can
be killed between any two steps, or between journaling and releasing one, and be away for a while.
What callers and phones saw is in ``world.log``; what the machine kept is in ``entries``.
What else can go wrong is ``faulty_day``'s.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import assert_never

from msgspec import Struct

from callcenter.core.invariants import BUSY, broken, broken_in
from callcenter.core.machine import Machine
from callcenter.core.state import State, decode_state, empty_state
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import Agent, AgentProfile, AgentState
from callcenter.domain.call import Place
from callcenter.domain.campaign import CampaignSettings, CampaignStep
from callcenter.domain.center import Center
from callcenter.domain.customer import Tier
from callcenter.domain.records import (
    FaultRecord,
    Record,
    RepairRecord,
)
from callcenter.domain.step import Entry, Step
from callcenter.pbx.ami.commands import (
    WATCHDOG_S,
    InvalidCommand,
    heartbeat_action,
    watchdog_action,
)
from callcenter.simulator import desktops
from callcenter.simulator.contact_list import ContactList
from callcenter.simulator.day_link import DayLink
from callcenter.simulator.timers import Timer, Timers
from callcenter.simulator.world import World

BEAT_EVERY_S = 2.0
"""As the hub does."""
CHECK_ALL_EVERY = 1000
"""Steps between two complete checks of the invariants; what a step touched is checked at once."""
TAIL_STEPS = 60
"""Steps kept for the story of a break."""
LOOK_UP_S = 0.003
"""The directory's answer."""


class Broken(AssertionError):  # noqa: N818 - says what is wrong, as a fact
    """An invariant does not hold; the message tells seed, step and event."""

    def __init__(
        self, seed: int, step: int, at: float, event: str, problems: list[str], *tail: str
    ) -> None:
        super().__init__(f"seed {seed}, step {step}, {event}: {problems}")
        self.seed = seed
        self.step = step
        self.at = at
        """On the world's scale."""
        self.event = event
        self.problems = problems
        self.tail = tail
        """The steps before it, if they were kept."""


class Setting(Struct, frozen=True):
    """What a day is played with."""

    seed: int
    center: Center
    agents: tuple[tuple[AgentProfile, str, desktops.DesktopHabits], ...]
    """Profile, phone and habits of each."""
    tiers: dict[str, Tier]
    """Customers' numbers and tiers."""
    campaigns: tuple[CampaignSettings, ...] = ()
    """Started at once."""
    leader: tuple[str, str] = ("leader", "secret")
    fence: tuple[str, str] | None = None
    """The account that ends an old leader's sessions; None: there never is another process."""
    pbx: str = "main"
    kill_every_s: float = 0.0
    """Mean time between two deaths of the service; 0: it lives."""
    away_s: tuple[float, float] = (0.5, 45.0)
    """How long it stays dead."""


class SimulatedDay:
    """One service, one world, one order of time."""

    def __init__(self, setting: Setting, world: World, contacts: ContactList | None = None) -> None:
        self.setting = setting
        self.contacts = contacts or ContactList()
        self.world = world
        self.machine = Machine(empty_state(day_name(setting.seed)))
        self.entries: list[Entry] = []
        self.records: list[Record] = []
        self.kills = 0
        self.tail: deque[tuple[int, float, e.Event]] = deque(maxlen=TAIL_STEPS)
        """The last steps, for the story of a break: position, time and event."""
        self.link = DayLink(
            setting.pbx,
            world,
            setting.leader,
            self.put,
            lambda reason: self.lose_link(reason),
            setting.fence,
        )
        self.is_alive = False
        """Whether the service's process runs."""
        self._rng = Random(f"{setting.seed}/service")
        self._agenda = Timers()
        self._todo: deque[e.Event] = deque()
        self._requests = 0
        self._next_beat = world.now
        self._next_kill: Timer | None = None
        self._epoch = 0
        self._start()
        for profile, phone, habits in setting.agents:
            world.add_desktop(profile.id, phone, habits)

    # --- time -------------------------------------------------------------------------------

    def run(self, until: float) -> None:
        """Let everything happen up to a time. Raises ``Broken``."""
        while True:
            now = self._next_time()
            if now > until:
                self._advance(until)
                return
            self._advance(now)

    def service_time(self) -> float:
        """The time that the service steps at: its own clock's."""
        return self.world.now

    def world_time(self, deadline: float) -> float:
        """When the service's clock will show ``deadline``, on the world's scale."""
        return deadline

    def _next_time(self) -> float:
        world, agenda = self.world.next_deadline(), self._agenda.next_deadline()
        deadline: float | None = None
        beat = math.inf
        if self.is_alive:
            deadline, beat = self.machine.next_deadline(), self._next_beat
        first = min(
            beat,
            math.inf if world is None else world,
            math.inf if agenda is None else agenda,
            math.inf if deadline is None else self.world_time(deadline),
        )
        return max(self.world.now, first)

    def _advance(self, now: float) -> None:
        self.link.hear(self.world.advance(now))
        self._work()
        while (timer := self._agenda.pop_due(now)) is not None:
            if timer.call is not None:
                timer.call()
                self._work()
        if self.is_alive:
            self._live(now)
        self._click()

    def _live(self, now: float) -> None:
        if now >= self._next_beat:
            self._next_beat = now + BEAT_EVERY_S
            self._beat()
        deadline = self.machine.next_deadline()
        if deadline is not None and self.world_time(deadline) <= now:
            self.put(e.Tick())
        self._work()

    def after(self, delay_s: float, call: Callable[[], None]) -> Timer:
        """Have something done later, whoever lives then."""
        return self._agenda.add(self.world.now + delay_s, call)

    def put_later(self, delay_s: float, event: e.Event) -> Timer:
        """Have the service take an event later, unless its process has ended by then."""
        epoch = self._epoch

        def come_in() -> None:
            if self.is_alive and self._epoch == epoch:
                self.put(event)

        return self.after(delay_s, come_in)

    def drain(self) -> None:
        """Have every campaign end: no new calls, those under way go on."""
        for campaign in self.setting.campaigns:
            self.put(
                e.CampaignStepRequested(
                    f"drain-{campaign.id}", campaign.id, CampaignStep.DRAIN, "day"
                )
            )
        self._work()

    # --- life and death of the service --------------------------------------------------------

    def _plan_kill(self) -> None:
        if mean := self.setting.kill_every_s:
            self._next_kill = self.after(self._rng.expovariate(1 / mean), self._die)

    def _die(self) -> None:
        """Kill the service: half of the times with the last step journaled but not released."""
        now, deadline = self.service_time(), self.machine.next_deadline()
        if self._rng.random() < 0.5 and self.is_alive:
            at = deadline if deadline is not None and 0.0 < deadline - now < 1.0 else now
            self.step_one(e.Tick(), at, release=False)
        self.kill()
        self.after(self._rng.uniform(*self.setting.away_s), self._start)

    def kill(self) -> None:
        """The service's process is gone, and with it all that is not in the journal."""
        self.kills += 1
        self.is_alive = False
        self.link.close()
        self._todo.clear()

    def _start(self) -> None:
        """Come to life from the journal: recover, log in, read the state."""
        self._epoch += 1
        self.is_alive = True
        if self._epoch > 1:
            self.machine = self.recover()
        self.put(e.ServiceStarted(self._epoch))
        if self._epoch == 1:
            self._configure()
        self.connect()
        if self._epoch > 1:
            for profile, _, _ in self.setting.agents:
                self.open_desktop(profile.id)
        self._work()
        self._plan_kill()

    def recover(self) -> Machine:
        """The machine as the journal has it."""
        return Machine(decode_state(self.state.encode()))

    def _configure(self) -> None:
        self.put(e.CenterConfigured(self.setting.center))
        self.put(e.AgentsConfigured(tuple(a for a, _, _ in self.setting.agents)))
        for campaign in self.setting.campaigns:
            self.put(e.CampaignSaved(f"save-{campaign.id}", campaign, "day"))
            self.put(
                e.CampaignStepRequested(
                    f"start-{campaign.id}", campaign.id, CampaignStep.START, "day"
                )
            )

    def open_desktop(self, agent: str) -> None:
        """An agent's browser connects."""
        self.put(e.DesktopOpened(agent))

    # --- the link -----------------------------------------------------------------------------

    def connect(self) -> None:
        """Log in to the PBX and read what is true."""
        self.link.connect()
        self.read_state()
        self._beat()
        self._work()

    def lose_link(self, reason: str) -> None:
        """The link is down."""
        self.link.close()
        if self.is_alive:
            self.put(e.PbxLinkLost(self.setting.pbx, reason))

    def read_state(self) -> bool:
        """Have the machine told what is true; False when the PBX does not answer."""
        read = self.link.read_state()
        if read is not None:
            self.put(read)
        return read is not None

    def _beat(self) -> None:
        self.link.act(heartbeat_action(int(self.world.pbx.exchange.read_clock())))
        for call in list(self.state.calls.values()):
            if call.place is Place.MENU and call.channel.id in self.link.names:
                with suppress(InvalidCommand):  # the id came in a mangled message
                    self.link.act(watchdog_action(call.channel, WATCHDOG_S))

    # --- the service ------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """The machine's state."""
        return self.machine.state

    def put(self, event: e.Event) -> None:
        """Have the service take an event."""
        self._todo.append(event)

    def _work(self) -> None:
        while self._todo and self.is_alive:
            self.step_one(self._todo.popleft(), self.service_time())

    def step_one(self, event: e.Event, now: float, *, release: bool = True) -> None:
        """Step, journal, check and, unless the service dies before it, release."""
        if type(event) is e.Tick:
            # A deadline turned into the world's time and back may be a hair in the future.
            deadline = self.machine.next_deadline()
            if deadline is not None and now < deadline <= now + 1e-4:
                now = deadline
        step = self.machine.handle(event, now)
        entry = Entry(self.state.position, self.state.now, event, step.commands, step.records)
        self.tail.append((entry.position, now, event))
        self.journal(entry)
        self._check(event, step)
        if release:
            self.release(step)

    def journal(self, entry: Entry) -> None:
        """Keep an entry; its records are written."""
        self.entries.append(entry)
        self.records += entry.records
        self.note_attempts(entry)

    def note_attempts(self, entry: Entry) -> None:
        """The database learns what came of attempts."""
        for record in entry.records:
            self.contacts.note(record)

    def release(self, step: Step) -> None:
        """Carry out what a step led to."""
        for command in step.commands:
            self.carry_out(command)
        self._show(step)

    def _check(self, event: e.Event, step: Step) -> None:
        problems = [
            f"fault {record.kind}: {record.detail}"
            for record in step.records
            if isinstance(record, FaultRecord) and not self.is_allowed(record)
        ]
        if self.state.position % CHECK_ALL_EVERY == 0:
            problems += self.check_all()
        else:
            problems += [*broken_in(self.state, step.touched), *self.take_problems()]
        if problems:
            raise self.broken(str(event), problems)

    def broken(self, event: str, problems: list[str]) -> Broken:
        """What is raised when something does not hold."""
        tail = [f"{position} {now:.3f} {stepped}" for position, now, stepped in self.tail]
        return Broken(
            self.setting.seed, self.state.position, self.world.now, event, problems, *tail
        )

    def check_all(self) -> list[str]:
        """What is broken, looking at everything."""
        return [*broken(self.state), *self.take_problems()]

    def take_problems(self) -> list[str]:
        """What was found broken beside the state since the last call."""
        return []

    def is_allowed(self, fault: FaultRecord) -> bool:
        """Whether this fault is no fault of the machine's: none is where nothing goes wrong."""
        return False

    def carry_out(self, command: c.Command) -> None:
        """Start a command; its result comes back as an event."""
        match command:
            case c.PopCard():
                self.put(e.CommandSucceeded(command.id))
            case c.RefillHopper() | c.FetchContacts():
                self.refill(command)
            case c.LookUpCustomer():
                self.look_up(command)
            case c.FindContact():
                self.find_contact(command)
            case c.ReadPbx():
                self.answer_reading(command)
            case _:
                result = self.link.tell(command)
                if result is None:
                    self.leave_unanswered(command)
                else:
                    self.put(result)

    def answer_reading(self, command: c.ReadPbx) -> None:
        """Read the state for the machine."""
        if self.read_state():
            self.put(e.CommandSucceeded(command.id))
        elif not self.link.is_up:
            self.put(e.CommandFailed(command.id, "no link"))
        else:
            self.leave_unanswered(command)

    def refill(self, command: c.RefillHopper | c.FetchContacts) -> None:
        """Ask the database who is to be dialed next, or who of these may be."""
        self.put_later(LOOK_UP_S, self.contacts.answer(command, self.service_time()))

    def find_contact(self, command: c.FindContact) -> None:
        """Ask the database whether a caller calls a campaign back."""
        self.put_later(LOOK_UP_S, self.contacts.find(command))

    def look_up(self, command: c.LookUpCustomer) -> None:
        """Ask the directory who calls."""
        self.put_later(LOOK_UP_S, self.customer_of(command))

    def customer_of(self, command: c.LookUpCustomer) -> e.Event:
        """What the directory knows."""
        tier = self.setting.tiers.get(command.number)
        if tier is None:
            return e.CustomerNotFound(command.id, command.call)
        return e.CustomerFound(command.id, command.call, f"k{command.number}", tier)

    def leave_unanswered(self, command: c.Command) -> None:
        """The PBX says nothing to a command: where the link never falls silent, this is a bug."""
        raise AssertionError(f"no answer to {command}")

    # --- agents -----------------------------------------------------------------------------

    def _show(self, step: Step) -> None:
        for topic in step.touched:
            kind, _, name = topic.partition(":")
            agent = self.state.agents.get(name) if kind == "agent" else None
            if agent is not None and self.is_shown(name):
                self.world.observe_agent(agent.id, *page_of(agent))

    def is_shown(self, agent: str) -> bool:
        """Whether this agent has an open desktop."""
        return True

    def _click(self) -> None:
        """Carry out what agents have clicked; while the service is away it is lost."""
        for intent in self.world.take_intents():
            if self.is_alive and self.is_shown(intent.agent):
                self._requests += 1
                self.put(request_of(intent, f"r{self._epoch}-{self._requests}"))
        self._work()

    # --- looking back -----------------------------------------------------------------------

    def stuck_agents(self) -> list[str]:
        """Agents bound to a call although nobody is on the line."""
        if len(self.state.calls):
            return []
        return [agent.id for agent in self.state.agents.values() if agent.state in BUSY]

    def repairs(self) -> dict[str, int]:
        """Repairs by kind."""
        found: dict[str, int] = {}
        for record in self.records:
            if isinstance(record, RepairRecord):
                found[record.kind] = found.get(record.kind, 0) + 1
        return found


def day_name(seed: int) -> str:
    """The id of a day's journal."""
    return f"day{seed % 10_000:05}"


def page_of(agent: Agent) -> tuple[AgentState, str, str, str]:
    """What this agent's page shows: state, reason, call, and the card read in preview."""
    preview = "" if agent.preview is None else agent.preview.id
    return agent.state, agent.reason, agent.call, preview


def request_of(intent: desktops.Intent, name: str) -> e.Event:
    """What a click means to the machine."""
    match intent:
        case desktops.OpenDesktop(agent):
            return e.DesktopOpened(agent)
        case desktops.SignIn(agent, phone):
            return e.SignInRequested(name, agent, phone)
        case desktops.GoReady(agent):
            return e.ReadyRequested(name, agent)
        case desktops.GoNotReady(agent, reason):
            return e.NotReadyRequested(name, agent, reason)
        case desktops.JoinCampaign(agent, campaign, also):
            return e.CampaignJoinRequested(name, agent, campaign, also)
        case desktops.DialPreview(agent, preview):
            return e.PreviewDialRequested(name, agent, preview)
        case desktops.SkipPreview(agent, preview):
            return e.PreviewSkipRequested(name, agent, preview)
        case desktops.Dispose(agent, call, code):
            return e.DispositionRequested(name, agent, call, code)
        case desktops.EndCall(agent):
            return e.HangUpRequested(name, agent)
        case desktops.SignOut(agent):
            return e.SignOutRequested(name, agent)
        case _ as never:
            assert_never(never)
