"""The pacers in the machine: what they are shown, what they order, what a restart leaves them."""

from __future__ import annotations

from typing import Any

import pytest

from callcenter.core.invariants import broken
from callcenter.core.machine import Machine
from callcenter.core.state import decode_state
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.attempt import AttemptResult, Verdict
from callcenter.domain.campaign import Pacing
from callcenter.domain.ids import ChannelRef
from dialer.campaign_pacing import AGAIN_S, PacingState
from dialer.pacing.decision import Because
from dialer.pacing.scene import AgentPhase, CallPhase
from tests.builders import CAMPAIGN, PBX, Bench

TEAM = ("ana", "jon", "eva", "kai")


def known(bench: Bench) -> PacingState:
    """What the campaign's pacer knows."""
    return bench.machine.state.pacings["renewals"]


def predictive(*names: str, rows: int = 60, **changes: Any) -> Bench:
    """These agents on the line for a campaign that dials predictively."""
    bench = Bench()
    bench.work(*names, rows=rows, pacing=Pacing.PREDICTIVE, **changes)
    return bench


def ring_in_vain(bench: Bench) -> None:
    """Some calls ring for a while and are hung up: hardly anybody answers this list."""
    for _ in range(6):
        for ref in [a.channel for a in bench.machine.state.attempts.values()]:
            bench.tell(e.AttemptCreated(ref))
            bench.tell(e.AttemptRinging(ref))
        bench.wait(8.0)
        for ref in [a.channel for a in bench.machine.state.attempts.values()][:4]:
            bench.tell(e.ChannelHungUp(ref, 17))


def drop(bench: Bench, ref: ChannelRef) -> None:
    """A person answers, and hears the message."""
    bench.answer(ref)
    bench.tell(e.AttemptScreened(ref, Verdict.HUMAN, ""))
    bench.tell(e.CallerHeld(ref))
    bench.tell(e.HarbourBegan(ref))


# --- what it is shown -----------------------------------------------------------------------------


def test_a_call_goes_through_its_phases_before_the_pacers_eyes() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    calls = known(bench).learnt.scene.calls
    assert calls[ref.id].phase is CallPhase.DIALING

    bench.tell(e.AttemptCreated(ref))
    bench.tell(e.AttemptRinging(ref))
    assert calls[ref.id].phase is CallPhase.RINGING

    bench.tell(e.AttemptAnswered(ref))
    assert calls[ref.id].phase is CallPhase.SCREENING

    bench.tell(e.AttemptScreened(ref, Verdict.HUMAN, ""))
    assert calls[ref.id].phase is CallPhase.WAITING
    bench.tell(e.CallerHeld(ref))
    bench.join(ref)

    assert not calls
    assert known(bench).learnt.scene.agents["ana"].phase is AgentPhase.TALKING
    assert known(bench).learnt.budget.answered == 1.0


def test_a_join_that_crosses_the_message_is_nobody_dropped_for_the_budget_either() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    drop(bench, ref)
    assert bench.call(ref.id).joining
    bench.machine = Machine(decode_state(bench.machine.state.encode()))  # a restart in between
    assert known(bench).learnt.budget.answered == 0.0

    bench.join(ref)

    budget = known(bench).learnt.budget
    assert (budget.answered, budget.abandoned) == (1.0, 0.0)


def test_a_join_that_came_too_late_for_the_message_is_somebody_dropped() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    drop(bench, ref)
    bench.tell(e.CommandFailed(bench.last(c.JoinCall).id, "no such channel"))

    bench.tell(e.ChannelHungUp(ref, 16))

    budget = known(bench).learnt.budget
    assert (budget.answered, budget.abandoned) == (1.0, 1.0)


def test_who_hangs_up_in_the_message_while_a_join_is_under_way_is_somebody_dropped() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    drop(bench, ref)
    assert bench.call(ref.id).joining

    bench.tell(e.ChannelHungUp(ref, 16))

    assert bench.came_of_it().result is AttemptResult.DROPPED
    budget = known(bench).learnt.budget
    assert (budget.answered, budget.abandoned) == (1.0, 1.0)


def test_a_machine_is_no_call_in_flight_any_more() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.answer(ref)

    bench.tell(e.AttemptScreened(ref, Verdict.MACHINE, "MAXWORDS-4-4"))

    assert not known(bench).learnt.scene.calls
    assert known(bench).learnt.budget.answered == 0.0


def test_an_agent_who_will_not_come_back_is_not_counted_on() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.person(ref)
    bench.join(ref)

    bench.ask(e.NotReadyRequested, "ana", "lunch")

    assert "ana" not in known(bench).learnt.scene.agents


def test_an_agent_of_another_campaign_is_gone_from_the_first() -> None:
    bench = Bench()
    bench.dial("ana", rows=1)
    bench.tell(e.ChannelHungUp(bench.last(c.PlaceCall).channel, 17))
    bench.campaign(id="other")

    bench.ask(e.CampaignJoinRequested, "ana", "other")

    assert "ana" not in known(bench).learnt.scene.agents


def test_a_lost_link_takes_the_agents_away_and_places_nothing() -> None:
    bench = predictive(*TEAM)
    placed = len(bench.sent(c.PlaceCall))

    bench.tell(e.PbxLinkLost(PBX, "gone"))

    assert not known(bench).learnt.scene.agents
    bench.wait(AGAIN_S * 3)
    assert len(bench.sent(c.PlaceCall)) == placed


# --- what it orders -------------------------------------------------------------------------------


