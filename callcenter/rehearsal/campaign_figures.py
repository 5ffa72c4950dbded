"""What is told of a campaign that was played on several seeds, as it is and with a change: pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from callcenter.domain.agent import AgentState
from callcenter.domain.rehearsal import CampaignFigures, Compared, Estimate
from callcenter.rehearsal.figures import BUSY, STAFFED, student


class Played(Struct, frozen=True):
    """What was counted on one seed."""

    seconds: Mapping[AgentState, float]
    """Of the agents at work, by state."""
    conversations: int
    placed: int
    people: int
    """Attempts that a person answered, those counted as dropped among them."""
    dropped: int
    reached: int
    """Contacts that an agent talked with."""
    tried: int
    """Contacts that were dialed."""
    tried_all_h: float | None
    """Hours of work after which everybody had been dialed; None: not within what was played."""
    finished_h: float | None
    """The same until nobody was left to be dialed."""
    worked_h: float
    """Hours of work that were played."""


Values = Sequence[float | None]


def compare(current: Sequence[Played], new: Sequence[Played]) -> CampaignFigures:
    """The figures of both; ``new`` is empty where no change was asked for."""

    def told(figure: Callable[[Played], float | None], *, all_or_none: bool = False) -> Compared:
        ways = [[figure(one) for one in way] for way in (current, new)]
        if all_or_none:
            ways = [[] if None in way else way for way in ways]
        ours, theirs = ways
        both = list(zip(ours, theirs, strict=False))
        return Compared(
            estimate(ours),
            estimate(theirs),
            estimate([b - a for a, b in both if a is not None and b is not None]),
        )

    return CampaignFigures(
        occupancy=told(lambda one: _share(_sum(one, BUSY), _sum(one, STAFFED))),
        talking=told(lambda one: _share(_sum(one, (AgentState.TALKING,)), _sum(one, STAFFED))),
        idle_s=told(lambda one: _share(_sum(one, IDLE), one.conversations)),
        dropped=told(lambda one: _share(one.dropped, one.people)),
        calls_per_h=told(lambda one: _share(one.placed, one.worked_h)),
        reached=told(lambda one: float(one.reached)),
        tried=told(lambda one: float(one.tried)),
        tried_all_h=told(lambda one: one.tried_all_h, all_or_none=True),
        finished_h=told(lambda one: one.finished_h, all_or_none=True),
    )


IDLE = tuple(state for state in STAFFED if state not in BUSY)


def estimate(values: Values) -> Estimate | None:
    """The mean of those that are known, with its 95 % interval; None where none is."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    number = len(known)
    mean = math.fsum(known) / number
    if number == 1:
        return Estimate(mean)
    squares = math.fsum((value - mean) ** 2 for value in known)
    half = student(number - 1) * math.sqrt(squares / (number - 1) / number)
    return Estimate(mean, mean - half, mean + half)


def _sum(one: Played, states: Sequence[AgentState]) -> float:
    return math.fsum(one.seconds.get(state, 0.0) for state in states)


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole > 0.0 else None
