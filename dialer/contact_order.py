"""Whom to call next, and why; and why somebody is not called now.

The order: callbacks that are due (those of an agent who is ready, then those that anybody takes),
then campaign and list by priority, then the score (what the customer is worth times the chance to
reach them now), then who was tried longest ago. Scores that are much alike count as the same, so
that the last rule has a say. Nothing is drawn: equal to the last is ordered by the contact's id.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from callcenter.domain.callback import OWN_FOR_S
from callcenter.domain.campaign import CallingWindow
from callcenter.domain.ids import AgentId, CampaignId, ContactId
from dialer.contact_chance import Chances, Features, Part, chance, parts
from dialer.contact_history import Try, features_at
from dialer.window import Schedule, is_open, next_opening

OWN_AGENT_WAIT_S = OWN_FOR_S
ALIKE = 1.1
"""Scores within a tenth of each other count as the same: chances are not known better."""
SCORE_MIN = 1e-9
"""Of the logarithm; a contact worth nothing comes last."""


class Callback(Struct, frozen=True):
    """A call that a contact was promised."""

    at: float
    """When, UTC seconds."""
    agent: AgentId = ""
    """Who promised it; empty: anybody calls."""


class Candidate(Struct, frozen=True, omit_defaults=True):
    """A contact that is still to be called, now or later."""

    contact: ContactId
    campaign: CampaignId
    zones: tuple[str, ...]
    """Every zone the contact may be in, or its own (``dialer.window.zones_of``)."""
    holidays: tuple[str, ...] = ()
    """Calendars of the place where the contact lives."""
    campaign_priority: int = 0
    """More is earlier."""
    list_priority: int = 0
    value: float = 1.0
    """What it is worth to reach this customer, in whatever unit, the same for all."""
    callback: Callback | None = None
    not_before: float = 0.0
    """By the retry rules; a callback does not wait for it. 0.0: at once."""
    under_way: bool = False
    """Is being dialed or talks just now."""
    number_type: str = ""
    tries: tuple[Try, ...] = ()
    columns: Features = Features()
    """The declared columns of the contact's list."""


class Turn(StrEnum):
    """What brought a contact to its place, the first of them first."""

    OWN_CALLBACK = "own_callback"
    """A callback is due and the agent who promised it is ready."""
    CALLBACK = "callback"
    """A callback is due that anybody takes."""
    SCORE = "score"
    """By priority and score."""


class Wait(StrEnum):
    """Why a contact is not called now."""

    UNDER_WAY = "under_way"
    CALLBACK_LATER = "callback_later"
    OWN_AGENT = "own_agent"
    """The callback is due and its agent is busy, for the time being."""
    RETRY_LATER = "retry_later"
    WINDOW_CLOSED = "window_closed"
    NO_ZONE = "no_zone"
    """The window is open at no time: nobody knows what time it is there, or zones never meet."""


class Next(Struct, frozen=True):
    """A contact that may be called now, and why it stands where it does."""

    contact: ContactId
    turn: Turn
    agent: AgentId = ""
    """Who is to call, of an own callback."""
    due_since_s: float = 0.0
    """Of a callback."""
    campaign_priority: int = 0
    list_priority: int = 0
    chance: float = 0.0
    """To be reached now, 0.0 to 1.0."""
    value: float = 0.0
    tried_at: float = 0.0
    """The last try; 0.0: never tried."""

    @property
    def score(self) -> float:
        """Customer value times chance to reach."""
        return self.value * self.chance

    def sentence(self, known: tuple[Part, ...] = ()) -> str:
        """Why next, in words; ``known`` is what says most about the chance (``explain``)."""
        if self.turn is Turn.OWN_CALLBACK:
            return (
                f"was promised a call {_span(self.due_since_s)} ago by {self.agent}, who is ready"
            )
        if self.turn is Turn.CALLBACK:
            return f"was promised a call {_span(self.due_since_s)} ago, anybody may call"
        said = (
            f"campaign priority {self.campaign_priority}, list priority {self.list_priority}, "
            f"{self.chance:.0%} likely to be reached now, worth {self.value:g}: "
            f"score {self.score:.3g}"
        )
        if known:
            told = ", ".join(
                f"{part.column} {part.value} ({'for' if part.odds > 0.0 else 'against'})"
                for part in known
            )
            said += f"; what counts most: {told}"
        return said + ("; was tried before" if self.tried_at else "; was never tried")


class NotNow(Struct, frozen=True):
    """A contact that may not be called now."""

    contact: ContactId
    wait: Wait
    until: float = 0.0
    """Not before then, UTC seconds; 0.0: nobody can say."""
    agent: AgentId = ""
    """Who is waited for."""

    def sentence(self, now: float) -> str:
        """Why not now, in words."""
        span = _span(self.until - now)
        return {
            Wait.UNDER_WAY: "is being called just now",
            Wait.CALLBACK_LATER: f"is promised a call in {span}",
            Wait.OWN_AGENT: f"waits for {self.agent}, who promised to call, {span} at most",
            Wait.RETRY_LATER: f"was tried lately and is tried again in {span}",
            Wait.WINDOW_CLOSED: f"may not be called at this time of day there; opens in {span}",
            Wait.NO_ZONE: "may be called at no time: the time zone is not known, or its zones "
            "have no hour in common",
        }[self.wait]


