"""Conditions of rules: short typed expressions over declared attributes, that can only look.

The library `rule-engine` reads and evaluates them; this is its only user. It could do far more than
a rule may (``$now``, ``$random``, regular expressions, comprehensions), so what a condition may be
made of is a list of ours: first of its words, then of the nodes of its syntax tree. What is left
reads nothing but the values it is given, always ends, and is true or false.

    customer.tier == "gold" and not (call.intent in ["loss", "theft"])
"""

from __future__ import annotations

import decimal
import re
from collections.abc import Mapping
from difflib import get_close_matches
from enum import StrEnum
from functools import lru_cache
from typing import TypeAlias

import rule_engine
from msgspec import Struct
from rule_engine import ast

LENGTH_MAX = 1000
"""Characters of one condition: longer ones nobody understands."""
PARTS_MAX = 100
"""Comparisons, words and values in one condition: a hundredth of a millisecond each."""


CONDITIONS_KEPT = 2048
"""Remembered as read: those of the longest document, and of some that people are trying."""


class Kind(StrEnum):
    """What an attribute holds."""

    TEXT = "text"
    NUMBER = "number"
    TRUTH = "truth"
    TEXTS = "texts"
    """Several texts: tags, the keys that a caller has pressed."""


Value: TypeAlias = str | float | bool | tuple[str, ...]
Attributes: TypeAlias = Mapping[str, Mapping[str, Kind]]
"""Object -> attribute -> what it holds: ``{"customer": {"tier": Kind.TEXT}}``."""
Values: TypeAlias = Mapping[str, Mapping[str, Value]]
"""The same with the values of one call; every declared attribute has one."""


class BadCondition(Exception):  # noqa: N818 - a fact about a text
    """A condition cannot be used: ``what`` is wrong (without a full stop), ``mend`` says what to
    do, ``column`` where, from 1; 0 when it is about the whole."""

    def __init__(self, what: str, mend: str, column: int = 0) -> None:
        super().__init__(f"{what}. {mend}")
        self.what, self.mend, self.column = what, mend, column


class ConditionFailed(Exception):  # noqa: N818 - a fact about a value
    """The values did not fit the declaration: counts as "no match", and is a fault."""


class Comparison(Struct, frozen=True):
    """One comparison of an attribute with values that stand in the condition.

    ``operator``: ``==`` ``!=`` ``<`` ``<=`` ``>`` ``>=``; ``in`` and ``not in``: one of ``values``;
    ``has`` and ``has not`` of an attribute of several texts; ``is`` and ``is not`` of a truth.
    """

    attribute: str
    operator: str
    values: tuple[str | float, ...] = ()

    def __str__(self) -> str:
        said = ", ".join(f'"{v}"' if isinstance(v, str) else f"{v:g}" for v in self.values)
        return f"{self.attribute} {self.operator} {said}".strip()


class Always(Struct, frozen=True):
    """``true`` or ``false``, written out."""

    truth: bool


class Both(Struct, frozen=True):
    """``and``."""

    left: Part
    right: Part


class Either(Struct, frozen=True):
    """``or``."""

    left: Part
    right: Part


Part: TypeAlias = Comparison | Always | Both | Either
"""A condition as a tree, ``not`` already carried down to the comparisons."""


class Condition:
    """A condition that has been read and checked."""

    def __init__(self, text: str, rule: rule_engine.Rule, part: Part) -> None:
        self.text = text
        self.part = part
        self.reads: tuple[str, ...] = tuple(dict.fromkeys(_attributes_of(part)))
        """What it looks at, ``customer.tier`` and so on, in order of first mention."""
        self._rule = rule

    def holds(self, values: Values) -> bool:
        """Whether it is true of these values. Raises ``ConditionFailed``."""
        try:
            return bool(self._rule.matches(values))
        except (rule_engine.EngineError, KeyError, TypeError, ValueError) as error:
            raise ConditionFailed(f"{self.text}: {type(error).__name__}: {error}") from error


