"""Rehearses rules: fits a forecast, plays it under the current and the new rules, and compares.

Both play the same days: who calls when, how patient they are, how long their matters take and who
works is drawn before, from the seed. What differs is what the rules make of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from callcenter.domain.agent import AgentProfile
from callcenter.domain.history import History
from callcenter.domain.records import FaultRecord
from callcenter.domain.rehearsal import Plan, Progress, RehearsalFailed, RehearsalResult
from callcenter.rehearsal.arrivals import Caller, draw_callers
from callcenter.rehearsal.figures import (
    DayFigures,
    Measured,
    compare_agents,
    compare_tiers,
    measure,
    tell_waits,
)
from callcenter.rehearsal.fit import fit
from callcenter.rehearsal.fit_staffing import midnight_of
from callcenter.rehearsal.floor import Day, Floor
from callcenter.rehearsal.staff import draw_duties
from callcenter.rehearsal.stage import Presence
from callcenter.rehearsal.traffic import SLOT_S, SLOTS_OF_DAY, SLOTS_OF_WEEK, Traffic

WARM_UP_SLOTS = 2
"""Played before the counted time, if that does not begin with the day: the center fills."""
CALLS_MAX = 100_000
"""Calls played in all, some four minutes. Of a day that brings more only the busiest hours are
played."""
WORKING_DAY = 0.5
"""The next working day is one that brings so much of the busiest weekday's calls."""

OnProgress = Callable[[Progress], None]


class Window(Struct, frozen=True):
    """What of a day is played."""

    day: date
    slots: tuple[tuple[int, float], ...]
    """Quarter-hours: number in the week, and when it begins."""
    begin: float
    """From when to when calls are counted."""
    end: float


def rehearse(
    history: History, plan: Plan, on_progress: OnProgress = lambda progress: None
) -> RehearsalResult:
    """What the new rules would come to. Raises ``RehearsalFailed``."""
    on_progress(Progress(0.0, "fitting"))
    traffic = fit(history, plan.center, _who_answer(plan))
    return rehearse_traffic(traffic, plan, on_progress)


def rehearse_traffic(
    traffic: Traffic, plan: Plan, on_progress: OnProgress = lambda progress: None
) -> RehearsalResult:
    """The same with a forecast that is known."""
    agents = _who_answer(plan)
    if not agents:
        raise RehearsalFailed("There are no agents: give accounts the role agent and queues.")
    notes = list(traffic.notes)
    window = _window_of(traffic, plan, notes)
    if len(plan.center.pbxs) > 1:
        notes.append("The center's PBXs were rehearsed as one: any agent could take any call.")
    measured = Measured(
        window.begin,
        window.end,
        {queue.id: queue.target_s for queue in plan.center.queues},
        {agent.id: agent.seniority for agent in agents},
    )
    current: list[DayFigures] = []
    new: list[DayFigures] = []
    faults: list[FaultRecord] = []
    for seed in range(1, plan.seeds + 1):
        day = draw_day(traffic, window, seed, plan.center.time_zone)
        for figures, rules in ((current, plan.current), (new, plan.new)):
            on_progress(Progress((len(current) + len(new)) / (2.0 * plan.seeds), "playing"))
            played = Floor(plan.center, agents, rules, traffic, day).play()
            figures.append(measure(measured, played.calls, played.states, played.led_out))
            faults += played.faults
    if faults:
        notes.append(
            f"The machine noted {len(faults)} faults while it played, the first of them:"
            f" {faults[0].kind}: {faults[0].detail}."
        )
    tiers = compare_tiers(current, new)
    return RehearsalResult(
        day=window.day.isoformat(),
        begin=window.begin,
        end=window.end,
        seeds=plan.seeds,
        tiers=tiers,
        agents=compare_agents(current, new),
        summary=tell_waits(tiers),
        staffing=traffic.staffing.source,
        calls_fitted=traffic.calls,
        days_fitted=traffic.days,
        notes=tuple(notes),
    )


def _who_answer(plan: Plan) -> tuple[AgentProfile, ...]:
    """The agents of queues: those who only work for campaigns take no inbound calls."""
    return tuple(agent for agent in plan.agents if agent.queues)


