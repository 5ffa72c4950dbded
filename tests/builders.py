"""Builds what tests need: a configured machine and the facts of a PBX that behaves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from callcenter.core.invariants import broken
from callcenter.core.machine import Machine
from callcenter.core.state import decode_state, empty_state
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import Agent, AgentProfile, Seniority
from callcenter.domain.attempt import Attempt, Verdict
from callcenter.domain.call import Call, Place
from callcenter.domain.campaign import (
    DEFAULT_RETRIES,
    CallingWindow,
    Campaign,
    CampaignSettings,
    CampaignState,
    CampaignStep,
    HopperRow,
    ListCounts,
    Pacing,
)
from callcenter.domain.center import Center, Queue
from callcenter.domain.customer import Tier
from callcenter.domain.flow import Flow, HangupNode, MenuNode, PlayNode, QueueNode
from callcenter.domain.ids import ChannelRef
from callcenter.domain.leg import Leg
from callcenter.domain.records import AttemptRecord, CallRecord, FaultRecord, Record
from callcenter.domain.step import Reply, Step
from dialer.window import is_open

T = TypeVar("T")

PBX = "main"
T0 = 1_700_000_000.0

FLOW = Flow(
    id="main",
    version=1,
    start="welcome",
    nodes={
        "welcome": PlayNode("welcome", "menu"),
        "menu": MenuNode("menu", {"1": "service", "9": "bye"}, otherwise="service"),
        "service": QueueNode("service"),
        "bye": HangupNode("bye"),
    },
    default_queue="service",
)

CENTER = Center(
    queues=(Queue("service", ring_timeout_s=15.0, wrap_up_s=30.0, senior_hold_s=20.0),),
    flows=(FLOW,),
    numbers={"7000": "main"},
    phones={"1001": PBX, "1002": PBX, "1003": PBX, "1004": PBX},
    default_queue="service",
    region="IS",
)


ZONE = "Atlantic/Reykjavik"
ALWAYS = CallingWindow(opens=0, closes=24 * 60, weekdays=(0, 1, 2, 3, 4, 5, 6))
CAMPAIGN = CampaignSettings(
    "renewals", "Renewals", PBX, "carrier", window=ALWAYS, retries=DEFAULT_RETRIES
)


AMD_S = 1.6
"""From a hello to AMD's word that it is a person."""


def row(contact: int, **changes: Any) -> HopperRow:
    """A contact to be dialed, whose number ends in its id."""
    plain = HopperRow(str(contact), f"+354555{contact:04}", (ZONE,))
    return msgspec.structs.replace(plain, **changes)


def channel(name: str, pbx: str = PBX) -> ChannelRef:
    """A channel of the test PBX."""
    return ChannelRef(pbx, name)


