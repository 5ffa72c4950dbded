"""The trunks in the machine: what attempts tell of them, and who may be dialed on which.

When a trunk is in trouble is decided in ``dialer.breaker``, which may be dialed on in
``dialer.trunk``; here stands what follows from it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from callcenter.core.state import State, trunk_key
from callcenter.core.turn import Turn
from callcenter.domain.attempt import Attempt
from callcenter.domain.campaign import CampaignSettings, CampaignState
from callcenter.domain.ids import AttemptId, PbxName
from dialer import breaker as breakers
from dialer import trunk as rules
from dialer.breaker import SUSPECT, Breaker, Sign
from dialer.trunk import IDLE, UNLIMITED, Hindrance, Trunk

IN_TROUBLE = "trunk_in_trouble"
"""The fault that is recorded when a breaker opens."""
SAID = {
    Sign.REFUSED: "calls in a row were refused before any phone rang",
    Sign.EMPTY: "answers in a row were over within a second",
}


def trunks_of(settings: CampaignSettings) -> tuple[str, ...]:
    """All trunks of a campaign, in order."""
    return tuple(dict.fromkeys((settings.trunk, *settings.trunks)))


def trunk_of(state: State, attempt: Attempt) -> Trunk:
    """The trunk that this attempt was placed on."""
    return state.trunks.get(trunk_key(attempt.channel.pbx, attempt.trunk)) or IDLE


def hindrances(state: State, settings: CampaignSettings, now: float) -> tuple[Hindrance, ...]:
    """What stands in the way of a call, for each of the campaign's trunks."""
    return tuple(hindrance(state, settings.pbx, name, now) for name in trunks_of(settings))


def hindrance(state: State, pbx: PbxName, name: str, now: float) -> Hindrance:
    """What stands in the way of a call on this trunk, whoever wants to dial on it."""
    key = trunk_key(pbx, name)
    limits = state.trunk_lines.get(key, UNLIMITED)
    in_use = state.on_trunk.get(key) or 0
    return rules.hindrance(state.trunks.get(key) or IDLE, limits, in_use, now)


def choose(turn: Turn, settings: CampaignSettings) -> str:
    """The trunk for the campaign's next call; empty: none takes one now."""
    return rules.choose_trunk(trunks_of(settings), hindrances(turn.state, settings, turn.now))


def placed(turn: Turn, attempt: Attempt) -> None:
    """A call went out; on a trunk whose breaker is open it is the probe."""
    key = trunk_key(attempt.channel.pbx, attempt.trunk)
    old = turn.state.trunks.get(key) or IDLE
    trunk = rules.place(old, turn.state.trunk_lines.get(key, UNLIMITED), turn.now)
    if trunk.breaker.is_open:
        trunk = _with(trunk, breaker=breakers.begin_probe(trunk.breaker, attempt.id))
    if trunk is not old:
        _put(turn, key, trunk)


def ending(turn: Turn, attempt: Attempt) -> None:
    """A call is over: where its trunk was full another may be placed."""
    key = trunk_key(attempt.channel.pbx, attempt.trunk)
    channels = turn.state.trunk_lines.get(key, UNLIMITED).channels
    if channels and (turn.state.on_trunk.get(key) or 0) >= channels:
        _touch_campaigns(turn, key)


def hear(turn: Turn, attempt: Attempt, sign: Sign, *, is_over: bool) -> tuple[AttemptId, ...]:
    """An attempt has given a sign of its trunk. Returns those that were held for what it tells:
    they count, unless the trunk is in trouble now."""
    old = trunk_of(turn.state, attempt)
    at = breakers.heard_at(attempt, sign, turn.now)
    breaker = breakers.hear(old.breaker, sign, attempt.placed_at, at, turn.now)
    if is_over and breaker.probe == attempt.id:
        breaker = breakers.end_probe(breaker, sign, turn.now)
    if breaker.is_open and not old.breaker.is_open and _one_lasts(turn, attempt, breaker):
        return ()
    if breaker == old.breaker:
        return ()
    released: tuple[AttemptId, ...] = ()
    trunk, key = _with(old, breaker=breaker), trunk_key(attempt.channel.pbx, attempt.trunk)
    if breaker.is_open or not (breaker.refused or breaker.empty):
        released, trunk = old.held, _with(trunk, held=())
    if breaker.is_open and old.breaker.opened_at != breaker.opened_at:
        trunk = _with(trunk, given_back=0)
        _alert(turn, attempt, breaker)
    _put(turn, key, trunk)
    if old.breaker.is_open and not breaker.is_open:
        _touch_campaigns(turn, key)
    return released


def _one_lasts(turn: Turn, attempt: Attempt, breaker: Breaker) -> bool:
    """Whether somebody is heard on the trunk at this moment who answered since a burst of empty
    answers began: without detection no sign comes of a conversation before its end."""
    return breaker.empty > breakers.TOLERATED and any(
        other.placed_at >= breaker.empty_since
        and other.answered_at >= breaker.empty_at
        and turn.now - other.answered_at > breakers.EMPTY_S
        and not other.ended_at
        for other in turn.state.attempts.values()
        if other.trunk == attempt.trunk
        and other.channel.pbx == attempt.channel.pbx
        and other.id != attempt.id
    )


def hold(turn: Turn, attempt: Attempt) -> None:
    """Keep an attempt's result until the trunk's next calls have told."""
    trunk = trunk_of(turn.state, attempt)
    _change(turn, attempt, trunk, held=(*trunk.held, attempt.id))
    turn.state.set_timer(f"attempt:{attempt.id}", turn.now + breakers.HOLD_S)


def let_go(turn: Turn, attempt: Attempt) -> None:
    """An attempt is not held any more: it counts."""
    trunk = trunk_of(turn.state, attempt)
    held = tuple(other for other in trunk.held if other != attempt.id)
    _change(turn, attempt, trunk, held=held)


def gave_back(turn: Turn, attempt: Attempt) -> None:
    """Count an attempt that does not count."""
    trunk = trunk_of(turn.state, attempt)
    _change(turn, attempt, trunk, given_back=trunk.given_back + 1)


def is_in_trouble(state: State, attempt: Attempt, sign: Sign) -> bool:
    """Whether an attempt that ended with this sign says something of its trunk only."""
    return sign in SUSPECT and trunk_of(state, attempt).breaker.is_open


def trunk_due(turn: Turn, key: str) -> None:
    """A trunk takes a call again."""
    _touch_campaigns(turn, key)


def _with(trunk: Trunk, **changes: Any) -> Trunk:
    return msgspec.structs.replace(trunk, **changes)


def _change(turn: Turn, attempt: Attempt, trunk: Trunk, **changes: Any) -> None:
    key = trunk_key(attempt.channel.pbx, attempt.trunk)
    turn.state.trunks.put(key, _with(trunk, **changes))


def _put(turn: Turn, key: str, trunk: Trunk) -> None:
    """Keep it, and wake up when it takes a call again."""
    turn.state.trunks.put(key, trunk)
    limits = turn.state.trunk_lines.get(key, UNLIMITED)
    due = rules.next_call_at(trunk, limits) if limits.calls_per_s else turn.now
    if trunk.breaker.is_open:
        due = max(due, trunk.breaker.probe_at)
    if trunk.breaker.probe or (due <= turn.now and not trunk.breaker.is_open):
        turn.state.clear_timer(f"trunk:{key}")
    else:
        turn.state.set_timer(f"trunk:{key}", max(turn.now, due))


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
