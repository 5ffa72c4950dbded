"""`callcenter backup`, `restore` and `records` as an administrator uses them."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner, Result

from callcenter.cli.app import make_app
from tests.unit.upkeep.files import spoil
from tests.unit.upkeep.little_center import make_center


def run(*arguments: str | Path) -> Result:
    """Run a command in this process; what it says must never be a traceback."""
    result = CliRunner().invoke(make_app(str(arguments[0])), [str(one) for one in arguments])
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_a_center_is_backed_up_restored_and_its_records_are_proved(tmp_path: Path) -> None:
    config, entries = make_center(tmp_path / "old", 3, later=2)
    new = tmp_path / "new" / "center.yaml"
    new.parent.mkdir()

    made = run("backup", tmp_path / "backup", "--config", config)
    brought = run("restore", tmp_path / "backup", "--config", new)
    proved = run("records", "verify", "--config", new)

    assert (made.exit_code, brought.exit_code, proved.exit_code) == (0, 0, 0)
    assert f"up to position {len(entries)}, records up to {len(entries) - 4}" in made.output
    assert "those of the last 4 entries were added" in brought.output
    assert "not proved: 5 rows of other journals (before a restore)" in proved.output


def test_json_says_the_same_to_programs(tmp_path: Path) -> None:
    config, entries = make_center(tmp_path / "old", 3)
    new = tmp_path / "new" / "center.yaml"
    new.parent.mkdir()

    made = json.loads(run("backup", tmp_path / "b", "--config", config, "--json").stdout)
    brought = json.loads(run("restore", tmp_path / "b", "--config", new, "--json").stdout)
    proved = json.loads(run("records", "verify", "--config", config, "--json").stdout)
    replayed = json.loads(run("replay", tmp_path / "old/data/journal", "--json").stdout)

    assert made["bytes"] == (tmp_path / "b").stat().st_size
    assert made["journal"]["last_position"] == brought["position"] == len(entries)
    assert brought["made_at"] == made["made_at"]
    assert brought["state_hash"] == replayed["state_hash"]
    assert proved["equal"] is True
    assert (proved["first"], proved["last"]) == (1, len(entries))


def test_records_that_differ_end_with_exit_1_and_a_rebuild_mends_them(tmp_path: Path) -> None:
    config, _ = make_center(tmp_path, 3)
    spoil(
        tmp_path / "data",
        "DELETE FROM calls WHERE position = 5",
        "UPDATE calls SET offers = 7, queue = 'x' WHERE position = 7",
    )

    wrong = run("records", "verify", "--config", config)
    mended = run("records", "rebuild", "--config", config)
    right = run("records", "verify", "--config", config)

    assert (wrong.exit_code, mended.exit_code, right.exit_code) == (1, 0, 0)
    assert "DIFFERS calls" in wrong.output
    assert "2 rows, 3 expected: 1 missing, 0 unexplained, 1 different" in wrong.output
    assert "7/0: differs in queue, offers" in wrong.output
    assert "replaced: 3 rows" in mended.output


def test_what_cannot_be_done_is_said_in_one_sentence(tmp_path: Path) -> None:
    config, _ = make_center(tmp_path, 1)
    (tmp_path / "letter").write_text("Dear all")

    there = run("backup", tmp_path / "letter", "--config", config)
    foreign = run("restore", tmp_path / "letter", "--config", config)
    missing = run("restore", tmp_path / "nothing", "--config", config)
    spoil(tmp_path / "data", "UPDATE projector_positions SET position = 99")
    unprovable = run("records", "verify", "--config", config)

    for result, said in (
        (there, "is there already"),
        (foreign, "no backup of this program"),
        (missing, "nothing: No such file or directory"),
        (unprovable, "do not belong together"),
    ):
        assert result.exit_code == 1
        assert said in result.output
        assert len(result.output.splitlines()) == 1
