"""Reports of a simulated hour equal its records, and the live board's counts."""

from __future__ import annotations

import math
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TypeVar

import pytest

from callcenter.core.queue_days import today
from callcenter.domain.agent import AgentProfile, AgentState, Seniority
from callcenter.domain.call import Outcome
from callcenter.domain.center import Center, Queue
from callcenter.domain.customer import Tier
from callcenter.domain.records import (
    AgentStateRecord,
    CallRecord,
    ConversationRecord,
    DispositionRecord,
    OfferRecord,
)
from callcenter.domain.report import Measures
from callcenter.domain.report_time import Period, ReportStep
from callcenter.service.reports import Reports
from callcenter.simulator.day import Setting, SimulatedDay
from callcenter.simulator.desktops import DesktopHabits
from callcenter.simulator.exchange import PbxSettings
from callcenter.simulator.people import Customer, PhoneHabits, Population
from callcenter.simulator.sessions import leader_account
from callcenter.simulator.world import World
from callcenter.storage.report_rows import MemoryReports
from tests.builders import FLOW, T0
from tests.contract.test_report_source import provide_source

SEED = 7
AGENTS = 5
OPEN_S = 1500.0
QUIET_S = 600.0
"""After closing the lines: everybody on the line has gone by then."""
TARGET_S = 12.0
ROWS_MAX = 999
NUMBERS = tuple(f"+35455500{n:02d}" for n in range(20))

T = TypeVar("T")


@cache
def a_played_day() -> SimulatedDay:
    """Somewhat too few agents, phones that are not picked up, a service that dies now and then."""
    phones = {
        f"{1001 + n}": PhoneHabits(answer_after_s=(1.0, 8.0), reject_share=0.05, ignore_share=0.05)
        for n in range(AGENTS)
    }
    world = World(
        SEED, T0, PbxSettings(phones=tuple(phones)), (leader_account("secret"),), phones=phones
    )
    center = Center(
        queues=(Queue("service", ring_timeout_s=12.0, wrap_up_s=15.0, target_s=TARGET_S),),
        flows=(FLOW,),
        numbers={"*": "main"},
        phones=dict.fromkeys(phones, "main"),
        default_queue="service",
        region="IS",
    )
    agents = tuple(
        (AgentProfile(f"agent{n}", ("service",), Seniority.SENIOR), phone, DesktopHabits())
        for n, phone in enumerate(phones)
    )
    tiers = dict.fromkeys(NUMBERS, Tier.SILVER)
    day = SimulatedDay(Setting(SEED, center, agents, tiers, kill_every_s=400.0), world)
    world.open_lines(
        Population(
            dialed=("7000",),
            rate_per_s=0.1,
            customers=tuple(Customer(number, Tier.SILVER) for number in NUMBERS),
            withheld_share=0.05,
            menus={"cc/menu": {"1": 6.0, "9": 1.0, "": 1.0, "5": 1.0}},
            talk_s_mean=30.0,
        )
    )
    day.run(T0 + OPEN_S)
    world.close_lines()
    day.run(T0 + OPEN_S + QUIET_S)
    return day


def of(kind: type[T]) -> list[T]:
    """Its records of a kind."""
    return [record for record in a_played_day().records if isinstance(record, kind)]


def period(step: ReportStep = ReportStep.QUARTER_HOUR) -> Period:
    """All of it."""
    return Period(T0 - 60.0, T0 + OPEN_S + QUIET_S + 60.0, step, "Asia/Kathmandu")


TEAMS = dict.fromkeys(("agent0", "agent1", "agent2"), "north")
MEASURES = Measures(targets_s={"service": TARGET_S})


