"""Days of a real call log: who called when, who was there, how long they talked, how patient.

The log is that of the "Anonymous Bank" (Guedj and Mandelbaum, Technion, 1999): tab-separated, one
line a call, times of day as h:mm:ss. What it does not say is drawn, seeded, and stated here:

* **tier**: preferred customers are gold, the others standard. The log names the priority only of
  those who queued; for the others it is drawn in the proportions of the queued of the same type.
* **patience**: who hung up in the queue had the patience seen. Who was answered had more than the
  wait seen: drawn from the others' (Kaplan and Meier) given that.
* **handling**: a call's size is the place of its own time among those of the agent who took it;
  with another agent it lasts what has that place among the other's times. So a call is long or
  short whoever takes it, and some agents are faster. The size of a call that was hung up is drawn
  from those of the same type.
* **presence**: an agent is there from a call's begin to the last end, as long as no gap between
  calls is longer than a break.
* **seniority** is not in the log: the fastest third of the agents with 300 calls or more are taken
  to be the seniors.

Left out: PHANTOM lines, hang-ups in the automatic part, and calls whose server is NO_SERVER.
"""

from __future__ import annotations

import csv
import gzip
import random
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from pathlib import Path
from statistics import fmean

from msgspec import Struct

from callcenter.bench.center_model import Caller, Day, Desk
from callcenter.domain.customer import Tier

BREAK_S = 1200.0
"""A gap between two calls of an agent that is longer was a break."""
DAY_S = 86_400.0
SENIOR_CALLS_MIN = 300
PREFERRED = "2"
NOBODY = "NO_SERVER"
FIELDS = ("type", "priority", "date", "vru_exit", "q_start", "q_time", "outcome", "ser_start",
          "ser_time", "server")  # fmt: skip


class LogError(Exception):
    """The file is not such a log; the text says where."""


class Logged(Struct, frozen=True):
    """One line of the log."""

    date: str
    at: float
    """When the call was ready for an agent, seconds of the day."""
    type: str
    priority: str
    queued_s: float
    hung_up: bool
    server: str
    began: float
    talk_s: float


class Log(Struct, frozen=True):
    """The calls of a log and what was worked out of all of them."""

    calls: tuple[Logged, ...]
    seniors: tuple[str, ...]
    talks: dict[str, tuple[float, ...]]
    """Each agent's handling times, the shortest first."""
    patience: tuple[tuple[float, float], ...]
    """Wait, and the share of callers who are still patient then."""
    preferred: dict[str, float]
    """For each type, the share of preferred customers among those who queued."""
    sizes: dict[str, tuple[float, ...]]
    """For each type, the sizes of the calls that were answered."""


def read_log(path: Path) -> Log:
    """Read a log; a name that ends in ``.gz`` is unpacked."""
    opener = gzip.open if path.suffix == ".gz" else open
    calls: list[Logged] = []
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        missing = [name for name in FIELDS if name not in (rows.fieldnames or ())]
        if missing:
            raise LogError(f"{path.name} has no column {', '.join(missing)}")
        for number, row in enumerate(rows, 2):
            try:
                logged = _read_row(row)
            except (ValueError, TypeError) as error:
                raise LogError(f"{path.name}, line {number}: {error}") from None
            if logged is not None:
                calls.append(logged)
    if not calls:
        raise LogError(f"{path.name} holds no call that an agent could have taken")
    calls.sort(key=lambda one: (one.date, one.at))
    talks: dict[str, list[float]] = defaultdict(list)
    for one in calls:
        if not one.hung_up:
            talks[one.server].append(max(1.0, one.talk_s))
    ordered = {name: tuple(sorted(times)) for name, times in talks.items()}
    sizes: dict[str, list[float]] = defaultdict(list)
    for one in calls:
        if not one.hung_up:
            sizes[one.type].append(_size(ordered, one))
    return Log(
        tuple(calls),
        _pick_seniors(talks),
        ordered,
        _survival(calls),
        _preferred(calls),
        {name: tuple(found) for name, found in sizes.items()},
    )


def _size(talks: dict[str, tuple[float, ...]], one: Logged) -> float:
    """The place of this call's time among those of its agent, 0 to 1."""
    times, talk_s = talks[one.server], max(1.0, one.talk_s)
    return (bisect_left(times, talk_s) + bisect_right(times, talk_s)) / (2.0 * len(times))


