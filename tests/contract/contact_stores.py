"""Stores of contacts, in memory and in databases of each kind, each with what it is told of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from msgspec.structs import replace

from callcenter.documents.contacts_csv import ContactRow
from callcenter.documents.rejects import Reject
from callcenter.domain.campaign import CallingWindow, Terms
from callcenter.domain.records import AttemptRecord, DncRecord, Record
from callcenter.service.contact_lists import ContactImport
from callcenter.service.ports import ContactStore, Refill
from callcenter.storage.contacts import Contacts
from callcenter.storage.directory import CustomerDirectory
from callcenter.storage.dnc import StoredDnc
from callcenter.storage.projector import Projector
from callcenter.storage.stores import ContactDestination
from tests.unit.storage.databases import Place, new_database
from tests.unit.storage.samples import T0, make_entry

DEADLINE_S = 20.0

NEW_YORK, LONDON = ("America/New_York",), ("Europe/London",)
"""At ``T0`` it is 17:13 and 22:13 there, on a Tuesday."""
LONDON_OPENS = T0 + 38_800
"""The next day at nine."""
WINDOW = CallingWindow()
ANY_TERMS = Terms()
AUTUMN = ContactDestination("autumn", "first")
A, B, C, D = (f"+1202555010{n}" for n in range(1, 5))


class Store:
    """A store of contacts, with the customers and the attempts that it is told of."""

    def __init__(
        self,
        dnc: StoredDnc,
        contacts: Contacts,
        customers: CustomerDirectory,
        records: Projector,
    ) -> None:
        self.dnc = dnc
        self.contacts = contacts
        self.customers = customers
        self._records = records
        self._end = 0

    async def add(
        self, *rows: ContactRow | Reject, into: ContactDestination = AUTUMN, dry_run: bool = False
    ) -> tuple[ContactImport, list[Reject]]:
        """Import these rows, and check the report's sums."""
        rejects: list[Reject] = []
        report = await self.contacts.add(rows, into, on_reject=rejects.append, dry_run=dry_run)
        assert report.rows == len(rows) == report.accepted + report.refused
        assert report.refused == len(rejects)
        return report, rejects

    async def note(self, *attempts: AttemptRecord) -> None:
        """Let attempts end, all by one entry of the journal."""
        await self.note_records(*attempts)

    async def note_records(self, *records: Record) -> None:
        """Keep these records, all led to by one entry of the journal."""
        self._end += 1
        self._records.feed([make_entry(self._end, *records)])
        async with asyncio.timeout(DEADLINE_S):
            await self._records.wait_for(self._end)

    async def refill(
        self,
        want: int = 10,
        *,
        exclude: Sequence[str] = (),
        now: float = T0,
        terms: Terms = ANY_TERMS,
        window: CallingWindow = WINDOW,
    ) -> Refill:
        """Who is next in the campaign ``autumn``."""
        store: ContactStore = self.contacts
        return await store.refill("autumn", want, window, exclude, now, terms)

    async def next(
        self,
        want: int = 10,
        *,
        exclude: Sequence[str] = (),
        now: float = T0,
        terms: Terms = ANY_TERMS,
    ) -> str:
        """The same as the last digits of their numbers."""
        refill = await self.refill(want, exclude=exclude, now=now, terms=terms)
        return "".join(row.number[-1] for row in refill.rows)

    async def note_dnc(self, number: str, *, added: bool = True, until: float = 0.0) -> None:
        """Have a number put on the do-not-call list, or taken off it."""
        await self.note_records(DncRecord(number, added, "asked", "manager", until, "kim", T0))

    async def id_of(self, number: str) -> str:
        """The contact's id."""
        return next(r.contact for r in (await self.refill(1_000)).rows if r.number == number)


@asynccontextmanager
async def provide_store(place: Place) -> AsyncIterator[Store]:
    async with new_database(place) as database:
        directory = CustomerDirectory(database)
        projector = Projector(database, "j", lambda _position: (), gather_s=0.0)
        task = asyncio.create_task(projector.run())
        yield Store(
            StoredDnc(database, now=lambda: T0),
            Contacts(database, directory, "US"),
            directory,
            projector,
        )
        task.cancel()
        await asyncio.wait({task})


def row(number: str, zones: tuple[str, ...] = NEW_YORK, **changes: object) -> ContactRow:
    return replace(ContactRow(2, number, zones), **changes)
