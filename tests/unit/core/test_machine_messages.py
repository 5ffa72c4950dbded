"""A message is left on machines: what becomes of such a call, and that no agent waits for it."""

from __future__ import annotations

import pytest

from callcenter.core import campaign_queries, dialed
from callcenter.core.campaign_queries import CampaignView
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import AgentState
from callcenter.domain.attempt import AttemptResult, AttemptState, ContactStatus, Verdict
from callcenter.domain.call import Place
from callcenter.domain.campaign import CampaignState, CampaignStep, OnMachine
from callcenter.domain.ids import ChannelRef
from callcenter.domain.records import AttemptRecord, FaultRecord
from tests.builders import Bench, truth

R = AttemptResult
MAXWORDS = "MAXWORDS-4-4"
GREETING_S = 9.0
"""The rest of a machine's greeting, and the silence after it."""
LEAVES = {"on_machine": OnMachine.LEAVE_MESSAGE, "machine_prompt": "we-called"}


def dial(bench: Bench, rows: int = 1, **changes: object) -> ChannelRef:
    """Ana's first call, in a campaign that leaves messages."""
    return bench.dial("ana", rows=rows, **LEAVES | changes)


def machine(bench: Bench, ref: ChannelRef) -> None:
    """A machine answers, and detection says so."""
    bench.answer(ref)
    bench.wait(1.8)
    bench.tell(e.AttemptScreened(ref, Verdict.MACHINE, MAXWORDS))


def shown(bench: Bench) -> CampaignView:
    """The campaign as screens show it."""
    view = campaign_queries.campaign_view(bench.machine.state, "renewals")
    assert view is not None
    return view


def test_a_call_says_what_a_machine_is_to_record() -> None:
    bench = Bench()
    ref = dial(bench)

    call = bench.last(c.PlaceCall)
    assert (call.on_machine, call.machine_prompt) == (OnMachine.LEAVE_MESSAGE, "we-called")
    assert bench.attempt(ref).leaves_message


def test_without_detection_no_message_is_left() -> None:
    bench = Bench()

    assert not bench.attempt(dial(bench, amd=False)).leaves_message


def test_a_message_that_was_left_is_in_the_record_of_a_machine() -> None:
    bench = Bench()
    ref = dial(bench)
    machine(bench, ref)
    bench.wait(GREETING_S)
    bench.tell(e.MessageEnded(ref))
    left_at = bench.now
    bench.tell(e.ChannelHungUp(ref, 16))

    came = bench.came_of_it()
    assert (came.result, came.message_left_at, came.person_at) == (R.MACHINE, left_at, 0.0)
    assert came.status is ContactStatus.OPEN
    assert (bench.live().messages, bench.live().people) == (1, 0)
    assert shown(bench).messages == 1


def test_a_machine_that_hangs_up_before_has_no_message() -> None:
    bench = Bench()
    ref = dial(bench)
    machine(bench, ref)
    bench.wait(GREETING_S)
    bench.tell(e.ChannelHungUp(ref, 0))

    assert (bench.came_of_it().result, bench.came_of_it().message_left_at) == (R.MACHINE, 0.0)
    assert shown(bench).messages == 0


def test_a_message_told_twice_was_left_the_first_time() -> None:
    bench = Bench()
    ref = dial(bench)
    machine(bench, ref)
    bench.tell(e.MessageEnded(ref))
    left_at = bench.now
    bench.wait(1.0)
    bench.tell(e.MessageEnded(ref))

    assert bench.attempt(ref).message_left_at == left_at


def test_a_machine_on_the_line_is_nobody_for_an_agent() -> None:
    bench = Bench()
    ref = dial(bench, rows=2)
    machine(bench, ref)

    assert len(bench.sent(c.PlaceCall)) == 2  # ana is free for the next
    assert bench.agent("ana").state is AgentState.READY
    assert not bench.sent(c.PopCard)
    scene = bench.machine.state.pacings["renewals"].learnt.scene
    assert list(scene.calls) == [bench.last(c.PlaceCall).channel.id]
    view = shown(bench)
    assert (view.recording, view.screening, view.dialing) == (1, 0, 1)


def test_a_machine_has_time_to_record_before_its_pbx_is_asked() -> None:
    bench = Bench()
    ref = dial(bench)
    machine(bench, ref)

    due = bench.deadlines(("attempt",))[f"attempt:{ref.id}"]

    assert due == bench.now + dialed.MACHINE_LEASE_S
    bench.wait(dialed.MACHINE_LEASE_S)
    assert bench.attempt(ref).state is AttemptState.SCREENING
    assert f"attempt:{ref.id}" in bench.deadlines(("attempt",))


