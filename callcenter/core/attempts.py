"""The attempt's own part of a step: taking it through its table, and its one end."""

from __future__ import annotations

from typing import Any

import msgspec

from callcenter.core import agents, amd, callbacks, shown_numbers, sparing, trunks
from callcenter.core.turn import Turn
from callcenter.domain import attempt as attempts
from callcenter.domain.agent import Agent, AgentState, DialedInVain, Spoke
from callcenter.domain.attempt import Attempt, AttemptResult, AttemptStep, ContactStatus
from callcenter.domain.call import Call
from callcenter.domain.campaign import (
    Campaign,
    CampaignState,
    CampaignStep,
)
from callcenter.domain.ids import AttemptId, ContactId
from callcenter.domain.records import AttemptRecord
from dialer.breaker import SUSPECT, Sign, sign_of
from dialer.results import NextTry, given_back, is_person, next_try, result_of


def step(turn: Turn, attempt: Attempt, what: AttemptStep, **changes: Any) -> Attempt:
    """Take an attempt through its table and change these fields with it."""
    state = attempts.next_state(attempt.state, what)
    return turn.put_attempt(msgspec.structs.replace(attempt, state=state, **changes))


def connected(turn: Turn, attempt_id: AttemptId, agent: Agent) -> None:
    """The person talks with an agent; should that one be lost, with any other of the campaign."""
    attempt = turn.state.attempts[attempt_id]
    asked_for_it = turn.state.agents.get(attempt.reserved)
    if asked_for_it is not None and asked_for_it.dialing == attempt.id:
        turn.change_agent(asked_for_it, dialing="")
    step(
        turn,
        attempt,
        AttemptStep.CONNECT,
        connected_at=attempt.connected_at or turn.now,
        agent=attempt.agent or agent.id,
        reserved="",
    )


def end(
    turn: Turn,
    attempt: Attempt,
    cause: int,
    result: AttemptResult | None = None,
    *,
    blames_trunk: bool = True,
) -> None:
    """The channel is gone, or never was: the one result, and what is to be done with the contact.

    Without ``result`` it is told from the hang-up's cause and what happened before.
    ``blames_trunk``: whether a failure says anything of the trunk. A failure that does waits for
    what the trunk's next calls tell: it may not count.
    """
    if result is None:
        result = result_of(attempt, cause)
    sign = sign_of(attempt, result, turn.now) if blames_trunk else Sign.NOTHING
    tell_trunk(turn, attempt, sign, is_over=True)
    trunks.ending(turn, attempt)
    turn.state.clear_timer(f"ringout:{attempt.id}")
    _free_who_asked(turn, attempt, result)
    over = {"outcome": result, "cause": cause, "ended_at": turn.now, "reserved": ""}
    if sign in SUSPECT and not trunks.is_in_trouble(turn.state, attempt, sign):
        trunks.hold(turn, step(turn, attempt, AttemptStep.HOLD, **over))
        return
    attempt = turn.change_attempt(attempt, **over)
    _conclude(turn, attempt, counts=not trunks.is_in_trouble(turn.state, attempt, sign))


def _free_who_asked(turn: Turn, attempt: Attempt, result: AttemptResult) -> None:
    """Nobody has talked with the agent who asked for this call: on to the next card, unless the
    agent wished otherwise."""
    agent = turn.state.agents.get(attempt.reserved)
    if agent is None or agent.dialing != attempt.id:
        return
    came_of_it = DialedInVain(attempt.id, attempt.contact, result, turn.now)
    agent = turn.change_agent(agent, dialing="", dialed_in_vain=came_of_it)
    if agent.state in (AgentState.READY, AgentState.NOT_READY):
        agents.grant_wish(turn, agent)


def tell_trunk(turn: Turn, attempt: Attempt, sign: Sign, *, is_over: bool = False) -> None:
    """What this call says of its trunk; attempts that were held for that get their results."""
    for held in trunks.hear(turn, attempt, sign, is_over=is_over):
        other = turn.state.attempts[held]
        is_in_trouble = trunks.trunk_of(turn.state, other).breaker.is_open
        _conclude(turn, other, counts=not is_in_trouble)


