"""How many calls to place now, and when to hold back: one file per strategy.

docs/howto/use-the-pacer.md shows how to use a pacer without the rest of the program.
"""

from __future__ import annotations

from dialer.pacing.progressive import Load, calls_to_place
from dialer.pacing.refusals import PAUSE_MAX_S, PAUSE_S, REFUSALS_TOLERATED, pause_after

__all__ = [
    "PAUSE_MAX_S",
    "PAUSE_S",
    "REFUSALS_TOLERATED",
    "Load",
    "calls_to_place",
    "pause_after",
]
