"""What is kept for ever: rows that the projector writes to the database, each led to by one
journal entry."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from callcenter.domain.agent import AgentState
from callcenter.domain.attempt import AttemptResult, ContactStatus, Verdict
from callcenter.domain.call import Outcome
from callcenter.domain.campaign import CampaignSettings, CampaignState
from callcenter.domain.customer import Tier
from callcenter.domain.ids import (
    AgentId,
    AttemptId,
    CallId,
    CampaignId,
    ChannelRef,
    ContactId,
    CustomerId,
    FlowId,
    QueueId,
)


class _Record(Struct, frozen=True, tag=True, omit_defaults=True):
    """Base of all records. ``at`` fields are UTC seconds; 0.0 stands for "never"."""


class CallRecord(_Record, frozen=True):
    """A call that has ended."""

    call: CallId
    channel: ChannelRef
    caller_number: str
    dialed_number: str
    flow: FlowId
    choices: tuple[str, ...]
    customer: CustomerId
    tier: Tier
    queue: QueueId
    arrived_at: float
    queued_at: float
    answered_at: float
    ended_at: float
    outcome: Outcome
    answered_by: AgentId
    answered_by_senior: bool
    overflowed: bool
    via_fallback: bool
    offers: int
    campaign: CampaignId = ""
    """The campaign that dialed the person; empty for a call that came in."""
    attempt: AttemptId = ""
    rule: str = ""
    """The routing rule that took the call; empty when it did not wait."""
    rules_version: int = 0
    """Of which publishing."""
    returned: CampaignId = ""
    """The campaign whose contact called back; empty: no return call."""


class OfferRecord(_Record, frozen=True):
    """One offer of a call to an agent and what became of it."""

    call: CallId
    agent: AgentId
    offered_at: float
    ended_at: float
    result: str
    """``answered``, ``no_answer``, ``rejected``, ``unreachable``, ``caller_gone``, ``failed``."""
    reason: str
    """Why this agent: routing's word."""
    score: tuple[float, ...] = ()
    """How urgent the call was for this agent, in parts: weight, loss, growth, handling time in
    seconds, urgency (docs/ROUTING.md)."""


class ConversationRecord(_Record, frozen=True):
    """A stretch of talk between a caller and an agent."""

    call: CallId
    agent: AgentId
    began_at: float
    ended_at: float


class AgentStateRecord(_Record, frozen=True):
    """An agent left a state."""

    agent: AgentId
    state: AgentState
    reason: str
    began_at: float
    ended_at: float


class DispositionRecord(_Record, frozen=True):
    """What the agent said of the conversation."""

    call: CallId
    agent: AgentId
    code: str
    at: float
    sale: bool = False
    """Whether the campaign takes it for a sale."""
    amount_cents: int = 0
    """Of a sale, in hundredths of the center's currency; 0: nobody said."""


class AttemptRecord(_Record, frozen=True):
    """An attempt that has ended: exactly one for each."""

    attempt: AttemptId
    campaign: CampaignId
    contact: ContactId
    number: str
    channel: ChannelRef
    tries: int
    """Which attempt to reach the contact it was: the first is 1."""
    placed_at: float
    ringing_at: float
    answered_at: float
    person_at: float
    connected_at: float
    harbour_at: float
    ended_at: float
    result: AttemptResult
    cause: int
    """ISDN cause (Q.850) of the hang-up; 0 when there was none."""
    verdict: Verdict | None
    verdict_cause: str
    agent: AgentId
    call: CallId
    status: ContactStatus
    """What is to be done with the contact from now on."""
    next_try_at: float
    """With status ``open``: not before; 0.0 otherwise."""
    other_number: bool = False
    """With status ``open``: the contact is dialed at another of its numbers next."""
    message_left_at: float = 0.0
    """When a machine had heard the campaign's message to its end."""


class ReturnRecord(_Record, frozen=True):
    """A contact called a number of a campaign back, and that call has ended.

    Once answered, or opted out of, the contact is done: no more tries.
    """

    call: CallId
    campaign: CampaignId
    contact: ContactId
    number: str
    """The caller's, E.164."""
    arrived_at: float
    answered_at: float
    ended_at: float
    agent: AgentId
    """Who talked with the person first."""
    opted_out: bool
    """They pressed the key to be called no more."""


class DncRecord(_Record, frozen=True):
    """A number was put on the do-not-call list, or taken off it."""

    number: str
    added: bool
    reason: str
    source: str
    until: float
    """UTC seconds; 0.0: for good."""
    by: str
    """The account that asked; empty: the person themselves."""
    at: float


class CampaignRecord(_Record, frozen=True):
    """A campaign was made, changed, started, paused, drained or has finished."""

    settings: CampaignSettings
    state: CampaignState
    by: str
    """The account that asked; empty: it came about by itself."""
    at: float


class RoutingRecord(_Record, frozen=True):
    """How calls are given to agents was changed, or a call given to nobody."""

    kind: str
    """``rules_published``, ``priority_set``, ``queue_switched``, ``switch_ended``; ``led_out``: an
    overflow leads a call to somebody else than an agent; ``voicemail_left``, ``voicemail_done``;
    ``callback_`` and what became of a callback (``callcenter.core.callbacks``)."""
    subject: str
    """The version, the call, the queue or the callback."""
    detail: str
    """Of ``led_out`` to what, of ``voicemail_left`` how many seconds, of
    ``callback_`` the callback in JSON without a number."""
    by: str
    """The account that asked; empty: it came about by itself."""
    at: float


class FaultRecord(_Record, frozen=True):
    """Something came in that could not be; the other calls went on."""

    kind: str
    detail: str
    at: float


class RepairRecord(_Record, frozen=True):
    """What we believed differed from what the PBX said; the PBX's word was taken."""

    kind: str
    subject: str
    at: float


Record: TypeAlias = (
    CallRecord
    | OfferRecord
    | ConversationRecord
    | AgentStateRecord
    | DispositionRecord
    | AttemptRecord
    | ReturnRecord
    | CampaignRecord
    | DncRecord
    | RoutingRecord
    | FaultRecord
    | RepairRecord
)
