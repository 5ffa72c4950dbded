"""Reads of the live state for screens: each is one pass over what it shows and changes nothing.

The structs here are what the API sends; their fields have no defaults, so every field is always in
the JSON. All times are UTC seconds, 0.0 for "not yet". Why a call waits is not told here.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct

from callcenter.core.campaign_queries import CampaignView, campaigns_view
from callcenter.core.mishaps import MishapView, mishaps_view
from callcenter.core.queue_days import today
from callcenter.core.state import State
from callcenter.domain.agent import Agent, AgentState, DialedInVain, Seniority
from callcenter.domain.attempt import AttemptState
from callcenter.domain.call import Call, CallState, Place
from callcenter.domain.customer import Tier
from callcenter.domain.flow import INTENT
from callcenter.domain.ids import (
    AgentId,
    AttemptId,
    CallId,
    CampaignId,
    ContactId,
    CustomerId,
    FlowId,
    PbxName,
    Phone,
    QueueId,
    SkillId,
    TeamId,
)
from callcenter.domain.rules import QueueSwitch

CALLS_PER_PAGE_MAX = 500
"""Calls of one page: about 150 kB of JSON, a few milliseconds of the loop."""


class LineState(StrEnum):
    """An agent's nailed-up line."""

    NONE = "none"
    OPENING = "opening"
    """The phone rings: the agent is to pick it up and to stay on the line."""
    PARKED = "parked"
    """Open, and free for a call."""
    IN_USE = "in_use"


class PreviewView(Struct, frozen=True):
    """Whose card an agent reads, to have them dialed or to skip them."""

    id: AttemptId
    """Also the ``call`` of the card's frame; to be named when it is dialed or skipped."""
    campaign: CampaignId
    contact: ContactId
    number: str
    since: float
    dial_at: float
    """When it is dialed by itself; 0.0: when the agent says so."""


class AgentView(Struct, frozen=True):
    """One agent, as screens show it."""

    id: AgentId
    state: AgentState
    since: float
    """When the state was entered."""
    reason: str
    """Why not ready; empty otherwise."""
    wish: AgentState | None
    """The state to be entered when the running call is over."""
    wish_reason: str
    seniority: Seniority
    team: TeamId
    skills: dict[SkillId, int]
    queues: tuple[QueueId, ...]
    pbx: PbxName
    phone: Phone
    call: CallId
    """The call being offered, talked on or wrapped up; empty for none."""
    idle_since: float
    desktops: int
    """Open desktops; without one no call is offered."""
    campaign: CampaignId
    """The campaign the agent works for; empty: inbound calls. Of several the one that counts on
    them just now."""
    campaigns: tuple[CampaignId, ...]
    """Every campaign the agent works for, by id."""
    line: LineState
    wrap_up_ends_at: float
    """When the after-call work ends by itself; 0.0 outside of it."""
    preview: PreviewView | None
    """The card to be dialed or skipped; null: none is shown."""
    dialing: AttemptId
    """The call they asked for in preview, until somebody talks or nobody will; empty: none."""
    dial_state: AttemptState | None
    """Where that call is."""
    dialed_in_vain: DialedInVain | None
    """What came of the last such call, when nobody talked; until the next."""


class CallView(Struct, frozen=True):
    """One live call, as screens show it."""

    id: CallId
    state: CallState
    place: Place
    arrived_at: float
    caller_number: str
    dialed_number: str
    customer: CustomerId
    tier: Tier
    flow: FlowId
    node: str
    choices: tuple[str, ...]
    queue: QueueId
    queued_at: float
    rule: str
    """The routing rule that took it; empty before it waited, ``-`` when none did."""
    rules_version: int
    """Of which publishing."""
    weight: float
    """How much its wait counts by the rule and a supervisor's word, beside its tier; 1.0 is
    normal."""
    intent: str
    """What the caller wants, as far as the menu has said it."""
    offers: int
    """How often it was offered to an agent."""
    agent: AgentId
    answered_at: float
    connected_at: float
    overflowed: bool
    via_fallback: bool
    campaign: CampaignId
    """The campaign that dialed the person; empty for a call that came in."""
    attempt: AttemptId
    returned: CampaignId
    """The campaign whose contact calls back; empty: no return call."""
    contact: ContactId
    """Who of its list calls back."""


