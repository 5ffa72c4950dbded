"""Offering a call, ringing the agent and joining."""

from __future__ import annotations

import msgspec
import pytest

from callcenter.core import offers
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import AgentState
from callcenter.domain.call import Outcome
from callcenter.domain.customer import Tier
from callcenter.domain.records import (
    FaultRecord,
    OfferRecord,
    RepairRecord,
)
from tests.builders import CENTER, PBX, Bench, channel

RING_S = 15.0


def offered(bench: Bench, name: str = "a") -> str:
    """Who is being offered this caller."""
    return bench.call(name).agent


def test_the_card_is_sent_before_the_phone_is_rung() -> None:
    bench = Bench()
    bench.agents("ana", seniors=("ana",))

    bench.waiting_caller("a", Tier.GOLD)

    kinds = [type(x) for x in bench.commands if isinstance(x, c.PopCard | c.RingAgent)]
    assert kinds == [c.PopCard, c.RingAgent]
    card = bench.last(c.PopCard)
    assert (card.agent, card.customer, card.tier) == ("ana", "customer-a", Tier.GOLD)
    assert card.caller_number == "+3545551234"
    assert bench.agent("ana").state is AgentState.RESERVED


def test_a_gold_caller_goes_to_the_senior_although_a_junior_is_idle_longer() -> None:
    bench = Bench()
    bench.agents("jon", "ana", seniors=("ana",))

    bench.waiting_caller("a", Tier.GOLD)
    bench.waiting_caller("b")

    assert (offered(bench, "a"), offered(bench, "b")) == ("ana", "jon")


def test_a_gold_caller_goes_to_a_junior_when_no_senior_can_be_expected() -> None:
    bench = Bench()
    bench.agents("jon")

    bench.waiting_caller("a", Tier.GOLD)
    bench.talk("a")

    assert bench.call("a").answered_by == "jon"
    assert bench.call("a").overflowed


def test_the_longest_idle_agent_is_offered_the_next_call() -> None:
    bench = Bench()
    bench.agents("ana", "jon")
    bench.waiting_caller("a")
    bench.talk("a")
    bench.hang_up("a")
    bench.wait(31)

    bench.waiting_caller("b")

    assert offered(bench, "b") == "jon"


def test_a_phone_that_rings_out_makes_the_agent_not_ready_and_the_next_agent_is_asked() -> None:
    bench = Bench()
    bench.agents("ana", "jon")
    before = bench.waiting_caller("a")
    leg = bench.ring("a")

    bench.wait(RING_S + 1)

    assert (bench.agent("ana").state, bench.agent("ana").reason) == (
        AgentState.NOT_READY,
        "missed",
    )
    assert bench.last(c.HangUp).channel == leg
    assert offered(bench) == "jon"
    assert bench.call("a").queued_at == before.queued_at
    assert bench.kept(OfferRecord)[0].result == "no_answer"


def test_ring_time_counts_from_the_first_ringing() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    bench.wait(4)
    leg = bench.ring("a")

    bench.wait(RING_S - 1)
    bench.tell(e.LegRinging(leg))
    assert bench.agent("ana").state is AgentState.RINGING
    bench.wait(1.5)

    assert bench.agent("ana").state is AgentState.NOT_READY


def test_a_phone_that_does_not_ring_in_time_is_unreachable() -> None:
    bench = Bench()
    bench.agents("ana", "jon")
    bench.waiting_caller("a")

    bench.wait(offers.UNREACHABLE_S + 0.1)

    assert bench.agent("ana").reason == "unreachable"
    assert offered(bench) == "jon"


@pytest.mark.parametrize(
    ("cause", "rings", "reason"),
    [
        (17, True, "rejected"),
        (21, True, "rejected"),
        (19, True, "missed"),
        (20, False, "unreachable"),
    ],
)
def test_the_cause_of_the_legs_hangup_says_why(cause: int, rings: bool, reason: str) -> None:
    bench = Bench()
    bench.agents("ana", "jon")
    bench.waiting_caller("a")
    leg = bench.call("a").leg
    assert leg is not None
    bench.tell(e.LegCreated(leg))
    if rings:
        bench.tell(e.LegRinging(leg))

    bench.tell(e.OriginateFailed(leg))
    assert offered(bench) == "ana"
    bench.tell(e.ChannelHungUp(leg, cause))

    assert bench.agent("ana").reason == reason
    assert offered(bench) == "jon"


def test_a_dialing_that_never_made_a_channel_ends_with_its_response() -> None:
    bench = Bench()
    bench.agents("ana", "jon")
    leg = bench.waiting_caller("a").leg
    assert leg is not None

    bench.tell(e.OriginateFailed(leg))

    assert bench.agent("ana").reason == "unreachable"
    assert leg not in bench.machine.state.legs
    assert offered(bench) == "jon"


def test_a_refused_originate_is_an_unreachable_phone() -> None:
    bench = Bench()
    bench.agents("ana", "jon")
    bench.waiting_caller("a")

    bench.tell(e.CommandFailed(bench.last(c.RingAgent).id, "Extension does not exist"))

    assert bench.agent("ana").reason == "unreachable"
    assert offered(bench) == "jon"


def test_picked_up_and_put_down_before_the_join_is_a_rejection() -> None:
    bench = Bench()
    bench.agents("ana", "jon")
    bench.waiting_caller("a")
    leg = bench.ring("a")
    bench.tell(e.LegAnswered(leg))

    bench.tell(e.ChannelHungUp(leg, 0))

    assert bench.agent("ana").reason == "rejected"
    assert offered(bench) == "jon"


