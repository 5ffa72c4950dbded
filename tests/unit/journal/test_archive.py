"""What recovery no longer needs: gone, or kept for so many days."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

from callcenter.domain.events import CallArrived
from callcenter.domain.ids import ChannelRef
from callcenter.domain.step import Entry
from callcenter.journal.codec import NO_DIGEST, Origin, SegmentHeader, encode_segment_header
from callcenter.journal.file import FileJournal
from callcenter.journal.folder import SECONDS_PER_DAY, Archive
from callcenter.journal.reader import read
from tests.unit.journal.entries import make_entries, make_state


def list_folder(folder: Path) -> list[str]:
    """The names in it, sorted."""
    return sorted(path.name for path in folder.iterdir())


def find_bytes(folder: Path, text: bytes) -> list[Path]:
    """The files below it that hold these bytes."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return [path for path in files if text in path.read_bytes()]


async def test_what_is_trimmed_is_kept_for_so_many_days_and_can_be_read(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    journal = FileJournal(
        tmp_path / "journal", machine_version=1, segment_bytes=1, archive=Archive(archive, 30)
    )
    journal.load()
    for position in range(1, 5):
        journal.append(make_entries(position, position))
        await journal.save_snapshot(position, make_state(position))
    there = list_folder(archive)
    assert there == sorted(
        f"{position:020}.{kind}{numbers}"
        for kind, positions in (("journal", (1, 2, 3)), ("snapshot", (1, 2)))
        for position in positions
        for numbers in ("", ".numbers")
    )
    assert read(archive).entries == make_entries(1, 3)
    (archive / "notes.txt").write_text("somebody's own\n")
    for name in (*there[:2], "notes.txt"):
        written_at = (archive / name).stat().st_mtime
        os.utime(archive / name, (0.0, written_at - 31 * SECONDS_PER_DAY))

    journal.append(make_entries(5, 5))
    await journal.save_snapshot(5, make_state(5))
    await journal.close()

    kept = list_folder(archive)
    assert not {*there[:2]} & {*kept}
    assert "notes.txt" in kept
    assert len(kept) == len(there) - 2 + 4 + 1


async def test_a_person_is_erased_from_what_is_kept_too(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    journal = FileJournal(
        tmp_path / "journal", machine_version=1, segment_bytes=1, archive=Archive(archive, 30)
    )
    journal.load()
    for position in range(1, 5):
        event = CallArrived(ChannelRef("main", f"1.{position}"), "+4930111111", "7000")
        journal.append([Entry(position, float(position), event)])
        await journal.save_snapshot(position, make_state(position))
    told = find_bytes(archive, b"4930111111")
    assert [path.name.partition(".")[2] for path in told] == ["journal.numbers"] * 3
    open_one = archive / f"{9:020}.journal"  # of format 1: its numbers stand open
    origin = Origin("TESTTEST", 1, 1, (3, 11), "1")
    header = encode_segment_header(SegmentHeader(origin, 9, 0, NO_DIGEST))
    body = header[:8] + (1).to_bytes(2, "big") + header[10:80]
    open_one.write_bytes(body + zlib.crc32(body).to_bytes(4, "big"))

    await journal.erase(lambda number: number == "+4930111111")
    await journal.close()

    assert not find_bytes(tmp_path, b"4930111111")
    assert not open_one.exists()
    assert [type(entry.event) for entry in read(archive).entries] == [CallArrived] * 3


async def test_without_an_archive_what_is_trimmed_is_gone(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path / "journal", machine_version=1, segment_bytes=1)
    journal.load()
    for position in range(1, 5):
        journal.append(make_entries(position, position))
        await journal.save_snapshot(position, make_state(position))
    await journal.close()

    assert len([x for x in list_folder(tmp_path / "journal") if x.endswith("snapshot")]) == 2
    assert list_folder(tmp_path) == ["journal"]