def test_who_says_nothing_is_a_person_here_too() -> None:
    bench = Bench()
    ref = dial(bench)
    bench.person(ref, Verdict.MACHINE, "INITIALSILENCE-2500-2500")

    assert bench.join(ref).agent == "ana"


def test_every_so_many_calls_a_machine_goes_to_an_agent_as_a_check() -> None:
    bench = Bench()
    dial(bench, rows=10, amd_check_every=3)
    for _ in range(5):
        bench.tell(e.ChannelHungUp(bench.last(c.PlaceCall).channel, 17))

    ways = [call.on_machine for call in bench.sent(c.PlaceCall)]
    message, agent = OnMachine.LEAVE_MESSAGE, OnMachine.TO_AGENT
    assert ways == [message, message, agent, message, message, agent]
    live = bench.attempt(bench.last(c.PlaceCall).channel)
    assert (live.passes_machine, live.leaves_message) == (True, False)


def test_a_verdict_that_was_lost_comes_with_the_message() -> None:
    bench = Bench()
    ref = dial(bench)
    bench.answer(ref)
    bench.tell(e.MessageEnded(ref))
    assert not bench.machine.state.pacings["renewals"].learnt.scene.calls

    bench.tell(e.ChannelHungUp(ref, 16))

    came = bench.came_of_it()
    assert (came.result, came.verdict, came.verdict_cause) == (R.MACHINE, Verdict.MACHINE, "")
    assert came.message_left_at > 0.0


def test_a_machine_found_recording_after_a_restart_is_one() -> None:
    bench = Bench()
    ref = dial(bench)
    line = bench.agent("ana").line
    assert line is not None
    at_machine = truth(ref.id, Place.MACHINE, role="dialed")
    parked = e.ChannelTruth(line, "1001", Place.HOLD, role="agent")

    bench.restart(at_machine, parked)

    attempt = bench.attempt(ref)
    assert (attempt.state, attempt.verdict) == (AttemptState.SCREENING, Verdict.MACHINE)
    due = bench.deadlines(("attempt",))[f"attempt:{ref.id}"]
    assert due == bench.now + dialed.MACHINE_LEASE_S
    bench.review(at_machine, parked)
    assert bench.deadlines(("attempt",))[f"attempt:{ref.id}"] == due  # it has not begun anew
    bench.restart(parked)
    assert bench.came_of_it().result is R.MACHINE


def test_a_prompt_that_is_missing_is_told_to_who_runs_the_center() -> None:
    bench = Bench(allowed_faults=("machine_prompt_failed",))
    ref = dial(bench)
    machine(bench, ref)

    bench.tell(e.MessageEnded(ref, is_left=False))
    bench.tell(e.ChannelHungUp(ref, 16))

    [fault] = bench.kept(FaultRecord)
    assert (fault.kind, fault.detail) == ("machine_prompt_failed", "campaign renewals")
    assert (bench.came_of_it().result, bench.came_of_it().message_left_at) == (R.MACHINE, 0.0)


@pytest.mark.parametrize("is_left", [True, False])
def test_a_message_of_a_call_that_nobody_knows_hangs_it_up(is_left: bool) -> None:
    bench = Bench()
    dial(bench)

    bench.tell(e.MessageEnded(ChannelRef("main", "att-OLD-1-1"), is_left))

    assert bench.last(c.HangUp).channel.id == "att-OLD-1-1"
    assert not bench.kept(AttemptRecord)


def test_a_person_who_talks_has_heard_no_message_for_machines() -> None:
    bench = Bench()
    ref = dial(bench)
    bench.person(ref)
    bench.join(ref)

    bench.tell(e.MessageEnded(ref))  # cannot be
    bench.part(ref)

    assert (bench.came_of_it().result, bench.came_of_it().message_left_at) == (R.CONNECTED, 0.0)


def test_agents_of_a_stopped_campaign_do_not_wait_for_a_machine() -> None:
    bench = Bench()
    ref = dial(bench)
    machine(bench, ref)

    bench.ask(e.CampaignStepRequested, "renewals", CampaignStep.STOP, "kim")

    assert bench.agent("ana").campaign == ""
    assert bench.live().state is CampaignState.DRAINING
    bench.tell(e.MessageEnded(ref))
    bench.tell(e.ChannelHungUp(ref, 16))
    assert bench.live().state is CampaignState.FINISHED
    assert bench.came_of_it().message_left_at > 0.0
