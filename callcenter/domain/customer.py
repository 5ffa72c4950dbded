"""What routing needs to know of a customer. Names and notes stay in the database: they are never
journaled."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

from callcenter.domain.ids import AgentId


class Tier(StrEnum):
    """How much the company owes this customer; the order of the members is the order of
    precedence."""

    GOLD = "gold"
    SILVER = "silver"
    STANDARD = "standard"


TIER_RANK: dict[Tier, int] = {tier: rank for rank, tier in enumerate(Tier)}
"""0 is served first."""

Attribute: TypeAlias = str | float | bool | tuple[str, ...]
"""A value that a document of rules declares."""


class CustomerFacts(Struct, frozen=True, omit_defaults=True, gc=False):
    """What routing rules may read of a customer beside the tier: never a name, never a note."""

    last_agent: AgentId = ""
    owner: AgentId = ""
    language: str = ""
    value: float = 0.0
    churn_risk: float = 0.0
    attributes: dict[str, Attribute] = {}


NO_FACTS = CustomerFacts()
