"""Who gets which call, and why."""

from __future__ import annotations

from typing import TypeAlias

import pytest

from callcenter.domain.customer import Tier
from routing.settings import PRESETS, Settings, with_weights
from routing.work import (
    BusyAgent,
    FreeAgent,
    HoldReason,
    Profile,
    Work,
)
from tests.unit.routing.people import JUNIOR, SENIOR, call, chooser, idle, pairs

GOLD, SILVER, STANDARD = Tier.GOLD, Tier.SILVER, Tier.STANDARD


Who: TypeAlias = Work | FreeAgent | BusyAgent


def busy_seniors(count: int, since: float = 0.0) -> list[BusyAgent]:
    """So many seniors at work."""
    return [BusyAgent(f"busy{number}", SENIOR, since) for number in range(count)]


# --- who goes first ------------------------------------------------------------------------------


def test_a_call_takes_the_agent_who_has_been_idle_longest() -> None:
    one = chooser(idle("x", 5), idle("y", 4), call("a", 10), call("b", 11))

    assert pairs(one.match(20)) == [
        ("a", "y", "only_side_free"),
        ("b", "x", "only_side_free"),
    ]


def test_an_agent_who_comes_free_takes_the_call_whose_waiting_costs_most() -> None:
    one = chooser(call("std", 1), call("gold", 5, GOLD), call("sil", 3, SILVER))
    one.match(10)

    one.put_agent(idle("s", 11, SENIOR))

    assert pairs(one.match(11)) == [("gold", "s", "most_urgent")]


def test_within_a_class_who_came_first_goes_first() -> None:
    one = chooser(call("b", 2), call("c", 1), call("a", 2))
    for name in ("x", "y", "z"):
        one.put_agent(idle(name, 3))

    assert [m.call for m in one.match(3).offers] == ["c", "a", "b"]


def test_a_shorter_call_goes_first_among_equals() -> None:
    one = chooser(call("long", 1, queue="long"), call("short", 2, queue="short"))
    for _ in range(100):
        one.estimates.handled("long", STANDARD, 0, 400.0, None)
        one.estimates.handled("short", STANDARD, 0, 100.0, None)
    one.match(3)

    one.put_agent(idle("x", 4, Profile((("long", 1.0), ("short", 1.0)))))

    assert pairs(one.match(4)) == [("short", "x", "most_urgent")]


def test_when_handling_times_double_the_decision_moves() -> None:
    both = Profile((("p", 1.0), ("q", 1.0)))
    one = chooser(call("p1", 1, queue="p"), call("p2", 1, queue="p"), call("q1", 1), call("q2", 1))
    for _ in range(300):
        one.estimates.handled("p", STANDARD, 0, 100.0, None)
        one.estimates.handled("q", STANDARD, 0, 150.0, None)
    one.put_agent(idle("x", 2, both))
    before = pairs(one.match(2))

    for _ in range(1000):
        one.estimates.handled("p", STANDARD, 0, 200.0, None)
    one.put_agent(idle("y", 3, both))
    after = pairs(one.match(3))

    assert before == [("p1", "x", "most_urgent")]
    assert after == [("q1", "y", "most_urgent")]


def test_a_long_wait_outweighs_the_tier_and_the_oldest_of_the_overdue_goes_first() -> None:
    settings = Settings(overdue_s=300.0)
    one = chooser(call("gold", 950, GOLD), call("old", 5), call("older", 1), settings=settings)
    one.match(999)

    one.put_agent(idle("s", 1000, SENIOR))
    first = one.match(1000)
    one.put_agent(idle("t", 1001, SENIOR))

    assert pairs(first) == [("older", "s", "overdue")]
    assert pairs(one.match(1001)) == [("old", "t", "overdue")]


def test_the_weight_of_a_rule_or_of_a_supervisor_counts_at_once() -> None:
    one = chooser(call("a", 1), call("b", 2))
    one.match(3)

    one.put_call(call("b", 2, weight=3.0))
    assert one.changed
    one.put_agent(idle("x", 4))

    assert pairs(one.match(4)) == [("b", "x", "most_urgent")]


def test_an_agent_takes_a_call_of_a_less_preferred_queue_only_if_it_is_as_much_more_urgent() -> (
    None
):
    half = Profile((("main", 1.0), ("side", 0.5)))
    one = chooser(call("side", 1, queue="side"), call("main", 1, queue="main"))
    one.match(2)
    one.put_agent(idle("x", 3, half))
    assert pairs(one.match(3)) == [("main", "x", "most_urgent")]

    one.put_call(call("main2", 3, queue="main"))
    one.put_call(call("side3", 3, queue="side", weight=3.0))
    one.put_agent(idle("y", 4, half))

    assert pairs(one.match(4)) == [("side3", "y", "most_urgent")]


