"""What counts for which row of a report, and what is computed of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from callcenter.domain.agent import AgentState
from callcenter.domain.attempt import AttemptResult
from callcenter.domain.call import Outcome
from callcenter.domain.evidence import WaitFrom
from callcenter.domain.records import (
    AgentStateRecord,
    ConversationRecord,
    DispositionRecord,
    OfferRecord,
)
from callcenter.domain.report import (
    AgentRow,
    CampaignRow,
    Formula,
    Measures,
    QueueRow,
    ReportedAttempt,
    ReportedCall,
    ReportedReturn,
    ReportedWork,
    Rows,
    TeamRow,
    entered_at,
)
from callcenter.domain.report_counting import (
    AgentReport,
    CampaignReport,
    QueueReport,
    TeamReport,
)
from callcenter.domain.report_time import BadPeriod, Period, ReportStep
from tests.unit.storage.samples import make_call

HOUR_S = 3600.0
TWO_HOURS = Period(HOUR_S, 3 * HOUR_S, ReportStep.HOUR)
H1, H2 = HOUR_S, 2 * HOUR_S
ANSWERED = ReportedCall("service", H1, H1 + 10, H1 + 100, Outcome.ANSWERED, 90.0, 30.0, ("solved",))
ABANDONED = ReportedCall("service", H1, 0.0, H1 + 40, Outcome.ABANDONED)
CONNECTED = ReportedAttempt(
    "autumn", H1, H1 + 20, H1 + 21, H1 + 81, AttemptResult.CONNECTED, 60.0, 30.0, ("sold",)
)


def queues(*calls: ReportedCall, **measures: Any) -> Rows[QueueRow]:
    """The report of these calls."""
    report = QueueReport(TWO_HOURS, Measures(**measures), 99)
    for call in calls:
        report.add(call)
    return report.rows()


def agents(*records: ReportedWork) -> Rows[AgentRow]:
    """The report of these records."""
    report = AgentReport(TWO_HOURS, 99)
    for record in records:
        report.add(record)
    return report.rows()


def teams(*records: ReportedWork) -> Rows[TeamRow]:
    """The report of these records: Ana and Ben are in the team north, others in none."""
    report = TeamReport(TWO_HOURS, {"ana": "north", "ben": "north", "cas": ""}, 99)
    for record in records:
        report.add(record)
    return report.rows()


def campaigns(
    *attempts: ReportedAttempt, returns: Sequence[ReportedReturn] = ()
) -> Rows[CampaignRow]:
    """The report of these attempts and return calls."""
    report = CampaignReport(TWO_HOURS, 99)
    for attempt in attempts:
        report.add(attempt)
    for call in returns:
        report.add_return(call)
    return report.rows()


# --- queues --------------------------------------------------------------------------------------


def test_a_call_counts_for_the_interval_in_which_it_entered_its_queue() -> None:
    late = replace(ANSWERED, entered_at=H2 - 1, answered_at=H2 + 9, ended_at=H2 + 99)

    rows = queues(ANSWERED, late, replace(late, queue="sales"), replace(late, entered_at=H2)).rows

    assert [(row.queue, row.begin, row.end, row.offered) for row in rows] == [
        ("sales", H1, H2, 1),
        ("service", H1, H2, 2),
        ("service", H2, H2 + HOUR_S, 1),
    ]


def test_what_is_outside_the_period_counts_nowhere() -> None:
    found = queues(replace(ANSWERED, entered_at=H1 - 1), replace(ANSWERED, entered_at=3 * HOUR_S))

    assert (found.rows, found.totals, found.total.offered) == ((), (), 0)


def test_a_report_of_nothing_has_no_shares() -> None:
    total = queues().total

    assert (total.service_level, total.asa_s, total.aht_s) == (None, None, None)
    assert (total.queue, total.begin, total.end) == ("", H1, 3 * HOUR_S)


def test_offered_is_answered_abandoned_and_lost() -> None:
    lost = replace(ABANDONED, outcome=Outcome.LOST, ended_at=H1 + 50)

    row = queues(ANSWERED, ABANDONED, lost).total

    assert (row.offered, row.answered, row.abandoned, row.lost) == (3, 1, 1, 1)
    assert (row.asa_s, row.aht_s, row.longest_wait_s) == (10.0, 120.0, 50.0)
    assert (row.wait_s, row.talk_s, row.wrap_up_s) == (10.0, 90.0, 30.0)
    assert row.dispositions == {"solved": 1}


@pytest.mark.parametrize(
    ("formula", "level"),
    [
        (Formula.ANSWERED_AND_ABANDONED, 1 / 4),
        (Formula.OFFERED, 1 / 5),
        (Formula.WITHOUT_SHORT_ABANDONS, 1 / 4),
    ],
)
def test_the_service_level_goes_by_its_formula(formula: Formula, level: float) -> None:
    slow = replace(ANSWERED, answered_at=H1 + 20.1)
    short = replace(ABANDONED, ended_at=H1 + 4.9)
    lost = replace(ABANDONED, outcome=Outcome.LOST)

    row = queues(ANSWERED, slow, ABANDONED, short, lost, formula=formula).total

    assert row.service_level == level


def test_target_and_threshold_draw_the_line() -> None:
    calls = [replace(ANSWERED, answered_at=H1 + wait_s) for wait_s in (30.0, 30.1)]
    calls += [replace(ABANDONED, ended_at=H1 + wait_s) for wait_s in (7.9, 8.0)]

    row = queues(*calls, threshold_s=8.0, targets_s={"service": 30.0}).total

    assert (row.in_time, row.short_abandons) == (1, 1)


def test_totals_are_computed_from_sums_not_from_shares() -> None:
    later = replace(ABANDONED, entered_at=H2, ended_at=H2 + 40)
    found = queues(ANSWERED, later, later, replace(later, queue="sales"))

    assert [row.service_level for row in found.rows] == [1.0, 0.0, 0.0]
    assert [(row.queue, row.offered) for row in found.totals] == [("sales", 1), ("service", 3)]
    assert found.totals[1].service_level == 1 / 3
    assert found.total.service_level == 1 / 4
    assert found.total.longest_wait_s == 40.0
    assert found.total.dispositions == {"solved": 1}


def test_more_rows_than_wanted_are_refused() -> None:
    report = QueueReport(TWO_HOURS, Measures(), 2)
    report.add(replace(ANSWERED, queue="a"))
    report.add(replace(ANSWERED, queue="b"))
    report.add(replace(ANSWERED, queue="a"))

    with pytest.raises(BadPeriod, match="more than 2 rows"):
        report.add(replace(ANSWERED, queue="c"))


@pytest.mark.parametrize(
    ("changes", "entered"),
    [
        ({}, 1010.0),
        ({"queued_at": 0.0}, 1000.0),
        ({"queue": "", "queued_at": 0.0, "outcome": Outcome.ABANDONED}, 1000.0),
        ({"queue": "", "queued_at": 0.0, "outcome": Outcome.LEFT_IN_IVR}, None),
        ({"campaign": "autumn"}, None),
    ],
)
def test_only_a_call_that_asked_for_an_agent_entered_a_queue(
    changes: dict[str, Any], entered: float | None
) -> None:
    call = make_call("c1", arrived_at=1000.0, **{"queued_at": 1010.0, **changes})

    assert entered_at(call) == entered


# --- agents --------------------------------------------------------------------------------------


def state(state: AgentState, began: float, ended: float, reason: str = "") -> AgentStateRecord:
    return AgentStateRecord("ana", state, reason, began, ended)


def test_a_state_is_split_at_the_boundaries_of_intervals() -> None:
    first, second = agents(
        state(AgentState.READY, H2 - 600, H2 + 600),
        state(AgentState.TALKING, H2 + 600, H2 + 1500),
        state(AgentState.WRAP_UP, H2 + 1500, H2 + 1800),
    ).rows

    assert (first.ready_s, first.occupancy) == (600.0, 0.0)
    assert (second.ready_s, second.talk_s, second.wrap_up_s) == (600.0, 900.0, 300.0)
    assert second.occupancy == 2 / 3
    assert second.signed_in_s == 1800.0


def test_time_being_offered_a_call_is_time_on_duty_without_work() -> None:
    row = agents(
        state(AgentState.RESERVED, H1, H1 + 2),
        state(AgentState.RINGING, H1 + 2, H1 + 10),
        state(AgentState.TALKING, H1 + 10, H1 + 40),
    ).total

    assert (row.offered_s, row.occupancy) == (10.0, 0.75)


def test_time_not_ready_is_told_by_reason_and_is_no_part_of_the_occupancy() -> None:
    found = agents(
        state(AgentState.NOT_READY, H1, H1 + 60, "lunch"),
        state(AgentState.NOT_READY, H1 + 60, H1 + 90, "break"),
        state(AgentState.NOT_READY, H2 - 10, H2 + 10, "lunch"),
    )

    assert found.total.not_ready == {"break": 30.0, "lunch": 80.0}
    assert (found.total.not_ready_s, found.total.signed_in_s) == (110.0, 110.0)
    assert found.total.occupancy is None
    assert found.total.aht_s is None


def test_a_time_card_tells_when_an_agent_came_and_went() -> None:
    signed_out = AgentState.SIGNED_OUT
    found = agents(
        state(signed_out, 0.0, H1 + 5),
        state(AgentState.READY, H1 + 5, H1 + 100),
        state(signed_out, H1 + 100, H1 + 200),
        state(AgentState.READY, H1 + 200, H1 + 300),
        state(signed_out, H1 + 300, H2 + 50),
        state(AgentState.NOT_READY, H2 + 50, H2 + 60),
        state(signed_out, H2 + 60, 9 * HOUR_S),
    )

    assert [(row.signed_in_at, row.signed_out_at) for row in found.rows] == [
        (H1 + 5, H1 + 300),
        (H2 + 50, H2 + 60),
    ]
    assert (found.total.signed_in_at, found.total.signed_out_at) == (H1 + 5, H2 + 60)
    assert found.total.signed_in_s == 205.0


def test_an_agent_whose_account_was_new_had_not_signed_out() -> None:
    total = agents(
        state(AgentState.SIGNED_OUT, H1 + 5, H1 + 9),
        state(AgentState.READY, H1 + 9, H1 + 100),
    ).total

    assert (total.signed_in_at, total.signed_out_at) == (H1 + 9, 0.0)


def test_an_agent_who_was_there_all_the_time_neither_came_nor_went() -> None:
    total = agents(state(AgentState.READY, 0.0, 9 * HOUR_S)).total

    assert (total.signed_in_at, total.signed_out_at, total.ready_s) == (0.0, 0.0, 2 * HOUR_S)


def test_offers_conversations_and_dispositions_are_counted() -> None:
    results = ("answered", "no_answer", "rejected", "unreachable", "caller_gone", "failed")
    offers = [OfferRecord("c1", "ana", H1, H1 + 5, result, "") for result in results]
    found = agents(
        *offers,
        replace(offers[0], offered_at=0.0),
        ConversationRecord("c1", "ana", H1, H1 + 60),
        ConversationRecord("c2", "ana", 0.0, H1 + 60),
        state(AgentState.TALKING, H1, H1 + 60),
        DispositionRecord("c1", "ana", "solved", H2),
        DispositionRecord("c1", "ana", "solved", 0.0),
    )

    assert (found.total.offers, found.total.missed, found.total.conversations) == (6, 3, 1)
    assert found.total.aht_s == 60.0
    assert [row.dispositions for row in found.rows] == [{}, {"solved": 1}]


# --- teams ---------------------------------------------------------------------------------------


def test_the_time_of_a_teams_agents_is_added_up() -> None:
    found = teams(
        state(AgentState.READY, H1, H2 + 600),
        replace(state(AgentState.TALKING, H1, H1 + 900), agent="ben"),
        replace(state(AgentState.WRAP_UP, H1 + 900, H1 + 1200), agent="ben"),
        replace(state(AgentState.NOT_READY, H1, H1 + 60, "lunch"), agent="ben"),
        replace(state(AgentState.RINGING, H1, H1 + 100), agent="ben"),
        ConversationRecord("c1", "ben", H1, H1 + 900),
        OfferRecord("c1", "ana", H1, H1 + 5, "rejected", ""),
        DispositionRecord("c1", "ben", "solved", H2),
    )

    first, second = found.rows
    assert (first.team, first.begin, first.end, first.agents) == ("north", H1, H2, 2)
    assert (first.ready_s, first.talk_s, first.wrap_up_s) == (3600.0, 900.0, 300.0)
    assert (first.offered_s, first.not_ready_s, first.not_ready) == (100.0, 60.0, {"lunch": 60.0})
    assert first.signed_in_s == 4960.0
    assert first.occupancy == 1200 / 4900
    assert (first.offers, first.missed, first.conversations, first.aht_s) == (1, 1, 1, 1200.0)
    assert (second.ready_s, second.agents, second.dispositions) == (600.0, 2, {"solved": 1})
    assert (found.total.team, found.total.agents, found.total.conversations) == ("", 2, 1)


def test_agents_without_a_team_are_together_under_the_empty_name() -> None:
    work = state(AgentState.READY, H1, H1 + 60)

    found = teams(work, replace(work, agent="cas"), replace(work, agent="a stranger"))

    assert [(row.team, row.agents, row.ready_s) for row in found.totals] == [
        ("", 2, 120.0),
        ("north", 1, 60.0),
    ]
    assert found.total.agents == 3


def test_an_agent_at_work_in_two_intervals_is_one_agent_in_the_total() -> None:
    found = teams(state(AgentState.READY, H1, H2 + 60))

    assert [row.agents for row in found.rows] == [1, 1]
    assert (found.totals[0].agents, found.total.agents) == (1, 1)


def test_whoever_only_came_or_went_was_there_too() -> None:
    ready = state(AgentState.READY, H1 - 60, H1)

    found = teams(ready, state(AgentState.SIGNED_OUT, H1, H2 + 5))

    assert [(row.agents, row.signed_in_s) for row in found.rows] == [(1, 0.0), (1, 0.0)]


# --- campaigns -----------------------------------------------------------------------------------


def test_attempts_are_counted_by_when_they_were_placed() -> None:
    busy = ReportedAttempt("autumn", H2 - 1, 0.0, 0.0, H2 + 3, AttemptResult.BUSY)
    dropped = replace(busy, person_at=H2, result=AttemptResult.DROPPED)
    slow = replace(CONNECTED, connected_at=H1 + 23)

    found = campaigns(CONNECTED, slow, busy, dropped, replace(busy, placed_at=H2))
    first, second = found.rows

    assert (first.attempts, first.people, first.connected, first.dropped) == (4, 3, 2, 1)
    assert first.drop_rate == 1 / 3
    assert (first.asa_s, first.longest_wait_s, first.aht_s) == (2.0, 3.0, 90.0)
    assert first.results == {
        AttemptResult.CONNECTED: 2,
        AttemptResult.DROPPED: 1,
        AttemptResult.BUSY: 1,
    }
    assert first.dispositions == {"sold": 2}
    assert (second.attempts, second.drop_rate, second.asa_s) == (1, None, None)
    assert (found.total.attempts, found.total.talk_s) == (5, 120.0)


def test_a_person_who_was_found_talking_after_a_restart_waited_for_nobody_knows_how_long() -> None:
    row = campaigns(replace(CONNECTED, person_at=0.0)).total

    assert (row.people, row.connected, row.asa_s) == (0, 1, 0.0)


def test_the_two_seconds_are_told_of_who_was_connected() -> None:
    prompt = replace(CONNECTED, waited_s=0.9, waited_from=WaitFrom.GREETING)
    late = replace(prompt, waited_s=2.4, placed_at=H2)

    found = campaigns(prompt, prompt, late, replace(CONNECTED, connected_at=0.0))

    assert [row.in_time for row in found.rows] == [2, 0]
    assert (found.total.in_time, found.total.in_time_share) == (2, 2 / 3)
    assert (found.total.wait_p50_s, found.total.wait_p95_s) == (0.9, 2.4)
    assert campaigns(CONNECTED).total.in_time_share is None


def test_attempts_outside_the_period_count_nowhere() -> None:
    assert campaigns(replace(CONNECTED, placed_at=0.0)).rows == ()


def test_return_calls_count_for_the_interval_in_which_they_came_and_beside_the_attempts() -> None:
    returns = (
        ReportedReturn("autumn", H1 - 1, True, False),
        ReportedReturn("autumn", H1, True, False),
        ReportedReturn("autumn", H1 + 1, False, True),
        ReportedReturn("autumn", H2, False, False),
        ReportedReturn("spring", H2, True, False),
        ReportedReturn("autumn", 3 * HOUR_S, True, False),
    )

    found = campaigns(CONNECTED, returns=returns)

    assert [
        (
            row.campaign,
            row.begin,
            row.returns_offered,
            row.returns_answered,
            row.returns_opted_out,
        )
        for row in (*found.rows, *found.totals)
    ] == [
        ("autumn", H1, 2, 1, 1),
        ("autumn", H2, 1, 0, 0),
        ("spring", H2, 1, 1, 0),
        ("autumn", H1, 3, 1, 1),
        ("spring", H1, 1, 1, 0),
    ]
    total = found.total
    assert (total.returns_offered, total.returns_answered, total.returns_opted_out) == (4, 2, 1)
    assert (total.attempts, total.people, total.connected, total.talk_s) == (1, 1, 1, 60.0)