class QueueView(Struct, frozen=True):
    """One queue: who waits in it and who works for it."""

    id: QueueId
    waiting: int
    """Callers on hold, those whose call is being offered included."""
    waiting_by_tier: dict[Tier, int]
    longest_waiting_since: float
    """When the first of those waiting entered the queue; 0.0 when nobody waits."""
    offered: int
    """How many of those waiting are being offered to an agent just now."""
    connected: int
    in_fallback: int
    """Callers of this queue whom the PBX's native queue has."""
    signed_in: int
    """Agents of this queue who are not signed out and work for no campaign; the sum of the five
    counts that follow."""
    ready: int
    ringing: int
    """Agents reserved for a call or whose phone rings."""
    talking: int
    wrap_up: int
    not_ready: int
    callbacks: int
    """Callers who have left the line and are called back."""
    today: QueueToday
    switch: QueueSwitch | None
    """The emergency switch, while it is on."""


class QueueToday(Struct, frozen=True):
    """What a queue has done since midnight."""

    answered: int
    in_time: int
    """Of those, answered within ``target_s``."""
    abandoned: int
    service_level: float
    """``in_time`` / (``answered`` + ``abandoned``); 1.0 while nobody has called."""
    target_s: float


class CallPage(Struct, frozen=True):
    """Some live calls, the earliest arrival first."""

    calls: tuple[CallView, ...]
    after: CallPosition | None
    """Give this to read the next page; None after the last."""


class CallPosition(Struct, frozen=True, order=True):
    """A place in the order of live calls. It stays good when the call itself has ended."""

    arrived_at: float
    call: CallId


class Board(Struct, frozen=True):
    """What a supervisor's board shows."""

    at: float
    """The time of the last step."""
    position: int
    """The journal's position that this is the truth of."""
    links: dict[PbxName, bool]
    """Which PBXs are reachable."""
    queues: tuple[QueueView, ...]
    agents: tuple[AgentView, ...]
    calls: tuple[CallView, ...]
    """The earliest arrivals, as many as asked for."""
    calls_total: int
    campaigns: tuple[CampaignView, ...]
    mishaps: tuple[MishapView, ...]
    """What was repaired, and what could not be, since midnight."""


def agent_view(state: State, agent_id: AgentId) -> AgentView | None:
    """This agent now; None when nobody of that id may answer calls."""
    agent = state.agents.get(agent_id)
    return None if agent is None else view_of_agent(state, agent)


def line_state(state: State, agent: Agent) -> LineState:
    """How the agent's nailed-up line is."""
    leg = state.legs.get(agent.line) if agent.line is not None else None
    if leg is None:
        return LineState.NONE
    if leg.call or leg.bridge:
        return LineState.IN_USE
    return LineState.PARKED if leg.parked else LineState.OPENING


def _preview(agent: Agent) -> PreviewView | None:
    preview = agent.preview
    if preview is None:
        return None
    row = preview.row
    return PreviewView(
        preview.id, preview.campaign, row.contact, row.number, preview.since, preview.dial_at
    )


