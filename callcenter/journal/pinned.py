"""Reading a journal that its owner writes and trims meanwhile: for backups, and for checks of the
records. Locks nothing, changes nothing, and the owner does not notice."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from callcenter.domain.step import Entry
from callcenter.journal.errors import EntriesTrimmed
from callcenter.journal.folder import (
    NUMBERS_SUFFIX,
    SEGMENT_SUFFIX,
    SNAPSHOT_SUFFIX,
    ReadFolder,
    list_positions,
    name_segment,
    name_snapshot,
)
from callcenter.journal.scan import find_ending, read_entries, walk_segments
from callcenter.journal.snapshot import SNAPSHOTS_KEPT, find_snapshots


class PinnedFolder:
    """A ``ReadFolder``: the segments and snapshots of a journal, held open, so that what is trimmed
    meanwhile can still be read.

    ``pin`` again and again (a segment that comes and goes between two calls is missed), then
    ``freeze``, then read. A folder that is not there is empty.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._files: dict[str, int] = {}
        """File descriptors by name."""
        self._sizes: dict[str, int] = {}
        """In bytes, of what is read; empty until ``freeze``."""

    def __enter__(self) -> PinnedFolder:
        return self

    def __exit__(self, *_: object) -> None:
        while self._files:
            os.close(self._files.popitem()[1])

    def pin(self) -> None:
        """Hold what is there now, besides what was there before. Raises ``OSError``."""
        # Snapshots are listed first: what one includes is in segments that are there by then.
        self._open_all(SNAPSHOT_SUFFIX, name_snapshot)
        self._open_all(SEGMENT_SUFFIX, name_segment)

    def freeze(self) -> None:
        """Hold what is there now for the last time: from here on what is read does not change.

        Of the snapshots those are kept that the owner would keep.
        """
        self.pin()
        for position in list_positions(list(self._files), SNAPSHOT_SUFFIX)[:-SNAPSHOTS_KEPT]:
            os.close(self._files.pop(name_snapshot(position)))
        self._sizes = {
            name: os.fstat(fd).st_size
            for name, fd in self._files.items()
            if not name.endswith(NUMBERS_SUFFIX)
        }
        # Numbers are written before what needs them, so they are measured after it. A file that an
        # erasure has replaced meanwhile is opened anew; one that is gone was trimmed.
        for name in list(self._sizes):
            numbers = name + NUMBERS_SUFFIX
            with suppress(FileNotFoundError):
                opened = os.open(self._path / numbers, os.O_RDONLY | os.O_CLOEXEC)
                if numbers in self._files:
                    os.close(self._files[numbers])
                self._files[numbers] = opened
            if numbers in self._files:
                self._sizes[numbers] = os.fstat(self._files[numbers]).st_size

    def _open_all(self, suffix: str, name_of: Callable[[int], str]) -> None:
        try:
            names = os.listdir(self._path)
        except FileNotFoundError:
            return
        for position in list_positions(names, suffix):
            name = name_of(position)
            for file in (name, name + NUMBERS_SUFFIX):
                if file not in self._files:
                    with suppress(FileNotFoundError):  # trimmed just now: a newer snapshot is there
                        self._files[file] = os.open(self._path / file, os.O_RDONLY | os.O_CLOEXEC)

    def list_names(self) -> list[str]:
        """See ``ReadFolder``."""
        return sorted(self._sizes)

    def describe(self, name: str) -> str:
        """See ``ReadFolder``."""
        return str(self._path / name)

    def read(self, name: str, size_max: int = -1) -> bytes:
        """See ``ReadFolder``: the file as it was when it was frozen."""
        if name not in self._sizes:
            raise FileNotFoundError(self.describe(name))
        size = self._sizes[name] if size_max < 0 else min(size_max, self._sizes[name])
        parts: list[bytes] = []
        offset = 0
        while offset < size and (part := os.pread(self._files[name], size - offset, offset)):
            parts.append(part)
            offset += len(part)
        return b"".join(parts)


class Extent(Struct, frozen=True):
    """What a journal holds."""

    journal: str
    """Its id; empty where there is no journal."""
    first_position: int
    """Of the oldest entry kept; 0 when none is."""
    last_position: int
    """Of the last whole entry, or of the snapshot that goes beyond it."""
    last_written: int
    """Of the last whole entry; 0 when none is kept."""
    snapshot_position: int
    """Of the newest whole snapshot; 0 for none."""
    machine_version: int
    """Of what would be replayed or read first."""
    torn_bytes: int
    """At the end: a write under way, or torn."""


NO_JOURNAL = Extent("", 0, 0, 0, 0, 0, 0)


def measure(folder: ReadFolder) -> Extent:
    """Look what a journal holds, and prove that a center could go on from it.

    Raises ``JournalDamaged`` and ``ForeignJournal``.
    """
    snapshot = find_snapshots(folder).newest
    after = snapshot.header.position if snapshot else 0
    ending = find_ending(folder, after)
    written = 0
    origin = snapshot.header.origin if snapshot else None
    for segment in walk_segments(folder, ending, after=after):
        written = segment.last_position
        if origin is None or written > after:
            origin = segment.header.origin
    if origin is None:
        return NO_JOURNAL
    return Extent(
        journal=origin.journal,
        first_position=ending.first_positions[0] if ending.first_positions else 0,
        last_position=max(after, written),
        last_written=written,
        snapshot_position=after,
        machine_version=origin.machine_version,
        torn_bytes=ending.torn_bytes,
    )


def prove_readable(folder: ReadFolder, position: int) -> None:
    """Prove that every entry after this position is there, as far as a journal still keeps it.

    Raises ``JournalDamaged`` and ``ForeignJournal``.
    """
    ending = find_ending(folder, position)
    with suppress(EntriesTrimmed):  # lost before we came
        for _ in walk_segments(folder, ending, after=position, gaps_allowed=True):
            pass


def read_after(folder: ReadFolder, position: int) -> Iterator[Entry]:
    """Every entry after this position, those passed over that a full disk did not take.

    Raises ``EntriesTrimmed``, ``JournalDamaged`` and ``ForeignJournal``.
    """
    ending = find_ending(folder, position)
    for segment in walk_segments(folder, ending, after=position, gaps_allowed=True):
        yield from read_entries(folder, segment, position)
