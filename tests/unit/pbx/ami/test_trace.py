"""The raw trace is private, bounded, and never in the way."""

from __future__ import annotations

from pathlib import Path

from callcenter.pbx.ami.trace import Trace

MESSAGE: dict[str, str | list[str]] = {"Event": "Status", "Variable": ["A=1", "B=2"]}
SIZE = len("Event: Status\nVariable: A=1\nVariable: B=2\n\n")


def test_messages_are_written_as_they_came_for_the_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "ami.trace"
    trace = Trace(path, lambda _: None)

    trace.write(MESSAGE)
    trace.close()

    assert path.read_text() == "Event: Status\nVariable: A=1\nVariable: B=2\n\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_earlier_trace_is_continued(tmp_path: Path) -> None:
    for _ in range(2):
        trace = Trace(tmp_path / "ami.trace", lambda _: None)
        trace.write(MESSAGE)
        trace.close()
        trace.close()

    assert (tmp_path / "ami.trace").stat().st_size == 2 * SIZE


def test_both_files_together_stay_within_the_bound(tmp_path: Path) -> None:
    trace = Trace(tmp_path / "ami.trace", lambda _: None, bytes_max=6 * SIZE)

    for _ in range(100):
        trace.write(MESSAGE)
    trace.close()

    sizes = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert sizes == {"ami.trace": SIZE, "ami.trace.1": 3 * SIZE}


def test_a_trace_that_cannot_be_written_is_switched_off_with_one_fault(tmp_path: Path) -> None:
    faults: list[str] = []
    trace = Trace(tmp_path / "missing" / "ami.trace", faults.append)

    trace.write(MESSAGE)
    trace.write(MESSAGE)
    trace.close()

    assert len(faults) == 1
    assert "is switched off" in faults[0]
