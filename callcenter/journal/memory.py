"""The journal in memory, for tests and virtual time: the same bytes and the same code as on the
disk, and a disk that can lose what was not synced.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

from callcenter.journal.errors import JournalInUse
from callcenter.journal.folder import SEGMENT_SUFFIX
from callcenter.journal.segmented import SEGMENT_BYTES, RunningPython, SegmentedJournal

JOURNAL_ID = "memory01"
"""The id of a journal in memory unless another is given: the same run gives the same ids."""


class MemoryFile:
    """An ``OpenFile`` that knows how much of it would survive a power cut."""

    def __init__(self) -> None:
        self.content = bytearray()
        self.synced_bytes = 0

    def write(self, data: bytes | bytearray) -> None:
        """See ``OpenFile``."""
        self.content += data

    def sync(self) -> None:
        """See ``OpenFile``."""
        self.synced_bytes = len(self.content)

    def close(self) -> None:
        """See ``OpenFile``."""

    def cut(self, size: int) -> None:
        """Keep only the first ``size`` bytes."""
        del self.content[size:]
        self.synced_bytes = min(self.synced_bytes, size)


class MemoryFolder:
    """A ``Folder`` that outlives the journals over it, as a disk outlives processes."""

    def __init__(self) -> None:
        self.files: dict[str, MemoryFile] = {}
        self._synced_files: dict[str, MemoryFile] = {}
        self.in_use = False
        """A living journal has it."""

    def describe(self, name: str) -> str:
        """See ``Folder``."""
        return name

    def list_names(self) -> list[str]:
        """See ``Folder``."""
        return sorted(self.files)

    def read(self, name: str, size_max: int = -1) -> bytes:
        """See ``Folder``."""
        content = self._find(name).content
        return bytes(content if size_max < 0 else content[:size_max])

    def create(self, name: str) -> MemoryFile:
        """See ``Folder``."""
        file = self.files.setdefault(name, MemoryFile())
        if file.content:
            raise FileExistsError(f"{name} has content already")
        return file

    def truncate(self, name: str, size: int) -> None:
        """See ``Folder``."""
        file = self._find(name)
        file.cut(size)
        file.sync()

    def sync_file(self, name: str) -> None:
        """See ``Folder``."""
        self._find(name).sync()

    def rename(self, name: str, new_name: str) -> None:
        """See ``Folder``."""
        self.files[new_name] = self._find(name)
        del self.files[name]

    def remove(self, name: str) -> None:
        """See ``Folder``."""
        self.files.pop(name, None)

    def archived(self) -> None:
        """See ``Folder``: nothing is kept."""

    def put_away(self, name: str) -> None:
        """See ``Folder``: nothing is kept."""
        self.remove(name)

    def sync(self) -> None:
        """See ``Folder``."""
        self._synced_files = dict(self.files)

    def cut_power(self) -> None:
        """Lose every byte and every name that was not synced."""
        self.files = dict(self._synced_files)
        for file in self.files.values():
            file.cut(file.synced_bytes)

    def tear_tail(self, lost_bytes: int) -> None:
        """Lose the last bytes of the last segment, as an unfinished write would."""
        name = max(name for name in self.files if name.endswith(SEGMENT_SUFFIX))
        file = self.files[name]
        file.cut(max(0, len(file.content) - lost_bytes))

    def _find(self, name: str) -> MemoryFile:
        try:
            return self.files[name]
        except KeyError:
            raise FileNotFoundError(f"there is no {name}") from None


class MemoryJournal(SegmentedJournal):
    """A journal in memory. ``MemoryJournal(old.folder)`` after ``old.kill()`` is the process
    started again."""

    folder: MemoryFolder

    def __init__(
        self,
        folder: MemoryFolder | None = None,
        *,
        machine_version: int = 1,
        migrates_from: Collection[int] = (),
        segment_bytes: int = SEGMENT_BYTES,
        trim_behind: Callable[[], int] | None = None,
        journal_id: str = JOURNAL_ID,
        python: RunningPython | None = None,
        tzdata: str = "",
        sync_s: float = 0.0,
    ) -> None:
        """Open it over ``folder``, or a new one. ``sync_s``: seconds that a sync takes on the
        loop's clock.

        Raises ``JournalInUse`` while another living journal has the folder.
        """
        self.folder = MemoryFolder() if folder is None else folder
        if self.folder.in_use:
            raise JournalInUse("memory", "another journal of this process")
        super().__init__(
            self.folder,
            machine_version=machine_version,
            migrates_from=migrates_from,
            segment_bytes=segment_bytes,
            trim_behind=trim_behind,
            journal_id=journal_id,
            python=python,
            tzdata=tzdata,
        )
        self.folder.in_use = True
        self._sync_s = sync_s
        self._killed = False
        self._one_sync = asyncio.Lock()
        self._one_snapshot = asyncio.Lock()

    def kill(self, *, power_cut: bool = False, torn_bytes: int = 0) -> None:
        """End as SIGKILL ends a process, or as a power cut ends all; then tear so many bytes off
        the tail.

        The journal is of no use afterwards; a sync or snapshot that is under way never ends.
        """
        self._closed = self._killed = True
        if power_cut:
            self.folder.cut_power()
        if torn_bytes:
            self.folder.tear_tail(torn_bytes)
        self._release()

    async def _run_sync(self, job: Callable[[], None]) -> None:
        await self._run(self._one_sync, job)

    async def _run_snapshot(self, job: Callable[[], None]) -> None:
        await self._run(self._one_snapshot, job)

    async def _run(self, one: asyncio.Lock, job: Callable[[], None]) -> None:
        async with one:
            await asyncio.sleep(self._sync_s)
            if self._killed:
                await asyncio.get_running_loop().create_future()  # the dead do not go on
            job()

    async def _stop_jobs(self) -> None:
        async with self._one_sync, self._one_snapshot:
            pass

    def _release(self) -> None:
        self.folder.in_use = False
