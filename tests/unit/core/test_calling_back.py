"""Callers who left the line keep their place, and are called back when an agent is free."""

from __future__ import annotations

import pytest

from callcenter.core import callbacks
from callcenter.core.callback_queries import CallbackState, callbacks_view
from callcenter.core.calling_back import GIVEN_UP_S, LEASE_S, SETUP_S, TRY_AGAIN_S
from callcenter.core.queries import agent_view, queue_view
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import AgentState
from callcenter.domain.attempt import AttemptState
from callcenter.domain.call import CallState, Outcome
from callcenter.domain.records import RoutingRecord
from callcenter.domain.rules import Message, Overflow
from tests.builders import PBX, channel
from tests.unit.core.callback_bench import became, only
from tests.unit.core.called_back_bench import OVER, TERMS, answer, dialed, leading, left
from tests.unit.core.rule_bench import caller, staff

# --- leaving --------------------------------------------------------------------------------------


def test_a_caller_hears_that_they_are_called_back_and_keeps_the_place() -> None:
    bench = leading()
    queued_at = caller(bench, "a").queued_at
    bench.wait(31.0)

    said = bench.last(c.SayToCaller)
    assert (said.prompts, said.ends_call) == (("call-back",), True)
    bench.hang_up("a")

    one = only(bench)
    assert one.place is not None
    assert (one.queue, one.number, one.place.queued_at) == ("service", "+3545551234", queued_at)
    assert bench.ended().outcome is Outcome.LED_OUT
    assert [r.detail for r in bench.kept(RoutingRecord) if r.kind == "led_out"] == ["callback"]
    assert became(bench) == ["promised"]
    shown_queue = queue_view(bench.machine.state, "service")
    assert shown_queue is not None
    assert (shown_queue.waiting, shown_queue.callbacks) == (0, 1)
    assert callbacks_view(bench.machine.state)[0].state is CallbackState.DUE


@pytest.mark.parametrize("number", ["", "anonymous"])
def test_whose_number_is_not_known_waits_on_and_the_chain_goes_on(number: str) -> None:
    bye = Message("all-busy")
    bench = leading(OVER, Overflow(after_s=31.0, message=bye))
    bench.tell(e.CallArrived(channel("a"), number, "7000"))
    bench.tell(e.IvrCommandEnded(channel("a"), bench.last(c.PlayPrompt).id, 0))
    bench.tell(e.IvrCommandEnded(channel("a"), bench.last(c.AskDigit).id, 1, digits="1"))
    bench.tell(e.IvrLeft(channel("a")))
    bench.tell(e.CallerHeld(channel("a")))

    bench.wait(32.0)

    assert [x.prompts for x in bench.sent(c.SayToCaller)] == [("all-busy",)]
    assert bench.call("a").state is CallState.WAITING


def test_no_more_are_taken_than_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callbacks, "CALLBACKS_MAX", 0)
    bench = leading()
    caller(bench, "a")

    bench.wait(31.0)

    assert bench.sent(c.SayToCaller) == []


def test_who_calls_again_and_leaves_again_keeps_the_earlier_place_once() -> None:
    bench = left("a")
    first = only(bench)
    assert first.place is not None
    caller(bench, "b")
    bench.wait(31.0)

    bench.hang_up("b")

    again = only(bench)
    assert again.place is not None
    assert again.place.queued_at == first.place.queued_at
    assert became(bench) == ["promised", "cancelled", "promised"]


# --- called ---------------------------------------------------------------------------------------


def test_an_agent_who_comes_free_reads_the_card_and_is_kept_while_the_caller_is_dialed() -> None:
    bench = left("a")

    staff(bench, "ana", "jon")

    placed = bench.last(c.PlaceCall)
    assert (placed.number, placed.trunk, placed.amd) == ("+3545551234", "carrier", False)
    assert (placed.caller_id, placed.campaign) == ("+3545550000", "")
    card = bench.last(c.PopCard)
    assert (card.agent, card.call, card.queue) == ("ana", placed.channel.id, "service")
    assert bench.agent("ana").dialing == placed.channel.id
    view = agent_view(bench.machine.state, "ana")
    assert view is not None
    assert view.dial_state is AttemptState.PLACED
    assert callbacks_view(bench.machine.state)[0].state is CallbackState.CALLING
    caller(bench, "b")
    assert bench.call("b").agent == "jon"


