"""The past as the records have it: a day that the machine itself wrote down is found again."""

from __future__ import annotations

from datetime import date
from statistics import fmean
from typing import Any

import pytest
from sqlalchemy import insert

from callcenter.documents.customers_csv import CustomerRow
from callcenter.domain.customer import Tier
from callcenter.domain.history import KnownCustomer, Shift
from callcenter.domain.records import (
    AgentStateRecord,
    CallRecord,
    ConversationRecord,
    DispositionRecord,
    OfferRecord,
    Record,
)
from callcenter.rehearsal import engine
from callcenter.rehearsal.fit import fit
from callcenter.rehearsal.floor import Floor
from callcenter.rehearsal.traffic import Lasting
from callcenter.storage.database import Database
from callcenter.storage.directory import CustomerDirectory
from callcenter.storage.history import StoredHistory
from callcenter.storage.record_rows import TABLE_OF, to_row
from callcenter.storage.tables import shifts
from tests.unit.rehearsal.made_up import (
    MONDAY,
    make_agents,
    make_center,
    make_plan,
    make_traffic,
)

KINDS = (CallRecord, OfferRecord, ConversationRecord, AgentStateRecord, DispositionRecord)
AGENTS = make_agents(5, seniors=2)
DAY_S = 86400.0


class Recording(Floor):
    """Keeps every record."""

    def __init__(self, *arguments: Any) -> None:
        self.records: list[Record] = []
        super().__init__(*arguments)

    def _keep(self, record: Record) -> None:
        self.records.append(record)
        super()._keep(record)


async def write_day(database: Database, hours: int = 3) -> list[Record]:
    """A Monday's first hours in the database, as the projector writes them."""
    traffic = make_traffic(
        AGENTS, load=0.9, ring=Lasting(1.4, 0.2), wrap_up=Lasting(2.7, 0.4), tiers=tuple(Tier)
    )
    slots = tuple((slot, MONDAY + 900.0 * slot) for slot in range(4 * hours))
    window = engine.Window(date(2026, 6, 1), slots, MONDAY, MONDAY + 3600.0 * hours)
    day = engine.draw_day(traffic, window, 1, "UTC")
    floor = Recording(make_center(), AGENTS, make_plan(AGENTS).current, traffic, day)
    floor.play()
    async with database.writing() as connection:
        for kind in KINDS:
            rows = [
                to_row(record, "J", position, 0)
                for position, record in enumerate(floor.records)
                if type(record) is kind
            ]
            await connection.execute(insert(TABLE_OF[kind]), rows)
    return floor.records


async def test_a_day_written_down_is_read_with_all_that_a_fit_needs(database: Database) -> None:
    records = await write_day(database)
    async with database.writing() as connection:
        await connection.execute(
            insert(shifts).values(agent="a0", day="mon", begins_min=480, ends_min=960)
        )

    history = await StoredHistory(database).read(MONDAY + DAY_S)

    written = [one for one in records if isinstance(one, CallRecord)]
    assert len(history.calls) == len(written) > 200
    assert [call.queued_at for call in history.calls] == sorted(
        call.queued_at for call in history.calls
    )
    answered = [call for call in history.calls if call.answered_at]
    assert {call.talk_s > 0.0 for call in answered} == {True}
    assert {call.ring_s > 0.0 for call in answered} == {True}
    assert len([call for call in answered if call.wrap_up_s > 0.0]) > 0.98 * len(answered)
    assert {call.resolved for call in answered} >= {True, False}
    assert {call.by_senior for call in answered} == {True, False}
    assert [call for call in history.calls if call.is_abandoned]
    assert {one.agent for one in history.work} == {agent.id for agent in AGENTS}
    assert history.shifts == (Shift("a0", "mon", 480, 960),)


async def test_the_fit_of_a_written_day_is_the_traffic_it_was_played_with(
    database: Database,
) -> None:
    await write_day(database)
    history = await StoredHistory(database).read(MONDAY + DAY_S)

    traffic = fit(history, make_center(), AGENTS)

    seen = sum(traffic.streams[0].slots[:12])
    assert seen == pytest.approx(0.9 * 5 / 120.0 * 3 * 3600.0, rel=0.15)
    assert len(traffic.talk) == 6
    assert fmean(one.mean_s for one in traffic.talk.values()) == pytest.approx(120.0, rel=0.1)
    assert traffic.wrap_up["junior"].mean_s == pytest.approx(16.0, rel=0.15)
    assert traffic.ring.mean_s == pytest.approx(4.1, rel=0.1)


async def test_only_the_newest_calls_are_read_and_nothing_that_is_too_old(
    database: Database,
) -> None:
    await write_day(database, hours=1)

    newest = await StoredHistory(database).read(MONDAY + DAY_S, calls_max=10)
    gone = await StoredHistory(database).read(MONDAY + 100 * DAY_S)

    assert len(newest.calls) == 10
    assert newest.since == newest.calls[0].queued_at
    assert (gone.calls, gone.work, gone.since) == ((), (), MONDAY + 44 * DAY_S)


async def test_customers_are_as_the_directory_has_them_now(database: Database) -> None:
    await write_day(database, hours=1)
    calls = (await StoredHistory(database).read(MONDAY + DAY_S)).calls
    known = next(call for call in calls if call.customer and call.agent)
    await CustomerDirectory(database).import_rows(
        [CustomerRow(2, known.customer, "Ana", ("+12025550101",), Tier.GOLD, language="de")]
    )

    customers = (await StoredHistory(database).read(MONDAY + DAY_S)).customers

    assert list(customers) == [known.customer]
    found = customers[known.customer]
    assert isinstance(found, KnownCustomer)
    assert (found.tier, found.facts.language) == (Tier.GOLD, "de")
    assert found.facts.last_agent == known.agent
