"""One run: a pacer, a world and a number of agents, event by event on virtual time."""

from __future__ import annotations

import math
from collections import deque
from heapq import heappop, heappush
from itertools import count
from random import Random

from msgspec import Struct

from callcenter.bench.pacing.world import (
    SILENT_S,
    Call,
    Fate,
    World,
    draw_call,
    draw_service,
    mix_at,
)
from dialer.pacing.decision import PlaceCalls
from dialer.pacing.pacer import Pacer
from dialer.pacing.scene import AgentPhase

BEGINS = 1_700_000_000.0
"""UTC seconds at which every run begins."""
SLICE_S = 1800.0
"""The worst of these is told."""
AT_EVENTS_MAX = 50
"""Up to so many agents the pacer is asked whenever something happened; above, once a second."""
ASK_S, ASK_SMALL_S = 1.0, 2.0


class Outcome(Struct):
    """What one run came to."""

    answered: int = 0
    """People who answered and were not lost by detection."""
    abandoned: int = 0
    lost_by_detection: int = 0
    machines_to_agents: int = 0
    placed: int = 0
    talked_s: float = 0.0
    """With people."""
    worked_s: float = 0.0
    """Signed in and not on a break."""
    by_slice: list[list[int]] = []
    """Answered and abandoned in each half hour."""

    @property
    def abandonment(self) -> float:
        """Share of the people who answered."""
        return self.abandoned / self.answered if self.answered else 0.0

    @property
    def utilisation(self) -> float:
        """Talking with people, of the time at work."""
        return self.talked_s / self.worked_s if self.worked_s else 0.0

    def worst(self) -> tuple[int, int]:
        """The half hour with the greatest share abandoned: abandoned, answered."""
        return max(
            ((abandoned, answered) for answered, abandoned in self.by_slice if answered),
            key=lambda pair: (pair[0] / pair[1], pair[1]),
            default=(0, 0),
        )


