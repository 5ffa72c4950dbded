"""All cells: every list, team size and seed, the product's pacer beside the others."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from statistics import mean, stdev
from typing import Any

from msgspec import Struct

from callcenter.bench.pacing import baselines
from callcenter.bench.pacing.cells import LISTS, TROUBLES, TWIN
from callcenter.bench.pacing.floor import Outcome, play
from callcenter.bench.pacing.twin import Twin, find_optimum
from callcenter.bench.pacing.world import World
from dialer.pacing.predictive import advice
from dialer.pacing.scene import AgentPhase

CAP = 0.03
SIZES = (5, 10, 20, 50, 100, 500)
TROUBLE_SIZES = (20, 100)
QUICK_SIZES, QUICK_FACTOR = (5, 20), 1 / 16
SEEDS = 10
HOURS = {5: 8.0, 10: 8.0, 20: 6.0, 50: 4.0, 100: 3.0, 500: 1.5}
"""Of one run, by team size: the larger the team, the sooner chance evens out."""
SEARCH_STEPS = 6
SEARCH_SEEDS = 3
SEARCH_BOUNDS = {"free_ratio": (1.0, 12.0), "busy_ratio": (1.0, 5.0), "vicidial_tuned": (1.0, 5.0)}
TIES_AT = 2.262
"""Two means tie when they differ by less than so many standard errors (Student, 95 %)."""
OPTIMA = {5: 0.8495, 10: 0.8734, 20: 0.9040, 50: 0.9420, 100: 0.9623, 500: 0.9875}
"""Of the twin at 3 %, by ``find_optimum``; computing the largest takes a quarter of an hour."""
NICE = 15

Maker = Callable[[], Any]


class Job(Struct, frozen=True):
    """One run."""

    world: World
    agents: int
    hours: float
    seed: int
    pacer: str
    number: float = 0.0
    """Of the pacers with one."""


def work(job: Job) -> Outcome:
    """Play one run; in a process of its own."""
    return play(job.world, job.agents, job.seed, job.hours, _make(job))


def _make(job: Job) -> Any:
    if job.pacer == "predictive":
        return baselines.predictive(job.world.patience_s)
    if job.pacer == "progressive":
        return baselines.progressive()
    if job.pacer == "vicidial":
        return baselines.Vicidial()
    return baselines.RATIOS[job.pacer](job.number)


class Bench:
    """Runs jobs on some processes."""

    def __init__(self, pool: ProcessPoolExecutor | None, seeds: int, hours_factor: float) -> None:
        self._pool = pool
        self._seeds = seeds
        self._hours_factor = hours_factor

    def play_all(self, jobs: list[Job]) -> list[Outcome]:
        """The outcomes, in order."""
        return list(self._pool.map(work, jobs)) if self._pool else [work(job) for job in jobs]

    def jobs(
        self, world: World, agents: int, pacer: str, number: float = 0.0, seeds: int = 0
    ) -> list[Job]:
        """The same on every seed."""
        hours = HOURS.get(agents, 2.0) * self._hours_factor
        return [
            Job(world, agents, hours, seed, pacer, number)
            for seed in range(1, (seeds or self._seeds) + 1)
        ]

    def search(self, world: World, agents: int, pacer: str) -> float:
        """The greatest number with which the pacer keeps the cap, on average of some seeds."""
        low, high = SEARCH_BOUNDS[pacer]
        for _ in range(SEARCH_STEPS):
            middle = (low + high) / 2
            jobs = self.jobs(world, agents, pacer, middle, min(self._seeds, SEARCH_SEEDS))
            if mean(one.abandonment for one in self.play_all(jobs)) > CAP:
                high = middle
            else:
                low = middle
        return low

    def cell(self, world: World, agents: int, *, searched: bool) -> dict[str, Any]:
        """One list and team size, all pacers."""
        outcomes = {
            name: self.play_all(self.jobs(world, agents, name))
            for name in ("predictive", "progressive", "vicidial")
        }
        numbers: dict[str, float] = {}
        for name in SEARCH_BOUNDS if searched else ():
            numbers[name] = self.search(world, agents, name)
            outcomes[name] = self.play_all(self.jobs(world, agents, name, numbers[name]))
        told = {name: figures(runs) for name, runs in outcomes.items()}
        for name, number in numbers.items():
            told[name]["number"] = round(number, 3)
        return {**told, **compare(outcomes)}


def figures(runs: list[Outcome]) -> dict[str, Any]:
    """What the seeds of one pacer came to; shares in per cent."""
    abandoned, answered = max(
        (run.worst() for run in runs), key=lambda pair: pair[0] / max(1, pair[1])
    )
    return {
        "utilisation": round(100 * mean(run.utilisation for run in runs), 2),
        "utilisation_interval": round(100 * interval([run.utilisation for run in runs]), 2),
        "abandonment": round(100 * mean(run.abandonment for run in runs), 3),
        "abandonment_max": round(100 * max(run.abandonment for run in runs), 3),
        "seeds_above_cap": sum(run.abandonment > CAP for run in runs),
        "worst_half_hour": f"{abandoned} of {answered}",
        "lost_by_detection": round(
            100
            * mean(
                run.lost_by_detection / max(1, run.answered + run.lost_by_detection) for run in runs
            ),
            2,
        ),
    }


def interval(values: list[float]) -> float:
    """Half of the 95 % interval of their mean, roughly."""
    return TIES_AT * stdev(values) / math.sqrt(len(values)) if len(values) > 1 else 0.0


def compare(outcomes: dict[str, list[Outcome]]) -> dict[str, Any]:
    """The product's pacer against the best that keeps the cap, by differences on the same seeds."""
    ours = outcomes["predictive"]
    keeping = {
        name: runs
        for name, runs in outcomes.items()
        if name != "predictive" and mean(run.abandonment for run in runs) <= CAP
    }
    best = max(keeping, key=lambda name: mean(run.utilisation for run in keeping[name]))
    gains = [a.utilisation - b.utilisation for a, b in zip(ours, keeping[best], strict=True)]
    gain, half = mean(gains), interval(gains)
    verdict = "tie" if abs(gain) <= half else "better" if gain > 0 else "worse"
    return {
        "best_baseline": best,
        "gain": round(100 * gain, 2),
        "gain_interval": round(100 * half, 2),
        "verdict": verdict,
    }


