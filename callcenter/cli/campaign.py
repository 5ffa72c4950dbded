"""``callcenter campaign``: campaigns of a running center."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import typer

from callcenter.api.errors import FieldError
from callcenter.cli.common import (
    ConfigOption,
    JsonOption,
    clear_errors,
    fail,
    print_json,
    read_settings,
)
from callcenter.cli.rehearse_campaign import rehearse
from callcenter.cli.running_center import Refusal, ask_center
from callcenter.documents.campaigns import load_campaign
from callcenter.documents.contacts_csv import PRIORITY_MAX
from callcenter.documents.evidence_csv import evidence_csv, evidence_header
from callcenter.documents.yaml_lines import LineIndex, name_place
from callcenter.domain.attempt import AttemptResult
from callcenter.domain.customer import Tier
from callcenter.domain.report_time import BadPeriod, zone_of
from callcenter.installation import open_database
from callcenter.settings import Settings
from callcenter.storage.evidence import StoredEvidence

app = typer.Typer(help="Campaigns of a running center.", no_args_is_help=True)

NEW_LIST_DEADLINE_S = 900.0
"""As long as the center works on a list of a million."""

CampaignArgument = Annotated[str, typer.Argument(help="The campaign's id.")]
OutOption = Annotated[
    Path, typer.Option("--out", help="The CSV file to write; - for standard output.")
]


@app.command("list")
def list_campaigns(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """All campaigns: what they do now, and why they place no call if they do not."""
    answer = _ask(config, "GET", "/campaigns")
    if as_json:
        print_json(answer)
        return
    for campaign in answer["campaigns"]:
        typer.echo(_line(campaign))
    if not answer["campaigns"]:
        typer.echo("there is no campaign; make one with `callcenter campaign create FILE`")


@app.command("show")
def show(
    campaign: CampaignArgument, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """One campaign with its counts and settings."""
    view = _ask(config, "GET", _path(campaign))
    if as_json:
        print_json(view)
        return
    typer.echo(_line(view))
    for name, value in _facts(view):
        typer.echo(f"  {name:<22} {value}")


@app.command("create")
def create(
    file: Annotated[Path, typer.Argument(help="A campaign document in YAML.")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the campaign of a document, or give it the document's settings; starts nothing.

    config/campaign.example.yaml has every setting.
    """
    settings = read_settings(config)
    with clear_errors():
        document, lines = load_campaign(file)
    body = document.model_dump(mode="json", exclude={"id"})
    try:
        view = ask_center(settings, "PUT", _path(document.id), body)
    except Refusal as refusal:
        said = [_of_document(error, lines) for error in refusal.errors]
        fail("\n".join(said) or str(refusal))
    if as_json:
        print_json(view)
    else:
        typer.echo(f"{view['id']} saved, {view['state']}")


