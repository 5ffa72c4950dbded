"""What is kept for ever: rows that the projector writes to the database, each led to by one
journal entry."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from callcenter.domain.agent import AgentState
from callcenter.domain.call import Outcome
from callcenter.domain.customer import Tier
from callcenter.domain.ids import AgentId, CallId, ChannelRef, CustomerId, FlowId, QueueId


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
    | FaultRecord
    | RepairRecord
)
