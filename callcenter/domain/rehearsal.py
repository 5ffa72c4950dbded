"""What a rehearsal is asked and what it answers: current rules beside new ones, on forecast days.

Plain values, for the engine (``callcenter.rehearsal``), the service and the API alike.
"""

from __future__ import annotations

from msgspec import Struct

from callcenter.domain.agent import AgentProfile
from callcenter.domain.center import Center
from callcenter.domain.rules import Rules

SEEDS = 10
SEEDS_MIN, SEEDS_MAX = 2, 50
"""Two tell an interval at all; fifty make it half as wide as ten do."""
EVERYBODY = "all"
"""The row of all tiers together."""


class Plan(Struct, frozen=True):
    """What is to be rehearsed."""

    center: Center
    agents: tuple[AgentProfile, ...]
    current: Rules
    new: Rules
    now: float
    """UTC seconds: the forecast is of a day to come."""
    seeds: int = SEEDS
    hours: float = 0.0
    """The busiest so many hours of the day; 0: the whole of it."""
    day: str = ""
    """A local date, "YYYY-MM-DD"; empty: the next working day."""


class Paired(Struct, frozen=True):
    """One figure under both rules, with the 95 % interval of the difference over the seeds."""

    current: float
    new: float
    difference: float
    """New less current; the means over those seeds that have both."""
    least: float | None = None
    """None: one seed alone tells no interval."""
    most: float | None = None

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves no doubt of the difference's sign."""
        if self.least is None or self.most is None:
            return False
        return self.least > 0.0 or self.most < 0.0


class TierResult(Struct, frozen=True):
    """What becomes of the callers of one tier."""

    tier: str
    """``gold``, ``silver``, ``standard``, or ``all``."""
    calls: float
    """Mean count of one day."""
    wait_s: Paired
    """Mean wait of all callers, those who hung up included, seconds."""
    in_time: Paired
    """Share answered within their queue's target."""
    abandoned: Paired
    """Share that hung up while waiting."""
    by_seniors: Paired
    """Of the answered, the share that seniors answered."""
    led_out: Paired
    """Share that an overflow led to a message and its end, a voicemail or a number outside."""


class OccupancyResult(Struct, frozen=True):
    """How busy agents are: talk and wrap-up in the time in which they could be called."""

    group: str
    """``senior``, ``junior``, or ``all``."""
    occupancy: Paired


class RehearsalResult(Struct, frozen=True):
    """What a rehearsal came to."""

    day: str
    """The local date that was played."""
    begin: float
    """From when to when calls were counted, UTC seconds."""
    end: float
    seeds: int
    tiers: tuple[TierResult, ...]
    agents: tuple[OccupancyResult, ...]
    summary: str
    """"gold waits about 12 s, standard waits about 40 s", under the new rules."""
    staffing: str
    """Who worked: ``shifts``, ``history`` or ``assumed``."""
    calls_fitted: int
    """Calls of the history that the forecast rests on."""
    days_fitted: int
    """Days of it on which there were any."""
    notes: tuple[str, ...]
    """What to know before believing the figures: sentences."""


class Progress(Struct, frozen=True):
    """How far a rehearsal is."""

    share: float
    """0.0 to 1.0."""
    doing: str
    """``reading``, ``fitting`` or ``playing``."""


class RehearsalFailed(Exception):  # noqa: N818 - a fact, said to who asked
    """There is no result; the message says why and how to mend it."""
