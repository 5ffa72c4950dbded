"""Making, starting, pausing and draining campaigns, and who works for them."""

from __future__ import annotations

import msgspec
import pytest

from callcenter.core.campaign_queries import campaign_view
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import AgentProfile, AgentState
from callcenter.domain.campaign import CampaignState, CampaignStep, may, next_state
from callcenter.domain.records import CampaignRecord
from callcenter.domain.step import Reply
from callcenter.domain.transitions import Impossible
from tests.builders import CAMPAIGN, CENTER, PBX, Bench, row

TWO_PBXS = msgspec.structs.replace(CENTER, phones={"1001": PBX, "1002": PBX, "1003": "north"})


def step(bench: Bench, what: CampaignStep, campaign: str = "renewals") -> Reply:
    """The manager asks for this step."""
    return bench.ask(e.CampaignStepRequested, campaign, what, "kim")


def join(bench: Bench, agent: str, campaign: str = "renewals") -> str:
    """What is wrong with this agent's wish to work for the campaign; empty: nothing."""
    return bench.ask(e.CampaignJoinRequested, agent, campaign).problem


# --- the manager ----------------------------------------------------------------------------------


def test_a_campaign_is_a_draft_until_it_is_started_and_everything_is_recorded() -> None:
    bench = Bench()

    assert bench.ask(e.CampaignSaved, CAMPAIGN, "kim").problem == ""
    assert (bench.live().state, bench.refills()) == (CampaignState.DRAFT, [])
    assert step(bench, CampaignStep.START).problem == ""

    assert (bench.live().state, bench.live().changed_by) == (CampaignState.RUNNING, "kim")
    assert [(r.state, r.by) for r in bench.kept(CampaignRecord)] == [
        (CampaignState.DRAFT, "kim"),
        (CampaignState.RUNNING, "kim"),
    ]


def test_a_start_pressed_twice_is_granted_and_recorded_once() -> None:
    bench = Bench()
    bench.campaign()
    before = len(bench.kept(CampaignRecord))

    assert step(bench, CampaignStep.START).problem == ""

    assert len(bench.kept(CampaignRecord)) == before


def test_what_a_campaign_cannot_do_is_refused_with_the_reason() -> None:
    bench = Bench()
    bench.ask(e.CampaignSaved, CAMPAIGN, "kim")

    assert "no campaign nowhere" in step(bench, CampaignStep.START, "nowhere").problem
    assert "draft cannot pause" in step(bench, CampaignStep.PAUSE).problem
    assert "draft cannot finish" in step(bench, CampaignStep.FINISH).problem
    step(bench, CampaignStep.START)
    assert "running cannot finish" in step(bench, CampaignStep.FINISH).problem


def test_the_table_names_what_may_follow_what() -> None:
    assert may(CampaignState.RUNNING, CampaignStep.PAUSE)
    assert not may(CampaignState.DRAFT, CampaignStep.DRAIN)
    with pytest.raises(Impossible, match="campaign"):
        next_state(CampaignState.FINISHED, CampaignStep.PAUSE)


def test_a_campaign_needs_a_pbx_with_phones() -> None:
    bench = Bench()
    settings = msgspec.structs.replace(CAMPAIGN, pbx="mars")

    assert "'mars'" in bench.ask(e.CampaignSaved, settings, "kim").problem


def test_new_settings_hold_at_once_and_the_hopper_is_filled_anew() -> None:
    bench = Bench()
    bench.campaign()
    bench.fill(*(row(number) for number in range(20)))
    assert len(bench.live().hopper) == 20

    settings = msgspec.structs.replace(CAMPAIGN, ring_s=40.0)
    bench.ask(e.CampaignSaved, settings, "kim")

    assert bench.live().settings.ring_s == 40.0
    assert bench.live().hopper == ()
    assert len(bench.refills()) == 2


def test_a_campaign_moves_to_another_pbx_only_while_nobody_works_for_it() -> None:
    bench = Bench(center=TWO_PBXS)
    bench.agents("ana")
    bench.campaign()
    moved = msgspec.structs.replace(CAMPAIGN, pbx="north")

    assert join(bench, "ana") == ""
    assert "drain it" in bench.ask(e.CampaignSaved, moved, "kim").problem
    assert join(bench, "ana", "") == ""
    assert bench.ask(e.CampaignSaved, moved, "kim").problem == ""

    assert bench.live().settings.pbx == "north"


