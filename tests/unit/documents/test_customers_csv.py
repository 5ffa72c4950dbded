"""Customers from CSV: what is taken, what is rejected and how it is said."""

from __future__ import annotations

import csv
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from callcenter.documents.csv_rows import CannotRead
from callcenter.documents.customers_csv import ALIASES, CustomerRow, CustomersFile
from callcenter.documents.people_csv import ID_CHARS_MAX, NAME_CHARS_MAX, NOTE_CHARS_MAX
from callcenter.documents.rejects import Reject, RejectsFile
from callcenter.domain.customer import Tier

HEADER = "id,name,phone,tier,value,since,note\n"
GOOD = "K1,Ana López,(202) 555-0101,gold,1234.50,2019-05-31,speaks Spanish\n"
ANA = CustomerRow(
    row=2,
    id="K1",
    name="Ana López",
    numbers=("+12025550101",),
    tier=Tier.GOLD,
    value=1234.5,
    since="2019-05-31",
    note="speaks Spanish",
    fields=(
        "K1",
        "Ana López",
        "(202) 555-0101",
        "gold",
        "1234.50",
        "2019-05-31",
        "speaks Spanish",
    ),
)


def read(folder: Path, content: str, region: str = "US") -> list[CustomerRow | Reject]:
    path = folder / "customers.csv"
    path.write_text(content, encoding="utf-8", newline="")
    with CustomersFile(path, region) as file:
        rows = list(file)
        assert file.rows == len(rows)
        return rows


def read_one(folder: Path, line: str, region: str = "US") -> CustomerRow | Reject:
    (row,) = read(folder, HEADER + line, region)
    return row


def rejected(folder: Path, line: str) -> tuple[str, str, str]:
    row = read_one(folder, line)
    assert isinstance(row, Reject)
    assert row.row == 2
    assert row.mend.endswith(".")
    return row.column, row.value, row.reason


# --- what is taken --------------------------------------------------------------------------------

FOR_RULES = (
    "id,name,phone,tier,Language,Account owner,Churn-Risk,attribute:segment,Attribute: seats\n"
)


def test_what_rules_read_has_columns_of_its_own(tmp_path: Path) -> None:
    line = "K1,Ana,2025550101,gold,pt-BR,Ben,0.35,vip,12\n"
    (row,) = read(tmp_path, FOR_RULES + line)
    (bare,) = read(tmp_path, "id,name,phone,tier\nK1,Ana,2025550101,gold\n")

    assert isinstance(row, CustomerRow)
    assert (row.language, row.owner, row.churn_risk) == ("pt-br", "ben", 0.35)
    assert row.attributes == {"segment": "vip", "seats": "12"}
    assert isinstance(bare, CustomerRow)
    assert (bare.language, bare.owner, bare.churn_risk) == (UNSET, UNSET, UNSET)
    assert bare.attributes == {}


def test_empty_fields_of_what_rules_read_are_empty(tmp_path: Path) -> None:
    (row,) = read(tmp_path, FOR_RULES + "K1,Ana,2025550101,gold,,,,,\n")

    assert isinstance(row, CustomerRow)
    assert (row.language, row.owner, row.churn_risk) == ("", "", None)
    assert row.attributes == {"segment": "", "seats": ""}


@pytest.mark.parametrize(
    ("fields", "column", "value", "reason"),
    [
        ("german!,,,,", "Language", "german!", "this is no language"),
        (",x\x07,,,", "Account owner", "x\x07", "the text holds control characters"),
        (",,35,,", "Churn-Risk", "35", "this is no share"),
        (",,1.01,,", "Churn-Risk", "1.01", "this is no share"),
        (",,-0.1,,", "Churn-Risk", "-0.1", "this is no share"),
        (",,,a\x07,", "attribute:segment", "a\x07", "the text holds control characters"),
        (
            f",,,,{'x' * 201}",
            "Attribute: seats",
            "x" * 200,
            "the text is longer than 200 characters",
        ),
    ],
)
def test_what_rules_cannot_read_is_rejected(
    tmp_path: Path, fields: str, column: str, value: str, reason: str
) -> None:
    (row,) = read(tmp_path, f"{FOR_RULES}K1,Ana,2025550101,gold,{fields}\n")

    assert isinstance(row, Reject)
    assert (row.column, row.value, row.reason) == (column, value, reason)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ("attribute:Shoe size", "names no attribute"),
        ("attribute:", "names no attribute"),
        ("attribute:tier", "without attribute:"),
        ("attribute:a,attribute:a", "both mean a"),
        (",".join(f"attribute:a{n}" for n in range(51)), "more than 50 attributes"),
    ],
)
def test_a_header_whose_attributes_cannot_be_is_refused(
    tmp_path: Path, columns: str, said: str
) -> None:
    with pytest.raises(CannotRead, match=said):
        read(tmp_path, f"id,name,phone,tier,{columns}\n")


