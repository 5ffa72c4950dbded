"""Shifts from CSV: dates, weekdays, nights, and every row that cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter.documents.csv_rows import CannotRead
from callcenter.documents.rejects import Reject
from callcenter.documents.shifts_csv import ShiftRow, ShiftsFile
from callcenter.domain.history import Shift


def read(folder: Path, text: str) -> list[ShiftRow | Reject]:
    path = folder / "shifts.csv"
    path.write_text(text, encoding="utf-8")
    with ShiftsFile(path) as file:
        return list(file)


def shifts(folder: Path, row: str, header: str = "agent,day,starts,ends") -> list[Shift]:
    (found,) = read(folder, f"{header}\n{row}\n")
    assert isinstance(found, ShiftRow), found
    return list(found.shifts)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("ann,2026-12-01,08:00,16:30", [("2026-12-01", 480, 990)]),
        ("ann,mon,8:00,12:00:00", [("mon", 480, 720)]),
        ("ann,Monday,8:00,12:00", [("mon", 480, 720)]),
        ("ann,Fri-Mon,9:00,10:00", [(day, 540, 600) for day in ("fri", "sat", "sun", "mon")]),
        ("ann,mon|wed fri,9:00,10:00", [(day, 540, 600) for day in ("mon", "wed", "fri")]),
        ('ann,"mon, tue",9:00,10:00', [(day, 540, 600) for day in ("mon", "tue")]),
        ("ann,mon,22:00,06:00", [("mon", 1320, 1800)]),
        ("ann,mon,00:00,24:00", [("mon", 0, 1440)]),
        ("ann,,2026-12-01 08:00,2026-12-01 12:00", [("2026-12-01", 480, 720)]),
        ("ann,,2026-12-01T22:00,2026-12-02T06:00", [("2026-12-01", 1320, 1800)]),
        ("ann,2026-12-01,2026-12-01 08:00,12:00", [("2026-12-01", 480, 720)]),
    ],
)
def test_a_day_is_a_date_or_weekdays_and_a_night_ends_on_the_next(
    tmp_path: Path, row: str, expected: list[tuple[str, int, int]]
) -> None:
    assert shifts(tmp_path, row) == [Shift("ann", *one) for one in expected]


def test_columns_go_by_other_names_and_the_day_may_be_in_the_start(tmp_path: Path) -> None:
    found = shifts(tmp_path, "x,ann,2026-12-01 08:00,2026-12-01 09:00", "Team,Login,Begin,Until")

    assert found == [Shift("ann", "2026-12-01", 480, 540)]


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        (",mon,8:00,9:00", "agent", "the field is empty"),
        ("ann,mon,8,9:00", "starts", "this is no time of day"),
        ("ann,mon,24:30,9:00", "starts", "this is no time of day"),
        ("ann,mon,8:00,25:00", "ends", "this is no time of day"),
        ("ann,,2026-02-30 8:00,9:00", "starts", "there is no such date"),
        ("ann,2026-13-01,8:00,9:00", "day", "there is no such date"),
        ("ann,,8:00,9:00", "day", "the day is missing"),
        ("ann,someday,8:00,9:00", "day", "this is neither a date nor a weekday"),
        ("ann,2026-12-01,2026-12-02 8:00,9:00", "day", "this is another date than that of the"),
        ("ann,mon,2026-12-02 8:00,9:00", "day", "the start has a date, the day is a weekday"),
        ("ann,mon,8:00,2026-12-02 9:00", "ends", "the end has a date, the shift is of every week"),
        ("ann,,2026-12-01 8:00,2026-12-03 9:00", "ends", "a shift lasts 24 hours at most"),
        ("ann,,2026-12-01 8:00,2026-12-01 7:00", "ends", "a shift lasts 24 hours at most"),
    ],
)
def test_a_row_that_cannot_be_is_refused_with_its_reason(
    tmp_path: Path, row: str, column: str, reason: str
) -> None:
    (found,) = read(tmp_path, f"agent,day,starts,ends\n{row}\n")

    assert isinstance(found, Reject)
    assert found.column == column
    assert found.reason.startswith(reason)
    assert found.mend


def test_shifts_of_one_agent_must_not_overlap(tmp_path: Path) -> None:
    rows = "ann,mon-fri,8:00,12:00\nann,wed,11:00,15:00\nann,wed,12:00,15:00\nbob,wed,8:00,9:00\n"

    found = read(tmp_path, f"agent,day,starts,ends\n{rows}")

    assert [isinstance(row, Reject) for row in found] == [False, True, False, False]
    assert isinstance(found[1], Reject)
    assert found[1].reason == "on wed ann works at that time already, by line 2"


def test_a_file_without_the_columns_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(CannotRead, match="no column for starts, ends"):
        read(tmp_path, "agent,day\nann,mon\n")