def test_a_caller_who_hangs_up_while_the_phone_rings_frees_the_agent_without_blame() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    leg = bench.ring("a")

    bench.hang_up("a")

    assert bench.agent("ana").state is AgentState.READY
    assert bench.last(c.HangUp).channel == leg
    assert bench.kept(OfferRecord)[0].result == "caller_gone"
    assert bench.ended().outcome is Outcome.ABANDONED
    bench.tell(e.ChannelHungUp(leg, 16))
    assert len(bench.machine.state.legs) == 0


def test_a_leg_made_after_its_hangup_was_refused_is_hung_up_again() -> None:
    bench = Bench()
    bench.agents("ana")
    leg = bench.waiting_caller("a").leg
    assert leg is not None
    bench.hang_up("a")

    bench.tell(e.LegCreated(leg))
    bench.tell(e.LegParked(leg))

    assert [h.channel for h in bench.sent(c.HangUp)] == [leg, leg, leg]


def test_a_leg_nobody_knows_is_hung_up_and_counted() -> None:
    bench = Bench()

    bench.tell(e.LegCreated(channel("leg-old")))

    assert bench.last(c.HangUp).channel == channel("leg-old")
    assert bench.kept(RepairRecord)[0].kind == "orphan_leg"


def test_the_join_waits_until_both_are_parked() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    leg = bench.ring("a")
    bench.tell(e.CallerLeftHold(channel("a")))
    bench.tell(e.LegAnswered(leg))
    bench.tell(e.LegParked(leg))
    assert bench.sent(c.JoinCall) == []

    bench.tell(e.CallerHeld(channel("a")))

    assert bench.last(c.JoinCall).leg == leg


def test_a_join_that_failed_has_the_pbx_asked_and_is_done_again() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    leg = bench.ring("a")
    bench.tell(e.LegAnswered(leg))
    bench.tell(e.LegParked(leg))

    bench.tell(e.CommandFailed(bench.last(c.JoinCall).id, "Channel1 does not exist"))
    assert bench.sent(c.ReadPbx) == []
    bench.wait(offers.JOIN_REFUSED_S)
    assert len(bench.sent(c.ReadPbx)) == 1
    bench.tell(e.LegParked(leg))

    assert len(bench.sent(c.JoinCall)) == 2


def test_an_answered_leg_that_is_never_joined_has_the_pbx_asked() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    leg = bench.ring("a")
    bench.tell(e.LegAnswered(leg))

    bench.wait(offers.JOIN_LEASE_S)
    assert len(bench.sent(c.ReadPbx)) == 1
    bench.tell(e.CommandFailed(bench.last(c.ReadPbx).id, "no answer", unknown=True))
    bench.wait(offers.JOIN_LEASE_S)

    assert len(bench.sent(c.ReadPbx)) == 2


def test_a_card_that_could_not_be_shown_is_a_fault_and_the_phone_rings_all_the_same() -> None:
    bench = Bench(allowed_faults=("*",))
    bench.agents("ana")
    bench.waiting_caller("a")

    bench.tell(e.CommandFailed(bench.last(c.PopCard).id, "no desktop is open"))

    assert bench.kept(FaultRecord)[0].kind == "card_not_shown"
    assert bench.agent("ana").state is AgentState.RESERVED


def test_nobody_is_rung_while_the_link_is_down() -> None:
    bench = Bench()
    bench.tell(e.PbxLinkLost(PBX, "cut"))
    bench.agents("ana")
    bench.waiting_caller("a")
    assert bench.sent(c.RingAgent) == []


def test_events_of_channels_that_are_not_ours_change_nothing() -> None:
    bench = Bench()
    bench.agents("ana")
    before = bench.machine.state.encode()
    ref = channel("other")

    for event in (
        e.ChannelJoined(ref, "b"),
        e.ChannelLeft(ref, "b"),
        e.ChannelHungUp(ref, 16),
        e.LegAnswered(ref),
        e.OriginateFailed(ref),
        e.IvrLeft(ref),
        e.IvrCommandEnded(ref, "x", 0),
        e.CallerLeftHold(ref),
        e.CommandSucceeded("x"),
        e.CommandFailed("x", "no"),
    ):
        step = bench.tell(event)
        assert step.commands == ()

    state = msgspec.msgpack.decode(before)
    after = msgspec.msgpack.decode(bench.machine.state.encode())
    moving = {"position": 0, "now": 0}
    assert {**state, **moving} == {**after, **moving}


def test_a_late_failure_of_a_join_that_succeeded_changes_nothing() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    bench.talk("a")
    join = bench.last(c.JoinCall).id
    bench.commands.clear()

    bench.tell(e.CommandFailed(join, "no"))

    assert bench.commands == []


def test_a_join_whose_outcome_is_unknown_waits_for_the_link() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    leg = bench.ring("a")
    bench.tell(e.LegAnswered(leg))
    bench.tell(e.LegParked(leg))

    bench.tell(e.CommandFailed(bench.last(c.JoinCall).id, "link lost", unknown=True))

    assert not bench.call("a").joining
    assert bench.sent(c.ReadPbx) == []


def test_an_overdue_join_over_a_dead_link_asks_nobody() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    leg = bench.ring("a")
    bench.tell(e.LegAnswered(leg))
    bench.tell(e.PbxLinkLost(PBX, "cut"))

    bench.wait(offers.JOIN_LEASE_S + 1)

    assert bench.sent(c.ReadPbx) == []


def test_a_caller_is_only_offered_to_agents_of_the_same_pbx() -> None:
    phones = {"1001": "north", "1002": PBX}
    bench = Bench(center=msgspec.structs.replace(CENTER, phones=phones))
    bench.tell(e.PbxStateRead("north", ()))
    bench.agents("ana", "jon")

    bench.waiting_caller("a")

    assert bench.last(c.RingAgent).leg.pbx == PBX
    assert offered(bench) == "jon"
