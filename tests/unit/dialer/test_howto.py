"""The example of docs/howto/order-contacts.md runs as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

HOWTO = Path(__file__).resolve().parents[3] / "docs" / "howto" / "order-contacts.md"


def test_the_example_runs_as_it_stands_and_says_why() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", HOWTO.read_text(encoding="utf-8"), re.DOTALL)

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stderr
    assert "19 was promised a call 1 minute ago by ana" in done.stdout
    assert "20 was tried lately and is tried again in 30 minutes" in done.stdout
