"""``callcenter import``: lists from files."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress

from callcenter.bootstrap import open_database
from callcenter.cli.common import ConfigOption, JsonOption, clear_errors, print_json, read_settings
from callcenter.documents.customers_csv import CustomersFile
from callcenter.documents.rejects import RejectsFile
from callcenter.settings import Settings
from callcenter.storage.directory import CustomerDirectory
from callcenter.storage.stores import ImportResult

app = typer.Typer(help="Import lists from CSV files.", no_args_is_help=True)

FINISHED = 1.0


@app.callback()
def _group() -> None:
    """A group also while it has one command."""


@app.command("customers")
def customers(
    file: Annotated[Path, typer.Argument(help="CSV with id, name, phone, tier; UTF-8.")],
    rejects: Annotated[
        Path | None, typer.Option("--rejects", help="Where refused rows go; default: beside FILE.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done.")
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take over customers: who calls, and how they are treated. All of it or nothing.

    Refused rows are written to a file with row, column, reason and how to mend; exit 1 if any.
    """
    settings = read_settings(config)
    into = rejects or file.with_name(f"{file.stem}.rejected.csv")
    with clear_errors():
        result = asyncio.run(_import(settings, file, into, dry_run))
    report = {**msgspec.to_builtins(result), "rejects": str(into) if result.rejected else None}
    if as_json:
        print_json(report)
    else:
        typer.echo(
            f"{result.rows} rows: {result.added} added, {result.changed} changed, "
            f"{result.unchanged} unchanged, {result.rejected} rejected"
            + (f" (see {into})" if result.rejected else "")
            + (" - dry run, nothing was changed" if dry_run else "")
        )
    if result.rejected:
        raise typer.Exit(1)


async def _import(settings: Settings, file: Path, into: Path, dry_run: bool) -> ImportResult:
    console = Console(stderr=True)
    with (
        CustomersFile(file, settings.region) as rows,
        RejectsFile(into, file, rows.header) as refused,
        Progress(console=console, disable=not console.is_terminal) as progress,
    ):
        task = progress.add_task("customers", total=FINISHED)
        show: Callable[[int], None] = lambda _: progress.update(task, completed=rows.share)  # noqa: E731 - one line
        async with open_database(settings) as database:
            return await CustomerDirectory(database).import_rows(
                rows, on_reject=refused.write, on_progress=show, dry_run=dry_run
            )
