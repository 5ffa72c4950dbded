"""Where calls and agents stand: lines of calls of one class, and pools of agents of one seniority.

A **class** is a queue, a tier, a weight, a channel and the agent steps: calls of one class differ
only in who came first. A **demand** is what one step of such a class asks for: a queue, skills, a
channel. A **group** is all agents with equal profiles. Demands and groups are matched once, when
the first of them appears: after that no decision looks at calls or agents one by one.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from heapq import heappop, heappush
from typing import TypeAlias

from callcenter.domain.customer import Tier
from callcenter.domain.ids import AgentId, CallId, QueueId
from callcenter.domain.survival import AGES_S
from routing.learning import Figures
from routing.work import AgentStep, Hold, Need, Profile, Work

Place: TypeAlias = tuple[float, CallId]
Seat: TypeAlias = tuple[float, float, AgentId]
"""Less preference first, as a negative; then idle since; then whose."""
DemandKey: TypeAlias = tuple[QueueId, tuple[Need, ...], str]
LineKey: TypeAlias = tuple[QueueId, Tier, float, str, tuple[AgentStep, ...]]


def key_of(work: Work) -> LineKey:
    """The class of a call."""
    return (work.queue, work.tier, work.weight, work.channel, work.steps)


class Pool:
    """The agents of one seniority who may take a demand."""

    __slots__ = ("busy", "idle")

    def __init__(self) -> None:
        self.idle: list[Seat] = []
        self.busy = [0] * (len(AGES_S) + 1)
        """How many are busy, by the age of their work."""

    def occupancy(self) -> tuple[int, int]:
        """How many are busy, and how many there are."""
        busy = sum(int(count) for count in self.busy)
        return busy, busy + len(self.idle)

    def freed_per_s(self, rates: tuple[float, ...]) -> float:
        """How many come free in a second, by how long each has been busy."""
        total = 0.0
        for count, rate in zip(self.busy, rates, strict=True):
            total += count * rate
        return total


class Demand:
    """What a step of a class asks for, who may give it, and which lines ask for it now."""

    __slots__ = ("key", "lines", "pools", "shared")

    def __init__(self, key: DemandKey) -> None:
        self.key = key
        self.pools = (Pool(), Pool())
        """Juniors, seniors."""
        self.lines: dict[LineKey, tuple[Line, float]] = {}
        """The lines in which somebody waits, each with the wait after which it asks for this."""
        self.shared: dict[QueueId, int] = {}
        """The queues that seniors of this demand serve, each with how many groups of them do, as
        of the last ``Lines.shared_by``."""


class Line:
    """The calls of one class, who came first in front."""

    __slots__ = ("demands", "figures", "hold", "key", "places", "value", "wake_at")

    def __init__(
        self, key: LineKey, value: float, figures: Figures, demands: tuple[Demand, ...]
    ) -> None:
        self.key = key
        self.value = value
        """Weight of the tier x weight of the rule."""
        self.figures = figures
        self.demands = demands
        """One for each step."""
        self.places: list[Place] = []
        self.hold: Hold | None = None
        """Why they wait beside idle agents, as of the last choice."""
        self.wake_at: float | None = None
        """When to look at this line again although nothing has changed."""

    def demand_at(self, waited_s: float) -> Demand:
        """What the first in line asks for after this wait."""
        found = self.demands[0]
        for step, demand in zip(self.key[4], self.demands, strict=True):
            if waited_s >= step.after_s:
                found = demand
        return found

    def next_step_at(self, now: float) -> float | None:
        """When the first in line may be taken by more agents than now."""
        queued_at = self.places[0][0]
        for step in self.key[4]:
            if queued_at + step.after_s > now:
                return queued_at + step.after_s
        return None

    def open_to(self) -> None:
        """Somebody waits: agents who come free look at this line."""
        for step, demand in zip(self.key[4], self.demands, strict=True):
            known = demand.lines.get(self.key)
            after_s = step.after_s if known is None else min(known[1], step.after_s)
            demand.lines[self.key] = (self, after_s)

    def close(self) -> None:
        """Nobody waits any more."""
        for demand in self.demands:
            demand.lines.pop(self.key, None)


class Group:
    """Agents with equal profiles, and the demands they may take."""

    __slots__ = ("counted", "demands", "here", "profile", "side")

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.side = int(profile.is_senior)
        self.here = 0
        """How many of them are idle or busy."""
        self.counted = False
        """Whether their demands count this group among those who share them."""
        self.demands: list[tuple[Demand, float]] = []
        """Each with the preference for its queue."""


class Lines:
    """All lines, demands and groups."""

    def __init__(self) -> None:
        self.lines: dict[LineKey, Line] = {}
        self._demands: dict[DemandKey, Demand] = {}
        self._groups: dict[Profile, Group] = {}
        self.idle: dict[QueueId, int] = {}
        """How many agents of each queue are idle."""
        self._seated: dict[AgentId, tuple[Group, float, tuple[str, ...]]] = {}
        self._busy: dict[AgentId, tuple[Group, float, int]] = {}
        """Group, since when, and the age counted."""
        self._ageing: list[tuple[float, AgentId, float, int]] = []
        """When who reaches the next age, if still busy since the last time given, at that age."""
        self._changed: dict[Group, None] = {}
        """Groups of seniors of whom some have come or gone since the last ``shared_by``."""

    # --- calls ----------------------------------------------------------------------------------

    def insert(self, work: Work, key: LineKey, value: float, figures: Figures) -> Line:
        """Put this call into the line of its class; the line is made if it is the first."""
        line = self.lines.get(key)
        if line is None:
            line = self.lines[key] = self.line_for(key, value, figures)
            line.open_to()
        insort(line.places, (work.queued_at, work.id))
        return line

    def line_for(self, key: LineKey, value: float, figures: Figures) -> Line:
        """A line of this class that nobody waits in."""
        demands = tuple(self._demand((key[0], step.needs, key[3])) for step in key[4])
        return Line(key, value, figures, demands)

    def take_out(self, work: Work, key: LineKey) -> Line:
        """Take this call out of its line; an empty line is closed."""
        line = self.lines[key]
        del line.places[bisect_left(line.places, (work.queued_at, work.id))]
        if not line.places:
            line.close()
            line.wake_at = line.hold = None
            del self.lines[key]
        return line

    def _demand(self, key: DemandKey) -> Demand:
        demand = self._demands.get(key)
        if demand is None:
            demand = self._demands[key] = Demand(key)
            for group in self._groups.values():
                self._introduce(group, demand)
            for agent_id, (group, idle_since, channels) in self._seated.items():
                if group.demands and group.demands[-1][0] is demand and key[2] in channels:
                    seat = (-group.demands[-1][1], idle_since, agent_id)
                    insort(demand.pools[group.side].idle, seat)
            for group, _, age in self._busy.values():
                if group.demands and group.demands[-1][0] is demand:
                    demand.pools[group.side].busy[age] += 1
        return demand

    # --- agents ---------------------------------------------------------------------------------

    def group_of(self, profile: Profile) -> Group:
        """The group of the agents with this profile."""
        group = self._groups.get(profile)
        if group is None:
            group = self._groups[profile] = Group(profile)
            for demand in self._demands.values():
                self._introduce(group, demand)
        return group

    def _introduce(self, group: Group, demand: Demand) -> None:
        queue, needs, _ = demand.key
        levels = {skill.skill: skill.level for skill in group.profile.skills}
        for name, preference in group.profile.queues:
            if name == queue and all(levels.get(n.skill, 0) >= n.level for n in needs):
                group.demands.append((demand, preference))
                if group.counted:
                    self._share(group, demand, 1)

    @staticmethod
    def _share(group: Group, demand: Demand, by: int) -> None:
        for queue, _ in group.profile.queues:
            count = demand.shared.pop(queue, 0) + by
            if count:
                demand.shared[queue] = count

    def _come(self, group: Group, by: int) -> None:
        """So many agents of this group came, or went."""
        group.here += by
        if group.side:
            self._changed[group] = None

    def shared_by(self, demand: Demand) -> Iterable[QueueId]:
        """The queues of the seniors who are here and may take this demand. Who has left counts no
        more: so it is the same after a restart, which knows of nobody who has left. Whoever passed
        from idle to busy changes nothing, and costs a look."""
        for group in self._changed:
            if (group.here > 0) is not group.counted:
                group.counted = not group.counted
                for one, _ in group.demands:
                    self._share(group, one, 1 if group.counted else -1)
        self._changed.clear()
        return demand.shared

    def seat(
        self, agent_id: AgentId, group: Group, idle_since: float, channels: tuple[str, ...]
    ) -> None:
        """This agent is idle on these channels."""
        self._come(group, 1)
        self._count_idle(group, 1)
        self._seated[agent_id] = (group, idle_since, channels)
        for demand, preference in group.demands:
            if demand.key[2] in channels:
                insort(demand.pools[group.side].idle, (-preference, idle_since, agent_id))

    def unseat(self, agent_id: AgentId) -> None:
        """This seated agent is idle no longer."""
        group, idle_since, channels = self._seated.pop(agent_id)
        self._come(group, -1)
        self._count_idle(group, -1)
        for demand, preference in group.demands:
            if demand.key[2] in channels:
                idle = demand.pools[group.side].idle
                del idle[bisect_left(idle, (-preference, idle_since, agent_id))]

    def _count_idle(self, group: Group, by: int) -> None:
        for queue, _ in group.profile.queues:
            self.idle[queue] = self.idle.get(queue, 0) + by

    def begin(self, agent_id: AgentId, group: Group, since: float, now: float) -> None:
        """This agent is busy since then."""
        age = bisect_right(AGES_S, now, key=lambda bound: since + bound)  # as ``advance`` counts
        self._come(group, 1)
        self._busy[agent_id] = (group, since, age)
        self._count(group, age, 1)
        self._await_age(agent_id, since, age)

    def end(self, agent_id: AgentId) -> None:
        """This busy agent is busy no longer."""
        group, _, age = self._busy.pop(agent_id)
        self._come(group, -1)
        self._count(group, age, -1)

    def queues_served(self, demand: Demand) -> tuple[QueueId, ...]:
        """The queues of all who are here and may take this demand, juniors too."""
        here = [
            group
            for group in self._groups.values()
            if group.here and any(one is demand for one, _ in group.demands)
        ]
        names = [name for group in here for name, _ in group.profile.queues]
        return tuple(dict.fromkeys(names))

    def advance(self, now: float) -> None:
        """Let the work of the busy grow older. Each agent passes an age once: no scan."""
        while self._ageing and self._ageing[0][0] <= now:
            _, agent_id, since, age = heappop(self._ageing)
            busy = self._busy.get(agent_id)
            if busy is not None and busy[1:] == (since, age):
                group = busy[0]
                for demand, _ in group.demands:
                    ages = demand.pools[group.side].busy
                    ages[age] -= 1
                    ages[age + 1] += 1
                self._busy[agent_id] = (group, since, age + 1)
                self._await_age(agent_id, since, age + 1)

    def _await_age(self, agent_id: AgentId, since: float, age: int) -> None:
        if age < len(AGES_S):
            heappush(self._ageing, (since + AGES_S[age], agent_id, since, age))

    @staticmethod
    def _count(group: Group, age: int, by: int) -> None:
        for demand, _ in group.demands:
            demand.pools[group.side].busy[age] += by
