"""Walks a flow document: given where a caller is and what happened, says what to do next.

It knows nothing of Asterisk: ``callcenter.core.inbound`` turns its answers into commands.
"""

from __future__ import annotations

from typing import TypeAlias, assert_never

from msgspec import Struct

from callcenter.domain.customer import Attribute
from callcenter.domain.flow import Flow, HangupNode, MenuNode, Node, PlayNode, QueueNode
from callcenter.domain.ids import QueueId

MAX_STEPS = 50
"""Nodes a caller may pass in one flow; a flow that circles longer is broken off to a person."""


class Say(Struct, frozen=True):
    """Play this prompt, then ask again with ``after_prompt``."""

    prompt: str


class Ask(Struct, frozen=True):
    """Play this prompt, wait for a digit, then ask again with ``after_digit``."""

    prompt: str
    timeout_s: float


class Enqueue(Struct, frozen=True):
    """The caller goes to this queue."""

    queue: QueueId


class End(Struct, frozen=True):
    """The call is over."""


Action: TypeAlias = Say | Ask | Enqueue | End


class Move(Struct, frozen=True):
    """Where the caller is now and what to do there."""

    node: str
    action: Action
    tries: int = 0
    """Tries used up at this menu."""
    steps: int = 0
    """Nodes passed so far."""
    sets: dict[str, Attribute] = {}
    """What is known of the call from now on."""


def begin(flow: Flow) -> Move:
    """The first move of a caller."""
    return _enter(flow, flow.start, steps=0)


def after_prompt(flow: Flow, node_name: str, steps: int) -> Move:
    """The move after a prompt was played to its end."""
    node = flow.nodes.get(node_name)
    if isinstance(node, PlayNode):
        return _enter(flow, node.next, steps)
    if isinstance(node, HangupNode):
        return Move(node_name, End(), steps=steps)
    return _break_off(flow, node_name, steps)


def after_digit(flow: Flow, node_name: str, digit: str, tries: int, steps: int) -> Move:
    """The move after a menu was answered; ``digit`` is empty when nothing was pressed in time."""
    node = flow.nodes.get(node_name)
    if not isinstance(node, MenuNode):
        return _break_off(flow, node_name, steps)
    chosen = node.choices.get(digit)
    if chosen is not None:
        return _enter(flow, chosen, steps)
    if tries + 1 < node.tries:
        return Move(node_name, Ask(node.prompt, node.timeout_s), tries + 1, steps)
    return _enter(flow, node.otherwise, steps)


def asks(flow: Flow, node_name: str) -> bool:
    """Whether the caller is at a menu, so that the next move follows from a digit."""
    return isinstance(flow.nodes.get(node_name), MenuNode)


def again(flow: Flow, node_name: str, tries: int, steps: int) -> Move:
    """The move that repeats where the caller is: the answer was lost."""
    node = flow.nodes.get(node_name)
    if node is None:
        return _break_off(flow, node_name, steps)
    return Move(node_name, _action(node), tries, steps)


def _enter(flow: Flow, node_name: str, steps: int) -> Move:
    node = flow.nodes.get(node_name)
    if node is None or steps >= MAX_STEPS:
        return _break_off(flow, node_name, steps)
    sets = {} if isinstance(node, HangupNode) else node.sets
    return Move(node_name, _action(node), steps=steps + 1, sets=sets)


def _action(node: Node) -> Action:
    match node:
        case PlayNode():
            return Say(node.prompt)
        case MenuNode():
            return Ask(node.prompt, node.timeout_s)
        case QueueNode():
            return Enqueue(node.queue)
        case HangupNode():
            return Say(node.prompt) if node.prompt else End()
        case _ as never:
            assert_never(never)


def _break_off(flow: Flow, node_name: str, steps: int) -> Move:
    """No path without a way to a person: what cannot go on goes to the default queue."""
    return Move(node_name, Enqueue(flow.default_queue), steps=steps)
