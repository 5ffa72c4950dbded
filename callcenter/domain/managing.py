"""What managers and administrators ask for: events, with all others in
``callcenter.domain.events``."""

from __future__ import annotations

from callcenter.domain.campaign import CampaignSettings, CampaignStep
from callcenter.domain.event import EventBase
from callcenter.domain.ids import (
    AgentId,
    CallbackId,
    CallId,
    CampaignId,
    ContactId,
    CustomerId,
    RequestId,
)


class CampaignSaved(EventBase, frozen=True):
    """A campaign is to be made, or to have other settings from now on."""

    request: RequestId
    settings: CampaignSettings
    by: str
    """The account that asks."""


class CampaignStepRequested(EventBase, frozen=True):
    """A campaign is to be started, paused or drained."""

    request: RequestId
    campaign: CampaignId
    step: CampaignStep
    by: str
    """The account that asks."""


class DncAdded(EventBase, frozen=True):
    """This number is not to be called by any campaign from now on."""

    request: RequestId
    number: str
    """E.164."""
    reason: str
    """In somebody's words."""
    source: str
    """Who says so: ``manager``, ``agent``, ``opt_out``, or the name of a list."""
    by: str
    """The account that asks; empty: the person themselves."""
    until: float = 0.0
    """UTC seconds; 0.0: for good."""


class DncRemoved(EventBase, frozen=True):
    """This number may be called again."""

    request: RequestId
    number: str
    """E.164."""
    by: str
    """The account that asks."""


class ErasureRequested(EventBase, frozen=True):
    """A person is being forgotten: these contacts are not to be dialed, the database knows them no
    more, and nobody spoke with these customers last.

    It names no number: what is decided here must be decided again when no number is known.
    """

    request: RequestId
    contacts: tuple[ContactId, ...]
    by: str
    """The account that asks."""
    customers: tuple[CustomerId, ...] = ()
    voicemails: tuple[CallId, ...] = ()
    """The calls in which the person has left a message; its recording is deleted."""
    callbacks: tuple[CallbackId, ...] = ()
    """The calls that the person was promised."""
    agents: tuple[AgentId, ...] = ()
    """Who spoke with the person last, in a campaign."""


class CallbackRequested(EventBase, frozen=True):
    """A contact is to be called at a time; what was promised them before no longer holds."""

    request: RequestId
    campaign: CampaignId
    contact: ContactId
    number: str
    """E.164: the one that the contact is dialed at, for screens."""
    at: float
    """UTC seconds."""
    agent: AgentId
    """Who is to call; empty: anybody."""
    by: str
    """The account that asks."""


class CallbackMoved(EventBase, frozen=True):
    """A callback is to be made at another time, or by somebody else."""

    request: RequestId
    callback: CallbackId
    at: float
    """UTC seconds."""
    agent: AgentId
    """Who is to call; empty: anybody."""
    by: str
    """The account that asks."""


class CallbackCancelled(EventBase, frozen=True):
    """A callback is not to be made."""

    request: RequestId
    callback: CallbackId
    is_done: bool
    """The person was reached otherwise; else nobody calls them for it."""
    by: str
    """The account that asks."""
