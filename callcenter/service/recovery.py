"""Brings the machine back from its journal: snapshot, then every entry after it, stepped again."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from callcenter.core.machine import Machine
from callcenter.core.state import decode_state, empty_state
from callcenter.domain.numbers import blot_erased, change_all
from callcenter.domain.step import Entry, Step
from callcenter.service.ports import LoadedJournal


class Difference(Struct, frozen=True):
    """A step that did not repeat itself: the journal says one thing, the machine another."""

    position: int
    journaled: str
    stepped: str


class Replayed(Struct, frozen=True):
    """A machine brought up to the journal's end."""

    machine: Machine
    entries: int
    differences: tuple[Difference, ...]
    """Empty when every step gave the same commands and records again: determinism held."""


MAX_DIFFERENCES = 20
"""Kept for the report; after the first the states differ anyhow."""


def replay(machine: Machine, entries: Iterable[Entry]) -> Replayed:
    """Step these entries again and compare what they lead to with what is journaled."""
    differences: list[Difference] = []
    count = 0
    for entry in entries:
        step = machine.handle(entry.event, entry.now)
        count += 1
        same = step.commands == entry.commands and step.records == entry.records
        same = same or _blotted(step) == _blotted(entry)  # rarely: a person was erased
        if not same and len(differences) < MAX_DIFFERENCES:
            differences.append(
                Difference(
                    entry.position,
                    f"{entry.commands} {entry.records}",
                    f"{step.commands} {step.records}",
                )
            )
    return Replayed(machine, count, tuple(differences))


def _blotted(made: Step | Entry) -> tuple[object, ...]:
    """What it led to, without the numbers that are erased: a caller's number as the PBX gave it and
    the same in E.164 have become two different words."""
    return change_all(made.commands, blot_erased), change_all(made.records, blot_erased)


def machine_at(journal_id: str, snapshot: bytes | None) -> Machine:
    """The machine at the beginning of a journal, or at a snapshot."""
    state = empty_state(journal_id) if snapshot is None else decode_state(snapshot)
    return Machine(state)


def recover(journal_id: str, loaded: LoadedJournal) -> Replayed:
    """The machine as it was when the journal ended."""
    return replay(machine_at(journal_id, loaded.snapshot), loaded.entries)
