"""Forgetting a person: who is on the line just now cannot be forgotten; who is to be dialed next is
not dialed.

The database and the journal are erased by ``callcenter.service.erasure``, around this.
"""

from __future__ import annotations

from collections.abc import Collection

from callcenter.core.state import State
from callcenter.core.turn import Turn
from callcenter.domain.commands import LookUpCustomer, PlaceCall, PopCard, RingAgent
from callcenter.domain.events import ErasureRequested
from callcenter.domain.ids import CustomerId

ON_A_CALL = "The person is on a call just now. Erase the person when the call has ended."
BEING_DIALED = "A campaign dials the person just now. Erase the person when the attempt has ended."
UNDER_WAY = "Something about the person is under way just now. Try again in a minute."


def why_not_erasable(state: State, numbers: Collection[str], customer: CustomerId) -> str:
    """Why this person cannot be forgotten now, in a sentence; empty when nothing is in the way."""
    for call in state.calls.values():
        if call.caller_number in numbers or (customer and call.customer == customer):
            return ON_A_CALL
    for attempt in state.attempts.values():
        if attempt.number in numbers or (customer and attempt.customer == customer):
            return BEING_DIALED
    for command in state.pending.values():
        match command:
            case PopCard() | RingAgent():
                is_theirs = command.caller_number in numbers
            case LookUpCustomer() | PlaceCall():
                is_theirs = command.number in numbers
            case _:
                is_theirs = False
        if is_theirs:
            return UNDER_WAY
    return ""


def erase(turn: Turn, event: ErasureRequested) -> None:
    """Take the person out of every hopper. The database, which knows the person no more, fills them
    anew."""
    problem = why_not_erasable(turn.state, event.numbers, event.customer)
    if problem:
        turn.refuse(event.request, problem)
        return
    for campaign in list(turn.state.campaigns.values()):
        hopper = tuple(
            row
            for row in campaign.hopper
            if row.number not in event.numbers
            and not (event.customer and row.customer == event.customer)
        )
        if len(hopper) < len(campaign.hopper):
            turn.put_campaign(campaign, hopper=hopper)
    turn.grant(event.request)