def test_a_full_row_is_a_customer(tmp_path: Path) -> None:
    assert read(tmp_path, HEADER + GOOD) == [ANA]


def test_columns_that_are_not_there_are_unset_and_empty_ones_are_empty(tmp_path: Path) -> None:
    (lacking,) = read(tmp_path, "id,name,phone,tier\nK1,Ana,2025550101,gold\n")
    empty = read_one(tmp_path, "K1,Ana,2025550101,gold,,,\n")

    assert isinstance(lacking, CustomerRow)
    assert isinstance(empty, CustomerRow)
    assert (lacking.value, lacking.since, lacking.note) == (UNSET, UNSET, UNSET)
    assert (empty.value, empty.since, empty.note) == (None, "", "")


@pytest.mark.parametrize("meaning", list(ALIASES))
def test_columns_go_by_many_names(tmp_path: Path, meaning: str) -> None:
    for alias in ALIASES[meaning]:
        for spelling in (alias, alias.upper(), alias.replace(" ", "_"), f"  {alias.title()} "):
            header = HEADER.replace(meaning, spelling, 1)

            (row,) = read(tmp_path, header + GOOD)

            assert isinstance(row, CustomerRow), spelling


def test_columns_may_stand_in_any_order_beside_unknown_ones(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_text("Fax,Tier,Phone,Shoe size,Name,ID\n1,gold,2025550101,38,Ana,K1\n")

    with CustomersFile(path, "US") as file:
        (row,) = list(file)

    assert isinstance(row, CustomerRow)
    assert (row.id, row.name, row.numbers, row.tier) == ("K1", "Ana", ("+12025550101",), Tier.GOLD)
    assert file.ignored_columns == ("Fax", "Shoe size")
    assert file.header == ("Fax", "Tier", "Phone", "Shoe size", "Name", "ID")


def test_a_rejected_field_is_told_by_the_column_as_the_file_calls_it(tmp_path: Path) -> None:
    (row,) = read(tmp_path, "Fax,Tier,Mobile,Name,ID\n1,gold,nonsense,Ana,K1\n")

    assert isinstance(row, Reject)
    assert row.column == "Mobile"


@pytest.mark.parametrize(
    ("text", "region", "numbers"),
    [
        ("2025550101", "US", ("+12025550101",)),
        ("+1 202 555 0101", "DE", ("+12025550101",)),
        ("1-202-555-0101", "US", ("+12025550101",)),
        ("030 123456", "DE", ("+4930123456",)),
        ("0049 30 123456", "DE", ("+4930123456",)),
        ("020 7946 0000", "GB", ("+442079460000",)),
        ("555 0101", "IS", ("+3545550101",)),
        ("(202) 555‑0101", "US", ("+12025550101",)),
        ("２０２５５５０１０１", "US", ("+12025550101",)),
        ("2025550101|2025550102 | ", "US", ("+12025550101", "+12025550102")),
        ("2025550102|2025550101|(202) 555-0102", "US", ("+12025550102", "+12025550101")),
        ("'+12025550101|'+12025550102", "US", ("+12025550101", "+12025550102")),
    ],
)
def test_numbers_become_international(
    tmp_path: Path, text: str, region: str, numbers: tuple[str, ...]
) -> None:
    row = read_one(tmp_path, f"K1,Ana,{text},gold,,,\n", region)

    assert isinstance(row, CustomerRow)
    assert row.numbers == numbers


def test_texts_keep_what_belongs_to_them(tmp_path: Path) -> None:
    row = read_one(tmp_path, '" K 1 ","\'t Hooft & Söhne, Ltd",2025550101, GOLD ,-5,,"a\n\tb"\n')

    assert isinstance(row, CustomerRow)
    assert (row.id, row.name) == ("K 1", "'t Hooft & Söhne, Ltd")
    assert (row.tier, row.value, row.note) == (Tier.GOLD, -5.0, "a\n\tb")


def test_rows_without_content_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_text(HEADER + "\n" + GOOD + ",,,,,,\n\n", encoding="utf-8")

    with CustomersFile(path, "US") as file:
        assert len(list(file)) == 1

    assert (file.rows, file.blank) == (1, 3)
    assert file.share == 1.0


# --- what is rejected -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (",Ana,2025550101,gold,,,", ("id", "", "the field is empty")),
        (
            f"{'K' * (ID_CHARS_MAX + 1)},Ana,2025550101,gold,,,",
            ("id", "K" * (ID_CHARS_MAX + 1), f"the text is longer than {ID_CHARS_MAX} characters"),
        ),
        ("K\x001,Ana,2025550101,gold,,,", ("id", "K\x001", "the text holds control characters")),
        ("K1, ,2025550101,gold,,,", ("name", "", "the field is empty")),
        ("K1,A\x1bna,2025550101,gold,,,", ("name", "A\x1bna", "the text holds control characters")),
        ("K1,Ana,,gold,,,", ("phone", "", "there is no number")),
        ("K1,Ana,|,gold,,,", ("phone", "|", "there is no number")),
        ("K1,Ana,none,gold,,,", ("phone", "none", "this is no phone number")),
        ("K1,Ana,2025550101 x12,gold,,,", ("phone", "2025550101 x12", "this is no phone number")),
        ("K1,Ana,555-0101,gold,,,", ("phone", "555-0101", "the area code is missing")),
        ("K1,Ana,12345,gold,,,", ("phone", "12345", "the number has too few digits")),
        ("K1,Ana,+999123456,gold,,,", ("phone", "+999123456", "no country has this code")),
        ("K1,Ana,1,gold,,,", ("phone", "1", "the number has too few or too many digits")),
        (
            "K1,Ana,+120255501012345,gold,,,",
            ("phone", "+120255501012345", "the number has too many digits"),
        ),
        (
            "K1,Ana,1.20255E+10,gold,,,",
            ("phone", "1.20255E+10", "a spreadsheet has turned the number into a rounded one"),
        ),
        (
            "K1,Ana,2025550101|oops,gold,,,",
            ("phone", "2025550101|oops", "this is no phone number"),
        ),
        ("K1,Ana,2025550101,,,,", ("tier", "", "there is no such tier")),
        ("K1,Ana,2025550101,platinum,,,", ("tier", "platinum", "there is no such tier")),
        ('K1,Ana,2025550101,gold,"1,234.50",,', ("value", "1,234.50", "this is no amount")),
        ("K1,Ana,2025550101,gold,lots,,", ("value", "lots", "this is no amount")),
        ("K1,Ana,2025550101,gold,nan,,", ("value", "nan", "this is no amount")),
        ("K1,Ana,2025550101,gold,1e400,,", ("value", "1e400", "this is no amount")),
        (f"K1,Ana,2025550101,gold,{'9' * 400},,", ("value", "9" * 200, "this is no amount")),
        ("K1,Ana,2025550101,gold,,31.05.2019,", ("since", "31.05.2019", "this is no day")),
        ("K1,Ana,2025550101,gold,,2019-02-30,", ("since", "2019-02-30", "this is no day")),
        ("K1,Ana,2025550101,gold,,20190531,", ("since", "20190531", "this is no day")),
        (
            "K1,Ana,2025550101,gold,,,a\x07b",
            ("note", "a\x07b", "the text holds control characters"),
        ),
    ],
)
def test_a_field_that_cannot_be_is_named_with_its_value_and_the_reason(
    tmp_path: Path, line: str, expected: tuple[str, str, str]
) -> None:
    assert rejected(tmp_path, line + "\n") == expected


