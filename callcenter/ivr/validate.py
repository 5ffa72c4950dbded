"""Checks what a flow means: that every name leads somewhere and every caller to an end.

Whether the document has the right shape, and in which line a problem stands, is the business of
``callcenter.documents.flows``. Without these checks nobody would be lost (the engine breaks off to
a person), but callers would not hear what the author of the flow meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from difflib import get_close_matches

from msgspec import Struct

from callcenter.domain.conditions import Kind
from callcenter.domain.flow import INTENT, Flow, HangupNode, MenuNode, Node, PlayNode, QueueNode
from callcenter.domain.ids import QueueId
from callcenter.ivr.engine import MAX_STEPS
from callcenter.ivr.ways import ways_from

DIGITS = "0123456789*#"
"""The keys of a telephone."""

_TYPES: dict[Kind, type] = {Kind.TEXT: str, Kind.NUMBER: float, Kind.TRUTH: bool}
"""What values of each kind are written as; lists are set by no node."""

# Folders parted by slashes, as the PBX looks for the sound: 64 characters and five parts at most.
_PROMPT = re.compile(r"[a-z0-9_-]{1,64}(/[a-z0-9_-]{1,64}){0,4}")


class FlowProblem(Struct, frozen=True):
    """One thing wrong with a flow."""

    place: tuple[str, ...]
    """The keys under which it stands in the document."""
    what: str
    """Without a full stop."""
    mend: str
    """A sentence that says what to do."""


def find_problems(
    flow: Flow,
    queues: Collection[QueueId] | None = None,
    prompts: Collection[str] | None = None,
) -> tuple[FlowProblem, ...]:
    """Everything wrong with a flow; none means that it may be published.

    ``queues`` are those of the center, ``prompts`` those that have a sound or a text; without
    them these names are taken as right.
    """
    problems = find_node_problems(flow.nodes, tuple(flow.nodes), queues, prompts)
    if flow.start not in flow.nodes:
        mend = _suggest(flow.start, flow.nodes, "Name one of the nodes.")
        problems.append(FlowProblem(("start",), f"there is no node `{flow.start}`", mend))
    problems += _check_queue(("default_queue",), flow.default_queue, queues)
    problems += _check_sets(flow)
    return (*problems, *_Graph(flow).find_problems())


def find_node_problems(
    nodes: Mapping[str, Node],
    names: Collection[str],
    queues: Collection[QueueId] | None = None,
    prompts: Collection[str] | None = None,
) -> list[FlowProblem]:
    """What is wrong with single nodes: their names for other things.

    ``names`` are the names of all nodes of the document, also of those that could not be read.
    """
    problems: list[FlowProblem] = []
    for name, node in nodes.items():
        place = ("nodes", name)
        if isinstance(node, QueueNode):
            problems += _check_queue((*place, "queue"), node.queue, queues)
        elif node.prompt or not isinstance(node, HangupNode):
            problems += _check_prompt((*place, "prompt"), node.prompt, prompts)
        if isinstance(node, MenuNode):
            problems += _check_digits((*place, "choices"), node)
        for way in ways_from(name, node):
            if way.to not in names:
                mend = _suggest(way.to, names, "Add it, or name one that is there.")
                problems.append(FlowProblem(way.place, f"there is no node `{way.to}`", mend))
    return problems


def _check_digits(place: tuple[str, ...], menu: MenuNode) -> Iterable[FlowProblem]:
    for digit in menu.choices:
        if len(digit) != 1 or digit not in DIGITS:
            yield FlowProblem(
                (*place, digit),
                f"`{digit}` is no key of a telephone",
                "Use one of 0 to 9, * and #, the last two in quotation marks.",
            )


def _check_prompt(
    place: tuple[str, ...], prompt: str, prompts: Collection[str] | None
) -> Iterable[FlowProblem]:
    if not _PROMPT.fullmatch(prompt):
        yield FlowProblem(
            place,
            f"`{prompt}` is no name of a prompt",
            "Use small letters, digits, _ and -, with / between folders.",
        )
    elif prompts is not None and prompt not in prompts:
        mend = _suggest(prompt, prompts, f"Write the text of `{prompt}`.")
        yield FlowProblem(place, f"there is no prompt `{prompt}`", mend)


def _check_sets(flow: Flow) -> Iterable[FlowProblem]:
    known = {**flow.attributes, INTENT: Kind.TEXT}
    if INTENT in flow.attributes:
        what, mend = f"`{INTENT}` is there already", "Take it out: it is text."
        yield FlowProblem(("attributes", INTENT), what, mend)
    for name, node in flow.nodes.items():
        sets = {} if isinstance(node, HangupNode) else node.sets
        for attribute, value in sets.items():
            place = ("nodes", name, "set", attribute)
            kind = known.get(attribute)
            if kind is None:
                mend = _suggest(attribute, known, "Declare it under `attributes`.")
                yield FlowProblem(place, f"the attribute `{attribute}` is not declared", mend)
            elif not isinstance(value, _TYPES[kind]):
                mend = f"Write a {kind} here, or declare it as another kind."
                yield FlowProblem(place, f"`{attribute}` is declared as {kind}", mend)


def _check_queue(
    place: tuple[str, ...], queue: QueueId, queues: Collection[QueueId] | None
) -> Iterable[FlowProblem]:
    if queues is not None and queue not in queues:
        mend = _suggest(queue, queues, "Add it to the center's queues, or name one of them.")
        yield FlowProblem(place, f"there is no queue `{queue}`", mend)


def _nearest(word: str, words: Iterable[str]) -> str:
    """The word that was probably meant; empty when none is like it."""
    return next(iter(get_close_matches(word, tuple(words), n=1)), "")


def _suggest(word: str, words: Iterable[str], otherwise: str) -> str:
    meant = _nearest(word, words)
    return f"Did you mean `{meant}`?" if meant else otherwise


class _Graph:
    """A flow as ways between its nodes.

    A name that is nowhere was told already: here it stands for what was probably meant, or else
    for an end with a person, so that one slip of the pen is one problem and not ten.
    """

    def __init__(self, flow: Flow) -> None:
        self._nodes = flow.nodes
        self._start = self._find(flow.start)
        self._ways = {
            name: tuple(self._find(way.to) for way in ways_from(name, node))
            for name, node in flow.nodes.items()
        }
        self._ends = self._find_leading_to(lambda node: isinstance(node, QueueNode | HangupNode))
        self._persons = self._find_leading_to(lambda node: isinstance(node, QueueNode))

    def find_problems(self) -> Iterable[FlowProblem]:
        """What is wrong with the ways that callers go."""
        yield from self._check_circles()
        yield from self._check_ends()
        if self._start:
            yield from self._check_reach()
            yield from self._check_persons()

    def _find(self, name: str) -> str:
        return name if name in self._nodes else _nearest(name, self._nodes)

    def _find_leading_to(self, is_aim: Callable[[Node], bool]) -> dict[str, None]:
        """The nodes from which such a node can be reached, those nodes among them."""
        found = {name: None for name, node in self._nodes.items() if is_aim(node)}
        grew = True
        while grew:
            more = [
                name
                for name, ways in self._ways.items()
                if name not in found and any(not to or to in found for to in ways)
            ]
            found.update(dict.fromkeys(more))
            grew = bool(more)
        return found

    def _count_steps(self) -> dict[str, int]:
        """The nodes that callers reach, and after how many nodes, themselves counted."""
        steps = {self._start: 1}
        ahead = [self._start]
        for name in ahead:
            for to in self._ways[name]:
                if to and to not in steps:
                    steps[to] = steps[name] + 1
                    ahead.append(to)
        return steps

    def _check_reach(self) -> Iterable[FlowProblem]:
        steps = self._count_steps()
        for name in self._nodes:
            if name not in steps:
                yield FlowProblem(
                    ("nodes", name), f"no way leads to `{name}`", "Lead one to it, or remove it."
                )
            elif steps[name] > MAX_STEPS:
                yield FlowProblem(
                    ("nodes", name),
                    f"`{name}` is {steps[name]} nodes from the start; after {MAX_STEPS} a caller "
                    "is taken to a person",
                    "Make the way shorter.",
                )

    def _check_circles(self) -> Iterable[FlowProblem]:
        told: dict[str, None] = {}
        for start in self._nodes:
            circle: list[str] = []
            name = start
            while name not in circle and isinstance(self._nodes.get(name), PlayNode):
                circle.append(name)
                (name,) = self._ways[name]
            if name == start and circle and start not in told:
                told.update(dict.fromkeys(circle))
                yield FlowProblem(
                    ("nodes", start, "next"),
                    f"a circle without a menu: {' -> '.join((*circle, start))}",
                    "Lead one of them to a menu, a queue or a hang-up.",
                )

    def _check_ends(self) -> Iterable[FlowProblem]:
        for name, node in self._nodes.items():
            if isinstance(node, MenuNode) and name not in self._ends:
                yield FlowProblem(
                    ("nodes", name),
                    f"no way from the menu `{name}` leads to a person or a hang-up",
                    "Lead `otherwise` to a queue node.",
                )

    def _check_persons(self) -> Iterable[FlowProblem]:
        # Only menus part ways: if the start leads to a person, the first menu offers one.
        if self._start not in self._persons:
            yield FlowProblem(
                ("nodes",),
                "no way leads to a person",
                "Add a node of type queue, and lead a menu to it.",
            )
