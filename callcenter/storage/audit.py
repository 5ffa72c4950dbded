"""The log of deeds: who asked for what, when, with which outcome. Rows are only ever added."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, select

from callcenter.service.ports import AuditEntry
from callcenter.storage.database import Database
from callcenter.storage.record_rows import storable
from callcenter.storage.stores import FIRST_PAGE, BadCursor, Page, PageRequest, limited
from callcenter.storage.tables import audit

TEXT_CHARS_MAX = 4_000
"""Of each field; the end of a longer one is cut."""
_TEXTS = ("account", "address", "action", "subject", "request", "detail")


class Audit:
    """The ``AuditLog`` of the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, entries: Sequence[AuditEntry]) -> None:
        """Append these entries, all or none; on return they survive a power cut.

        Raises ``DatabaseAway``.
        """
        rows = [
            {
                "at": entry.at,
                "status": entry.status,
                **{name: storable(getattr(entry, name)[:TEXT_CHARS_MAX]) for name in _TEXTS},
            }
            for entry in entries
        ]
        if rows:
            async with self._database.writing() as connection:
                await connection.execute(insert(audit), rows)

    async def entries(self, account: str = "", page: PageRequest = FIRST_PAGE) -> Page[AuditEntry]:
        """What was asked for, by one or by all, the last first.

        Raises ``BadCursor`` and ``DatabaseAway``.
        """
        size = limited(page.size)
        query = select(audit).order_by(audit.c.id.desc()).limit(size + 1)
        if account:
            query = query.where(audit.c.account == storable(account))
        if page.after:
            if not (page.after.isascii() and page.after.isdigit() and len(page.after) <= 18):
                raise BadCursor("There is no such page. Take `next` of the page before as it is.")
            query = query.where(audit.c.id < int(page.after))
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        items = tuple(
            AuditEntry(at=row["at"], status=row["status"], **{name: row[name] for name in _TEXTS})
            for row in rows[:size]
        )
        return Page(items, str(rows[size - 1]["id"]) if len(rows) > size else "")
