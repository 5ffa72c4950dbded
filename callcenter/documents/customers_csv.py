"""Reads customers from a CSV file, row by row.

Every row comes out as a ``CustomerRow`` or, with what is wrong and how to mend it, as a ``Reject``;
rows without content are counted. What the rows mean for the customers that are already known is
decided where they are stored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from hashlib import blake2b
from pathlib import Path

from msgspec import UNSET, Struct, UnsetType

from callcenter.documents.csv_rows import CsvRow
from callcenter.documents.people_csv import (
    ID_CHARS_MAX,
    NAME_CHARS_MAX,
    PeopleFile,
    Wrong,
    meanings_of,
    read_note,
    read_text,
    read_tier,
)
from callcenter.documents.phone_numbers import read_number
from callcenter.documents.rejects import Reject, unguarded
from callcenter.domain.customer import Tier
from callcenter.domain.rules import ATTRIBUTES

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
    "language": ("lang", "preferred language"),
    "owner": ("account owner", "account manager", "owner agent"),
    "churn_risk": ("churn risk", "churn"),
}
"""What a column may be called, in any case and with spaces, hyphens or underscores."""
REQUIRED = ("id", "name", "phone", "tier")
ATTRIBUTE_MARK = "attribute:"
"""In front of the name of a column that routing rules read: ``attribute:segment`` is
``customer.segment``."""
ATTRIBUTES_MAX = 50
"""Columns of this kind in one file."""
ATTRIBUTE_CHARS_MAX = 200


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
    language: str | UnsetType = UNSET
    owner: str | UnsetType = UNSET
    """The agent who looks after the customer."""
    churn_risk: float | UnsetType | None = UNSET
    attributes: Mapping[str, str] = {}
    """What the file has columns for, by name; an empty text takes the attribute away."""


class CustomersFile(PeopleFile[CustomerRow]):
    """An open file of customers; see ``PeopleFile``."""

    _meanings = meanings_of(ALIASES)
    _required = REQUIRED
    _missing_hint = (
        "Line 1 must name the columns id, name, phone, tier and may name value, since, note,"
        " language, owner, churn_risk, attribute:NAME."
    )
    _repeated_hint = "Keep one; several numbers are separated by |."

    def __init__(self, path: Path, region: str) -> None:
        super().__init__(path, region)
        self._ids: dict[int, int] = {}
        self._numbers: dict[int, int] = {}

    def _read_header(self, names: list[str]) -> None:
        self._others: list[str] = []
        self._attributes: dict[str, int] = {}
        super()._read_header(names)
        self.ignored_columns = tuple(self._others)
        """Columns whose names mean nothing here."""

    def _take_other(self, name: str, place: int) -> None:
        mark, _, attribute = name.partition(":")
        if f"{mark.strip().casefold()}:" != ATTRIBUTE_MARK:
            self._others.append(name)
            return
        attribute = attribute.strip()
        if not _ATTRIBUTE.fullmatch(attribute):
            raise self._bad_header(
                f"the column {name!r} names no attribute. Write {ATTRIBUTE_MARK} and a small"
                " letter, then small letters, digits and underscores."
            )
        if attribute in ATTRIBUTES["customer"]:
            raise self._bad_header(
                f"the column {name!r} stands for what has a column of its own or is found out by"
                f" the program. Write {attribute} without {ATTRIBUTE_MARK}, or name it otherwise."
            )
        self._put(self._attributes, attribute, place)
        if len(self._attributes) > ATTRIBUTES_MAX:
            raise self._bad_header(
                f"there are more than {ATTRIBUTES_MAX} attributes. Keep those that rules read."
            )

    def _judge(self, row: CsvRow) -> CustomerRow | Reject:
        """The customer that the fields describe, or what is wrong with them."""
        text = self._texts(row.fields)
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
            column = "language"
            language = _read_language(text["language"]) if "language" in text else UNSET
            column = "owner"
            owner = _read_owner(text["owner"]) if "owner" in text else UNSET
            column = "churn_risk"
            churn_risk = _read_share(text["churn_risk"]) if "churn_risk" in text else UNSET
        except Wrong as wrong:
            return self._reject(row, self._place[column], wrong)
        try:
            attributes: dict[str, str] = {}
            for column, place in self._attributes.items():
                attributes[column] = _read_attribute(unguarded(row.fields[place].strip()))
        except Wrong as wrong:
            return self._reject(row, self._attributes[column], wrong)
        self._ids[id_key] = row.number
        for number in numbers:
            self._numbers[int(number)] = row.number
        original = self._original(row.fields)
        return CustomerRow(
            row=row.number,
            id=customer_id,
            name=name,
            numbers=numbers,
            tier=tier,
            value=value,
            since=since,
            note=note,
            fields=original,
            language=language,
            owner=owner,
            churn_risk=churn_risk,
            attributes=attributes,
        )


# --- fields -------------------------------------------------------------------------------------

_ONE_CUSTOMER_HINT = "A number can belong to one customer only: leave it with one of them."
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_VALUE = re.compile(r"-?\d+(\.\d+)?")
_SHARE = re.compile(r"0(\.\d+)?|1(\.0+)?")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}")
_ATTRIBUTE = re.compile(r"[a-z][a-z0-9_]{0,63}")


def _refuse_repeated(row: int | None, what: str, mend: str) -> None:
    if row is not None:
        raise Wrong(f"the same {what} is in row {row}", mend)


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


def _read_language(text: str) -> str:
    if text and not _LANGUAGE.fullmatch(text):
        raise Wrong("this is no language", "Write its short name, e.g. de or pt-BR.")
    return text.lower()


def _read_owner(text: str) -> str:
    """An agent's login, which is in small letters."""
    return read_text(text, ID_CHARS_MAX).lower() if text else ""


def _read_share(text: str) -> float | None:
    if not text:
        return None
    if not _SHARE.fullmatch(text):
        raise Wrong("this is no share", "Write a number from 0 to 1, e.g. 0.35.")
    return float(text)


def _read_attribute(text: str) -> str:
    return read_text(text, ATTRIBUTE_CHARS_MAX) if text else ""


def _read_numbers(text: str, region: str) -> tuple[str, ...]:
    parts = [part.strip() for part in text.split("|")]
    numbers = dict.fromkeys(_read_number(unguarded(part), region) for part in parts if part)
    if not numbers:
        raise Wrong("there is no number", "Fill it in: callers are recognised by it.")
    if len(numbers) > NUMBERS_OF_A_CUSTOMER_MAX:
        raise Wrong(
            f"there are more than {NUMBERS_OF_A_CUSTOMER_MAX} numbers", "Keep those in use."
        )
    return tuple(numbers)


def _read_number(text: str, region: str) -> str:
    """The number in E.164. Judged by its length only: number plans change faster than programs.

    Raises ``Wrong``.
    """
    return read_number(text, region).e164
