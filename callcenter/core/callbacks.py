"""Callbacks: what people were promised, from the promise to its end.

Here they are put down, moved and ended; who calls those of campaigns, and when, is in
``callback_dialing``, those of queues in ``calling_back``. A contact
who was promised a call is in nobody's order but that of the callbacks.
"""

from __future__ import annotations

from typing import Any

import msgspec

from callcenter.core import agents
from callcenter.core.state import State
from callcenter.core.turn import Turn
from callcenter.domain.agent import Spoke
from callcenter.domain.attempt import Attempt, AttemptResult, ContactStatus
from callcenter.domain.callback import Callback, CallbackOrigin, Promise
from callcenter.domain.campaign import Party
from callcenter.domain.commands import FetchContacts
from callcenter.domain.customer import NO_FACTS
from callcenter.domain.events import (
    CallbackCancelled,
    CallbackMoved,
    CallbackRequested,
    ContactsFetched,
    DispositionRequested,
)
from callcenter.domain.ids import AgentId, CallbackId, CampaignId, ContactId
from callcenter.domain.records import RoutingRecord
from dialer.compliance import looks_back_s
from dialer.results import NextTry, next_try

CALLBACKS_MAX = 10_000
"""So many are kept at once; more are refused: a thousand agents would have ten each."""
AHEAD_S_MAX = 366 * 86_400.0
"""Nobody is promised a call later than in a year."""
LATE_S_MAX = 60.0
"""A time that was chosen a moment ago may have passed."""
ASK_AGAIN_S = 5.0
"""After the database did not answer."""

UNDER_WAY = "The person is being called just now."
PROMISED, MOVED, TRIED = "promised", "moved", "tried"
"""What may become of a callback that waits on: ``tried`` is called in vain."""
STILL_WAITS = tuple(f"callback_{what}" for what in (PROMISED, MOVED, TRIED))
KEPT, DONE, CANCELLED = "kept", "done", "cancelled"
GIVEN_UP, NOT_ALLOWED = "given_up", "not_allowed"
"""How callbacks end: they talked; somebody says that it is done; nobody is to call; tried in vain;
the contact may not be called any more."""


# --- promised -------------------------------------------------------------------------------------


def problem_of(turn: Turn, at: float) -> str:
    """Why nobody can be promised a call at this time, in a sentence; empty when they can."""
    if at < turn.now - LATE_S_MAX:
        return "That time has passed: choose a later one."
    if at > turn.now + AHEAD_S_MAX:
        return "That is more than a year away: choose a sooner time."
    return ""


def _new_problem(turn: Turn, at: float) -> str:
    if len(turn.state.callbacks) >= CALLBACKS_MAX:
        return f"{CALLBACKS_MAX} callbacks are waiting: no more are taken until some are made."
    return problem_of(turn, at)


def give_disposition(turn: Turn, event: DispositionRequested) -> None:
    """An agent says how the conversation ended, and may have promised the person another call."""
    agent, promise = turn.state.agents.get(event.agent), event.callback
    spoke = None if agent is None else agent.spoke
    if promise is not None:
        problem = _new_problem(turn, promise.at)
        if spoke is None or spoke.call != event.call:
            problem = "Only people whom a campaign has dialed can be promised a call here."
        if problem:
            turn.refuse(event.request, problem)
            return
    agents.give_disposition(turn, event)
    if promise is not None and spoke is not None and not turn.replies[-1].problem:
        _promise(turn, event.agent, spoke, promise)


def _promise(turn: Turn, agent: AgentId, spoke: Spoke, promised: Promise) -> None:
    _put_down(
        turn,
        Callback(
            id=turn.new_id("cb-"),
            at=promised.at,
            created_at=turn.now,
            origin=CallbackOrigin.DISPOSITION,
            by=agent,
            campaign=spoke.campaign,
            contact=spoke.contact,
            number=spoke.number,
            customer=spoke.customer,
            tier=spoke.tier,
            call=spoke.call,
            agent=agent if promised.is_own else "",
        ),
    )


def requested(turn: Turn, event: CallbackRequested) -> None:
    """Somebody wants a contact to be called at a time."""
    problem = _new_problem(turn, event.at) or _agent_problem(turn, event.agent)
    if event.campaign not in turn.state.campaigns:
        problem = f"There is no campaign {event.campaign}."
    if problem:
        turn.refuse(event.request, problem)
        return
    _put_down(
        turn,
        Callback(
            id=turn.new_id("cb-"),
            at=event.at,
            created_at=turn.now,
            origin=CallbackOrigin.REQUEST,
            by=event.by,
            campaign=event.campaign,
            contact=event.contact,
            number=event.number,
            agent=event.agent,
        ),
    )
    turn.grant(event.request)


