"""Finding out, at start, what a journal holds; refusing what cannot be gone on from; mending what
may be mended."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec import Struct

from callcenter.journal.codec import NO_DIGEST, Origin
from callcenter.journal.errors import ForeignJournal, JournalDamaged
from callcenter.journal.folder import DAMAGED_SUFFIX, UNFINISHED_SUFFIX, Folder
from callcenter.journal.scan import Ending, Segment, find_ending, read_entries, walk_segments
from callcenter.journal.sealing import remove_orphans, sync_numbers
from callcenter.journal.snapshot import FoundSnapshots, Snapshot, find_snapshots
from callcenter.service.ports import LoadedJournal

BEGIN_ANEW = (
    "Or move the folder away and begin a new journal: running calls are then taken over as the "
    "PBX knows them."
)


class Recovered(Struct, frozen=True):
    """What a journal holds and where it goes on."""

    loaded: LoadedJournal
    epoch: int
    """The highest so far; 0 for none."""
    position: int
    """The next entry has the one after it."""
    written_position: int
    """Of the last entry in a segment."""
    digest: bytes
    """Of the last batch."""
    remarks: tuple[str, ...]
    """What was found and mended, one sentence each."""


def recover(folder: Folder, running: Origin, migrates_from: Collection[int]) -> Recovered:
    """Read the newest whole snapshot and what follows it, then mend the folder so that writing can
    go on.

    Raises ``JournalDamaged`` and ``ForeignJournal``, both before anything was changed.
    """
    found = find_snapshots(folder)
    snapshot = found.newest
    after = snapshot.header.position if snapshot else 0
    ending = find_ending(folder, after)
    segments = tuple(walk_segments(folder, ending, after=after))
    _refuse_mixture(folder, snapshot, segments)
    if snapshot:
        _refuse_unreadable(snapshot, running, migrates_from)
    loaded = LoadedJournal(
        snapshot=snapshot.state if snapshot else None,
        snapshot_position=after,
        entries=tuple(
            entry for segment in segments for entry in read_entries(folder, segment, after)
        ),
        torn_bytes=ending.torn_bytes,
        snapshot_version=snapshot.header.origin.machine_version if snapshot else 0,
        foreign=_find_foreign(running, segments, after),
    )
    remarks = [remark for segment in segments for remark in segment.remarks]
    remarks += _mend(folder, found, ending)
    written = segments[-1].last_position if segments else 0
    return Recovered(
        loaded=loaded,
        epoch=_find_epoch(snapshot, segments, ending),
        position=max(after, written),
        written_position=written,
        digest=segments[-1].batches[-1].digest if segments else NO_DIGEST,
        remarks=tuple(remarks),
    )


def _refuse_mixture(folder: Folder, snapshot: Snapshot | None, segments: Sequence[Segment]) -> None:
    if snapshot is None or not segments:
        return
    theirs, ours = snapshot.header.origin.journal, segments[0].header.origin.journal
    if theirs != ours:
        raise JournalDamaged(
            folder.describe(segments[0].name),
            0,
            f"the file is of journal {ours}, the newest snapshot of journal {theirs}",
            "Move the files of one of the two into a folder of their own.",
        )


def _find_foreign(running: Origin, segments: Sequence[Segment], after: int) -> str:
    """Who else wrote what follows the snapshot; empty when all of it can be stepped again."""
    theirs = [s.header.origin for s in segments if s.last_position > after]
    foreign = [str(origin) for origin in theirs if not origin.decides_like(running)]
    return ", ".join(dict.fromkeys(foreign))


def _refuse_unreadable(snapshot: Snapshot, running: Origin, migrates_from: Collection[int]) -> None:
    theirs = snapshot.header.origin
    version = theirs.machine_version
    if version in {running.machine_version, *migrates_from}:
        return
    mend = (
        "It is newer: start that version, or restore a backup made before the upgrade."
        if version > running.machine_version
        else "Upgrade by one version at a time: start and stop each in between."
    )
    raise ForeignJournal(
        f"The newest snapshot, of position {snapshot.header.position}, was written by "
        f"{theirs}; this is {running}, which cannot read it. {mend} {BEGIN_ANEW}"
    )


def _find_epoch(snapshot: Snapshot | None, segments: Sequence[Segment], ending: Ending) -> int:
    epochs = [segment.header.origin.epoch for segment in segments]
    epochs += [empty.header.origin.epoch for empty in ending.empty if empty.header]
    epochs += [snapshot.header.origin.epoch] if snapshot else []
    return max(epochs, default=0)


def _mend(folder: Folder, found: FoundSnapshots, ending: Ending) -> list[str]:
    """Cut the torn tail, set aside what is unreadable, and make sure that what was read is on the
    disk."""
    remarks: list[str] = []
    for name in folder.list_names():
        if name.endswith(UNFINISHED_SUFFIX):
            folder.remove(name)
    for name, what in found.damaged:
        folder.rename(name, name + DAMAGED_SUFFIX)
        remarks.append(f"{folder.describe(name)} was set aside: {what}.")
    for empty in ending.empty:
        if empty.torn_bytes:
            folder.rename(empty.name, empty.name + DAMAGED_SUFFIX)
            remarks.append(
                f"{folder.describe(empty.name)} was set aside: {empty.torn_bytes} bytes and "
                "no whole batch."
            )
        else:
            folder.remove(empty.name)
    last = ending.last
    if last is not None:
        sync_numbers(folder, last.name)
    if last is not None and last.torn_bytes:
        folder.truncate(last.name, last.whole_bytes)
        remarks.append(
            f"{folder.describe(last.name)}: {last.torn_bytes} bytes of an unfinished batch were "
            "cut off."
        )
    elif last is not None:
        folder.sync_file(last.name)
    remove_orphans(folder)
    folder.sync()
    return remarks
