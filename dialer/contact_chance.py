"""The chance that a contact is reached, or buys, learnt online from what came of earlier calls.

A logistic regression: each thing known of a contact shifts the log-odds, and each result moves the
shifts a little, by gradient, with a step of its own for each (AdaGrad: what was seen often moves
little). Numbers are standardised by what was seen so far, and count twice: by a straight line, and
by bands, because the young and the old may be alike. What was never seen shifts nothing.

Chosen by measurement (``callcenter bench contact-order``): naive Bayes puts contacts in as good an
order, but its chances are far off where things known hang together, and a chance that is multiplied
with a customer's value has to be right. Knows nothing of people: columns have the names their list
gives them. What must not be among them is left to who declares them: anything known only after the
call (its length), and what the law does not let weigh.
"""

from __future__ import annotations

import math

from msgspec import Struct

STEP = 0.05
"""How far the first result moves a shift, in log-odds. 0.03 to 0.1 come to the same on real
contacts; with less, the first hundred results say little."""
PULL = 0.001
"""Shifts are drawn back to nothing by this share of themselves, so that chance finds fade."""
STEADY = 1e-6
"""Keeps the first step finite."""
BAND = 0.5
"""Width of the bands of numbers, in standard deviations."""
FAR = 3.0
"""A number counts as no farther from the mean than this: a typing error must not decide."""
ODDS_MAX = 20.0
"""Of log-odds: beyond it a chance is 0 or 1 for anybody."""
NUMBER_MAX = 1e12
"""A number beyond it is a fault of the list and is left out, as one that is no number."""
VALUES_MAX = 200
"""Different values of one column that are learnt apart; later ones are taken together. A column
with more (a name, a street) says nothing of the next contact."""
OTHER = "(other)"
"""What later values are taken for."""
BASE = ""
"""The column that all have in common."""
LINE = "(line)"
"""The value under which a number's straight line stands; the bands stand beside it."""


class Features(Struct, frozen=True):
    """What is known of a contact before a call."""

    categories: tuple[tuple[str, str], ...] = ()
    """Column and value, as ``("weekday", "mon")``."""
    numbers: tuple[tuple[str, float], ...] = ()
    """Column and value, as ``("age", 41.0)``. One that is not known is left out."""


class Shift(Struct):
    """How much one thing moves the log-odds."""

    odds: float = 0.0
    moved: float = 0.0
    """Sum of squared gradients: the more, the smaller the next step."""


class Spread(Struct):
    """Mean and spread of a number (Welford)."""

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0
    """Sum of squared distances from the mean."""


class Chances(Struct):
    """All that was learnt; the functions below change it in place. Plain data: what is read back
    from a snapshot goes on exactly as before."""

    results: int = 0
    successes: int = 0
    columns: dict[str, dict[str, Shift]] = {}
    """Shifts by column and value."""
    spreads: dict[str, Spread] = {}
    """Of numbers, by column."""


class Part(Struct, frozen=True):
    """What one column adds to a contact's log-odds."""

    column: str
    value: str
    odds: float


def chance(chances: Chances, features: Features) -> float:
    """The chance that this contact is reached (or whatever was learnt), 0.0 to 1.0.

    Before anything was learnt 0.5 for everybody: no order among them.
    """
    return _sigmoid(math.fsum(_shift_of(chances, *term) for term in _terms(chances, features)))


def learn(chances: Chances, features: Features, succeeded: bool) -> None:
    """One result: the features are those known before the call was placed."""
    for column, number in features.numbers:
        if -NUMBER_MAX <= number <= NUMBER_MAX:
            _observe(chances.spreads.setdefault(column, Spread()), number)
    terms = _terms(chances, features)
    expected = _sigmoid(math.fsum(_shift_of(chances, *term) for term in terms))
    surprise = float(succeeded) - expected
    for column, value, size in terms:
        shift = _shift_to_learn(chances.columns.setdefault(column, {}), value)
        pull = PULL * shift.odds if column != BASE else 0.0
        gradient = surprise * size - pull
        shift.moved += gradient * gradient
        shift.odds += STEP * gradient / math.sqrt(shift.moved + STEADY)
    chances.results += 1
    chances.successes += int(succeeded)


def parts(chances: Chances, features: Features, count: int = 3) -> tuple[Part, ...]:
    """The columns that say most about this contact, the strongest first."""
    shown = [
        *features.categories,
        *((column, f"{number:g}") for column, number in features.numbers),
    ]
    odds: dict[str, list[float]] = {}
    for term in _terms(chances, features):
        odds.setdefault(term[0], []).append(_shift_of(chances, *term))
    found = [
        Part(column, value, added)
        for column, value in dict(shown).items()
        if (added := math.fsum(odds.get(column, ()))) != 0.0
    ]
    found.sort(key=lambda part: (-abs(part.odds), part.column))
    return tuple(found[:count])


def _terms(chances: Chances, features: Features) -> list[tuple[str, str, float]]:
    """Column, value and size of everything that shifts this contact's odds."""
    terms = [(BASE, BASE, 1.0)]
    terms += [(column, value, 1.0) for column, value in features.categories]
    for column, number in features.numbers:
        if -NUMBER_MAX <= number <= NUMBER_MAX:
            place = _place(chances.spreads.get(column), number)
            terms.append((column, LINE, place))
            terms.append((column, f"({round(place / BAND)})", 1.0))
    return terms


def _shift_of(chances: Chances, column: str, value: str, size: float) -> float:
    shifts = chances.columns.get(column)
    if shifts is None:
        return 0.0
    shift = shifts.get(value) or shifts.get(OTHER)
    return 0.0 if shift is None else shift.odds * size


def _shift_to_learn(shifts: dict[str, Shift], value: str) -> Shift:
    if value not in shifts and len(shifts) >= VALUES_MAX:
        value = OTHER
    return shifts.setdefault(value, Shift())


def _observe(spread: Spread, number: float) -> None:
    spread.count += 1
    distance = number - spread.mean
    spread.mean += distance / spread.count
    spread.squares += distance * (number - spread.mean)


def _place(spread: Spread | None, number: float) -> float:
    """How many standard deviations from the mean; nothing while all were alike."""
    if spread is None or spread.squares <= 0.0:
        return 0.0
    place = (number - spread.mean) / math.sqrt(spread.squares / spread.count)
    return max(-FAR, min(FAR, place))


def _sigmoid(odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(-ODDS_MAX, min(ODDS_MAX, odds))))
