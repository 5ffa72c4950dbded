"""The versions of the routing rules in memory: the same promises as the database's
(``rule_versions``), and nothing kept after the process."""

from __future__ import annotations

from msgspec.structs import replace

from callcenter.domain.ids import RequestId
from callcenter.service.version_store import NewRules, RulesConflict, RulesDocument, RulesVersion
from callcenter.storage.stores import limited


class MemoryRuleVersions:
    """A ``VersionStore``."""

    def __init__(self) -> None:
        self._kept: dict[int, RulesDocument] = {}
        """By version, in order."""
        self._of_request: dict[RequestId, int] = {}

    async def save(self, new: NewRules, above: int = 0) -> RulesDocument:
        """As ``VersionStore``."""
        if new.request in self._of_request:
            return self._kept[self._of_request[new.request]]
        published = await self.published()
        if new.based_on != (0 if published is None else published.about.version):
            raise RulesConflict(new.based_on, None if published is None else published.about)
        version = max(*self._kept, 0, above) + 1
        about = RulesVersion(version, new.by, new.at, new.comment, new.based_on)
        self._kept[version] = RulesDocument(about, new.text, new.rules)
        self._of_request[new.request] = version
        return self._kept[version]

    async def mark_published(self, version: int, at: float) -> None:
        """As ``VersionStore``."""
        kept = self._kept.get(version)
        if kept is not None and not kept.about.published_at:
            self._kept[version] = replace(kept, about=replace(kept.about, published_at=at))

    async def published(self) -> RulesDocument | None:
        """As ``VersionStore``."""
        found = [kept for kept in self._kept.values() if kept.about.published_at]
        return found[-1] if found else None

    async def document(self, version: int) -> RulesDocument | None:
        """As ``VersionStore``."""
        return self._kept.get(version)

    async def versions(self, limit: int, before: int = 0) -> tuple[RulesVersion, ...]:
        """As ``VersionStore``."""
        found = [
            kept.about
            for version, kept in reversed(self._kept.items())
            if not before or version < before
        ]
        return tuple(found[: limited(limit)])

    async def find_text(self, text: str) -> RulesVersion | None:
        """As ``VersionStore``."""
        found = [kept.about for kept in self._kept.values() if kept.text == text]
        return found[-1] if found else None
