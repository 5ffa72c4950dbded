"""Who gets which call."""

from __future__ import annotations

from callcenter.domain.customer import Tier
from routing.engine import Router
from routing.types import IdleAgent, Matches, WaitingCall

HOLD_S = 20.0


def call(name: str, queued_at: float, tier: Tier = Tier.STANDARD, queue: str = "q") -> WaitingCall:
    """A waiting call."""
    return WaitingCall(name, queue, tier, queued_at, queued_at + HOLD_S)


def agent(
    name: str, idle_since: float, *, senior: bool = False, queues: tuple[str, ...] = ("q",)
) -> IdleAgent:
    """An idle agent."""
    return IdleAgent(name, queues, senior, idle_since)


def match(now: float, *people: WaitingCall | IdleAgent) -> Matches:
    """What a fresh router says of these."""
    router = Router()
    for one in people:
        if isinstance(one, WaitingCall):
            router.put_call(one)
        else:
            router.put_agent(one)
    return router.match(now)


def pairs(found: Matches) -> list[tuple[str, str, str]]:
    """Call, agent and reason of each offer."""
    return [(m.call, m.agent, m.reason) for m in found.offers]


def test_first_come_first_served_by_the_longest_idle() -> None:
    found = match(10, call("b", 2), call("a", 1), agent("x", 5), agent("y", 4))

    assert pairs(found) == [("a", "y", "longest_idle"), ("b", "x", "longest_idle")]


def test_tiers_go_before_arrival() -> None:
    found = match(
        10, call("std", 1), call("sil", 2, Tier.SILVER), call("gold", 3, Tier.GOLD),
        agent("s", 9, senior=True), agent("j", 1),
    )  # fmt: skip

    assert pairs(found) == [("gold", "s", "gold_to_senior"), ("sil", "j", "longest_idle")]


def test_gold_is_held_for_a_senior_and_the_router_says_until_when() -> None:
    found = match(10, call("gold", 3, Tier.GOLD), agent("j", 1))

    assert found == Matches((), 23.0)


def test_gold_overflows_when_the_hold_is_over() -> None:
    found = match(23, call("gold", 3, Tier.GOLD), agent("j", 1))

    assert pairs(found) == [("gold", "j", "gold_overflow")]


def test_a_held_gold_call_does_not_hold_up_the_others() -> None:
    found = match(10, call("gold", 3, Tier.GOLD), call("std", 4), agent("j", 1))

    assert pairs(found) == [("std", "j", "longest_idle")]
    assert found.look_again_at is None


def test_agents_only_get_calls_of_their_queues() -> None:
    found = match(
        10, call("a", 1, queue="p"), call("b", 2), agent("x", 1), agent("y", 2, queues=("p", "q"))
    )

    assert pairs(found) == [("a", "y", "longest_idle"), ("b", "x", "longest_idle")]


def test_nobody_is_matched_twice_and_who_left_is_not_matched() -> None:
    router = Router()
    router.put_call(call("a", 1))
    router.put_agent(agent("x", 1))
    router.put_agent(agent("y", 2))
    router.remove_agent("x")
    router.remove_agent("nobody")
    router.remove_call("nobody")

    assert pairs(router.match(5)) == [("a", "y", "longest_idle")]
    assert router.match(5) == Matches((), None)


def test_a_change_is_told_and_an_equal_put_is_none() -> None:
    router = Router()
    router.put_call(call("a", 1))
    router.put_agent(agent("x", 1, queues=()))
    assert router.changed
    router.match(5)

    router.put_call(call("a", 1))
    router.put_agent(agent("x", 1, queues=()))
    assert not router.changed

    router.put_call(call("a", 1, Tier.GOLD))
    assert router.changed


def test_who_waits_and_who_is_idle_is_counted_for_each_queue() -> None:
    router = Router()
    for one in (call("c1", 1.0), call("c2", 2.0, Tier.GOLD), call("c3", 3.0, queue="r")):
        router.put_call(one)
    router.put_agent(agent("ana", 1.0, senior=True, queues=("q", "s")))
    router.put_agent(agent("jon", 2.0, queues=("s",)))
    router.remove_call("c1")

    assert [router.count_waiting(queue) for queue in "qrsx"] == [1, 1, 0, 0]
    assert [router.count_idle(queue) for queue in "qrsx"] == [1, 0, 2, 0]
