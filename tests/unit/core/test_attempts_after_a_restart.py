"""Calls placed by a campaign over a crash, a lost link, or whatever else a state reading finds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from callcenter.core import dialed, inbound, offers
from callcenter.core.machine import Machine
from callcenter.core.state import decode_state
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import AgentState
from callcenter.domain.attempt import AttemptResult, AttemptState, ContactStatus, Verdict
from callcenter.domain.call import CallState, Outcome, Place
from callcenter.domain.ids import ChannelRef
from callcenter.domain.records import AttemptRecord, RepairRecord
from tests.builders import PBX, Bench

R, S = AttemptResult, AttemptState


def dialed_at(ref: ChannelRef, place: Place, **more: Any) -> e.ChannelTruth:
    """A person's channel as a state reading shows it."""
    return e.ChannelTruth(ref, "carrier", place, role="dialed", **more)


def line_at(bench: Bench, place: Place = Place.HOLD, **more: Any) -> e.ChannelTruth:
    """Ana's line as a state reading shows it."""
    line = bench.agent("ana").line
    assert line is not None
    return e.ChannelTruth(line, "1001", place, role="agent", **more)


def repairs(bench: Bench) -> list[str]:
    """Kinds of repairs made, in order."""
    return [r.kind for r in bench.kept(RepairRecord)]


# --- how far it had come --------------------------------------------------------------------------


def placed(bench: Bench, ref: ChannelRef) -> None:
    """The Originate went out."""


def ringing(bench: Bench, ref: ChannelRef) -> None:
    """The phone rings."""
    bench.tell(e.AttemptCreated(ref))
    bench.tell(e.AttemptRinging(ref))


def rung_out(bench: Bench, ref: ChannelRef) -> None:
    """The ring time was over."""
    ringing(bench, ref)
    bench.wait(25)


def screening(bench: Bench, ref: ChannelRef) -> None:
    """Somebody or something picked up."""
    bench.answer(ref)


def machine(bench: Bench, ref: ChannelRef) -> None:
    """It was a machine."""
    bench.answer(ref)
    bench.tell(e.AttemptScreened(ref, Verdict.MACHINE, "MAXWORDS-4-4"))


def joining(bench: Bench, ref: ChannelRef) -> None:
    """A person is being joined."""
    bench.person(ref)


def waiting(bench: Bench, ref: ChannelRef) -> None:
    """A person waits, and nobody is free."""
    bench.ask(e.NotReadyRequested, "ana", "lunch")
    bench.person(ref)


def talking(bench: Bench, ref: ChannelRef) -> None:
    """A person talks with ana."""
    bench.person(ref)
    bench.join(ref)


def hearing(bench: Bench, ref: ChannelRef) -> None:
    """A person hears the message."""
    waiting(bench, ref)
    bench.message(ref)


STAGES = (placed, ringing, rung_out, screening, machine, joining, waiting, talking, hearing)
Stage = Callable[[Bench, ChannelRef], None]


# --- gone -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stage", "result"),
    [
        (placed, R.UNKNOWN),
        (ringing, R.UNKNOWN),
        (rung_out, R.UNKNOWN),  # it may have been answered in that moment
        (screening, R.UNKNOWN),
        (machine, R.MACHINE),
        (joining, R.UNKNOWN),
        (waiting, R.UNKNOWN),
        (talking, R.CONNECTED),
        (hearing, R.DROPPED),
    ],
)
def test_a_call_that_ended_unseen_has_the_result_known_before_or_none(
    stage: Stage, result: AttemptResult
) -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    stage(bench, ref)

    bench.restart(line_at(bench))

    assert [r.result for r in bench.kept(AttemptRecord)] == [result]
    assert "attempt_gone" in repairs(bench)
    assert len(bench.machine.state.calls) == 0
    assert bench.agent("ana").state not in (AgentState.RESERVED, AgentState.TALKING)
    assert bench.sent(c.PlaceCall) == []


def test_a_call_whose_fate_nobody_knows_counts_as_made_and_is_not_sent_again() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)

    bench.restart(line_at(bench))
    bench.tell(e.DesktopOpened("ana"))

    came = bench.came_of_it()
    assert (came.status, came.tries) == (ContactStatus.OPEN, 1)
    assert bench.sent(c.PlaceCall) == []
    bench.tell(e.AttemptCreated(ref))  # the Originate had been queued in the PBX
    assert bench.last(c.HangUp).channel == ref


def test_a_person_who_left_while_we_were_away_is_lost_and_one_who_heard_the_message_dropped() -> (
    None
):
    outcomes = []
    for stage in (waiting, hearing, talking):
        bench = Bench()
        stage(bench, bench.dial("ana", rows=1))
        bench.restart(line_at(bench))
        outcomes.append(bench.ended().outcome)

    assert outcomes == [Outcome.LOST, Outcome.DROPPED, Outcome.ANSWERED]


