"""``callcenter simulate`` as somebody uses it who looks for a bug."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from callcenter.cli.app import make_app
from callcenter.core.state import State
from callcenter.simulator import simulation


def simulate(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(make_app("simulate"), ["simulate", *arguments])


SHORT = ("--seed", "3", "--hours", "0.05", "--agents", "4")


def test_a_run_ends_in_one_json_object() -> None:
    result = simulate(
        "--seed", "3", "--hours", "0.25", "--agents", "4", "--faults", "all", "--json"
    )

    found = json.loads(result.stdout)
    assert result.exit_code == 0
    assert found["seed"] == 3
    assert found["replay_equal"] is True
    assert found["callers_lost"] == 0
    assert found["stuck_agents"] == []
    assert found["steps"] > 100
    assert sum(found["faults"].values()) > 0
    assert found["hours_per_hour"] > 0


def test_without_json_each_number_has_its_line() -> None:
    result = simulate(*SHORT, "--faults", "none")

    assert result.exit_code == 0
    assert "callers_lost     0" in result.stdout


def test_an_unknown_level_is_refused() -> None:
    result = simulate("--faults", "plenty")

    assert result.exit_code == 2
    assert "use one of none, some, all" in result.stderr


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_break_ends_with_its_seed_its_step_and_its_story(
    form: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    arm = State.set_timer

    def forget(self: State, key: str, due: float) -> None:
        if not key.startswith("wrap_up:"):
            arm(self, key, due)

    monkeypatch.setattr(State, "set_timer", forget)

    result = simulate(*SHORT, "--faults", "all", *form)

    assert result.exit_code == 1
    assert "no deadline" in result.stdout
    assert "(0 faults" in result.stdout
    assert "callcenter simulate --seed 3 --hours 0.05 --agents 4 --faults all" in result.stderr
    if form:
        assert json.loads(result.stdout)["faults_needed"] == []


def test_several_seeds_end_in_one_sum() -> None:
    result = simulate(*SHORT, "--faults", "none", "--seeds", "2", "--json")

    found = json.loads(result.stdout)
    alone = [
        json.loads(simulate("--seed", seed, *SHORT[2:], "--faults", "none", "--json").stdout)
        for seed in ("3", "4")
    ]
    assert result.exit_code == 0
    assert found["seeds"] == 2
    assert found["hours"] == 0.1
    assert found["broken"] == []
    assert found["replay_equal"] is True
    assert found["hours_per_hour"] > 0
    for count in ("steps", "calls", "attempts", "callers", "callers_lost"):
        assert found[count] == alone[0][count] + alone[1][count]
    assert "2 of 2: seed 4:" in result.stderr


def test_several_processes_come_to_the_same() -> None:
    def play(processes: str) -> dict[str, Any]:
        arguments = ("--seeds", "2", "--processes", processes, "--json")
        found: dict[str, Any] = json.loads(simulate(*SHORT, *arguments).stdout)
        del found["hours_per_hour"]
        return found

    assert play("2") == play("1")


def test_of_several_seeds_the_first_that_breaks_is_told_and_the_others_are_played(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        simulation,
        "find_at_end",
        lambda day: ["the sky fell"] if day.setting.seed == 4 else [],
    )

    result = simulate(*SHORT, "--faults", "none", "--seeds", "3", "--json")

    found = json.loads(result.stdout)
    assert result.exit_code == 1
    assert found["seeds"] == 3
    assert [(one["seed"], one["problems"]) for one in found["broken"]] == [(4, ["the sky fell"])]
    again = "callcenter simulate --seed 4 --hours 0.05 --agents 4 --faults none"
    assert found["broken"][0]["command"] == again
    assert again in result.stderr
    assert "1 of 3 seeds break" in result.stderr
