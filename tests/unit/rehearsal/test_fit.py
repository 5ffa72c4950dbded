"""A forecast from a past whose parameters are known, and from a past that hardly is one."""

from __future__ import annotations

import math
from random import Random

import pytest
from msgspec.structs import replace

from callcenter.domain.customer import Tier
from callcenter.domain.history import History, KnownCustomer, PastCall, PastWork, Shift
from callcenter.domain.survival import chance_within, rates_of
from callcenter.rehearsal.fit import fit
from callcenter.rehearsal.fit_staffing import midnight_of
from callcenter.rehearsal.traffic import SLOTS_OF_WEEK, Duty, Lasting, patience_s
from tests.unit.rehearsal.made_up import ENDLESS, MONDAY, QUEUE, make_agents, make_center

DAY_S = 86400.0
WEEKS = 8
UNTIL = MONDAY + WEEKS * 7 * DAY_S + 3600.0
CENTER = make_center()
AGENTS = make_agents(4, seniors=2)
TALK = {
    "senior": Lasting(math.log(150.0) - 0.32, 0.8),
    "junior": Lasting(math.log(240.0) - 0.32, 0.8),
}
PATIENCE_S = 90.0
PER_DAY = (120.0, 120.0, 120.0, 120.0, 60.0, 0.0, 0.0)
"""Monday to Sunday, from 9 to 17."""


def a_call(at: float, **changes: object) -> PastCall:
    """An answered call of a standard customer."""
    call = PastCall("7000", "+3545551234", (), "", Tier.STANDARD, QUEUE, at, at + 5.0, at + 125.0,
                    False, False, "a3", 120.0, 15.0, 4.0)  # fmt: skip
    return replace(call, **changes)


def eight_weeks(seed: int = 1) -> list[PastCall]:
    """Calls whose parameters are those above; every second one meets a wait of up to two minutes,
    and hangs up if that is longer than its patience."""
    chance = Random(seed)
    calls: list[PastCall] = []
    for day in range(WEEKS * 7):
        rate = PER_DAY[day % 7] / (8 * 3600.0)
        at = 9 * 3600.0
        while rate and (at := at + chance.expovariate(rate)) < 17 * 3600.0:
            begin = MONDAY + day * DAY_S + at
            offered_s = chance.choice((0.0, chance.uniform(0.0, 120.0)))
            patience = chance.expovariate(1.0 / PATIENCE_S)
            tier = chance.choices(tuple(Tier), (1, 2, 7))[0]
            if patience < offered_s:
                calls.append(
                    a_call(begin, answered_at=0.0, ended_at=begin + patience, is_abandoned=True,
                           agent="", talk_s=0.0, wrap_up_s=-1.0, ring_s=-1.0, tier=tier)
                )  # fmt: skip
                continue
            side = chance.choice(("senior", "junior"))
            talk_s = chance.lognormvariate(TALK[side].mu, TALK[side].sigma)
            agent = "a0" if side == "senior" else "a3"
            calls.append(
                a_call(begin, answered_at=begin + offered_s, ended_at=begin + offered_s + talk_s,
                       by_senior=side == "senior", agent=agent, talk_s=talk_s, tier=tier,
                       wrap_up_s=chance.lognormvariate(math.log(25.0) - 0.125, 0.5),
                       resolved=chance.random() > 0.3)
            )  # fmt: skip
    return calls


def test_a_fit_recovers_the_parameters_of_eight_weeks() -> None:
    calls = eight_weeks()

    traffic = fit(History(MONDAY, UNTIL, tuple(calls)), CENTER, AGENTS)

    (stream,) = traffic.streams
    of_day = [sum(stream.slots[96 * day : 96 * day + 96]) for day in range(7)]
    assert of_day[0] == pytest.approx(120.0, rel=0.1)
    assert of_day[4] == pytest.approx(60.0, rel=0.15)
    assert of_day[5] < 1.0
    assert sum(stream.slots[: 9 * 4]) == 0.0
    for side, talk in TALK.items():
        found = traffic.talk[f"{QUEUE}/standard/{side}"]
        assert found.mean_s == pytest.approx(talk.mean_s, rel=0.08)
        assert found.sigma == pytest.approx(talk.sigma, rel=0.08)
        assert traffic.wrap_up[side].mean_s == pytest.approx(25.0, rel=0.05)
        assert traffic.unresolved[side] == pytest.approx(0.3, abs=0.04)
    assert traffic.ring.mean_s == pytest.approx(4.0, rel=0.05)
    hang_up = chance_within(rates_of(traffic.patience[f"{QUEUE}/standard"]), 0.0, 60.0)
    assert hang_up == pytest.approx(1.0 - math.exp(-60.0 / PATIENCE_S), abs=0.03)
    assert len([kind for kind in stream.kinds if kind.tier is Tier.GOLD]) / len(
        stream.kinds
    ) == pytest.approx(0.1, abs=0.03)
    assert traffic.pace["a0"] == pytest.approx(1.0, abs=0.05)
    assert traffic.spread < 0.1
    assert (traffic.calls, traffic.days) == (len(calls), 54)  # from a Monday to a Friday
    assert [note for note in traffic.notes if "rests on" in note] == []


