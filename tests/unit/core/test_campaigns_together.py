"""What campaigns do meets what else is planned for their agents and their people."""

from __future__ import annotations

from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import AgentState
from callcenter.domain.campaign import CampaignStep, Pacing
from callcenter.domain.records import DispositionRecord
from tests.builders import Bench, channel, row
from tests.unit.core.callback_bench import HOUR_S, became, fetch
from tests.unit.core.preview_bench import shown
from tests.unit.core.return_bench import IN, a_campaign, call_back, call_in, known, talk
from tests.unit.core.test_sharing import center, counted, fill, join

SECOND = channel("second")


def stop(bench: Bench, campaign: str) -> None:
    """The manager stops this campaign."""
    asked = bench.ask(e.CampaignStepRequested, campaign, CampaignStep.STOP, "kim")
    assert asked.problem == ""


def put_down(bench: Bench, campaign: str, contact: int, agent: str = "") -> None:
    """This contact is to be called in an hour."""
    whom = row(contact)
    wanted = (campaign, whom.contact, whom.number, bench.now + HOUR_S, agent)
    assert bench.ask(e.CallbackRequested, *wanted, "kim").problem == ""


# --- a stop, and agents of several campaigns ------------------------------------------------------


def test_a_stop_leaves_agents_and_their_line_to_the_other_campaigns() -> None:
    bench = center("ana")
    join(bench, "ana")

    stop(bench, "renewals")

    ana = bench.agent("ana")
    assert (ana.works_for, ana.leaves, ana.state) == (("surveys",), (), AgentState.READY)
    assert ana.line is not None
    stop(bench, "surveys")
    assert bench.agent("ana").works_for == ()
    assert bench.agent("ana").line is None


def test_who_is_awaited_leaves_when_nobody_is_and_a_start_lets_them_stay() -> None:
    bench = center("ana", first=9)
    join(bench, "ana")
    fill(bench, "renewals", 1)
    ref = bench.last(c.PlaceCall).channel
    bench.tell(e.AttemptCreated(ref))

    stop(bench, "renewals")
    stop(bench, "surveys")

    assert bench.agent("ana").works_for == ("renewals",)
    assert bench.agent("ana").leaves == ("renewals",)
    bench.ask(e.CampaignStepRequested, "renewals", CampaignStep.START, "kim")
    assert bench.agent("ana").leaves == ()
    bench.tell(e.ChannelHungUp(ref, 0))
    assert bench.agent("ana").works_for == ("renewals",)


# --- a stop, and contacts who call back -----------------------------------------------------------


def second_waits(bench: Bench) -> None:
    """Another contact calls back while the agent talks."""
    call_in(bench, 2, name="second")
    known(bench, 2)
    bench.tell(e.IvrLeft(SECOND))
    bench.tell(e.CallerHeld(SECOND))
    assert bench.call("second").at_campaign


def first_is_over(bench: Bench, agent: str) -> None:
    """Who called first hangs up; the agent notes it, and is free over the open line."""
    call, leg = bench.agent(agent).call, bench.call("in").leg
    assert leg is not None
    bench.tell(e.ChannelLeft(leg, "b"))
    bench.tell(e.LegParked(leg))
    bench.tell(e.ChannelHungUp(IN, 16))
    assert bench.ask(e.DispositionRequested, agent, call, "agreed").problem == ""


def test_who_calls_back_and_waits_is_served_before_the_agent_leaves() -> None:
    bench = a_campaign("ana")
    talk(bench)
    second_waits(bench)

    stop(bench, "renewals")
    first_is_over(bench, "ana")

    assert bench.last(c.PopCard).call == bench.call("second").id
    assert bench.agent("ana").works_for == ("renewals",)
    bench.tell(e.ChannelHungUp(SECOND, 16))
    assert bench.agent("ana").works_for == ()


def test_who_calls_back_after_a_stop_is_led_by_the_number_as_anybody() -> None:
    bench = a_campaign("ana")
    talk(bench)

    stop(bench, "renewals")
    call_in(bench, 2, name="second")
    known(bench, 2)

    call = bench.call("second")
    assert (call.queue, call.at_campaign) == ("service", False)


def test_agents_who_stayed_for_a_caller_leave_when_another_has_them() -> None:
    bench = a_campaign("ana", "bo")
    talk(bench)
    ana, bo = ("ana", "bo") if bench.agent("ana").call else ("bo", "ana")
    bench.ask(e.NotReadyRequested, bo, "lunch")
    second_waits(bench)

    stop(bench, "renewals")
    assert bench.agent(bo).works_for == ("renewals",)
    first_is_over(bench, ana)
    leg = bench.call("second").leg
    assert leg is not None
    bench.tell(e.CallerLeftHold(SECOND))
    bench.tell(e.ChannelJoined(SECOND, "c"))
    bench.tell(e.ChannelJoined(leg, "c"))

    assert bench.agent(bo).works_for == ()
    assert bench.agent(ana).works_for == ("renewals",)


