"""``callcenter bench``: measure on this machine; nothing here passes or fails."""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime
from typing import Any

import typer

from callcenter.bench import ami as ami_bench
from callcenter.bench import journal as journal_bench
from callcenter.bench import machine as machine_bench
from callcenter.cli.common import JsonOption, print_json

app = typer.Typer(help="Benchmarks: medians and spread.", no_args_is_help=True)


def _report(name: str, result: dict[str, Any], as_json: bool) -> None:
    where = {
        "command": f"callcenter bench {name} --json",
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        "python": platform.python_version(),
    }
    if as_json:
        print_json({**where, **result})
        return
    for key, value in _flat({**where, **result}):
        typer.echo(f"{key:<48} {value}")
    sys.stdout.flush()


def _flat(data: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    for key, value in data.items():
        if isinstance(value, dict):
            lines += _flat(value, f"{prefix}{key}.")
        else:
            shown = f"{value:,.3f}" if isinstance(value, float) else str(value)
            lines.append((prefix + str(key), shown))
    return lines


@app.command("machine")
def machine(as_json: JsonOption = False) -> None:
    """Events per second stepped at 100, 1,000 and 10,000 agents."""
    _report("machine", machine_bench.run(), as_json)


@app.command("journal")
def journal(as_json: JsonOption = False) -> None:
    """Appending, syncing and loading the file journal."""
    _report("journal", journal_bench.run(), as_json)


@app.command("ami")
def ami(as_json: JsonOption = False) -> None:
    """Events per second parsed, beside panoramisk's own parser."""
    _report("ami", ami_bench.run(), as_json)