def test_counting_only_those_who_hung_up_would_make_patience_short() -> None:
    calls = eight_weeks()
    gone = [call.ended_at - call.queued_at for call in calls if call.is_abandoned]

    hazard = fit(History(MONDAY, UNTIL, tuple(calls)), CENTER, AGENTS).patience[f"{QUEUE}/standard"]

    chance = Random(3)
    drawn = [patience_s(hazard, chance.expovariate(1.0)) for _ in range(4000)]
    # Nobody waited longer than two minutes: so far the past can tell.
    true = PATIENCE_S * (1.0 - math.exp(-120.0 / PATIENCE_S))
    assert sum(gone) / len(gone) < 0.7 * true
    assert sum(min(120.0, one) for one in drawn) / len(drawn) == pytest.approx(true, rel=0.07)


def test_days_that_differ_more_than_chance_has_it_are_found() -> None:
    calls = [
        a_call(MONDAY + day * DAY_S + 36000.0 + number)
        for day in range(28)
        for number in range(150 if day % 2 else 50)
    ]

    traffic = fit(History(MONDAY, UNTIL, tuple(calls)), CENTER, AGENTS)

    assert traffic.spread == pytest.approx(0.45, abs=0.1)


def test_a_thin_past_is_told_and_drawn_towards_what_is_usual() -> None:
    calls = [a_call(MONDAY + 36000.0 + 60.0 * number, talk_s=600.0) for number in range(10)]
    slow = [a_call(MONDAY + 40000.0, queue="gone", talk_s=1.0), *calls]

    traffic = fit(History(MONDAY, MONDAY + DAY_S / 2.0, tuple(slow)), CENTER, AGENTS)

    assert traffic.days == 1
    assert "rests on 11 calls of 1 days only" in traffic.notes[0]
    assert 200.0 < traffic.talk[f"{QUEUE}/gold/senior"].mean_s < 600.0
    assert {stream.queue for stream in traffic.streams} == {QUEUE, "gone"}
    on_sunday = sum(traffic.streams[1].slots[6 * 96 :])
    assert on_sunday > 0.0  # of a day never seen something is expected all the same


def test_calls_of_today_shape_durations_but_not_arrivals() -> None:
    calls = [
        *(a_call(MONDAY + 36000.0 + number) for number in range(20)),
        *(a_call(MONDAY + DAY_S + 36000.0 + number) for number in range(5)),
    ]

    traffic = fit(History(MONDAY, MONDAY + 1.5 * DAY_S, tuple(calls)), CENTER, AGENTS)

    assert (traffic.days, traffic.calls) == (1, 25)
    assert sum(traffic.streams[0].slots[:96]) == pytest.approx(20.0)


def test_a_stream_of_today_only_has_no_arrivals_yet() -> None:
    calls = [
        a_call(MONDAY + 36000.0),
        a_call(MONDAY + DAY_S + 36000.0, dialed_number="7001"),
    ]

    traffic = fit(History(MONDAY, MONDAY + 1.5 * DAY_S, tuple(calls)), CENTER, AGENTS)

    assert traffic.streams[1].dialed_number == "7001"
    assert traffic.streams[1].slots == (0.0,) * SLOTS_OF_WEEK


def test_callers_are_as_the_directory_knows_them_today() -> None:
    known = KnownCustomer("c7", Tier.GOLD)
    calls = (
        a_call(MONDAY, customer="c7", choices=("1",)),
        a_call(MONDAY, customer="c8", tier=Tier.SILVER),
    )

    traffic = fit(History(MONDAY, UNTIL, calls, customers={"c7": known}), CENTER, AGENTS)

    first, second = traffic.streams[0].kinds
    assert (first.tier, first.customer, first.choices) == (Tier.GOLD, known, ("1",))
    assert (second.tier, second.customer) == (Tier.SILVER, None)


