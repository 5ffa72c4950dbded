"""Snapshots of the machine's state: written whole or not at all, the last two kept, and what they
make superfluous removed.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise

from msgspec import Struct

from callcenter.journal.codec import (
    HEADER_BYTES,
    BadBytes,
    Origin,
    OtherFormat,
    SnapshotHeader,
    decode_snapshot,
    encode_snapshot_header,
    read_format,
)
from callcenter.journal.errors import ForeignJournal, OpenNumbers
from callcenter.journal.folder import (
    DAMAGED_SUFFIX,
    NUMBERS_SUFFIX,
    SEGMENT_SUFFIX,
    SNAPSHOT_SUFFIX,
    UNFINISHED_SUFFIX,
    Folder,
    ReadFolder,
    list_positions,
    name_segment,
    name_snapshot,
)
from callcenter.journal.sealing import seal_state, unseal_state

SNAPSHOTS_KEPT = 2
"""Should the newest be damaged, the one before it and the entries after that still give the same
state."""


class Snapshot(Struct, frozen=True):
    """A whole snapshot."""

    header: SnapshotHeader
    state: bytes


class FoundSnapshots(Struct, frozen=True):
    """The snapshots of a folder."""

    newest: Snapshot | None
    """The newest that is whole."""
    damaged: tuple[tuple[str, str], ...]
    """Names of newer ones that are not, and what is wrong with them."""


def read_snapshot(folder: ReadFolder, name: str) -> Snapshot:
    """Read one. Raises ``BadBytes`` when it is damaged, ``ForeignJournal`` when it is of another
    format."""
    try:
        header, state = decode_snapshot(folder.read(name))
    except OtherFormat as error:
        raise ForeignJournal(
            f"{folder.describe(name)} is of {error}. Start the version that wrote it. (If there is "
            "none, the file's first bytes are damaged: move it away, the one before it will do.)"
        ) from error
    if name != name_snapshot(header.position):
        raise BadBytes(f"it is of position {header.position}, not of that in its name")
    return Snapshot(header, unseal_state(folder, name, state))


def find_snapshots(folder: ReadFolder) -> FoundSnapshots:
    """Find the newest whole snapshot. Raises ``ForeignJournal``."""
    damaged: list[tuple[str, str]] = []
    for position in reversed(list_positions(folder.list_names(), SNAPSHOT_SUFFIX)):
        name = name_snapshot(position)
        try:
            return FoundSnapshots(read_snapshot(folder, name), tuple(damaged))
        except BadBytes as error:
            damaged.append((name, str(error)))
    return FoundSnapshots(None, tuple(damaged))


def write_snapshot(folder: Folder, origin: Origin, position: int, state: bytes) -> None:
    """Write one so that at every moment it is there whole or not at all. Raises ``OSError``."""
    name = name_snapshot(position)
    is_new = name not in folder.list_names()
    unfinished = name + UNFINISHED_SUFFIX
    folder.remove(unfinished)
    try:
        state = seal_state(folder, name, state)
        file = folder.create(unfinished)
        try:
            file.write(encode_snapshot_header(origin, position, state))
            file.write(state)
            file.sync()
        finally:
            file.close()
        folder.rename(unfinished, name)
    except OSError:
        with suppress(OSError):  # the first error says more
            folder.remove(unfinished)
            if is_new:
                folder.remove(name + NUMBERS_SUFFIX)
        raise
    folder.sync()


def remove_superfluous(folder: Folder, read_up_to: int) -> None:
    """Put away older snapshots, and segments that neither recovery nor a reader at ``read_up_to``
    needs.

    The last segment always stays. Oldest first, so that being stopped in between leaves no gap.
    """
    names = folder.list_names()
    snapshots = list_positions(names, SNAPSHOT_SUFFIX)
    kept = snapshots[-SNAPSHOTS_KEPT:]
    if len(kept) < SNAPSHOTS_KEPT:
        return  # without a second one, the only way back is from the beginning
    for position in snapshots[:-SNAPSHOTS_KEPT]:
        _put_away_with_numbers(folder, name_snapshot(position))
    for suffix in (SEGMENT_SUFFIX, SNAPSHOT_SUFFIX):
        for position in list_positions(names, suffix + DAMAGED_SUFFIX):
            if position <= kept[0]:
                stem = name_segment(position).removesuffix(SEGMENT_SUFFIX)
                folder.remove(f"{stem}{suffix}{DAMAGED_SUFFIX}")
    needed_after = min(kept[0], read_up_to)
    for first, next_first in pairwise(list_positions(names, SEGMENT_SUFFIX)):
        if next_first > needed_after + 1:
            break
        _put_away_with_numbers(folder, name_segment(first))


def remove_open_numbers(folder: Folder, snapshot_position: int, needed_after: int) -> None:
    """Remove the files of format 1, in which numbers stand open, as far as nobody needs them: the
    snapshot of ``snapshot_position`` and the entries after ``needed_after`` are.

    Raises ``OpenNumbers`` when some are needed.
    """
    names = folder.list_names()
    firsts = list_positions(names, SEGMENT_SUFFIX)
    next_first = dict(pairwise(firsts))
    for name in names:
        stem = name.removesuffix(DAMAGED_SUFFIX)
        if not stem.endswith((SEGMENT_SUFFIX, SNAPSHOT_SUFFIX)):
            continue
        if read_format(folder.read(name, HEADER_BYTES)) != 1:
            continue
        if stem == name == name_snapshot(snapshot_position):
            raise OpenNumbers(folder.describe(name))
        if stem == name and stem.endswith(SEGMENT_SUFFIX):
            first = int(stem.removesuffix(SEGMENT_SUFFIX))
            if next_first.get(first, needed_after + 2) > needed_after + 1:
                raise OpenNumbers(folder.describe(name))
        folder.remove(name)
    folder.sync()


def remove_open_files(folder: Folder) -> None:
    """Remove all files of format 1 of a folder that only keeps."""
    for name in folder.list_names():
        if name.endswith((SEGMENT_SUFFIX, SNAPSHOT_SUFFIX)) and (
            read_format(folder.read(name, HEADER_BYTES)) == 1
        ):
            folder.remove(name)
    folder.sync()


def _put_away_with_numbers(folder: Folder, name: str) -> None:
    """In this order: without its numbers a file would seem to be of people who are erased."""
    folder.put_away(name)
    folder.put_away(name + NUMBERS_SUFFIX)
