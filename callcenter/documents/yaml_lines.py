"""Reads YAML documents so that every problem can be told: file, line, what, how to mend.

A small part of YAML is enough for rules, flows and settings, and safe: no anchors and aliases (a
few lines of them grow to gigabytes), no tags, no key twice, limits on size and depth. Keys are
text as written (``1: cards`` has the key ``"1"``). What would lose something as a number stays text
(``0049``, ``+49``), and so do ``yes``, ``on`` and dates. What the keys mean is not known here;
``explain`` tells in the same words what pydantic found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeAlias, get_args

import yaml
from msgspec import Struct
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

DOCUMENT_BYTES_MAX = 256 * 1024
"""Of one document: two thousand phones, each with a line of its own, are half of that, and
to find the mistake in a longer one would take more than two seconds."""
DEPTH_MAX = 16
"""Mappings and lists inside each other; a condition in a rule needs about eight."""
PROBLEMS_MAX = 100
"""Of one reading: more of the same help nobody, and the file itself is then the wrong one."""

Key: TypeAlias = str | int
"""A key of a mapping, or a place in a list, from 0."""

# A number only where it can be written back as it was: no leading zero or plus, 15 digits at most.
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,14})")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,14})\.[0-9]{1,15}")
_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip

# The parser in C is 25 times faster; where it refuses, the one in Python says why, so that the
# words are the same with and without it.
_FAST: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class DocumentProblem(Struct, frozen=True):
    """One thing wrong with a document."""

    file: str
    """As the person who asked named it."""
    line: int
    """From 1; 0 when it is about the file as a whole."""
    what: str
    """Without a full stop."""
    mend: str
    """A sentence that says what to do."""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.what}. {self.mend}"


class DocumentError(Exception):
    """A document cannot be used; ``problems`` holds all that was found, in order of lines."""

    def __init__(self, problems: Sequence[DocumentProblem]) -> None:
        self.problems = in_order(problems)
        super().__init__("\n".join(map(str, self.problems)))


def in_order(problems: Sequence[DocumentProblem]) -> tuple[DocumentProblem, ...]:
    """By file and line."""
    return tuple(sorted(problems, key=lambda each: (each.file, each.line)))


class LineIndex:
    """Finds the line of a path of keys in one document."""

    def __init__(self, file: str, lines: Mapping[tuple[Key, ...], int]) -> None:
        self.file = file
        self._lines = lines

    def line(self, *keys: Key) -> int:
        """The line of this key, from 1. What the document lacks is passed over: a missing key has
        the line of its mapping, and names that pydantic puts between keys do no harm.
        """
        found: tuple[Key, ...] = ()
        for key in keys:
            if (*found, key) in self._lines:
                found = (*found, key)
        return self._lines.get(found, 1)

    def problem(self, keys: Sequence[Key], what: str, mend: str) -> DocumentProblem:
        """Make a problem of this place."""
        return DocumentProblem(self.file, self.line(*keys), what, mend)


def load_yaml(path: Path) -> tuple[dict[str, Any], LineIndex]:
    """Read a document whose top is a mapping; an empty one is an empty mapping.

    Values are text, int, float, bool, None, lists and mappings with text as keys.
    Raises ``DocumentError`` with every problem that could be found.
    """
    return parse_yaml(read_text(path), str(path))


def read_text(path: Path, bytes_max: int = DOCUMENT_BYTES_MAX) -> str:
    """Read a file in UTF-8, with or without byte order mark. Raises ``DocumentError``."""

    def refuse(what: str, mend: str, line: int = 0) -> DocumentError:
        return DocumentError([DocumentProblem(str(path), line, what, mend)])

    try:
        if path.exists() and not path.is_file():
            raise refuse("this is no file", "Name a file.")
        with path.open("rb") as file:
            content = file.read(bytes_max + 1)
    except FileNotFoundError:
        raise refuse("there is no such file", "Check its name and folder.") from None
    except OSError as problem:
        raise refuse(
            f"cannot be read: {problem.strerror}", "Check who may read it and its folders."
        ) from problem
    if len(content) > bytes_max:
        raise refuse(f"is longer than {bytes_max} bytes", "Split it, or check that it is the one.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise refuse("is not written in UTF-8", "Save it as UTF-8.", line) from None


def parse_yaml(text: str, file: str) -> tuple[dict[str, Any], LineIndex]:
    """As ``load_yaml``, of a text that is there already; ``file`` is its name in problems."""
    builder = _Builder(file)
    try:
        data = builder.read(yaml.parse(text, Loader=_FAST))
    except yaml.YAMLError:
        builder = _Builder(file)
        try:
            data = builder.read(yaml.parse(text, Loader=yaml.SafeLoader))
        except yaml.YAMLError as problem:
            builder.problems.append(_explain_syntax(problem, text, file))
            raise DocumentError(builder.problems) from None
    if data is None:
        data = {}
    if not isinstance(data, dict) and not builder.problems:
        builder.note(1, "the document is no mapping", "Write `key: value` lines.")
    if builder.problems:
        raise DocumentError(builder.problems)
    return data, LineIndex(file, builder.lines)


class _Enough(Exception):  # noqa: N818 - a fact: reading on would only cost time
    """Too deep, or too many problems."""


class _Builder:
    """Makes data of the parser's events, and notes lines and problems."""

    def __init__(self, file: str) -> None:
        self.problems: list[DocumentProblem] = []
        self.lines: dict[tuple[Key, ...], int] = {}
        self._file = file

    def note(self, line: int, what: str, mend: str) -> None:
        self.problems.append(DocumentProblem(self._file, line, what, mend))
        if len(self.problems) >= PROBLEMS_MAX:
            raise _Enough

    def read(self, events: Iterator[Any]) -> Any:
        """The data of the first document. Raises ``yaml.YAMLError``."""
        data: Any = None
        try:
            for event in events:
                if isinstance(event, yaml.DocumentStartEvent):
                    if self.lines:
                        self.note(_line(event), "a second document begins", "Keep one in a file.")
                        break
                    first = next(events)
                    self.lines[()] = _line(first)
                    data = self._value(first, events, ())
        except _Enough:
            pass
        return data

    def _value(self, event: Any, events: Iterator[Any], path: tuple[Key, ...]) -> Any:
        line = _line(event)
        if isinstance(event, yaml.AliasEvent):
            self.note(
                line,
                f"`*{event.anchor}` is an alias",
                "Write the value out; text that begins with * needs quotation marks.",
            )
            return None
        if event.anchor is not None:
            self.note(
                line,
                f"`&{event.anchor}` is an anchor",
                "Leave it out; text that begins with & needs quotation marks.",
            )
        if event.tag is not None:
            self.note(
                line,
                f"`{event.tag.replace('tag:yaml.org,2002:', '!!')}` is a tag",
                "Leave it out; text that begins with ! needs quotation marks.",
            )
        if isinstance(event, yaml.ScalarEvent):
            return _plain_value(event.value) if event.implicit[0] else event.value
        if len(path) >= DEPTH_MAX:
            self.note(line, f"deeper than {DEPTH_MAX} levels", "Write it flatter.")
            raise _Enough
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(events, path)
        return self._mapping(events, path)

    def _sequence(self, events: Iterator[Any], path: tuple[Key, ...]) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            place = (*path, len(items))
            self.lines[place] = _line(event)
            items.append(self._value(event, events, place))
        return items

    def _mapping(self, events: Iterator[Any], path: tuple[Key, ...]) -> dict[str, Any]:
        data: dict[str, Any] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            line = _line(event)
            self._value(event, events, (*path, ""))
            if not isinstance(event, yaml.ScalarEvent) or not event.value:
                if not isinstance(event, yaml.AliasEvent):
                    self.note(line, "this key is no text", "Write `key: value`.")
                self._value(next(events), events, (*path, ""))
                continue
            key = event.value
            place = (*path, key)
            if key in data:
                first = self.lines[place]
                self.note(
                    line, f"`{key}` stands here again, first in line {first}", "Keep one of them."
                )
                self._value(next(events), events, (*path, ""))
                continue
            self.lines[place] = line
            data[key] = self._value(next(events), events, place)
        return data


