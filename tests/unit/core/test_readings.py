"""The machine reads each PBX by itself, and a reading says nothing of what is under way."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from callcenter.core import inbound, readings
from callcenter.core.state import decode_state
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import AgentState
from callcenter.domain.call import CallState, Outcome, Place
from callcenter.domain.center import REVIEW_EVERY_S
from callcenter.domain.ids import ChannelRef
from callcenter.domain.records import RepairRecord
from tests.builders import CENTER, PBX, Bench, channel, leg_truth, truth

Rows: TypeAlias = tuple[e.ChannelTruth, ...]


def repairs(bench: Bench) -> list[str]:
    """Kinds of repairs made, in order."""
    return [r.kind for r in bench.kept(RepairRecord)]


def leg_of(bench: Bench, name: str = "a") -> ChannelRef:
    leg = bench.call(name).leg
    assert leg is not None
    return leg


def talking() -> tuple[Bench, Rows]:
    """Ana talks with caller a; the rows that say so."""
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    bench.talk("a")
    rows = (
        truth("a", Place.BRIDGE, bridge="b-a"),
        leg_truth(leg_of(bench), Place.BRIDGE, bridge="b-a"),
    )
    return bench, rows


# --- when -----------------------------------------------------------------------------------------


def test_a_conversation_whose_end_nobody_told_is_found_over_within_a_minute() -> None:
    bench, _ = talking()

    bench.review()

    assert bench.agent("ana").state is AgentState.WRAP_UP
    assert bench.ended().outcome is Outcome.ANSWERED
    assert "call_gone" in repairs(bench)


def test_a_conversation_of_three_hours_is_looked_at_each_minute_and_let_be() -> None:
    bench, rows = talking()
    said = len(bench.commands), len(bench.records)

    for _ in range(180):
        bench.review(*rows)

    assert bench.agent("ana").state is AgentState.TALKING
    assert len(bench.sent(c.ReadPbx)) == 180
    assert (len(bench.commands) - 180, len(bench.records)) == said


def test_a_reading_that_is_on_its_way_is_not_sent_again() -> None:
    bench = Bench()
    bench.order_reading()

    bench.tell(e.CallerHeld(channel("stranger")))

    assert len(bench.sent(c.ReadPbx)) == 1


def test_a_reading_that_is_never_answered_does_not_keep_the_next_from_being_sent() -> None:
    bench = Bench()
    bench.order_reading()

    bench.wait(2 * REVIEW_EVERY_S)

    assert len(bench.sent(c.ReadPbx)) == 3


def test_no_pbx_is_read_over_a_link_that_is_down() -> None:
    bench = Bench()
    bench.tell(e.PbxLinkLost(PBX, "reset"))
    bench.wait(10 * REVIEW_EVERY_S)
    assert bench.sent(c.ReadPbx) == []

    bench.tell(e.PbxStateRead(PBX, ()))
    bench.wait(REVIEW_EVERY_S)

    assert len(bench.sent(c.ReadPbx)) == 1


def test_a_review_left_over_from_a_link_that_is_down_reads_nothing() -> None:
    bench = Bench()
    bench.tell(e.PbxLinkLost(PBX, "reset"))
    bench.machine.state.set_timer(f"review:{PBX}", bench.now)

    bench.tell(e.Tick())

    assert bench.sent(c.ReadPbx) == []
    assert f"review:{PBX}" not in bench.machine.state.timers


def test_a_reading_that_was_refused_may_be_asked_for_at_once() -> None:
    bench = Bench()
    reading = bench.order_reading()

    bench.tell(e.CommandFailed(reading, "no link"))
    bench.tell(e.CallerHeld(channel("stranger")))

    assert len(bench.sent(c.ReadPbx)) == 2


def test_the_failure_of_a_reading_that_was_given_up_takes_nothing_back() -> None:
    bench = Bench()
    first = bench.order_reading()
    bench.wait(readings.UNANSWERED_S)
    second = bench.order_reading()

    bench.tell(e.CommandFailed(first, "no answer", unknown=True))

    assert bench.machine.state.readings[PBX].command == second


def test_a_reading_on_its_way_is_known_after_a_snapshot() -> None:
    bench, _ = talking()
    bench.order_reading()

    again = decode_state(bench.machine.state.encode())

    assert again.readings[PBX] == bench.machine.state.readings[PBX]
    assert again.settles.as_dict() == bench.machine.state.settles.as_dict() != {}


# --- what it leaves alone -------------------------------------------------------------------------


def test_an_answer_that_comes_late_is_as_old_as_the_first_order_that_it_may_answer() -> None:
    bench = Bench()
    first = bench.order_reading()
    bench.wait(readings.UNANSWERED_S)
    bench.tell(e.CommandFailed(first, "no answer", unknown=True))
    bench.tell(e.CallArrived(channel("a"), "5551234", "7000"))
    bench.wait(5)
    bench.order_reading()

    bench.tell(e.PbxStateRead(PBX, ()))  # the first one's

    assert bench.call("a").state is CallState.IN_IVR


def test_a_state_that_nobody_asked_for_ends_no_call_that_has_just_come() -> None:
    bench = Bench()
    bench.tell(e.CallArrived(channel("a"), "5551234", "7000"))
    bench.wait(1)
    bench.tell(e.PbxStateRead(PBX, ()))
    assert bench.call("a").state is CallState.IN_IVR

    bench.wait(readings.UNANSWERED_S)
    bench.tell(e.PbxStateRead(PBX, ()))

    assert bench.ended().outcome is Outcome.LOST


def test_a_caller_whose_menu_runs_is_probed_only_when_the_result_is_overdue() -> None:
    bench = Bench()
    bench.tell(e.CallArrived(channel("a"), "5551234", "7000"))
    bench.wait(5)
    bench.order_reading()
    bench.tell(e.PbxStateRead(PBX, (truth("a", Place.MENU),)))
    assert bench.sent(c.ProbeMenu) == []

    bench.wait(inbound.MENU_LEASE_S)
    bench.tell(e.PbxStateRead(PBX, (truth("a", Place.MENU),)))
    assert len(bench.sent(c.ProbeMenu)) == 1
    bench.order_reading()
    bench.tell(e.PbxStateRead(PBX, (truth("a", Place.MENU),)))

    assert len(bench.sent(c.ProbeMenu)) == 1


def test_a_caller_hung_up_by_us_is_hung_up_again_only_when_the_first_did_nothing() -> None:
    bench, rows = talking()
    bench.order_reading()
    bench.ask(e.HangUpRequested, "ana")
    bench.tell(e.PbxStateRead(PBX, rows))
    assert len(bench.sent(c.HangUp)) == 1
    bench.wait(1)

    bench.order_reading()
    bench.tell(e.PbxStateRead(PBX, rows))

    assert len(bench.sent(c.HangUp)) == 2


def test_a_command_that_was_refused_is_under_way_no_more() -> None:
    bench = Bench()
    bench.tell(e.CallArrived(channel("a"), "5551234", "9999"))
    bench.tell(e.CommandFailed(bench.last(c.HoldCaller).id, "Permission denied"))
    bench.now += 0.01

    bench.order_reading()
    bench.tell(e.PbxStateRead(PBX, (truth("a", Place.MENU),)))

    assert len(bench.sent(c.HoldCaller)) == 2


def test_a_leg_whose_originate_came_to_nothing_without_a_word_is_missed_in_the_end() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    leg = leg_of(bench)
    bench.wait(6)  # the phone did not ring: the offer is over, and the leg is to be hung up
    assert bench.call("a").state is CallState.WAITING

    bench.review(truth("a", Place.HOLD))

    assert leg not in bench.machine.state.legs
    assert repairs(bench) == ["leg_gone"]


def test_a_caller_on_the_way_to_us_is_met_when_it_is_there_and_not_in_the_dialplan() -> None:
    bench = Bench()

    bench.review(truth("a", Place.DIALPLAN))
    assert repairs(bench) == []
    bench.review(truth("a", Place.MENU))  # the word of it was lost

    assert repairs(bench) == ["unknown_caller"]
    assert bench.call("a").state is CallState.IN_IVR


def test_an_open_line_found_where_it_is_known_to_be_is_not_touched() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.campaign()
    bench.open_line("ana")
    line = bench.agent("ana").line
    assert line is not None
    bench.wait(REVIEW_EVERY_S - 5)
    bench.order_reading()

    step = bench.tell(e.PbxStateRead(PBX, (leg_truth(line, Place.HOLD),)))

    assert (step.commands, step.records, step.touched) == ((), (), ())


def test_a_message_that_is_known_to_play_goes_on() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    line = bench.agent("ana").line
    assert line is not None
    bench.tell(e.ChannelHungUp(line, 16))
    bench.person(ref)
    bench.message(ref)
    bench.wait(2)
    bench.order_reading()

    rows = (e.ChannelTruth(ref, "carrier", Place.HARBOUR, role="dialed"),)
    step = bench.tell(e.PbxStateRead(PBX, rows))

    assert (step.commands, step.records) == ((), ())
    assert bench.call(ref.id).ending


def test_a_phone_dialed_that_does_not_ring_yet_is_not_taken_for_ringing() -> None:
    # Its ring time would run from the reading, and be over too soon.
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    line = bench.agent("ana").line
    assert line is not None
    bench.tell(e.AttemptCreated(ref))
    bench.wait(1)
    bench.order_reading()

    rows = (
        e.ChannelTruth(ref, "carrier", Place.DIALPLAN, up=False, role="dialed"),
        leg_truth(line, Place.HOLD),
    )
    bench.tell(e.PbxStateRead(PBX, rows))

    assert bench.attempt(ref).ringing_at == 0.0
    assert f"ringout:{ref.id}" not in bench.machine.state.timers


# --- PBXs taken out of the config -----------------------------------------------------------------


def test_what_lived_in_a_pbx_that_is_configured_no_more_ends_as_lost() -> None:
    bench, _ = talking()
    bench.waiting_caller("b")

    elsewhere = msgspec.structs.replace(CENTER, phones={"1001": "new"}, pbxs=("new",))
    bench.tell(e.CenterConfigured(elsewhere))

    state = bench.machine.state
    assert bench.agent("ana").state is AgentState.SIGNED_OUT
    assert [len(x) for x in (state.calls, state.legs, state.links, state.settles)] == [0] * 4
    assert bench.ended().outcome is Outcome.LOST
    assert repairs(bench).count("call_gone") == 2
    assert repairs(bench)[0] == "pbx_removed"
    assert f"review:{PBX}" not in state.timers


def test_a_call_placed_over_a_pbx_that_is_configured_no_more_has_its_result() -> None:
    bench = Bench()
    bench.dial("ana", rows=1)

    bench.tell(e.CenterConfigured(msgspec.structs.replace(CENTER, phones={}, pbxs=("new",))))

    assert bench.came_of_it().result == "unknown"
    assert len(bench.machine.state.attempts) == len(bench.machine.state.legs) == 0
    assert bench.agent("ana").state is AgentState.SIGNED_OUT


def test_settings_that_name_the_pbx_or_none_change_nothing() -> None:
    bench, _ = talking()

    for pbxs in ((PBX, "new"), ()):
        bench.tell(e.CenterConfigured(msgspec.structs.replace(CENTER, pbxs=pbxs)))

    assert bench.agent("ana").state is AgentState.TALKING
    assert repairs(bench) == []
