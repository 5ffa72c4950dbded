"""Which trunk a call goes out on: the first of the campaign's that may take one now."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from dialer.breaker import Breaker, may_dial

NO_BREAKER = Breaker()


class Trunk(Struct, frozen=True, omit_defaults=True):
    """The live state of one trunk, shared by all who dial on it."""

    breaker: Breaker = NO_BREAKER
    held: tuple[str, ...] = ()
    """Attempts that are over and may belong to a burst: they wait for their result."""
    given_back: int = 0
    """Attempts given back uncounted since the breaker opened last."""


class Hindrance(StrEnum):
    """Why a trunk takes no call now."""

    NONE = ""
    TROUBLE = "trouble"
    """Its breaker is open."""


IDLE = Trunk()


def hindrance(trunk: Trunk, now: float) -> Hindrance:
    """What stands in the way of a call on this trunk."""
    if not may_dial(trunk.breaker, now):
        return Hindrance.TROUBLE
    return Hindrance.NONE


def choose_trunk(names: Sequence[str], hindrances: Sequence[Hindrance]) -> str:
    """The first trunk, in the campaign's order, that nothing hinders; empty: none."""
    for name, why in zip(names, hindrances, strict=True):
        if why is Hindrance.NONE:
            return name
    return ""
