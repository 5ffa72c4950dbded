"""When a rehearsed campaign is worked on."""

from __future__ import annotations

import math
from datetime import date
from zoneinfo import ZoneInfo

from callcenter.domain.campaign import CallingWindow
from callcenter.rehearsal.traffic import Duty
from callcenter.rehearsal.working_time import common, cut, duty_spans, open_spans, union
from tests.unit.rehearsal.made_up import MONDAY

H = 3600.0
WINDOW = CallingWindow(9 * 60, 17 * 60, (0, 1, 2, 3, 4))
FIRST = date(2026, 6, 1)
FRIDAY = MONDAY + 4 * 86400.0


def test_work_is_when_somebody_may_be_called_and_goes_on_the_next_open_day() -> None:
    assert open_spans(WINDOW, [("UTC",)], FRIDAY + 15 * H, 4.0) == [
        (FRIDAY + 15 * H, FRIDAY + 17 * H),
        (FRIDAY + 81 * H, FRIDAY + 83 * H),
    ]


def test_one_open_zone_is_enough_and_a_window_that_never_opens_gives_no_work() -> None:
    zones = [("UTC",), ("America/New_York",)]

    assert open_spans(WINDOW, zones, MONDAY + 16 * H, 3.0) == [(MONDAY + 16 * H, MONDAY + 19 * H)]
    assert open_spans(CallingWindow(0, 1440, ()), [("UTC",)], MONDAY, 8.0) == []
    assert len(open_spans(WINDOW, [("UTC",)], MONDAY, math.inf)) == 25


def test_agents_are_there_by_their_duties_also_those_of_a_night_that_has_begun() -> None:
    def duties(day: date) -> list[Duty]:
        return [Duty("ana", 22 * H, 30 * H), Duty("bob", 8 * H, 9 * H)] if day == FIRST else []

    found = duty_spans(duties, MONDAY + 25 * H, ZoneInfo("UTC"))

    assert found == {"ana": [(MONDAY + 25 * H, MONDAY + 30 * H)]}


def test_spans_are_joined_intersected_and_cut() -> None:
    every = union([[(0.0, H), (5 * H, 6 * H)], [(H, 2 * H), (5.5 * H, 7 * H)]])

    assert every == [(0.0, 2 * H), (5 * H, 7 * H)]
    assert common(every, [(H, 5.5 * H)]) == [(H, 2 * H), (5 * H, 5.5 * H)]
    assert cut(every, 3.0) == [(0.0, 2 * H), (5 * H, 6 * H)]
    assert cut(every, 2.0) == [(0.0, 2 * H)]