def _line(event: Any) -> int:
    line: int = event.start_mark.line
    return line + 1


def _plain_value(text: str) -> str | int | float | bool | None:
    """What a word without quotation marks stands for."""
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text


# --- telling what is wrong -----------------------------------------------------------------------

_SYNTAX_HINTS = (
    ("'\\t'", "Indent with spaces, not with tabs."),
    ("scanning an alias", 'Put text that begins with * into quotation marks: "*".'),
    ("cannot start any token", "Put text that begins with this sign into quotation marks."),
    ("unexpected end of stream", "Close the quotation mark."),
    ("unknown escape", "Write \\\\ for a backslash, or use 'single' quotation marks."),
    ("mapping values", "Put text with a colon into quotation marks, and check the indentation."),
    ("simple key", "Write `key: value`."),
    ("flow", "Close the bracket, and part its entries with commas."),
    ("<document start>", "Keep one document in a file."),
)


def _explain_syntax(problem: yaml.YAMLError, text: str, file: str) -> DocumentProblem:
    if isinstance(problem, yaml.reader.ReaderError):
        line = text.count("\n", 0, problem.position) + 1
        code = ord(text[problem.position])
        return DocumentProblem(
            file, line, f"holds the control character U+{code:04X}", "Remove it."
        )
    said, context = getattr(problem, "problem", "") or "", getattr(problem, "context", "") or ""
    mark, begun = getattr(problem, "problem_mark", None), getattr(problem, "context_mark", None)
    line = mark.line + 1 if mark else 1
    what = f"this is no YAML: {said}" + (f" ({context})" if context else "")
    if begun and begun.line + 1 != line:
        # What was never closed is told where it was opened: the end of the file helps nobody.
        if ("end" in said and "block" not in context) or "simple key" in context:
            line = begun.line + 1
        else:
            what += f", begun in line {begun.line + 1}"
    words = f"{context} {said}"
    mend = next((hint for sign, hint in _SYNTAX_HINTS if sign in words), "Check the indentation.")
    return DocumentProblem(file, line, what.replace("\0", "the end"), mend)


