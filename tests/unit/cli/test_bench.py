"""The commands that measure routing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from callcenter.bench import routing as speed
from callcenter.cli.app import make_app
from tests.unit.bench.test_bank1999 import row, write
from tests.unit.bench.test_bank_marketing import row as contacts_row
from tests.unit.bench.test_bank_marketing import write as write_contacts
from tests.unit.bench.test_contact_order import made_up

SMALL = ("--agents", "4", "--loads", "80", "--seeds", "2", "--counted", "100")


def run(*arguments: str) -> Any:
    """The command's result."""
    return CliRunner().invoke(make_app("bench"), ["bench", *arguments])


def test_a_replay_of_a_log_prints_every_policy_and_the_bars(tmp_path: Path) -> None:
    rows = [row(f"8:{n:02d}:00", priority=2, queued_s=n % 2) for n in range(40)]
    log = write(tmp_path / "log.tsv", *rows)

    result = run("routing-replay", "--calls", str(log), "--format", "bank1999", "--json", *SMALL)

    assert result.exit_code == 0, result.output
    printed = json.loads(result.stdout)
    assert list(printed["cases"]) == ["bank1999", "4_agents_at_80"]
    assert printed["weights"] == {"gold": 5.0, "silver": 2.0, "standard": 1.0}
    assert "no_dearer_than_strict_priority" in printed["bars"]["bank1999"]


def test_weights_prices_and_mix_are_options() -> None:
    result = run(
        "routing-replay", "--json", *SMALL, "--weights", "3,2,1", "--lost", "0",
        "--unresolved", "0", "--tiers", "0,0,100", "--seniors", "50",
    )  # fmt: skip

    printed = json.loads(result.stdout)
    tiers = printed["cases"]["4_agents_at_80"]["fifo"]["tiers"]
    assert printed["weights"]["gold"] == 3.0
    assert list(tiers) == ["standard"]
    assert tiers["standard"]["by_seniors"] == pytest.approx(0.5, abs=0.15)


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--weights", "5,2", "3 numbers"),
        ("--weights", "a,b,c", "3 numbers"),
        ("--tiers", "10,20,-70", "negative"),
        ("--loads", "x", "numbers with commas"),
        ("--calls", "/nowhere/log.tsv", "does not exist"),
    ],
)
def test_options_that_make_no_sense_are_refused(option: str, value: str, said: str) -> None:
    result = run("routing-replay", *SMALL, option, value)

    assert result.exit_code != 0
    assert said in " ".join(result.output.split())


def test_a_file_that_is_no_such_log_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.tsv"
    path.write_text("a\tb\n", encoding="utf-8")

    result = run("routing-replay", "--calls", str(path), *SMALL)

    assert result.exit_code == 1
    assert "has no column" in result.output


def test_the_speed_is_printed_for_people_too(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = speed.run(sizes=(10, 20), skills=(4,), decisions=5, rounds=1, scans=1)
    monkeypatch.setattr(speed, "run", lambda: measured)

    result = run("routing")

    assert result.exit_code == 0
    assert "decisions_per_s.4_skills.10.median" in result.output


def test_the_order_of_contacts_is_measured_on_a_list(tmp_path: Path) -> None:
    contacts = made_up(tmp_path / "list.csv", 400, telling=True)

    result = run(
        "contact-order", "--contacts", str(contacts), "--format", "bank-marketing", "--json",
        "--seeds", "2",
    )  # fmt: skip

    assert result.exit_code == 0, result.output
    printed = json.loads(result.stdout)
    assert printed["rows"] == 400
    assert printed["splits"] == 2
    assert printed["share_of_sales_in_top"]["product"]["median"] > 0.4


@pytest.mark.parametrize(
    ("content", "said"), [("a\tb\n", "has no column"), (None, "no row with a sale")]
)
def test_a_list_that_tells_nothing_is_refused(
    tmp_path: Path, content: str | None, said: str
) -> None:
    path = write_contacts(tmp_path / "list.csv", *[contacts_row() for _ in range(30)])
    if content is not None:
        path.write_text(content, encoding="utf-8")

    result = run("contact-order", "--contacts", str(path))

    assert result.exit_code == 1
    assert said in " ".join(result.output.split())


@pytest.mark.parametrize("file", ["csv", "xlsx"])
def test_an_import_is_measured_with_all_rows_of_either_kind(file: str) -> None:
    options = ("--excel",) if file == "xlsx" else ()

    result = run("import", "--rows", "1000", "--json", *options)

    assert result.exit_code == 0, result.output
    printed = json.loads(result.stdout)
    assert printed["file"] == file
    assert printed["rows"] == 1000 == printed["accepted"] + printed["refused"]
    assert 0 < printed["refused"] < 100
    assert printed["memory_mb"]["together"] > printed["memory_mb"]["reading_process"] > 0
    assert printed["processor_us_per_row"]["reading_process"] > 0
    assert printed["rows_per_s"]["import"] > 0