def draw_day(traffic: Traffic, window: Window, seed: int, zone: str) -> Day:
    """Everything about one day that no rule changes."""
    midnight = midnight_of(window.day, ZoneInfo(zone))
    presences = tuple(
        Presence(duty.agent, midnight + duty.begins_s, midnight + duty.ends_s)
        for duty in draw_duties(traffic.staffing, seed, window.day)
    )
    callers: Sequence[Caller] = draw_callers(traffic, seed, window.slots)
    return Day(window.slots[0][1], callers, presences)


# --- which day, and how much of it ----------------------------------------------------------------


def _window_of(traffic: Traffic, plan: Plan, notes: list[str]) -> Window:
    zone = ZoneInfo(plan.center.time_zone)
    expected = _expected(traffic)
    day = (
        date.fromisoformat(plan.day)
        if plan.day
        else _working_day(traffic, expected, plan.now, zone)
    )
    slots = _slots_of(day, zone)
    calls = [expected[slot] for slot, _ in slots]
    if math.fsum(calls) <= 0.0:
        raise RehearsalFailed(f"No calls are expected on {day}: choose another day.")
    wanted = len(slots) if plan.hours <= 0.0 else max(1, round(plan.hours * 3600.0 / SLOT_S))
    first, count = _busiest(calls, min(wanted, len(slots)))
    while count > 1 and math.fsum(calls[first : first + count]) * 2 * plan.seeds > CALLS_MAX:
        first, count = _busiest(calls, count - 1)
    begin, end = slots[first][1], slots[first + count - 1][1] + SLOT_S
    if count < min(wanted, len(slots)):
        hours = f"{_clock(begin, zone)} to {_clock(end, zone)}"
        notes.append(
            f"Only the busiest part of the day was played, {hours}: all of it would take too long."
        )
    if not any(draw_duties(traffic.staffing, seed, day) for seed in range(1, plan.seeds + 1)):
        raise RehearsalFailed(
            f"Nobody works on {day}: choose another day, or import shifts for it."
        )
    played = slots[max(0, first - WARM_UP_SLOTS) : first + count]
    return Window(day, tuple(played), begin, end)


def _expected(traffic: Traffic) -> list[float]:
    return [
        math.fsum(stream.slots[slot] for stream in traffic.streams) for slot in range(SLOTS_OF_WEEK)
    ]


def _working_day(traffic: Traffic, expected: Sequence[float], now: float, zone: ZoneInfo) -> date:
    """The next day on which somebody works, and with about as many calls as the busiest of those
    has."""
    totals = [
        math.fsum(expected[weekday * SLOTS_OF_DAY : (weekday + 1) * SLOTS_OF_DAY])
        for weekday in range(7)
    ]
    today = datetime.fromtimestamp(now, zone).date()
    days = [today + timedelta(days=ahead) for ahead in range(1, 8)]
    staffed = [day for day in days if draw_duties(traffic.staffing, 1, day)] or days
    most = max(totals[day.weekday()] for day in staffed)
    return next(day for day in staffed if totals[day.weekday()] >= WORKING_DAY * most)


def _slots_of(day: date, zone: ZoneInfo) -> list[tuple[int, float]]:
    """The quarter-hours of a local day: 92 or 100 of them when the clocks change."""
    at, end = midnight_of(day, zone), midnight_of(day + timedelta(days=1), zone)
    slots: list[tuple[int, float]] = []
    while at < end:
        local = datetime.fromtimestamp(at, zone)
        slot = day.weekday() * SLOTS_OF_DAY + local.hour * 4 + local.minute // 15
        slots.append((slot, at))
        at += SLOT_S
    return slots


def _busiest(calls: Sequence[float], count: int) -> tuple[int, int]:
    """Where the ``count`` consecutive slots with most calls begin, and how many they are."""
    sums = [math.fsum(calls[first : first + count]) for first in range(len(calls) - count + 1)]
    return sums.index(max(sums)), count


def _clock(at: float, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at, zone).strftime("%H:%M")