def test_texts_that_are_too_long_are_rejected_and_shown_in_part(tmp_path: Path) -> None:
    name = rejected(tmp_path, f"K1,{'A' * (NAME_CHARS_MAX + 1)},2025550101,gold,,,\n")
    note = rejected(tmp_path, f"K1,Ana,2025550101,gold,,,{'n' * (NOTE_CHARS_MAX + 1)}\n")
    lines = "n\n" * (NOTE_CHARS_MAX // 40) * 20
    long_note = read_one(tmp_path, f'K1,Ana,2025550101,gold,,,"{lines[:390]}"\n')

    assert name == ("name", "A" * 200, "the text is longer than 200 characters")
    assert note[:2] == ("note", "n" * 200)
    assert isinstance(long_note, CustomerRow)


def test_too_many_numbers_of_one_customer_are_rejected(tmp_path: Path) -> None:
    phones = "|".join(f"20255501{n:02d}" for n in range(21))

    column, _, reason = rejected(tmp_path, f"K1,Ana,{phones},gold,,,\n")

    assert (column, reason) == ("phone", "there are more than 20 numbers")


def test_the_column_is_named_as_in_the_file_and_the_row_is_kept_whole(tmp_path: Path) -> None:
    (row,) = read(tmp_path, "Account,Full Name,Mobile,Class\nK1,Ana,2025550101,best\n")

    assert row == Reject(
        row=2,
        column="Class",
        value="best",
        reason="there is no such tier",
        mend="Write one of gold, silver, standard.",
        fields=("K1", "Ana", "2025550101", "best"),
    )


def test_a_row_that_cannot_be_split_is_kept_as_it_stands(tmp_path: Path) -> None:
    assert read_one(tmp_path, "K1,Ana\n") == Reject(
        row=2,
        column="",
        value="K1,Ana",
        reason="the row has 2 columns, the header has 7",
        mend="Put fields that hold the delimiter into quotation marks, fill in missing ones.",
    )


def test_the_second_row_of_a_customer_is_rejected(tmp_path: Path) -> None:
    first, second = read(tmp_path, HEADER + GOOD + "K1,Ana,2025550102,gold,,,\n")

    assert first == ANA
    assert isinstance(second, Reject)
    assert (second.row, second.column, second.value) == (3, "id", "K1")
    assert second.reason == "the same id is in row 2"


def test_a_number_of_an_earlier_row_is_rejected_however_it_is_written(tmp_path: Path) -> None:
    _, second = read(tmp_path, HEADER + GOOD + "K2,Bo,2025550102|+1 202 555 0101,gold,,,\n")

    assert isinstance(second, Reject)
    assert (second.row, second.column) == (3, "phone")
    assert second.reason == "the same number +12025550101 is in row 2"


def test_a_rejected_row_does_not_stand_in_the_way_of_a_later_one(tmp_path: Path) -> None:
    _, mended = read(tmp_path, HEADER + GOOD.replace("gold", "best") + GOOD)

    assert isinstance(mended, CustomerRow)
    assert mended.row == 3


# --- files that cannot be used --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("id,name,phone", "line 1: no column for tier"),
        ("K1;Ana;2025550101;gold", "no column for id, name, phone, tier"),
        ("id,name,phone,mobile,tier", "'phone' and 'mobile' both mean phone. Keep one"),
        ("id,name,phone,tier,Notes,remark", "'Notes' and 'remark' both mean note"),
    ],
)
def test_a_header_that_does_not_say_enough_is_refused(
    tmp_path: Path, header: str, said: str
) -> None:
    with pytest.raises(CannotRead, match=said):
        read(tmp_path, header + "\nK1,Ana,2025550101,gold\n")


