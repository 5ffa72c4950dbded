"""The journal on the local disk."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from callcenter.journal.errors import JournalInUse
from callcenter.journal.folder import FILE_MODE, FOLDER_MODE, LOCK_NAME, Archive, DiskFolder
from callcenter.journal.segmented import SEGMENT_BYTES, RunningPython, SegmentedJournal

PID_BYTES_MAX = 20
"""Read of the lock file to name its holder: the digits of a process id."""


class FileJournal(SegmentedJournal):
    """A journal in a folder of its own, locked against a second process for as long as it is open.

    Syncs and snapshots run in a thread each, so that neither waits for the other nor the loop for
    them.
    """

    def __init__(
        self,
        folder: Path,
        *,
        machine_version: int,
        migrates_from: Collection[int] = (),
        segment_bytes: int = SEGMENT_BYTES,
        trim_behind: Callable[[], int] | None = None,
        journal_id: str = "",
        python: RunningPython | None = None,
        tzdata: str = "",
        archive: Archive | None = None,
    ) -> None:
        """Make the folder if need be and lock it. ``archive``: takes what is trimmed. See
        ``SegmentedJournal`` for the rest.

        Raises ``JournalInUse`` and ``OSError``.
        """
        folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        folder.chmod(FOLDER_MODE)
        self._lock = _lock(folder)
        try:
            super().__init__(
                DiskFolder(folder, archive),
                machine_version=machine_version,
                migrates_from=migrates_from,
                segment_bytes=segment_bytes,
                trim_behind=trim_behind,
                journal_id=journal_id,
                python=python,
                tzdata=tzdata,
            )
        except BaseException:
            os.close(self._lock)
            raise
        self._sync_thread = ThreadPoolExecutor(1, "journal-sync")
        self._snapshot_thread = ThreadPoolExecutor(1, "journal-snapshot")

    async def _run_sync(self, job: Callable[[], None]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._sync_thread, job)

    async def _run_snapshot(self, job: Callable[[], None]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._snapshot_thread, job)

    async def _stop_jobs(self) -> None:
        for thread in (self._sync_thread, self._snapshot_thread):
            await asyncio.to_thread(thread.shutdown)

    def _release(self) -> None:
        os.close(self._lock)


def _lock(folder: Path) -> int:
    """Lock the folder; the operating system lets go when this process ends, however it ends."""
    fd = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(fd, 0)
        with suppress(OSError):  # a full disk: the lock holds without the number
            os.write(fd, str(os.getpid()).encode())
    except BlockingIOError:
        holder = os.read(fd, PID_BYTES_MAX).decode("ascii", "replace").strip()
        os.close(fd)
        raise JournalInUse(str(folder), f"process {holder or 'unknown'}") from None
    except OSError:
        os.close(fd)
        raise
    return fd
