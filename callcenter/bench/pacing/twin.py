"""The best that any pacer can reach on the memoryless twin, computed exactly.

The twin: every placed call rings for an exponential time and then is a person with a fixed chance,
or nothing; a person who finds all agents busy is abandoned at once; service is exponential. All
that matters is (busy agents, calls in flight), and calls may be added at any moment. What is wanted
is the greatest share of busy time with at most the cap abandoned.

For a price of an abandoned call the best policy is found by relative value iteration. It has the
form "with b agents busy keep d(b) calls in flight", so its figures follow from the stationary
distribution. The optimum under the cap mixes the two policies on both sides of it (the linear
program's solution has at most one state in which chance decides).
"""

from __future__ import annotations

import math

from msgspec import Struct

SWEEPS_MAX = 20_000
PRECISION = 1e-7
BISECTIONS = 9
PRICE_LOW, PRICE_HIGH = 0.02, 30.0
"""An abandoned call in terms of connected ones; the best policy at the cap lies between."""
IDLE_KEPT, IDLE_KEPT_PER_ROOT = 5, 2.0
"""States with more idle agents than this (and so many times the root of all) are left out: no good
policy comes there."""
CALLS_PER_ROOT = 5.0
"""So many calls in flight, times the root of the agents, beside twice what keeps all busy. Half as
much again of all three changes no optimum of up to 100 agents by a hundredth of a per cent."""
GAIN_STEP = 0.002


class Optimum(Struct, frozen=True):
    """What the best policy reaches."""

    occupancy: float
    """Share of the agents' time that is busy."""
    abandonment: float
    """Share of the people who answer."""


class Twin(Struct, frozen=True):
    """The model."""

    agents: int
    person: float
    service_s: float
    ring_s: float

    @property
    def lowest(self) -> int:
        """The fewest busy agents looked at."""
        idle = IDLE_KEPT + IDLE_KEPT_PER_ROOT * math.sqrt(self.agents)
        return max(0, math.floor(self.agents - idle))

    @property
    def most_calls(self) -> int:
        """Bound of the calls in flight."""
        steady = self.agents / self.service_s * self.ring_s / self.person
        return math.ceil(2.0 * steady + CALLS_PER_ROOT * math.sqrt(self.agents))


Values = list[list[float]]


def find_optimum(twin: Twin, cap: float) -> Optimum:
    """The greatest occupancy with at most this share abandoned."""
    values: Values | None = None
    gain = twin.agents / twin.service_s * 0.9
    low, high = math.log(PRICE_LOW), math.log(PRICE_HIGH)
    above = below = Optimum(0.0, 0.0)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        gain, values = _iterate(twin, math.exp(middle), gain, values)
        found = _figures(twin, _levels(values))
        if found.abandonment > cap:
            low, above = middle, found
        else:
            high, below = middle, found
    if above.abandonment <= below.abandonment:
        return below
    # Mixed over time the two share the people who answer, not the time: weigh by their flow.
    part = (cap - below.abandonment) / (above.abandonment - below.abandonment)
    flows = [one.occupancy / (1.0 - one.abandonment) for one in (above, below)]
    time = part / flows[0] / (part / flows[0] + (1.0 - part) / flows[1])
    occupancy = time * above.occupancy + (1.0 - time) * below.occupancy
    return Optimum(occupancy, cap)


