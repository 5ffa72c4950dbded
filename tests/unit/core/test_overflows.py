"""What an overflow of the rules leads a caller to beyond another queue."""

from __future__ import annotations

import pytest

from callcenter.core import announcing
from callcenter.core.outside import SETUP_S
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.call import CallState, Outcome, Place
from callcenter.domain.ids import ChannelRef
from callcenter.domain.records import RoutingRecord
from callcenter.domain.rules import (
    External,
    Message,
    Overflow,
    Rule,
    Treatment,
    Voicemail,
)
from tests.builders import PBX, Bench, channel, leg_truth, truth
from tests.unit.core.rule_bench import caller, choose, find, hold, publish, ruled, rules_of, staff

BUSY = Message("all-busy")
BYE = Message("call-later", ends_call=True)
BRANCH = External("+3545550001", "carrier", ring_s=20.0)
MAIL = Voicemail("leave-a-message", max_s=60.0)


def leading(*overflow: Overflow) -> Bench:
    """Everybody is led on so."""
    return ruled(Rule("over", Treatment(overflow=overflow)))


def led_out(bench: Bench) -> list[str]:
    """To what calls were led so far."""
    return [r.detail for r in bench.kept(RoutingRecord) if r.kind == "led_out"]


def said(bench: Bench) -> list[tuple[str, ...]]:
    """What was said to callers, in order."""
    return [x.prompts for x in bench.sent(c.SayToCaller)]


def hear(bench: Bench, name: str) -> None:
    """The dialplan plays what it was told."""
    bench.tell(e.CallerLeftHold(channel(name)))
    bench.tell(e.AnnouncementBegan(channel(name)))


# --- messages -----------------------------------------------------------------------------------


def test_a_message_is_said_once_and_the_caller_waits_on_in_its_place() -> None:
    bench = leading(Overflow(after_s=30.0, message=BUSY), Overflow(after_s=31.0, message=BUSY))
    queued_at = caller(bench, "a").queued_at

    bench.wait(31)
    hear(bench, "a")
    assert bench.call("a").place is Place.ANNOUNCEMENT
    bench.tell(e.CallerHeld(channel("a")))
    bench.wait(60)

    assert said(bench) == [("all-busy",)]
    assert not bench.last(c.SayToCaller).ends_call
    call = bench.call("a")
    assert (call.state, call.queued_at, call.overflows) == (CallState.WAITING, queued_at, 2)
    assert led_out(bench) == []


def test_who_comes_in_behind_too_many_hears_the_message_instead_of_being_put_on_hold() -> None:
    bench = leading(Overflow(longer_than=1, message=BUSY))
    caller(bench, "a")
    caller(bench, "b")
    holds = len(bench.sent(c.HoldCaller))
    find(bench, "c")
    ref = channel("c")
    bench.tell(e.IvrCommandEnded(ref, bench.last(c.PlayPrompt).id, 0))

    bench.tell(e.IvrCommandEnded(ref, bench.last(c.AskDigit).id, 1, digits="1"))

    assert said(bench) == [("all-busy",)]
    assert len(bench.sent(c.HoldCaller)) == holds
    bench.tell(e.IvrLeft(ref))
    bench.tell(e.AnnouncementBegan(ref))
    bench.tell(e.CallerHeld(ref))
    assert bench.call("c").place is Place.HOLD
    assert bench.deadlines(("lease",)) == {}


def test_a_last_message_ends_the_call_and_nobody_is_offered_it() -> None:
    bench = leading(Overflow(after_s=30.0, message=BYE))
    caller(bench, "a")
    bench.wait(31)
    hear(bench, "a")

    staff(bench, "ana")
    assert bench.agent("ana").state == "ready"
    bench.hang_up("a")

    assert bench.last(c.SayToCaller).ends_call
    assert bench.ended().outcome is Outcome.ENDED_BY_FLOW
    assert led_out(bench) == ["message"]
    assert bench.deadlines() == {}


def test_an_agent_who_picks_up_in_the_midst_of_a_message_is_joined_at_once() -> None:
    bench = leading(Overflow(after_s=30.0, message=BUSY))
    caller(bench, "a")
    bench.wait(31)
    hear(bench, "a")

    staff(bench, "ana")
    leg = bench.ring("a")
    bench.tell(e.LegAnswered(leg))
    bench.tell(e.LegParked(leg))

    assert bench.last(c.JoinCall).leg == leg
    bench.tell(e.ChannelJoined(channel("a"), "b"))
    bench.tell(e.ChannelJoined(leg, "b"))
    assert bench.call("a").state is CallState.CONNECTED
    assert bench.deadlines() == {}


