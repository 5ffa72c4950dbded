"""How long people waited for an agent whom a campaign had dialed: the two seconds, call by call and
counted together."""

from __future__ import annotations

import math

from msgspec import Struct, field

from callcenter.domain.evidence import SERVED_WITHIN_S, WaitFrom

GRAIN_S = 0.01
"""Percentiles are told to it: detection measures silence in steps of 20 ms."""
LONGEST_S = 60.0
"""Longer waits are counted as this long in percentiles; nobody waits that long for an agent."""


class Waits(Struct, frozen=True):
    """People who talked with an agent, by how long they had waited for that. Seconds; None where
    nobody has."""

    connected: int
    in_time: int
    """Connected within two seconds of the end of their greeting."""
    in_time_share: float | None
    """In time / connected."""
    p50_s: float | None
    """Half of them waited no longer."""
    p95_s: float | None
    """95 of 100 waited no longer."""
    longest_s: float
    counted_from: dict[WaitFrom, int]
    """How many were counted from the end of the greeting, as detection measured it, and how many
    from something stricter or known less well."""


class WaitTally(Struct):
    """Counts them."""

    in_time: int = 0
    longest_s: float = 0.0
    steps: dict[int, int] = field(default_factory=dict)
    """By the wait in grains, rounded up."""
    counted_from: dict[WaitFrom, int] = field(default_factory=dict)

    def add(self, waited_s: float, since: WaitFrom) -> None:
        """One more."""
        self.in_time += waited_s <= SERVED_WITHIN_S
        self.longest_s = max(self.longest_s, waited_s)
        step = math.ceil(round(min(waited_s, LONGEST_S) / GRAIN_S, 3))
        self.steps[step] = self.steps.get(step, 0) + 1
        self.counted_from[since] = self.counted_from.get(since, 0) + 1

    def add_all(self, other: WaitTally) -> None:
        """Those that were counted elsewhere."""
        self.in_time += other.in_time
        self.longest_s = max(self.longest_s, other.longest_s)
        for step, count in other.steps.items():
            self.steps[step] = self.steps.get(step, 0) + count
        for since, count in other.counted_from.items():
            self.counted_from[since] = self.counted_from.get(since, 0) + count

    def percentile(self, share: float) -> float | None:
        """So long this share of them waited at most; never longer than the longest."""
        left = math.ceil(share * self.connected)
        for step in sorted(self.steps):
            left -= self.steps[step]
            if left <= 0:
                return min(round(step * GRAIN_S, 2), self.longest_s)
        return None

    @property
    def connected(self) -> int:
        """How many."""
        return sum(int(count) for count in self.steps.values())

    def waits(self) -> Waits:
        """What it comes to."""
        connected = self.connected
        return Waits(
            connected,
            self.in_time,
            self.in_time / connected if connected else None,
            self.percentile(0.5),
            self.percentile(0.95),
            self.longest_s,
            {since: self.counted_from[since] for since in WaitFrom if since in self.counted_from},
        )
