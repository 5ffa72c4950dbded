"""How many calls to place, and when to hold back."""

from __future__ import annotations

import pytest

from dialer.pacing import PAUSE_MAX_S, REFUSALS_TOLERATED, Load, calls_to_place, pause_after
from dialer.pacing.decision import Because, Hold, PlaceCalls, Reason
from dialer.pacing.preview import decide_preview
from dialer.pacing.progressive import decide_power, decide_progressive
from dialer.pacing.scene import AgentPhase, Scene, see_agent, see_placed


def load(
    *, free: int = 0, in_flight: int = 0, people: int = 0, ratio: float = 1.0, max_lines: int = 100
) -> Load:
    """How a campaign stands."""
    return Load(free, in_flight, people, ratio, max_lines)


@pytest.mark.parametrize(
    ("stands", "calls"),
    [
        (load(free=3), 3),
        (load(free=3, in_flight=2), 1),
        (load(free=3, in_flight=5), 0),
        (load(free=3, people=2), 1),
        (load(people=2), 0),
        (load(free=2, ratio=1.5), 3),
        (load(free=1, ratio=1.5), 1),
        (load(free=3, ratio=1.1), 3),
        (load(free=10, ratio=1.1), 11),
        (load(free=50, max_lines=20), 20),
        (load(free=50, in_flight=20, max_lines=20), 0),
    ],
)
def test_a_call_is_under_way_for_each_agent_who_will_be_free(stands: Load, calls: int) -> None:
    assert calls_to_place(stands) == calls


def test_a_few_refusals_are_tolerated() -> None:
    assert [pause_after(number) for number in range(REFUSALS_TOLERATED)] == [0.0] * 5


def test_further_refusals_double_the_pause_up_to_a_limit() -> None:
    pauses = [pause_after(REFUSALS_TOLERATED + number) for number in range(8)]

    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, PAUSE_MAX_S, PAUSE_MAX_S]
    assert pause_after(10**6) == PAUSE_MAX_S


def scene(*, ready: int, in_flight: int = 0) -> Scene:
    """Agents who are free, and calls."""
    seen = Scene()
    for number in range(ready):
        see_agent(seen, f"a{number}", AgentPhase.READY, 0.0)
    for number in range(in_flight):
        see_placed(seen, f"c{number}", 0.0)
    return seen


def test_progressive_says_one_each() -> None:
    decided = decide_progressive(scene(ready=3, in_flight=1), 10)

    assert isinstance(decided, PlaceCalls)
    assert (decided.count, decided.reason.because) == (2, Because.ONE_EACH)


def test_a_fixed_ratio_says_so_and_holds_when_the_lines_are_used() -> None:
    placing = decide_power(scene(ready=2), 2.0, 10)
    holding = decide_power(scene(ready=2, in_flight=3), 2.0, 3)

    assert (placing.reason.because, holding.reason.because) == (Because.RATIO, Because.LINES)
    assert isinstance(holding, Hold)


def test_without_agents_nothing_is_placed() -> None:
    decided = decide_progressive(Scene(), 10)

    assert decided == Hold(Reason(Because.NO_AGENT, 0, 0, 0))


def test_preview_places_for_those_who_pressed_dial() -> None:
    seen = scene(ready=3)
    see_agent(seen, "a1", AgentPhase.ACCEPTED, 1.0)

    asked = decide_preview(seen, 10)
    see_placed(seen, "c", 2.0)

    assert isinstance(asked, PlaceCalls)
    assert asked.count == 1
    assert isinstance(decide_preview(seen, 10), Hold)
    assert decide_preview(Scene(), 10).reason.because is Because.NO_AGENT
