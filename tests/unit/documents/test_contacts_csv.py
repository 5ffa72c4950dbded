"""Contacts from CSV: what is taken, what is rejected and how it is said."""

from __future__ import annotations

import csv
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from callcenter.documents import people_csv
from callcenter.documents.contact_columns import (
    ALIASES,
    ATTRIBUTE_NAME_CHARS_MAX,
    ATTRIBUTES_MAX,
    NUMBER_FIELDS,
)
from callcenter.documents.contacts_csv import (
    ATTRIBUTE_CHARS_MAX,
    ContactReading,
    ContactRow,
    ContactsFile,
)
from callcenter.documents.csv_rows import CannotRead
from callcenter.documents.people_csv import ID_CHARS_MAX, NAME_CHARS_MAX, NOTE_CHARS_MAX
from callcenter.documents.rejects import Reject, RejectsFile
from callcenter.domain.customer import Tier

US = ContactReading("US")
HEADER = "number,name,customer,tier,note,priority,zone,City\n"
GOOD = "(202) 555-0101,Ana López,K1,gold,prefers mornings,7,,Mérida\n"
NEW_YORK = ("America/New_York",)
ANA = ContactRow(
    row=2,
    number="+12025550101",
    zones=NEW_YORK,
    name="Ana López",
    customer="K1",
    tier=Tier.GOLD,
    priority=7,
    note="prefers mornings",
    attributes={"City": "Mérida"},
    fields=("(202) 555-0101", "Ana López", "K1", "gold", "prefers mornings", "7", "", "Mérida"),
)


def write(folder: Path, content: str) -> Path:
    path = folder / "contacts.csv"
    path.write_text(content, encoding="utf-8", newline="")
    return path


def read(folder: Path, content: str, region: str = "US", **said: Any) -> list[ContactRow | Reject]:
    with ContactsFile(write(folder, content), ContactReading(region, **said)) as file:
        rows = list(file)
        assert file.rows == len(rows)
        return rows


def taken(folder: Path, content: str, region: str = "US", **said: Any) -> ContactRow:
    (row,) = read(folder, content, region, **said)
    assert isinstance(row, ContactRow), row
    return row


def rejected(folder: Path, content: str, region: str = "US", **said: Any) -> tuple[str, str, str]:
    *_, row = read(folder, content, region, **said)
    assert isinstance(row, Reject)
    assert row.mend.endswith(".")
    return row.column, row.value, row.reason


def refused(folder: Path, content: str, **said: Any) -> str:
    path = write(folder, content)
    with (
        pytest.raises(CannotRead) as refusal,
        ContactsFile(path, ContactReading("US", **said)) as file,
    ):
        list(file)
    return str(refusal.value)


# --- what is taken --------------------------------------------------------------------------------


def test_a_full_row_is_a_contact(tmp_path: Path) -> None:
    assert read(tmp_path, HEADER + GOOD) == [ANA]


def test_a_number_alone_is_enough(tmp_path: Path) -> None:
    assert read(tmp_path, "Phone\n2025550101\n") == [
        ContactRow(2, "+12025550101", NEW_YORK, fields=("2025550101",))
    ]


@pytest.mark.parametrize("meaning", list(ALIASES))
def test_columns_go_by_many_names(tmp_path: Path, meaning: str) -> None:
    is_number = meaning in NUMBER_FIELDS
    known = "number" if is_number else meaning
    header = HEADER.replace("City", "account,consent") if known not in HEADER else HEADER
    good = GOOD.replace("Mérida", "A1,yes") if header != HEADER else GOOD
    plain = taken(tmp_path, header + good)
    for alias in (meaning, *ALIASES[meaning]):
        for spelling in (alias, alias.upper(), alias.replace(" ", "_"), f"  {alias.title()} "):
            row = taken(tmp_path, header.replace(known, spelling, 1) + good)

            assert row == replace(plain, kind=NUMBER_FIELDS.get(meaning, "other")), spelling


