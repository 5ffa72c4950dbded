"""How many routing decisions a second, and how that grows with agents, waiting calls and skills.

Every agent is at work and as many calls wait as there are agents: one agent comes free, is given a
call, and another call arrives. A decision is all of that: telling the engine, choosing, and keeping
account of who is busy. Each agent has three of the skills, drawn at random, so that nearly every
agent of a small center and most of a large one are a group of their own: the hard case.

Times are processor times, so that what else runs on the computer counts little. Beside it, in the
same run, a full scan: the same rule, looking at every waiting call.
"""

from __future__ import annotations

import gc
import random
import time
from statistics import median
from typing import Any

from msgspec import structs

from callcenter.bench.publishing import Publishing
from callcenter.domain.customer import Tier
from routing.choice import score_of
from routing.chooser import Chooser
from routing.lines import Line
from routing.settings import Settings, with_weights
from routing.work import VOICE, AgentStep, BusyAgent, FreeAgent, Need, Profile, Work

SIZES = (100, 1_000, 10_000)
SKILLS = (8, 40)
SKILLS_EACH = 3
DECISIONS = 3_000
SCANS = 10
ROUNDS = 5
QUEUE = "service"
SEED = 7
HANDLING_S = 180.0
"""In the center's time: so long it takes until as many decisions were made as there are agents."""


SLICE = 250
"""So many calls are put under new rules before the loop is let go on."""
PUBLISHED = with_weights(Settings(overdue_s=1e9), {Tier.GOLD: 4.0})


class Load:
    """A center with every agent at work and as many calls waiting."""

    def __init__(self, size: int, skills: int) -> None:
        self._chance = random.Random(SEED)
        self._skills = skills
        self._calls = 0
        self._now = 1_700_000_000.0
        self.chooser = Chooser(Settings(overdue_s=1e9))  # else all who wait would soon be overdue
        self.profiles: dict[str, Profile] = {}
        self.waiting: dict[str, Work] = {}
        for number in range(size):
            known = sorted(self._chance.sample(range(skills), SKILLS_EACH))
            needs = tuple(Need(f"skill{one}", self._chance.randint(1, 3)) for one in known)
            name = f"a{number:05d}"
            self.profiles[name] = Profile(((QUEUE, 1.0),), number % 3 == 0, needs)
            since = self._now - 300.0 * self._chance.random()
            self.chooser.put_busy(BusyAgent(name, self.profiles[name], since), self._now)
        for _ in range(size):
            self._arrive()
        self.chooser.match(self._now)
        self._names = tuple(self.profiles)

    def decide(self, decisions: int) -> int:
        """So many agents come free; how many of them were given a call."""
        paired = 0
        chooser = self.chooser
        for _ in range(decisions):
            self._now += HANDLING_S / len(self._names)
            name = self._names[int(self._chance.random() * len(self._names))]
            profile = self.profiles[name]
            chooser.put_agent(FreeAgent(name, profile, self._now))
            for match in chooser.match(self._now).offers:
                paired += 1
                del self.waiting[match.call]
                busy = BusyAgent(match.agent, self.profiles[match.agent], self._now)
                chooser.put_busy(busy, self._now)
                self._arrive()
        return paired

    def scan(self, decisions: int) -> None:
        """The same choice by looking at every call that waits; nothing is changed."""
        settings = self.chooser.settings
        weights = dict(settings.tier_weights)
        for _ in range(decisions):
            name = self._names[int(self._chance.random() * len(self._names))]
            profile = self.profiles[name]
            levels = {skill.skill: skill.level for skill in profile.skills}
            best: tuple[float, float, str] | None = None
            for work in self.waiting.values():
                if any(levels.get(n.skill, 0) < n.level for n in work.steps[0].needs):
                    continue
                figures = self.chooser.estimates.figures(work.queue, work.tier)
                key = (work.queue, work.tier, work.weight, work.channel, work.steps)
                line = Line(key, weights[work.tier] * work.weight, figures, ())
                waited_s = self._now - work.queued_at
                score = score_of(settings, line, waited_s, int(profile.is_senior))
                rank = (-score.urgency, work.queued_at, work.id)
                best = rank if best is None else min(best, rank)

    def publish(self) -> float:
        """Other weights, and other rules for every call that waits, in slices: the longest stop of
        the loop in seconds."""
        stops = []
        other = PUBLISHED if self.chooser.settings is not PUBLISHED else Settings(overdue_s=1e9)
        began = time.process_time()
        self.chooser.change_settings(other)
        self.chooser.match(self._now)
        stops.append(time.process_time() - began)
        calls = list(self.waiting.values())
        for first in range(0, len(calls), SLICE):
            began = time.process_time()
            for work in calls[first : first + SLICE]:
                changed = structs.replace(work, weight=3.0 - work.weight)
                self.waiting[work.id] = changed
                self.chooser.put_call(changed)
            self.chooser.match(self._now)
            stops.append(time.process_time() - began)
        return max(stops)

    def _arrive(self) -> None:
        self._calls += 1
        skill = f"skill{self._chance.randrange(self._skills)}"
        tier = self._chance.choices(tuple(Tier), (1, 2, 7))[0]
        step = AgentStep(0.0, (Need(skill, 1),))
        work = Work(f"c{self._calls:08d}", QUEUE, tier, self._now, (step,), 1.0, VOICE)
        self.waiting[work.id] = work
        self.chooser.put_call(work)


