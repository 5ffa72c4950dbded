"""A contact calls a number back that the campaign shows: the card, the key, the agent, no more
tries."""

from __future__ import annotations

import msgspec
import pytest

from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.call import CallState, Outcome, Place
from callcenter.domain.campaign import ReturnCounts
from callcenter.domain.customer import Tier
from callcenter.domain.records import DncRecord, FaultRecord, ReturnRecord
from tests.builders import PBX, Bench, channel, leg_truth, row, truth
from tests.unit.core.return_bench import (
    IN,
    SHOWN,
    a_campaign,
    call_back,
    call_in,
    known,
    on_hold,
    talk,
)

# --- whose call it is -----------------------------------------------------------------------------


@pytest.mark.parametrize("dialed", [SHOWN, "3545550000", "5550000", "+3545550009"])
def test_a_number_that_a_campaign_shows_has_the_caller_looked_up_on_its_list(dialed: str) -> None:
    bench = a_campaign(list_caller_ids={"gold": ("+3545550009",)})

    call_in(bench, dialed=dialed)

    asked = bench.last(c.FindContact)
    assert (asked.number, asked.campaigns) == (row(1).number, ("renewals",))
    assert bench.sent(c.PlayPrompt) == []


def test_a_number_that_no_campaign_shows_or_only_a_draft_leads_to_its_menu_at_once() -> None:
    bench = a_campaign()
    draft = bench.live().settings
    bench.ask(
        e.CampaignSaved, type(draft)("new", "New", draft.pbx, "carrier", caller_id="7000"), "kim"
    )

    call_in(bench, dialed="7000")

    assert bench.sent(c.FindContact) == []
    assert bench.last(c.PlayPrompt).prompt == "welcome"


def test_a_caller_who_is_no_contact_is_led_by_the_number_as_anybody() -> None:
    bench = a_campaign("ana")
    call_in(bench)
    asked = bench.last(c.FindContact)

    bench.tell(e.ContactNotFound(asked.id, asked.call))

    assert bench.call("in").queue == "service"
    assert not bench.call("in").returned
    on_hold(bench)
    bench.hang_up("in")
    assert bench.kept(ReturnRecord) == []


def test_a_database_that_is_away_costs_the_card_alone() -> None:
    bench = a_campaign("ana")
    bench.allowed_faults = ("contact_lookup_failed",)
    call_in(bench)

    bench.tell(e.CommandFailed(bench.last(c.FindContact).id, "no answer within 2 s"))

    assert bench.call("in").queue == "service"
    assert [one.kind for one in bench.kept(FaultRecord)] == ["contact_lookup_failed"]


def test_an_answer_that_never_comes_is_not_waited_for() -> None:
    bench = a_campaign("ana")
    call_in(bench)

    bench.wait(2.4)
    assert bench.call("in").state is CallState.ARRIVING
    bench.wait(0.1)

    assert bench.call("in").queue == "service"


def test_an_answer_that_comes_late_is_for_the_card_and_the_tries() -> None:
    bench = a_campaign("ana")
    call_in(bench)
    bench.wait(3.0)

    known(bench)
    known(bench)

    call = bench.call("in")
    assert (call.returned, call.contact, call.queue) == ("renewals", "1", "service")


def test_a_caller_who_has_gone_is_no_return_call_any_more() -> None:
    bench = a_campaign("ana")
    call_in(bench)
    bench.hang_up("in")

    known(bench)
    asked = bench.last(c.FindContact)
    bench.tell(e.ContactNotFound(asked.id, asked.call))

    assert bench.kept(ReturnRecord) == []


def test_the_list_tells_who_calls_where_the_directory_does_not() -> None:
    bench = a_campaign("ana")
    call_in(bench)

    known(bench, customer="k1", tier=Tier.GOLD)

    assert (bench.call("in").customer, bench.call("in").tier) == ("k1", Tier.GOLD)


def test_the_directory_knows_better_than_the_list() -> None:
    bench = a_campaign("ana")
    call_in(bench)
    look_up = bench.last(c.LookUpCustomer)
    bench.tell(e.CustomerFound(look_up.id, look_up.call, "k2", Tier.SILVER))

    known(bench, customer="k1", tier=Tier.GOLD)

    assert (bench.call("in").customer, bench.call("in").tier) == ("k2", Tier.SILVER)


