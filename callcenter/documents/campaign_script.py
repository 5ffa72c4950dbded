"""What a campaign's agents say, as its manager writes it: plain text with placeholders in braces.

Lines that begin with ``#`` are headings, those that begin with ``-`` are points of a list, empty
lines part paragraphs; the desk draws it (``web/src/ui/Script.tsx``). Which columns the contacts of
a campaign have is known by the center only.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from callcenter.documents.contact_columns import ATTRIBUTE_NAME_CHARS_MAX, spoken

SCRIPT_CHARS_MAX = 4_000
"""Some four minutes read aloud: nobody on the phone listens for longer."""
SCRIPT_FIELDS = ("name", "number", "agent", "campaign", "list")
"""Placeholders that every campaign has. A column of the same name does not count."""

_BRACES = re.compile(r"[{}]")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
SHOWN_CHARS = 20
"""Of the text behind a brace that is told, so that it is found."""


class WrongBrace(ValueError):  # noqa: N818 - a fact about a text
    """A brace that no other belongs to, or nothing usable between two; the message says which."""


def placeholders(text: str) -> tuple[str, ...]:
    """The names in braces, as they are written, each once and in their order. Raises
    ``WrongBrace``."""
    return tuple(dict.fromkeys(_names(text)))


def _names(text: str) -> Iterator[str]:
    opened = -1
    for brace in _BRACES.finditer(text):
        place = brace.start()
        if brace.group() == "{":
            if opened >= 0:
                break
            opened = place
            continue
        if opened < 0:
            raise WrongBrace(f"in line {_line(text, place)} a }} closes what was not opened")
        name = text[opened + 1 : place].strip()
        if not name or "\n" in name or len(name) > ATTRIBUTE_NAME_CHARS_MAX:
            raise WrongBrace(
                f"in line {_line(text, opened)} there is no name of a column between the braces"
            )
        yield name
        opened = -1
    if opened >= 0:
        shown = text[opened : opened + SHOWN_CHARS].partition("\n")[0]
        raise WrongBrace(f"the brace of {shown!r} in line {_line(text, opened)} is not closed")


def _line(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1


def unknown_placeholders(text: str, columns: Collection[str]) -> tuple[str, ...]:
    """Those that are neither one of ``SCRIPT_FIELDS`` nor one of these columns of the lists, where
    case and what stands between words do not matter."""
    known = {spoken(name): None for name in (*SCRIPT_FIELDS, *columns)}
    return tuple(name for name in placeholders(text) if spoken(name) not in known)


def explain_unknown(unknown: Collection[str], columns: Collection[str]) -> str:
    """Which placeholders there are not, and which there are."""
    said = f"there is no {_listed(unknown)}; take {_listed(SCRIPT_FIELDS)}"
    if not columns:
        return f"{said}, or import the list whose column it is first"
    return f"{said}, or a column of the lists: {_listed(columns)}"


def _listed(names: Collection[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in names)


def _plain(value: object) -> object:
    """Line ends as one sign, tabs as spaces, and nothing around it."""
    if not isinstance(value, str):
        return value
    return value.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").strip()


def _whole(text: str) -> str:
    if (unseen := _UNSEEN.search(text)) is not None:
        raise PydanticCustomError(
            "unseen",
            "line {line} has a character that cannot be seen",
            {"line": _line(text, unseen.start()), "mend": "Delete it and write the line anew."},
        )
    try:
        placeholders(text)
    except WrongBrace as wrong:
        raise PydanticCustomError(
            "brace",
            "{said}",
            {
                "said": str(wrong),
                "mend": "Write braces only around the name of what belongs there: {name}.",
            },
        ) from None
    return text


ScriptText = Annotated[
    str, Field(max_length=SCRIPT_CHARS_MAX), BeforeValidator(_plain), AfterValidator(_whole)
]
