"""What routing is told and what it answers."""

from __future__ import annotations

from msgspec import Struct

from callcenter.domain.customer import Tier
from callcenter.domain.ids import AgentId, CallId, QueueId


class WaitingCall(Struct, frozen=True):
    """A call that may be offered. Times are UTC seconds."""

    id: CallId
    queue: QueueId
    tier: Tier
    queued_at: float
    """Its place: the earlier, the sooner, within its tier."""
    senior_until: float
    """A gold call is kept for a senior until then; the same hold for all gold calls of a queue."""


class IdleAgent(Struct, frozen=True):
    """An agent who may be offered a call now."""

    id: AgentId
    queues: tuple[QueueId, ...]
    is_senior: bool
    idle_since: float


class Match(Struct, frozen=True):
    """Offer this call to this agent."""

    call: CallId
    agent: AgentId
    reason: str
    """``gold_to_senior``, ``gold_overflow`` or ``longest_idle``."""


class Matches(Struct, frozen=True):
    """What to offer now, and when to ask again although nothing has changed."""

    offers: tuple[Match, ...]
    look_again_at: float | None
