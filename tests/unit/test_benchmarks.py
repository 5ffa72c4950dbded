"""The page of benchmarks says what the committed results say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def test_the_page_is_made_of_the_committed_results() -> None:
    done = subprocess.run(
        [sys.executable, str(PROJECT / "scripts" / "benchmarks.py"), "--check"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stdout