def read_condition(text: str, attributes: Attributes) -> Condition:
    """Read and check a condition. Raises ``BadCondition`` for the first thing wrong.

    What was read is remembered: who publishes has had it checked a moment before, and the machine
    must not read five hundred conditions while calls wait for it.
    """
    declared = tuple((owner, tuple(fields.items())) for owner, fields in attributes.items())
    return _read(text, declared)


@lru_cache(maxsize=CONDITIONS_KEPT)
def _read(text: str, declared: tuple[tuple[str, tuple[tuple[str, Kind], ...]], ...]) -> Condition:
    attributes = {owner: dict(fields) for owner, fields in declared}
    if len(text) > LENGTH_MAX:
        raise BadCondition(
            f"the condition is longer than {LENGTH_MAX} characters", "Split the rule in two."
        )
    _check_words(text, attributes)
    try:
        rule = rule_engine.Rule(text, context=_make_context(attributes))
    except rule_engine.errors.RuleSyntaxError as error:
        raise _syntax_problem(error.message) from error
    except rule_engine.EngineError as error:
        raise BadCondition(
            f"this cannot be compared: {error.message}",
            "Compare text with text in quotes, and numbers with numbers.",
        ) from error
    part = _Reader(attributes).read(rule.statement.expression)
    return Condition(text, rule, part)


# --- words ----------------------------------------------------------------------------------------

_WORD = re.compile(
    r"""\s+ | (?P<text>"[^"\\]*"|'[^'\\]*') | (?P<number>-?[0-9]+(\.[0-9]+)?)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*)
    | (?P<sign>==|!=|<=|>=|<|>|[()\[\],])
    """,
    re.VERBOSE,
)
_KEYWORDS = ("and", "or", "not", "in", "true", "false")
_INSTEAD = {
    "=": "Write == to compare.",
    "&": "Write and.",
    "|": "Write or.",
    "!": "Write not, or != to compare.",
    "$": "A condition reads only the attributes of customer, call, queue and time.",
    "\\": "Text in quotes may not hold a backslash.",
    '"': "Close the quotes.",
    "'": "Close the quotes.",
}


def _check_words(text: str, attributes: Attributes) -> None:
    """Refuse what is not on the list before the library sees it: it works constants out while it
    reads, and a power or a regular expression could take it for ever."""
    place = count = 0
    while place < len(text):
        word = _WORD.match(text, place)
        if word is None:
            mend = _INSTEAD.get(text[place], "Compare attributes with text, numbers or lists.")
            raise BadCondition(f"`{text[place]}` may not stand here", mend, place + 1)
        if word["name"] is not None:
            _check_name(word["name"], attributes, place + 1)
        count += bool(word.lastgroup)
        place = word.end()
    if count == 0:
        raise BadCondition("the condition is empty", "Write one, or leave `when` out.")
    if count > PARTS_MAX:
        raise BadCondition(f"the condition has more than {PARTS_MAX} parts", "Split the rule.")


def _check_name(name: str, attributes: Attributes, column: int) -> None:
    owner, _, attribute = name.partition(".")
    if name in _KEYWORDS:
        return
    if owner not in attributes:
        mend = _suggest(owner, tuple(attributes))
        raise BadCondition(f"`{name}` is not known", mend, column)
    if attribute not in attributes[owner]:
        mend = _suggest(attribute, tuple(attributes[owner]), owner)
        raise BadCondition(f"`{owner}` has no attribute `{attribute}`", mend, column)


def _suggest(name: str, known: tuple[str, ...], owner: str = "") -> str:
    close = get_close_matches(name, known, 1)
    dotted = [f"{owner}.{each}" if owner else each for each in (close or known)]
    return f"Did you mean {dotted[0]}?" if close else f"Known are: {', '.join(dotted)}."


def _syntax_problem(message: str) -> BadCondition:
    found = re.search(r"line \d+:(\d+)", message)
    mend = "Compare attributes, and join comparisons by and, or, not and parentheses."
    if found is None:
        return BadCondition("the condition breaks off", mend)
    return BadCondition("the condition cannot be read from here on", mend, int(found[1]) + 1)


# --- the tree -------------------------------------------------------------------------------------

