"""What was repaired, and what could not be, as the board shows it."""

from __future__ import annotations

from msgspec import Struct

from callcenter.core.days import day_of
from callcenter.core.state import State
from callcenter.domain.mishap import Mishap


class MishapView(Struct, frozen=True):
    """How often one kind of mishap came since midnight."""

    id: str
    """``repair:KIND`` or ``fault:KIND``."""
    mishap: Mishap
    kind: str
    """As in the records and at ``/metrics``, e.g. ``call_gone``."""
    count: int


def mishaps_view(state: State) -> tuple[MishapView, ...]:
    """Repairs and faults since midnight, by kind."""
    day = day_of(state)
    return tuple(
        MishapView(key, one.mishap, one.kind, one.count)
        for key, one in state.mishaps.items()
        if one.day == day
    )
