"""What every source of reports promises, in the database and in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any, TypeVar

import pytest
from msgspec.structs import replace

from callcenter.domain.agent import AgentState
from callcenter.domain.attempt import AttemptResult, Verdict
from callcenter.domain.call import Outcome
from callcenter.domain.evidence import WaitFrom
from callcenter.domain.records import (
    AgentStateRecord,
    CallRecord,
    ConversationRecord,
    DispositionRecord,
    OfferRecord,
    Record,
    ReturnRecord,
)
from callcenter.domain.report import ReportedAttempt, ReportedCall, ReportedReturn
from callcenter.installation import make_accounts
from callcenter.service.ports import ReportSource, Role
from callcenter.storage import report_rows
from callcenter.storage.projector import Projector
from callcenter.storage.report_rows import MemoryReports, StoredReports
from callcenter.storage.stores import AccountSettings
from tests.unit.storage.databases import ALL_KINDS, Place, new_database, place_of
from tests.unit.storage.people import CHEAP, PASSWORD
from tests.unit.storage.samples import T0, make_attempt, make_call, make_entry

DEADLINE_S = 20.0
END = T0 + 86_400.0
WRAP_UP = AgentState.WRAP_UP

T = TypeVar("T")
Make = Callable[..., Any]


@asynccontextmanager
async def provide_source(
    place: Place | None, records: Sequence[Record], teams: Mapping[str, str] | None = None
) -> AsyncIterator[ReportSource]:
    """A source of these records, each led to by an entry of its own, with these agents in these
    teams; without a place in memory."""
    if place is None:
        yield MemoryReports(records, teams)
        return
    async with new_database(place) as database:
        accounts = make_accounts(database, CHEAP)
        for agent, team in (teams or {}).items():
            await accounts.add(AccountSettings(agent, agent, (Role.AGENT,), team=team), PASSWORD)
        projector = Projector(database, "j", lambda _position: (), gather_s=0.0)
        task = asyncio.create_task(projector.run())
        projector.feed([make_entry(n, record) for n, record in enumerate(records, 1)])
        async with asyncio.timeout(DEADLINE_S):
            await projector.wait_for(len(records))
        yield StoredReports(database)
        task.cancel()
        await asyncio.wait({task})


async def read(pieces: AsyncGenerator[Sequence[T], None]) -> list[T]:
    """Everything, in order."""
    async with aclosing(pieces):
        return [one async for piece in pieces for one in piece]


@pytest.fixture(params=ALL_KINDS)
def source_of(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Make:
    place = None if request.param == "memory" else place_of(request, tmp_path_factory)
    return lambda records, teams=None: provide_source(place, records, teams)


def answered(call: str, entered: float, **changes: Any) -> CallRecord:
    """A call answered after 10 s that lasted 50 s more."""
    times = {"arrived_at": entered - 5, "queued_at": entered, "answered_at": entered + 10}
    return make_call(call, entered + 60, **{**times, **changes})


def reported(entered: float) -> ReportedCall:
    """The same with nothing known beside it."""
    return ReportedCall("service", entered, entered + 10, entered + 60, Outcome.ANSWERED)


async def test_a_call_comes_with_its_talks_wrap_ups_and_dispositions(source_of: Make) -> None:
    records = (
        ConversationRecord("c1", "ana", T0 + 10, T0 + 20),
        AgentStateRecord("ana", WRAP_UP, "", T0 + 20, T0 + 25),
        ConversationRecord("c2", "ben", T0 + 11, T0 + 21),
        ConversationRecord("c1", "cas", T0 + 30, T0 + 60),
        answered("c1", T0),
        AgentStateRecord("ben", WRAP_UP, "", T0 + 21, T0 + 61),
        DispositionRecord("c1", "cas", "solved", T0 + 62),
        AgentStateRecord("cas", WRAP_UP, "", T0 + 60, T0 + 62),
        DispositionRecord("c1", "cas", "again", T0 + 63),
        AgentStateRecord("ana", WRAP_UP, "", T0 + 80, T0 + 90),
    )
    async with source_of(records) as source:
        calls = await read(source.calls(T0, END))

    assert calls == [
        replace(reported(T0), talk_s=40.0, wrap_up_s=7.0, dispositions=("solved", "again"))
    ]


async def test_calls_are_those_that_entered_a_queue_in_the_time(source_of: Make) -> None:
    records = (
        answered("before", T0 - 30),
        answered("first", T0),
        answered("last", T0 + 99),
        answered("after", T0 + 100),
    )
    async with source_of(records) as source:
        calls = await read(source.calls(T0, T0 + 100))

    assert calls == [reported(T0), reported(T0 + 99)]


async def test_a_call_that_never_asked_for_an_agent_is_in_no_report(source_of: Make) -> None:
    nobody = {"queue": "", "queued_at": 0.0, "answered_at": 0.0}
    records = (
        answered("menu", T0, **nobody, outcome=Outcome.LEFT_IN_IVR),
        answered("self service", T0, **nobody, outcome=Outcome.ENDED_BY_FLOW),
        answered("dialed", T0, queue="", campaign="autumn"),
        answered("native", T0, **nobody, outcome=Outcome.ABANDONED),
        answered("lost", T0, answered_at=0.0, outcome=Outcome.LOST),
    )
    async with source_of(records) as source:
        calls = await read(source.calls(T0 - 10, END))

    assert [(call.queue, call.entered_at, call.outcome) for call in calls] == [
        ("", T0 - 5, Outcome.ABANDONED),
        ("service", T0, Outcome.LOST),
    ]
    assert [call.answered_at for call in calls] == [0.0, 0.0]


async def test_attempts_come_with_what_became_of_their_calls(source_of: Make) -> None:
    records = (
        make_attempt("a1", placed_at=T0 - 1),
        make_attempt("a2", placed_at=T0, ended_at=T0 + 20),
        DispositionRecord("", "ana", "of no call", T0 + 20),
        ConversationRecord("c1", "ana", T0 + 10, T0 + 30),
        make_attempt(
            "a3",
            placed_at=T0 + 1,
            person_at=T0 + 9,
            connected_at=T0 + 10,
            ended_at=T0 + 30,
            call="c1",
            result=AttemptResult.CONNECTED,
            verdict=Verdict.HUMAN,
            verdict_cause="HUMAN-800-800",
        ),
        make_attempt(
            "a3b",
            placed_at=T0 + 2,
            person_at=T0 + 9,
            connected_at=T0 + 10,
            ended_at=T0 + 30,
            result=AttemptResult.MACHINE,
        ),
        DispositionRecord("c1", "ana", "sold", T0 + 34),
        AgentStateRecord("ana", WRAP_UP, "", T0 + 30, T0 + 34),
        make_attempt("a4", placed_at=T0 + 60, ended_at=T0 + 70),
    )
    async with source_of(records) as source:
        attempts = await read(source.attempts(T0, T0 + 60))

    no_answer, connected = AttemptResult.NO_ANSWER, AttemptResult.CONNECTED
    assert attempts == [
        ReportedAttempt("autumn", T0, 0.0, 0.0, T0 + 20, no_answer),
        ReportedAttempt(
            "autumn",
            T0 + 1,
            T0 + 9,
            T0 + 10,
            T0 + 30,
            connected,
            20.0,
            4.0,
            ("sold",),
            (T0 + 10) - (T0 + 9 - 0.8),
            WaitFrom.GREETING,
        ),
        ReportedAttempt("autumn", T0 + 2, T0 + 9, T0 + 10, T0 + 30, AttemptResult.MACHINE),
    ]


async def test_return_calls_come_with_what_became_of_them(source_of: Make) -> None:
    def returned(arrived_at: float, answered_at: float = 0.0, **changes: Any) -> ReturnRecord:
        call = ReturnRecord(
            f"c{arrived_at}",
            "autumn",
            "7",
            "+12025550101",
            arrived_at,
            answered_at,
            T0 + 200,
            "",
            False,
        )
        return replace(call, **changes)

    records = (
        returned(T0 - 1),
        returned(T0, T0 + 5, agent="ana"),
        returned(T0 + 50, opted_out=True),
        returned(T0 + 99, campaign="spring"),
        returned(T0 + 100),
    )
    async with source_of(records) as source:
        calls = await read(source.returns(T0, T0 + 100))

    assert calls == [
        ReportedReturn("autumn", T0, True, False),
        ReportedReturn("autumn", T0 + 50, False, True),
        ReportedReturn("spring", T0 + 99, False, False),
    ]


async def test_work_is_what_touches_the_time(source_of: Make) -> None:
    ready = AgentState.READY
    states = [AgentStateRecord("ana", ready, "", T0 + n, T0 + n + 10) for n in range(-20, 120, 10)]
    offers = [
        OfferRecord("c1", "ana", T0 + n, T0 + n + 5, "answered", "") for n in (-1, 0, 99, 100)
    ]
    talks = [ConversationRecord("c1", "ana", T0 + n, T0 + n + 5) for n in (-1, 0, 99, 100)]
    said = [DispositionRecord("c1", "ana", "solved", T0 + n) for n in (-1, 0, 99, 100)]
    async with source_of((*states, *offers, *talks, *said)) as source:
        work = await read(source.work(T0, T0 + 100))

    # A state that ends in the first moment has no second in the time, but its end may be a sign-in.
    assert work == [*states[1:12], *offers[1:3], *talks[1:3], *said[1:3]]


async def test_long_reports_come_in_pieces(
    source_of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_rows, "PIECE_ROWS", 3)
    monkeypatch.setattr(report_rows, "WRAP_UPS_KEPT", 2)
    records: list[Record] = []
    for n in range(10):  # three end in each moment
        at = T0 + 100 * (n // 3)
        records.append(ConversationRecord(f"c{n}", f"agent{n}", at + 10, at + 60))
        records.append(answered(f"c{n}", at))
    records += [AgentStateRecord(f"agent{n}", WRAP_UP, "", T0 + 60, T0 + 61) for n in range(3)]
    async with source_of(records) as source:
        pieces = [piece async for piece in source.calls(T0, END)]
        stopped = source.calls(T0, END)
        await anext(stopped)
        await stopped.aclose()

    assert [len(piece) for piece in pieces] == [3, 3, 3, 1]
    assert [call.talk_s for piece in pieces for call in piece] == [50.0] * 10


async def test_an_empty_source_has_nothing(source_of: Make) -> None:
    async with source_of(()) as source:
        assert await read(source.calls(0.0, END)) == []
        assert await read(source.attempts(0.0, END)) == []
        assert await read(source.returns(0.0, END)) == []
        assert await read(source.work(0.0, END)) == []


async def test_the_team_of_every_agent_is_known(source_of: Make) -> None:
    teams = {"ana": "north", "ben": "south", "cas": "north"}
    async with source_of((), teams) as source:
        assert await source.teams() == teams
