"""What goes wrong in a simulated day: which faults there are, and a seed's plan of them.

Everything is drawn beforehand: a plan with some of its faults taken out is the same plan otherwise.
How each is done to a day is ``callcenter.simulator.faulty_day``'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from random import Random
from typing import TypeAlias

from msgspec import Struct

from callcenter.simulator.messages import Message, encode


class FaultKind(StrEnum):
    """One way in which the world is not as it should be."""

    EVENT_LOST = "event_lost"
    EVENT_DOUBLED = "event_doubled"
    EVENT_LATE = "event_late"
    EVENTS_SWAPPED = "events_swapped"
    """One event comes behind those that followed it."""
    EVENT_MALFORMED = "event_malformed"
    LINK_LOST = "link_lost"
    """The connection is reset and cannot be made for a while."""
    LINK_HALF_OPEN = "link_half_open"
    """The connection looks alive and carries nothing, in one direction or both."""
    PBX_RESTART = "pbx_restart"
    SERVICE_KILLED = "service_killed"
    """SIGKILL: between two steps, or between the journal and the release."""
    POWER_CUT = "power_cut"
    """The service's machine loses power: what the journal had not synced is gone."""
    DATABASE_SLOW = "database_slow"
    DATABASE_DEAD = "database_dead"
    CRM_SLOW = "crm_slow"
    """Looking up customers takes almost as long as it may."""
    CRM_DEAD = "crm_dead"
    CLOCK_JUMP = "clock_jump"
    """The service's clock is set, forth or back, and some time later set right."""
    DESKTOPS_GONE = "desktops_gone"
    """Some agents' browsers lose their connection."""
    TRUNK_REFUSES = "trunk_refuses"
    """Every number dialed meets congestion."""
    STAFF_LEAVES = "staff_leaves"
    """Agents sign out together, and come back."""


K = FaultKind

EVERYDAY = (
    K.EVENT_LATE,
    K.EVENTS_SWAPPED,
    K.LINK_LOST,
    K.SERVICE_KILLED,
    K.DATABASE_SLOW,
    K.CRM_SLOW,
    K.DESKTOPS_GONE,
    K.TRUNK_REFUSES,
    K.STAFF_LEAVES,
)
"""What every center meets in a year: ``some``."""
KINDS: dict[str, tuple[FaultKind, ...]] = {"none": (), "some": EVERYDAY, "all": tuple(FaultKind)}
"""By the name of the level."""

NOISE_PER_HOUR = {
    K.EVENT_LOST: 12.0,
    K.EVENT_DOUBLED: 30.0,
    K.EVENT_LATE: 30.0,
    K.EVENTS_SWAPPED: 30.0,
    K.EVENT_MALFORMED: 12.0,
}
"""How often single events go wrong: far more often than TCP and Asterisk do it."""
PATTERNS_PER_HOUR = {
    K.LINK_LOST: 4.0,
    K.LINK_HALF_OPEN: 3.0,
    K.PBX_RESTART: 0.5,
    K.SERVICE_KILLED: 6.0,
    K.POWER_CUT: 2.0,
    K.DATABASE_SLOW: 2.0,
    K.DATABASE_DEAD: 2.0,
    K.CRM_SLOW: 2.0,
    K.CRM_DEAD: 2.0,
    K.CLOCK_JUMP: 1.5,
    K.DESKTOPS_GONE: 3.0,
    K.TRUNK_REFUSES: 2.0,
    K.STAFF_LEAVES: 0.7,
}
"""Years of misfortune in an hour, so that they meet."""
LASTS_S: dict[FaultKind, tuple[float, float]] = {
    K.LINK_LOST: (0.3, 60.0),
    K.LINK_HALF_OPEN: (0.5, 40.0),
    K.PBX_RESTART: (1.0, 20.0),
    K.SERVICE_KILLED: (0.3, 45.0),
    K.POWER_CUT: (20.0, 120.0),
    K.DATABASE_SLOW: (10.0, 180.0),
    K.DATABASE_DEAD: (5.0, 180.0),
    K.CRM_SLOW: (10.0, 180.0),
    K.CRM_DEAD: (5.0, 180.0),
    K.CLOCK_JUMP: (10.0, 900.0),
    K.DESKTOPS_GONE: (1.0, 90.0),
    K.TRUNK_REFUSES: (5.0, 240.0),
    K.STAFF_LEAVES: (120.0, 900.0),
}
"""From the beginning to the mending."""
CYCLE_S, STORM_S = 900.0, 600.0
"""Every quarter of an hour has ten minutes in which things go wrong, and five in which nothing
does: by then everything must have come right, or something was forgotten."""
CHAINS_PER_HOUR = 1.0
"""Several parts stopped one after another, and restored in an order of chance."""
CHAIN_KINDS = (
    K.LINK_LOST,
    K.LINK_HALF_OPEN,
    K.SERVICE_KILLED,
    K.DATABASE_DEAD,
    K.CRM_DEAD,
    K.DESKTOPS_GONE,
    K.TRUNK_REFUSES,
    K.PBX_RESTART,
)
CHAIN_GAP_S = (0.5, 12.0)
"""Between two stops of a chain, and between two repairs."""


