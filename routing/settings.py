"""What a supervisor sets: presets, weights, costs and targets. A plain value; pure."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct, structs

from callcenter.domain.customer import Tier
from callcenter.domain.ids import QueueId


class Order(StrEnum):
    """Which of the waiting calls goes first."""

    COST = "cost"
    """The one whose waiting costs most for each second of agent time it needs."""
    WEIGHT = "weight"
    """The weightier always first, whatever it costs; no hold for a senior."""
    ARRIVAL = "arrival"
    """Who came first, of whatever tier."""


class Target(Struct, frozen=True):
    """A service level that a queue, or one tier of it, should keep."""

    queue: QueueId
    share: float = 0.8
    """This share of the calls ..."""
    within_s: float = 20.0
    """... is to be answered within this time."""
    tier: Tier | None = None
    """None: all tiers of the queue."""


class Settings(Struct, frozen=True):
    """How the chooser weighs one caller against another.

    All costs are counted in the cost of one minute that a customer with weight 1 waits.
    """

    tier_weights: tuple[tuple[Tier, float], ...] = (
        (Tier.GOLD, 5.0),
        (Tier.SILVER, 2.0),
        (Tier.STANDARD, 1.0),
    )
    order: Order = Order.COST
    loss_cost: float = 10.0
    """What it costs to lose a caller, in minutes of waiting."""
    unresolved_cost: float = 5.0
    """What it costs when a matter is not resolved, in minutes of waiting."""
    growth_s: float = 1800.0
    """A call that has waited this long is twice as urgent as the same call just arrived."""
    overdue_s: float = 900.0
    """The bound: a call that has waited this long goes before every one that has waited less."""
    hold_max_s: float = 60.0
    """No call that an idle agent may take is held for a senior beyond this wait ..."""
    hold_max_of: tuple[tuple[QueueId, float], ...] = ()
    """... or this one, in these queues."""
    targets: tuple[Target, ...] = ()
    handling_start_s: float = 180.0
    """Start value, until calls of their own are known: mean handling time."""
    patience_start_s: float = 420.0
    """Start value: mean time until a waiting caller hangs up."""
    unresolved_start: tuple[float, float] = (0.10, 0.22)
    """Start values: the share of matters that a senior, and a junior, leaves unresolved."""
    memory: float = 500.0
    """How many observations an estimate rests on: the older ones are forgotten."""


PRESETS: dict[str, Settings] = {
    "balanced": Settings(),
    "gold_first": Settings(
        tier_weights=((Tier.GOLD, 15.0), (Tier.SILVER, 2.0), (Tier.STANDARD, 1.0))
    ),
    "equal_waits": Settings(order=Order.ARRIVAL),
    "strict_priority": Settings(order=Order.WEIGHT),
}
"""The choices that a supervisor is offered by name."""


def with_weights(settings: Settings, weights: dict[Tier, float]) -> Settings:
    """The same with other tier weights."""
    known = dict(settings.tier_weights)
    return structs.replace(
        settings, tier_weights=tuple((tier, weights.get(tier, known[tier])) for tier in Tier)
    )