def test_an_agent_on_a_break_leaves_when_the_caller_waits_with_all_others() -> None:
    bench = a_campaign("ana")
    talk(bench)
    second_waits(bench)
    bench.ask(e.NotReadyRequested, "ana", "lunch")
    stop(bench, "renewals")
    first_is_over(bench, "ana")
    assert bench.agent("ana").works_for == ("renewals",)

    bench.wait(11.0)

    assert bench.call("second").queue == "service"
    assert bench.agent("ana").works_for == ()


# --- callbacks, and agents of several campaigns ---------------------------------------------------


def test_a_callback_of_their_own_goes_before_a_campaign_of_higher_priority() -> None:
    bench = center("ana", "bo", first=9)
    join(bench, "ana", "bo")
    put_down(bench, "surveys", 5, "bo")
    put_down(bench, "surveys", 6)
    bench.wait(HOUR_S - 1.0)
    fill(bench, "renewals", 1, 2)
    for one in bench.sent(c.PlaceCall):
        bench.tell(e.ChannelHungUp(one.channel, 17))
    fill(bench, "renewals", 1, 2, 3)
    assert counted(bench, "ana", "bo") == ["renewals", "renewals"]

    bench.wait(2.0)

    assert counted(bench, "ana", "bo") == ["renewals", "surveys"]
    bench.ask(e.CampaignJoinRequested, "bo", "renewals", ())
    assert bench.agent("bo").works_for == ("renewals",)


def test_a_due_callback_of_a_campaign_that_does_not_run_moves_nobody() -> None:
    bench = center("ana")
    join(bench, "ana")
    put_down(bench, "surveys", 5, "ana")
    bench.ask(e.CampaignStepRequested, "surveys", CampaignStep.PAUSE, "kim")

    bench.wait(HOUR_S + 1.0)

    assert counted(bench, "ana") == ["renewals"]


def test_a_due_callback_is_somebody_to_dial() -> None:
    bench = center("ana", second=9)
    join(bench, "ana")
    put_down(bench, "surveys", 5)
    assert counted(bench, "ana") == ["renewals"]

    bench.wait(HOUR_S + 1.0)

    assert counted(bench, "ana") == ["surveys"]
    fetch(bench, row(5))
    assert bench.last(c.PlaceCall).campaign == "surveys"


# --- callbacks, and contacts who call back --------------------------------------------------------


def test_who_calls_us_and_talks_has_had_the_call_that_was_promised() -> None:
    bench = a_campaign("ana")
    put_down(bench, "renewals", 1)
    put_down(bench, "renewals", 2)

    talk(bench)

    assert became(bench) == ["promised", "promised", "kept"]
    assert [one.contact for one in bench.machine.state.callbacks.values()] == ["2"]


def test_nobody_is_called_back_who_is_on_the_line_just_now() -> None:
    bench = a_campaign("ana", "bo")
    put_down(bench, "renewals", 1)
    bench.wait(HOUR_S - 1.0)
    call_back(bench)

    bench.wait(2.0)
    fetch(bench, row(1))
    assert bench.sent(c.PlaceCall) == []

    bench.tell(e.ChannelHungUp(IN, 16))
    assert [one.contact for one in bench.sent(c.PlaceCall)] == ["1"]


# --- sales, and contacts who call back ------------------------------------------------------------


def test_who_calls_back_may_buy() -> None:
    bench = a_campaign("ana")
    talk(bench)

    call = bench.agent("ana").call
    sold = bench.ask(e.DispositionRequested, "ana", call, "agreed", None, 4990)

    assert sold.problem == ""
    assert [(one.sale, one.amount_cents) for one in bench.kept(DispositionRecord)] == [(True, 4990)]


# --- cards, and contacts who call back ------------------------------------------------------------


def test_the_card_of_who_calls_is_taken_and_that_of_another_stays() -> None:
    bench = a_campaign("ana", "bo", pacing=Pacing.PREVIEW)
    bench.tell(e.ContactsChanged("renewals"))
    bench.fill(row(1), row(2))
    assert sorted(shown(bench, name).row.contact for name in ("ana", "bo")) == ["1", "2"]

    call_back(bench)

    cards = [bench.agent(name).preview for name in ("ana", "bo")]
    assert [card.row.contact for card in cards if card is not None] == ["2"]
