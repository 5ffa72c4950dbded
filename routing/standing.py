"""What a chooser knows that cannot be told from calls and agents alone: to be stored."""

from __future__ import annotations

from msgspec import Struct

from callcenter.domain.ids import CallId
from routing.learning import Learned
from routing.work import Hold


class Look(Struct, frozen=True, array_like=True):
    """What was decided of a line without pairing anybody; named by the first call in it."""

    first: CallId
    wake_at: float | None
    hold: Hold | None


class Standing(Struct, frozen=True):
    """What cannot be told from calls and agents alone: to be stored, and given to ``resume``."""

    learned: Learned
    looks: tuple[Look, ...]
    kept: tuple[CallId, ...]
    """The calls that still wait for one agent only."""
