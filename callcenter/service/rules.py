"""The routing rules outside the machine: checked, kept as versions, handed to the machine, told.

A version is kept first, then the machine is told of it, and when it has said yes the version is
marked as published. Whatever is cut off in between is found at the next start: the machine's
version is the one that calls are treated by. A start publishes nothing that a person has not.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection, Coroutine
from pathlib import Path
from typing import Protocol

import structlog
from msgspec.structs import replace

from callcenter.core.state import State
from callcenter.documents.rules import parse_rules
from callcenter.documents.yaml_lines import DocumentError, read_text
from callcenter.domain.events import Request, RulesPublished
from callcenter.domain.ids import QueueId, RequestId
from callcenter.domain.rules import DEFAULT_RULES, Rules
from callcenter.domain.step import Reply
from callcenter.service.ports import Clock, Overloaded
from callcenter.service.version_store import NewRules, RulesDocument, RulesVersion, VersionStore
from routing.rule_checks import Staff

DEFAULT_TEXT = """\
# What holds until rules are published: every call goes to the queue that the menu chose.
format: 1
rules:
  - name: everybody
"""
DEFAULT_DOCUMENT = RulesDocument(RulesVersion(0, "", 0.0, "", 0), DEFAULT_TEXT, DEFAULT_RULES)
"""Version 0: it is in no store."""
BY_FILE = "file"
"""Who wrote what stands in the config's file of rules."""
TEXT_NAME = "rules"
"""What a text that came without a file is called in its problems."""

_LOG = structlog.get_logger("callcenter.rules")


class RulesCenter(Protocol):
    """The hub, as far as rules need it."""

    @property
    def state(self) -> State:
        """The live state."""
        ...

    async def ask(self, request: Request) -> Reply:
        """Have a request stepped, and its answer, behind the journal."""
        ...


class RulesRefused(Exception):  # noqa: N818 - a fact, said to who asks
    """The machine did not take the rules; they are kept as a draft."""


