"""``callcenter records``: whether the records are what the journal says."""

from __future__ import annotations

import asyncio

import msgspec
import typer

from callcenter.cli.common import (
    ConfigOption,
    JsonOption,
    clear_errors,
    fail,
    print_json,
    read_settings,
)
from callcenter.settings import Settings
from callcenter.storage.record_check import TableCheck
from callcenter.upkeep.records import RecordsCheck, RecordsUnprovable, check_records

app = typer.Typer(help="Prove that the records equal the journal, or make them anew from it.")


@app.command("verify")
def verify(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Compare the records with the journal, as far back as it goes; exit 1 if a row differs.

    May be run beside a running center. Changes nothing.
    """
    check = _check(read_settings(config), rebuild=False)
    _report(check, as_json)
    if not check.is_equal:
        raise typer.Exit(1)


@app.command("rebuild")
def rebuild(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Make the records anew from the journal, as far back as it goes, in one transaction.

    Older ones stay as they are. May be run beside a running center.
    """
    _report(_check(read_settings(config), rebuild=True), as_json)


def _check(settings: Settings, *, rebuild: bool) -> RecordsCheck:
    with clear_errors():
        try:
            return asyncio.run(check_records(settings, rebuild=rebuild))
        except RecordsUnprovable as problem:
            fail(str(problem))


def _report(check: RecordsCheck, as_json: bool) -> None:
    if as_json:
        print_json({"equal": check.is_equal, **msgspec.to_builtins(check)})
        return
    if check.first > check.last:
        typer.echo(f"journal {check.journal}: no entry is kept whose records are written")
    else:
        typer.echo(f"journal {check.journal}, positions {check.first} to {check.last}")
    for table in check.tables:
        typer.echo(f"{'equal ' if table.is_equal else 'DIFFERS'} {_describe(table)}")
        for one in table.differences:
            columns = f" in {', '.join(one.columns)}" if one.columns else ""
            typer.echo(f"    {one.position}/{one.record_index}: {one.what}{columns}")
    if check.journal_last > check.last:
        typer.echo(f"still to be written: entries {check.last + 1} to {check.journal_last}")
    if check.older:
        typer.echo(
            f"not proved: {check.older} rows from before position {check.first}, where the journal "
            "begins today"
        )
    if check.other_journals:
        typer.echo(f"not proved: {check.other_journals} rows of other journals (before a restore)")
    if check.replaced:
        typer.echo(f"replaced: {sum(check.replaced.values())} rows")


def _describe(table: TableCheck) -> str:
    text = f"{table.table:<17} {table.rows} rows"
    if not table.is_equal:
        text += (
            f", {table.expected} expected: {table.missing} missing, {table.unexplained} "
            f"unexplained, {table.differing} different"
        )
    return text
