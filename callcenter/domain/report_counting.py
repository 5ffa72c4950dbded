"""Counts reports: takes what was read one by one and keeps only the rows. The order is of no
matter, but that an agent's states come in the order in which they were.

What counts for which interval: a call the one in which it entered its queue, an attempt the one in
which it was placed, a return call the one in which it came, an agent's time the intervals it was
spent in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, Protocol, TypeVar, assert_never

from msgspec import Struct, field

from callcenter.domain.agent import AgentState
from callcenter.domain.attempt import AttemptResult
from callcenter.domain.call import Outcome
from callcenter.domain.counts import count, count_all, in_order, share
from callcenter.domain.ids import AgentId, TeamId
from callcenter.domain.records import (
    AgentStateRecord,
    ConversationRecord,
    DispositionRecord,
    OfferRecord,
)
from callcenter.domain.report import (
    TARGET_S,
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
)
from callcenter.domain.report_time import BadPeriod, Intervals, Period
from callcenter.domain.waits import WaitTally

MISSED = ("no_answer", "rejected", "unreachable")
"""Results of offers that the agent, or the agent's phone, did not take."""

Tally = TypeVar("Tally", bound="_Tally")


class QueueReport:
    """Counts calls by queue. Raises ``BadPeriod`` for more than ``rows_max`` rows."""

    def __init__(self, period: Period, measures: Measures, rows_max: int) -> None:
        self._table = _Table(period, rows_max, lambda: _QueueTally(measures))

    def add(self, call: ReportedCall) -> None:
        """Count a call, if it entered its queue in the period."""
        tally = self._table.at(call.queue, call.entered_at)
        if tally is not None:
            tally.add(call)

    def rows(self) -> Rows[QueueRow]:
        """What was counted."""
        return self._table.rows()


class AgentReport:
    """Counts what agents did. Raises ``BadPeriod`` for more than ``rows_max`` rows."""

    def __init__(self, period: Period, rows_max: int) -> None:
        self._table = _WorkTable(period, rows_max, _AgentTally)

    def add(self, record: ReportedWork) -> None:
        """Count a record, as far as it lies in the period."""
        self._table.count(record.agent, record)

    def rows(self) -> Rows[AgentRow]:
        """What was counted."""
        return self._table.rows()


class TeamReport:
    """Counts what agents did, by team. ``teams``: agent -> team; who is not in it, or whose team
    is empty, counts under the empty name. Raises ``BadPeriod`` for more than ``rows_max`` rows."""

    def __init__(self, period: Period, teams: Mapping[AgentId, TeamId], rows_max: int) -> None:
        self._table = _WorkTable(period, rows_max, _TeamTally)
        self._teams = teams

    def add(self, record: ReportedWork) -> None:
        """Count a record, as far as it lies in the period."""
        self._table.count(self._teams.get(record.agent, ""), record)

    def rows(self) -> Rows[TeamRow]:
        """What was counted."""
        return self._table.rows()


class CampaignReport:
    """Counts attempts and return calls by campaign. Raises ``BadPeriod`` for more than ``rows_max``
    rows."""

    def __init__(self, period: Period, rows_max: int) -> None:
        self._table = _Table(period, rows_max, _CampaignTally)

    def add(self, attempt: ReportedAttempt) -> None:
        """Count an attempt, if it was placed in the period."""
        tally = self._table.at(attempt.campaign, attempt.placed_at)
        if tally is not None:
            tally.add(attempt)

    def add_return(self, call: ReportedReturn) -> None:
        """Count a return call, if it came in the period."""
        tally = self._table.at(call.campaign, call.arrived_at)
        if tally is not None:
            tally.add_return(call)

    def rows(self) -> Rows[CampaignRow]:
        """What was counted."""
        return self._table.rows()


class _Tally(Protocol):
    """The counts of one row."""

    def add_all(self, other: Any) -> None:
        """Add another's of the same kind."""
        ...

    def row(self, name: str, begin: float, end: float) -> Any:
        """The counts, with what is computed of them."""
        ...


