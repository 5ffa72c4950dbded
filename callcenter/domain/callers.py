"""What directory and database know of who calls. Part of ``events``."""

from __future__ import annotations

from msgspec import field

from callcenter.domain.customer import Attribute, Tier
from callcenter.domain.event import EventBase
from callcenter.domain.ids import AgentId, CallId, CampaignId, CommandId, ContactId, CustomerId


class CustomerFound(EventBase, frozen=True):
    """The directory knows the caller's number. No names, no notes: what routing rules may read."""

    command: CommandId
    call: CallId
    customer: CustomerId
    tier: Tier
    last_agent: AgentId = ""
    """Who spoke with this customer last, as the directory knows it."""
    owner: AgentId = ""
    """Who looks after the account."""
    language: str = ""
    value: float = 0.0
    churn_risk: float = 0.0
    attributes: dict[str, Attribute] = field(default_factory=dict)
    """What a document of rules declares beyond these."""


class CustomerNotFound(EventBase, frozen=True):
    """The directory does not know the caller's number."""

    command: CommandId
    call: CallId


class ContactFound(EventBase, frozen=True):
    """The caller is a contact of this campaign, whose number was dialed."""

    command: CommandId
    call: CallId
    campaign: CampaignId
    contact: ContactId
    customer: CustomerId = ""
    """As the list or the directory has it."""
    tier: Tier = Tier.STANDARD


class ContactNotFound(EventBase, frozen=True):
    """The caller is no contact of the campaigns that were asked about."""

    command: CommandId
    call: CallId
