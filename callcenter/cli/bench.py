"""``callcenter bench``: measure on this machine; nothing here passes or fails."""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from callcenter.bench import ami as ami_bench
from callcenter.bench import journal as journal_bench
from callcenter.bench import machine as machine_bench
from callcenter.bench.pacing import run as pacing_bench
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


@app.command("pacing")
def pacing(
    as_json: JsonOption = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Two small teams, two seeds, half an hour each.")
    ] = False,
    processes: Annotated[
        int, typer.Option("--processes", min=1, help="Run on so many processors, niced.")
    ] = os.cpu_count() or 1,
    sizes: Annotated[str, typer.Option("--sizes", help="Team sizes, with commas.")] = "",
    lists: Annotated[str, typer.Option("--lists", help="Only these lists, with commas.")] = "",
    seeds: Annotated[int, typer.Option("--seeds", min=1)] = pacing_bench.SEEDS,
    hours_factor: Annotated[
        float, typer.Option("--hours-factor", min=0.01, help="Longer or shorter runs.")
    ] = 1.0,
) -> None:
    """Utilisation and abandonment of the predictive pacer, beside others and the exact optimum."""
    chosen = tuple(int(size) for size in sizes.split(",") if size) or pacing_bench.SIZES
    if quick:
        chosen, seeds, hours_factor = pacing_bench.QUICK_SIZES, 2, pacing_bench.QUICK_FACTOR
    result = pacing_bench.run(
        sizes=chosen,
        seeds=seeds,
        processes=processes,
        hours_factor=hours_factor,
        lists=tuple(name for name in lists.split(",") if name),
        tell=lambda line: typer.echo(line, err=True),
    )
    _report("pacing", result, as_json)
