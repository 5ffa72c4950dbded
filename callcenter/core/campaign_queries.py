"""Reads of campaigns for screens, with the sentence that says why a campaign places no call.

As in ``queries``: one pass over what is shown, nothing is changed, all fields always in the JSON,
times are UTC seconds, 0.0 for "not yet".
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct

from callcenter.core import amd
from callcenter.core.state import IN_FLIGHT, State, trunk_key
from callcenter.core.trunks import hindrances, trunks_of
from callcenter.domain.agent import AgentState
from callcenter.domain.attempt import AttemptResult, AttemptState
from callcenter.domain.campaign import (
    Campaign,
    CampaignSettings,
    CampaignState,
    ListCounts,
    ReturnCounts,
)
from callcenter.domain.ids import CampaignId
from dialer.breaker import pause
from dialer.campaign_pacing import PacingState, begin
from dialer.pacing.decision import Because
from dialer.trunk import IDLE, Hindrance


class Silence(StrEnum):
    """Why a campaign places no call just now."""

    NONE = ""
    """It does."""
    DRAFT = "draft"
    PAUSED = "paused"
    DRAINING = "draining"
    FINISHED = "finished"
    JOURNAL_BLOCKED = "journal_blocked"
    """Whoever is dialed would be forgotten with this process."""
    PBX_DOWN = "pbx_down"
    NOT_YET = "not_yet"
    """Its time has not begun."""
    NO_AGENTS = "no_agents"
    NO_LINES = "no_lines"
    TRUNK_REFUSES = "trunk_refuses"
    TRUNK_FULL = "trunk_full"
    NOBODY_READY = "nobody_ready"
    AGENTS_BUSY = "agents_busy"
    PREVIEWING = "previewing"
    """Agents read the cards of those who are next."""
    EMPTY_LIST = "empty_list"
    WINDOW_CLOSED = "window_closed"
    RETRIES_LATER = "retries_later"
    CAPPED = "capped"
    NO_CONSENT = "no_consent"
    DNC = "dnc"
    ALL_DONE = "all_done"
    LOOKING = "looking"
    """The database is being asked who is next."""


class DropMeter(Struct, frozen=True):
    """The dropped calls in the legal window, against its cap."""

    cap: float
    """Share of the people who answered that may be dropped."""
    window_s: float
    is_rolling: bool
    """The window reaches back from now; else one follows the other."""
    answered: int
    dropped: int
    rate: float
    """Of those who answered in the window; 0.0 while nobody has."""
    left: int
    """How many more may be dropped just now."""


class PacingView(Struct, frozen=True):
    """The pacer's last decision and its numbers. Chances are from 0.0 to 1.0."""

    sentence: str
    because: Because
    placed: int
    free: int
    waiting: int
    in_flight: int
    expected_people: float
    expected_free: float
    chance: float
    price: float
    """The chance accepted; 0.0: this strategy knows none."""
    kept: int


class AmdView(Struct, frozen=True):
    """How answering machine detection did, in the agents' word."""

    people: int
    """Calls that it passed for people, and an agent judged."""
    wrong_people: float
    """Of these, the share of machines and assistants."""
    machines: int
    """Calls that it took for machines, and an agent heard and judged all the same."""
    wrong_machines: float
    """Of these, the share of people."""
    taken_for_machines: float
    """Of all people who answered, the share taken for machines: an estimate, 0.0 while no machine
    was judged."""


class CampaignView(Struct, frozen=True):
    """One campaign, as screens show it."""

    id: CampaignId
    name: str
    state: CampaignState
    since: float
    changed_by: str
    """Who brought it into this state; empty: it came about by itself."""
    silence: str
    """Why no call is placed just now, one sentence; empty while calls are placed."""
    silence_code: Silence
    dialing: int
    """Placed, not ringing yet."""
    ringing: int
    screening: int
    """Answered; detection listens whether a person speaks."""
    waiting: int
    """People who wait for an agent: a second at most."""
    talking: int
    dropping: int
    """People who hear the safe-harbour message."""
    recording: int
    """Machines that are left a message, or whose greeting is waited out for that."""
    returning: int
    """Contacts who call back and are on the line, those who talk included."""
    returns: ReturnCounts
    """Contacts who called back, and have hung up."""
    agents: int
    """Whom it counts on, at whatever: each agent is counted at one campaign."""
    agents_elsewhere: int
    """Who works for it besides, and is counted at another of their campaigns just now."""
    agents_ready: int
    """Ready, with an open line."""
    agents_talking: int
    agents_wrap_up: int
    lines_open: int
    placed: int
    """Attempts so far."""
    people: int
    """Of these, answered by a person."""
    results: dict[AttemptResult, int]
    """Ended attempts by result, all results."""
    messages: int
    """Messages left on machines."""
    drop_rate: float
    """Dropped people / people answered; 0.0 while nobody has answered."""
    amd: AmdView
    hopper: int
    """Contacts fetched to be dialed next."""
    previews: int
    """Agents who read the card of somebody to be dialed or skipped."""
    skips: int
    """How often agents have skipped somebody so far."""
    counts: ListCounts
    pacing: PacingView | None
    """Why so many calls are placed; None before the first decision."""
    drops: DropMeter
    talk_share: float
    """Part of the agents' time at work (talking, wrap-up, ready) that they talked; 0.0: no time
    yet."""
    idle_s: float
    """How long an agent waited for a person, on average; 0.0: nobody was given one yet."""
    settings: CampaignSettings


