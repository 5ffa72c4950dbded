"""``callcenter flow``: what it prints, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from callcenter.cli.flow import app
from callcenter.documents.files import flows_path

SERVICE = flows_path() / "service.yaml"


def _run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(each) for each in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


def _run_json(*arguments: object) -> tuple[int, dict[str, Any]]:
    code, output = _run(*arguments, "--json")
    return code, json.loads(output)


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    """A flow whose start names no node, in a folder of its own without prompts."""
    file = tmp_path / "wrong.yaml"
    file.write_text(SERVICE.read_text().replace("start: greeting", "start: greting"))
    return file


def test_check_says_that_shipped_flows_are_well() -> None:
    assert _run("check", flows_path(), SERVICE) == (0, "2 checked, 0 problems\n")
    assert _run_json("check", SERVICE) == (0, {"ok": True, "flows": 1, "problems": []})


def test_check_prints_one_line_for_each_problem_of_every_file(wrong: Path) -> None:
    code, output = _run("check", wrong, wrong.parent / "none.yaml", SERVICE)

    assert code == 1
    lines = output.splitlines()
    assert lines[0].startswith(f"{wrong}:")
    assert lines[0].endswith(": there is no node `greting`. Did you mean `greeting`?")
    assert lines[1].endswith("none.yaml: there is no such file. Check its name and folder.")
    assert lines[2:] == ["3 checked, 2 problems"]


def test_check_prints_problems_as_json(wrong: Path) -> None:
    code, report = _run_json("check", wrong)

    (problem,) = report["problems"]
    assert (code, report["ok"], report["flows"]) == (1, False, 1)
    assert (problem["file"], problem["what"]) == (str(wrong), "there is no node `greting`")
    assert problem["line"] > 1
    assert problem["mend"] == "Did you mean `greeting`?"


def test_check_knows_queues_when_they_are_named() -> None:
    assert _run("check", SERVICE, "--queue", "service", "--queue", "sales")[0] == 0
    assert "there is no queue `service`" in _run("check", SERVICE, "--queue", "sales")[1]


def test_test_plays_the_shipped_scripts() -> None:
    code, report = _run_json("test")

    assert (code, report["ok"]) == (0, True)
    assert all(flow["ways"] == flow["ways_taken"] for flow in report["flows"])
    assert "service: " in _run("test", flows_path())[1]


def test_test_tells_what_no_script_takes_and_what_cannot_be_read(wrong: Path) -> None:
    assert "there is no node `greting`" in _run("test", wrong.parent)[1]
    assert _run_json("test", wrong.parent)[1]["ok"] is False

    wrong.write_text(SERVICE.read_text())
    code, output = _run("test", wrong.parent)

    assert code == 1
    assert "no script takes main --9--> hours. Add one to tests/." in output
    assert output.endswith("service: 0 scripts played, 0 of 8 ways taken\n")


def test_draw_prints_a_picture_or_what_is_wrong(wrong: Path) -> None:
    code, output = _run("draw", SERVICE)

    assert code == 0
    assert output.startswith("flowchart LR\n")
    assert '-->|"9"|' in output
    assert _run("draw", wrong)[0] == 1
    assert "there is no node `greting`" in _run("draw", wrong)[1]
