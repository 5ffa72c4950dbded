"""What a rehearsal is asked and what it answers: rules, or a campaign, as they are beside a change.

Plain values, for the engine (``callcenter.rehearsal``), the service and the API alike.
"""

from __future__ import annotations

from msgspec import Struct

from callcenter.domain.agent import AgentProfile
from callcenter.domain.campaign import Pacing
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


# --- a campaign -----------------------------------------------------------------------------------

CAMPAIGN_SEEDS = 5
CAMPAIGN_HOURS = 8.0
"""A working day."""
CAMPAIGN_HOURS_MAX = 200.0
"""Five weeks of work."""
AGENTS_MAX = 1_000


class Change(Struct, frozen=True):
    """What is to be different from how a campaign is; None and 0: as it is."""

    agents: int | None = None
    """So many agents work for it."""
    without: int = 0
    """So many of its agents leave."""
    pacing: Pacing | None = None
    lines_per_agent: float | None = None
    drop_cap: float | None = None
    ring_s: float | None = None
    max_lines: int | None = None


class Estimate(Struct, frozen=True):
    """A mean over the seeds, with its 95 % interval."""

    mean: float
    least: float | None = None
    """None: one seed alone tells no interval."""
    most: float | None = None


class Compared(Struct, frozen=True):
    """One figure of a campaign; None where there is nothing to tell it from, or no change."""

    current: Estimate | None
    """As it is."""
    new: Estimate | None = None
    """With the change."""
    difference: Estimate | None = None
    """New less current, seed by seed."""


class CampaignFigures(Struct, frozen=True):
    """What would come of a campaign."""

    occupancy: Compared
    """Share of the agents' time at work that they talk or wrap up."""
    talking: Compared
    """Share of it that they talk."""
    idle_s: Compared
    """How long an agent waits for the next person."""
    dropped: Compared
    """Share of the people who answer that no agent is free for."""
    calls_per_h: Compared
    """Calls placed in an hour of work."""
    reached: Compared
    """Contacts that an agent has talked with."""
    tried: Compared
    """Contacts that were dialed at least once."""
    tried_all_h: Compared
    """Hours of work until everybody on the list has been dialed; None: later than was rehearsed, on
    one seed at least."""
    finished_h: Compared
    """Hours of work until nobody on the list is left to be dialed; None likewise."""


class CampaignRehearsalResult(Struct, frozen=True):
    """What the rehearsal of a campaign came to."""

    begin: float
    """The first moment that was played, UTC seconds."""
    hours: float
    """Hours of work that were played at most: nights are not among them."""
    seeds: int
    agents: int
    """Who works for it, as it is."""
    new_agents: int | None
    """The same with the change; None: no change was asked for."""
    cap: float
    """The share of people that may be dropped, as it is."""
    new_cap: float | None
    contacts: int
    """Contacts left to be dialed."""
    figures: CampaignFigures
    attempts_fitted: int
    """Calls of the campaign's past that the people were made after."""
    days_fitted: int
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
