"""The simulation of the bench: its own book-keeping, against theory and stories."""

from __future__ import annotations

import msgspec
import pytest

from callcenter.bench.pacing import baselines
from callcenter.bench.pacing.cells import POOR, STEADY, TROUBLES, TWIN
from callcenter.bench.pacing.floor import Outcome, play
from callcenter.bench.pacing.world import Mix, Shift

change = msgspec.structs.replace


def test_progressive_on_the_twin_is_as_busy_as_theory_says_and_abandons_nobody() -> None:
    # One agent: ten seconds times 1 / 0.3 calls between two services of 140 s.
    run = play(TWIN, 1, 1, 60.0, baselines.progressive())

    assert run.utilisation == pytest.approx(140.0 / (140.0 + 10.0 / 0.3), abs=0.02)
    assert run.abandoned == 0


def test_the_same_seed_is_the_same_run_and_another_is_not() -> None:
    runs = [play(STEADY, 5, seed, 0.1, baselines.predictive(1.0)) for seed in (1, 1, 2)]

    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_every_person_is_counted_once_in_a_half_hour() -> None:
    run = play(STEADY, 5, 1, 1.0, baselines.busy_ratio(2.5))

    assert sum(answered for answered, _ in run.by_slice) == run.answered
    assert sum(abandoned for _, abandoned in run.by_slice) == run.abandoned > 0
    abandoned, answered = run.worst()
    assert abandoned / answered >= run.abandonment


def test_nobody_answers_nobody() -> None:
    run = play(change(STEADY, mixes=(Mix(0.0, 0.0, 0.0),)), 2, 1, 0.2, baselines.progressive())

    assert (run.answered, run.abandonment, run.utilisation, run.worst()) == (0, 0.0, 0.0, (0, 0))
    assert Outcome().utilisation == 0.0


def test_more_lines_make_agents_busier_and_abandon_more() -> None:
    runs = [play(STEADY, 20, 1, 1.0, baselines.free_ratio(lines)) for lines in (1.0, 3.0, 6.0)]

    assert runs[0].utilisation < runs[1].utilisation < runs[2].utilisation
    assert runs[0].abandoned == 0
    assert runs[1].abandonment < runs[2].abandonment


def test_vicidials_rule_falls_back_to_one_line_when_it_dropped_too_many() -> None:
    run = play(STEADY, 20, 1, 3.0, baselines.Vicidial())
    early, late = run.by_slice[0], run.by_slice[-1]

    assert early[1] / early[0] > 0.03
    assert late[1] / late[0] < 0.03


def test_detection_errs_both_ways() -> None:
    errors = next(world for world in TROUBLES if world.name == "amd_errors")

    run = play(errors, 20, 1, 1.0, baselines.progressive())

    assert 0.01 < run.lost_by_detection / (run.answered + run.lost_by_detection) < 0.06
    assert run.machines_to_agents > 0


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda world: world.name)
def test_trouble_is_survived_near_the_cap(trouble: object) -> None:
    run = play(trouble, 20, 1, 0.5, baselines.predictive(1.0))  # type: ignore[arg-type]  # a World

    assert run.abandonment < 0.05
    assert run.utilisation > 0.4


def test_agents_on_a_break_do_not_count_as_at_work() -> None:
    shifts = (Shift(1.0, 0.0, ((0.25, 0.75),)),)

    run = play(change(TWIN, shifts=shifts), 4, 1, 2.0, baselines.progressive())

    assert 4 * 3600 <= run.worked_s < 4 * 7200 * 0.75


def test_a_trunk_that_dies_is_dialed_little() -> None:
    dead = change(POOR, trunk_dead=((0.5, 1.0, False),))

    run = play(dead, 10, 1, 1.0, baselines.predictive(1.0))
    half = play(change(POOR, trunk_dead=((0.5, 1.0, True),)), 10, 1, 1.0, baselines.predictive(1.0))

    # One call for each agent a minute, until the PBX gives up on it; before that as many as usual.
    assert run.placed < 10 * 30 + 1200
    assert half.answered == pytest.approx(run.answered, rel=0.15)
