"""A call from its arrival through the menu into a queue, and its end."""

from __future__ import annotations

import msgspec

from callcenter.core.arrivals import normalize_number
from callcenter.core.inbound import (
    HOLD_LEASE_S,
    HOLD_REFUSED_S,
    MENU_FAILED_S,
    MENU_LEASE_S,
)
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.call import CallState, Outcome, Place
from callcenter.domain.center import Queue
from callcenter.domain.customer import Tier
from callcenter.domain.flow import QueueNode
from callcenter.domain.records import CallRecord, FaultRecord, RepairRecord
from tests.builders import CENTER, PBX, Bench, channel, truth


def test_an_arriving_call_is_looked_up_and_hears_the_first_prompt() -> None:
    bench = Bench()

    bench.tell(e.CallArrived(channel("a"), "555 1234", "7000"))

    assert bench.last(c.LookUpCustomer).number == "+3545551234"
    assert bench.last(c.PlayPrompt).prompt == "welcome"
    assert bench.call("a").state is CallState.IN_IVR


def test_an_arrival_told_twice_opens_one_call() -> None:
    bench = Bench()

    bench.tell(e.CallArrived(channel("a"), "5551234", "7000"))
    bench.tell(e.CallArrived(channel("a"), "5551234", "7000"))

    assert len(bench.machine.state.calls) == 1
    assert len(bench.sent(c.PlayPrompt)) == 1


def test_a_withheld_number_is_not_looked_up() -> None:
    bench = Bench()

    bench.tell(e.CallArrived(channel("a"), "", "7000"))

    assert bench.sent(c.LookUpCustomer) == []


def test_a_number_without_a_flow_goes_straight_to_the_default_queue() -> None:
    bench = Bench()

    bench.tell(e.CallArrived(channel("a"), "5551234", "9999"))

    assert bench.call("a").state is CallState.WAITING
    assert bench.last(c.HoldCaller).channel == channel("a")


def test_the_star_stands_for_every_number_not_listed() -> None:
    bench = Bench(center=msgspec.structs.replace(CENTER, numbers={"*": "main"}))

    bench.tell(e.CallArrived(channel("a"), "5551234", "9999"))

    assert bench.call("a").flow == "main"


def test_a_chosen_digit_leads_to_the_queue_and_is_kept() -> None:
    bench = Bench()

    call = bench.waiting_caller("a", Tier.SILVER)

    assert (call.state, call.queue, call.place) == (CallState.WAITING, "service", Place.HOLD)
    assert (call.choices, call.tier, call.customer) == (("1",), Tier.SILVER, "customer-a")


def test_a_caller_who_presses_nothing_is_asked_again_and_then_gets_a_person() -> None:
    bench = Bench()
    ref = channel("a")
    bench.tell(e.CallArrived(ref, "5551234", "7000"))
    bench.tell(e.IvrCommandEnded(ref, bench.last(c.PlayPrompt).id, 0))

    bench.tell(e.IvrCommandEnded(ref, bench.last(c.AskDigit).id, 0, timed_out=True))
    assert len(bench.sent(c.AskDigit)) == 2
    bench.tell(e.IvrCommandEnded(ref, bench.last(c.AskDigit).id, 0, timed_out=True))

    assert bench.call("a").state is CallState.WAITING


def test_the_result_of_a_menu_command_no_longer_awaited_changes_nothing() -> None:
    bench = Bench()
    bench.tell(e.CallArrived(channel("a"), "5551234", "7000"))
    before = bench.call("a")

    bench.tell(e.IvrCommandEnded(channel("a"), "x-old", 1, digits="1"))

    assert bench.call("a") == before


def test_a_flow_that_says_goodbye_hangs_up_and_is_recorded_so() -> None:
    bench = Bench()
    ref = channel("a")
    bench.tell(e.CallArrived(ref, "5551234", "7000"))
    bench.tell(e.IvrCommandEnded(ref, bench.last(c.PlayPrompt).id, 0))
    bench.tell(e.IvrCommandEnded(ref, bench.last(c.AskDigit).id, 9, digits="9"))
    assert bench.last(c.PlayPrompt).prompt == "bye"

    bench.tell(e.IvrCommandEnded(ref, bench.last(c.PlayPrompt).id, 0))
    assert bench.last(c.HangUp).channel == ref
    bench.hang_up("a")

    assert bench.ended().outcome is Outcome.ENDED_BY_FLOW


def test_a_caller_who_hangs_up_in_the_menu_left_in_ivr() -> None:
    bench = Bench()
    bench.tell(e.CallArrived(channel("a"), "5551234", "7000"))

    bench.hang_up("a")

    assert bench.ended().outcome is Outcome.LEFT_IN_IVR
    assert len(bench.machine.state.calls) == 0


