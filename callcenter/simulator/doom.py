"""When a death of the service strikes: where it does most harm."""

from __future__ import annotations

from dataclasses import dataclass

from callcenter.domain import commands as c
from callcenter.simulator.faults import Fault

DOOM_STEPS_MAX = 6
"""A kill strikes after so many more steps at most: so also in the middle of a burst."""
AIMS: tuple[type, ...] = (
    object,
    c.PlaceCall,
    c.RingAgent,
    c.JoinCall,
    c.HoldCaller,
    c.HangUp,
    c.AskDigit,
)
"""Commands around which a kill does most harm; the first stands for any."""


@dataclass
class Doom:
    """A death that is to strike at the worst moment."""

    fault: Fault
    aim: type
    """After a step that leads to such a command."""
    steps: int
    """And then so many more."""
    is_near: bool = False
