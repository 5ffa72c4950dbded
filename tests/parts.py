"""The parts of the test suite, and whether each of them ran.

A part is a folder of tests, split off where tests need something real: ``integration`` becomes
``integration-asterisk`` for those with the marker ``asterisk``. The counts are printed at the end
of each run. Where a missing part is a failure (CI=true), a required part of which no test ran
fails the run: a suite that is skipped everywhere proves nothing, however green it looks.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath

PROJECT = Path(__file__).resolve().parents[1]

REAL_MARKERS: dict[str, tuple[str, ...]] = {
    "asterisk": ("asterisk",),
    "browser": ("chromium", "pages"),
    "postgresql": ("postgresql",),
}
"""Markers of tests that need something real, and what: scripts/parts.sh finds and installs it."""

REQUIRED = (
    "unit",
    "properties",
    "contract",
    "contract-asterisk",
    "contract-postgresql",
    "simulation",
    "fuzz",
    "integration-asterisk",
    "e2e-browser",
)
"""Parts that every full run in CI must have run at least one test of, collected or not."""

UNMEASURED = ("properties", "simulation", "fuzz")
"""Parts of which no coverage is counted."""

COMPUTING = "not asterisk and not browser and not keeps_time and not alone and not soak"
REAL = "(asterisk or keeps_time) and not browser and not alone and not soak"
ALONE = "(browser or alone) and not soak"
"""The three runs in which `make test` runs everything (scripts/whole_test.py). Those that compute
use both processors, at the lowest priority. Those with a real Asterisk mostly wait, two files at a
time. Those that keep time closely, or draw pages, come one after the other."""
REQUIRED_OF = {
    "not soak": REQUIRED,
    COMPUTING: ("unit", "properties", "contract", "contract-postgresql", "simulation", "fuzz"),
    REAL: ("contract-asterisk", "integration-asterisk"),
    ALONE: ("integration-asterisk", "e2e-browser"),
}
"""By the selection of markers: what each kind of whole run must have run."""

PARTS_CHECK_TIMEOUT_S = 60
"""Looking for a few programs takes milliseconds; more means the script hangs."""


def name_part(path: PurePath, markers: Iterable[str]) -> str:
    """The part that a test belongs to: ``path`` from the folder tests/, and its markers' names."""
    folder = path.parts[0] if len(path.parts) > 1 else "tests"
    real = [marker for marker in REAL_MARKERS if marker in tuple(markers)]
    return "-".join([folder, *real])


def list_lacking(markers: Iterable[str], missing: Iterable[str]) -> list[str]:
    """What a test with these markers needs and is ``missing``, in a fixed order."""
    needed = [part for marker in markers for part in REAL_MARKERS.get(marker, ())]
    return [part for part in missing if part in needed]


def list_parts_without_tests(
    ran: Mapping[str, int], collected: Iterable[str], required: Iterable[str] = REQUIRED
) -> list[str]:
    """Parts that should have run at least one test and ran none, in a fixed order."""
    return [part for part in dict.fromkeys([*required, *sorted(collected)]) if not ran.get(part)]


def describe(ran: Mapping[str, int], skipped: Mapping[str, int]) -> list[str]:
    """One line for each part: how many tests ran and how many were skipped."""
    parts = sorted({**ran, **skipped})
    width = max(map(len, parts), default=0)
    return [
        f"{part:<{width}}  {ran.get(part, 0):>6} ran"
        + (f", {skipped[part]} skipped" if skipped.get(part) else "")
        for part in parts
    ]


def find_missing_programs() -> list[str]:
    """What real tests need and this machine lacks, in the names of scripts/parts.sh."""
    answer = subprocess.run(
        ["sh", "scripts/parts.sh", "missing"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=PARTS_CHECK_TIMEOUT_S,
        check=True,
    )
    return answer.stdout.split()
