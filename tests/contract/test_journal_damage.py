"""How every journal takes torn tails, damage and other formats: a clean prefix or a clear word."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from callcenter.journal.codec import (
    BATCH_HEADER_BYTES,
    HEADER_BYTES,
    BadBytes,
    compute_digest,
    decode_batch,
    decode_segment_header,
    encode_batch,
    encode_segment_header,
)
from callcenter.journal.errors import ForeignJournal, JournalDamaged
from tests.unit.journal.entries import make_entries, make_entry, make_state
from tests.unit.journal.sites import (
    SMALL,
    MemorySite,
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


# --- torn tails ----------------------------------------------------------------------------------


def test_a_torn_tail_is_cut_off_and_writing_goes_on(site: Site) -> None:
    journal = open_loaded(site)
    journal.append(make_entries(1, 3))
    whole = len(site.read(list_segments(site)[0]))
    journal.append(make_entries(4, 6))
    site.kill()
    name = list_segments(site)[0]
    torn = len(site.read(name)) - whole - 5
    change(site, name, lambda content: content.__delitem__(slice(-5, None)))

    again = site.open()
    loaded = again.load()
    again.append(make_entries(4, 9))
    site.kill()

    assert (loaded.entries, loaded.torn_bytes) == (make_entries(1, 3), torn)
    assert f"{torn} bytes of an unfinished batch were cut off" in again.remarks[0]
    assert len(site.read(name)) == whole
    assert site.open().load().entries == make_entries(1, 9)


@pytest.mark.parametrize("left", [0, 1, HEADER_BYTES - 1, HEADER_BYTES, HEADER_BYTES + 1])
def test_a_segment_torn_before_its_first_batch_is_cleared_away(site: Site, left: int) -> None:
    for start in (1, 2):
        open_loaded(site).append(make_entries(start, start))
        site.kill()
    name = list_segments(site)[-1]
    change(site, name, lambda content: content.__delitem__(slice(left, None)))

    again = site.open()
    loaded = again.load()
    again.append(make_entries(2, 3))
    site.kill()

    assert loaded.entries == make_entries(1, 1)
    assert loaded.torn_bytes == (left if left < HEADER_BYTES else left - HEADER_BYTES)
    last = site.open()
    assert last.load().entries == make_entries(1, 3)
    assert last.epoch == (4 if left >= HEADER_BYTES else 3)


def test_zeros_at_the_end_are_a_torn_tail(site: Site) -> None:
    open_loaded(site).append(make_entries(1, 3))
    site.kill()
    change(site, list_segments(site)[0], lambda content: content.extend(bytes(4096)))

    loaded = site.open().load()

    assert (loaded.entries, loaded.torn_bytes) == (make_entries(1, 3), 4096)


async def test_a_tail_torn_behind_the_snapshot_loses_nothing_of_it(site: Site) -> None:
    journal = open_loaded(site)
    await fill(journal, 6)
    await journal.save_snapshot(5, make_state(5))
    site.kill()
    change(site, list_segments(site)[0], lambda content: content.__delitem__(slice(300, None)))

    again = site.open()
    loaded = again.load()
    await fill(again, 7)
    site.kill()

    assert (loaded.snapshot_position, loaded.entries) == (5, ())
    assert site.open().load().entries == make_entries(6, 7)


# --- damage --------------------------------------------------------------------------------------


def find_batches(site: Site, name: str) -> list[int]:
    """Where the batches of a segment begin."""
    data, offsets = site.read(name), [HEADER_BYTES]
    while offsets[-1] < len(data):
        offsets.append(decode_batch(data, offsets[-1]).end)
    return offsets[:-1]


def apply_mend(site: Site, error: JournalDamaged, position: int) -> None:
    """Do what the message says: cut the file, move away what comes after."""
    name = Path(error.file).name
    change(site, name, lambda content: content.__delitem__(slice(error.offset, None)))
    for later in [*list_segments(site), *list_snapshots(site)]:
        number = int(later.split(".")[0])
        limit = int(name.split(".")[0]) + 1 if later.endswith(".journal") else position
        if number >= limit:
            site.remove(later)


@pytest.mark.parametrize("part", ["magic", "length", "header", "payload"])
async def test_damage_before_whole_batches_is_said_with_its_place_and_its_mend(
    site: Site, part: str
) -> None:
    journal = open_loaded(site)
    await fill(journal, 9, batch=3)
    site.kill()
    name = list_segments(site)[0]
    offset = find_batches(site, name)[1]
    where = offset + {"magic": 0, "length": 8, "header": 20, "payload": BATCH_HEADER_BYTES}[part]
    change(site, name, lambda content: content.__setitem__(where, content[where] ^ 0xFF))
    before = site.read(name)

    journal = site.open()
    with pytest.raises(JournalDamaged) as caught:
        journal.load()

    error = caught.value
    assert error.file.endswith(name)
    assert error.offset == offset
    assert f"truncate -s {offset}" in error.mend
    assert "from position 4 on" in error.mend
    assert site.read(name) == before
    await journal.close()
    apply_mend(site, error, 4)
    assert site.open().load().entries == make_entries(1, 3)


async def test_a_torn_end_of_any_but_the_last_segment_is_damage(site: Site) -> None:
    journal = open_loaded(site, segment_bytes=SMALL)
    await fill(journal, 30)
    site.kill()
    first = list_segments(site)[0]
    change(site, first, lambda content: content.__delitem__(slice(-3, None)))

    journal = site.open()
    with pytest.raises(JournalDamaged, match="cut off") as caught:
        journal.load()

    await journal.close()
    lost = len(find_entries(site, first)) + 1
    apply_mend(site, caught.value, lost)
    assert site.open().load().entries == make_entries(1, lost - 1)


def find_entries(site: Site, name: str) -> list[int]:
    """The offsets of the whole batches (of one entry each) of a torn segment."""
    data, offsets = site.read(name), []
    offset = HEADER_BYTES
    with suppress(BadBytes):
        while True:
            batch = decode_batch(data, offset)
            offsets.append(offset)
            offset = batch.end
    return offsets


async def test_a_missing_segment_is_said(site: Site) -> None:
    journal = open_loaded(site, segment_bytes=SMALL)
    await fill(journal, 40)
    site.kill()
    site.remove(list_segments(site)[1])

    with pytest.raises(JournalDamaged, match=r"entries .* to .* are missing before this file"):
        site.open().load()


async def test_a_missing_first_segment_is_said(site: Site) -> None:
    journal = open_loaded(site, segment_bytes=SMALL)
    await fill(journal, 40)
    site.kill()
    site.remove(list_segments(site)[0])

    with pytest.raises(JournalDamaged, match=r"entries 1 to .* are missing before this file"):
        site.open().load()


async def test_a_segment_that_holds_nothing_before_others_is_damage(site: Site) -> None:
    journal = open_loaded(site, segment_bytes=SMALL)
    await fill(journal, 40)
    site.kill()
    name = list_segments(site)[1]
    change(site, name, lambda content: content.__delitem__(slice(HEADER_BYTES, None)))

    with pytest.raises(JournalDamaged, match="holds nothing, yet others follow"):
        site.open().load()


async def test_a_damaged_header_before_whole_batches_is_damage(site: Site) -> None:
    journal = open_loaded(site)
    await fill(journal, 4)
    site.kill()
    change(site, list_segments(site)[0], lambda content: content.__setitem__(30, 1))

    with pytest.raises(JournalDamaged, match="byte 0: the header's checksum is wrong"):
        site.open().load()


async def test_a_segment_under_anothers_name_is_damage(site: Site) -> None:
    journal = open_loaded(site)
    await fill(journal, 4)
    site.kill()
    name = list_segments(site)[0]
    site.rename(name, name.replace("1", "2"))

    with pytest.raises(JournalDamaged, match="begins with position 1, not with that of its name"):
        site.open().load()


@pytest.mark.parametrize("swap", [(0, 1), (1, 2)])
async def test_batches_that_changed_places_are_damage(site: Site, swap: tuple[int, int]) -> None:
    journal = open_loaded(site)
    await fill(journal, 4)
    site.kill()
    name = list_segments(site)[0]
    data = site.read(name)
    bounds = list(pairwise([*find_batches(site, name), len(data)]))
    bounds[swap[0]], bounds[swap[1]] = bounds[swap[1]], bounds[swap[0]]
    site.write(name, data[:HEADER_BYTES] + b"".join(data[a:b] for a, b in bounds))

    with pytest.raises(JournalDamaged, match="does not follow the one before it"):
        site.open().load()


async def test_a_repeated_batch_is_damage(site: Site) -> None:
    journal = open_loaded(site)
    await fill(journal, 4)
    site.kill()
    name = list_segments(site)[0]
    data = site.read(name)
    last = find_batches(site, name)[-1]
    site.write(name, data + data[last:])

    with pytest.raises(JournalDamaged, match="does not follow"):
        site.open().load()


@pytest.mark.parametrize("damaged", [2, 5, 7])
async def test_damage_that_the_snapshot_makes_up_for_is_passed_over_and_said(
    site: Site, damaged: int
) -> None:
    journal = open_loaded(site)
    await fill(journal, 10)
    await journal.save_snapshot(7, make_state(7))
    site.kill()
    name = list_segments(site)[0]
    where = find_batches(site, name)[damaged - 1] + 30
    change(site, name, lambda content: content.__setitem__(where, content[where] ^ 1))

    again = site.open()
    loaded = again.load()

    assert (loaded.snapshot_position, loaded.entries) == (7, make_entries(8, 10))
    said = f"entries {damaged} to {damaged} cannot be read, the snapshot holds what they did"
    assert said in again.remarks[0]
    with pytest.raises(JournalDamaged, match="checksum"):
        tuple(again.read_after(1))
    again.append(make_entries(11, 11))
    site.kill()
    assert site.open().load().entries == make_entries(8, 11)


async def test_rubbish_between_whole_batches_is_damage_even_before_the_snapshot(
    site: Site,
) -> None:
    journal = open_loaded(site)
    await fill(journal, 10)
    await journal.save_snapshot(7, make_state(7))
    site.kill()
    name = list_segments(site)[0]
    where = find_batches(site, name)[3]
    change(site, name, lambda content: content.__setitem__(slice(where, where), b"rubbish"))

    with pytest.raises(JournalDamaged, match="no batch begins here"):
        site.open().load()


async def test_files_of_two_journals_in_one_folder_are_said(site: Site, tmp_path: Path) -> None:
    journal = open_loaded(site)
    await fill(journal, 4)
    await journal.save_snapshot(4, make_state(4))
    site.kill()
    other = MemorySite()
    stranger = open_loaded(other, journal_id="stranger")
    await fill(stranger, 4)
    name = list_segments(site)[0]
    site.write(name, other.read(name))

    with pytest.raises(JournalDamaged, match="is of journal stranger, the newest snapshot of"):
        site.open().load()


async def test_a_segment_of_another_journal_is_said(site: Site) -> None:
    journal = open_loaded(site, segment_bytes=SMALL)
    await fill(journal, 40)
    site.kill()
    other = MemorySite()
    await fill(open_loaded(other, journal_id="stranger", segment_bytes=SMALL), 40)
    name = list_segments(site)[1]
    site.write(name, other.read(name))

    with pytest.raises(JournalDamaged, match="is of journal stranger, the one before of"):
        site.open().load()


async def test_segments_of_two_histories_are_said(site: Site) -> None:
    journal = open_loaded(site)
    await fill(journal, 2)
    site.kill()
    await fill(open_loaded(site), 4)
    site.kill()
    other = MemorySite()
    await fill(open_loaded(other, journal_id=journal.id), 2, batch=2)
    name = list_segments(site)[0]
    site.write(name, other.read(name))

    with pytest.raises(
        JournalDamaged, match=r"the file does not follow the one before it \(digest"
    ):
        site.open().load()


async def test_a_segment_that_overlaps_the_next_is_said(site: Site) -> None:
    journal = open_loaded(site)
    await fill(journal, 2)
    site.kill()
    await fill(open_loaded(site), 4)
    site.kill()
    other = MemorySite()
    await fill(open_loaded(other, journal_id=journal.id), 3)
    name = list_segments(site)[0]
    site.write(name, other.read(name))

    with pytest.raises(JournalDamaged, match="follows position 2, but the file before ends with 3"):
        site.open().load()


async def test_an_older_epoch_after_a_newer_one_is_said(site: Site) -> None:
    await fill(open_loaded(site), 2)
    site.kill()
    await fill(open_loaded(site), 4)
    site.kill()
    second = list_segments(site)[1]
    header = decode_segment_header(site.read(second))
    older = msgspec.structs.replace(header, origin=msgspec.structs.replace(header.origin, epoch=0))
    head = encode_segment_header(older)
    batch = encode_batch(make_entries(3, 4), epoch=0, previous_digest=compute_digest(head))
    site.write(second, head + batch)

    with pytest.raises(JournalDamaged, match="epoch 0 after epoch 1"):
        site.open().load()


async def test_a_batch_of_another_epoch_or_position_is_said(site: Site) -> None:
    await fill(open_loaded(site), 2)
    site.kill()
    name = list_segments(site)[0]
    head = site.read(name)[:HEADER_BYTES]
    digest = compute_digest(head)

    site.write(name, head + encode_batch(make_entries(1, 2), epoch=7, previous_digest=digest))
    with pytest.raises(JournalDamaged, match="a batch of epoch 7 in a segment of epoch 1"):
        site.open().load()
    site.kill()

    site.write(name, head + encode_batch(make_entries(2, 3), epoch=1, previous_digest=digest))
    with pytest.raises(JournalDamaged, match="position 2 where 1 should be"):
        site.open().load()


async def test_entries_that_no_version_of_ours_wrote_are_refused(site: Site) -> None:
    await fill(open_loaded(site), 2)
    site.kill()
    name = list_segments(site)[0]
    head = site.read(name)[:HEADER_BYTES]
    strange: Any = msgspec.structs.replace(make_entry(1), now="noon")
    batch = encode_batch([strange], epoch=1, previous_digest=compute_digest(head))
    site.write(name, head + batch)

    with pytest.raises(ForeignJournal, match=r"does not know.*read it with that version"):
        site.open().load()


# --- other formats --------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".journal", ".snapshot"])
async def test_another_format_is_refused(site: Site, suffix: str) -> None:
    journal = open_loaded(site)
    await fill(journal, 4)
    await journal.save_snapshot(4, make_state(4))
    site.kill()
    name = next(name for name in site.list_names() if name.endswith(suffix))
    change(site, name, lambda content: content.__setitem__(9, 3))

    with pytest.raises(ForeignJournal, match="is of format 3; this version reads formats 1 and 2"):
        site.open().load()


@pytest.mark.parametrize("wrong", ["short", "far too long", "ümlaute8"])
def test_an_id_that_does_not_fit_is_refused_at_once(site: Site, wrong: str) -> None:
    with pytest.raises(ValueError, match="8 ASCII characters"):
        site.open(journal_id=wrong)
    site.open(journal_id="12345678").load()