class RuleBook:
    """All versions of one center's rules, and which of them holds."""

    def __init__(self, center: RulesCenter, store: VersionStore, clock: Clock) -> None:
        self._center = center
        self._store = store
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._lost = ""
        self._file_note = ""
        self._draft: RulesVersion | None = None
        self._file = Path()

    # --- looking in ---------------------------------------------------------------------------

    @property
    def in_force(self) -> int:
        """The version that calls are treated by; 0: the built-in rules."""
        return self._center.state.rules.version

    async def published(self) -> RulesDocument:
        """What is published; where the store lacks it, the version before it that it has."""
        held = await self.document(self.in_force)
        return held or await self._store.published() or DEFAULT_DOCUMENT

    async def document(self, version: int) -> RulesDocument | None:
        """One version; 0 are the built-in rules."""
        return DEFAULT_DOCUMENT if version == 0 else await self._store.document(version)

    async def versions(self, limit: int, before: int) -> tuple[RulesVersion, ...]:
        """Versions, the newest first."""
        return await self._store.versions(limit, before)

    def notes(self) -> tuple[str, ...]:
        """What an administrator should know of: sentences."""
        found = [self._lost, self._file_note]
        if self._draft is not None and self._draft.version > self.in_force:
            found.append(
                f"The file {self._file} says something else than the rules that are published"
                f" (version {self.in_force}): it is kept as draft {self._draft.version} and nobody"
                " is treated by it. Publish it with `callcenter rules publish`, or undo the change."
            )
        return tuple(note for note in found if note)

    # --- checking -----------------------------------------------------------------------------

    async def check(self, text: str) -> Rules:
        """The rules of this text, checked with the center's queues and agents. Raises
        ``DocumentError`` with every problem."""
        state = self._center.state
        staff = [Staff(agent.queues, dict(agent.skills)) for agent in state.agents.values()]
        # A center without any agents yet is no fault of its rules.
        return await self._parse(text, TEXT_NAME, self._queues(), staff or None)

    def _queues(self) -> list[QueueId]:
        return [queue.id for queue in self._center.state.center.queues]

    async def _parse(
        self,
        text: str,
        name: str,
        queues: Collection[QueueId],
        staff: Collection[Staff] | None = None,
    ) -> Rules:
        """In a thread: the longest document takes longer than calls may wait for the loop."""
        return await asyncio.to_thread(parse_rules, text, name, queues, staff)

    # --- publishing ---------------------------------------------------------------------------

    async def publish(
        self, text: str, *, comment: str, based_on: int, by: str, request: RequestId
    ) -> RulesDocument:
        """Check a text, keep it and have calls treated by it, also those that wait.

        Raises ``DocumentError``, ``RulesConflict``, ``RulesRefused``, ``Overloaded`` and what the
        store raises. Asked again with the same ``request`` it goes on where it was.
        """
        rules = await self.check(text)
        new = NewRules(text, rules, by, comment, based_on, request, self._clock.now())
        return await self._publish(new)

    async def roll_back(
        self, version: int, *, comment: str, based_on: int, by: str, request: RequestId
    ) -> RulesDocument | None:
        """Publish what an older version says, under a new number; None when there is no such one.

        Its names are checked, for a queue may be gone; whether somebody has its skills is not: who
        goes back is in a hurry. Raises as ``publish``.
        """
        older = await self.document(version)
        if older is None:
            return None
        rules = await self._parse(older.text, f"version {version}", self._queues())
        said = comment or f"back to version {version}"
        new = NewRules(older.text, rules, by, said, based_on, request, self._clock.now())
        return await self._publish(new)

    async def _publish(self, new: NewRules) -> RulesDocument:
        async with self._one_at_a_time:
            await self._mark()
            kept = await self._store.save(new, above=self.in_force)
            if kept.about.published_at:
                return kept  # the answer to this wish got lost
            return await self._tell(kept, new.request)

    async def _tell(self, kept: RulesDocument, request: RequestId) -> RulesDocument:
        """Have the machine treat calls by a version that is kept, and mark it."""
        about = kept.about
        reply = await self._center.ask(RulesPublished(request, about.version, kept.rules, about.by))
        if reply.problem:
            raise RulesRefused(reply.problem)
        _LOG.info("rules_published", version=about.version, by=about.by)
        at = self._clock.now()
        self._lost = ""
        try:
            await self._store.mark_published(about.version, at)
        except Exception as error:  # noqa: BLE001 - any failure of any store
            # Calls are treated by it already; the next who publishes, or the next start, marks it.
            _LOG.warning("rules_not_marked", version=about.version, error=repr(error))
        return replace(kept, about=replace(about, published_at=at))

    async def _mark(self) -> bool:
        """Mark what holds as published, if that was cut off; False when the store lacks it."""
        if not self.in_force:
            return True
        held = await self._store.document(self.in_force)
        if held is not None and not held.about.published_at:
            await self._store.mark_published(self.in_force, self._clock.now())
        return held is not None

    # --- starting -----------------------------------------------------------------------------

    async def begin(
        self, file: Path | None, queues: Collection[QueueId]
    ) -> Coroutine[None, None, None] | None:
        """Compare the store with the machine and with the config's file of rules.

        Comes before the hub runs; what it returns is to be run beside the hub. Only a center that
        never had rules is given those of the file. Raises ``DocumentError`` for such a file, and
        what the store raises.
        """
        stored = await self._store.published()
        if not await self._mark():
            last = "none" if stored is None else f"version {stored.about.version} as the last"
            self._lost = (
                f"Calls are treated by version {self.in_force} of the rules, which the database"
                f" does not have (it has {last}): it is older than the journal. Publish the rules"
                " anew."
            )
        elif stored is not None and stored.about.version > self.in_force:
            await self._compare_file(file, queues, stored)
            return self._publish_at_start(stored)
        elif not self.in_force:
            return await self._begin_with_file(file, queues)
        await self._compare_file(file, queues, await self._store.published())
        return None

    async def _begin_with_file(
        self, file: Path | None, queues: Collection[QueueId]
    ) -> Coroutine[None, None, None] | None:
        if file is None:
            return None
        text = await asyncio.to_thread(read_text, file)
        rules = await self._parse(text, str(file), queues)
        kept = await self._store.save(_of_file(text, rules, 0, self._clock.now()))
        return self._publish_at_start(kept)

    async def _publish_at_start(self, kept: RulesDocument) -> None:
        version = kept.about.version
        try:
            await self._tell(kept, f"rules:{version}:{self._clock.now()}")
        except (RulesRefused, Overloaded) as error:
            _LOG.error("rules_not_published", version=version, error=str(error))
            self._lost = f"Version {version} of the rules could not be published: {error}."

    async def _compare_file(
        self, file: Path | None, queues: Collection[QueueId], published: RulesDocument | None
    ) -> None:
        """Report a file that was changed after a version had been published."""
        if file is None or published is None:
            return
        self._file = file
        try:
            text = await asyncio.to_thread(read_text, file)
            known = await self._store.find_text(text)
            if known is None:
                rules = await self._parse(text, str(file), queues)
                new = _of_file(text, rules, published.about.version, self._clock.now())
                known = (await self._store.save(new, above=self.in_force)).about
        except DocumentError as error:
            self._file_note = (
                "The file of rules was changed and cannot be used; calls are treated by version"
                f" {published.about.version} as before. {error.problems[0]}"
            )
            return
        if not known.published_at:
            self._draft = known  # one that is older than what is published is told of no more


def _of_file(text: str, rules: Rules, based_on: int, at: float) -> NewRules:
    """The same text is the same wish, at however many starts."""
    request = f"file:{hashlib.sha256(text.encode()).hexdigest()}"
    return NewRules(text, rules, BY_FILE, "", based_on, request, at)
