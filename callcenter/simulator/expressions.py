"""What Asterisk does to the text of a dialplan line: ``${NAME}``, ``${FUNCTION(x)}`` and
``$[expression]``.

The part of the language that a call center's dialplan needs; anything else raises
``Unmodelled``, so that a dialplan which the simulator would get wrong is found at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

Lookup = Callable[[str], str | None]
"""Gives a variable's value, None when it is not set."""
Call = Callable[[str, str], str]
"""Gives a function's value by its name and (already substituted) argument."""


class Unmodelled(Exception):  # noqa: N818 - says what the simulator lacks
    """The dialplan or a client asks for something that the simulated PBX does not know."""


KEPT = 1024
"""Texts and expressions whose reading is kept: a dialplan has some dozens of lines."""
_TOKEN = re.compile(r'\s*(?:"([^"]*)"|(<=|>=|!=|[=<>|&()+*/%!-])|([^\s"=<>|&()+*/%!-]+))')
_COMPARE: dict[str, Callable[[int], bool]] = {
    "=": lambda order: order == 0,
    "!=": lambda order: order != 0,
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
}


def substitute(text: str, lookup: Lookup, call: Call) -> str:
    """``text`` with every ``${...}`` and ``$[...]`` replaced by its value, inside out."""
    result: list[str] = []
    for opener, part in _take_apart(text):
        if not opener:
            result.append(part)
            continue
        inner = substitute(part, lookup, call)
        result.append(_read_variable(inner, lookup, call) if opener == "${" else evaluate(inner))
    return "".join(result)


@lru_cache(maxsize=KEPT)
def _take_apart(text: str) -> tuple[tuple[str, str], ...]:
    """Plain text, with an empty opener, and what is to be replaced, with its own."""
    parts: list[tuple[str, str]] = []
    at = 0
    while (opening := text.find("$", at)) >= 0:
        opener = text[opening : opening + 2]
        if opener not in ("${", "$["):
            parts.append(("", text[at : opening + 1]))
            at = opening + 1
            continue
        end = _find_end(text, opening + 2, opener[1])
        parts += [("", text[at:opening]), (opener, text[opening + 2 : end])]
        at = end + 1
    return (*parts, ("", text[at:]))


@lru_cache(maxsize=KEPT)
def evaluate(text: str) -> str:
    """The value of an expression whose variables are already replaced: ``3 > 2`` is ``1``."""
    tokens = _split(text)
    if not tokens:
        return ""
    parser = _Parser(tokens)
    value = parser.parse_or()
    if parser.position != len(tokens):
        raise Unmodelled(f"dialplan expression {text!r}")
    return value


def is_set(value: str) -> bool:
    """Whether a condition with this value holds: neither empty nor zero."""
    word = value.strip()
    return word not in ("", "0")


def _find_end(text: str, start: int, opener: str) -> int:
    closer = {"{": "}", "[": "]"}[opener]
    depth = 1
    for at in range(start, len(text)):
        if text[at] == opener:
            depth += 1
        elif text[at] == closer:
            depth -= 1
            if depth == 0:
                return at
    raise Unmodelled(f"unclosed {opener!r} in {text!r}")


def _read_variable(inner: str, lookup: Lookup, call: Call) -> str:
    if inner.endswith(")") and "(" in inner:
        name, _, argument = inner[:-1].partition("(")
        return call(name, argument)
    name, *cut = inner.split(":")
    value = lookup(name) or ""
    if not cut:
        return value
    start = int(cut[0] or 0)
    value = value[start:]
    if len(cut) > 1:
        length = int(cut[1])
        value = value[:length]
    return value


def _split(text: str) -> list[tuple[str, str]]:
    """Tokens as (kind, text): kind is ``op`` or ``word``."""
    tokens: list[tuple[str, str]] = []
    at = 0
    end = len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise Unmodelled(f"dialplan expression {text!r}")
        quoted, operator, word = match.groups()
        tokens.append(("op", operator) if operator else ("word", quoted or word or ""))
        at = match.end()
    return tokens


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _write(number: float) -> str:
    return str(int(number)) if number == int(number) else repr(number)


class _Parser:
    """Operators by rising precedence: ``|``, ``&``, comparisons, ``+ -``, ``* / %``, ``!`` and
    sign.
    """

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens
        self.position = 0

    def parse_or(self) -> str:
        value = self._parse_and()
        while self._take("|"):
            other = self._parse_and()
            value = value if is_set(value) else other
        return value

    def _parse_and(self) -> str:
        value = self._parse_comparison()
        while self._take("&"):
            other = self._parse_comparison()
            value = value if is_set(value) and is_set(other) else "0"
        return value

    def _parse_comparison(self) -> str:
        value = self._parse_sum()
        while operator := self._take(*_COMPARE):
            other = self._parse_sum()
            a, b = _number(value), _number(other)
            if a is None or b is None:
                order = (value > other) - (value < other)
            else:
                order = (a > b) - (a < b)
            value = "1" if _COMPARE[operator](order) else "0"
        return value

    def _parse_sum(self) -> str:
        value = self._parse_product()
        while operator := self._take("+", "-"):
            a, b = self._numbers(value, self._parse_product())
            value = _write(a + b if operator == "+" else a - b)
        return value

    def _parse_product(self) -> str:
        value = self._parse_unary()
        while operator := self._take("*", "/", "%"):
            a, b = self._numbers(value, self._parse_unary())
            value = _write(a * b if operator == "*" else a / b if operator == "/" else a % b)
        return value

    def _parse_unary(self) -> str:
        if self._take("!"):
            return "0" if is_set(self._parse_unary()) else "1"
        if self._take("-"):
            return _write(-self._numbers(self._parse_unary(), "0")[0])
        if self._take("("):
            value = self.parse_or()
            if not self._take(")"):
                raise Unmodelled("unclosed '(' in a dialplan expression")
            return value
        if self.position < len(self.tokens) and self.tokens[self.position][0] == "word":
            self.position += 1
            return self.tokens[self.position - 1][1]
        raise Unmodelled(f"dialplan expression with {self.tokens[self.position - 1 :]}")

    def _numbers(self, a: str, b: str) -> tuple[float, float]:
        """Both as numbers; a word that is none counts as 0, with Asterisk's warning left out."""
        return _number(a) or 0.0, _number(b) or 0.0

    def _take(self, *operators: str) -> str:
        if self.position < len(self.tokens):
            kind, text = self.tokens[self.position]
            if kind == "op" and text in operators:
                self.position += 1
                return text
        return ""
