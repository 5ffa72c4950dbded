"""Seeded hours of calls on virtual time: the production machine against the simulated world."""

from __future__ import annotations

import pytest

from callcenter.core.machine import Machine
from callcenter.core.state import empty_state
from callcenter.domain.agent import AgentProfile, Seniority
from callcenter.domain.call import Outcome
from callcenter.domain.center import Center, Queue
from callcenter.domain.customer import Tier
from callcenter.domain.records import CallRecord, OfferRecord
from callcenter.service.recovery import replay
from callcenter.simulator.day import Setting, SimulatedDay
from callcenter.simulator.desktops import DesktopHabits
from callcenter.simulator.exchange import PbxSettings
from callcenter.simulator.people import Customer, PhoneHabits, Population
from callcenter.simulator.sessions import leader_account
from callcenter.simulator.world import World
from tests.builders import FLOW, T0

AGENTS = 12
HOUR_S = 3600.0
QUIET_S = 900.0
"""After closing the lines: everybody on the line has gone by then."""
TIERS = {f"+35455500{n:02d}": tuple(Tier)[n % 3] for n in range(60)}


def make_day(
    seed: int, *, kill_every_s: float = 0.0, kind: type[SimulatedDay] = SimulatedDay
) -> SimulatedDay:
    """A center of twelve agents, a third seniors, somewhat too few for its callers."""
    phones = {
        f"{1001 + n}": PhoneHabits(
            answer_after_s=(1.0, 8.0),
            reject_share=0.03,
            ignore_share=0.05,
            unreachable_share=0.02,
        )
        for n in range(AGENTS)
    }
    world = World(
        seed, T0, PbxSettings(phones=tuple(phones)), (leader_account("secret"),), phones=phones
    )
    center = Center(
        queues=(Queue("service", ring_timeout_s=12.0, wrap_up_s=15.0, senior_hold_s=20.0),),
        flows=(FLOW,),
        numbers={"*": "main"},
        phones=dict.fromkeys(phones, "main"),
        default_queue="service",
        region="IS",
    )
    agents = tuple(
        (
            AgentProfile(
                f"agent{n}", ("service",), Seniority.SENIOR if n % 3 == 0 else Seniority.JUNIOR
            ),
            phone,
            DesktopHabits(forget_share=0.1, break_share=0.05),
        )
        for n, phone in enumerate(phones)
    )
    day = kind(Setting(seed, center, agents, TIERS, kill_every_s=kill_every_s), world)
    world.open_lines(
        Population(
            dialed=("7000",),
            rate_per_s=0.17,
            customers=tuple(Customer(number, tier) for number, tier in TIERS.items()),
            withheld_share=0.05,
            menus={"cc/menu": {"1": 6.0, "9": 1.0, "": 1.0, "5": 1.0}},
            talk_s_mean=50.0,
        )
    )
    return day


def play(day: SimulatedDay, hours: float = 1.0) -> None:
    """Let the lines be open for some hours, and then everybody finish."""
    day.run(T0 + hours * HOUR_S)
    day.world.close_lines()
    day.run(T0 + hours * HOUR_S + QUIET_S)


def calls_of(day: SimulatedDay) -> list[CallRecord]:
    """Every ended call."""
    return [record for record in day.records if isinstance(record, CallRecord)]


@pytest.mark.parametrize("seed", range(3))
def test_an_hour_of_calls_adds_up_to_what_callers_and_phones_saw(seed: int) -> None:
    day = make_day(seed)

    play(day)

    seen, calls = day.world.counters, calls_of(day)
    outcomes = [call.outcome for call in calls]
    total = seen.total
    assert total.open == 0
    assert len(calls) == total.offered > 400
    assert outcomes.count(Outcome.ANSWERED) == total.answered > 250
    assert outcomes.count(Outcome.LOST) == 0
    for tier in Tier:
        answered = [c for c in calls if c.tier is tier and c.outcome is Outcome.ANSWERED]
        strangers = seen.tiers[""].answered if tier is Tier.STANDARD else 0
        assert len(answered) == seen.tiers[tier].answered + strangers
    offers = [record.result for record in day.records if isinstance(record, OfferRecord)]
    assert offers.count("answered") >= total.answered
    assert offers.count("rejected") > 0
    assert offers.count("no_answer") > 0
    assert offers.count("unreachable") > 0
    assert offers.count("caller_gone") > 0
    assert any(call.overflowed for call in calls)
    assert day.stuck_agents() == []


def test_gold_callers_get_seniors_far_more_often_than_others() -> None:
    day = make_day(11)

    play(day)

    by_senior: dict[bool, list[bool]] = {True: [], False: []}
    for call in calls_of(day):
        if call.outcome is Outcome.ANSWERED:
            by_senior[call.tier is Tier.GOLD].append(call.answered_by_senior)
    share = {gold: sum(found) / len(found) for gold, found in by_senior.items()}
    assert share[True] > 0.6 > 0.4 > share[False]


@pytest.mark.parametrize("seed", range(100, 106))
def test_a_service_that_dies_again_and_again_loses_nobody(seed: int) -> None:
    day = make_day(seed, kill_every_s=120.0)

    play(day, hours=0.5)

    assert day.kills > 5
    assert day.world.counters.total.open == 0
    assert day.stuck_agents() == []
    assert len(day.state.calls) == 0
    assert len(day.state.legs) == 0
    dropped = day.world.counters.total.dropped
    flow_endings = sum(c.outcome is Outcome.ENDED_BY_FLOW for c in calls_of(day))
    assert dropped <= flow_endings + day.kills


def test_a_day_replays_the_same_from_its_journal() -> None:
    day = make_day(5, kill_every_s=200.0)
    play(day, hours=0.25)

    replayed = replay(Machine(empty_state(day.state.journal)), day.entries)

    assert replayed.differences == ()
    assert replayed.machine.state.encode() == day.state.encode()


def test_the_same_seed_is_the_same_day() -> None:
    one, two = make_day(7, kill_every_s=100.0), make_day(7, kill_every_s=100.0)

    play(one, hours=0.1)
    play(two, hours=0.1)

    assert one.entries == two.entries
    assert one.world.log == two.world.log