_TYPES = {
    Kind.TEXT: rule_engine.DataType.STRING,
    Kind.NUMBER: rule_engine.DataType.FLOAT,
    Kind.TRUTH: rule_engine.DataType.BOOLEAN,
    Kind.TEXTS: rule_engine.DataType.ARRAY(rule_engine.DataType.STRING),
}
_SIGNS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_OPPOSITE = {
    "==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">", "in": "not in",
    "not in": "in", "has": "has not", "has not": "has", "is": "is not", "is not": "is",
}  # fmt: skip


def _make_context(attributes: Attributes) -> rule_engine.Context:
    """Types of everything that may be read; the time zone and the arithmetic are fixed, so that a
    condition means the same everywhere."""
    objects = {
        owner: rule_engine.DataType.OBJECT(
            owner,
            {name: _TYPES[kind] for name, kind in fields.items()},
            accessor=lambda value, name: value[name],
        )
        for owner, fields in attributes.items()
    }
    return rule_engine.Context(
        type_resolver=objects,
        default_timezone="utc",
        decimal_context=decimal.Context(prec=28),
        mapping_attribute_lookup=False,
    )


class _Reader:
    """Turns the library's tree into ours; refuses what ours has no word for."""

    def __init__(self, attributes: Attributes) -> None:
        self._attributes = attributes

    def read(self, node: ast.ExpressionBase, negated: bool = False) -> Part:
        """This part of the condition, or its opposite."""
        match node:
            case ast.BooleanExpression():
                return Always(bool(node.value) is not negated)
            case ast.LogicExpression():
                join = Both if (node.type == "and") is not negated else Either
                return join(self.read(node.left, negated), self.read(node.right, negated))
            case ast.UnaryExpression() if node.type == "not":
                return self.read(node.right, not negated)
        comparison = self._comparison(node)
        if negated:
            operator = _OPPOSITE[comparison.operator]
            return Comparison(comparison.attribute, operator, comparison.values)
        return comparison

    def _comparison(self, node: ast.ExpressionBase) -> Comparison:
        match node:
            case ast.GetAttributeExpression():
                name, kind = self._attribute(node)
                if kind is not Kind.TRUTH:
                    raise BadCondition(
                        f"`{name}` is {kind}, not true or false", "Compare it with something."
                    )
                return Comparison(name, "is")
            case ast.ComparisonExpression() | ast.ArithmeticComparisonExpression():
                return self._compare(node)
            case ast.ContainsExpression():
                return self._contains(node)
        raise BadCondition(
            "this part is not true or false", "Compare an attribute with text, a number or a list."
        )

    def _attribute(self, node: ast.ExpressionBase) -> tuple[str, Kind]:
        if isinstance(node, ast.GetAttributeExpression) and isinstance(
            node.object, ast.SymbolExpression
        ):
            owner = node.object.name
            return f"{owner}.{node.name}", self._attributes[owner][node.name]
        raise BadCondition(
            "a comparison needs an attribute on one side", "Write, say, customer.tier."
        )

    def _compare(self, node: ast.ComparisonExpression) -> Comparison:
        left, right, sign = node.left, node.right, _SIGNS[node.type]
        if not isinstance(left, ast.GetAttributeExpression):
            left, right, sign = right, left, _MIRRORED[sign]
        name, kind = self._attribute(left)
        if kind is Kind.TRUTH and isinstance(right, ast.BooleanExpression) and sign in ("==", "!="):
            return Comparison(name, "is" if (sign == "==") == right.value else "is not")
        if kind is Kind.TEXTS or kind is Kind.TRUTH:
            mend = (
                f'Write "..." in {name}.' if kind is Kind.TEXTS else f"Write {name} or not {name}."
            )
            raise BadCondition(f"`{name}` holds {kind} and cannot be compared so", mend)
        return Comparison(name, sign, (self._value(right, kind, name),))

    def _contains(self, node: ast.ContainsExpression) -> Comparison:
        container, member = node.container, node.member
        if isinstance(container, ast.ArrayExpression):
            name, kind = self._attribute(member)
            if kind not in (Kind.TEXT, Kind.NUMBER):
                raise BadCondition(f"`{name}` holds {kind}, not one value", "Turn it round.")
            values = tuple(self._value(each, kind, name) for each in container.value)
            return Comparison(name, "in", values)
        name, kind = self._attribute(container)
        if kind is not Kind.TEXTS:
            raise BadCondition(
                f"`{name}` is {kind}, not a list", f"Write {name} == ..., or {name} in [...]."
            )
        return Comparison(name, "has", (self._value(member, Kind.TEXT, name),))

    def _value(self, node: ast.ExpressionBase, kind: Kind, name: str) -> str | float:
        if isinstance(node, ast.StringExpression) and kind is Kind.TEXT:
            return str(node.value)
        if isinstance(node, ast.FloatExpression) and kind is Kind.NUMBER:
            return float(node.value)
        what = "text in quotes" if kind is Kind.TEXT else "a number"
        raise BadCondition(
            f"`{name}` is {kind} and is compared with something else", f"Write {what}."
        )


