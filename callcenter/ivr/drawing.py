"""Draws a flow as a Mermaid flowchart, which GitHub, GitLab and many editors show as a picture."""

from __future__ import annotations

from typing import assert_never

from callcenter.domain.flow import Flow, HangupNode, MenuNode, Node, PlayNode, QueueNode
from callcenter.ivr.ways import NEXT, ways_of


def draw(flow: Flow) -> str:
    """The flow from left to right, digits on the arrows, ending with a line break."""
    # Names of nodes would do as ids, were not words like "end" reserved.
    ids = {name: f"n{number}" for number, name in enumerate(flow.nodes)}
    lines = ["flowchart LR"]
    lines += [f"  {ids[name]}{_box(name, node)}" for name, node in flow.nodes.items()]
    lines.append(f"  start(( )) --> {ids[flow.start]}")
    for way in ways_of(flow):
        label = "" if way.key == NEXT else f'|"{way.key}"|'
        lines.append(f"  {ids[way.node]} -->{label} {ids[way.to]}")
    return "\n".join(lines) + "\n"


def _box(name: str, node: Node) -> str:
    """Shapes by kind: a rectangle speaks, a rhombus asks, round ends are ends."""
    match node:
        case PlayNode():
            return f'["{name}<br/>plays {node.prompt}"]'
        case MenuNode():
            return f'{{"{name}<br/>asks {node.prompt}"}}'
        case QueueNode():
            return f'(["{name}<br/>queue {node.queue}"])'
        case HangupNode():
            return f'(["{name}<br/>{f"says {node.prompt}, " if node.prompt else ""}hangs up"])'
        case _:
            assert_never(node)
