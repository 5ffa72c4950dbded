"""The chance that a person finds nobody free, from the chances of each call and each agent.

Below some thirty agents the distributions are exact: a sum of independent yes-or-no's, added one
after the other (Poisson-binomial by convolution). Above, a normal distribution with the same mean
and variance is as good and costs nothing more for more calls.
"""

from __future__ import annotations

import math

from msgspec import Struct


def add_one(pmf: list[float], chance: float, longest: int) -> None:
    """One more independent yes-or-no. ``pmf[n]``: the chance of exactly n; what lies beyond
    ``longest`` entries is gathered in the last one."""
    if len(pmf) < longest:
        pmf.append(0.0)
        last = len(pmf) - 1
        stays = 1.0 - chance
    else:
        last = longest - 1
        pmf[last] += pmf[last - 1] * chance if last else 0.0
        last -= 1
        stays = 1.0 - chance
    for n in range(last, 0, -1):
        pmf[n] = pmf[n] * stays + pmf[n - 1] * chance
    if last >= 0:
        pmf[0] *= stays


def chance_at_least(people: list[float], agents: list[float], lead: int) -> float:
    """That the people are at least ``lead`` more than the agents who come free; two pmfs."""
    tail = 0.0
    tails = [0.0] * (len(people) + 1)
    for n in range(len(people) - 1, -1, -1):
        tail += people[n]
        tails[n] = tail
    most = len(people)
    found = 0.0
    for freed, chance in enumerate(agents):
        needed = lead + freed
        if needed <= 0:
            found += chance
        elif needed <= most:
            found += chance * tails[needed]
        else:
            break
    return found


class Spread(Struct):
    """Mean and variance of people less agents."""

    mean: float = 0.0
    variance: float = 0.0


def add_many(spread: Spread, chance: float, number: int, sign: float) -> None:
    """So many more with this chance each; ``sign`` 1.0 for people, -1.0 for agents."""
    spread.mean += sign * number * chance
    spread.variance += number * chance * (1.0 - chance)


def chance_at_least_normal(spread: Spread, lead: int, unsure: float) -> float:
    """The same by the normal distribution; ``unsure``: standard error of the mean itself."""
    deviation = math.sqrt(spread.variance + unsure * unsure)
    if deviation < 1e-9:
        return 1.0 if spread.mean >= lead else 0.0
    return 0.5 * math.erfc((lead - 0.5 - spread.mean) / (deviation * math.sqrt(2.0)))
