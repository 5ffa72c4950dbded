"""The example of the how-to runs as it is printed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HOWTO = Path(__file__).resolve().parents[4] / "docs" / "howto" / "use-the-pacer.md"


def test_the_example_of_the_howto_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", HOWTO.read_text(encoding="utf-8"), re.S)

    exec(compile(example, str(HOWTO), "exec"), {})  # our own document, as a reader would run it

    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("place 3: one more call would too likely find nobody free; 3 free")
    assert "2 free" in second