def test_a_call_goes_to_the_agent_who_prefers_its_queue_most() -> None:
    one = chooser(idle("x", 1, Profile((("q", 0.5),))), idle("y", 2), call("a", 3))

    assert pairs(one.match(4)) == [("a", "y", "only_side_free")]


# --- seniors -------------------------------------------------------------------------------------


def test_with_both_idle_gold_goes_to_a_senior() -> None:
    one = chooser(idle("j", 1), idle("s", 5, SENIOR), call("gold", 9, GOLD))

    assert pairs(one.match(10)) == [("gold", "s", "senior")]


def test_with_seniors_busier_than_juniors_a_standard_call_goes_to_a_junior() -> None:
    one = chooser(*busy_seniors(3), idle("j", 1), idle("s", 0, SENIOR), call("std", 9))

    assert pairs(one.match(10)) == [("std", "j", "junior")]


def test_seniors_who_are_idler_than_juniors_are_lent() -> None:
    juniors = [BusyAgent(f"j{number}", JUNIOR, 0.0) for number in range(9)]
    seniors = [idle(f"s{number}", 5, SENIOR) for number in range(9)]
    one = chooser(*juniors, idle("j", 1), *seniors, call("std", 9))

    assert pairs(one.match(10)) == [("std", "s0", "senior_lent")]


def test_the_last_idle_senior_is_spared_when_gold_calls_come_often() -> None:
    juniors = [BusyAgent(f"j{number}", JUNIOR, 0.0) for number in range(9)]
    one = chooser(*juniors, idle("j", 1), idle("s", 5, SENIOR))
    for number in range(40):
        one.estimates.arrived("q", GOLD, 10.0 * number)
    one.put_call(call("std", 399))

    assert pairs(one.match(400)) == [("std", "j", "junior")]


def test_gold_waits_beside_an_idle_junior_while_a_senior_is_expected_soon() -> None:
    one = chooser(*busy_seniors(30), idle("j", 1), call("gold", 10, GOLD))

    found = one.match(10)

    assert pairs(found) == []
    assert found.look_again_at == pytest.approx(10.0 + 180.0 / 30, abs=0.1)
    waiting = one.explain("gold", 10)
    assert waiting is not None
    assert waiting.hold is not None
    assert waiting.hold.reason is HoldReason.FOR_SENIOR
    assert waiting.hold.until == 70.0
    assert waiting.hold.benefit > waiting.hold.cost > 0.0


def test_the_senior_who_comes_free_takes_the_held_call() -> None:
    one = chooser(*busy_seniors(30), idle("j", 1), call("gold", 10, GOLD))
    one.match(10)

    one.put_agent(idle("busy7", 13, SENIOR))

    assert pairs(one.match(13)) == [("gold", "busy7", "most_urgent")]


def test_with_few_seniors_gold_goes_to_a_junior_at_once() -> None:
    one = chooser(*busy_seniors(2), idle("j", 1), call("gold", 10, GOLD))

    assert pairs(one.match(10)) == [("gold", "j", "only_side_free")]


def test_without_any_senior_gold_goes_to_a_junior_at_once() -> None:
    one = chooser(idle("j", 1), call("gold", 10, GOLD))

    assert pairs(one.match(10)) == [("gold", "j", "only_side_free")]


def test_a_hold_ends_when_its_time_is_over_whatever_is_expected() -> None:
    one = chooser(*busy_seniors(30), idle("j", 1), call("gold", 10, GOLD))
    at: float | None = one.match(10).look_again_at

    offers: list[tuple[str, str, str]] = []
    looks = 0
    while at is not None and not offers:
        now, looks = at, looks + 1
        found = one.match(now)
        at, offers = found.look_again_at, pairs(found)

    assert offers == [("gold", "j", "only_side_free")]
    assert now == 70.0
    assert looks < 70


def test_when_the_seniors_go_home_what_is_held_is_looked_at_again() -> None:
    one = chooser(*busy_seniors(30), idle("j", 1), call("gold", 10, GOLD))
    one.match(10)

    for number in range(30):
        one.remove_agent(f"busy{number}")

    assert one.changed
    assert pairs(one.match(11)) == [("gold", "j", "only_side_free")]


def test_a_junior_passes_held_gold_and_takes_the_next() -> None:
    one = chooser(*busy_seniors(30), call("gold", 1, GOLD), call("std", 2))
    one.match(3)

    one.put_agent(idle("j", 3))

    assert pairs(one.match(3)) == [("std", "j", "past_held")]


def test_more_gold_than_seniors_soon_free_is_not_all_held() -> None:
    calls = [call(f"gold{number}", number, GOLD) for number in range(9)]
    one = chooser(*busy_seniors(15), *calls)
    one.match(10)

    one.put_agent(idle("j", 10))

    assert pairs(one.match(10)) == [("gold0", "j", "most_urgent")]


