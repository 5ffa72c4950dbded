"""People who are called back in the middle of a day, whatever dies: contacts of a campaign at the
time that was promised, callers in the place they had."""

from __future__ import annotations

from callcenter.core.machine import Machine
from callcenter.core.state import empty_state
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.records import RoutingRecord
from callcenter.domain.rules import CallBack, Overflow, Rule, Rules, Treatment
from callcenter.service.recovery import replay
from callcenter.simulator.day import SimulatedDay
from callcenter.simulator.dialed import Behaviour, DialedPlan
from tests.builders import T0
from tests.simulation import test_campaign_day as campaigns
from tests.simulation.test_day import QUIET_S, TIERS, calls_of, make_day

TERMS = CallBack("back", "trunk", tries=2, again_s=60.0)
RULES = Rules((Rule("all", Treatment(overflow=(Overflow(after_s=2.0, callback=TERMS),))),))
PERSON = DialedPlan(Behaviour.HUMAN, ring_s=4.0, stay_s=40.0)
DEAF = DialedPlan(Behaviour.NO_ANSWER)


def became(day: SimulatedDay) -> list[str]:
    """What became of callbacks, in order."""
    kinds = [one.kind for one in day.records if isinstance(one, RoutingRecord)]
    return [kind.removeprefix("callback_") for kind in kinds if kind.startswith("callback_")]


def check_replay(day: SimulatedDay) -> None:
    replayed = replay(Machine(empty_state(day.state.journal)), day.entries)
    assert replayed.differences == ()
    assert replayed.machine.state.encode() == day.state.encode()


def test_callers_who_left_the_line_are_called_back_or_given_up() -> None:
    day = make_day(5, kill_every_s=200.0)
    for place, number in enumerate(TIERS):
        day.world.plan_number(number, DEAF if place % 5 == 0 else PERSON)
    while day.state.rules.version < 1:
        day.put(e.RulesPublished("p1", 1, RULES, "sue"))
        day.run(day.world.now + 0.5)

    day.run(T0 + 600.0)
    day.world.close_lines()
    day.run(T0 + 600.0 + QUIET_S)

    ends = became(day)
    assert ends.count("kept") >= 2
    assert ends.count("promised") >= ends.count("kept") + ends.count("given_up")
    assert len(day.state.calls) == len(day.state.calling) == 0
    assert not day.state.callbacks
    assert {call.rule for call in calls_of(day)} >= {"all"}
    check_replay(day)


def test_contacts_are_called_by_whoever_promised_it_among_the_dialing() -> None:
    day = campaigns.make_day(4, kill_every_s=150.0)
    agents = list(day.state.agents)

    for number in range(30):
        day.run(T0 + 120.0 + number * 15.0)
        [(name, contacts)] = day.contacts.contacts.items()
        row = list(contacts.values())[number * 7].row
        agent = agents[number % len(agents)] if number % 2 else ""
        wish = (name, row.contact, row.number, day.state.now + 45.0, agent, "kim")
        day.put(e.CallbackRequested(f"cb{number}", *wish))
    day.run(T0 + 600.0)

    ends = became(day)
    assert ends.count("kept") >= 2
    placed = [x for one in day.entries for x in one.commands if isinstance(x, c.PlaceCall)]
    assert len(dict.fromkeys(x.channel.id for x in placed)) == len(placed)
    check_replay(day)
