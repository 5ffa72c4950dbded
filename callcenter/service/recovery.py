"""Brings the machine back from its journal: snapshot, then every entry after it, stepped again.

What another version decided is not stepped again: only its facts are taken (``core.salvage``).
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from callcenter.core.machine import MACHINE_VERSION, Machine
from callcenter.core.migrations import read_state
from callcenter.core.salvage import salvage
from callcenter.core.state import empty_state
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


def machine_at(journal_id: str, snapshot: bytes | None, version: int = MACHINE_VERSION) -> Machine:
    """The machine at the beginning of a journal, or at a snapshot of this machine version.

    Raises ``NoWay`` for a snapshot that cannot be read.
    """
    state = empty_state(journal_id) if snapshot is None else read_state(snapshot, version)
    return Machine(state)


def recover(journal_id: str, loaded: LoadedJournal) -> Replayed:
    """The machine as it was when the journal ended; or, where others decided what is in it, one
    that knows its facts.

    The latter's state is to be kept as a snapshot at once: what was taken from others then need
    not be taken again. Raises ``NoWay``.
    """
    machine = machine_at(journal_id, loaded.snapshot, loaded.snapshot_version or MACHINE_VERSION)
    if loaded.foreign:
        return Replayed(Machine(salvage(machine.state, loaded.entries)), len(loaded.entries), ())
    return replay(machine, loaded.entries)


def tell_salvage(theirs: str, ours: str, taken: Replayed) -> str:
    """What the administrator is to know of a start over entries that others had decided."""
    attempts = len(taken.machine.state.attempts)
    return (
        f"The service ended without a last snapshot, and {theirs} wrote the last {taken.entries} "
        f"journal entries; this is {ours}, and does not decide them again. Calls are taken over as "
        f"the PBX knows them, {attempts} dialed calls whose end is not known are not dialed again, "
        "agents have to press Ready once more. Stop the service in the regular way before the "
        "next upgrade."
    )