def test_other_columns_become_attributes_without_empty_fields(tmp_path: Path) -> None:
    content = 'Plan,Phone,Renewal date,,Remarks on plan\nGold,2025550101, ,x,"a\n\tb"\n'

    with ContactsFile(write(tmp_path, content), US) as file:
        (row,) = list(file)

    assert isinstance(row, ContactRow)
    assert row.attributes == {"Plan": "Gold", "Remarks on plan": "a\n\tb"}
    assert file.attributes == ("Plan", "Renewal date", "Remarks on plan")


@pytest.mark.parametrize(
    ("text", "region", "number", "zones"),
    [
        ("2025550101", "US", "+12025550101", NEW_YORK),
        ("(415) 555-2671", "US", "+14155552671", ("America/Los_Angeles",)),
        ("+1 202 555 0101", "DE", "+12025550101", NEW_YORK),
        ("030 123456", "DE", "+4930123456", ("Europe/Berlin",)),
        ("020 7946 0958", "GB", "+442079460958", ("Europe/London",)),
        ("0491 570 156", "AU", "+61491570156", None),
        ("'+12025550101", "US", "+12025550101", NEW_YORK),
    ],
)
def test_numbers_become_international_and_get_their_zones(
    tmp_path: Path, text: str, region: str, number: str, zones: tuple[str, ...] | None
) -> None:
    row = taken(tmp_path, f"number\n{text}\n", region)

    assert row.number == number
    assert row.zones == (
        zones
        or (
            *("Australia/Adelaide", "Australia/Brisbane", "Australia/Eucla"),
            *("Australia/Lord_Howe", "Australia/Perth", "Australia/Sydney"),
            *("Indian/Christmas", "Indian/Cocos"),
        )
    )


def test_a_number_that_may_lie_anywhere_has_every_zone_of_its_country(tmp_path: Path) -> None:
    free = taken(tmp_path, "number\n8005551234\n")

    assert len(free.zones) > 30
    assert {"America/New_York", "Pacific/Honolulu"} < set(free.zones)
    assert list(free.zones) == sorted(free.zones)


@pytest.mark.parametrize("zone", ["Europe/Paris", "europe/paris", " EUROPE/PARIS "])
def test_a_zone_in_the_file_wins_over_the_number(tmp_path: Path, zone: str) -> None:
    row = taken(tmp_path, f"number,zone\n2025550101,{zone}\n")

    assert (row.zones, row.zone) == (("Europe/Paris",), "Europe/Paris")


def test_a_number_without_a_known_zone_is_taken_with_one(tmp_path: Path) -> None:
    row = taken(tmp_path, "number,zone\n+870773111632,Atlantic/Azores\n")

    assert (row.number, row.zones) == ("+870773111632", ("Atlantic/Azores",))


def test_empty_fields_are_what_the_list_and_the_directory_say(tmp_path: Path) -> None:
    row = taken(tmp_path, HEADER + "2025550101,,,,,,,\n")

    assert (row.name, row.customer, row.tier) == ("", "", Tier.STANDARD)
    assert (row.note, row.priority, row.attributes) == ("", None, {})


def test_rows_without_content_are_counted(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + "\n" + GOOD + ",,,,,,,\n\n")

    with ContactsFile(path, US) as file:
        assert list(file) == [replace(ANA, row=3)]

    assert (file.rows, file.blank, file.share) == (1, 3, 1.0)


# --- formulas, and the header once more -----------------------------------------------------------


@pytest.mark.parametrize("text", ["=1+1", "=cmd|' /C calc'!A0", "'=HYPERLINK(A1)", "= sum(A1)"])
def test_a_formula_is_refused_wherever_it_stands(tmp_path: Path, text: str) -> None:
    for column in ("name", "note", "City", "number"):
        content = f'{column},phone\n"{text}",2025550101\n'

        assert rejected(tmp_path, content) == (column, text, "the field holds a formula")


