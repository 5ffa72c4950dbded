"""A campaign that is stopped at once: whom it lets go, who is served to the end, who leaves."""

from __future__ import annotations

from callcenter.core.stopping import HANGUP_LEASE_S, STOPPED
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import AgentState
from callcenter.domain.attempt import AttemptResult, ContactStatus, Verdict
from callcenter.domain.campaign import CampaignState, CampaignStep
from callcenter.domain.ids import ChannelRef
from callcenter.domain.records import AttemptRecord
from dialer.results import GIVEN_BACK_RUNG_S, GIVEN_BACK_S
from tests.builders import Bench
from tests.unit.core.preview_bench import dial, preview, step

R = AttemptResult


def hung_up(bench: Bench) -> list[ChannelRef]:
    """The channels of people that were let go."""
    return [one.channel for one in bench.sent(c.HangUp) if one.channel.id.startswith("att-")]


def stop(bench: Bench) -> None:
    """The manager stops the campaign."""
    step(bench, CampaignStep.STOP)


def test_a_phone_that_rings_is_let_go_and_the_try_given_back() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.tell(e.AttemptCreated(ref))
    bench.tell(e.AttemptRinging(ref))

    stop(bench)
    assert hung_up(bench) == [ref]
    assert bench.live().state is CampaignState.DRAINING
    bench.tell(e.OriginateFailed(ref))
    bench.tell(e.ChannelHungUp(ref, 127))

    came = bench.came_of_it()
    assert (came.result, came.tries, came.status) == (R.CANCELLED, 0, ContactStatus.OPEN)
    assert came.next_try_at == bench.now + GIVEN_BACK_RUNG_S
    assert bench.live().state is CampaignState.FINISHED
    assert bench.live().people == 0


def test_a_call_that_the_pbx_has_not_made_yet_is_hung_up_as_soon_as_it_is_there() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)

    stop(bench)
    assert hung_up(bench) == []
    bench.tell(e.AttemptCreated(ref))
    assert hung_up(bench) == [ref]
    bench.tell(e.AttemptCreated(ref))
    bench.tell(e.AttemptRinging(ref))
    assert hung_up(bench) == [ref]
    bench.tell(e.ChannelHungUp(ref, 0))

    assert bench.came_of_it().result is R.CANCELLED


def test_a_call_whose_beginning_was_not_heard_of_is_hung_up_when_it_rings() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)

    stop(bench)
    bench.tell(e.AttemptRinging(ref))

    assert hung_up(bench) == [ref]


def test_a_call_that_no_phone_rang_for_is_due_again_soon() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.tell(e.AttemptCreated(ref))

    stop(bench)
    bench.tell(e.ChannelHungUp(ref, 0))

    assert bench.came_of_it().next_try_at == bench.now + GIVEN_BACK_S


def test_a_call_that_is_not_gone_has_the_pbx_asked() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.tell(e.AttemptCreated(ref))
    stop(bench)

    bench.wait(HANGUP_LEASE_S)

    assert len(bench.sent(c.ReadPbx)) == 1


def test_a_stop_pressed_twice_hangs_up_once() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.tell(e.AttemptCreated(ref))

    stop(bench)
    stop(bench)

    assert hung_up(bench) == [ref]


def test_a_stop_leaves_the_calls_of_other_campaigns_alone() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.tell(e.AttemptCreated(ref))
    bench.campaign(id="spring")

    assert bench.ask(e.CampaignStepRequested, "spring", CampaignStep.STOP, "kim").problem == ""

    assert hung_up(bench) == []
    assert bench.agent("ana").campaign == "renewals"


def test_who_is_listened_to_or_waits_is_served_by_an_agent_who_stays_for_them() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.answer(ref)

    stop(bench)
    assert (hung_up(bench), bench.agent("ana").campaign) == ([], "renewals")
    bench.now += 0.8
    bench.tell(e.AttemptScreened(ref, Verdict.HUMAN))
    bench.tell(e.CallerHeld(ref))
    bench.join(ref)
    bench.wait(10)
    bench.part(ref)

    assert bench.came_of_it().result is R.CONNECTED
    assert bench.agent("ana").state is AgentState.WRAP_UP
    assert bench.agent("ana").campaign == "renewals"


