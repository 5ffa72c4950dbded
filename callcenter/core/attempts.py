"""The attempt's own part of a step: taking it through its table, and its one end."""

from __future__ import annotations

from typing import Any

import msgspec

from callcenter.core import sparing
from callcenter.core.turn import Turn
from callcenter.domain import attempt as attempts
from callcenter.domain.agent import Agent
from callcenter.domain.attempt import Attempt, AttemptResult, AttemptStep
from callcenter.domain.campaign import (
    Campaign,
    CampaignState,
    CampaignStep,
)
from callcenter.domain.ids import AttemptId
from callcenter.domain.records import AttemptRecord
from dialer.pacing import pause_after
from dialer.results import next_try, result_of


def step(turn: Turn, attempt: Attempt, what: AttemptStep, **changes: Any) -> Attempt:
    """Take an attempt through its table and change these fields with it."""
    state = attempts.next_state(attempt.state, what)
    return turn.put_attempt(msgspec.structs.replace(attempt, state=state, **changes))


def connected(turn: Turn, attempt_id: AttemptId, agent: Agent) -> None:
    """The person talks with an agent."""
    attempt = turn.state.attempts[attempt_id]
    step(
        turn,
        attempt,
        AttemptStep.CONNECT,
        connected_at=attempt.connected_at or turn.now,
        agent=attempt.agent or agent.id,
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
    ``blames_trunk``: whether a failure says anything of the trunk.
    """
    campaign = turn.state.campaigns[attempt.campaign]
    if result is None:
        result = result_of(attempt, cause)
    following = next_try(
        campaign.settings.retries,
        result,
        attempt.tries,
        turn.now,
        attempt.others,
        attempt.fresh,
    )
    step(turn, attempt, AttemptStep.END)
    turn.state.clear_timer(f"attempt:{attempt.id}")
    turn.state.clear_timer(f"ringout:{attempt.id}")
    turn.end_attempt(
        attempt,
        AttemptRecord(
            attempt=attempt.id,
            campaign=attempt.campaign,
            contact=attempt.contact,
            number=attempt.number,
            channel=attempt.channel,
            tries=attempt.tries,
            placed_at=attempt.placed_at,
            ringing_at=attempt.ringing_at,
            answered_at=attempt.answered_at,
            person_at=attempt.person_at,
            connected_at=attempt.connected_at,
            harbour_at=attempt.harbour_at,
            ended_at=turn.now,
            result=result,
            cause=cause,
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
        refusals=_count_refusals(turn, campaign, result) if blames_trunk else campaign.refusals,
        results={**campaign.results, result: campaign.results.get(result, 0) + 1},
        ended_since_refill=(*seen, attempt.contact) if campaign.refill else seen,
    )
    sparing.ended(turn, attempt)
    finish_if_over(turn, turn.state.campaigns[attempt.campaign])


def _count_refusals(turn: Turn, campaign: Campaign, result: AttemptResult) -> int:
    """A trunk that refuses call after call is given a pause, for the list's sake."""
    pause = f"pace:{campaign.settings.id}"
    if result is AttemptResult.UNKNOWN:
        return campaign.refusals
    if result not in (AttemptResult.FAILED, AttemptResult.CONGESTION):
        if pause_after(campaign.refusals):
            turn.state.clear_timer(pause)
        return 0
    refusals = campaign.refusals + 1
    pause_s = pause_after(refusals)
    if pause_s:
        turn.state.set_timer(pause, turn.now + pause_s)
    return refusals


def finish_if_over(turn: Turn, campaign: Campaign) -> None:
    """A draining campaign whose last call is over has finished."""
    if campaign.state is CampaignState.DRAINING and not turn.state.live_attempts.get(
        campaign.settings.id
    ):
        turn.step_campaign(campaign, CampaignStep.FINISH, by="")
