"""What a pacer learns of its calls and its agents: how long each phase lasts and how it ends.

Only what the trunk carried counts: a call refused by it says nothing of the number.
"""

from __future__ import annotations

from msgspec import Struct, field

from dialer.pacing.scene import AgentPhase, AgentSeen, CallPhase, CallSeen, Scene
from dialer.survival import Hazards, forget, hazards_like, observe_end, observe_time, total

RINGS, PERSON, MACHINE, ENDS = 0, 1, 2, 3
"""How dialing and ringing end; ringing never in the first way. A person or a machine: as the
detection says, credited to the moment of the answer."""
TO_WRAP_UP, TO_READY, TO_GONE = 0, 1, 2
"""How talking and wrapping up end; wrapping up never in the first way."""

RING_EDGES = (
    0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0, 18.0, 20.0, 22.0, 24.0, 26.0,
    30.0, 40.0, 60.0,
)  # fmt: skip
SCREENING_EDGES = (0.0, 1.0, 2.0, 3.0, 4.0, 6.0)
TALK_EDGES = (
    0.0, 3.0, 6.0, 10.0, 15.0, 20.0, 30.0, 40.0, 55.0, 75.0, 100.0, 130.0, 170.0, 220.0, 280.0,
    360.0, 460.0, 600.0, 900.0,
)  # fmt: skip
WRAP_UP_EDGES = (0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 60.0, 90.0, 150.0)

CALLS_REMEMBERED = 1500
"""After so many calls an old one weighs a third. Long, for one list; a list that changes is noticed
by what surprises (``predictive``)."""
SERVICES_REMEMBERED = 600
TIMES_IN_FLIGHT = 6.0
"""The memory is at least so many times what is in flight: a shorter one answers to its own acts,
and the rates swing."""


def _dialing() -> Hazards:
    rates = ((0.3,) * 20, (0.01,) * 20, (0.005,) * 20, (0.02,) * 20)
    return hazards_like(RING_EDGES, rates, 3.0)


def _ringing() -> Hazards:
    """A rather high chance of a person: who knows nothing dials carefully."""
    rates = ((0.0,) * 20, (0.035,) * 20, (0.01,) * 20, (0.02,) * 20)
    return hazards_like(RING_EDGES, rates, 3.0)


def _screening() -> Hazards:
    return hazards_like(SCREENING_EDGES, ((0.7,) * 6,), 3.0)


def _talking() -> Hazards:
    rates = ((0.007,) * 19, (0.0005,) * 19, (0.0001,) * 19)
    return hazards_like(TALK_EDGES, rates, 60.0)


def _wrapping_up() -> Hazards:
    rates = ((0.0,) * 14, (0.04,) * 14, (0.001,) * 14)
    return hazards_like(WRAP_UP_EDGES, rates, 20.0)


class Learnt(Struct):
    """Everything learnt, plain data. Changed in place by the functions below."""

    dialing: Hazards = field(default_factory=_dialing)
    ringing: Hazards = field(default_factory=_ringing)
    screening: Hazards = field(default_factory=_screening)
    talking: Hazards = field(default_factory=_talking)
    wrapping_up: Hazards = field(default_factory=_wrapping_up)
    calls: float = 0.0
    """Ended since the last forgetting."""
    services: float = 0.0


def persons(learnt: Learnt) -> float:
    """How many people the estimates rest on; old ones weigh less."""
    return total(learnt.dialing, PERSON) + total(learnt.ringing, PERSON)


def learn_time(learnt: Learnt, scene: Scene, now: float) -> None:
    """Count the time that calls and agents have been in their phases: they are at risk."""
    for call in scene.calls.values():
        _learn_call_time(learnt, call, now)
    for agent in scene.agents.values():
        _learn_agent_time(learnt, agent, now)