class _Table(Generic[Tally]):
    """The tallies of all rows in which something was."""

    def __init__(self, period: Period, rows_max: int, make: Callable[[], Tally]) -> None:
        self._period = period
        self._intervals = Intervals(period, rows_max)
        self._rows_max = rows_max
        self._make = make
        self._tallies: dict[tuple[int, str], Tally] = {}

    def at(self, name: str, moment: float) -> Tally | None:
        """The tally of this name at a moment; None outside the period."""
        index = self._intervals.find(moment)
        return None if index is None else self._tally(index, name)

    def over(self, name: str, began_at: float, ended_at: float) -> Iterator[tuple[Tally, float]]:
        """The tallies that a stretch of time touches, with its seconds in each."""
        for index, seconds in self._intervals.split(began_at, ended_at):
            yield self._tally(index, name), seconds

    def rows(self) -> Rows[Any]:
        """The finished report."""
        since, until = self._period.since, self._period.until
        everything = self._make()
        by_name: dict[str, Tally] = {}
        rows: list[Any] = []
        for (index, name), tally in sorted(self._tallies.items(), key=lambda item: item[0]):
            begin, end = self._intervals.begin(index), self._intervals.end(index)
            rows.append(tally.row(name, begin, end))
            by_name.setdefault(name, self._make()).add_all(tally)
            everything.add_all(tally)
        totals = [tally.row(name, since, until) for name, tally in sorted(by_name.items())]
        return Rows(tuple(rows), tuple(totals), everything.row("", since, until))

    def _tally(self, index: int, name: str) -> Tally:
        tally = self._tallies.get((index, name))
        if tally is None:
            if len(self._tallies) == self._rows_max:
                raise BadPeriod(
                    f"The report has more than {self._rows_max} rows: ask for a shorter period or a"
                    " longer step."
                )
            tally = self._tallies[index, name] = self._make()
        return tally


class _WorkTable(_Table["_AgentTally | _TeamTally"]):
    """The tallies of what agents did, each under the agent's own name or the team's."""

    def __init__(
        self, period: Period, rows_max: int, make: Callable[[], _AgentTally | _TeamTally]
    ) -> None:
        super().__init__(period, rows_max, make)
        self._at_work_until: dict[AgentId, float] = {}
        """When the last state of an agent who was signed in ended."""

    def count(self, name: str, record: ReportedWork) -> None:
        """Count a record under this name."""
        match record:
            case AgentStateRecord():
                if record.state is AgentState.SIGNED_OUT:
                    self._count_absence(name, record)
                else:
                    self._at_work_until[record.agent] = record.ended_at
                    for tally, seconds in self.over(name, record.began_at, record.ended_at):
                        tally.note(record.agent)
                        tally.spend(record, seconds)
            case OfferRecord():
                for tally in self._of(name, record.agent, record.offered_at):
                    tally.offers += 1
                    tally.missed += record.result in MISSED
            case ConversationRecord():
                for tally in self._of(name, record.agent, record.began_at):
                    tally.conversations += 1
            case DispositionRecord():
                for tally in self._of(name, record.agent, record.at):
                    count(tally.dispositions, record.code, 1)
            case _:
                assert_never(record)

    def _count_absence(self, name: str, record: AgentStateRecord) -> None:
        for tally in self._of(name, record.agent, record.ended_at):
            tally.sign_in(record.ended_at)
        # An agent is signed out from the moment the account was made: nobody went then.
        if self._at_work_until.get(record.agent) == record.began_at:
            for tally in self._of(name, record.agent, record.began_at):
                tally.sign_out(record.began_at)

    def _of(self, name: str, agent: AgentId, moment: float) -> Iterator[_AgentTally | _TeamTally]:
        """The tally at a moment, if that is in the period."""
        tally = self.at(name, moment)
        if tally is not None:
            tally.note(agent)
            yield tally


# --- the counts of one row -----------------------------------------------------------------------


