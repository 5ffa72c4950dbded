"""The one interface of every pacer, and the pacers that need no memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from dialer.pacing.decision import Decision
from dialer.pacing.scene import (
    AgentPhase,
    CallPhase,
    Scene,
    see_agent,
    see_over,
    see_phase,
    see_placed,
)


class Pacer(Protocol):
    """Is told what happens, and asked how many calls to place. ``now``: UTC seconds, never less
    than before. A call and an agent are known by any text that is theirs alone."""

    def placed(self, call: str, now: float) -> None:
        """A call was placed."""

    def ringing(self, call: str, now: float) -> None:
        """The network says that it rings. Some networks never do."""

    def answered(self, call: str, now: float) -> None:
        """Somebody or something picked up."""

    def classified(self, call: str, is_person: bool, now: float) -> None:
        """It is a person, or is taken for one; without detection right after ``answered``."""

    def connected(self, call: str, now: float) -> None:
        """The person talks with an agent."""

    def abandoned(self, call: str, now: float) -> None:
        """The person found no agent in time."""

    def ended(
        self, call: str, now: float, *, refused: bool = False, cancelled: bool = False
    ) -> None:
        """The call is over. ``refused``: by the trunk, which says nothing of the number.
        ``cancelled``: you have hung up before it was answered, which says nothing at all."""

    def agent(self, agent: str, phase: AgentPhase, now: float) -> None:
        """An agent does this from now on."""

    def decide(self, now: float) -> Decision:
        """How many calls to place now, and why. Tell of each with ``placed`` before asking on."""


class StandingPacer:
    """A pacer that looks only at how things stand: preview, progressive, power."""

    def __init__(self, rule: Callable[[Scene], Decision], scene: Scene | None = None) -> None:
        self.scene = scene or Scene()
        self._rule = rule

    def placed(self, call: str, now: float) -> None:
        """A call was placed."""
        see_placed(self.scene, call, now)

    def ringing(self, call: str, now: float) -> None:
        """The network says that it rings."""
        see_phase(self.scene, call, CallPhase.RINGING, now)

    def answered(self, call: str, now: float) -> None:
        """Somebody or something picked up."""
        see_phase(self.scene, call, CallPhase.SCREENING, now)

    def classified(self, call: str, is_person: bool, now: float) -> None:
        """It is a person, or is taken for one."""
        if is_person:
            see_phase(self.scene, call, CallPhase.WAITING, now)
        else:
            see_over(self.scene, call)

    def connected(self, call: str, now: float) -> None:
        """The person talks with an agent."""
        see_over(self.scene, call)

    def abandoned(self, call: str, now: float) -> None:
        """The person found no agent in time."""
        see_over(self.scene, call)

    def ended(
        self, call: str, now: float, *, refused: bool = False, cancelled: bool = False
    ) -> None:
        """The call is over."""
        see_over(self.scene, call)

    def agent(self, agent: str, phase: AgentPhase, now: float) -> None:
        """An agent does this from now on."""
        see_agent(self.scene, agent, phase, now)

    def decide(self, now: float) -> Decision:
        """How many calls to place now, and why."""
        return self._rule(self.scene)