@pytest.mark.parametrize("text", ["=> call late", "==", "+1 is fine", "-", "@ana", "a=b"])
def test_text_that_only_looks_odd_is_kept(tmp_path: Path, text: str) -> None:
    assert taken(tmp_path, f"phone,note\n2025550101,{text}\n").note == text


def test_a_header_that_stands_there_once_more_is_refused_as_such(tmp_path: Path) -> None:
    rows = read(tmp_path, f"{HEADER}{GOOD}{HEADER}{GOOD.replace('0101', '0102')}")

    assert [row.reason for row in rows if isinstance(row, Reject)] == [
        "the header stands here once more"
    ]


# --- what is rejected -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (",Ana,,,,,,", ("number", "", "there is no number")),
        ("none,,,,,,,", ("number", "none", "this is no phone number")),
        ("12,Ana,,,,,,", ("number", "12", "the number has too few digits")),
        ("555-0101,Ana,,,,,,", ("number", "555-0101", "the area code is missing")),
        ("1.2E+10,Ana,,,,,,", ("number", "1.2E+10", "a spreadsheet has turned the number into")),
        ("+999123456,Ana,,,,,,", ("number", "+999123456", "no country has this code")),
        ("1112223333,Ana,,,,,,", ("number", "1112223333", "there can be no such number")),
        ("0005550101,Ana,,,,,,", ("number", "0005550101", "there can be no such number")),
        ("+870773111632,,,,,,,", ("number", "+870773111632", "nobody knows the time zone")),
        ("2025550101,,,,,,Paris,", ("zone", "Paris", "there is no such time zone")),
        ("2025550101,,,,,,Etc/Unknown,", ("zone", "Etc/Unknown", "there is no such time zone")),
        ("2025550101,,,,,,../x,", ("zone", "../x", "there is no such time zone")),
        (
            f"2025550101,{'x' * (NAME_CHARS_MAX + 1)},,,,,,",
            ("name", "x" * 200, f"the text is longer than {NAME_CHARS_MAX} characters"),
        ),
        (
            f"2025550101,,{'x' * (ID_CHARS_MAX + 1)},,,,,",
            ("customer", "x" * 65, f"the text is longer than {ID_CHARS_MAX} characters"),
        ),
        ("2025550101,A\x00na,,,,,,", ("name", "A\x00na", "the text holds control characters")),
        ("2025550101,,,platinum,,,,", ("tier", "platinum", "there is no such tier")),
        (
            f"2025550101,,,,{'x' * (NOTE_CHARS_MAX + 1)},,,",
            ("note", "x" * 200, f"the text is longer than {NOTE_CHARS_MAX} characters"),
        ),
        ("2025550101,,,,,high,,", ("priority", "high", "this is no priority")),
        ("2025550101,,,,,101,,", ("priority", "101", "this is no priority")),
        ("2025550101,,,,,-1,,", ("priority", "-1", "this is no priority")),
        ("2025550101,,,,,9999999999,,", ("priority", "9999999999", "this is no priority")),
        (
            f"2025550101,,,,,,,{'x' * (ATTRIBUTE_CHARS_MAX + 1)}",
            ("City", "x" * 200, f"the text is longer than {ATTRIBUTE_CHARS_MAX} characters"),
        ),
        ("2025550101,,,,,,,a\x1bb", ("City", "a\x1bb", "the text holds control characters")),
        ("2025550101,x", ("", "2025550101,x", "the row has 2 columns, the header has 8")),
        ('"2025550101,x', ("", '"2025550101,x', "a quotation mark is not closed")),
    ],
    ids=repr,
)
def test_a_row_that_cannot_be_is_rejected_by_field(
    tmp_path: Path, line: str, expected: tuple[str, str, str]
) -> None:
    column, value, reason = rejected(tmp_path, HEADER + line + "\n")

    assert (column, value) == expected[:2]
    assert reason.startswith(expected[2])


