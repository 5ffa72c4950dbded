"""Own attributes of customers, as the kind that a document of rules declares them to be.

The directory keeps them as they stood in a file, as text; which kind they are of is said by the
rules, and may be said otherwise by the next version.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from callcenter.domain.conditions import Kind, Value
from callcenter.domain.customer import Attribute

UNKNOWN: dict[Kind, Value] = {
    Kind.TEXT: "",
    Kind.NUMBER: 0.0,
    Kind.TRUTH: False,
    Kind.TEXTS: (),
}
"""The value of an attribute that nobody has given."""

YES = ("true", "yes", "1")
BETWEEN = "|"
"""Stands between several texts."""

_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")


def as_kind(value: Attribute | None, kind: Kind) -> Value:
    """The value as this kind; what cannot be read as one counts as not given."""
    if value is None:
        return UNKNOWN[kind]
    return _READ[kind](value)


def _as_text(value: Attribute) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return BETWEEN.join(value)
    return str(value).lower() if isinstance(value, bool) else f"{value:.15g}"


def _as_truth(value: Attribute) -> bool:
    return value if isinstance(value, bool) else _as_text(value).casefold() in YES


def _as_texts(value: Attribute) -> tuple[str, ...]:
    if isinstance(value, tuple):
        return value
    parts = (part.strip() for part in _as_text(value).split(BETWEEN))
    return tuple(part for part in parts if part)


def _as_number(value: Attribute) -> float:
    if isinstance(value, str):
        return float(value) if _NUMBER.fullmatch(value) else 0.0
    return 0.0 if isinstance(value, tuple) else float(value)


_READ: dict[Kind, Callable[[Attribute], Value]] = {
    Kind.TEXT: _as_text,
    Kind.NUMBER: _as_number,
    Kind.TRUTH: _as_truth,
    Kind.TEXTS: _as_texts,
}
