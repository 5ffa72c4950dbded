"""Calls and agents as a dialer sees them; facts come late, twice or never."""

from __future__ import annotations

from dialer.pacing.decision import Because, Hold, PlaceCalls, Reason, decision
from dialer.pacing.pacer import StandingPacer
from dialer.pacing.progressive import decide_progressive
from dialer.pacing.scene import (
    AgentPhase,
    CallPhase,
    Scene,
    see_agent,
    see_over,
    see_phase,
    see_placed,
)


def test_a_call_goes_through_its_phases_once() -> None:
    scene = Scene()
    see_placed(scene, "c", 1.0)
    see_placed(scene, "c", 9.0)

    rang = see_phase(scene, "c", CallPhase.RINGING, 3.0)
    again = see_phase(scene, "c", CallPhase.RINGING, 4.0)
    see_phase(scene, "c", CallPhase.SCREENING, 8.0)

    assert rang is not None
    assert (rang.phase, rang.since, again) == (CallPhase.DIALING, 1.0, None)
    assert (scene.calls["c"].before, scene.calls["c"].before_s) == (CallPhase.RINGING, 5.0)
    assert (scene.in_flight, scene.waiting) == (1, 0)


def test_a_person_who_waits_is_no_longer_in_flight() -> None:
    scene = Scene()
    see_placed(scene, "c", 1.0)
    see_phase(scene, "c", CallPhase.WAITING, 2.0)
    counted = (scene.in_flight, scene.waiting)

    over = see_over(scene, "c")

    assert counted == (0, 1)
    assert over is not None
    assert (scene.waiting, see_over(scene, "c")) == (0, None)
    assert see_phase(scene, "unknown", CallPhase.RINGING, 3.0) is None


def test_agents_are_counted_by_what_they_do() -> None:
    scene = Scene()
    see_agent(scene, "a", AgentPhase.READY, 0.0)
    see_agent(scene, "b", AgentPhase.ACCEPTED, 0.0)
    free = scene.free

    before = see_agent(scene, "a", AgentPhase.TALKING, 5.0)
    same = see_agent(scene, "a", AgentPhase.TALKING, 6.0)
    see_agent(scene, "b", AgentPhase.GONE, 7.0)
    see_agent(scene, "b", AgentPhase.GONE, 8.0)

    assert (free, scene.free) == (2, 0)
    assert before is not None
    assert (before.phase, same) == (AgentPhase.READY, None)
    assert list(scene.agents) == ["a"]
    assert scene.agents["a"].since == 5.0


def test_a_pacer_without_memory_follows_its_calls() -> None:
    pacer = StandingPacer(lambda scene: decide_progressive(scene, 10))
    for agent in ("a", "b", "c", "d"):
        pacer.agent(agent, AgentPhase.READY, 0.0)
    for call in ("person", "machine", "busy", "lost"):
        pacer.placed(call, 1.0)
    full = pacer.decide(1.0)

    for call in ("person", "machine", "lost"):
        pacer.ringing(call, 2.0)
        pacer.answered(call, 3.0)
    pacer.classified("machine", False, 4.0)
    pacer.classified("person", True, 4.0)
    pacer.classified("lost", True, 4.0)
    pacer.connected("person", 4.0)
    pacer.agent("a", AgentPhase.TALKING, 4.0)
    pacer.abandoned("lost", 5.0)
    pacer.ended("busy", 5.0)

    assert isinstance(full, Hold)
    after = pacer.decide(5.0)
    assert isinstance(after, PlaceCalls)
    assert after.count == 3
    assert not pacer.scene.calls


def test_a_reason_speaks_in_numbers() -> None:
    plain = Reason(Because.ONE_EACH, 2, 0, 1)
    whole = Reason(Because.PRICE, 2, 1, 7, 2.5, 0.75, 0.21, 0.2, 300.0, 8.0)

    assert plain.sentence() == (
        "one call for each agent who is free; 2 free, 0 waiting, 1 calls in flight"
    )
    assert "2.5 people and 0.8 agents expected, chance of nobody free 21.0%" in whole.sentence()
    assert whole.sentence().endswith("8 of 300 answered abandoned")
    assert decision(0, plain) == Hold(plain)
    assert decision(3, plain) == PlaceCalls(3, plain)
