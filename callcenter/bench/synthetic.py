"""Made-up centers whose load, tiers and seniors are known."""

from __future__ import annotations

import math
import random
from statistics import NormalDist

from msgspec import Struct

from callcenter.bench.center_model import Caller, Day, Desk
from callcenter.domain.customer import Tier

QUEUE = "service"


class Shape(Struct, frozen=True):
    """What a made-up center is like."""

    agents: int
    load: float
    """Offered work per agent, 0 to 1."""
    hours: float
    """Counted time, after the warm-up."""
    seniors: float = 1.0 / 3.0
    """Their share of the agents."""
    tiers: tuple[float, float, float] = (0.10, 0.20, 0.70)
    """Share of gold, silver, standard."""
    handling_s: float = 180.0
    spread: float = 1.0
    """Standard deviation of the logarithm of handling times."""
    patience_s: float = 600.0
    """Mean of an exponential distribution."""
    warm_up_s: float = 3600.0


def make_day(shape: Shape, seed: int) -> Day:
    """Draw one day."""
    chance = random.Random(seed)
    seniors = round(shape.agents * shape.seniors)
    end = shape.warm_up_s + shape.hours * 3600.0
    desks = tuple(
        Desk(f"a{number:05d}", number < seniors, ((0.0, end + 1e6),))
        for number in range(shape.agents)
    )
    rate = shape.load * shape.agents / shape.handling_s
    tiers, at = tuple(Tier), 0.0
    callers: list[Caller] = []
    while True:
        at += chance.expovariate(rate)
        if at >= end:
            break
        tier = chance.choices(tiers, shape.tiers)[0]
        patience_s = chance.expovariate(1.0 / shape.patience_s)
        callers.append(Caller(len(callers), at, QUEUE, tier, chance.random(), patience_s))
    normal = NormalDist(math.log(shape.handling_s) - shape.spread**2 / 2.0, shape.spread)

    def handling_s(desk: Desk, caller: Caller) -> float:
        size = min(1.0 - 1e-9, max(1e-9, caller.size))
        return math.exp(normal.inv_cdf(size))

    return Day(tuple(callers), desks, handling_s, shape.warm_up_s, end)