def twin_cell(bench: Bench, agents: int) -> dict[str, Any]:
    """The product's pacer on the memoryless twin, against the exact optimum."""
    optimum = OPTIMA.get(agents)
    if optimum is None:
        twin = Twin(agents, TWIN.mixes[0].person, TWIN.talk_s, TWIN.ring_s)
        optimum = find_optimum(twin, CAP).occupancy
    found = figures(bench.play_all(bench.jobs(TWIN, agents, "predictive")))
    return {
        **found,
        "optimum": round(100 * optimum, 2),
        "of_optimum": round(found["utilisation"] / optimum, 2),
    }


def run(
    *,
    sizes: tuple[int, ...] = SIZES,
    seeds: int = SEEDS,
    processes: int = 1,
    hours_factor: float = 1.0,
    lists: tuple[str, ...] = (),
    tell: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """The whole bench. ``lists``: names of some only."""
    with _pool(processes) as pool:
        bench = Bench(pool, seeds, hours_factor)
        cells: dict[str, Any] = {}
        for name, agents, make in _plan(bench, sizes):
            if lists and name not in lists:
                continue
            began = time.perf_counter()
            cells.setdefault(name, {})[str(agents)] = make()
            tell(f"{name}, {agents} agents: {time.perf_counter() - began:.0f} s")
    return {
        "bench": "pacing",
        "cap": 100 * CAP,
        "seeds": seeds,
        "hours": {str(size): HOURS.get(size, 2.0) * hours_factor for size in sizes},
        **cells,
        "decision": measure_decision(),
        "advice": {str(size): advice(size) for size in sizes if advice(size)},
    }


def _plan(bench: Bench, sizes: tuple[int, ...]) -> Iterator[tuple[str, int, Maker]]:
    for agents in sizes:
        yield "twin", agents, partial(twin_cell, bench, agents)
    for world in LISTS:
        for agents in sizes:
            yield (
                world.name,
                agents,
                partial(bench.cell, world, agents, searched=True),
            )
    for world in TROUBLES:
        for agents in (size for size in TROUBLE_SIZES if size in sizes):
            yield (
                world.name,
                agents,
                partial(bench.cell, world, agents, searched=False),
            )


@contextmanager
def _pool(processes: int) -> Iterator[ProcessPoolExecutor | None]:
    """Processes, or none: then everything runs in this one."""
    if processes == 1:
        yield None
        return
    with ProcessPoolExecutor(processes, initializer=_be_nice) as pool:
        yield pool


def _be_nice() -> None:
    os.nice(NICE - os.getpriority(os.PRIO_PROCESS, 0))


def measure_decision(agents: int = 500, calls: int = 1500, rounds: int = 200) -> dict[str, float]:
    """Milliseconds of one decision with so many agents and calls in flight."""
    pacer = baselines.predictive(1.0)
    now = 1_700_000_000.0
    for number in range(agents):
        phase = (AgentPhase.TALKING, AgentPhase.TALKING, AgentPhase.WRAP_UP)[number % 3]
        pacer.agent(f"a{number}", AgentPhase.READY, now - 300.0)
        pacer.agent(f"a{number}", phase, now - number * 0.4)
    for number in range(calls):
        pacer.placed(f"c{number}", now - number % 20)
        if number % 20 > 3:
            pacer.ringing(f"c{number}", now - number % 20 + 3.0)
    times: list[float] = []
    for _ in range(rounds):
        now += 1.0
        began = time.perf_counter()
        pacer.decide(now)
        times.append(1000.0 * (time.perf_counter() - began))
    times.sort()
    return {
        "agents": agents,
        "calls_in_flight": calls,
        "ms_median": round(times[rounds // 2], 3),
        "ms_p99": round(times[int(rounds * 0.99)], 3),
    }