def _read_row(row: dict[str, str]) -> Logged | None:
    queued_s = float(row["q_time"])
    hung_up = row["outcome"] == "HANG"
    if row["outcome"] not in ("AGENT", "HANG") or (hung_up and queued_s <= 0.0):
        return None
    if not hung_up and row["server"] == NOBODY:
        return None
    at = _seconds(row["q_start"]) if queued_s > 0.0 else _seconds(row["vru_exit"])
    return Logged(
        row["date"],
        at,
        row["type"],
        row["priority"],
        queued_s,
        hung_up,
        row["server"],
        _seconds(row["ser_start"]),
        float(row["ser_time"]),
    )


def _seconds(clock: str) -> float:
    hours, minutes, seconds = clock.split(":")
    return float(int(hours) * 3600 + int(minutes) * 60 + int(seconds))


def _pick_seniors(talks: dict[str, list[float]]) -> tuple[str, ...]:
    known = sorted(
        (fmean(times), name) for name, times in talks.items() if len(times) >= SENIOR_CALLS_MIN
    )
    return tuple(name for _, name in known[: len(known) // 3])


def _survival(calls: list[Logged]) -> tuple[tuple[float, float], ...]:
    """Kaplan and Meier: who was answered had at least the patience seen."""
    waits = sorted((one.queued_s, not one.hung_up) for one in calls)
    at_risk, left, curve = len(waits), 1.0, []
    for wait_s, answered in waits:
        if not answered:
            left *= 1.0 - 1.0 / at_risk
            curve.append((wait_s, left))
        at_risk -= 1
    return tuple(curve)


def _preferred(calls: list[Logged]) -> dict[str, float]:
    queued: Counter[str] = Counter()
    preferred: Counter[str] = Counter()
    for one in calls:
        if one.queued_s > 0.0:
            queued[one.type] += 1
            preferred[one.type] += one.priority == PREFERRED
    return {name: preferred[name] / count for name, count in queued.items()}


def make_days(log: Log, seed: int) -> list[Day]:
    """All days of the log, with what it does not say drawn anew from this seed."""
    chance = random.Random(seed)
    by_date: dict[str, list[Logged]] = defaultdict(list)
    for one in log.calls:
        by_date[one.date].append(one)
    return [
        _make_day(log, calls, number * DAY_S, chance)
        for number, calls in enumerate(by_date.values())
    ]


def _make_day(log: Log, calls: list[Logged], midnight: float, chance: random.Random) -> Day:
    callers = [
        Caller(
            number,
            midnight + one.at,
            one.type,
            _draw_tier(log, one, chance),
            _size(log.talks, one) if not one.hung_up else chance.choice(log.sizes[one.type]),
            one.queued_s if one.hung_up else _draw_patience(log, one.queued_s, chance),
        )
        for number, one in enumerate(calls)
    ]
    shifts: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for begin, talk_s, name in sorted(
        (midnight + c.began, c.talk_s, c.server) for c in calls if not c.hung_up
    ):
        end = begin + talk_s
        known = shifts[name]
        if known and begin - known[-1][1] <= BREAK_S:
            known[-1] = (known[-1][0], max(known[-1][1], end))
        else:
            known.append((begin, end))
    desks = tuple(
        Desk(name, name in log.seniors, tuple(times)) for name, times in sorted(shifts.items())
    )

    def handling_s(desk: Desk, caller: Caller) -> float:
        times = log.talks[desk.name]
        return times[min(len(times) - 1, int(caller.size * len(times)))]

    return Day(tuple(callers), desks, handling_s)


def _draw_tier(log: Log, one: Logged, chance: random.Random) -> Tier:
    drawn = chance.random() < log.preferred.get(one.type, 0.0)
    is_preferred = one.priority == PREFERRED if one.queued_s > 0.0 else drawn
    return Tier.GOLD if is_preferred else Tier.STANDARD


def _draw_patience(log: Log, waited_s: float, chance: random.Random) -> float:
    """More than the wait seen, as the others' patience lasts."""
    curve = log.patience
    place = bisect_left(curve, (waited_s, -1.0))
    left = curve[place - 1][1] if place else 1.0
    wanted = left * chance.random()
    for wait_s, share in curve[place:]:  # falls
        if share <= wanted:
            return wait_s
    return waited_s + 3600.0
