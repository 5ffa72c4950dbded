"""Reads the contacts of a campaign from a CSV file, row by row.

Every row comes out as a ``ContactRow`` or, with what is wrong and how to mend it, as a ``Reject``;
rows without content are counted. Whether the campaign has a contact already is decided where they
are stored.
"""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Literal

import phonenumbers
from msgspec import Struct
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType
from phonenumbers.phonenumberutil import is_number_type_geographical
from phonenumbers.timezone import (
    UNKNOWN_TIMEZONE,
    time_zones_for_geographical_number,
    time_zones_for_number,
)

from callcenter.documents.csv_rows import CsvRow
from callcenter.documents.people_csv import (
    ID_CHARS_MAX,
    NAME_CHARS_MAX,
    PeopleFile,
    Wrong,
    meanings_of,
    parse_number,
    read_note,
    read_text,
    read_tier,
)
from callcenter.documents.rejects import Reject, unguarded
from callcenter.domain.customer import Tier

ATTRIBUTES_MAX = 30
"""More than an agent reads on a screen."""
ATTRIBUTE_NAME_CHARS_MAX = 60
ATTRIBUTE_CHARS_MAX = 500
PRIORITY_MAX = 100
"""Of a list or of one contact, from 0 on: room to put something between."""

ALIASES: dict[str, tuple[str, ...]] = {
    "number": ("phone", "phone number", "telephone", "mobile"),
    "name": ("contact name", "customer name", "full name"),
    "customer": ("customer id", "customer number", "account", "account id"),
    "tier": (),
    "note": ("notes", "comment", "comments", "remark", "remarks"),
    "priority": (),
    "zone": ("time zone", "timezone"),
}
"""What a column may be called, in any case and with spaces, hyphens or underscores. Every other
column is an attribute, shown to the agent under the name that the file gives it."""


NumberKind = Literal["mobile", "landline", "other"]
"""What a number is, as far as its number plan tells: in North America nobody can (other)."""


class ContactNumber(Struct, frozen=True, array_like=True):
    """One more number of a contact."""

    number: str
    """E.164."""
    zones: tuple[str, ...]
    """IANA names, sorted: every time zone the number may lie in, at least one."""
    kind: NumberKind = "other"


class ContactRow(Struct, frozen=True, array_like=True):
    """One contact, checked."""

    row: int
    """The line of the file it begins on; the header is on line 1."""
    number: str
    """E.164."""
    zones: tuple[str, ...]
    """IANA names, sorted: every time zone the number may lie in, at least one."""
    name: str = ""
    customer: str = ""
    """The id that the directory of customers knows them by; empty when the file names none."""
    tier: Tier = Tier.STANDARD
    """Counts where the directory does not know the customer."""
    priority: int | None = None
    """None: as the list."""
    note: str = ""
    attributes: dict[str, str] = {}
    """What else the file says of them, by column; without empty fields."""
    fields: tuple[str, ...] = ()
    """As they stood in the file."""
    kind: NumberKind = "other"
    """Of ``number``."""
    more_numbers: tuple[ContactNumber, ...] = ()
    """Those to be tried after ``number``, in this order."""
    zone: str = ""
    """IANA name of where the person is, as the file says; known, it alone decides when they may be
    called. Empty when unknown."""
    consent: bool | None = None
    """Whether they agreed to be called; None when the file does not say."""
    account: str = ""
    """Persons and numbers of one account are spared together; empty when the file names none."""


