"""Lists of numbers that are not to be called: what is taken, what is rejected."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter.documents.csv_rows import CannotRead
from callcenter.documents.dnc_csv import DncFile, DncRow
from callcenter.documents.rejects import Reject, RejectsFile
from tests.workbooks import write_workbook

NOW = 1_790_000_000.0
"""21 September 2026, 14:13:20 UTC."""
NEW_YEAR = 1_798_761_600.0
"""The beginning of 2027, UTC."""


def write(folder: Path, content: str) -> Path:
    path = folder / "register.csv"
    path.write_text(content, encoding="utf-8", newline="")
    return path


def read(path: Path) -> list[DncRow | Reject]:
    with DncFile(path, "US", NOW) as file:
        rows = list(file)
        assert file.rows == len(rows)
        return rows


def test_a_full_row_is_taken(tmp_path: Path) -> None:
    content = "Phone;Valid until;Reason;Source;Else\n202 555 0101;2026-12-31;asked;state;x\n"

    assert read(write(tmp_path, content)) == [
        DncRow(
            row=2,
            number="+12025550101",
            until=NEW_YEAR,
            reason="asked",
            source="state",
            fields=("202 555 0101", "2026-12-31", "asked", "state", "x"),
        )
    ]


def test_empty_fields_mean_for_good(tmp_path: Path) -> None:
    (row,) = read(write(tmp_path, "number,until,reason,source\n2025550101,,,\n"))

    assert isinstance(row, DncRow)
    assert (row.until, row.reason, row.source) == (0.0, "", "")


@pytest.mark.parametrize("name", ["register.csv", "register.txt"])
def test_a_bare_list_is_taken_with_its_first_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("2025550101\n\n+1 202 555 0102\nx\n2025550101\n")

    rows = read(path)

    assert rows[:2] == [
        DncRow(1, "+12025550101", fields=("2025550101",)),
        DncRow(3, "+12025550102", fields=("+1 202 555 0102",)),
    ]
    assert [(row.row, row.column, row.reason) for row in rows[2:] if isinstance(row, Reject)] == [
        (4, "number", "this is no phone number"),
        (5, "number", "the same number is in row 1"),
    ]


def test_a_workbook_is_taken(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "register.xlsx", [["number"], [2025550101], ["2025550102"]])

    assert [row.number for row in read(path) if isinstance(row, DncRow)] == [
        "+12025550101",
        "+12025550102",
    ]


@pytest.mark.parametrize(
    ("until", "seconds"),
    [
        ("2026-12-31", NEW_YEAR),
        ("2027-01-01 00:00:00", NEW_YEAR),
        ("2027-01-01T02:00:00+02:00", NEW_YEAR),
    ],
)
def test_ends_are_days_or_moments(tmp_path: Path, until: str, seconds: float) -> None:
    (row,) = read(write(tmp_path, f"number,until\n2025550101,{until}\n"))

    assert isinstance(row, DncRow)
    assert row.until == seconds


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        (",,", "number", "there is no number"),
        ("12,,", "number", "the number has too few digits"),
        ("2025550101,31.12.2026,", "until", "this is no day"),
        ("2025550101,9999-12-31,", "until", "this is no day"),
        ("2025550101,2026-09-20,", "until", "this day is over"),
        (f"2025550101,,{'x' * 201}", "reason", "the text is longer than 200 characters"),
        ("2025550101,,a\x00b", "reason", "the text holds control characters"),
    ],
)
def test_a_row_that_cannot_be_is_rejected_by_field(
    tmp_path: Path, line: str, column: str, reason: str
) -> None:
    (row,) = read(write(tmp_path, f"number,until,reason,x\n{line},x\n"))

    assert isinstance(row, Reject)
    assert (row.column, row.reason) == (column, reason)
    assert row.mend.endswith(".")


def test_a_number_that_no_plan_has_is_kept_all_the_same(tmp_path: Path) -> None:
    (row,) = read(write(tmp_path, "1112223333\n"))

    assert isinstance(row, DncRow)


def test_rejected_rows_can_be_mended_and_read_again(tmp_path: Path) -> None:
    source, rejects = write(tmp_path, "2025550101\n12\n"), tmp_path / "r.csv"
    with DncFile(source, "US", NOW) as file, RejectsFile(rejects, source, file.header) as refused:
        for row in file:
            if isinstance(row, Reject):
                refused.write(row)
    mended = rejects.read_text("utf-8-sig").replace('"12"\n', '"2025550102"\n')
    rejects.write_text(mended, "utf-8-sig")

    (row,) = read(rejects)

    assert isinstance(row, DncRow)
    assert (row.number, row.fields) == ("+12025550102", ("2025550102",))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("name,city\nAna,Rome\n", "line 1: no column for number"),
        ("Kunde\n2025550101\n", "line 1: 'Kunde' is neither a header with a column number nor"),
        ("number,phone\n", "'number' and 'phone' both mean number. Keep one."),
        ("", "is empty"),
    ],
)
def test_a_file_that_is_no_list_of_numbers_is_said_to_be_none(
    tmp_path: Path, content: str, said: str
) -> None:
    with pytest.raises(CannotRead) as refusal:
        read(write(tmp_path, content))

    assert said in str(refusal.value)
