"""Erlang's formulas: what a queue with so much work and so many agents comes to in the long run.

**Erlang C**: callers wait as long as it takes. **Erlang A** (Palm): they hang up after an
exponential time. Work is given in erlangs: calls per second x mean handling time in seconds.
"""

from __future__ import annotations

import math

from msgspec import Struct

AGENTS_MAX = 100_000
"""No search goes beyond this: the figures asked for are then a mistake."""


class Forecast(Struct, frozen=True):
    """What a staffing comes to."""

    waits: float
    """Share of the callers who do not find an agent free."""
    mean_wait_s: float
    """Of all callers, those who do not wait included."""
    in_time: float
    """Share of the callers who are answered within the target."""
    abandoned: float
    """Share of the callers who hang up while waiting."""
    occupancy: float


def erlang_b(agents: int, work: float) -> float:
    """The share of calls that find all agents busy when nobody waits."""
    inverse = 1.0
    for busy in range(1, agents + 1):
        inverse = 1.0 + inverse * busy / work
    return 1.0 / inverse


def erlang_c(agents: int, work: float) -> float:
    """The share of calls that have to wait; 1.0 where the agents cannot do the work."""
    if work <= 0.0:
        return 0.0
    if agents <= work:
        return 1.0
    blocked = erlang_b(agents, work)
    return blocked / (1.0 - work / agents * (1.0 - blocked))


def forecast_c(agents: int, calls_per_s: float, handling_s: float, within_s: float) -> Forecast:
    """What so many agents come to when nobody ever hangs up."""
    work = calls_per_s * handling_s
    waits = erlang_c(agents, work)
    if work <= 0.0:
        return Forecast(0.0, 0.0, 1.0, 0.0, 0.0)
    if agents <= work:
        return Forecast(1.0, math.inf, 0.0, 0.0, 1.0)
    spare_per_s = (agents - work) / handling_s
    late = waits * math.exp(-spare_per_s * within_s)
    return Forecast(waits, waits / spare_per_s, 1.0 - late, 0.0, work / agents)


def forecast_a(
    agents: int, calls_per_s: float, handling_s: float, patience_s: float, within_s: float
) -> Forecast:
    """What so many agents come to when callers hang up after ``patience_s`` on average.

    By the steady state of the number of calls in the center; the share answered in time by the
    wait of who finds so many before: each step of the line is a race of all agents, and of those in
    front who hang up.
    """
    work = calls_per_s * handling_s
    if work <= 0.0:
        return Forecast(0.0, 0.0, 1.0, 0.0, 0.0)
    if agents == 0:
        return Forecast(1.0, patience_s, 0.0, 1.0, 0.0)
    serve, leave = 1.0 / handling_s, 1.0 / patience_s
    # Weights relative to the state "all busy, nobody waits".
    below, weight = 0.0, 1.0
    for busy in range(agents, 0, -1):
        weight *= busy * serve / calls_per_s
        below += weight
        if weight < 1e-18 * below:
            break
    waiting: list[float] = [1.0]
    while waiting[-1] > 1e-16 * waiting[0] or len(waiting) < 2:
        rate = agents * serve + len(waiting) * leave
        waiting.append(waiting[-1] * calls_per_s / rate)
    total = below + math.fsum(waiting)
    waits = math.fsum(waiting) / total
    in_line = math.fsum(place * share for place, share in enumerate(waiting)) / total
    abandoned = leave * in_line / calls_per_s
    answered = below / total + _answered_after_waiting(
        [share / total for share in waiting], agents * serve, leave, within_s
    )
    return Forecast(
        waits, in_line / calls_per_s, answered, abandoned, work * (1.0 - abandoned) / agents
    )


def _answered_after_waiting(
    shares: list[float], serve_per_s: float, leave: float, within_s: float
) -> float:
    """The share of callers who find so many before, and are answered within this time.

    With n before, the wait offered is a sum of exponential times with the rates serve + j x leave,
    j from 0 to n: so exp(-leave x wait) is distributed as Beta(serve / leave, n + 1). Who is
    answered must have had patience for it, which makes it Beta(serve / leave + 1, n + 1), and that
    is a sum of negative binomial terms, one more for each n.
    """
    ratio = serve_per_s / leave
    if within_s <= 0.0:
        return 0.0
    log_late, log_early = -leave * within_s, math.log(-math.expm1(-leave * within_s))
    log_term = (ratio + 1.0) * log_late
    later, answered = 0.0, 0.0
    for before, share in enumerate(shares):
        later += math.exp(log_term)
        patient = ratio / (ratio + before + 1.0)
        answered += share * patient * max(0.0, 1.0 - later)
        log_term += log_early + math.log((ratio + 1.0 + before) / (before + 1.0))
    return answered


def agents_needed(
    calls_per_s: float,
    handling_s: float,
    *,
    share: float = 0.8,
    within_s: float = 20.0,
    patience_s: float | None = None,
) -> int:
    """The least number of agents that answers this share of the callers within this time.

    With ``patience_s`` by Erlang A, without by Erlang C, which asks for more.
    """
    if calls_per_s <= 0.0:
        return 0

    def is_enough(agents: int) -> bool:
        if patience_s is None:
            found = forecast_c(agents, calls_per_s, handling_s, within_s)
        else:
            found = forecast_a(agents, calls_per_s, handling_s, patience_s, within_s)
        return found.in_time >= share

    most = 1
    while not is_enough(most) and most < AGENTS_MAX:
        most *= 2
    least = most // 2
    while most - least > 1:
        middle = (least + most) // 2
        if is_enough(middle):
            most = middle
        else:
            least = middle
    return most
