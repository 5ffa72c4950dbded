"""Things that are to happen at a time: one heap, equal times in the order of asking. No clock
here.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable


class Timer:
    """One thing to be done at ``at``; ``cancel`` makes it never happen."""

    __slots__ = ("at", "call")

    def __init__(self, at: float, call: Callable[[], None] | None) -> None:
        self.at = at
        self.call = call

    @property
    def is_pending(self) -> bool:
        """Whether it has neither fired nor been cancelled."""
        return self.call is not None

    def cancel(self) -> None:
        """Forget it; harmless when it has fired."""
        self.call = None


class Timers:
    """All pending timers of one owner."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._asked = 0

    def add(self, at: float, call: Callable[[], None]) -> Timer:
        """Have ``call`` done when time reaches ``at`` (seconds on the owner's scale)."""
        timer = Timer(at, call)
        self._asked += 1
        heapq.heappush(self._heap, (at, self._asked, timer))
        return timer

    def next_deadline(self) -> float | None:
        """When the next one is due; None when there is none."""
        heap = self._heap
        while heap:
            at, _, timer = heap[0]
            if timer.call is not None:
                return at
            heapq.heappop(heap)
        return None

    def pop_due(self, now: float) -> Timer | None:
        """The first timer due at ``now``, taken out; None when there is none."""
        due = self.next_deadline()
        if due is None or due > now:
            return None
        return heapq.heappop(self._heap)[2]
