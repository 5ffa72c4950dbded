"""What only the journal in memory can do: die, lose its power and tear its tail on demand."""

from __future__ import annotations

import asyncio
import errno

import pytest

from callcenter.journal.memory import MemoryFile, MemoryFolder, MemoryJournal
from tests.unit.journal.entries import make_entries, make_state


def open_loaded(folder: MemoryFolder | None = None, **options: float) -> MemoryJournal:
    journal = MemoryJournal(folder, sync_s=options.get("sync_s", 0.0))
    journal.load()
    return journal


def test_journals_over_new_folders_share_nothing() -> None:
    one, other = open_loaded(), open_loaded()
    one.append(make_entries(1, 3))

    assert other.position.position == 0
    assert one.id == other.id == "memory01"


def test_a_killed_journal_is_no_longer_written() -> None:
    journal = open_loaded()
    journal.kill()

    with pytest.raises(RuntimeError, match="closed"):
        journal.append(make_entries(1, 1))
    open_loaded(journal.folder)


async def test_a_power_cut_loses_what_was_not_synced() -> None:
    journal = open_loaded()
    journal.append(make_entries(1, 3))
    await journal.sync()
    journal.append(make_entries(4, 9))

    journal.kill(power_cut=True)

    assert MemoryJournal(journal.folder).load().entries == make_entries(1, 3)


def test_a_power_cut_before_the_first_sync_loses_all() -> None:
    journal = open_loaded()
    journal.append(make_entries(1, 3))

    journal.kill(power_cut=True)

    assert MemoryJournal(journal.folder).load().entries == ()


def test_a_segment_left_as_the_disk_fills_up_survives_a_power_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    journal = MemoryJournal(segment_bytes=100)
    journal.load()
    journal.append(make_entries(1, 9))

    def refuse(name: str) -> MemoryFile:
        raise OSError(errno.ENOSPC, "disk full")

    monkeypatch.setattr(journal.folder, "create", refuse)
    with pytest.raises(OSError, match="disk full"):
        journal.append(make_entries(10, 10))

    assert not journal.dirty  # so nobody will sync
    journal.kill(power_cut=True)
    assert MemoryJournal(journal.folder).load().entries == make_entries(1, 9)


def test_what_was_loaded_survives_a_power_cut_though_nobody_had_synced_it() -> None:
    journal = open_loaded()
    journal.append(make_entries(1, 3))
    journal.kill()

    again = open_loaded(journal.folder)
    again.kill(power_cut=True)

    assert MemoryJournal(journal.folder).load().entries == make_entries(1, 3)


def test_a_tail_is_torn_on_demand() -> None:
    journal = open_loaded()
    journal.append(make_entries(1, 3))
    journal.append(make_entries(4, 9))

    journal.kill(torn_bytes=1)

    loaded = MemoryJournal(journal.folder).load()
    assert loaded.entries == make_entries(1, 3)
    assert loaded.torn_bytes > 0


def test_more_can_be_torn_than_there_is() -> None:
    journal = open_loaded()
    journal.append(make_entries(1, 3))

    journal.kill(torn_bytes=1_000_000)

    assert MemoryJournal(journal.folder).load().entries == ()


@pytest.mark.virtual_time
async def test_a_sync_takes_the_time_it_is_given() -> None:
    loop = asyncio.get_running_loop()
    journal = open_loaded(sync_s=0.5)
    journal.append(make_entries(1, 3))

    await asyncio.gather(journal.sync(), journal.sync())

    assert loop.time() == pytest.approx(0.5)


@pytest.mark.virtual_time
async def test_a_sync_under_way_when_the_process_dies_never_ends() -> None:
    journal = open_loaded(sync_s=0.5)
    journal.append(make_entries(1, 3))
    sync = asyncio.create_task(journal.sync())
    await asyncio.sleep(0.1)

    journal.kill(power_cut=True)
    await asyncio.sleep(3_600)

    assert not sync.done()
    sync.cancel()
    assert MemoryJournal(journal.folder).load().entries == ()


@pytest.mark.virtual_time
async def test_closing_waits_for_the_snapshot_under_way() -> None:
    journal = open_loaded(sync_s=0.5)
    journal.append(make_entries(1, 3))
    snapshot = asyncio.create_task(journal.save_snapshot(3, make_state(3)))
    await asyncio.sleep(0.7)

    await journal.close()

    await snapshot
    assert MemoryJournal(journal.folder).load().snapshot == make_state(3)


def test_a_file_that_is_not_there_is_said() -> None:
    with pytest.raises(FileNotFoundError, match="no notes"):
        MemoryFolder().read("notes")


def test_a_file_with_content_is_never_begun_anew() -> None:
    folder = MemoryFolder()
    folder.create("file").write(b"precious")

    with pytest.raises(FileExistsError):
        folder.create("file")
