"""Reads the contacts of a campaign from a CSV file or an Excel sheet, row by row.

Every row comes out as a ``ContactRow`` or, with what is wrong and how to mend it, as a ``Reject``;
rows without content are counted. Whether the campaign has a contact already is decided where they
are stored.
"""

from __future__ import annotations

import re
from pathlib import Path

from msgspec import Struct
from phonenumbers import PhoneNumberType

from callcenter.documents.contact_columns import BadColumns, ColumnMap, Columns, find_columns
from callcenter.documents.csv_rows import CsvRow
from callcenter.documents.numbers_seen import NumbersSeen
from callcenter.documents.people_csv import (
    ID_CHARS_MAX,
    NAME_CHARS_MAX,
    RowsFile,
    Wrong,
    read_note,
    read_text,
    read_tier,
)
from callcenter.documents.phone_numbers import (
    ZONES,
    NumberKind,
    kind_of,
    read_number,
    type_of,
    zones_of,
)
from callcenter.documents.rejects import Reject, unguarded
from callcenter.domain.customer import Tier

ATTRIBUTE_CHARS_MAX = 500
PRIORITY_MAX = 100
"""Of a list or of one contact, from 0 on: room to put something between."""
EXAMPLES = 5
"""Rows shown of a file before it is imported."""

CONSENT_YES = ("yes", "y", "true", "1", "x", "ja", "oui", "si", "sí", "是", "given", "granted")
CONSENT_NO = ("no", "n", "false", "0", "nein", "non", "否", "none", "refused", "withdrawn")
"""What a field of consent may say, in any case, unless others are told."""


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


class ContactReading(Struct, frozen=True, omit_defaults=True):
    """How a file of contacts is to be read."""

    region: str = ""
    """ISO 3166: where numbers without a country code are at home; empty: where the center is."""
    columns: tuple[tuple[str, str], ...] = ()
    """Pairs of a field of ``contact_columns.FIELDS`` and the name of its column; the others are
    guessed."""
    sheet: str = ""
    """The sheet of a workbook; empty: the first one."""
    consent_yes: tuple[str, ...] = ()
    """What stands for a given consent; empty: ``CONSENT_YES``."""
    consent_no: tuple[str, ...] = ()
    """What stands for a consent that is not given; empty: ``CONSENT_NO``."""
    needs_consent: bool = False
    """Whether rows that do not say that consent is given are refused."""


