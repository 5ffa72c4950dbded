"""Whether a trunk takes a call now: its breaker, its channels, its pace."""

from __future__ import annotations

from callcenter.domain.center import TrunkLine
from dialer.breaker import Breaker
from dialer.trunk import IDLE, UNLIMITED, Hindrance, Trunk, choose_trunk, hindrance, place

H = Hindrance


def test_a_trunk_without_limits_takes_any_number_of_calls() -> None:
    assert hindrance(IDLE, UNLIMITED, 10_000, 50.0) is H.NONE
    assert place(IDLE, UNLIMITED, 50.0) is IDLE


def test_the_breaker_goes_before_the_channels() -> None:
    line = TrunkLine("main", "carrier", channels=2)

    assert hindrance(IDLE, line, 1, 50.0) is H.NONE
    assert hindrance(IDLE, line, 2, 50.0) is H.FULL
    broken = Trunk(Breaker(opened_at=40.0, probe_at=60.0))
    assert hindrance(broken, line, 2, 50.0) is H.TROUBLE


def test_no_more_calls_go_out_in_a_second_than_are_allowed() -> None:
    for rate in (0.5, 3.0, 10.0, 50.0, 200.0):
        line, trunk, placed = TrunkLine("main", "carrier", calls_per_s=rate), IDLE, []
        for step in range(5000):
            now = 100.0 + step / 1000
            while hindrance(trunk, line, 0, now) is H.NONE:
                placed.append(now)
                trunk = place(trunk, line, now)
        most = max(sum(begin <= at < begin + 1.0 for at in placed) for begin in placed)
        assert 0.9 * rate * 5 <= len(placed) <= rate * 5.1 + 1
        assert most <= rate * 1.1 + 1


def test_the_first_trunk_that_nothing_hinders_is_taken() -> None:
    assert choose_trunk(("a", "b", "c"), (H.FULL, H.NONE, H.NONE)) == "b"
    assert choose_trunk(("a", "b"), (H.FULL, H.PACE)) == ""
