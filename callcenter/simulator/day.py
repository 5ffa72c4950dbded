"""A simulated day: the production machine against the simulated world, without a loop, without I/O.

AMI goes as bytes through the product's own parser and translation. The service can be killed in any
step, between journaling and releasing, and be away for a while. What callers and phones saw is in
``world.log``; what the machine kept is in ``entries``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from random import Random

from msgspec import Struct

from callcenter.core.invariants import BUSY, broken
from callcenter.core.machine import Machine
from callcenter.core.state import State, decode_state, empty_state
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import AgentProfile
from callcenter.domain.call import Place
from callcenter.domain.campaign import CampaignSettings, CampaignStep
from callcenter.domain.center import Center
from callcenter.domain.customer import Tier
from callcenter.domain.records import AttemptRecord, FaultRecord, Record, RepairRecord
from callcenter.domain.step import Entry, Step
from callcenter.pbx.ami.commands import (
    WATCHDOG_S,
    Action,
    InvalidCommand,
    actions_for,
    heartbeat_action,
    is_done_already,
    watchdog_action,
)
from callcenter.pbx.ami.state_reading import STATUS_VARIABLES, bridges_read, channel_read
from callcenter.pbx.ami.translate import WANTED, translate
from callcenter.pbx.ami.wire import (
    AmiMessage,
    AmiParser,
    encode_action,
    first,
    is_refusal,
    pairs_of,
)
from callcenter.simulator import desktops
from callcenter.simulator.contact_list import ContactList
from callcenter.simulator.messages import encode, parse_block
from callcenter.simulator.pbx import Delivery
from callcenter.simulator.world import World

BEAT_EVERY_S = 2.0
"""As the hub does."""
CHECK_EVERY = 50
"""Steps between two complete checks of the invariants; each costs a pass over the state."""
LOOK_UP_S = 0.003
"""The directory's answer."""

Said = Callable[[AmiMessage], None]