@pytest.mark.parametrize("step", ReportStep)
async def test_the_calls_of_the_report_are_those_of_the_records(step: ReportStep) -> None:
    reports = Reports(MemoryReports(a_played_day().records))

    report = await reports.queues(period(step), MEASURES, ROWS_MAX)

    total = report.total
    # Whom the PBX's own queue connected while nobody led counts too, under no queue's name.
    calls = [call for call in of(CallRecord) if call.queue or call.via_fallback]
    outcomes = Counter(call.outcome for call in calls)
    assert total.offered == len(calls) == sum(row.offered for row in report.rows) > 80
    assert total.answered == outcomes[Outcome.ANSWERED] > 40
    assert total.abandoned == outcomes[Outcome.ABANDONED] > 0
    talks = of(ConversationRecord)
    wrap_ups = [state for state in of(AgentStateRecord) if state.state is AgentState.WRAP_UP]
    assert math.isclose(total.talk_s, math.fsum(t.ended_at - t.began_at for t in talks))
    assert math.isclose(total.wrap_up_s, math.fsum(w.ended_at - w.began_at for w in wrap_ups))
    assert total.dispositions == Counter(said.code for said in of(DispositionRecord))


async def test_the_report_counts_as_the_live_board_does() -> None:
    day = a_played_day()

    month = period(ReportStep.MONTH)
    rows = (await Reports(MemoryReports(day.records)).queues(month, MEASURES, ROWS_MAX)).rows
    (total,) = (row for row in rows if row.queue == "service")

    board = today(day.machine.state, "service")
    assert (total.answered, total.abandoned) == (board.answered, board.abandoned)
    assert total.in_time == board.in_time
    assert total.service_level == board.in_time / (board.answered + board.abandoned)
    assert 0 < board.in_time < board.answered


async def test_the_time_cards_are_the_agents_states() -> None:
    reports = Reports(MemoryReports(a_played_day().records))

    report = await reports.agents(period(), ROWS_MAX)

    spent = dict.fromkeys(AgentState, 0.0)
    for state in of(AgentStateRecord):
        spent[state.state] += state.ended_at - max(state.began_at, T0)
    total = report.total
    assert len(report.totals) == AGENTS
    assert math.isclose(total.talk_s, spent[AgentState.TALKING])
    assert math.isclose(total.ready_s, spent[AgentState.READY])
    assert math.isclose(total.offered_s, spent[AgentState.RESERVED] + spent[AgentState.RINGING])
    assert total.offers == len(of(OfferRecord))
    assert total.conversations == len(of(ConversationRecord))
    assert all(row.signed_in_at >= T0 for row in report.totals)


async def test_teams_have_the_time_of_their_agents() -> None:
    reports = Reports(MemoryReports(a_played_day().records, TEAMS))

    teams = await reports.teams(period(), ROWS_MAX)
    agents = await reports.agents(period(), ROWS_MAX)

    assert [(row.team, row.agents) for row in teams.totals] == [("", 2), ("north", 3)]
    assert teams.total.agents == AGENTS
    assert teams.total.conversations == agents.total.conversations > 40
    for name in ("signed_in_s", "ready_s", "talk_s", "wrap_up_s"):
        assert math.isclose(getattr(teams.total, name), getattr(agents.total, name))


async def test_one_queue_one_agent_or_one_team_can_be_asked_for() -> None:
    reports = Reports(MemoryReports(a_played_day().records, TEAMS))

    nothing = await reports.queues(period(), MEASURES, ROWS_MAX, "sales")
    one = await reports.agents(period(), ROWS_MAX, "agent1")
    team = await reports.teams(period(), ROWS_MAX, "north")

    assert nothing.rows == ()
    assert [(row.team, row.agents) for row in team.totals] == [("north", 3)]
    assert [row.agent for row in one.totals] == ["agent1"]


async def test_the_database_gives_the_same_reports(tmp_path: Path) -> None:
    records = a_played_day().records
    memory = Reports(MemoryReports(records))

    async with provide_source(tmp_path, records) as source:
        stored = Reports(source)
        for step in (ReportStep.QUARTER_HOUR, ReportStep.DAY):
            asked = period(step)
            assert await stored.queues(asked, MEASURES, ROWS_MAX) == await memory.queues(
                asked, MEASURES, ROWS_MAX
            )
            assert await stored.agents(asked, ROWS_MAX) == await memory.agents(asked, ROWS_MAX)
