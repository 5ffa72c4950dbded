"""Why a call still waits, what would happen next, and how long it will take."""

from __future__ import annotations

import math

import pytest

from callcenter.domain.customer import Tier
from routing.chooser import Chooser
from routing.explaining import WAIT_MAX_S, Fit, NextStep, Waiting, WaitReason
from routing.settings import PRESETS, Settings
from routing.work import AgentStep, BusyAgent, FreeAgent, Need, Profile, is_widening
from tests.unit.routing.people import JUNIOR, SENIOR, call, chooser, idle, skilled

GOLD, STANDARD = Tier.GOLD, Tier.STANDARD


def at_work(count: int, profile: Profile = JUNIOR) -> list[BusyAgent]:
    """So many agents at work since time 0."""
    return [BusyAgent(f"b{number}", profile, 0.0) for number in range(count)]


def ask(one: Chooser, name: str, now: float) -> Waiting:
    """How this call stands; it waits."""
    found = one.explain(name, now)
    assert found is not None
    return found


def test_with_nobody_signed_in_that_is_the_reason_and_no_wait_is_promised() -> None:
    one = chooser(call("a", 10))
    one.match(10)

    found = ask(one, "a", 12)

    assert (found.reason, found.expected_s, found.position) == (WaitReason.NOBODY, None, 1)
    assert found.next == ((910.0, NextStep.OVERDUE),)


def test_with_all_at_work_that_is_the_reason_and_the_wait_is_theirs() -> None:
    one = chooser(*at_work(10), call("a", 10))
    one.match(10)

    found = ask(one, "a", 12)

    assert (found.reason, found.busy, found.idle) == (WaitReason.ALL_BUSY, 10, 0)
    hang_up = 1 / 420.0
    assert found.expected_s == pytest.approx(math.log1p(hang_up * 18.0) / hang_up)


def test_a_held_call_says_what_it_is_held_for_and_what_comes_next() -> None:
    steps = (AgentStep(0.0), AgentStep(30.0))
    one = chooser(*at_work(30, SENIOR), idle("j", 1), call("a", 10, GOLD, steps=steps))
    one.match(10)

    found = ask(one, "a", 12)

    assert (found.reason, found.busy, found.idle) == (WaitReason.HELD, 30, 1)
    assert found.next == (
        (40.0, NextStep.WIDENED),
        (70.0, NextStep.HOLD_ENDS),
        (910.0, NextStep.OVERDUE),
    )


def test_a_call_kept_for_an_agent_says_for_whom_and_until_when() -> None:
    one = chooser(
        BusyAgent("ana", JUNIOR, 0.0), call("a", 10, preferred="ana", preferred_until=50.0)
    )
    one.match(10)

    found = ask(one, "a", 12)

    assert (found.reason, found.preferred) == (WaitReason.HELD, "ana")
    assert found.next[0] == (50.0, NextStep.RELEASED)


def test_the_position_counts_who_goes_before_in_the_same_queue() -> None:
    one = chooser(
        call("std1", 1), call("std2", 2), call("gold", 3, GOLD), call("other", 0, queue="other")
    )
    one.match(3)

    assert [ask(one, name, 4).position for name in ("gold", "std1", "std2")] == [1, 2, 3]


def test_in_order_of_arrival_the_position_is_that_of_the_arrival() -> None:
    settings = PRESETS["equal_waits"]
    one = chooser(*at_work(5), call("std", 1), call("gold", 3, GOLD), settings=settings)
    one.match(3)
    std, gold = ask(one, "std", 4), ask(one, "gold", 4)

    assert (std.position, gold.position) == (1, 2)
    assert std.expected_s is not None
    assert gold.expected_s is not None
    assert std.expected_s < gold.expected_s


def test_worthier_calls_to_come_and_other_queues_of_the_agents_make_the_wait_longer() -> None:
    both = Profile((("q", 1.0), ("r", 1.0)))
    one = chooser(*at_work(10, both), call("a", 10))
    one.match(10)
    alone = ask(one, "a", 10).expected_s
    one.put_call(call("b", 5, queue="r"))
    one.match(10)
    with_other = ask(one, "a", 10).expected_s
    for number in range(30):
        one.estimates.arrived("r", GOLD, 20.0 * number)
    with_gold = ask(one, "a", 10).expected_s

    assert alone is not None
    assert with_other is not None
    assert with_gold is not None
    assert alone < with_other < with_gold


def test_no_wait_longer_than_two_hours_is_told() -> None:
    calls = [call(f"c{number:04d}", number / 100) for number in range(2000)]
    settings = Settings(patience_start_s=1e9)
    one = chooser(*at_work(1), *calls, call("a", 100.0), settings=settings)
    one.match(100)

    assert ask(one, "a", 100).expected_s == WAIT_MAX_S


def test_of_each_agent_it_is_said_why_not_the_one() -> None:
    one = chooser(
        idle("ana", 1, skilled("loans")), idle("bob", 1), idle("cem", 1, Profile((("x", 1.0),))),
        BusyAgent("dora", skilled("loans"), 0.0),
        FreeAgent("eve", skilled("loans"), 1.0, (("voice", 0), ("chat", 1))),
        BusyAgent("fay", skilled("loans"), 0.0),
    )  # fmt: skip
    steps = (AgentStep(0.0, (Need("loans"),)), AgentStep(20.0))
    one.put_call(call("a", 10, steps=steps, preferred="fay", preferred_until=50.0))
    one.match(10)

    names = ("ana", "bob", "cem", "dora", "eve", "gus")
    assert {name: one.fit("a", name, 10) for name in names} == {
        "ana": Fit.KEPT_FOR_ANOTHER,
        "bob": Fit.LACKS_SKILL,
        "cem": Fit.OTHER_QUEUES,
        "dora": Fit.AT_WORK,
        "eve": Fit.NO_ROOM,
        "gus": Fit.NOT_HERE,
    }
    assert one.fit("a", "bob", 31) is Fit.KEPT_FOR_ANOTHER
    assert one.fit("nobody", "ana", 10) is None


def test_an_agent_whom_a_held_call_passes_by_may_take_it() -> None:
    one = chooser(*at_work(30, SENIOR), idle("j", 1), call("a", 10, GOLD))
    one.match(10)

    assert one.fit("a", "j", 10) is Fit.MAY_TAKE_IT


@pytest.mark.parametrize(
    ("steps", "widens"),
    [
        ((AgentStep(0.0),), True),
        (
            (AgentStep(0.0, (Need("x", 2),)), AgentStep(10.0, (Need("x", 1),)), AgentStep(20.0)),
            True,
        ),
        ((), False),
        ((AgentStep(5.0),), False),
        ((AgentStep(0.0), AgentStep(0.0)), False),
        ((AgentStep(0.0, (Need("x", 1),)), AgentStep(10.0, (Need("x", 2),))), False),
        ((AgentStep(0.0), AgentStep(10.0, (Need("y"),))), False),
    ],
)
def test_steps_must_begin_at_once_and_ask_for_less_and_less(
    steps: tuple[AgentStep, ...], widens: bool
) -> None:
    assert is_widening(steps) is widens
