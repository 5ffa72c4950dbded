"""``callcenter import contacts``: what it says and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from callcenter.cli.imports import app
from tests.unit.storage.databases import count_rows
from tests.workbooks import write_workbook

CONFIG = """
data_dir: data
region: IS
pbxs: [{name: main, trunks: [{name: carrier, host: 192.0.2.1}]}]
queues: [{id: service}]
default_queue: service
numbers: {"*": service}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "center.yaml"
    path.write_text(CONFIG)
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two contacts in Iceland, one of them without a number."""
    path = tmp_path / "renewals.csv"
    path.write_text("number,name\n555 1234,Anna\n12,Bob\n")
    return path


def run(config: Path, *arguments: object) -> Result:
    """Import in this process; what it says must never be a traceback."""
    words = ["contacts", *map(str, arguments), "--config", str(config)]
    result = CliRunner().invoke(app, words)
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def database(config: Path) -> Path:
    return config.parent / "data" / "center.db"


def test_contacts_are_added_and_refused_rows_are_kept_with_their_reason(
    config: Path, file: Path
) -> None:
    result = run(config, file, "--campaign", "autumn", "--json")

    report = json.loads(result.stdout)
    assert result.exit_code == 1
    assert report == {
        "campaign": "autumn",
        "list": "renewals",
        "rows": 2,
        "accepted": 1,
        "refused": 1,
        "dry_run": False,
        "problems": [
            {
                "row": 3,
                "reason": "number: the number has too few digits",
                "fix": "Write the whole number: as dialed within IS, or with + and the "
                "country's code.",
                "value": "12",
            }
        ],
        "columns": [
            {"name": "number", "taken_as": "number", "examples": ["555 1234", "12"]},
            {"name": "name", "taken_as": "name", "examples": ["Anna", "Bob"]},
        ],
        "rejects_kept": 1,
        "rejects": str(file.with_name("renewals.rejected.csv")),
    }
    refused = Path(report["rejects"]).read_text(encoding="utf-8-sig")
    assert '"3","number","12","the number has too few digits"' in refused
    assert count_rows(database(config), "contacts") == 1


def test_a_file_without_faults_ends_well_and_leaves_no_rejects(config: Path, file: Path) -> None:
    file.write_text("number\n555 1234\n555 1235\n")

    result = run(config, file, "--campaign", "autumn", "--list", "vip", "--priority", 9)

    assert result.exit_code == 0
    assert result.output == "2 rows: 2 added to list vip of campaign autumn, 0 refused\n"
    assert [path.name for path in file.parent.glob("*.csv")] == ["renewals.csv"]


def test_a_dry_run_changes_nothing_and_says_so(config: Path, file: Path, tmp_path: Path) -> None:
    into = tmp_path / "elsewhere.csv"

    result = run(config, file, "--campaign", "autumn", "--dry-run", "--rejects", into)

    assert result.exit_code == 1
    assert f"1 refused (see {into}) - dry run, nothing was changed" in result.output
    assert into.exists()
    assert count_rows(database(config), "contacts") == 0


def test_a_list_imported_twice_is_refused_row_by_row(config: Path, file: Path) -> None:
    run(config, file, "--campaign", "autumn")

    again = run(config, file, "--campaign", "autumn")
    other = run(config, file, "--campaign", "winter")

    assert "0 added to list renewals of campaign autumn, 2 refused" in again.output
    assert "1 added to list renewals of campaign winter, 1 refused" in other.output


def test_another_region_reads_the_numbers_otherwise(config: Path, file: Path) -> None:
    file.write_text("number\n(202) 555-0101\n")

    at_home = run(config, file, "--campaign", "autumn")
    abroad = run(config, file, "--campaign", "autumn", "--region", "US")

    assert "0 added" in at_home.output
    assert "1 added" in abroad.output


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--campaign", "Autumn 24"], 2, "A campaign's id has 1 to 31 of a-z"),
        (["--campaign", "autumn", "--list", "x" * 101], 2, "longer than 100 characters"),
        (["--campaign", "autumn", "--priority", "101"], 2, "Usage"),
        (["--campaign", "autumn", "--region", "XX"], 1, "The region 'XX' is unknown"),
        (["--campaign", "autumn", "--map", "number"], 2, "--map number: write a field, = and"),
        (["--campaign", "autumn", "--map", "fone=number"], 1, "there is no field 'fone'"),
        (["--campaign", "autumn", "--duplicates", "nowhere"], 2, "Usage"),
        ([], 2, "Usage"),
    ],
)
def test_options_that_cannot_be_are_refused_in_words(
    config: Path, file: Path, options: list[str], code: int, said: str
) -> None:
    result = run(config, file, *options)

    assert result.exit_code == code
    assert said in result.output


def test_a_file_that_cannot_be_used_is_named(config: Path, file: Path) -> None:
    file.write_text("name,city\nAnna,Selfoss\n")

    headless = run(config, file, "--campaign", "autumn")
    missing = run(config, file.with_name("none.csv"), "--campaign", "autumn")

    assert headless.exit_code == missing.exit_code == 1
    assert "renewals.csv, line 1: no column for number" in headless.output
    assert "none.csv" in missing.output


def test_a_file_that_breaks_off_adds_nothing_and_leaves_no_rejects(
    config: Path, file: Path
) -> None:
    good = "".join(f"555 {n}\n" for n in range(1000, 3000))
    file.write_bytes(b"number\n12\n" + good.encode() + b"\xff\n")

    result = run(config, file, "--campaign", "autumn")

    assert result.exit_code == 1
    assert "renewals.csv, line 2003, byte 1: this is not UTF-8" in result.output
    assert not file.with_name("renewals.rejected.csv").exists()
    assert count_rows(database(config), "contacts") == 0


def test_columns_are_what_the_options_say_and_a_dry_run_shows_it(config: Path, file: Path) -> None:
    file.write_text("Handy,Wer,Plan,Ja?\n555 1234,Anna,A,jawohl\n555 1235,Bob,,nie\n555 1236,,,\n")
    options = ["--campaign", "autumn", "--map", "number=Handy", "--map", "name = Wer"]
    options += ["--map", "consent=Ja?", "--consent-yes", "jawohl", "--consent-no", "nie"]

    dry = run(config, file, *options, "--needs-consent", "--dry-run")
    real = run(config, file, *options)

    assert dry.output.splitlines()[:5] == [
        "Handy                          number     555 1234, 555 1235, 555 1236",
        "Wer                            name       Anna, Bob",
        "Plan                           attribute  A",
        "Ja?                            consent    jawohl, nie",
        "",
    ]
    assert "3 rows: 1 added to list renewals of campaign autumn, 2 refused" in dry.output
    assert "3 rows: 2 added to list renewals of campaign autumn, 1 refused" in real.output
    assert "number     555" not in real.output


def test_a_workbook_is_imported_from_the_sheet_that_is_named(config: Path, tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "list.xlsx", [["number", "name"], [5551234, "Anna"]])

    good = run(config, path, "--campaign", "autumn", "--sheet", "contacts")
    bad = run(config, path, "--campaign", "autumn", "--sheet", "People")

    assert "1 rows: 1 added" in good.output
    assert bad.exit_code == 1
    assert "has no sheet 'People'. Name one of 'Contacts'." in bad.output


def test_a_number_may_have_to_be_new_everywhere(config: Path, file: Path) -> None:
    run(config, file, "--campaign", "autumn")

    result = run(config, file, "--campaign", "winter", "--duplicates", "everywhere")

    assert "0 added" in result.output
    assert "some campaign has this number already" in (
        file.with_name("renewals.rejected.csv").read_text(encoding="utf-8-sig")
    )