class Broken(AssertionError):  # noqa: N818 - says what is wrong, as a fact
    """An invariant does not hold; the message tells seed, step and event."""


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
        self.machine = Machine(empty_state(f"day{setting.seed % 10_000:05}"))
        self.entries: list[Entry] = []
        self.records: list[Record] = []
        self.kills = 0
        self._rng = Random(f"{setting.seed}/service")
        self._todo: deque[e.Event] = deque()
        self._look_ups: list[tuple[float, e.Event]] = []
        self._session: int | None = None
        self._parser = AmiParser(greeting=False)
        self._waiting: dict[str, Said] = {}
        self._names: dict[str, str] = {}
        self._rows: dict[str, list[AmiMessage]] = {}
        self._actions = 0
        self._requests = 0
        self._next_beat = world.now
        self._next_kill = self._draw_kill()
        self._back_at: float | None = None
        self._epoch = 0
        self._release = True
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

    def _next_time(self) -> float:
        times = [self.world.next_deadline(), self._next_kill, self._back_at]
        if self._session is not None:
            times += [self.machine.next_deadline(), self._next_beat]
            times += [at for at, _ in self._look_ups]
        return max(self.world.now, min(at for at in times if at is not None))

    def _advance(self, now: float) -> None:
        self._hear(self.world.advance(now))
        if self._back_at is not None and now >= self._back_at:
            self._back_at = None
            self._start()
            self._next_kill = self._draw_kill()
        if self._session is not None:
            self._live(now)
        if self._next_kill is not None and now >= self._next_kill:
            self._die(now)
        self._click()

    def _live(self, now: float) -> None:
        if now >= self._next_beat:
            self._next_beat = now + BEAT_EVERY_S
            self._beat()
        due = [event for at, event in self._look_ups if at <= now]
        self._look_ups = [(at, event) for at, event in self._look_ups if at > now]
        self._todo.extend(due)
        deadline = self.machine.next_deadline()
        if deadline is not None and deadline <= now:
            self._todo.append(e.Tick())
        self._work()

    def drain(self) -> None:
        """Have every campaign end: no new calls, those under way go on."""
        for campaign in self.setting.campaigns:
            self._todo.append(
                e.CampaignStepRequested(
                    f"drain-{campaign.id}", campaign.id, CampaignStep.DRAIN, "day"
                )
            )
        self._work()

    # --- life and death of the service --------------------------------------------------------

    def _draw_kill(self) -> float | None:
        mean = self.setting.kill_every_s
        return self.world.now + self._rng.expovariate(1 / mean) if mean else None

    def _die(self, now: float) -> None:
        """Kill the service: half of the times with the last step journaled but not released."""
        self.kills += 1
        if self._rng.random() < 0.5 and self._session is not None:
            self._release = False
            self._todo.append(e.Tick())
            deadline = self.machine.next_deadline()
            if deadline is not None:
                self._step_one(max(now, deadline) if deadline - now < 1.0 else now)
            self._release = True
        if self._session is not None:
            session, self._session = self._session, None
            self.world.disconnect(session, now)
        self._todo.clear()
        self._look_ups.clear()
        self._waiting.clear()
        self._rows.clear()
        self._names.clear()
        self._back_at = now + self._rng.uniform(*self.setting.away_s)
        self._next_kill = None

    def _start(self) -> None:
        """Come to life from the journal: recover, log in, read the state."""
        self._epoch += 1
        state = self.machine.state
        self.machine = Machine(decode_state(state.encode()) if self._epoch > 1 else state)
        self._todo.append(e.ServiceStarted(self._epoch))
        if self._epoch == 1:
            self._todo.append(e.CenterConfigured(self.setting.center))
            self._todo.append(e.AgentsConfigured(tuple(a for a, _, _ in self.setting.agents)))
            for campaign in self.setting.campaigns:
                self._todo.append(e.CampaignSaved(f"save-{campaign.id}", campaign, "day"))
                self._todo.append(
                    e.CampaignStepRequested(
                        f"start-{campaign.id}", campaign.id, CampaignStep.START, "day"
                    )
                )
        self._session = self.world.connect(self.world.now)
        self._parser = AmiParser(greeting=False)
        user, secret = self.setting.leader
        self._act({"Action": "Login", "Username": user, "Secret": secret})
        self._read_state()
        self._beat()
        self._work()
        if self._epoch > 1:
            for profile, _, _ in self.setting.agents:
                self._todo.append(e.DesktopOpened(profile.id))
            self._work()

    def _beat(self) -> None:
        self._act(heartbeat_action(int(self.world.pbx.exchange.read_clock())))
        for call in list(self.state.calls.values()):
            if call.place is Place.MENU and call.channel.id in self._names:
                self._act(watchdog_action(call.channel, WATCHDOG_S))

    # --- AMI --------------------------------------------------------------------------------

    def _act(self, action: Action, answered: Said | None = None) -> None:
        """Send an action; its answer and events are heard at once."""
        if self._session is None:
            return
        self._actions += 1
        action_id = f"a{self._actions}"
        if answered is not None:
            self._waiting[action_id] = answered
        wire = encode_action([*pairs_of(action), ("ActionID", action_id)])
        headers = parse_block(wire.removesuffix(b"\r\n\r\n"))
        self._hear(self.world.handle_action(self._session, headers, self.world.now))

    def _hear(self, deliveries: list[Delivery]) -> None:
        for session, message in deliveries:
            if message is None or session != self._session:
                continue
            for heard in self._parser.feed(encode(message)):
                self._take(heard)

    def _take(self, message: AmiMessage) -> None:
        if "Event" not in message:
            answered = self._waiting.pop(first(message, "ActionID"), None)
            if answered is not None:
                answered(message)
            return
        name = first(message, "Event")
        if name in ("Status", "BridgeListItem"):
            self._rows.setdefault(name, []).append(message)
            return
        if name == "Newchannel":
            self._names[first(message, "Uniqueid")] = first(message, "Channel")
        elif name == "Hangup":
            self._names.pop(first(message, "Uniqueid"), None)
        if name in WANTED:
            event = translate(self.setting.pbx, message)
            if event is not None:
                self._todo.append(event)

    def _read_state(self) -> None:
        self._rows = {}
        self._act({"Action": "BridgeList"})
        self._act({"Action": "Status", "Variables": ",".join(STATUS_VARIABLES)})
        bridges = bridges_read(self._rows.get("BridgeListItem", []))
        rows = self._rows.get("Status", [])
        self._names |= {first(row, "Uniqueid"): first(row, "Channel") for row in rows}
        found = [channel_read(self.setting.pbx, row, bridges) for row in rows]
        self._todo.append(
            e.PbxStateRead(self.setting.pbx, tuple(truth for truth in found if truth is not None))
        )

    # --- the service ------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """The machine's state."""
        return self.machine.state

    def _work(self) -> None:
        while self._todo and self._session is not None:
            self._step_one(self.world.now)

    def _step_one(self, now: float) -> None:
        event = self._todo.popleft()
        step = self.machine.handle(event, now)
        position = self.state.position
        self.entries.append(Entry(position, self.state.now, event, step.commands, step.records))
        self.records += step.records
        for record in step.records:
            if isinstance(record, AttemptRecord):
                self.contacts.note(record)
        self._check(event, step, position)
        if self._release:
            for command in step.commands:
                self._carry_out(command)
            self._show(step)

    def _check(self, event: e.Event, step: Step, position: int) -> None:
        faults = [record for record in step.records if isinstance(record, FaultRecord)]
        problems = [f"fault {fault.kind}: {fault.detail}" for fault in faults]
        if position % CHECK_EVERY == 0:
            problems += broken(self.state)
        if problems:
            raise Broken(f"seed {self.setting.seed}, step {position}, {event}: {problems}")

    def _carry_out(self, command: c.Command) -> None:
        match command:
            case c.PopCard():
                self._todo.append(e.CommandSucceeded(command.id))
            case c.RefillHopper():
                filled = self.contacts.refill(command, self.world.now)
                self._look_ups.append((self.world.now + LOOK_UP_S, filled))
            case c.LookUpCustomer():
                tier = self.setting.tiers.get(command.number)
                found: e.Event = (
                    e.CustomerNotFound(command.id, command.call)
                    if tier is None
                    else e.CustomerFound(command.id, command.call, f"k{command.number}", tier)
                )
                self._look_ups.append((self.world.now + LOOK_UP_S, found))
            case c.ReadPbx():
                self._read_state()
                self._todo.append(e.CommandSucceeded(command.id))
            case _:
                self._tell_pbx(command)

    def _tell_pbx(self, command: c.PbxCommand) -> None:
        refusals: list[str] = []

        def answered(message: AmiMessage) -> None:
            said = first(message, "Message")
            if is_refusal(message) and not is_done_already(command, said):
                refusals.append(said)

        try:
            for action in actions_for(command, self._names):
                self._act(action, answered)
        except InvalidCommand as error:
            refusals.append(str(error))
        self._todo.append(
            e.CommandFailed(command.id, refusals[0]) if refusals else e.CommandSucceeded(command.id)
        )

    # --- agents -----------------------------------------------------------------------------

    def _show(self, step: Step) -> None:
        for topic in step.touched:
            kind, _, name = topic.partition(":")
            agent = self.state.agents.get(name) if kind == "agent" else None
            if agent is not None:
                self.world.observe_agent(agent.id, agent.state, agent.reason, agent.call)

    def _click(self) -> None:
        """Carry out what agents have clicked; while the service is away it is lost."""
        for intent in self.world.take_intents():
            if self._session is None:
                continue
            self._requests += 1
            name = f"r{self._epoch}-{self._requests}"
            match intent:
                case desktops.OpenDesktop(agent):
                    self._todo.append(e.DesktopOpened(agent))
                case desktops.SignIn(agent, phone):
                    self._todo.append(e.SignInRequested(name, agent, phone))
                case desktops.GoReady(agent):
                    self._todo.append(e.ReadyRequested(name, agent))
                case desktops.GoNotReady(agent, reason):
                    self._todo.append(e.NotReadyRequested(name, agent, reason))
                case desktops.JoinCampaign(agent, campaign):
                    self._todo.append(e.CampaignJoinRequested(name, agent, campaign))
                case desktops.Dispose(agent, call, code):
                    self._todo.append(e.DispositionRequested(name, agent, call, code))
                case desktops.EndCall(agent):
                    self._todo.append(e.HangUpRequested(name, agent))
                case desktops.SignOut(agent):
                    self._todo.append(e.SignOutRequested(name, agent))
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