def explain(
    error: ValidationError, model: type[BaseModel], lines: LineIndex, at: Sequence[Key] = ()
) -> list[DocumentProblem]:
    """Tell what pydantic found in a document, with lines, and never with a value: it may be secret.

    ``model`` is what was checked, for suggestions; ``at`` is where in the document its data stand.
    A validator says how to mend with ``PydanticCustomError(kind, what, {"mend": sentence})``.
    """
    problems = []
    for found in error.errors(include_url=False):
        if found["type"] == "too_short" and len(found["input"]) >= found["ctx"]["min_length"]:
            continue  # its entries are there, and what is wrong with them is told
        place = tuple(key for key in found["loc"] if key != "[key]")
        what, mend = _explain_one(found, model, (*at, *place))
        problems.append(lines.problem((*at, *place), what, mend))
    return problems


def name_place(keys: Sequence[Key]) -> str:
    """A path of keys as people write it: ``nodes.main.choices``, ``agents[0].name``."""
    named = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys)
    return f"`{named.removeprefix('.')}`" if named else "the document"


_EXPECTED = {
    "string": ("text", "Put it into quotation marks."),
    "int": ("a whole number", "Write digits, without quotation marks."),
    "float": ("a number", "Write digits, without quotation marks."),
    "bool": ("true or false", "Write true or false, without quotation marks."),
    "dict": ("a mapping", "Write `key: value` lines below it, indented."),
    "model": ("a mapping", "Write `key: value` lines below it, indented."),
    "list": ("a list", "Write one line with `- ` for each entry below it."),
    "tuple": ("a list", "Write one line with `- ` for each entry below it."),
}
"""By the first word of pydantic's names for errors of type and of parsing."""


def _explain_one(
    found: ErrorDetails, model: type[BaseModel], place: Sequence[Key]
) -> tuple[str, str]:
    kind, context = found["type"], found.get("ctx", {})
    start, _, end = kind.partition("_")
    name = name_place(place)
    if kind == "missing":
        return f"{name} is missing", f"Add `{place[-1]}:`."
    if kind == "extra_forbidden":
        known = _known_fields(model, found["loc"])
        guess = get_close_matches(str(place[-1]), known, n=1)
        mend = f"Did you mean `{guess[0]}`?" if guess else f"Known are: {', '.join(known)}."
        return f"{name} is not known", mend
    if start in _EXPECTED and end.rpartition("_")[2] in ("type", "parsing"):
        expected, mend = _EXPECTED[start]
        if found["input"] is None:
            mend = "Write it after the colon."
        elif isinstance(found["input"], dict | list) and start not in ("dict", "list"):
            mend = "Write it after the colon, on the same line."
        return f"{name} is not {expected}", mend
    if kind in ("literal_error", "enum"):
        return f"{name} is none of the values it may have", f"Write {context['expected']}."
    said = re.sub(
        r"^(Input|Value error,|String|List|Dictionary|Tuple) ?| after validation", "", found["msg"]
    )
    if "mend" in context:  # a validator of ours: its words are a sentence
        return f"{name}: {said}" if place else said, context["mend"]
    return f"{name} {said}", "Change it so."


def _known_fields(model: type[BaseModel], place: Sequence[Key]) -> list[str]:
    """The fields of the model inside ``model`` that the last key of ``place`` was meant for."""
    models = [model]
    for key in place[:-1]:
        inner = [each.model_fields[key] for each in models if key in each.model_fields]
        if inner:  # else it is an index, a key of the document, or the name of a variant
            models = [found for field in inner for found in _models_in(field.annotation)]
    return [field.alias or name for each in models for name, field in each.model_fields.items()]


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in _models_in(part)]
