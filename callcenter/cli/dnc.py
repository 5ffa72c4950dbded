"""``callcenter dnc``: the do-not-call list of a running center."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from callcenter.cli.common import ConfigOption, JsonOption, fail, print_json, read_settings
from callcenter.cli.running_center import Refusal, ask_center

app = typer.Typer(help="The do-not-call list of a running center.", no_args_is_help=True)

NumberArgument = Annotated[str, typer.Argument(help="The telephone number.")]

NOT_ON_IT = 1
"""Exit code of ``check`` for a number that may be called."""


@app.command("add")
def add(
    number: NumberArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why.")] = "",
    days: Annotated[
        float, typer.Option("--days", min=0.0, help="For so many days; 0: for good.")
    ] = 0.0,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Have a number called no more, by any campaign, from this moment on."""
    until = (datetime.now(UTC) + timedelta(days=days)).timestamp() if days else 0.0
    body = {"number": number, "reason": reason, "until": until}
    _show(_ask(config, "POST", "/dnc", body), as_json)


@app.command("remove")
def remove(number: NumberArgument, config: ConfigOption = None) -> None:
    """Let a number be called again."""
    _ask(config, "DELETE", f"/dnc/{quote(number, safe='')}")
    typer.echo("taken off the do-not-call list")


@app.command("check")
def check(number: NumberArgument, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Whether a number is on the list, since when and why; exit code 1 when it is not."""
    entries = _ask(config, "GET", f"/dnc?number={quote(number, safe='')}")["entries"]
    if not entries:
        fail("this number is not on the do-not-call list", NOT_ON_IT)
    _show(entries[0], as_json)


def _show(entry: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(entry)
        return
    said = f"by {entry['by'] or 'the person'} ({entry['source']}) on {_day(entry['since'])}"
    until = f"until {_day(entry['until'])}" if entry["until"] else "for good"
    typer.echo(f"{entry['number']} is not called {until}, {said}")
    if entry["reason"]:
        typer.echo(f"  reason: {entry['reason']}")


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _ask(config: Path | None, method: str, path: str, body: object = None) -> Any:
    """Ask the running center, or end the command with what it said."""
    settings = read_settings(config)
    try:
        return ask_center(settings, method, path, body)
    except Refusal as refusal:
        fail(str(refusal))
