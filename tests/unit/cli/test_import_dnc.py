"""``callcenter import dnc``: what it says and how it ends."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from callcenter.cli.imports import app
from callcenter.storage import dnc_import
from tests.unit.cli.test_import_contacts import CONFIG, database


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "center.yaml"
    path.write_text(CONFIG)
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two numbers in Iceland, and one that is none."""
    path = tmp_path / "register.csv"
    path.write_text("number,reason,source\n555 1234,asked,\n12,,\n555 1235,,state\n")
    return path


def run(config: Path, command: str, *arguments: object) -> Result:
    """Import in this process; what it says must never be a traceback."""
    result = CliRunner().invoke(app, [command, *map(str, arguments), "--config", str(config)])
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def stored(config: Path) -> list[tuple[str, str, str, str]]:
    with sqlite3.connect(database(config)) as connection:
        query = 'SELECT number, reason, source, "by" FROM dnc ORDER BY number'
        return list(connection.execute(query))


def test_numbers_are_put_on_the_list_and_refused_rows_kept(config: Path, file: Path) -> None:
    result = run(config, "dnc", file, "--json")

    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "rows": 3,
        "accepted": 2,
        "refused": 1,
        "dry_run": False,
        "rejects": str(file.with_name("register.rejected.csv")),
    }
    assert stored(config) == [
        ("+3545551234", "asked", "register", "@cli"),
        ("+3545551235", "", "state", "@cli"),
    ]


def test_a_number_imported_again_gets_the_new_reason(config: Path, file: Path) -> None:
    run(config, "dnc", file)
    file.write_text("number,reason\n555 1234,wrote a letter\n")

    result = run(config, "dnc", file, "--source", "letters")

    assert result.output == "1 rows: 1 numbers put on the do-not-call list, 0 refused\n"
    assert stored(config)[0] == ("+3545551234", "wrote a letter", "letters", "@cli")


def test_a_dry_run_changes_nothing_and_says_so(config: Path, file: Path) -> None:
    result = run(config, "dnc", file, "--dry-run")

    assert "2 numbers put on the do-not-call list, 1 refused" in result.output
    assert "dry run, nothing was changed" in result.output
    assert stored(config) == []


def test_a_file_that_breaks_off_adds_nothing(config: Path, file: Path) -> None:
    run(config, "dnc", file, "--dry-run")
    file.write_bytes(b"555 1234\n" * 1 + b"555 1236\n" * 2_000 + b"\xff\n")

    result = run(config, "dnc", file)

    assert result.exit_code == 1
    assert "line 2002, byte 1: this is not UTF-8" in result.output
    assert stored(config) == []


def test_many_sources_are_none(config: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dnc_import, "SOURCES_MAX", 1)

    result = run(config, "dnc", file)

    assert result.exit_code == 1
    assert "Row 4: there are more than 1 different sources." in result.output


def test_contacts_with_such_a_number_are_refused_at_their_import(
    config: Path, file: Path, tmp_path: Path
) -> None:
    run(config, "dnc", file)
    contacts = tmp_path / "renewals.csv"
    contacts.write_text("phone,mobile\n555 1234,\n555 1235,555 1236\n555 1237,\n")

    result = run(config, "contacts", contacts, "--campaign", "autumn")

    assert "3 rows: 2 added to list renewals of campaign autumn, 1 refused" in result.output
    rejects = tmp_path / "renewals.rejected.csv"
    said = rejects.read_text("utf-8-sig")
    assert '+3545551234","this number is on the do-not-call list"' in said
