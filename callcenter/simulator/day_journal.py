"""The journal of a simulated day: what of it survives, and whether stepping it again is the same.

Holds entries, not bytes: those are ``callcenter.journal``'s, and tested there. The rule of what a
power cut may take is the hub's: never an entry before one that has dialed, nor one older than the
time between two syncs.
"""

from __future__ import annotations

from collections import deque
from random import Random

from callcenter.core.machine import Machine
from callcenter.core.state import decode_state
from callcenter.domain.step import Entry
from callcenter.service.hub import SYNC_EVERY_S
from callcenter.service.recovery import replay

UNSYNCED_S = 2 * SYNC_EVERY_S
"""The oldest that an entry may be without having been synced: the time between two syncs, and as
much for the sync itself."""
SNAPSHOT_EVERY = 1000
"""Entries between two snapshots: at each one the entries since the one before are stepped again."""
SNAPSHOTS_KEPT = 3
"""A power cut may take the last one; the time of ``UNSYNCED_S`` never holds two."""


class DayJournal:
    """Entries since the oldest snapshot kept."""

    def __init__(self, state: bytes) -> None:
        """``state``: of the machine before the first entry."""
        self.entries: list[Entry] = []
        self.differences: list[str] = []
        """Where stepping again came to something else; one sentence each."""
        self._snapshots: deque[tuple[int, bytes]] = deque([(0, state)], maxlen=SNAPSHOTS_KEPT)
        self._unsynced: deque[tuple[float, Entry]] = deque()
        """Entries that a power cut may take, with the time of their writing."""

    def append(self, entry: Entry, now: float) -> None:
        """Write an entry."""
        self.entries.append(entry)
        self._unsynced.append((now, entry))

    def sync(self) -> list[Entry]:
        """Make everything written survive; returns what did not before."""
        safe = [entry for _, entry in self._unsynced]
        self._unsynced.clear()
        return safe

    def grow_old(self, now: float) -> list[Entry]:
        """Return what the syncs of time have made safe since the last call."""
        safe: list[Entry] = []
        while self._unsynced and self._unsynced[0][0] < now - UNSYNCED_S:
            safe.append(self._unsynced.popleft()[1])
        return safe

    def cut_power(self, rng: Random) -> int:
        """Lose some, none or all of what was not synced; returns how many entries."""
        lost = rng.randint(0, len(self._unsynced))
        for _ in range(lost):
            self._unsynced.pop()
            self.entries.pop()
        last = self.entries[-1].position if self.entries else self._snapshots[0][0]
        while self._snapshots[-1][0] > last:
            self._snapshots.pop()
        return lost

    def replay(self) -> Machine:
        """The machine as a start finds it: the last snapshot, and the entries after it."""
        position, state = self._snapshots[-1]
        tail = deque[Entry]()
        for entry in reversed(self.entries):
            if entry.position <= position:
                break
            tail.appendleft(entry)
        replayed = replay(Machine(decode_state(state)), tail)
        self.differences += [
            f"step {found.position}: journaled {found.journaled}, stepped again {found.stepped}"
            for found in replayed.differences[:1]
        ]
        return replayed.machine

    def take_snapshot(self, machine: Machine) -> None:
        """Step again what came since the last snapshot, compare, and keep the state."""
        state = machine.state.encode()
        if self.replay().state.encode() != state:
            self.differences.append(f"the state at step {machine.state.position}")
        self._snapshots.append((machine.state.position, state))
        oldest = self._snapshots[0][0]
        self.entries = [entry for entry in self.entries if entry.position > oldest]
