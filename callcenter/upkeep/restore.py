"""Brings a center back from a backup, into a data folder that is empty.

Everything is unpacked and proved in a folder of its own inside the data folder and moved to its
place at the very end. A restored center begins a **new journal**, with the old one's state as its
first snapshot: ids are made from the journal's id and the position, and what the old journal wrote
after the backup has given ids away that must not be made again (channels that still live, other
systems' notes).
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from callcenter.core.machine import MACHINE_VERSION
from callcenter.core.migrations import MIGRATES_FROM
from callcenter.domain.step import Entry
from callcenter.installation import UNFINISHED_RESTORE, database_path, database_url, journal_folder
from callcenter.journal.errors import EntriesTrimmed, ForeignJournal
from callcenter.journal.file import FileJournal
from callcenter.journal.folder import LOCK_NAME
from callcenter.service.recovery import Replayed, recover, tell_salvage
from callcenter.settings import Settings, load_settings
from callcenter.storage.copying import examine_copy
from callcenter.storage.database import Database
from callcenter.storage.projector import EntriesGone, Projector
from callcenter.storage.sessions import end_all_sessions
from callcenter.upkeep.archive import (
    CONFIG,
    DATABASE,
    FLOWS,
    FOLDER_MODE,
    JOURNAL,
    SECRETS,
    SOUNDS,
    Manifest,
    read_config,
    sync_folder,
    unpack,
)
from callcenter.upkeep.make import DATABASE_NAME

UNPACKED = "unpacked"
NEW_JOURNAL = "journal"
HARMLESS = ("lost+found",)
"""What an empty data folder may hold: a fresh file system does."""
NAMED_MAX = 3
"""Of what is in the way, in a message."""


class RestoreRefused(Exception):  # noqa: N818 - a fact, said to the administrator
    """Nothing was restored, and nothing is left of the attempt; the message says why."""


class Restored(Struct, frozen=True):
    """What was brought back."""

    manifest: Manifest
    position: int
    """Of the last entry: everything after it is lost."""
    state_hash: str
    """Of the state at that position, as `callcenter replay` of the old journal prints it."""
    differences: int
    """Steps that did not repeat themselves when the journal was replayed; 0 in a sound center."""
    records_from: int
    """Up to where the records were in the database; those up to ``position`` were added."""
    old_journal: str
    """Its id; empty for a center that had never been started, as is ``journal``."""
    journal: str
    """The id of the journal that goes on."""
    sessions_ended: int
    notes: tuple[str, ...] = ()
    """Sentences for the administrator."""


async def restore_backup(file: Path, config: Path | None) -> Restored:
    """Restore into the data folder of this config file, which the backup brings where it is
    missing.

    Raises ``RestoreRefused``, ``ArchiveRefused``, ``DocumentError``, ``DatabaseUnusable``,
    ``JournalDamaged`` and ``OSError``; then everything is as before.
    """
    with _config_file(file, config) as (settings, notes), _empty_folder(settings) as work:
        manifest = unpack(file, work / UNPACKED)
        examine_copy(work / UNPACKED / DATABASE / DATABASE_NAME)
        restored = await _revive(work, manifest, notes)
        _place_flows(settings, work / UNPACKED / FLOWS, notes)
        _place(settings, work)
    return msgspec.structs.replace(restored, notes=tuple(notes))


# --- before ---------------------------------------------------------------------------------------


@contextmanager
def _config_file(file: Path, config: Path | None) -> Iterator[tuple[Settings, list[str]]]:
    """The settings, and notes; a config file that is missing is written when all went well."""
    name, content = read_config(file)
    if config is None or config.exists():
        notes = []
        if config is not None and config.read_bytes() != content:
            notes.append(f"{config} is not the one of the backup ({CONFIG}/{name}) and was kept.")
        yield load_settings(config), notes
        return
    beside = config.with_name(f".{config.name}.{os.getpid()}")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as written:
            written.write(content)
            written.flush()
            os.fsync(written.fileno())
        yield load_settings(beside), [f"{config} was missing and is the one of the backup."]
        beside.rename(config)
        sync_folder(config.parent)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def _empty_folder(settings: Settings) -> Iterator[Path]:
    """A folder to work in, inside the data folder, which must be empty; both are as before unless
    the block ends well."""
    if not database_url(settings).startswith("sqlite"):
        raise RestoreRefused(
            "The database of this config is on a server, a backup is of one in the data folder: "
            "see docs/howto/backup-and-restore.md."
        )
    folder = settings.data_dir
    is_new = not folder.exists()
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    there = sorted(path.name for path in folder.iterdir() if path.name not in HARMLESS)
    if there:
        in_use = find_holder(journal_folder(settings))
        if in_use:
            raise RestoreRefused(f"A center runs in {folder} ({in_use}). Nothing was changed.")
        named = ", ".join(there[:NAMED_MAX]) + (", ..." if len(there) > NAMED_MAX else "")
        raise RestoreRefused(
            f"{folder} is not empty ({named}). Nothing is ever overwritten: move the folder away, "
            "or set another data_dir."
        )
    work = folder.resolve() / UNFINISHED_RESTORE
    work.mkdir(mode=FOLDER_MODE)
    try:
        yield work
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        if is_new:
            with suppress(OSError):  # somebody put something there meanwhile
                folder.rmdir()
        raise
    shutil.rmtree(work)
    sync_folder(folder)


def find_holder(journal: Path) -> str:
    """Who has the journal open, e.g. ``process 4711``; empty for nobody."""
    try:
        with (journal / LOCK_NAME).open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return f"process {lock.read(20).decode('ascii', 'replace').strip() or 'unknown'}"
    except OSError:
        pass
    return ""


# --- proving and going on -------------------------------------------------------------------------


async def _revive(work: Path, manifest: Manifest, notes: list[str]) -> Restored:
    """Open database and journal, bring the records up to date, begin the new journal."""
    database = Database(f"sqlite+aiosqlite:///{work / UNPACKED / DATABASE / DATABASE_NAME}")
    try:
        await database.migrate()
        async with database.writing() as connection:
            ended = await end_all_sessions(connection)
        if manifest.journal is None:
            notes.append("The center had never been started: there is no journal in the backup.")
            return Restored(manifest, 0, "", 0, 0, "", "", ended)
        old = FileJournal(
            work / UNPACKED / JOURNAL,
            machine_version=MACHINE_VERSION,
            migrates_from=MIGRATES_FROM,
        )
        try:
            replayed = _replay(old, manifest, notes)
            projector = _make_projector(database, old)
            records_from = await projector.position()
            await projector.catch_up()
        finally:
            await old.close()
        state = replayed.machine.state
        state_hash = hashlib.blake2b(state.encode(), digest_size=16).hexdigest()
        new = FileJournal(work / NEW_JOURNAL, machine_version=MACHINE_VERSION)
        try:
            new.load()
            state.journal = new.id
            await new.save_snapshot(state.position, state.encode())
            await _make_projector(database, new).begin_at(state.position)
        finally:
            await new.close()
        return Restored(
            manifest=manifest,
            position=state.position,
            state_hash=state_hash,
            differences=len(replayed.differences),
            records_from=records_from,
            old_journal=old.id,
            journal=new.id,
            sessions_ended=ended,
        )
    finally:
        await database.close()


def _replay(journal: FileJournal, manifest: Manifest, notes: list[str]) -> Replayed:
    try:
        loaded = journal.load()
    except ForeignJournal as problem:
        raise RestoreRefused(
            f"The backup was made by callcenter {manifest.program} (machine version "
            f"{manifest.machine_version}, Python {manifest.python}), this is machine version "
            f"{MACHINE_VERSION}, which cannot read it. Restore it with that version, start "
            "and stop the center once, then upgrade by one version at a time."
        ) from problem
    notes += journal.remarks
    replayed = recover(journal.id, loaded)
    if loaded.foreign:
        notes.append(tell_salvage(loaded.foreign, str(journal.origin), replayed))
    return replayed


def _make_projector(database: Database, journal: FileJournal) -> Projector:
    def read_after(position: int) -> Iterator[Entry]:
        try:
            yield from journal.read_after(position)
        except EntriesTrimmed as gone:
            raise EntriesGone(gone.first_kept) from gone

    return Projector(database, journal.id, read_after)


# --- after ----------------------------------------------------------------------------------------


def _place_flows(settings: Settings, flows: Path, notes: list[str]) -> None:
    """Own flows go where the config file says, unless something is there."""
    target = settings.flows_dir
    if target is None or not flows.is_dir():
        return
    if target.exists() and any(target.iterdir()):
        notes.append(f"{target} is not empty and was kept; the backup's flows are in {FLOWS}/.")
        return
    shutil.copytree(flows, target, dirs_exist_ok=True)
    notes.append(f"The flows were written to {target}.")


def _place(settings: Settings, work: Path) -> None:
    """Move everything to its place, the journal last."""
    unpacked = work / UNPACKED
    moves = {
        unpacked / SECRETS: settings.data_dir / "secrets",
        unpacked / SOUNDS: settings.data_dir / "sounds",
        unpacked / DATABASE / DATABASE_NAME: database_path(settings),
        unpacked / DATABASE / f"{DATABASE_NAME}-wal": Path(f"{database_path(settings)}-wal"),
        work / NEW_JOURNAL: journal_folder(settings),
    }
    done: list[Path] = []
    try:
        for source, target in moves.items():
            if source.exists():
                if target.exists():
                    raise FileExistsError(errno.EEXIST, "came into being meanwhile", str(target))
                source.rename(target)
                done.append(target)
    except OSError:
        for path in done:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        raise
    sync_folder(settings.data_dir)
