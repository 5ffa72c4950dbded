"""How long people waited for an agent, counted together."""

from __future__ import annotations

import pytest

from callcenter.domain.evidence import SERVED_WITHIN_S, WaitFrom
from callcenter.domain.waits import LONGEST_S, Waits, WaitTally


def tally(*waits_s: float) -> WaitTally:
    """These waits, counted from the end of a greeting."""
    counted = WaitTally()
    for waited_s in waits_s:
        counted.add(waited_s, WaitFrom.GREETING)
    return counted


def test_of_nobody_nothing_is_told() -> None:
    assert tally().waits() == Waits(0, 0, None, None, None, 0.0, {})


def test_two_seconds_are_in_time_and_a_hair_more_is_not() -> None:
    found = tally(SERVED_WITHIN_S, SERVED_WITHIN_S + 0.001).waits()

    assert (found.connected, found.in_time, found.in_time_share) == (2, 1, 0.5)


@pytest.mark.parametrize(
    ("waits_s", "p50_s", "p95_s"),
    [
        ((0.9,), 0.9, 0.9),
        ((0.811, 0.9), 0.82, 0.9),
        ((0.811, 0.901), 0.82, 0.901),
        (tuple(n / 100 for n in range(1, 101)), 0.5, 0.95),
        ((0.0, 0.0, 3.0), 0.0, 3.0),
        ((1.0, 1000.0), 1.0, LONGEST_S),
    ],
)
def test_percentiles_never_flatter(waits_s: tuple[float, ...], p50_s: float, p95_s: float) -> None:
    found = tally(*waits_s).waits()

    assert (found.p50_s, found.p95_s, found.longest_s) == (p50_s, p95_s, max(waits_s))


def test_what_was_counted_apart_is_counted_together() -> None:
    both, other = tally(0.5, 2.5), WaitTally()
    other.add(0.5, WaitFrom.ANSWER)

    both.add_all(other)

    assert both.waits() == Waits(
        3, 2, 2 / 3, 0.5, 2.5, 2.5, {WaitFrom.GREETING: 2, WaitFrom.ANSWER: 1}
    )