def _agent_problem(turn: Turn, agent: AgentId) -> str:
    return f"There is no agent {agent}." if agent and agent not in turn.state.agents else ""


def _put_down(turn: Turn, callback: Callback) -> None:
    """Keep it, instead of an earlier one of the same contact."""
    state = turn.state
    for known in list(state.callbacks.values()):
        if (known.campaign, known.contact) == (callback.campaign, callback.contact):
            _forget(turn, known)
    campaign = state.campaigns[callback.campaign]
    hopper = tuple(row for row in campaign.hopper if row.contact != callback.contact)
    if len(hopper) < len(campaign.hopper):
        turn.put_campaign(campaign, hopper=hopper)
    for agent in state.readers(callback.campaign):
        if agent.preview is not None and agent.preview.row.contact == callback.contact:
            agents.take_card(turn, agent)
    note(turn, PROMISED, callback, callback.by)
    put(turn, callback)


def put(turn: Turn, callback: Callback, **changes: Any) -> Callback:
    """Store a callback, changed by these fields, and have it looked at when its time comes."""
    callback = turn.put_callback(callback, **changes)
    turn.state.set_timer(f"callback:{callback.id}", max(turn.now, callback.at, callback.not_before))
    return callback


def contacts_of(turn: Turn, campaign: CampaignId) -> list[str]:
    """The contacts of this campaign who were promised a call."""
    return [one.contact for one in turn.state.callbacks.values() if one.campaign == campaign]


def due_of(state: State, campaign: CampaignId) -> list[Callback]:
    """The due callbacks of this campaign that nobody makes just now and nothing holds back, in the
    order of their times."""
    found = [state.callbacks[key] for key, its in state.due.items() if its == campaign]
    return sorted(
        (one for one in found if not one.attempt and one.not_before <= state.now),
        key=lambda one: (one.at, one.id),
    )


# --- changed --------------------------------------------------------------------------------------


def moved(turn: Turn, event: CallbackMoved) -> None:
    """Another time, or another agent."""
    callback = turn.state.callbacks.get(event.callback)
    problem = problem_of(turn, event.at) or _agent_problem(turn, event.agent)
    if callback is None:
        problem = "There is no such callback: it was made, or somebody has taken it off the list."
    elif callback.attempt in turn.state.attempts or callback.attempt in turn.state.calling:
        problem = UNDER_WAY
    if problem or callback is None:
        turn.refuse(event.request, problem)
        return
    callback = _take_card(turn, callback)
    callback = put(turn, callback, at=event.at, agent=event.agent, is_due=False, not_before=0.0)
    note(turn, MOVED, callback, event.by)
    turn.grant(event.request)


def put_off(turn: Turn, callback: Callback, at: float) -> None:
    """Its agent does not want to call now."""
    callback = put(turn, callback, at=at, is_due=False, not_before=0.0)
    note(turn, MOVED, callback, callback.agent)


def cancelled(turn: Turn, event: CallbackCancelled) -> None:
    """It is not to be made. A call that is under way goes on."""
    callback = turn.state.callbacks.get(event.callback)
    if callback is None:
        turn.refuse(event.request, "There is no such callback: it was made, or is off the list.")
        return
    if callback.attempt in turn.state.calling:
        turn.refuse(event.request, UNDER_WAY)
        return
    end(turn, callback, DONE if event.is_done else CANCELLED, event.by)
    turn.grant(event.request)


def _take_card(turn: Turn, callback: Callback) -> Callback:
    """Nobody reads its card any more."""
    for agent in turn.state.readers(callback.campaign):
        if agent.preview is not None and agent.preview.callback == callback.id:
            agents.take_card(turn, agent)
    return turn.state.callbacks[callback.id]


# --- ended ----------------------------------------------------------------------------------------


def end(turn: Turn, callback: Callback, how: str, by: str = "") -> None:
    """It was made, or never will be."""
    note(turn, how, callback, by)
    _forget(turn, callback)


def _forget(turn: Turn, callback: Callback) -> None:
    turn.remove_callback(_take_card(turn, callback))
    turn.state.clear_timer(f"callback:{callback.id}")


def talked(turn: Turn, contact: ContactId, agent: AgentId) -> None:
    """The contact has called us and talks with this agent: what was promised them is kept."""
    for callback in list(turn.state.callbacks.values()):
        if callback.contact == contact:
            end(turn, callback, KEPT, agent)


