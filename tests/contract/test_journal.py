"""What every journal promises (``service.ports.Journal``), on the disk and in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from callcenter.journal.errors import EntriesTrimmed, JournalDamaged, JournalInUse
from callcenter.service.ports import Journal, JournalPosition
from tests.unit.journal.entries import make_entries, make_entry, make_state
from tests.unit.journal.sites import (
    SMALL,
    Site,
    change,
    fill,
    list_segments,
    list_snapshots,
    open_loaded,
    provide_site,
)


@pytest.fixture(params=["disk", "memory"])
async def site(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Site]:
    async for provided in provide_site(request.param, tmp_path):
        yield provided


def test_a_new_journal_is_empty_and_has_an_id(site: Site) -> None:
    journal = site.open()
    port: Journal = journal

    loaded = port.load()

    assert (loaded.snapshot, loaded.snapshot_position, loaded.entries) == (None, 0, ())
    assert len(port.id) == 8
    assert journal.position == JournalPosition(journal.id, epoch=1, position=0)
    assert not journal.dirty
    assert journal.remarks == ()
    assert site.list_names() == []


def test_what_was_appended_survives_a_kill_without_any_sync(site: Site) -> None:
    journal = open_loaded(site)
    journal.append(make_entries(1, 3))
    journal.append(make_entries(4, 4))
    site.kill()

    again = site.open()
    loaded = again.load()

    assert loaded.entries == make_entries(1, 4)
    assert loaded.torn_bytes == 0
    assert again.id == journal.id
    assert again.position == JournalPosition(journal.id, epoch=2, position=4)


def test_every_opening_that_wrote_something_raises_the_epoch(site: Site) -> None:
    for start in range(1, 5):
        journal = open_loaded(site)
        assert journal.epoch == start
        journal.append(make_entries(start, start))
        site.kill()

    assert site.open().load().entries == make_entries(1, 4)


async def test_a_journal_closed_in_the_regular_way_goes_on_where_it_was(site: Site) -> None:
    journal = open_loaded(site)
    journal.append(make_entries(1, 3))
    await journal.close()
    await journal.close()

    again = site.open()
    loaded = again.load()
    again.append(make_entries(4, 5))

    assert loaded.entries == make_entries(1, 3)
    assert again.position.position == 5


def test_only_the_next_positions_are_taken(site: Site) -> None:
    journal = open_loaded(site)
    journal.append(make_entries(1, 3))
    before = {name: site.read(name) for name in site.list_names()}

    for wrong in (
        make_entries(3, 4),
        make_entries(5, 6),
        (make_entry(4), make_entry(6)),
    ):
        with pytest.raises(ValueError, match="do not follow 3"):
            journal.append(wrong)
    journal.append(())

    assert {name: site.read(name) for name in site.list_names()} == before


async def test_a_journal_is_loaded_once_before_it_is_written_and_not_used_after(
    site: Site,
) -> None:
    journal = site.open()
    with pytest.raises(RuntimeError, match="loaded before"):
        journal.append(make_entries(1, 1))
    with pytest.raises(RuntimeError, match="loaded before"):
        await journal.sync()
    with pytest.raises(RuntimeError, match="loaded before"):
        await journal.save_snapshot(0, b"")
    journal.load()
    with pytest.raises(RuntimeError, match="once"):
        journal.load()
    await journal.close()

    with pytest.raises(RuntimeError, match="closed"):
        journal.append(make_entries(1, 1))
    with pytest.raises(RuntimeError, match="closed"):
        await journal.sync()


async def test_a_journal_closed_unloaded_cannot_be_loaded(site: Site) -> None:
    journal = site.open()
    await journal.close()

    with pytest.raises(RuntimeError, match="closed"):
        journal.load()


async def test_a_second_journal_over_the_same_folder_is_refused_until_the_first_is_gone(
    site: Site,
) -> None:
    journal = site.open()

    with pytest.raises(JournalInUse, match=r"in use by .*process"):
        site.open()
    await journal.close()

    site.open().load()


# --- syncing -------------------------------------------------------------------------------------


async def test_a_journal_is_dirty_until_it_is_synced(site: Site) -> None:
    journal = open_loaded(site)
    assert not journal.dirty
    journal.append(make_entries(1, 1))
    assert journal.dirty

    await asyncio.gather(journal.sync(), journal.sync())

    assert not journal.dirty


async def test_appends_go_on_while_a_sync_runs_and_need_another_one(site: Site) -> None:
    journal = open_loaded(site)
    journal.append(make_entries(1, 1))
    first = asyncio.ensure_future(journal.sync())
    await asyncio.sleep(0)
    journal.append(make_entries(2, 2))

    await first
    await journal.sync()

    assert not journal.dirty


async def test_a_waiter_who_gives_up_does_not_stop_the_sync_of_the_others(site: Site) -> None:
    journal = open_loaded(site)
    journal.append(make_entries(1, 1))
    impatient = asyncio.ensure_future(journal.sync())
    patient = asyncio.ensure_future(journal.sync())
    await asyncio.sleep(0)

    impatient.cancel()
    with suppress(asyncio.CancelledError):
        await impatient
    await patient

    assert not journal.dirty


# --- segments ------------------------------------------------------------------------------------


async def test_a_full_segment_is_followed_by_another_and_nothing_is_lost(site: Site) -> None:
    journal = open_loaded(site, segment_bytes=SMALL)

    await fill(journal, 50)
    site.kill()

    assert len(list_segments(site)) > 4
    assert all(len(site.read(name)) < 2 * SMALL for name in list_segments(site))
    assert site.open().load().entries == make_entries(1, 50)


async def test_segments_end_at_twice_their_size_when_nobody_syncs(site: Site) -> None:
    journal = open_loaded(site, segment_bytes=SMALL)

    await fill(journal, 50, sync=False)
    site.kill()

    sizes = [len(site.read(name)) for name in list_segments(site)]
    assert len(sizes) > 2
    assert all(2 * SMALL <= size < 3 * SMALL for size in sizes[:-1])
    assert site.open().load().entries == make_entries(1, 50)


async def test_a_segment_may_end_while_a_sync_of_it_runs(site: Site) -> None:
    journal = open_loaded(site, segment_bytes=SMALL)
    journal.append(make_entries(1, 1))
    running = asyncio.ensure_future(journal.sync())
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    await fill(journal, 50, sync=False)
    await running
    await journal.sync()

    assert not journal.dirty
    site.kill()
    assert site.open().load().entries == make_entries(1, 50)


def test_every_start_writes_a_segment_of_its_own(site: Site) -> None:
    for start in range(1, 4):
        open_loaded(site).append(make_entries(start, start))
        site.kill()

    assert len(list_segments(site)) == 3


# --- snapshots and trimming ----------------------------------------------------------------------


async def test_the_newest_snapshot_and_the_entries_after_it_are_loaded(site: Site) -> None:
    journal = open_loaded(site)
    await fill(journal, 10, batch=4)
    await journal.save_snapshot(7, make_state(7))
    await fill(journal, 12, batch=4)
    site.kill()

    again = site.open()
    loaded = again.load()

    assert (loaded.snapshot, loaded.snapshot_position) == (make_state(7), 7)
    assert loaded.entries == make_entries(8, 12)
    assert loaded.snapshot_version == 1


async def test_a_snapshot_syncs_what_it_includes(site: Site) -> None:
    journal = open_loaded(site)
    journal.append(make_entries(1, 3))

    await journal.save_snapshot(3, make_state(3))

    assert not journal.dirty


async def test_appends_and_syncs_go_on_while_a_snapshot_is_written(site: Site) -> None:
    journal = open_loaded(site)
    await fill(journal, 5)

    snapshot = asyncio.ensure_future(journal.save_snapshot(5, make_state(5)))
    while not snapshot.done():
        await fill(journal, journal.position.position + 1)
    await snapshot
    site.kill()

    loaded = site.open().load()
    assert loaded.snapshot == make_state(5)
    assert loaded.entries == make_entries(6, journal.position.position)


async def test_a_snapshot_never_goes_back(site: Site) -> None:
    journal = open_loaded(site)
    await fill(journal, 5)
    await journal.save_snapshot(5, make_state(5))

    with pytest.raises(ValueError, match="a snapshot of 4 after one of 5"):
        await journal.save_snapshot(4, make_state(4))
    await journal.save_snapshot(5, make_state(5))


async def test_two_snapshots_and_what_the_older_one_needs_are_kept(site: Site) -> None:
    journal = open_loaded(site, segment_bytes=SMALL)
    for position in (20, 40, 60, 80):
        await fill(journal, position)
        await journal.save_snapshot(position, make_state(position))

    snapshots, segments = list_snapshots(site), list_segments(site)

    assert [int(name.split(".")[0]) for name in snapshots] == [60, 80]
    firsts = [int(name.split(".")[0]) for name in segments]
    assert firsts[0] <= 61 < firsts[1]


async def test_a_segment_that_ends_with_the_older_snapshot_is_trimmed(site: Site) -> None:
    for position in (20, 40):
        journal = open_loaded(site)
        await fill(journal, position)
        await journal.save_snapshot(position, make_state(position))
        site.kill()

    assert list_segments(site) == [f"{21:020d}.journal"]


async def test_nothing_is_trimmed_before_there_are_two_snapshots(site: Site) -> None:
    journal = open_loaded(site, segment_bytes=SMALL)
    await fill(journal, 50)
    before = list_segments(site)

    await journal.save_snapshot(50, make_state(50))

    assert list_segments(site) == before


async def test_entries_that_the_projector_has_not_read_are_kept_for_it(site: Site) -> None:
    journal = open_loaded(site, segment_bytes=SMALL, trim_behind=lambda: 33)
    for position in (40, 60, 80):
        await fill(journal, position)
        await journal.save_snapshot(position, make_state(position))
    await fill(journal, 85)
    site.kill()

    again = site.open()
    again.load()

    assert tuple(again.read_after(33)) == make_entries(34, 85)
    firsts = [int(name.split(".")[0]) for name in list_segments(site)]
    assert firsts[0] <= 34 < firsts[1]
    with pytest.raises(EntriesTrimmed, match=r"entries 11 to .* are missing") as caught:
        tuple(again.read_after(10))
    assert caught.value.first_kept == firsts[0]


async def test_entries_are_read_again_while_others_are_appended(site: Site) -> None:
    journal = open_loaded(site, segment_bytes=SMALL)
    await fill(journal, 30)
    reading = journal.read_after(5)
    first = next(reading)

    await fill(journal, 60)

    found = (first, *reading)
    assert found == make_entries(6, 5 + len(found))
    assert len(found) >= 25


async def test_a_damaged_newest_snapshot_gives_way_to_the_one_before_it(site: Site) -> None:
    journal = open_loaded(site, segment_bytes=SMALL)
    for position in (20, 40, 60):
        await fill(journal, position)
        await journal.save_snapshot(position, make_state(position))
    await fill(journal, 65)
    site.kill()
    newest = list_snapshots(site)[-1]
    change(site, newest, lambda content: content.__setitem__(-1, content[-1] ^ 1))

    again = site.open()
    loaded = again.load()

    assert (loaded.snapshot, loaded.snapshot_position) == (make_state(40), 40)
    assert loaded.entries == make_entries(41, 65)
    assert f"{newest} was set aside: the state's digest is wrong." in again.remarks[0]
    await again.save_snapshot(65, make_state(65))
    assert [int(name.split(".")[0]) for name in list_snapshots(site)] == [40, 65]
    await fill(again, 70)
    await again.save_snapshot(70, make_state(70))
    assert not [name for name in site.list_names() if name.endswith(".damaged")]


async def test_damaged_snapshots_whose_entries_were_trimmed_are_said(site: Site) -> None:
    journal = open_loaded(site, segment_bytes=SMALL)
    for position in (20, 40, 60):
        await fill(journal, position)
        await journal.save_snapshot(position, make_state(position))
    site.kill()
    for name in list_snapshots(site):
        site.write(name, b"not any more")
    before = site.list_names()

    with pytest.raises(JournalDamaged, match=r"entries 1 to .* are missing") as caught:
        site.open().load()

    assert "Restore" in caught.value.mend
    assert site.list_names() == before


async def test_a_snapshot_under_anothers_name_is_not_believed(site: Site) -> None:
    journal = open_loaded(site)
    await fill(journal, 5)
    await journal.save_snapshot(3, make_state(3))
    site.kill()
    old = list_snapshots(site)[0]
    site.rename(old, old.replace("3", "5"))

    again = site.open()

    assert again.load().entries == make_entries(1, 5)
    assert "position 3, not of that in its name" in again.remarks[0]


async def test_an_unfinished_snapshot_does_not_hinder_the_next(site: Site) -> None:
    journal = open_loaded(site)
    await fill(journal, 5)
    site.write(f"{5:020d}.snapshot.tmp", b"half a st")

    await journal.save_snapshot(5, make_state(5))

    assert list_snapshots(site) == [f"{5:020d}.snapshot"]


async def test_an_unfinished_snapshot_is_cleared_away(site: Site) -> None:
    journal = open_loaded(site)
    await fill(journal, 5)
    site.kill()
    site.write(f"{5:020d}.snapshot.tmp", b"half a st")

    assert site.open().load().entries == make_entries(1, 5)

    assert not [name for name in site.list_names() if name.endswith(".tmp")]


async def test_a_snapshot_bridges_what_a_full_disk_did_not_take(site: Site) -> None:
    journal = open_loaded(site)
    await fill(journal, 5)

    await journal.save_snapshot(9, make_state(9))
    await fill(journal, 12)
    site.kill()

    again = site.open()
    loaded = again.load()
    assert (loaded.snapshot_position, loaded.entries) == (9, make_entries(10, 12))
    assert tuple(again.read_after(3)) == make_entries(4, 5) + make_entries(10, 12)


async def test_a_snapshot_ahead_of_all_entries_is_gone_on_from(site: Site) -> None:
    journal = open_loaded(site)
    await fill(journal, 5)
    await journal.save_snapshot(9, make_state(9))
    site.kill()

    again = site.open()
    assert again.load().entries == ()
    again.append(make_entries(10, 11))
    site.kill()

    assert site.open().load().entries == make_entries(10, 11)


async def test_a_lost_bridge_is_said(site: Site) -> None:
    journal = open_loaded(site)
    await fill(journal, 3)
    await journal.save_snapshot(3, make_state(3))
    await fill(journal, 5)
    await journal.save_snapshot(9, make_state(9))
    await fill(journal, 12)
    site.kill()
    site.remove(list_snapshots(site)[-1])

    with pytest.raises(JournalDamaged, match=r"6 to 9 were never written .*full.*missing"):
        site.open().load()


async def test_a_snapshot_alone_is_enough(site: Site) -> None:
    journal = open_loaded(site)
    await journal.save_snapshot(4, make_state(4))
    site.kill()

    again = site.open()
    loaded = again.load()
    again.append(make_entries(5, 5))

    assert (loaded.snapshot, loaded.entries) == (make_state(4), ())
    assert again.id == journal.id
