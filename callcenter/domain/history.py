"""What a forecast is fitted from: the center's own past, in the fields that matter for it.

Read from the records by ``callcenter.storage.history``, made into a forecast by
``callcenter.rehearsal.fit``. Times are UTC seconds; 0.0 stands for "never".
"""

from __future__ import annotations

from msgspec import Struct

from callcenter.domain.customer import CustomerFacts, Tier
from callcenter.domain.ids import AgentId, CustomerId, QueueId


class KnownCustomer(Struct, frozen=True):
    """A customer as the directory tells routing of them."""

    id: CustomerId
    tier: Tier
    facts: CustomerFacts = CustomerFacts()


class PastCall(Struct, frozen=True):
    """A call that waited for an agent and has ended."""

    dialed_number: str
    caller_number: str
    """Empty when withheld, or forgotten since."""
    choices: tuple[str, ...]
    """Digits pressed in menus."""
    customer: CustomerId
    tier: Tier
    queue: QueueId
    """The last one it was in."""
    queued_at: float
    answered_at: float
    """0.0: never."""
    ended_at: float
    is_abandoned: bool
    """Hung up while waiting: what neither was answered nor hung up says only how long at least the
    caller was patient."""
    by_senior: bool
    agent: AgentId
    """Who answered."""
    talk_s: float = 0.0
    """Of its first conversation."""
    wrap_up_s: float = -1.0
    """After it; below 0: not known."""
    ring_s: float = -1.0
    """From the offer to the answer; below 0: not known."""
    resolved: bool | None = None
    """What the disposition says."""


class PastWork(Struct, frozen=True):
    """A stretch in which an agent was signed in, and could take calls or not."""

    agent: AgentId
    began_at: float
    ended_at: float
    is_ready: bool
    """Ready or busy with a call; else on a break."""


class Shift(Struct, frozen=True, order=True):
    """When an agent is planned to work."""

    agent: AgentId
    day: str
    """A local date, "YYYY-MM-DD", or a weekday for every week, "mon" to "sun"."""
    begins_min: int
    """Minutes after local midnight of that day."""
    ends_min: int
    """The same; above 1440 on the next day."""


class History(Struct, frozen=True):
    """All of it."""

    since: float
    """What is older was not looked at."""
    until: float
    calls: tuple[PastCall, ...] = ()
    """In the order they entered their queue."""
    work: tuple[PastWork, ...] = ()
    """In the order it began, agent by agent."""
    customers: dict[CustomerId, KnownCustomer] = {}
    """Those of the calls whom the directory knows today."""
    shifts: tuple[Shift, ...] = ()
