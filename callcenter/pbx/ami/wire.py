"""The bytes of AMI: an incremental parser of what a PBX sends, an encoder of actions. PURE.

AMI is text: a greeting line, then messages of `Key: value` lines, each message ended by an empty
line. Nothing here knows what a message means (that is `translate`) or how bytes travel (that is
`connection`).

Why an own parser: panoramisk's takes most of its time for a regular expression per registered
pattern and a case-insensitive dict, and it loses characters that are split between two reads.
Here bytes are only decoded once a message is whole, so a split character cannot arise.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Final

import msgspec

AmiMessage = dict[str, str | list[str]]
"""One message: header -> value, spelt as the PBX spells it; a repeated header -> list of values."""

ActionHeaders = Mapping[str, str | int | Sequence[str]]
"""One action to send: header -> value; a sequence becomes that many lines of the same header."""

GREETING_PREFIX: Final = "Asterisk Call Manager/"

GREETING_BYTES_MAX: Final = 256
"""Asterisk's greeting has 30; more without a line end is another protocol."""

MESSAGE_BYTES_MAX: Final = 1_048_576
"""Bytes in one message. The longest seen is AsyncAGIStart with 2,000; CLI output may be long."""

HEADERS_MAX: Final = 5_000
"""Lines in one message. Events have up to 60; CLI output has one `Output` for each of its lines."""

LINE_CHARS_MAX: Final = 65_536
"""Characters in one line. Variables and URL-encoded AGI answers stay under 20,000."""

FAULTS_KEPT_MAX: Final = 100
"""Faults kept between two calls of `take_faults`; later ones are only counted."""

ACTION_LINE_BYTES_MAX: Final = 1_020
"""Bytes in one line of an action. Asterisk 22 takes 1,020; from a line of 1,023 on it throws away
what it has read of the action and takes the rest of it for another one."""

ACTION_LINES_MAX: Final = 128
"""Lines in one action: Asterisk 22 takes 128 and answers 129 with an error without ActionID."""

_END: Final = b"\r\n\r\n"
_EOL: Final = "\r\n"
_FORBIDDEN: Final = re.compile(r"[\r\n\0]")
_SINGLE: Final = ("Event", "Response", "Action", "ActionID")
_TITLE_BYTES: Final = 40
"""Bytes of a message's first line that a fault shows: enough for any event's name."""
_TAIL: Final = len(_END) - 1
"""Bytes at the end of the buffer that may be the beginning of a message's end."""


class GreetingError(ValueError):
    """What answered is not AMI: its first line is not Asterisk's greeting."""


class InvalidActionError(ValueError):
    """An action that must not be written: it would be read as something else by the PBX."""


class WireLimits(msgspec.Struct, frozen=True):
    """Bounds of what a peer may send; what exceeds one is skipped and reported as a fault."""

    message_bytes_max: int = MESSAGE_BYTES_MAX
    headers_max: int = HEADERS_MAX
    line_chars_max: int = LINE_CHARS_MAX