def test_an_agent_who_picks_up_before_the_message_began_is_joined_when_it_does() -> None:
    bench = leading(Overflow(after_s=30.0, message=BUSY))
    caller(bench, "a")
    bench.wait(31)
    staff(bench, "ana")
    leg = bench.ring("a")
    bench.tell(e.LegAnswered(leg))
    bench.tell(e.LegParked(leg))
    assert bench.sent(c.JoinCall) == []

    hear(bench, "a")

    assert bench.last(c.JoinCall).leg == leg


def test_a_message_whose_word_is_lost_is_asked_after() -> None:
    bench = leading(Overflow(after_s=30.0, message=BUSY))
    caller(bench, "a")
    bench.wait(31)
    readings = len(bench.sent(c.ReadPbx))

    bench.wait(announcing.SAY_LEASE_S)
    assert len(bench.sent(c.ReadPbx)) > readings
    bench.tell(e.PbxStateRead(PBX, (truth("a", Place.HOLD),)))

    assert bench.call("a").place is Place.HOLD
    assert bench.deadlines(("lease",)) == {}


def test_a_message_that_was_refused_leaves_the_caller_waiting() -> None:
    bench = leading(Overflow(after_s=30.0, message=BYE))
    caller(bench, "a")
    bench.wait(31)

    bench.tell(e.CommandFailed(bench.last(c.SayToCaller).id, "Channel does not exist"))
    assert not bench.call("a").ending
    bench.wait(announcing.SAY_REFUSED_S)
    bench.tell(e.PbxStateRead(PBX, (truth("a", Place.HOLD),)))

    staff(bench, "ana")
    assert bench.call("a").agent == "ana"


def test_a_refusal_for_a_caller_who_is_back_on_hold_leaves_it_waiting() -> None:
    bench = leading(Overflow(after_s=30.0, message=BYE))
    caller(bench, "a")
    bench.wait(31)
    command = bench.last(c.SayToCaller)
    bench.tell(e.CallerHeld(channel("a")))  # the look at the heartbeat has crossed it

    bench.tell(e.CommandFailed(command.id, "Redirect failed"))

    assert bench.deadlines() == {}
    assert not bench.call("a").ending
    staff(bench, "ana")
    assert bench.call("a").agent == "ana"


def test_a_refusal_for_a_caller_who_has_gone_means_nothing() -> None:
    bench = leading(Overflow(after_s=30.0, message=BYE))
    caller(bench, "a")
    bench.wait(31)
    bench.hang_up("a")

    bench.tell(e.CommandFailed(bench.last(c.SayToCaller).id, "No such channel"))

    assert bench.deadlines() == {}


def test_a_message_to_wait_with_that_was_refused_is_looked_after() -> None:
    bench = leading(Overflow(after_s=30.0, message=BUSY))
    caller(bench, "a")
    bench.wait(31)

    bench.tell(e.CommandFailed(bench.last(c.SayToCaller).id, "Redirect failed"))
    bench.wait(announcing.SAY_REFUSED_S)

    assert isinstance(bench.commands[-1], c.ReadPbx)


def test_a_prompt_that_is_missing_is_told() -> None:
    bench = leading(Overflow(after_s=30.0, message=BUSY))
    bench.allowed_faults = ("announcement_failed",)
    caller(bench, "a")
    bench.wait(31)
    hear(bench, "a")

    bench.tell(e.AnnouncementFailed(channel("a")))
    bench.tell(e.AnnouncementFailed(channel("gone")))
    bench.tell(e.CallerHeld(channel("a")))

    assert bench.call("a").state is CallState.WAITING


def test_the_announcement_of_a_caller_nobody_knows_has_the_pbx_read() -> None:
    bench = leading()

    bench.tell(e.AnnouncementBegan(channel("x")))
    bench.tell(e.VoicemailBegan(channel("x")))

    assert len(bench.sent(c.ReadPbx)) == 1


def test_rules_published_in_the_midst_do_not_say_a_message_again() -> None:
    overflow = Overflow(after_s=30.0, message=BUSY)
    bench = leading(overflow)
    caller(bench, "a")
    bench.wait(31)
    hear(bench, "a")
    bench.tell(e.CallerHeld(channel("a")))

    publish(bench, rules_of(Rule("new", Treatment(overflow=(overflow,)))))
    bench.wait(30)

    assert said(bench) == [("all-busy",)]
    assert bench.call("a").rule == "new"


def test_an_overflow_over_a_link_that_is_down_waits_for_it() -> None:
    bench = leading(Overflow(after_s=30.0, message=BUSY))
    caller(bench, "a")
    bench.tell(e.PbxLinkLost(PBX, "test"))
    bench.wait(35)
    assert said(bench) == []

    bench.tell(e.PbxStateRead(PBX, (truth("a", Place.HOLD),)))
    bench.wait(2)

    assert said(bench) == [("all-busy",)]