def _attributes_of(part: Part) -> list[str]:
    match part:
        case Comparison():
            return [part.attribute]
        case Always():
            return []
    return [*_attributes_of(part.left), *_attributes_of(part.right)]


# --- what one condition says about another --------------------------------------------------------

BRANCHES_MAX = 64
"""Alternatives looked at when conditions are compared: more are taken for different."""


def covers(earlier: Part, later: Part) -> bool:
    """Whether ``earlier`` is surely true whenever ``later`` is. False where that cannot be told.

    Both are taken as alternatives of comparisons that hold together; each alternative of the later
    one must be implied by one of the earlier one. Impossible alternatives are not recognised.
    """
    early, late = _branches(earlier), _branches(later)
    if early is None or late is None:
        return False
    return all(any(_implies(branch, wanted) for wanted in early) for branch in late)


@lru_cache(maxsize=CONDITIONS_KEPT)
def _branches(part: Part) -> tuple[tuple[Comparison, ...], ...] | None:
    match part:
        case Comparison():
            return ((part,),)
        case Always():
            return ((),) if part.truth else ()
    left, right = _branches(part.left), _branches(part.right)
    if left is None or right is None:
        return None
    if isinstance(part, Either):
        found = (*left, *right)
    else:
        found = tuple((*one, *other) for one in left for other in right)
    return found if len(found) <= BRANCHES_MAX else None


def _implies(given: tuple[Comparison, ...], wanted: tuple[Comparison, ...]) -> bool:
    return all(any(_entails(one, each) for one in given) for each in wanted)


def _entails(given: Comparison, wanted: Comparison) -> bool:
    """Whether one comparison makes the other true."""
    if given.attribute != wanted.attribute:
        return False
    if given == wanted:
        return True
    if given.operator in ("==", "in"):
        return all(_is_true_of(value, wanted) for value in given.values)
    if given.operator == "not in" or given.operator == "!=":
        excluded = wanted.operator in ("!=", "not in")
        return excluded and all(value in given.values for value in wanted.values)
    return _is_narrower(given, wanted)


def _is_true_of(value: str | float, wanted: Comparison) -> bool:
    if wanted.operator in ("==", "in"):
        return value in wanted.values
    if wanted.operator in ("!=", "not in"):
        return value not in wanted.values
    return _is_ordered(value, wanted.operator, wanted.values[0])


def _is_ordered(value: str | float, operator: str, bound: str | float) -> bool:
    key = (value, bound)
    assert isinstance(key[0], str) == isinstance(key[1], str)  # of one attribute
    if value == bound:
        return operator in ("<=", ">=")
    is_less = str(value) < str(bound) if isinstance(value, str) else float(value) < float(bound)
    return is_less is operator.startswith("<")


def _is_narrower(given: Comparison, wanted: Comparison) -> bool:
    """Both are bounds to the same side, and the given one lies within the other."""
    if given.operator[0] not in "<>" or wanted.operator[0] != given.operator[0]:
        return False
    mine, other = given.values[0], wanted.values[0]
    if mine == other:
        return len(wanted.operator) >= len(given.operator)
    return _is_ordered(mine, wanted.operator, other)
