"""Contacts, evidence and the do-not-call list, as far as the API asks them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from callcenter.documents.contacts_csv import ContactReading, ContactRow
from callcenter.documents.csv_rows import CannotRead
from callcenter.domain.attempt import ContactStatus
from callcenter.domain.campaign import CallingWindow, Terms
from callcenter.domain.evidence import evidence_of
from callcenter.service.contact_book import (
    ContactAdded,
    ContactBecause,
    ContactListView,
    ContactReason,
    ContactWhy,
    Names,
)
from callcenter.service.contact_lists import (
    ContactImport,
    Duplicates,
    ImportProblem,
    ImportProgress,
)
from callcenter.service.dnc import DncEntry, DncNumber, DncPage
from callcenter.service.ports import Account, AttemptPage, EvidencePage, Role
from callcenter.storage.contact_files import AS_GUESSED

PASSWORD = "correct horse"
WAIT_S = 5.0
"""How long a test waits for a frame that must come."""

ACCOUNTS = {
    "ana": Account("ana", "Ana", (Role.AGENT,)),
    "ben": Account("ben", "Ben", (Role.AGENT,)),
    "sue": Account("sue", "Sue", (Role.SUPERVISOR,)),
    "mia": Account("mia", "Mia", (Role.MANAGER,)),
    "adi": Account("adi", "Adi", (Role.ADMINISTRATOR,)),
    "aud": Account("aud", "Aud", (Role.AUDITOR,)),
}
"""One person of each role, and a second agent."""


@dataclass(frozen=True)
class Imported:
    """A list that was handed in."""

    campaign: str
    content: bytes
    list_name: str
    priority: int | None
    dry_run: bool
    duplicates: Duplicates = Duplicates.CAMPAIGN
    reading: ContactReading = AS_GUESSED


class FakeContacts:
    """Takes lists: every line but the header is a person, one with a ``?`` is refused."""

    def __init__(self) -> None:
        self.imported: list[Imported] = []
        self.paths: list[Path] = []
        """Where the files were; they are gone by now."""
        self.error: Exception | None = None
        self.gate: Callable[[], Awaitable[object]] | None = None
        """Awaited before a list is read."""
        self.progress: ImportProgress | None = None
        self.refused_rows: bytes | None = None
        self.page = AttemptPage(())
        self.pages: list[tuple[str, int, str]] = []

    async def import_contacts(
        self,
        campaign: str,
        path: Path,
        *,
        list_name: str,
        priority: int | None,
        duplicates: Duplicates,
        reading: ContactReading,
        dry_run: bool,
    ) -> ContactImport:
        """As the importer's."""
        self.paths.append(path)
        if self.gate is not None:
            await self.gate()
        if isinstance(self.error, CannotRead):
            raise CannotRead(f"{path} {self.error}")
        if self.error is not None:
            raise self.error
        content = await asyncio.to_thread(path.read_bytes)
        self.imported.append(
            Imported(campaign, content, list_name, priority, dry_run, duplicates, reading)
        )
        rows = list(enumerate(content.splitlines()[1:], 2))
        wrong = tuple(
            ImportProblem(number, "the number has too few digits", "Write all digits.")
            for number, row in rows
            if b"?" in row
        )
        return ContactImport(
            list_name, len(rows), len(rows) - len(wrong), len(wrong), dry_run, wrong
        )

    def import_progress(self, campaign: str) -> ImportProgress | None:
        """As the importer's."""
        return self.progress

    async def rejects(self, campaign: str) -> bytes | None:
        """As the importer's."""
        return self.refused_rows

    async def attempts_page(self, campaign: str, *, limit: int, cursor: str) -> AttemptPage:
        """As the reader's; only the cursor ``next`` is known."""
        self.pages.append((campaign, limit, cursor))
        if self.error is not None:
            raise self.error
        if cursor not in ("", "next"):
            raise ValueError("not a cursor")
        return self.page


