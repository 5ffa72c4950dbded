"""Reads customers from a CSV file, row by row.

Every row comes out as a ``CustomerRow`` or, with what is wrong and how to mend it, as a ``Reject``;
rows without content are counted. What the rows mean for the customers that are already known is
decided where they are stored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from hashlib import blake2b
from pathlib import Path
from types import TracebackType

import phonenumbers
from msgspec import UNSET, Struct, UnsetType
from phonenumbers import (
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    ValidationResult,
)

from callcenter.documents.csv_rows import BrokenRow, CannotRead, CsvFile, CsvRow
from callcenter.documents.rejects import REJECT_COLUMNS, Reject, unguarded
from callcenter.domain.customer import Tier

ROWS_MAX = 2_000_000
"""To find duplicates takes some 200 bytes of memory per row."""
ID_CHARS_MAX = 64
NAME_CHARS_MAX = 200
NOTE_CHARS_MAX = 4_000
NUMBERS_OF_A_CUSTOMER_MAX = 20
VALUE_MAX = 1e13
"""Beyond that a float no longer holds cents."""

ALIASES: dict[str, tuple[str, ...]] = {
    "id": ("customer id", "customer", "customer number", "account", "account id"),
    "name": ("customer name", "full name"),
    "phone": (
        "phones",
        "phone number",
        "phone numbers",
        "number",
        "numbers",
        "telephone",
        "mobile",
    ),
    "tier": ("level", "class", "segment"),
    "value": ("customer value", "yearly value", "annual value", "revenue"),
    "since": ("customer since", "since date", "member since"),
    "note": ("notes", "comment", "comments", "remark", "remarks"),
}
"""What a column may be called, in any case and with spaces, hyphens or underscores."""
REQUIRED = ("id", "name", "phone", "tier")

_MEANING = {alias: column for column, names in ALIASES.items() for alias in (column, *names)}
_HEADER_HINT = "Line 1 must name the columns id, name, phone, tier and may name value, since, note."


class CustomerRow(Struct, frozen=True):
    """One customer, checked. An optional column that the file lacks is UNSET: nothing changes."""

    row: int
    """The line of the file it begins on; the header is on line 1."""
    id: str
    name: str
    numbers: tuple[str, ...]
    """E.164, at least one."""
    tier: Tier
    value: float | UnsetType | None = UNSET
    since: str | UnsetType = UNSET
    note: str | UnsetType = UNSET
    fields: tuple[str, ...] = ()
    """As they stood in the file."""


class Wrong(Exception):  # noqa: N818 - a fact about a field
    """A field that cannot be, and how to mend it."""

    def __init__(self, reason: str, mend: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.mend = mend


class CustomersFile:
    """An open file of customers; iterate once, inside ``with``.

    ``region`` (ISO 3166, e.g. ``US``) is where numbers without a country code are at home.
    """

    def __init__(self, path: Path, region: str) -> None:
        if region not in phonenumbers.SUPPORTED_REGIONS:
            raise CannotRead(f"The region {region!r} is unknown. Give a country's code, e.g. US.")
        self.path = path
        self._region = region
        self._csv = CsvFile(path)
        self._ids: dict[int, int] = {}
        self._numbers: dict[int, int] = {}
        self.rows = 0
        """Rows met so far that have content."""
        self.blank = 0
        """Rows met so far that have none."""

    def __enter__(self) -> CustomersFile:
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

    def __iter__(self) -> Iterator[CustomerRow | Reject]:
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
        ignored: list[str] = []
        for place, name in enumerate(names):
            meaning = _MEANING.get(re.sub(r"[\s_-]+", " ", name.casefold()))
            if meaning is None:
                ignored.append(name)
            elif meaning in self._place:
                raise CannotRead(
                    f"{self.path}, line 1: the columns {names[self._place[meaning]]!r} and "
                    f"{name!r} both mean {meaning}. Keep one; several numbers are separated by |."
                )
            else:
                self._place[meaning] = place
        missing = [column for column in REQUIRED if column not in self._place]
        if missing:
            raise CannotRead(
                f"{self.path}, line 1: no column for {', '.join(missing)}. {_HEADER_HINT}"
            )
        self._kept = [place for place, name in enumerate(names) if name not in REJECT_COLUMNS]
        self.header = tuple(names[place] for place in self._kept)
        """The columns, as the file calls them."""
        self.column_of = {meaning: names[place] for meaning, place in self._place.items()}
        """What the file calls ``id``, ``phone`` and so on."""
        self.ignored_columns = tuple(name for name in ignored if name not in REJECT_COLUMNS)
        """Columns whose names mean nothing here."""

    def _judge(self, row: int, fields: list[str]) -> CustomerRow | Reject:
        """The customer that the fields describe, or what is wrong with them."""
        original = tuple(fields[place] for place in self._kept)
        text = {name: unguarded(fields[place].strip()) for name, place in self._place.items()}
        column = ""
        try:
            column = "id"
            customer_id = read_text(text["id"], ID_CHARS_MAX)
            id_key = int.from_bytes(blake2b(customer_id.encode(), digest_size=8).digest())
            _refuse_repeated(self._ids.get(id_key), "id", "Keep one row per customer.")
            column = "name"
            name = read_text(text["name"], NAME_CHARS_MAX)
            column = "phone"
            numbers = _read_numbers(text["phone"], self._region)
            for number in numbers:
                _refuse_repeated(
                    self._numbers.get(int(number)), f"number {number}", _ONE_CUSTOMER_HINT
                )
            column = "tier"
            tier = read_tier(text["tier"])
            column = "value"
            value = _read_value(text["value"]) if "value" in text else UNSET
            column = "since"
            since = _read_day(text["since"]) if "since" in text else UNSET
            column = "note"
            note = read_note(text["note"]) if "note" in text else UNSET
        except Wrong as wrong:
            shown = fields[self._place[column]][:SHOWN_CHARS_MAX]
            return Reject(row, self.column_of[column], shown, wrong.reason, wrong.mend, original)
        self._ids[id_key] = row
        for number in numbers:
            self._numbers[int(number)] = row
        return CustomerRow(row, customer_id, name, numbers, tier, value, since, note, original)


# --- fields -------------------------------------------------------------------------------------

SHOWN_CHARS_MAX = 200
_ONE_CUSTOMER_HINT = "A number can belong to one customer only: leave it with one of them."
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_VALUE = re.compile(r"-?\d+(\.\d+)?")
_SCIENTIFIC = re.compile(r"\d+([.,]\d+)?[eE]\+?\d+")
_DIALABLE = re.compile(r"[+＋]?[\d\s()./\-\u2010-\u2015\u2212]+")


def _refuse_repeated(row: int | None, what: str, mend: str) -> None:
    if row is not None:
        raise Wrong(f"the same {what} is in row {row}", mend)


def read_text(text: str, chars_max: int) -> str:
    """One line of text that says something. Raises ``Wrong``."""
    if not text:
        raise Wrong("the field is empty", "Fill it in.")
    if len(text) > chars_max:
        raise Wrong(f"the text is longer than {chars_max} characters", "Shorten it.")
    if _CONTROL.search(text):
        raise Wrong("the text holds control characters", "Write it anew without them.")
    return text


def read_note(text: str) -> str:
    """Text of several lines, perhaps none. Raises ``Wrong``."""
    for line in text.splitlines():
        if line:
            read_text(line.replace("\t", " "), NOTE_CHARS_MAX)
    if len(text) > NOTE_CHARS_MAX:
        raise Wrong(f"the note is longer than {NOTE_CHARS_MAX} characters", "Shorten it.")
    return text


def read_tier(text: str) -> Tier:
    """The tier of this name. Raises ``Wrong``."""
    try:
        return Tier(text.casefold())
    except ValueError:
        raise Wrong("there is no such tier", f"Write one of {', '.join(Tier)}.") from None


def _read_value(text: str) -> float | None:
    if not text:
        return None
    if not _VALUE.fullmatch(text) or abs(float(text)) > VALUE_MAX:
        raise Wrong("this is no amount", "Write digits with a decimal point, e.g. 1234.50.")
    return float(text)


def _read_day(text: str) -> str:
    if not text:
        return ""
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise Wrong("this is no day", "Write year-month-day, e.g. 2019-05-31.")


def _read_numbers(text: str, region: str) -> tuple[str, ...]:
    parts = [part.strip() for part in text.split("|")]
    numbers = dict.fromkeys(read_number(unguarded(part), region) for part in parts if part)
    if not numbers:
        raise Wrong("there is no number", "Fill it in: callers are recognised by it.")
    if len(numbers) > NUMBERS_OF_A_CUSTOMER_MAX:
        raise Wrong(
            f"there are more than {NUMBERS_OF_A_CUSTOMER_MAX} numbers", "Keep those in use."
        )
    return tuple(numbers)


def read_number(text: str, region: str) -> str:
    """The number in E.164. Judged by its length only: number plans change faster than programs.

    Raises ``Wrong``.
    """
    return str(phonenumbers.format_number(parse_number(text, region), PhoneNumberFormat.E164))


def parse_number(text: str, region: str) -> PhoneNumber:
    """The number in its parts, judged by its length only. Raises ``Wrong``."""
    if _SCIENTIFIC.fullmatch(text):
        raise Wrong(
            "a spreadsheet has turned the number into a rounded one",
            "Format the column as text and fill the number in again.",
        )
    if not _DIALABLE.fullmatch(text):
        raise Wrong(
            "this is no phone number",
            "Write digits, perhaps with + before; leave out letters and extensions.",
        )
    try:
        parsed = phonenumbers.parse(text, region)
    except NumberParseException as problem:
        if problem.error_type == NumberParseException.INVALID_COUNTRY_CODE:
            raise Wrong("no country has this code", "Write + and the country's code.") from None
        raise Wrong("the number has too few or too many digits", _whole_number(region)) from None
    verdict = phonenumbers.is_possible_number_with_reason(parsed)
    if verdict != ValidationResult.IS_POSSIBLE:
        raise Wrong(
            _VERDICTS.get(verdict, "the number has a wrong number of digits"), _whole_number(region)
        )
    return parsed


_VERDICTS = {
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "the area code is missing",
    ValidationResult.TOO_SHORT: "the number has too few digits",
    ValidationResult.TOO_LONG: "the number has too many digits",
    ValidationResult.INVALID_COUNTRY_CODE: "no country has this code",
}


def _whole_number(region: str) -> str:
    return f"Write the whole number: as dialed within {region}, or with + and the country's code."
