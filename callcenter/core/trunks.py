"""The trunks in the machine: what attempts tell of them, and who may be dialed on which.

When a trunk is in trouble is decided in ``dialer.breaker``; here stands what follows from it.
"""

from __future__ import annotations

import msgspec

from callcenter.core.state import State
from callcenter.core.turn import Turn
from callcenter.domain.attempt import Attempt
from callcenter.domain.campaign import CampaignSettings, CampaignState
from callcenter.domain.ids import AttemptId, PbxName
from dialer import breaker as breakers
from dialer.breaker import SUSPECT, Breaker, Sign
from dialer.trunk import IDLE, Hindrance, Trunk, choose_trunk, hindrance

IN_TROUBLE = "trunk_in_trouble"
"""The fault that is recorded when a breaker opens."""
SAID = {
    Sign.REFUSED: "calls in a row were refused before any phone rang",
    Sign.EMPTY: "answers in a row were over within a second",
}


def trunk_key(pbx: PbxName, name: str) -> str:
    """By what a trunk is known in the state."""
    return f"{pbx}/{name}"


def trunks_of(settings: CampaignSettings) -> tuple[str, ...]:
    """All trunks of a campaign, in order."""
    return tuple(dict.fromkeys((settings.trunk, *settings.trunks)))


def trunk_of(state: State, attempt: Attempt) -> Trunk:
    """The trunk that this attempt was placed on."""
    return state.trunks.get(trunk_key(attempt.channel.pbx, attempt.trunk)) or IDLE


def hindrances(state: State, settings: CampaignSettings, now: float) -> tuple[Hindrance, ...]:
    """What stands in the way of a call, for each of the campaign's trunks."""
    found = (state.trunks.get(trunk_key(settings.pbx, name)) for name in trunks_of(settings))
    return tuple(hindrance(trunk or IDLE, now) for trunk in found)


def choose(turn: Turn, settings: CampaignSettings) -> str:
    """The trunk for the campaign's next call; empty: none takes one now."""
    return choose_trunk(trunks_of(settings), hindrances(turn.state, settings, turn.now))


def placed(turn: Turn, attempt: Attempt) -> None:
    """A call went out; on a trunk whose breaker is open it is the probe."""
    trunk = trunk_of(turn.state, attempt)
    if trunk.breaker.is_open:
        _put(turn, attempt, trunk, breakers.begin_probe(trunk.breaker, attempt.id))


def hear(turn: Turn, attempt: Attempt, sign: Sign, *, is_over: bool) -> tuple[AttemptId, ...]:
    """An attempt has given a sign of its trunk. Returns those that were held for what it tells:
    they count, unless the trunk is in trouble now."""
    old = trunk_of(turn.state, attempt)
    breaker = breakers.hear(old.breaker, sign, attempt.placed_at, turn.now)
    if is_over and breaker.probe == attempt.id:
        breaker = breakers.end_probe(breaker, sign, turn.now)
    if breaker.is_open and not old.breaker.is_open and _one_lasts(turn, attempt, breaker):
        return ()
    if breaker == old.breaker:
        return ()
    released: tuple[AttemptId, ...] = ()
    if breaker.is_open or not (breaker.refused or breaker.empty):
        released, old = old.held, msgspec.structs.replace(old, held=())
    if breaker.is_open and old.breaker.opened_at != breaker.opened_at:
        old = msgspec.structs.replace(old, given_back=0)
        _alert(turn, attempt, breaker)
    was_open = old.breaker.is_open
    _put(turn, attempt, old, breaker)
    if was_open and not breaker.is_open:
        _touch_campaigns(turn, trunk_key(attempt.channel.pbx, attempt.trunk))
    return released


def _one_lasts(turn: Turn, attempt: Attempt, breaker: Breaker) -> bool:
    """Whether somebody is heard on the trunk at this moment who was dialed since the burst began:
    of a conversation no sign comes before its end."""
    since = breaker.empty_since if breaker.empty > breakers.TOLERATED else breaker.refused_since
    return any(
        other.answered_at
        and turn.now - other.answered_at > breakers.EMPTY_S
        and other.placed_at >= since
        for other in turn.state.attempts.values()
        if other.trunk == attempt.trunk
        and other.channel.pbx == attempt.channel.pbx
        and not other.ended_at
        and other.id != attempt.id
    )


def hold(turn: Turn, attempt: Attempt) -> None:
    """Keep an attempt's result until the trunk's next calls have told."""
    trunk = trunk_of(turn.state, attempt)
    key = trunk_key(attempt.channel.pbx, attempt.trunk)
    turn.state.trunks.put(key, msgspec.structs.replace(trunk, held=(*trunk.held, attempt.id)))
    turn.state.set_timer(f"attempt:{attempt.id}", turn.now + breakers.HOLD_S)


def let_go(turn: Turn, attempt: Attempt) -> None:
    """An attempt is not held any more: it counts."""
    trunk = trunk_of(turn.state, attempt)
    held = tuple(other for other in trunk.held if other != attempt.id)
    key = trunk_key(attempt.channel.pbx, attempt.trunk)
    turn.state.trunks.put(key, msgspec.structs.replace(trunk, held=held))


def gave_back(turn: Turn, attempt: Attempt) -> None:
    """Count an attempt that does not count."""
    trunk = trunk_of(turn.state, attempt)
    key = trunk_key(attempt.channel.pbx, attempt.trunk)
    turn.state.trunks.put(key, msgspec.structs.replace(trunk, given_back=trunk.given_back + 1))


def is_in_trouble(state: State, attempt: Attempt, sign: Sign) -> bool:
    """Whether an attempt that ended with this sign says something of its trunk only."""
    return sign in SUSPECT and trunk_of(state, attempt).breaker.is_open


def trunk_due(turn: Turn, key: str) -> None:
    """A trunk takes a call again."""
    _touch_campaigns(turn, key)


def _put(turn: Turn, attempt: Attempt, trunk: Trunk, breaker: Breaker) -> None:
    key = trunk_key(attempt.channel.pbx, attempt.trunk)
    turn.state.trunks.put(key, msgspec.structs.replace(trunk, breaker=breaker))
    if breaker.is_open and not breaker.probe:
        turn.state.set_timer(f"trunk:{key}", max(turn.now, breaker.probe_at))
    else:
        turn.state.clear_timer(f"trunk:{key}")


def _alert(turn: Turn, attempt: Attempt, breaker: Breaker) -> None:
    sign = Sign.EMPTY if breaker.empty > breakers.TOLERATED else Sign.REFUSED
    turn.fault(
        IN_TROUBLE,
        f"Trunk {attempt.trunk} of PBX {attempt.channel.pbx}: {breakers.TOLERATED + 1} "
        f"{SAID[sign]}. Nothing is dialed on it but single probing calls.",
    )
    _touch_campaigns(turn, trunk_key(attempt.channel.pbx, attempt.trunk))


def _touch_campaigns(turn: Turn, key: str) -> None:
    for campaign in turn.state.campaigns.values():
        settings = campaign.settings
        is_on_it = any(trunk_key(settings.pbx, name) == key for name in trunks_of(settings))
        if campaign.state is CampaignState.RUNNING and is_on_it:
            turn.touch_campaign(settings.id)
