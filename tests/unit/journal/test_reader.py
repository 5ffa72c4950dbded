"""Reading a journal that somebody else owns, alive or dead."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callcenter.journal import reader
from callcenter.journal.errors import JournalDamaged
from callcenter.journal.file import FileJournal
from callcenter.journal.folder import DiskFolder
from callcenter.journal.reader import read
from tests.unit.journal.entries import make_entries, make_state
from tests.unit.journal.sites import SMALL, DiskSite, fill, list_segments, list_snapshots


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[DiskSite]:
    disk = DiskSite(tmp_path)
    yield disk
    for journal in disk.opened:
        await journal.close()


async def write(
    site: DiskSite, last: int, *snapshots: int, segment_bytes: int = SMALL
) -> FileJournal:
    """A journal up to this position, with snapshots of these."""
    journal = site.open(segment_bytes=segment_bytes, journal_id="readable")
    journal.load()
    for position in snapshots:
        await fill(journal, position)
        await journal.save_snapshot(position, make_state(position))
    await fill(journal, last)
    return journal


def see(folder: Path) -> dict[str, tuple[bytes, float]]:
    """All files, to the byte and the time of change."""
    return {p.name: (p.read_bytes(), p.stat().st_mtime) for p in folder.iterdir()}


async def test_a_living_journal_is_read_from_its_beginning_and_not_touched(site: DiskSite) -> None:
    await write(site, 30, 20)
    before = see(site.folder)

    found = read(site.folder)

    assert (found.snapshot, found.snapshot_position) == (None, 0)
    assert found.entries == make_entries(1, 30)
    assert (found.header.journal, found.header.epoch) == ("readable", 1)
    assert (found.header.machine_version, found.snapshot_version) == (1, None)
    assert (found.torn_bytes, found.remarks) == (0, ())
    assert see(site.folder) == before


async def test_a_trimmed_journal_is_read_from_the_oldest_snapshot_kept(site: DiskSite) -> None:
    await write(site, 90, 20, 40, 60, 80)

    found = read(site.folder)

    assert (found.snapshot, found.snapshot_position) == (make_state(60), 60)
    assert found.entries == make_entries(61, 90)
    assert found.snapshot_version == 1


async def test_the_newest_snapshot_is_taken_on_demand(site: DiskSite) -> None:
    await write(site, 90, 20, 40, 60, 80)

    found = read(site.folder, newest_snapshot=True)

    assert (found.snapshot, found.snapshot_position) == (make_state(80), 80)
    assert found.entries == make_entries(81, 90)


async def test_a_journal_that_ends_with_its_snapshot_has_nothing_to_replay(site: DiskSite) -> None:
    await write(site, 40, 20, 40)

    found = read(site.folder, newest_snapshot=True)

    assert (found.entries, found.writers) == ((), ())
    assert found.header.journal == "readable"


async def test_a_damaged_start_gives_way_to_the_next_and_is_remarked(site: DiskSite) -> None:
    await write(site, 90, 20, 40, 60, 80)
    site.write(list_snapshots(site)[0], b"nothing of use")

    found = read(site.folder)

    assert found.snapshot_position == 80
    assert "the header is cut off" in found.remarks[0]


async def test_damage_that_no_start_avoids_is_raised(site: DiskSite) -> None:
    await write(site, 90, 20, 40, 60, 80)
    name = list_segments(site)[-2]
    content = bytearray(site.read(name))
    content[-1] ^= 1
    site.write(name, bytes(content))
    for snapshot in list_snapshots(site):
        site.remove(snapshot)

    with pytest.raises(JournalDamaged, match="are missing before this file"):
        read(site.folder)


async def test_a_gap_left_by_a_full_disk_is_begun_after(site: DiskSite) -> None:
    journal = await write(site, 10)
    await journal.save_snapshot(15, make_state(15))
    await fill(journal, 20)

    found = read(site.folder)

    assert (found.snapshot_position, found.entries) == (15, make_entries(16, 20))
    assert "11 to 15 were never written" in found.remarks[0]


async def test_the_writers_of_the_entries_are_named(site: DiskSite) -> None:
    await write(site, 10)
    site.kill()
    again = site.open()
    again.load()
    await fill(again, 20)

    found = read(site.folder)

    assert [writer.epoch for writer in found.writers] == [1, 2]
    assert found.header == found.writers[0]


async def test_a_torn_tail_is_told_and_left(site: DiskSite) -> None:
    await write(site, 10)
    site.kill()
    name = list_segments(site)[-1]
    site.write(name, site.read(name) + b"half")

    found = read(site.folder)

    assert (found.entries, found.torn_bytes) == (make_entries(1, 10), 4)
    assert site.read(name).endswith(b"half")


async def test_one_segment_is_read_alone(site: DiskSite) -> None:
    await write(site, 40)
    name = list_segments(site)[1]
    first = int(name.split(".")[0])

    found = read(site.folder / name)

    assert (found.snapshot, found.snapshot_position) == (None, first - 1)
    assert found.entries == make_entries(first, first + len(found.entries) - 1)
    assert found.header.journal == "readable"


def test_what_is_no_journal_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="there is no journal in"):
        read(tmp_path)
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(FileNotFoundError, match="no segment of a journal"):
        read(tmp_path / "notes.txt")
    empty = tmp_path / f"{1:020d}.journal"
    empty.write_bytes(b"")
    with pytest.raises(FileNotFoundError, match="holds no whole batch"):
        read(empty)
    with pytest.raises(FileNotFoundError, match="holds no whole batch"):
        read(tmp_path)


async def test_a_folder_trimmed_while_it_is_read_is_read_again(
    site: DiskSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write(site, 40)
    vanished: list[str] = []
    real_read = DiskFolder.read

    def vanish_once(folder: DiskFolder, name: str, size_max: int = -1) -> bytes:
        if not vanished:
            vanished.append(name)
            raise FileNotFoundError(name)
        return real_read(folder, name, size_max)

    monkeypatch.setattr(DiskFolder, "read", vanish_once)

    assert read(site.folder).entries == make_entries(1, 40)
    assert vanished


async def test_a_folder_that_keeps_vanishing_is_given_up(
    site: DiskSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write(site, 40)
    tries: list[str] = []

    def vanish(folder: DiskFolder, name: str, size_max: int = -1) -> bytes:
        tries.append(name)
        raise FileNotFoundError(name)

    monkeypatch.setattr(DiskFolder, "read", vanish)

    with pytest.raises(FileNotFoundError):
        read(site.folder)
    assert len(tries) == reader.READS_MAX