def test_a_slow_agent_is_told_from_a_fast_one() -> None:
    calls = [
        a_call(MONDAY + 60.0 * number, agent=agent, talk_s=talk_s)
        for number in range(200)
        for agent, talk_s in (("a2", 60.0), ("a3", 240.0))
    ]

    traffic = fit(History(MONDAY, UNTIL, tuple(calls)), CENTER, AGENTS)

    assert traffic.pace["a2"] == pytest.approx(0.5, abs=0.1)
    assert traffic.pace["a3"] == pytest.approx(1.5, abs=0.1)


def test_without_any_past_traffic_is_assumed_that_keeps_the_agents_busy() -> None:
    center = replace(CENTER, numbers={"*": "main", "7000": "main"})

    traffic = fit(History(MONDAY, UNTIL), center, AGENTS)
    nobody = fit(History(MONDAY, UNTIL), center, ())

    (stream,) = traffic.streams
    assert stream.dialed_number == "7000"
    per_hour = sum(stream.slots[40:44])
    assert per_hour * (180.0 + 20.0) / 3600.0 == pytest.approx(0.85 * 4)
    assert sum(stream.slots[5 * 96 :]) == 0.0
    assert traffic.staffing.source == "assumed"
    assert "no calls to learn from" in traffic.notes[0]
    assert sum(nobody.streams[0].slots) == 0.0


def test_patience_without_any_hanging_up_is_endless() -> None:
    assert patience_s(ENDLESS, 1.0) == math.inf


# --- staffing -------------------------------------------------------------------------------------


def worked(agent: str, begin: float, end: float, *, is_ready: bool = True) -> PastWork:
    """A stretch, in hours after Monday midnight."""
    return PastWork(agent, MONDAY + begin * 3600.0, MONDAY + end * 3600.0, is_ready)


def test_past_days_are_cut_at_midnight_without_breaks_and_seams() -> None:
    work = (
        worked("a0", 9.0, 10.0),
        worked("a0", 10.0, 12.0),
        worked("a0", 12.0, 13.0, is_ready=False),
        worked("a0", 13.0, 17.0),
        worked("a1", 22.0, 30.0),
        worked("gone", 9.0, 17.0),
        worked("a1", 33.0, 33.01),
        worked("a1", 7 * 24.0 * WEEKS, 7 * 24.0 * WEEKS + 1.0),  # today
    )

    traffic = fit(History(MONDAY, UNTIL, work=work), CENTER, AGENTS)

    tuesday, monday, *others = traffic.staffing.days
    assert (monday.weekday, tuesday.weekday) == (0, 1)
    assert [day.weekday for day in others] == [2, 2, 3, 3, 4, 4, 5, 5, 6, 6]
    assert {day.duties for day in others} == {monday.duties, tuesday.duties}
    assert "Working hours are known of 2 days only" in traffic.notes[-1]
    assert monday.duties == (
        Duty("a0", 9 * 3600.0, 12 * 3600.0),
        Duty("a0", 13 * 3600.0, 17 * 3600.0),
        Duty("a1", 22 * 3600.0, 24 * 3600.0),
    )
    assert tuesday.duties == (Duty("a1", 0.0, 6 * 3600.0),)


def test_today_is_what_working_hours_are_known_of_if_it_is_all_there_is() -> None:
    work = (worked("a0", 9.0, 10.0),)

    staffing = fit(History(MONDAY, MONDAY + 43200.0, work=work), CENTER, AGENTS).staffing

    assert len(staffing.days) == 7
    assert {day.duties for day in staffing.days} == {(Duty("a0", 32400.0, 36000.0),)}


def test_only_the_last_days_of_a_weekday_are_drawn_from() -> None:
    work = tuple(worked("a0", 9.0 + 168.0 * week, 17.0 + 168.0 * week) for week in range(-4, 7))

    days = fit(History(MONDAY, UNTIL, work=work), CENTER, AGENTS).staffing.days

    assert [day.weekday for day in days] == [0] * 8


def test_shifts_go_before_the_past_and_breaks_are_learnt_from_it() -> None:
    work = (worked("a0", 0.0, 100.0), worked("a0", 100.0, 150.0, is_ready=False))
    shifts = (Shift("a0", "mon", 480, 960), Shift("gone", "mon", 480, 960))

    staffing = fit(History(MONDAY, UNTIL, work=work, shifts=shifts), CENTER, AGENTS).staffing

    assert staffing.source == "shifts"
    assert staffing.shifts == shifts[:1]
    assert staffing.break_share == pytest.approx((50.0 + 0.1 * 40.0) / (150.0 + 40.0))


def test_midnight_is_the_local_one() -> None:
    from datetime import date
    from zoneinfo import ZoneInfo

    assert midnight_of(date(2026, 6, 1), ZoneInfo("Europe/Berlin")) == MONDAY - 7200.0