def test_a_start_of_the_service_asks_again_while_the_caller_waits_for_the_answer() -> None:
    bench = a_campaign("ana")
    call_in(bench)

    bench.tell(e.ServiceStarted(2))
    bench.tell(e.PbxStateRead(PBX, (truth("in", Place.MENU),)))

    assert len(bench.sent(c.FindContact)) == 2
    known(bench)
    assert bench.call("in").returned == "renewals"


# --- where it goes --------------------------------------------------------------------------------


def test_the_caller_gets_an_agent_of_the_campaign_over_the_open_line_card_first() -> None:
    bench = a_campaign("ana")
    bench.commands.clear()

    call_back(bench)
    on_hold(bench)

    card = bench.last(c.PopCard)
    assert (card.agent, card.campaign, card.contact) == ("ana", "renewals", "1")
    assert card.returned
    kinds = [type(x) for x in bench.commands]
    assert kinds.index(c.PopCard) < kinds.index(c.JoinCall)
    assert bench.call("in").waits_for == "renewals"


def test_while_nobody_works_for_the_campaign_the_number_leads_as_anybody() -> None:
    bench = a_campaign("ana")
    bench.ask(e.NotReadyRequested, "ana", "lunch")

    call = call_back(bench)

    assert (call.queue, call.at_campaign) == ("service", False)


def test_an_agent_who_wishes_to_stop_is_nobody_to_wait_for() -> None:
    bench = a_campaign("ana")
    talk(bench)
    bench.ask(e.NotReadyRequested, "ana", "lunch")

    call_in(bench, 2, name="second")
    known(bench, 2)

    assert bench.call("second").queue == "service"


def test_the_campaigns_own_queue_takes_them_where_it_names_one() -> None:
    bench = a_campaign("ana", returns_to="service")
    bench.agents("ana", "bo")

    call_back(bench)
    on_hold(bench)

    assert bench.call("in").queue == "service"
    assert bench.last(c.PopCard).agent == "bo"
    assert bench.last(c.PopCard).campaign == "renewals"


def test_when_the_last_agent_stops_the_caller_waits_with_all_others_in_its_place() -> None:
    bench = a_campaign("ana")
    bench.agents("ana")
    bench.tell(e.ChannelHungUp(bench.agent("ana").line or IN, 16))  # no line: nobody takes them yet
    call_back(bench)
    on_hold(bench)
    queued_at = bench.call("in").queued_at
    bench.wait(11.0)
    assert bench.call("in").at_campaign
    bench.ask(e.NotReadyRequested, "ana", "lunch")

    bench.wait(10.0)

    call = bench.call("in")
    assert (call.queue, call.at_campaign, call.queued_at) == ("service", False, queued_at)
    bench.wait(30.0)


def test_with_a_menu_behind_the_number_they_wait_in_its_queue() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.campaign(caller_id="7000")
    bench.open_line("ana")
    bench.tell(e.ChannelHungUp(bench.agent("ana").line or IN, 16))
    call_in(bench, dialed="7000")
    known(bench)
    on_hold(bench)
    bench.ask(e.NotReadyRequested, "ana", "lunch")

    bench.wait(11.0)

    assert bench.call("in").queue == "service"


def test_a_caller_who_hangs_up_while_waiting_has_abandoned_and_is_tried_as_planned() -> None:
    bench = a_campaign("ana")
    bench.tell(e.ChannelHungUp(bench.agent("ana").line or IN, 16))
    call_back(bench)
    on_hold(bench)

    bench.hang_up("in")

    assert (bench.ended().outcome, bench.ended().returned) == (Outcome.ABANDONED, "renewals")
    [came] = bench.kept(ReturnRecord)
    assert (came.answered_at, came.opted_out) == (0.0, False)
    assert bench.live().returns == ReturnCounts(calls=1)


def test_an_agent_lost_in_the_midst_gives_the_caller_to_another_of_the_campaign() -> None:
    bench = a_campaign("ana", "bo")
    talk(bench)
    leg = bench.call("in").leg
    assert leg is not None
    bench.tell(e.ChannelHungUp(leg, 38))
    bench.tell(e.CallerHeld(IN))

    assert bench.last(c.PopCard).agent == "bo"
    assert bench.call("in").waits_for == "renewals"


# --- opting out -----------------------------------------------------------------------------------


def offered(bench: Bench) -> c.AskDigit:
    """A contact calls back and hears the prompt that names the key."""
    call_back(bench)
    return bench.last(c.AskDigit)


KEY = {"opt_out_key": "9", "return_prompt": "you-called"}


