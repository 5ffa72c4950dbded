"""Calls and agents for the tests of the chooser."""

from __future__ import annotations

from callcenter.domain.customer import Tier
from routing.chooser import Chooser
from routing.settings import Settings
from routing.work import BusyAgent, FreeAgent, Matches, Need, Profile, Work

QUEUES = (("q", 1.0),)
SENIOR, JUNIOR = Profile(QUEUES, True), Profile(QUEUES)


def call(name: str, queued_at: float, tier: Tier = Tier.STANDARD, **more: object) -> Work:
    """A waiting call of queue ``q``."""
    return Work(name, str(more.pop("queue", "q")), tier, queued_at, **more)  # type: ignore[arg-type]  # any field by name


def idle(name: str, since: float, profile: Profile = JUNIOR) -> FreeAgent:
    """An idle agent."""
    return FreeAgent(name, profile, since)


def skilled(*names: str, senior: bool = False) -> Profile:
    """A profile with these skills, each at level 2."""
    return Profile(QUEUES, senior, tuple(Need(name, 2) for name in names))


def chooser(*people: Work | FreeAgent | BusyAgent, settings: Settings | None = None) -> Chooser:
    """A chooser that has known these agents for some time, and has just been told of these
    calls."""
    made = Chooser(settings)
    for one in people:
        if isinstance(one, FreeAgent):
            made.put_agent(one)
        elif isinstance(one, BusyAgent):
            made.put_busy(one, 0.0)
    made.match(0.0)
    for one in people:
        if isinstance(one, Work):
            made.put_call(one)
    return made


def pairs(found: Matches) -> list[tuple[str, str, str]]:
    """Call, agent and reason of each offer."""
    return [(one.call, one.agent, one.reason.value) for one in found.offers]
