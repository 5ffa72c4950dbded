"""Bugs planted on purpose are found; and a patch that no longer fits its code is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts import mutants
from scripts.mutants import MUTANTS, PATCHES, DoesNotApply, Mutant

BY_NAME = {mutant.name: mutant for mutant in MUTANTS}
QUICK = ("wrap_up_never_ends", "stale_leader_commands", "records_projected_twice", "no_cool_down")
"""Found within a few days of a second."""


@pytest.mark.parametrize("mutant", [BY_NAME[name] for name in QUICK], ids=QUICK)
def test_a_planted_bug_is_found_soon(mutant: Mutant) -> None:
    assert mutants.find(mutant).problem == ""


@pytest.mark.soak
@pytest.mark.parametrize("mutant", MUTANTS, ids=list(BY_NAME))
def test_every_planted_bug_is_found_within_fifty_days(mutant: Mutant) -> None:
    assert mutants.find(mutant).problem == ""


def test_every_patch_applies_and_is_in_the_table(tmp_path: Path) -> None:
    mutants.make_copy(tmp_path)
    for mutant in MUTANTS:
        patch = (PATCHES / f"{mutant.name}.patch").read_text()
        mutants.apply(patch, tmp_path)
        with pytest.raises(DoesNotApply):  # what it changed is changed
            mutants.apply(patch, tmp_path)
        for line in patch.splitlines():
            if line.startswith("+++ b/"):
                name = line.removeprefix("+++ b/")
                (tmp_path / name).write_bytes((mutants.PROJECT / name).read_bytes())

    assert sorted(path.stem for path in PATCHES.glob("*.patch")) == sorted(BY_NAME)


def test_a_patch_whose_lines_are_gone_does_not_apply(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("one\ntwo\n")
    patch = "--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,2 @@\n one\n-three\n+four\n"

    with pytest.raises(DoesNotApply, match="0 times"):
        mutants.apply(patch, tmp_path)
