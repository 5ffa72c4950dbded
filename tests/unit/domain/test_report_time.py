"""A period is cut at local boundaries, and every second of it is in exactly one interval."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.domain.report_time import (
    LATEST_S,
    BadPeriod,
    Intervals,
    Period,
    ReportStep,
    local_time,
    zone_of,
)

BERLIN = "Europe/Berlin"
HOUR_S = 3600.0
ZONES = (BERLIN, "UTC", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Havana", "Asia/Beirut")


def moment(text: str, zone: str = BERLIN) -> float:
    """UTC seconds of a local time."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def cut(since: str, until: str, step: ReportStep, zone: str = BERLIN) -> list[str]:
    """The local times at which the intervals begin."""
    intervals = Intervals(Period(moment(since, zone), moment(until, zone), step, zone), 5_000)
    return [local_time(intervals.begin(n), ZoneInfo(zone)) for n in range(len(intervals))]


def test_intervals_begin_at_round_local_times() -> None:
    assert cut("2026-01-10T08:00", "2026-01-10T09:00", ReportStep.QUARTER_HOUR) == [
        "2026-01-10T08:00:00+01:00",
        "2026-01-10T08:15:00+01:00",
        "2026-01-10T08:30:00+01:00",
        "2026-01-10T08:45:00+01:00",
    ]


def test_the_first_and_the_last_are_cut_short_by_the_period() -> None:
    since, until = moment("2026-01-10T08:10"), moment("2026-01-10T09:20")
    intervals = Intervals(Period(since, until, ReportStep.HALF_HOUR, BERLIN), 9)

    assert len(intervals) == 3
    assert (intervals.begin(0), intervals.end(2)) == (since, until)
    assert intervals.end(0) == intervals.begin(1) == moment("2026-01-10T08:30")


@pytest.mark.parametrize(("day", "hours"), [("03-29", 23), ("10-25", 25), ("06-01", 24)])
def test_a_day_on_which_the_clocks_change_has_other_hours(day: str, hours: int) -> None:
    since = moment(f"2026-{day}T00:00")
    days = Intervals(Period(since, since + 30 * HOUR_S, ReportStep.DAY, BERLIN), 9)
    until = days.end(0)
    by_hour = Intervals(Period(since, until, ReportStep.HOUR, BERLIN), 99)

    assert until - since == hours * HOUR_S
    assert len(by_hour) == hours
    assert all(by_hour.end(n) - by_hour.begin(n) == HOUR_S for n in range(hours))


def test_the_hour_that_comes_twice_is_told_apart_by_its_offset() -> None:
    begins = cut("2026-10-25T00:00", "2026-10-25T04:00", ReportStep.HOUR)

    assert begins[2:4] == ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"]


def test_a_midnight_that_the_clocks_leave_out_is_the_moment_of_the_change() -> None:
    beirut = "Asia/Beirut"  # in 2024 from 00:00 straight to 01:00 on 31 March

    assert cut("2024-03-30T00:00", "2024-04-01T00:00", ReportStep.DAY, beirut) == [
        "2024-03-30T00:00:00+02:00",
        "2024-03-31T01:00:00+03:00",
    ]


def test_months_begin_on_the_first() -> None:
    assert cut("2025-11-15T00:00", "2026-02-10T00:00", ReportStep.MONTH) == [
        "2025-11-15T00:00:00+01:00",
        "2025-12-01T00:00:00+01:00",
        "2026-01-01T00:00:00+01:00",
        "2026-02-01T00:00:00+01:00",
    ]


def test_a_moment_is_found_in_the_interval_that_it_begins() -> None:
    intervals = Intervals(Period(0.0, 3 * HOUR_S, ReportStep.HOUR), 9)

    found = [intervals.find(at) for at in (-1.0, 0.0, HOUR_S - 0.1, HOUR_S, 3 * HOUR_S)]

    assert found == [None, 0, 0, 1, None]


def test_a_stretch_of_time_is_split_at_the_boundaries() -> None:
    intervals = Intervals(Period(HOUR_S, 4 * HOUR_S, ReportStep.HOUR), 9)

    assert list(intervals.split(0.0, 2 * HOUR_S + 60)) == [(0, HOUR_S), (1, 60.0)]
    assert list(intervals.split(3 * HOUR_S + 1, 9 * HOUR_S)) == [(2, HOUR_S - 1)]
    assert list(intervals.split(2 * HOUR_S, 2 * HOUR_S)) == []
    assert list(intervals.split(0.0, HOUR_S)) == []
    assert list(intervals.split(4 * HOUR_S, 5 * HOUR_S)) == []


@given(
    since=st.floats(0.0, 2e9),
    length_s=st.floats(1.0, 400 * 86_400.0),
    step=st.sampled_from((ReportStep.DAY, ReportStep.MONTH, ReportStep.HOUR)),
    zone=st.sampled_from(ZONES),
    share=st.floats(0.0, 1.0, exclude_max=True),
)
def test_every_second_is_in_exactly_one_interval(
    since: float, length_s: float, step: ReportStep, zone: str, share: float
) -> None:
    until = since + length_s
    intervals = Intervals(Period(since, until, step, zone), 10_000)
    begins = [intervals.begin(n) for n in range(len(intervals))]
    at = since + share * length_s
    found = intervals.find(at)

    assert begins == sorted(dict.fromkeys(begins))
    assert [intervals.end(n) for n in range(len(intervals))] == [*begins[1:], until]
    assert found is None if at >= until else found is not None
    assert found is None or intervals.begin(found) <= at < intervals.end(found)
    assert [n for n, _ in intervals.split(since, until)] == list(range(len(intervals)))


@pytest.mark.parametrize(
    ("since", "until"),
    [(5.0, 5.0), (6.0, 5.0), (-1.0, 5.0), (5.0, LATEST_S + 1), (0.0, float("nan"))],
)
def test_a_period_without_a_second_is_refused(since: float, until: float) -> None:
    with pytest.raises(BadPeriod, match="later than its beginning"):
        Period(since, until)


@pytest.mark.parametrize("zone", ["Mars/Base", "", "../etc/passwd", "Europe", "\0"])
def test_what_is_no_time_zone_is_refused(zone: str) -> None:
    with pytest.raises(BadPeriod, match="no time zone"):
        Period(0.0, 1.0, ReportStep.DAY, zone)


def test_more_intervals_than_wanted_are_refused() -> None:
    period = Period(0.0, LATEST_S, ReportStep.QUARTER_HOUR)

    with pytest.raises(BadPeriod, match="more than 96 intervals: ask for a shorter period"):
        Intervals(period, 96)

    assert len(Intervals(Period(0.0, 86_400.0, ReportStep.QUARTER_HOUR), 96)) == 96
    assert zone_of("UTC").key == "UTC"