def test_a_campaign_does_not_move_while_its_calls_are_under_way() -> None:
    bench = Bench(center=TWO_PBXS)
    ref = bench.dial("ana")
    bench.ask(e.SignOutRequested, "ana")
    moved = msgspec.structs.replace(CAMPAIGN, pbx="north")

    assert "under way" in bench.ask(e.CampaignSaved, moved, "kim").problem
    bench.tell(e.ChannelHungUp(ref, 17))
    assert bench.ask(e.CampaignSaved, moved, "kim").problem == ""


def test_a_pause_stops_the_dialing_and_not_the_calls_under_way() -> None:
    bench = Bench()
    ref = bench.dial("ana", "jon")
    step(bench, CampaignStep.PAUSE)
    before = bench.placed()

    bench.person(ref)
    bench.join(ref)
    bench.note("ana")
    bench.tell(e.ChannelHungUp(ref, 16))
    bench.wait(40)

    assert bench.agent("ana").state is AgentState.READY
    assert bench.placed() == before
    assert bench.live().state is CampaignState.PAUSED


def test_a_pause_lets_go_of_the_hopper_and_of_rows_still_on_their_way() -> None:
    bench = Bench()
    bench.dial("ana")
    step(bench, CampaignStep.PAUSE)
    step(bench, CampaignStep.START)
    late = bench.refills()[-1]
    step(bench, CampaignStep.PAUSE)

    bench.tell(e.HopperFilled(late.id, "renewals", (row(7),), bench.live().counts))

    assert (bench.live().hopper, bench.live().refill) == ((), "")
    bench.wait(60)
    assert len(bench.refills()) == 2


def test_draining_ends_with_the_last_call() -> None:
    bench = Bench()
    ref = bench.dial("ana")
    assert step(bench, CampaignStep.DRAIN).problem == ""
    assert bench.live().state is CampaignState.DRAINING

    bench.tell(e.ChannelHungUp(ref, 17))

    assert bench.live().state is CampaignState.FINISHED
    assert bench.kept(CampaignRecord)[-1].by == ""
    assert len(bench.placed()) == 1


def test_draining_a_campaign_without_calls_finishes_it_at_once_and_it_can_be_started_again() -> (
    None
):
    bench = Bench()
    bench.campaign()
    step(bench, CampaignStep.PAUSE)

    step(bench, CampaignStep.DRAIN)

    assert bench.live().state is CampaignState.FINISHED
    assert step(bench, CampaignStep.START).problem == ""
    assert bench.live().refill != ""


def test_a_campaign_that_is_started_again_while_it_drains_does_not_finish() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    step(bench, CampaignStep.DRAIN)
    step(bench, CampaignStep.START)

    bench.tell(e.ChannelHungUp(ref, 17))

    assert bench.live().state is CampaignState.RUNNING


def test_a_campaign_of_another_pbx_goes_on_when_a_link_is_lost() -> None:
    bench = Bench(center=TWO_PBXS)
    bench.tell(e.PbxStateRead("north", ()))
    bench.work("ana", rows=1)
    bench.campaign(id="surveys", name="Surveys", pbx="north")
    bench.fill(row(5), campaign="surveys")
    bench.agents("ana", "jon", "eva")
    bench.open_line("eva", campaign="surveys")
    ref = bench.last(c.PlaceCall).channel
    assert ref.pbx == "north"

    bench.tell(e.PbxLinkLost(PBX, "reset"))
    bench.person(ref)

    assert bench.machine.state.calls[bench.attempt(ref).call].agent == "eva"


# --- the agents -----------------------------------------------------------------------------------


def test_who_may_not_join_is_told_why() -> None:
    bench = Bench(center=TWO_PBXS)
    bench.agents("ana", "jon", "eva")
    bench.tell(e.AgentsConfigured(tuple(AgentProfile(n, ()) for n in ("ana", "jon", "eva", "zoe"))))
    bench.campaign()

    assert "not an agent" in join(bench, "nobody")
    assert "not signed in" in join(bench, "zoe")
    assert "no campaign nowhere" in join(bench, "ana", "nowhere")
    assert "dials from PBX main, your phone 1003 is at north" in join(bench, "eva")
    bench.tell(e.DesktopClosed("jon"))
    assert "No desktop" in join(bench, "jon")
    assert bench.sent(c.OpenLine) == []


