"""What a contact's history and the clock say before a call: the features its chance is learnt from.

The same function makes them when a contact is scored and when the result is learnt, with the time
and the tries of before the call; so nothing that came later can slip in.
"""

from __future__ import annotations

import math
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from callcenter.domain.attempt import AttemptResult
from dialer.contact_chance import Features
from dialer.window import find_zone

TRIES_MAX = 10
"""Tries that are looked at, the last ones."""
COUNTED_MAX = 5
"""So many tries, or more, are one value."""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PARTS_OF_DAY = ((5, "night"), (9, "early"), (12, "morning"), (14, "noon"), (17, "afternoon"),
                (21, "evening"), (24, "night"))  # fmt: skip
"""Each ends at that hour."""
REACHED = (AttemptResult.CONNECTED, AttemptResult.DROPPED, AttemptResult.HUNG_UP)
"""Results that mean that a person was there, whatever came of it."""
SAYS_NOTHING = (
    AttemptResult.CONGESTION,
    AttemptResult.FAILED,
    AttemptResult.UNCOUNTED,
    AttemptResult.CANCELLED,
    AttemptResult.UNKNOWN,
)
"""Results that say nothing of the person: no chance is learnt from them."""


class Try(Struct, frozen=True):
    """An earlier attempt."""

    at: float
    """When it was placed, UTC seconds."""
    result: AttemptResult


def features_at(
    now: float,
    zone: str,
    tries: tuple[Try, ...] = (),
    number_type: str = "",
    columns: Features | None = None,
) -> Features:
    """What is known of a contact at ``now``.

    ``zone`` is where the contact most likely is (for a number of many zones the first); with one
    that the tz database does not have nothing is said of the time of day. ``tries`` stand in order;
    those at or after ``now`` are left out. ``columns`` are the declared ones of the contact's list.
    """
    earlier = [one for one in tries if one.at < now and one.result not in SAYS_NOTHING]
    categories = [
        *_of_the_clock(now, find_zone(zone), earlier[-TRIES_MAX:]),
        ("number_type", number_type or "unknown"),
        ("tries", str(min(len(earlier), COUNTED_MAX))),
        ("last_result", earlier[-1].result.value if earlier else "never"),
    ]
    numbers = []
    if earlier:
        numbers.append(("last_try_hours", math.log1p((now - earlier[-1].at) / 3600.0)))
    listed = columns or Features()
    return Features(
        (*categories, *((f"list:{name}", value) for name, value in listed.categories)),
        (*numbers, *((f"list:{name}", number) for name, number in listed.numbers)),
    )


def _of_the_clock(now: float, zone: ZoneInfo | None, earlier: list[Try]) -> list[tuple[str, str]]:
    """Hour and weekday at the contact, and how often they were not there at this time of day."""
    if zone is None:
        return []
    local = datetime.fromtimestamp(now, zone)
    part = part_of_day(local.hour)
    in_vain = sum(
        int(
            one.result not in REACHED
            and part_of_day(datetime.fromtimestamp(one.at, zone).hour) == part
        )
        for one in earlier
    )
    return [
        ("hour", str(local.hour)),
        ("weekday", WEEKDAYS[local.weekday()]),
        ("part_of_day", f"{'weekend' if local.weekday() >= 5 else 'workday'} {part}"),
        ("tried_in_vain_at_this_time", str(min(in_vain, COUNTED_MAX))),
    ]


def part_of_day(hour: int) -> str:
    """Night, early, morning, noon, afternoon or evening."""
    return next(name for end, name in PARTS_OF_DAY if hour < end)


def was_reached(result: AttemptResult) -> bool | None:
    """Whether a person was reached; None where nothing is to be learnt of that."""
    return None if result in SAYS_NOTHING else result in REACHED
