"""Makes of shifts, or of the past, who works when: pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from callcenter.domain.history import History, PastWork
from callcenter.domain.ids import AgentId
from callcenter.rehearsal.traffic import Duty, Staffing, WorkedDay

DAYS_OF_WEEKDAY = 8
"""So many of the last days of each weekday are drawn from: two months."""
GAP_S = 10.0
"""A shorter break between two stretches of work is none."""
DUTY_MIN_S = 60.0
BREAK_START, BREAK_WORTH_S = 0.10, 5 * 8 * 3600.0
"""Of signed-in time on breaks, until it is known: as five days of one agent."""
ASSUMED_BEGINS_S, ASSUMED_ENDS_S = 9 * 3600.0, 17 * 3600.0


def fit_staffing(
    history: History, zone: ZoneInfo, agents: Sequence[AgentId], notes: list[str]
) -> Staffing:
    """Who works; what was assumed is added to ``notes``."""
    shifts = tuple(shift for shift in history.shifts if shift.agent in agents)
    if shifts:
        return Staffing("shifts", shifts=shifts, break_share=_fit_breaks(history.work))
    days = _worked_days(history, zone, agents)
    if days:
        return Staffing("history", days=_fill_week(days, notes))
    notes.append(
        "Nobody's working hours are known: all agents are taken to work from 9 to 17. Import shifts"
        " with `callcenter import shifts`."
    )
    duties = tuple(Duty(agent, ASSUMED_BEGINS_S, ASSUMED_ENDS_S) for agent in agents)
    return Staffing("assumed", days=tuple(WorkedDay(weekday, duties) for weekday in range(5)))


def _fit_breaks(work: Sequence[PastWork]) -> float:
    away = math.fsum(one.ended_at - one.began_at for one in work if not one.is_ready)
    all_s = math.fsum(one.ended_at - one.began_at for one in work)
    return (away + BREAK_START * BREAK_WORTH_S) / (all_s + BREAK_WORTH_S)


def _worked_days(
    history: History, zone: ZoneInfo, agents: Collection[AgentId]
) -> tuple[WorkedDay, ...]:
    """The last days of each weekday on which somebody worked; today, which is not over, only if it
    is all there is."""
    today = datetime.fromtimestamp(history.until, zone).date()
    found: dict[date, list[Duty]] = {}
    for begin, end, agent in _merged(history.work):
        if agent in agents:
            for day, duty in _cut(agent, begin, end, zone):
                found.setdefault(day, []).append(duty)
    if len(found) > 1:
        found.pop(today, None)
    kept: list[WorkedDay] = []
    seen = [0] * 7
    for day in sorted(found, reverse=True):
        seen[day.weekday()] += 1
        if seen[day.weekday()] <= DAYS_OF_WEEKDAY:
            kept.append(WorkedDay(day.weekday(), tuple(found[day])))
    return tuple(kept)


def _fill_week(days: tuple[WorkedDay, ...], notes: list[str]) -> tuple[WorkedDay, ...]:
    """In the first week of a center: days that have not been yet are taken to be as those that
    have. Later a weekday on which nobody has worked is a day off."""
    if len(days) >= 7:
        return days
    seen = [day.weekday for day in days]
    notes.append(
        f"Working hours are known of {len(days)} days only: other weekdays are taken to be alike."
    )
    missing = [weekday for weekday in range(7) if weekday not in seen]
    return (*days, *(WorkedDay(weekday, day.duties) for weekday in missing for day in days))


def _merged(work: Sequence[PastWork]) -> Iterator[tuple[float, float, AgentId]]:
    """Stretches in which an agent took calls, without the seams between two states."""
    agent, begin, end = "", 0.0, 0.0
    for one in work:
        if not one.is_ready:
            continue
        if one.agent == agent and one.began_at <= end + GAP_S:
            end = max(end, one.ended_at)
            continue
        if agent:
            yield begin, end, agent
        agent, begin, end = one.agent, one.began_at, one.ended_at
    if agent:
        yield begin, end, agent


def _cut(agent: AgentId, begin: float, end: float, zone: ZoneInfo) -> Iterator[tuple[date, Duty]]:
    """The parts of a stretch, by local day."""
    day = datetime.fromtimestamp(begin, zone).date()
    while begin < end:
        midnight = midnight_of(day, zone)
        until = min(end, midnight_of(day + timedelta(days=1), zone))
        if until - begin >= DUTY_MIN_S:
            yield day, Duty(agent, begin - midnight, until - midnight)
        begin, day = until, day + timedelta(days=1)


def midnight_of(day: date, zone: ZoneInfo) -> float:
    """When a local day begins, UTC seconds."""
    return datetime.combine(day, time(), zone).timestamp()
