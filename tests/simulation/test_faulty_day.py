"""A center in a faulty world: nothing breaks, and a break is told. Bugs planted: test_mutants."""

from __future__ import annotations

from typing import Any

import pytest

from callcenter.core.state import State
from callcenter.simulator.day import Broken
from callcenter.simulator.simulation import Outcome, Scenario, find_story, play, tell

HOURS = 0.25
AGENTS = 8

ONCE_BROKEN: tuple[tuple[Scenario, str], ...] = (
    (
        Scenario(27, 0.5, 12, "all"),
        "a channel's name came mangled, longer than a line of an action may be: the day, not the "
        "machine, took no refusal of its own parser",
    ),
    (
        Scenario(316, 0.07, 16, "all"),
        "a gold call was let go to juniors by the clock, and looked at before the tick of that "
        "moment: the check was too early, not the machine too late",
    ),
    (
        Scenario(3063, 0.4, 50, "all"),
        "whether a senior is spared for worthier calls counted the queues of seniors who had left, "
        "of whom a start knows nothing: the journal stepped again gave a call to another agent",
    ),
)
"""What broke once, and how."""


@pytest.mark.parametrize("seed", range(1, 11))
def test_nothing_breaks_in_five_faulty_hours(seed: int) -> None:
    # Half an hour of fifty agents for each seed.
    outcome = play(Scenario(seed, 0.5, 50, "all"))

    assert outcome.replay_equal
    assert outcome.callers_lost == 0
    assert outcome.stuck_agents == []
    assert outcome.calls > 300
    assert outcome.attempts > 300
    assert len(outcome.faults) > 5


@pytest.mark.parametrize(("scenario", "story"), ONCE_BROKEN)
def test_what_broke_once_breaks_no_more(scenario: Scenario, story: str) -> None:
    assert play(scenario).replay_equal, story


def test_where_nothing_goes_wrong_there_is_nothing_to_repair() -> None:
    # The state is read every five seconds, and what it tells is up to a second old.
    outcome = play(Scenario(7, HOURS, AGENTS, "none", review_every_s=5.0))

    assert outcome.readings > HOURS * 3600 / 6
    assert outcome.faults == outcome.repairs == outcome.faults_recorded == {}
    assert outcome.callers_lost == 0


def test_the_same_seed_is_the_same_faulty_day() -> None:
    def counts(outcome: Outcome) -> tuple[Any, ...]:
        return outcome.steps, outcome.calls, outcome.attempts, outcome.faults, outcome.repairs

    scenario = Scenario(11, 0.1, 6, "all")

    assert counts(play(scenario)) == counts(play(scenario))


def test_nothing_breaks_where_the_same_numbers_are_dialed_again_and_again() -> None:
    outcome = play(Scenario(3, HOURS, AGENTS, "all", contacts=30))

    assert outcome.replay_equal
    assert outcome.attempts > 35


def test_a_break_is_told_with_the_faults_that_it_needs_and_no_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arm = State.set_timer

    def forget(self: State, key: str, due: float) -> None:
        if not key.startswith("wrap_up:"):
            arm(self, key, due)

    monkeypatch.setattr(State, "set_timer", forget)
    scenario = Scenario(40, HOURS, AGENTS, "all")
    with pytest.raises(Broken) as found:
        play(scenario)

    story = tell(find_story(scenario, found.value))

    assert "no deadline" in "\n".join(story)
    assert any("(0 faults" in line for line in story)
    assert "ChannelHungUp" in story[-1]