def test_the_key_puts_the_number_on_the_list_ends_the_call_and_the_tries() -> None:
    bench = a_campaign("ana", **KEY)
    asked = offered(bench)
    assert asked.prompt == "you-called"

    bench.tell(e.IvrCommandEnded(IN, asked.id, 1, digits="9"))

    said = bench.last(c.SayToCaller)
    assert (said.prompts, said.ends_call) == (("opted-out",), True)
    [listed] = bench.kept(DncRecord)
    assert (listed.number, listed.source) == (row(1).number, "opt_out")
    bench.hang_up("in")
    assert bench.ended().outcome is Outcome.ENDED_BY_FLOW
    [came] = bench.kept(ReturnRecord)
    assert came.opted_out
    assert bench.live().returns == ReturnCounts(calls=1, opted_out=1)


@pytest.mark.parametrize("digits", ["", "1"])
def test_whoever_presses_nothing_or_another_key_is_connected(digits: str) -> None:
    bench = a_campaign("ana", **KEY)
    asked = offered(bench)

    bench.tell(e.IvrCommandEnded(IN, asked.id, 0, digits=digits))

    assert bench.call("in").at_campaign
    assert bench.kept(DncRecord) == []


def test_after_the_prompt_the_menu_goes_on_where_nobody_works_for_the_campaign() -> None:
    bench = Bench()
    bench.campaign(caller_id="7000", **KEY)
    call_in(bench, dialed="7000")
    known(bench)

    bench.tell(e.IvrCommandEnded(IN, bench.last(c.AskDigit).id, 0))

    assert (bench.call("in").flow, bench.last(c.PlayPrompt).prompt) == ("main", "welcome")


def test_a_prompt_that_cannot_be_played_holds_nobody_up() -> None:
    bench = a_campaign("ana", **KEY)
    bench.allowed_faults = ("return_prompt_failed",)
    asked = offered(bench)

    bench.tell(e.IvrCommandEnded(IN, asked.id, -1))
    bench.tell(e.IvrCommandEnded(IN, "x-other", 1, digits="9"))
    bench.wait(1.0)

    assert bench.call("in").at_campaign


def test_a_start_in_the_midst_of_the_prompt_leads_on_when_it_has_ended() -> None:
    bench = a_campaign("ana", **KEY)
    offered(bench)

    bench.restart(truth("in", Place.MENU))
    bench.tell(e.IvrCommandEnded(IN, bench.last(c.ProbeMenu).id, 0))

    assert bench.call("in").returned == "renewals"
    assert bench.call("in").state is CallState.WAITING


def test_silence_of_the_pbx_in_the_prompt_has_it_asked() -> None:
    bench = a_campaign("ana", **KEY)
    offered(bench)

    bench.wait(61.0)

    assert bench.sent(c.ReadPbx) != []


def test_the_key_of_the_menu_is_the_menus() -> None:
    bench = a_campaign("ana")
    bench.tell(e.CallArrived(IN, row(1).number, "7000"))

    bench.tell(e.IvrCommandEnded(IN, bench.last(c.PlayPrompt).id, 0))

    assert bench.last(c.AskDigit).prompt == "menu"
    bench.tell(e.IvrCommandEnded(channel("nobody"), "x", 0))


def test_a_caller_found_on_hold_is_looked_up_too_and_keeps_waiting_whatever_comes_of_it() -> None:
    bench = a_campaign("ana")
    seen = msgspec.structs.replace(
        truth("in", Place.HOLD), dialed_number=SHOWN, caller_number=row(1).number
    )
    bench.tell(e.PbxStateRead(PBX, (seen, *lines_of(bench))))
    asked = bench.last(c.FindContact)
    assert bench.call("in").state is CallState.WAITING

    bench.tell(e.ContactNotFound(asked.id, asked.call))

    assert (bench.call("in").queue, bench.call("in").seeks_contact) == ("service", False)


def lines_of(bench: Bench) -> tuple[e.ChannelTruth, ...]:
    """Every open line, as the PBX has it."""
    return tuple(leg_truth(ref, Place.HOLD) for ref in bench.machine.state.legs)


def test_nobody_is_looked_for_any_more_when_the_caller_is_being_hung_up() -> None:
    bench = a_campaign("ana")
    talk(bench)
    assert bench.ask(e.HangUpRequested, "ana").problem == ""

    bench.wait(11.0)

    assert f"return:{bench.call('in').id}" not in bench.machine.state.timers
