"""Whether the law and the center's own caps let a number be dialed now, and if not, until when.

A **legal profile** says what a country's rule asks of a campaign; **caps** say how often a person,
a number or an account may be tried, or talked with, within a rolling time, whichever campaign did
it. What is counted is a history of all campaigns, which whoever asks hands over.

Not here: do-not-call lists and consent (who refuses is not among the candidates at all), and the
share of abandoned calls, which the pacer holds (``dialer.pacing``). No legal advice: the profiles
are what the rules say as far as we read them, and counsel has the last word.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from callcenter.domain.attempt import AttemptResult
from callcenter.domain.campaign import CallingWindow, Terms
from callcenter.domain.campaign import Cap as Cap
from callcenter.domain.campaign import Counting as Counting
from callcenter.domain.campaign import Of as Of
from dialer.pacing.budget import LegalWindow
from dialer.window import Schedule, is_open, next_opening

RING_FLOOR_S = 15.0
"""16 CFR 310.4(b)(4)(ii): 15 seconds or four rings before a call is given up."""
HOUR_S = 3600.0
DAY_S = 86_400.0
STEPS_MAX = 64
"""Rules that block one after the other until the number is free; each is passed at least once a
week, so more means that they never leave a gap."""
CONVERSATIONS = (AttemptResult.CONNECTED,)
UNCOUNTED = (AttemptResult.CONGESTION, AttemptResult.FAILED, AttemptResult.UNCOUNTED)
"""The trunk's fault: nothing rang at the person."""


class ClockStart(StrEnum):
    """From when the time runs within which a person must have an agent."""

    ANSWER = "answer"
    GREETING_END = "greeting_end"
    """The end of what the called person says first."""


class LegalProfile(Struct, frozen=True):
    """What a country's rule asks of a campaign."""

    name: str
    abandoned: LegalWindow
    """The share abandoned at most, and the time over which it is counted."""
    hours: Schedule
    """When the law lets people be called; the campaign's own hours are within them or besides."""
    clock_from: ClockStart = ClockStart.GREETING_END
    connect_s: float = 2.0
    """So soon after that a person has an agent, or is abandoned."""
    ring_floor_s: float = RING_FLOOR_S
    """How long a phone rings at least, counted from RINGING."""
    message: bool = True
    """Who is abandoned hears who called."""
    cool_down_s: float = 0.0
    """So long an abandoned number is not dialed, unless an agent is reserved for the call."""


EVERY_DAY = tuple(range(7))

US_TSR = LegalProfile(
    "us-tsr",
    LegalWindow(cap=0.03, length_s=30 * DAY_S),
    Schedule((CallingWindow(8 * 60, 21 * 60, EVERY_DAY),)),
)
"""16 CFR 310.4(b)(4) and (c)."""
UK_OFCOM = LegalProfile(
    "uk-ofcom",
    LegalWindow(cap=0.03, length_s=DAY_S, is_rolling=True),
    Schedule((CallingWindow(8 * 60, 21 * 60, EVERY_DAY),)),
    cool_down_s=72 * HOUR_S,
)
"""Ofcom's statement of 2016: no share is fine as such any more, and no hours are named; 3 % a day
and these hours are what firms keep to."""
PROFILES = {profile.name: profile for profile in (US_TSR, UK_OFCOM)}
NO_PROFILE = LegalProfile(
    "",
    LegalWindow(cap=1.0, length_s=DAY_S),
    Schedule((CallingWindow(0, 24 * 60, EVERY_DAY),)),
    ring_floor_s=0.0,
    message=False,
)
"""Of a campaign that names none: only its own settings hold."""


def profile_of(terms: Terms) -> LegalProfile:
    """The legal profile that these terms name. A name that nobody knows any more is the strictest
    known, not none."""
    return PROFILES.get(terms.legal, UK_OFCOM) if terms.legal else NO_PROFILE


def looks_back_s(terms: Terms) -> float:
    """How far back the history must reach, in seconds; 0.0: nobody asks about it."""
    return max([profile_of(terms).cool_down_s, *(cap.within_s for cap in terms.caps)])


def lawful_window(window: CallingWindow, terms: Terms) -> CallingWindow:
    """The campaign's calling window as far as the legal profile opens it too.

    It is open at no time where they have no minute in common.
    """
    if not terms.legal:
        return window
    (legal,) = profile_of(terms).hours.windows
    days = tuple(day for day in window.weekdays if day in legal.weekdays)
    return replace(
        window,
        opens=max(window.opens, legal.opens),
        closes=min(window.closes, legal.closes),
        weekdays=days,
    )


class Target(Struct, frozen=True):
    """Who would be dialed."""

    number: str
    """E.164."""
    zones: tuple[str, ...]
    """Every zone it may lie in, or the contact's own (``dialer.window.zones_of``)."""
    person: str = ""
    """Empty: not known, and caps by person do not apply."""
    account: str = ""
    holidays: tuple[str, ...] = ()
    """Calendars of the place where the person lives."""
    agent_reserved: bool = False
    """An agent waits for this very call, so that it cannot be abandoned."""


class Past(Struct, frozen=True):
    """An attempt of any campaign; one that is still under way has no result."""

    at: float
    """When it was placed, UTC seconds."""
    number: str
    result: AttemptResult | None = None
    person: str = ""
    account: str = ""


class History(Struct, frozen=True):
    """What was done with this person, number or account before."""

    attempts: tuple[Past, ...] = ()
    """In any order; others' attempts among them do no harm."""
    complete_from: float = 0.0
    """Attempts before this time may be missing: the history is bounded."""


