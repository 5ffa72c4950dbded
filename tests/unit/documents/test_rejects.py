"""Files of rejected rows: safe in a spreadsheet, and fit to be read again."""

from __future__ import annotations

import csv
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.documents.contacts_csv import ContactReading, ContactsFile
from callcenter.documents.csv_rows import COLUMNS_MAX, CannotRead
from callcenter.documents.customers_csv import CustomersFile
from callcenter.documents.rejects import REJECT_COLUMNS, Reject, RejectsFile, guarded, unguarded

REJECT = Reject(7, "Tier", "platinum", "there is no such tier", "Write one.", ("K1", "platinum"))
US = ContactReading("US")
HEADER = ("ID", "Tier")


def read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_a_row_stands_there_with_its_reason_and_its_fields(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"

    with RejectsFile(path, tmp_path / "source.csv", HEADER) as rejects:
        rejects.write(REJECT)

    assert read(path) == [
        [*REJECT_COLUMNS, "ID", "Tier"],
        ["7", "Tier", "platinum", "there is no such tier", "Write one.", "K1", "platinum"],
    ]
    assert rejects.count == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_without_rejects_there_is_no_file(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    path.write_text("of an earlier import")

    with RejectsFile(path, tmp_path / "source.csv", HEADER):
        pass

    assert not path.exists()


@pytest.mark.parametrize(
    "cell", ['=HYPERLINK("http://x")', "+1-202", "-2", "@SUM(A1)", "\t=1", "\r=1", "＝1", "＠x"]
)
def test_no_cell_is_a_formula(tmp_path: Path, cell: str) -> None:
    path = tmp_path / "rejects.csv"
    reject = Reject(2, cell, cell, "no", "Mend it.", (cell, cell))

    with RejectsFile(path, tmp_path / "source.csv", (cell, "b")) as rejects:
        rejects.write(reject)

    for row in read(path):
        assert not [field for field in row if field.startswith(tuple("=+-@\t\r＝＠"))]
    assert read(path)[1][-1] == "'" + cell


@given(st.text(max_size=20))
def test_the_guard_comes_off_again(cell: str) -> None:
    assert not guarded(cell).startswith(("=", "+", "-", "@", "\t", "\r"))
    if not cell.startswith("'"):
        assert unguarded(guarded(cell)) == cell


def test_an_apostrophe_of_a_name_stays() -> None:
    assert unguarded("'t Hooft") == "'t Hooft"


def test_the_file_being_read_is_not_written_over(tmp_path: Path) -> None:
    source = tmp_path / "source.csv"
    source.write_text("a,b\n")

    with pytest.raises(CannotRead, match="that is the file being read"):
        RejectsFile(tmp_path / "." / "source.csv", source, HEADER)

    assert source.read_text() == "a,b\n"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotRead, match=r"absent/rejects\.csv: No such file.*Name another file"):
        RejectsFile(tmp_path / "absent" / "rejects.csv", tmp_path / "source.csv", HEADER)


def test_a_column_that_looks_like_a_formula_keeps_its_name_when_the_file_comes_again(
    tmp_path: Path,
) -> None:
    """The fuzzer's story: the guard before ``+1 year`` was taken off again in every field, but not
    in the header, so agents saw an attribute ``'+1 year`` after the list was mended."""
    source, rejected = tmp_path / "people.csv", tmp_path / "rejects.csv"
    source.write_text("phone,+1 year\nnone,x\n")
    with ContactsFile(source, US) as file, RejectsFile(rejected, source, file.header) as out:
        for row in file:
            assert isinstance(row, Reject)
            out.write(row)

    with ContactsFile(rejected, US) as again:
        assert again.attributes == ("+1 year",)


def test_rejects_of_a_file_with_as_many_columns_as_may_be_can_be_read_again(tmp_path: Path) -> None:
    """The fuzzer's story: the columns with the reasons counted, too, so the rejects of a file with
    96 columns or more were refused when they came back mended."""
    source, rejected = tmp_path / "people.csv", tmp_path / "rejects.csv"
    header = ["id", "name", "phone", "tier", *(f"c{n}" for n in range(COLUMNS_MAX - 4))]
    source.write_text(",".join(header) + "\n" + "," * (COLUMNS_MAX - 1) + "x\n")
    with CustomersFile(source, "US") as file, RejectsFile(rejected, source, file.header) as out:
        for row in file:
            assert isinstance(row, Reject)
            out.write(row)

    with CustomersFile(rejected, "US") as again:
        assert again.header == tuple(header)
