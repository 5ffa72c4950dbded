"""Reading segments back: what is whole, what is torn, what is damaged. Changes nothing.

Recovery needs a snapshot and every entry after it, so:

* bytes at the very end that are no whole batch are **torn**: a write that was not finished, or not
  synced before a power cut. They are cut off, and only they;
* anything else that is not as written, after the snapshot, is **damage**: ``JournalDamaged``.
  Nobody but the operator may decide to go on without those entries;
* damage before the snapshot, with whole batches up to it, is passed over with a remark.

Every batch is proved by its checksum, its place in the chain of digests, its positions and its
epoch.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from callcenter.domain.step import Entry
from callcenter.journal.codec import (
    HEADER_BYTES,
    BadBytes,
    Batch,
    OtherFormat,
    SegmentHeader,
    compute_digest,
    decode_batch,
    decode_entries,
    decode_segment_header,
    find_batch,
)
from callcenter.journal.errors import EntriesTrimmed, ForeignJournal, JournalDamaged
from callcenter.journal.folder import SEGMENT_SUFFIX, ReadFolder, list_positions, name_segment
from callcenter.journal.sealing import read_numbers, unseal


class Segment(Struct, frozen=True):
    """One segment file as it was found."""

    name: str
    header: SegmentHeader
    batches: tuple[Batch, ...]
    """Those that are whole, in order; at least one."""
    whole_bytes: int
    """Length of the file without its torn tail."""
    torn_bytes: int
    remarks: tuple[str, ...]
    """Damage that was passed over, one sentence each."""

    @property
    def last_position(self) -> int:
        """Position of the last whole entry."""
        return self.batches[-1].last_position


class EmptySegment(Struct, frozen=True):
    """A last segment without one whole batch: its writer was stopped as it began."""

    name: str
    header: SegmentHeader | None
    torn_bytes: int
    """Bytes in it, without those of a whole header."""


class Ending(Struct, frozen=True):
    """How the segments of a folder end."""

    first_positions: tuple[int, ...]
    """Of the segments that hold something, ascending."""
    last: Segment | None
    """The last of them."""
    empty: tuple[EmptySegment, ...]
    """Those behind it that hold nothing, newest first."""

    @property
    def torn_bytes(self) -> int:
        """Bytes of unfinished batches at the end."""
        torn = sum(segment.torn_bytes for segment in self.empty)
        return torn + (self.last.torn_bytes if self.last else 0)


def find_ending(folder: ReadFolder, needed_after: int) -> Ending:
    """Look at the segments from the end until one holds something.

    Entries up to ``needed_after`` need not be readable. Raises ``JournalDamaged``,
    ``ForeignJournal``.
    """
    firsts = list_positions(folder.list_names(), SEGMENT_SUFFIX)
    empty: list[EmptySegment] = []
    while firsts:
        segment = scan_segment(folder, firsts[-1], is_last=True, needed_after=needed_after)
        if isinstance(segment, Segment):
            return Ending(tuple(firsts), segment, tuple(empty))
        empty.append(segment)
        firsts.pop()
    return Ending((), None, tuple(empty))


def walk_segments(
    folder: ReadFolder, ending: Ending, *, after: int, gaps_allowed: bool = False
) -> Iterator[Segment]:
    """The segments that hold every entry after position ``after``, each proved to follow the one
    before.

    Entries that were never written because the disk was full are damage unless ``gaps_allowed``
    (who reads records for a database has had them) or a snapshot at ``after`` makes up for them.
    """
    firsts = [first for first in ending.first_positions if first > after + 1]
    start = len(ending.first_positions) - len(firsts) - 1
    if start >= 0:
        firsts.insert(0, ending.first_positions[start])
    elif firsts:
        missing = _say_missing(folder, name_segment(firsts[0]), after + 1, firsts[0] - 1)
        raise EntriesTrimmed(missing.file, missing.what, missing.mend, firsts[0])
    before: Segment | None = None
    for first in firsts:
        if ending.last is not None and first == ending.first_positions[-1]:
            segment = ending.last
        else:
            found = scan_segment(folder, first, is_last=False, needed_after=after)
            assert isinstance(found, Segment)  # only the last may be empty
            segment = found
        if before is not None:
            _prove_succession(folder, before, segment, gaps_allowed)
        yield segment
        before = segment


def read_entries(folder: ReadFolder, segment: Segment, after: int) -> Iterator[Entry]:
    """The segment's entries after this position, with their numbers. Raises ``ForeignJournal``."""
    known = read_numbers(folder, segment.name) if segment.last_position > after else {}
    for batch in segment.batches:
        if batch.last_position <= after:
            continue
        try:
            entries = decode_entries(batch)
        except BadBytes as error:
            raise ForeignJournal(
                f"{folder.describe(segment.name)}, byte {batch.offset}: {error}. It was written by "
                f"{segment.header.origin}; read it with that version."
            ) from error
        for entry in entries:
            if entry.position > after:
                yield unseal(entry, known) if known else entry


