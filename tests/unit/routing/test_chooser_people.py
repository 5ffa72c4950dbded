"""Skills, agent steps, preferred agents; coming and going; stopping and going on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import msgspec
import pytest

from callcenter.domain.customer import Tier
from routing.chooser import Chooser
from routing.settings import Order, Settings
from routing.standing import Standing
from routing.work import (
    AgentStep,
    BusyAgent,
    FreeAgent,
    HoldReason,
    Matches,
    Need,
    Profile,
    Reason,
    Work,
)
from tests.unit.routing.people import JUNIOR, QUEUES, SENIOR, call, chooser, idle, pairs, skilled

GOLD, SILVER, STANDARD = Tier.GOLD, Tier.SILVER, Tier.STANDARD


Who: TypeAlias = Work | FreeAgent | BusyAgent


def busy_seniors(count: int, since: float = 0.0) -> list[BusyAgent]:
    """So many seniors at work."""
    return [BusyAgent(f"busy{number}", SENIOR, since) for number in range(count)]


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


def test_who_has_left_decides_nothing_before_a_restart_either() -> None:
    both = Profile((("q", 1.0), ("other", 1.0)), True)
    people: tuple[Who, ...] = (
        *(BusyAgent(f"j{number}", JUNIOR, 0.0) for number in range(9)),
        idle("j", 1),
        idle("s", 1, SENIOR),
    )
    one = chooser(*people, BusyAgent("both", both, 0.0))
    for number in range(40):
        one.estimates.arrived("other", GOLD, 10.0 * number)
    one.put_call(call("while both are there", 399))
    assert pairs(one.match(400)) == [("while both are there", "j", "junior")]
    one.put_agent(idle("j", 1))
    one.remove_agent("both")

    pair = resumed(one, 401, *people)

    for chooser_ in (pair.first, pair.second):
        chooser_.put_call(call("std", 401))
    found = pairs(pair.second.match(402))
    assert found == pairs(pair.first.match(402)) == [("std", "s", "senior_lent")]
