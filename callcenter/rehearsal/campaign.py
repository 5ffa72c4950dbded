"""Rehearses a campaign: people made after its past, its own list and team, the production machine.

It is played as it is and with a change, on the same seeds: the same people at the same try are
there or not, talk as long, and are dialed as the machine decides.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from callcenter.domain.agent import AgentProfile
from callcenter.domain.campaign import CampaignSettings, Pacing
from callcenter.domain.history import CampaignPast
from callcenter.domain.ids import AgentId, ContactId
from callcenter.domain.records import FaultRecord
from callcenter.domain.rehearsal import (
    CampaignRehearsalResult,
    Change,
    Progress,
    RehearsalFailed,
)
from callcenter.rehearsal.campaign_figures import Played, compare
from callcenter.rehearsal.dialing_floor import (
    LINGER_S,
    READING_S,
    Campaigning,
    DialingFloor,
    Tally,
    Work,
)
from callcenter.rehearsal.people import People, fit_people
from callcenter.rehearsal.staff import draw_duties
from callcenter.rehearsal.stage import Presence
from callcenter.rehearsal.traffic import Staffing
from callcenter.rehearsal.working_time import Span, common, cut, duty_spans, open_spans, union
from callcenter.service.campaign_plan import CampaignPlan
from dialer.campaign_pacing import PacingState, legal_window
from dialer.compliance import Past, lawful_window, looks_back_s

CALLS_MAX = 60_000
"""Calls played in all, one or two minutes. Of a campaign that brings more only the first hours are
played."""
HOURS_MAX = 1_000.0
"""Hours of work played in all: the pacer decides every 1.5 s, with somebody to dial or without."""
SHORTEST_H = 0.25
TIMES_CALLS = 4
"""A change may bring so many times the calls; beyond that it ends early."""
FEW_AGENTS = 8
"""With fewer predictive dialing gains little."""
EXTRA = "rehearsed-{}"
"""The name of a colleague whom the change asks for and the center does not have."""

OnProgress = Callable[[Progress], None]


class Way(Struct, frozen=True):
    """How the campaign is run."""

    settings: CampaignSettings
    agents: tuple[AgentProfile, ...]


def rehearse_campaign(
    past: CampaignPast, plan: CampaignPlan, on_progress: OnProgress = lambda progress: None
) -> CampaignRehearsalResult:
    """What would come of it. Raises ``RehearsalFailed``."""
    on_progress(Progress(0.0, "fitting"))
    people = fit_people(past)
    notes = list(people.notes)
    rehearsal = _Rehearsal(past, plan, people, notes)
    ways = rehearsal.ways
    current: list[Tally] = []
    new: list[Tally] = []
    first = rehearsal.pilot()
    on_progress(Progress(1.0 / (len(ways) * plan.seeds), "playing"))
    for seed in range(1, plan.seeds + 1):
        for played, way in zip((current, new), ways, strict=False):
            is_first = seed == 1 and way is ways[0]
            played.append(first if is_first else rehearsal.play(way, seed))
            done = len(current) + len(new)
            on_progress(Progress(done / (len(ways) * plan.seeds), "playing"))
    rehearsal.tell_end(current, new)
    changed = ways[1] if len(ways) > 1 else None
    return CampaignRehearsalResult(
        begin=rehearsal.spans[0][0],
        hours=math.fsum(end - begin for begin, end in rehearsal.spans) / 3600.0,
        seeds=plan.seeds,
        agents=len(ways[0].agents),
        new_agents=None if changed is None else len(changed.agents),
        cap=legal_window(ways[0].settings).cap,
        new_cap=None if changed is None else legal_window(changed.settings).cap,
        contacts=past.left,
        figures=compare([_told(one) for one in current], [_told(one) for one in new]),
        attempts_fitted=people.attempts,
        days_fitted=people.days,
        notes=tuple(notes),
    )


class _Rehearsal:
    """One rehearsal. Made, it knows what is played, and has told what was assumed."""

    def __init__(
        self, past: CampaignPast, plan: CampaignPlan, people: People, notes: list[str]
    ) -> None:
        self._past, self._plan, self._people, self._notes = past, plan, people, notes
        self._pasts = _pasts_of(past, plan.campaign.settings)
        team = _team_of(past, plan, notes)
        self.ways = _ways_of(plan, team)
        self._tell_limits()
        self._duties = self._duties_of(team)
        hours = min(plan.hours, HOURS_MAX / (len(self.ways) * plan.seeds))
        if hours < plan.hours:
            notes.append(f"Only the first {hours:g} hours were played: more would take too long.")
        self.spans = self._spans(hours)
        self._calls_max = max(1, CALLS_MAX // (len(self.ways) * plan.seeds))

    def pilot(self) -> Tally:
        """The first of all; how much it brings says how many hours can be played."""
        first = self.play(self.ways[0], 1, self._calls_max)
        if not first.was_cut:
            return first
        quarters = math.floor(first.worked_s / 3600.0 / SHORTEST_H)
        hours = max(SHORTEST_H, quarters * SHORTEST_H)
        self.spans = cut(self.spans, hours)
        self._notes.append(
            f"Only the first {hours:g} hours were played: there are so many calls that all of it"
            " would take too long."
        )
        return self.play(self.ways[0], 1)

    def play(self, way: Way, seed: int, calls_max: int = 0) -> Tally:
        """The campaign run this way on this seed."""
        plan = self._plan
        dialed = Campaigning(
            plan.center,
            replace(plan.campaign, settings=way.settings),
            _copy(plan.pacing),
            self._people,
            self._past.contacts,
            {contact: list(pasts) for contact, pasts in self._pasts.items()},
        )
        work = Work(
            self.spans[0][0],
            self.spans,
            self._presences(way),
            seed,
            calls_max or TIMES_CALLS * self._calls_max,
        )
        return DialingFloor(dialed, way.agents, work).play()

    def _spans(self, hours: float) -> list[Span]:
        """The hours of work to be played."""
        past, settings = self._past, self._plan.campaign.settings
        if not past.contacts:
            raise RehearsalFailed("There is nobody left to be dialed: import a list first.")
        window = lawful_window(settings.window, settings.terms)
        zones = tuple({one.zones: None for one in past.contacts})
        begin = max(self._plan.now, settings.starts_at)
        if self._duties:
            every = open_spans(window, zones, begin, math.inf)
            spans = cut(common(union(self._duties.values()), every), hours)
        else:
            spans = open_spans(window, zones, begin, hours)
        if settings.ends_at:
            spans = common(spans, [(begin, settings.ends_at)]) if settings.ends_at > begin else []
        if not spans:
            raise RehearsalFailed(
                "Nobody on the list may be called at a time in which its agents work: look at the"
                " calling window, the campaign's times and the shifts."
            )
        return spans

    def _duties_of(self, team: Sequence[AgentProfile]) -> dict[AgentId, list[Span]]:
        """By their shifts, where there are any for these."""
        past, plan = self._past, self._plan
        known = {one.id: None for one in team}
        shifts = tuple(shift for shift in past.shifts if shift.agent in known)
        if not shifts:
            self._notes.append(
                "There are no shifts of its agents: all of them are taken to be at work whenever"
                " somebody on the list may be called."
            )
            return {}
        staffing = Staffing("shifts", shifts=shifts)
        zone = ZoneInfo(plan.center.time_zone)

        begin = max(plan.now, plan.campaign.settings.starts_at)
        return duty_spans(lambda day: draw_duties(staffing, 1, day), begin, zone)

    def _presences(self, way: Way) -> list[Presence]:
        """Who is at work when; who is not of the team has the shifts of one who is."""
        every = list(self._duties.values())
        found: list[Presence] = []
        for number, agent in enumerate(way.agents):
            spans = self.spans
            if every:
                own = self._duties.get(agent.id, every[number % len(every)])
                spans = common(own, self.spans)
            found += (Presence(agent.id, begin, end + LINGER_S) for begin, end in spans)
        return found

    def _tell_limits(self) -> None:
        past, notes, settings = self._past, self._notes, self._plan.campaign.settings
        if past.left > len(past.contacts):
            notes.append(
                f"Of {past.left} contacts {len(past.contacts)} were played, those that come first:"
                " more than can be dialed in that time."
            )
        if past.without_consent:
            notes.append(
                f"{past.without_consent} contacts may not be called for want of their consent, and"
                " were left out."
            )
        if settings.blended:
            notes.append(
                "Calls that come in were not rehearsed: its agents had only this campaign."
            )
        for way in self.ways:
            if way.settings.pacing is Pacing.PREVIEW:
                notes.append(f"Agents are taken to read each card for {READING_S:.0f} s.")
            few = len(way.agents) < FEW_AGENTS
            if few and way.settings.pacing is Pacing.PREDICTIVE:
                notes.append(
                    f"With {len(way.agents)} agents predictive dialing gains little and risks the"
                    " cap."
                )
        rung = [way.settings.ring_s for way in self.ways]
        if max(rung) > rung[0]:
            notes.append(
                f"How people answer who let it ring for longer than {rung[0]:.0f} s is not known:"
                " they are taken to answer as before that."
            )

    def tell_end(self, current: Sequence[Tally], new: Sequence[Tally]) -> None:
        """What is to be known of how it went."""
        plays = (*current, *new)
        faults: list[FaultRecord] = [fault for one in plays for fault in one.faults]
        if any(one.was_cut for one in plays):
            self._notes.append(
                "Some of the plays ended early, because they brought so many more calls."
            )
        if any(one.finished_h is None for one in plays):
            hours = math.fsum(end - begin for begin, end in self.spans) / 3600.0
            self._notes.append(
                f"The list is not worked through within {hours:g} hours of work, or not on every"
                " seed: rehearse more hours to learn when. Retries take their time."
            )
        if any(one.tried_all_h is not None and one.finished_h is None for one in plays):
            self._notes.append(
                "Everybody was dialed before the end: then agents waited for retries to come due,"
                " which is in how busy they are and in the calls an hour."
            )
        if faults:
            self._notes.append(
                f"The machine noted {len(faults)} faults while it played, the first of them:"
                f" {faults[0].kind}: {faults[0].detail}."
            )


def _told(one: Tally) -> Played:
    return Played(
        one.seconds,
        one.conversations,
        one.placed,
        one.people,
        one.dropped,
        len(one.reached),
        one.tried,
        one.tried_all_h,
        one.finished_h,
        one.worked_s / 3600.0,
    )


def _copy(pacing: PacingState | None) -> PacingState | None:
    """Each play changes its own."""
    if pacing is None:
        return None
    return msgspec.msgpack.decode(msgspec.msgpack.encode(pacing), type=PacingState)


def _pasts_of(past: CampaignPast, settings: CampaignSettings) -> dict[ContactId, list[Past]]:
    """What caps may count of each contact, where the terms have any."""
    back_s = looks_back_s(settings.terms)
    found: dict[ContactId, list[Past]] = {}
    for one in past.attempts if back_s else ():
        if one.placed_at >= past.until - back_s:
            found.setdefault(one.contact, []).append(
                Past(one.placed_at, "", one.result, f"contact {one.contact}")
            )
    return found


# --- who works, and what is changed ---------------------------------------------------------------


def _team_of(past: CampaignPast, plan: CampaignPlan, notes: list[str]) -> tuple[AgentProfile, ...]:
    """Who works for it now, or did last, or might."""
    profiles = {one.id: one for one in plan.agents}
    if plan.team:
        return tuple(profiles[agent] for agent in plan.team)
    zone = ZoneInfo(plan.center.time_zone)
    talked = [one for one in past.attempts if one.agent in profiles]
    if talked:
        last = datetime.fromtimestamp(talked[-1].placed_at, zone).date()
        team = {
            one.agent: None
            for one in talked
            if datetime.fromtimestamp(one.placed_at, zone).date() == last
        }
        notes.append(
            f"Nobody works for it now: the {len(team)} agents were taken who did on {last}."
        )
        return tuple(profiles[agent] for agent in team)
    if not plan.agents:
        raise RehearsalFailed("There are no agents: give accounts the role agent.")
    notes.append(
        f"Nobody has worked for it yet: all {len(plan.agents)} agents of the center were taken. Say"
        " how many there will be."
    )
    return plan.agents


def _ways_of(plan: CampaignPlan, team: tuple[AgentProfile, ...]) -> tuple[Way, ...]:
    """As it is, and with the change if one was asked for."""
    settings, change = plan.campaign.settings, plan.change
    if settings.ends_at and settings.ends_at <= plan.now:
        raise RehearsalFailed("The campaign's time is over: set a later end, or none.")
    current = Way(settings, team)
    if change == Change():
        return (current,)
    wanted = len(team) if change.agents is None else change.agents
    count = wanted - change.without
    if count < 1:
        raise RehearsalFailed(f"Of {wanted} agents {change.without} leave: nobody is left.")
    more = [
        AgentProfile(EXTRA.format(number), team[0].queues) for number in range(len(team), count)
    ]
    changed = {
        name: value
        for name in ("pacing", "lines_per_agent", "drop_cap", "ring_s", "max_lines")
        if (value := getattr(change, name)) is not None
    }
    if change.pacing is not None and change.pacing is not Pacing.POWER:
        changed["lines_per_agent"] = 1.0
    return (current, Way(replace(settings, **changed), (*team, *more)[:count]))
