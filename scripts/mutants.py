#!/usr/bin/env python3
"""Plants bugs and sees whether the simulation finds them: python scripts/mutants.py [NAME...]

A bug is a patch in tests/mutants. It is applied to a copy of the sources, and faulty days are
played with the copy, seed after seed, until one breaks. Exit 1 when a bug is not found within
``SEEDS_MAX`` seeds, is found by something else than the table says, or when a patch does not apply
any more: the code has moved on, and the patch has to go with it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
PATCHES = PROJECT / "tests" / "mutants"
PACKAGES = ("callcenter", "routing", "dialer", "ivr_flows", "config")
"""What is copied."""
SEEDS_MAX = 50
HOURS, AGENTS, CONTACTS = 0.25, 8, 30
"""A day of a second or less, with a list so short that its numbers are dialed again."""
PLAY_DEADLINE_S = 1200.0
"""For fifty such days on a machine that does much else."""


@dataclass(frozen=True)
class Mutant:
    """One planted bug."""

    name: str
    """Of its patch."""
    breaks: str
    """What is wrong with it, in a sentence."""
    said: str
    """A pattern of what is said by the check that finds it."""


MUTANTS = (
    Mutant("wrap_up_never_ends", "The timer that ends a wrap-up is not armed.", "no deadline"),
    Mutant(
        "agent_not_released",
        "A caller who hangs up while a phone rings does not release the agent.",
        "does not exist",
    ),
    Mutant(
        "double_offer",
        "Routing is not told of agents who are free no more, and offers them a second call.",
        "fault impossible_agent",
    ),
    Mutant(
        "join_waited_for_for_ever", "A join that came to nothing is not asked about.", "no deadline"
    ),
    Mutant("result_recorded_twice", "An attempt's end is recorded twice.", "has two results"),
    Mutant("leg_rings_on", "A phone that rings for nobody is not hung up.", "nobody wants it"),
    Mutant(
        "refill_waited_for_for_ever",
        "Contacts that the database did not give are waited for, for ever.",
        "nobody was asked for",
    ),
    Mutant(
        "dialed_again_after_a_start",
        "After a start, an attempt that the PBX does not have is dialed again.",
        "dialed 2 times",
    ),
    Mutant(
        "stale_leader_commands",
        "Old leaders are not thrown out: one that stood still goes on commanding.",
        "a leader that another one has followed",
    ),
    Mutant(
        "dialed_before_it_is_kept",
        "Dialing does not wait for the disk: a power cut takes the entry of a call that was made.",
        "no entry says so",
    ),
    Mutant(
        "records_projected_twice",
        "Entries that the database has are written again after a start.",
        "the database has",
    ),
    Mutant("no_cool_down", "A number is dialed again without the pause.", "dialed again .* before"),
    Mutant("one_try_too_many", "A number gets one try more than allowed.", "are allowed"),
)


class DoesNotApply(Exception):  # noqa: N818 - a fact about a patch
    """The code that a patch changes is no longer there, or there more than once."""


@dataclass(frozen=True)
class Find:
    """What came of one mutant."""

    mutant: Mutant
    seed: int
    """The first that broke; 0: none did."""
    said: str

    @property
    def problem(self) -> str:
        """What is not as it should be; empty when the bug was found as the table says."""
        if not self.seed:
            return f"{self.mutant.name}: not found within {SEEDS_MAX} seeds"
        if not re.search(self.mutant.said, self.said):
            return f"{self.mutant.name}: found by another check: {self.said[:300]}"
        return ""


def apply(patch: str, folder: Path) -> None:
    """Change the files below ``folder`` as the patch says. Lines may have moved, but every hunk's
    lines must be there exactly once. Raises ``DoesNotApply``."""
    path: Path | None = None
    hunks = 0
    for kind, text in _split(patch):
        if kind == "file":
            path = folder / text
            if not path.is_file():
                raise DoesNotApply(f"there is no {text}")
            continue
        assert path is not None
        lines = text.splitlines(keepends=True)
        old = "".join(line[1:] for line in lines if line[0] in " -")
        new = "".join(line[1:] for line in lines if line[0] in " +")
        content = path.read_text()
        if content.count(old) != 1:
            raise DoesNotApply(f"{path.name} has these lines {content.count(old)} times:\n{old}")
        path.write_text(content.replace(old, new))
        hunks += 1
    if not hunks:
        raise DoesNotApply("it holds no hunk")


def _split(patch: str) -> Iterator[tuple[str, str]]:
    """The files of a unified diff and, after each, its hunks."""
    hunk: list[str] | None = None
    for line in patch.splitlines(keepends=True):
        if line.startswith(("--- ", "@@ ", "+++ ")):
            if hunk:
                yield "hunk", "".join(hunk)
            hunk = [] if line.startswith("@@ ") else None
            if line.startswith("+++ "):
                yield "file", line[4:].strip().removeprefix("b/")
        elif hunk is not None:
            hunk.append(line)
    if hunk:
        yield "hunk", "".join(hunk)


def make_copy(folder: Path) -> None:
    """Copy the sources, without what is made of them."""
    ignored = shutil.ignore_patterns("__pycache__", "static", "*.wav", "*.sln16")
    for package in PACKAGES:
        shutil.copytree(PROJECT / package, folder / package, ignore=ignored)


def find(mutant: Mutant, seeds: Sequence[int] = range(1, SEEDS_MAX + 1)) -> Find:
    """Plant the bug and play days with it until one breaks. Raises ``DoesNotApply``."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as name:
        folder = Path(name)
        make_copy(folder)
        apply((PATCHES / f"{mutant.name}.patch").read_text(), folder)
        answer = subprocess.run(
            [sys.executable, __file__, "--play", str(folder), *map(str, seeds)],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder)},
            stdout=subprocess.PIPE,
            text=True,
            timeout=PLAY_DEADLINE_S,
            check=True,
        )
    found: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return Find(mutant, found["seed"], found["said"])


def play(folder: Path, seeds: Sequence[int]) -> dict[str, Any]:
    """In the process with the copy: the first seed that breaks, and what is said then."""
    from callcenter.simulator import simulation
    from callcenter.simulator.day import Broken

    assert Path(simulation.__file__).is_relative_to(folder), simulation.__file__
    for seed in seeds:
        try:
            simulation.play(simulation.Scenario(seed, HOURS, AGENTS, "all", contacts=CONTACTS))
        except Broken as broken:
            return {"seed": seed, "said": str(broken)}
    return {"seed": 0, "said": ""}


def main(names: Sequence[str]) -> int:
    """Try the mutants of these names, or all; say what found each."""
    problems = []
    for mutant in MUTANTS:
        if names and mutant.name not in names:
            continue
        try:
            result = find(mutant)
        except DoesNotApply as error:
            problems.append(f"{mutant.name}: does not apply any more: {error}")
            continue
        print(f"{mutant.name:<28} seed {result.seed:>2}  {result.said[:160]}", flush=True)
        if result.problem:
            problems.append(result.problem)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--play"]:
        print(json.dumps(play(Path(sys.argv[2]), [int(seed) for seed in sys.argv[3:]])))
    else:
        sys.exit(main(sys.argv[1:]))
