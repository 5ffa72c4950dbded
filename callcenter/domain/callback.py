"""A callback: a call that somebody was promised, and who is to make it.

It is kept for a caller who waited in a queue, or for a contact of a campaign. What stands in the
contact's row (numbers, consent, the do-not-call list, caps) is read anew when its time has come:
who may not be called any more is not.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from callcenter.domain.campaign import HopperRow
from callcenter.domain.customer import NO_FACTS, Attribute, CustomerFacts, Tier
from callcenter.domain.ids import (
    AgentId,
    AttemptId,
    CallbackId,
    CallId,
    CampaignId,
    CommandId,
    ContactId,
    CustomerId,
    PbxName,
    QueueId,
)
from callcenter.domain.rules import CallBack, Treatment

OWN_FOR_S = 900.0
"""How long a callback waits for the agent who promised it before anybody calls: people expect to be
called at about the time that was said."""


class CallbackOrigin(StrEnum):
    """Where a callback comes from."""

    DISPOSITION = "disposition"
    """An agent promised it in a conversation."""
    REQUEST = "request"
    """Somebody put it down beside any call."""
    OVERFLOW = "overflow"
    """A caller who waited is called back."""


class Promise(Struct, frozen=True):
    """What an agent promises with a disposition."""

    at: float
    """When the person is to be called, UTC seconds."""
    is_own: bool
    """The agent calls; else anybody of the campaign."""


class QueuePlace(Struct, frozen=True, omit_defaults=True):
    """The place in a queue of a caller who is called back, and how they are treated there."""

    pbx: PbxName
    queued_at: float
    """When they came into the queue."""
    terms: CallBack
    treatment: Treatment
    rule: str = ""
    rules_version: int = 0
    weight: float = 1.0
    preferred: AgentId = ""
    facts: CustomerFacts = NO_FACTS
    attributes: dict[str, Attribute] = {}


class Callback(Struct, frozen=True, omit_defaults=True):
    """A call that is promised and was not made yet. Times are UTC seconds."""

    id: CallbackId
    at: float
    """When the person is to be called; after a try in vain, when it is tried again."""
    created_at: float
    origin: CallbackOrigin
    by: str
    """The account that put it down."""
    campaign: CampaignId = ""
    contact: ContactId = ""
    queue: QueueId = ""
    """Whose agents call back a caller who waited there; else it is a campaign's."""
    place: QueuePlace | None = None
    """In that queue."""
    number: str = ""
    """E.164: the one that they were reached at, for screens; it is dialed as the contact's row has
    it."""
    customer: CustomerId = ""
    tier: Tier = Tier.STANDARD
    call: CallId = ""
    """The conversation in which it was promised."""
    agent: AgentId = ""
    """Who is to call; empty: anybody."""
    own_for_s: float = OWN_FOR_S
    """From ``at`` on only that agent calls for so long, then anybody."""
    tries: int = 0
    """How often the person was dialed for it in vain."""
    is_due: bool = False
    """Its time has come."""
    not_before: float = 0.0
    """Held back by caps or the calling window until then, though it is due."""
    attempt: AttemptId = ""
    """The call by which it is being kept, or the card that an agent reads for it; empty: none."""
    asked: CommandId = ""
    """The FetchContacts whose answer is awaited."""
    row: HopperRow | None = None
    """Its contact as the database has it, allowed to be called."""
    row_at: float = 0.0
    """When that was so."""
    reserved: AgentId = ""
    """Of a queue's: the agent who is kept while they are dialed."""
    ringing_at: float = 0.0
    """Of a queue's: since when their phone rings."""

    @property
    def is_dialed(self) -> bool:
        """Whether who waited in a queue is being called back just now."""
        return bool(self.queue and self.attempt)