class _QueueTally(Struct):
    measures: Measures
    answered: int = 0
    abandoned: int = 0
    short_abandons: int = 0
    lost: int = 0
    in_time: int = 0
    wait_s: float = 0.0
    longest_wait_s: float = 0.0
    talk_s: float = 0.0
    wrap_up_s: float = 0.0
    dispositions: dict[str, int] = field(default_factory=dict)

    def add(self, call: ReportedCall) -> None:
        wait_s = (call.answered_at or call.ended_at) - call.entered_at
        self.longest_wait_s = max(self.longest_wait_s, wait_s)
        if call.outcome is Outcome.ANSWERED:
            self.answered += 1
            self.in_time += wait_s <= self.measures.targets_s.get(call.queue, TARGET_S)
            self.wait_s += wait_s
        elif call.outcome is Outcome.ABANDONED:
            self.abandoned += 1
            self.short_abandons += wait_s < self.measures.threshold_s
        else:
            self.lost += 1
        self.talk_s += call.talk_s
        self.wrap_up_s += call.wrap_up_s
        for code in call.dispositions:
            count(self.dispositions, code, 1)

    def add_all(self, other: _QueueTally) -> None:
        self.answered += other.answered
        self.abandoned += other.abandoned
        self.short_abandons += other.short_abandons
        self.lost += other.lost
        self.in_time += other.in_time
        self.wait_s += other.wait_s
        self.longest_wait_s = max(self.longest_wait_s, other.longest_wait_s)
        self.talk_s += other.talk_s
        self.wrap_up_s += other.wrap_up_s
        count_all(self.dispositions, other.dispositions)

    def row(self, name: str, begin: float, end: float) -> QueueRow:
        offered = self.answered + self.abandoned + self.lost
        measured = {
            Formula.ANSWERED_AND_ABANDONED: self.answered + self.abandoned,
            Formula.OFFERED: offered,
            Formula.WITHOUT_SHORT_ABANDONS: offered - self.short_abandons,
        }[self.measures.formula]
        return QueueRow(
            queue=name,
            begin=begin,
            end=end,
            offered=offered,
            answered=self.answered,
            abandoned=self.abandoned,
            short_abandons=self.short_abandons,
            lost=self.lost,
            in_time=self.in_time,
            service_level=share(self.in_time, measured),
            asa_s=share(self.wait_s, self.answered),
            aht_s=share(self.talk_s + self.wrap_up_s, self.answered),
            wait_s=self.wait_s,
            longest_wait_s=self.longest_wait_s,
            talk_s=self.talk_s,
            wrap_up_s=self.wrap_up_s,
            dispositions=in_order(self.dispositions),
        )


class _WorkTally(Struct):
    """Without a row of its own."""

    agents: dict[AgentId, None] = field(default_factory=dict)
    """Whose work it is."""
    signed_in_at: float = 0.0
    signed_out_at: float = 0.0
    ready_s: float = 0.0
    offered_s: float = 0.0
    talk_s: float = 0.0
    wrap_up_s: float = 0.0
    not_ready: dict[str, float] = field(default_factory=dict)
    offers: int = 0
    missed: int = 0
    conversations: int = 0
    dispositions: dict[str, int] = field(default_factory=dict)

    def note(self, agent: AgentId) -> None:
        self.agents[agent] = None

    def spend(self, record: AgentStateRecord, seconds: float) -> None:
        match record.state:
            case AgentState.READY:
                self.ready_s += seconds
            case AgentState.RESERVED | AgentState.RINGING:
                self.offered_s += seconds
            case AgentState.TALKING:
                self.talk_s += seconds
            case AgentState.WRAP_UP:
                self.wrap_up_s += seconds
            case _:
                self.not_ready[record.reason] = self.not_ready.get(record.reason, 0.0) + seconds

    def sign_in(self, at: float) -> None:
        self.signed_in_at = min(self.signed_in_at or at, at)

    def sign_out(self, at: float) -> None:
        self.signed_out_at = max(self.signed_out_at, at)

    def add_all(self, other: _WorkTally) -> None:
        self.agents.update(other.agents)
        self.sign_in(other.signed_in_at or self.signed_in_at)
        self.sign_out(other.signed_out_at)
        self.ready_s += other.ready_s
        self.offered_s += other.offered_s
        self.talk_s += other.talk_s
        self.wrap_up_s += other.wrap_up_s
        for reason, seconds in other.not_ready.items():
            self.not_ready[reason] = self.not_ready.get(reason, 0.0) + seconds
        self.offers += other.offers
        self.missed += other.missed
        self.conversations += other.conversations
        count_all(self.dispositions, other.dispositions)

    def card(self, name: str, begin: float, end: float) -> AgentRow:
        """As if one agent had done all of it."""
        not_ready_s = 0.0
        for seconds in self.not_ready.values():
            not_ready_s += seconds
        busy_s = self.talk_s + self.wrap_up_s
        on_offer_s = busy_s + self.ready_s + self.offered_s
        return AgentRow(
            agent=name,
            begin=begin,
            end=end,
            signed_in_at=self.signed_in_at,
            signed_out_at=self.signed_out_at,
            signed_in_s=on_offer_s + not_ready_s,
            ready_s=self.ready_s,
            offered_s=self.offered_s,
            talk_s=self.talk_s,
            wrap_up_s=self.wrap_up_s,
            not_ready_s=not_ready_s,
            not_ready=dict(sorted(self.not_ready.items())),
            occupancy=share(busy_s, on_offer_s),
            offers=self.offers,
            missed=self.missed,
            conversations=self.conversations,
            aht_s=share(busy_s, self.conversations),
            dispositions=in_order(self.dispositions),
        )


