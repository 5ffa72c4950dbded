"""The engine: waits as Erlang has them, paired days, what is played, and what is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from callcenter.domain.customer import CustomerFacts, Tier
from callcenter.domain.flow import Flow, MenuNode, QueueNode
from callcenter.domain.history import History, KnownCustomer, Shift
from callcenter.domain.rehearsal import Progress, RehearsalFailed
from callcenter.domain.rules import (
    CallBack,
    External,
    Message,
    Overflow,
    Prefer,
    Rule,
    Rules,
    Treatment,
    Voicemail,
)
from callcenter.rehearsal import engine
from callcenter.rehearsal.engine import rehearse, rehearse_traffic
from callcenter.rehearsal.figures import Measured, measure
from callcenter.rehearsal.floor import Floor
from callcenter.rehearsal.traffic import SLOTS_OF_WEEK, CallerKind, Lasting, Staffing, Stream
from routing.erlang import forecast_a, forecast_c
from tests.unit.rehearsal.made_up import (
    ENDLESS,
    EQUAL_WAITS,
    GOLD_FIRST,
    MONDAY,
    QUEUE,
    make_agents,
    make_center,
    make_plan,
    make_traffic,
)

TARGET_S = 20.0


def played(traffic: Any, agents: Any, seeds: int, hours: int) -> list[Any]:
    """Figures of so many days under one document."""
    center, plan = make_center(), make_plan(agents)
    slots = tuple((slot, MONDAY + 900.0 * slot) for slot in range(4 * (hours + 1)))
    begin, end = MONDAY + 3600.0, MONDAY + 3600.0 * (hours + 1)
    window = engine.Window(date(2026, 6, 1), slots, begin, end)
    what = Measured(begin, end, {QUEUE: TARGET_S}, {one.id: one.seniority for one in agents})
    found = []
    for seed in range(seeds):
        day = engine.draw_day(traffic, window, seed, "UTC")
        records = Floor(center, agents, plan.current, traffic, day).play()
        assert records.faults == []
        found.append(measure(what, records.calls, records.states))
    return found


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def test_a_simple_center_waits_as_erlang_c_says() -> None:
    agents = make_agents(3)
    traffic = make_traffic(agents, load=0.6, patience=ENDLESS)

    days = played(traffic, agents, seeds=3, hours=14)

    expected = forecast_c(3, 0.6 * 3 / 120.0, 120.0, TARGET_S)
    all_calls = [day.tiers["all"] for day in days]
    assert sum(one.calls for one in all_calls) > 2000
    assert mean([one.wait_s for one in all_calls]) == pytest.approx(expected.mean_wait_s, rel=0.15)
    assert mean([one.in_time for one in all_calls]) == pytest.approx(expected.in_time, abs=0.03)
    assert mean([day.occupancy["all"] for day in days]) == pytest.approx(0.6, abs=0.02)
    assert {one.abandoned for one in all_calls} == {0.0}


def test_callers_who_hang_up_make_it_erlang_a() -> None:
    agents = make_agents(6)
    traffic = make_traffic(agents, load=1.0)  # of a mean patience of 300 s

    days = played(traffic, agents, seeds=1, hours=8)

    expected = forecast_a(6, 6 / 120.0, 120.0, 300.0, TARGET_S)
    all_calls = [day.tiers["all"] for day in days]
    assert mean([one.abandoned for one in all_calls]) == pytest.approx(expected.abandoned, abs=0.02)
    assert mean([one.wait_s for one in all_calls]) == pytest.approx(expected.mean_wait_s, rel=0.15)


def test_rules_that_prefer_gold_show_it_beyond_doubt_and_the_same_rules_show_nothing() -> None:
    agents = make_agents(6, seniors=2)
    tiers = (Tier.GOLD, Tier.STANDARD, Tier.STANDARD, Tier.STANDARD)
    traffic = make_traffic(agents, load=1.05, tiers=tiers)
    steps: list[Progress] = []

    result = rehearse_traffic(
        traffic,
        make_plan(agents, current=EQUAL_WAITS, new=GOLD_FIRST, seeds=4, hours=1.0),
        steps.append,
    )
    same = rehearse_traffic(traffic, make_plan(agents, current=GOLD_FIRST, new=GOLD_FIRST))

    tier = {one.tier: one for one in result.tiers}
    assert list(tier) == ["gold", "standard", "all"]
    assert tier["gold"].wait_s.most is not None
    assert tier["gold"].wait_s.most < 0.0, tier["gold"]
    assert tier["gold"].wait_s.is_clear
    assert tier["standard"].wait_s.difference > 0.0
    assert result.summary.startswith("gold waits about ")
    assert [progress.share for progress in steps] == [number / 8 for number in range(8)]
    assert {(one.wait_s.difference, one.wait_s.most) for one in same.tiers} == {(0.0, 0.0)}


def test_a_rehearsal_is_the_same_under_any_hash_seed() -> None:
    program = (
        "import msgspec\n"
        "from callcenter.domain.customer import Tier\n"
        "from callcenter.rehearsal.engine import rehearse_traffic\n"
        "from tests.unit.rehearsal.made_up import *\n"
        "agents = make_agents(5, seniors=2)\n"
        "traffic = make_traffic(agents, load=0.9, tiers=tuple(Tier))\n"
        "plan = make_plan(agents, new=GOLD_FIRST, hours=0.5)\n"
        "print(msgspec.json.encode(rehearse_traffic(traffic, plan)).decode())\n"
    )

    said = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]

    assert said[0] == said[1]
    assert json.loads(said[0])["tiers"][0]["calls"] > 0


# --- what the machine is told of callers ----------------------------------------------------------


def test_menus_are_walked_with_the_callers_digits_and_rules_read_the_directory() -> None:
    flow = Flow(
        "main",
        1,
        "menu",
        {
            "menu": MenuNode("menu", {"2": "sales"}, "service", timeout_s=5.0, tries=1),
            "service": QueueNode(QUEUE),
            "sales": QueueNode("sales"),
        },
        QUEUE,
    )
    center = make_center()
    center = replace(
        center,
        queues=(*center.queues, replace(center.queues[0], id="sales")),
        flows=(flow,),
        numbers={"7000": "main"},
    )
    agents = tuple(replace(one, queues=(QUEUE, "sales")) for one in make_agents(4))
    owned = KnownCustomer("c1", Tier.GOLD, CustomerFacts(owner="a3", language="de"))
    traffic = make_traffic(agents, load=0.5)
    traffic = replace(
        traffic,
        streams=(
            Stream(
                "7000",
                QUEUE,
                (20.0,) * SLOTS_OF_WEEK,
                (
                    CallerKind(Tier.GOLD, "", ("2",), owned),
                    CallerKind(Tier.SILVER),
                    CallerKind(Tier.STANDARD, "+3545551234"),
                ),
            ),
        ),
        talk={
            f"{queue}/{tier}/junior": traffic.talk[f"{QUEUE}/{tier}/junior"]
            for queue in (QUEUE, "sales")
            for tier in Tier
        }
        | {
            f"{queue}/{tier}/senior": traffic.talk[f"{QUEUE}/{tier}/senior"]
            for queue in (QUEUE, "sales")
            for tier in Tier
        },
        patience={
            f"{queue}/{tier}": traffic.patience[f"{QUEUE}/{tier}"]
            for queue in (QUEUE, "sales")
            for tier in Tier
        },
    )
    rules = Rules(
        (
            Rule(
                "german",
                Treatment(prefer=Prefer.OWNER, prefer_for_s=600.0),
                'customer.language == "de"',
            ),
            Rule("everybody", Treatment()),
        )
    )
    slots = tuple((slot, MONDAY + 900.0 * slot) for slot in range(4))
    day = engine.draw_day(
        traffic, engine.Window(date(2026, 6, 1), slots, MONDAY, MONDAY + 3600.0), 1, "UTC"
    )

    records = Floor(center, agents, rules, traffic, day).play()

    assert records.faults == []
    gold = [call for call in records.calls if call.tier is Tier.GOLD]
    assert len(gold) > 10
    assert {(call.queue, call.rule, call.answered_by) for call in gold if call.answered_by} == {
        ("sales", "german", "a3")
    }
    others = [call for call in records.calls if call.tier is not Tier.GOLD]
    assert {(call.queue, call.rule) for call in others} == {(QUEUE, "everybody")}
    assert {call.tier for call in others} == {Tier.SILVER, Tier.STANDARD}


OVERFLOWS = {
    "message": Overflow(after_s=5.0, message=Message("busy")),
    "goodbye": Overflow(after_s=20.0, message=Message("later", ends_call=True)),
    "voicemail": Overflow(after_s=20.0, voicemail=Voicemail("leave", max_s=60.0)),
    "callback": Overflow(after_s=20.0, callback=CallBack("we_call_you", "carrier")),
    "external": Overflow(after_s=20.0, external=External("+3545550000", "carrier", ring_s=15.0)),
}


@pytest.mark.parametrize("kind", OVERFLOWS)
def test_overflows_and_announcements_are_played(kind: str) -> None:
    agents = make_agents(2)
    traffic = make_traffic(agents, load=1.3)
    (stream,) = traffic.streams
    kinds = tuple(CallerKind(Tier.STANDARD, f"+3545551{n:03d}") for n in range(500))
    traffic = replace(traffic, streams=(replace(stream, kinds=kinds),))
    treatment = Treatment(announce_every_s=15.0, overflow=(OVERFLOWS[kind],))
    plan = make_plan(agents, new=Rules((Rule("everybody", treatment),)), hours=2.0)

    result = rehearse_traffic(traffic, plan)

    everybody = result.tiers[-1]
    assert [note for note in result.notes if "faults" in note] == []
    assert everybody.led_out.current == 0.0
    if kind == "message":
        assert everybody.led_out.new == 0.0
        assert everybody.wait_s.difference == pytest.approx(0.0, abs=2.0)
    else:
        assert everybody.led_out.new > 0.3
        assert everybody.wait_s.new < 25.0 < everybody.wait_s.current
        assert everybody.abandoned.new < everybody.abandoned.current


def test_a_message_is_heard_at_once_where_nobody_works() -> None:
    agents = make_agents(2)
    traffic = make_traffic(agents, load=1.0)
    nobody = Staffing("shifts", shifts=(Shift("a0", "2026-06-02", 0, 60),))
    at_once = Overflow(without_agents=True, message=Message("closed", ends_call=True))
    rules = Rules((Rule("everybody", Treatment(overflow=(at_once,))),))
    plan = replace(make_plan(agents, new=rules, day="2026-06-02", hours=2.0))

    result = rehearse_traffic(replace(traffic, staffing=nobody), plan)

    assert result.tiers[-1].led_out.new > 0.3
    assert [note for note in result.notes if "faults" in note] == []


# --- what is played -------------------------------------------------------------------------------


def test_the_busiest_hours_of_the_next_working_day_are_played() -> None:
    agents = make_agents(3)
    traffic = make_traffic(agents, load=0.5)
    slots = [0.0] * SLOTS_OF_WEEK
    for weekday in range(4):  # Monday to Thursday; the plan is made on a Thursday
        for slot in range(40, 48):
            slots[weekday * 96 + slot] = 10.0 if slot in (44, 45) else 4.0
    stream = replace(traffic.streams[0], slots=tuple(slots))
    plan = replace(make_plan(agents, hours=0.5), now=MONDAY + 3.5 * 86400.0)

    result = rehearse_traffic(replace(traffic, streams=(stream,)), plan)

    assert result.day == "2026-06-08"
    assert result.begin == MONDAY + 7 * 86400.0 + 11 * 3600.0
    assert result.end == result.begin + 1800.0


def test_a_day_on_which_nobody_works_is_no_working_day() -> None:
    agents = make_agents(2)
    shifts = (Shift("a0", "tue", 480, 960),)
    traffic = replace(make_traffic(agents, load=0.5), staffing=Staffing("shifts", shifts=shifts))

    result = rehearse_traffic(traffic, make_plan(agents, hours=0.25))

    assert result.day == "2026-06-02"  # the plan is made on a Monday
    later = replace(make_plan(agents, hours=0.25), now=MONDAY + 2 * 86400.0)
    assert rehearse_traffic(traffic, later).day == "2026-06-09"


def test_of_a_day_with_too_many_calls_the_busiest_part_is_played_and_it_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine, "CALLS_MAX", 200)
    agents = make_agents(3)

    result = rehearse_traffic(
        make_traffic(agents, load=0.8), make_plan(agents, hours=0.0, day="2026-06-03")
    )

    assert result.end - result.begin == 2 * 900.0
    assert "Only the busiest part of the day was played, 00:00 to 00:30" in result.notes[0]


@pytest.mark.parametrize(("day", "slots"), [("2026-03-29", 92), ("2026-10-25", 100)])
def test_a_day_on_which_the_clocks_change_has_other_quarter_hours(day: str, slots: int) -> None:
    agents = make_agents(1)
    plan = make_plan(agents, hours=0.0, day=day)
    plan = replace(plan, center=replace(plan.center, time_zone="Europe/Berlin"))

    window = engine._window_of(make_traffic(agents, load=0.1), plan, [])

    assert len(window.slots) == slots
    assert window.end - window.begin == slots * 900.0


def test_what_cannot_be_rehearsed_is_refused_with_a_sentence() -> None:
    agents = make_agents(2)
    traffic = make_traffic(agents, load=0.5)
    idle = replace(traffic, streams=(replace(traffic.streams[0], slots=(0.0,) * SLOTS_OF_WEEK),))
    empty = replace(traffic, staffing=Staffing("shifts", shifts=(Shift("a0", "2026-06-01", 0, 9),)))
    unreadable = Rules((Rule("bad", Treatment(), "customer.teir == 1"), Rule("all", Treatment())))

    with pytest.raises(RehearsalFailed, match="There are no agents"):
        rehearse_traffic(traffic, make_plan([replace(one, queues=()) for one in agents]))
    with pytest.raises(RehearsalFailed, match="No calls are expected on 2026-06-03"):
        rehearse_traffic(idle, make_plan(agents, day="2026-06-03"))
    with pytest.raises(RehearsalFailed, match="Nobody works on 2026-06-03"):
        rehearse_traffic(empty, make_plan(agents, day="2026-06-03"))
    with pytest.raises(RehearsalFailed, match="These rules cannot be used"):
        rehearse_traffic(traffic, make_plan(agents, new=unreadable))


def test_a_center_without_any_past_is_rehearsed_on_what_is_assumed() -> None:
    agents = make_agents(4, seniors=1)
    plan = make_plan(agents, new=GOLD_FIRST)
    plan = replace(plan, center=replace(plan.center, pbxs=("main", "other")))

    result = rehearse(History(0.0, plan.now), plan)

    assert result.staffing == "assumed"
    assert (result.calls_fitted, result.days_fitted) == (0, 0)
    assert [tier.tier for tier in result.tiers] == ["gold", "silver", "standard", "all"]
    everybody = next(one for one in result.agents if one.group == "all")
    assert 0.5 < everybody.occupancy.current < 1.0
    assert len(result.notes) == 3
    assert "There are no calls to learn from yet" in result.notes[0]
    assert "were rehearsed as one" in result.notes[2]


def test_faults_of_the_machine_are_told() -> None:
    agents = make_agents(2)
    traffic = make_traffic(agents, load=0.5)
    broken = Rules((Rule("all", Treatment(queue="nowhere")),))

    result = rehearse_traffic(traffic, make_plan(agents, new=broken))

    assert "unknown_queue: nowhere" in result.notes[-1]


def test_agents_ring_wrap_up_and_leave_at_the_end_of_their_shifts() -> None:
    agents = make_agents(3)
    traffic = make_traffic(
        agents,
        load=0.7,
        ring=Lasting(1.0, 0.1),
        wrap_up=Lasting(4.5, 1.0),  # often longer than 30 s
    )
    shifts = tuple(Shift(agent.id, "mon", 0, 60) for agent in agents)
    traffic = replace(traffic, staffing=Staffing("shifts", shifts=shifts, break_share=0.1))
    slots = tuple((slot, MONDAY + 900.0 * slot) for slot in range(8))
    window = engine.Window(date(2026, 6, 1), slots, MONDAY, MONDAY + 7200.0)
    day = engine.draw_day(traffic, window, 1, "UTC")

    records = Floor(make_center(), agents, make_plan(agents).current, traffic, day).play()

    assert records.faults == []
    wrap_ups = [one for one in records.states if one.state == "wrap_up"]
    assert max(one.ended_at - one.began_at for one in wrap_ups) == pytest.approx(30.0)
    assert min(one.ended_at - one.began_at for one in wrap_ups) < 30.0
    late = [call for call in records.calls if call.queued_at > MONDAY + 3600.0]
    assert late
    assert {call.outcome for call in late} == {"abandoned"}