def _learn_call_time(learnt: Learnt, call: CallSeen, now: float) -> None:
    if call.phase <= CallPhase.RINGING:
        hazards = learnt.dialing if call.phase is CallPhase.DIALING else learnt.ringing
    elif call.phase is CallPhase.SCREENING:
        hazards = learnt.screening
    else:
        return
    elapsed_s = now - call.since
    observe_time(hazards, call.learnt_s, elapsed_s)
    call.learnt_s = elapsed_s


def _learn_agent_time(learnt: Learnt, agent: AgentSeen, now: float) -> None:
    if agent.phase is AgentPhase.TALKING:
        hazards = learnt.talking
    elif agent.phase is AgentPhase.WRAP_UP:
        hazards = learnt.wrapping_up
    else:
        return
    elapsed_s = now - agent.since
    observe_time(hazards, agent.learnt_s, elapsed_s)
    agent.learnt_s = elapsed_s


def learn_ringing(learnt: Learnt, seen: CallSeen, now: float) -> None:
    """A call that was dialing rings."""
    _learn_call_time(learnt, seen, now)
    observe_end(learnt.dialing, now - seen.since, RINGS)


def learn_answer(learnt: Learnt, seen: CallSeen, now: float) -> None:
    """A call that was dialing or ringing was answered; who it was is learnt with the verdict."""
    _learn_call_time(learnt, seen, now)


def learn_verdict(learnt: Learnt, seen: CallSeen, *, is_person: bool, now: float) -> None:
    """A call that was screened is a person or a machine."""
    _learn_call_time(learnt, seen, now)
    observe_end(learnt.screening, now - seen.since, 0)
    _learn_outcome(learnt, seen.before, seen.before_s, PERSON if is_person else MACHINE)


def learn_end(learnt: Learnt, seen: CallSeen, now: float) -> None:
    """A call that was dialing or ringing is over without an answer."""
    _learn_call_time(learnt, seen, now)
    _learn_outcome(learnt, seen.phase, now - seen.since, ENDS)


def _learn_outcome(learnt: Learnt, phase: CallPhase, lasted_s: float, outcome: int) -> None:
    observe_end(learnt.dialing if phase is CallPhase.DIALING else learnt.ringing, lasted_s, outcome)
    learnt.calls += 1.0


NEXT = {
    AgentPhase.WRAP_UP: TO_WRAP_UP,
    AgentPhase.READY: TO_READY,
    AgentPhase.ACCEPTED: TO_READY,
    AgentPhase.GONE: TO_GONE,
}
"""How a phase of an agent ended, by what the agent does next."""


def learn_agent(learnt: Learnt, before: AgentSeen, phase: AgentPhase, now: float) -> None:
    """An agent does something else: what was talking or wrapping up has ended."""
    _learn_agent_time(learnt, before, now)
    outcome = NEXT.get(phase)
    if before.phase is AgentPhase.TALKING and outcome is not None:
        observe_end(learnt.talking, now - before.since, outcome)
        learnt.services += 1.0
    elif before.phase is AgentPhase.WRAP_UP and outcome in (TO_READY, TO_GONE):
        observe_end(learnt.wrapping_up, now - before.since, outcome)


def fade(learnt: Learnt, in_flight: int, agents: int) -> None:
    """Let what is old weigh less, by what has ended since the last time."""
    calls = max(CALLS_REMEMBERED, TIMES_IN_FLIGHT * in_flight)
    services = max(SERVICES_REMEMBERED, TIMES_IN_FLIGHT * agents)
    for hazards in (learnt.dialing, learnt.ringing, learnt.screening):
        forget(hazards, max(0.5, 1.0 - learnt.calls / calls))
    for hazards in (learnt.talking, learnt.wrapping_up):
        forget(hazards, max(0.5, 1.0 - learnt.services / services))
    learnt.calls = learnt.services = 0.0


def doubt(learnt: Learnt, kept: float) -> None:
    """The list has changed: what was learnt of who answers weighs only so much."""
    forget(learnt.dialing, kept)
    forget(learnt.ringing, kept)
