"""Contacts of a Portuguese bank's phone campaigns, 2008 to 2010 (Moro, Cortez and Rita, Decision
Support Systems 2014): text with semicolons, one line a contact, ``y`` says whether it was sold.

What may be known before the call, and what may not:

* ``duration`` is the length of the very call: never a feature.
* ``campaign`` counts the contacts of this campaign, this one included. Before a call its number is
  known, so it would be a fair feature; but the file has a line only for the *last* contact of each
  client, so how it hangs together with a sale is partly made by when the bank gave up. It is left
  out, and measured apart.
* ``pdays`` and ``previous`` are of earlier campaigns; 999 (in an older edition -1) days are never.
* the economic indices are published before; they tell the month rather than the person.
"""

from __future__ import annotations

import csv
import gzip
import math
from pathlib import Path

from msgspec import Struct

from dialer.contact_chance import Features

CATEGORIES = ("job", "marital", "education", "default", "housing", "loan", "contact", "poutcome")
NUMBERS = ("age", "balance", "previous")
TIME_CATEGORIES = ("month", "day_of_week")
MARKET = ("emp.var.rate", "cons.price.idx", "cons.conf.idx", "euribor3m", "nr.employed")
NEEDED = ("y", "poutcome", "campaign")
NEVER = ("999", "-1")
"""In ``pdays``: not contacted before."""
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
EMPLOYED = ("5191", "5228.1", "5195.8", "5176.3", "5099.1", "5076.2", "5017.5", "5023.5", "5008.7",
            "4991.6", "4963.6")  # fmt: skip
"""The quarters' numbers of employees, in order of time, as the lines of the complete file stand:
May 2008 to November 2010. With the month they date a line; the sample is shuffled."""


class ContactsError(Exception):
    """The file is not such a list; the text says where."""


class Contact(Struct, frozen=True):
    """One line, as known before the call, and what came of it."""

    person: Features
    circumstances: Features
    contacts: int
    """Of this campaign, before this one."""
    previous_outcome: str
    month_number: int | None
    """Grows with time; None: the line does not tell."""
    sold: bool

    def features(self) -> Features:
        """What the order is learnt from."""
        return Features(
            self.person.categories + self.circumstances.categories,
            self.person.numbers + self.circumstances.numbers,
        )

    def features_of_the_person(self) -> Features:
        """Without what all contacts of a day have in common."""
        return self.person

    def features_and_contacts(self) -> Features:
        """With the number of contacts before."""
        known = self.features()
        return Features(known.categories, (*known.numbers, ("contacts", math.log1p(self.contacts))))


def read_contacts(path: Path) -> tuple[Contact, ...]:
    """Read a list; a name that ends in ``.gz`` is unpacked."""
    opener = gzip.open if path.suffix == ".gz" else open
    contacts: list[Contact] = []
    try:
        with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, delimiter=";")
            missing = [name for name in NEEDED if name not in (rows.fieldnames or ())]
            if missing:
                raise ContactsError(f"{path.name} has no column {', '.join(missing)}")
            for number, row in enumerate(rows, 2):
                try:
                    contacts.append(_read_row(row))
                except (ValueError, TypeError, AttributeError) as error:
                    raise ContactsError(f"{path.name}, line {number}: {error}") from None
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise ContactsError(f"{path.name} cannot be read: {error}") from None
    if not contacts:
        raise ContactsError(f"{path.name} holds no contact")
    return tuple(contacts)


def _read_row(row: dict[str, str]) -> Contact:
    if row["y"] not in ("yes", "no"):
        raise ValueError(f"y is yes or no, not {row['y']!r}")
    person = [(name, row[name]) for name in CATEGORIES if name in row]
    numbers = [(name, _number(name, row[name])) for name in NUMBERS if name in row]
    days = row.get("pdays", NEVER[0])
    if days in NEVER:
        person.append(("pdays", "never"))
    else:
        numbers.append(("pdays", _number("pdays", days)))
    return Contact(
        Features(tuple(person), tuple(numbers)),
        Features(
            tuple((name, row[name]) for name in TIME_CATEGORIES if name in row),
            tuple((name, _number(name, row[name])) for name in MARKET if name in row),
        ),
        max(0, int(_number("campaign", row["campaign"])) - 1),
        row["poutcome"],
        _month_number(row),
        row["y"] == "yes",
    )


def _number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{name} is a number, not {text!r}")
    return number


def _month_number(row: dict[str, str]) -> int | None:
    # Written as 5191 or as 5191.0, by whoever saved the file last.
    employed = row.get("nr.employed", "").removesuffix(".0")
    month = row.get("month", "")
    if employed not in EMPLOYED or month not in MONTHS:
        return None
    return EMPLOYED.index(employed) * len(MONTHS) + MONTHS.index(month)
