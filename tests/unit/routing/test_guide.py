"""The example of the guide does what the guide says."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "howto" / "use-the-routing-engine.md"


def test_the_example_prints_what_the_guide_says() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    program = re.findall(r"```python\n(.*?)```", text, re.DOTALL)[0]
    said = re.findall(r"```text\n(.*?)```", text, re.DOTALL)[0]

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(program, str(GUIDE), "exec"), {})

    assert printed.getvalue() == said