def test_who_is_in_a_call_finishes_it_first() -> None:
    bench = Bench()
    bench.agents("ana")
    bench.campaign()
    bench.waiting_caller("a")

    assert "Finish the running call" in join(bench, "ana")
    bench.talk("a")
    assert "Finish the running call" in join(bench, "ana")
    bench.hang_up("a")
    assert join(bench, "ana") == ""


def test_an_agent_of_a_campaign_takes_no_inbound_calls_until_leaving_it() -> None:
    bench = Bench()
    bench.dial("ana", rows=1)
    bench.waiting_caller("a")
    assert bench.call("a").agent == ""

    assert join(bench, "ana", "") == ""

    assert bench.call("a").agent == "ana"
    assert len(bench.sent(c.RingAgent)) == 1


def test_leaving_a_campaign_lets_the_line_go() -> None:
    bench = Bench()
    bench.dial("ana")
    line = bench.agent("ana").line
    assert line is not None

    assert join(bench, "ana", "") == ""

    assert bench.last(c.HangUp).channel == line
    assert (bench.agent("ana").line, bench.agent("ana").campaign) == (None, "")
    bench.tell(e.ChannelHungUp(line, 16))
    bench.wait(60)
    assert len(bench.sent(c.OpenLine)) == 1


def test_switching_campaigns_keeps_the_line_and_dials_for_the_other() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.tell(e.ChannelHungUp(ref, 17))
    bench.campaign(id="surveys", name="Surveys")
    bench.fill(row(8), campaign="surveys")
    line = bench.agent("ana").line

    step = bench.tell(e.CampaignJoinRequested("j", "ana", "surveys"))

    assert {"campaign:renewals", "campaign:surveys"} <= set(step.touched)
    assert bench.agent("ana").line == line
    assert len(bench.sent(c.OpenLine)) == 1
    assert bench.placed() == ["0", "8"]


def test_a_person_of_the_campaign_that_the_agent_left_is_not_offered_to_them() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.campaign(id="surveys", name="Surveys")
    assert join(bench, "ana", "surveys") == ""

    bench.person(ref)

    assert bench.call(ref.id).agent == ""
    assert bench.agent("ana").state is AgentState.READY


# --- its time -------------------------------------------------------------------------------------


def test_nobody_is_dialed_before_its_time_and_everybody_is_ready_then() -> None:
    bench = Bench()
    begins = bench.now + 3600.0

    bench.work("ana", rows=3, starts_at=begins)

    assert bench.sent(c.PlaceCall) == []
    view = campaign_view(bench.machine.state, "renewals")
    assert view is not None
    assert view.silence == "Its time has not begun yet."
    bench.wait(begins - bench.now)
    assert len(bench.sent(c.PlaceCall)) == 1


def test_at_its_end_it_drains_and_cannot_be_started_again() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=3, ends_at=bench.now + 600.0)

    bench.wait(600.0)

    assert bench.live().state is CampaignState.DRAINING
    bench.tell(e.ChannelHungUp(ref, 17))
    assert bench.live().state is CampaignState.FINISHED
    assert len(bench.sent(c.PlaceCall)) == 1
    refused = bench.ask(e.CampaignStepRequested, "renewals", CampaignStep.START, "kim")
    assert refused.problem == "Its time is over: set a later end, or none."


def test_a_later_end_set_in_the_middle_holds() -> None:
    bench = Bench()
    bench.dial("ana", rows=3, ends_at=bench.now + 600.0)

    bench.campaign(ends_at=bench.now + 1200.0)
    bench.wait(700.0)

    assert bench.live().state is CampaignState.RUNNING


def test_its_end_is_kept_over_a_start_of_the_service() -> None:
    bench = Bench()
    bench.dial("ana", rows=3, ends_at=bench.now + 600.0)
    bench.machine.state.clear_timer("schedule:renewals")

    bench.tell(e.ServiceStarted(2))

    assert "schedule:renewals" in bench.machine.state.timers
