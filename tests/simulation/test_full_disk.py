"""The disk is full now and then, and the service dies while it is: what it did then is forgotten.

The story: calls that came in go on, and a process that knows nothing of them comes to the same
positions. Nobody may be dialed who would be forgotten, no channel may get a name that lives.
"""

from __future__ import annotations

from collections import Counter

import msgspec

from callcenter.core.machine import Machine
from callcenter.core.state import decode_state
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.records import AttemptRecord
from callcenter.domain.step import Entry, Step
from callcenter.service.hub import NEEDS_JOURNAL
from callcenter.simulator.contact_list import ContactList
from callcenter.simulator.day import Setting, SimulatedDay
from callcenter.simulator.stage import Deed
from callcenter.simulator.world import World
from tests.simulation import test_campaign_day, test_day

EVERY_S = 120.0
LASTS_S = 45.0


class FullDiskDay(SimulatedDay):
    """What is stepped while the disk is full is written afterwards, or lost by a kill."""

    def __init__(self, setting: Setting, world: World, contacts: ContactList | None = None) -> None:
        self.is_full = False
        self.base = b""
        """The state that everything written leads to, while the disk is full."""
        self.unwritten: list[Entry] = []
        self.lost = self.withheld = 0
        super().__init__(setting, world, contacts)
        self.after(EVERY_S, self._fill)

    def _fill(self) -> None:
        self.after(EVERY_S, self._fill)
        self.after(LASTS_S, self._make_room)
        self.base = self.state.encode()
        self.is_full = True
        if self.is_alive:
            self.put(e.JournalBlocked("no space left on device"))

    def _make_room(self) -> None:
        self.is_full = False
        for entry in self.unwritten:
            super().journal(entry)
        self.unwritten.clear()
        if self.is_alive:
            self.put(e.JournalRestored())

    def journal(self, entry: Entry) -> None:
        if self.is_full:
            self.unwritten.append(entry)
        else:
            super().journal(entry)

    def release(self, step: Step) -> None:
        commands: list[c.Command] = []
        for command in step.commands:
            if self.is_full and isinstance(command, NEEDS_JOURNAL):
                self.withheld += 1
                self.put(e.CommandFailed(command.id, "not sent", withheld=True))
            else:
                commands.append(command)
        super().release(msgspec.structs.replace(step, commands=tuple(commands)))

    def recover(self) -> Machine:
        if not self.is_full:
            return super().recover()
        self.lost += len(self.unwritten)
        self.unwritten.clear()
        return Machine(decode_state(self.base))

    def connect(self) -> None:
        if self.is_full:  # the first write of the new process has failed
            self.put(e.JournalBlocked("no space left on device"))
        super().connect()

    def kill(self) -> None:
        super().kill()
        if self.is_full:
            self.lost += len(self.unwritten)
            self.unwritten.clear()
            self.machine = Machine(decode_state(self.base))


def test_nobody_is_dialed_who_would_be_forgotten_and_nobody_twice() -> None:
    once = msgspec.structs.replace(test_campaign_day.CAMPAIGN, retries={})
    day = test_campaign_day.make_day(4, kill_every_s=70.0, campaign=once, kind=FullDiskDay)
    assert isinstance(day, FullDiskDay)

    test_campaign_day.play(day, 0.5)

    numbers = Counter(call.number for call in day.world.dialed)
    kept = {entry.commands for entry in day.entries if entry.commands}
    ordered = {x.channel.id for commands in kept for x in commands if isinstance(x, c.PlaceCall)}
    assert day.lost > 50
    assert len(numbers) > 40
    assert max(numbers.values()) == 1
    assert {call.channel for call in day.world.dialed} <= ordered
    results = Counter(r.attempt for r in day.records if isinstance(r, AttemptRecord))
    assert max(results.values()) == 1
    assert day.stuck_agents() == []


def test_callers_are_served_and_no_leg_has_the_name_of_another() -> None:
    day = test_day.make_day(2, kill_every_s=70.0, kind=FullDiskDay)
    assert isinstance(day, FullDiskDay)

    test_day.play(day, 0.5)

    rung = Counter(entry.channel for entry in day.world.log if entry.deed is Deed.INVITED)
    ours = {channel: count for channel, count in rung.items() if channel.startswith("leg-")}
    assert day.lost > 50
    assert len(ours) > 80
    assert max(ours.values()) == 1
    assert day.world.counters.total.answered > 60
    assert day.world.counters.total.open == 0