def test_a_missed_ring_lets_an_overflow_that_came_true_meanwhile_have_its_way() -> None:
    bench = leading(Overflow(after_s=2.0, message=BUSY))
    staff(bench, "ana")
    caller(bench, "a")
    hold(bench, "a")
    bench.wait(3)
    assert said(bench) == []

    bench.wait(20)

    assert said(bench) == [("all-busy",)]


# --- after a restart ------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [Place.ANNOUNCEMENT, Place.DIALPLAN])
def test_a_restart_in_the_midst_of_a_last_message_lets_it_end(place: Place) -> None:
    bench = leading(Overflow(after_s=30.0, message=BYE))
    caller(bench, "a")
    bench.wait(31)
    hear(bench, "a")

    bench.restart(truth("a", place))

    assert bench.call("a").ending
    assert bench.sent(c.HangUp) == []
    assert bench.deadlines(("lease",)) != {}
    bench.hang_up("a")
    assert bench.ended().outcome is Outcome.ENDED_BY_FLOW


def test_a_last_message_that_never_began_leaves_the_caller_waiting_after_a_restart() -> None:
    bench = leading(Overflow(after_s=30.0, message=BYE))
    caller(bench, "a")
    bench.wait(31)

    bench.restart(truth("a", Place.HOLD))

    assert (bench.call("a").state, bench.call("a").ending) == (CallState.WAITING, False)


def test_a_caller_found_in_an_announcement_after_a_restart_waits_on() -> None:
    bench = leading(Overflow(after_s=30.0, message=BUSY))
    caller(bench, "a")
    bench.wait(31)

    bench.restart(truth("a", Place.ANNOUNCEMENT))

    assert (bench.call("a").state, bench.call("a").place) == (
        CallState.WAITING,
        Place.ANNOUNCEMENT,
    )
    bench.tell(e.CallerHeld(channel("a")))
    assert bench.deadlines(("lease",)) == {}


# --- a number outside -----------------------------------------------------------------------------


def dialed_outside(bench: Bench, name: str = "a") -> ChannelRef:
    """The caller has waited long enough: the number outside is being dialed."""
    caller(bench, name)
    bench.wait(31)
    assert bench.call(name).state is CallState.OFFERED
    return bench.last(c.DialOutside).leg


def test_a_number_outside_that_answers_is_joined_with_the_caller() -> None:
    bench = leading(Overflow(after_s=30.0, external=BRANCH))
    leg = dialed_outside(bench)
    command = bench.last(c.DialOutside)
    assert (command.trunk, command.outside) == ("carrier", "+3545550001")
    bench.tell(e.LegCreated(leg))
    bench.tell(e.LegRinging(leg))
    bench.tell(e.LegRinging(leg))
    bench.wait(10)

    bench.tell(e.LegAnswered(leg))
    bench.tell(e.LegParked(leg))
    bench.tell(e.ChannelJoined(channel("a"), "b"))
    bench.tell(e.ChannelJoined(leg, "b"))

    assert bench.call("a").state is CallState.CONNECTED
    assert led_out(bench) == ["external"]
    assert bench.deadlines() == {}
    bench.wait(100)
    bench.hang_up("a")
    assert bench.last(c.HangUp).channel == leg
    assert bench.ended().outcome is Outcome.LED_OUT
    bench.tell(e.ChannelHungUp(leg, 16))
    assert len(bench.machine.state.legs) == 0


def test_whoever_hangs_up_outside_ends_the_call() -> None:
    bench = leading(Overflow(after_s=30.0, external=BRANCH))
    leg = dialed_outside(bench)
    bench.talk("a")
    bench.wait(30)

    bench.tell(e.ChannelHungUp(leg, 16))

    assert bench.last(c.HangUp).channel == channel("a")
    bench.hang_up("a")
    assert bench.ended().outcome is Outcome.LED_OUT


@pytest.mark.parametrize("rings", [True, False])
def test_a_number_outside_that_does_not_answer_gives_the_caller_its_place_back(
    rings: bool,
) -> None:
    bench = leading(Overflow(after_s=30.0, external=BRANCH), Overflow("sales", after_s=31.0))
    leg = dialed_outside(bench)
    queued_at = bench.call("a").queued_at
    bench.tell(e.LegCreated(leg))
    if rings:
        bench.tell(e.LegRinging(leg))

    bench.wait(21 if rings else SETUP_S + 1)

    assert bench.last(c.HangUp).channel == leg
    bench.tell(e.ChannelHungUp(leg, 16))
    bench.wait(2)
    call = bench.call("a")
    assert (call.state, call.queue, call.queued_at) == (CallState.WAITING, "sales", queued_at)
    assert len(bench.sent(c.DialOutside)) == 1
    staff(bench, "ana", queues=("sales",))
    assert bench.call("a").agent == "ana"


