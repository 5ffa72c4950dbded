"""What is measured of a day, and the interval of a paired difference."""

from __future__ import annotations

import math

import pytest
from msgspec.structs import replace

from callcenter.domain.agent import AgentState, Seniority
from callcenter.domain.call import Outcome
from callcenter.domain.customer import Tier
from callcenter.domain.ids import ChannelRef
from callcenter.domain.records import AgentStateRecord, CallRecord
from callcenter.domain.rehearsal import Paired, TierResult
from callcenter.rehearsal.figures import (
    DayFigures,
    Measured,
    TierFigures,
    compare_agents,
    compare_tiers,
    measure,
    pair,
    student,
    tell_waits,
)

WHAT = Measured(
    1000.0, 2000.0, {"service": 20.0}, {"ann": Seniority.SENIOR, "bob": Seniority.JUNIOR}
)


def a_call(
    queued_at: float, wait_s: float, *, tier: Tier = Tier.GOLD, by: str = "ann"
) -> CallRecord:
    """Answered by somebody, or hung up after this wait."""
    answered_at = queued_at + wait_s if by else 0.0
    return CallRecord(
        "c", ChannelRef("main", "x"), "", "7000", "", (), "", tier, "service", queued_at, queued_at,
        answered_at, queued_at + wait_s + (100.0 if by else 0.0),
        Outcome.ANSWERED if by else Outcome.ABANDONED, by, by == "ann", False, False, 1,
    )  # fmt: skip


def test_calls_that_began_to_wait_in_the_window_are_counted_by_tier() -> None:
    calls = [
        a_call(999.0, 500.0),
        a_call(1000.0, 10.0),
        a_call(1500.0, 30.0, by="bob"),
        a_call(1600.0, 50.0, by=""),
        a_call(1999.0, 20.0, tier=Tier.STANDARD, by="bob"),
        a_call(2000.0, 500.0),
    ]

    figures = measure(WHAT, calls, [])

    assert figures.tiers["gold"] == TierFigures(3, 30.0, 1 / 3, 1 / 3, 0.5, 0.0)
    assert figures.tiers["standard"] == TierFigures(1, 20.0, 1.0, 0.0, 0.0, 0.0)
    assert figures.tiers["silver"] == TierFigures(0, None, None, None, None)
    assert figures.tiers["all"].calls == 4
    assert figures.occupancy == {"senior": None, "junior": None, "all": None}


def test_who_is_led_elsewhere_waits_until_then() -> None:
    calls = [a_call(1000.0, 300.0, by=""), a_call(1000.0, 10.0)]
    calls[0] = replace(calls[0], call="left", outcome=Outcome.LED_OUT)

    figures = measure(WHAT, calls, [], {"left": 1030.0})

    assert figures.tiers["gold"] == TierFigures(2, 20.0, 0.5, 0.0, 1.0, 0.5)


def test_occupancy_is_talk_and_wrap_up_in_the_time_of_being_callable_within_the_window() -> None:
    states = [
        AgentStateRecord("ann", AgentState.READY, "", 900.0, 1100.0),
        AgentStateRecord("ann", AgentState.TALKING, "", 1100.0, 1250.0),
        AgentStateRecord("ann", AgentState.WRAP_UP, "", 1250.0, 1300.0),
        AgentStateRecord("ann", AgentState.NOT_READY, "lunch", 1300.0, 1900.0),
        AgentStateRecord("bob", AgentState.RINGING, "", 1900.0, 2100.0),
        AgentStateRecord("bob", AgentState.TALKING, "", 2100.0, 2200.0),
    ]

    occupancy = measure(WHAT, [], states).occupancy

    assert occupancy["senior"] == pytest.approx(200.0 / 300.0)
    assert occupancy["junior"] == 0.0
    assert occupancy["all"] == pytest.approx(200.0 / 400.0)


def test_the_interval_is_students_over_the_seeds_that_have_both() -> None:
    found = pair([10.0, 12.0, None, 14.0], [9.0, 10.0, 5.0, 11.0])

    half = 4.303 * 1.0 / math.sqrt(3.0)
    assert (found.current, found.new, found.difference) == (12.0, 10.0, -2.0)
    assert found.least == pytest.approx(-2.0 - half)
    assert found.most == pytest.approx(-2.0 + half)
    assert not found.is_clear


def test_a_difference_is_clear_when_its_interval_has_one_sign_and_unclear_without_one() -> None:
    assert pair([1.0, 2.0], [2.0, 3.0]).is_clear
    assert not pair([1.0, None], [2.0, 3.0]).is_clear
    assert pair([1.0], [2.0]) == Paired(1.0, 2.0, 1.0)
    assert pair([None], [2.0]) == Paired(0.0, 0.0, 0.0)


def test_students_quantile_nears_the_normal_ones() -> None:
    assert student(9) == 2.262
    assert student(40) == pytest.approx(2.021, abs=0.002)
    assert student(10_000) == pytest.approx(1.96, abs=0.001)


def test_tiers_and_seniorities_without_anybody_are_left_out() -> None:
    nobody = TierFigures(0, None, None, None, None)
    day = DayFigures(
        {"gold": TierFigures(4, 5.0, 1.0, 0.0, 0.5), "silver": nobody, "standard": nobody,
         "all": TierFigures(4, 5.0, 1.0, 0.0, 0.5)},
        {"senior": None, "junior": 0.5, "all": 0.5},
    )  # fmt: skip

    assert [one.tier for one in compare_tiers([day], [day])] == ["gold", "all"]
    assert [one.group for one in compare_agents([day], [day])] == ["junior", "all"]


def test_waits_are_told_in_words() -> None:
    def waits(tier: str, seconds: float) -> TierResult:
        same = Paired(0.0, 0.0, 0.0)
        return TierResult(tier, 1.0, Paired(0.0, seconds, 0.0), same, same, same, same)

    told = tell_waits([waits("gold", 12.4), waits("standard", 150.0), waits("all", 99.0)])

    assert told == "gold waits about 12 s, standard waits about 2.5 min"
    assert tell_waits([waits("all", 0.0)]) == "nobody calls"