def test_who_was_first_in_the_queue_is_served_first_on_the_line_or_not() -> None:
    bench = left("a")
    caller(bench, "b")

    staff(bench, "ana")

    assert bench.agent("ana").dialing == dialed(bench).id
    assert bench.call("b").state is CallState.WAITING


def test_the_caller_who_answers_talks_with_that_agent_and_nothing_is_left() -> None:
    bench = left("a")
    staff(bench, "ana", "jon")
    ref = dialed(bench)
    bench.tell(e.AttemptRinging(ref))
    view = agent_view(bench.machine.state, "ana")
    assert view is not None
    assert view.dial_state is AttemptState.RINGING

    answer(bench, ref)
    assert bench.last(c.HoldCaller).channel == ref
    call = bench.call(ref.id)
    assert (call.agent, call.queue, call.rule) == ("ana", "service", "over")
    view = agent_view(bench.machine.state, "ana")
    assert view is not None
    assert view.dial_state is AttemptState.FOR_AGENT
    bench.talk(ref.id)

    assert bench.agent("ana").state is AgentState.TALKING
    assert bench.agent("ana").dialing == ""
    assert became(bench) == ["promised", "kept"]
    assert not bench.machine.state.calling
    bench.tell(e.ChannelHungUp(ref, 16))
    assert bench.ended().outcome is Outcome.ANSWERED
    assert bench.deadlines(("callback", "lease")) == {}


def test_a_caller_whose_agent_is_lost_in_mid_talk_waits_and_misses_as_any_other() -> None:
    bench = left("a")
    staff(bench, "ana", "jon")
    ref = dialed(bench)
    answer(bench, ref)
    bench.talk(ref.id)
    leg = bench.call(ref.id).leg
    assert leg is not None

    bench.tell(e.CallerHeld(ref))
    bench.tell(e.ChannelHungUp(leg, 44))
    assert bench.call(ref.id).agent == "jon"
    bench.ring(ref.id)
    bench.wait(16.0)
    assert bench.agent("jon").reason == "missed"
    assert bench.ask(e.ReadyRequested, "jon").problem == ""
    bench.talk(ref.id)

    assert became(bench) == ["promised", "kept"]


def test_a_callback_of_a_campaign_is_none_of_a_queue() -> None:
    bench = leading()
    bench.campaign()
    at = bench.now + 3600.0
    asked = bench.ask(e.CallbackRequested, "renewals", "1", "+3545551234", at, "", "kim")
    assert asked.problem == ""
    caller(bench, "a")
    bench.wait(31.0)

    bench.hang_up("a")

    assert [one.queue for one in bench.machine.state.callbacks.values()] == ["", "service"]
    view = queue_view(bench.machine.state, "service")
    assert view is not None
    assert view.callbacks == 1


def test_a_caller_whose_agent_does_not_pick_up_waits_in_the_old_place_for_the_next() -> None:
    bench = left("a")
    staff(bench, "ana")
    ref = dialed(bench)
    answer(bench, ref)
    bench.ring(ref.id)
    bench.wait(16.0)  # in vain
    assert bench.agent("ana").reason == "missed"

    call = bench.call(ref.id)
    assert (call.state, call.reserved) == (CallState.WAITING, "")
    assert bench.agent("ana").dialing == ""
    caller(bench, "b")
    assert bench.ask(e.ReadyRequested, "ana").problem == ""

    assert bench.call(ref.id).agent == "ana"
    assert bench.call("b").agent == ""
    bench.talk(ref.id)
    assert became(bench)[-1] == "kept"


def test_an_agent_who_is_gone_meanwhile_leaves_the_caller_to_anybody() -> None:
    bench = left("a")
    staff(bench, "ana", "jon")
    ref = dialed(bench)
    bench.tell(e.DesktopClosed("ana"))
    bench.wait(21.0)
    assert bench.agent("ana").dialing == ""

    answer(bench, ref)

    assert bench.call(ref.id).agent == "jon"


def test_an_agent_who_is_gone_in_the_moment_of_the_answer_leaves_the_caller_to_anybody() -> None:
    bench = left("a")
    staff(bench, "ana", "jon")
    ref = dialed(bench)
    bench.tell(e.DesktopClosed("ana"))
    bench.tell(e.DesktopClosed("jon"))
    answer(bench, ref)
    assert bench.call(ref.id).reserved == "ana"

    bench.tell(e.DesktopOpened("jon"))
    bench.wait(21.0)

    assert bench.call(ref.id).agent == "jon"
    assert bench.agent("ana").state is AgentState.NOT_READY