ACTION_S = 5.0
"""How long an answer of AMI is waited for (``Timings.action_s``)."""
NOTICED_S = (5.0, 10.0)
"""A dead link is noticed when a ping, every five seconds, is not answered for five
(``Timings.ping_every_s``, ``ping_s``)."""
RETRY_S = 1.0
"""Between two tries to connect."""
LATE_S = (0.01, 4.0)
SWAPPED_S = (0.001, 0.05)
JUMP_S = (0.1, 2000.0)
"""By how much the clock is set wrong."""
OF_THE_WORLD = (
    "card_not_shown",
    "contact_lookup_failed",
    "customer_lookup_failed",
    "callbacks_not_fetched",
    "hopper_not_filled",
    "menu_failed",
    "trunk_in_trouble",
)
"""Faults that the machine notes of what goes wrong around it; all others are its own."""


Source: TypeAlias = tuple[FaultKind, FaultKind]
"""Dead and slow, of something that is asked."""
DATABASE: Source = (K.DATABASE_DEAD, K.DATABASE_SLOW)
DIRECTORY: Source = (K.CRM_DEAD, K.CRM_SLOW)


def delay(
    troubles: Mapping[FaultKind, int], of: Source, longest_s: float, rng: Random
) -> tuple[float, bool]:
    """How many seconds an answer takes (0.0: as usual), and whether it is that nobody answers."""
    dead, slow = of
    if troubles[dead] > 0:
        return rng.choice((0.0, longest_s)), True
    return (rng.uniform(0.1, longest_s) if troubles[slow] > 0 else 0.0), False


class Fault(Struct, frozen=True):
    """One thing that goes wrong."""

    index: int
    """Its place in the plan, and its name: what is drawn for it depends on the seed and this."""
    kind: FaultKind
    at: float
    until: float
    """When it is mended; of a single event equal to ``at``."""


def plan_faults(
    seed: int, start: float, duration_s: float, kinds: tuple[FaultKind, ...]
) -> tuple[Fault, ...]:
    """Everything that goes wrong in this time, in order of its beginning. Nothing does in the calm
    at the end of each cycle; faults that last are mended before it."""
    drawn: list[tuple[float, float, FaultKind]] = []
    end = start + duration_s
    for kind in kinds:
        rng = Random(f"{seed}/faults/{kind}")
        rate = NOISE_PER_HOUR.get(kind) or PATTERNS_PER_HOUR[kind]
        at = start + rng.expovariate(rate / 3600.0)
        while at < end:
            lasts_s = _draw_length(rng, LASTS_S[kind]) if kind in LASTS_S else 0.0
            drawn.append((at, min(end, at + lasts_s), kind))
            at += rng.expovariate(rate / 3600.0)
    drawn += _chains(seed, start, end, kinds)
    drawn.sort()
    found = []
    for index, (at, until, kind) in enumerate(drawn, start=1):
        calm_at = at - (at - start) % CYCLE_S + STORM_S
        if at < calm_at:
            found.append(Fault(index, kind, at, min(until, calm_at)))
    return tuple(found)


def _draw_length(rng: Random, between: tuple[float, float]) -> float:
    """Short ones are more frequent: the exponent is drawn evenly."""
    least, most = between
    return float(least * (most / least) ** rng.random())


def _chains(
    seed: int, start: float, end: float, kinds: tuple[FaultKind, ...]
) -> list[tuple[float, float, FaultKind]]:
    links = [kind for kind in CHAIN_KINDS if kind in kinds]
    rng = Random(f"{seed}/faults/chains")
    found: list[tuple[float, float, FaultKind]] = []
    at = start + rng.expovariate(CHAINS_PER_HOUR / 3600.0)
    while at < end and len(links) > 1:
        stopped = rng.sample(links, rng.randint(2, len(links)))
        begins = []
        for _ in stopped:
            begins.append(at)
            at += rng.uniform(*CHAIN_GAP_S)
        for kind, began in rng.sample(list(zip(stopped, begins, strict=True)), len(stopped)):
            at += rng.uniform(*CHAIN_GAP_S)
            if began < end:
                found.append((began, min(end, at), kind))
        at += rng.expovariate(CHAINS_PER_HOUR / 3600.0)
    return found


RUBBISH = ("", "(null)", "\x00\x7f", "-1", "99999999999999999999", "\ufffd" * 40, "x" * 2000)
"""Values that no header should have."""


def mangle(message: Message, rng: Random) -> bytes:
    """The message on the wire with a header missing, without sense, or cut off in the middle. Its
    end is left: the next message is whole."""
    headers = list(message)
    victim = rng.randrange(1, len(headers))
    match rng.randrange(3):
        case 0:
            del headers[victim]
        case 1:
            headers[victim] = (headers[victim][0], rng.choice(RUBBISH))
        case _:
            name, value = headers[victim]
            headers[victim:] = [(name, value[: len(value) // 2])]
    return encode(headers)