class Order(Struct, frozen=True):
    """All candidates: whom to call, in order, and whom not now, in order of ``until``."""

    next: tuple[Next, ...]
    not_now: tuple[NotNow, ...]


def order_contacts(
    candidates: Iterable[Candidate],
    now: float,
    windows: dict[CampaignId, CallingWindow | Schedule],
    chances: Chances,
    ready: tuple[AgentId, ...] = (),
) -> Order:
    """Put contacts in order.

    ``windows`` has one for each campaign; ``ready`` are the agents who could take a callback now,
    each of them one at a time. The answer does not hang on the order of the candidates.
    """
    free = dict.fromkeys(ready)
    placed: list[Next] = []
    waiting: list[NotNow] = []
    known = _Known(now, windows, chances)
    for one in sorted(candidates, key=_by_promise):
        found = _place(one, now, known, free)
        if isinstance(found, NotNow):
            waiting.append(found)
            continue
        if found.turn is Turn.OWN_CALLBACK:
            del free[found.agent]
        placed.append(found)
    placed.sort(key=rank)
    waiting.sort(key=lambda one: (one.until or math.inf, one.contact))
    return Order(tuple(placed), tuple(waiting))


def explain(candidate: Candidate, now: float, chances: Chances) -> tuple[Part, ...]:
    """What says most about this contact's chance to be reached now."""
    return parts(chances, _features(candidate, now))


def _by_promise(one: Candidate) -> tuple[float, ContactId]:
    """Who was promised a call first is looked at first: an agent takes one at a time."""
    return (one.callback.at if one.callback else math.inf, one.contact)


class _Known:
    """What is the same for many candidates, worked out once: of thousands on a list most were never
    tried and live in the same few zones."""

    def __init__(
        self, now: float, windows: dict[CampaignId, CallingWindow | Schedule], chances: Chances
    ) -> None:
        self._now = now
        self._windows = windows
        self._chances = chances
        self._open: dict[tuple[CampaignId, tuple[str, ...], tuple[str, ...]], bool] = {}
        self._chance: dict[tuple[tuple[str, ...], str, Features], float] = {}

    def window(self, one: Candidate) -> CallingWindow | Schedule:
        """The calling window of the candidate's campaign."""
        return self._windows[one.campaign]

    def is_open(self, one: Candidate) -> bool:
        """Whether it is open for this candidate."""
        key = (one.campaign, one.zones, one.holidays)
        if key not in self._open:
            self._open[key] = is_open(self.window(one), one.zones, self._now, one.holidays)
        return self._open[key]

    def chance(self, one: Candidate) -> float:
        """The candidate's chance to be reached."""
        if one.tries:
            return chance(self._chances, _features(one, self._now))
        key = (one.zones[:1], one.number_type, one.columns)
        if key not in self._chance:
            self._chance[key] = chance(self._chances, _features(one, self._now))
        return self._chance[key]


def _place(one: Candidate, now: float, known: _Known, free: dict[AgentId, None]) -> Next | NotNow:
    if one.under_way:
        return NotNow(one.contact, Wait.UNDER_WAY)
    callback = one.callback
    if callback is not None and now < callback.at:
        return NotNow(one.contact, Wait.CALLBACK_LATER, callback.at)
    if callback is None and now < one.not_before:
        return NotNow(one.contact, Wait.RETRY_LATER, one.not_before)
    if not known.is_open(one):
        opens = next_opening(known.window(one), one.zones, now, one.holidays)
        return NotNow(one.contact, Wait.WINDOW_CLOSED if opens else Wait.NO_ZONE, opens)
    turn, agent = Turn.SCORE, ""
    if callback is not None:
        own_until = callback.at + OWN_AGENT_WAIT_S
        turn = Turn.CALLBACK
        if callback.agent in free:
            turn, agent = Turn.OWN_CALLBACK, callback.agent
        elif callback.agent and now < own_until:
            return NotNow(one.contact, Wait.OWN_AGENT, own_until, callback.agent)
    return Next(
        one.contact,
        turn,
        agent,
        now - callback.at if callback else 0.0,
        one.campaign_priority,
        one.list_priority,
        known.chance(one),
        one.value,
        one.tries[-1].at if one.tries else 0.0,
    )


def _features(one: Candidate, now: float) -> Features:
    zone = one.zones[0] if one.zones else ""
    return features_at(now, zone, one.tries, one.number_type, one.columns)


def rank(one: Next) -> tuple[int, float, int, int, int, float, ContactId]:
    """What a contact's place hangs on: the smallest is called first. Candidates may be put in order
    part by part, and the parts joined by it."""
    return (
        list(Turn).index(one.turn),
        -one.due_since_s,
        -one.campaign_priority,
        -one.list_priority,
        -math.floor(math.log(max(SCORE_MIN, one.score), ALIKE)),
        one.tried_at,
        one.contact,
    )


def _span(seconds: float) -> str:
    """A time span as people say it."""
    minutes = max(0, round(seconds / 60.0))
    if minutes < 120:
        return "1 minute" if minutes == 1 else f"{minutes} minutes"
    hours = round(minutes / 60)
    return f"{hours} hours" if hours < 48 else f"{round(hours / 24)} days"
