"""Makes bad input of good input: of bytes, and of JSON by its schema. All of it drawn from a
``Random``, so an input is known by its seed and number.

Mutations know what the formats are made of (``tokens``, numbers, other inputs to take pieces of):
bytes of pure chance are refused at the first look, and what lies behind it is never reached.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

CHANGES_MAX = 8
"""Changes to one input. Most inputs get one or two: with more of them nothing is left to read."""
REPEATS_MAX = 400
PIECES_MAX = 12
LENGTH_MAX = 200_000
"""Bytes of one input: longer ones are cut."""

_NUMBER = re.compile(rb"[0-9]+")
NUMBERS = (
    b"",
    b"0",
    b"-1",
    b"1",
    b"255",
    b"256",
    b"65536",
    b"2147483648",
    b"4294967295",
    b"9223372036854775808",
    b"18446744073709551616",
    b"1e400",
    b"NaN",
    b"0x10",
    b"1_0",
    b"00001",
    "\u0661\u0662".encode(),
    "\u00b2".encode(),
    b"9" * 5000,
)
"""In place of a number: beyond every width, and what only some readers take for one."""
RUBBISH = (
    b"\x00",
    b"\r",
    b"\n",
    b"\r\n",
    b"\r\n\r\n",
    b"\x7f",
    b"\x1b[2J",
    b"\xff",
    b"\xc1",
    b"\xed\xa0\x80",
    b"\xf0\x9f\x98\x80",
    b"\xe2\x80\xa8",
    b"\xef\xbb\xbf",
    b"%",
    b"%0a",
    b"%00",
    b"%ff",
    b"%u0041",
    b"..",
    b"/",
    b"'",
    b'"',
    b"`",
    b"${x}",
    b"$(x)",
    b"<b>",
    b"=1+1",
    b"A" * 70_000,
    b"(",
    b"((((",
)
"""What breaks readers: ends of lines, halves of characters, what other languages take for code."""


def mutate(
    rng: Random, good: bytes, tokens: Sequence[bytes] = (), others: Sequence[bytes] = ()
) -> bytes:
    """Bad bytes near these good ones. ``tokens``: words of the format; ``others``: more inputs, of
    which pieces are taken."""
    data = bytearray(good)
    for _ in range(min(CHANGES_MAX, 1 + int(rng.expovariate(0.7)))):
        _change(rng, data, tokens, others)
    return bytes(data[:LENGTH_MAX])


def _change(rng: Random, data: bytearray, tokens: Sequence[bytes], others: Sequence[bytes]) -> None:
    at, end = _draw_range(rng, len(data))
    match rng.randrange(11):
        case 0 if data:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        case 1:
            data[at:end] = rng.randbytes(end - at)
        case 2:
            del data[at:end]
        case 3:
            data[at:at] = data[at:end]
        case 4:
            data[at:at] = bytes(data[at:end][:400]) * rng.randrange(REPEATS_MAX)
        case 5:
            del data[at:]
        case 6:
            data[at:at] = rng.choice(RUBBISH)
        case 7 | 8 if numbers := list(_NUMBER.finditer(data)):
            number = rng.choice(numbers)
            data[number.start() : number.end()] = rng.choice(NUMBERS)
        case 9 if others:
            other = rng.choice(others)
            start, stop = _draw_range(rng, len(other))
            data[at:end] = other[start:stop]
        case _ if tokens:
            data[at : rng.choice((at, end))] = rng.choice(tokens)
        case _:
            data[at:at] = rng.randbytes(rng.randrange(20))


def _draw_range(rng: Random, length: int) -> tuple[int, int]:
    """Mostly a short one."""
    at = rng.randint(0, length)
    return at, min(length, at + int(rng.expovariate(1 / 30)))


def cut(rng: Random, data: bytes) -> list[bytes]:
    """The bytes in pieces, as a network delivers them."""
    ends = sorted(rng.randint(0, len(data)) for _ in range(rng.randrange(PIECES_MAX)))
    return [data[start:end] for start, end in zip([0, *ends], [*ends, len(data)], strict=True)]


# --- JSON -----------------------------------------------------------------------------------------

VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    1.5,
    1e308,
    -0.0,
    2**31,
    2**63,
    2**64,
    10**400,
    "",
    " ",
    "0",
    "true",
    "\x00",
    "\n",
    "\U0001f600",
    "\u2028",
    "x" * 70_000,
    "\u202e",
    "A\u0300",
    [],
    {},
    [[]],
    [None],
    {"": ""},
    {"__proto__": 1},
    "9" * 400,
    "2026-02-30",
    "=cmd()",
    "'; DROP TABLE calls;--",
)
"""In place of any value. No lone surrogate: JSON text in UTF-8 cannot hold one."""


def spoil(rng: Random, value: Any) -> Any:
    """The value with something in it that should not be there."""
    if rng.random() < 0.3 or not isinstance(value, (dict, list)) or not value:
        return _spoil_here(rng, value)
    if isinstance(value, list):
        place = rng.randrange(len(value))
        return [spoil(rng, each) if n == place else each for n, each in enumerate(value)]
    key = rng.choice(list(value))
    return {name: spoil(rng, each) if name == key else each for name, each in value.items()}


def _spoil_here(rng: Random, value: Any) -> Any:
    if isinstance(value, dict) and rng.random() < 0.7:
        changed = dict(value)
        if changed and rng.random() < 0.5:
            del changed[rng.choice(list(changed))]
        else:
            changed[rng.choice(("extra", "", "__class__", *value))] = rng.choice(VALUES)
        return changed
    match rng.randrange(4):
        case 0:
            return [value] * rng.randrange(1, 300)
        case 1:
            for _ in range(rng.randrange(1, 400)):
                value = [value] if rng.random() < 0.5 else {"a": value}
            return value
        case _:
            return rng.choice(VALUES)


def draw(rng: Random, schema: Mapping[str, Any], words: Sequence[str], top: Any = None) -> Any:
    """A value that this JSON schema takes, or nearly: texts are ``words``, whatever the pattern."""
    top = schema if top is None else top
    if "$ref" in schema:
        return draw(rng, top["$defs"][schema["$ref"].rpartition("/")[2]], words, top)
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return draw(rng, rng.choice(schema[several]), words, top)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return rng.choice(schema["enum"])
    match schema.get("type"):
        case "object":
            return dict(_draw_object(rng, schema, words, top))
        case "array":
            items = schema.get("items") or {}
            least = schema.get("minItems", 0)
            return [draw(rng, items, words, top) for _ in range(least + rng.randrange(4))]
        case "string":
            return rng.choice(words)
        case "integer" | "number" as kind:
            low = schema.get("minimum", schema.get("exclusiveMinimum", 0))
            high = schema.get("maximum", schema.get("exclusiveMaximum", low + 1000))
            return rng.randint(int(low), int(high)) if kind == "integer" else rng.uniform(low, high)
        case "boolean":
            return rng.random() < 0.5
        case _:
            return None


def _draw_object(
    rng: Random, schema: Mapping[str, Any], words: Sequence[str], top: Any
) -> Iterator[tuple[str, Any]]:
    needed = schema.get("required", ())
    for name, each in schema.get("properties", {}).items():
        if name in needed or rng.random() < 0.4:
            yield name, draw(rng, each, words, top)
    if isinstance(extra := schema.get("additionalProperties"), dict):
        for _ in range(rng.randrange(3)):
            names = extra.get("propertyNames", schema.get("propertyNames", {"type": "string"}))
            yield str(draw(rng, names, words, top)), draw(rng, extra, words, top)
