"""Rows of workbooks: what spreadsheet programs write, and what is done to harm."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from callcenter.documents import xlsx_parts
from callcenter.documents.contacts_csv import ContactReading, ContactRow, ContactsFile
from callcenter.documents.csv_rows import COLUMNS_MAX, BrokenRow, CannotRead, CsvRow
from callcenter.documents.rejects import Reject
from callcenter.documents.xlsx_rows import XlsxFile
from tests.workbooks import MAIN, SHEET, Cell, around, pack, parts_of, write_workbook

HEADER = '<row r="1"><c r="A1" t="inlineStr"><is><t>number</t></is></c></row>'
DATES = (
    '<numFmts><numFmt numFmtId="170" formatCode="d/m/yyyy"/>'
    '<numFmt numFmtId="171" formatCode="#,##0 &quot;days&quot;"/></numFmts>'
    '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="170"/><xf numFmtId="171"/>'
    '<xf numFmtId="22"/><xf numFmtId="20"/></cellXfs>'
)


def read(path: Path, sheet: str = "") -> list[CsvRow | BrokenRow]:
    with XlsxFile(path, sheet) as file:
        return list(file)


def read_rows(folder: Path, rows: list[list[Cell]]) -> list[CsvRow | BrokenRow]:
    return read(write_workbook(folder / "book.xlsx", rows))


def read_xml(folder: Path, rows: str, **around_it: Any) -> list[CsvRow | BrokenRow]:
    return read(pack(folder / "book.xlsx", around(HEADER + rows, **around_it)))


def numbered(count: int) -> list[list[Cell]]:
    return [[n] for n in range(count)]


def refused(path: Path, sheet: str = "") -> str:
    with pytest.raises(CannotRead) as refusal:
        read(path, sheet)
    return str(refusal.value)


# --- what is read ---------------------------------------------------------------------------------


def test_texts_and_numbers_are_read_as_people_see_them(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [
        ["number", "name", "x"],
        [2025550101, "Ana & Bo", True],
        ["+1 202", None, 1.5],
        [0.1, "", False],
    ]

    assert read_rows(tmp_path, rows) == [
        CsvRow(2, ["2025550101", "Ana & Bo", "TRUE"]),
        CsvRow(3, ["+1 202", "", "1.5"]),
        CsvRow(4, ["0.1", "", "FALSE"]),
    ]


def test_the_first_row_with_content_is_the_header(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "book.xlsx", [[], [None, " "], [" number ", "a", ""], [1]])

    with XlsxFile(path) as file:
        assert file.header == ["number", "a"]
        assert list(file) == [CsvRow(4, ["1", ""])]
        assert file.share == 1.0


def test_empty_rows_are_empty(tmp_path: Path) -> None:
    assert read_rows(tmp_path, [["a"], [], [None, " "], [" "]]) == [
        CsvRow(2, []),
        CsvRow(3, []),
        CsvRow(4, []),
    ]


def test_rows_and_cells_without_a_name_follow_those_before_them(tmp_path: Path) -> None:
    rows = read(
        pack(
            tmp_path / "book.xlsx",
            around(
                "<row><c t='str'><v>a</v></c><c t='str'><v>b</v></c><c t='str'><v>c</v></c></row>"
                '<row r="7"><c r="B7"><v>1</v></c><c><v>2</v></c></row><row><c><v>3</v></c></row>'
            ),
        )
    )

    assert rows == [CsvRow(7, ["", "1", "2"]), CsvRow(8, ["3", "", ""])]


def test_rich_texts_are_read_without_how_they_are_pronounced(tmp_path: Path) -> None:
    texts = (
        f'<x:sst xmlns:x="{MAIN}"><x:si><x:r><x:t>An</x:t></x:r><x:r><x:t>a_x000D_!</x:t></x:r>'
        "<x:rPh><x:t>aah</x:t></x:rPh></x:si></x:sst>"
    )
    rows = (
        '<row r="2"><c r="A2" t="s"><v>0</v></c></row><row r="3"><c r="A3" t="inlineStr"><is>'
        "<t>Bo</t><rPh><t>boh</t></rPh></is></c></row>"
    )

    assert read_xml(tmp_path, rows, texts=texts) == [
        CsvRow(2, ["Ana\r!"]),
        CsvRow(3, ["Bo"]),
    ]


@pytest.mark.parametrize(
    ("style", "value", "shown"),
    [
        (1, "45443", "2024-05-31"),
        (2, "45443.5", "2024-05-31 12:00:00"),
        (3, "45443", "45443"),
        (4, "1.25", "1899-12-31 06:00:00"),
        (5, "0.75", "18:00:00"),
        (0, "45443", "45443"),
        (99, "45443", "45443"),
    ],
)
def test_numbers_that_are_shown_as_dates_are_dates(
    tmp_path: Path, style: int, value: str, shown: str
) -> None:
    rows = f'<row r="2"><c r="A2" s="{style}"><v>{value}</v></c></row>'

    assert read_xml(tmp_path, rows, styles=DATES) == [CsvRow(2, [shown])]


def test_workbooks_that_count_from_1904_have_their_dates(tmp_path: Path) -> None:
    parts = around(f'{HEADER}<row r="2"><c r="A2" s="1"><v>0</v></c></row>', styles=DATES)
    parts[SHEET] = parts[SHEET].replace("<v>0<", "<v>43981<")
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(
        "<sheets>", '<workbookPr date1904="1"/><sheets>'
    )

    assert read(pack(tmp_path / "book.xlsx", parts)) == [CsvRow(2, ["2024-05-31"])]


def test_the_sheet_that_is_named_is_read(tmp_path: Path) -> None:
    parts = around(HEADER, sheets={"Notes": SHEET, "Contacts 2024": "xl/worksheets/sheet2.xml"})
    parts["xl/worksheets/sheet2.xml"] = parts[SHEET].replace("number", "phone")
    path = pack(tmp_path / "book.xlsx", parts)

    with XlsxFile(path) as first, XlsxFile(path, "contacts 2024") as second:
        assert (first.header, second.header) == (["number"], ["phone"])
    assert "has no sheet 'x'. Name one of 'Notes', 'Contacts 2024'." in refused(path, "x")


def test_many_rows_come_in_their_order_and_the_share_grows(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [["number"], *numbered(20_000)]
    shares = []
    with XlsxFile(write_workbook(tmp_path / "book.xlsx", rows)) as file:
        for n, row in enumerate(file):
            assert row == CsvRow(n + 2, [str(n)])
            shares.append(file.share)

    assert shares == sorted(shares)
    assert shares[0] < 0.5 < shares[-1] == 1.0


# --- rows that are refused ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("<f>1+1</f><v>2</v>", "cell A2 holds a formula"),
        ("<f>1+1</f>", "cell A2 holds a formula"),
        ('<f t="shared" si="0"/><v>2</v>', "cell A2 holds a formula"),
        ("<v>nan</v>", "cell A2 holds no number that can be"),
        ("<v>1e999</v>", "cell A2 holds no number that can be"),
        ("<v>x</v>", "cell A2 holds no number that can be"),
    ],
)
def test_a_cell_that_cannot_be_refuses_its_row(tmp_path: Path, cell: str, reason: str) -> None:
    rows = f'<row r="2"><c r="A2">{cell}</c></row><row r="3"><c r="A3"><v>3</v></c></row>'

    first, second = read_xml(tmp_path, rows)

    assert isinstance(first, BrokenRow)
    assert (first.number, first.reason) == (2, reason)
    assert first.mend.endswith(".")
    assert second == CsvRow(3, ["3"])


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ('t="e"><v>#N/A</v>', "cell A2 holds the error #N/A"),
        ('t="s"><v>7</v>', "cell A2 names a text that is not there"),
        ('t="s"><v>-1</v>', "cell A2 names a text that is not there"),
        ('s="1"><v>99999999</v>', "cell A2 holds no number that can be"),
    ],
)
def test_a_cell_that_points_nowhere_refuses_its_row(tmp_path: Path, cell: str, reason: str) -> None:
    (row,) = read_xml(tmp_path, f'<row r="2"><c r="A2" {cell}</c></row>', styles=DATES)

    assert isinstance(row, BrokenRow)
    assert row.reason == reason


def test_a_number_that_the_spreadsheet_rounded_is_shown_so(tmp_path: Path) -> None:
    assert read_xml(tmp_path, '<row r="2"><c r="A2"><v>1.2025550101E20</v></c></row>') == [
        CsvRow(2, ["1.2025550101e+20"])
    ]


def test_content_beside_the_named_columns_refuses_the_row(tmp_path: Path) -> None:
    first, second, third = read_rows(
        tmp_path, [["a", "b"], [1, 2, 3], [1, 2, None, ""], [*[None] * 300, 1]]
    )

    assert isinstance(first, BrokenRow)
    assert first.reason == "the row has 3 columns, the header has 2"
    assert second == CsvRow(3, ["1", "2"])
    assert isinstance(third, BrokenRow)
    assert third.reason == "the row has 301 columns"


def test_a_long_row_is_refused_and_a_long_text_not_kept(tmp_path: Path) -> None:
    first, second, third = read_rows(
        tmp_path, [["a", "b"], ["x" * 40_000], ["y" * 20_000, "z" * 20_000], [1]]
    )

    assert isinstance(first, BrokenRow)
    assert first.reason == "the row is longer than 32768 characters"
    assert isinstance(second, BrokenRow)
    assert third == CsvRow(4, ["1", ""])


def test_contacts_of_a_workbook_are_refused_by_row_and_cell(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [["Phone", "Zone"], [2025550101], [12], ["+1 202 555 0102", "Paris"]]
    path = write_workbook(tmp_path / "renamed.csv", rows)

    with ContactsFile(path, ContactReading("US")) as file:
        first, second, third = list(file)

    assert isinstance(first, ContactRow)
    assert first.number == "+12025550101"
    assert isinstance(second, Reject)
    assert (second.row, second.column, second.value) == (3, "Phone", "12")
    assert isinstance(third, Reject)
    assert (third.row, third.column, third.reason) == (4, "Zone", "there is no such time zone")


# --- files that cannot be used --------------------------------------------------------------------

GOOD = parts_of([["number"], [2025550101]])


def without(part: str) -> dict[str, str]:
    return {name: content for name, content in GOOD.items() if name != part}


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"a.txt": "x"}, "is no Excel workbook. Save the sheet as .xlsx or CSV."),
        (without("xl/workbook.xml"), "is no Excel workbook"),
        (without("_rels/.rels"), "is no Excel workbook"),
        (without("xl/_rels/workbook.xml.rels"), "has no sheet with rows"),
        (without(SHEET), "has no sheet with rows"),
        (GOOD | {"_rels/.rels": "<Rel"}, "_rels/.rels: the workbook is damaged or cut off"),
        (GOOD | {"xl/workbook.xml": "\x00"}, "xl/workbook.xml: the workbook is damaged"),
        (around(""), "has an empty sheet: the first row must name the columns"),
        (around('<row r="1"><c r="A1"><f>1</f></c></row>'), "row 1: cell A1 holds a formula"),
        (
            GOOD | {SHEET: GOOD[SHEET].replace("</sheetData></worksheet>", "")},
            "the workbook is damaged or cut off. Open it in a spreadsheet program and save it "
            "anew. Rows up to 2 could be read.",
        ),
        (GOOD | {SHEET: "number\n1\n"}, "damaged or cut off"),
        (
            GOOD
            | {
                SHEET: '<!DOCTYPE w [<!ENTITY a "b"><!ENTITY c "&a;&a;">]>'
                + GOOD[SHEET].replace("<v>2025550101", "<v>&c;")
            },
            "declares entities",
        ),
    ],
)
def test_a_workbook_that_cannot_be_used_is_said_why(
    tmp_path: Path, parts: dict[str, str], said: str
) -> None:
    message = refused(pack(tmp_path / "book.xlsx", parts))

    assert message.startswith(str(tmp_path / "book.xlsx"))
    assert said in message


def test_a_workbook_cut_at_any_place_is_said_to_be(tmp_path: Path) -> None:
    whole = write_workbook(tmp_path / "whole.xlsx", [["number"], *numbered(50)])
    content, path = whole.read_bytes(), tmp_path / "book.xlsx"
    for end in range(4, len(content), 97):
        path.write_bytes(content[:end])

        assert "is cut off: its end is missing. Send it again." in refused(path)


def test_a_workbook_with_other_bytes_in_it_is_read_or_said_to_be_damaged(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [["number"], *numbered(50)]
    content = bytearray(write_workbook(tmp_path / "whole.xlsx", rows).read_bytes())
    path, damaged = tmp_path / "book.xlsx", 0
    for place in range(0, len(content), 17):
        spoilt = content.copy()
        spoilt[place] ^= 0x55
        path.write_bytes(spoilt)
        try:
            read(path)
        except CannotRead:
            damaged += 1

    assert damaged > 20


def test_a_protected_workbook_is_said_to_be(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "book.xlsx", [["number"]])
    content = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = -1
        while (place := content.find(signature, place + 1)) >= 0:
            content[place + flags] |= 1
    path.write_bytes(content)

    assert "is protected. Save it without a password." in refused(path)


def test_a_workbook_of_the_old_kind_is_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500))

    with (
        pytest.raises(CannotRead, match="of the old kind or with a password"),
        ContactsFile(path, ContactReading("US")),
    ):
        pass


def test_a_million_columns_are_refused_without_being_read_into_memory(tmp_path: Path) -> None:
    many: list[list[Cell]] = [[f"c{n}" for n in range(COLUMNS_MAX + 1)]]
    assert f"row 1: at most {COLUMNS_MAX} columns" in refused(
        write_workbook(tmp_path / "book.xlsx", many)
    )

    cells = "".join(f"<c><v>{n}</v></c>" for n in range(100_000))
    message = refused(pack(tmp_path / "wide.xlsx", around(f"<row>{cells}</row>")))

    assert "row 1: the row has 201 columns. Leave out what is not needed." in message


def test_cells_far_outside_do_no_harm(tmp_path: Path) -> None:
    (row,) = read_xml(
        tmp_path, f'<row r="{"9" * 50}"><c r="{"Z" * 5000}1"><v>1</v></c></row><row/>'
    )[:1]

    assert isinstance(row, BrokenRow)
    assert row.reason.endswith("columns")


# --- what unpacks to more than it should ----------------------------------------------------------


def test_a_bomb_is_refused_when_it_has_unpacked_to_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callcenter.documents.xlsx_rows.PART_BYTES_MAX", 5_000_000)
    monkeypatch.setattr(xlsx_parts, "PART_BYTES_MAX", 5_000_000)
    blank = " " * 17_000_000
    in_sheet = pack(tmp_path / "sheet.xlsx", GOOD | {SHEET: GOOD[SHEET].replace("<row", blank, 1)})
    texts = around(HEADER, texts=f'<sst xmlns="{MAIN}">{blank}</sst>')
    in_texts = pack(tmp_path / "texts.xlsx", texts)
    links = GOOD | {"_rels/.rels": blank + GOOD["_rels/.rels"]}
    in_links = pack(tmp_path / "links.xlsx", links)

    assert in_sheet.stat().st_size < 100_000
    assert "unpacks to more than 5 MB of xl/worksheets/sheet1.xml" in refused(in_sheet)
    assert "unpacks to more than 5 MB of xl/sharedStrings.xml" in refused(in_texts)
    assert "unpacks to more than 16 MB of _rels/.rels" in refused(in_links)


def test_more_text_than_may_be_in_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xlsx_parts, "TEXTS_BYTES_MAX", 1_000_000)
    texts = f'<sst xmlns="{MAIN}">{"<si><t>" + "x" * 30_000 + "</t></si>"}</sst>'
    many = texts.replace("</sst>", "") + ("<si><t>" + "y" * 30_000 + "</t></si>") * 40 + "</sst>"

    assert "holds more than 1 MB of text" in refused(
        pack(tmp_path / "book.xlsx", around(HEADER, texts=many))
    )


def test_a_tag_without_end_is_not_waited_for(tmp_path: Path) -> None:
    endless = GOOD[SHEET].replace("<row", "<row " + "a" * 5_000_000, 1)

    assert "damaged or cut off" in refused(pack(tmp_path / "book.xlsx", GOOD | {SHEET: endless}))


def test_a_list_of_very_many_parts_is_not_taken_into_memory(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with zipfile.ZipFile(path, "w") as file:
        for n in range(15_000):
            file.writestr(f"{n:050}", b"")

    assert "has more parts than a workbook has" in refused(path)
    content = write_workbook(tmp_path / "many.xlsx", [["number"]]).read_bytes()
    end = content.rindex(b"PK\x05\x06")  # before it stands what tells of more than 65,535 parts
    path.write_bytes(content[:end] + b"PK\x06\x07" + bytes(16) + content[end:])
    assert "has more parts than a workbook has" in refused(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "none.xlsx cannot be opened: No such file or directory." in refused(
        tmp_path / "none.xlsx"
    )
