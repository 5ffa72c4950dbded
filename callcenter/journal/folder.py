"""Where a journal's files lie, as small operations: each is one step of the operating system, so
that tests can stop between any two. The real folder is here; the one in memory is
``callcenter.journal.memory``.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

FILE_MODE = 0o600
"""Journals hold callers' numbers: for the service's own account only."""

FOLDER_MODE = 0o700
"""As ``FILE_MODE``."""

SEGMENT_SUFFIX = ".journal"
SNAPSHOT_SUFFIX = ".snapshot"
NUMBERS_SUFFIX = ".numbers"
"""Put behind the name of the segment or snapshot whose people's numbers it holds."""
ARCHIVED_SUFFIXES = (SEGMENT_SUFFIX, SNAPSHOT_SUFFIX, NUMBERS_SUFFIX)
DAMAGED_SUFFIX = ".damaged"
"""Put behind the name of a snapshot that could not be read, so that it is not counted as one."""

UNFINISHED_SUFFIX = ".tmp"
"""Put behind the name of a snapshot that is being written."""

LOCK_NAME = "lock"

SECONDS_PER_DAY = 86_400

POSITION_DIGITS = 20
"""Digits of a position in a file's name: enough for 64 bits, and names sort as positions do."""

# What `fdatasync` leaves out (times of access and change) nobody needs; macOS has none.
_sync_data: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)


def name_segment(first_position: int) -> str:
    """The file of the segment that begins with this position."""
    return f"{first_position:0{POSITION_DIGITS}d}{SEGMENT_SUFFIX}"


def name_snapshot(position: int) -> str:
    """The file of the snapshot of this position."""
    return f"{position:0{POSITION_DIGITS}d}{SNAPSHOT_SUFFIX}"


def list_positions(names: list[str], suffix: str) -> list[int]:
    """The positions in the names with this suffix, ascending; other names are passed over."""
    stems = [name.removesuffix(suffix) for name in names if name.endswith(suffix)]
    return sorted(int(s) for s in stems if len(s) == POSITION_DIGITS and s.isdecimal())


class OpenFile(Protocol):
    """A file that is only ever appended to."""

    def write(self, data: bytes | bytearray) -> None:
        """Append all of this or nothing. Raises ``OSError``."""
        ...

    def sync(self) -> None:
        """Make its content survive a power cut. Called in any thread. Raises ``OSError``."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class ReadFolder(Protocol):
    """A folder of files that is only looked at."""

    def list_names(self) -> list[str]:
        """The names in it, sorted."""
        ...

    def describe(self, name: str) -> str:
        """What to call this file before an operator: its path."""
        ...

    def read(self, name: str, size_max: int = -1) -> bytes:
        """All of a file, or its first bytes. Raises ``FileNotFoundError``."""
        ...


class Folder(ReadFolder, Protocol):
    """A folder of files. All but ``OpenFile.write`` and ``sync`` may take long on a slow disk."""

    def create(self, name: str) -> OpenFile:
        """A new empty file. An empty one of that name will do; ``FileExistsError`` if it has
        content."""
        ...

    def truncate(self, name: str, size: int) -> None:
        """Cut a file to this size, for good."""
        ...

    def sync_file(self, name: str) -> None:
        """Make a file's content survive a power cut."""
        ...

    def rename(self, name: str, new_name: str) -> None:
        """Give a file another name; one that had it is gone."""
        ...

    def remove(self, name: str) -> None:
        """Remove a file; one that is not there is fine."""
        ...

    def put_away(self, name: str) -> None:
        """Nobody needs this file to go on: remove it, or keep it elsewhere for a while. One that is
        not there is fine."""
        ...

    def archived(self) -> Folder | None:
        """The folder of what was put away and is kept; None if nothing is."""
        ...

    def sync(self) -> None:
        """Make the names survive a power cut."""
        ...


class DiskFile:
    """An ``OpenFile`` of the operating system."""

    def __init__(self, path: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._fd = os.open(path, flags, FILE_MODE)
        self._ragged = False
        """A failed write may have left a part of its bytes behind the last whole ones."""
        self._size = os.fstat(self._fd).st_size
        if self._size:
            os.close(self._fd)
            raise FileExistsError(f"{path} has content already")

    def write(self, data: bytes | bytearray) -> None:
        """See ``OpenFile``. A disk that fills up in mid-write is cut back to where it was."""
        if self._ragged:
            os.ftruncate(self._fd, self._size)
            self._ragged = False
        written = 0
        try:
            written = os.write(self._fd, data)
            while written < len(data):  # the disk is nearly full: the next write says so
                written += os.write(self._fd, memoryview(data)[written:])
        except OSError:
            self._ragged = written > 0
            if self._ragged:
                os.ftruncate(self._fd, self._size)
                self._ragged = False
            raise
        self._size += written

    def sync(self) -> None:
        """See ``OpenFile``."""
        _sync_data(self._fd)

    def close(self) -> None:
        """See ``OpenFile``."""
        os.close(self._fd)


class Archive:
    """Keeps segments and snapshots that recovery no longer needs, for so many days: what was
    decided can then be stepped again (``callcenter replay``)."""

    def __init__(self, path: Path, days: int) -> None:
        """``path``: a folder on the journal's own disk; made when the first file comes."""
        self.path = path
        self._days = days

    def take(self, file: Path) -> None:
        """Move a file here, and remove what is too old, with the numbers of each."""
        self.path.mkdir(mode=FOLDER_MODE, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            os.replace(file, self.path / file.name)
        oldest = time.time() - self._days * SECONDS_PER_DAY
        for kept in list(self.path.iterdir()):
            if kept.suffix in ARCHIVED_SUFFIXES and kept.stat().st_mtime < oldest:
                kept.unlink(missing_ok=True)


class DiskFolder:
    """A ``Folder`` of the operating system."""

    def __init__(self, path: Path, archive: Archive | None = None) -> None:
        """``archive``: where what is put away goes; removed at once without one."""
        self._path = path
        self._archive = archive

    def list_names(self) -> list[str]:
        """See ``Folder``."""
        return sorted(os.listdir(self._path))

    def describe(self, name: str) -> str:
        """See ``Folder``."""
        return str(self._path / name)

    def read(self, name: str, size_max: int = -1) -> bytes:
        """See ``Folder``."""
        with (self._path / name).open("rb") as file:
            return file.read(size_max)

    def create(self, name: str) -> DiskFile:
        """See ``Folder``."""
        return DiskFile(self._path / name)

    def truncate(self, name: str, size: int) -> None:
        """See ``Folder``."""
        os.truncate(self._path / name, size)
        self.sync_file(name)

    def sync_file(self, name: str) -> None:
        """See ``Folder``."""
        fd = os.open(self._path / name, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def rename(self, name: str, new_name: str) -> None:
        """See ``Folder``."""
        os.replace(self._path / name, self._path / new_name)

    def remove(self, name: str) -> None:
        """See ``Folder``."""
        (self._path / name).unlink(missing_ok=True)

    def put_away(self, name: str) -> None:
        """See ``Folder``."""
        if self._archive is None:
            self.remove(name)
        else:
            self._archive.take(self._path / name)

    def archived(self) -> DiskFolder | None:
        """See ``Folder``."""
        if self._archive is None or not self._archive.path.is_dir():
            return None
        return DiskFolder(self._archive.path)

    def sync(self) -> None:
        """See ``Folder``."""
        fd = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
