"""Agents of a campaign who also take calls that come in: those go first, and are foreseen."""

from __future__ import annotations

from callcenter.core.blending import KEPT_FOR_S, agents_kept
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import AgentState
from callcenter.domain.call import CallState
from callcenter.domain.ids import ChannelRef
from dialer.campaign_pacing import begin
from tests.builders import Bench, channel

TEAM = ("ana", "jon", "eva", "kai")


def blended(rows: int = 40) -> Bench:
    """Four agents on the line for a blended campaign, each about to be given a person."""
    bench = Bench()
    bench.work(*TEAM, rows=rows, blended=True)
    return bench


def end_all(bench: Bench) -> None:
    """Every number dialed is busy."""
    for ref in [attempt.channel for attempt in bench.machine.state.attempts.values()]:
        bench.tell(e.ChannelHungUp(ref, 17))


def caller(bench: Bench, number: int) -> ChannelRef:
    """Somebody calls, hears the menu and is put on hold."""
    bench.waiting_caller(f"caller-{number}")
    return channel(f"caller-{number}")


def expecting(bench: Bench) -> Bench:
    """Somebody has called every 20 s, for minutes; nobody waits now."""
    for number in range(6):
        ref = caller(bench, number)
        bench.tell(e.ChannelHungUp(ref, 16))
        bench.wait(20.0)
    return bench


def kept(bench: Bench) -> int:
    """How many agents are kept for calls that come in, counted now."""
    campaign = bench.live()
    known = begin(campaign.settings, bench.now, 0, 0)
    return agents_kept(bench.machine.state, bench.machine.chooser, campaign, known)


def test_an_agent_on_the_line_is_joined_with_a_caller_without_ringing() -> None:
    bench = blended()

    ref = caller(bench, 1)

    call = bench.machine.state.calls[bench.machine.state.call_of[ref]]
    assert call.state is CallState.OFFERED
    assert bench.last(c.JoinCall).caller == ref
    assert bench.sent(c.RingAgent) == []


def test_without_blending_a_caller_waits_for_somebody_else() -> None:
    bench = Bench()
    bench.work(*TEAM, rows=10)

    ref = caller(bench, 1)

    call = bench.machine.state.calls[bench.machine.state.call_of[ref]]
    assert call.state is CallState.WAITING


def test_agents_whom_the_expected_calls_need_are_not_dialed_for_though_nobody_waits() -> None:
    bench = expecting(blended(rows=200))
    assert not [call for call in bench.machine.state.calls.values() if not call.campaign]
    end_all(bench)
    bench.wait(KEPT_FOR_S)
    end_all(bench)

    free = [a for a in bench.machine.state.agents.values() if a.state is AgentState.READY]
    dialed = len(bench.machine.state.attempts)

    assert len(free) == len(TEAM)
    assert dialed < len(TEAM)
    reason = bench.machine.state.pacings["renewals"].reason
    assert reason is not None
    assert reason.kept == len(TEAM) - dialed
    assert f"{reason.kept} more kept for calls that come in" in reason.sentence()


def test_dialing_comes_back_when_nobody_has_called_for_long() -> None:
    bench = expecting(blended(rows=200))

    bench.wait(4 * 3600.0)
    end_all(bench)

    assert len(bench.machine.state.attempts) == len(TEAM) - 1
    reason = bench.machine.state.pacings["renewals"].reason
    assert reason is not None
    assert reason.kept == 1


def test_an_agent_of_the_queue_who_works_for_no_campaign_is_one_of_those_needed() -> None:
    bench = Bench()
    bench.agents(*TEAM)
    bench.campaign(blended=True)
    bench.open_line(*TEAM[:3])
    expecting(bench)
    beside_kai = kept(bench)

    bench.ask(e.NotReadyRequested, "kai", "lunch")

    assert kept(bench) == beside_kai + 1


def test_an_agent_with_a_caller_is_one_of_those_needed_from_the_offer_to_the_end_of_wrap_up() -> (
    None
):
    bench = expecting(blended())
    before = kept(bench)

    ref = caller(bench, 7)
    assert kept(bench) == before - 1
    bench.join(ref)
    assert kept(bench) == before - 1
    bench.part(ref)

    assert kept(bench) == before - 1


def test_an_agent_with_a_person_dialed_is_none_of_those_needed_for_callers() -> None:
    bench = Bench()
    ref = bench.dial(*TEAM, rows=4, blended=True, wrap_up_s=0.0)
    bench.person(ref)
    bench.join(ref)
    expecting(bench)
    beside_talk = kept(bench)

    bench.part(ref)

    assert kept(bench) == beside_talk
