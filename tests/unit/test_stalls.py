"""Tests against the clock are played again only when the machine stood still in them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import parts, stalls

RUN_TIMEOUT_S = 180

# A suite whose test fails as often as FAILURES says, on a machine that stalls as STALL_S says.
SUITE = """
import os
from pathlib import Path

import pytest

from tests import stalls

stalls.StallWatch.longest_s = lambda *_: float(os.environ["STALL_S"])
stalls.stolen_s = lambda: 0.0


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    assert not list(tmp_path.iterdir())
    return tmp_path


@pytest.mark.{marker}
def test_it(fresh: Path) -> None:
    times = Path("times")
    played = int(times.read_text()) + 1 if times.exists() else 1
    times.write_text(str(played))
    (fresh / "mess").touch()
    assert played > int(os.environ["FAILURES"]), f"it was too late, {{played}}"


def test_of_the_same_file_that_fails_at_once() -> None:
    assert os.environ["FAILURES"] != "-1"
"""


def run(folder: Path, *, failures: int, stall_s: float, marker: str) -> tuple[int, str, int]:
    """Exit code, what was printed, and how often the test was played."""
    (folder / "tests" / "unit").mkdir(parents=True)
    for name in ("conftest.py", "parts.py", "stalls.py", "virtual_time.py"):
        shutil.copy(parts.PROJECT / "tests" / name, folder / "tests")
    shutil.copy(parts.PROJECT / "pyproject.toml", folder)
    (folder / "tests" / "unit" / "test_suite.py").write_text(SUITE.format(marker=marker))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests/unit"],
        cwd=folder,
        env={**os.environ, "FAILURES": str(failures), "STALL_S": str(stall_s)},
        capture_output=True,
        text=True,
        timeout=RUN_TIMEOUT_S,
        check=False,
    )
    return done.returncode, done.stdout, int((folder / "times").read_text())


def test_a_test_that_a_stall_spoiled_is_played_again_and_this_is_told(tmp_path: Path) -> None:
    status, said, times = run(tmp_path, failures=2, stall_s=0.5, marker="keeps_time")

    assert (status, times) == (0, 3), said
    assert "2 passed" in said
    assert said.count("played again: tests/unit/test_suite.py::test_it: ") == 2
    assert "the machine stood still for 0.50 s: AssertionError: it was too late, 2" in said


def test_a_test_that_fails_by_its_nature_fails(tmp_path: Path) -> None:
    status, said, times = run(tmp_path, failures=9, stall_s=0.5, marker="alone")

    assert (status, times) == (1, stalls.TIMES_MAX), said
    assert "1 failed, 1 passed" in said
    assert "it was too late, 3" in said


@pytest.mark.parametrize(
    ("stall_s", "marker"), [(0.05, "keeps_time"), (0.5, "virtual_time")], ids=["calm", "unmarked"]
)
def test_a_test_that_nothing_spoiled_is_not_played_again(
    tmp_path: Path, stall_s: float, marker: str
) -> None:
    status, said, times = run(tmp_path, failures=1, stall_s=stall_s, marker=marker)

    assert (status, times) == (1, 1), said
    assert "played again" not in said


def test_it_is_told_what_the_machine_did() -> None:
    assert stalls.describe(0.09, 0.01) == ""
    assert stalls.describe(0.5, 0.2) == "the machine stood still for 0.50 s"
    assert stalls.describe(0.0, 0.57) == "the host gave 57% of the processors' time to others"


def test_stolen_time_is_read_from_the_kernel_where_it_tells(tmp_path: Path) -> None:
    stat = tmp_path / "stat"
    assert stalls.stolen_s(stat) == 0.0
    stat.write_text("cpu  35498 1294 8004 35664 429 0 119 250 0 0\ncpu0 1 2 3\n")

    assert stalls.stolen_s(stat) == 250 / os.sysconf("SC_CLK_TCK")


def test_the_watch_notes_when_it_could_not_run() -> None:
    watch = stalls.StallWatch()
    watch.stop()

    watch._stalls += [(10.0, 0.2), (20.0, 0.7), (30.0, 0.3)]

    assert watch.longest_s(5.0, 15.0) == 0.2
    assert watch.longest_s(5.0, 25.0) == 0.7
    assert watch.longest_s(30.0, time.time()) == pytest.approx(0.0, abs=0.0)