def held_long_enough(turn: Turn, attempt: Attempt) -> None:
    """The trunk's calls tell nothing for so long: it counts."""
    trunks.let_go(turn, attempt)
    _conclude(turn, attempt, counts=True)


def _conclude(turn: Turn, attempt: Attempt, *, counts: bool) -> None:
    """The one record of an attempt that is over."""
    campaign = turn.state.campaigns[attempt.campaign]
    result, tries, people = attempt.outcome, attempt.tries, campaign.people
    assert result is not None
    if attempt.opted_out_at:
        following = NextTry(ContactStatus.DONE)
    elif result is AttemptResult.CANCELLED:
        tries -= 1
        following = given_back(attempt, turn.now)
    elif counts:
        following = next_try(
            campaign.settings.retries,
            result,
            tries,
            attempt.ended_at,
            attempt.others,
            attempt.fresh,
        )
    else:
        result, tries = AttemptResult.UNCOUNTED, tries - 1
        following = given_back(attempt, turn.now)
        trunks.gave_back(turn, attempt)
    if attempt.returned:  # has called back meanwhile, and talked with an agent
        following = NextTry(ContactStatus.DONE)
    people += is_person(result, attempt.person_at) - bool(attempt.person_at)
    shown_numbers.ended(turn, attempt, result)
    step(turn, attempt, AttemptStep.END)
    turn.state.clear_timer(f"attempt:{attempt.id}")
    turn.end_attempt(
        attempt,
        AttemptRecord(
            attempt=attempt.id,
            campaign=attempt.campaign,
            contact=attempt.contact,
            number=attempt.number,
            channel=attempt.channel,
            tries=tries,
            placed_at=attempt.placed_at,
            ringing_at=attempt.ringing_at,
            answered_at=attempt.answered_at,
            person_at=attempt.person_at,
            connected_at=attempt.connected_at,
            harbour_at=attempt.harbour_at,
            message_left_at=attempt.message_left_at,
            ended_at=attempt.ended_at,
            result=result,
            cause=attempt.cause,
            verdict=attempt.verdict,
            verdict_cause=attempt.verdict_cause,
            agent=attempt.agent,
            call=attempt.call,
            status=following.status,
            next_try_at=following.at,
            other_number=following.other_number,
        ),
    )
    seen = campaign.ended_since_refill
    campaign = turn.put_campaign(
        campaign,
        people=people,
        messages=campaign.messages + bool(attempt.message_left_at),
        results={**campaign.results, result: campaign.results.get(result, 0) + 1},
        ended_since_refill=(*seen, attempt.contact) if campaign.refill else seen,
    )
    callbacks.attempt_ended(turn, attempt, result, following)
    amd.ended(turn, attempt, result)
    sparing.ended(turn, attempt)
    finish_if_over(turn, turn.state.campaigns[attempt.campaign])


def finish_if_over(turn: Turn, campaign: Campaign) -> None:
    """A draining campaign whose last call is over has finished."""
    if campaign.state is CampaignState.DRAINING and not turn.state.live_attempts.get(
        campaign.settings.id
    ):
        turn.step_campaign(campaign, CampaignStep.FINISH, by="")


def contact_of(turn: Turn, call: Call) -> ContactId:
    """The contact of a campaign in this call, dialed or calling back; empty: none."""
    attempt = turn.state.attempts.get(call.attempt)
    return call.contact if attempt is None else attempt.contact


def spoke_in(turn: Turn, call: Call) -> Spoke | None:
    """The person, as far as they are a campaign's, dialed or calling back: may be promised another
    call."""
    campaign = call.campaign or call.returned
    if not campaign:
        return None
    whom = call.caller_number, call.customer, call.tier
    return Spoke(call.id, campaign, contact_of(turn, call), *whom)
