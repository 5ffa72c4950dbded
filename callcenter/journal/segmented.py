"""The journal over a ``Folder``: appending, syncing, snapshots, trimming, loading. ``file`` and
``memory`` give it a folder and a way to run what blocks; everything that can go wrong with bytes is
the same in both.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Sequence
from importlib.metadata import version

import msgspec

from callcenter.domain.step import Entry
from callcenter.journal.codec import (
    HEADER_BYTES,
    JOURNAL_ID_LENGTH,
    NO_DIGEST,
    BadBytes,
    Origin,
    OtherFormat,
    SegmentHeader,
    check_origin,
    compute_digest,
    decode_segment_header,
    decode_snapshot_header,
    encode_batch,
    encode_segment_header,
)
from callcenter.journal.folder import (
    SEGMENT_SUFFIX,
    SNAPSHOT_SUFFIX,
    Folder,
    OpenFile,
    name_segment,
)
from callcenter.journal.recovery import recover
from callcenter.journal.scan import find_ending, read_entries, walk_segments
from callcenter.journal.sealing import IsErased, SegmentNumbers, erase_numbers, list_numbers
from callcenter.journal.snapshot import (
    remove_open_files,
    remove_open_numbers,
    remove_superfluous,
    write_snapshot,
)
from callcenter.service.ports import JournalPosition, LoadedJournal

SEGMENT_BYTES = 16 * 1024 * 1024
"""A segment that has this size is followed by a new one: some 100,000 entries, so what a start
reads and what trimming leaves is small, and new files are rare."""

RunningPython = tuple[int, int]


def running_origin(
    machine_version: int,
    *,
    journal: str = "0" * JOURNAL_ID_LENGTH,
    python: RunningPython | None = None,
    tzdata: str = "",
) -> Origin:
    """Who we are: this machine version under the running Python with its time zone rules."""
    return Origin(
        journal=journal,
        epoch=1,
        machine_version=machine_version,
        python=python or sys.version_info[:2],
        tzdata=tzdata or version("tzdata"),
    )


class SegmentedJournal(ABC):
    """Implements ``service.ports.Journal``. Used from one event loop; ``load`` comes before all
    else."""

    def __init__(
        self,
        folder: Folder,
        *,
        machine_version: int,
        migrates_from: Collection[int] = (),
        segment_bytes: int = SEGMENT_BYTES,
        trim_behind: Callable[[], int] | None = None,
        journal_id: str = "",
        python: RunningPython | None = None,
        tzdata: str = "",
    ) -> None:
        """Look at ``folder``.

        ``machine_version``: of the machine that runs now. ``migrates_from``: older versions whose
        snapshots it can read. ``trim_behind``: asked after
        each snapshot for a position; entries after it are kept (the projector's). ``journal_id``:
        for a new journal, chosen by chance if empty. ``python`` and ``tzdata``: the running
        versions if not given.
        """
        self._folder = folder
        self._migrates_from = frozenset(migrates_from)
        self._segment_bytes = segment_bytes
        self._trim_behind = trim_behind
        self._origin = running_origin(
            machine_version,
            journal=_find_id(folder) or journal_id or secrets.token_hex(JOURNAL_ID_LENGTH // 2),
            python=python,
            tzdata=tzdata,
        )
        check_origin(self._origin)
        self._loaded = False
        self._closed = False
        self._remarks: tuple[str, ...] = ()
        # Where the journal stands.
        self._position = 0
        self._written_position = 0  # behind `_position` when a snapshot bridged a full disk
        self._digest = NO_DIGEST
        self._snapshot_position = 0
        self._file: OpenFile | None = None
        self._numbers: SegmentNumbers | None = None  # of that file
        self._file_bytes = 0
        self._is_ending = False
        self._replaced: list[OpenFile] = []  # full segments that a sync in a thread may still hold
        # Counts of batches since the start.
        self._appended = 0
        self._synced = 0
        self._names_dirty = False
        self._syncing: asyncio.Task[None] | None = None
        self._sync_failure: OSError | None = None

    @abstractmethod
    async def _run_sync(self, job: Callable[[], None]) -> None:
        """Run a short blocking job, one at a time, beside the loop."""

    @abstractmethod
    async def _run_snapshot(self, job: Callable[[], None]) -> None:
        """Run a long blocking job, one at a time, beside the loop and the syncs."""

    @abstractmethod
    async def _stop_jobs(self) -> None:
        """Wait for the jobs that still run, and take no more."""

    @abstractmethod
    def _release(self) -> None:
        """Let go of the folder."""

    @property
    def id(self) -> str:
        """The journal's id: 8 characters."""
        return self._origin.journal

    @property
    def epoch(self) -> int:
        """Counts the openings of this journal, from 1; right after ``load``."""
        return self._origin.epoch

    @property
    def position(self) -> JournalPosition:
        """Where the journal stands; the next entry appended has the position after it."""
        return JournalPosition(self.id, self.epoch, self._position)

    @property
    def dirty(self) -> bool:
        """Whether something appended would not survive a power cut: ``sync`` within 50 ms."""
        return self._synced < self._appended

    @property
    def remarks(self) -> tuple[str, ...]:
        """What ``load`` found and mended, one sentence each, for the log."""
        return self._remarks

    # --- appending --------------------------------------------------------------------------

    def append(self, entries: Sequence[Entry]) -> None:
        """Write a batch: on return it survives a kill of this process (not a power cut).

        Positions follow ``position`` without a gap, else ``ValueError``. After an ``OSError``
        nothing of the batch is kept, and the same or a longer batch can be appended later.
        """
        self._refuse_unless_open()
        if not entries:
            return
        first, last = entries[0].position, entries[-1].position
        if (first, last) != (self._position + 1, self._position + len(entries)):
            raise ValueError(f"entries {first} to {last} do not follow {self._position}")
        if self._file is not None and self._must_begin_segment():
            self._leave_segment()
        if self._file is None:
            self._begin_segment(entries)
        else:
            assert self._numbers is not None
            sealed = self._numbers.seal(entries)
            frame = encode_batch(sealed, epoch=self.epoch, previous_digest=self._digest)
            self._file.write(frame)
            self._note_written(entries, frame, len(frame))

    def end_segment(self) -> None:
        """Have the next entry begin a new segment, so that the snapshot taken now, and one more,
        let go of what is older. Without it a quiet center's one segment would stay for months."""
        self._is_ending = self._file is not None

    def _must_begin_segment(self) -> bool:
        """A full segment is left when all of it is synced; at twice its size, without waiting for
        that."""
        if self._position != self._written_position or self._is_ending:
            return True
        if self._sync_failure is not None or self._file_bytes < self._segment_bytes:
            return False
        return not self.dirty or self._file_bytes >= 2 * self._segment_bytes

    def _leave_segment(self) -> None:
        """Be done with the open segment.

        A segment is begun only when all before it are synced: a power cut then tears the last
        segment's tail and nothing else. Blocks for one sync where the hub's syncs did not keep up.
        """
        assert self._file is not None
        assert self._numbers is not None
        if self.dirty:
            try:
                self._numbers.file.sync()
                self._file.sync()
                self._folder.sync()
            except OSError as error:
                self._sync_failure = error
                raise
            self._synced = self._appended
        self._let_go(self._numbers.file)
        self._let_go(self._file)
        self._file = self._numbers = None

    def _begin_segment(self, entries: Sequence[Entry]) -> None:
        """Write a new segment's header and first batch, in one write."""
        header = encode_segment_header(
            SegmentHeader(self._origin, self._position + 1, self._written_position, self._digest)
        )
        name = name_segment(self._position + 1)
        numbers = SegmentNumbers(self._folder, name)
        try:
            sealed = numbers.seal(entries)
            frame = encode_batch(sealed, epoch=self.epoch, previous_digest=compute_digest(header))
            file = self._folder.create(name)
            try:
                file.write(header + frame)
            except OSError:
                file.close()
                raise
        except OSError:
            numbers.abandon()
            raise
        self._file, self._numbers = file, numbers
        self._is_ending = False
        self._file_bytes = 0
        self._names_dirty = True
        self._note_written(entries, frame, len(header) + len(frame))

    def _let_go(self, file: OpenFile) -> None:
        """Close a file, after the sync that may hold it."""
        if self._syncing is None:
            file.close()
        else:
            self._replaced.append(file)

    def _note_written(self, entries: Sequence[Entry], frame: bytearray, size: int) -> None:
        self._digest = compute_digest(frame)
        self._position += len(entries)
        self._written_position = self._position
        self._file_bytes += size
        self._appended += 1

    # --- syncing ----------------------------------------------------------------------------

    async def sync(self) -> None:
        """Make everything appended so far survive a power cut; callers at the same time share one
        sync.

        After an ``OSError`` every later call fails too until the service is started anew: the
        operating system may have dropped what it could not write, and a second try would say "done"
        of it.
        """
        self._refuse_unless_open()
        await self._sync_all()

    async def _sync_all(self) -> None:
        wanted = self._appended
        while self._synced < wanted:
            if self._sync_failure is not None:
                failure = self._sync_failure
                raise OSError(failure.errno, f"journal not synced: {failure.strerror}") from failure
            if self._syncing is None:
                self._syncing = asyncio.create_task(self._sync_once())
            await asyncio.shield(self._syncing)

    async def _sync_once(self) -> None:
        """One sync of what is appended now. Its failure is kept for all who wait."""
        file, appended, names = self._file, self._appended, self._names_dirty
        numbers = self._numbers.take_unsynced() if self._numbers is not None else None

        def job() -> None:
            # Without a file the segment was synced and left before we came to run.
            if numbers is not None:
                numbers.sync()  # first: what is synced never lacks its numbers
            if file is not None:
                file.sync()
            if names:
                self._folder.sync()

        try:
            await self._run_sync(job)
        except OSError as error:
            self._sync_failure = error
        else:
            self._synced = max(self._synced, appended)
            if file is self._file and names:
                self._names_dirty = False
        finally:
            self._syncing = None
            self._close_replaced()

    def _close_replaced(self) -> None:
        while self._replaced:
            self._replaced.pop().close()

    # --- snapshots --------------------------------------------------------------------------

    async def save_snapshot(self, position: int, state: bytes) -> None:
        """Keep the state as of ``position``, atomically, and drop what is no longer needed for
        recovery.

        A position beyond the last appended entry bridges what a full disk did not take: appending
        goes on after it. On ``OSError`` the journal is as before.
        """
        self._refuse_unless_open()
        if position < self._snapshot_position:
            raise ValueError(f"a snapshot of {position} after one of {self._snapshot_position}")
        await self._sync_all()
        read_up_to = position if self._trim_behind is None else self._trim_behind()

        def job() -> None:
            write_snapshot(self._folder, self._origin, position, state)
            remove_superfluous(self._folder, read_up_to)

        await self._run_snapshot(job)
        self._snapshot_position = max(position, self._snapshot_position)
        self._position = max(position, self._position)

    # --- erasing ----------------------------------------------------------------------------

    async def erase(self, is_erased: IsErased) -> None:
        """Erase these numbers for good: on return no file of the journal tells them.

        Take a snapshot first whose state lacks them, and which is all that a start needs. Of files
        that an older version wrote, in which numbers stand open, those that are no longer needed
        are removed. Raises ``OpenNumbers`` when some are needed, ``OSError``; call it again then.
        """
        self._refuse_unless_open()
        names = list_numbers(self._folder)  # a segment begun from here on is begun without them
        if self._numbers is not None:
            names.remove(self._numbers.name)
            self._let_go(self._numbers.erase(is_erased))
        read_up_to = self._position if self._trim_behind is None else self._trim_behind()
        needed_after = min(self._snapshot_position, read_up_to)

        def job() -> None:
            erase_numbers(self._folder, names, is_erased)
            remove_open_numbers(self._folder, self._snapshot_position, needed_after)
            archive = self._folder.archived()
            if archive is not None:
                erase_numbers(archive, list_numbers(archive), is_erased)
                remove_open_files(archive)

        await self._run_snapshot(job)

    # --- loading ----------------------------------------------------------------------------

    @property
    def origin(self) -> Origin:
        """Who writes now."""
        return self._origin

    def load(self) -> LoadedJournal:
        """The newest whole snapshot and every entry after it; repairs a torn tail.

        Entries that another version wrote are given with its name (``LoadedJournal.foreign``).

        Raises ``JournalDamaged`` and ``ForeignJournal``, both before anything was changed. Blocks.
        """
        if self._loaded:
            raise RuntimeError("a journal is loaded once, when it is opened")
        self._refuse_if_closed()
        found = recover(self._folder, self._origin, self._migrates_from)
        self._origin = msgspec.structs.replace(self._origin, epoch=found.epoch + 1)
        self._position = found.position
        self._written_position = found.written_position
        self._digest = found.digest
        self._snapshot_position = found.loaded.snapshot_position
        self._remarks = found.remarks
        self._loaded = True
        return found.loaded

    def read_after(self, position: int) -> Iterator[Entry]:
        """Every entry after this position that is still kept, snapshot or not: for records to
        catch up.

        Entries that a full disk did not take are passed over. Blocks; may be called in a thread
        while appending goes on, and then ends with what was written when it began. Raises
        ``EntriesTrimmed`` when entries after ``position`` are no longer kept, ``JournalDamaged``
        and ``ForeignJournal``.
        """
        ending = find_ending(self._folder, position)
        for segment in walk_segments(self._folder, ending, after=position, gaps_allowed=True):
            yield from read_entries(self._folder, segment, position)

    # --- closing ----------------------------------------------------------------------------

    async def close(self) -> None:
        """Sync and release; a second call does nothing. Raises ``OSError`` when the sync failed."""
        if self._closed:
            return
        self._closed = True
        try:
            await self._sync_all()
        finally:
            await self._stop_jobs()
            self._close_replaced()
            if self._file is not None and self._numbers is not None:
                self._numbers.file.close()
                self._file.close()
                self._file = self._numbers = None
            self._release()

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise RuntimeError("the journal is closed")

    def _refuse_unless_open(self) -> None:
        self._refuse_if_closed()
        if not self._loaded:
            raise RuntimeError("a journal is loaded before it is written")


def _find_id(folder: Folder) -> str:
    """The id in the newest readable header; empty when there is none."""
    for name in reversed(folder.list_names()):
        try:
            if name.endswith(SEGMENT_SUFFIX):
                return decode_segment_header(folder.read(name, HEADER_BYTES)).origin.journal
            if name.endswith(SNAPSHOT_SUFFIX):
                return decode_snapshot_header(folder.read(name, HEADER_BYTES)).origin.journal
        except (BadBytes, OtherFormat):
            continue  # `load` will say what is wrong
    return ""
