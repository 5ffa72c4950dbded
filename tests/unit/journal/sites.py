"""Where a journal under test lives: a disk or memory, with the ways to harm it that both share."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Protocol

from callcenter.journal.file import FileJournal
from callcenter.journal.folder import LOCK_NAME, SEGMENT_SUFFIX, SNAPSHOT_SUFFIX
from callcenter.journal.memory import MemoryFile, MemoryFolder, MemoryJournal
from callcenter.journal.segmented import SegmentedJournal
from tests.unit.journal.entries import make_entries

SMALL = 1_000
"""Bytes of a segment in tests of many segments: some six entries."""


class Site(Protocol):
    """One disk, as the processes that come and go over it see it."""

    def open(self, **options: Any) -> SegmentedJournal:
        """A journal over it, not loaded yet."""
        ...

    def kill(self) -> None:
        """End the process that has it: what was written stays, synced or not."""
        ...

    def list_names(self) -> list[str]:
        """The journal's files, sorted; not the lock."""
        ...

    def read(self, name: str) -> bytes:
        """A file's bytes."""
        ...

    def write(self, name: str, content: bytes) -> None:
        """Put these bytes in a file's place."""
        ...

    def remove(self, name: str) -> None:
        """Take a file away."""
        ...

    def rename(self, name: str, new_name: str) -> None:
        """Give a file another name."""
        ...


def list_segments(site: Site) -> list[str]:
    """The segments, in order."""
    return [name for name in site.list_names() if name.endswith(SEGMENT_SUFFIX)]


def list_snapshots(site: Site) -> list[str]:
    """The snapshots, in order."""
    return [name for name in site.list_names() if name.endswith(SNAPSHOT_SUFFIX)]


def change(site: Site, name: str, how: Callable[[bytearray], None]) -> None:
    """Harm a file in place."""
    content = bytearray(site.read(name))
    how(content)
    site.write(name, bytes(content))


class DiskSite:
    """A real folder. A kill is played by going on with a copy of it as it is at that moment."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lives = 0
        self.folder = root / "journal-0"
        self.opened: list[FileJournal] = []
        """To be closed when the test is over."""

    def open(self, **options: Any) -> FileJournal:
        """See ``Site``."""
        journal = FileJournal(self.folder, **{"machine_version": 1, **options})
        self.opened.append(journal)
        return journal

    def kill(self) -> None:
        """See ``Site``."""
        self._lives += 1
        old, self.folder = self.folder, self._root / f"journal-{self._lives}"
        shutil.copytree(old, self.folder)

    def list_names(self) -> list[str]:
        """See ``Site``."""
        if not self.folder.exists():
            return []
        return sorted(path.name for path in self.folder.iterdir() if path.name != LOCK_NAME)

    def read(self, name: str) -> bytes:
        """See ``Site``."""
        return (self.folder / name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        """See ``Site``."""
        (self.folder / name).write_bytes(content)

    def remove(self, name: str) -> None:
        """See ``Site``."""
        (self.folder / name).unlink()

    def rename(self, name: str, new_name: str) -> None:
        """See ``Site``."""
        (self.folder / name).rename(self.folder / new_name)


class MemorySite:
    """A folder in memory."""

    def __init__(self) -> None:
        self.folder = MemoryFolder()
        self._journal: MemoryJournal | None = None

    def open(self, **options: Any) -> MemoryJournal:
        """See ``Site``."""
        self._journal = MemoryJournal(self.folder, **options)
        return self._journal

    def kill(self) -> None:
        """See ``Site``."""
        assert self._journal is not None
        self._journal.kill()

    def list_names(self) -> list[str]:
        """See ``Site``."""
        return self.folder.list_names()

    def read(self, name: str) -> bytes:
        """See ``Site``."""
        return self.folder.read(name)

    def write(self, name: str, content: bytes) -> None:
        """See ``Site``."""
        file = MemoryFile()
        file.write(content)
        file.sync()
        self.folder.files[name] = file

    def remove(self, name: str) -> None:
        """See ``Site``."""
        self.folder.remove(name)

    def rename(self, name: str, new_name: str) -> None:
        """See ``Site``."""
        self.folder.rename(name, new_name)


async def provide_site(kind: str, root: Path) -> AsyncIterator[Site]:
    """A site, ``disk`` (below ``root``) or ``memory``, for the time of a test."""
    if kind == "memory":
        yield MemorySite()
        return
    disk = DiskSite(root)
    yield disk
    for journal in disk.opened:
        await journal.close()


def open_loaded(site: Site, **options: Any) -> SegmentedJournal:
    """A journal ready to be written."""
    journal = site.open(**options)
    journal.load()
    return journal


async def fill(journal: SegmentedJournal, last: int, *, batch: int = 1, sync: bool = True) -> None:
    """Append up to this position in batches, each synced, so that segments are left when full."""
    while journal.position.position < last:
        first = journal.position.position + 1
        journal.append(make_entries(first, min(last, first + batch - 1)))
        if sync:
            await journal.sync()
