"""Which day it is for what is counted since midnight."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from callcenter.core.state import State


def day_of(state: State) -> int:
    """The day of the last step in the center's time zone, as ``date.toordinal`` counts."""
    return datetime.fromtimestamp(state.now, ZoneInfo(state.center.time_zone)).toordinal()
