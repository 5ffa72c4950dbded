"""Writes docs/BENCHMARKS.md from the results in docs/benchmarks/*.json, which the commands printed.

python scripts/benchmarks.py          writes the page
python scripts/benchmarks.py --check  fails when the page is not what the results say
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
RESULTS = PROJECT / "docs" / "benchmarks"
PAGE = PROJECT / "docs" / "BENCHMARKS.md"

INTRODUCTION = """# Benchmarks

Made by `python scripts/benchmarks.py` from the results in `docs/benchmarks/`, each printed by the
command that stands above it. Figures are medians with least and most; machines differ, so compare
ratios within one run before numbers across runs. Nothing in the tests asserts a time.
"""
KEPT = ("command", "date", "machine", "python")


def render() -> str:
    """The page."""
    sections = [INTRODUCTION]
    for path in sorted(RESULTS.glob("*.json")):
        result = json.loads(path.read_text(encoding="utf-8"))
        where = ", ".join(str(result.get(name, "")) for name in ("date", "machine"))
        sections.append(
            f"## {path.stem}\n\n`{result['command']}` ({where}, Python {result['python']})\n\n"
            "| | |\n| --- | ---: |\n"
            + "\n".join(f"| {name} | {value} |" for name, value in rows(result))
            + "\n"
        )
    return "\n".join(sections)


def rows(data: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """The figures, flat; a median with its least and most is one row."""
    flat: list[tuple[str, str]] = []
    for key, value in data.items():
        if not prefix and key in (*KEPT, "bench"):
            continue
        name = f"{prefix}{key}".replace("_", " ")
        if isinstance(value, dict) and {"median", "min", "max"} <= set(value):
            least, most = show(value["min"]), show(value["max"])
            flat.append((name, f"{show(value['median'])} ({least} to {most})"))
            flat += rows(
                {k: v for k, v in value.items() if k not in ("median", "min", "max")}, f"{name}, "
            )
        elif isinstance(value, dict):
            flat += rows(value, f"{name}, ")
        elif not isinstance(value, list):
            flat.append((name, show(value)))
    return flat


def show(value: object) -> str:
    """A number with three or four significant digits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def main() -> int:
    """Write or check the page."""
    page = render()
    if "--check" in sys.argv[1:]:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page:
            print(f"{PAGE.name} is not what the results say: run scripts/benchmarks.py")
            return 1
        return 0
    PAGE.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
