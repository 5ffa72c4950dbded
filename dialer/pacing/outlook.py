"""How things will stand at each horizon: people who will have answered, agents who will be free."""

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

Group = tuple[int, tuple[float, ...]]
"""So many with these chances: people per second just now, and within each horizon."""


def call_groups(scene: Scene, forecast: Forecast, now: float) -> list[Group]:
    """Calls in flight with the same chances, counted."""
    dialing, ringing = [0] * (LONGEST_S + 1), [0] * (LONGEST_S + 1)
    groups: list[Group] = []
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
            verdicts = forecast.screening[min(last_verdict, elapsed)]
            groups.append((1, tuple(share * verdict for verdict in verdicts)))
    for counts, table in ((dialing, forecast.dialing), (ringing, forecast.ringing)):
        groups += [(number, table[e]) for e, number in enumerate(counts) if number]
    return groups


def agent_groups(scene: Scene, forecast: Forecast, now: float) -> list[Group]:
    """Busy agents with the same chances to come free, counted."""
    edges = forecast.talk_edges
    talking = [0] * len(edges)
    wrapping = [0] * len(forecast.wrapping_up)
    last = len(wrapping) - 1
    for agent in scene.agents.values():
        phase = agent.phase
        if phase is AgentPhase.TALKING:
            talking[bisect_right(edges, now - agent.since) - 1] += 1
        elif phase is AgentPhase.WRAP_UP:
            elapsed = int(now - agent.since + 0.5)
            wrapping[elapsed if elapsed < last else last] += 1
    groups = [(number, forecast.talking[b]) for b, number in enumerate(talking) if number]
    groups += [(number, forecast.wrapping_up[e]) for e, number in enumerate(wrapping) if number]
    return groups


def people_per_s(calls: list[Group]) -> float:
    """People who answer just now, on average."""
    return math.fsum(number * chances[0] for number, chances in calls)


def expected(groups: list[Group]) -> float:
    """How many of them, on average, within the middle horizon."""
    return math.fsum(number * chances[2] for number, chances in groups)


class ExactOutlook:
    """Of a small team."""

    def __init__(
        self, lead: int, calls: list[Group], agents: list[Group], new: tuple[float, ...],
        factor: float, horizons: tuple[int, ...],
    ) -> None:  # fmt: skip
        self._lead = lead
        self._new = [min(0.98, new[h] * factor) for h in horizons]
        self._people: list[list[float]] = []
        self._freed: list[list[float]] = []
        longest = max(1, sum(number for number, _ in agents) + lead + 1)
        self._longest = longest
        self._expected = expected(calls) * factor
        for h in horizons:
            freed = [1.0]
            for number, chances in agents:
                for _ in range(number):
                    add_one(freed, chances[h], 64)
            people = [1.0]
            for number, chances in calls:
                chance = min(0.98, chances[h] * factor)
                if chance > 1e-4:
                    for _ in range(number):
                        add_one(people, chance, longest)
            self._freed.append(freed)
            self._people.append(people)

    def chance(self) -> float:
        """That the person of one more call finds nobody free."""
        each = [
            chance_at_least(people, freed, self._lead)
            for people, freed in zip(self._people, self._freed, strict=True)
        ]
        return math.fsum(each) / len(each)

    def expected_people(self) -> float:
        """Who will have answered at the middle horizon, on average."""
        return self._expected

    def add_call(self) -> None:
        """One more call is placed."""
        self._expected += self._new[1]
        for people, chance in zip(self._people, self._new, strict=True):
            add_one(people, chance, self._longest)


class NormalOutlook:
    """Of a large team."""

    def __init__(
        self, lead: int, calls: list[Group], agents: list[Group], new: tuple[float, ...],
        factor: float, horizons: tuple[int, ...], unsure: float,
    ) -> None:  # fmt: skip
        self._lead = lead
        self._new = [min(0.98, new[h] * factor) for h in horizons]
        self._expected = expected(calls) * factor
        self._unsure: list[float] = []
        self._spreads: list[Spread] = []
        for h in horizons:
            spread = Spread()
            for number, chances in calls:
                add_many(spread, min(0.98, chances[h] * factor), number, 1.0)
            self._unsure.append(unsure * spread.mean)
            for number, chances in agents:
                add_many(spread, chances[h], number, -1.0)
            self._spreads.append(spread)

    def chance(self) -> float:
        """That the person of one more call finds nobody free."""
        each = [
            chance_at_least_normal(spread, self._lead, unsure)
            for spread, unsure in zip(self._spreads, self._unsure, strict=True)
        ]
        return math.fsum(each) / len(each)

    def expected_people(self) -> float:
        """Who will have answered at the middle horizon, on average."""
        return self._expected

    def add_call(self) -> None:
        """One more call is placed."""
        self._expected += self._new[1]
        for spread, chance in zip(self._spreads, self._new, strict=True):
            add_many(spread, chance, 1, 1.0)
