"""Made-up lists of contacts: the same from the same seed, and mostly fit to be imported."""

from __future__ import annotations

from pathlib import Path

from callcenter.bench.contact_file import HEADER, REGION, contact_rows, write_file
from callcenter.documents.contacts_csv import ContactReading, ContactRow, ContactsFile
from callcenter.documents.rejects import Reject


def read(path: Path) -> list[ContactRow | Reject]:
    with ContactsFile(path, ContactReading(REGION)) as file:
        return list(file)


def test_a_seed_makes_one_list() -> None:
    assert list(contact_rows(50, 1)) == list(contact_rows(50, 1)) != list(contact_rows(50, 2))
    assert all(len(row) == len(HEADER) for row in contact_rows(50, 1))


def test_a_workbook_holds_what_the_csv_holds(tmp_path: Path) -> None:
    plain, book = tmp_path / "list.csv", tmp_path / "list.xlsx"
    for path in (plain, book):
        write_file(path, 2_000, 7)

    rows = read(plain)

    assert read(book) == rows
    taken = [row for row in rows if isinstance(row, ContactRow)]
    reasons = {row.reason for row in rows if isinstance(row, Reject)}
    assert 1_900 < len(taken) < 2_000
    assert any(row.more_numbers for row in taken)
    assert any(row.number.startswith("+44") for row in taken)
    assert any("the same number is in row" in reason for reason in reasons)
    assert any("too few digits" in reason for reason in reasons)
