"""Preview pacing: the agent reads the card first, and the call is placed when they say so."""

from __future__ import annotations

from dialer.pacing.decision import Because, Decision, Reason, decision
from dialer.pacing.scene import Scene


def decide_preview(scene: Scene, max_lines: int) -> Decision:
    """A call for each agent who pressed "dial" and has none under way."""
    reason = Reason(
        Because.ASKED if scene.agents else Because.NO_AGENT,
        scene.free,
        scene.waiting,
        scene.in_flight,
    )
    wanted = min(scene.accepted - scene.waiting, max_lines)
    return decision(max(0, wanted - scene.in_flight), reason)