def test_a_caller_who_hangs_up_while_waiting_abandoned() -> None:
    bench = Bench()
    bench.waiting_caller("a")
    bench.wait(12)

    bench.hang_up("a")

    record = bench.ended()
    assert record.outcome is Outcome.ABANDONED
    assert record.ended_at - record.queued_at == 12


def test_a_missing_prompt_ends_the_menu_and_still_leads_to_a_person() -> None:
    bench = Bench()
    ref = channel("a")
    bench.tell(e.CallArrived(ref, "5551234", "7000"))

    bench.tell(e.IvrCommandEnded(ref, bench.last(c.PlayPrompt).id, -1))
    bench.tell(e.IvrLeft(ref))
    bench.tell(e.CallerHeld(ref))

    assert bench.call("a").state is CallState.WAITING
    assert bench.call("a").queue == "service"


def test_a_queue_taken_out_of_the_config_is_replaced_by_the_default_with_a_fault() -> None:
    bench = Bench(allowed_faults=("*",))
    flow = msgspec.structs.replace(CENTER.flows[0], nodes={"welcome": QueueNode("gone")})
    bench.tell(e.CenterConfigured(msgspec.structs.replace(CENTER, flows=(flow,))))

    bench.tell(e.CallArrived(channel("a"), "5551234", "7000"))

    assert bench.call("a").queue == "service"
    assert bench.kept(FaultRecord)[0].kind == "unknown_queue"


def test_a_menu_that_says_nothing_for_its_lease_has_the_pbx_asked() -> None:
    bench = Bench()
    bench.tell(e.CallArrived(channel("a"), "5551234", "7000"))

    bench.wait(MENU_LEASE_S + 1)

    assert len(bench.sent(c.ReadPbx)) == 1
    bench.wait(MENU_LEASE_S)
    assert len(bench.sent(c.ReadPbx)) == 2


def test_a_caller_who_does_not_reach_hold_has_the_pbx_asked() -> None:
    bench = Bench()
    bench.tell(e.CallArrived(channel("a"), "5551234", "9999"))

    bench.wait(HOLD_LEASE_S + 1)

    assert len(bench.sent(c.ReadPbx)) == 1


def test_a_redirect_that_was_refused_has_the_pbx_asked() -> None:
    bench = Bench()
    bench.tell(e.CallArrived(channel("a"), "5551234", "9999"))

    bench.tell(e.CommandFailed(bench.last(c.HoldCaller).id, "no such channel"))
    assert bench.sent(c.ReadPbx) == []
    bench.wait(HOLD_REFUSED_S)

    assert bench.last(c.ReadPbx).pbx == PBX


def test_the_wait_loop_coming_round_changes_neither_place_nor_order() -> None:
    bench = Bench()
    first = bench.waiting_caller("a")

    bench.tell(e.CallerLeftHold(channel("a")))
    bench.tell(e.CallerHeld(channel("a")))

    assert bench.call("a") == first


def test_a_held_caller_nobody_knows_has_the_pbx_read() -> None:
    bench = Bench()

    bench.tell(e.CallerHeld(channel("stranger")))
    assert len(bench.sent(c.ReadPbx)) == 1
    bench.tell(e.CallFellBack(channel("stranger")))
    assert len(bench.sent(c.ReadPbx)) == 1  # the one on its way tells of both
    bench.tell(e.PbxStateRead(PBX, ()))
    bench.tell(e.CallFellBack(channel("stranger")))

    assert len(bench.sent(c.ReadPbx)) == 2


def test_a_caller_in_the_native_queue_is_taken_back_with_its_place_kept() -> None:
    bench = Bench()
    before = bench.waiting_caller("a")
    bench.wait(30)

    bench.tell(e.CallerLeftHold(channel("a")))
    bench.tell(e.CallFellBack(channel("a")))
    assert bench.call("a").state is CallState.IN_FALLBACK
    assert bench.last(c.HoldCaller).channel == channel("a")
    bench.tell(e.CallerHeld(channel("a")))

    assert bench.call("a").state is CallState.WAITING
    assert bench.call("a").queued_at == before.queued_at
    assert bench.kept(RepairRecord)[0].kind == "taken_back_from_native_queue"


def test_a_caller_who_gives_up_in_the_native_queue_abandoned() -> None:
    bench = Bench()
    bench.tell(e.CallArrived(channel("a"), "5551234", "7000"))
    bench.tell(e.CallFellBack(channel("a")))

    bench.hang_up("a")

    assert bench.ended().outcome is Outcome.ABANDONED


