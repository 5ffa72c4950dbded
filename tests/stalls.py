"""Tests that play against the clock are played again when the machine stood still in them.

Other guests of a host take its processors away, for a tenth of a second or for half of the time.
What then fails in a test with a real Asterisk says nothing about us. So while such tests run, a
process of its own watches how late it is woken, and the kernel counts the time that the host gave
to others ("steal", proc(5)). A test that failed is played again only if one of the two says that
the machine was away meanwhile; each time is reported. What fails by its nature fails again.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol

WATCHED = ("alone", "asterisk", "browser", "keeps_time")
"""Markers of tests that play against the clock."""
TIMES_MAX = 3
"""How often such a test is played at most."""
STALL_MIN_S = 0.1
"""A process that sleeps is woken within a few milliseconds; RTP is sent every 20 ms."""
STOLEN_MIN = 0.03
"""Share of all processors' time that the host gave to others; on a quiet host about 0.001."""
AGAIN = "played_again"
"""The property of a report that says why its test was played once more."""

_WATCH = f"""
import sys, time
while True:
    slept_at = time.monotonic()
    time.sleep(0.01)
    late_s = time.monotonic() - slept_at - 0.01
    if late_s >= {STALL_MIN_S}:
        print(time.time(), late_s, flush=True)
"""
_STAT = Path("/proc/stat")


class StallWatch:
    """Knows how much of the machine was taken away between two moments."""

    def __init__(self) -> None:
        self._stalls: list[tuple[float, float]] = []
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-c", _WATCH], stdout=subprocess.PIPE, text=True
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            at, late_s = line.split()
            self._stalls.append((float(at), float(late_s)))

    def stop(self) -> None:
        """Watch no longer."""
        self._process.kill()
        self._process.wait()
        self._listener.join()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def longest_s(self, begin: float, end: float) -> float:
        """The longest time in which nothing ran, between two moments in UTC seconds."""
        return max((late_s for at, late_s in self._stalls if begin < at <= end), default=0.0)


def stolen_s(stat: Path = _STAT) -> float:
    """Seconds of one processor that the host gave to others since the start; 0.0 if not told."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        ticks = int(stat.read_text(encoding="ascii").splitlines()[0].split()[8])
        return ticks / os.sysconf("SC_CLK_TCK")
    return 0.0


def describe(longest_s: float, stolen: float) -> str:
    """Why a test that failed is worth another look; empty if the machine was there all the time."""
    if longest_s >= STALL_MIN_S:
        return f"the machine stood still for {longest_s:.2f} s"
    if stolen >= STOLEN_MIN:
        return f"the host gave {stolen:.0%} of the processors' time to others"
    return ""


class Replayer:
    """The plugin: plays tests that keep time, and those that a stall spoiled once more."""

    def __init__(self) -> None:
        self._watch: StallWatch | None = None
        self._last = ""
        """Why the test that was played last failed, as far as the machine is to blame."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> bool | None:
        """Play one test; None leaves it to pytest."""
        if not any(item.get_closest_marker(marker) for marker in WATCHED):
            return None
        self._watch = self._watch or StallWatch()
        location = item.nodeid, item.location
        item.ihook.pytest_runtest_logstart(nodeid=location[0], location=location[1])
        reports = self._play(item, nextitem)
        for report in reports:
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=location[0], location=location[1])
        return True

    def _play(self, item: pytest.Item, nextitem: pytest.Item | None) -> list[pytest.TestReport]:
        excuses: list[str] = []
        while True:
            began, stolen_before = time.time(), stolen_s()
            reports = runtestprotocol(item, log=False, nextitem=nextitem)
            failed = any(report.failed for report in reports)
            excuse = self._excuse(began, stolen_before) if failed else ""
            if not excuse or len(excuses) + 1 >= TIMES_MAX:
                break
            excuses.append(f"{excuse}: {_first_failure(reports)}")
        for report in reports:
            report.user_properties += [(AGAIN, f"{item.nodeid}: {text}") for text in excuses]
        return reports

    def _excuse(self, began: float, stolen_before: float) -> str:
        assert self._watch is not None
        end = time.time()
        elapsed_s = (end - began) * (os.cpu_count() or 1)
        stolen = (stolen_s() - stolen_before) / max(elapsed_s, 1e-9)
        return describe(self._watch.longest_s(began, end), stolen)

    def pytest_unconfigure(self) -> None:
        """Watch no longer."""
        if self._watch is not None:
            self._watch.stop()


def _first_failure(reports: list[pytest.TestReport]) -> str:
    """The last line of what the first failure says."""
    failed = next(report for report in reports if report.failed)
    lines = [line for line in failed.longreprtext.splitlines() if line.startswith("E ")]
    return (lines or failed.longreprtext.splitlines() or [""])[0].removeprefix("E").strip()[:200]
