"""What is told of a campaign that was played, as it is and with a change."""

from __future__ import annotations

import pytest

from callcenter.domain.agent import AgentState
from callcenter.domain.rehearsal import Compared, Estimate
from callcenter.rehearsal.campaign_figures import Played, compare, estimate


def played(reached: int = 10, finished_h: float | None = None, **changes: float) -> Played:
    seconds = {
        AgentState.READY: 900.0,
        AgentState.RESERVED: 100.0,
        AgentState.TALKING: 2000.0,
        AgentState.WRAP_UP: 1000.0,
        AgentState.NOT_READY: 5000.0,
    }
    return Played(
        seconds=seconds,
        conversations=50,
        placed=200,
        people=int(changes.get("people", 60)),
        dropped=int(changes.get("dropped", 3)),
        reached=reached,
        tried=100,
        tried_all_h=finished_h,
        finished_h=finished_h,
        worked_h=2.0,
    )


def test_figures_are_means_over_the_seeds_with_their_intervals() -> None:
    figures = compare([played(10), played(14)], [])

    assert figures.occupancy.current == Estimate(0.75, 0.75, 0.75)
    assert figures.talking.current == Estimate(0.5, 0.5, 0.5)
    assert figures.idle_s.current == Estimate(20.0, 20.0, 20.0)
    assert figures.dropped.current == Estimate(0.05, 0.05, 0.05)
    assert figures.calls_per_h.current == Estimate(100.0, 100.0, 100.0)
    assert figures.tried.current == Estimate(100.0, 100.0, 100.0)
    reached = figures.reached.current
    assert reached is not None
    assert reached.mean == 12.0
    assert reached.least == pytest.approx(12.0 - 12.706 * 2.0)
    assert (figures.reached.new, figures.reached.difference) == (None, None)


def test_the_difference_is_told_seed_by_seed() -> None:
    figures = compare([played(10), played(14)], [played(12), played(16)])

    assert figures.reached.difference == Estimate(2.0, 2.0, 2.0)


def test_an_end_is_told_only_where_every_seed_came_to_it() -> None:
    figures = compare([played(finished_h=4.0), played(finished_h=None)], [played(finished_h=3.0)])

    assert figures.finished_h == Compared(None, Estimate(3.0), None)


def test_what_is_divided_by_nothing_is_not_told() -> None:
    figures = compare([played(people=0)], [])

    assert figures.dropped == Compared(None)
    assert estimate([]) is None
    assert estimate([None, 3.0]) == Estimate(3.0)
