"""Days drawn from a forecast: by chance, and the same for the same seed."""

from __future__ import annotations

from datetime import date
from statistics import fmean, pstdev

import pytest
from msgspec.structs import replace

from callcenter.domain.history import Shift
from callcenter.rehearsal.arrivals import draw_callers
from callcenter.rehearsal.staff import draw_duties, shifts_on
from callcenter.rehearsal.traffic import Duty, Staffing, WorkedDay
from tests.unit.rehearsal.made_up import MONDAY, make_agents, make_traffic

SLOTS = tuple((slot, MONDAY + 900.0 * slot) for slot in range(96))
A_MONDAY, A_TUESDAY = date(2026, 6, 1), date(2026, 6, 2)


def test_callers_come_by_chance_as_many_as_expected_and_the_same_for_a_seed() -> None:
    traffic = make_traffic(make_agents(1), load=0.5)

    days = [draw_callers(traffic, seed, SLOTS) for seed in range(20)]

    expected = sum(traffic.streams[0].slots[:96])
    assert fmean(len(day) for day in days) == pytest.approx(expected, rel=0.05)
    assert days[3] == draw_callers(traffic, 3, SLOTS)
    assert [caller.at for caller in days[3]] == sorted(caller.at for caller in days[3])
    assert fmean(caller.patience for day in days for caller in day) == pytest.approx(1.0, rel=0.05)


def test_days_differ_as_much_as_they_did() -> None:
    traffic = replace(make_traffic(make_agents(4), load=0.5), spread=0.3)

    counts = [len(draw_callers(traffic, seed, SLOTS)) for seed in range(60)]

    assert pstdev(counts) / fmean(counts) == pytest.approx(0.3, abs=0.08)


def test_a_day_is_staffed_as_one_of_its_weekday_was() -> None:
    days = tuple(WorkedDay(0, (Duty(f"a{n}", 0.0, 100.0),)) for n in range(3))
    staffing = Staffing("history", (*days, WorkedDay(1, (Duty("b", 0.0, 9.0),))))

    drawn = {draw_duties(staffing, seed, A_MONDAY)[0].agent for seed in range(30)}

    assert drawn == {"a0", "a1", "a2"}
    assert draw_duties(staffing, 1, A_TUESDAY) == (Duty("b", 0.0, 9.0),)
    assert draw_duties(staffing, 1, date(2026, 6, 3)) == ()


def test_shifts_of_a_date_go_before_those_of_every_week() -> None:
    shifts = [
        Shift("a", "2026-06-01", 600, 700),
        Shift("a", "mon", 480, 960),
        Shift("b", "mon", 480, 960),
        Shift("c", "tue", 480, 960),
    ]

    assert shifts_on(shifts, A_MONDAY) == [shifts[0], shifts[2]]
    assert shifts_on(shifts, A_TUESDAY) == [shifts[3]]


def test_breaks_take_their_share_of_shifts() -> None:
    shifts = tuple(Shift(f"a{number}", "mon", 480, 960) for number in range(40))

    duties = draw_duties(Staffing("shifts", shifts=shifts, break_share=0.2), 1, A_MONDAY)

    worked_s = sum(duty.ends_s - duty.begins_s for duty in duties)
    assert worked_s / (40 * 480 * 60.0) == pytest.approx(0.8, abs=0.03)
    assert all(28800.0 <= duty.begins_s < duty.ends_s <= 57600.0 for duty in duties)
    whole = draw_duties(Staffing("shifts", shifts=shifts[:1]), 1, A_MONDAY)
    assert sum(duty.ends_s - duty.begins_s for duty in whole) == pytest.approx(480 * 60.0)
