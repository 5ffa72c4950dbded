"""What the columns of a list of contacts mean: as somebody says it, and for the others as their
names say it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from msgspec import Struct

from callcenter.documents.phone_numbers import NumberKind
from callcenter.documents.rejects import REJECT_COLUMNS

NUMBERS_MAX = 5
"""Of one contact: more than anybody tries in turn."""
ATTRIBUTES_MAX = 30
"""More than an agent reads on a screen."""
ATTRIBUTE_NAME_CHARS_MAX = 60

NUMBER_FIELDS: dict[str, NumberKind] = {
    "number": "other",
    "mobile": "mobile",
    "landline": "landline",
}
"""Fields that hold a phone number, and what they say of it where its number plan says nothing."""
ATTRIBUTE = "attribute"
SKIP = "skip"

ALIASES: dict[str, tuple[str, ...]] = {
    "number": (
        *("phone", "phone number", "telephone", "telephone number", "tel"),
        *("home phone", "work phone", "business phone", "office phone", "other phone"),
        *("alternative phone", "second phone", "other number", "alternative number"),
    ),
    "mobile": ("mobile phone", "mobile number", "cell", "cell phone", "cell number", "cellphone"),
    "landline": ("landline number", "fixed line", "fixed line number"),
    "name": ("contact name", "customer name", "full name"),
    "customer": ("customer id", "customer number"),
    "account": ("account id", "account number", "company id", "household", "household id"),
    "tier": (),
    "note": ("notes", "comment", "comments", "remark", "remarks"),
    "priority": (),
    "zone": ("time zone", "timezone"),
    "consent": ("opt in", "optin", "consent given", "permission", "permission to call", "may call"),
}
"""What a column may be called, in any case and with spaces, hyphens or underscores; those of phone
numbers also with a digit behind. Every other column is an attribute, shown to the agent under the
name that the file gives it."""
FIELDS = (*ALIASES, ATTRIBUTE, SKIP)
"""What a column can be taken as."""

ColumnMap = Sequence[tuple[str, str]]
"""Pairs of a field and the name of the column that holds it."""


class BadColumns(ValueError):  # noqa: N818 - a fact about a header
    """The header cannot be used, or not so; the message says why and how to mend it."""


class Columns(Struct, frozen=True):
    """Where everything stands, by places in the header."""

    numbers: tuple[tuple[int, NumberKind], ...]
    """In the order in which they are to be tried, with what the column says of their kind."""
    single: dict[str, int]
    """All other fields."""
    attributes: dict[str, int]
    """By their names."""
    taken_as: tuple[str, ...]
    """For every column of the header one of ``FIELDS``."""


def find_columns(names: Sequence[str], mapping: ColumnMap = ()) -> Columns:
    """What the columns of these names are taken as. Raises ``BadColumns``.

    Those that ``mapping`` names are what it says, in its order; a field that it gives is not
    guessed from other names any more: such columns become attributes.
    """
    said = _read_mapping(names, mapping)
    given = dict.fromkeys(field for field, _ in mapping)
    if any(field in given for field in NUMBER_FIELDS):
        given |= dict.fromkeys(NUMBER_FIELDS)
    taken_as = [
        said[place] if place in said else _guess(name, given) for place, name in enumerate(names)
    ]
    places = [*said, *(place for place in range(len(names)) if place not in said)]
    return _arrange(names, places, taken_as)


def _guess(name: str, given: Collection[str]) -> str:
    """What a column of this name is taken as where nobody says it."""
    if not name or name in REJECT_COLUMNS:
        return SKIP
    plain = spoken(name)
    guess = _MEANINGS.get(plain) or _NUMBERS.get(re.sub(r" ?[1-9]$", "", plain))
    return ATTRIBUTE if guess is None or guess in given else guess


def _read_mapping(names: Sequence[str], mapping: ColumnMap) -> dict[int, str]:
    """The fields that were said, by the places of their columns, in the order of saying."""
    said: dict[int, str] = {}
    for field, column in mapping:
        if field not in FIELDS:
            raise BadColumns(f"there is no field {field!r}. Take one of {', '.join(FIELDS)}.")
        places = [place for place, name in enumerate(names) if name == column] or [
            place for place, name in enumerate(names) if spoken(name) == spoken(column)
        ]
        if not places:
            there = ", ".join(repr(name) for name in names[:30])
            raise BadColumns(f"there is no column {column!r}. Name one of {there}.")
        if len(places) > 1:
            raise BadColumns(f"several columns are called {column!r}. Rename all but one.")
        if places[0] in said:
            raise BadColumns(f"the column {column!r} is given two meanings. Give it one.")
        said[places[0]] = field
    return said


def _arrange(names: Sequence[str], places: Sequence[int], taken_as: Sequence[str]) -> Columns:
    numbers: list[tuple[int, NumberKind]] = []
    single: dict[str, int] = {}
    attributes: dict[str, int] = {}
    for place in places:
        field = taken_as[place]
        if field in NUMBER_FIELDS:
            _refuse_twin(names, [other for other, _ in numbers], place)
            numbers.append((place, NUMBER_FIELDS[field]))
        elif field == ATTRIBUTE:
            _put(attributes, names[place], place, names)
        elif field != SKIP:
            _put(single, field, place, names)
    if not numbers:
        raise BadColumns("no column for number. Name the one with the phone number so.")
    if len(numbers) > NUMBERS_MAX:
        raise BadColumns(
            f"there are {len(numbers)} columns with numbers, at most {NUMBERS_MAX} can be tried. "
            "Leave some out."
        )
    _check_attributes(attributes)
    return Columns(tuple(numbers), single, attributes, tuple(taken_as))


def _refuse_twin(names: Sequence[str], others: Sequence[int], place: int) -> None:
    for other in others:
        if names[other].casefold() == names[place].casefold():
            raise BadColumns(
                f"the columns {other + 1} and {place + 1} are both called {names[place]!r}. "
                "Rename one."
            )


def _put(places: dict[str, int], field: str, place: int, names: Sequence[str]) -> None:
    if field in places:
        raise BadColumns(
            f"the columns {names[places[field]]!r} and {names[place]!r} both mean {field}. "
            "Keep one."
        )
    places[field] = place


def _check_attributes(attributes: dict[str, int]) -> None:
    if len(attributes) > ATTRIBUTES_MAX:
        raise BadColumns(
            f"there are {len(attributes)} columns with attributes, at most {ATTRIBUTES_MAX} can be "
            "kept. Leave out what agents do not need."
        )
    for name in attributes:
        if len(name) > ATTRIBUTE_NAME_CHARS_MAX or not name.isprintable():
            raise BadColumns(
                f"the column {name[:ATTRIBUTE_NAME_CHARS_MAX]!r} has more than "
                f"{ATTRIBUTE_NAME_CHARS_MAX} characters or some that cannot be seen. Rename it."
            )


def spoken(name: str) -> str:
    """The name of a column without what does not matter: case, and what stands between words."""
    return re.sub(r"[\s_-]+", " ", name.strip().casefold())


_MEANINGS = {alias: field for field, names in ALIASES.items() for alias in (field, *names)}
_NUMBERS = {alias: field for alias, field in _MEANINGS.items() if field in NUMBER_FIELDS}