class ContactsFile(RowsFile[ContactRow]):
    """An open file of contacts; see ``RowsFile``."""

    def __init__(self, path: Path, reading: ContactReading) -> None:
        super().__init__(path, reading.region, sheet=reading.sheet)
        self._mapping: ColumnMap = reading.columns
        self._consent = {word.casefold(): True for word in reading.consent_yes or CONSENT_YES}
        for word in reading.consent_no or CONSENT_NO:
            self._consent[word.casefold()] = False
        self._needs_consent = reading.needs_consent
        self._seen = NumbersSeen()
        self.examples: list[tuple[str, ...]] = []
        """The first rows, as they stand in the file, in the order of ``header``."""

    def _read_header(self, names: list[str]) -> None:
        try:
            self._columns: Columns = find_columns(names, self._mapping)
        except BadColumns as problem:
            raise self._bad_header(str(problem)) from None
        self._names = names
        self._keep(names)
        self.taken_as = tuple(self._columns.taken_as[place] for place in self._kept)
        """What the columns of ``header`` are taken as, words of ``contact_columns.FIELDS``."""
        self.attributes = tuple(self._columns.attributes)
        """The columns kept as attributes."""

    def _judge(self, row: CsvRow) -> ContactRow | Reject:
        """The contact that the fields describe, or what is wrong with them."""
        fields = row.fields
        if len(self.examples) < EXAMPLES:
            self.examples.append(self._original(fields))
        if fields[0].strip() == self._table.header[0] and self._is_header(fields):
            again = Wrong("the header stands here once more", "Leave the row out.")
            return self._reject(row, 0, again)
        reader = _Fields(fields)
        try:
            numbers = self._read_numbers(reader, row.number)
            texts = {
                field: text
                for field, place in self._columns.single.items()
                if (text := reader.text(place))
            }
            contact = self._contact(reader, texts, numbers, row)
        except Wrong as wrong:
            return self._reject(row, reader.place, wrong)
        for number in numbers:
            self._seen.add(int(number.number[1:]), row.number)
        return contact

    def _contact(
        self,
        reader: _Fields,
        texts: dict[str, str],
        numbers: list[ContactNumber],
        row: CsvRow,
    ) -> ContactRow:
        """Raises ``Wrong``."""
        single = self._columns.single
        name = customer = account = note = zone = ""
        tier, priority, consent = Tier.STANDARD, None, None
        for field, text in texts.items():
            reader.place = single[field]
            if field == "name":
                name = read_text(text, NAME_CHARS_MAX)
            elif field == "customer":
                customer = read_text(text, ID_CHARS_MAX)
            elif field == "account":
                account = read_text(text, ID_CHARS_MAX)
            elif field == "tier":
                tier = read_tier(text)
            elif field == "priority":
                priority = _read_priority(text)
            elif field == "note":
                note = read_note(text)
            elif field == "zone":
                zone = _read_zone(text)
            else:
                consent = self._read_consent(text)
        if consent is False or (consent is None and self._needs_consent):
            reader.place = single.get("consent", self._columns.numbers[0][0])
            raise Wrong(
                f"nobody says that {numbers[0].number} agreed to be called"
                if consent is None
                else f"{numbers[0].number} did not agree to be called",
                "Leave the row out until they agree.",
            )
        attributes = {}
        for attribute, place in self._columns.attributes.items():
            if value := reader.text(place):
                attributes[attribute] = _read_attribute(value)
        first, *more = numbers
        return ContactRow(
            row.number,
            first.number,
            first.zones,
            name,
            customer,
            tier,
            priority,
            note,
            attributes,
            self._original(row.fields),
            first.kind,
            tuple(more),
            zone,
            consent,
            account,
        )

    def _read_numbers(self, reader: _Fields, row: int) -> list[ContactNumber]:
        """Those of a row in their order, at least one. Raises ``Wrong``."""
        zone = ""
        if (place := self._columns.single.get("zone")) is not None and (text := reader.text(place)):
            zone = _read_zone(text)
        numbers: list[ContactNumber] = []
        for place, said in self._columns.numbers:
            if not (text := reader.text(place)):
                continue
            number = read_number(text, self._region)
            number_type = type_of(number)
            if number_type == PhoneNumberType.UNKNOWN:
                raise Wrong("there can be no such number", "Look it up and write it anew.")
            e164 = number.e164
            if earlier := self._seen.row_of(int(e164[1:])):
                raise Wrong(f"the same number is in row {earlier}", "Keep one row for each number.")
            zones = (zone,) if zone else zones_of(number, number_type)
            if not zones:
                raise Wrong(
                    "nobody knows the time zone of this number",
                    "Add a column zone and write it there, e.g. Europe/Paris.",
                )
            kind = kind_of(number_type)
            if all(other.number != e164 for other in numbers):
                numbers.append(ContactNumber(e164, zones, said if kind == "other" else kind))
        if not numbers:
            reader.place = self._columns.numbers[0][0]
            raise Wrong("there is no number", "Fill it in, or leave the row out.")
        return numbers

    def _read_consent(self, text: str) -> bool:
        try:
            return self._consent[text.casefold()]
        except KeyError:
            raise Wrong(
                "this says neither that they agreed nor that they did not",
                "Write yes or no, or tell at the import which words mean so.",
            ) from None

    def _is_header(self, fields: list[str]) -> bool:
        return [field.strip() for field in fields] == self._table.header


class _Fields:
    """The fields of a row, read one after the other; knows which one is at hand."""

    def __init__(self, fields: list[str]) -> None:
        self._fields = fields
        self.place = 0

    def text(self, place: int) -> str:
        """The field at this place. Raises ``Wrong`` for a formula."""
        self.place = place
        text = self._fields[place].strip()
        if text and text[0] in "'=":
            text = unguarded(text)
            if _FORMULA.match(text):
                raise Wrong("the field holds a formula", "Write down what it comes to.")
        return text


# --- fields -------------------------------------------------------------------------------------

_INTEGER = re.compile(r"\d{1,9}")
_FORMULA = re.compile(r"=\s*[\w\"'({+@$\[-]")


def _read_zone(text: str) -> str:
    try:
        return ZONES[text.casefold()]
    except KeyError:
        raise Wrong(
            "there is no such time zone", "Write its name in the IANA data, e.g. Europe/Paris."
        ) from None


def _read_priority(text: str) -> int:
    if not _INTEGER.fullmatch(text) or int(text) > PRIORITY_MAX:
        raise Wrong("this is no priority", f"Write a whole number from 0 to {PRIORITY_MAX}.")
    return int(text)


def _read_attribute(text: str) -> str:
    if len(text) > ATTRIBUTE_CHARS_MAX:
        raise Wrong(f"the text is longer than {ATTRIBUTE_CHARS_MAX} characters", "Shorten it.")
    return read_note(text)
