"""The count of tests that ran, by part, and the rule that in CI no part may run none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path, PurePath

import pytest

from tests import parts

ALL_RAN = dict.fromkeys(parts.REQUIRED, 1)
RUN_TIMEOUT_S = 180
"""A run of pytest over six empty tests takes a second."""


@pytest.mark.parametrize(
    ("path", "markers", "part"),
    [
        ("unit/core/test_machine.py", [], "unit"),
        ("integration/test_inbound.py", ["asterisk", "parametrize"], "integration-asterisk"),
        ("contract/test_pbx.py", [], "contract"),
        ("contract/test_storage.py", ["parametrize", "postgresql"], "contract-postgresql"),
        ("e2e/test_card_in_time.py", ["browser", "asterisk"], "e2e-asterisk-browser"),
        ("test_anything.py", [], "tests"),
    ],
)
def test_a_part_is_the_folder_and_what_real_program_it_needs(
    path: str, markers: list[str], part: str
) -> None:
    assert parts.name_part(PurePath(path), markers) == part


def test_a_required_part_without_a_test_is_named_even_if_nothing_was_collected_there() -> None:
    ran = {**ALL_RAN, "simulation": 0}
    del ran["properties"]

    assert parts.list_parts_without_tests(ran, []) == ["properties", "simulation"]


def test_a_part_that_was_collected_and_skipped_throughout_is_named() -> None:
    assert parts.list_parts_without_tests(ALL_RAN, ["unit", "e2e"]) == ["e2e"]


def test_the_summary_tells_what_ran_from_what_was_skipped() -> None:
    lines = parts.describe({"unit": 12}, {"contract-asterisk": 3})

    assert [line.split() for line in lines] == [
        ["contract-asterisk", "0", "ran,", "3", "skipped"],
        ["unit", "12", "ran"],
    ]


def test_a_test_lacks_only_what_its_own_markers_ask_for() -> None:
    missing = ["asterisk", "chromium", "pages"]

    assert parts.list_lacking(["parametrize", "asterisk"], missing) == ["asterisk"]
    assert parts.list_lacking(["browser"], ["asterisk", "pages"]) == ["pages"]
    assert parts.list_lacking(["browser", "asterisk"], missing) == missing
    assert parts.list_lacking(["asterisk"], []) == []


def test_tests_on_postgresql_run_with_those_that_compute() -> None:
    assert "contract-postgresql" in parts.REQUIRED_OF[parts.COMPUTING]
    assert parts.list_lacking(["postgresql"], ["chromium", "postgresql"]) == ["postgresql"]


def _make_suite(folder: Path, missing: str = "") -> None:
    """A project with one passing test in each required part, and the real conftest."""
    (folder / "scripts").mkdir()
    (folder / "scripts" / "parts.sh").write_text(f"echo {missing}\n")
    tests = folder / "tests"
    tests.mkdir()
    for name in ("conftest.py", "parts.py", "stalls.py", "virtual_time.py"):
        shutil.copy(parts.PROJECT / "tests" / name, tests)
    shutil.copy(parts.PROJECT / "pyproject.toml", folder)
    for part in parts.REQUIRED:
        kind, _, marker = part.partition("-")
        (tests / kind).mkdir(exist_ok=True)
        mark = f"import pytest\n@pytest.mark.{marker}\n" if marker else ""
        (tests / kind / f"test_{part.replace('-', '_')}.py").write_text(
            f"{mark}def test_it_runs() -> None:\n    assert True\n"
        )


def _run(folder: Path, *arguments: str, ci: str = "true") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env={**os.environ, "CI": ci},
        capture_output=True,
        text=True,
        timeout=RUN_TIMEOUT_S,
        check=False,
    )


def test_a_whole_run_in_ci_passes_when_every_part_ran(tmp_path: Path) -> None:
    _make_suite(tmp_path)

    run = _run(tmp_path)

    assert run.returncode == 0, run.stdout
    assert "integration-asterisk       1 ran" in run.stdout


def test_a_whole_run_in_ci_fails_when_a_real_part_was_skipped(tmp_path: Path) -> None:
    _make_suite(tmp_path, missing="asterisk")

    run = _run(tmp_path)

    assert run.returncode == pytest.ExitCode.TESTS_FAILED
    assert "FAILED: no test of integration-asterisk ran" in run.stdout
    assert "not installed here: asterisk" in run.stdout


def test_a_whole_run_in_ci_fails_when_the_pages_were_not_built(tmp_path: Path) -> None:
    _make_suite(tmp_path, missing="pages")

    run = _run(tmp_path)

    assert run.returncode == pytest.ExitCode.TESTS_FAILED
    assert "FAILED: no test of e2e-browser ran" in run.stdout
    assert "not installed here: pages" in run.stdout


def test_outside_ci_a_missing_program_only_skips_its_tests(tmp_path: Path) -> None:
    _make_suite(tmp_path, missing="asterisk")

    run = _run(tmp_path, ci="")

    assert run.returncode == 0, run.stdout
    assert "2 skipped" in run.stdout  # of contract and of integration


def test_a_selection_of_tests_is_not_judged_by_the_parts_it_leaves_out(tmp_path: Path) -> None:
    _make_suite(tmp_path)

    run = _run(tmp_path, "tests/unit")

    assert run.returncode == 0, run.stdout


def test_the_runs_of_a_whole_test_are_judged_by_the_required_parts() -> None:
    runs = (parts.COMPUTING, parts.REAL, parts.ALONE)

    assert {part for run in runs for part in parts.REQUIRED_OF[run]} == set(parts.REQUIRED)


def test_every_test_is_in_one_run(tmp_path: Path) -> None:
    _make_suite(tmp_path)
    for marker in ("alone", "keeps_time", "soak"):
        (tmp_path / "tests" / "unit" / f"test_{marker}.py").write_text(
            f"import pytest\n@pytest.mark.{marker}\ndef test_it_runs() -> None:\n    pass\n"
        )

    runs = [
        _run(tmp_path, "-q", "--collect-only", "-m", markers).stdout
        for markers in (parts.COMPUTING, parts.REAL, parts.ALONE)
    ]

    tests = [line for run in runs for line in run.splitlines() if "::" in line]
    assert len(tests) == len(set(tests)) == len(parts.REQUIRED) + 2
