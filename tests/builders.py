"""Builds what tests need: a configured machine and the facts of a PBX that behaves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeVar

from callcenter.core.invariants import broken
from callcenter.core.machine import Machine
from callcenter.core.state import empty_state
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import Agent, AgentProfile, Seniority
from callcenter.domain.call import Call, Place
from callcenter.domain.center import Center, Queue
from callcenter.domain.customer import Tier
from callcenter.domain.flow import Flow, HangupNode, MenuNode, PlayNode, QueueNode
from callcenter.domain.ids import ChannelRef
from callcenter.domain.records import CallRecord, FaultRecord, Record
from callcenter.domain.step import Reply, Step

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

    def __post_init__(self) -> None:
        self.tell(e.ServiceStarted(1))
        self.tell(e.CenterConfigured(self.center))
        self.tell(e.PbxStateRead(PBX, ()))

    def tell(self, event: e.Event) -> Step:
        """Feed one event; invariants must hold after it, and no fault may come of it."""
        step = self.machine.handle(event, self.now)
        self.commands += step.commands
        self.records += step.records
        self.replies += step.replies
        assert broken(self.machine.state) == []
        faults = [r for r in step.records if isinstance(r, FaultRecord)]
        assert "*" in self.allowed_faults or not [
            fault for fault in faults if fault.kind not in self.allowed_faults
        ]
        return step

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

    # --- looking ------------------------------------------------------------------------------

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
