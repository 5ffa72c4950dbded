"""Reads scripts of key presses and tries them on the flows of a folder, without a phone.

``<folder>/tests/*.yaml`` hold them; what playing one means is in ``callcenter.ivr.script``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from msgspec import Struct
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from callcenter.documents.flows import (
    find_prompts,
    list_documents,
    list_flow_files,
    load_flow_files,
)
from callcenter.documents.yaml_lines import (
    DocumentError,
    DocumentProblem,
    explain,
    in_order,
    load_yaml,
)
from callcenter.domain.flow import Flow
from callcenter.domain.ids import FlowId
from callcenter.ivr.engine import End, Enqueue
from callcenter.ivr.script import SILENCE, Script, find_differences, find_untaken_ways
from callcenter.ivr.validate import DIGITS
from callcenter.ivr.ways import ways_of

SCRIPTS_MAX = 500
"""In one file: the ways of the largest flow, once each."""
KEYS_MAX = 250
"""Of one script: five tries at each of the 50 nodes that a caller may pass."""


def _key(written: object) -> object:
    """One key press: a digit may stand without quotation marks, ``silence`` is none in time."""
    pressed = str(written) if type(written) is int else written
    if pressed == "silence":
        return SILENCE
    if isinstance(pressed, str) and len(pressed) == 1 and pressed in DIGITS:
        return pressed
    raise PydanticCustomError(
        "key", "this is no key of a telephone", {"mend": 'Write 0 to 9, "*", "#" or silence.'}
    )


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _ScriptShape(_Shape):
    name: Annotated[str, Field(min_length=1, max_length=200)]
    keys: list[Annotated[str, BeforeValidator(_key)]] = Field([], max_length=KEYS_MAX)
    path: list[str] = Field(min_length=1)
    end: Annotated[str, Field(pattern=r"^(hangup|queue \S.*)$")]


class _FileShape(_Shape):
    flow: str
    scripts: list[_ScriptShape] = Field(min_length=1, max_length=SCRIPTS_MAX)


class ScriptFile(Struct, frozen=True):
    """The scripts of one file, all for one flow."""

    path: Path
    flow: FlowId
    flow_line: int
    """Where the flow is named."""
    scripts: tuple[Script, ...]
    lines: tuple[int, ...]
    """Where each of them begins."""


class Trial(Struct, frozen=True):
    """How one flow did."""

    flow: FlowId
    scripts: int
    ways: int
    ways_taken: int


class TrialReport(Struct, frozen=True):
    """How a folder of flows did; without problems every way was taken and went as expected."""

    trials: tuple[Trial, ...]
    problems: tuple[DocumentProblem, ...]


def load_scripts(path: Path) -> ScriptFile:
    """Read a file of scripts. Raises ``DocumentError`` with every problem."""
    data, lines = load_yaml(path)
    try:
        shape = _FileShape.model_validate(data)
    except ValidationError as error:
        raise DocumentError(explain(error, _FileShape, lines)) from None
    return ScriptFile(
        path,
        shape.flow,
        lines.line("flow"),
        tuple(
            Script(each.name, tuple(each.keys), tuple(each.path), _end(each.end))
            for each in shape.scripts
        ),
        tuple(lines.line("scripts", index) for index in range(len(shape.scripts))),
    )


def _end(written: str) -> Enqueue | End:
    _, _, queue = written.partition(" ")
    return Enqueue(queue.strip()) if queue else End()


def try_flows(folder: Path) -> TrialReport:
    """Check the flows of a folder, and play every script of its ``tests/``.

    Problems are: a script that goes otherwise, a script for no flow, a way that no script takes.
    Raises ``DocumentError`` when flows, prompts or scripts themselves are wrong.
    """
    flows = load_flow_files(list_flow_files(folder), prompts=find_prompts(folder))
    files = _load_script_files(folder / "tests")
    problems = [problem for each in files for problem in _try_scripts(each, flows)]
    trials = []
    for path, flow in flows:
        scripts = [script for file in files if file.flow == flow.id for script in file.scripts]
        untaken = find_untaken_ways(flow, scripts)
        lines = load_yaml(path)[1]
        problems += [
            lines.problem(way.place, f"no script takes {way}", "Add one to tests/.")
            for way in untaken
        ]
        ways = len(ways_of(flow))
        trials.append(Trial(flow.id, len(scripts), ways, ways - len(untaken)))
    return TrialReport(tuple(trials), in_order(problems))


def _load_script_files(folder: Path) -> list[ScriptFile]:
    files: list[ScriptFile] = []
    problems: list[DocumentProblem] = []
    for path in list_documents(folder):
        try:
            files.append(load_scripts(path))
        except DocumentError as error:
            problems += error.problems
    if problems:
        raise DocumentError(problems)
    return files


def _try_scripts(file: ScriptFile, flows: tuple[tuple[Path, Flow], ...]) -> list[DocumentProblem]:
    flow = next((flow for _, flow in flows if flow.id == file.flow), None)
    if flow is None:
        what = f"there is no flow `{file.flow}`"
        return [DocumentProblem(str(file.path), file.flow_line, what, "Name a flow's id.")]
    return [
        DocumentProblem(
            str(file.path),
            line,
            f"`{script.name}` {what}",
            "Change the flow, or what the script expects.",
        )
        for line, script in zip(file.lines, file.scripts, strict=True)
        for what in find_differences(flow, script)
    ]
