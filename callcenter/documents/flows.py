"""Reads flow documents and the texts of their prompts. What a flow means is checked in
``callcenter.ivr.validate``; here is its shape in YAML, and the line of every problem.

A folder of flows holds one flow in each ``*.yaml``, the texts in ``prompts/<language>/<name>.txt``
and scripts of key presses in ``tests/`` (``callcenter.documents.flow_scripts``).
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from callcenter.documents.yaml_lines import (
    DocumentError,
    DocumentProblem,
    LineIndex,
    explain,
    load_yaml,
    read_text,
)
from callcenter.domain.conditions import Kind
from callcenter.domain.customer import Attribute
from callcenter.domain.flow import Flow, HangupNode, MenuNode, Node, PlayNode, QueueNode
from callcenter.domain.ids import QueueId
from callcenter.ivr import validate

NODES_MAX = 200
"""Of one flow: no caller passes more than 50, and nobody reads more."""
TIMEOUT_S_MIN, TIMEOUT_S_MAX = 1.0, 30.0
"""For a digit, after the prompt's end: less nobody manages, and after more nobody is there."""
TRIES_MAX = 5
"""Who has not found a key after five times wants a person."""
PROMPT_BYTES_MAX = 4_000
"""Of one text: about four minutes of speech."""
SETS_MAX = 50
"""Attributes of one flow, or set by one node."""
TEXT_MAX = 100
"""Letters of such a text."""
LANGUAGE = "en"
"""Of the prompts, where none is named."""

_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
_Prompt = Annotated[str, Field(max_length=400)]  # its letters are checked with the graph
_Queue = Annotated[str, Field(min_length=1, max_length=64)]

_Attribute = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
_Kind = Literal["text", "number", "truth"]


def _read_value(written: object) -> Attribute:
    """One value, as the journal gives it back: numbers are floats."""
    if isinstance(written, bool) or (isinstance(written, str) and len(written) <= TEXT_MAX):
        return written
    if isinstance(written, int | float):
        return float(written)
    raise PydanticCustomError(
        "value",
        "this is no text, number or truth",
        {"mend": f"Write a text of at most {TEXT_MAX} letters, a number, true or false."},
    )


_Value = Annotated[Any, BeforeValidator(_read_value)]

_MENU = MenuNode("", {}, "")  # for what a menu has when nothing is written


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Setting(_Shape):
    sets: dict[_Attribute, _Value] = Field({}, alias="set", max_length=SETS_MAX)


class _Play(_Setting):
    type: Literal["play"]
    prompt: _Prompt
    next: str

    def node(self) -> Node:
        return PlayNode(self.prompt, self.next, self.sets)


class _Menu(_Setting):
    type: Literal["menu"]
    prompt: _Prompt
    choices: dict[str, str] = Field(min_length=1)
    otherwise: str
    timeout_s: float = Field(_MENU.timeout_s, ge=TIMEOUT_S_MIN, le=TIMEOUT_S_MAX)
    tries: int = Field(_MENU.tries, ge=1, le=TRIES_MAX)

    def node(self) -> Node:
        return MenuNode(
            self.prompt,
            self.choices,
            self.otherwise,
            self.timeout_s,
            self.tries,
            self.sets,
        )


class _QueueShape(_Setting):
    type: Literal["queue"]
    queue: _Queue

    def node(self) -> Node:
        return QueueNode(self.queue, self.sets)


class _Hangup(_Shape):
    type: Literal["hangup"]
    prompt: _Prompt = ""

    def node(self) -> Node:
        return HangupNode(self.prompt)


class _Untyped(BaseModel):
    type: Literal["play", "menu", "queue", "hangup"]


class _FlowShape(_Shape):
    nodes: dict[_Name, Any] = Field(min_length=1, max_length=NODES_MAX)
    id: _Name
    version: int = Field(ge=1)
    start: str
    default_queue: _Queue
    attributes: dict[_Attribute, Literal["text", "number", "truth"]] = Field(
        {}, max_length=SETS_MAX
    )

    shapes: ClassVar[dict[str, type[_Play | _Menu | _QueueShape | _Hangup]]] = {
        "play": _Play,
        "menu": _Menu,
        "queue": _QueueShape,
        "hangup": _Hangup,
    }


