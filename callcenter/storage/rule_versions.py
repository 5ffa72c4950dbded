"""The versions of the routing rules in the database. Rows are added and marked, never changed."""

from __future__ import annotations

import msgspec
from sqlalchemy import RowMapping, Select, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.domain.rules import Rules
from callcenter.service.version_store import NewRules, RulesConflict, RulesDocument, RulesVersion
from callcenter.storage.database import Database
from callcenter.storage.record_rows import storable
from callcenter.storage.stores import limited
from callcenter.storage.tables import rule_versions

_COLUMNS = rule_versions.c
_ABOUT = (
    _COLUMNS.version,
    _COLUMNS.author,
    _COLUMNS.created_at,
    _COLUMNS.comment,
    _COLUMNS.based_on,
    _COLUMNS.published_at,
)
_LATEST_PUBLISHED = (
    select(func.max(_COLUMNS.version)).where(_COLUMNS.published_at.is_not(None)).scalar_subquery()
)


class StoredRuleVersions:
    """The ``VersionStore`` of the database. Every method raises ``DatabaseAway``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, new: NewRules, above: int = 0) -> RulesDocument:
        """As ``VersionStore``. One transaction, and only one writes at a time: of two that are
        based on the same version one is published first, the other conflicts."""
        async with self._database.writing() as connection:
            kept = await _one(connection, _documents().where(_COLUMNS.request == new.request))
            if kept is not None:
                return _document(kept)
            row = await _one(
                connection, select(*_ABOUT).where(_COLUMNS.version == _LATEST_PUBLISHED)
            )
            published = None if row is None else _about(row)
            if new.based_on != (0 if published is None else published.version):
                raise RulesConflict(new.based_on, published)
            highest = await connection.scalar(select(func.max(_COLUMNS.version)))
            about = RulesVersion(
                version=max(highest or 0, above) + 1,
                by=new.by,
                created_at=new.at,
                comment=storable(new.comment),
                based_on=new.based_on,
            )
            values = {
                "version": about.version,
                "text": new.text,
                "rules": msgspec.json.encode(new.rules).decode(),
                "author": about.by,
                "created_at": about.created_at,
                "comment": about.comment,
                "based_on": about.based_on,
                "request": new.request,
            }
            await connection.execute(insert(rule_versions).values(values))
        return RulesDocument(about, new.text, new.rules)

    async def mark_published(self, version: int, at: float) -> None:
        """As ``VersionStore``."""
        unmarked = update(rule_versions).where(
            _COLUMNS.version == version, _COLUMNS.published_at.is_(None)
        )
        async with self._database.writing() as connection:
            await connection.execute(unmarked.values(published_at=at))

    async def published(self) -> RulesDocument | None:
        """As ``VersionStore``."""
        return await self._find(_documents().where(_COLUMNS.version == _LATEST_PUBLISHED))

    async def document(self, version: int) -> RulesDocument | None:
        """As ``VersionStore``."""
        return await self._find(_documents().where(_COLUMNS.version == version))

    async def versions(self, limit: int, before: int = 0) -> tuple[RulesVersion, ...]:
        """As ``VersionStore``."""
        query = select(*_ABOUT).order_by(_COLUMNS.version.desc()).limit(limited(limit))
        if before:
            query = query.where(_COLUMNS.version < before)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return tuple(_about(row) for row in rows)

    async def find_text(self, text: str) -> RulesVersion | None:
        """As ``VersionStore``."""
        query = select(*_ABOUT).where(_COLUMNS.text == text).order_by(_COLUMNS.version.desc())
        async with self._database.reading() as connection:
            row = await _one(connection, query.limit(1))
        return None if row is None else _about(row)

    async def _find(self, query: Select[tuple[object, ...]]) -> RulesDocument | None:
        async with self._database.reading() as connection:
            row = await _one(connection, query)
        return None if row is None else _document(row)


def _documents() -> Select[tuple[object, ...]]:
    return select(*_ABOUT, _COLUMNS.text, _COLUMNS.rules)


async def _one(connection: AsyncConnection, query: Select[tuple[object, ...]]) -> RowMapping | None:
    return (await connection.execute(query)).mappings().first()


def _about(row: RowMapping) -> RulesVersion:
    return RulesVersion(
        version=row["version"],
        by=row["author"],
        created_at=row["created_at"],
        comment=row["comment"],
        based_on=row["based_on"],
        published_at=row["published_at"] or 0.0,
    )


def _document(row: RowMapping) -> RulesDocument:
    return RulesDocument(_about(row), row["text"], msgspec.json.decode(row["rules"], type=Rules))
