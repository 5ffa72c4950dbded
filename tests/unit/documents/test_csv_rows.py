"""Rows of CSV files, whole and broken ones."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.documents.csv_rows import (
    COLUMNS_MAX,
    LINES_OF_A_ROW_MAX,
    ROW_BYTES_MAX,
    BrokenRow,
    CannotRead,
    CsvFile,
    CsvRow,
)


def read(folder: Path, content: bytes | str) -> list[CsvRow | BrokenRow]:
    path = folder / "rows.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with CsvFile(path) as file:
        return list(file)


def whole(rows: list[CsvRow | BrokenRow]) -> list[tuple[int, list[str]]]:
    return [(row.number, row.fields) for row in rows if isinstance(row, CsvRow)]


def broken(rows: list[CsvRow | BrokenRow]) -> list[tuple[int, str]]:
    return [(row.number, row.reason) for row in rows if isinstance(row, BrokenRow)]


# --- whole rows -----------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("sign", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_rows_are_read_whatever_the_delimiter_and_the_line_ends(
    tmp_path: Path, end: str, sign: str, mark: str
) -> None:
    content = mark + f"a{sign}b{end}1{sign}zoë{end}2{sign}北京"

    assert read(tmp_path, content) == [CsvRow(2, ["1", "zoë"]), CsvRow(3, ["2", "北京"])]


def test_quoted_fields_may_hold_anything(tmp_path: Path) -> None:
    rows = read(tmp_path, 'a,b\n"x, y","say ""hi"""\n1, "after a space"\n"two\nlines",2\n3,4\n')

    assert rows == [
        CsvRow(2, ["x, y", 'say "hi"']),
        CsvRow(3, ["1", "after a space"]),
        CsvRow(4, ["two\nlines", "2"]),
        CsvRow(6, ["3", "4"]),
    ]


def test_rows_without_content_are_empty(tmp_path: Path) -> None:
    assert read(tmp_path, "a,b\n\n , \n,,,,\n1,2\n") == [
        CsvRow(2, []),
        CsvRow(3, []),
        CsvRow(4, []),
        CsvRow(5, ["1", "2"]),
    ]


def test_empty_columns_that_a_spreadsheet_appended_are_left_off(tmp_path: Path) -> None:
    assert read(tmp_path, "a,b\n1,2,,,\n") == [CsvRow(2, ["1", "2"])]


@given(
    rows=st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=8),
            min_size=3,
            max_size=3,
        ),
        max_size=8,
    )
)
def test_whatever_was_written_as_csv_is_read_again(rows: list[list[str]]) -> None:
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([["a", "b", "c"], *rows])

    with TemporaryDirectory() as folder:
        found = read(Path(folder), written.getvalue())

    expected = [row if any(field.strip() for field in row) else [] for row in rows]
    assert [fields for _, fields in whole(found)] == expected
    assert broken(found) == []


# --- broken rows ----------------------------------------------------------------------------------


def test_a_row_of_another_width_is_rejected_and_the_next_is_read(tmp_path: Path) -> None:
    rows = read(tmp_path, "a,b,c\n1,2\n1,2,3,4\n1,2,3\n")

    assert broken(rows) == [
        (2, "the row has 2 columns, the header has 3"),
        (3, "the row has 4 columns, the header has 3"),
    ]
    assert whole(rows) == [(4, ["1", "2", "3"])]


@pytest.mark.parametrize(
    "line",
    [
        '1,"Ana',
        '1,Ana 5" screen',
        '"1,Ana',
        '1,"Ana" Maria',
        '1,"Ana"Maria"',
    ],
)
def test_a_quotation_mark_in_the_wrong_place_costs_only_its_own_line(
    tmp_path: Path, line: str
) -> None:
    rows = read(tmp_path, f"a,b\n{line}\n2,Bo\n3,Cy\n")

    assert [number for number, _ in broken(rows)] == [2]
    assert whole(rows) == [(3, ["2", "Bo"]), (4, ["3", "Cy"])]


def test_two_quotation_marks_in_wrong_places_do_not_swallow_what_is_between(
    tmp_path: Path,
) -> None:
    rows = read(tmp_path, 'a,b\n1,5" screen\n2,Bo\n3,7" screen\n4,Di\n')

    assert [number for number, _ in broken(rows)] == [2, 4]
    assert whole(rows) == [(3, ["2", "Bo"]), (5, ["4", "Di"])]