def attempt_ended(
    turn: Turn, attempt: Attempt, result: AttemptResult, contacts_next: NextTry
) -> None:
    """What came of a call for a callback: the campaign's retry rules say whether it is tried again,
    counted from the promise on. ``contacts_next``: what they say of the contact."""
    callback = turn.state.callbacks.get(attempt.callback)
    if callback is None or callback.attempt != attempt.id:
        return
    if result is AttemptResult.CONNECTED:
        end(turn, callback, KEPT, attempt.agent)
        return
    if result is AttemptResult.UNCOUNTED:
        try_again(turn, callback, contacts_next.at, callback.tries)
        return
    retries = turn.state.campaigns[attempt.campaign].settings.retries
    tries = callback.tries + 1
    following = next_try(retries, result, tries, turn.now, attempt.others, attempt.fresh)
    if attempt.opted_out_at or following.status is not ContactStatus.OPEN:
        end(turn, callback, GIVEN_UP)
    else:
        try_again(turn, callback, following.at, tries)


def try_again(turn: Turn, callback: Callback, at: float, tries: int) -> None:
    """Nobody was reached for it: again at this time."""
    callback = put(
        turn,
        callback,
        at=at,
        tries=tries,
        is_due=False,
        not_before=0.0,
        attempt="",
        row=None,
        row_at=0.0,
    )
    note(turn, TRIED, callback, "")


def forget(turn: Turn, callbacks: tuple[CallbackId, ...]) -> None:
    """These people are being forgotten."""
    for key in callbacks:
        callback = turn.state.callbacks.get(key)
        if callback is not None:
            _forget(turn, callback)


# --- what the database says -----------------------------------------------------------------------


def fetched(turn: Turn, event: ContactsFetched) -> None:
    """The contacts asked for, as far as they may be called."""
    turn.state.pending.remove(event.command)
    rows = {row.contact: row for row in event.rows}
    for callback in _asked_by(turn, event.command):
        row = rows.get(callback.contact)
        if row is not None:
            turn.put_callback(callback, asked="", row=row, row_at=turn.now)
        elif callback.contact in event.held:
            hold_back(turn, callback, event.held[callback.contact])
        else:
            end(turn, callback, NOT_ALLOWED)


def fetch_failed(turn: Turn, command: FetchContacts) -> None:
    """The database did not answer: ask again soon."""
    for callback in _asked_by(turn, command.id):
        hold_back(turn, callback, turn.now + ASK_AGAIN_S)


def hold_back(turn: Turn, callback: Callback, until: float) -> None:
    """Though it is due nobody is to call before then; what is known of the contact is asked
    anew."""
    until = max(until, turn.now + ASK_AGAIN_S)
    put(turn, callback, asked="", row=None, row_at=0.0, not_before=until)


def forget_questions(turn: Turn) -> None:
    """After a start of the service: no answer of the database is under way."""
    for callback in list(turn.state.callbacks.values()):
        if callback.asked:
            put(turn, callback, asked="")


def forget_rows(turn: Turn, party: Party | None = None, *, capped_only: bool = False) -> None:
    """What the database said of these people may not be so any more: it is asked anew. None:
    of all; ``capped_only``: only where the campaign has caps."""
    for callback in list(turn.state.callbacks.values()):
        if not callback.campaign:
            continue
        settings = turn.state.campaigns[callback.campaign].settings
        if callback.attempt or (capped_only and not looks_back_s(settings.terms)):
            continue
        row = callback.row
        is_theirs = party is None or row is None or party.shares(row)
        if is_theirs and (callback.asked or row is not None):
            put(turn, callback, asked="", row=None, row_at=0.0)


def _asked_by(turn: Turn, command: str) -> list[Callback]:
    return [one for one in turn.state.callbacks.values() if one.asked == command]


def note(turn: Turn, what: str, callback: Callback, by: str) -> None:
    """Keep what became of it. ``detail`` is the callback in JSON, without whom it is for."""
    place = callback.place
    if place is not None:
        place = msgspec.structs.replace(place, facts=NO_FACTS, attributes={})
    nobody: dict[str, Any] = {"number": "", "customer": "", "row": None, "place": place}
    kept = msgspec.structs.replace(
        callback, **nobody, row_at=0.0, asked="", attempt="", reserved=""
    )
    detail = msgspec.json.encode(kept).decode()
    turn.record(RoutingRecord(f"callback_{what}", callback.id, detail, by, turn.now))
