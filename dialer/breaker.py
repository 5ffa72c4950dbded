"""When to stop dialing on a trunk, and when to try again: the trunk is in trouble, not the numbers.

Two bursts open the breaker, each of calls in a row: refused before any phone rang (or the PBX found
no channel), and answered but over at once, which carriers do that answer for a number they cannot
reach. While it is open single calls probe the trunk, farther and farther apart.

Only calls placed after a burst began, and what is heard of them since, can end it: a phone that
rings since before the trouble, or a conversation that comes to its end, says nothing of now.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, assert_never

import msgspec
from msgspec import Struct

from callcenter.domain.attempt import Attempt, AttemptResult

TOLERATED = 4
"""Calls in a row that may go wrong. With 3 % of empty answers and refusals among a trunk's calls a
fifth comes by chance once in forty million calls; a dead trunk takes less than a second to it."""
PROBE_AFTER_S, PROBE_AFTER_MAX_S = 1.0, 60.0
"""From the opening to the first probe, and the longest time between two: it doubles with each that
fails. A trunk that is back is found within a minute."""
EMPTY_S = 1.0
"""An answer that lasted no longer is none: nobody says a word and hangs up in less."""
HOLD_S = 60.0
"""How long a call that may belong to a burst waits for its result. The next call tells, and a
campaign places one every few seconds; nobody is to wait longer for a retry than they would."""


class Sign(StrEnum):
    """What a call says of the trunk it was placed on."""

    REFUSED = "refused"
    """Refused before any phone rang, or no channel was made."""
    EMPTY = "empty"
    """Answered, and over within ``EMPTY_S``."""
    RINGS = "rings"
    """The network took it to a telephone, or told something of the number."""
    LASTS = "lasts"
    """Answered, and it lasted."""
    NOTHING = "nothing"


SUSPECT = (Sign.REFUSED, Sign.EMPTY)


class Breaker(Struct, frozen=True, omit_defaults=True):
    """How a trunk has done. Times are UTC seconds, 0.0 for "not"."""

    refused: int = 0
    """Calls in a row that were refused."""
    refused_since: float = 0.0
    """When the first of them was placed."""
    refused_at: float = 0.0
    """When it was refused."""
    empty: int = 0
    """Answers in a row that were empty."""
    empty_since: float = 0.0
    """When the first of those calls was placed."""
    empty_at: float = 0.0
    """When the first of them was over."""
    opened_at: float = 0.0
    """Since when nothing but probes is dialed."""
    failed: int = 0
    """Probes in a row that failed, the opening included."""
    probe_at: float = 0.0
    """When the next probe may be placed."""
    probe: str = ""
    """The attempt that probes the trunk now."""

    @property
    def is_open(self) -> bool:
        """Whether the trunk is in trouble."""
        return self.opened_at > 0.0


def sign_of(attempt: Attempt, result: AttemptResult, now: float) -> Sign:
    """What an attempt that ends ``now`` with this result says of its trunk."""
    match result:
        case AttemptResult.UNKNOWN | AttemptResult.UNCOUNTED:
            return Sign.NOTHING
        case AttemptResult.DROPPED | AttemptResult.MACHINE | AttemptResult.SCREENED:
            return Sign.LASTS
        case AttemptResult.FAX:  # however soon we hung up: it had asked for T.38
            return Sign.LASTS
        case AttemptResult.CONNECTED | AttemptResult.HUNG_UP:
            answered_at = attempt.answered_at or attempt.person_at
            return Sign.EMPTY if now - answered_at <= EMPTY_S else Sign.LASTS
        case AttemptResult.CANCELLED:
            return Sign.RINGS if attempt.ringing_at else Sign.NOTHING
        case AttemptResult.NO_ANSWER:  # without RINGING it may have rung all the same (early media)
            return Sign.RINGS if attempt.ringing_at else Sign.NOTHING
        case AttemptResult.FAILED | AttemptResult.CONGESTION | AttemptResult.REJECTED:
            return Sign.RINGS if attempt.ringing_at else Sign.REFUSED
        case _:
            return Sign.RINGS


def heard_at(attempt: Attempt, sign: Sign, now: float) -> float:
    """When that came about of which the sign tells: a conversation that ends was answered long
    ago."""
    match sign:
        case Sign.RINGS:
            return attempt.ringing_at or attempt.answered_at or now
        case Sign.LASTS:
            return attempt.answered_at or attempt.person_at or now
        case _:
            return now


def hear(breaker: Breaker, sign: Sign, placed_at: float, at: float, now: float) -> Breaker:
    """The breaker after a call has given this sign: perhaps open, perhaps closed.

    ``placed_at``: when the call was placed; ``at``: when that came about which the sign tells.
    """
    if sign is Sign.NOTHING:
        return breaker
    breaker = _counted(breaker, sign, placed_at, at)
    is_bad = max(breaker.refused, breaker.empty) > TOLERATED
    change = msgspec.structs.replace
    if is_bad and not breaker.is_open:
        return change(breaker, opened_at=now, failed=1, probe_at=now + pause(1))
    if breaker.is_open and not is_bad:
        return change(breaker, opened_at=0.0, failed=0, probe_at=0.0, probe="")
    return breaker


def _counted(
    breaker: Breaker,
    sign: Literal[Sign.REFUSED, Sign.EMPTY, Sign.RINGS, Sign.LASTS],
    placed_at: float,
    at: float,
) -> Breaker:
    """With one more bad call, or with an end of the bad ones."""
    change = msgspec.structs.replace
    match sign:
        case Sign.REFUSED:
            first = breaker.refused == 0
            return change(
                breaker,
                refused=breaker.refused + 1,
                refused_since=placed_at if first else breaker.refused_since,
                refused_at=at if first else breaker.refused_at,
            )
        case Sign.EMPTY:
            first = breaker.empty == 0
            return change(
                breaker,
                empty=breaker.empty + 1,
                empty_since=placed_at if first else breaker.empty_since,
                empty_at=at if first else breaker.empty_at,
            )
        case Sign.RINGS | Sign.LASTS:
            if placed_at >= breaker.refused_since and at >= breaker.refused_at:
                breaker = change(breaker, refused=0, refused_since=0.0, refused_at=0.0)
            is_after = placed_at >= breaker.empty_since and at >= breaker.empty_at
            if sign is Sign.LASTS and is_after:
                breaker = change(breaker, empty=0, empty_since=0.0, empty_at=0.0)
            return breaker
        case _ as never:
            assert_never(never)


def begin_probe(breaker: Breaker, attempt: str) -> Breaker:
    """This attempt probes the open trunk: no other may, until it is over."""
    return msgspec.structs.replace(breaker, probe=attempt)


def end_probe(breaker: Breaker, sign: Sign, now: float) -> Breaker:
    """The probe is over. One that went wrong doubles the pause; one that tells nothing is followed
    by another at once."""
    failed = breaker.failed + (sign in SUSPECT)
    probe_at = now + pause(failed) if sign in SUSPECT else now
    return msgspec.structs.replace(breaker, probe="", failed=failed, probe_at=probe_at)


def may_dial(breaker: Breaker, now: float) -> bool:
    """Whether a call may be placed: any while it is closed, else only a probe that is due."""
    return not breaker.is_open or (not breaker.probe and now >= breaker.probe_at)


def pause(failed: int) -> float:
    """How long to place no probe after so many in a row that failed."""
    return min(PROBE_AFTER_MAX_S, PROBE_AFTER_S * 2.0 ** min(failed - 1, 10))
