"""``callcenter backup`` and ``callcenter restore``: the whole center in one file."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from callcenter.cli.common import (
    ConfigOption,
    JsonOption,
    clear_errors,
    fail,
    log_to_stderr,
    print_json,
    read_settings,
)
from callcenter.upkeep.archive import ArchiveRefused
from callcenter.upkeep.make import BackupRefused, make_backup
from callcenter.upkeep.restore import RestoreRefused, restore_backup

MEBIBYTE = 1024 * 1024


def backup(
    file: Annotated[Path, typer.Argument(help="The file to make; it must not be there yet.")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Back up journal, database, config, flows, sounds and secrets; the center may be running."""
    settings = read_settings(config)
    with clear_errors():
        try:
            manifest = make_backup(settings, config, file, time.time())
        except BackupRefused as problem:
            fail(str(problem))
    journal = manifest.journal
    size = file.stat().st_size
    if as_json:
        report = msgspec.to_builtins(manifest) | {"file": str(file), "bytes": size}
        report["members"] = len(manifest.members)
        print_json(report)
        return
    typer.echo(f"{file}: {size / MEBIBYTE:.1f} MiB, {len(manifest.members)} files")
    if journal is None:
        typer.echo("no journal: the center has never been started")
    else:
        typer.echo(
            f"journal {journal.id} up to position {journal.last_position}, records up to "
            f"{manifest.database_position}"
        )


def restore(
    file: Annotated[Path, typer.Argument(help="A file made by `callcenter backup`.")],
    config: Annotated[
        Path,
        typer.Option(
            "--config",
            envvar="CALLCENTER_CONFIG",
            help="The config file; where it is missing, the backup's is written there.",
        ),
    ],
    as_json: JsonOption = False,
) -> None:
    """Restore a backup into an empty data folder; nothing is ever overwritten."""
    log_to_stderr(logging.WARNING)
    with clear_errors():
        try:
            restored = asyncio.run(restore_backup(file, config))
        except (ArchiveRefused, RestoreRefused) as problem:
            fail(str(problem))
    manifest = restored.manifest
    if as_json:
        report = msgspec.to_builtins(restored) | {"made_at": manifest.made_at}
        del report["manifest"]
        print_json(report)
        return
    typer.echo(
        f"restored the center as of {manifest.made_at}, made by callcenter {manifest.program}"
    )
    if restored.journal:
        typer.echo(
            f"journal {restored.old_journal} up to position {restored.position}; it goes on as "
            f"{restored.journal}"
        )
        added = restored.position - restored.records_from
        typer.echo(f"records: complete, those of the last {added} entries were added")
        typer.echo(f"state hash {restored.state_hash}")
    if restored.differences:
        typer.echo(
            f"{restored.differences} steps of the journal did not repeat themselves: report it"
        )
    if restored.sessions_ended:
        typer.echo(f"{restored.sessions_ended} sessions ended: everybody signs in anew")
    for note in restored.notes:
        typer.echo(f"note: {note}")