# --- still there ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stage", "place", "state"),
    [
        (placed, Place.DIALPLAN, S.SCREENING),
        (placed, Place.SCREENING, S.SCREENING),
        (placed, Place.HOLD, S.FOR_AGENT),
        (placed, Place.NATIVE_QUEUE, S.FOR_AGENT),
        (placed, Place.HARBOUR, S.DROPPED),
        (ringing, Place.SCREENING, S.SCREENING),
        (ringing, Place.HOLD, S.FOR_AGENT),
        (ringing, Place.HARBOUR, S.DROPPED),
        (screening, Place.SCREENING, S.SCREENING),
        (screening, Place.DIALPLAN, S.SCREENING),
        (screening, Place.HOLD, S.FOR_AGENT),
        (screening, Place.HARBOUR, S.DROPPED),
        (placed, Place.MACHINE, S.SCREENING),
        (ringing, Place.MACHINE, S.SCREENING),
        (screening, Place.MACHINE, S.SCREENING),
        (machine, Place.MACHINE, S.SCREENING),
        (waiting, Place.MACHINE, S.FOR_AGENT),
        (machine, Place.DIALPLAN, S.SCREENING),
        (waiting, Place.HOLD, S.FOR_AGENT),
        (waiting, Place.DIALPLAN, S.FOR_AGENT),
        (waiting, Place.HARBOUR, S.DROPPED),
        (joining, Place.HOLD, S.FOR_AGENT),
        (joining, Place.HARBOUR, S.DROPPED),
        (talking, Place.HOLD, S.CONNECTED),
        (talking, Place.DIALPLAN, S.CONNECTED),
        (talking, Place.HARBOUR, S.CONNECTED),
        (talking, Place.NATIVE_QUEUE, S.CONNECTED),
        (hearing, Place.HARBOUR, S.DROPPED),
    ],
)
def test_a_call_goes_on_from_where_the_pbx_has_it(
    stage: Stage, place: Place, state: AttemptState
) -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    stage(bench, ref)
    line = line_at(bench)

    bench.restart(dialed_at(ref, place), line)

    assert bench.attempt(ref).state is state
    bench.wait(1.5)
    bench.tell(e.ChannelHungUp(ref, 16))
    assert len(bench.kept(AttemptRecord)) == 1


def test_a_phone_that_still_rings_has_its_ring_time() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)

    bench.restart(dialed_at(ref, Place.DIALPLAN, up=False), line_at(bench))
    assert bench.attempt(ref).state is S.RINGING
    bench.wait(25)

    assert bench.last(c.HangUp).channel == ref


def test_a_phone_known_to_ring_keeps_the_ring_time_it_has_left() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    ringing(bench, ref)
    bench.wait(20)

    bench.restart(dialed_at(ref, Place.DIALPLAN, up=False), line_at(bench))
    bench.wait(4)

    assert bench.last(c.HangUp).channel == ref


def test_a_verdict_lost_with_the_link_has_the_pbx_asked_later() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    screening(bench, ref)

    bench.restart(dialed_at(ref, Place.SCREENING), line_at(bench))
    bench.wait(dialed.SCREENING_LEASE_S)

    assert len(bench.sent(c.ReadPbx)) == 1


def test_a_person_found_on_hold_goes_to_an_agent_whose_line_is_still_open() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    screening(bench, ref)

    bench.restart(dialed_at(ref, Place.HOLD), line_at(bench))
    assert bench.call(ref.id).state is CallState.WAITING
    bench.tell(e.DesktopOpened("ana"))

    assert bench.last(c.JoinCall).caller == ref
    assert bench.live().people == 1


def test_a_join_that_was_under_way_is_done_again() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    joining(bench, ref)

    bench.restart(dialed_at(ref, Place.HOLD), line_at(bench))

    assert [x.caller for x in bench.sent(c.JoinCall)] == [ref]


def test_a_join_done_while_away_is_believed() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    joining(bench, ref)

    bench.restart(
        dialed_at(ref, Place.BRIDGE, bridge="b"), line_at(bench, Place.BRIDGE, bridge="b")
    )

    assert bench.agent("ana").state is AgentState.TALKING
    assert bench.attempt(ref).state is S.CONNECTED
    assert repairs(bench) == ["was_connected"]


def test_a_conversation_goes_on_over_a_restart() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    talking(bench, ref)
    bridge = "b-" + ref.id

    bench.restart(
        dialed_at(ref, Place.BRIDGE, bridge=bridge), line_at(bench, Place.BRIDGE, bridge=bridge)
    )
    bench.tell(e.DesktopOpened("ana"))

    assert repairs(bench) == []
    assert bench.agent("ana").state is AgentState.TALKING
    bench.tell(e.ChannelHungUp(ref, 16))
    assert bench.came_of_it().result is R.CONNECTED


