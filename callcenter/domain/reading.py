"""A reading of a PBX's state that is on its way."""

from __future__ import annotations

from msgspec import Struct

from callcenter.domain.ids import CommandId


class Reading(Struct, frozen=True):
    """What was asked and when. Times are UTC seconds."""

    command: CommandId
    """The last ``ReadPbx`` sent."""
    since: float
    """When the first was sent whose answer may still come: no answer is older."""
    asked_at: float
    """When the last one was sent."""
