"""Reading contacts of phone campaigns, and what may be known of them before the call."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from callcenter.bench.bank_marketing import ContactsError, read_contacts

USUAL: dict[str, object] = {
    "age": 41, "job": "admin.", "contact": "cellular", "month": "may", "day_of_week": "mon",
    "duration": 487, "campaign": 3, "pdays": 999, "previous": 0, "poutcome": "nonexistent",
    "euribor3m": 4.857, "nr.employed": 5191, "y": "no",
}  # fmt: skip


def row(**values: object) -> dict[str, object]:
    """A line, with these values; ``nr_employed`` stands for ``nr.employed``."""
    return {**USUAL, **{name.replace("nr_", "nr."): value for name, value in values.items()}}


def write(path: Path, *rows: dict[str, object]) -> Path:
    """A file of these lines; packed when its name says so."""
    lines = [";".join(f'"{name}"' for name in rows[0])]
    lines += [";".join(str(value) for value in one.values()) for one in rows]
    text = "\n".join(lines) + "\n"
    packed = gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode()
    path.write_bytes(packed)
    return path


@pytest.mark.parametrize("name", ["list.csv", "list.csv.gz"])
def test_a_line_becomes_what_is_known_before_the_call(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, row(y="yes", poutcome="success", pdays=6))

    (contact,) = read_contacts(path)

    assert contact.sold
    assert contact.previous_outcome == "success"
    assert ("job", "admin.") in contact.person.categories
    assert dict(contact.person.numbers) == {"age": 41.0, "previous": 0.0, "pdays": 6.0}
    assert dict(contact.circumstances.numbers) == {"euribor3m": 4.857, "nr.employed": 5191.0}


def test_nothing_known_only_after_the_call_is_among_the_features(tmp_path: Path) -> None:
    short = read_contacts(write(tmp_path / "a.csv", row(duration=1)))
    long = read_contacts(write(tmp_path / "b.csv", row(duration=3000)))

    assert short == long
    names = [name for name, _ in (*short[0].features().categories, *short[0].features().numbers)]
    assert "duration" not in names
    assert "campaign" not in names
    assert "y" not in names


def test_the_contacts_of_this_campaign_are_those_before_this_one(tmp_path: Path) -> None:
    (first, third) = read_contacts(write(tmp_path / "a.csv", row(campaign=1), row(campaign=3)))

    assert (first.contacts, third.contacts) == (0, 2)
    assert first.features() == third.features()
    assert first.features_and_contacts() != third.features_and_contacts()


@pytest.mark.parametrize("days", [999, -1])
def test_who_was_never_contacted_before_has_no_days_since(tmp_path: Path, days: int) -> None:
    (contact,) = read_contacts(write(tmp_path / "a.csv", row(pdays=days)))

    assert ("pdays", "never") in contact.person.categories
    assert "pdays" not in dict(contact.person.numbers)


def test_months_are_put_in_order_of_time(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv",
        row(month="may", nr_employed="5099.1"),  # 2009
        row(month="nov", nr_employed="5195.8"),  # 2008
        row(month="jun", nr_employed="5228.1"),  # 2008
        row(month="may", nr_employed="5191.0"),  # 2008
        row(month="may", nr_employed="1"),  # nobody knows
    )

    *numbers, unknown = [one.month_number for one in read_contacts(path)]

    known = [number for number in numbers if number is not None]
    assert known == sorted(known, reverse=True)
    assert len(known) == 4
    assert unknown is None


def test_columns_that_an_edition_lacks_are_done_without(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", {"age": 30, "poutcome": "x", "campaign": 1, "y": "no"})

    (contact,) = read_contacts(path)

    assert contact.features().numbers == (("age", 30.0),)
    assert contact.month_number is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"y": "perhaps"}, "line 2: y is yes or no"),
        ({"age": "old"}, "line 2: age is a number"),
        ({"age": "nan"}, "line 2: age is a number"),
        ({"campaign": ""}, "line 2: campaign is a number"),
        ({"pdays": "x"}, "line 2: pdays is a number"),
    ],
)
def test_a_line_that_makes_no_sense_is_named(
    tmp_path: Path, changes: dict[str, object], said: str
) -> None:
    with pytest.raises(ContactsError, match=said):
        read_contacts(write(tmp_path / "a.csv", row(**changes)))


def test_a_line_cut_short_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", row())
    path.write_text(path.read_text(encoding="utf-8") + "41;admin.\n", encoding="utf-8")

    with pytest.raises(ContactsError, match="line 3"):
        read_contacts(path)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"age,y\n1,no\n", "has no column y, poutcome, campaign"),
        ("a.csv", b"y;poutcome;campaign\n", "holds no contact"),
        ("a.csv", b"", "has no column"),
        ("a.csv", b"y;poutcome;campaign\nno;\xff;1\n", "cannot be read"),
        ("a.csv.gz", b"this is not packed", "cannot be read"),
    ],
)
def test_a_file_that_is_no_such_list_is_refused(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(ContactsError, match=said):
        read_contacts(path)


def test_a_packed_file_cut_in_the_middle_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv.gz", *[row(age=age) for age in range(20, 90)])
    path.write_bytes(path.read_bytes()[:-20])

    with pytest.raises(ContactsError, match="cannot be read"):
        read_contacts(path)