class AmiParser:
    """Turns bytes, cut anywhere, into messages; never fails because of one bad message.

    `wanted`: names of events to deliver. Others are dropped by looking at their first line only,
    except those with an ActionID: they answer an action (rows of a list). None delivers all.
    `greeting`: whether the stream begins with Asterisk's greeting line.
    """

    __slots__ = (
        "_buffer",
        "_faults",
        "_limits",
        "_searched",
        "_skipping",
        "_wanted",
        "faulty",
        "greeting",
        "messages",
        "skipped",
    )

    def __init__(
        self,
        *,
        wanted: Container[str] | None = None,
        greeting: bool = True,
        limits: WireLimits | None = None,
    ) -> None:
        self._wanted = wanted
        self._limits = limits or WireLimits()
        self._buffer = bytearray()
        self._searched = 0
        self._skipping = False
        self._faults: list[str] = []
        self.greeting: str | None = None if greeting else ""
        """Asterisk's first line, None until it has come; empty for a stream without one."""
        self.messages = 0
        """Messages delivered."""
        self.skipped = 0
        """Events dropped because their name is not wanted."""
        self.faulty = 0
        """Faults met, those no longer kept included."""

    def feed(self, data: bytes) -> list[AmiMessage]:
        """Take the next bytes of the stream; return the messages that they complete, in order.

        Raises GreetingError when the stream does not begin as AMI does.
        """
        buffer = self._buffer
        buffer += data
        if self.greeting is None and not self._read_greeting():
            return []
        if self._skipping and not self._skip():
            return []
        end = buffer.rfind(_END, self._searched)
        if end < 0:
            self._searched = max(0, len(buffer) - _TAIL)
            self._bound_partial()
            return []
        cut = end + len(_END)
        while buffer.endswith(b"\r\n", 0, end):  # a blank line too many: no part of the message
            end -= len(_EOL)
        whole = buffer[:end]
        del buffer[:cut]
        self._searched = max(0, len(buffer) - _TAIL)
        if end > self._limits.message_bytes_max:
            whole = self._without_oversized(whole)
        messages = self._split(whole.decode("utf-8", "replace"))
        self._bound_partial()
        return messages

    def take_faults(self) -> list[str]:
        """Return what was wrong since the last call, one sentence each, and forget it."""
        faults, self._faults = self._faults, []
        return faults

    @property
    def buffered(self) -> int:
        """Bytes held back because their message is not whole yet."""
        return len(self._buffer)

    def _read_greeting(self) -> bool:
        buffer = self._buffer
        end = buffer.find(b"\n", 0, GREETING_BYTES_MAX)
        line = buffer[: GREETING_BYTES_MAX if end < 0 else end].decode("utf-8", "replace").rstrip()
        seen = line[: len(GREETING_PREFIX)]
        if seen != GREETING_PREFIX[: len(seen)] or (end >= 0 and seen != GREETING_PREFIX):
            raise GreetingError(f"its first line is {line[:80]!r}, not {GREETING_PREFIX!r}...")
        if end < 0:
            if len(buffer) > GREETING_BYTES_MAX:
                raise GreetingError(f"its first line is longer than {GREETING_BYTES_MAX} bytes")
            return False
        self.greeting = line
        del buffer[: end + 1]
        return True

    def _bound_partial(self) -> None:
        """Give up a message that is too long already, so that memory stays bounded."""
        longest = self._limits.message_bytes_max + _TAIL
        if len(self._buffer) <= longest:
            return
        self._buffer = self._buffer.lstrip(b"\r\n")  # blank lines are no part of the message
        self._searched = max(0, len(self._buffer) - _TAIL)
        if len(self._buffer) > longest:
            self._oversized(self._buffer)
            self._skipping = True
            self._drop_to_tail()

    def _skip(self) -> bool:
        """Drop bytes to the end of the message given up; true when that end has come."""
        end = self._buffer.find(_END)
        if end < 0:
            self._drop_to_tail()
            return False
        del self._buffer[: end + len(_END)]
        self._skipping = False
        self._searched = 0
        return True

    def _drop_to_tail(self) -> None:
        del self._buffer[: max(0, len(self._buffer) - _TAIL)]
        self._searched = 0

    def _without_oversized(self, whole: bytearray) -> bytearray:
        kept = []
        for block in whole.split(_END):
            if len(block.lstrip(b"\r\n")) > self._limits.message_bytes_max:
                self._oversized(block)
            else:
                kept.append(block)
        return bytearray(_END).join(kept)

    def _oversized(self, block: bytearray) -> None:
        begins = block.lstrip(b"\r\n")[:_TITLE_BYTES].split(b"\r\n", 1)[0]
        self._fault(
            f"message skipped: longer than {self._limits.message_bytes_max} bytes "
            f"({begins.decode('utf-8', 'replace')})"
        )

    def _split(self, text: str) -> list[AmiMessage]:
        wanted = self._wanted
        parse = self._parse
        found: list[AmiMessage] = []
        for part in text.split("\r\n\r\n"):
            block = part.strip(_EOL)  # Asterisk sometimes sends one line end too many
            if not block:
                continue
            if wanted is not None and block.startswith("Event: "):
                name = block[7:].partition(_EOL)[0]
                if name not in wanted and "\r\nActionID: " not in block:
                    self.skipped += 1
                    continue
            message = parse(block)
            if message is not None:
                found.append(message)
        self.messages += len(found)
        return found

    def _parse(self, block: str) -> AmiMessage | None:
        limits = self._limits
        lines = block.split(_EOL)
        if len(lines) > limits.headers_max:
            self._refuse(lines, f"more than {limits.headers_max} lines")
            return None
        if len(block) > limits.line_chars_max and max(map(len, lines)) > limits.line_chars_max:
            self._refuse(lines, f"a line longer than {limits.line_chars_max} characters")
            return None
        # The usual message has one `Key: value` a line and no key twice: the dict is built in C.
        pairs = [line.split(": ", 1) for line in lines]
        try:
            message: AmiMessage = dict(pairs)  # type: ignore[assignment]  # dict is invariant in values
        except ValueError:
            return self._parse_unusual(lines)
        if ":" in "".join(message):
            return self._parse_unusual(lines)
        if len(message) != len(lines):
            return self._gather(pairs, message, lines)
        return message

    def _gather(
        self, pairs: list[list[str]], message: AmiMessage, lines: list[str]
    ) -> AmiMessage | None:
        """Put the values of headers that come more than once together, as rows of Status have
        them; ``message`` has the last of each."""
        if "" in message:
            return self._parse_unusual(lines)
        seen: dict[str, None] = {}
        lists: dict[str, list[str]] = {}
        for key, _ in pairs:
            if key in seen:
                lists[key] = []
            seen[key] = None
        for key, value in pairs:
            if key in lists:
                lists[key].append(value)
        for key in _SINGLE:
            if key in lists:
                self._refuse(lines, f"header {key} comes more than once")
                return None
        message |= lists
        return message

    def _parse_unusual(self, lines: list[str]) -> AmiMessage | None:
        """Parse a message with repeated headers, `Key:` without a space, or lines that are none."""
        message: AmiMessage = {}
        for line in lines:
            key, colon, value = line.partition(":")
            if not colon or not key:
                self._fault(f"line left out: it has no header name ({_title(lines)})")
                continue
            value = value[1:] if value.startswith(" ") else value
            earlier = message.get(key)
            if earlier is None:
                message[key] = value
            elif isinstance(earlier, list):
                earlier.append(value)
            else:
                message[key] = [earlier, value]
        for key in _SINGLE:
            if isinstance(message.get(key), list):
                self._refuse(lines, f"header {key} comes more than once")
                return None
        return message or None

    def _refuse(self, lines: list[str], why: str) -> None:
        self._fault(f"message skipped: {why} ({_title(lines)})")

    def _fault(self, text: str) -> None:
        self.faulty += 1
        if len(self._faults) < FAULTS_KEPT_MAX:
            self._faults.append(text)


