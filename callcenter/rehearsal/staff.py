"""Draws who works: the agents' duties on a day, with their breaks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from random import Random

from callcenter.domain.history import Shift
from callcenter.domain.ids import AgentId
from callcenter.domain.rules import DAYS
from callcenter.rehearsal.traffic import Duty, Staffing

AT_WORK_S = 5400.0
"""Between two breaks: an hour and a half."""
BREAK_SHARE_MAX = 0.5


def draw_duties(staffing: Staffing, seed: int, day: date) -> tuple[Duty, ...]:
    """Who works when on this day; seconds after local midnight, by agent and time."""
    if staffing.source == "shifts":
        return tuple(
            duty
            for shift in shifts_on(staffing.shifts, day)
            for duty in _with_breaks(shift, staffing.break_share, seed)
        )
    alike = [one for one in staffing.days if one.weekday == day.weekday()]
    if not alike:
        return ()
    return Random(f"{seed}/staff").choice(alike).duties


def shifts_on(shifts: Sequence[Shift], day: date) -> list[Shift]:
    """The shifts of this date: an agent's own for it go before those for every week."""
    dated = [shift for shift in shifts if shift.day == day.isoformat()]
    have_own: dict[AgentId, None] = {shift.agent: None for shift in dated}
    weekday = DAYS[day.weekday()]
    return sorted(
        [
            *dated,
            *(one for one in shifts if one.day == weekday and one.agent not in have_own),
        ]
    )


def _with_breaks(shift: Shift, share: float, seed: int) -> Iterator[Duty]:
    """The shift cut by breaks that take this share of it, at times of the agent's own."""
    begin, end = shift.begins_min * 60.0, shift.ends_min * 60.0
    share = min(BREAK_SHARE_MAX, max(0.0, share))
    break_s = AT_WORK_S * share / (1.0 - share)
    until = begin + AT_WORK_S * Random(f"{seed}/{shift.agent}/{shift.begins_min}").random()
    while begin < end:
        if begin < min(until, end):
            yield Duty(shift.agent, begin, min(until, end))
        begin, until = until + break_s, until + break_s + AT_WORK_S
