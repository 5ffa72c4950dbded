"""``callcenter replay``: step a journal again and compare."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any

import typer

from callcenter.cli.common import JsonOption, clear_errors, fail, print_json
from callcenter.core.machine import MACHINE_VERSION
from callcenter.journal.reader import ReadJournal, read
from callcenter.journal.segmented import running_origin
from callcenter.service.recovery import Replayed, machine_at
from callcenter.service.recovery import replay as step_again


def replay(
    journal: Annotated[Path, typer.Argument(help="A journal's folder, or its first segment.")],
    salvage: Annotated[
        bool,
        typer.Option("--salvage", help="Step it although others wrote it, as far as it is read."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Step a journal again from its oldest kept state, and compare.

    Ends with 0 when everything comes out the same; with 1 when something differs, or when the
    journal is refused. Prints a hash of the final state: the same on every run of the same version.
    """
    with clear_errors():
        found = read(journal, salvage=salvage)
        running = running_origin(MACHINE_VERSION)
        foreign = [str(writer) for writer in found.writers if not writer.decides_like(running)]
        if foreign and not salvage:
            fail(
                f"{journal} was written by {foreign[0]}, this is {running}: its decisions may "
                "differ. Use that version, or --salvage to step it all the same"
            )
        if found.snapshot is None and found.snapshot_position:
            first = found.snapshot_position + 1
            fail(f"{journal} begins at position {first}: give its folder instead")
        machine = machine_at(
            found.header.journal, found.snapshot, found.snapshot_version or MACHINE_VERSION
        )
    replayed = step_again(machine, found.entries)
    report = describe(found, replayed)
    if as_json:
        print_json(report)
    else:
        for name, value in report.items():
            typer.echo(f"{name:<18} {value}")
        for remark in found.remarks:
            typer.echo(f"remark: {remark}")
    if replayed.differences:
        raise typer.Exit(1)


def describe(found: ReadJournal, replayed: Replayed) -> dict[str, Any]:
    """What came of it."""
    state = replayed.machine.state.encode()
    return {
        "journal": found.header.journal,
        "machine_version": found.header.machine_version,
        "written_by": [str(writer) for writer in found.writers],
        "from_position": found.snapshot_position,
        "entries": replayed.entries,
        "state_hash": hashlib.blake2b(state, digest_size=16).hexdigest(),
        "equal": not replayed.differences,
        "differences": [
            {"position": d.position, "journaled": d.journaled, "stepped": d.stepped}
            for d in replayed.differences
        ],
        "torn_bytes": found.torn_bytes,
    }
