"""Reads of trunks, and of the numbers that campaigns show, for screens.

As in ``queries``: nothing is changed, all fields always in the JSON, times are UTC seconds, 0.0 for
"not".
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from callcenter.core.shown_numbers import all_numbers
from callcenter.core.state import State, trunk_key
from callcenter.core.trunks import hindrance
from callcenter.domain.ids import CampaignId, PbxName
from dialer.caller_ids import UNUSED, CallerNumber, recent_rate, usual_rate
from dialer.trunk import IDLE, UNLIMITED, Hindrance


class TrunkView(Struct, frozen=True):
    """One trunk now."""

    name: str
    hindrance: Hindrance
    """Why it takes no call at this moment; empty: it does."""
    calls: int
    """Calls dialed that are on it."""
    channels: int
    """How many may be; 0: no limit."""
    calls_per_s: float
    """How many may be placed in a second; 0: no limit."""
    in_trouble_since: float
    """Since when it fails call after call, and only single calls are tried; 0.0: it does not."""
    refused: int
    """Calls in a row that were refused before any phone rang."""
    empty: int
    """Answers in a row that were over within a second."""
    probe_at: float
    """When it is tried next."""
    given_back: int
    """Tries given back uncounted since it was in trouble last."""


class ShownNumber(Struct, frozen=True):
    """How a number does that people see who are called."""

    number: str
    campaigns: tuple[CampaignId, ...]
    """Who shows it."""
    calls: float
    """Its latest calls, as far as they count (``dialer.caller_ids``)."""
    answered: float
    """The share of them that was answered."""
    usual: float
    """The share of many more of its calls."""
    rests_until: float
    why: str
    """Why it rests, one sentence; empty while it does not."""


def trunks_view(state: State, pbx: PbxName, names: Iterable[str]) -> tuple[TrunkView, ...]:
    """These trunks of this PBX."""
    return tuple(_trunk(state, pbx, name) for name in names)


def _trunk(state: State, pbx: PbxName, name: str) -> TrunkView:
    key = trunk_key(pbx, name)
    trunk, limits = state.trunks.get(key) or IDLE, state.trunk_lines.get(key, UNLIMITED)
    breaker = trunk.breaker
    return TrunkView(
        name=name,
        hindrance=hindrance(state, pbx, name, state.now),
        calls=state.on_trunk.get(key) or 0,
        channels=limits.channels,
        calls_per_s=limits.calls_per_s,
        in_trouble_since=breaker.opened_at,
        refused=breaker.refused,
        empty=breaker.empty,
        probe_at=breaker.probe_at if breaker.is_open else 0.0,
        given_back=trunk.given_back,
    )


def shown_numbers_view(state: State) -> tuple[ShownNumber, ...]:
    """Every number that a campaign may show, in the order of the campaigns."""
    shown: dict[str, list[CampaignId]] = {}
    for campaign in state.campaigns.values():
        for number in all_numbers(campaign.settings):
            shown.setdefault(number, []).append(campaign.settings.id)
    return tuple(_number(state, number, tuple(campaigns)) for number, campaigns in shown.items())


def _number(state: State, number: str, campaigns: tuple[CampaignId, ...]) -> ShownNumber:
    known = state.shown_numbers.get(number) or UNUSED
    rests = known.rests_until > state.now
    return ShownNumber(
        number=number,
        campaigns=campaigns,
        calls=known.recent,
        answered=recent_rate(known),
        usual=usual_rate(known),
        rests_until=known.rests_until if rests else 0.0,
        why=_why(known, state.now) if rests else "",
    )


def _why(number: CallerNumber, now: float) -> str:
    hours = (number.rests_until - now) / 3600.0
    return (
        f"Rests for {hours:.0f} h more: of its last calls {number.fell_to:.0%} were answered, "
        f"usually {number.fell_from:.0%}; those of the other numbers were answered as always."
    )