def scan_segment(
    folder: ReadFolder, first_position: int, *, is_last: bool, needed_after: int
) -> Segment | EmptySegment:
    """Read one segment. ``EmptySegment`` only when it is the last."""
    name = name_segment(first_position)
    data = folder.read(name)
    try:
        header = decode_segment_header(data)
    except OtherFormat as error:
        raise ForeignJournal(
            f"{folder.describe(name)} is of {error}. Start the version that wrote it. (If there is "
            "none, the file's first bytes are damaged: restore it from a backup.)"
        ) from error
    except BadBytes as error:
        if is_last and find_batch(data, 0) is None:
            return EmptySegment(name, None, len(data))
        raise _say_damaged(folder, name, 0, str(error), first_position) from error
    if header.first_position != first_position:
        what = f"the file begins with position {header.first_position}, not with that of its name"
        raise _say_damaged(folder, name, 0, what, first_position)
    return _scan_batches(folder, name, data, header, is_last, needed_after)


def _scan_batches(
    folder: ReadFolder,
    name: str,
    data: bytes,
    header: SegmentHeader,
    is_last: bool,
    needed_after: int,
) -> Segment | EmptySegment:
    batches: list[Batch] = []
    remarks: list[str] = []
    offset = HEADER_BYTES
    position = header.first_position  # the one expected next
    digest = compute_digest(data[:HEADER_BYTES])
    while offset < len(data):
        try:
            batch = decode_batch(data, offset)
        except BadBytes as error:
            found = find_batch(data, offset + 1)
            if found is None and is_last:
                break
            if found is None or not position < found.first_position <= needed_after + 1:
                raise _say_damaged(folder, name, offset, str(error), position) from error
            remarks.append(
                f"{folder.describe(name)}, bytes {offset} to {found.offset - 1}: {error}; entries "
                f"{position} to {found.first_position - 1} cannot be read, the snapshot holds what "
                "they did."
            )
            batch = found
        else:
            if batch.previous_digest != digest:
                what = "a batch does not follow the one before it (digest)"
                raise _say_damaged(folder, name, offset, what, position)
            if batch.first_position != position:
                what = f"position {batch.first_position} where {position} should be"
                raise _say_damaged(folder, name, offset, what, position)
        if batch.epoch != header.origin.epoch:
            what = f"a batch of epoch {batch.epoch} in a segment of epoch {header.origin.epoch}"
            raise _say_damaged(folder, name, batch.offset, what, position)
        batches.append(batch)
        offset, digest, position = batch.end, batch.digest, batch.last_position + 1
    torn = len(data) - offset
    if batches:
        return Segment(name, header, tuple(batches), offset, torn, tuple(remarks))
    if is_last:
        return EmptySegment(name, header, torn)
    raise _say_damaged(
        folder, name, offset, "the segment holds nothing, yet others follow", position
    )


def _prove_succession(
    folder: ReadFolder, before: Segment, segment: Segment, gaps_allowed: bool
) -> None:
    header, last = segment.header, before.last_position
    ours, theirs = header.origin, before.header.origin
    if ours.journal != theirs.journal:
        what = f"the file is of journal {ours.journal}, the one before of {theirs.journal}"
    elif header.previous_position != last:
        if last < header.previous_position:
            raise _say_missing(folder, segment.name, last + 1, header.first_position - 1)
        what = (
            f"it follows position {header.previous_position}, but the file before ends with {last}"
        )
    elif header.previous_digest != before.batches[-1].digest:
        what = "the file does not follow the one before it (digest)"
    elif ours.epoch < theirs.epoch:
        what = f"epoch {ours.epoch} after epoch {theirs.epoch}"
    elif header.first_position > last + 1 and not gaps_allowed:
        what = (
            f"entries {last + 1} to {header.first_position - 1} were never written (the disk was "
            "full), and the snapshot that holds what they did is missing or damaged"
        )
    else:
        return
    raise _say_damaged(folder, segment.name, 0, what, header.first_position)


def _say_damaged(
    folder: ReadFolder, name: str, offset: int, what: str, position: int
) -> JournalDamaged:
    """Damage from this byte on; the entry at ``position`` is the first that is lost."""
    file = folder.describe(name)
    return JournalDamaged(
        file,
        offset,
        what,
        "Restore the file from a backup. Or give up every entry from position "
        f"{position} on: copy the folder, then `truncate -s {offset} {file}` and move away all "
        f"*.journal with a higher number than this one's and all *.snapshot with {position} or "
        "higher.",
    )


def _say_missing(folder: ReadFolder, name: str, first: int, last: int) -> JournalDamaged:
    """Entries ``first`` to ``last`` should be in files before this one."""
    return JournalDamaged(
        folder.describe(name),
        0,
        f"entries {first} to {last} are missing before this file",
        "Restore the missing *.journal or *.snapshot files from a backup. Or move the folder away "
        "and begin a new journal: running calls are then taken over as the PBX knows them.",
    )
