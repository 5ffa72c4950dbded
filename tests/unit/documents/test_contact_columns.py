"""Columns of lists of contacts: several numbers, what somebody says they mean, and consent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from callcenter.documents.contacts_csv import (
    CONSENT_NO,
    CONSENT_YES,
    EXAMPLES,
    ContactNumber,
    ContactsFile,
)
from tests.unit.documents.test_contacts_csv import US, refused, rejected, taken, write

# --- several numbers ------------------------------------------------------------------------------


def test_several_numbers_are_tried_in_the_order_of_their_columns(tmp_path: Path) -> None:
    row = taken(
        tmp_path, "Landline,mobile,Phone 2,name\n030 123456,0151 23456789,,Ida\n", region="DE"
    )

    assert (row.number, row.kind) == ("+4930123456", "landline")
    assert row.more_numbers == (ContactNumber("+4915123456789", ("Europe/Berlin",), "mobile"),)


def test_the_column_says_what_a_number_is_where_its_plan_does_not(tmp_path: Path) -> None:
    row = taken(tmp_path, "cell,landline,other phone\n2025550101,2025550102,2025550103\n")

    assert row.kind == "mobile"
    assert [number.kind for number in row.more_numbers] == ["landline", "other"]


def test_the_number_plan_wins_over_the_column(tmp_path: Path) -> None:
    assert taken(tmp_path, "landline\n0151 23456789\n", region="DE").kind == "mobile"


def test_without_the_first_number_the_second_comes_first(tmp_path: Path) -> None:
    row = taken(tmp_path, "phone,phone 2\n,2025550102\n")

    assert (row.number, row.more_numbers) == ("+12025550102", ())


def test_a_number_twice_in_a_row_counts_once(tmp_path: Path) -> None:
    assert taken(tmp_path, "phone,mobile\n2025550101,+1 202 555 0101\n").more_numbers == ()


def test_one_wrong_number_of_several_rejects_the_row_and_names_its_column(tmp_path: Path) -> None:
    assert rejected(tmp_path, "phone,mobile\n2025550101,12\n") == (
        "mobile",
        "12",
        "the number has too few digits",
    )


def test_a_further_number_that_another_row_has_rejects_the_row(tmp_path: Path) -> None:
    content = "phone,mobile\n2025550101,2025550102\n2025550103,2025550102\n"

    assert rejected(tmp_path, content) == ("mobile", "2025550102", "the same number is in row 2")


# --- columns as somebody says ---------------------------------------------------------------------


def test_columns_are_what_somebody_says_they_are(tmp_path: Path) -> None:
    content = "Handy,Wer,Tier,Born,Festnetz\n0151 23456789,Ida,dog,1980,030 123456\n"
    columns = (
        ("landline", "Festnetz"),
        ("mobile", "handy"),
        ("name", "Wer"),
        ("attribute", "Tier"),
        ("skip", "Born"),
    )

    row = taken(tmp_path, content, region="DE", columns=columns)

    assert (row.number, row.name, row.attributes) == ("+4930123456", "Ida", {"Tier": "dog"})
    assert [number.number for number in row.more_numbers] == ["+4915123456789"]


def test_a_field_that_is_said_is_not_guessed_from_other_columns(tmp_path: Path) -> None:
    content = "Phone,Line,Name,Contact\nhome,2025550101,x,Ana\n"

    row = taken(tmp_path, content, columns=(("number", "Line"), ("name", "Contact")))

    assert (row.number, row.name) == ("+12025550101", "Ana")
    assert row.attributes == {"Phone": "home", "Name": "x"}


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ((("fone", "number"),), "there is no field 'fone'. Take one of number, mobile"),
        ((("number", "Fone"),), "there is no column 'Fone'. Name one of 'number', 'Name', 'name'"),
        ((("name", "NAME"),), "several columns are called 'NAME'"),
        ((("name", "Name"), ("note", "Name")), "the column 'Name' is given two meanings"),
        ((("name", "Name"), ("name", "number")), "'Name' and 'number' both mean name"),
        ((("skip", "number"), ("skip", "name")), "no column for number"),
    ],
)
def test_what_cannot_be_said_of_columns_is_refused(
    tmp_path: Path, columns: tuple[tuple[str, str], ...], said: str
) -> None:
    assert said in refused(tmp_path, "number,Name,name\n", columns=columns)


def test_how_the_columns_were_understood_is_told_with_the_first_rows(tmp_path: Path) -> None:
    rows = "".join(f"202555010{n},{n},\n" for n in range(9))
    with ContactsFile(write(tmp_path, f"reject_row,Phone,Plan\n{rows}"), US) as file:
        assert file.taken_as == ("number", "attribute")
        list(file)

    assert file.header == ("Phone", "Plan")
    assert len(file.examples) == EXAMPLES
    assert file.examples[0] == ("0", "")


# --- consent --------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", [*CONSENT_YES, "YES", " Ja "])
def test_a_given_consent_is_kept(tmp_path: Path, word: str) -> None:
    assert taken(tmp_path, f"number,opt-in\n2025550101,{word}\n").consent is True


@pytest.mark.parametrize("word", [*CONSENT_NO, "NO"])
def test_whoever_did_not_agree_is_refused(tmp_path: Path, word: str) -> None:
    assert rejected(tmp_path, f"number,opt-in\n2025550101,{word}\n") == (
        "opt-in",
        word,
        "+12025550101 did not agree to be called",
    )


def test_a_consent_that_is_not_told_is_open(tmp_path: Path) -> None:
    assert taken(tmp_path, "number,consent\n2025550101,\n").consent is None


@pytest.mark.parametrize("content", ["number,consent\n2025550101,\n", "number\n2025550101\n"])
def test_where_consent_is_needed_it_must_be_told(tmp_path: Path, content: str) -> None:
    _, _, reason = rejected(tmp_path, content, needs_consent=True)

    assert reason == "nobody says that +12025550101 agreed to be called"


def test_consent_may_be_told_in_words_of_ones_own(tmp_path: Path) -> None:
    said: dict[str, Any] = {"consent_yes": ("A", "B"), "consent_no": ("C",)}

    assert taken(tmp_path, "number,consent\n2025550101,b\n", **said).consent is True
    assert rejected(tmp_path, "number,consent\n2025550101,c\n", **said)[2].endswith("be called")
    assert rejected(tmp_path, "number,consent\n2025550101,yes\n", **said)[:2] == (
        "consent",
        "yes",
    )


def test_an_account_is_kept(tmp_path: Path) -> None:
    row = taken(tmp_path, "number,Household ID\n2025550101,H1\n")

    assert (row.account, row.customer) == ("H1", "")