def view_of_agent(state: State, agent: Agent) -> AgentView:
    """The view of an agent at hand."""
    attempt = state.attempts.get(agent.dialing) if agent.dialing else None
    return AgentView(
        id=agent.id,
        state=agent.state,
        since=agent.since,
        reason=agent.reason,
        wish=agent.wish,
        wish_reason=agent.wish_reason,
        seniority=agent.seniority,
        team=agent.team,
        skills=agent.skills,
        queues=agent.queues,
        pbx=agent.pbx,
        phone=agent.phone,
        call=agent.call,
        idle_since=agent.idle_since,
        desktops=agent.desktops,
        campaign=agent.campaign,
        campaigns=tuple(sorted(agent.works_for)),
        line=line_state(state, agent),
        wrap_up_ends_at=state.timers.get(f"wrap_up:{agent.id}") or 0.0,
        preview=_preview(agent),
        dialing=agent.dialing,
        dial_state=attempt.state if attempt is not None else _dial_state(state, agent),
        dialed_in_vain=agent.dialed_in_vain,
    )


def _dial_state(state: State, agent: Agent) -> AttemptState | None:
    """Where a caller is who is called back."""
    callback = state.callbacks.get(state.calling.get(agent.dialing) or "")
    if callback is None:
        return None
    is_there = any(call.callback == callback.id for call in state.calls.values())
    if is_there:
        return AttemptState.FOR_AGENT
    return AttemptState.RINGING if callback.ringing_at else AttemptState.PLACED


def agents_view(state: State) -> tuple[AgentView, ...]:
    """All agents, signed in or not, in the order they were configured."""
    return tuple(view_of_agent(state, agent) for agent in state.agents.values())


def call_view(state: State, call_id: CallId) -> CallView | None:
    """This call now; None when it is not live."""
    call = state.calls.get(call_id)
    return None if call is None or call.state is CallState.ENDED else view_of_call(call)


def view_of_call(call: Call) -> CallView:
    """The view of a call at hand."""
    return CallView(
        id=call.id,
        state=call.state,
        place=call.place,
        arrived_at=call.arrived_at,
        caller_number=call.caller_number,
        dialed_number=call.dialed_number,
        customer=call.customer,
        tier=call.tier,
        flow=call.flow,
        node=call.node,
        choices=call.choices,
        queue=call.queue,
        queued_at=call.queued_at,
        rule=call.rule,
        rules_version=call.rules_version,
        weight=call.treatment.weight * call.weight,
        intent=str(call.attributes.get(INTENT, "")),
        offers=call.offers,
        agent=call.agent,
        answered_at=call.answered_at,
        connected_at=call.connected_at,
        overflowed=call.overflowed,
        via_fallback=call.via_fallback,
        campaign=call.campaign,
        attempt=call.attempt,
        returned=call.returned,
        contact=call.contact,
    )


def live_calls(state: State) -> Iterator[Call]:
    """Every call that has not ended."""
    return (call for call in state.calls.values() if call.state is not CallState.ENDED)


def calls_view(
    state: State,
    *,
    limit: int,
    after: CallPosition | None = None,
    queue: QueueId = "",
    call_state: CallState | None = None,
) -> CallPage:
    """One page of live calls, the earliest arrival first.

    ``after`` is the ``CallPage.after`` of the page before. ``queue`` and ``call_state`` narrow it.
    ``limit`` is cut to between 1 and ``CALLS_PER_PAGE_MAX``.
    """
    limit = max(1, min(limit, CALLS_PER_PAGE_MAX))
    start = (after.arrived_at, after.call) if after is not None else (float("-inf"), "")
    wanted = (
        (call.arrived_at, call.id)
        for call in live_calls(state)
        if (call.arrived_at, call.id) > start
        and (not queue or call.queue == queue)
        and (call_state is None or call.state is call_state)
    )
    found = heapq.nsmallest(limit + 1, wanted)
    page = tuple(view_of_call(state.calls[key]) for _, key in found[:limit])
    last = CallPosition(*found[limit - 1]) if len(found) > limit else None
    return CallPage(calls=page, after=last)


