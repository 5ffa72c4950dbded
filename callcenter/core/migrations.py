"""Reads snapshots, also those that versions before wrote, back to the one released last.

An upgrade is handed a snapshot and replays nothing (docs/adr/0007). One step for each machine
version turns what it stored, decoded to plain dicts and lists, into what the next one stores; they
are taken one after the other. A step goes when a version above it has been released.

A new field that is in every Struct and has no default needs a line here, a field with a default
none; a step is written all the same, so that nobody has to wonder.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from callcenter.core.machine import MACHINE_VERSION
from callcenter.core.state import State, decode_state

Plain = dict[str, Any]


class NoWay(Exception):  # noqa: N818 - a fact about a snapshot
    """This snapshot cannot be read by this version; the message says what to do."""


def _from_2(state: Plain) -> Plain:
    """Version 3 knows when its journal cannot be written."""
    return {**state, "blocked": ""}


def _from_3(state: Plain) -> Plain:
    """Version 4 routes by rules and by what it has learnt: it looks at everything anew."""
    timers = {**state["timers"], "routing:": state["now"]}
    return {**state, "timers": timers, "restless": True}


def _from_4(state: Plain) -> Plain:
    """Version 5 has a pacer for each campaign, which begins with what the campaign has counted, and
    knows of each attempt on which trunk it was placed. What it
    keeps of callers beyond version 4 begins empty."""
    campaigns = {key: _with_pacing(one) for key, one in state["campaigns"].items()}
    trunk = {key: one["settings"]["trunk"] for key, one in campaigns.items()}
    attempts = {
        key: {**one, "trunk": trunk.get(one["campaign"], "")}
        for key, one in state["attempts"].items()
    }
    return {**state, "campaigns": campaigns, "attempts": attempts}


def _with_pacing(campaign: Plain) -> Plain:
    """More lines than one for each agent were what is called power now."""
    settings = campaign["settings"]
    pacing = "power" if settings["lines_per_agent"] > 1.0 else "progressive"
    return {**campaign, "settings": {**settings, "pacing": pacing}}


def _from_5(state: Plain) -> Plain:
    """What version 6 keeps beyond version 5 begins empty."""
    return state


STEPS: dict[int, Callable[[Plain], Plain]] = {2: _from_2, 3: _from_3, 4: _from_4, 5: _from_5}
"""Machine version -> what makes of its state one of the next version."""

MIGRATES_FROM = tuple(STEPS)
"""Versions whose snapshots are read besides our own."""


def read_state(data: bytes, version: int = MACHINE_VERSION) -> State:
    """The state in a snapshot that machine version ``version`` wrote. Raises ``NoWay``."""
    if version != MACHINE_VERSION:
        data = _migrate(data, version)
    try:
        return decode_state(data)
    except msgspec.MsgspecError as error:
        raise NoWay(
            f"The snapshot of machine version {version} is not what that version wrote: {error}. "
            "Restore a backup."
        ) from error


def _migrate(data: bytes, version: int) -> bytes:
    if version not in STEPS:
        raise NoWay(
            f"The snapshot was written by machine version {version}; this is {MACHINE_VERSION} and "
            f"reads {', '.join(map(str, (*MIGRATES_FROM, MACHINE_VERSION)))}."
        )
    state = msgspec.msgpack.decode(data)
    for step in range(version, MACHINE_VERSION):
        state = STEPS[step](state)
    return msgspec.msgpack.encode(state)
