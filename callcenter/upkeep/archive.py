"""The file of a backup: a tar archive under gzip, whose last member, the manifest, says what all
others must be. Whoever cut, changed or forged one is found out before anything is used.

What is put in and what becomes of it is ``make.py`` and ``restore.py``.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Struct

FORMAT = 1
"""Rises when a place below gets another meaning."""
MANIFEST = "manifest.json"
MANIFEST_BYTES_MAX = 16 * 1024 * 1024
"""A hundred thousand members."""
FILE_MODE = 0o600
FOLDER_MODE = 0o700
"""It holds callers' numbers, password hashes and secrets."""
COMPRESSION = 1
"""Of gzip: quick rather than small, calls are being routed beside it."""
PIECE_BYTES = 1024 * 1024

CONFIG, FLOWS, SECRETS, SOUNDS, DATABASE, JOURNAL = (
    "config",
    "flows",
    "secrets",
    "sounds",
    "database",
    "journal",
)
PLACES = (CONFIG, FLOWS, SECRETS, SOUNDS, DATABASE, JOURNAL)
"""The folders in an archive; the config comes first, because it says where all else belongs."""
PRIVATE = (SECRETS, DATABASE, JOURNAL)
"""Restored for the owner alone, whatever the archive says."""

_DRIVE = re.compile(r"[\\:\0]")


class ArchiveRefused(Exception):  # noqa: N818 - a fact about a file
    """This file is no whole backup that this program can read; the message says why."""


class Member(Struct, frozen=True):
    """One file of a backup."""

    name: str
    size: int
    """In bytes."""
    sha256: str


class JournalPart(Struct, frozen=True):
    """The journal in a backup."""

    id: str
    snapshot_position: int
    """Of the newest snapshot; 0 for none."""
    first_position: int
    """Of the oldest entry; 0 when none is kept."""
    last_position: int
    torn_bytes: int
    """Of a batch that was being written; cut off when it is restored."""


class Manifest(Struct, frozen=True):
    """What a backup is of, and what is in it."""

    format: int
    made_at: str
    """ISO 8601, UTC."""
    program: str
    """Version of the program that made it."""
    machine_version: int
    """Of what the journal's entries were decided by."""
    python: str
    """Major and minor version."""
    schema: str
    """Of the database."""
    journal: JournalPart | None
    """None for a center that has never been started."""
    database_position: int
    """Up to where this journal's records are in the database."""
    members: tuple[Member, ...]


class ArchiveWriter:
    """Writes a backup's file, which must not be there yet. Raises ``OSError``; then ``abandon``."""

    def __init__(self, path: Path, now: float) -> None:
        """``now``: UTC seconds, what members are dated with."""
        self._now = int(now)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._file = os.fdopen(os.open(path, flags, FILE_MODE), "wb")
        self._gzip = gzip.GzipFile("", "wb", COMPRESSION, self._file, mtime=0)
        self._tar = tarfile.TarFile("", "w", self._gzip, format=tarfile.PAX_FORMAT)
        self.members: list[Member] = []

    def add(self, name: str, content: IO[bytes], size: int, mode: int = FILE_MODE) -> None:
        """Add the first ``size`` bytes of a file; ``OSError`` when there are fewer."""
        member = tarfile.TarInfo(name)
        member.size, member.mode, member.mtime = size, mode, self._now
        hashing = _Hashing(content)
        self._tar.addfile(member, hashing)
        self.members.append(Member(name, size, hashing.digest.hexdigest()))

    def finish(self, manifest: bytes) -> None:
        """Add the manifest and close; on return all of it is on the disk."""
        member = tarfile.TarInfo(MANIFEST)
        member.size, member.mode, member.mtime = len(manifest), FILE_MODE, self._now
        self._tar.addfile(member, io.BytesIO(manifest))
        self._tar.close()
        self._gzip.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def abandon(self) -> None:
        """Let go of a file that could not be finished, or was."""
        for part in (self._gzip, self._file):
            with suppress(OSError, ValueError):  # what went wrong was raised before
                part.close()


