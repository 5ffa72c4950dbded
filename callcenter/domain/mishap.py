"""What was repaired, and what could not be, today: counted step by step for the board; reports read
the records."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Mishap(StrEnum):
    """What went wrong."""

    REPAIR = "repair"
    """The PBX's word replaced our belief."""
    FAULT = "fault"
    """Something came in that could not be, or something outside failed."""


class MishapDay(Struct, frozen=True):
    """How often one kind of mishap came on one day."""

    mishap: Mishap
    kind: str
    """As in the records, e.g. ``call_gone``."""
    day: int
    """The day in the center's time zone, as ``date.toordinal`` counts."""
    count: int
