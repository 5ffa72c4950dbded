"""AMI messages of the simulated PBX: ordered headers, classes of events, and their bytes.

Nothing here knows calls. Order and spelling of headers are those of Asterisk 22.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntFlag
from functools import cache
from typing import TypeAlias

Message: TypeAlias = list[tuple[str, str]]
"""One AMI message: headers in order, names may repeat."""

AMI_VERSION = "11.0.0"
"""What Asterisk 22 calls its manager interface."""
GREETING = f"Asterisk Call Manager/{AMI_VERSION}\r\n".encode()
"""The line with which Asterisk opens every session; no blank line follows."""


class Privilege(IntFlag):
    """Classes of events and actions, with Asterisk's own numbers."""

    NONE = 0
    SYSTEM = 1 << 0
    CALL = 1 << 1
    LOG = 1 << 2
    VERBOSE = 1 << 3
    COMMAND = 1 << 4
    AGENT = 1 << 5
    USER = 1 << 6
    CONFIG = 1 << 7
    DTMF = 1 << 8
    REPORTING = 1 << 9
    CDR = 1 << 10
    DIALPLAN = 1 << 11
    ORIGINATE = 1 << 12
    AGI = 1 << 13
    CC = 1 << 15
    AOC = 1 << 16
    TEST = 1 << 17
    SECURITY = 1 << 18
    MESSAGE = 1 << 30


ALL_CLASSES = Privilege(sum(Privilege))
_TRUE_WORDS = frozenset({"yes", "true", "y", "t", "1", "on"})
_FALSE_WORDS = frozenset({"no", "false", "n", "f", "0", "off"})


def parse_classes(text: str) -> Privilege:
    """The classes named in ``text``, as manager.conf lists them: ``call,agent``; unknown names
    count for nothing.
    """
    classes = Privilege.NONE
    for word in text.lower().split(","):
        name = word.strip().upper()
        if name == "ALL":
            classes |= ALL_CLASSES
        elif name in Privilege.__members__:
            classes |= Privilege[name]
    return classes


def parse_event_mask(text: str) -> Privilege | None:
    """What ``Events`` or ``EventMask`` asks for: ``on``, ``off``, a number or classes; None when
    it is empty.
    """
    word = text.strip().lower()
    if not word:
        return None
    if word.isdigit() and word not in {"0", "1"}:
        return Privilege(int(word) & ALL_CLASSES)
    if is_true(word):
        return ALL_CLASSES
    if word in _FALSE_WORDS:
        return Privilege.NONE
    return parse_classes(word)


def is_true(word: str) -> bool:
    """Whether Asterisk takes this value of a header or setting for yes."""
    return word.strip().lower() in _TRUE_WORDS


@cache
def describe(classes: Privilege) -> str:
    """The value of ``Privilege:`` in an event of these classes, e.g. ``call,all``."""
    names = [(one.name or "").lower() for one in Privilege if one and one in classes]
    return ",".join([*names, "all"])


def get(message: Sequence[tuple[str, str]], name: str) -> str:
    """The first header of this name, in any case; empty when there is none."""
    wanted = name.lower()
    for key, value in message:
        if key.lower() == wanted:
            return value
    return ""


def get_all(message: Sequence[tuple[str, str]], name: str) -> list[str]:
    """Every header of this name, in any case, in order."""
    wanted = name.lower()
    return [value for key, value in message if key.lower() == wanted]


def encode(message: Iterable[tuple[str, str]]) -> bytes:
    """The message as it goes over the wire."""
    return ("\r\n".join(map(": ".join, message)) + "\r\n\r\n").encode()


def parse_block(block: bytes) -> Message:
    """The headers of one received message, its ending blank line left out.

    Asterisk's own parser: a line without a colon is dropped, blanks before the value are skipped.
    """
    headers: Message = []
    for line in block.decode("utf-8", "replace").replace("\r", "").split("\n"):
        key, colon, value = line.partition(":")
        if colon:
            headers.append((key, value.lstrip()))
    return headers
