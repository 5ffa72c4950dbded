"""Talking, parting, and conversations that the native queue arranged."""

from __future__ import annotations

from itertools import pairwise

import pytest

from callcenter.core import offers
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import AgentState
from callcenter.domain.call import CallState, Outcome
from callcenter.domain.records import (
    AgentStateRecord,
    ConversationRecord,
    OfferRecord,
    RepairRecord,
)
from tests.builders import Bench, channel


def offered(bench: Bench, name: str = "a") -> str:
    """Who is being offered this caller."""
    return bench.call(name).agent


def test_a_call_is_answered_talked_and_wrapped_up() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")

    bench.talk("a")
    assert bench.call("a").state is CallState.CONNECTED
    assert bench.agent("ana").state is AgentState.TALKING
    bench.wait(60)
    leg = bench.call("a").leg
    bench.hang_up("a")

    assert bench.last(c.HangUp).channel == leg
    assert bench.agent("ana").state is AgentState.WRAP_UP
    assert bench.kept(ConversationRecord)[0].ended_at - bench.kept(ConversationRecord)[
        0
    ].began_at == pytest.approx(60)
    record = bench.ended()
    assert (record.outcome, record.answered_by, record.offers) == (Outcome.ANSWERED, "ana", 1)
    assert [o.result for o in bench.kept(OfferRecord)] == ["answered"]
    bench.wait(30)
    assert bench.agent("ana").state is AgentState.READY


@pytest.mark.parametrize("cause", offers.DELIBERATE)
def test_an_agent_who_hangs_up_ends_the_call(cause: int) -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    leg = bench.talk("a").leg
    assert leg is not None
    bench.wait(offers.ACCIDENT_S)

    bench.tell(e.ChannelLeft(leg, "b-a"))
    bench.tell(e.ChannelLeft(channel("a"), "b-a"))
    bench.tell(e.CallerHeld(channel("a")))
    bench.tell(e.ChannelHungUp(leg, cause))

    assert bench.last(c.HangUp).channel == channel("a")
    assert bench.agent("ana").state is AgentState.WRAP_UP
    bench.tell(e.CallerHeld(channel("a")))
    bench.hang_up("a")
    assert bench.ended().outcome is Outcome.ANSWERED


def test_an_agent_who_hangs_up_at_once_sends_the_caller_back_in_front() -> None:
    # The phone was picked up while the service was away, nobody was heard, and put down again: in
    # that moment the service came back and joined the two.
    bench = Bench()
    bench.agents("ana", "jon")
    before = bench.waiting_caller("a")
    leg = bench.talk("a").leg
    assert leg is not None
    bench.wait(offers.ACCIDENT_S - 0.1)

    bench.tell(e.ChannelHungUp(leg, 16))

    assert bench.sent(c.HangUp) == []
    assert bench.call("a").queued_at == before.queued_at
    assert offered(bench) == "jon"


def test_a_lost_agent_phone_sends_the_caller_back_in_front() -> None:
    bench = Bench()
    bench.agents("ana", "jon")
    before = bench.waiting_caller("a")
    leg = bench.talk("a").leg
    assert leg is not None

    bench.tell(e.ChannelHungUp(leg, 44))

    assert bench.call("a").queued_at == before.queued_at
    assert offered(bench) == "jon"
    assert bench.kept(RepairRecord)[0].kind == "agent_leg_lost"


def test_a_caller_back_on_hold_without_any_hangup_waits_again() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    bench.talk("a")

    bench.tell(e.ChannelLeft(channel("a"), "b-a"))
    bench.tell(e.CallerHeld(channel("a")))
    assert bench.call("a").state is CallState.CONNECTED
    bench.wait(offers.PARTED_S + 0.1)

    assert bench.call("a").state is CallState.WAITING
    assert bench.agent("ana").state is AgentState.WRAP_UP


def test_a_stale_parting_timer_does_nothing_to_a_new_conversation() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    bench.talk("a")
    bench.tell(e.CallerHeld(channel("a")))
    bench.tell(e.ChannelJoined(channel("a"), "b-a"))

    bench.wait(offers.PARTED_S + 0.1)

    assert bench.call("a").state is CallState.CONNECTED


def test_the_native_queue_connecting_a_caller_to_an_agent_is_taken_over() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.tell(e.NotReadyRequested("r", "ana", "lunch"))
    bench.waiting_caller("a")
    bench.tell(e.CallFellBack(channel("a")))

    bench.tell(e.FallbackAnswered(channel("a"), "1001", channel("q-1")))

    assert bench.call("a").state is CallState.CONNECTED
    assert bench.agent("ana").state is AgentState.TALKING
    bench.hang_up("a")
    assert bench.ended().via_fallback
    assert bench.ended().answered_by == "ana"


def test_the_native_queue_connecting_strangers_has_the_pbx_read() -> None:
    bench = Bench()

    bench.tell(e.FallbackAnswered(channel("a"), "1001", channel("q-1")))

    assert len(bench.sent(c.ReadPbx)) == 1


def test_the_native_queue_reaching_an_agent_who_is_being_rung_ends_that_offer() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    bench.waiting_caller("b")
    bench.ring("a")
    bench.tell(e.CallFellBack(channel("b")))

    bench.tell(e.FallbackAnswered(channel("b"), "1001", channel("q-1")))
    bench.tell(e.FallbackAnswered(channel("b"), "1001", channel("q-1")))

    assert bench.call("a").state is CallState.WAITING
    assert bench.agent("ana").call == bench.call("b").id


def test_a_connected_caller_who_falls_back_frees_the_agent() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    bench.talk("a")

    bench.tell(e.CallFellBack(channel("a")))

    assert bench.agent("ana").state is AgentState.WRAP_UP
    assert bench.call("a").state is CallState.IN_FALLBACK


def test_every_state_an_agent_leaves_is_recorded_with_its_time() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    bench.talk("a")
    bench.hang_up("a")
    bench.wait(30)

    states = [r.state for r in bench.kept(AgentStateRecord)]
    assert states == [
        "signed_out",
        "not_ready",
        "ready",
        "reserved",
        "ringing",
        "talking",
        "wrap_up",
    ]
    times = [(r.began_at, r.ended_at) for r in bench.kept(AgentStateRecord)]
    assert all(a[1] == b[0] for a, b in pairwise(times[1:]))


def test_a_late_word_that_the_leg_is_parked_changes_nothing_in_a_conversation() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    leg = bench.talk("a").leg
    assert leg is not None
    bench.commands.clear()

    bench.tell(e.LegParked(leg))

    assert bench.commands == []
    assert bench.call("a").state is CallState.CONNECTED


def test_a_leg_of_a_stranger_conversation_ends_without_an_agent_to_free() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    leg = bench.talk("a").leg
    assert leg is not None
    bench.tell(e.ChannelHungUp(leg, 16))
    bench.tell(e.ChannelHungUp(leg, 16))

    bench.hang_up("a")

    assert bench.ended().outcome is Outcome.ANSWERED
