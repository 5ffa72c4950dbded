"""A forecast of the center: who arrives, how long things last, who works. Plain values.

Made by ``fit`` from the past, or by hand in tests; days are drawn from it by ``arrivals`` and
``staff``.
"""

from __future__ import annotations

import math

from msgspec import Struct

from callcenter.domain.customer import Tier
from callcenter.domain.history import KnownCustomer, Shift
from callcenter.domain.ids import AgentId, QueueId
from callcenter.domain.survival import BEGINS_S, Hazard, rates_of

SLOT_S = 900.0
SLOTS_OF_DAY = 96
SLOTS_OF_WEEK = 7 * SLOTS_OF_DAY
"""Quarter-hours from Monday 00:00, local time."""


class CallerKind(Struct, frozen=True):
    """A caller as one was seen: what menus and rules read of them."""

    tier: Tier
    caller_number: str = ""
    choices: tuple[str, ...] = ()
    customer: KnownCustomer | None = None


class Stream(Struct, frozen=True):
    """Calls that dial one number and are meant for one queue."""

    dialed_number: str
    queue: QueueId
    slots: tuple[float, ...]
    """Calls expected in each quarter-hour of the week."""
    kinds: tuple[CallerKind, ...]
    """Each as likely as the others."""


class Lasting(Struct, frozen=True):
    """How long something lasts: lognormal."""

    mu: float
    """Mean of the logarithm of seconds."""
    sigma: float
    """Its standard deviation."""

    @property
    def mean_s(self) -> float:
        """Seconds on average."""
        return math.exp(self.mu + self.sigma**2 / 2.0)

    def at(self, z: float) -> float:
        """Seconds at so many standard deviations from the middle."""
        return math.exp(self.mu + self.sigma * z)


class Duty(Struct, frozen=True):
    """A stretch of a day in which an agent takes calls."""

    agent: AgentId
    begins_s: float
    """Seconds after local midnight."""
    ends_s: float


class WorkedDay(Struct, frozen=True):
    """Who worked when on a day that was."""

    weekday: int
    """0 is Monday."""
    duties: tuple[Duty, ...]


class Staffing(Struct, frozen=True):
    """Who works: by shifts where there are any, else as on a day that was."""

    source: str
    """``shifts``, ``history`` or ``assumed``."""
    days: tuple[WorkedDay, ...] = ()
    shifts: tuple[Shift, ...] = ()
    break_share: float = 0.0
    """Of a shift, the share in which the agent is on a break."""


class Traffic(Struct, frozen=True):
    """The whole forecast."""

    streams: tuple[Stream, ...]
    talk: dict[str, Lasting]
    """Conversations; by ``queue/tier/senior`` and ``queue/tier/junior``."""
    wrap_up: dict[str, Lasting]
    """After-call work; by ``senior`` and ``junior``."""
    ring: Lasting
    """From the first ring to the answer."""
    pace: dict[AgentId, float]
    """How many times as long as usual this agent talks; one who is missing: 1."""
    patience: dict[str, Hazard]
    """Hanging up while waiting; by ``queue/tier``."""
    unresolved: dict[str, float]
    """Share of matters left open; by ``senior`` and ``junior``."""
    staffing: Staffing
    spread: float = 0.0
    """Standard deviation of how busy a day is as a whole: 0.1 is 10 % more or less than usual."""
    calls: int = 0
    """Calls of the history that it rests on."""
    days: int = 0
    notes: tuple[str, ...] = ()
    """How thin the history is, and what was assumed: sentences."""


def patience_s(hazard: Hazard, used_up: float) -> float:
    """How long a caller waits before hanging up.

    ``used_up`` is what the caller brings, drawn from the exponential distribution with mean 1:
    they go when the hazard, added up over the wait, has reached it. Endless where it never does.
    """
    rates = rates_of(hazard)
    left = used_up
    for age, rate in enumerate(rates):
        width = BEGINS_S[age + 1] - BEGINS_S[age] if age + 1 < len(BEGINS_S) else math.inf
        if rate > 0.0 and left <= rate * width:
            return BEGINS_S[age] + left / rate
        if math.isfinite(width):
            left -= rate * width
    return math.inf
