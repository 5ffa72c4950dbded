"""When to hold back because calls are refused: the trunk is in trouble, not the numbers."""

from __future__ import annotations

REFUSALS_TOLERATED = 5
"""Calls in a row that were refused before any phone rang. More say that the trunk is in trouble,
not the numbers: dialing on would use up the tries of a whole list in minutes."""
PAUSE_S, PAUSE_MAX_S = 1.0, 60.0
"""The first pause of dialing then, and the longest: it doubles with every further refusal."""


def pause_after(refusals: int) -> float:
    """How long to place no call after so many refusals in a row; 0.0: not at all."""
    if refusals < REFUSALS_TOLERATED:
        return 0.0
    return min(PAUSE_MAX_S, PAUSE_S * 2.0 ** min(refusals - REFUSALS_TOLERATED, 10))
