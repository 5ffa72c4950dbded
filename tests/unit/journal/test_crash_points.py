"""A process or a whole machine that stops between any two steps of the operating system."""

from __future__ import annotations

import asyncio
import random

import pytest

from callcenter.journal.memory import MemoryFile, MemoryFolder, MemoryJournal
from callcenter.journal.segmented import SegmentedJournal
from callcenter.service.ports import LoadedJournal
from tests.unit.journal.entries import make_entries, make_state

SMALL = 700
"""Bytes of a segment: some four entries, so that a short life has every kind of step."""

SEED = 20_260_607


class Stopped(BaseException):
    """The process is no more."""


class StoppingFile(MemoryFile):
    """Takes its steps one by one; stopped in a write, it keeps half of the bytes."""

    folder: StoppingFolder

    def write(self, data: bytes | bytearray) -> None:
        try:
            self.folder.step("write")
        except Stopped:
            super().write(data[: len(data) // 2])
            raise
        super().write(data)

    def sync(self) -> None:
        self.folder.step("sync file")
        super().sync()


class StoppingFolder(MemoryFolder):
    """Stops before its n-th step."""

    def __init__(self, files: dict[str, MemoryFile] | None = None, stop_at: int = -1) -> None:
        super().__init__()
        self.files.update(files or {})
        super().sync()
        self.stop_at = stop_at
        self.steps: list[str] = []

    def step(self, what: str) -> None:
        if len(self.steps) == self.stop_at:
            raise Stopped
        self.steps.append(what)

    def create(self, name: str) -> MemoryFile:
        self.step(f"create {name}")
        file = StoppingFile()
        file.folder = self
        self.files[name] = file
        return file

    def truncate(self, name: str, size: int) -> None:
        self.step(f"truncate {name}")
        super().truncate(name, size)

    def rename(self, name: str, new_name: str) -> None:
        self.step(f"rename {name}")
        super().rename(name, new_name)

    def remove(self, name: str) -> None:
        self.step(f"remove {name}")
        super().remove(name)

    def sync(self) -> None:
        self.step("sync folder")
        super().sync()


class Life:
    """What a process had been told by its journal until it stopped."""

    def __init__(self) -> None:
        self.written = 0
        self.synced = 0
        self.snapshot = 0

    async def live(self, journal: SegmentedJournal) -> None:
        """Append, sync and save snapshots so that segments fill and are trimmed."""
        position = journal.position.position
        for _ in range(4):
            for _ in range(6):
                journal.append(make_entries(position + 1, position + 2))
                position += 2
                self.written = position
                await journal.sync()
                self.synced = position
            journal.append(make_entries(position + 1, position + 1))
            position += 1
            self.written = position
            await journal.save_snapshot(position - 1, make_state(position - 1))
            self.synced, self.snapshot = position, position - 1


def live_until(stop_at: int) -> tuple[StoppingFolder, Life]:
    """One life over an empty folder, stopped before that step; -1 for never."""
    folder, life = StoppingFolder(stop_at=stop_at), Life()

    async def main() -> None:
        journal = MemoryJournal(folder, segment_bytes=SMALL)
        try:
            journal.load()
            await life.live(journal)
        except Stopped:
            journal.kill()

    asyncio.run(main())
    return folder, life


def copy_files(folder: MemoryFolder) -> dict[str, MemoryFile]:
    """The files as they are, all of it on the disk."""
    copies = {}
    for name, file in folder.files.items():
        copies[name] = MemoryFile()
        copies[name].write(bytes(file.content))
        copies[name].sync()
    return copies


def check_loaded(loaded: LoadedJournal, at_least: int, snapshot_at_least: int) -> int:
    """Nothing wrong, nothing missing; returns the last position."""
    first = loaded.snapshot_position
    if first:
        assert loaded.snapshot == make_state(first)
    last = first + len(loaded.entries)
    assert loaded.entries == make_entries(first + 1, last)
    assert last >= at_least
    assert first >= snapshot_at_least
    return last


def check_folder(files: dict[str, MemoryFile], at_least: int, snapshot_at_least: int) -> None:
    """It loads, is written on, and loads again."""
    folder = MemoryFolder()
    folder.files.update(files)
    journal = MemoryJournal(folder, segment_bytes=SMALL)
    last = check_loaded(journal.load(), at_least, snapshot_at_least)
    journal.append(make_entries(last + 1, last + 5))
    journal.kill()
    again = MemoryJournal(folder)
    assert check_loaded(again.load(), last + 5, snapshot_at_least) == last + 5


STEPS = live_until(-1)[0].steps


def test_the_life_that_is_stopped_has_every_kind_of_step() -> None:
    kinds = {step.split()[0] for step in STEPS}

    assert {"create", "write", "sync", "rename", "remove"} <= kinds
    assert any("remove" in step and ".journal" in step for step in STEPS)
    assert any("remove" in step and step.endswith(".snapshot") for step in STEPS)


@pytest.mark.parametrize("stop_at", range(len(STEPS)))
def test_a_kill_between_any_two_steps_loses_nothing_that_was_appended(stop_at: int) -> None:
    folder, life = live_until(stop_at)

    check_folder(copy_files(folder), life.written, life.snapshot)


@pytest.mark.parametrize("stop_at", range(len(STEPS)))
def test_a_power_cut_between_any_two_steps_loses_nothing_that_was_synced(stop_at: int) -> None:
    folder, life = live_until(stop_at)
    folder.cut_power()

    check_folder(copy_files(folder), life.synced, life.snapshot)


@pytest.mark.parametrize("stop_at", range(len(STEPS)))
def test_a_power_cut_may_keep_any_part_of_what_was_not_synced(stop_at: int) -> None:
    folder, life = live_until(stop_at)
    chance = random.Random(SEED + stop_at)
    for file in folder.files.values():
        file.cut(chance.randint(file.synced_bytes, len(file.content)))

    check_folder(copy_files(folder), life.synced, life.snapshot)


def make_harmed_files() -> dict[str, MemoryFile]:
    """A folder in which a start has something of everything to mend."""
    files = copy_files(live_until(-1)[0])
    segments = sorted(name for name in files if name.endswith(".journal"))
    snapshots = sorted(name for name in files if name.endswith(".snapshot"))
    files[segments[-1]].cut(len(files[segments[-1]].content) - 3)
    files[snapshots[-1]].cut(40)
    for name, content in (
        (f"{99:020d}.journal", b""),
        (f"{98:020d}.journal", b"torn"),
        (f"{52:020d}.snapshot.tmp", b"half"),
    ):
        files[name] = MemoryFile()
        files[name].write(content)
        files[name].sync()
    return files


def test_a_start_that_is_stopped_between_any_two_steps_of_mending_is_repeated() -> None:
    expected = -1
    for stop_at in range(-1, 20):
        folder = StoppingFolder(make_harmed_files(), stop_at)
        journal = MemoryJournal(folder, segment_bytes=SMALL)
        try:
            last = check_loaded(journal.load(), 0, 0)
        except Stopped:
            assert stop_at >= 0
        else:
            expected = last if expected < 0 else expected
            assert last == expected
        check_folder(copy_files(folder), expected, 0)
        folder.cut_power()
        check_folder(copy_files(folder), expected, 0)

    assert expected > 0
