"""``callcenter import``: lists from files."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress

from callcenter.cli.common import (
    ConfigOption,
    JsonOption,
    clear_errors,
    fail,
    print_json,
    read_settings,
)
from callcenter.documents.campaigns import CAMPAIGN_ID, CAMPAIGN_ID_HINT
from callcenter.documents.contacts_csv import PRIORITY_MAX, ContactsFile
from callcenter.documents.customers_csv import CustomersFile
from callcenter.documents.rejects import RejectsFile
from callcenter.documents.shifts_csv import ShiftsFile
from callcenter.installation import open_database
from callcenter.service.ports import ContactImport
from callcenter.settings import Settings
from callcenter.storage.contacts import Contacts
from callcenter.storage.directory import CustomerDirectory
from callcenter.storage.shifts import ShiftImport, Shifts
from callcenter.storage.stores import LIST_CHARS_MAX, ContactDestination, ImportResult

app = typer.Typer(help="Import lists from CSV files.", no_args_is_help=True)

FINISHED = 1.0
USAGE = 2
"""Exit code of options that cannot be, as typer has it."""

DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
RejectsOption = Annotated[
    Path | None, typer.Option("--rejects", help="Where refused rows go; default: beside FILE.")
]


@app.command("customers")
def customers(
    file: Annotated[Path, typer.Argument(help="CSV with id, name, phone, tier; UTF-8.")],
    rejects: RejectsOption = None,
    dry_run: DryRunOption = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take over customers: who calls, and how they are treated. All of it or nothing.

    Refused rows are written to a file with row, column, reason and how to mend; exit 1 if any.
    """
    settings = read_settings(config)
    into = rejects or _beside(file)
    with clear_errors():
        result = asyncio.run(_import_customers(settings, file, into, dry_run))
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


@app.command("contacts")
def contacts(
    file: Annotated[Path, typer.Argument(help="CSV with number and, if you like, name; UTF-8.")],
    campaign: Annotated[str, typer.Option("--campaign", help="The campaign that dials them.")],
    list_name: Annotated[
        str, typer.Option("--list", help="The list's name; default: FILE's.")
    ] = "",
    priority: Annotated[
        int | None,
        typer.Option(
            "--priority", min=0, max=PRIORITY_MAX, help="Lists of a higher one are dialed first."
        ),
    ] = None,
    region: Annotated[
        str,
        typer.Option(
            "--region", help="Where numbers without a country code are at home; default: config's."
        ),
    ] = "",
    rejects: RejectsOption = None,
    dry_run: DryRunOption = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take over contacts: whom a campaign dials. Known are number, name, customer (id), tier, note,
    priority and zone (IANA time zone); other columns are shown to the agent.

    Refused rows are written to a file with row, column, reason and how to mend; exit 1 if any.
    """
    settings = read_settings(config)
    if not re.fullmatch(CAMPAIGN_ID, campaign):
        fail(f"A campaign's id has {CAMPAIGN_ID_HINT}.", USAGE)
    name = list_name or file.stem
    if len(name) > LIST_CHARS_MAX:
        fail(f"The list's name is longer than {LIST_CHARS_MAX} characters; give a --list.", USAGE)
    destination = ContactDestination(campaign, name, priority)
    into = rejects or _beside(file)
    with clear_errors():
        result = asyncio.run(
            _import_contacts(settings, file, into, destination, region or settings.region, dry_run)
        )
    report = {
        "campaign": campaign,
        **msgspec.to_builtins(result),
        "rejects": str(into) if result.refused else None,
    }
    if as_json:
        print_json(report)
    else:
        typer.echo(
            f"{result.rows} rows: {result.accepted} added to list {name} of campaign {campaign}, "
            f"{result.refused} refused"
            + (f" (see {into})" if result.refused else "")
            + (" - dry run, nothing was changed" if dry_run else "")
        )
    if result.refused:
        raise typer.Exit(1)


@app.command("shifts")
def shifts(
    file: Annotated[
        Path, typer.Argument(help="CSV with agent, starts, ends and, if you like, day; UTF-8.")
    ],
    rejects: RejectsOption = None,
    dry_run: DryRunOption = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take over shifts: when agents are planned to work, which rehearsals staff their days with.

    A day is a date or weekdays (mon-fri); starts and ends are local times, or dates with times.
    What an agent had on these days is replaced. Refused rows are written to a file with row,
    column, reason and how to mend; exit 1 if any.
    """
    settings = read_settings(config)
    into = rejects or _beside(file)
    with clear_errors():
        result = asyncio.run(_import_shifts(settings, file, into, dry_run))
    report = {**msgspec.to_builtins(result), "rejects": str(into) if result.refused else None}
    if as_json:
        print_json(report)
    else:
        typer.echo(
            f"{result.rows} rows: {result.shifts} shifts of {result.accepted} rows taken in place "
            f"of {result.replaced}, {result.refused} rows refused"
            + (f" (see {into})" if result.refused else "")
            + (" - dry run, nothing was changed" if dry_run else "")
        )
    if result.refused:
        raise typer.Exit(1)


def _beside(file: Path) -> Path:
    return file.with_name(f"{file.stem}.rejected.csv")


async def _import_customers(
    settings: Settings, file: Path, into: Path, dry_run: bool
) -> ImportResult:
    with (
        CustomersFile(file, settings.region) as rows,
        RejectsFile(into, file, rows.header) as refused,
        _progress("customers", rows) as show,
    ):
        async with open_database(settings) as database:
            return await CustomerDirectory(database).import_rows(
                rows, on_reject=refused.write, on_progress=show, dry_run=dry_run
            )


async def _import_contacts(
    settings: Settings,
    file: Path,
    into: Path,
    destination: ContactDestination,
    region: str,
    dry_run: bool,
) -> ContactImport:
    with (
        ContactsFile(file, region) as rows,
        RejectsFile(into, file, rows.header) as refused,
        _progress("contacts", rows) as show,
    ):
        async with open_database(settings) as database:
            contacts = Contacts(database, CustomerDirectory(database), region)
            return await contacts.add(
                rows, destination, on_reject=refused.write, on_progress=show, dry_run=dry_run
            )


async def _import_shifts(settings: Settings, file: Path, into: Path, dry_run: bool) -> ShiftImport:
    with (
        ShiftsFile(file) as rows,
        RejectsFile(into, file, rows.header) as refused,
        _progress("shifts", rows) as show,
    ):
        async with open_database(settings) as database:
            return await Shifts(database).import_rows(
                rows, on_reject=refused.write, on_progress=show, dry_run=dry_run
            )


@contextmanager
def _progress(
    what: str, rows: CustomersFile | ContactsFile | ShiftsFile
) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, nothing elsewhere; to be called after some rows."""
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=FINISHED)
        yield lambda _rows: progress.update(task, completed=rows.share)
