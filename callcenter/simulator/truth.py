"""What the far ends know: counts from their own log, to compare the service's records with.

Looks only at the log of ``callcenter.simulator.stage``; nothing of the service or the PBX.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field

from callcenter.simulator.stage import Deed, Entry


class TierCount(Struct):
    """Calls of one tier."""

    offered: int = 0
    """Callers whom the PBX answered."""
    answered: int = 0
    """Callers who heard an agent."""
    abandoned: int = 0
    """Hung up in the music, without having heard an agent."""
    left_in_menu: int = 0
    """Hung up before any music."""
    dropped: int = 0
    """Hung up on by the PBX before they heard an agent."""
    open: int = 0
    """Still on the line, without having heard an agent."""


class Counters(Struct):
    """Everything that can be counted at the far ends."""

    tiers: dict[str, TierCount] = field(default_factory=dict)
    """By tier; strangers under the empty name."""
    rings: int = 0
    """INVITEs to agents' phones."""
    picked_up: int = 0
    missed: int = 0
    withdrawn: int = 0
    rejected: int = 0
    unreached: int = 0

    @property
    def total(self) -> TierCount:
        """All tiers together."""
        result = TierCount()
        for name in TierCount.__struct_fields__:
            setattr(result, name, sum(getattr(tier, name) for tier in self.tiers.values()))
        return result


_OF_PHONES = {
    Deed.INVITED: "rings",
    Deed.PICKED_UP: "picked_up",
    Deed.MISSED: "missed",
    Deed.WITHDRAWN: "withdrawn",
    Deed.REFUSED: "rejected",
    Deed.UNREACHED: "unreached",
}


def count(log: Iterable[Entry]) -> Counters:
    """Count a log of the far ends."""
    counters = Counters()
    callers: dict[str, dict[Deed, Entry]] = {}
    for entry in log:
        if entry.deed in _OF_PHONES:
            name = _OF_PHONES[entry.deed]
            setattr(counters, name, getattr(counters, name) + 1)
        elif entry.deed is Deed.DIALED:
            callers[entry.party] = {entry.deed: entry}
        elif entry.party in callers:
            callers[entry.party].setdefault(entry.deed, entry)
    for deeds in callers.values():
        tier = counters.tiers.setdefault(deeds[Deed.DIALED].tier, TierCount())
        _count_caller(deeds, tier)
    return counters


def _count_caller(deeds: dict[Deed, Entry], tier: TierCount) -> None:
    if Deed.ACCEPTED not in deeds:
        return
    tier.offered += 1
    if Deed.HEARD_PERSON in deeds:
        tier.answered += 1
    elif Deed.WAS_HUNG_UP in deeds:
        tier.dropped += 1
    elif Deed.HUNG_UP not in deeds:
        tier.open += 1
    elif Deed.HEARD_MUSIC in deeds:
        tier.abandoned += 1
    else:
        tier.left_in_menu += 1
