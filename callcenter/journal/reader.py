"""Reading a journal that belongs to somebody else: for ``callcenter replay``. Locks nothing,
changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from callcenter.domain.step import Entry
from callcenter.journal.codec import BadBytes, Origin
from callcenter.journal.errors import ForeignJournal, JournalDamaged
from callcenter.journal.folder import (
    SEGMENT_SUFFIX,
    SNAPSHOT_SUFFIX,
    DiskFolder,
    Folder,
    list_positions,
    name_snapshot,
)
from callcenter.journal.scan import (
    EmptySegment,
    find_ending,
    read_entries,
    scan_segment,
    walk_segments,
)
from callcenter.journal.snapshot import Snapshot, read_snapshot

READS_MAX = 3
"""Tries at a folder whose owner trims it while we read; it trims once in thousands of entries."""


class ReadJournal(Struct, frozen=True):
    """A journal, or the part of it that can be replayed."""

    header: Origin
    """Who wrote the first of the entries (without entries: the snapshot). Compare it before a
    replay."""
    writers: tuple[Origin, ...]
    """Who wrote the entries, one after the other, each named once."""
    snapshot: bytes | None
    """The encoded state to begin with, or None to begin empty."""
    snapshot_position: int
    snapshot_version: int | None
    """The machine version that wrote the snapshot."""
    entries: tuple[Entry, ...]
    """In order, positions following the snapshot's without a gap."""
    torn_bytes: int
    """Bytes at the end that are no whole batch: a write under way, or torn."""
    remarks: tuple[str, ...]
    """Damage that was passed over, and why it did not begin earlier; one sentence each."""


def read(path: Path, *, newest_snapshot: bool = False, salvage: bool = False) -> ReadJournal:
    """Read a journal's folder, or one segment file (its entries only, no snapshot).

    Of a folder, everything from the oldest state that is still kept, or from the newest snapshot.
    ``salvage``: as far as this version can read it; what stopped it becomes a remark.
    Raises ``JournalDamaged``, ``ForeignJournal``, and ``OSError`` (``FileNotFoundError`` where no
    journal is).
    """
    if path.is_file():
        return _read_segment(path, salvage)
    folder = DiskFolder(path)
    tries = 0
    while True:
        try:
            return _read_folder(folder, newest_snapshot, salvage)
        except FileNotFoundError:
            tries += 1
            if tries == READS_MAX:
                raise


def _read_segment(path: Path, salvage: bool) -> ReadJournal:
    positions = list_positions([path.name], SEGMENT_SUFFIX)
    if not positions:
        raise FileNotFoundError(
            f"{path} is no segment of a journal: its name is not NUMBER.journal"
        )
    folder = DiskFolder(path.parent)
    segment = scan_segment(folder, positions[0], is_last=True, needed_after=0)
    if isinstance(segment, EmptySegment):
        raise FileNotFoundError(f"{path} holds no whole batch")
    after = segment.header.first_position - 1
    entries: list[Entry] = []
    remarks = list(segment.remarks)
    _take(read_entries(folder, segment, after), entries, remarks, salvage)
    return ReadJournal(
        header=segment.header.origin,
        writers=(segment.header.origin,),
        snapshot=None,
        snapshot_position=after,
        snapshot_version=None,
        entries=tuple(entries),
        torn_bytes=segment.torn_bytes,
        remarks=tuple(remarks),
    )


def _take(found: Iterator[Entry], entries: list[Entry], remarks: list[str], salvage: bool) -> bool:
    """Take all entries, or those before what cannot be read; whether it was all."""
    try:
        entries.extend(found)
    except ForeignJournal as error:
        if not salvage:
            raise
        remarks.append(str(error))
        return False
    return True


def _read_folder(folder: Folder, newest_snapshot: bool, salvage: bool) -> ReadJournal:
    names = folder.list_names()
    firsts = list_positions(names, SEGMENT_SUFFIX)
    snapshots = list_positions(names, SNAPSHOT_SUFFIX)
    if not firsts and not snapshots:
        raise FileNotFoundError(f"there is no journal in {folder.describe('')}")
    begins = (0, *snapshots) if firsts else snapshots
    starts = [start for start in begins if not firsts or firsts[0] <= start + 1] or [0]
    if newest_snapshot:
        starts.reverse()
    remarks: list[str] = []
    for start in starts[:-1]:
        try:
            return _read_from(folder, start, remarks, salvage)
        except JournalDamaged as error:
            remarks.append(str(error))
    return _read_from(folder, starts[-1], remarks, salvage)


def _read_from(folder: Folder, start: int, remarks: list[str], salvage: bool) -> ReadJournal:
    """Everything after ``start``, where a snapshot is or, at 0, the journal begins."""
    snapshot = _read_snapshot(folder, start) if start else None
    ending = find_ending(folder, start)
    writers: dict[Origin, None] = {}
    entries: list[Entry] = []
    remarks = [*remarks]
    for segment in walk_segments(folder, ending, after=start):
        remarks.extend(segment.remarks)
        if segment.last_position > start:
            writers[segment.header.origin] = None
            if not _take(read_entries(folder, segment, start), entries, remarks, salvage):
                break
    origins = [*writers, *([snapshot.header.origin] if snapshot else [])]
    if not origins:
        raise FileNotFoundError(f"{folder.describe('')} holds no whole batch")
    return ReadJournal(
        header=origins[0],
        writers=tuple(writers),
        snapshot=snapshot.state if snapshot else None,
        snapshot_position=start,
        snapshot_version=snapshot.header.origin.machine_version if snapshot else None,
        entries=tuple(entries),
        torn_bytes=ending.torn_bytes,
        remarks=tuple(remarks),
    )


def _read_snapshot(folder: Folder, position: int) -> Snapshot:
    name = name_snapshot(position)
    try:
        return read_snapshot(folder, name)
    except BadBytes as error:
        mend = "Restore it from a backup, or move it away: another snapshot may do."
        raise JournalDamaged(folder.describe(name), 0, str(error), mend) from error
