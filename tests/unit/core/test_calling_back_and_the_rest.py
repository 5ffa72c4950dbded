"""Callers who are called back: over restarts, and beside campaigns, rules and erasures."""

from __future__ import annotations

import msgspec

from callcenter.core.erasure import BEING_CALLED_BACK, why_not_erasable
from callcenter.core.invariants import broken
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.call import CallState, Place
from callcenter.domain.campaign import Pacing
from callcenter.domain.rules import Overflow, Rule, Treatment
from tests.builders import PBX, leg_truth, row
from tests.unit.core.callback_bench import became, only
from tests.unit.core.called_back_bench import TERMS, answer, dialed, leading, left, seen
from tests.unit.core.preview_bench import shown
from tests.unit.core.rule_bench import caller, publish, rules_of, staff

# --- restarts -------------------------------------------------------------------------------------


def test_callers_who_left_are_called_back_by_a_service_that_was_started_anew() -> None:
    bench = left("a")

    bench.restart()
    staff(bench, "ana")

    assert bench.last(c.PlaceCall).number == "+3545551234"


def test_one_who_is_being_dialed_is_found_again_ringing_or_answered_or_gone() -> None:
    for place, up in ((Place.DIALPLAN, False), (Place.HOLD, True), (None, False)):
        bench = left("a")
        staff(bench, "ana")
        ref = dialed(bench)

        bench.restart(*(() if place is None else (seen(ref, place, up=up),)))

        if place is None:
            assert became(bench)[-1] == "tried"
        elif up:
            assert bench.call(ref.id).state is CallState.WAITING
        else:
            assert only(bench).attempt == ref.id
            assert bench.sent(c.HangUp) == []


def test_a_link_that_is_down_leaves_callers_where_they_are() -> None:
    bench = left("a")
    bench.tell(e.PbxLinkLost(PBX, "gone"))
    staff(bench, "ana")
    assert bench.sent(c.PlaceCall) == []

    bench.tell(e.PbxStateRead(PBX, ()))

    assert bench.agent("ana").dialing == dialed(bench).id


def test_one_who_has_answered_before_the_restart_is_left_to_the_reading_of_calls() -> None:
    bench = left("a")
    staff(bench, "ana")
    ref = dialed(bench)
    answer(bench, ref)
    leg = bench.call(ref.id).leg
    assert leg is not None

    bench.restart(seen(ref, Place.HOLD), leg_truth(leg, Place.DIALPLAN, up=False))

    assert bench.call(ref.id).callback == only(bench).id
    assert became(bench) == ["promised"]


# --- beside other things --------------------------------------------------------------------------


def test_rules_published_meanwhile_do_not_send_the_caller_away_again() -> None:
    bench = left("a")
    staff(bench, "ana")
    ref = dialed(bench)
    assert bench.ask(e.NotReadyRequested, "ana", "lunch").problem == ""
    answer(bench, ref)
    at_once = Overflow(without_agents=True, callback=TERMS)
    said = len(bench.sent(c.SayToCaller))

    assert publish(bench, rules_of(Rule("new", Treatment(overflow=(at_once,))))).problem == ""
    bench.wait(15.0)

    assert len(bench.sent(c.SayToCaller)) == said


def test_one_of_a_queue_that_is_gone_waits_in_the_default_queue() -> None:
    bench = leading()
    caller(bench, "a", digit="2")
    bench.wait(31.0)
    bench.hang_up("a")
    assert only(bench).queue == "sales"
    queues = tuple(queue for queue in bench.center.queues if queue.id != "sales")

    bench.tell(e.CenterConfigured(msgspec.structs.replace(bench.center, queues=queues)))

    assert only(bench).queue == "service"


def test_a_supervisor_moves_and_cancels_one_but_not_while_it_is_dialed() -> None:
    bench = left("a")
    one = only(bench)
    moved = bench.ask(e.CallbackMoved, one.id, bench.now + 600.0, "", "kim")
    assert moved.problem == ""
    staff(bench, "ana")
    assert bench.sent(c.PlaceCall) == []
    bench.wait(601.0)
    late = bench.ask(e.CallbackMoved, one.id, bench.now + 600.0, "", "kim")
    assert "being called just now" in late.problem
    early = bench.ask(e.CallbackCancelled, one.id, False, "kim")
    assert "being called just now" in early.problem
    bench.tell(e.ChannelHungUp(dialed(bench), 17))

    assert bench.ask(e.CallbackCancelled, one.id, False, "kim").problem == ""

    assert not bench.machine.state.callbacks


def test_the_card_of_a_campaign_gives_way_to_a_caller_who_is_called_back() -> None:
    bench = left("a")
    assert bench.ask(e.CallbackMoved, only(bench).id, bench.now + 600.0, "", "kim").problem == ""
    staff(bench, "ana")
    bench.campaign(pacing=Pacing.PREVIEW, blended=True)
    bench.fill(row(1))
    bench.open_line("ana")
    assert shown(bench, "ana").row.contact == "1"
    bench.wait(599.0)
    assert bench.ask(e.ReadyRequested, "ana").problem == ""  # the card had lain untouched

    bench.wait(2.0)

    assert bench.agent("ana").dialing == dialed(bench).id
    assert bench.agent("ana").preview is None
    assert [one.contact for one in bench.live().hopper] == ["1"]
    ref = dialed(bench)
    answer(bench, ref)
    assert bench.last(c.JoinCall).caller == ref


def test_who_calls_and_leaves_again_while_they_are_called_back_is_called_once() -> None:
    bench = left("a")
    staff(bench, "ana")
    caller(bench, "b")
    bench.wait(31.0)

    bench.hang_up("b")

    assert only(bench).attempt == dialed(bench).id


def test_a_person_who_is_called_back_just_now_is_not_erased() -> None:
    bench = left("a")
    state = bench.machine.state
    numbers = ("+3545551234",)
    assert why_not_erasable(state, numbers, ()) == ""
    staff(bench, "ana")

    assert why_not_erasable(state, numbers, ()) == BEING_CALLED_BACK
    assert why_not_erasable(state, (), ("k1",)) == ""


def test_a_promise_that_is_dialed_by_nobody_or_without_an_end_is_found() -> None:
    bench = left("a")
    staff(bench, "ana")
    state, one = bench.machine.state, only(bench)
    state.clear_timer(f"callback:{one.id}")
    assert any("its time will not come" in line for line in broken(state))
    state.calling.remove(one.attempt)
    lines = broken(state)

    assert any("which is not its own" in line for line in lines)
    assert any("which is not theirs" in line for line in lines)


def test_a_list_of_numbers_not_to_be_called_is_no_matter_of_callers() -> None:
    bench = left("a")

    bench.tell(e.DncListChanged())

    assert only(bench).queue == "service"
