"""The arithmetic of a choice."""

from __future__ import annotations

import math

import pytest

from callcenter.domain.customer import Tier
from routing.choice import (
    LENDING_RATE,
    LEVEL_MAX,
    SENIOR_RESERVE,
    is_spared,
    judge_hold,
    lend,
    rank_of,
)
from routing.learning import JUNIOR, SENIOR, Estimates, Lending
from routing.lines import Demand, Line
from routing.settings import Order, Settings
from routing.work import VOICE, AgentStep, Hold

SETTINGS = Settings()
RATES = (1 / 180.0,) * 7


def demand(seniors: int, seniors_idle: int = 0, juniors: int = 0, juniors_idle: int = 0) -> Demand:
    """A demand with so many busy and idle."""
    made = Demand(("q", (), VOICE))
    for side, busy, idle in ((SENIOR, seniors, seniors_idle), (JUNIOR, juniors, juniors_idle)):
        made.pools[side].busy[0] = busy
        made.pools[side].idle = [(-1.0, 0.0, f"{side}{number}") for number in range(idle)]
    return made


def line(tier: Tier, value: float, queued_at: float = 100.0) -> Line:
    """A line with one call in it."""
    estimates = Estimates(SETTINGS)
    key = ("q", tier, 1.0, VOICE, (AgentStep(0.0),))
    made = Line(key, value, estimates.figures("q", tier), ())
    made.places = [(queued_at, "a")]
    return made


GOLD, STANDARD = line(Tier.GOLD, 5.0), line(Tier.STANDARD, 1.0)


def hold(
    seniors: int, *, instead: Line | None = None, asked: float = 1.0, ahead: int = 1,
    now: float = 100.0, settings: Settings = SETTINGS, idle: int = 0,
) -> Hold | None:  # fmt: skip
    """Whether gold is held with so many seniors at work."""
    return judge_hold(
        settings, GOLD, demand(seniors, idle), ahead, instead, asked, RATES, 60.0, now
    )


def test_a_hold_says_what_it_costs_and_what_it_brings() -> None:
    found = hold(30)

    assert found is not None
    assert found.expected_s == pytest.approx(6.0)
    assert found.benefit == pytest.approx((5.0 - 1.0) * 36.0)
    assert found.cost == pytest.approx(5.0 * (1.0 + 600.0 / 420.0) * 6.0)


@pytest.mark.parametrize("seniors", [0, 1, 5])
def test_with_few_seniors_nobody_is_held(seniors: int) -> None:
    assert hold(seniors) is None


def test_a_call_waiting_for_the_junior_makes_a_hold_cheaper() -> None:
    assert hold(14) is None
    assert hold(14, instead=STANDARD) is not None


def test_the_more_wait_in_front_the_sooner_a_hold_is_not_worth_it() -> None:
    assert hold(40, ahead=2) is not None
    assert hold(40, ahead=4) is None


def test_idle_seniors_take_those_in_front() -> None:
    assert hold(30, ahead=4, idle=3) is not None
    found = hold(0, idle=1)
    assert found is not None
    assert (found.expected_s, found.cost) == (0.0, 0.0)


def test_a_senior_who_would_take_a_call_as_worthy_is_not_waited_for() -> None:
    assert hold(30, asked=5.0) is None
    assert hold(30, instead=GOLD) is None


def test_no_hold_beyond_its_bound_and_none_in_a_fixed_order() -> None:
    assert hold(30, now=160.0) is None
    assert hold(30, settings=Settings(order=Order.WEIGHT)) is None


def test_a_senior_is_spared_for_worthier_calls_that_come_often() -> None:
    often = Estimates(SETTINGS)
    for number in range(30):
        often.arrived("q", Tier.GOLD, 20.0 * number)
    worthier = [(5.0, often.figures("q", Tier.GOLD))]

    assert is_spared(STANDARD, demand(6, 1), worthier, RATES)
    assert not is_spared(STANDARD, demand(6, 5), worthier, RATES)
    assert not is_spared(STANDARD, demand(60, 1), worthier, RATES)


def test_no_senior_is_spared_when_nothing_worthier_comes() -> None:
    assert not is_spared(STANDARD, demand(6, 1), [], RATES)


def test_with_no_senior_at_work_none_comes_free_in_time() -> None:
    often = Estimates(SETTINGS)
    for number in range(30):
        often.arrived("q", Tier.GOLD, 20.0 * number)

    assert is_spared(STANDARD, demand(0, 1), [(5.0, often.figures("q", Tier.GOLD))], RATES)


def test_busier_seniors_make_the_chooser_ask_for_more_at_once_and_slowly_for_good() -> None:
    lending, asked = lend(Lending(0.0, 0.0), demand(9, 1, 5, 5), 10.0)

    assert lending.level == pytest.approx(LENDING_RATE * (0.4 + SENIOR_RESERVE) * 10.0)
    assert asked == pytest.approx(math.exp(lending.level + 2.0 * (0.4 + SENIOR_RESERVE)))


def test_idler_seniors_make_the_chooser_ask_for_less() -> None:
    lending, asked = lend(Lending(0.0, 0.0), demand(1, 9, 5, 5), 10.0)

    assert lending.level < 0.0
    assert asked < 1.0


def test_a_long_pause_counts_as_a_short_one_and_the_level_is_bounded() -> None:
    level = 0.0
    lending = Lending()
    for number in range(2000):
        lending, _ = lend(lending, demand(9, 1, 5, 5), 1e6 * (number + 1))
        assert lending.level - level <= LENDING_RATE * 0.5 * 30.0
        level = lending.level

    assert level == LEVEL_MAX


def test_an_overdue_call_ranks_by_its_arrival_alone() -> None:
    late, later = line(Tier.STANDARD, 1.0, 10.0), line(Tier.GOLD, 5.0, 20.0)

    assert rank_of(SETTINGS, late, 2000.0, SENIOR, 1.0) < rank_of(SETTINGS, later, 2000.0, 1, 1.0)
    assert rank_of(SETTINGS, late, 800.0, SENIOR, 1.0) > rank_of(SETTINGS, later, 800.0, 1, 1.0)
