"""Makes a forecast of the center's own past: pure, the same past gives the same forecast.

Every estimate is drawn towards a coarser one, which weighs as a few observations: a cell with many
calls speaks for itself, a new one as its neighbours do. What is thin is said in the notes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from callcenter.domain.agent import AgentProfile, Seniority
from callcenter.domain.center import Center
from callcenter.domain.customer import Tier
from callcenter.domain.history import History, PastCall
from callcenter.domain.ids import AgentId, QueueId
from callcenter.domain.survival import Hazard, observe, start_hazard
from callcenter.rehearsal.fit_staffing import fit_staffing
from callcenter.rehearsal.traffic import (
    SLOTS_OF_DAY,
    SLOTS_OF_WEEK,
    CallerKind,
    Lasting,
    Stream,
    Traffic,
)

THIN_CALLS, THIN_DAYS = 500, 10
"""Less than this is said to be thin: two weeks of a small center."""
KINDS_MAX = 2_000
"""Callers remembered of each stream, the newest."""
OUTLIER = 6.0
"""What lasted longer than so many means counts as so many: a phone left off the hook."""

TALK_START = Lasting(math.log(180.0) - 0.5, 1.0)
WRAP_UP_START = Lasting(math.log(20.0) - 0.5, 1.0)
RING_START = Lasting(math.log(5.0) - 0.125, 0.5)
LASTING_WORTH = 20.0
PACE_WORTH = 30.0
PACE_LEAST, PACE_MOST = 0.5, 2.0
PATIENCE_START_S = 420.0
"""As routing begins with."""
PATIENCE_WORTH = 10.0
UNRESOLVED_START = {"senior": 0.10, "junior": 0.22}
UNRESOLVED_WORTH = 100.0
DAYS_WORTH = 0.5
"""How many days the profile of all weekdays counts as for one of them."""
SPREAD_START, SPREAD_WORTH, SPREAD_MOST = 0.1, 5.0, 0.5
SPREAD_CALLS_MIN = 20.0
"""Days with fewer calls expected tell nothing of how much days differ."""

ASSUMED_LOAD = 0.85
"""Without any call: as much work as keeps the agents busy so much of their time."""
ASSUMED_TIERS = {Tier.GOLD: 10, Tier.SILVER: 20, Tier.STANDARD: 70}
ASSUMED_FROM, ASSUMED_UNTIL = 9 * 4, 17 * 4
"""Slots of a working day."""

SIDES = ("junior", "senior")


def side_of(is_senior: bool) -> str:
    """How a seniority is called in keys."""
    return "senior" if is_senior else "junior"


def fit(history: History, center: Center, agents: Sequence[AgentProfile]) -> Traffic:
    """The forecast for this center and these agents."""
    zone = ZoneInfo(center.time_zone)
    calls = history.calls
    days = _days_of(calls, zone, history.until)
    notes: list[str] = []
    staffing = fit_staffing(history, zone, [agent.id for agent in agents], notes)
    talk = _fit_talk(calls, center)
    wrap_up = {
        side: fit_lasting([c.wrap_up_s for c in _of_side(calls, side)], WRAP_UP_START)
        for side in SIDES
    }
    if calls:
        streams, spread = _fit_streams(history, zone, days)
    else:
        streams, spread = (_assume_stream(center, agents, talk, wrap_up),), 0.0
    notes[:0] = _tell_thinness(calls, len(days))
    return Traffic(
        streams=streams,
        talk=talk,
        wrap_up=wrap_up,
        ring=fit_lasting([call.ring_s for call in calls], RING_START),
        pace=_fit_pace(calls, talk),
        patience=_fit_patience(calls, center),
        unresolved={side: _fit_unresolved(_of_side(calls, side), side) for side in SIDES},
        staffing=staffing,
        spread=spread,
        calls=len(calls),
        days=len(days),
        notes=tuple(notes),
    )


def _tell_thinness(calls: Sequence[PastCall], days: int) -> list[str]:
    if not calls:
        return [
            "There are no calls to learn from yet: traffic is assumed that keeps the agents"
            f" {round(100 * ASSUMED_LOAD)} % busy from 9 to 17 on weekdays, with 10 % gold and"
            " 20 % silver callers."
        ]
    if len(calls) < THIN_CALLS or days < THIN_DAYS:
        return [
            f"The forecast rests on {len(calls)} calls of {days} days only: what cannot be told"
            " from them is assumed, and the figures may be far off."
        ]
    return []


def _of_side(calls: Iterable[PastCall], side: str) -> list[PastCall]:
    return [call for call in calls if call.agent and side_of(call.by_senior) == side]


# --- when calls come ----------------------------------------------------------------------------


def _local(moment: float, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(moment, zone)


def _days_of(calls: Sequence[PastCall], zone: ZoneInfo, until: float) -> list[date]:
    """The local days from the first call to the last; today, which is not over, only if it is all
    there is."""
    if not calls:
        return []
    first, last = (_local(call.queued_at, zone).date() for call in (calls[0], calls[-1]))
    days = [first + timedelta(days=count) for count in range((last - first).days + 1)]
    if len(days) > 1 and last >= _local(until, zone).date():
        days.pop()
    return days


def _slot_of(moment: float, zone: ZoneInfo) -> tuple[date, int]:
    local = _local(moment, zone)
    return local.date(), local.hour * 4 + local.minute // 15


def _fit_streams(
    history: History, zone: ZoneInfo, days: Sequence[date]
) -> tuple[tuple[Stream, ...], float]:
    """The streams, and how much days differ as a whole."""
    groups: dict[tuple[str, QueueId], list[PastCall]] = {}
    for call in history.calls:
        groups.setdefault((call.dialed_number, call.queue), []).append(call)
    streams = tuple(
        Stream(
            dialed,
            queue,
            _fit_slots([_slot_of(call.queued_at, zone) for call in calls], days),
            tuple(_kind_of(call, history) for call in calls[-KINDS_MAX:]),
        )
        for (dialed, queue), calls in sorted(groups.items())
    )
    counts = dict.fromkeys(days, 0)
    for call in history.calls:
        day = _local(call.queued_at, zone).date()
        if day in counts:
            counts[day] += 1
    return streams, _fit_spread(counts, streams)


def _kind_of(call: PastCall, history: History) -> CallerKind:
    """The caller, as the directory knows them today."""
    customer = history.customers.get(call.customer)
    tier = call.tier if customer is None else customer.tier
    return CallerKind(tier, call.caller_number, call.choices, customer)


def _fit_slots(seen: Iterable[tuple[date, int]], days: Sequence[date]) -> tuple[float, ...]:
    """Calls expected in each quarter-hour of the week.

    A slot is drawn towards what that time of day has on all days, times what that weekday has of
    an average day's calls.
    """
    counts = [0.0] * SLOTS_OF_WEEK
    profile = [0.0] * SLOTS_OF_DAY
    of_weekday = [0.0] * 7
    are_days = dict.fromkeys(days)
    for day, slot in seen:
        if day in are_days:
            counts[day.weekday() * SLOTS_OF_DAY + slot] += 1.0
            profile[slot] += 1.0
            of_weekday[day.weekday()] += 1.0
    worked = [0.0] * 7
    for day in days:
        worked[day.weekday()] += 1.0
    total, number = math.fsum(of_weekday), float(len(days))
    if total == 0.0:
        return tuple(counts)
    slots: list[float] = []
    for weekday in range(7):
        usual = total / number
        share = (of_weekday[weekday] + DAYS_WORTH * usual) / (
            (worked[weekday] + DAYS_WORTH) * usual
        )
        for slot in range(SLOTS_OF_DAY):
            expected = profile[slot] / number * share
            count = counts[weekday * SLOTS_OF_DAY + slot]
            slots.append((count + DAYS_WORTH * expected) / (worked[weekday] + DAYS_WORTH))
    return tuple(slots)


def _fit_spread(counts: dict[date, int], streams: Sequence[Stream]) -> float:
    """How much more days differ than chance alone would have it."""
    excess: list[float] = [SPREAD_WORTH * SPREAD_START**2]
    number = SPREAD_WORTH
    for day, count in counts.items():
        begin = day.weekday() * SLOTS_OF_DAY
        expected = math.fsum(
            value for stream in streams for value in stream.slots[begin : begin + SLOTS_OF_DAY]
        )
        if expected >= SPREAD_CALLS_MIN:
            excess.append(((count - expected) ** 2 - expected) / expected**2)
            number += 1.0
    return min(SPREAD_MOST, math.sqrt(max(0.0, math.fsum(excess) / number)))


def _assume_stream(
    center: Center,
    agents: Sequence[AgentProfile],
    talk: dict[str, Lasting],
    wrap_up: dict[str, Lasting],
) -> Stream:
    """Traffic for a center that has had none."""
    queue = center.default_queue
    busy_s = [
        talk[f"{queue}/{Tier.STANDARD}/{side}"].mean_s + wrap_up[side].mean_s
        for side in (side_of(agent.seniority is Seniority.SENIOR) for agent in agents)
    ]
    mean_s = math.fsum(busy_s) / max(1, len(busy_s))
    per_slot = ASSUMED_LOAD * len(agents) * 900.0 / max(1.0, mean_s)
    day = [
        per_slot if ASSUMED_FROM <= slot < ASSUMED_UNTIL else 0.0 for slot in range(SLOTS_OF_DAY)
    ]
    slots = (*day * 5, *[0.0] * (2 * SLOTS_OF_DAY))
    dialed = next((number for number in center.numbers if number != "*"), "")
    kinds = tuple(CallerKind(tier) for tier, share in ASSUMED_TIERS.items() for _ in range(share))
    return Stream(dialed, queue, slots, kinds)


# --- how long things last -----------------------------------------------------------------------


def fit_lasting(seconds: Iterable[float], start: Lasting, worth: float = LASTING_WORTH) -> Lasting:
    """Lognormal with the mean of what was seen, for that is what the agents have to work off;
    values below 0 are not known."""
    known = [max(1.0, value) for value in seconds if value >= 0.0]
    if not known:
        return start
    most = OUTLIER * math.fsum(known) / len(known)
    known = [min(most, value) for value in known]
    number = len(known) + worth
    mean = (math.fsum(known) + worth * start.mean_s) / number
    logs = [math.log(value) for value in known]
    middle = math.fsum(logs) / len(logs)
    squares = math.fsum((log - middle) ** 2 for log in logs) + worth * start.sigma**2
    sigma = math.sqrt(squares / number)
    return Lasting(math.log(mean) - sigma**2 / 2.0, sigma)


def _fit_talk(calls: Sequence[PastCall], center: Center) -> dict[str, Lasting]:
    talked = [call for call in calls if call.agent and call.talk_s > 0.0]
    cells: dict[str, list[float]] = {}
    for call in talked:
        cells.setdefault(f"{call.queue}/{call.tier}/{side_of(call.by_senior)}", []).append(
            call.talk_s
        )
    everything = fit_lasting([call.talk_s for call in talked], TALK_START)
    of_side = {
        side: fit_lasting([call.talk_s for call in _of_side(talked, side)], everything)
        for side in SIDES
    }
    return {
        key: fit_lasting(cells.get(key, ()), of_side[side])
        for key, side in (
            (f"{queue.id}/{tier}/{side}", side)
            for queue in center.queues
            for tier in Tier
            for side in SIDES
        )
    }


def _fit_pace(calls: Sequence[PastCall], talk: dict[str, Lasting]) -> dict[AgentId, float]:
    """How many times as long as others of the same seniority each agent takes."""
    took: dict[AgentId, list[float]] = {}
    for call in calls:
        usual = talk.get(f"{call.queue}/{call.tier}/{side_of(call.by_senior)}")
        if call.agent and call.talk_s > 0.0 and usual is not None:
            took.setdefault(call.agent, []).append(min(OUTLIER, call.talk_s / usual.mean_s))
    return {
        agent: min(
            PACE_MOST,
            max(PACE_LEAST, (math.fsum(ratios) + PACE_WORTH) / (len(ratios) + PACE_WORTH)),
        )
        for agent, ratios in sorted(took.items())
    }


def _fit_unresolved(calls: Sequence[PastCall], side: str) -> float:
    said = [call.resolved for call in calls if call.resolved is not None]
    start = UNRESOLVED_WORTH * UNRESOLVED_START[side]
    return (said.count(False) + start) / (len(said) + UNRESOLVED_WORTH)


# --- how patient callers are --------------------------------------------------------------------


def _fit_patience(calls: Sequence[PastCall], center: Center) -> dict[str, Hazard]:
    """Who was answered, or lost otherwise, had been patient so far at least (censored)."""
    start = start_hazard(PATIENCE_START_S, PATIENCE_WORTH)
    of_tier = dict.fromkeys(Tier, start)
    for call in calls:
        of_tier[call.tier] = _wait(of_tier[call.tier], call)
    cells = {
        f"{queue.id}/{tier}": _weaken(of_tier[tier]) for queue in center.queues for tier in Tier
    }
    for call in calls:
        key = f"{call.queue}/{call.tier}"
        if key in cells:
            cells[key] = _wait(cells[key], call)
    return cells


def _wait(hazard: Hazard, call: PastCall) -> Hazard:
    waited_s = max(0.0, (call.answered_at or call.ended_at) - call.queued_at)
    return observe(hazard, waited_s, ended=call.is_abandoned)


def _weaken(hazard: Hazard) -> Hazard:
    """The same rates, worth no more than a few observations."""
    share = min(1.0, PATIENCE_WORTH / math.fsum(hazard.ended))
    return Hazard(
        tuple(share * ended for ended in hazard.ended),
        tuple(share * seen for seen in hazard.observed_s),
    )
