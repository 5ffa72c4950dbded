"""Reads of callbacks for screens. Times are UTC seconds, 0.0 for "not yet"."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from callcenter.core.state import State
from callcenter.domain.callback import Callback, CallbackOrigin
from callcenter.domain.customer import Tier
from callcenter.domain.ids import AgentId, CallbackId, CampaignId, ContactId, CustomerId, QueueId


class CallbackState(StrEnum):
    """How far a callback is."""

    PLANNED = "planned"
    """Its time has not come."""
    DUE = "due"
    """Its time has come: it waits for an agent, or for the hour at which the person may be
    called."""
    READ = "read"
    """An agent reads the card, to dial or to skip."""
    CALLING = "calling"


class CallbackView(Struct, frozen=True):
    """One call that somebody was promised."""

    id: CallbackId
    state: CallbackState
    at: float
    """When the person is to be called; after a try in vain, when it is tried again."""
    created_at: float
    origin: CallbackOrigin
    by: str
    """The account that put it down."""
    campaign: CampaignId
    contact: ContactId
    queue: QueueId
    """Whose caller is called back; empty: a campaign's contact."""
    number: str
    """E.164; empty when it is not known."""
    customer: CustomerId
    tier: Tier
    agent: AgentId
    """Who is to call; empty: anybody."""
    own_until: float
    """Until then only that agent calls; 0.0: anybody does."""
    tries: int
    """How often the person was called for it in vain."""


def callback_view(state: State, callback: CallbackId) -> CallbackView | None:
    """This callback now; None when it was made, or is off the list."""
    found = state.callbacks.get(callback)
    return None if found is None else _view(state, found)


def callbacks_view(state: State, agent: AgentId | None = None) -> tuple[CallbackView, ...]:
    """All callbacks, or those that this agent is to make, the earliest first."""
    found = [one for one in state.callbacks.values() if agent is None or one.agent == agent]
    return tuple(_view(state, one) for one in sorted(found, key=_when))


def _when(callback: Callback) -> tuple[float, CallbackId]:
    return callback.at, callback.id


def _view(state: State, callback: Callback) -> CallbackView:
    return CallbackView(
        id=callback.id,
        state=_state(state, callback),
        at=callback.at,
        created_at=callback.created_at,
        origin=callback.origin,
        by=callback.by,
        campaign=callback.campaign,
        contact=callback.contact,
        queue=callback.queue,
        number=callback.number,
        customer=callback.customer,
        tier=callback.tier,
        agent=callback.agent,
        own_until=callback.at + callback.own_for_s if callback.agent else 0.0,
        tries=callback.tries,
    )


def _state(state: State, callback: Callback) -> CallbackState:
    if callback.attempt:
        is_called = callback.attempt in state.attempts or callback.attempt in state.calling
        return CallbackState.CALLING if is_called else CallbackState.READ
    return CallbackState.DUE if callback.is_due else CallbackState.PLANNED