class _Tally:
    """Agents of one campaign, and the machines that it has on the line."""

    __slots__ = (
        "agents",
        "elsewhere",
        "lines",
        "previews",
        "ready",
        "recording",
        "talking",
        "wrap_up",
    )

    def __init__(self) -> None:
        self.agents = self.lines = self.ready = self.talking = self.wrap_up = 0
        self.previews = self.elsewhere = self.recording = 0


def campaign_view(state: State, campaign_id: CampaignId) -> CampaignView | None:
    """This campaign now; None when there is none of that id."""
    campaign = state.campaigns.get(campaign_id)
    return None if campaign is None else _views(state, {campaign_id: campaign})[0]


def campaigns_view(state: State) -> tuple[CampaignView, ...]:
    """All campaigns, in the order they were made."""
    return _views(state, state.campaigns.as_dict())


def _views(state: State, campaigns: dict[CampaignId, Campaign]) -> tuple[CampaignView, ...]:
    if not campaigns:
        return ()
    tallies = {campaign_id: _Tally() for campaign_id in campaigns}
    phases = {campaign_id: dict.fromkeys(AttemptState, 0) for campaign_id in campaigns}
    for agent in state.agents.values():
        for name in agent.also_for:
            if name in tallies:
                tallies[name].elsewhere += 1
        tally = tallies.get(agent.campaign)
        if tally is None:
            continue
        leg = state.legs.get(agent.line) if agent.line is not None else None
        is_open = leg is not None and (leg.parked or bool(leg.bridge))
        tally.agents += 1
        tally.lines += is_open
        tally.ready += is_open and agent.state is AgentState.READY and agent.desktops > 0
        tally.talking += agent.state is AgentState.TALKING
        tally.wrap_up += agent.state is AgentState.WRAP_UP
        tally.previews += agent.preview is not None
    for attempt in state.attempts.values():
        if attempt.campaign in phases and attempt.leaves_message and amd.is_for_no_agent(attempt):
            tallies[attempt.campaign].recording += 1
        elif attempt.campaign in phases:
            phases[attempt.campaign][attempt.state] += 1
    returning = _returning(state)
    return tuple(
        _view(state, campaign, tallies[key], phases[key], returning.get(key, 0))
        for key, campaign in campaigns.items()
    )


def _returning(state: State) -> dict[CampaignId, int]:
    """How many contacts are on the line who call each campaign back."""
    found: dict[CampaignId, int] = {}
    for call in state.calls.values() if len(state.contacts_on_line) else ():
        if call.contact:
            found[call.returned] = found.get(call.returned, 0) + 1
    return found