def test_a_person_whose_agent_was_lost_while_away_waits_for_another() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    talking(bench, ref)

    bench.restart(dialed_at(ref, Place.HOLD))

    assert bench.call(ref.id).state is CallState.WAITING
    assert bench.agent("ana").line is None


def test_a_person_who_fell_to_the_native_queue_is_taken_back_in_the_old_place() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    waiting(bench, ref)
    before = bench.call(ref.id).queued_at

    bench.restart(dialed_at(ref, Place.NATIVE_QUEUE), line_at(bench))
    assert bench.last(c.HoldCaller).channel == ref
    bench.tell(e.CallerHeld(ref))

    call = bench.call(ref.id)
    assert (call.state, call.queued_at, call.queue) == (CallState.WAITING, before, "")


def test_a_person_between_two_places_is_looked_for_again() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    waiting(bench, ref)

    bench.restart(dialed_at(ref, Place.DIALPLAN), line_at(bench))
    bench.wait(inbound.HOLD_LEASE_S)

    assert len(bench.sent(c.ReadPbx)) == 1


def test_a_person_who_talks_with_a_stranger_is_left_alone() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    screening(bench, ref)

    bench.restart(dialed_at(ref, Place.BRIDGE, bridge="q"), line_at(bench))

    assert bench.call(ref.id).state is CallState.CONNECTED
    assert bench.sent(c.HangUp) == []


def test_a_message_that_plays_frees_the_agent_chosen_before_the_crash() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    joining(bench, ref)

    bench.restart(dialed_at(ref, Place.HARBOUR), line_at(bench))

    assert bench.agent("ana").state is AgentState.READY
    assert bench.call(ref.id).ending
    assert bench.sent(c.HangUp) == []


# --- the link stood -------------------------------------------------------------------------------


def test_a_call_just_placed_is_not_missed_by_a_reading_over_a_link_that_stood() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)

    bench.tell(e.PbxStateRead(PBX, (line_at(bench),)))
    assert bench.attempt(ref).state is S.PLACED
    bench.review(line_at(bench))

    assert bench.came_of_it().result is R.UNKNOWN


def test_a_message_that_plays_while_a_join_is_under_way_lets_the_join_be() -> None:
    # The reading was asked for another call; the Bridge had been sent a moment before.
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    joining(bench, ref)

    bench.tell(e.PbxStateRead(PBX, (dialed_at(ref, Place.HARBOUR), line_at(bench))))
    assert bench.agent("ana").state is AgentState.RESERVED
    bench.join(ref)

    assert bench.agent("ana").state is AgentState.TALKING
    assert bench.attempt(ref).state is S.CONNECTED


def test_a_join_into_the_message_that_never_comes_about_is_given_up() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    joining(bench, ref)
    bench.message(ref)

    bench.wait(offers.JOIN_LEASE_S)
    assert len(bench.sent(c.ReadPbx)) == 1
    bench.tell(e.PbxStateRead(PBX, (dialed_at(ref, Place.HARBOUR), line_at(bench))))

    assert bench.agent("ana").state is AgentState.READY
    assert bench.call(ref.id).ending


@pytest.mark.parametrize(
    ("place", "is_hung_up"), [(Place.SCREENING, True), (Place.HOLD, True), (Place.BRIDGE, False)]
)
def test_a_call_of_ours_that_nobody_knows_is_put_down_unless_people_talk(
    place: Place, is_hung_up: bool
) -> None:
    bench = Bench()
    ref = ChannelRef(PBX, "att-OLD-1-1")

    bench.tell(e.PbxStateRead(PBX, (dialed_at(ref, place),)))

    assert [x.channel for x in bench.sent(c.HangUp)] == [ref] * is_hung_up
    assert repairs(bench) == ["orphan_attempt"]


@pytest.mark.parametrize("stage", STAGES)
def test_a_snapshot_in_any_state_goes_on_as_if_nothing_had_happened(stage: Stage) -> None:
    bench = Bench()
    ref = bench.dial("ana", "jon", rows=4, lines_per_agent=2.0)
    stage(bench, ref)
    before = bench.machine.state

    bench.machine = Machine(decode_state(before.encode()))
    after = bench.machine.state

    assert after.encode() == before.encode()
    assert after.live_attempts.as_dict() == before.live_attempts.as_dict()
    assert after.dialing.as_dict() == before.dialing.as_dict()
    bench.now += 1.5
    bench.tell(e.ChannelHungUp(ref, 17))
    assert len(bench.kept(AttemptRecord)) == 1
