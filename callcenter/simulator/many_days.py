"""Many seeds of one scenario, several at once on as many processes, and one sum of them all."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import Any

import msgspec
from msgspec import Struct

from callcenter.simulator.day import Broken
from callcenter.simulator.simulation import HOUR_S, Outcome, Scenario, play


class Break(Struct, frozen=True):
    """A seed that broke. Its story is found by playing it alone."""

    scenario: Scenario
    step: int
    event: str
    problems: list[str]


Played = Outcome | Break


def play_seeds(scenario: Scenario, seeds: int, processes: int) -> Iterator[Played]:
    """Play so many seeds from the scenario's own on; gives each as it ends.

    A break ends its own seed only. What is no break, as a bug of the simulator's, is raised.
    """
    scenarios = [
        msgspec.structs.replace(scenario, seed=seed)
        for seed in range(scenario.seed, scenario.seed + seeds)
    ]
    if processes == 1:
        yield from map(_play, scenarios)
        return
    # Spawned, not forked: a process starts as the command does, whatever its parent has open.
    with ProcessPoolExecutor(min(processes, seeds), mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(_play, one) for one in scenarios]
        try:
            for done in as_completed(waiting):
                yield done.result()
        finally:
            for future in waiting:
                future.cancel()


def _play(scenario: Scenario) -> Played:
    try:
        return play(scenario)
    except Broken as broken:
        return Break(scenario, broken.step, broken.event, broken.problems)


def command_of(scenario: Scenario) -> str:
    """The command line that plays this again."""
    return (
        f"callcenter simulate --seed {scenario.seed} --hours {scenario.hours:g} "
        f"--agents {scenario.agents} --faults {scenario.faults}"
    )


class Total:
    """The sum of what was played. Breaks are kept in the order of their seeds."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        self.breaks: list[Break] = []

    def add(self, played: Played) -> None:
        """Count one seed."""
        if isinstance(played, Break):
            self.breaks.append(played)
            self.breaks.sort(key=lambda one: one.scenario.seed)
        else:
            self.outcomes.append(played)

    @property
    def seeds(self) -> int:
        """How many have ended."""
        return len(self.outcomes) + len(self.breaks)

    @property
    def hours(self) -> float:
        """Simulated hours of the seeds that did not break."""
        return math.fsum(one.hours for one in self.outcomes)

    @property
    def hours_per_hour(self) -> float:
        """Simulated hours in an hour of one processor; 0.0 when every seed broke."""
        took_s = math.fsum(one.processor_s for one in self.outcomes)
        return round(self.hours * HOUR_S / took_s, 1) if took_s else 0.0

    def describe(self) -> dict[str, Any]:
        """The sum as one JSON object; the counts are those of the seeds that did not break."""
        every = self.outcomes
        return {
            "seeds": self.seeds,
            "hours": round(self.hours, 6),
            "steps": sum(one.steps for one in every),
            "calls": sum(one.calls for one in every),
            "attempts": sum(one.attempts for one in every),
            "faults": _sum_up(every, lambda one: one.faults),
            "repairs": _sum_up(every, lambda one: one.repairs),
            "faults_recorded": _sum_up(every, lambda one: one.faults_recorded),
            "stuck_agents": sum(len(one.stuck_agents) for one in every),
            "callers": sum(one.callers for one in every),
            "callers_lost": sum(one.callers_lost for one in every),
            "replay_equal": all(one.replay_equal for one in every),
            "hours_per_hour": self.hours_per_hour,
            "broken": [
                {
                    "seed": one.scenario.seed,
                    "step": one.step,
                    "event": one.event,
                    "problems": one.problems,
                    "command": command_of(one.scenario),
                }
                for one in self.breaks
            ],
        }


def _sum_up(every: list[Outcome], of: Callable[[Outcome], dict[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for one in every:
        total.update(of(one))
    return dict(sorted(total.items()))