def _publish(size: int, skills: int, rounds: int) -> list[float]:
    """The longest step of the whole machine, in milliseconds, in each publishing."""
    load = Publishing(size, skills)
    gc.freeze()  # as the service does when it has started
    load.publish()  # who has never had a rule is treated a little faster
    found = [1000.0 * max(load.publish()) for _ in range(rounds)]
    gc.unfreeze()
    return found


def run(
    sizes: tuple[int, ...] = SIZES,
    skills: tuple[int, ...] = SKILLS,
    decisions: int = DECISIONS,
    rounds: int = ROUNDS,
    scans: int = SCANS,
) -> dict[str, Any]:
    """Decisions per second of the engine and of the scan, at each size and number of skills.

    Sizes take turns within each round, so that a slow moment of the computer hits all of them.
    """
    loads = {(count, size): Load(size, count) for count in skills for size in sizes}
    rates: dict[tuple[int, int], list[float]] = {key: [] for key in loads}
    naive: dict[tuple[int, int], list[float]] = {key: [] for key in loads}
    stops: dict[tuple[int, int], list[float]] = {key: [] for key in loads}
    paired = 0
    for _ in range(rounds):
        for key, load in loads.items():
            began = time.process_time()
            paired += load.decide(decisions)
            rates[key].append(decisions / (time.process_time() - began))
            began = time.process_time()
            load.scan(scans)
            naive[key].append(scans / (time.process_time() - began))
            stops[key].append(1000.0 * load.publish())

    def spread(values: list[float]) -> dict[str, float]:
        return {"median": median(values), "min": min(values), "max": max(values)}

    least, most = min(sizes), max(sizes)
    pauses = _publish(max(sizes), max(skills), rounds)

    return {
        "bench": "routing",
        "decisions_per_round": decisions,
        "rounds": rounds,
        "paired_share": paired / (decisions * rounds * len(loads)),
        "decisions_per_s": {
            f"{count}_skills": {str(size): spread(rates[count, size]) for size in sizes}
            for count in skills
        },
        "full_scans_per_s": {
            f"{count}_skills": {str(size): spread(naive[count, size]) for size in sizes}
            for count in skills
        },
        "longest_stop_ms_when_rules_are_published": {
            f"{count}_skills": {str(size): spread(stops[count, size]) for size in sizes}
            for count in skills
        },
        "longest_step_ms_when_rules_are_published": spread(pauses),
        "steps_waiting_calls": max(sizes),
        "times_dearer_at_most_than_at_least": {
            f"{count}_skills": median(
                small / large
                for small, large in zip(rates[count, least], rates[count, most], strict=True)
            )
            for count in skills
        },
    }
