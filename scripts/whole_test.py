"""Every test once, for `make test`; fails when something failed, after everything has run.

The tests that compute, of which branch coverage is judged, run at the lowest priority beside the
others: those mostly wait for telephones, and a real Asterisk, a caller or a browser that wants the
processor gets it at once. What they printed comes when they have ended.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from tests import parts  # noqa: E402  # found beside this folder

PYTHON = sys.executable
PYTEST = (PYTHON, "-m", "pytest")
COMPUTING_LOG = PROJECT / "build" / "computing.log"
COMPUTING = ("nice", "-n", "19", PYTHON, "-m", "coverage", "run", "-m", "pytest", "-n", "3")
"""Three processes for two processors: they also wait, for databases and for programs they start."""


def _run(*command: str) -> list[str]:
    """Run it and wait; its name if it failed."""
    print("==", *command, flush=True)
    code = subprocess.run(command, cwd=PROJECT, check=False).returncode
    return [] if code == 0 else [" ".join(command)]


def main() -> int:
    """Run all of them; 0 when all is well, 1 otherwise."""
    COMPUTING_LOG.parent.mkdir(exist_ok=True)
    failed = _run(PYTHON, "-m", "coverage", "erase")
    with COMPUTING_LOG.open("w", encoding="utf-8") as log:
        computing = subprocess.Popen(
            (*COMPUTING, "-m", parts.COMPUTING), cwd=PROJECT, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        failed += _run("scripts/web.sh", "test", PYTHON)
        failed += _run(*PYTEST, "-n", "2", "--dist", "loadfile", "-m", parts.REAL)
        failed += _run(*PYTEST, "-m", parts.ALONE)
        print("==", *COMPUTING, "-m", parts.COMPUTING, flush=True)
        code = computing.wait()
    finally:
        computing.terminate()
    print(COMPUTING_LOG.read_text(encoding="utf-8"), flush=True)
    failed += ["the tests that compute"] if code else []
    failed += _run(PYTHON, "-m", "coverage", "combine", "-q")
    failed += _run(PYTHON, "scripts/coverage_gate.py")
    for name in failed:
        print(f"test FAILED: {name}", file=sys.stderr)
    if not failed:
        print("test: all well")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
