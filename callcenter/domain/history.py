"""What a forecast is fitted from: the center's own past, in the fields that matter for it.

Read from the records by ``callcenter.storage.history``, made into a forecast by
``callcenter.rehearsal.fit``. Times are UTC seconds; 0.0 stands for "never".
"""

from __future__ import annotations

from msgspec import Struct

from callcenter.domain.attempt import AttemptResult
from callcenter.domain.customer import CustomerFacts, Tier
from callcenter.domain.ids import AgentId, ContactId, CustomerId, QueueId


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


# --- of a campaign --------------------------------------------------------------------------------


class PastAttempt(Struct, frozen=True):
    """An attempt of a campaign that has ended."""

    contact: ContactId
    zone: str
    """Where the contact most likely is; empty: not known any more."""
    tries: int
    placed_at: float
    ringing_at: float
    """0.0: never heard."""
    answered_at: float
    person_at: float
    ended_at: float
    result: AttemptResult
    cause: int
    agent: AgentId = ""
    """Who talked with the person."""
    talk_s: float = -1.0
    """Below 0: nobody did."""
    wrap_up_s: float = -1.0
    """After it; below 0: not known."""


class ListedContact(Struct, frozen=True):
    """A contact that is left to be dialed."""

    id: ContactId
    zones: tuple[str, ...]
    """Those in which the calling window must be open."""
    made: int = 0
    """Attempts so far."""
    next_try_at: float = 0.0
    """Not before; 0.0: at once."""
    priority: int = 0
    worth: int = 0
    numbers: int = 1
    tier: Tier = Tier.STANDARD
    account: str = ""
    list: str = ""


class CampaignPast(Struct, frozen=True):
    """What a campaign is rehearsed from."""

    until: float
    attempts: tuple[PastAttempt, ...] = ()
    """In the order they were placed."""
    contacts: tuple[ListedContact, ...] = ()
    """Of a long list those that are dialed first, in the same parts of every group of zones."""
    left: int = 0
    """All contacts that are left to be dialed."""
    without_consent: int = 0
    """Contacts that are open and may not be dialed for want of consent."""
    shifts: tuple[Shift, ...] = ()
