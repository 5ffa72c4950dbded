"""The references do what theory says of them, and what their users know of them."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from msgspec import structs

from callcenter.bench.center_model import Caller, Day, Desk, Policy, Result, play
from callcenter.bench.policies import Fifo, Product, RigidSteps, StrictPriority
from callcenter.bench.synthetic import QUEUE, Shape, make_day
from callcenter.domain.customer import Tier
from routing.erlang import erlang_c, forecast_a
from routing.settings import Settings

AGENTS, LOAD, HANDLING_S = 6, 0.8, 180.0
GOLD, SILVER, STANDARD = Tier.GOLD, Tier.SILVER, Tier.STANDARD


def exponential_day(patience_s: float = 1e12, hours: float = 600.0) -> Day:
    """Poisson arrivals, exponential handling times and patience."""
    shape = Shape(AGENTS, LOAD, hours, tiers=(0.2, 0.3, 0.5), patience_s=patience_s)

    def handling_s(desk: Desk, caller: Caller) -> float:
        return -HANDLING_S * math.log(1.0 - caller.size)

    return structs.replace(make_day(shape, 11), handling_s=handling_s)


def mean_wait_s(result: Result, tier: Tier | None = None) -> float:
    """Of all calls, or of one tier."""
    waits = [one.waited_s for one in result.served if tier in (None, one.caller.tier)]
    return math.fsum(waits) / len(waits)


def test_fifo_waits_as_erlang_c_says() -> None:
    result = play(exponential_day(), Fifo())

    waits = erlang_c(AGENTS, LOAD * AGENTS)
    expected_s = waits * HANDLING_S / (AGENTS - LOAD * AGENTS)
    assert len(result.served) > 50_000
    assert mean_wait_s(result) == pytest.approx(expected_s, rel=0.08)
    waited = [one for one in result.served if one.waited_s > 0.0]
    assert len(waited) / len(result.served) == pytest.approx(waits, rel=0.05)


def test_strict_priority_waits_as_cobham_says() -> None:
    result = play(exponential_day(), StrictPriority())

    # Non-preemptive priorities with exponential times of one mean (Cobham 1954).
    base_s = erlang_c(AGENTS, LOAD * AGENTS) * HANDLING_S / AGENTS
    before = 0.0
    for tier, share in zip(Tier, (0.2, 0.3, 0.5), strict=True):
        after = before + share * LOAD
        expected_s = base_s / ((1.0 - before) * (1.0 - after))
        assert mean_wait_s(result, tier) == pytest.approx(expected_s, rel=0.1), tier
        before = after


def test_with_impatient_callers_fifo_loses_as_erlang_a_says() -> None:
    result = play(exponential_day(240.0, 200.0), Fifo())

    expected = forecast_a(AGENTS, LOAD * AGENTS / HANDLING_S, HANDLING_S, 240.0, 20.0)
    lost = [one for one in result.served if one.desk is None]
    assert len(lost) / len(result.served) == pytest.approx(expected.abandoned, rel=0.1)


def test_agents_are_as_busy_as_the_work_makes_them() -> None:
    result = play(exponential_day(hours=100.0), Fifo())

    busy_s, present_s = (math.fsum(d.values()) for d in (result.busy_s, result.present_s))
    assert present_s == pytest.approx(AGENTS * 100.0 * 3600.0)
    assert busy_s / present_s == pytest.approx(LOAD, rel=0.03)


# --- who takes whom ------------------------------------------------------------------------------


def caller(number: int, at: float, tier: Tier = STANDARD, patience_s: float = 1e6) -> Caller:
    """One who calls."""
    return Caller(number, at, QUEUE, tier, 0.5, patience_s)


def day(callers: list[Caller], seniors: int = 1, juniors: int = 1, end: float = 1e9) -> Day:
    """Every call takes 100 s."""
    desks = [Desk(f"s{n}", True, ((0.0, end),)) for n in range(seniors)]
    desks += [Desk(f"j{n}", False, ((0.0, end),)) for n in range(juniors)]
    return Day(tuple(callers), tuple(desks), lambda desk, one: 100.0)


def who(result: Result) -> list[tuple[int, str, float]]:
    """Which call was taken by whom, after what wait; an empty name: hung up."""
    return [(s.caller.number, s.desk.name if s.desk else "", s.waited_s) for s in result.served]


def test_fifo_takes_the_longest_idle_of_either_seniority() -> None:
    calls = [caller(0, 1.0), caller(1, 2.0), caller(2, 3.0, GOLD)]

    assert who(play(day(calls), Fifo())) == [(0, "j0", 0.0), (1, "s0", 0.0), (2, "j0", 98.0)]


def test_strict_priority_keeps_no_caller_from_an_idle_agent() -> None:
    calls = [caller(0, 1.0, GOLD), caller(1, 2.0, GOLD), caller(2, 3.0), caller(3, 4.0, GOLD)]

    assert who(play(day(calls), StrictPriority())) == [
        (0, "s0", 0.0),
        (1, "j0", 0.0),
        (3, "s0", 97.0),
        (2, "j0", 99.0),
    ]


def test_rigid_steps_keep_gold_from_an_idle_junior_for_30_seconds() -> None:
    calls = [caller(0, 1.0, GOLD), caller(1, 2.0, GOLD)]

    assert who(play(day(calls), RigidSteps())) == [(0, "s0", 0.0), (1, "j0", 30.0)]


def test_rigid_steps_keep_standard_from_an_idle_senior_for_15_seconds() -> None:
    calls = [caller(0, 1.0), caller(1, 2.0), caller(2, 3.0, patience_s=5.0)]

    assert who(play(day(calls), RigidSteps())) == [(0, "j0", 0.0), (2, "", 5.0), (1, "s0", 15.0)]


POLICIES: tuple[Callable[[], Policy], ...] = (
    Fifo,
    StrictPriority,
    RigidSteps,
    lambda: Product(Settings(), (QUEUE,)),
)


@pytest.mark.parametrize("make", POLICIES)
def test_every_call_is_served_or_hangs_up_once(make: Callable[[], Policy]) -> None:
    shape = Shape(10, 0.95, 1.0, patience_s=120.0)
    played = structs.replace(make_day(shape, 3), counted_from=0.0)
    policy = make()

    result = play(played, policy)

    assert sorted(one.caller.number for one in result.served) == list(range(len(played.callers)))


@pytest.mark.parametrize("make", POLICIES)
def test_agents_who_go_finish_their_call_and_take_no_other(make: Callable[[], Policy]) -> None:
    calls = [caller(0, 10.0), caller(1, 40.0), caller(2, 60.0, patience_s=30.0)]
    policy = make()

    result = play(day(calls, seniors=0, end=50.0), policy)

    assert [(number, name) for number, name, _ in who(result)] == [(0, "j0"), (2, ""), (1, "")]


def test_the_product_says_what_wait_it_expected() -> None:
    policy = Product(Settings(), (QUEUE,))

    play(make_day(Shape(20, 0.95, 2.0), 3), policy)

    told = math.fsum(told for told, _ in policy.expected)
    came = math.fsum(came for _, came in policy.expected)
    assert len(policy.expected) > 100
    assert told / came == pytest.approx(1.0, abs=0.5)
