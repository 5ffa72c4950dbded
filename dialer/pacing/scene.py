"""What a dialer sees: its calls with their phases, its agents with theirs, and since when.

Facts may come late, twice or never. A fact of a call that is not known, or that comes too late to
change its phase, changes nothing.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum

from msgspec import Struct, field


class CallPhase(IntEnum):
    """Where a call is, until its person is connected or it is over."""

    DIALING = 0
    """Placed; no ringing heard yet, and some networks never report any."""
    RINGING = 1
    SCREENING = 2
    """Answered; it is not known yet whether a person speaks."""
    WAITING = 3
    """A person, who waits for an agent."""


class AgentPhase(StrEnum):
    """What an agent is doing, as far as pacing minds."""

    READY = "ready"
    ACCEPTED = "accepted"
    """Ready, has read the card and pressed "dial" (preview)."""
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    GONE = "gone"
    """Not at work: signed out, on a break, or not coming back after this call."""


class CallSeen(Struct):
    """A call in flight."""

    phase: CallPhase
    since: float
    """When the phase began, UTC seconds."""
    before: CallPhase = CallPhase.DIALING
    """With ``SCREENING``: the phase in which it was answered."""
    before_s: float = 0.0
    """With ``SCREENING``: how long that phase had lasted."""
    learnt_s: float = 0.0
    """How much of the phase has been learnt from."""


class AgentSeen(Struct):
    """An agent at work."""

    phase: AgentPhase
    since: float
    learnt_s: float = 0.0
    """How much of the phase has been learnt from."""


class Scene(Struct):
    """All of it, plain data. Changed in place by the functions below."""

    calls: dict[str, CallSeen] = field(default_factory=dict)
    """Calls whose outcome is open, and people who wait."""
    agents: dict[str, AgentSeen] = field(default_factory=dict)
    """Agents at work; those gone are not here."""
    ready: int = 0
    accepted: int = 0
    waiting: int = 0
    kept: int = 0
    """Agents who are ready and needed for other calls."""

    @property
    def in_flight(self) -> int:
        """Calls whose outcome is open."""
        return len(self.calls) - self.waiting

    @property
    def free(self) -> int:
        """Agents who can take a person now."""
        return max(0, self.ready + self.accepted - self.kept)


def see_placed(scene: Scene, call: str, now: float) -> None:
    """A call was placed."""
    if call not in scene.calls:
        scene.calls[call] = CallSeen(CallPhase.DIALING, now)


def see_phase(scene: Scene, call: str, phase: CallPhase, now: float) -> CallSeen | None:
    """A call came into a later phase; what it was before, or None when nothing changes."""
    seen = scene.calls.get(call)
    if seen is None or phase <= seen.phase:
        return None
    after = CallSeen(phase, now)
    if phase is CallPhase.SCREENING:
        after.before, after.before_s = seen.phase, now - seen.since
    scene.calls[call] = after
    scene.waiting += phase is CallPhase.WAITING
    return seen


def see_over(scene: Scene, call: str) -> CallSeen | None:
    """A call is no longer in flight: connected, abandoned or ended. What it was before."""
    seen = scene.calls.pop(call, None)
    if seen is not None:
        scene.waiting -= seen.phase is CallPhase.WAITING
    return seen


def see_agent(scene: Scene, agent: str, phase: AgentPhase, now: float) -> AgentSeen | None:
    """An agent does something else now; what it was before, None if gone or the same."""
    before = scene.agents.get(agent)
    if before is not None:
        if before.phase is phase:
            return None
        scene.ready -= before.phase is AgentPhase.READY
        scene.accepted -= before.phase is AgentPhase.ACCEPTED
    if phase is AgentPhase.GONE:
        scene.agents.pop(agent, None)
    else:
        scene.agents[agent] = AgentSeen(phase, now)
        scene.ready += phase is AgentPhase.READY
        scene.accepted += phase is AgentPhase.ACCEPTED
    return before