def test_a_row_has_so_many_lines_at_most(tmp_path: Path) -> None:
    fits = '"' + "\n" * (LINES_OF_A_ROW_MAX - 1) + '",1'
    too_many = '"' + "\n" * LINES_OF_A_ROW_MAX + '",2'

    rows = read(tmp_path, f"a,b\n{fits}\n{too_many}\n3,4\n")

    assert whole(rows)[0] == (2, ["\n" * (LINES_OF_A_ROW_MAX - 1), "1"])
    assert whole(rows)[-1][1] == ["3", "4"]
    assert len(broken(rows)) == 2  # where the quotation begins, and where it ends


def test_a_line_that_never_ends_is_passed_over(tmp_path: Path) -> None:
    rows = read(tmp_path, "a,b\n" + "x" * (3 * ROW_BYTES_MAX) + "\n1,2\n" + "é" * ROW_BYTES_MAX)

    assert broken(rows) == [
        (2, f"the row is longer than {ROW_BYTES_MAX} bytes"),
        (4, f"the row is longer than {ROW_BYTES_MAX} bytes"),
    ]
    assert whole(rows) == [(3, ["1", "2"])]


def test_a_row_over_lines_that_is_too_long_in_all_is_rejected(tmp_path: Path) -> None:
    line = "x" * (ROW_BYTES_MAX // 3)

    rows = read(tmp_path, f'a,b\n"{line}\n{line}\n{line}\n{line}",1\n2,3\n')

    assert broken(rows)[0] == (2, f"the row is longer than {ROW_BYTES_MAX} bytes")
    assert whole(rows)[-1] == (6, ["2", "3"])


@given(
    st.text(
        st.sampled_from(["a", ",", '"', "\n", "\r", " ", "é", ";", "\t", "'", "\x00", "\u2028"]),
        max_size=60,
    )
)
def test_no_line_of_any_file_is_lost(text: str) -> None:
    with TemporaryDirectory() as folder:
        rows = read(Path(folder), "a,b\n" + text)

    numbers = [row.number for row in rows]
    assert numbers == sorted(set(numbers))
    lines = {2 + n: line for n, line in enumerate(text.split("\n"))}
    if lines[max(lines)] == "":
        del lines[max(lines)]  # the file's last line end begins no line
    ends = [*numbers[1:], max(lines) + 1] if lines else []
    for row, end in zip(rows, ends, strict=True):
        taken = "\n".join(lines.pop(number) for number in range(row.number, end))
        if isinstance(row, BrokenRow):
            assert end == row.number + 1
            assert row.text == taken.removesuffix("\r")
    assert lines == {}


# --- files that cannot be read --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n1,2\n", "line 1 must name the columns"),
        ("a,b\n1,2\n".encode("utf-16"), "UTF-16. Save the file as CSV UTF-8"),
        ("a,b\n".encode("utf-16-be").join((b"\xfe\xff", b"")), "UTF-16"),
        (b"PK\x03\x04....", "is a workbook. Save the sheet as CSV UTF-8"),
        (b"\xd0\xcf\x11\xe0....", "is a workbook"),
        (b"\x1f\x8b\x08....", "is compressed"),
        (b"a,b\r1,2\r3,4", "end in CR alone"),
        (b'a,"b\n1,2\n', "line 1: a quotation mark is not closed"),
        (b",".join(b"c%d" % n for n in range(COLUMNS_MAX + 1)), f"at most {COLUMNS_MAX} columns"),
        (b"x" * ROW_BYTES_MAX * 2, f"{ROW_BYTES_MAX} bytes"),
        (b"a,b\n1,2\nNa\xefve,3\n", r"line 3, byte 3: this is not UTF-8 \(0xef\)"),
        ("a,b\n1,2\n3,Zo\xeb".encode("latin-1"), r"line 3, byte 5: this is not UTF-8 \(0xeb\)"),
    ],
)
def test_a_file_that_cannot_be_read_says_where_and_how_to_mend_it(
    tmp_path: Path, content: bytes, said: str
) -> None:
    with pytest.raises(CannotRead, match=said) as refusal:
        read(tmp_path, content)

    assert "rows.csv" in str(refusal.value)


def test_what_is_no_file_is_named_and_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)

    for path, said in (
        (tmp_path / "absent.csv", "No such file"),
        (tmp_path, "is no file"),
        (pipe, "is no file"),
    ):
        with pytest.raises(CannotRead, match=said), CsvFile(path):
            pass


def test_a_disk_that_fails_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a,b\n1,2\n")

    class Failing(io.BytesIO):
        def readline(self, _size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    with CsvFile(path) as file:
        file._lines._file = Failing()
        with pytest.raises(CannotRead, match="Input/output error"):
            list(file)


def test_the_share_read_grows_to_one(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a,b\n" + "1,2\n" * 99)

    with CsvFile(path) as file:
        shares = [file.share for _ in file]

    assert shares == sorted(shares)
    assert shares[49] == pytest.approx(0.51)
    assert shares[-1] == 1.0
