"""What a caller is led through before a queue: the flow document as the machine sees it.

Loading from YAML, with line numbers and checks, is ``callcenter.documents.flows``; walking is
``callcenter.ivr.engine``.
"""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from callcenter.domain.conditions import Kind
from callcenter.domain.customer import Attribute
from callcenter.domain.ids import FlowId, QueueId

INTENT = "intent"
"""The attribute of a call that says what the caller wants: text, there without being declared."""


class PlayNode(Struct, frozen=True, tag="play"):
    """Plays one prompt to its end, then goes on."""

    prompt: str
    next: str
    sets: dict[str, Attribute] = {}
    """What is known of a call that comes here: attributes of ``call`` for the routing rules."""


class MenuNode(Struct, frozen=True, tag="menu"):
    """Plays a prompt and waits for one digit."""

    prompt: str
    choices: dict[str, str]
    """Digit -> node."""
    otherwise: str
    """The node after the last try without a valid digit."""
    timeout_s: float = 5.0
    """Time for a digit after the prompt's end."""
    tries: int = 2
    sets: dict[str, Attribute] = {}


class QueueNode(Struct, frozen=True, tag="queue"):
    """Hands the caller to a queue: the flow ends here."""

    queue: QueueId
    sets: dict[str, Attribute] = {}


class HangupNode(Struct, frozen=True, tag="hangup"):
    """Says good-bye and ends the call."""

    prompt: str = ""


Node: TypeAlias = PlayNode | MenuNode | QueueNode | HangupNode


class Flow(Struct, frozen=True):
    """A published flow."""

    id: FlowId
    version: int
    start: str
    nodes: dict[str, Node]
    default_queue: QueueId
    """Where a caller goes when the flow breaks off: no path without a way to a person."""
    attributes: dict[str, Kind] = {}
    """Those that nodes may set, beside ``INTENT``."""
