"""A center in a faulty world: nothing breaks; and what is broken on purpose is found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from callcenter.core import attempts, dialed, machine, offers, outbound
from callcenter.core.choosing import Choosing
from callcenter.core.state import State
from callcenter.core.turn import Turn
from callcenter.domain.agent import AgentState
from callcenter.domain.attempt import Attempt
from callcenter.domain.call import Call, CallState
from callcenter.domain.commands import PlaceCall
from callcenter.simulator.day import Broken
from callcenter.simulator.simulation import CAMPAIGN, Outcome, Scenario, find_story, play, tell

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
)
"""What broke once, and how."""


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_breaks_in_a_faulty_quarter_of_an_hour(seed: int) -> None:
    outcome = play(Scenario(seed, HOURS, AGENTS, "all"))

    assert outcome.replay_equal
    assert outcome.callers_lost == 0
    assert outcome.stuck_agents == []
    assert outcome.calls > 20
    assert outcome.attempts > 20
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


# --- planted bugs ---------------------------------------------------------------------------------


def never_end_the_wrap_up(patch: pytest.MonkeyPatch) -> None:
    """The timer that ends a wrap-up is not armed."""
    arm = State.set_timer

    def forget(self: State, key: str, due: float) -> None:
        if not key.startswith("wrap_up:"):
            arm(self, key, due)

    patch.setattr(State, "set_timer", forget)


def keep_the_agent(patch: pytest.MonkeyPatch) -> None:
    """A caller who hangs up while a phone rings does not release the agent."""

    def part_only(turn: Turn, call: Call) -> None:
        if call.state is CallState.CONNECTED:
            offers.part_and_drop(turn, call)

    patch.setattr(offers, "caller_gone", part_only)


def offer_twice(patch: pytest.MonkeyPatch) -> None:
    """Routing is told of agents who are free, and not of those who are free no more."""
    real = Choosing._show_agent

    def show(self: Choosing, agent_id: str) -> None:
        agent = self._state.agents.get(agent_id)
        if agent is not None and agent.state is AgentState.READY:
            real(self, agent_id)

    patch.setattr(Choosing, "_show_agent", show)


def wait_for_a_join_for_ever(patch: pytest.MonkeyPatch) -> None:
    """A join that comes to nothing is not asked about again."""
    patch.setitem(machine._TIMERS, "join", lambda turn, call_id: None)


def write_results_twice(patch: pytest.MonkeyPatch) -> None:
    """An attempt's end is recorded two times."""
    end = attempts.end

    def end_twice(turn: Turn, *args: Any) -> None:
        end(turn, *args)
        turn.records.append(turn.records[-1])

    patch.setattr(attempts, "end", end_twice)


def leave_the_leg(patch: pytest.MonkeyPatch) -> None:
    """A phone that rings for a caller who has gone is not hung up."""
    drop = offers.drop_leg

    def drop_unheard(turn: Turn, leg: Any) -> None:
        sent = len(turn.commands)
        drop(turn, leg)
        del turn.commands[sent:]

    patch.setattr(offers, "drop_leg", drop_unheard)


def forget_the_refill(patch: pytest.MonkeyPatch) -> None:
    """Contacts that the database did not give are waited for, for ever."""
    patch.setattr(outbound, "refill_failed", lambda turn, command: None)


def dial_again(patch: pytest.MonkeyPatch) -> None:
    """After a restart, an attempt that the PBX does not have is dialed again."""
    gone = dialed._gone

    def place_again(turn: Turn, attempt: Attempt) -> None:
        if attempt.created:
            gone(turn, attempt)
            return
        turn.send(
            PlaceCall(
                turn.command_id(),
                attempt.channel,
                CAMPAIGN.trunk,
                attempt.number,
                "",
                48.0,
                CAMPAIGN.amd,
                CAMPAIGN.harbour_wait_s,
                CAMPAIGN.harbour_prompt,
            )
        )

    patch.setattr(dialed, "_gone", place_again)


Plant = Callable[[pytest.MonkeyPatch], None]
PLANTS: tuple[tuple[Plant, int, str], ...] = (
    (never_end_the_wrap_up, 40, "no deadline"),
    (keep_the_agent, 42, "does not exist"),
    (offer_twice, 41, "fault impossible_agent"),
    (wait_for_a_join_for_ever, 43, "no deadline"),
    (write_results_twice, 40, "has two results"),
    (leave_the_leg, 40, "nobody wants it"),
    (forget_the_refill, 49, "nobody was asked for"),
    (dial_again, 91, "dialed 2 times"),
)
"""The bug, the first seed from 40 on that finds it, and what is said then."""


@pytest.mark.parametrize(("plant", "seed", "said"), PLANTS)
def test_a_planted_bug_is_found(
    plant: Plant, seed: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)

    with pytest.raises(Broken, match=said) as found:
        play(Scenario(seed, HOURS, AGENTS, "all"))

    assert str(found.value).startswith(f"seed {seed}, step ")


def test_a_break_is_told_with_the_faults_that_it_needs_and_no_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    never_end_the_wrap_up(monkeypatch)
    scenario = Scenario(40, HOURS, AGENTS, "all")
    with pytest.raises(Broken) as found:
        play(scenario)

    story = tell(find_story(scenario, found.value))

    assert "no deadline" in "\n".join(story)
    assert any("(0 faults" in line for line in story)
    assert "ChannelHungUp" in story[-1]
