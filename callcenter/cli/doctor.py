"""``callcenter doctor``: check an installation."""

from __future__ import annotations

import asyncio

import msgspec
import typer

from callcenter.cli.common import ConfigOption, JsonOption, clear_errors, print_json, read_settings
from callcenter.doctor import examine


def doctor(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Check config, data folder, flows, journal, database and PBXs; exit 1 if anything is wrong."""
    settings = read_settings(config)
    with clear_errors():
        findings = asyncio.run(examine(settings))
    if as_json:
        print_json({"ok": all(f.ok for f in findings), "findings": msgspec.to_builtins(findings)})
    else:
        for finding in findings:
            typer.echo(f"{'ok   ' if finding.ok else 'WRONG'}  {finding.check}: {finding.text}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)
