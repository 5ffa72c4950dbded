"""The audit log: what was written is read again, the last first."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from callcenter.service.ports import AuditEntry, AuditLog
from callcenter.storage.audit import TEXT_CHARS_MAX, Audit
from callcenter.storage.database import Database
from callcenter.storage.stores import BadCursor, DatabaseAway, PageRequest
from tests.unit.storage.databases import held

ENTRY = AuditEntry(
    at=1_700_000_000.25,
    account="ana",
    address="192.0.2.7",
    action="POST /api/v1/agents/me/ready",
    subject="/api/v1/agents/me/ready",
    request="r1",
    status=200,
    detail='{"reason": "lunch"}',
)


async def test_entries_are_read_as_they_were_written(database: Database) -> None:
    audit = Audit(database)
    log: AuditLog = audit

    await log.write([ENTRY, replace(ENTRY, request="r2", status=409)])
    await log.write([])

    page = await audit.entries()
    assert page.items == (replace(ENTRY, request="r2", status=409), ENTRY)
    assert page.next == ""


async def test_pages_follow_each_other_without_gap_while_more_is_written(
    database: Database,
) -> None:
    audit = Audit(database)
    await audit.write([replace(ENTRY, request=f"r{n}") for n in range(5)])

    first = await audit.entries(page=PageRequest(size=2))
    await audit.write([replace(ENTRY, request="later")])
    second = await audit.entries(page=PageRequest(first.next, 2))
    third = await audit.entries(page=PageRequest(second.next, 2))

    seen = [entry.request for page in (first, second, third) for entry in page.items]
    assert seen == ["r4", "r3", "r2", "r1", "r0"]
    assert third.next == ""


async def test_one_accounts_entries_can_be_read_alone(database: Database) -> None:
    audit = Audit(database)
    await audit.write([ENTRY, replace(ENTRY, account="bo")])

    assert [entry.account for entry in (await audit.entries("bo")).items] == ["bo"]


@pytest.mark.parametrize("cursor", ["x", "-1", "1 OR 1=1", "٣", "9" * 30])
async def test_a_cursor_of_another_origin_is_refused(database: Database, cursor: str) -> None:
    with pytest.raises(BadCursor, match="no such page"):
        await Audit(database).entries(page=PageRequest(cursor))


async def test_long_and_broken_texts_are_kept_as_far_as_can_be(database: Database) -> None:
    audit = Audit(database)

    await audit.write([replace(ENTRY, subject="\ud800" * 5_000, detail="a\0b")])

    (kept,) = (await audit.entries()).items
    assert kept.subject == "?" * TEXT_CHARS_MAX
    assert kept.detail == "a\ufffdb"


async def test_entries_that_cannot_be_written_raise(database: Database) -> None:
    audit = Audit(database)

    with held(database), pytest.raises(DatabaseAway):
        await audit.write([ENTRY])

    assert (await audit.entries()).items == ()
