"""Progressive and power pacing: calls for the agents who are free, one each or a fixed ratio."""

from __future__ import annotations

import math

from msgspec import Struct

from dialer.pacing.decision import Because, Decision, Reason, decision
from dialer.pacing.scene import Scene


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


def decide_progressive(scene: Scene, max_lines: int) -> Decision:
    """One call under way for each free agent: a person always finds the agent it was placed for."""
    return decide_power(scene, 1.0, max_lines)


def decide_power(scene: Scene, lines_per_agent: float, max_lines: int) -> Decision:
    """A fixed number of lines for each free agent."""
    load = Load(scene.free, scene.in_flight, scene.waiting, lines_per_agent, max_lines)
    because = Because.ONE_EACH if lines_per_agent == 1.0 else Because.RATIO
    if not scene.agents:
        because = Because.NO_AGENT
    elif scene.in_flight >= max_lines:
        because = Because.LINES
    reason = Reason(because, scene.free, scene.waiting, scene.in_flight)
    return decision(calls_to_place(load), reason)