class FakeEvidence:
    """Evidence of what ``contacts`` has."""

    def __init__(self, contacts: FakeContacts) -> None:
        self._contacts = contacts

    async def evidence_page(self, campaign: str, *, limit: int, cursor: str) -> EvidencePage:
        """As the reader's."""
        page = await self._contacts.attempts_page(campaign, limit=limit, cursor=cursor)
        return EvidencePage(tuple(evidence_of(one, None) for one in page.rows), page.next)


class FakeDnc:
    """A do-not-call list in memory."""

    def __init__(self, *entries: DncEntry) -> None:
        self.entries = {entry.number: entry for entry in entries}
        self.away = False

    async def find(self, number: str) -> DncEntry | None:
        """As the store's."""
        self._look()
        return self.entries.get(number)

    async def barred(self, numbers: Sequence[str]) -> frozenset[str]:
        """As the store's."""
        self._look()
        return frozenset(number for number in numbers if number in self.entries)

    async def page(self, limit: int, cursor: str = "") -> DncPage:
        """As the store's."""
        self._look()
        rest = [self.entries[number] for number in sorted(self.entries) if number > cursor]
        after = rest[limit - 1].number if len(rest) > limit else ""
        return DncPage(tuple(rest[:limit]), len(self.entries), after)

    async def add(self, numbers: Iterable[DncNumber], *, source: str, by: str) -> int:
        """Not for the API: it asks the machine, whose records the projector writes."""
        raise AssertionError("the API wrote past the machine")

    def _look(self) -> None:
        if self.away:
            raise OSError("the database is away")


class FakeBook:
    """A book of contacts that knows contact 7 of list 3, and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.refusal = ""
        self.away = False
        self.known = Names({}, {})

    async def lists(self, campaign: str) -> tuple[ContactListView, ...]:
        """As the store's."""
        self._note("lists", campaign)
        return (ContactListView(3, "autumn", 5, 1.0, 9, 8, 1),)

    async def set_list_priority(self, campaign: str, list_id: int, priority: int) -> bool:
        """As the store's."""
        self._note("list", campaign, list_id, priority)
        return list_id == 3

    async def set_contact_priority(self, campaign: str, contact: str, priority: int | None) -> bool:
        """As the store's."""
        self._note("contact", campaign, contact, priority)
        return contact == "7"

    async def add_one(self, campaign: str, row: ContactRow, list_name: str) -> ContactAdded | str:
        """As the store's."""
        self._note("add", campaign, row, list_name)
        return self.refusal or ContactAdded("8", row.number)

    async def why(
        self, campaign: str, wanted: str, window: CallingWindow, terms: Terms, now: float
    ) -> ContactWhy | None:
        """As the store's."""
        self._note("why", campaign, wanted, window, terms, now)
        if wanted not in ("7", "+3545550007"):
            return None
        reasons = (ContactReason(ContactBecause.NEXT, "was never tried"),)
        status = ContactStatus.OPEN
        return ContactWhy("7", campaign, "autumn", "+3545550007", 2, status, 0, "", 5, reasons)

    async def names(self, contacts: Sequence[str], customers: Sequence[str]) -> Names:
        """As the store's."""
        self._note("names", contacts, customers)
        return self.known

    def _note(self, *asked: object) -> None:
        if self.away:
            raise OSError("the database is away")
        self.asked.append(asked)


class FakeScripts:
    """Scripts in memory; may be away, from the beginning or only for writing."""

    def __init__(self) -> None:
        self.scripts: dict[str, str] = {}
        self.of_lists: tuple[str, ...] = ()
        self.away = False
        self.writes = True

    async def script(self, campaign: str) -> str:
        """As the store's."""
        self._look()
        return self.scripts.get(campaign, "")

    async def put_script(self, campaign: str, text: str) -> None:
        """As the store's."""
        if not self.writes:
            raise OSError("the database is away")
        self.scripts[campaign] = text

    async def columns(self, campaign: str) -> tuple[str, ...]:
        """As the store's."""
        self._look()
        return self.of_lists

    def _look(self) -> None:
        if self.away:
            raise OSError("the database is away")