def _title(lines: Sequence[str]) -> str:
    """Name a message by its first line: values further down may hold people's numbers."""
    return lines[0][:80]


def first(message: AmiMessage, key: str, default: str = "") -> str:
    """Return the value of a header, the first one if it is repeated, `default` if it is absent."""
    value = message.get(key, default)
    return value if isinstance(value, str) else value[0]


def every(message: AmiMessage, key: str) -> list[str]:
    """Return all values of a header, in order; empty if it is absent."""
    value = message.get(key)
    if value is None:
        return []
    return [value] if isinstance(value, str) else value


def is_refusal(answer: AmiMessage) -> bool:
    """Tell whether the answer to an action says that it was not carried out."""
    return first(answer, "Response") in ("Error", "Failure", "Fail")


def pairs_of(headers: ActionHeaders) -> list[tuple[str, str]]:
    """Spread headers into lines: a sequence of values becomes a line for each.

    Refuses values that are neither text, whole number nor a sequence of texts: what `None` or
    `True` should look like on the wire is for the caller to say.
    """
    pairs: list[tuple[str, str]] = []
    for key, value in headers.items():
        if isinstance(value, str):
            pairs.append((key, value))
        elif isinstance(value, int) and not isinstance(value, bool):
            pairs.append((key, str(value)))
        elif isinstance(value, list | tuple):
            pairs.extend((key, item) for item in value)
        else:
            raise InvalidActionError(
                f"header {key!r} has a value of type {type(value).__name__}; "
                "give text, a whole number or a list of texts"
            )
    return pairs


def encode_message(pairs: Iterable[tuple[str, str]]) -> bytes:
    """Write one message; refuse whatever would add a header or a message to it.

    Raises InvalidActionError for CR, LF or NUL anywhere, a colon or space in a header's name, a
    value that is not text, and text that UTF-8 cannot hold. The error names the header and never
    shows the value, which may be a secret or a person's number.
    """
    lines: list[str] = []
    for key, value in pairs:
        if not isinstance(key, str) or not isinstance(value, str):
            raise InvalidActionError(f"header {key!r} must be text with a value that is text")
        if not key or _FORBIDDEN.search(key) or ":" in key or " " in key:
            raise InvalidActionError(
                f"{key!r} is no header name: it must be one word without colon or line break"
            )
        if _FORBIDDEN.search(value):
            raise InvalidActionError(
                f"the value of header {key!r} holds a line break or NUL, which would let it add "
                "headers or actions of its own; take it out before sending"
            )
        lines.append(f"{key}: {value}\r\n")
    lines.append(_EOL)
    try:
        return "".join(lines).encode()
    except UnicodeEncodeError as error:
        raise InvalidActionError(
            f"text that cannot be written as UTF-8 (a lone surrogate at character {error.start})"
        ) from error


def encode_action(pairs: Iterable[tuple[str, str]]) -> bytes:
    """Write one action: as `encode_message`, and within what Asterisk takes in.

    Raises InvalidActionError also when the first header is not `Action`, and for an action that
    Asterisk would throw away: a line or a number of lines beyond its buffers.
    """
    listed = list(pairs)
    if not listed or listed[0][0] != "Action" or not listed[0][1]:
        raise InvalidActionError("an action must begin with the header 'Action' and its name")
    if len(listed) > ACTION_LINES_MAX:
        raise InvalidActionError(
            f"action {listed[0][1]!r} has {len(listed)} lines; Asterisk takes {ACTION_LINES_MAX}"
        )
    encoded = encode_message(listed)
    if len(encoded) > ACTION_LINE_BYTES_MAX:
        for key, value in listed:
            if len(key) + 2 + len(value.encode()) > ACTION_LINE_BYTES_MAX:
                raise InvalidActionError(
                    f"header {key!r} is longer than the {ACTION_LINE_BYTES_MAX} bytes that "
                    "Asterisk reads of one line"
                )
    return encoded
