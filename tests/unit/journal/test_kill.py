"""A real process over a real journal, killed with SIGKILL at moments drawn from a printed seed."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path
from threading import Timer

from callcenter.journal.file import FileJournal
from tests.unit.journal.entries import make_entries, make_state

CHILD = Path(__file__).with_name("appending_child.py")
PROJECT = Path(__file__).resolve().parents[3]

LIVES = 4
"""Processes that follow one another over the same journal."""

LINES_MAX = 600
"""What a child may say before it is killed: enough for some ten segments and three snapshots."""

CHILD_DEADLINE_S = 60
"""A child that says nothing for so long is hung."""


def run_and_kill(folder: Path, lines: int) -> list[tuple[str, int]]:
    """Let a child say so many lines, kill it, and return all that it said."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    with subprocess.Popen(
        [sys.executable, str(CHILD), str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=PROJECT,
    ) as child:
        assert child.stdout is not None
        watchdog = Timer(CHILD_DEADLINE_S, child.kill)
        watchdog.start()
        said = [child.stdout.readline() for _ in range(lines)]
        child.kill()
        said += child.stdout.readlines()
        watchdog.cancel()
    assert len(said) >= lines, "the child hung"
    assert child.returncode == -9
    whole = [line.split() for line in said if line.endswith("\n")]
    return [(what, int(position)) for what, position in whole]


async def test_what_a_killed_process_had_reported_is_all_there(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # shown by pytest when this fails
    chance = random.Random(seed)
    reported = {"appended": 0, "snapshot": 0}

    for life in range(1, LIVES + 1):
        reported.update(run_and_kill(tmp_path, chance.randrange(1, LINES_MAX)))
        journal = FileJournal(tmp_path, machine_version=1)
        loaded = journal.load()
        await journal.close()

        first = loaded.snapshot_position
        last = first + len(loaded.entries)
        assert first >= reported["snapshot"]
        assert last >= reported["appended"]
        assert loaded.entries == make_entries(first + 1, last)
        assert loaded.snapshot == (make_state(first) if first else None)
        assert journal.epoch == life + 1