class _Hashing:
    """A file whose bytes are counted into a digest as they are read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """As of a file."""
        data = self._file.read(size)
        self.digest.update(data)
        return data


# --- reading --------------------------------------------------------------------------------------


def unpack(path: Path, folder: Path) -> Manifest:
    """Unpack a backup into a new folder and prove that it is whole, as its manifest says.

    Raises ``ArchiveRefused``, and ``OSError``. Whatever was unpacked until then is left to the
    caller.
    """
    folder.mkdir(mode=FOLDER_MODE)
    found: list[Member] = []
    manifest: Manifest | None = None
    with _reading(path) as archive:
        for member in archive:
            if manifest is not None:
                raise ArchiveRefused(f"{path}: something stands behind the manifest.")
            content = archive.extractfile(member) if member.isreg() else None
            if content is None:
                raise ArchiveRefused(f"{path}: {member.name!r} is no file, and only files may be.")
            if member.name == MANIFEST:
                manifest = _decode_manifest(path, content.read(MANIFEST_BYTES_MAX))
                continue
            target = folder / _checked_name(path, member.name, found)
            _make_folders(folder, target.parent)
            found.append(_write(member, content, target))
    if manifest is None:
        raise ArchiveRefused(
            f"{path} ends before its manifest: it is cut off, or no backup of this program."
        )
    _compare(path, manifest, found)
    return manifest


def read_config(path: Path) -> tuple[str, bytes]:
    """Name and content of the config file in a backup, not proved yet.

    Raises ``ArchiveRefused`` and ``OSError``.
    """
    with _reading(path) as archive:
        member = archive.next()
        content = archive.extractfile(member) if member and member.isreg() else None
        if member is None or content is None or not member.name.startswith(f"{CONFIG}/"):
            raise ArchiveRefused(f"{path} is no backup of this program.")
        name = _checked_name(path, member.name, [])
        return name.removeprefix(f"{CONFIG}/"), content.read(MANIFEST_BYTES_MAX)


@contextmanager
def _reading(path: Path) -> Iterator[tarfile.TarFile]:
    """The archive as a stream, read to its end: gzip's checksum is there."""
    try:
        with gzip.open(path, "rb") as unzipped:
            with tarfile.open(fileobj=unzipped, mode="r|", bufsize=PIECE_BYTES) as archive:
                yield archive
            while unzipped.read(PIECE_BYTES):
                pass
    except (EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError) as problem:
        raise ArchiveRefused(
            f"{path} is cut off, damaged, or no backup of this program ({problem})."
        ) from problem


def _checked_name(path: Path, name: str, found: list[Member]) -> str:
    """The name, if it stays below its place. (Stricter than tarfile's own filter, which Python's
    older 3.11 do not have.)"""
    parts = name.split("/")
    if (
        len(parts) < 2
        or parts[0] not in PLACES
        or any(part in ("", ".", "..") or _DRIVE.search(part) for part in parts)
        or name in (member.name for member in found)
    ):
        raise ArchiveRefused(f"{path}: {name!r} cannot be in a backup of this program.")
    return name


def _make_folders(top: Path, folder: Path) -> None:
    """Make a folder below ``top``; every folder on the way is private too."""
    for below in (*reversed(folder.relative_to(top).parents), folder.relative_to(top)):
        (top / below).mkdir(mode=FOLDER_MODE, exist_ok=True)


def _write(member: tarfile.TarInfo, content: IO[bytes], target: Path) -> Member:
    private = member.name.split("/")[0] in PRIVATE
    mode = FILE_MODE if private else FILE_MODE | member.mode & 0o055
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    digest = hashlib.sha256()
    size = 0
    with os.fdopen(os.open(target, flags, FILE_MODE), "wb") as file:
        while piece := content.read(PIECE_BYTES):
            digest.update(piece)
            file.write(piece)
            size += len(piece)
        file.flush()
        os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())
    return Member(member.name, size, digest.hexdigest())


def _decode_manifest(path: Path, data: bytes) -> Manifest:
    try:
        number = msgspec.json.decode(data, type=_Format).format
        if number != FORMAT:
            raise ArchiveRefused(
                f"{path} is of format {number}, this program reads format {FORMAT}. "
                "Restore it with the version that made it."
            )
        return msgspec.json.decode(data, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as problem:
        raise ArchiveRefused(f"{path}: the manifest cannot be read ({problem}).") from problem


class _Format(Struct, frozen=True):
    format: int


def _compare(path: Path, manifest: Manifest, found: list[Member]) -> None:
    """What is there must be what was put in, all of it and nothing else."""
    promised = {member.name: member for member in manifest.members}
    there = {member.name: member for member in found}
    for name in {**promised, **there}:
        if name not in there:
            raise ArchiveRefused(f"{path}: {name} is missing.")
        if promised.get(name) != there[name]:
            raise ArchiveRefused(f"{path}: {name} is not what was backed up. Use another backup.")


def sync_folder(folder: Path) -> None:
    """Make the names in it survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
