"""``callcenter flow``: check, try and draw the menus that callers hear. Works without a center."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from callcenter.cli.common import JsonOption, clear_errors, print_json
from callcenter.documents.files import flows_path
from callcenter.documents.flow_scripts import TrialReport, try_flows
from callcenter.documents.flows import (
    find_prompts,
    list_flow_files,
    load_flow,
    load_flow_files,
    load_prompts,
)
from callcenter.documents.yaml_lines import DocumentError, DocumentProblem
from callcenter.ivr.drawing import draw
from callcenter.simulator.sounds import write_sounds

app = typer.Typer(help="Check, try and draw flows: the menus that callers hear.")


@app.command("check")
def check_flows(
    files: Annotated[list[Path], typer.Argument(help="Flow documents, or folders of them.")],
    queue: Annotated[
        list[str] | None,
        typer.Option("--queue", help="A queue of the center; may be repeated. Default: any."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check flows: one line for each problem, with file and line; exit 1 if there is any.

    Prompts are checked where a folder prompts/ lies beside the flow.
    """
    checked, problems = _check(files, queue)
    if as_json:
        print_json({"ok": not problems, "flows": checked, "problems": _plain(problems)})
    else:
        _print(problems)
        typer.echo(f"{checked} checked, {len(problems)} problems")
    if problems:
        raise typer.Exit(1)


@app.command("test")
def play_scripts(
    folder: Annotated[
        Path | None, typer.Argument(help="Folder of flows; default: those shipped.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Play the scripts in FOLDER/tests/ on the flows of FOLDER, without a phone.

    Exit 1 if one goes otherwise than it expects, or if no script takes some way of a flow.
    """
    with clear_errors():
        place = folder or flows_path()
    try:
        report = try_flows(place)
    except DocumentError as error:
        report = TrialReport((), error.problems)
    if as_json:
        flows = msgspec.to_builtins(report.trials)
        problems = _plain(report.problems)
        print_json({"ok": not problems, "flows": flows, "problems": problems})
    else:
        _print(report.problems)
        for trial in report.trials:
            typer.echo(
                f"{trial.flow}: {trial.scripts} scripts played, "
                f"{trial.ways_taken} of {trial.ways} ways taken"
            )
    if report.problems:
        raise typer.Exit(1)


@app.command("prompts")
def write_prompts(
    out: Annotated[Path, typer.Option("--out", help="The folder to write into.")],
    folder: Annotated[
        Path | None, typer.Argument(help="Folder of flows; default: those shipped.")
    ] = None,
) -> None:
    """Speak the prompts' texts into 8 kHz files, with espeak-ng; and music on hold.

    Files that are there stay: put a real voice's recordings in their place at any time. Without
    espeak-ng a tone of the same length stands in for each.
    """
    with clear_errors():
        prompts = load_prompts(folder or flows_path())
        write_sounds(out, prompts)
    typer.echo(f"{len(prompts)} prompts and music on hold are in {out}")
    typer.echo(f"  link it for Asterisk:  ln -s {out.resolve()} .../asterisk/sounds/cc")
    if shutil.which("espeak-ng") is None:
        typer.echo("espeak-ng is not installed: the prompts are tones", err=True)


@app.command("draw")
def draw_flow(file: Annotated[Path, typer.Argument(help="A flow document.")]) -> None:
    """Print a flow as a Mermaid flowchart."""
    with clear_errors():
        typer.echo(draw(load_flow(file)), nl=False)


def _check(
    places: Sequence[Path], queues: Sequence[str] | None
) -> tuple[int, tuple[DocumentProblem, ...]]:
    """How many flows were looked at, and what is wrong with them."""
    checked = 0
    problems: dict[DocumentProblem, None] = {}
    for place in places:
        try:
            files = list_flow_files(place) if place.is_dir() else (place,)
            checked += len(files)
            prompts = find_prompts(place if place.is_dir() else place.parent)
            load_flow_files(files, queues, prompts)
        except DocumentError as error:
            problems.update(dict.fromkeys(error.problems))
    return checked, tuple(problems)


def _plain(problems: Sequence[DocumentProblem]) -> list[dict[str, object]]:
    return [msgspec.structs.asdict(problem) for problem in problems]


def _print(problems: Sequence[DocumentProblem]) -> None:
    for problem in problems:
        typer.echo(str(problem))