def test_a_break_asked_for_while_dialing_begins_when_nobody_answers() -> None:
    bench = left("a")
    staff(bench, "ana")
    assert bench.ask(e.NotReadyRequested, "ana", "lunch").problem == ""
    assert bench.agent("ana").state is AgentState.READY

    bench.tell(e.ChannelHungUp(dialed(bench), 17))

    assert (bench.agent("ana").state, bench.agent("ana").reason) == (AgentState.NOT_READY, "lunch")


# --- not reached ----------------------------------------------------------------------------------


def test_a_caller_who_does_not_answer_is_tried_again_later_and_then_given_up() -> None:
    bench = left("a")
    staff(bench, "ana")
    first = dialed(bench)

    bench.tell(e.ChannelHungUp(first, 17))
    assert (only(bench).tries, bench.agent("ana").dialing) == (1, "")
    bench.wait(599.0)
    assert dialed(bench) == first
    bench.wait(2.0)
    assert dialed(bench) != first
    bench.tell(e.ChannelHungUp(dialed(bench), 17))

    assert became(bench) == ["promised", "tried", "given_up"]
    assert not bench.machine.state.callbacks


def test_a_phone_that_rings_for_long_is_hung_up() -> None:
    bench = left("a")
    staff(bench, "ana")
    ref = dialed(bench)
    bench.tell(e.AttemptCreated(ref))
    bench.tell(e.AttemptRinging(ref))
    bench.wait(10.0)
    bench.tell(e.AttemptRinging(ref))

    bench.wait(16.0)

    assert bench.last(c.HangUp).channel == ref
    bench.tell(e.ChannelHungUp(ref, 0))
    assert became(bench)[-1] == "tried"


def test_a_caller_who_hangs_up_before_the_agent_picks_up_is_tried_again() -> None:
    bench = left("a")
    staff(bench, "ana")
    ref = dialed(bench)
    answer(bench, ref)

    bench.tell(e.ChannelHungUp(ref, 16))

    assert became(bench)[-1] == "tried"
    assert bench.agent("ana").state is AgentState.READY


@pytest.mark.parametrize("how", ["refused", "failed"])
def test_a_call_that_could_not_be_placed_is_a_try(how: str) -> None:
    bench = left("a")
    staff(bench, "ana")
    placed = bench.last(c.PlaceCall)

    if how == "refused":
        bench.tell(e.CommandFailed(placed.id, "no such trunk"))
    else:
        bench.tell(e.OriginateFailed(placed.channel))

    assert became(bench)[-1] == "tried"
    bench.tell(e.OriginateFailed(placed.channel))  # late
    assert only(bench).tries == 1


def test_a_call_of_which_nobody_can_say_whether_it_was_placed_is_looked_for() -> None:
    bench = left("a")
    staff(bench, "ana")
    placed = bench.last(c.PlaceCall)
    bench.tell(e.CommandFailed(placed.id, "no answer", unknown=True))
    assert became(bench) == ["promised"]
    before = len(bench.sent(c.ReadPbx))

    bench.wait(SETUP_S + TERMS.ring_s + LEASE_S + 1.0)

    assert len(bench.sent(c.ReadPbx)) > before
    bench.tell(e.PbxStateRead(PBX, ()))
    assert became(bench)[-1] == "tried"


@pytest.mark.parametrize("hindrance", ["journal", "number"])
def test_nobody_is_dialed_while_something_is_in_the_way_and_the_place_is_kept(
    hindrance: str,
) -> None:
    bench = left("a")
    one = only(bench)
    if hindrance == "journal":
        bench.tell(e.JournalBlocked("disk full"))
    else:
        bench.machine.state.dialing.put(one.number, "att-x")
    staff(bench, "ana")
    assert bench.sent(c.PlaceCall) == []
    assert only(bench).place == one.place
    bench.machine.state.dialing.remove(one.number)
    bench.tell(e.JournalRestored())

    bench.wait(TRY_AGAIN_S + 1.0)

    assert bench.agent("ana").dialing == dialed(bench).id


def test_who_was_not_called_within_a_day_is_not_called_any_more() -> None:
    bench = left("a")
    bench.wait(GIVEN_UP_S)

    staff(bench, "ana")

    assert bench.sent(c.PlaceCall) == []
    assert became(bench) == ["promised", "given_up"]
