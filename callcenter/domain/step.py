"""What one event led to, and how it is kept in the journal."""

from __future__ import annotations

from msgspec import Struct

from callcenter.domain.commands import Command
from callcenter.domain.events import Event
from callcenter.domain.ids import RequestId
from callcenter.domain.records import Record


class Reply(Struct, frozen=True, omit_defaults=True):
    """The machine's answer to a request."""

    request: RequestId
    problem: str = ""
    """Empty when granted; else one sentence that says what is wrong and how to mend it."""


class Step(Struct, frozen=True):
    """What one event led to. Nothing of it may be released before it is journaled."""

    commands: tuple[Command, ...] = ()
    records: tuple[Record, ...] = ()
    replies: tuple[Reply, ...] = ()
    touched: tuple[str, ...] = ()
    """What changed, for live screens: ``agent:ID``, ``call:ID``, ``queue:ID``."""


class Entry(Struct, frozen=True, array_like=True):
    """One event in the journal, with all that it led to outside."""

    position: int
    """Counts the events of a journal from 1."""
    now: float
    """The time given to the machine, UTC seconds."""
    event: Event
    commands: tuple[Command, ...] = ()
    records: tuple[Record, ...] = ()