class _Tally:
    """Counts of one queue while the state is walked over."""

    __slots__ = ("agents", "callbacks", "calls", "since", "tiers")

    def __init__(self) -> None:
        self.agents: dict[AgentState, int] = dict.fromkeys(AgentState, 0)
        self.calls: dict[CallState, int] = dict.fromkeys(CallState, 0)
        self.tiers: dict[Tier, int] = dict.fromkeys(Tier, 0)
        self.since = 0.0
        self.callbacks = 0

    def view(self, state: State, queue: QueueId) -> QueueView:
        agents, calls = self.agents, self.calls
        ringing = agents[AgentState.RESERVED] + agents[AgentState.RINGING]
        return QueueView(
            id=queue,
            waiting=calls[CallState.WAITING] + calls[CallState.OFFERED],
            waiting_by_tier=self.tiers,
            longest_waiting_since=self.since,
            offered=calls[CallState.OFFERED],
            connected=calls[CallState.CONNECTED],
            in_fallback=calls[CallState.IN_FALLBACK],
            signed_in=(
                agents[AgentState.READY]
                + ringing
                + agents[AgentState.TALKING]
                + agents[AgentState.WRAP_UP]
                + agents[AgentState.NOT_READY]
            ),
            ready=agents[AgentState.READY],
            ringing=ringing,
            talking=agents[AgentState.TALKING],
            wrap_up=agents[AgentState.WRAP_UP],
            not_ready=agents[AgentState.NOT_READY],
            callbacks=self.callbacks,
            today=_today(state, queue),
            switch=state.switches.get(queue),
        )


def _today(state: State, queue: QueueId) -> QueueToday:
    counts = today(state, queue)
    over = counts.answered + counts.abandoned
    return QueueToday(
        answered=counts.answered,
        in_time=counts.in_time,
        abandoned=counts.abandoned,
        service_level=counts.in_time / over if over else 1.0,
        target_s=state.queues[queue].target_s,
    )


_WAITS = (CallState.WAITING, CallState.OFFERED)


def queues_view(state: State) -> tuple[QueueView, ...]:
    """All queues of the settings, in their order.

    A queue that only a call still knows, taken out of the settings while it waited, is left out.
    """
    tallies = {queue: _Tally() for queue in state.queues}
    for call in state.calls.values():
        tally = tallies.get(call.queue)
        if tally is None:
            continue
        tally.calls[call.state] += 1
        if call.state in _WAITS:
            tally.tiers[call.tier] += 1
            if tally.since == 0.0 or call.queued_at < tally.since:
                tally.since = call.queued_at
    for callback in state.callbacks.values():
        if callback.queue in tallies:
            tallies[callback.queue].callbacks += 1
    for agent in state.agents.values():
        for queue in agent.queues if not agent.campaign else ():
            tally = tallies.get(queue)
            if tally is not None:
                tally.agents[agent.state] += 1
    return tuple(tally.view(state, queue) for queue, tally in tallies.items())


def queue_view(state: State, queue_id: QueueId) -> QueueView | None:
    """This queue now; None when the settings have none of that id."""
    return next((view for view in queues_view(state) if view.id == queue_id), None)


def board(state: State, *, calls_limit: int = CALLS_PER_PAGE_MAX) -> Board:
    """Everything a supervisor's board shows, with at most ``calls_limit`` calls."""
    return Board(
        at=state.now,
        position=state.position,
        links=state.links.as_dict(),
        queues=queues_view(state),
        agents=agents_view(state),
        calls=calls_view(state, limit=calls_limit).calls,
        calls_total=len(state.calls) - calls_by_state(state)[CallState.ENDED],
        campaigns=campaigns_view(state),
        mishaps=mishaps_view(state),
    )


def calls_by_state(state: State) -> dict[CallState, int]:
    """How many calls are in each state, states without a call included."""
    counts = dict.fromkeys(CallState, 0)
    for call in state.calls.values():
        counts[call.state] += 1
    return counts


def agents_by_state(state: State) -> dict[AgentState, int]:
    """How many agents are in each state, states without an agent included."""
    counts = dict.fromkeys(AgentState, 0)
    for agent in state.agents.values():
        counts[agent.state] += 1
    return counts
