"""Pacers to compare with: progressive, fixed ratios, and VICIdial's documented rule.

The last is written from the description of its documents (levels, rules on drops), not from its
code.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

from dialer.pacing.decision import Because, Decision, Reason, decision
from dialer.pacing.pacer import Pacer, StandingPacer
from dialer.pacing.predictive import PredictivePacer, Settings, new_state
from dialer.pacing.progressive import decide_power, decide_progressive
from dialer.pacing.scene import AgentPhase, Scene

MAX_LINES = 100_000
EVERY_S = 15.0
"""VICIdial sets a new level so often."""
DROPS_EVERY_S = 60.0
"""And counts drops so often."""
SAMPLES = 15
"""Ready agents and waiting calls are means of so many seconds."""
CALLS_MIN = 50
"""Drops count only from so many calls on."""


def progressive() -> Pacer:
    """One call for each free agent."""
    return StandingPacer(lambda scene: decide_progressive(scene, MAX_LINES))


def free_ratio(lines: float) -> Pacer:
    """So many lines for each free agent."""
    return StandingPacer(lambda scene: decide_power(scene, lines, MAX_LINES))


def busy_ratio(lines: float) -> Pacer:
    """So many lines for each agent, free or talking; those with agents count among the lines."""
    return StandingPacer(lambda scene: decide_busy_ratio(scene, lines))


def decide_busy_ratio(scene: Scene, lines: float) -> Decision:
    """Keep lines at a multiple of the agents who are free or talking (not of those who write)."""
    talking = sum(agent.phase is AgentPhase.TALKING for agent in scene.agents.values())
    goal = math.floor((scene.free + talking) * lines + 0.5)
    reason = Reason(Because.RATIO, scene.free, scene.waiting, scene.in_flight)
    return decision(max(0, goal - len(scene.calls) - talking), reason)


class Vicidial(StandingPacer):
    """The adaptive level with a hard limit on drops, and a highest level."""

    def __init__(self, highest: float = 3.0, cap: float = 0.03) -> None:
        super().__init__(lambda scene: decide_busy_ratio(scene, self._level))
        self._level = 1.0
        self._highest, self._cap = highest, cap
        self._answered = self._dropped = 0
        self._samples: deque[int] = deque(maxlen=SAMPLES)
        self._next = self._next_drops = self._next_sample = 0.0
        self._is_over = False

    def connected(self, call: str, now: float) -> None:
        """The person talks with an agent."""
        self._answered += call in self.scene.calls
        super().connected(call, now)

    def abandoned(self, call: str, now: float) -> None:
        """The person found no agent in time."""
        if call in self.scene.calls:
            self._answered += 1
            self._dropped += 1
        super().abandoned(call, now)

    def decide(self, now: float) -> Decision:
        """How many calls to place now."""
        if now >= self._next_sample:
            self._next_sample = now + 1.0
            self._samples.append(self.scene.ready - self.scene.waiting)
        if now >= self._next_drops:
            self._next_drops = now + DROPS_EVERY_S
            share = self._dropped / self._answered if self._answered else 0.0
            self._is_over = self._answered > CALLS_MIN and share > self._cap
        if now >= self._next:
            self._next = now + EVERY_S
            agents = max(1, len(self.scene.agents))
            spare = sum(self._samples) / len(self._samples)
            level = self._level * (1.0 + spare / agents)
            self._level = 1.0 if self._is_over else min(self._highest, max(1.0, level))
        return super().decide(now)


def predictive(patience_s: float) -> Pacer:
    """The product's."""
    return PredictivePacer(new_state(Settings(patience_s=patience_s)))


RATIOS: dict[str, Callable[[float], Pacer]] = {
    "free_ratio": free_ratio,
    "busy_ratio": busy_ratio,
    "vicidial_tuned": Vicidial,
}
"""Pacers with one number, which the bench searches for."""
