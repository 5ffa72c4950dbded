"""``callcenter rules``: check, compare, rehearse, publish, roll back and explain routing rules."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

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
from callcenter.cli.rehearse import rehearse
from callcenter.cli.routing_words import tell_routing
from callcenter.cli.running_center import Refusal, ask_center
from callcenter.documents.rules import diff_rules, parse_rules, rules_schema
from callcenter.documents.yaml_lines import DocumentError, DocumentProblem, read_text
from callcenter.installation import database_path, database_url, make_accounts
from callcenter.settings import Settings
from callcenter.storage.database import SCHEMA, Database
from callcenter.storage.stores import DatabaseAway, DatabaseUnusable
from routing.rule_checks import Staff

app = typer.Typer(help="Routing rules: who is treated how.", no_args_is_help=True)

FileArgument = Annotated[Path, typer.Argument(help="A document of rules in YAML.")]
CommentOption = Annotated[str, typer.Option("--comment", help="Why; kept with the version.")]


@app.command("check")
def check(file: FileArgument, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Check a document: one line for each problem, with file and line; exit 1 if there is any.

    Works without a center. Queues are those of the config file; agents and their skills those of
    its database, if there is one.
    """
    settings = read_settings(config)
    queues = [queue.id for queue in settings.queues]
    staff, missing = asyncio.run(_read_staff(settings))
    problems: tuple[DocumentProblem, ...] = ()
    count = 0
    try:
        count = len(parse_rules(read_text(file), str(file), queues, staff).rules)
    except DocumentError as error:
        problems = error.problems
    if as_json:
        plain = [msgspec.structs.asdict(problem) for problem in problems]
        agents = None if staff is None else len(staff)
        print_json({"ok": not problems, "rules": count, "agents": agents, "problems": plain})
    else:
        for problem in problems:
            typer.echo(str(problem))
        typer.echo(f"{len(problems)} problems" if problems else f"{file}: {count} rules, all well")
        if missing:
            typer.echo(f"who has which skill was not checked: {missing}")
    if problems:
        raise typer.Exit(1)


async def _read_staff(settings: Settings) -> tuple[list[Staff] | None, str]:
    """The agents in the database, or None and why not. It is read, never made or changed."""
    on_server = settings.database_url.get_secret_value()
    if not on_server and not database_path(settings).is_file():
        return None, "there is no database yet"
    try:
        database = Database(database_url(settings))
        try:
            if await database.schema_revision() != SCHEMA:
                return None, "the database is of another version of the program"
            profiles = await make_accounts(database).agent_profiles()
        finally:
            await database.close()
    except (DatabaseAway, DatabaseUnusable) as error:
        return None, str(error)
    if not profiles:
        return None, "there are no agents yet"
    return [Staff(profile.queues, profile.skills) for profile in profiles], ""


@app.command("versions")
def versions(
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="How many.")] = 20,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """The newest versions: who wrote each, when and why, and which one is published."""
    answer = _ask(read_settings(config), "GET", f"/rules/versions?limit={limit}")
    if as_json:
        print_json(answer)
        return
    for view in answer["versions"]:
        typer.echo(_line(view))
    if not answer["versions"]:
        typer.echo("no rules yet; publish some with `callcenter rules publish FILE`")


