"""The numbers that people see who are called: which is next, and which must rest.

A number that many see and few answer is soon marked by phones and networks, and then fewer answer
still. So the numbers of a campaign take turns, and one whose answer rate falls while that of the
others does not has a rest. Where all fall together it is the list or the hour, not the number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from callcenter.domain.attempt import AttemptResult

R = AttemptResult

ANSWERED = (R.CONNECTED, R.DROPPED, R.HUNG_UP, R.MACHINE, R.SCREENED, R.FAX)
NOT_ANSWERED = (R.NO_ANSWER, R.BUSY, R.REJECTED)
"""All other results say nothing of the number shown."""
RECENT_CALLS, LONG_CALLS = 150.0, 1500.0
"""The calls that count for how it does now and for how it usually does; older ones fade."""
RECENT_MIN, LONG_MIN = 60.0, 200.0
"""Fewer say nothing."""
FALL = 0.7
"""It must have fallen below this part of what is usual: less is not worth a rest."""
DOUBT, DOUBT_OTHERS = 3.0, 2.0
"""Standard deviations below its own usual rate, and below the others' rate of now."""
REST_S, REST_MAX_S = 24 * 3600.0, 7 * 24 * 3600.0
"""The first rest, and the longest: it doubles each time."""


class CallerNumber(Struct, frozen=True, omit_defaults=True):
    """How one number does that people see."""

    turn: int = 0
    """Whoever has the lowest among those that take turns is next."""
    recent: float = 0.0
    """Calls that count for now."""
    recent_answered: float = 0.0
    usual: float = 0.0
    """Calls that count for what is usual."""
    usual_answered: float = 0.0
    rests_until: float = 0.0
    rests: int = 0
    """How often it had to rest."""
    fell_to: float = 0.0
    """Its answer rate when its last rest began."""
    fell_from: float = 0.0
    """What was usual then."""


UNUSED = CallerNumber()


def choose_number(numbers: Sequence[str], known: Mapping[str, CallerNumber], now: float) -> str:
    """The number to show next: of those that do not rest the one whose turn it is. Where all rest,
    the one whose rest ends first. Empty: there are none."""
    if not numbers:
        return ""
    states = {number: known.get(number, UNUSED) for number in numbers}
    awake = [number for number in numbers if states[number].rests_until <= now]
    if awake:
        return min(awake, key=lambda number: states[number].turn)
    return min(numbers, key=lambda number: states[number].rests_until)


def next_turn(numbers: Sequence[str], known: Mapping[str, CallerNumber]) -> int:
    """The turn of the number that has just been shown: after all others."""
    return 1 + max(known.get(number, UNUSED).turn for number in numbers)


def learn(number: CallerNumber, result: AttemptResult) -> CallerNumber:
    """The number after a call with this result."""
    if result not in ANSWERED and result not in NOT_ANSWERED:
        return number
    answered = 1.0 if result in ANSWERED else 0.0
    keeps, keeps_long = 1.0 - 1.0 / RECENT_CALLS, 1.0 - 1.0 / LONG_CALLS
    return msgspec.structs.replace(
        number,
        recent=number.recent * keeps + 1.0,
        recent_answered=number.recent_answered * keeps + answered,
        usual=number.usual * keeps_long + 1.0,
        usual_answered=number.usual_answered * keeps_long + answered,
    )


def must_rest(number: CallerNumber, others: Sequence[CallerNumber]) -> bool:
    """Whether its answer rate has fallen, and that of the ``others`` in its turn has not."""
    if number.recent < RECENT_MIN or number.usual < LONG_MIN:
        return False
    rate, usual = recent_rate(number), usual_rate(number)
    calls = math.fsum(other.recent for other in others)
    if calls < RECENT_MIN or rate >= FALL * usual:
        return False
    theirs = math.fsum(other.recent_answered for other in others) / calls
    return rate < usual - DOUBT * _spread(
        usual, number.recent
    ) and rate < theirs - DOUBT_OTHERS * _spread(theirs, number.recent)


def rest(number: CallerNumber, now: float) -> CallerNumber:
    """Begin a rest. Afterwards it is judged by new calls only."""
    rest_s = min(REST_MAX_S, REST_S * 2.0 ** min(number.rests, 10))
    return msgspec.structs.replace(
        number,
        rests_until=now + rest_s,
        rests=number.rests + 1,
        recent=0.0,
        recent_answered=0.0,
        fell_to=recent_rate(number),
        fell_from=usual_rate(number),
    )


def recent_rate(number: CallerNumber) -> float:
    """The share of its latest calls that was answered; 0.0 without any."""
    return number.recent_answered / number.recent if number.recent else 0.0


def usual_rate(number: CallerNumber) -> float:
    """The same of many more calls."""
    return number.usual_answered / number.usual if number.usual else 0.0


def _spread(rate: float, calls: float) -> float:
    return math.sqrt(rate * (1.0 - rate) / calls)
