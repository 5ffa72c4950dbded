"""The bench of pacing says what it says."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from callcenter.bench.pacing import run as bench
from callcenter.bench.pacing.cells import STEADY
from callcenter.bench.pacing.floor import Outcome
from callcenter.cli.bench import app


def outcome(talked: float, abandoned: int = 0) -> Outcome:
    """A run of an hour with a hundred people."""
    return Outcome(
        answered=100,
        abandoned=abandoned,
        talked_s=talked,
        worked_s=100.0,
        by_slice=[[100, abandoned]],
    )


def test_only_baselines_that_keep_the_cap_are_compared() -> None:
    told = bench.compare(
        {
            "predictive": [outcome(80.0), outcome(82.0)],
            "progressive": [outcome(60.0), outcome(61.9)],
            "busy_ratio": [outcome(90.0, abandoned=9), outcome(90.0)],
        }
    )

    assert (told["best_baseline"], told["gain"], told["verdict"]) == (
        "progressive",
        20.05,
        "better",
    )


def test_a_difference_within_its_interval_is_a_tie_and_a_worse_one_is_said() -> None:
    ours = [outcome(70.0), outcome(74.0)]

    tie = bench.compare({"predictive": ours, "progressive": [outcome(72.0), outcome(72.0)]})
    worse = bench.compare({"predictive": ours, "progressive": [outcome(80.0), outcome(84.1)]})

    assert (tie["verdict"], worse["verdict"]) == ("tie", "worse")


def test_the_search_finds_the_most_lines_under_the_cap() -> None:
    tried = bench.Bench(None, 2, 1 / 16)

    found = tried.search(STEADY, 20, "busy_ratio")

    runs = [
        tried.play_all(tried.jobs(STEADY, 20, "busy_ratio", number))
        for number in (found, found + 1)
    ]
    shares = [sum(run.abandonment for run in each) / 2 for each in runs]
    assert shares[0] <= bench.CAP < shares[1]


def test_the_command_prints_every_pacer_and_the_advice_for_small_teams() -> None:
    arguments = "pacing --json --sizes 5 --seeds 2 --lists steady,twin --hours-factor 0.03"

    done = CliRunner().invoke(app, [*arguments.split(), "--processes", "1"])

    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    cell = told["steady"]["5"]
    assert list(cell)[:6] == [
        "predictive",
        "progressive",
        "vicidial",
        "free_ratio",
        "busy_ratio",
        "vicidial_tuned",
    ]
    assert told["twin"]["5"]["optimum"] == 84.95
    assert told["advice"]["5"].startswith("With 5 agents")
    assert told["decision"]["calls_in_flight"] == 1500


@pytest.mark.soak
def test_processes_give_the_same_figures_as_one() -> None:
    arguments = {"sizes": (5,), "seeds": 2, "hours_factor": 0.03, "lists": ("twin",)}

    one, two = (bench.run(processes=number, **arguments) for number in (1, 2))  # type: ignore[arg-type]  # keywords of several types

    assert one["twin"] == two["twin"]
