"""How many events a second the machine steps, and how that grows with the number of agents.

The PBX here answers every command at once with the events that a real one sends for it, so that the
mix of events is that of real calls: arrival, menu, look-up, hold, offer, ringing, join, hang-up,
wrap-up. Agents are kept busy: as many callers as there are agents, and a tenth more waiting.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from statistics import median
from typing import Any

from callcenter.core.machine import Machine
from callcenter.core.state import empty_state
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import AgentProfile, Seniority
from callcenter.domain.center import Center, Queue
from callcenter.domain.customer import Tier
from callcenter.domain.flow import Flow, MenuNode, PlayNode, QueueNode
from callcenter.domain.ids import ChannelRef

PBX = "main"
EVENTS = 40_000
ROUNDS = 5
SIZES = (100, 1_000, 10_000)
CALL_S = 180.0
"""A conversation's length in machine time: calls end in the order they were answered."""


def center(agents: int) -> Center:
    """One queue, one menu, a phone for every agent."""
    flow = Flow(
        "main",
        1,
        "hello",
        {
            "hello": PlayNode("hello", "menu"),
            "menu": MenuNode("menu", {"1": "queue"}, "queue"),
            "queue": QueueNode("service"),
        },
        "service",
    )
    phones = {f"{1000 + n}": PBX for n in range(agents)}
    return Center((Queue("service", wrap_up_s=10.0),), (flow,), {"*": "main"}, phones, "service")


class Echo:
    """A PBX and a directory that do at once what they are told."""

    def __init__(self) -> None:
        self.talking: deque[ChannelRef] = deque()

    def answer(self, command: c.Command) -> Iterator[e.Event]:
        """The events that a command leads to, its result last."""
        match command:
            case c.LookUpCustomer():
                tier = tuple(Tier)[len(command.call) % 3]
                yield e.CustomerFound(command.id, command.call, "k" + command.call, tier)
                return
            case c.PlayPrompt():
                yield e.IvrCommandEnded(command.channel, command.id, 0)
            case c.AskDigit():
                yield e.IvrCommandEnded(command.channel, command.id, 1, digits="1")
            case c.HoldCaller():
                yield e.IvrLeft(command.channel)
                yield e.CallerHeld(command.channel)
            case c.RingAgent():
                yield e.LegCreated(command.leg)
                yield e.LegRinging(command.leg)
                yield e.LegAnswered(command.leg)
                yield e.LegParked(command.leg)
            case c.JoinCall():
                bridge = command.caller.id
                yield e.CallerLeftHold(command.caller)
                yield e.ChannelJoined(command.caller, bridge)
                yield e.ChannelJoined(command.leg, bridge)
                self.talking.append(command.caller)
            case c.HangUp():
                yield e.ChannelHungUp(command.channel, 16)
            case _:
                pass
        yield e.CommandSucceeded(command.id)


class Load:
    """Keeps a center busy: a call arrives for each that ends."""

    def __init__(self, agents: int) -> None:
        self.machine = Machine(empty_state("BENCH"))
        self.now = 1_700_000_000.0
        self.events = 0
        self._echo = Echo()
        self._todo: deque[e.Event] = deque()
        self._calls = 0
        self._agents = agents
        self._step_s = CALL_S / agents
        self._feed(e.CenterConfigured(center(agents)))
        self._feed(e.PbxStateRead(PBX, ()))
        profiles = tuple(
            AgentProfile(f"a{n}", ("service",), Seniority.SENIOR if n % 4 else Seniority.JUNIOR)
            for n in range(agents)
        )
        self._feed(e.AgentsConfigured(profiles))
        for n in range(agents):
            self._feed(e.DesktopOpened(f"a{n}"))
            self._feed(e.SignInRequested(f"in{n}", f"a{n}", f"{1000 + n}"))
            self._feed(e.ReadyRequested(f"go{n}", f"a{n}"))
        for _ in range(agents + agents // 10):
            self._arrive()
        self._drain()

    def run(self, events: int) -> None:
        """Step at least this many events."""
        until = self.events + events
        while self.events < until:
            self.now += self._step_s
            due = self.machine.next_deadline()
            if due is not None and due <= self.now:
                self._feed(e.Tick())
            if self._echo.talking:
                self._todo.append(e.ChannelHungUp(self._echo.talking.popleft(), 16))
                self._arrive()
            self._drain()

    def _arrive(self) -> None:
        self._calls += 1
        ref = ChannelRef(PBX, f"pbx-{self._calls}.{self._calls}")
        self._todo.append(e.CallArrived(ref, f"+35455{self._calls:05d}", "7000"))

    def _drain(self) -> None:
        while self._todo:
            self._feed(self._todo.popleft())

    def _feed(self, event: e.Event) -> None:
        step = self.machine.handle(event, self.now)
        self.events += 1
        for command in step.commands:
            self._todo.extend(self._echo.answer(command))


def run(events: int = EVENTS, rounds: int = ROUNDS) -> dict[str, Any]:
    """Events per second at each size, median and spread over the rounds, and the ratio.

    Sizes take turns within each round, so that a slow moment of the computer hits all of them.
    """
    loads = {size: Load(size) for size in SIZES}
    rates: dict[int, list[float]] = {size: [] for size in SIZES}
    for _ in range(rounds):
        for size, load in loads.items():
            before, began = load.events, time.perf_counter()
            load.run(events)
            rates[size].append((load.events - before) / (time.perf_counter() - began))
    faults = sum(load.machine.faults for load in loads.values())
    return {
        "bench": "machine",
        "events_per_round": events,
        "rounds": rounds,
        "faults": faults,
        "events_per_s": {
            str(size): {"median": median(r), "min": min(r), "max": max(r)}
            for size, r in rates.items()
        },
        "times_dearer_at_10000_than_at_100": median(
            small / large for small, large in zip(rates[100], rates[10_000], strict=True)
        ),
    }