class Desk:
    """One simulated agent."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.phase = AgentPhase.GONE
        self.since = 0.0
        self.wants_to_go = False


class Floor:
    """The run."""

    def __init__(self, world: World, agents: int, seed: int, hours: float, pacer: Pacer) -> None:
        self.outcome = Outcome(by_slice=[[0, 0] for _ in range(math.ceil(hours * 3600 / SLICE_S))])
        self._world = world
        self._length_s = hours * 3600.0
        self._pacer = pacer
        self._random = Random(f"{world.name}:{agents}:{seed}")
        self._now = 0.0
        self._events: list[tuple[float, int, object, tuple[object, ...]]] = []
        self._order = count()
        self._desks = [Desk(f"a{number}") for number in range(agents)]
        self._ready: deque[Desk] = deque()
        self._people: dict[str, Fate] = {}
        self._over: dict[str, None] = {}
        self._is_small = agents <= AT_EVENTS_MAX
        self._plan_shifts()

    def run(self) -> Outcome:
        """Play it to the end."""
        events, end_s = self._events, self._length_s
        self._at(0.0, self._ask_again)
        while events and events[0][0] <= end_s:
            self._now, _, what, arguments = heappop(events)
            what(*arguments)  # type: ignore[operator]  # the queue holds bound methods
        self._now = end_s
        for desk in self._desks:
            self._account(desk)
        return self.outcome

    def _at(self, delay_s: float, what: object, *arguments: object) -> None:
        heappush(self._events, (self._now + delay_s, next(self._order), what, arguments))

    # --- agents -----------------------------------------------------------------------------------

    def _plan_shifts(self) -> None:
        first = 0
        for shift in self._world.shifts:
            desks = self._desks[first : first + round(shift.share * len(self._desks))]
            first += len(desks)
            for number, desk in enumerate(desks):
                self._at(shift.late * self._length_s * number / len(desks), self._come, desk)
                for leaves, returns in shift.breaks:
                    self._at(leaves * self._length_s, self._go, desk)
                    self._at(returns * self._length_s, self._come, desk)

    def _come(self, desk: Desk) -> None:
        desk.wants_to_go = False
        if desk.phase is AgentPhase.GONE:
            self._be(desk, AgentPhase.READY)
            self._serve(desk)

    def _go(self, desk: Desk) -> None:
        if desk.phase is AgentPhase.READY:
            self._ready.remove(desk)
            self._be(desk, AgentPhase.GONE)
        elif desk.phase is not AgentPhase.GONE:
            desk.wants_to_go = True

    def _account(self, desk: Desk) -> None:
        if desk.phase is not AgentPhase.GONE:
            self.outcome.worked_s += self._now - desk.since

    def _be(self, desk: Desk, phase: AgentPhase) -> None:
        self._account(desk)
        desk.phase, desk.since = phase, self._now
        self._pacer.agent(desk.name, phase, BEGINS + self._now)

    def _serve(self, desk: Desk) -> None:
        """An agent who came free takes the person who waits longest, or waits."""
        if self._people:
            self._connect(next(iter(self._people)), desk)
        else:
            self._ready.append(desk)
            self._ask()

    def _connect(self, call: str, desk: Desk) -> None:
        is_person = self._people.pop(call) is Fate.PERSON
        talk_s, wrap_s = draw_service(self._world, self._random, is_person=is_person)
        self._pacer.connected(call, BEGINS + self._now)
        self._be(desk, AgentPhase.TALKING)
        if is_person:
            self._count(answered=1)
            self.outcome.talked_s += min(talk_s, self._length_s - self._now)
        else:
            self.outcome.machines_to_agents += 1
        self._at(talk_s, self._hang_up, desk, wrap_s)

    def _hang_up(self, desk: Desk, wrap_s: float) -> None:
        if wrap_s:
            self._be(desk, AgentPhase.WRAP_UP)
            self._at(wrap_s, self._finish, desk)
        else:
            self._finish(desk)

    def _finish(self, desk: Desk) -> None:
        if desk.wants_to_go:
            desk.wants_to_go = False
            self._be(desk, AgentPhase.GONE)
        else:
            self._be(desk, AgentPhase.READY)
            self._serve(desk)

    # --- calls ------------------------------------------------------------------------------------

    def _ask_again(self) -> None:
        self._at(ASK_SMALL_S if self._is_small else ASK_S, self._ask_again)
        self._ask(is_due=True)

    def _ask(self, *, is_due: bool = False) -> None:
        if not (is_due or self._is_small):
            return
        decision = self._pacer.decide(BEGINS + self._now)
        if isinstance(decision, PlaceCalls):
            for _ in range(decision.count):
                self._place()

    def _place(self) -> None:
        self.outcome.placed += 1
        name = f"c{self.outcome.placed}"
        part = self._now / self._length_s
        self._pacer.placed(name, BEGINS + self._now)
        for begins, ends, refuses in self._world.trunk_dead:
            if begins <= part < ends:
                fate = Fate.REFUSED if refuses else Fate.NO_ANSWER
                self._at(0.3 if refuses else SILENT_S, self._end, name, fate)
                return
        call = draw_call(self._world, mix_at(self._world, part), self._random)
        if call.reports_ringing:
            self._at(call.setup_s, self._ring, name)
        after = self._answer if call.fate <= Fate.MACHINE else self._end
        self._at(call.setup_s + call.ring_s, after, name, call.fate)

    def _ring(self, name: str) -> None:
        self._pacer.ringing(name, BEGINS + self._now)

    def _end(self, name: str, fate: Fate) -> None:
        self._pacer.ended(name, BEGINS + self._now, refused=fate is Fate.REFUSED)
        if fate is not Fate.REFUSED:
            self._ask()

    def _answer(self, name: str, fate: Fate) -> None:
        self._pacer.answered(name, BEGINS + self._now)
        least, most = self._world.screening
        if most:
            self._at(self._random.uniform(least, most), self._classify, name, fate)
        else:
            self._classify(name, fate)

    def _classify(self, name: str, fate: Fate) -> None:
        if fate is Fate.PERSON:
            is_person = self._random.random() >= self._world.persons_lost
            self.outcome.lost_by_detection += not is_person
        else:
            is_person = bool(self._world.machines_passed) and (
                self._random.random() < self._world.machines_passed
            )
        now = BEGINS + self._now
        self._pacer.classified(name, is_person, now)
        if not is_person:
            self._pacer.ended(name, now)
            self._ask()
            return
        self._people[name] = fate
        if self._ready:
            self._connect(name, self._ready.popleft())
        elif self._world.patience_s:
            self._at(self._world.patience_s, self._abandon, name)
        else:
            self._abandon(name)

    def _abandon(self, name: str) -> None:
        fate = self._people.pop(name, None)
        if fate is None:
            return
        self._pacer.abandoned(name, BEGINS + self._now)
        if fate is Fate.PERSON:
            self._count(answered=1, abandoned=1)
        self._ask()

    def _count(self, *, answered: int, abandoned: int = 0) -> None:
        self.outcome.answered += answered
        self.outcome.abandoned += abandoned
        index = min(int(self._now / SLICE_S), len(self.outcome.by_slice) - 1)
        self.outcome.by_slice[index][0] += answered
        self.outcome.by_slice[index][1] += abandoned


def play(world: World, agents: int, seed: int, hours: float, pacer: Pacer) -> Outcome:
    """Play one run."""
    return Floor(world, agents, seed, hours, pacer).run()


__all__ = ["Call", "Floor", "Outcome", "play"]