def test_a_customer_found_late_still_gets_the_tier_while_waiting() -> None:
    bench = Bench()
    bench.waiting_caller("a")

    bench.tell(e.CustomerFound("x", bench.call("a").id, "k1", Tier.GOLD))
    bench.hang_up("a")
    bench.tell(e.CustomerFound("x", bench.kept(CallRecord)[0].call, "k1", Tier.GOLD))

    assert bench.ended().tier is Tier.GOLD


def test_a_directory_that_fails_is_a_fault_and_the_call_goes_on() -> None:
    bench = Bench(allowed_faults=("*",))
    bench.tell(e.CallArrived(channel("a"), "5551234", "7000"))

    bench.tell(e.CommandFailed(bench.last(c.LookUpCustomer).id, "no answer within 2 s"))

    assert bench.kept(FaultRecord)[0].kind == "customer_lookup_failed"
    assert bench.call("a").state is CallState.IN_IVR


def test_numbers_are_read_by_the_region_and_kept_as_they_came_when_they_are_none() -> None:
    assert normalize_number("555 1234", "IS") == "+3545551234"
    assert normalize_number("+44 20 7946 0958", "IS") == "+442079460958"
    assert normalize_number("anonymous", "IS") == "anonymous"
    assert normalize_number("12", "IS") == "12"


def test_callers_of_a_queue_that_is_taken_away_wait_in_the_default_queue_in_their_place() -> None:
    bench = Bench()
    before = bench.waiting_caller("a")

    bench.tell(
        e.CenterConfigured(
            msgspec.structs.replace(CENTER, queues=(Queue("other"),), default_queue="other")
        )
    )

    assert bench.call("a").queue == "other"
    assert bench.call("a").queued_at == before.queued_at


def test_a_prompt_that_cannot_be_played_is_a_fault_and_leads_to_a_person() -> None:
    bench = Bench(allowed_faults=("menu_failed",))
    ref = channel("a")
    bench.tell(e.CallArrived(ref, "5551234", "7000"))

    bench.tell(e.IvrCommandEnded(ref, bench.last(c.PlayPrompt).id, -1))
    assert bench.call("a").state is CallState.IN_IVR
    bench.wait(MENU_FAILED_S + 0.1)

    assert bench.call("a").state is CallState.WAITING
    assert bench.last(c.HoldCaller).channel == ref
    assert "node welcome" in bench.kept(FaultRecord)[0].detail


def test_a_caller_who_hung_up_during_a_prompt_left_in_ivr_without_a_fault() -> None:
    bench = Bench()
    ref = channel("a")
    bench.tell(e.CallArrived(ref, "5551234", "7000"))

    bench.tell(e.IvrCommandEnded(ref, bench.last(c.PlayPrompt).id, -1))
    bench.hang_up("a")
    bench.wait(5)

    assert bench.ended().outcome is Outcome.LEFT_IN_IVR


def test_a_flow_taken_away_in_mid_menu_leads_to_the_default_queue() -> None:
    bench = Bench()
    ref = channel("a")
    bench.tell(e.CallArrived(ref, "5551234", "7000"))

    bench.tell(e.CenterConfigured(msgspec.structs.replace(CENTER, flows=())))
    bench.tell(e.IvrCommandEnded(ref, bench.last(c.PlayPrompt).id, 0))

    assert bench.call("a").state is CallState.WAITING


def test_a_call_being_hung_up_that_falls_back_is_not_fetched_again() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.waiting_caller("a")
    bench.talk("a")
    bench.ask(e.HangUpRequested, "ana")
    bench.commands.clear()

    bench.tell(e.CallFellBack(channel("a")))

    assert bench.commands == []


def test_a_hang_up_that_the_pbx_does_not_confirm_is_asked_after_whatever_happens_meanwhile() -> (
    None
):
    bench = Bench()
    bench.agents("ana")
    ref = channel("a")
    bench.tell(e.CallArrived(ref, "5551234", "7000"))
    bench.tell(e.IvrCommandEnded(ref, bench.last(c.PlayPrompt).id, 0))
    bench.tell(e.IvrCommandEnded(ref, bench.last(c.AskDigit).id, 9, digits="9"))
    bench.tell(e.IvrCommandEnded(ref, bench.last(c.PlayPrompt).id, 0))

    bench.tell(e.FallbackAnswered(ref, "1001", channel("q-1")))
    bench.wait(11)

    assert len(bench.sent(c.ReadPbx)) == 1


def test_a_caller_whom_a_reading_met_on_the_way_begins_the_menu_on_arrival() -> None:
    bench = Bench()
    bench.restart(truth("a", Place.DIALPLAN))
    assert bench.call("a").state is CallState.ARRIVING

    bench.tell(e.CallArrived(channel("a"), "5551234", "7000"))

    assert bench.call("a").state is CallState.IN_IVR