class ContactsFile(PeopleFile[ContactRow]):
    """An open file of contacts; see ``PeopleFile``."""

    _meanings = meanings_of(ALIASES)
    _required = ("number",)
    _missing_hint = "Name the one with the phone number so."
    _repeated_hint = "Keep one."

    def __init__(self, path: Path, region: str) -> None:
        super().__init__(path, region)
        self._numbers: dict[int, int] = {}

    def _read_header(self, names: list[str]) -> None:
        self._attributes: dict[str, int] = {}
        super()._read_header(names)
        if len(self._attributes) > ATTRIBUTES_MAX:
            raise self._bad_header(
                f"there are {len(self._attributes)} columns with attributes, at most "
                f"{ATTRIBUTES_MAX} can be kept. Leave out what agents do not need."
            )
        for name in self._attributes:
            if len(name) > ATTRIBUTE_NAME_CHARS_MAX or not name.isprintable():
                raise self._bad_header(
                    f"the column {name[:ATTRIBUTE_NAME_CHARS_MAX]!r} has more than "
                    f"{ATTRIBUTE_NAME_CHARS_MAX} characters or some that cannot be seen. Rename it."
                )
        self.attributes = tuple(self._attributes)
        """The columns kept as attributes."""

    def _take_other(self, name: str, place: int) -> None:
        if name:
            self._put(self._attributes, name, place)

    def _judge(self, row: CsvRow) -> ContactRow | Reject:
        """The contact that the fields describe, or what is wrong with them."""
        text = self._texts(row.fields)
        place = self._place["number"]
        try:
            parsed, kind = _parse(text["number"], self._region)
            number = str(phonenumbers.format_number(parsed, PhoneNumberFormat.E164))
            key = int(number)
            if key in self._numbers:
                raise Wrong(
                    f"the same number is in row {self._numbers[key]}",
                    "Keep one row for each number.",
                )
            zone = text.get("zone", "")
            place = self._place["zone"] if zone else place
            zones = (_read_zone(zone),) if zone else _zones_of(parsed, kind)
            place = self._place.get("name", 0)
            name = _read_if_any(text.get("name", ""), NAME_CHARS_MAX)
            place = self._place.get("customer", 0)
            customer = _read_if_any(text.get("customer", ""), ID_CHARS_MAX)
            place = self._place.get("tier", 0)
            tier = read_tier(text["tier"]) if text.get("tier") else Tier.STANDARD
            place = self._place.get("priority", 0)
            priority = _read_priority(text["priority"]) if text.get("priority") else None
            place = self._place.get("note", 0)
            note = read_note(text.get("note", ""))
            attributes = {}
            for attribute, place in self._attributes.items():
                if value := unguarded(row.fields[place].strip()):
                    attributes[attribute] = _read_attribute(value)
        except Wrong as wrong:
            return self._reject(row, place, wrong)
        self._numbers[key] = row.number
        original = self._original(row.fields)
        return ContactRow(
            row.number, number, zones, name, customer, tier, priority, note, attributes, original
        )


# --- fields -------------------------------------------------------------------------------------

_INTEGER = re.compile(r"\d{1,9}")
_ZONES = {name.casefold(): name for name in (files("tzdata") / "zones").read_text("ascii").split()}
"""The zones of the pinned time zone data, which the calling window is looked up in."""


def _parse(text: str, region: str) -> tuple[PhoneNumber, int]:
    """A number that can be dialed, and its type: unlike a caller's it must fit the number plan,
    for each wrong one costs a call."""
    if not text:
        raise Wrong("there is no number", "Fill it in, or leave the row out.")
    parsed = parse_number(text, region)
    kind = phonenumbers.number_type(parsed)
    if kind == PhoneNumberType.UNKNOWN:
        raise Wrong("there can be no such number", "Look it up and write it anew.")
    return parsed, kind


def _zones_of(parsed: PhoneNumber, kind: int) -> tuple[str, ...]:
    """Every zone the number may lie in: those of its prefix, or of the whole country where the
    prefix says nothing of the place (mobile numbers of most countries, freephone)."""
    if is_number_type_geographical(kind, parsed.country_code or 0):
        # The general function comes to the same, but asks for the type once more: a sixth of the
        # time that a row takes.
        found = time_zones_for_geographical_number(parsed)
    else:
        found = time_zones_for_number(parsed)
    if UNKNOWN_TIMEZONE in found or any(zone.casefold() not in _ZONES for zone in found):
        raise Wrong(
            "nobody knows the time zone of this number",
            "Add a column zone and write it there, e.g. Europe/Paris.",
        )
    return tuple(sorted(found))


def _read_zone(text: str) -> str:
    try:
        return _ZONES[text.casefold()]
    except KeyError:
        raise Wrong(
            "there is no such time zone", "Write its name in the IANA data, e.g. Europe/Paris."
        ) from None


def _read_if_any(text: str, chars_max: int) -> str:
    return read_text(text, chars_max) if text else ""


def _read_priority(text: str) -> int:
    if not _INTEGER.fullmatch(text) or int(text) > PRIORITY_MAX:
        raise Wrong("this is no priority", f"Write a whole number from 0 to {PRIORITY_MAX}.")
    return int(text)


def _read_attribute(text: str) -> str:
    if len(text) > ATTRIBUTE_CHARS_MAX:
        raise Wrong(f"the text is longer than {ATTRIBUTE_CHARS_MAX} characters", "Shorten it.")
    return read_note(text)
