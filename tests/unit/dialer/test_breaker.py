"""When a trunk is taken for dead, who closes the breaker again, and how often it is tried."""

from __future__ import annotations

import pytest

from callcenter.domain.attempt import Attempt, AttemptResult
from callcenter.domain.ids import ChannelRef
from dialer.breaker import (
    EMPTY_S,
    PROBE_AFTER_MAX_S,
    TOLERATED,
    Breaker,
    Sign,
    begin_probe,
    end_probe,
    hear,
    heard_at,
    may_dial,
    pause,
    sign_of,
)

R = AttemptResult
CLOSED = Breaker()


def after(*signs: Sign, breaker: Breaker = CLOSED) -> Breaker:
    """The breaker after these signs, of calls placed one a second and over at once."""
    for at, sign in enumerate(signs, 100):
        breaker = hear(breaker, sign, float(at), float(at), float(at))
    return breaker


def made(**times: float) -> Attempt:
    """An attempt with these moments."""
    return Attempt("a", "c", "1", "+1", ChannelRef("main", "a"), 10.0, 1, **times)  # type: ignore[arg-type]  # times only


@pytest.mark.parametrize("sign", [Sign.REFUSED, Sign.EMPTY])
def test_one_call_more_than_is_tolerated_opens(sign: Sign) -> None:
    almost = after(*[sign] * TOLERATED)

    assert not almost.is_open
    assert may_dial(almost, 200.0)
    opened = hear(almost, sign, 104.0, 104.0, 104.0)
    assert (opened.opened_at, opened.failed, opened.probe_at) == (104.0, 1, 105.0)
    assert not may_dial(opened, 104.9)
    assert may_dial(opened, 105.0)


def test_a_phone_that_rings_ends_a_burst_of_refusals_but_no_burst_of_empty_answers() -> None:
    assert after(*[Sign.REFUSED] * TOLERATED, Sign.RINGS).refused == 0
    assert after(*[Sign.EMPTY] * TOLERATED, Sign.RINGS).empty == TOLERATED
    assert after(*[Sign.EMPTY] * TOLERATED, Sign.LASTS).empty == 0


def test_what_tells_nothing_changes_nothing() -> None:
    some = after(Sign.REFUSED, Sign.EMPTY)

    assert hear(some, Sign.NOTHING, 200.0, 200.0, 200.0) == some


def test_a_call_placed_before_the_burst_began_does_not_end_it() -> None:
    some = after(Sign.REFUSED, Sign.REFUSED)

    assert hear(some, Sign.RINGS, 99.0, 300.0, 300.0) == some
    assert hear(some, Sign.RINGS, 101.0, 300.0, 300.0).refused == 0


def test_what_came_about_before_the_burst_does_not_end_it() -> None:
    # A conversation that began before the trunk died comes to its end.
    refused, empty = after(Sign.REFUSED, Sign.REFUSED), after(Sign.EMPTY, Sign.EMPTY)

    assert hear(refused, Sign.RINGS, 100.0, 99.0, 300.0) == refused
    assert hear(empty, Sign.LASTS, 100.0, 99.0, 300.0) == empty
    assert hear(empty, Sign.LASTS, 100.0, 102.0, 300.0).empty == 0


@pytest.mark.parametrize(
    ("sign", "at"),
    [(Sign.RINGS, 11.0), (Sign.LASTS, 15.0), (Sign.REFUSED, 50.0), (Sign.EMPTY, 50.0)],
)
def test_a_sign_is_of_the_moment_at_which_it_came_about(sign: Sign, at: float) -> None:
    assert heard_at(made(ringing_at=11.0, answered_at=15.0), sign, 50.0) == at
    assert heard_at(made(), sign, 50.0) == 50.0


def test_the_pause_doubles_with_each_probe_that_fails_up_to_a_bound() -> None:
    breaker = after(*[Sign.REFUSED] * (TOLERATED + 1))
    pauses = []
    for _ in range(9):
        now = breaker.probe_at
        breaker = begin_probe(breaker, "a")
        assert not may_dial(breaker, now + 1e9)
        breaker = end_probe(hear(breaker, Sign.REFUSED, now, now, now), Sign.REFUSED, now)
        pauses.append(breaker.probe_at - now)

    assert pauses == [2.0, 4.0, 8.0, 16.0, 32.0, PROBE_AFTER_MAX_S, *[PROBE_AFTER_MAX_S] * 3]
    assert pause(10**6) == PROBE_AFTER_MAX_S


def test_a_probe_that_tells_nothing_is_followed_by_another_at_once() -> None:
    opened = begin_probe(after(*[Sign.EMPTY] * (TOLERATED + 1)), "a")

    rang = end_probe(hear(opened, Sign.RINGS, 150.0, 155.0, 160.0), Sign.RINGS, 160.0)

    assert rang.is_open
    assert (rang.failed, rang.probe_at, rang.probe) == (1, 160.0, "")


def test_a_probe_that_comes_through_closes() -> None:
    opened = begin_probe(after(*[Sign.REFUSED] * (TOLERATED + 3)), "a")

    assert hear(opened, Sign.RINGS, 150.0, 151.0, 151.0) == Breaker()


@pytest.mark.parametrize(
    ("result", "times", "sign"),
    [
        (R.FAILED, {}, Sign.REFUSED),
        (R.CONGESTION, {}, Sign.REFUSED),
        (R.REJECTED, {}, Sign.REFUSED),
        (R.REJECTED, {"ringing_at": 11.0}, Sign.RINGS),
        (R.CONGESTION, {"ringing_at": 11.0}, Sign.RINGS),
        (R.BUSY, {}, Sign.RINGS),
        (R.INVALID_NUMBER, {}, Sign.RINGS),
        (R.NO_ANSWER, {}, Sign.NOTHING),
        (R.NO_ANSWER, {"ringing_at": 11.0}, Sign.RINGS),
        (R.UNKNOWN, {}, Sign.NOTHING),
        (R.CANCELLED, {}, Sign.NOTHING),
        (R.CANCELLED, {"ringing_at": 11.0}, Sign.RINGS),
        (R.HUNG_UP, {"answered_at": 20.0 - EMPTY_S}, Sign.EMPTY),
        (R.HUNG_UP, {"answered_at": 19.9 - EMPTY_S}, Sign.LASTS),
        (R.CONNECTED, {"answered_at": 19.5, "connected_at": 19.6}, Sign.EMPTY),
        (R.CONNECTED, {"answered_at": 12.0, "connected_at": 13.6}, Sign.LASTS),
        (R.MACHINE, {"answered_at": 19.5}, Sign.LASTS),
        (R.DROPPED, {"answered_at": 19.5}, Sign.LASTS),
        (R.FAX, {"answered_at": 19.5}, Sign.LASTS),
    ],
)
def test_what_a_result_says_of_the_trunk(
    result: AttemptResult, times: dict[str, float], sign: Sign
) -> None:
    assert sign_of(made(**times), result, 20.0) is sign