def test_a_call_answered_in_the_moment_it_is_hung_up_counts_as_what_it_was() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.tell(e.AttemptCreated(ref))
    stop(bench)

    bench.tell(e.AttemptAnswered(ref))
    bench.wait(2)
    bench.tell(e.ChannelHungUp(ref, 16))

    assert (bench.came_of_it().result, bench.came_of_it().tries) == (R.HUNG_UP, 1)


def test_agents_leave_when_they_are_free_and_nobody_is_rung_any_more() -> None:
    bench = Bench()
    ref = bench.dial("ana", "jon", rows=2)
    other = bench.sent(c.PlaceCall)[1].channel
    bench.person(ref)
    bench.join(ref)
    bench.tell(e.AttemptCreated(other))
    talking, idle = ("ana", "jon") if bench.agent("ana").call else ("jon", "ana")

    stop(bench)
    assert bench.agent(idle).campaign == "renewals"
    bench.tell(e.ChannelHungUp(other, 0))
    left = bench.agent(idle)
    assert (left.campaign, left.line, left.leaves) == ("", None, ())
    assert (left.state, left.reason) == (AgentState.NOT_READY, STOPPED)
    bench.wait(10)
    bench.part(ref)
    assert bench.agent(talking).campaign == "renewals"
    bench.note(talking)

    assert bench.agent(talking).campaign == ""
    assert bench.live().state is CampaignState.FINISHED
    assert {one.result for one in bench.kept(AttemptRecord)} == {R.CANCELLED, R.CONNECTED}


def test_an_agent_on_a_break_leaves_and_stays_on_the_break() -> None:
    bench = Bench()
    bench.work("ana", rows=0)
    bench.ask(e.NotReadyRequested, "ana", "lunch")

    stop(bench)

    agent = bench.agent("ana")
    assert (agent.campaign, agent.state, agent.reason) == ("", AgentState.NOT_READY, "lunch")


def test_a_start_takes_a_stop_back_for_who_has_not_left() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.person(ref)
    bench.join(ref)

    stop(bench)
    step(bench, CampaignStep.START)
    bench.wait(10)
    bench.part(ref)
    bench.note("ana")

    assert bench.agent("ana").campaign == "renewals"
    assert bench.live().state is CampaignState.RUNNING


def test_an_account_that_is_removed_while_its_agent_is_to_leave_does_no_harm() -> None:
    bench = Bench()
    bench.work("ana", rows=0)
    bench.ask(e.SignOutRequested, "ana")
    stop(bench)

    bench.tell(e.AgentsConfigured(()))

    assert "ana" not in bench.machine.state.agents


def test_a_card_in_preview_is_taken_back_and_a_call_asked_for_is_let_go() -> None:
    bench = preview("ana", "jon")
    ref = dial(bench, "ana")
    bench.tell(e.AttemptCreated(ref))

    stop(bench)
    assert bench.agent("jon").preview is None
    assert bench.agent("ana").campaign == "renewals"
    bench.tell(e.ChannelHungUp(ref, 0))

    in_vain = bench.agent("ana").dialed_in_vain
    assert in_vain is not None
    assert in_vain.result is R.CANCELLED
    assert (bench.agent("ana").campaign, bench.agent("jon").campaign) == ("", "")
    assert bench.live().hopper == ()


def test_what_was_paused_can_be_stopped_and_what_is_over_cannot() -> None:
    bench = Bench()
    bench.campaign()
    step(bench, CampaignStep.PAUSE)

    stop(bench)

    assert bench.live().state is CampaignState.FINISHED
    reply = bench.ask(e.CampaignStepRequested, "renewals", CampaignStep.STOP, "kim")
    assert "finished cannot stop" in reply.problem
