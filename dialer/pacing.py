"""How many calls to place now, and when to hold back."""

from __future__ import annotations

import math

from msgspec import Struct

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


class Load(Struct, frozen=True):
    """How a campaign stands at this moment."""

    free_agents: int
    """Ready, with an open line."""
    in_flight: int
    """Calls placed whose outcome is open: dialing, ringing, being screened."""
    people: int
    """People who wait for an agent; they will take one of the free each."""
    lines_per_agent: float
    max_lines: int
    """Bound of ``in_flight``."""


def calls_to_place(load: Load) -> int:
    """How many more calls to place.

    Progressive (``lines_per_agent`` 1.0): one call under way for each agent who is free and is not
    about to be taken by a person waiting. A ratio above that dials ahead: a person may then find
    nobody free.
    """
    free = max(0, load.free_agents - load.people)
    lines = math.floor(free * load.lines_per_agent + 1e-9)
    return max(0, min(lines, load.max_lines) - load.in_flight)