class Refusal(StrEnum):
    """Why a number may not be dialed now."""

    LEGAL_HOURS = "legal_hours"
    CAMPAIGN_HOURS = "campaign_hours"
    ABANDONED = "abandoned"
    """Was abandoned lately and has a time of rest."""
    CAP = "cap"
    HISTORY_TOO_SHORT = "history_too_short"
    """A cap or a rest looks back further than what is known."""


class Allowed(Struct, frozen=True):
    """It may be dialed now."""


class NotNow(Struct, frozen=True):
    """It may not be dialed now."""

    refusal: Refusal
    """The first rule that is in the way."""
    until: float
    """Nothing is in the way from then on, if nobody dials until then; 0.0: nobody can say when."""
    cap: Cap | None = None
    """Which one, where it is a cap."""

    def sentence(self) -> str:
        """Why not, in words."""
        if self.cap is not None:
            return (
                f"{self.cap.most} {self.cap.counting.value} within "
                f"{self.cap.within_s / HOUR_S:g} hours are allowed for each {self.cap.of.value}"
            )
        return {
            Refusal.LEGAL_HOURS: "the law does not let people be called at this time of day there",
            Refusal.CAMPAIGN_HOURS: "the campaign does not call at this time of day there",
            Refusal.ABANDONED: "this number found no agent lately and is left alone",
            Refusal.CAP: "a cap is reached",
            Refusal.HISTORY_TOO_SHORT: "too little is known of earlier calls to be sure",
        }[self.refusal]


def may_dial(
    target: Target,
    profile: LegalProfile,
    hours: CallingWindow | Schedule,
    caps: Iterable[Cap],
    history: History,
    now: float,
) -> Allowed | NotNow:
    """Whether this number may be dialed at ``now`` (UTC seconds) by a campaign with these hours."""
    every_cap = tuple(caps)
    first = _in_the_way(target, profile, hours, every_cap, history, now)
    if first is None:
        return Allowed()
    found: NotNow | None = first
    until = now
    for _ in range(STEPS_MAX):
        if found is None:
            return NotNow(first.refusal, until, first.cap)
        if found.until <= until:  # 0.0: it never ends
            break
        until = found.until
        found = _in_the_way(target, profile, hours, every_cap, history, until)
    return NotNow(first.refusal, 0.0, first.cap)


def _in_the_way(
    target: Target,
    profile: LegalProfile,
    hours: CallingWindow | Schedule,
    caps: tuple[Cap, ...],
    history: History,
    at: float,
) -> NotNow | None:
    """The first rule that forbids it at this time, and until when that rule alone does."""
    for refusal, schedule in (
        (Refusal.LEGAL_HOURS, profile.hours),
        (Refusal.CAMPAIGN_HOURS, hours),
    ):
        if not is_open(schedule, target.zones, at, target.holidays):
            return NotNow(refusal, next_opening(schedule, target.zones, at, target.holidays))
    return _rest(target, profile, history, at) or _capped(target, caps, history, at)


def _rest(target: Target, profile: LegalProfile, history: History, at: float) -> NotNow | None:
    """Whether the number has its rest after it was abandoned."""
    rest_s = profile.cool_down_s
    if not rest_s or target.agent_reserved:
        return None
    abandoned = [
        past.at + rest_s
        for past in history.attempts
        if past.result is AttemptResult.DROPPED and past.number == target.number
    ]
    until = max(abandoned, default=0.0)
    if until > at:
        return NotNow(Refusal.ABANDONED, until)
    return _if_too_short(history, rest_s, at)


def _capped(target: Target, caps: tuple[Cap, ...], history: History, at: float) -> NotNow | None:
    """The first cap that is reached."""
    for cap in caps:
        wanted = _name(target, cap.of)
        if not wanted:
            continue
        ends = sorted(
            past.at + cap.within_s
            for past in history.attempts
            if _name(past, cap.of) == wanted and _counts(past, cap.counting)
        )
        if len(ends) >= cap.most and ends[-cap.most] > at:
            return NotNow(Refusal.CAP, ends[-cap.most], cap)
        unsure = _if_too_short(history, cap.within_s, at)
        if unsure is not None:
            return unsure
    return None


def _if_too_short(history: History, within_s: float, at: float) -> NotNow | None:
    known_from = history.complete_from + within_s
    too_short = history.complete_from > 0.0 and known_from > at
    return NotNow(Refusal.HISTORY_TOO_SHORT, known_from) if too_short else None


def _name(one: Target | Past, of: Of) -> str:
    return {Of.PERSON: one.person, Of.NUMBER: one.number, Of.ACCOUNT: one.account}[of]


def _counts(past: Past, counting: Counting) -> bool:
    """One under way counts as what it may become."""
    if past.result is None:
        return True
    if counting is Counting.CONVERSATIONS:
        return past.result in CONVERSATIONS
    return past.result not in UNCOUNTED


def give_up_from(profile: LegalProfile, ring_s: float, ringing_at: float) -> float | None:
    """When a call that is not answered may be given up; None while it has not rung.

    Counted from RINGING: the time until the network finds the phone is no ringing.
    """
    return ringing_at + max(ring_s, profile.ring_floor_s) if ringing_at else None


def connect_by(profile: LegalProfile, answered_at: float, greeting_end_at: float) -> float | None:
    """Until when a person must have an agent; None while the clock does not run yet.

    Times are 0.0 for "not yet".
    """
    starts = answered_at if profile.clock_from is ClockStart.ANSWER else greeting_end_at
    return starts + profile.connect_s if starts else None