def test_a_number_that_comes_twice_is_taken_once(tmp_path: Path) -> None:
    rows = read(tmp_path, HEADER + GOOD + GOOD.replace("(202) ", "+1 202"))

    assert rows[0] == ANA
    assert isinstance(rows[1], Reject)
    assert (rows[1].row, rows[1].reason) == (3, "the same number is in row 2")
    assert rows[1].fields[0] == "+1 202555-0101"


def test_a_rejected_row_does_not_take_its_number(tmp_path: Path) -> None:
    first, second = read(tmp_path, HEADER + GOOD.replace("gold", "platinum") + GOOD)

    assert isinstance(first, Reject)
    assert isinstance(second, ContactRow)


def test_rejected_rows_can_be_mended_and_read_again(tmp_path: Path) -> None:
    source, rejects = write(tmp_path, HEADER + GOOD.replace(",7,", ",high,")), tmp_path / "r.csv"
    with ContactsFile(source, US) as file, RejectsFile(rejects, source, file.header) as refused:
        for row in file:
            assert isinstance(row, Reject)
            refused.write(row)
    rejects.write_text(rejects.read_text("utf-8-sig").replace('"high"', '"7"'), "utf-8-sig")

    with ContactsFile(rejects, US) as file:
        (row,) = list(file)

    assert row == ANA
    assert file.header == tuple(HEADER.strip().split(","))
    assert file.attributes == ("City",)


# --- files that cannot be used --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("name,city", "no column for number"),
        ("number,name,full name", "'name' and 'full name' both mean name. Keep one."),
        ("number,name,Number", "the columns 1 and 3 are both called 'Number'. Rename one."),
        ("number,phone,tel,mobile,cell,landline", "6 columns with numbers, at most 5"),
        ("number,City,City", "'City' and 'City' both mean City"),
        ("number," + ",".join(f"a{n}" for n in range(ATTRIBUTES_MAX + 1)), "at most 30"),
        ("number," + "x" * (ATTRIBUTE_NAME_CHARS_MAX + 1), "Rename it."),
        ("number,a\x00b", "some that cannot be seen"),
    ],
)
def test_a_header_that_cannot_be_is_said_to_be(tmp_path: Path, header: str, said: str) -> None:
    message = refused(tmp_path, header + "\n")

    assert said in message
    assert "contacts.csv, line 1: " in message


def test_as_many_attributes_as_can_be_are_kept(tmp_path: Path) -> None:
    names = [f"a{n}" for n in range(ATTRIBUTES_MAX)]

    row = taken(tmp_path, ",".join(["number", *names]) + "\n2025550101" + ",v" * len(names) + "\n")

    assert row.attributes == dict.fromkeys(names, "v")


def test_too_many_rows_are_not_begun_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people_csv, "ROWS_MAX", 2)

    assert "more than 2 rows" in refused(tmp_path, "number\n1\n2\n3\n")


def test_an_unknown_region_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotRead, match="'XX' is unknown"):
        ContactsFile(write(tmp_path, HEADER), ContactReading("XX"))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotRead, match=r"none\.csv"), ContactsFile(tmp_path / "none.csv", US):
        pass


# --- anything at all ------------------------------------------------------------------------------


@given(
    rows=st.lists(
        st.lists(st.text(st.characters(codec="utf-8"), max_size=30), min_size=8, max_size=8),
        max_size=5,
    )
)
def test_whatever_the_fields_hold_every_row_comes_out(rows: list[list[str]]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "contacts.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            file.write(HEADER)
            csv.writer(file, lineterminator="\n").writerows(rows)

        with ContactsFile(path, US) as contacts:
            out = list(contacts)

    assert len(out) == contacts.rows
    assert all(isinstance(row, ContactRow | Reject) for row in out)
