"""Who calls the sample center in an hour: drawn from a seed, and not evenly over the hour."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import accumulate
from random import Random

from msgspec import Struct

from callcenter.documents.customers_csv import CustomerRow
from callcenter.domain.customer import Tier

MINUTES = 60
FULL_HOUR_BURST, FULL_HOUR_FADES_MIN = 2.5, 4.0
"""After the full hour meetings are over and people call: that much more than in between, and after
so many minutes a third of it is left."""
HALF_HOUR_BURST, HALF_HOUR_WIDTH_MIN = 0.7, 3.0
"""A smaller crowd at the half hour."""
DAY_BEGINS = 9
DAY = (0.9, 1.25, 1.15, 0.75, 0.7, 1.0, 1.15, 0.9)
"""Load of each hour from DAY_BEGINS on, against the day's mean: a peak in mid-morning, a dip at
noon, a second peak in the afternoon."""

STRANGERS_EVERY = 4
"""Each fourth caller is no customer."""
GOLD_EVERY = 5
"""Each fifth caller is gold: the line of a bank for its best customers is known to them."""
HASTY_EVERY, MENU_EVERY = 4, 12
"""Each fourth has no patience; each twelfth hangs up in the menu."""

HASTY_S = (3.2, 4.5)
"""When those hang up who have no patience, from the answer: a second and more after their key."""
MENU_S = (0.4, 1.1)
"""When those hang up who only hear the greeting."""
PATIENT_SHARE = 0.55
"""The least that others stay, of the longest; gold customers stay the longest."""
KEY_S = (0.2, 1.0)
"""From the menu's beginning to the key."""
HASTY_KEY_S = 0.2


class SampleCaller(Struct, frozen=True):
    """One call that will come in. Times in seconds."""

    number: str
    tier: Tier | None
    """None: a stranger."""
    at_s: float
    """After the lines have opened."""
    stay_s: float
    """Hangs up that long after the PBX has answered, whatever has happened by then."""
    key: str = "1"
    """Empty: presses none."""
    key_after_s: float = 1.0
    """After the menu's prompt has begun."""


def shape_of_hour() -> tuple[float, ...]:
    """How many call in each minute of an hour, against each other."""
    return tuple(
        1.0
        + FULL_HOUR_BURST * math.exp(-minute / FULL_HOUR_FADES_MIN)
        + HALF_HOUR_BURST * math.exp(-(((minute - 30) / HALF_HOUR_WIDTH_MIN) ** 2) / 2)
        for minute in range(MINUTES)
    )


def draw_times(rng: Random, count: int, window_s: float) -> list[float]:
    """When so many callers call, in order, with an hour compressed into ``window_s`` seconds."""
    minutes = rng.choices(range(MINUTES), cum_weights=list(accumulate(shape_of_hour())), k=count)
    return sorted(round((minute + rng.random()) * window_s / MINUTES, 3) for minute in minutes)


def draw_callers(
    rng: Random,
    customers: Sequence[CustomerRow],
    window_s: float,
    count: int,
    stay_s_max: float,
) -> list[SampleCaller]:
    """Callers of an hour that takes ``window_s`` seconds; each customer calls at most once in it.

    ``stay_s_max``: how long they stay at most; patience and conversation together.
    """
    numbers = _draw_numbers(rng, customers)
    callers = []
    for n, at_s in enumerate(draw_times(rng, count, window_s)):
        number, tier = next(numbers)
        key, key_after_s = "1", rng.uniform(*KEY_S)
        if n % MENU_EVERY == MENU_EVERY - 1:
            key, stay_s = "", rng.uniform(*MENU_S)
        elif n % HASTY_EVERY == HASTY_EVERY - 2:
            key_after_s, stay_s = HASTY_KEY_S, rng.uniform(*HASTY_S)
        elif tier is Tier.GOLD:
            stay_s = stay_s_max
        else:
            stay_s = rng.uniform(PATIENT_SHARE * stay_s_max, stay_s_max)
        callers.append(
            SampleCaller(number, tier, at_s, round(stay_s, 3), key, round(key_after_s, 3))
        )
    return callers


def _draw_numbers(
    rng: Random, customers: Sequence[CustomerRow]
) -> Iterator[tuple[str, Tier | None]]:
    """Number and tier of one caller after the other."""
    mixed = rng.sample(customers, len(customers))
    gold = iter([customer for customer in mixed if customer.tier is Tier.GOLD])
    others = iter([customer for customer in mixed if customer.tier is not Tier.GOLD])
    strangers = iter(rng.sample(range(10_000), 10_000))
    n = 0
    while True:
        if n % STRANGERS_EVERY == STRANGERS_EVERY - 1:
            customer = None
        else:
            customer = next(gold if n % GOLD_EVERY == 0 else others, None)
        if customer is None:
            yield f"+354466{next(strangers):04d}", None
        else:
            yield customer.numbers[0], customer.tier
        n += 1
