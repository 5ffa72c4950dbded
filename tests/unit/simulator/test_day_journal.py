"""What of a day's journal survives, and that stepping it again is compared."""

from __future__ import annotations

from random import Random

import msgspec

from callcenter.core.machine import Machine
from callcenter.core.state import empty_state
from callcenter.domain import events as e
from callcenter.domain.step import Entry
from callcenter.simulator.day_journal import UNSYNCED_S, DayJournal
from tests.builders import CENTER, T0


def journal_of(count: int, *, every_s: float = 0.01) -> tuple[DayJournal, Machine]:
    """A journal of so many steps, one each hundredth of a second."""
    machine = Machine(empty_state("test"))
    journal = DayJournal(machine.state.encode())
    for n in range(count):
        event: e.Event = e.Tick() if n else e.CenterConfigured(CENTER)
        now = T0 + n * every_s
        step = machine.handle(event, now)
        journal.append(Entry(n + 1, now, event, step.commands, step.records), now)
    return journal, machine


def test_a_power_cut_takes_nothing_that_was_synced() -> None:
    for seed in range(20):
        journal, _ = journal_of(5)
        assert len(journal.sync()) == 5
        journal.append(Entry(6, T0, e.Tick()), T0)

        lost = journal.cut_power(Random(seed))

        assert lost in (0, 1)
        assert journal.entries[4].position == 5


def test_what_is_old_enough_is_safe() -> None:
    journal, _ = journal_of(30)

    safe = journal.grow_old(T0 + 0.29)

    assert safe
    assert all(entry.now < T0 + 0.29 - UNSYNCED_S for entry in safe)
    assert journal.grow_old(T0 + 0.29) == []


def test_a_start_finds_the_machine_that_wrote_the_journal() -> None:
    journal, machine = journal_of(10)
    journal.take_snapshot(machine)
    machine.handle(e.AgentsConfigured(()), T0 + 1.0)
    journal.append(Entry(11, T0 + 1.0, e.AgentsConfigured(())), T0 + 1.0)

    assert journal.replay().state.encode() == machine.state.encode()
    assert journal.differences == []


def test_a_snapshot_that_a_power_cut_took_is_not_used() -> None:
    journal, machine = journal_of(10)
    journal.take_snapshot(machine)

    lost = 0
    for seed in range(50):
        lost = lost or journal.cut_power(Random(seed))

    assert lost
    assert journal.replay().state.position == 10 - lost


def test_a_step_that_comes_to_something_else_is_told() -> None:
    journal, machine = journal_of(3)
    journal.entries[1] = msgspec.structs.replace(
        journal.entries[1], commands=(), event=e.ServiceStarted(9)
    )

    journal.take_snapshot(machine)

    assert any("the state at step 3" in line for line in journal.differences)


def test_old_entries_are_let_go() -> None:
    journal, machine = journal_of(10)
    for n in range(10, 50):
        now = T0 + n
        machine.handle(e.Tick(), now)
        journal.append(Entry(n + 1, now, e.Tick()), now)
        if n % 10 == 9:
            journal.sync()
            journal.take_snapshot(machine)

    assert journal.differences == []
    assert len(journal.entries) == 20