@app.command("diff")
def diff(
    before: Annotated[
        str, typer.Argument(metavar="[A]", help="A version or a file; default: the published one.")
    ] = "",
    after: Annotated[
        str, typer.Argument(metavar="[B]", help="The same; default: the published version.")
    ] = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """What was changed from A to B; with A alone, from what is published to A; with none, by the
    last publishing."""
    settings = read_settings(config)
    published = _ask(settings, "GET", "/rules")
    if not before:
        old = _text(settings, str(published["based_on"]))
        new = (_name(published["version"]), published["text"])
    elif not after:
        old = (_name(published["version"]), published["text"])
        new = _text(settings, before)
    else:
        old, new = _text(settings, before), _text(settings, after)
    said = diff_rules(old[1], new[1], old[0], new[0])
    if as_json:
        print_json({"from": old[0], "to": new[0], "diff": said})
    else:
        typer.echo(said or f"{old[0]} and {new[0]} say the same\n", nl=False)


@app.command("publish")
def publish(
    file: FileArgument,
    comment: CommentOption = "",
    based_on: Annotated[
        int | None,
        typer.Option(
            "--based-on",
            min=0,
            help="The version that FILE was made of; default: the published one.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell which waiting calls it would change.")
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Treat all calls by this document from now on, also those that wait: they keep their place."""
    settings = read_settings(config)
    with clear_errors():
        text = read_text(file)
    if dry_run:
        preview = _ask(settings, "POST", "/rules/preview", {"text": text}, file)
        if as_json:
            print_json(preview)
        else:
            _print_preview(preview)
        return
    if based_on is None:
        based_on = _ask(settings, "GET", "/rules")["version"]
    body = {"text": text, "comment": comment, "based_on": based_on}
    view = _ask(settings, "POST", "/rules/publish", body, file)
    if as_json:
        print_json(view)
    else:
        typer.echo(f"version {view['version']} is published")


@app.command("rollback")
def roll_back(
    version: Annotated[int, typer.Argument(min=0, help="The version to go back to.")],
    comment: CommentOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Publish what an older version says, under a new number; 0: the built-in rules."""
    settings = read_settings(config)
    published = _ask(settings, "GET", "/rules")["version"]
    body = {"version": version, "comment": comment, "based_on": published}
    view = _ask(settings, "POST", "/rules/rollback", body)
    if as_json:
        print_json(view)
    else:
        typer.echo(f"version {view['version']} is published: it says what version {version} says")


@app.command("explain")
def explain(
    call: Annotated[str, typer.Argument(help="The call's id.")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Why a call is where it is: rules tried, agents considered, what comes next; of an ended call
    what was kept of that."""
    answer = _ask(read_settings(config), "GET", f"/calls/{quote(call, safe='')}/routing")
    if as_json:
        print_json(answer)
        return
    for line in tell_routing(answer):
        typer.echo(line)


app.command("rehearse")(rehearse)


@app.command("schema")
def schema() -> None:
    """The JSON Schema of a document, for editors."""
    print_json(rules_schema())


def _ask(
    settings: Settings, method: str, path: str, body: object = None, file: Path | None = None
) -> Any:
    """Ask the running center, or end the command with what it said; problems of ``file`` with
    their lines."""
    try:
        return ask_center(settings, method, path, body)
    except Refusal as refusal:
        lines = [f"{file}:{error.line}: {error.detail}" for error in refusal.errors if error.line]
        fail("\n".join(lines) if file and lines else str(refusal))


def _print_preview(preview: dict[str, Any]) -> None:
    for row in preview["changed"]:
        differs = ", ".join(row["differs"]) or "nothing but the rule's name"
        typer.echo(f"{row['call']}: {row['from_rule']} -> {row['to_rule']} ({differs})")
    told = f"{len(preview['changed'])} of {preview['looked_at']} waiting calls"
    typer.echo(f"{told} would be treated differently; nothing was published")
    if preview["looked_at"] < preview["waiting"]:
        typer.echo(f"{preview['waiting'] - preview['looked_at']} more wait and were not looked at")
    if preview["weights_differ"]:
        typer.echo("preset or tier weights differ: who goes first may change for all")


def _text(settings: Settings, asked: str) -> tuple[str, str]:
    """Name and text of a version or a file."""
    if asked.isascii() and asked.isdigit():
        view = _ask(settings, "GET", f"/rules/versions/{asked}")
        return _name(view["version"]), view["text"]
    with clear_errors():
        return asked, read_text(Path(asked))


def _name(version: int) -> str:
    return f"version {version}" if version else "the built-in rules"


def _line(view: dict[str, Any]) -> str:
    at = datetime.fromtimestamp(view["created_at"], UTC)
    return (
        f"{view['version']:>5}  {view['state']:<9}  {at:%Y-%m-%d %H:%M} UTC  {view['by']:<16}"
        f"  {view['comment']}"
    ).rstrip()
