"""Judges the branch coverage that `make test` measured: of everything, and stricter of pure code.

Both thresholds stand in pyproject.toml: ``tool.coverage.report.fail_under`` and
``tool.callcenter.pure.coverage``. Tests with a real Asterisk or a browser keep time and are not
measured: what is covered is covered on any machine.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]


def _report(*arguments: str) -> bool:
    """Run ``coverage report``; whether its threshold was met."""
    command = [sys.executable, "-m", "coverage", "report", *arguments]
    return subprocess.run(command, cwd=PROJECT, check=False).returncode == 0


def main() -> int:
    """Print both reports; 0 when what counts here is met, 1 otherwise."""
    pyproject = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    pure = pyproject["tool"]["callcenter"]["pure"]
    patterns = [path if path.endswith(".py") else f"{path}/*" for path in pure["paths"]]

    print("coverage: all packages", flush=True)
    overall = _report()
    print(f"coverage: pure code, {pure['coverage']} % of branches", flush=True)
    strict = _report(f"--include={','.join(patterns)}", f"--fail-under={pure['coverage']}")
    return 0 if overall and strict else 1


if __name__ == "__main__":
    sys.exit(main())