def _view(
    state: State,
    campaign: Campaign,
    tally: _Tally,
    phase: dict[AttemptState, int],
    returning: int,
) -> CampaignView:
    is_quiet = not any(phase[one] for one in IN_FLIGHT)
    code = _silence(state, campaign, tally, is_quiet=is_quiet)
    known = state.pacings.get(campaign.settings.id) or begin(campaign.settings, state.now, 0, 0)
    hours = known.hours
    worked_s = math.fsum((hours.talking_s, hours.wrap_up_s, hours.idle_s))
    dropped = campaign.results.get(AttemptResult.DROPPED, 0)
    return CampaignView(
        id=campaign.settings.id,
        name=campaign.settings.name,
        state=campaign.state,
        since=campaign.since,
        changed_by=campaign.changed_by,
        silence=_sentence(state, code, campaign, tally),
        silence_code=code,
        dialing=phase[AttemptState.PLACED],
        ringing=phase[AttemptState.RINGING],
        screening=phase[AttemptState.SCREENING],
        waiting=phase[AttemptState.FOR_AGENT],
        talking=phase[AttemptState.CONNECTED],
        dropping=phase[AttemptState.DROPPED],
        recording=tally.recording,
        returning=returning,
        returns=campaign.returns,
        agents=tally.agents,
        agents_elsewhere=tally.elsewhere,
        agents_ready=tally.ready,
        agents_talking=tally.talking,
        agents_wrap_up=tally.wrap_up,
        lines_open=tally.lines,
        placed=campaign.placed,
        people=campaign.people,
        results={result: campaign.results.get(result, 0) for result in AttemptResult},
        messages=campaign.messages,
        drop_rate=dropped / campaign.people if campaign.people else 0.0,
        amd=AmdView(
            campaign.amd_counts.people,
            amd.wrong_people(campaign.amd_counts),
            campaign.amd_counts.machines,
            amd.wrong_machines(campaign.amd_counts),
            amd.taken_for_machines(campaign),
        ),
        hopper=len(campaign.hopper),
        previews=tally.previews,
        skips=campaign.skips,
        counts=campaign.counts,
        pacing=_pacing(known),
        drops=_drops(known),
        talk_share=hours.talking_s / worked_s if worked_s else 0.0,
        idle_s=hours.idle_s / hours.waits if hours.waits else 0.0,
        settings=campaign.settings,
    )


_BY_STATE = {
    CampaignState.DRAFT: Silence.DRAFT,
    CampaignState.PAUSED: Silence.PAUSED,
    CampaignState.DRAINING: Silence.DRAINING,
    CampaignState.FINISHED: Silence.FINISHED,
}


def _pacing(known: PacingState) -> PacingView | None:
    reason = known.reason
    if reason is None:
        return None
    return PacingView(
        sentence=reason.sentence(),
        because=reason.because,
        placed=known.placed,
        free=reason.free,
        waiting=reason.waiting,
        in_flight=reason.in_flight,
        expected_people=reason.expected_people,
        expected_free=reason.expected_free,
        chance=reason.chance,
        price=reason.price,
        kept=reason.kept,
    )


def _drops(known: PacingState) -> DropMeter:
    budget = known.learnt.budget
    answered, dropped = budget.answered, budget.abandoned
    return DropMeter(
        cap=budget.rule.cap,
        window_s=budget.rule.length_s,
        is_rolling=budget.rule.is_rolling,
        answered=round(answered),
        dropped=round(dropped),
        rate=dropped / answered if answered else 0.0,
        left=max(0, math.floor(budget.rule.cap * answered - dropped)),
    )


def _silence(state: State, campaign: Campaign, tally: _Tally, *, is_quiet: bool) -> Silence:
    """The first thing that stands in the way of the next call."""
    by_state = _BY_STATE.get(campaign.state)
    if by_state is not None:
        return by_state
    if state.now < campaign.settings.starts_at:
        return Silence.NOT_YET
    if state.blocked:
        return Silence.JOURNAL_BLOCKED
    if state.links.get(campaign.settings.pbx) is not True:
        return Silence.PBX_DOWN
    if not tally.agents:
        return Silence.NO_AGENTS
    if not tally.lines:
        return Silence.NO_LINES
    trunks = hindrances(state, campaign.settings, state.now)
    if all(why is Hindrance.TROUBLE for why in trunks):
        return Silence.TRUNK_REFUSES
    if not is_quiet:
        return Silence.NONE
    if not tally.ready:
        busy = tally.talking + tally.wrap_up
        return Silence.AGENTS_BUSY if busy else Silence.NOBODY_READY
    if all(why in (Hindrance.TROUBLE, Hindrance.FULL) for why in trunks):
        return Silence.TRUNK_FULL
    if tally.previews:
        return Silence.PREVIEWING
    return Silence.NONE if campaign.hopper else _why_empty(campaign)


def _why_empty(campaign: Campaign) -> Silence:
    """Nobody is left in the hopper: what the database said of the list."""
    counts = campaign.counts
    if campaign.refill or not counts.at:
        return Silence.LOOKING
    if not counts.total:
        return Silence.EMPTY_LIST
    if counts.closed:
        return Silence.WINDOW_CLOSED
    if counts.later:
        return Silence.CAPPED if counts.capped == counts.later else Silence.RETRIES_LATER
    if counts.due:
        return Silence.LOOKING
    if counts.no_consent:
        return Silence.NO_CONSENT
    return Silence.DNC if counts.dnc == counts.total else Silence.ALL_DONE


