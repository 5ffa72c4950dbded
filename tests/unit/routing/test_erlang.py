"""Erlang's formulas against published values."""

from __future__ import annotations

import math

import pytest

from routing.erlang import agents_needed, erlang_b, erlang_c, forecast_a, forecast_c


@pytest.mark.parametrize(
    ("agents", "work", "blocked"),
    # Printed tables of the traffic that so many lines carry at a blocking of 1 % and 5 %.
    [(1, 0.0101, 0.01), (5, 1.361, 0.01), (10, 4.461, 0.01), (20, 12.03, 0.01), (50, 37.90, 0.01),
     (10, 6.216, 0.05), (20, 15.25, 0.05), (100, 95.24, 0.05)],
)  # fmt: skip
def test_erlang_b_agrees_with_the_printed_tables(agents: int, work: float, blocked: float) -> None:
    assert erlang_b(agents, work) == pytest.approx(blocked, rel=2e-3)


def test_erlang_c_agrees_with_the_worked_example_of_the_trade() -> None:
    # 100 calls in half an hour of 3 minutes each, 14 agents: 17.4 % wait, 88.8 % within 20 s,
    # mean wait 7.8 s, occupancy 71.4 %.
    found = forecast_c(14, 100 / 1800.0, 180.0, 20.0)

    assert found.waits == pytest.approx(0.174, abs=5e-4)
    assert found.in_time == pytest.approx(0.888, abs=5e-4)
    assert found.mean_wait_s == pytest.approx(7.8, abs=0.05)
    assert found.occupancy == pytest.approx(0.714, abs=5e-4)
    assert found.abandoned == 0.0


def test_erlang_a_agrees_with_garnett_mandelbaum_and_reiman() -> None:
    # Designing a call center with impatient customers (2002), first table: 48 calls a minute, 50
    # agents, one minute each, patience two minutes.
    patient = forecast_c(50, 48 / 60.0, 60.0, 20.0)
    impatient = forecast_a(50, 48 / 60.0, 60.0, 120.0, 20.0)

    assert patient.mean_wait_s == pytest.approx(20.8, abs=0.1)
    assert impatient.abandoned == pytest.approx(0.031, abs=5e-4)
    assert impatient.mean_wait_s == pytest.approx(3.7, abs=0.05)
    assert impatient.occupancy == pytest.approx(0.93, abs=5e-3)


def test_erlang_a_with_endless_patience_is_erlang_c() -> None:
    patient = forecast_c(12, 10 / 180.0, 180.0, 20.0)
    almost = forecast_a(12, 10 / 180.0, 180.0, 1e8, 20.0)

    assert almost.waits == pytest.approx(patient.waits, rel=1e-4)
    assert almost.in_time == pytest.approx(patient.in_time, rel=1e-4)
    assert almost.mean_wait_s == pytest.approx(patient.mean_wait_s, rel=1e-3)


def test_who_is_answered_at_all_and_who_hangs_up_are_everybody() -> None:
    found = forecast_a(8, 10 / 60.0, 60.0, 45.0, 1e6)

    assert found.in_time + found.abandoned == pytest.approx(1.0, abs=1e-9)


def test_within_no_time_only_those_are_answered_who_do_not_wait() -> None:
    found = forecast_a(8, 10 / 60.0, 60.0, 45.0, 0.0)

    assert found.in_time == pytest.approx(1.0 - found.waits)


def test_a_center_that_cannot_do_the_work_is_said_to_wait_for_ever() -> None:
    found = forecast_c(10, 11 / 60.0, 60.0, 20.0)

    assert (found.waits, found.mean_wait_s, found.in_time) == (1.0, math.inf, 0.0)
    assert erlang_c(10, 11.0) == 1.0


def test_without_calls_nobody_waits() -> None:
    assert erlang_c(3, 0.0) == 0.0
    assert forecast_c(3, 0.0, 60.0, 20.0).in_time == 1.0
    assert forecast_a(3, 0.0, 60.0, 60.0, 20.0).in_time == 1.0
    assert agents_needed(0.0, 60.0) == 0


def test_without_agents_everybody_hangs_up() -> None:
    assert forecast_a(0, 1.0, 60.0, 60.0, 20.0).abandoned == 1.0


def test_a_very_large_center_is_no_trouble() -> None:
    found = forecast_a(5000, 5000 / 180.0, 180.0, 300.0, 20.0)

    assert 0.0 < found.abandoned < 0.02
    assert 0.9 < found.in_time < 1.0


def test_agents_needed_is_the_least_number_that_keeps_the_target() -> None:
    # The same example: 14 agents answer 88.8 % within 20 s; 13 answer less than 80 %.
    assert agents_needed(100 / 1800.0, 180.0) == 14
    assert forecast_c(13, 100 / 1800.0, 180.0, 20.0).in_time < 0.8


def test_with_impatient_callers_fewer_are_needed() -> None:
    least = agents_needed(100 / 1800.0, 180.0, patience_s=120.0)

    assert least == 12
    assert forecast_a(least - 1, 100 / 1800.0, 180.0, 120.0, 20.0).in_time < 0.8


def test_one_agent_is_enough_for_hardly_any_calls() -> None:
    assert agents_needed(1 / 36000.0, 60.0) == 1
