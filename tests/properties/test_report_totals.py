"""Whatever the records, the step and the time zone: a report's totals are those of the records."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from callcenter.domain.agent import AgentState
from callcenter.domain.attempt import AttemptResult
from callcenter.domain.call import Outcome
from callcenter.domain.records import (
    AgentStateRecord,
    ConversationRecord,
    DispositionRecord,
    OfferRecord,
)
from callcenter.domain.report import (
    Formula,
    Measures,
    ReportedAttempt,
    ReportedCall,
    ReportedReturn,
    ReportedWork,
)
from callcenter.domain.report_counting import (
    AgentReport,
    CampaignReport,
    QueueReport,
    TeamReport,
)
from callcenter.domain.report_time import Period, ReportStep

BEGIN = 1_774_700_000.0
"""28 March 2026: the clocks change in Europe the night after."""
LENGTH_S = 3 * 86_400.0
ROWS_MAX = 10_000

names = st.sampled_from(["", "service", "sales", "=x"])
durations = st.floats(0.0, 90_000.0)
moments = st.floats(BEGIN - 3600.0, BEGIN + LENGTH_S + 3600.0)
codes = st.lists(st.sampled_from(["solved", "callback"]), max_size=2).map(tuple)


@st.composite
def periods(draw: st.DrawFn) -> Period:
    since = BEGIN + draw(st.floats(0.0, LENGTH_S / 2))
    zones = ("UTC", "Europe/Berlin", "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe")
    return Period(
        since,
        since + draw(st.floats(1.0, LENGTH_S / 2)),
        draw(st.sampled_from(ReportStep)),
        draw(st.sampled_from(zones)),
    )


@st.composite
def calls(draw: st.DrawFn) -> ReportedCall:
    entered, wait_s = draw(moments), draw(durations)
    outcome = draw(st.sampled_from([Outcome.ANSWERED, Outcome.ABANDONED, Outcome.LOST]))
    answered_at = entered + wait_s if outcome is Outcome.ANSWERED else 0.0
    ended_at = entered + wait_s + (draw(durations) if answered_at else 0.0)
    talk_s, wrap_up_s = draw(durations), draw(durations)
    return ReportedCall(
        draw(names), entered, answered_at, ended_at, outcome, talk_s, wrap_up_s, draw(codes)
    )


@st.composite
def attempts(draw: st.DrawFn) -> ReportedAttempt:
    placed, result = draw(moments), draw(st.sampled_from(AttemptResult))
    person_at = placed + draw(durations) if draw(st.booleans()) else 0.0
    connected_at = person_at + 1.0 if result is AttemptResult.CONNECTED else 0.0
    return ReportedAttempt(
        draw(names), placed, person_at, connected_at, placed + 99, result, 1.0, 2.0, draw(codes)
    )


agents = st.sampled_from(["ana", "ben", "cas", "dan"])


@st.composite
def work(draw: st.DrawFn) -> ReportedWork:
    agent, at = draw(agents), draw(moments)
    ended_at = at + draw(durations)
    match draw(st.integers(0, 3)):
        case 0:
            reason = draw(st.sampled_from(["", "lunch", "break"]))
            state = draw(st.sampled_from(AgentState))
            return AgentStateRecord(agent, state, reason, at, ended_at)
        case 1:
            result = draw(st.sampled_from(["answered", "no_answer", "rejected", "unreachable"]))
            return OfferRecord("c", agent, at, ended_at, result, "")
        case 2:
            return ConversationRecord("c", agent, at, ended_at)
        case _:
            return DispositionRecord("c", agent, draw(st.sampled_from(["solved", "again"])), at)


def near(left: float, right: float) -> bool:
    """Equal but for the rounding of a thousand additions."""
    return math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-3)


@given(period=periods(), found=st.lists(calls(), max_size=30), formula=st.sampled_from(Formula))
def test_the_calls_of_all_intervals_are_the_calls_of_the_records(
    period: Period, found: Sequence[ReportedCall], formula: Formula
) -> None:
    report = QueueReport(period, Measures(formula, 5.0, {"sales": 60.0}), ROWS_MAX)
    for call in found:
        report.add(call)
    report_rows = report.rows()

    within = [call for call in found if period.since <= call.entered_at < period.until]
    outcomes = Counter(call.outcome for call in within)
    total = report_rows.total
    assert total.offered == len(within)
    assert total.answered == outcomes[Outcome.ANSWERED]
    assert total.abandoned == outcomes[Outcome.ABANDONED]
    assert total.lost == outcomes[Outcome.LOST]
    assert near(total.talk_s, math.fsum(call.talk_s for call in within))
    assert near(total.wrap_up_s, math.fsum(call.wrap_up_s for call in within))
    assert total.dispositions == Counter(code for call in within for code in call.dispositions)
    for rows in (report_rows.rows, report_rows.totals):
        for name in ("offered", "answered", "abandoned", "short_abandons", "lost", "in_time"):
            assert sum(getattr(row, name) for row in rows) == getattr(total, name)
        assert near(math.fsum(row.wait_s for row in rows), total.wait_s)
        assert max((row.longest_wait_s for row in rows), default=0.0) == total.longest_wait_s
    for row in (*report_rows.rows, total):
        assert row.service_level is None or 0.0 <= row.service_level <= 1.0
        assert row.offered >= row.answered + row.abandoned
        assert row.short_abandons <= row.abandoned
        assert row.in_time <= row.answered


@given(
    period=periods(),
    found=st.lists(attempts(), max_size=30),
    returns=st.lists(
        st.builds(ReportedReturn, names, moments, st.booleans(), st.booleans()), max_size=30
    ),
)
def test_the_attempts_of_all_intervals_are_the_attempts_of_the_records(
    period: Period, found: Sequence[ReportedAttempt], returns: Sequence[ReportedReturn]
) -> None:
    report = CampaignReport(period, ROWS_MAX)
    for attempt in found:
        report.add(attempt)
    for call in returns:
        report.add_return(call)
    report_rows = report.rows()

    within = [attempt for attempt in found if period.since <= attempt.placed_at < period.until]
    assert report_rows.total.attempts == len(within)
    assert report_rows.total.results == Counter(attempt.result for attempt in within)
    came = [call for call in returns if period.since <= call.arrived_at < period.until]
    assert report_rows.total.returns_offered == len(came)
    assert report_rows.total.returns_answered == sum(call.is_answered for call in came)
    assert report_rows.total.returns_opted_out == sum(call.is_opted_out for call in came)
    counts = ("attempts", "people", "connected", "dropped")
    of_returns = ("returns_offered", "returns_answered", "returns_opted_out")
    for rows in (report_rows.rows, report_rows.totals):
        for name in (*counts, *of_returns):
            assert sum(getattr(row, name) for row in rows) == getattr(report_rows.total, name)


@given(
    period=periods(),
    cuts=st.lists(moments, min_size=2, max_size=30, unique=True).map(sorted),
    states=st.lists(st.sampled_from(AgentState), min_size=30, max_size=30),
)
def test_the_seconds_of_all_intervals_are_the_seconds_of_the_records(
    period: Period, cuts: Sequence[float], states: Sequence[AgentState]
) -> None:
    records = [
        AgentStateRecord("ana", state, "why", began, ended)
        for state, began, ended in zip(states, cuts, cuts[1:], strict=False)
    ]
    report = AgentReport(period, ROWS_MAX)
    for record in records:
        report.add(record)
    report_rows = report.rows()

    spent = dict.fromkeys(AgentState, 0.0)
    for record in records:
        within_s = min(record.ended_at, period.until) - max(record.began_at, period.since)
        spent[record.state] += max(0.0, within_s)
    total = report_rows.total
    assert near(total.ready_s, spent[AgentState.READY])
    assert near(total.offered_s, spent[AgentState.RESERVED] + spent[AgentState.RINGING])
    assert near(total.talk_s, spent[AgentState.TALKING])
    assert near(total.wrap_up_s, spent[AgentState.WRAP_UP])
    assert near(total.not_ready_s, spent[AgentState.NOT_READY])
    assert near(math.fsum(row.signed_in_s for row in report_rows.rows), total.signed_in_s)
    for row in report_rows.rows:
        assert row.signed_in_s <= row.end - row.begin + 1e-6


@given(
    period=periods(),
    found=st.lists(work(), max_size=30),
    teams=st.dictionaries(agents, st.sampled_from(["", "north", "south"])),
)
def test_the_totals_of_teams_are_the_totals_of_their_agents(
    period: Period, found: Sequence[ReportedWork], teams: dict[str, str]
) -> None:
    by_agent, by_team = AgentReport(period, ROWS_MAX), TeamReport(period, teams, ROWS_MAX)
    for record in found:
        by_agent.add(record)
        by_team.add(record)
    cards, report = by_agent.rows(), by_team.rows()

    for row in report.totals:
        members = [card for card in cards.totals if teams.get(card.agent, "") == row.team]
        assert row.agents == len(members)
    assert sum(row.agents for row in report.totals) == len(cards.totals) == report.total.agents
    for rows in (report.rows, report.totals, (report.total,)):
        for name in ("offers", "missed", "conversations"):
            assert sum(getattr(row, name) for row in rows) == getattr(cards.total, name)
        for name in ("signed_in_s", "ready_s", "offered_s", "talk_s", "wrap_up_s", "not_ready_s"):
            assert near(math.fsum(getattr(row, name) for row in rows), getattr(cards.total, name))
        said: Counter[str] = Counter()
        for row in rows:
            said.update(row.dispositions)
        assert said == cards.total.dispositions
    spent, of_agents = report.total.not_ready, cards.total.not_ready
    assert spent.keys() == of_agents.keys()
    assert all(near(spent[reason], of_agents[reason]) for reason in spent)
