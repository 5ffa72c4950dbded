"""Who gets which call, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import msgspec
import pytest

from callcenter.domain.customer import Tier
from routing.chooser import BusyAgent, Chooser, FreeAgent, Standing
from routing.settings import PRESETS, Order, Settings, with_weights
from routing.work import AgentStep, HoldReason, Matches, Need, Profile, Reason, Work
from tests.unit.routing.people import JUNIOR, QUEUES, SENIOR, call, chooser, idle, pairs, skilled

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


# --- skills and steps ----------------------------------------------------------------------------


def test_only_agents_with_the_skill_at_its_level_may_take_a_call() -> None:
    needs = (AgentStep(0.0, (Need("loans", 2),)),)
    weak = Profile(QUEUES, False, (Need("loans", 1),))
    one = chooser(
        idle("none", 1), idle("weak", 2, weak), idle("able", 3, skilled("loans")),
        call("a", 4, steps=needs),
    )  # fmt: skip

    assert pairs(one.match(5)) == [("a", "able", "only_side_free")]


def test_a_step_widens_with_the_wait_and_the_chooser_says_when() -> None:
    steps = (
        AgentStep(0.0, (Need("loans", 3),)),
        AgentStep(20.0, (Need("loans"),)),
        AgentStep(40.0),
    )
    one = chooser(idle("j", 1), idle("l", 1, skilled("loans")), call("a", 4, steps=steps))

    first = one.match(5)
    second = one.match(24)

    assert (first.offers, first.look_again_at) == ((), 24.0)
    assert pairs(second) == [("a", "l", "only_side_free")]
    assert second.look_again_at is None


def test_the_next_in_a_line_has_its_own_time_to_widen() -> None:
    steps = (AgentStep(0.0, (Need("loans"),)), AgentStep(20.0))
    one = chooser(call("a", 0, steps=steps), call("b", 15, steps=steps))
    one.match(15)
    one.put_agent(idle("j", 16))
    one.put_agent(idle("k", 16))
    assert one.match(16).look_again_at == 20.0
    found = one.match(20)
    assert pairs(found) == [("a", "j", "only_side_free")]
    assert found.look_again_at == 35.0

    one.remove_call("b")
    assert one.match(21).look_again_at is None


def test_when_the_first_in_line_hangs_up_the_next_is_looked_at() -> None:
    steps = (AgentStep(0.0, (Need("loans"),)), AgentStep(20.0))
    one = chooser(call("a", 0, steps=steps), call("b", 15, steps=steps), idle("j", 1))
    one.match(16)

    one.remove_call("a")

    assert one.changed
    assert one.match(17).look_again_at == 35.0
    assert pairs(one.match(35)) == [("b", "j", "only_side_free")]


def test_an_agent_who_comes_free_takes_only_what_the_step_of_now_allows() -> None:
    steps = (AgentStep(0.0, (Need("loans"),)), AgentStep(20.0))
    one = chooser(call("a", 0, steps=steps))
    one.match(1)
    one.put_agent(idle("j", 2))

    assert pairs(one.match(2)) == []
    assert pairs(one.match(30)) == [("a", "j", "only_side_free")]


def test_agents_known_before_the_first_call_of_a_class_are_found() -> None:
    one = chooser(
        idle("l", 1, skilled("loans")), idle("chat", 1),
        BusyAgent("b", skilled("loans", senior=True), 0.0), BusyAgent("c", JUNIOR, 0.0),
    )  # fmt: skip
    one.match(2)
    one.put_call(call("a", 3, steps=(AgentStep(0.0, (Need("loans"),)),)))

    assert pairs(one.match(3)) == [("a", "l", "only_side_free")]
    one.put_call(call("b", 4, steps=(AgentStep(0.0, (Need("loans"),)),)))
    one.match(4)
    waiting = one.explain("b", 4)
    assert waiting is not None
    assert (waiting.busy, waiting.idle) == (1, 0)


# --- the preferred agent -------------------------------------------------------------------------


def test_a_call_waits_for_the_agent_it_prefers_while_others_are_idle() -> None:
    one = chooser(
        BusyAgent("ana", JUNIOR, 0.0), idle("x", 1),
        call("a", 10, preferred="ana", preferred_until=60.0),
    )  # fmt: skip

    found = one.match(10)

    assert (found.offers, found.look_again_at) == ((), 60.0)
    waiting = one.explain("a", 11)
    assert waiting is not None
    assert waiting.hold is not None
    assert (waiting.hold.reason, waiting.hold.until) == (HoldReason.FOR_PREFERRED, 60.0)
    one.put_agent(idle("ana", 20))
    assert pairs(one.match(20)) == [("a", "ana", "preferred_agent")]


def test_the_preferred_agent_who_is_idle_gets_the_call_at_once() -> None:
    one = chooser(idle("x", 1), idle("ana", 9), call("a", 10, preferred="ana", preferred_until=60))

    assert pairs(one.match(10)) == [("a", "ana", "preferred_agent")]


def test_when_the_time_is_over_anybody_may_take_the_call() -> None:
    one = chooser(
        BusyAgent("ana", JUNIOR, 0.0), idle("x", 1),
        call("a", 10, preferred="ana", preferred_until=60.0),
    )  # fmt: skip
    one.match(10)

    found = one.match(60)

    assert pairs(found) == [("a", "x", "only_side_free")]
    assert found.look_again_at is None


def test_nobody_waits_for_an_agent_who_is_not_there_or_goes() -> None:
    one = chooser(idle("x", 1), call("a", 10, preferred="ana", preferred_until=60.0))
    assert pairs(one.match(10)) == [("a", "x", "only_side_free")]

    two = chooser(
        BusyAgent("ana", JUNIOR, 0.0), idle("x", 1),
        call("a", 10, preferred="ana", preferred_until=60.0),
    )  # fmt: skip
    two.match(10)
    two.remove_agent("ana")
    found = two.match(11)
    assert pairs(found) == [("a", "x", "only_side_free")]
    assert found.look_again_at is None


def test_a_kept_call_that_hangs_up_is_forgotten() -> None:
    one = chooser(
        BusyAgent("ana", JUNIOR, 0.0),
        call("a", 10, preferred="ana", preferred_until=60.0),
        call("b", 11, preferred="ana", preferred_until=60.0),
    )
    one.remove_call("a")
    assert one.count_waiting("q") == 1
    one.remove_call("b")

    assert one.match(12) == Matches((), None)
    assert one.explain("a", 12) is None


def test_who_is_overdue_goes_before_a_call_kept_for_the_agent() -> None:
    one = chooser(
        BusyAgent("ana", JUNIOR, 0.0), call("old", 1),
        call("a", 995, preferred="ana", preferred_until=2000.0),
    )  # fmt: skip
    one.match(996)

    one.put_agent(idle("ana", 1000))

    assert pairs(one.match(1000)) == [("old", "ana", "overdue")]


# --- coming and going ----------------------------------------------------------------------------


def test_a_voice_call_leaves_no_room_for_anything_else() -> None:
    agent = FreeAgent("x", JUNIOR, 1, (("voice", 1), ("chat", 3)))
    one = chooser(agent, call("a", 2))
    assert pairs(one.match(3)) == [("a", "x", "only_side_free")]

    one.put_call(call("b", 4, channel="chat"))

    assert pairs(one.match(4)) == []


def test_an_agent_takes_as_many_chats_as_there_is_room_for_and_no_call_beside_them() -> None:
    agent = FreeAgent("x", JUNIOR, 1, (("voice", 1), ("chat", 2)))
    chats = [call(f"chat{number}", 2 + number, channel="chat") for number in range(3)]
    one = chooser(agent, *chats)

    assert [m.call for m in one.match(9).offers] == ["chat0", "chat1"]
    one.put_call(call("a", 10))
    assert one.match(10).offers == ()


def test_an_agent_without_room_on_a_channel_is_not_idle_for_it() -> None:
    one = chooser(FreeAgent("x", JUNIOR, 1, (("voice", 0), ("chat", 1))), call("a", 2))

    assert one.match(3).offers == ()


def test_putting_the_same_again_is_no_change() -> None:
    one = chooser(call("a", 1), idle("x", 1, Profile(())), BusyAgent("b", JUNIOR, 0.0))
    one.match(2)

    one.put_call(call("a", 1))
    one.put_agent(idle("x", 1, Profile(())))
    one.put_busy(BusyAgent("b", JUNIOR, 0.0), 2.0)
    one.remove_call("nobody")
    one.remove_agent("nobody")

    assert not one.changed


def test_who_left_before_the_match_is_not_matched() -> None:
    one = chooser(call("a", 1), call("b", 2), idle("x", 1), idle("y", 2))
    one.remove_agent("x")
    one.remove_call("a")

    assert pairs(one.match(3)) == [("b", "y", "only_side_free")]


def test_idle_and_waiting_are_counted_for_each_queue() -> None:
    one = chooser(
        idle("x", 1, Profile((("q", 1.0), ("r", 1.0)))), idle("y", 1, Profile((("r", 1.0),))),
        call("a", 2, queue="s"), call("b", 3, queue="s"),
    )  # fmt: skip
    one.remove_call("b")
    one.remove_agent("y")

    assert [one.count_idle(name) for name in ("q", "r", "s", "t")] == [1, 1, 0, 0]
    assert [one.count_waiting(name) for name in ("q", "s", "t")] == [0, 1, 0]


def test_a_match_carries_the_parts_of_its_score() -> None:
    one = chooser(call("gold", 4, GOLD, weight=2.0), idle("s", 1, SENIOR))

    match = one.match(184).offers[0]

    assert match.reason is Reason.ONLY
    assert match.waited_s == 180.0
    score = match.score
    assert (score.weight, score.growth, score.handling_s) == (10.0, 1.1, 180.0)
    assert score.urgency == pytest.approx(
        score.weight * (1.0 + score.loss) * score.growth / score.handling_s
    )
    assert Settings(order=Order.WEIGHT).order is Order.WEIGHT


def test_an_agent_of_one_channel_takes_no_call_of_another() -> None:
    one = chooser(call("a", 2), call("chat", 2, channel="chat"))
    one.match(3)

    one.put_agent(FreeAgent("x", JUNIOR, 4, (("chat", 1),)))

    assert pairs(one.match(4)) == [("chat", "x", "most_urgent")]


def test_an_overdue_call_is_not_held() -> None:
    one = chooser(*busy_seniors(30), idle("j", 1), call("gold", 10, GOLD))

    assert pairs(one.match(1000)) == [("gold", "j", "overdue")]


def test_what_was_to_be_looked_at_and_is_gone_is_not_looked_at() -> None:
    steps = (AgentStep(0.0, (Need("loans"),)), AgentStep(20.0))
    one = chooser(
        BusyAgent("ana", JUNIOR, 0.0),
        call("a", 0, steps=steps),
        call("b", 5, preferred="ana", preferred_until=30.0),
    )
    one.match(10)
    one.remove_call("a")
    one.remove_call("b")
    one.put_call(call("c", 25, steps=steps))

    assert one.match(40).look_again_at == 45.0


# --- stopping and going on -----------------------------------------------------------------------


@dataclass
class Pair:
    """A chooser, and one made anew from its state."""

    first: Chooser
    second: Chooser


def resumed(one: Chooser, now: float, *people: Who) -> Pair:
    """Store, read back, tell the same agents and calls, and go on."""
    stored = msgspec.json.decode(msgspec.json.encode(one.snapshot()), type=Standing)
    other = Chooser(one.settings, stored.learned)
    for who in sorted(people, key=lambda who: not isinstance(who, FreeAgent | BusyAgent)):
        if isinstance(who, FreeAgent):
            other.put_agent(who)
        elif isinstance(who, BusyAgent):
            other.put_busy(who, now)
        else:
            other.put_call(who)
    other.resume(stored)
    return Pair(one, other)


def test_a_chooser_made_anew_goes_on_where_the_other_stood() -> None:
    gold, std = call("gold", 10, GOLD), call("std", 11, queue="other")
    people: tuple[Who, ...] = (*busy_seniors(30), idle("j", 1), gold, std)
    one = chooser(*people)
    look_at = one.match(11).look_again_at
    assert look_at is not None

    pair = resumed(one, 11, *people)

    assert not pair.second.changed
    assert pair.second.snapshot() == pair.first.snapshot()
    assert pair.second.explain("gold", 12) == pair.first.explain("gold", 12)
    for now in (look_at, 30.0, 50.0, 70.0):
        assert pair.second.match(now) == pair.first.match(now)


def test_a_call_that_is_kept_no_longer_is_not_kept_anew() -> None:
    first = call("a", 10, preferred="ana", preferred_until=60.0)
    kept = call("b", 12, preferred="bob", preferred_until=90.0)
    ana, bob = BusyAgent("ana", JUNIOR, 30.0), BusyAgent("bob", JUNIOR, 0.0)
    one = chooser(bob, first, kept)  # Ana was not there when her call came
    one.match(12)
    one.put_busy(ana, 30.0)

    pair = resumed(one, 31, ana, bob, first, kept)

    assert pair.second.snapshot() == pair.first.snapshot()
    for chooser_ in (pair.first, pair.second):
        chooser_.put_agent(idle("x", 32))
    assert (
        pairs(pair.first.match(32)) == pairs(pair.second.match(32)) == [("a", "x", "most_urgent")]
    )
