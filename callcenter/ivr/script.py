"""Plays a script of key presses against a flow, without a phone, and says where it went otherwise.

It asks the engine that leads real callers, so what is tested is what they hear.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import assert_never

from msgspec import Struct

from callcenter.domain.flow import Flow
from callcenter.ivr import engine
from callcenter.ivr.ways import NEXT, OTHERWISE, Way, ways_of

SILENCE = ""
"""Instead of a key: nothing is pressed in time."""


class Script(Struct, frozen=True):
    """What a caller presses, and what should come of it."""

    name: str
    """A sentence about the caller."""
    keys: tuple[str, ...]
    """One for each question; when they are used up the caller stays silent."""
    path: tuple[str, ...]
    """The nodes gone through; a menu that asks again stands here again."""
    end: engine.Enqueue | engine.End


class Walk(Struct, frozen=True):
    """What came of playing keys."""

    path: tuple[str, ...]
    end: engine.Enqueue | engine.End
    ways: tuple[Way, ...]
    """Taken, in order; being asked again is none."""
    keys_left: tuple[str, ...]
    """Never asked for."""


def walk(flow: Flow, keys: Sequence[str]) -> Walk:
    """Lead a caller who presses these keys through the flow, to the end."""
    left = list(keys)
    move = engine.begin(flow)
    path = [move.node] if move.steps else []
    ways: list[Way] = []
    while True:
        before = move
        match move.action:
            case engine.Say():
                key = NEXT
                move = engine.after_prompt(flow, before.node, before.steps)
            case engine.Ask():
                key = left.pop(0) if left else SILENCE
                move = engine.after_digit(flow, before.node, key, before.tries, before.steps)
            case engine.Enqueue() | engine.End() as end:
                return Walk(tuple(path), end, tuple(ways), tuple(left))
            case _:
                assert_never(move.action)
        if move.steps > before.steps:
            path.append(move.node)
            ways.append(_way_taken(flow, before.node, key, move.node))
        elif isinstance(move.action, engine.Ask):
            path.append(move.node)


def _way_taken(flow: Flow, node: str, key: str, to: str) -> Way:
    way = Way(node, key, to)
    return way if way in ways_of(flow) else Way(node, OTHERWISE, to)


def find_differences(flow: Flow, script: Script) -> tuple[str, ...]:
    """Play a script; say what was not as it expects, in sentences without a full stop."""
    walked = walk(flow, script.keys)
    differences = []
    if walked.path != script.path:
        differences.append(f"went {_arrows(walked.path)}, expected {_arrows(script.path)}")
    if walked.end != script.end:
        differences.append(f"ended with {name_end(walked.end)}, expected {name_end(script.end)}")
    if walked.keys_left:
        differences.append(f"was never asked for the last keys: {' '.join(walked.keys_left)}")
    return tuple(differences)


def find_untaken_ways(flow: Flow, scripts: Iterable[Script]) -> tuple[Way, ...]:
    """The ways of a flow that none of the scripts takes, in the order of its document."""
    taken = {way: None for script in scripts for way in walk(flow, script.keys).ways}
    return tuple(way for way in ways_of(flow) if way not in taken)


def name_end(end: engine.Enqueue | engine.End) -> str:
    """An end as scripts write it: ``queue service`` or ``hangup``."""
    return f"queue {end.queue}" if isinstance(end, engine.Enqueue) else "hangup"


def _arrows(path: Sequence[str]) -> str:
    return " -> ".join(path) or "nowhere"