@app.command("start")
def start(
    campaign: CampaignArgument, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Dial, as soon as agents have joined; also after a pause."""
    _take_step(config, campaign, "start", as_json)


@app.command("pause")
def pause(
    campaign: CampaignArgument, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Place no more calls; those under way go on."""
    _take_step(config, campaign, "pause", as_json)


@app.command("drain")
def drain(
    campaign: CampaignArgument, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Place no more calls; the campaign is finished when those under way are over."""
    _take_step(config, campaign, "drain", as_json)


app.command("rehearse")(rehearse)


@app.command("stop")
def stop(
    campaign: CampaignArgument, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Hang up what nobody has answered yet; who has is served to the end, then the agents leave."""
    _take_step(config, campaign, "stop", as_json)


@app.command("new-list")
def new_list(
    campaign: Annotated[str, typer.Argument(help="The campaign whose results are looked at.")],
    list_name: Annotated[str, typer.Option("--list", help="The new list's name.")],
    into: Annotated[
        str, typer.Option("--to", help="The campaign that calls them; default: the same.")
    ] = "",
    results: Annotated[
        list[AttemptResult] | None,
        typer.Option("--result", help="One of their attempts ended so; may be given again."),
    ] = None,
    dispositions: Annotated[
        list[str] | None,
        typer.Option("--disposition", metavar="CODE", help="An agent said so of them."),
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option("--without", metavar="CODE", help="No agent said so of them."),
    ] = None,
    tiers: Annotated[list[Tier] | None, typer.Option("--tier", help="Of this tier.")] = None,
    lists: Annotated[
        list[str] | None, typer.Option("--from-list", metavar="NAME", help="On this list.")
    ] = None,
    priority: Annotated[
        int | None,
        typer.Option(
            "--priority", min=0, max=PRIORITY_MAX, help="Lists of a higher one are dialed first."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a list of results: of the same campaign, contacts move to it and are called again; of
    another, they are added there, each number once.

    Reached, interested, no sale, gold: --result connected --disposition interested --without agreed
    --tier gold
    """
    body = {
        "list": list_name,
        "campaign": into,
        "priority": priority,
        "results": [str(result) for result in results or ()],
        "dispositions": dispositions or [],
        "without": without or [],
        "tiers": [str(tier) for tier in tiers or ()],
        "lists": lists or [],
        "dry_run": dry_run,
    }
    settings = read_settings(config)
    path = f"{_path(campaign)}/lists/from-results"
    try:
        made = ask_center(settings, "POST", path, body, deadline_s=NEW_LIST_DEADLINE_S)
    except Refusal as refusal:
        said = [f"{error.path.partition('.')[2]}: {error.detail}" for error in refusal.errors]
        fail("\n".join([str(refusal), *said]))
    if as_json:
        print_json(made)
        return
    typer.echo(
        f"{made['matched']} contacts match: {made['taken']} on list {made['list']} of campaign"
        f" {made['campaign']}, {made['refused']} refused"
        + (" - dry run, nothing was changed" if dry_run else "")
    )


@app.command("evidence")
def evidence(
    campaign: CampaignArgument,
    out: Annotated[
        Path, typer.Option("--out", help="The CSV file to write; - for standard output.")
    ],
    zone: Annotated[
        str, typer.Option("--zone", help="Time zone, e.g. Europe/Berlin; default: the center's.")
    ] = "",
    config: ConfigOption = None,
) -> None:
    """Every attempt with its times, result and message, from the database: the center need not
    run. Numbers and times are in it: keep it as safe as they are."""
    settings = read_settings(config)
    try:
        place = zone_of(zone or settings.time_zone)
    except BadPeriod as problem:
        fail(str(problem))
    with clear_errors():
        written, there = asyncio.run(_write_evidence(settings, campaign, out, place))
    for result, count in sorted(written.items()):
        typer.echo(f"{result:<16} {count}", err=True)
    typer.echo(f"{'in all':<16} {sum(written.values())}", err=True)
    if not written:
        fail(f"the database has no attempt of a campaign {campaign}")
    if written != there:
        fail("attempts ended while this was written: run it again for a whole file")


async def _write_evidence(
    settings: Settings, campaign: str, out: Path, zone: ZoneInfo
) -> tuple[dict[str, int], dict[str, int]]:
    """How many attempts were written, and how many there are now, both by result."""
    written: Counter[str] = Counter()
    async with open_database(settings) as database:
        reader = StoredEvidence(database)
        # The byte order mark tells spreadsheets that it is UTF-8.
        is_file = out != Path("-")
        with (
            out.open("w", encoding="utf-8-sig", newline="") if is_file else nullcontext(sys.stdout)
        ) as file:
            file.write(evidence_header())
            async for rows in reader.all(campaign):
                written.update(row.result.value for row in rows)
                file.write(evidence_csv(rows, zone))
        return dict(written), await reader.counts(campaign)


@app.command("lists")
def lists(
    campaign: CampaignArgument, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """The lists of a campaign, with their priorities."""
    _show_lists(_ask(config, "GET", f"{_path(campaign)}/lists"), as_json)


@app.command("prioritize")
def prioritize(
    campaign: CampaignArgument,
    name: Annotated[str, typer.Argument(metavar="LIST", help="The list's name or id.")],
    priority: Annotated[int, typer.Argument(help="0 to 100; more is dialed earlier.")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Dial a list earlier or later, from the next call on."""
    found = _ask(config, "GET", f"{_path(campaign)}/lists")["lists"]
    ids = [one["id"] for one in found if name in (one["name"], str(one["id"]))]
    if not ids:
        fail(f"campaign {campaign} has no list {name}; see `callcenter campaign lists {campaign}`")
    path = f"{_path(campaign)}/lists/{ids[0]}"
    _show_lists(_ask(config, "PUT", path, {"priority": priority}), as_json)


@app.command("why")
def why(
    campaign: CampaignArgument,
    contact: Annotated[str, typer.Argument(help="The contact's id, or one of their numbers.")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Why a contact is dialed next, or what is in the way."""
    path = f"{_path(campaign)}/contacts/{quote(contact, safe='')}/why"
    found = _ask(config, "GET", path)
    if as_json:
        print_json(found)
        return
    tried = f"{found['made']} attempts, the last: {found['last_result']}"
    typer.echo(
        f"contact {found['contact']} of list {found['list']}, priority {found['priority']},"
        f" {tried if found['made'] else 'never tried'}"
    )
    for reason in found["reasons"]:
        typer.echo(f"  {reason['code']}: {reason['sentence']}")


def _show_lists(answer: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    for one in answer["lists"]:
        typer.echo(
            f"{one['id']:>6} {one['name']:<30} priority {one['priority']:>3},"
            f" {one['accepted']} of {one['rows']} rows taken"
        )


def _take_step(config: Path | None, campaign: str, step: str, as_json: bool) -> None:
    view = _ask(config, "POST", f"{_path(campaign)}/{step}")
    if as_json:
        print_json(view)
    else:
        typer.echo(_line(view))


def _ask(config: Path | None, method: str, path: str, body: object = None) -> Any:
    """Ask the running center, or end the command with what it said."""
    settings = read_settings(config)
    try:
        return ask_center(settings, method, path, body)
    except Refusal as refusal:
        fail(str(refusal))


def _path(campaign: str) -> str:
    return f"/campaigns/{quote(campaign, safe='')}"


def _of_document(error: FieldError, lines: LineIndex) -> str:
    """What the center said of a field, with the document's line."""
    keys = error.path.split(".")[1:]
    return f"{lines.file}:{lines.line(*keys)}: {name_place(keys)}: {error.detail}"


def _line(view: dict[str, Any]) -> str:
    doing = view["silence"] or (
        f"{view['dialing'] + view['ringing']} ringing, {view['talking']} talking"
    )
    return f"{view['id']:<20} {view['state']:<9} {doing}"


def _pacing_words(view: dict[str, Any]) -> str:
    settings = view["settings"]
    words = str(settings["pacing"])
    if words == "power":
        words += f", {settings['lines_per_agent']:g} lines for each free agent"
    elif words == "preview":
        limit_s = settings["preview_s"]
        words += f", dialed after {limit_s:g} s" if limit_s else ", dialed when the agent says so"
    return f"{words}: {view['pacing']['sentence']}" if view["pacing"] else words


def _drops_words(drops: dict[str, Any]) -> str:
    words = f"{drops['dropped']} of {drops['answered']} people ({drops['rate']:.1%}), cap"
    return f"{words} {drops['cap']:.1%}; {drops['left']} more may be dropped now"


def _facts(view: dict[str, Any]) -> list[tuple[str, object]]:
    counts, settings, amd = view["counts"], view["settings"], view["amd"]
    results = ", ".join(f"{count} {name}" for name, count in view["results"].items() if count)
    return [
        ("name", view["name"]),
        ("trunk", f"{settings['trunk']} of PBX {settings['pbx']}"),
        ("pacing", _pacing_words(view)),
        ("drops", _drops_words(view["drops"])),
        (
            "agents",
            f"{view['agents']}: {view['agents_ready']} ready, {view['agents_talking']} talking,"
            f" {view['agents_wrap_up']} in wrap-up, {view['previews']} reading a card",
        ),
        (
            "contacts",
            f"{counts['total']}: {counts['due']} due, {counts['later']} later,"
            f" {counts['closed']} outside the hours, {counts['done']} done,"
            f" {counts['used_up']} given up" + _spared(counts),
        ),
        (
            "attempts",
            f"{view['placed']}; {results or 'none has ended'}; agents skipped {view['skips']}",
        ),
        ("dropped", f"{view['drop_rate']:.1%} of {view['people']} people who answered"),
        (
            "detection",
            f"wrong for {amd['wrong_people']:.1%} of {amd['people']} taken for people,"
            f" {amd['wrong_machines']:.1%} of {amd['machines']} machines that agents heard",
        ),
    ]


def _spared(counts: dict[str, Any]) -> str:
    """Who may not be called, where there is somebody."""
    told = (
        ("dnc", "on the do-not-call list"),
        ("no_consent", "without consent"),
        ("capped", "called as often as they may be"),
    )
    return "".join(f", {counts[name]} {words}" for name, words in told if counts[name])
