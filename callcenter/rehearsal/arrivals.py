"""Draws who arrives: the callers of a day, with everything about them that no rule can change."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from random import Random

from msgspec import Struct

from callcenter.rehearsal.traffic import SLOT_S, CallerKind, Traffic

Z_MOST = 4.0
"""No draw is farther from the middle: it would last for hours."""


class Caller(Struct, frozen=True):
    """One call to come."""

    at: float
    """UTC seconds."""
    dialed_number: str
    kind: CallerKind
    size: float
    """How long the conversation is, in standard deviations of its logarithm."""
    wrap_up: float
    """The same of the after-call work."""
    ring: float
    """The same of how long the agent lets it ring."""
    patience: float
    """What the caller brings of it; see ``traffic.patience_s``."""
    luck: float
    """0 to 1: below the share of matters that stay open, this one does."""


def draw_callers(
    traffic: Traffic, seed: int, slots: Sequence[tuple[int, float]]
) -> tuple[Caller, ...]:
    """The callers of one day, in the order they arrive.

    ``slots``: the quarter-hours to be played, by their number in the week and when they begin.
    """
    busy = _draw_busyness(traffic.spread, Random(f"{seed}/day"))
    callers: list[Caller] = []
    for stream in traffic.streams:
        chance = Random(f"{seed}/{stream.dialed_number}/{stream.queue}")
        for slot, begin in slots:
            per_s = busy * stream.slots[slot] / SLOT_S
            callers += (
                _draw_caller(chance, at, stream.dialed_number, stream.kinds)
                for at in _arrivals(chance, per_s, begin)
            )
    callers.sort(key=lambda caller: caller.at)
    return tuple(callers)


def _draw_busyness(spread: float, chance: Random) -> float:
    """How busy the day is beside a usual one: gamma with mean 1."""
    if spread <= 0.0:
        return 1.0
    shape = 1.0 / spread**2
    return chance.gammavariate(shape, 1.0 / shape)


def _arrivals(chance: Random, per_s: float, begin: float) -> Iterator[float]:
    """Arrivals by chance within a quarter-hour."""
    at = begin
    while per_s > 0.0:
        at += chance.expovariate(per_s)
        if at >= begin + SLOT_S:
            return
        yield at


def _draw_caller(
    chance: Random, at: float, dialed_number: str, kinds: Sequence[CallerKind]
) -> Caller:
    def draw_z() -> float:
        return max(-Z_MOST, min(Z_MOST, chance.gauss(0.0, 1.0)))

    return Caller(
        at=at,
        dialed_number=dialed_number,
        kind=kinds[math.floor(chance.random() * len(kinds))],
        size=draw_z(),
        wrap_up=draw_z(),
        ring=draw_z(),
        patience=chance.expovariate(1.0),
        luck=chance.random(),
    )
