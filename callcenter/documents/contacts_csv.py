"""Reads the contacts of a campaign from a CSV file, row by row.

Every row comes out as a ``ContactRow`` or, with what is wrong and how to mend it, as a ``Reject``;
rows without content are counted. Whether the campaign has a contact already is decided where they
are stored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from types import TracebackType

import phonenumbers
from msgspec import Struct
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType
from phonenumbers.phonenumberutil import is_number_type_geographical
from phonenumbers.timezone import (
    UNKNOWN_TIMEZONE,
    time_zones_for_geographical_number,
    time_zones_for_number,
)

from callcenter.documents.csv_rows import BrokenRow, CannotRead, CsvFile, CsvRow
from callcenter.documents.customers_csv import (
    ID_CHARS_MAX,
    NAME_CHARS_MAX,
    SHOWN_CHARS_MAX,
    Wrong,
    parse_number,
    read_note,
    read_text,
    read_tier,
)
from callcenter.documents.rejects import REJECT_COLUMNS, Reject, unguarded
from callcenter.domain.customer import Tier

ROWS_MAX = 2_000_000
"""To find duplicates takes some 120 bytes of memory per row."""
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

_MEANING = {alias: column for column, names in ALIASES.items() for alias in (column, *names)}


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


class ContactsFile:
    """An open file of contacts; iterate once, inside ``with``.

    ``region`` (ISO 3166, e.g. ``US``) is where numbers without a country code are at home.
    """

    def __init__(self, path: Path, region: str) -> None:
        if region not in phonenumbers.SUPPORTED_REGIONS:
            raise CannotRead(f"The region {region!r} is unknown. Give a country's code, e.g. US.")
        self.path = path
        self._region = region
        self._csv = CsvFile(path)
        self._numbers: dict[int, int] = {}
        self.rows = 0
        """Rows met so far that have content."""
        self.blank = 0
        """Rows met so far that have none."""

    def __enter__(self) -> ContactsFile:
        """Open the file and read its header. Raises ``CannotRead``."""
        self._csv.__enter__()
        try:
            self._read_header(self._csv.header)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._csv.__exit__(None, None, None)

    @property
    def share(self) -> float:
        """How much of the file has been read, 0.0 to 1.0."""
        return self._csv.share

    def __iter__(self) -> Iterator[ContactRow | Reject]:
        """The rows in order. Raises ``CannotRead`` where the file stops being readable."""
        for row in self._csv:
            if isinstance(row, CsvRow) and not row.fields:
                self.blank += 1
                continue
            self.rows += 1
            if self.rows > ROWS_MAX:
                raise CannotRead(
                    f"{self.path} has more than {ROWS_MAX} rows. Split it into several files."
                )
            if isinstance(row, BrokenRow):
                yield Reject(row.number, "", row.text, row.reason, row.mend)
            else:
                yield self._judge(row.number, row.fields)

    def _read_header(self, names: list[str]) -> None:
        self._place: dict[str, int] = {}
        self._attributes: dict[str, int] = {}
        for place, name in enumerate(names):
            if not name or name in REJECT_COLUMNS:
                continue
            meaning = _MEANING.get(re.sub(r"[\s_-]+", " ", name.casefold()))
            known, key = (self._attributes, name) if meaning is None else (self._place, meaning)
            if key in known:
                raise self._bad_header(
                    f"the columns {names[known[key]]!r} and {name!r} both mean {key}. Keep one"
                )
            known[key] = place
        if "number" not in self._place:
            raise self._bad_header("no column for number. Name the one with the phone number so")
        if len(self._attributes) > ATTRIBUTES_MAX:
            raise self._bad_header(
                f"there are {len(self._attributes)} columns with attributes, at most "
                f"{ATTRIBUTES_MAX} can be kept. Leave out what agents do not need"
            )
        for name in self._attributes:
            if len(name) > ATTRIBUTE_NAME_CHARS_MAX or not name.isprintable():
                raise self._bad_header(
                    f"the column {name[:ATTRIBUTE_NAME_CHARS_MAX]!r} has more than "
                    f"{ATTRIBUTE_NAME_CHARS_MAX} characters or some that cannot be seen. Rename it"
                )
        self._kept = [place for place, name in enumerate(names) if name not in REJECT_COLUMNS]
        self.header = tuple(names[place] for place in self._kept)
        """The columns, as the file calls them."""
        self.attributes = tuple(self._attributes)
        """The columns kept as attributes."""

    def _bad_header(self, what: str) -> CannotRead:
        return CannotRead(f"{self.path}, line 1: {what}.")

    def _judge(self, row: int, fields: list[str]) -> ContactRow | Reject:
        """The contact that the fields describe, or what is wrong with them."""
        original = tuple(fields[place] for place in self._kept)
        text = {name: unguarded(fields[place].strip()) for name, place in self._place.items()}
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
                if value := unguarded(fields[place].strip()):
                    attributes[attribute] = _read_attribute(value)
        except Wrong as wrong:
            shown = fields[place][:SHOWN_CHARS_MAX]
            column = self._csv.header[place]
            return Reject(row, column, shown, wrong.reason, wrong.mend, original)
        self._numbers[key] = row
        return ContactRow(
            row, number, zones, name, customer, tier, priority, note, attributes, original
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
