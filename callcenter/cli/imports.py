"""``callcenter import``: lists from files."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress

from callcenter.api.local_access import ACCOUNT as COMMAND_LINE
from callcenter.cli.common import (
    ConfigOption,
    JsonOption,
    clear_errors,
    fail,
    print_json,
    read_settings,
)
from callcenter.documents.campaign_texts import CAMPAIGN_ID, CAMPAIGN_ID_HINT
from callcenter.documents.contact_columns import FIELDS
from callcenter.documents.contacts_csv import PRIORITY_MAX, ContactReading
from callcenter.documents.customers_csv import CustomersFile
from callcenter.documents.dnc_csv import SOURCE_CHARS_MAX, DncFile
from callcenter.documents.rejects import RejectsFile
from callcenter.documents.shifts_csv import ShiftsFile
from callcenter.installation import open_database
from callcenter.service.contact_lists import (
    ContactImport,
    Duplicates,
    ImportColumn,
)
from callcenter.settings import Settings
from callcenter.storage.contact_files import import_file
from callcenter.storage.contacts import Contacts
from callcenter.storage.directory import CustomerDirectory
from callcenter.storage.dnc import StoredDnc
from callcenter.storage.dnc_import import DncImport, import_dnc
from callcenter.storage.shifts import ShiftImport, Shifts
from callcenter.storage.stores import LIST_CHARS_MAX, ContactDestination, ImportResult

app = typer.Typer(help="Import lists from CSV and Excel files.", no_args_is_help=True)

FINISHED = 1.0
USAGE = 2
"""Exit code of options that cannot be, as typer has it."""

DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
RejectsOption = Annotated[
    Path | None, typer.Option("--rejects", help="Where refused rows go; default: beside FILE.")
]


@app.command("customers")
def customers(
    file: Annotated[Path, typer.Argument(help="CSV (UTF-8) or Excel with id, name, phone, tier.")],
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
    file: Annotated[Path, typer.Argument(help="CSV (UTF-8) or Excel (.xlsx) with phone numbers.")],
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
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="FIELD=COLUMN",
            help=f"What a column is: {', '.join(FIELDS)}. Numbers are tried in this order.",
        ),
    ] = None,
    sheet: Annotated[
        str, typer.Option("--sheet", help="The sheet of a workbook; default: the first.")
    ] = "",
    duplicates: Annotated[
        Duplicates, typer.Option("--duplicates", help="Where a number must not be yet.")
    ] = Duplicates.CAMPAIGN,
    needs_consent: Annotated[
        bool, typer.Option("--needs-consent", help="Refuse rows that do not say that it is given.")
    ] = False,
    consent_yes: Annotated[
        list[str] | None,
        typer.Option("--consent-yes", metavar="WORD", help="What stands for a given consent."),
    ] = None,
    consent_no: Annotated[
        list[str] | None,
        typer.Option("--consent-no", metavar="WORD", help="What stands for one not given."),
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
    """Take over contacts: whom a campaign dials. What a column is, is guessed from its name unless
    --map says it; other columns are shown to the agent. --dry-run shows how they were understood.

    Refused rows are written to a file with row, column, reason and how to mend; exit 1 if any.
    """
    settings = read_settings(config)
    if not re.fullmatch(CAMPAIGN_ID, campaign):
        fail(f"A campaign's id has {CAMPAIGN_ID_HINT}.", USAGE)
    name = list_name or file.stem
    if len(name) > LIST_CHARS_MAX:
        fail(f"The list's name is longer than {LIST_CHARS_MAX} characters; give a --list.", USAGE)
    destination = ContactDestination(campaign, name, priority, duplicates)
    reading = ContactReading(
        region or settings.region,
        tuple(_split_mapping(pair) for pair in mapping or ()),
        sheet,
        tuple(consent_yes or ()),
        tuple(consent_no or ()),
        needs_consent,
    )
    into = rejects or _beside(file)
    with clear_errors():
        result = asyncio.run(_import_contacts(settings, file, into, destination, reading, dry_run))
    report = {
        "campaign": campaign,
        **msgspec.to_builtins(result),
        "rejects": str(into) if result.refused else None,
    }
    if as_json:
        print_json(report)
    else:
        if dry_run:
            _show_columns(result.columns)
        typer.echo(
            f"{result.rows} rows: {result.accepted} added to list {name} of campaign {campaign}, "
            f"{result.refused} refused"
            + (f" (see {into})" if result.refused else "")
            + (" - dry run, nothing was changed" if dry_run else "")
        )
    if result.refused:
        raise typer.Exit(1)


@app.command("dnc")
def dnc(
    file: Annotated[
        Path,
        typer.Argument(help="CSV or Excel with number, until, reason, source; or bare numbers."),
    ],
    source: Annotated[
        str,
        typer.Option(
            "--source", help="Who says so, where the file does not; default: FILE's name."
        ),
    ] = "",
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
    """Take over numbers that nobody may call. A running center stops planned calls to them within
    seconds.

    Refused rows are written to a file with row, column, reason and how to mend; exit 1 if any.
    """
    settings = read_settings(config)
    into = rejects or _beside(file)
    name = (source or file.stem)[:SOURCE_CHARS_MAX]
    with clear_errors():
        result = asyncio.run(
            _import_dnc(settings, file, into, name, region or settings.region, dry_run)
        )
    report = {**msgspec.to_builtins(result), "rejects": str(into) if result.refused else None}
    if as_json:
        print_json(report)
    else:
        typer.echo(
            f"{result.rows} rows: {result.accepted} numbers put on the do-not-call list, "
            f"{result.refused} refused"
            + (f" (see {into})" if result.refused else "")
            + (" - dry run, nothing was changed" if dry_run else "")
        )
    if result.refused:
        raise typer.Exit(1)


def _split_mapping(pair: str) -> tuple[str, str]:
    field, is_pair, column = pair.partition("=")
    if not (field and is_pair and column.strip()):
        fail(f"--map {pair}: write a field, = and the column's name, e.g. number=Phone.", USAGE)
    return field.strip(), column.strip()


def _show_columns(columns: Sequence[ImportColumn]) -> None:
    """What was made of the file's columns, with what the first rows have there."""
    for column in columns:
        examples = ", ".join(example for example in column.examples if example.strip())
        typer.echo(f"{column.name[:30]:<30} {column.taken_as:<9}  {examples[:60]}")
    typer.echo()


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
    reading: ContactReading,
    dry_run: bool,
) -> ContactImport:
    with _bar("contacts") as show:
        async with open_database(settings) as database:
            store = Contacts(database, CustomerDirectory(database), settings.region)
            return await import_file(
                store,
                file,
                destination,
                reading,
                rejects=into,
                on_progress=lambda share, _rows: show(share),
                dry_run=dry_run,
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


async def _import_dnc(
    settings: Settings, file: Path, into: Path, source: str, region: str, dry_run: bool
) -> DncImport:
    with (
        DncFile(file, region, time.time()) as rows,
        RejectsFile(into, file, rows.header) as refused,
        _progress("numbers", rows) as show,
    ):
        async with open_database(settings) as database:
            return await import_dnc(
                StoredDnc(database),
                rows,
                source=source,
                by=COMMAND_LINE.id,
                on_reject=refused.write,
                on_progress=show,
                dry_run=dry_run,
            )


@contextmanager
def _progress(
    what: str, rows: CustomersFile | ShiftsFile | DncFile
) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, nothing elsewhere; to be called after some rows."""
    with _bar(what) as show:
        yield lambda _rows: show(rows.share)


@contextmanager
def _bar(what: str) -> Iterator[Callable[[float], None]]:
    """A bar on a terminal, nothing elsewhere; to be called with the share that is done."""
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=FINISHED)
        yield lambda share: progress.update(task, completed=share)