def test_an_unknown_region_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotRead, match="region 'XX' is unknown"):
        CustomersFile(tmp_path / "customers.csv", "XX")


def test_a_file_of_too_many_rows_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callcenter.documents.people_csv.ROWS_MAX", 1)

    with pytest.raises(CannotRead, match=r"more than 1 rows\. Split it"):
        read(tmp_path, HEADER + GOOD + GOOD)


# --- mending and reading again --------------------------------------------------------------------


def test_a_rejects_file_can_be_mended_and_read_again(tmp_path: Path) -> None:
    source, rejects_path = tmp_path / "customers.csv", tmp_path / "rejects.csv"
    source.write_text(
        "Phone,ID,Fax,Tier,Name,Value\n+12025550101,K1,=1+1,platinum,@na,-5\n", encoding="utf-8"
    )
    with CustomersFile(source, "US") as file, RejectsFile(rejects_path, source, file.header) as out:
        for row in file:
            assert isinstance(row, Reject)
            out.write(row)

    mended = rejects_path.read_text(encoding="utf-8-sig").replace("platinum", "gold")
    rejects_path.write_text(mended, encoding="utf-8-sig")
    with CustomersFile(rejects_path, "US") as file:
        (row,) = list(file)

    assert isinstance(row, CustomerRow)
    assert (row.id, row.name, row.numbers) == ("K1", "@na", ("+12025550101",))
    assert (row.tier, row.value) == (Tier.GOLD, -5.0)
    assert file.header == ("Phone", "ID", "Fax", "Tier", "Name", "Value")
    assert file.ignored_columns == ("Fax",)


# --- anything at all ------------------------------------------------------------------------------

cells = st.one_of(
    st.sampled_from(["", "K1", "K2", "Ana", "2025550101", "2025550102", "gold", "1", "2020-01-01"]),
    st.text(st.characters(codec="utf-8"), max_size=6),
)


@given(st.lists(st.lists(cells, min_size=6, max_size=8), max_size=10))
def test_every_row_is_taken_or_rejected_or_blank(rows: list[list[str]]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "customers.csv"
        with path.open("w", encoding="utf-8", newline="") as written:
            csv.writer(written, lineterminator="\n").writerows([HEADER.strip().split(","), *rows])
        with CustomersFile(path, "US") as file:
            found = list(file)

    taken = [row for row in found if isinstance(row, CustomerRow)]
    assert len(found) == file.rows
    assert len(found) + file.blank >= len(rows)  # a row with line breaks may be rejected by lines
    assert len({row.id for row in taken}) == len(taken)
    numbers = [number for row in taken for number in row.numbers]
    assert len(set(numbers)) == len(numbers)
    assert all(number.startswith("+") and number[1:].isdigit() for number in numbers)
