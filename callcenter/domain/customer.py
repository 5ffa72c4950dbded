"""What routing needs to know of a customer. Names and notes stay in the database: they are never
journaled."""

from __future__ import annotations

from enum import StrEnum


class Tier(StrEnum):
    """How much the company owes this customer; the order of the members is the order of
    precedence."""

    GOLD = "gold"
    SILVER = "silver"
    STANDARD = "standard"


TIER_RANK: dict[Tier, int] = {tier: rank for rank, tier in enumerate(Tier)}
"""0 is served first."""