def _iterate(twin: Twin, price: float, gain: float, values: Values | None) -> tuple[float, Values]:
    """Relative values of the states after dialing, for one price. Rows: busy agents."""
    n, most, low = twin.agents, twin.most_calls, twin.lowest
    mu, ring = 1.0 / twin.service_s, 1.0 / twin.ring_s
    person, nobody = ring * twin.person, ring * (1.0 - twin.person)
    if values is None:
        values = [[0.0] * (most + 1) for _ in range(n - low + 1)]
    best = [_suffix_maximum(row) for row in values]
    top = n - low
    for sweep in range(SWEEPS_MAX):
        change = 0.0
        for row in range(top, -1, -1) if sweep % 2 == 0 else range(top + 1):
            here, after = values[row], best[row]
            fewer = best[row - 1] if row else after
            more = best[row + 1] if row < top else after
            ends = (low + row) * mu if row else 0.0
            reward = 1.0 if row < top else -price
            here[0] = fewer[0] - gain / ends if ends else -1e18
            for calls in range(1, most + 1):
                less = here[calls - 1]
                if after[calls] > less:
                    less = after[calls]
                then = more[calls - 1] if row < top else less
                here[calls] = (
                    ends * fewer[calls] + calls * (nobody * less + person * (reward + then)) - gain
                ) / (ends + calls * ring)
            maximum = -math.inf
            for calls in range(most, -1, -1):
                if here[calls] > maximum:
                    maximum = here[calls]
                change = max(change, abs(maximum - after[calls]))
                after[calls] = maximum
        level = best[top][0]
        gain += level * GAIN_STEP
        for table in (values, best):
            for line in table:
                line[:] = [value - level for value in line]
        if change < PRECISION and abs(level) < PRECISION:
            break
    return gain, values


def _suffix_maximum(row: list[float]) -> list[float]:
    found = list(row)
    for index in range(len(row) - 2, -1, -1):
        found[index] = max(found[index], found[index + 1])
    return found


def _levels(values: Values) -> list[int]:
    """How many calls to keep in flight, by row."""
    return [max(range(len(row)), key=lambda calls: (row[calls], -calls)) for row in values]


def _figures(twin: Twin, levels: list[int]) -> Optimum:
    """Occupancy and abandonment of "keep so many calls in flight", from its stationary
    distribution."""
    n, most, low = twin.agents, twin.most_calls, twin.lowest
    mu, ring = 1.0 / twin.service_s, 1.0 / twin.ring_s
    person, nobody = ring * twin.person, ring * (1.0 - twin.person)
    top = n - low
    weights = [[0.0] * (most + 1) for _ in levels]
    for row, level in enumerate(levels):
        weights[row][level] = 1.0
    last = found = Optimum(0.0, 0.0)
    for sweep in range(SWEEPS_MAX):
        for row in range(top + 1) if sweep % 2 else range(top, -1, -1):
            here, level = weights[row], levels[row]
            more = weights[row + 1] if row < top else None
            fewer = weights[row - 1] if row else None
            ends = (low + row) * mu if row else 0.0
            takes = person if row < top else 0.0
            for calls in range(most, level - 1, -1):
                into = 0.0
                if calls < most:
                    into += here[calls + 1] * (calls + 1) * (nobody if row < top else ring)
                    if fewer is not None:
                        into += fewer[calls + 1] * (calls + 1) * person
                if more is not None:
                    into += more[calls] * (low + row + 1) * mu
                if calls > level:
                    here[calls] = into / (ends + calls * ring)
                    continue
                # Who comes here with fewer calls dials up to the level, and what ends is replaced.
                for few in range(level):
                    if more is not None:
                        into += more[few] * (low + row + 1) * mu
                    if fewer is not None:
                        into += fewer[few + 1] * (few + 1) * person
                leaves = ends + calls * takes
                here[calls] = into / leaves if leaves else 0.0
        if sweep % 20 == 0:
            found = _measure(twin, weights, person)
            if abs(found.occupancy - last.occupancy) < 1e-8:
                break
            last = found
    return found


def _measure(twin: Twin, weights: Values, person: float) -> Optimum:
    whole = math.fsum(math.fsum(row) for row in weights)
    flows = [
        math.fsum(weight * calls for calls, weight in enumerate(row)) * person / whole
        for row in weights
    ]
    for row in weights:
        row[:] = [weight / whole for weight in row]
    connected, lost = math.fsum(flows[:-1]), flows[-1]
    return Optimum(connected * twin.service_s / twin.agents, lost / (connected + lost))
