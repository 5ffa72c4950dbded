"""Which trunk a call goes out on: the first of the campaign's that may take one now."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec
from msgspec import Struct

from callcenter.domain.center import TrunkLine
from dialer.breaker import Breaker, may_dial

NO_BREAKER = Breaker()
BURST_S = 0.1
"""Calls of so long may go out at once: carriers count by the second."""


class Trunk(Struct, frozen=True, omit_defaults=True):
    """The live state of one trunk, shared by all who dial on it."""

    breaker: Breaker = NO_BREAKER
    held: tuple[str, ...] = ()
    """Attempts that are over and may belong to a burst: they wait for their result."""
    given_back: int = 0
    """Attempts given back uncounted since the breaker opened last."""
    paced_to: float = 0.0
    """When the last call placed would have been due, one after the other at the allowed pace."""


class Hindrance(StrEnum):
    """Why a trunk takes no call now."""

    NONE = ""
    TROUBLE = "trouble"
    """Its breaker is open."""
    FULL = "full"
    """All its channels are in use."""
    PACE = "pace"
    """The next call must wait for an instant."""


IDLE = Trunk()
UNLIMITED = TrunkLine("", "")


def hindrance(trunk: Trunk, limits: TrunkLine, in_use: int, now: float) -> Hindrance:
    """What stands in the way of a call on this trunk, on which ``in_use`` calls are."""
    if not may_dial(trunk.breaker, now):
        return Hindrance.TROUBLE
    if limits.channels and in_use >= limits.channels:
        return Hindrance.FULL
    if limits.calls_per_s and now < next_call_at(trunk, limits):
        return Hindrance.PACE
    return Hindrance.NONE


def next_call_at(trunk: Trunk, limits: TrunkLine) -> float:
    """When the pace allows the next call."""
    return trunk.paced_to - max(0.0, BURST_S - 1.0 / limits.calls_per_s)


def place(trunk: Trunk, limits: TrunkLine, now: float) -> Trunk:
    """The trunk after a call went out."""
    if not limits.calls_per_s:
        return trunk
    return msgspec.structs.replace(
        trunk, paced_to=max(trunk.paced_to, now) + 1.0 / limits.calls_per_s
    )


def choose_trunk(names: Sequence[str], hindrances: Sequence[Hindrance]) -> str:
    """The first trunk, in the campaign's order, that nothing hinders; empty: none."""
    for name, why in zip(names, hindrances, strict=True):
        if why is Hindrance.NONE:
            return name
    return ""