_BESIDES = {
    "capped": "{} of them called as often as they may be for the time being",
    "dnc": "{} on the do-not-call list",
    "no_consent": "{} did not agree to be called",
    "used_up": "{} with every attempt used",
}


def _besides(counts: ListCounts, **other: int) -> str:
    """What else keeps contacts from being dialed, with counts; ``other`` adds to it, or leaves
    out what was said already."""
    known = {"dnc": counts.dnc, "no_consent": counts.no_consent, "used_up": counts.used_up, **other}
    said = [text.format(known[name]) for name, text in _BESIDES.items() if known.get(name)]
    return f"; {', '.join(said)}" if said else ""


def _sentence(state: State, code: Silence, campaign: Campaign, tally: _Tally) -> str:
    """The reason in words, with counts."""
    counts, busy = campaign.counts, tally.talking + tally.wrap_up
    return {
        Silence.NONE: "",
        Silence.DRAFT: "Not started yet.",
        Silence.PAUSED: f"Paused by {campaign.changed_by}.",
        Silence.DRAINING: "Draining: no new calls, those under way go on.",
        Silence.FINISHED: "Finished: the last call is over.",
        Silence.JOURNAL_BLOCKED: "The journal cannot be written (is the disk full?): nobody is "
        "dialed until it can.",
        Silence.NOT_YET: "Its time has not begun yet.",
        Silence.PBX_DOWN: f"PBX {campaign.settings.pbx} cannot be reached.",
        Silence.NO_AGENTS: "Its agents are counted on by other campaigns now; shared: "
        f"{tally.elsewhere}."
        if tally.elsewhere
        else "No agent works for this campaign.",
        Silence.NO_LINES: f"None of the {tally.agents} agents has picked up the phone yet.",
        Silence.TRUNK_REFUSES: " ".join(_troubles(state, campaign.settings)),
        Silence.TRUNK_FULL: " ".join(
            [*_full(state, campaign.settings), *_troubles(state, campaign.settings)]
        ),
        Silence.NOBODY_READY: f"None of the {tally.agents} agents is ready.",
        Silence.AGENTS_BUSY: f"All agents are busy: {busy} of {tally.agents} talk or write up.",
        Silence.PREVIEWING: f"{tally.previews} of {tally.agents} agents read the card of who is "
        "next.",
        Silence.EMPTY_LIST: "The list is empty: import contacts.",
        Silence.WINDOW_CLOSED: f"{counts.closed} contacts are due, outside their calling window"
        f"{_besides(counts)}.",
        Silence.RETRIES_LATER: f"Nobody is due: {counts.later} contacts are to be tried later"
        f"{_besides(counts, capped=counts.capped)}.",
        Silence.CAPPED: f"Nobody may be called now: {counts.capped} contacts were called as often "
        f"as they may be for the time being{_besides(counts)}.",
        Silence.NO_CONSENT: f"Nobody is left who may be called: {counts.no_consent} contacts did "
        f"not agree to be called{_besides(counts, no_consent=0)}.",
        Silence.DNC: f"All {counts.dnc} contacts are on the do-not-call list.",
        Silence.ALL_DONE: f"Everybody was dialed: {counts.done} done, {counts.used_up} given up"
        f"{_besides(counts, used_up=0)}.",
        Silence.LOOKING: "Looking up who is next.",
    }[code]


def _troubles(state: State, settings: CampaignSettings) -> Iterator[str]:
    """What is wrong with each of the campaign's trunks that is in trouble."""
    for name in trunks_of(settings):
        trunk = state.trunks.get(trunk_key(settings.pbx, name)) or IDLE
        breaker = trunk.breaker
        if not breaker.is_open:
            continue
        what = (
            f"{breaker.refused} calls in a row were refused"
            if breaker.refused > breaker.empty
            else f"{breaker.empty} answers in a row were over at once"
        )
        yield (
            f"Trunk {name} is in trouble: {what}; {trunk.given_back} tries were given back. "
            f"One call tries it every {pause(breaker.failed):g} s."
        )


def _full(state: State, settings: CampaignSettings) -> Iterator[str]:
    """The campaign's trunks that carry all they may."""
    for name in trunks_of(settings):
        key = trunk_key(settings.pbx, name)
        limits, used = state.trunk_lines.get(key), state.on_trunk.get(key) or 0
        if limits is not None and limits.channels and used >= limits.channels:
            yield f"Trunk {name} is full: {used} calls are on its {limits.channels} channels."
