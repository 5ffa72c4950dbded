"""How long the loop stops when rules are published while thousands wait: the whole machine, step by
step, with the garbage collector as the service runs it.

Every agent is at work and as many calls wait as there are agents. Two documents take turns; each
puts every call under another rule with another weight and other skills. A stop is one batch of the
hub's: one step here, for nothing else comes in. Times are processor times.
"""

from __future__ import annotations

import time

from callcenter.core.machine import Machine
from callcenter.core.state import Snapshot, State
from callcenter.domain.agent import Agent, AgentState, Seniority
from callcenter.domain.call import Call, CallState, Place
from callcenter.domain.center import Center, Queue
from callcenter.domain.customer import CustomerFacts, Tier
from callcenter.domain.events import RulesPublished, Tick
from callcenter.domain.ids import ChannelRef
from callcenter.domain.rules import AgentStep, Rule, Rules, Treatment

PBX, QUEUE = "main", "service"
NOW = 1_700_000_000.0
STEPS_MAX = 100_000
"""More than any publishing takes: then something turns in a circle."""


class Publishing:
    """A machine with so many agents at work and so many calls that wait."""

    def __init__(self, size: int, skills: int) -> None:
        self._skills = [f"skill{number}" for number in range(skills)]
        self._now = NOW
        self._version = 0
        self.machine = Machine(State(self._snapshot(size)))

    def _snapshot(self, size: int) -> Snapshot:
        center = Center((Queue(QUEUE),), (), {}, {}, QUEUE)
        agents = {f"a{n}": self._agent(n) for n in range(size)}
        calls = {f"c{n}": self._call(n) for n in range(size)}
        return Snapshot(
            journal="BENCH",
            position=0,
            epoch=1,
            now=NOW,
            center=center,
            agents=agents,
            calls=calls,
            legs={},
            attempts={},
            campaigns={},
            pending={},
            timers={},
            answered={},
            links={PBX: True},
            days={},
            blocked="",
        )

    def _agent(self, number: int) -> Agent:
        known = {self._skills[(number * 7 + n * 3) % len(self._skills)]: 1 + n for n in range(3)}
        return Agent(
            f"a{number}",
            (QUEUE,),
            Seniority.SENIOR if number % 3 == 0 else Seniority.JUNIOR,
            skills=known,
            state=AgentState.WRAP_UP,
            pbx=PBX,
            phone=f"{10_000 + number}",
            busy_since=NOW - number % 300,
        )

    def _call(self, number: int) -> Call:
        return Call(
            f"c{number}",
            ChannelRef(PBX, f"channel-{number}"),
            NOW - number % 600,
            state=CallState.WAITING,
            place=Place.HOLD,
            caller_number=f"+354{number:07}",
            dialed_number="7000",
            customer=f"k{number}",
            tier=tuple(Tier)[number % 3],
            facts=CustomerFacts(language=self._skills[number % len(self._skills)]),
            queue=QUEUE,
            queued_at=NOW - number % 600,
            asked_queue=QUEUE,
        )

    def _rules(self) -> Rules:
        """One rule for each skill, of which each takes as many of the calls."""
        weight = 1.0 + self._version % 2
        rules = [
            Rule(
                f"{skill} {weight:g}",
                Treatment(skills={skill: 2}, weight=weight, steps=(AgentStep(600.0, {skill: 1}),)),
                f'customer.language == "{skill}"',
            )
            for skill in self._skills
        ]
        return Rules((*rules, Rule("all", Treatment())), skills=tuple(self._skills))

    def publish(self) -> list[float]:
        """Publish other rules, and step on until every call is under them: how long each step
        stopped the loop, in seconds."""
        self._version += 1
        rules = self._rules()
        stops = [self._step(RulesPublished(f"r{self._version}", self._version, rules, "bench"))]
        for _ in range(STEPS_MAX):
            due = self.machine.next_deadline()
            if due is None or "rules:" not in self.machine.state.timers:
                break
            self._now = max(self._now, due)
            stops.append(self._step(Tick()))
        assert self.are_all_under(self._version)
        return stops

    def _step(self, event: RulesPublished | Tick) -> float:
        began = time.process_time()
        self.machine.handle(event, self._now)
        return time.process_time() - began

    def are_all_under(self, version: int) -> bool:
        """Whether every call that waits is treated by this publishing."""
        calls = self.machine.state.calls.values()
        return all(call.rules_version == version for call in calls)