class _AgentTally(_WorkTally):
    def row(self, name: str, begin: float, end: float) -> AgentRow:
        return self.card(name, begin, end)


class _TeamTally(_WorkTally):
    def row(self, name: str, begin: float, end: float) -> TeamRow:
        card = self.card(name, begin, end)
        return TeamRow(
            team=name,
            begin=begin,
            end=end,
            agents=len(self.agents),
            signed_in_s=card.signed_in_s,
            ready_s=card.ready_s,
            offered_s=card.offered_s,
            talk_s=card.talk_s,
            wrap_up_s=card.wrap_up_s,
            not_ready_s=card.not_ready_s,
            not_ready=card.not_ready,
            occupancy=card.occupancy,
            offers=card.offers,
            missed=card.missed,
            conversations=card.conversations,
            aht_s=card.aht_s,
            dispositions=card.dispositions,
        )


class _CampaignTally(Struct):
    people: int = 0
    connected: int = 0
    wait_s: float = 0.0
    longest_wait_s: float = 0.0
    talk_s: float = 0.0
    wrap_up_s: float = 0.0
    results: dict[str, int] = field(default_factory=dict)
    dispositions: dict[str, int] = field(default_factory=dict)
    waits: WaitTally = field(default_factory=WaitTally)
    returns: int = 0
    returns_answered: int = 0
    returns_opted_out: int = 0

    def add(self, attempt: ReportedAttempt) -> None:
        count(self.results, attempt.result, 1)
        self.people += attempt.person_at > 0
        if attempt.connected_at:
            wait_s = attempt.connected_at - (attempt.person_at or attempt.connected_at)
            self.connected += 1
            self.wait_s += wait_s
            self.longest_wait_s = max(self.longest_wait_s, wait_s)
        if attempt.waited_from is not None:
            self.waits.add(attempt.waited_s, attempt.waited_from)
        self.talk_s += attempt.talk_s
        self.wrap_up_s += attempt.wrap_up_s
        for code in attempt.dispositions:
            count(self.dispositions, code, 1)

    def add_return(self, call: ReportedReturn) -> None:
        self.returns += 1
        self.returns_answered += call.is_answered
        self.returns_opted_out += call.is_opted_out

    def add_all(self, other: _CampaignTally) -> None:
        self.people += other.people
        self.connected += other.connected
        self.wait_s += other.wait_s
        self.longest_wait_s = max(self.longest_wait_s, other.longest_wait_s)
        self.talk_s += other.talk_s
        self.wrap_up_s += other.wrap_up_s
        count_all(self.results, other.results)
        count_all(self.dispositions, other.dispositions)
        self.waits.add_all(other.waits)
        self.returns += other.returns
        self.returns_answered += other.returns_answered
        self.returns_opted_out += other.returns_opted_out

    def row(self, name: str, begin: float, end: float) -> CampaignRow:
        dropped = self.results.get(AttemptResult.DROPPED, 0)
        return CampaignRow(
            campaign=name,
            begin=begin,
            end=end,
            attempts=sum(int(count) for count in self.results.values()),
            people=self.people,
            connected=self.connected,
            dropped=dropped,
            drop_rate=share(dropped, self.people),
            asa_s=share(self.wait_s, self.connected),
            longest_wait_s=self.longest_wait_s,
            in_time=self.waits.in_time,
            in_time_share=share(self.waits.in_time, self.waits.connected),
            wait_p50_s=self.waits.percentile(0.5),
            wait_p95_s=self.waits.percentile(0.95),
            aht_s=share(self.talk_s + self.wrap_up_s, self.connected),
            wait_s=self.wait_s,
            talk_s=self.talk_s,
            wrap_up_s=self.wrap_up_s,
            results={r: self.results[r] for r in AttemptResult if r in self.results},
            dispositions=in_order(self.dispositions),
            returns_offered=self.returns,
            returns_answered=self.returns_answered,
            returns_opted_out=self.returns_opted_out,
        )