@pytest.mark.parametrize("how", ["busy", "refused", "withheld", "no channel"])
def test_a_number_outside_that_cannot_be_reached_does_so_at_once(how: str) -> None:
    bench = leading(Overflow(after_s=30.0, external=BRANCH))
    leg = dialed_outside(bench)
    command = bench.last(c.DialOutside)

    if how == "busy":
        bench.tell(e.LegCreated(leg))
        bench.tell(e.ChannelHungUp(leg, 17))
    elif how == "no channel":
        bench.tell(e.OriginateFailed(leg))
    else:
        bench.tell(e.CommandFailed(command.id, "no", withheld=how == "withheld"))

    assert bench.call("a").state is CallState.WAITING
    assert len(bench.machine.state.legs) == 0


def test_a_caller_who_leaves_while_it_rings_outside_ends_the_ringing() -> None:
    bench = leading(Overflow(after_s=30.0, external=BRANCH))
    leg = dialed_outside(bench)
    bench.tell(e.LegCreated(leg))

    bench.hang_up("a")

    assert bench.last(c.HangUp).channel == leg
    assert bench.ended().outcome is Outcome.ABANDONED
    bench.tell(e.ChannelHungUp(leg, 16))
    assert bench.deadlines() == {}


def test_what_is_told_late_of_a_number_outside_that_nobody_waits_for_changes_nothing() -> None:
    bench = leading(Overflow(after_s=30.0, external=BRANCH))
    leg = dialed_outside(bench)
    bench.hang_up("a")

    bench.tell(e.LegRinging(leg))
    bench.tell(e.OriginateFailed(leg))
    bench.machine.state.set_timer("outside:gone", bench.now)
    bench.tell(e.Tick())

    assert len(bench.machine.state.calls) == 0
    bench.tell(e.ChannelHungUp(leg, 17))
    assert len(bench.machine.state.legs) == 0
    assert bench.deadlines() == {}


def test_a_number_outside_that_could_not_be_dialed_for_a_caller_who_has_gone_is_forgotten() -> None:
    bench = leading(Overflow(after_s=30.0, external=BRANCH))
    leg = dialed_outside(bench)
    bench.hang_up("a")

    bench.tell(e.OriginateFailed(leg))

    assert len(bench.machine.state.legs) == 0


def test_who_is_to_be_led_outside_from_the_menu_is_put_on_hold_first() -> None:
    bench = leading(Overflow(without_agents=True, external=BRANCH))
    find(bench, "a")
    choose(bench, "a")

    assert bench.call("a").state is CallState.OFFERED
    kinds = [type(x) for x in bench.commands if isinstance(x, c.HoldCaller | c.DialOutside)]
    assert kinds == [c.HoldCaller, c.DialOutside]


def test_a_restart_while_it_rings_outside_goes_on_from_where_it_is() -> None:
    bench = leading(Overflow(after_s=30.0, external=BRANCH))
    leg = dialed_outside(bench)
    bench.tell(e.LegCreated(leg))
    bench.tell(e.LegRinging(leg))

    bench.restart(truth("a", Place.HOLD), leg_truth(leg, Place.HOLD))

    assert bench.last(c.JoinCall).leg == leg
    assert bench.sent(c.DialOutside) == []


def test_a_restart_finds_the_caller_talking_outside() -> None:
    bench = leading(Overflow(after_s=30.0, external=BRANCH))
    leg = dialed_outside(bench)

    bench.restart(truth("a", Place.BRIDGE, bridge="b"), leg_truth(leg, Place.BRIDGE, bridge="b"))

    assert bench.call("a").state is CallState.CONNECTED
    assert bench.sent(c.HangUp) == []
    assert led_out(bench) == ["external"]


def test_a_restart_that_does_not_find_the_leg_gives_the_caller_its_place_back() -> None:
    bench = leading(Overflow(after_s=30.0, external=BRANCH))
    dialed_outside(bench)

    bench.restart(truth("a", Place.HOLD))

    assert bench.call("a").state is CallState.WAITING
    assert len(bench.machine.state.legs) == 0


def test_a_line_outside_that_is_lost_brings_the_caller_back_in_front() -> None:
    bench = leading(Overflow(after_s=30.0, external=BRANCH))
    leg = dialed_outside(bench)
    queued_at = bench.call("a").queued_at
    bench.talk("a")
    bench.wait(20)

    bench.tell(e.ChannelHungUp(leg, 38))

    call = bench.call("a")
    assert (call.state, call.queued_at, call.led_to) == (CallState.WAITING, queued_at, "")