def load_flow(
    path: Path,
    queues: Collection[QueueId] | None = None,
    prompts: Collection[str] | None = None,
) -> Flow:
    """Read a flow that may be published.

    ``queues`` are those of the center, ``prompts`` those with a text or sound; without them these
    names are taken as right. Raises ``DocumentError`` with every problem.
    """
    data, lines = load_yaml(path)
    problems: list[DocumentProblem] = []
    nodes = _read_nodes(data.get("nodes"), lines, problems)
    try:
        shape = _FlowShape.model_validate(data)
    except ValidationError as error:
        problems += explain(error, _FlowShape, lines)
    if problems:
        # Names can be checked all the same; ways only when every node could be read.
        names = tuple(data["nodes"]) if isinstance(data.get("nodes"), dict) else ()
        found = validate.find_node_problems(nodes, names, queues, prompts)
        problems += [lines.problem(each.place, each.what, each.mend) for each in found]
        raise DocumentError(problems)
    declared = {name: Kind(kind) for name, kind in shape.attributes.items()}
    flow = Flow(shape.id, shape.version, shape.start, nodes, shape.default_queue, declared)
    meant = validate.find_problems(flow, queues, prompts)
    if meant:
        raise DocumentError([lines.problem(each.place, each.what, each.mend) for each in meant])
    return flow


def _read_nodes(data: Any, lines: LineIndex, problems: list[DocumentProblem]) -> dict[str, Node]:
    """The nodes that have the right shape, by name; problems of the others are added."""
    nodes: dict[str, Node] = {}
    for name, written in data.items() if isinstance(data, dict) else ():
        kind = written.get("type") if isinstance(written, dict) else None
        shape = _FlowShape.shapes.get(kind, _Untyped) if isinstance(kind, str) else _Untyped
        try:
            read = shape.model_validate(written)
        except ValidationError as error:
            problems += explain(error, shape, lines, ("nodes", name))
        else:
            assert not isinstance(read, _Untyped)  # refused: its type has no shape
            nodes[name] = read.node()
    return nodes


def list_documents(folder: Path) -> tuple[Path, ...]:
    """The YAML documents right in a folder, by name; none if there is no such folder."""
    if not folder.is_dir():
        return ()
    return tuple(sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml")))


def list_flow_files(folder: Path) -> tuple[Path, ...]:
    """The flow documents of a folder, by name. Raises ``DocumentError`` if there are none."""
    found = list_documents(folder)
    if not found:
        what = "there is no flow in this folder" if folder.is_dir() else "there is no such folder"
        mend = "Put flows into it as *.yaml, or name another folder."
        raise DocumentError([DocumentProblem(str(folder), 0, what, mend)])
    return found


def load_flows(
    folder: Path,
    queues: Collection[QueueId] | None = None,
    prompts: Collection[str] | None = None,
) -> tuple[Flow, ...]:
    """Read every flow of a folder, by file name. Raises ``DocumentError`` with every problem of
    every file."""
    return tuple(flow for _, flow in load_flow_files(list_flow_files(folder), queues, prompts))


def load_flow_files(
    paths: Collection[Path],
    queues: Collection[QueueId] | None = None,
    prompts: Collection[str] | None = None,
) -> tuple[tuple[Path, Flow], ...]:
    """Read these flows; two of them may not have the same id. Raises as ``load_flows``."""
    flows: list[tuple[Path, Flow]] = []
    first: dict[str, Path] = {}
    problems: list[DocumentProblem] = []
    for path in paths:
        try:
            flow = load_flow(path, queues, prompts)
        except DocumentError as error:
            problems += error.problems
            continue
        if flow.id in first:
            problems.append(
                load_yaml(path)[1].problem(
                    ("id",),
                    f"the id `{flow.id}` is taken by {first[flow.id]}",
                    "Give each flow an id of its own.",
                )
            )
        first.setdefault(flow.id, path)
        flows.append((path, flow))
    if problems:
        raise DocumentError(problems)
    return tuple(flows)


def load_prompts(folder: Path, language: str = LANGUAGE) -> dict[str, str]:
    """The texts of the prompts of a folder of flows, by prompt name.

    Raises ``DocumentError`` with every problem: no such folder, a text that is empty, too long or
    not UTF-8.
    """
    root = folder / "prompts" / language
    if not root.is_dir():
        raise DocumentError(
            [DocumentProblem(str(root), 0, "there is no such folder of prompts", "Make it.")]
        )
    texts: dict[str, str] = {}
    problems: list[DocumentProblem] = []
    for path in sorted(root.rglob("*.txt")):
        try:
            text = " ".join(read_text(path, PROMPT_BYTES_MAX).split())
        except DocumentError as error:
            problems += error.problems
            continue
        if not text:
            problems.append(DocumentProblem(str(path), 0, "is empty", "Write what is to be said."))
        texts[path.relative_to(root).with_suffix("").as_posix()] = text
    if problems:
        raise DocumentError(problems)
    return texts


def find_prompts(folder: Path) -> tuple[str, ...] | None:
    """The prompts that have a text in every language of a folder of flows.

    None when it holds no texts at all: its sounds are made elsewhere. Raises as ``load_prompts``.
    """
    root = folder / "prompts"
    languages = sorted(path.name for path in root.iterdir()) if root.is_dir() else []
    if not languages:
        return None
    texts = [load_prompts(folder, language) for language in languages]
    return tuple(name for name in texts[0] if all(name in each for each in texts))
