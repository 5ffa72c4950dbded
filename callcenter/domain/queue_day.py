"""What a queue has done today, counted step by step for the boards; reports read the records."""

from __future__ import annotations

from msgspec import Struct


class QueueDay(Struct, frozen=True, omit_defaults=True):
    """Counts of one queue on one day."""

    day: int
    """The day in the center's time zone, as ``date.toordinal`` counts."""
    answered: int = 0
    in_time: int = 0
    """Of those, answered within the queue's target."""
    abandoned: int = 0
    """Hung up while waiting."""
