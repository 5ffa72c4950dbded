"""``callcenter erase``: what it refuses. What it erases is tests/integration/test_erasure.py."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from callcenter.cli.erase import USAGE, app
from callcenter.journal.file import FileJournal

CONFIG = """
data_dir: data
pbxs: [{name: main}]
queues: [{id: service}]
default_queue: service
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "center.yaml"
    path.write_text(CONFIG)
    return path


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "one of both"),
        (["--number", "1", "--customer", "k"], "one of both"),
        (["--number", "somebody"], "no telephone number"),
    ],
)
def test_one_person_is_to_be_named(config: Path, options: list[str], said: str) -> None:
    result = CliRunner().invoke(app, ["person", *options, "--config", str(config)])

    assert result.exit_code == USAGE
    assert said in result.output
    assert not (config.parent / "data").exists()


def test_a_center_that_has_never_run_knows_nobody(config: Path) -> None:
    result = CliRunner().invoke(app, ["person", "--customer", "k1", "--config", str(config)])

    assert result.exit_code == 0, result.output
    assert "erased: 0 customers, 0 contacts" in result.output
    assert "Backups made before" in result.output


def test_a_journal_that_another_program_has_open_is_left_alone(config: Path) -> None:
    journal = FileJournal(config.parent / "data" / "journal", machine_version=1)

    result = CliRunner().invoke(app, ["person", "--customer", "k1", "--config", str(config)])

    assert result.exit_code == 1
    assert "no center runs with this config" in result.output
    assert not journal.dirty
