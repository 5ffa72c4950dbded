"""Audit entries on their way to the log."""

from __future__ import annotations

import asyncio

import pytest

from callcenter.api import audit
from callcenter.api.audit import AuditWriter
from callcenter.service.ports import AuditEntry
from tests.unit.api.fakes import FakeAudit


def entry(number: int) -> AuditEntry:
    return AuditEntry(float(number), "ana", "127.0.0.1", "POST /x", "/x", f"r{number}", 200, "")


@pytest.mark.virtual_time
async def test_entries_are_written_in_order_and_in_batches() -> None:
    log = FakeAudit()
    writer = AuditWriter(log)
    writer.start()
    for number in range(450):
        writer.add(entry(number))

    await writer.close()

    assert [kept.at for kept in log.entries] == [float(number) for number in range(450)]
    assert log.writes["tried"] == 3
    assert writer.waiting == 0


@pytest.mark.virtual_time
async def test_a_log_that_comes_back_gets_everything() -> None:
    log = FakeAudit()
    log.away = True
    writer = AuditWriter(log)
    writer.start()
    writer.add(entry(1))
    await asyncio.sleep(10)
    assert log.writes["tried"] > 2

    log.away = False
    writer.add(entry(2))
    await asyncio.sleep(10)

    assert [kept.request for kept in log.entries] == ["r1", "r2"]
    await writer.close()


@pytest.mark.virtual_time
async def test_too_many_entries_are_counted_and_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "ENTRIES_MAX", 2)
    writer = AuditWriter(FakeAudit())

    for number in range(3):
        writer.add(entry(number))

    assert (writer.waiting, writer.dropped) == (2, 1)
    await writer.close()


@pytest.mark.virtual_time
async def test_the_service_stops_even_if_the_log_stays_away() -> None:
    log = FakeAudit()
    log.away = True
    writer = AuditWriter(log)
    writer.start()
    writer.add(entry(1))

    async with asyncio.timeout(2 * audit.CLOSE_DEADLINE_S):
        await writer.close()

    assert log.entries == []
