"""The ways that lead from node to node in a flow: what checks, scripts and drawings speak of."""

from __future__ import annotations

from typing import assert_never

from msgspec import Struct

from callcenter.domain.flow import Flow, HangupNode, MenuNode, Node, PlayNode, QueueNode

NEXT = "next"
"""The key of the one way that leads on from a prompt."""
OTHERWISE = "otherwise"
"""The key of the way after a menu's last try."""


class Way(Struct, frozen=True):
    """One way out of a node."""

    node: str
    key: str
    """The digit, ``NEXT`` or ``OTHERWISE``."""
    to: str
    """The node it leads to; there may be none of that name."""

    def __str__(self) -> str:
        return f"{self.node} --{self.key}--> {self.to}"

    @property
    def place(self) -> tuple[str, ...]:
        """The keys under which it stands in the flow's document."""
        choice = () if self.key in (NEXT, OTHERWISE) else ("choices",)
        return ("nodes", self.node, *choice, self.key)


def ways_from(name: str, node: Node) -> tuple[Way, ...]:
    """The ways out of one node; a queue or a hang-up has none."""
    match node:
        case PlayNode():
            return (Way(name, NEXT, node.next),)
        case MenuNode():
            chosen = tuple(Way(name, digit, to) for digit, to in node.choices.items())
            return (*chosen, Way(name, OTHERWISE, node.otherwise))
        case QueueNode() | HangupNode():
            return ()
        case _:
            assert_never(node)


def ways_of(flow: Flow) -> tuple[Way, ...]:
    """All ways of a flow, in the order of its document."""
    return tuple(way for name, node in flow.nodes.items() for way in ways_from(name, node))
