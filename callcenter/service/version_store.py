"""The port of versions of the routing rules, beside those of ``ports``: what a store of them keeps
and promises."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from callcenter.domain.ids import RequestId
from callcenter.domain.rules import Rules


class RulesVersion(Struct, frozen=True):
    """One version of the routing rules: who wrote it, when and why. What it says: see
    ``RulesDocument``."""

    version: int
    """From 1; a later one has a higher number."""
    by: str
    """The account's id, ``@cli`` or ``file``."""
    created_at: float
    """UTC seconds."""
    comment: str
    based_on: int
    """The version that was published when this one was written; 0: none was."""
    published_at: float = 0.0
    """When calls began to be treated so; 0.0: never, it is a draft."""


class RulesDocument(Struct, frozen=True):
    """A version with what it says."""

    about: RulesVersion
    text: str
    """As a person wrote it."""
    rules: Rules
    """As the machine is told."""


class NewRules(Struct, frozen=True):
    """Rules to be kept as the next version."""

    text: str
    rules: Rules
    by: str
    comment: str
    based_on: int
    """The published version that the writer had before them; 0: none."""
    request: RequestId
    """The wish: kept once, however often it is asked for."""
    at: float
    """UTC seconds."""


class RulesConflict(Exception):  # noqa: N818 - a fact about a wish
    """Somebody else published meanwhile: what is kept now is not what the writer had before
    them."""

    def __init__(self, based_on: int, published: RulesVersion | None) -> None:
        self.based_on = based_on
        self.published = published
        if published is None:
            now = "no version is published"
        else:
            now = f"version {published.version} by {published.by} is published by now"
        had = f"version {based_on}" if based_on else "no version"
        super().__init__(
            f"You began with {had}, but {now}. Look at what has changed, put your change into it"
            " and publish that."
        )


class VersionStore(Protocol):
    """Keeps every version of the routing rules. Raises what the store raises."""

    async def save(self, new: NewRules, above: int = 0) -> RulesDocument:
        """Keep these rules as a draft, under a number higher than all that were kept and than
        ``above``.

        A wish that was kept already gives back the version it became. Raises ``RulesConflict`` when
        another version is published than the one they are based on; of two at once one gets it.
        """
        ...

    async def mark_published(self, version: int, at: float) -> None:
        """Note that calls are treated by this version from ``at`` on. A version that is marked
        already, and one that is not there, stay as they are."""
        ...

    async def published(self) -> RulesDocument | None:
        """The version that was published last."""
        ...

    async def document(self, version: int) -> RulesDocument | None:
        """One version; None when there is none of this number."""
        ...

    async def versions(self, limit: int, before: int = 0) -> tuple[RulesVersion, ...]:
        """At most so many versions, the newest first; ``before`` 0: from the newest on."""
        ...

    async def find_text(self, text: str) -> RulesVersion | None:
        """The newest version that says exactly this."""
        ...
