"""What happens to dialed calls and how agents work: kinds of lists, and what goes wrong."""

from __future__ import annotations

import math
from enum import IntEnum
from random import Random
from typing import NamedTuple

from msgspec import Struct


class Fate(IntEnum):
    """What a dialed number turns out to be."""

    PERSON = 0
    MACHINE = 1
    BUSY = 2
    INVALID = 3
    NO_ANSWER = 4
    REFUSED = 5
    """By the trunk."""


class Mix(Struct, frozen=True):
    """Shares of what the numbers of a list turn out to be; the rest does not answer."""

    begins: float
    """From which part of the run on, 0.0 to 1.0."""
    person: float
    machine: float
    busy: float = 0.05
    invalid: float = 0.04


class Shift(Struct, frozen=True):
    """When a part of the agents is at work, in parts of the run."""

    share: float
    """Of all agents."""
    late: float = 0.0
    """They sign in, one after the other, until then."""
    breaks: tuple[tuple[float, float], ...] = ()
    """From and to: they leave after the call they have, and come back together."""


class World(Struct, frozen=True):
    """A kind of list with its network and its team. Times in seconds."""

    name: str
    mixes: tuple[Mix, ...]
    talk_s: float = 120.0
    talk_spread: float = 0.9
    """Standard deviation to mean; times are lognormal. 0.0: exponential."""
    wrap_s: float = 20.0
    setup_s: float = 2.5
    ring_s: float = 8.7
    """Mean until a person answers."""
    ring_spread: float = 0.55
    machine_ring_s: float = 19.0
    ring_limit_s: float = 22.0
    screening: tuple[float, float] = (1.2, 2.4)
    """Least and most that detection takes; (0, 0): there is none."""
    patience_s: float = 1.0
    """How long a person known as such may wait for an agent."""
    persons_lost: float = 0.0
    """Share of the people whom detection takes for machines."""
    machines_passed: float = 0.0
    """Share of the machines that detection takes for people."""
    rings: float = 1.0
    """Share of the calls of which the network reports that they ring."""
    shifts: tuple[Shift, ...] = (Shift(1.0),)
    trunk_dead: tuple[tuple[float, float, bool], ...] = ()
    """From and to, in parts of the run, and whether it refuses (true) or says nothing at all."""
    is_twin: bool = False
    """Everything memoryless: exponential ringing for all outcomes, one exponential service."""


class Call(NamedTuple):
    """What will happen to one call, from the moment it is placed."""

    fate: Fate
    setup_s: float
    """Until it rings, or ends without."""
    reports_ringing: bool
    ring_s: float
    """From then until it is answered or over."""


MACHINE_HANDLED_S = 8.0
"""An agent who got a machine notices and hangs up."""
MACHINE_WRAP_S = 4.0
SILENT_S = 60.0
"""A call on a trunk that says nothing is given up by the PBX after so long."""


def lognormal(random: Random, mean: float, spread: float) -> float:
    """A lognormal time with this mean, ``spread`` times as wide."""
    variance = math.log1p(spread * spread)
    return random.lognormvariate(math.log(mean) - variance / 2, math.sqrt(variance))


def mix_at(world: World, part: float) -> Mix:
    """The list's mix in this part of the run."""
    return [mix for mix in world.mixes if mix.begins <= part][-1]


def draw_call(world: World, mix: Mix, random: Random) -> Call:
    """What happens to a call that is placed now on a trunk that works."""
    chance = random.random()
    if world.is_twin:
        fate = Fate.PERSON if chance < mix.person else Fate.NO_ANSWER
        return Call(fate, 0.0, True, random.expovariate(1.0 / world.ring_s))
    setup_s = lognormal(random, world.setup_s, 0.5)
    rings = world.rings >= 1.0 or random.random() < world.rings
    limit = world.ring_limit_s
    if chance < mix.person:
        ring_s = lognormal(random, world.ring_s, world.ring_spread)
        fate = Fate.PERSON if ring_s < limit else Fate.NO_ANSWER
        return Call(fate, setup_s, rings, min(ring_s, limit))
    chance -= mix.person
    if chance < mix.machine:
        ring_s = max(1.0, random.gauss(world.machine_ring_s, 3.0))
        fate = Fate.MACHINE if ring_s < limit else Fate.NO_ANSWER
        return Call(fate, setup_s, rings, min(ring_s, limit))
    chance -= mix.machine
    if chance < mix.busy:
        return Call(Fate.BUSY, setup_s, False, 0.5)
    if chance < mix.busy + mix.invalid:
        return Call(Fate.INVALID, setup_s * 0.6, False, 0.0)
    return Call(Fate.NO_ANSWER, setup_s, rings, limit)


def draw_service(world: World, random: Random, *, is_person: bool) -> tuple[float, float]:
    """How long the agent talks, and then writes."""
    if world.is_twin:
        return random.expovariate(1.0 / world.talk_s), 0.0
    if not is_person:
        return lognormal(random, MACHINE_HANDLED_S, 0.4), MACHINE_WRAP_S
    talk_s = lognormal(random, world.talk_s, world.talk_spread)
    return talk_s, lognormal(random, world.wrap_s, 0.6)
