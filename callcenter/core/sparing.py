"""Sparing people: who is on the do-not-call list, and whom caps protect while others call them.

The database knows the list and the history; it is asked when a hopper is filled. What happened
since then is minded here: such rows leave the hoppers, and are not taken from an answer under way.
"""

from __future__ import annotations

from callcenter.core import agents, callbacks
from callcenter.core.turn import Turn
from callcenter.domain.attempt import Attempt
from callcenter.domain.campaign import Campaign, HopperRow, Party
from callcenter.domain.events import DncAdded, DncListChanged, DncRemoved
from callcenter.domain.ids import CampaignId
from callcenter.domain.records import DncRecord
from dialer.compliance import looks_back_s


def dnc_added(turn: Turn, event: DncAdded) -> None:
    """Somebody asks that a number be called no more."""
    put_on_dnc(turn, event.number, event.reason, event.source, until=event.until, by=event.by)
    turn.grant(event.request)


def put_on_dnc(
    turn: Turn, number: str, reason: str, source: str, *, until: float = 0.0, by: str = ""
) -> None:
    """From now on nobody dials this number (E.164); ``until`` in UTC seconds, 0.0 for good.

    A call to it that is under way goes on.
    """
    for campaign in list(turn.state.campaigns.values()):
        hopper = tuple(row for row in campaign.hopper if row.number != number)
        if len(hopper) == len(campaign.hopper):
            _spare(turn, campaign, Party(number))
            continue
        # The contact may have another number: the database is asked anew, knowing of this.
        turn.state.clear_timer(f"hopper:{campaign.settings.id}")
        turn.put_campaign(
            campaign, hopper=hopper, refill="", ended_since_refill=(), spared_since_refill=()
        )
    callbacks.forget_rows(turn, Party(number))
    turn.record(DncRecord(number, True, reason, source, until, by, turn.now))


def dnc_removed(turn: Turn, event: DncRemoved) -> None:
    """A number may be called again: the database is asked whether somebody waits for it."""
    turn.record(DncRecord(event.number, False, "", "", 0.0, event.by, turn.now))
    for campaign_id in turn.state.campaigns:
        turn.state.clear_timer(f"hopper:{campaign_id}")
        turn.touch_campaign(campaign_id)
    turn.grant(event.request)


def dnc_list_changed(turn: Turn, _: DncListChanged) -> None:
    """Many numbers were added: everything fetched before is asked for anew."""
    for campaign in list(turn.state.campaigns.values()):
        without_hopper(turn, campaign)
        for agent in turn.state.readers(campaign.settings.id):
            agents.take_card(turn, agent)
    callbacks.forget_rows(turn)


def without_hopper(turn: Turn, campaign: Campaign) -> Campaign:
    """What is dialed next is asked anew."""
    turn.state.clear_timer(f"hopper:{campaign.settings.id}")
    return turn.put_campaign(
        campaign, hopper=(), refill="", ended_since_refill=(), spared_since_refill=()
    )


def placed(turn: Turn, attempt: Attempt) -> None:
    """Somebody is being dialed: campaigns with caps judged their rows without this attempt."""
    for campaign in _capped_campaigns(turn):
        _spare(turn, campaign, _party_of(attempt))
    callbacks.forget_rows(turn, _party_of(attempt), capped_only=True)


def is_left(turn: Turn, campaign_id: CampaignId, row: HopperRow) -> bool:
    """Whether a row of a hopper that is being placed from was not taken out meanwhile."""
    campaign = turn.state.campaigns[campaign_id]
    return not looks_back_s(campaign.settings.terms) or row in campaign.hopper


def ended(turn: Turn, attempt: Attempt) -> None:
    """The attempt is over; an answer of the database under way may not know of it yet."""
    for campaign in _capped_campaigns(turn):
        if campaign.refill:
            _spare(turn, campaign, _party_of(attempt))


def taken(turn: Turn, campaign: Campaign, rows: tuple[HopperRow, ...]) -> tuple[HopperRow, ...]:
    """Of the rows that the database gave, those that nobody is to be spared of."""
    spared = [*campaign.spared_since_refill]
    if looks_back_s(campaign.settings.terms):
        spared += [_party_of(attempt) for attempt in turn.state.attempts.values()]
    if not spared:
        return rows
    numbers = dict.fromkeys(party.number for party in spared)
    customers = dict.fromkeys(party.customer for party in spared if party.customer)
    accounts = dict.fromkeys(party.account for party in spared if party.account)
    return tuple(
        row
        for row in rows
        if row.number not in numbers
        and row.customer not in customers
        and row.account not in accounts
    )


def _capped_campaigns(turn: Turn) -> list[Campaign]:
    return [one for one in turn.state.campaigns.values() if looks_back_s(one.settings.terms)]


def _spare(turn: Turn, campaign: Campaign, party: Party) -> None:
    """Take whom this concerns out of the hopper, from the desks of agents who read their cards, and
    out of the answer that is awaited."""
    for agent in turn.state.readers(campaign.settings.id):
        if agent.preview is not None and party.shares(agent.preview.row):
            agents.take_card(turn, agent)
    hopper = tuple(row for row in campaign.hopper if not party.shares(row))
    spared = campaign.spared_since_refill
    if campaign.refill and party not in spared:
        spared = (*spared, party)
    if len(hopper) == len(campaign.hopper) and spared is campaign.spared_since_refill:
        return
    turn.put_campaign(campaign, hopper=hopper, spared_since_refill=spared)


def _party_of(attempt: Attempt) -> Party:
    return Party(attempt.number, attempt.customer, attempt.account)
