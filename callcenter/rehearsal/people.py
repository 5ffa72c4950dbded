"""Makes of a campaign's past how people answer when it dials them: pure.

Durations end in several ways, each with a rate for each age (``dialer.survival``), and begin with
what the pacer begins with: so what was never seen is believed as the pacer believes it. A call that
was given up while it rang counts as time in which nobody answered; so it can be told what another
ring time would do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from callcenter.domain.attempt import AttemptResult
from callcenter.domain.history import CampaignPast, PastAttempt
from callcenter.rehearsal.fit import fit_lasting
from callcenter.rehearsal.traffic import Lasting
from dialer.contact_history import SAYS_NOTHING
from dialer.pacing.learning import (
    ENDS,
    MACHINE,
    PERSON,
    RING_EDGES,
    RINGS,
    TO_GONE,
    TO_READY,
    TO_WRAP_UP,
    Learnt,
)
from dialer.survival import Hazards, bucket_of, observe_end, observe_time, rates
from dialer.window import find_zone

THIN_ATTEMPTS = 300
"""Fewer are said to be thin: of 30 % who answer the share is known to 5 points."""
CELL_WORTH = 20.0
"""What an hour of the day, or a later try, tells of who answers leans on the whole with so many
people."""
FACTOR_LEAST, FACTOR_MOST = 0.2, 3.0
SEEN_S = 30.0
"""An age in which fewer seconds were seen is taken to be as the one before."""
CAUSES_START = ((17, 1.0), (19, 2.0), (21, 0.5), (1, 0.5))
"""Q.850 causes of calls that end by themselves, before any was seen: busy, no answer, rejected, no
such number; each with its weight in calls."""
SCREENING_START = Lasting(math.log(1.4), 0.3)
"""What detection takes until it speaks: the pacer begins with as much."""
WORTH = 20.0

Rates = tuple[tuple[float, ...], ...]
"""For each age of ``RING_EDGES``, endings per second for each way to end."""


class Luck(Struct, frozen=True):
    """What chance has in store for one call, whatever is decided."""

    dialing: float
    """Drawn from the exponential distribution with mean 1, as ``ringing``."""
    ringing: float
    dialing_way: float
    """0 to 1, as ``ringing_way`` and ``cause``: which of the ways it ends in."""
    ringing_way: float
    cause: float
    screening: float
    """In standard deviations of its logarithm, as ``talk`` and ``wrap_up``."""
    talk: float
    wrap_up: float


class Fate(Struct, frozen=True):
    """What becomes of one call, if it is left alone."""

    rings_s: float | None
    """After so many seconds it rings; None: that is never heard."""
    ends_s: float
    """After so many seconds it is answered or over; endless where neither happens."""
    outcome: int
    """``PERSON``, ``MACHINE`` or ``ENDS``."""
    cause: int
    """With ``ENDS``."""
    screening_s: float
    talk_s: float
    wrap_up_s: float


class People(Struct, frozen=True):
    """How people answer."""

    dialing: Rates
    ringing: Rates
    screening: Lasting
    causes: tuple[tuple[int, float], ...]
    by_hour: tuple[float, ...]
    """How many times as often as usual a person answers, by the hour where they live."""
    later: float
    """The same from the second try on."""
    talk: Lasting
    wrap_up: Lasting
    attempts: int = 0
    days: int = 0
    notes: tuple[str, ...] = ()

    def meet(self, luck: Luck, hour: int | None, tries: int) -> Fate:
        """What becomes of a call that is placed at this hour at the person."""
        factor = 1.0 if hour is None else self.by_hour[hour]
        factor *= self.later if tries > 1 else 1.0
        ends_s, outcome = _ending(self.dialing, factor, luck.dialing, luck.dialing_way)
        rings_s = None
        if outcome == RINGS:
            rings_s = ends_s
            rang_s, outcome = _ending(self.ringing, factor, luck.ringing, luck.ringing_way)
            ends_s = rings_s + rang_s
        return Fate(
            rings_s,
            ends_s,
            outcome,
            self._cause(luck.cause),
            self.screening.at(luck.screening),
            self.talk.at(luck.talk),
            self.wrap_up.at(luck.wrap_up),
        )

    def _cause(self, share: float) -> int:
        left = share * math.fsum(weight for _, weight in self.causes)
        for cause, weight in self.causes:
            left -= weight
            if left < 0.0:
                return cause
        return self.causes[-1][0]


def _ending(every: Rates, factor: float, used_up: float, way: float) -> tuple[float, int]:
    """After how long and in which way a duration ends; persons come ``factor`` times as fast."""
    for age, row in enumerate(every):
        each = [rate * factor if outcome == PERSON else rate for outcome, rate in enumerate(row)]
        total = math.fsum(each)
        begin = RING_EDGES[age]
        width = RING_EDGES[age + 1] - begin if age + 1 < len(RING_EDGES) else math.inf
        if total > 0.0 and used_up <= total * width:
            return begin + used_up / total, _which(each, way * total)
        if total > 0.0:
            used_up -= total * width
    return math.inf, ENDS


def _which(each: Sequence[float], left: float) -> int:
    """The way that ``left`` of their sum falls to."""
    for outcome, rate in enumerate(each[:-1]):
        left -= rate
        if left < 0.0:
            return outcome
    return len(each) - 1


# --- made from the past ---------------------------------------------------------------------------


def fit_people(past: CampaignPast) -> People:
    """How people will answer, by how they did."""
    told = [one for one in past.attempts if one.result not in SAYS_NOTHING]
    learnt = Learnt()
    seen_s = Hazards(RING_EDGES, [], [0.0] * len(RING_EDGES))
    for one in told:
        _learn(learnt, seen_s, one)
    notes: list[str] = []
    days = len({round(one.placed_at // 86400.0): None for one in told})
    if not told:
        notes.append(
            "The campaign has no calls to learn from yet: who answers, and how soon, is assumed as"
            " the pacer assumes it at first. The figures may be far off."
        )
    elif len(told) < THIN_ATTEMPTS:
        notes.append(
            f"Who answers is told from {len(told)} calls only, leaning on what the pacer assumes at"
            " first: the figures may be far off."
        )
    talks = [one.talk_s for one in told if one.talk_s >= 0.0]
    wrap_ups = [one.wrap_up_s for one in told if one.wrap_up_s >= 0.0]
    talk = fit_lasting(talks, _start(learnt.talking, TO_WRAP_UP, TO_READY, TO_GONE))
    wrap_up = fit_lasting(wrap_ups, _start(learnt.wrapping_up, TO_READY, TO_GONE))
    for seconds, lasting, name in ((talks, talk, "Talk"), (wrap_ups, wrap_up, "Wrap-up")):
        if len(seconds) < WORTH:
            notes.append(
                f"{name} time is known of {len(seconds)} conversations:"
                f" {lasting.mean_s:.0f} s on average are assumed."
            )
    return People(
        dialing=_rates_of(learnt.dialing),
        ringing=_as_before(_rates_of(learnt.ringing), seen_s.time_s),
        screening=fit_lasting(
            [one.person_at - one.answered_at for one in told if one.person_at > one.answered_at],
            SCREENING_START,
        ),
        causes=_fit_causes(told),
        by_hour=_fit_hours(told),
        later=_factor(told, lambda one: one.tries > 1),
        talk=talk,
        wrap_up=wrap_up,
        attempts=len(told),
        days=days,
        notes=tuple(notes),
    )


def _learn(learnt: Learnt, seen_s: Hazards, one: PastAttempt) -> None:
    is_answered = one.answered_at > 0.0
    outcome = (PERSON if one.person_at else MACHINE) if is_answered else ENDS
    until = one.answered_at if is_answered else one.ended_at
    rings_at = one.ringing_at or until
    observe_time(learnt.dialing, 0.0, max(0.0, rings_at - one.placed_at))
    dialed = RINGS if one.ringing_at else outcome
    observe_end(learnt.dialing, max(0.0, rings_at - one.placed_at), dialed)
    if not one.ringing_at:
        return
    rang_s = max(0.0, until - one.ringing_at)
    observe_time(learnt.ringing, 0.0, rang_s)
    observe_time(seen_s, 0.0, rang_s)
    if is_answered or one.result is not AttemptResult.NO_ANSWER:
        observe_end(learnt.ringing, rang_s, outcome)


def _rates_of(hazards: Hazards) -> Rates:
    return tuple(rates(hazards, age) for age in range(len(hazards.edges)))


def _as_before(every: Rates, seen_s: Sequence[float]) -> Rates:
    """Ages later than any that was seen for long are as the last that was; without one as they
    are."""
    known = [age for age, seconds in enumerate(seen_s) if seconds >= SEEN_S]
    last = known[-1] if known else len(every)
    return tuple(row if age <= last else every[last] for age, row in enumerate(every))


def _start(hazards: Hazards, *outcomes: int) -> Lasting:
    """As long on average as the pacer believes at first; the spread is what talks have."""
    each = rates(hazards, bucket_of(hazards, 0.0))
    return Lasting(-math.log(math.fsum(each[outcome] for outcome in outcomes)) - 0.5, 1.0)


def _fit_causes(told: Iterable[PastAttempt]) -> tuple[tuple[int, float], ...]:
    counts = dict(CAUSES_START)
    for one in told:
        if not one.answered_at and one.cause and one.result is not AttemptResult.NO_ANSWER:
            counts[one.cause] = counts.get(one.cause, 0.0) + 1.0
    return tuple(sorted(counts.items()))


def _fit_hours(told: Sequence[PastAttempt]) -> tuple[float, ...]:
    hours = {hour: [one for one in told if _hour_of(one) == hour] for hour in range(24)}
    share = _share(told)
    return tuple(_weigh(hours[hour], share) for hour in range(24))


def _factor(told: Sequence[PastAttempt], is_in: Callable[[PastAttempt], bool]) -> float:
    """How many times as often as on the first try a person answers on those."""
    others = [one for one in told if not is_in(one)]
    return _weigh([one for one in told if is_in(one)], _share(others))


def _share(some: Sequence[PastAttempt]) -> float:
    return len([one for one in some if one.person_at]) / len(some) if some else 0.0


def _weigh(some: Sequence[PastAttempt], share: float) -> float:
    people = len([one for one in some if one.person_at])
    factor = (people + CELL_WORTH) / (share * len(some) + CELL_WORTH)
    return min(FACTOR_MOST, max(FACTOR_LEAST, factor))


def _hour_of(one: PastAttempt) -> int | None:
    return hour_at(one.placed_at, one.zone)


def hour_at(now: float, zone: str) -> int | None:
    """The hour on the wall at this place; None where nobody knows it."""
    known = find_zone(zone) if zone else None
    return None if known is None else datetime.fromtimestamp(now, known).hour
