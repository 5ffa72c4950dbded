"""Return calls: a contact of a campaign calls a number that the campaign shows.

Here: which campaigns a number may be of, what it means for a campaign that somebody of its list is
on the line, and what is kept of it. The way of such a call is in ``return_calls``.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from callcenter.core import agents, callbacks, shown_numbers
from callcenter.core.state import State
from callcenter.core.turn import Turn
from callcenter.domain.agent import AT_WORK, Agent, AgentState
from callcenter.domain.attempt import Attempt, AttemptState
from callcenter.domain.call import Call
from callcenter.domain.campaign import Campaign, CampaignState, HopperRow, ReturnCounts
from callcenter.domain.commands import HangUp
from callcenter.domain.events import ContactFound
from callcenter.domain.ids import CampaignId, PbxName
from callcenter.domain.records import ReturnRecord

UNANSWERED = (AttemptState.PLACED, AttemptState.RINGING)
"""Attempts whose phone nobody has picked up."""
HANGUP_LEASE_S = 10.0
"""A hang-up takes milliseconds; after this the PBX is asked what became of the attempt."""


def campaigns_of(state: State, numbers: Collection[str]) -> tuple[CampaignId, ...]:
    """The campaigns that show one of these numbers to people, those never started excepted."""
    return tuple(
        campaign.settings.id
        for campaign in state.campaigns.values()
        if campaign.state is not CampaignState.DRAFT
        and any(one in numbers for one in shown_numbers.all_numbers(campaign.settings))
    )


def has_agents(state: State, campaign: CampaignId, pbx: PbxName, *, for_new: bool = False) -> bool:
    """Whether somebody works for the campaign just now who could be joined with a caller of this
    PBX. Who leaves it after a stop does so for those who wait already, not ``for_new`` ones."""
    return any(
        campaign in agent.works_for
        and agent.pbx == pbx
        and _is_there(agent)
        and not (for_new and campaign in agent.leaves)
        for agent in state.agents.values()
    )


def _is_there(agent: Agent) -> bool:
    if agent.state in AT_WORK:
        return agent.wish is None
    return agent.state is AgentState.READY and agent.desktops > 0


def is_on_line(state: State, row: HopperRow) -> bool:
    """Whether the contact, or its number, has called back and is still on the line."""
    return row.contact in state.contacts_on_line or row.number in state.numbers_on_line


# --- while they are on the line -------------------------------------------------------------------


def bind(turn: Turn, call: Call, event: ContactFound) -> Call:
    """This caller is a contact of that campaign: nobody dials them while they are on the line, and
    a phone of theirs that rings for us stops."""
    changes: dict[str, object] = {"returned": event.campaign, "contact": event.contact}
    if not call.customer:
        changes |= {"customer": event.customer, "tier": event.tier, "is_stale": True}
    call = turn.change_call(call, **changes)
    turn.state.note_return(call, 1)
    turn.touch_campaign(event.campaign)
    for campaign in list(turn.state.campaigns.values()):
        _take_off(turn, campaign, call)
    for attempt in list(turn.state.attempts.values()):
        if attempt.state in UNANSWERED and _is_same(attempt, call):
            _stop(turn, attempt)
    return call


def _take_off(turn: Turn, campaign: Campaign, call: Call) -> None:
    """Out of the hopper and from the desks; the database names them again if they are still due."""
    for agent in turn.state.readers(campaign.settings.id):
        if agent.preview is not None and is_on_line(turn.state, agent.preview.row):
            agents.take_card(turn, agent)
    hopper = tuple(row for row in campaign.hopper if not is_on_line(turn.state, row))
    if len(hopper) < len(campaign.hopper):
        turn.state.clear_timer(f"hopper:{campaign.settings.id}")
        turn.put_campaign(turn.state.campaigns[campaign.settings.id], hopper=hopper)


def _is_same(attempt: Attempt, call: Call) -> bool:
    """Whether the attempt dials who is on the line."""
    return attempt.contact == call.contact or attempt.number == call.caller_number


def _stop(turn: Turn, attempt: Attempt) -> None:
    """Nobody can pick up who is calling us: hang up, as when the ring time is over."""
    turn.change_attempt(attempt, rang_out=True)
    turn.state.clear_timer(f"ringout:{attempt.id}")
    turn.send(HangUp(turn.command_id(), attempt.channel))
    turn.state.set_timer(f"attempt:{attempt.id}", turn.now + HANGUP_LEASE_S)


def answered(turn: Turn, call: Call) -> None:
    """The caller talks with an agent: whatever was planned for the contact or promised them is off,
    also what would follow from an attempt that is under way."""
    for attempt in list(turn.state.attempts.values()):
        if attempt.contact == call.contact:
            turn.change_attempt(attempt, returned=True)
    callbacks.talked(turn, call.contact, call.agent)
    turn.touch_campaign(call.returned)  # agents who leave it may have stayed for this caller


# --- the end --------------------------------------------------------------------------------------


def ended(turn: Turn, call: Call) -> None:
    """The call is over: keep what came of it, and let the contact be dialed again if nothing did.

    Who has not spoken with anybody is as before: to be tried when it was planned.
    """
    if not call.contact:
        return
    turn.state.note_return(call, -1)
    is_over = bool(call.answered_at or call.opted_out_at)
    record = ReturnRecord(
        call=call.id,
        campaign=call.returned,
        contact=call.contact,
        number=call.caller_number,
        arrived_at=call.arrived_at,
        answered_at=call.answered_at,
        ended_at=turn.now,
        agent=call.answered_by,
        opted_out=bool(call.opted_out_at),
    )
    turn.record(record)
    campaign = turn.state.campaigns[call.returned]
    # An answer of the database under way may not know of it yet.
    seen = campaign.ended_since_refill
    turn.put_campaign(
        campaign,
        returns=count(campaign.returns, record),
        ended_since_refill=(*seen, call.contact) if campaign.refill and is_over else seen,
    )


def count(counts: ReturnCounts, record: ReturnRecord) -> ReturnCounts:
    """The campaign's counts with this call."""
    return msgspec.structs.replace(
        counts,
        calls=counts.calls + 1,
        answered=counts.answered + bool(record.answered_at),
        opted_out=counts.opted_out + record.opted_out,
    )
