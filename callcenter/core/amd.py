"""Answering machine detection, corrected by those who listened: the agents.

Of calls that detection passed for people, agents tell which were machines. Of those that it took
for machines they can tell only where such a call is passed to them: always, or every so many calls
as a check (``amd_check_every``).
"""

from __future__ import annotations

import msgspec

from callcenter.core.turn import Turn
from callcenter.domain.attempt import Attempt, AttemptResult, AttemptState, Judged, Verdict
from callcenter.domain.campaign import AmdCounts, Campaign, OnMachine
from callcenter.domain.ids import CallId

JUDGED = {"machine": Judged.MACHINE, "assistant": Judged.ASSISTANT}
"""What dispositions say of who was on the line; after all others it was a person."""
SILENCE_ONLY = "INITIALSILENCE"
"""AMD says MACHINE of somebody who picks up and says nothing: that may well be a person."""
USUAL_WRONG, USUAL_HEARD = 0.03, 20
"""Of those whom tuned detection takes for machines 3 to 5 % are people; known as if so many had
been heard (amdtuner's results)."""
UNJUDGED_MAX = 1_000
"""Calls of a campaign whose disposition is awaited: one for each agent of the largest center."""


def on_machine(campaign: Campaign) -> OnMachine:
    """What is done with a machine that the campaign's next call meets."""
    settings = campaign.settings
    every = settings.amd_check_every
    if every and (campaign.placed + 1) % every == 0:
        return OnMachine.TO_AGENT
    return settings.on_machine


def is_machine(attempt: Attempt) -> bool:
    """Whether detection took it for a machine, and we believe it."""
    return attempt.verdict is Verdict.MACHINE and not attempt.verdict_cause.startswith(SILENCE_ONLY)


def is_for_no_agent(attempt: Attempt) -> bool:
    """Whether a machine has answered that no agent is to hear, or a fax."""
    is_unheard = is_machine(attempt) and not attempt.passes_machine
    is_screened = attempt.state is AttemptState.SCREENING
    return is_screened and (is_unheard or attempt.verdict is Verdict.FAX)


def give_disposition(turn: Turn, call_id: CallId, code: str) -> None:
    """An agent says how the conversation ended: who was on the line, as against what was
    detected. Said while they are connected it also makes the attempt's result, and ends the call.
    """
    judged = JUDGED.get(code, Judged.PERSON)
    call = turn.state.calls.get(call_id)
    attempt = turn.state.attempts.get(call.attempt) if call is not None else None
    if attempt is not None and call is not None:
        _count(turn, turn.state.campaigns[attempt.campaign], _believed(attempt), judged, attempt)
        turn.change_attempt(attempt, judged=judged)
        if judged is not Judged.PERSON:
            turn.end_caller(call)
        return
    for campaign in list(turn.state.campaigns.values()):
        verdict = campaign.unjudged.get(call_id)
        if verdict is not None:
            left = {key: one for key, one in campaign.unjudged.items() if key != call_id}
            _count(turn, turn.put_campaign(campaign, unjudged=left), verdict, judged, None)
            return


def ended(turn: Turn, attempt: Attempt, result: AttemptResult) -> None:
    """A conversation is over, and its agent has not said yet who it was."""
    verdict = _believed(attempt)
    if result is not AttemptResult.CONNECTED or attempt.judged or verdict is None:
        return
    campaign = turn.state.campaigns[attempt.campaign]
    unjudged = {**campaign.unjudged, attempt.call: verdict}
    while len(unjudged) > UNJUDGED_MAX:
        unjudged.pop(next(iter(unjudged)))
    turn.put_campaign(campaign, unjudged=unjudged)


def _believed(attempt: Attempt) -> Verdict | None:
    """The verdict by which the call was treated: who is silent passes for a person, and tells
    nothing of those whom detection is believed of when it says machine."""
    if attempt.verdict is Verdict.MACHINE and not is_machine(attempt):
        return Verdict.NOT_SURE
    return attempt.verdict


def _count(
    turn: Turn,
    campaign: Campaign,
    verdict: Verdict | None,
    judged: Judged,
    attempt: Attempt | None,
) -> None:
    if verdict is None or (attempt is not None and attempt.judged):
        return  # not screened, or told a second time
    counts, is_person = campaign.amd_counts, judged is Judged.PERSON
    if verdict is Verdict.MACHINE:
        counts = msgspec.structs.replace(
            counts, machines=counts.machines + 1, were_people=counts.were_people + is_person
        )
    else:
        counts = msgspec.structs.replace(
            counts, people=counts.people + 1, were_machines=counts.were_machines + (not is_person)
        )
    turn.put_campaign(campaign, amd_counts=counts)


def taken_for_machines(campaign: Campaign) -> float:
    """The share of the people who answered whom detection took for machines, 0 to 1, estimated.

    0.0 while no call that it took for a machine has been judged by an agent. The first ones weigh
    little beside what is usual: one judged by mistake must not say that all machines were people.
    """
    counts = campaign.amd_counts
    if not counts.machines:
        return 0.0
    wrong = (counts.were_people + USUAL_HEARD * USUAL_WRONG) / (counts.machines + USUAL_HEARD)
    missed = wrong * campaign.results.get(AttemptResult.MACHINE, 0)
    return missed / (campaign.people + missed) if campaign.people + missed else 0.0


def wrong_machines(counts: AmdCounts) -> float:
    """The share of people among those it took for machines, as far as agents heard them."""
    return counts.were_people / counts.machines if counts.machines else 0.0


def wrong_people(counts: AmdCounts) -> float:
    """The share of machines and assistants among those it passed for people."""
    return counts.were_machines / counts.people if counts.people else 0.0
