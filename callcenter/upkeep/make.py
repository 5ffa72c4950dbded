"""Makes a backup of a center, running or not.

The order is what makes it whole: the database first, then the journal, which is always ahead of it.
The journal's files are held open from the beginning, so that nothing is trimmed away in between.
"""

from __future__ import annotations

import errno
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import msgspec

from callcenter.api.local_access import local_access_path
from callcenter.core.machine import MACHINE_VERSION
from callcenter.documents.files import config_path
from callcenter.installation import database_path, database_url, journal_folder
from callcenter.journal.pinned import Extent, PinnedFolder, measure, prove_readable
from callcenter.settings import Settings
from callcenter.storage.copying import copy_database
from callcenter.upkeep.archive import (
    CONFIG,
    DATABASE,
    FILE_MODE,
    FLOWS,
    FORMAT,
    JOURNAL,
    SECRETS,
    SOUNDS,
    ArchiveWriter,
    JournalPart,
    Manifest,
    sync_folder,
)

DATABASE_NAME = "center.db"
"""In the archive, and in the data folder."""


class BackupRefused(Exception):  # noqa: N818 - a fact, said to the administrator
    """No backup was made, and nothing is left of the attempt; the message says why."""


def make_backup(settings: Settings, config: Path | None, file: Path, now: float) -> Manifest:
    """Back everything up into the new file ``file``, at ``now`` (UTC seconds).

    Raises ``BackupRefused``, ``DatabaseUnusable``, ``JournalDamaged`` and ``ForeignJournal``; then
    there is no file.
    """
    if not database_url(settings).startswith("sqlite"):
        raise BackupRefused(
            "The database is on a server, not in the data folder: see docs/howto/"
            "backup-and-restore.md."
        )
    if file.exists():
        raise BackupRefused(f"{file} is there already. Give each backup a name of its own.")
    with _working_folder(file) as work, PinnedFolder(journal_folder(settings)) as journal:
        copy = copy_database(database_path(settings), work / DATABASE_NAME, meanwhile=journal.pin)
        journal.freeze()
        extent = measure(journal)
        written = copy.positions.get(extent.journal, 0)
        if written > extent.last_position:
            raise BackupRefused(
                f"The database holds the records of entries up to {written}, the journal ends at "
                f"{extent.last_position}: the two do not belong together. See `callcenter doctor`."
            )
        prove_readable(journal, written)
        writer = ArchiveWriter(work / "archive", now)
        try:
            _add_documents(writer, settings, config)
            with (work / DATABASE_NAME).open("rb") as database:
                size = os.fstat(database.fileno()).st_size
                writer.add(f"{DATABASE}/{DATABASE_NAME}", database, size)
            for name in journal.list_names():
                content = journal.read(name)
                writer.add(f"{JOURNAL}/{name}", io.BytesIO(content), len(content))
            manifest = Manifest(
                format=FORMAT,
                made_at=datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds"),
                program=version("callcenter"),
                machine_version=extent.machine_version or MACHINE_VERSION,
                python=f"{sys.version_info.major}.{sys.version_info.minor}",
                schema=copy.schema,
                journal=_journal_part(extent),
                database_position=written,
                members=tuple(writer.members),
            )
            writer.finish(msgspec.json.encode(manifest))
        finally:
            writer.abandon()
        (work / "archive").rename(file)
    sync_folder(file.parent)
    return manifest


@contextmanager
def _working_folder(file: Path) -> Iterator[Path]:
    """A private folder beside the file that shall be, for as long as it is not finished."""
    try:
        work = Path(tempfile.mkdtemp(prefix=f".{file.name}.", dir=file.parent))
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)
    except OSError as problem:
        room = " A backup needs the room of the database twice." if _is_full(problem) else ""
        raise BackupRefused(
            f"No backup was made: {problem.strerror or problem} "
            f"({problem.filename or file.parent}).{room}"
        ) from problem


def _is_full(problem: OSError) -> bool:
    return problem.errno in (None, errno.ENOSPC, errno.EFBIG, errno.EDQUOT)


def _journal_part(extent: Extent) -> JournalPart | None:
    if not extent.journal:
        return None
    return JournalPart(
        extent.journal,
        extent.snapshot_position,
        extent.first_position,
        extent.last_position,
        extent.torn_bytes,
    )


def _add_documents(writer: ArchiveWriter, settings: Settings, config: Path | None) -> None:
    file = config or config_path("callcenter.example.yaml")
    _add_file(writer, f"{CONFIG}/{file.name}", file)
    rules = settings.routing_rules
    if rules is not None and rules.is_file() and rules.name != file.name:
        _add_file(writer, f"{CONFIG}/{rules.name}", rules)
    folders = {
        FLOWS: settings.flows_dir,
        SECRETS: settings.data_dir / "secrets",
        SOUNDS: settings.data_dir / "sounds",
    }
    token = local_access_path(settings.data_dir)  # of the process that runs now
    for place, folder in folders.items():
        for path in sorted(folder.rglob("*")) if folder is not None else ():
            inside = place != FLOWS or not path.is_relative_to(settings.data_dir)
            if path.is_file() and path != token and inside:
                name = path.relative_to(folder or path).as_posix()
                _add_file(writer, f"{place}/{name}", path)


def _add_file(writer: ArchiveWriter, name: str, path: Path) -> None:
    content = path.read_bytes()
    mode = path.stat().st_mode & 0o777 | FILE_MODE
    writer.add(name, io.BytesIO(content), len(content), mode)