def test_predictive_dials_ahead_of_the_agents_who_are_free_and_says_why() -> None:
    bench = predictive(*TEAM, rows=200)

    ring_in_vain(bench)

    assert len(known(bench).learnt.scene.calls) > len(TEAM)
    reason = known(bench).reason
    assert reason is not None
    assert reason.free == len(TEAM)
    assert reason.because in (Because.PRICE, Because.EVIDENCE, Because.BUDGET)


def test_progressive_places_one_for_each() -> None:
    bench = Bench()
    bench.work(*TEAM, rows=60)

    assert len(bench.sent(c.PlaceCall)) == len(TEAM)
    reason = known(bench).reason
    assert reason is not None
    assert reason.because is Because.ONE_EACH


def test_a_predictive_campaign_looks_again_when_nothing_happens() -> None:
    bench = predictive(*TEAM)
    asked_at = known(bench).learnt.asked_at

    bench.wait(AGAIN_S + 0.1)

    assert known(bench).learnt.asked_at > asked_at


def test_a_paused_campaign_does_not_look_again_for_ever() -> None:
    bench = predictive("ana")
    bench.ask(e.CampaignStepRequested, "renewals", "pause", "kim")

    bench.wait(AGAIN_S * 2)

    assert "decide:renewals" not in bench.machine.state.timers


def test_power_falls_back_to_one_line_each_when_the_allowance_is_used_up() -> None:
    bench = Bench()
    bench.work(*TEAM, rows=60, lines_per_agent=3.0)
    first = [command.channel for command in bench.sent(c.PlaceCall)]
    assert len(first) > len(TEAM)
    for name in TEAM:
        bench.ask(e.NotReadyRequested, name, "lunch")
    for ref in first[:2]:
        drop(bench, ref)
    for ref in first[2:]:
        bench.tell(e.ChannelHungUp(ref, 17))
    before = len(bench.sent(c.PlaceCall))

    bench.ask(e.ReadyRequested, TEAM[0])

    assert len(bench.sent(c.PlaceCall)) == before + 1
    reason = known(bench).reason
    assert reason is not None
    assert (reason.because, reason.abandoned) == (Because.BUDGET, 2.0)


def test_a_change_of_the_strategy_holds_at_once_and_forgets_nothing() -> None:
    bench = Bench()
    bench.work(*TEAM, rows=60)
    ref = bench.sent(c.PlaceCall)[0].channel
    bench.person(ref)
    bench.join(ref)
    settings = bench.machine.state.campaigns["renewals"].settings

    bench.campaign(pacing=Pacing.PREDICTIVE, drop_cap=0.01)

    assert settings.pacing is Pacing.PROGRESSIVE
    assert known(bench).learnt.budget.answered == 1.0
    assert known(bench).learnt.budget.rule.cap == 0.01
    assert "decide:renewals" in bench.machine.state.timers


# --- restarts and faults --------------------------------------------------------------------------


def test_the_allowance_survives_a_restart() -> None:
    bench = predictive(*TEAM)
    ref = bench.sent(c.PlaceCall)[0].channel
    for name in TEAM:
        bench.ask(e.NotReadyRequested, name, "lunch")
    drop(bench, ref)

    bench.machine = Machine(decode_state(bench.machine.state.encode()))

    budget = known(bench).learnt.budget
    assert (budget.answered, budget.abandoned) == (1.0, 1.0)
    assert broken(bench.machine.state) == []


def test_a_pacer_of_which_nothing_is_kept_begins_with_what_the_campaign_has_counted() -> None:
    bench = Bench()
    bench.work("ana", "jon", rows=10, lines_per_agent=3.0)
    refs = [command.channel for command in bench.sent(c.PlaceCall)]
    for ref in refs[:3]:
        bench.person(ref)
    drop(bench, refs[3])
    bench.tell(e.ChannelHungUp(refs[3], 16))
    state = bench.machine.state
    results = state.campaigns["renewals"].results
    assert results == {AttemptResult.DROPPED: 1}
    state.pacings.clear()

    bench.machine = Machine(state)

    budget = known(bench).learnt.budget
    assert (budget.answered, budget.abandoned) == (state.campaigns["renewals"].people, 1.0)


def test_a_step_that_fails_leaves_no_ghost_call_with_the_pacer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench(allowed_faults=("error",))
    bench.work("ana", rows=5)
    monkeypatch.setattr(Machine, "_remember_replies", lambda *_: 1 / 0)
    ref = bench.sent(c.PlaceCall)[0].channel

    bench.tell(e.ChannelHungUp(ref, 17))

    assert broken(bench.machine.state) == []
    assert list(known(bench).learnt.scene.calls) == [ref.id]


def test_a_campaign_that_could_not_be_made_leaves_no_pacer_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench(allowed_faults=("error",))
    with monkeypatch.context() as broken_step:
        broken_step.setattr(Machine, "_remember_replies", lambda *_: 1 / 0)
        assert bench.ask(e.CampaignSaved, CAMPAIGN, "kim").problem != ""
    assert bench.machine.state.pacings == {}

    bench.work("ana", rows=5)

    assert list(known(bench).learnt.scene.agents) == ["ana"]


def test_an_agent_whose_change_of_campaign_failed_is_still_counted_on_by_the_old_one_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench(allowed_faults=("error",))
    bench.tell(e.ChannelHungUp(bench.dial("ana", rows=1), 17))
    bench.campaign(id="surveys")
    monkeypatch.setattr(Machine, "_remember_replies", lambda *_: 1 / 0)

    assert bench.ask(e.CampaignJoinRequested, "ana", "surveys").problem != ""

    assert bench.agent("ana").campaign == "renewals"
    assert known(bench).learnt.scene.agents["ana"].phase is AgentPhase.READY
    assert "ana" not in bench.machine.state.pacings["surveys"].learnt.scene.agents
