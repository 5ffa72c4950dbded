"""How things will stand: people who will have answered, agents who will be free."""

from __future__ import annotations

import math
from bisect import bisect_right

from dialer.pacing.chance import (
    Spread,
    add_many,
    add_one,
    chance_at_least,
    chance_at_least_normal,
)
from dialer.pacing.forecast import LONGEST_S, Forecast
from dialer.pacing.scene import AgentPhase, CallPhase, Scene

CHANCE_MAX = 0.98
"""Of a call; nobody is sure."""
CHANCE_MIN = 1e-4
"""Of a call; less is not worth the sum."""
EXACT_FREED_MAX = 64
"""Longest distribution of agents; more than there are in a small team."""

Group = tuple[int, float]
"""So many with this chance each."""


class Calls:
    """The calls in flight, those with the same chances counted together."""

    def __init__(self, scene: Scene, forecast: Forecast, now: float) -> None:
        self.groups: list[Group] = []
        """With the chance to become a person within the horizon."""
        dialing, ringing = [0] * (LONGEST_S + 1), [0] * (LONGEST_S + 1)
        last_verdict = len(forecast.screening) - 1
        for call in scene.calls.values():
            phase = call.phase
            elapsed = int(now - call.since + 0.5)
            if phase is CallPhase.RINGING:
                ringing[elapsed if elapsed < LONGEST_S else LONGEST_S] += 1
            elif phase is CallPhase.DIALING:
                dialing[elapsed if elapsed < LONGEST_S else LONGEST_S] += 1
            elif phase is CallPhase.SCREENING:
                shares = (
                    forecast.dialing_is_person
                    if call.before is CallPhase.DIALING
                    else forecast.ringing_is_person
                )
                share = shares[min(LONGEST_S, int(call.before_s + 0.5))]
                self.groups.append((1, share * forecast.screening[min(last_verdict, elapsed)]))
        rates = []
        for counts, table in ((dialing, forecast.dialing), (ringing, forecast.ringing)):
            for elapsed, number in enumerate(counts):
                if number:
                    rate, chance = table[elapsed]
                    rates.append(number * rate)
                    self.groups.append((number, chance))
        self.people_per_s = math.fsum(rates)
        """Who answer just now, on average."""
        self.moves_per_s = math.fsum(
            number * rate for number, rate in zip(dialing, forecast.moves, strict=True)
        )
        """Calls that ring, are answered or end just now, on average, of those that dial."""


def agent_groups(scene: Scene, forecast: Forecast, now: float) -> list[Group]:
    """Busy agents with the same chance to come free within the horizon, counted."""
    talk_edges, wrap_up_edges = forecast.talk_edges, forecast.wrap_up_edges
    talking, wrapping_up = [0] * len(talk_edges), [0] * len(wrap_up_edges)
    for agent in scene.agents.values():
        if agent.phase is AgentPhase.TALKING:
            talking[bisect_right(talk_edges, now - agent.since) - 1] += 1
        elif agent.phase is AgentPhase.WRAP_UP:
            wrapping_up[bisect_right(wrap_up_edges, now - agent.since) - 1] += 1
    return [
        (number, chance)
        for counts, table in ((talking, forecast.talking), (wrapping_up, forecast.wrapping_up))
        for number, chance in zip(counts, table, strict=True)
        if number
    ]


def expected(groups: list[Group]) -> float:
    """How many of them, on average."""
    return math.fsum(number * chance for number, chance in groups)


def scaled(groups: list[Group], factor: float) -> list[Group]:
    """With every chance so many times as high."""
    return [(number, min(CHANCE_MAX, chance * factor)) for number, chance in groups]


class ExactOutlook:
    """Of a small team. ``lead``: agents free now less people who wait."""

    def __init__(self, lead: int, calls: list[Group], agents: list[Group], new: float) -> None:
        self._lead = lead
        self._new = min(CHANCE_MAX, new)
        self._longest = max(1, sum(int(number) for number, _ in agents) + lead + 1)
        self._freed = [1.0]
        for number, chance in agents:
            for _ in range(number):
                add_one(self._freed, chance, EXACT_FREED_MAX)
        self._people = [1.0]
        for number, chance in calls:
            if chance > CHANCE_MIN:
                for _ in range(number):
                    add_one(self._people, chance, self._longest)

    def chance(self) -> float:
        """That one more call makes somebody find nobody free, if it is a person."""
        return chance_at_least(self._people, self._freed, self._lead)

    def add_call(self) -> None:
        """One more call is placed."""
        add_one(self._people, self._new, self._longest)


class NormalOutlook:
    """Of a large team. ``unsure``: the relative error of all chances of people together."""

    def __init__(
        self, lead: int, calls: list[Group], agents: list[Group], new: float, unsure: float
    ) -> None:
        self._lead = lead
        self._new = min(CHANCE_MAX, new)
        self._spread = Spread()
        for number, chance in calls:
            add_many(self._spread, chance, number, 1.0)
        self._unsure = unsure * self._spread.mean
        for number, chance in agents:
            add_many(self._spread, chance, number, -1.0)

    def chance(self) -> float:
        """That one more call makes somebody find nobody free, if it is a person."""
        return chance_at_least_normal(self._spread, self._lead, self._unsure)

    def add_call(self) -> None:
        """One more call is placed."""
        add_many(self._spread, self._new, 1, 1.0)
