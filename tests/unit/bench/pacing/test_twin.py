"""The exact optimum of the memoryless twin, against what is known otherwise."""

from __future__ import annotations

import pytest

from callcenter.bench.pacing.twin import Twin, find_optimum


@pytest.mark.parametrize(
    ("agents", "occupancy"), [(5, 0.85), pytest.param(10, 0.873, marks=pytest.mark.soak)]
)
def test_the_best_occupancy_is_that_of_the_published_figures(agents: int, occupancy: float) -> None:
    found = find_optimum(Twin(agents, 0.3, 140.0, 10.0), 0.03)

    assert found.occupancy == pytest.approx(occupancy, abs=0.005)
    assert found.abandonment <= 0.03


def test_a_stricter_cap_costs_occupancy() -> None:
    team = Twin(4, 0.3, 140.0, 10.0)

    assert find_optimum(team, 0.01).occupancy < find_optimum(team, 0.05).occupancy
