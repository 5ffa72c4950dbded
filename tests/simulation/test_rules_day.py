"""Rules are published, taken back and queues switched in the middle of a day: nobody is lost, those
who wait are treated anew at once, and the journal leads to the same again."""

from __future__ import annotations

import pytest

from callcenter.core.machine import Machine
from callcenter.core.state import empty_state
from callcenter.domain import events as e
from callcenter.domain.call import CallState, Outcome
from callcenter.domain.commands import DialOutside, RecordVoicemail, SayToCaller
from callcenter.domain.customer import Tier
from callcenter.domain.rules import (
    AgentStep,
    External,
    Message,
    Overflow,
    Prefer,
    Preset,
    QueueSwitch,
    Rule,
    Rules,
    SwitchMode,
    Target,
    Treatment,
    Voicemail,
)
from callcenter.service.recovery import replay
from callcenter.simulator.day import SimulatedDay
from callcenter.simulator.dialed import Behaviour, DialedPlan
from callcenter.simulator.simulation import BEGIN, Scenario
from callcenter.simulator.simulation import make_day as make_faulty_day
from tests.builders import T0
from tests.simulation.test_day import QUIET_S, calls_of, make_day

BUSY_AFTER_S = 1200.0
"""By then some wait."""

BRANCH = "+3545559001"
"""A number outside of the center."""
EVERYBODY = Rule("everybody", Treatment(target=Target(20.0, 0.8)))
GOLD = Rule(
    "gold",
    Treatment(weight=4.0, prefer=Prefer.LAST_AGENT, prefer_for_s=15.0),
    'customer.tier == "gold"',
)
OTHERS = Rule(
    "others",
    Treatment(
        skills={"cards": 2},
        steps=(AgentStep(20.0, {}),),
        overflow=(
            Overflow(longer_than=2, message=Message("busy")),
            Overflow(after_s=10.0, external=External(BRANCH, "carrier", 15.0)),
            Overflow("sales", after_s=60.0),
        ),
        announce_every_s=15.0,
    ),
    "customer.known and queue.waiting > 0",
)
STRANGERS = Rule(
    "strangers",
    Treatment(
        skills={"cards": 3},  # nobody has it
        overflow=(
            Overflow(after_s=10.0, voicemail=Voicemail("mail", 30.0)),
            Overflow(longer_than=6, message=Message("bye", ends_call=True)),
        ),
        announce_every_s=15.0,
    ),
    "not customer.known",
)
NEW = Rules((GOLD, OTHERS, STRANGERS, EVERYBODY), skills=("cards",), preset=Preset.GOLD_FIRST)
OLD = Rules((EVERYBODY,))


def versions_of_waiting(day: SimulatedDay) -> list[int]:
    """Under which publishing each of those who wait is treated."""
    calls = day.state.calls.values()
    return [call.rules_version for call in calls if call.state is CallState.WAITING]


def publish(day: SimulatedDay, version: int, rules: Rules) -> None:
    """A supervisor publishes these rules; while the service is down, a little later."""
    while day.state.rules.version < version:
        day.put(e.RulesPublished(f"p{version}", version, rules, "sue"))
        day.run(day.world.now + 0.5)


@pytest.mark.parametrize("kill_every_s", [0.0, 200.0])
def test_rules_published_and_taken_back_in_mid_day_lose_nobody(kill_every_s: float) -> None:
    day = make_day(3, kill_every_s=kill_every_s)
    day.world.plan_number(BRANCH, DialedPlan(Behaviour.HUMAN, ring_s=3.0, stay_s=30.0))

    for number, rules in enumerate((OLD, NEW, OLD, NEW), 1):
        day.run(T0 + BUSY_AFTER_S + number * 200.0)
        publish(day, number, rules)
        assert dict.fromkeys(versions_of_waiting(day)) in ({}, {number: None})
    day.run(T0 + BUSY_AFTER_S + 1000.0)
    day.world.close_lines()
    day.run(T0 + BUSY_AFTER_S + 1000.0 + QUIET_S)

    calls = calls_of(day)
    assert len(day.state.calls) == 0
    assert day.world.counters.total.open == 0
    assert kill_every_s or len(calls) == day.world.counters.total.offered
    assert kill_every_s or not any(call.outcome is Outcome.LOST for call in calls)
    assert {call.rule for call in calls} >= {"gold", "everybody", "others", "strangers"}
    sent = {type(command) for entry in day.entries for command in entry.commands}
    assert {SayToCaller, RecordVoicemail, DialOutside} <= sent
    assert kill_every_s or any(call.outcome is Outcome.LED_OUT for call in calls)
    assert any(call.rules_version == 4 for call in calls)
    assert all(call.tier is Tier.GOLD for call in calls if call.rule == "gold")
    replayed = replay(Machine(empty_state(day.state.journal)), day.entries)
    assert replayed.differences == ()
    assert replayed.machine.state.encode() == day.state.encode()


@pytest.mark.parametrize("seed", [41, 42])
def test_rules_and_switches_among_everything_that_goes_wrong_are_replayed_the_same(
    seed: int,
) -> None:
    scenario = Scenario(seed, 0.25, 10, "all")
    day = make_faulty_day(scenario, scenario.plan())

    until = 0.0
    for number in range(1, 9):
        until = BEGIN + number * 100.0
        day.run(until)
        rules = NEW if number % 2 else OLD
        day.put(e.RulesPublished(f"p{number}", number, rules, "sue"))
        mode = tuple(SwitchMode)[number % 3]
        target = "sales" if mode is SwitchMode.DIVERTED else ""
        prompt = "" if target else "cc/closed"
        switch = QueueSwitch(mode, until + 60.0, target, prompt)
        day.put(e.QueueSwitched(f"s{number}", "service", switch, "sue"))
    day.run(until + 30.0)

    assert day.is_replayed()
    assert day.take_problems() == []
    assert day.state.rules.version == 8
    assert list(day.state.switches) == ["service"]
