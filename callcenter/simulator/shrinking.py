"""Makes the story of a break short: plays the same seed again with ever fewer faults, as long as it
still breaks.

Another break than the first counts, too: it is one all the same, and its story is shorter.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from callcenter.simulator.day import Broken
from callcenter.simulator.faults import Fault

RUNS_MAX = 60
"""Plays of one shrinking: a break is mostly early in the day, so each takes seconds."""

Play = Callable[[tuple[Fault, ...]], Broken | None]
"""Plays the day with these faults; what broke, or None."""


class Shrunk(Struct, frozen=True):
    """The shortest story found."""

    broken: Broken
    faults: tuple[Fault, ...]
    """All that has to go wrong for it."""
    runs: int


def shrink(play: Play, first: Broken, faults: tuple[Fault, ...]) -> Shrunk:
    """Leave out the faults after the break, then whole kinds, then ever smaller parts of the
    rest."""
    search = _Search(play, first, tuple(fault for fault in faults if fault.at <= first.at))
    for kind in sorted({fault.kind for fault in search.faults}):
        search.try_only(tuple(fault for fault in search.faults if fault.kind is not kind))
    size = len(search.faults) // 2
    while size:
        search.without_parts(size)
        size //= 2
    return Shrunk(search.broken, search.faults, search.runs)


class _Search:
    """The best so far."""

    def __init__(self, play: Play, broken: Broken, faults: tuple[Fault, ...]) -> None:
        self.broken = broken
        self.faults = faults
        self.runs = 0
        self._play = play

    def try_only(self, faults: tuple[Fault, ...]) -> bool:
        """Whether it breaks with these alone; then they are the best."""
        if self.runs == RUNS_MAX or len(faults) == len(self.faults):
            return False
        self.runs += 1
        broken = self._play(faults)
        if broken is None:
            return False
        self.broken = broken
        self.faults = tuple(fault for fault in faults if fault.at <= broken.at)
        return True

    def without_parts(self, size: int) -> None:
        """Leave out each part of so many faults that is not needed."""
        start = 0
        while size and start < len(self.faults):
            rest = self.faults[:start] + self.faults[start + size :]
            if not self.try_only(rest):
                start += size
