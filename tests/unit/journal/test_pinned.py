"""A journal that is written and trimmed can be read meanwhile, as of one moment."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callcenter.domain.commands import LookUpCustomer
from callcenter.domain.events import Tick
from callcenter.domain.numbers import is_erased
from callcenter.domain.step import Entry
from callcenter.journal.errors import EntriesTrimmed, JournalDamaged
from callcenter.journal.file import FileJournal
from callcenter.journal.pinned import NO_JOURNAL, PinnedFolder, measure, prove_readable, read_after
from callcenter.journal.reader import read
from tests.unit.journal.entries import make_entries, make_state
from tests.unit.journal.sites import SMALL, DiskSite, fill, open_loaded


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[DiskSite]:
    site = DiskSite(tmp_path)
    yield site
    for journal in site.opened:
        await journal.close()


async def test_what_is_trimmed_meanwhile_can_still_be_read(site: DiskSite) -> None:
    journal = open_loaded(site, segment_bytes=SMALL)
    await fill(journal, 30)

    with PinnedFolder(site.folder) as pinned:
        for position in (40, 50, 60):
            await fill(journal, position)
            pinned.pin()
            await journal.save_snapshot(position, make_state(position))
        await fill(journal, 65)
        pinned.freeze()
        extent = measure(pinned)
        entries = tuple(read_after(pinned, 0))
        snapshots = [name for name in pinned.list_names() if name.endswith(".snapshot")]

    assert min(site.list_names()) > f"{1:020d}.journal"  # it was trimmed
    assert (extent.first_position, extent.snapshot_position) == (1, 60)
    assert extent.last_position == extent.last_written == 65
    assert extent.journal == journal.id
    assert entries == make_entries(1, 65)
    assert len(snapshots) == 2


async def test_a_segment_that_came_and_went_unseen_is_missed_and_it_is_said(site: DiskSite) -> None:
    journal = open_loaded(site, segment_bytes=SMALL)
    await fill(journal, 30)

    with PinnedFolder(site.folder) as pinned:
        pinned.pin()
        for position in (40, 50, 60):
            await fill(journal, position)
            await journal.save_snapshot(position, make_state(position))
        pinned.freeze()

        prove_readable(pinned, 55)
        with pytest.raises(JournalDamaged, match="are missing"):
            prove_readable(pinned, 20)


async def test_what_is_written_after_the_freeze_is_not_seen(site: DiskSite) -> None:
    journal = open_loaded(site)
    await fill(journal, 5)

    with PinnedFolder(site.folder) as pinned:
        pinned.freeze()
        await fill(journal, 9)
        entries = tuple(read_after(pinned, 0))
        again = pinned.read(pinned.list_names()[0], 8)

    assert entries == make_entries(1, 5)
    assert again == b"CCJRNAL\n"


async def test_without_pinning_only_what_is_kept_can_be_read(site: DiskSite) -> None:
    journal = open_loaded(site, segment_bytes=SMALL)
    for position in (20, 40, 60):
        await fill(journal, position)
        await journal.save_snapshot(position, make_state(position))

    with PinnedFolder(site.folder) as pinned:
        pinned.freeze()
        first = measure(pinned).first_position
        kept = tuple(read_after(pinned, first - 1))
        with pytest.raises(EntriesTrimmed):
            tuple(read_after(pinned, 0))
        prove_readable(pinned, 0)

    assert 1 < first <= 41
    assert kept == make_entries(first, 60)


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    with PinnedFolder(tmp_path / "none") as pinned:
        pinned.freeze()

        assert pinned.list_names() == []
        assert measure(pinned) == NO_JOURNAL
        with pytest.raises(FileNotFoundError):
            pinned.read("lock")


async def test_a_journal_that_begins_with_a_snapshot_can_be_read_before_its_first_entry(
    site: DiskSite,
) -> None:
    journal = open_loaded(site)
    await journal.save_snapshot(7, make_state(7))

    with PinnedFolder(site.folder) as pinned:
        pinned.freeze()
        extent = measure(pinned)
    found = read(site.folder)

    assert (extent.first_position, extent.last_position, extent.last_written) == (0, 7, 0)
    assert (found.snapshot_position, found.snapshot, found.entries) == (7, make_state(7), ())


async def test_an_erasure_meanwhile_loses_no_number_and_is_not_undone(tmp_path: Path) -> None:
    ana, ben, bea = "+4930111111", "+4930222222", "+4930333333"

    def looked_up(position: int, number: str) -> Entry:
        return Entry(position, 1.0, Tick(), (LookUpCustomer("x", "c", number),))

    journal = FileJournal(tmp_path, machine_version=1)
    journal.load()
    journal.append([looked_up(1, ana), looked_up(2, ben)])
    with PinnedFolder(tmp_path) as folder:
        folder.pin()
        await journal.erase(lambda number: number == ana)
        journal.append([looked_up(3, bea)])  # into the file that has replaced the one held open
        folder.freeze()
        found = [entry.commands for entry in read_after(folder, 0)]
        copied = b"".join(folder.read(name) for name in folder.list_names())
    await journal.close()

    numbers = [command.number for (command,) in found if isinstance(command, LookUpCustomer)]
    assert is_erased(numbers[0])
    assert numbers[1:] == [ben, bea]
    assert ana.encode() not in copied