@dataclass
class Bench:
    """A machine under test, with everything it said so far."""

    center: Center = CENTER
    now: float = T0
    machine: Machine = field(default_factory=lambda: Machine(empty_state("TEST")))
    commands: list[c.Command] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    requests: int = 0
    allowed_faults: tuple[str, ...] = ()
    """Kinds; ``*`` for any."""
    _rows: dict[tuple[str, str], HopperRow] = field(default_factory=dict)
    """Whoever came from the database, by campaign and contact."""
    _under_way: dict[str, str] = field(default_factory=dict)
    """Attempts that have no record yet, and their numbers."""

    def __post_init__(self) -> None:
        self.tell(e.ServiceStarted(1))
        self.tell(e.CenterConfigured(self.center))
        self.tell(e.PbxStateRead(PBX, ()))

    def restart(self, *channels: e.ChannelTruth) -> None:
        """Kill and restart the service, then read this state from the PBX."""
        self.machine = Machine(decode_state(self.machine.state.encode()))
        self.now += 1
        self.tell(e.ServiceStarted(self.machine.state.epoch + 1))
        self.commands.clear()
        self.tell(e.PbxStateRead(PBX, channels))

    def tell(self, event: e.Event) -> Step:
        """Feed one event; invariants must hold after it, and no fault may come of it."""
        lines = [leg for leg in self.machine.state.legs.values() if leg.nailed and leg.parked]
        if isinstance(event, e.HopperFilled | e.ContactsFetched):
            self._rows |= {(event.campaign, row.contact): row for row in event.rows}
        step = self.machine.handle(event, self.now)
        self.commands += step.commands
        self.records += step.records
        self.replies += step.replies
        assert broken(self.machine.state) == []
        self._check_dialing(step)
        self._check_lines(step, lines)
        faults = [r for r in step.records if isinstance(r, FaultRecord)]
        assert "*" in self.allowed_faults or not [
            fault for fault in faults if fault.kind not in self.allowed_faults
        ]
        return step

    def _check_dialing(self, step: Step) -> None:
        """Nobody is called who may not be, and every call placed has one record, at its end."""
        state = self.machine.state
        for record in step.records:
            if isinstance(record, AttemptRecord):
                assert self._under_way.pop(record.attempt) == record.number
        for command in step.commands:
            if isinstance(command, c.PlaceCall) and command.campaign:
                attempt = state.attempts[command.channel.id]
                campaign = state.campaigns[attempt.campaign]
                zones = self._rows[attempt.campaign, attempt.contact].zones
                assert attempt.id not in self._under_way
                assert campaign.state is CampaignState.RUNNING
                assert state.links.get(command.channel.pbx) is True
                assert is_open(campaign.settings.window, zones, self.now)
                assert command.number not in self._under_way.values()
                self._under_way[attempt.id] = command.number
        assert sorted(self._under_way) == sorted(state.attempts)

    def _check_lines(self, step: Step, lines: list[Leg]) -> None:
        """An open line is never hung up while its agent works for a campaign at a desktop."""
        hung_up = [x.channel for x in step.commands if isinstance(x, c.HangUp)]
        for leg in lines:
            agent = self.machine.state.agents.get(leg.agent)
            is_wanted = agent is not None and agent.line == leg.channel
            assert not is_wanted or leg.channel not in hung_up

    def ask(self, make: Any, *args: Any) -> Reply:
        """Send a request and return its reply."""
        self.requests += 1
        step = self.tell(make(f"r{self.requests}", *args))
        assert len(step.replies) == 1
        return step.replies[0]

    def wait(self, seconds: float) -> None:
        """Let time pass, firing every timer when it is due."""
        until = self.now + seconds
        while (due := self.machine.next_deadline()) is not None and due <= until:
            self.now = max(self.now, due)
            self.tell(e.Tick())
        self.now = until

    def review(self, *channels: e.ChannelTruth) -> None:
        """Wait until the machine reads the PBX by itself, and answer with this state."""
        due = self.deadlines(("review",))[f"review:{PBX}"]
        self.wait(max(0.0, due - self.now))
        reading = self.last(c.ReadPbx)
        assert reading.id in self.machine.state.pending
        self.tell(e.PbxStateRead(PBX, channels))
        self.tell(e.CommandSucceeded(reading.id))

    def order_reading(self) -> str:
        """The machine reads the PBX now, by itself; the command."""
        self.machine.state.set_timer(f"review:{PBX}", self.now)
        self.tell(e.Tick())
        return self.last(c.ReadPbx).id

    def deadlines(self, kinds: tuple[str, ...] = ()) -> dict[str, float]:
        """The timers of these kinds; without any, all but the review, which always comes."""
        return {
            key: due
            for key, due in self.machine.state.timers.items()
            if (key.partition(":")[0] in kinds if kinds else not key.startswith("review:"))
        }

    # --- people -------------------------------------------------------------------------------

    def agents(self, *names: str, seniors: tuple[str, ...] = ()) -> None:
        """Configure these agents and have each sit ready on a phone of their own."""
        profiles = tuple(
            AgentProfile(
                name, ("service",), Seniority.SENIOR if name in seniors else Seniority.JUNIOR
            )
            for name in names
        )
        self.tell(e.AgentsConfigured(profiles))
        for number, name in enumerate(names, 1001):
            self.tell(e.DesktopOpened(name))
            assert self.ask(e.SignInRequested, name, str(number)).problem == ""
            assert self.ask(e.ReadyRequested, name).problem == ""
            self.now += 1

    def waiting_caller(self, name: str, tier: Tier | None = None) -> Call:
        """A caller who went through the menu and hears music."""
        ref = channel(name)
        self.tell(e.CallArrived(ref, "5551234", "7000"))
        look_up = self.last(c.LookUpCustomer)
        if tier is None:
            self.tell(e.CustomerNotFound(look_up.id, look_up.call))
        else:
            self.tell(e.CustomerFound(look_up.id, look_up.call, f"customer-{name}", tier))
        self.tell(e.IvrCommandEnded(ref, self.last(c.PlayPrompt).id, 0))
        self.tell(e.IvrCommandEnded(ref, self.last(c.AskDigit).id, 1, digits="1"))
        self.tell(e.IvrLeft(ref))
        self.tell(e.CallerHeld(ref))
        return self.call(name)

    def talk(self, name: str) -> Call:
        """Let the offer of this caller ring, be answered and joined."""
        call = self.call(name)
        assert call.leg is not None
        self.ring(name)
        self.tell(e.LegAnswered(call.leg))
        self.tell(e.LegParked(call.leg))
        self.tell(e.CallerLeftHold(call.channel))
        self.tell(e.ChannelJoined(call.channel, "b-" + name))
        self.tell(e.ChannelJoined(call.leg, "b-" + name))
        return self.call(name)

    def ring(self, name: str) -> ChannelRef:
        """Let the phone of this caller's offer ring; returns the leg."""
        leg = self.call(name).leg
        assert leg is not None
        self.tell(e.LegCreated(leg))
        self.tell(e.LegRinging(leg))
        return leg

    def hang_up(self, name: str, cause: int = 16) -> None:
        """The caller's channel goes."""
        self.tell(e.ChannelHungUp(channel(name), cause))

    # --- campaigns ----------------------------------------------------------------------------

    def campaign(self, **changes: Any) -> None:
        """Make a campaign, in which anybody may be called at any time, and start it."""
        if changes.get("lines_per_agent", 1.0) > 1.0:
            changes = {"pacing": Pacing.POWER, **changes}
        settings = msgspec.structs.replace(CAMPAIGN, **changes)
        assert self.ask(e.CampaignSaved, settings, "kim").problem == ""
        start = CampaignStep.START
        assert self.ask(e.CampaignStepRequested, settings.id, start, "kim").problem == ""

    def fill(
        self, *rows: HopperRow, campaign: str = "renewals", counts: ListCounts | None = None
    ) -> None:
        """The database answers this campaign's newest question with these contacts."""
        command = self.refills(campaign)[-1]
        counts = counts or ListCounts(at=self.now, total=len(rows), due=len(rows))
        self.tell(e.HopperFilled(command.id, campaign, rows, counts))

    def refills(self, campaign: str = "renewals") -> list[c.RefillHopper]:
        """What this campaign asked of the database."""
        return [x for x in self.sent(c.RefillHopper) if x.campaign == campaign]

    def open_line(self, *names: str, campaign: str = "renewals") -> None:
        """These agents join the campaign, pick up their phones and stay on the line."""
        for name in names:
            assert self.ask(e.CampaignJoinRequested, name, campaign).problem == ""
            self.pick_up_line(name)

    def pick_up_line(self, name: str) -> ChannelRef:
        """The agent's phone, which rings for the line, is picked up."""
        line = self.agent(name).line
        assert line is not None
        self.tell(e.LegCreated(line))
        self.tell(e.LegRinging(line))
        self.tell(e.LegAnswered(line))
        self.tell(e.LegParked(line))
        return line

    def dial(self, *names: str, rows: int = 3, **changes: Any) -> ChannelRef:
        """The same as ``work``; returns the first call placed."""
        self.work(*names, rows=rows, **changes)
        return self.sent(c.PlaceCall)[0].channel

    def work(self, *names: str, rows: int, **changes: Any) -> None:
        """These agents, ready with open lines, in a running campaign with so many contacts."""
        self.agents(*names)
        self.campaign(**changes)
        self.fill(*(row(number) for number in range(rows)))
        self.open_line(*names)

    def answer(self, ref: ChannelRef) -> None:
        """The phone dialed rings and is picked up."""
        self.tell(e.AttemptCreated(ref))
        self.tell(e.AttemptRinging(ref))
        self.tell(e.AttemptAnswered(ref))

    def person(self, ref: ChannelRef, verdict: Verdict = Verdict.HUMAN, cause: str = "") -> None:
        """A person picks up, is known for one and waits for an agent."""
        self.answer(ref)
        self.now += AMD_S
        self.tell(e.AttemptScreened(ref, verdict, cause))
        self.tell(e.CallerHeld(ref))

    def join(self, ref: ChannelRef) -> Call:
        """The Bridge ordered for this person comes about."""
        leg = self.call(ref.id).leg
        assert leg is not None
        self.tell(e.CallerLeftHold(ref))
        self.tell(e.ChannelJoined(ref, "b-" + ref.id))
        self.tell(e.ChannelJoined(leg, "b-" + ref.id))
        return self.call(ref.id)

    def note(self, name: str) -> None:
        """The agent clicks how the conversation goes, while it lasts or in wrap-up."""
        call = self.agent(name).call
        assert self.ask(e.DispositionRequested, name, call, "agreed").problem == ""

    def part(self, ref: ChannelRef) -> None:
        """This person hangs up after the conversation; the agent's line is back in its place."""
        leg = self.call(ref.id).leg
        assert leg is not None
        self.tell(e.ChannelLeft(ref, "b-" + ref.id))
        self.tell(e.ChannelLeft(leg, "b-" + ref.id))
        self.tell(e.LegParked(leg))
        self.tell(e.ChannelHungUp(ref, 16))

    def message(self, ref: ChannelRef) -> None:
        """Nobody came for this person: the dialplan goes to the message."""
        self.tell(e.CallerLeftHold(ref))
        self.tell(e.HarbourBegan(ref))

    # --- looking ------------------------------------------------------------------------------

    def live(self, campaign: str = "renewals") -> Campaign:
        """The campaign now."""
        return self.machine.state.campaigns[campaign]

    def attempt(self, ref: ChannelRef) -> Attempt:
        """The live attempt on this channel."""
        return self.machine.state.attempts[ref.id]

    def placed(self) -> list[str]:
        """The contacts called so far, by number's end, in order."""
        return [str(int(x.number[-4:])) for x in self.sent(c.PlaceCall)]

    def came_of_it(self) -> AttemptRecord:
        """The newest attempt record."""
        return self.kept(AttemptRecord)[-1]

    def call(self, name: str) -> Call:
        """The live call on this channel."""
        return self.machine.state.calls[self.machine.state.call_of[channel(name)]]

    def agent(self, name: str) -> Agent:
        """The live agent."""
        return self.machine.state.agents[name]

    def last(self, kind: type[T]) -> T:
        """The newest command of this kind."""
        return next(x for x in reversed(self.commands) if isinstance(x, kind))

    def sent(self, kind: type[T]) -> list[T]:
        """All commands of this kind, in order."""
        return [x for x in self.commands if isinstance(x, kind)]

    def kept(self, kind: type[T]) -> list[T]:
        """All records of this kind, in order."""
        return [x for x in self.records if isinstance(x, kind)]

    def ended(self) -> CallRecord:
        """The newest call record."""
        return self.kept(CallRecord)[-1]


def truth(
    name: str, place: Place, *, endpoint: str = "carrier", bridge: str = "", role: str = "caller"
) -> e.ChannelTruth:
    """One row of a state reading."""
    return e.ChannelTruth(
        channel(name), endpoint, place, bridge=bridge, role=role, dialed_number="7000"
    )


def leg_truth(
    leg: ChannelRef, place: Place, *, up: bool = True, bridge: str = ""
) -> e.ChannelTruth:
    """The row of an agent's leg in a state reading."""
    return e.ChannelTruth(leg, "1001", place, up=up, bridge=bridge, role="agent")
