"""``callcenter voicemail``: messages that callers have left, in a running center."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

import typer

from callcenter.cli.common import ConfigOption, JsonOption, fail, print_json, read_settings
from callcenter.cli.running_center import Refusal, ask_center
from callcenter.installation import voicemails_path

app = typer.Typer(help="Messages that callers have left.", no_args_is_help=True)


@app.command("list")
def list_voicemails(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """All messages that nobody has dealt with, the oldest first, with their files."""
    settings = read_settings(config)
    try:
        answer: dict[str, Any] = ask_center(settings, "GET", "/voicemails")
    except Refusal as refusal:
        fail(str(refusal))
    if as_json:
        print_json(answer)
        return
    folder = voicemails_path(settings)
    for one in answer["voicemails"]:
        left_at = datetime.fromtimestamp(one["left_at"]).astimezone()
        who = one["caller_number"] or "number withheld"
        typer.echo(
            f"{one['call']}  {left_at:%Y-%m-%d %H:%M}  {one['queue']}  {one['seconds']:.0f} s  "
            f"{one['tier']}  {who}  {folder / one['file']}"
        )
    if not answer["voicemails"]:
        typer.echo("nobody has left a message that is not dealt with")


@app.command("done")
def done(
    call: Annotated[str, typer.Argument(help="The call, as the list has it.")],
    config: ConfigOption = None,
) -> None:
    """A message has been dealt with: take it off the list and delete its recording."""
    try:
        ask_center(read_settings(config), "DELETE", f"/voicemails/{quote(call, safe='')}")
    except Refusal as refusal:
        fail(str(refusal))
    typer.echo(f"{call} is done, its recording deleted")
