"""Reads snapshots, also those that the version before wrote.

An upgrade is handed a snapshot and replays nothing (docs/adr/0007). One step for each machine
version turns what it stored, decoded to plain dicts and lists, into what the next one stores. Only
the last step is used by a center; the one before it goes when the version rises.

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


def _from_4(state: Plain) -> Plain:
    """Version 5 knows of each attempt on which trunk it was placed."""
    trunk = {key: one["settings"]["trunk"] for key, one in state["campaigns"].items()}
    attempts = {
        key: {**one, "trunk": trunk.get(one["campaign"], "")}
        for key, one in state["attempts"].items()
    }
    return {**state, "attempts": attempts}


STEPS: dict[int, Callable[[Plain], Plain]] = {4: _from_4}
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
    return msgspec.msgpack.encode(STEPS[version](msgspec.msgpack.decode(data)))
