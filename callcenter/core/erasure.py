"""Forgetting a person: who is on the line just now cannot be forgotten; who is to be dialed next is
not dialed.

The database and the journal are erased by ``callcenter.service.erasure``, around this.
"""

from __future__ import annotations

from collections.abc import Collection

from callcenter.core import callbacks, previews
from callcenter.core.state import State
from callcenter.core.turn import Turn
from callcenter.domain.commands import (
    FindContact,
    LookUpCustomer,
    PlaceCall,
    PopCard,
    RingAgent,
)
from callcenter.domain.events import ErasureRequested
from callcenter.domain.ids import AgentId, CallbackId, CallId, ContactId, CustomerId

ON_A_CALL = "The person is on a call just now. Erase the person when the call has ended."
BEING_DIALED = "A campaign dials the person just now. Erase the person when the attempt has ended."
BEING_CALLED_BACK = "The person is called back just now. Erase the person when the call has ended."
UNDER_WAY = "Something about the person is under way just now. Try again in a minute."


def why_not_erasable(
    state: State, numbers: Collection[str], customers: Collection[CustomerId]
) -> str:
    """Why this person cannot be forgotten now, in a sentence; empty when nothing is in the way."""
    for call in state.calls.values():
        if call.caller_number in numbers or call.customer in customers:
            return ON_A_CALL
    for attempt in state.attempts.values():
        if attempt.number in numbers or attempt.customer in customers:
            return BEING_DIALED
    for key in state.calling:
        callback = state.callbacks[state.calling[key]]
        if callback.number in numbers or callback.customer in customers:
            return BEING_CALLED_BACK
    for command in state.pending.values():
        match command:
            case PopCard() | RingAgent():
                is_theirs = command.caller_number in numbers
            case LookUpCustomer() | FindContact() | PlaceCall():
                is_theirs = command.number in numbers
            case _:
                is_theirs = False
        if is_theirs:
            return UNDER_WAY
    return ""


def contacts_in_hoppers(
    state: State, numbers: Collection[str], customers: Collection[CustomerId]
) -> tuple[ContactId, ...]:
    """The person as the hoppers know them, and the cards that agents read in preview."""
    rows = [row for campaign in state.campaigns.values() for row in campaign.hopper]
    readers = [agent for campaign in state.campaigns for agent in state.readers(campaign)]
    rows += [agent.preview.row for agent in readers if agent.preview is not None]
    return tuple(row.contact for row in rows if row.number in numbers or row.customer in customers)


def voicemails_of(
    state: State, numbers: Collection[str], customers: Collection[CustomerId]
) -> tuple[CallId, ...]:
    """The calls in which the person has left a message that nobody has dealt with."""
    return tuple(
        left.call
        for left in state.voicemails.values()
        if left.caller_number in numbers or left.customer in customers
    )


def callbacks_of(
    state: State, numbers: Collection[str], customers: Collection[CustomerId]
) -> tuple[CallbackId, ...]:
    """The calls that the person was promised."""
    return tuple(
        one.id
        for one in state.callbacks.values()
        if one.number in numbers
        or one.customer in customers
        or (one.row is not None and (one.row.number in numbers or one.row.customer in customers))
    )


def agents_of(
    state: State, numbers: Collection[str], customers: Collection[CustomerId]
) -> tuple[AgentId, ...]:
    """The agents whose latest conversation in a campaign was with the person."""
    return tuple(
        agent.id
        for agent in state.agents.values()
        if agent.spoke is not None
        and (agent.spoke.number in numbers or agent.spoke.customer in customers)
    )


def erase(turn: Turn, event: ErasureRequested) -> None:
    """Take these contacts out of every hopper and from every desk, and forget who spoke with these
    customers or this person and that these calls left a message, and what the person was promised.
    """
    for call in event.voicemails:
        turn.state.voicemails.remove(call)
    for customer in event.customers:
        turn.state.last_agents.remove(customer)
    for campaign in list(turn.state.campaigns.values()):
        hopper = tuple(row for row in campaign.hopper if row.contact not in event.contacts)
        if len(hopper) < len(campaign.hopper):
            turn.put_campaign(campaign, hopper=hopper)
    callbacks.forget(turn, event.callbacks)
    for name in event.agents:
        turn.change_agent(turn.state.agents[name], spoke=None)
    previews.forget_contacts(turn, event.contacts)
    turn.grant(event.request)