def test_a_call_is_not_held_for_the_sake_of_one_that_is_as_worthy() -> None:
    one = chooser(*busy_seniors(30), call("a", 1, GOLD), call("b", 2, GOLD, queue="other"))
    one.match(3)

    one.put_agent(idle("j", 3, Profile((("q", 1.0), ("other", 1.0)))))

    assert pairs(one.match(3)) == [("a", "j", "most_urgent")]


def test_in_one_step_the_idle_senior_is_not_missed_for_a_junior_who_is_idle_longer() -> None:
    one = chooser(call("gold", 3, GOLD), call("std", 3))
    one.put_agent(idle("j", 1))
    one.put_agent(idle("s", 2, SENIOR))

    assert sorted(pairs(one.match(4))) == [
        ("gold", "s", "most_urgent"),
        ("std", "j", "past_held"),
    ]


# --- presets -------------------------------------------------------------------------------------


def test_strict_priority_takes_the_weightier_and_holds_nobody() -> None:
    one = chooser(
        *busy_seniors(30), idle("j", 1), call("gold", 10, GOLD), settings=PRESETS["strict_priority"]
    )
    assert pairs(one.match(10)) == [("gold", "j", "only_side_free")]

    one.put_call(call("std", 11))
    one.put_call(call("sil", 600, SILVER))
    one.put_agent(idle("x", 601))

    assert pairs(one.match(601)) == [("sil", "x", "most_urgent")]


def test_strict_priority_asks_seniors_first_for_gold_and_juniors_for_the_others() -> None:
    settings = PRESETS["strict_priority"]
    people = (idle("j", 1), idle("s", 2, SENIOR))

    one = chooser(*people, call("a", 4, GOLD), settings=settings)
    assert pairs(one.match(4)) == [("a", "s", "senior")]
    two = chooser(*people, call("b", 6), settings=settings)
    assert pairs(two.match(6)) == [("b", "j", "junior")]


def test_equal_waits_takes_who_came_first_of_whatever_tier() -> None:
    one = chooser(call("std", 1), call("gold", 2, GOLD), settings=PRESETS["equal_waits"])
    one.match(3)

    one.put_agent(idle("x", 4, SENIOR))

    assert pairs(one.match(4)) == [("std", "x", "most_urgent")]


def test_weights_are_changed_for_those_who_wait_too() -> None:
    one = chooser(call("std", 1), call("gold", 2, GOLD))
    one.match(3)

    one.change_settings(with_weights(Settings(), {STANDARD: 50.0}))
    assert one.changed
    one.put_agent(idle("x", 4, SENIOR))

    assert pairs(one.match(4)) == [("std", "x", "most_urgent")]
    assert with_weights(Settings(), {}) == Settings()


# --- kept for one agent --------------------------------------------------------------------------


def kept(queue: str = "q") -> Work:
    """A call that waits for ana, for a time."""
    return Work("a", queue, STANDARD, 10.0, preferred="ana", preferred_until=60.0)


def test_a_call_is_kept_only_for_an_agent_who_works_for_its_queue() -> None:
    one = chooser(BusyAgent("ana", Profile((("other", 1.0),)), 0.0), idle("x", 1), kept())

    assert pairs(one.match(10)) == [("a", "x", "only_side_free")]


@pytest.mark.parametrize("is_free", [True, False])
def test_a_kept_call_is_let_go_when_its_agent_leaves_the_queue(is_free: bool) -> None:
    one = chooser(BusyAgent("ana", JUNIOR, 0.0), idle("x", 1), kept())
    assert one.match(10).offers == ()
    assert one.waiting_since("q") == 10.0

    other = Profile((("other", 1.0),))
    if is_free:
        one.put_agent(FreeAgent("ana", other, 11.0))
    else:
        one.put_busy(BusyAgent("ana", other, 11.0), 11.0)

    assert pairs(one.match(11)) == [("a", "x", "only_side_free")]
    assert one.waiting_since("q") is None


def test_since_when_a_queue_waits_is_told_of_all_its_lines() -> None:
    one = chooser(call("b", 7), call("g", 5, GOLD), call("other", 1, queue="p"))

    assert (one.waiting_since("q"), one.waiting_since("p")) == (5.0, 1.0)


def test_each_queue_has_its_own_longest_hold() -> None:
    settings = Settings(hold_max_of=(("q", 3.0),))
    one = chooser(*busy_seniors(30), idle("j", 1), call("gold", 10, GOLD), settings=settings)
    assert one.match(10).offers == ()

    assert pairs(one.match(13)) == [("gold", "j", "only_side_free")]
