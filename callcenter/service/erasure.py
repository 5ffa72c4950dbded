"""Forgets a person: in the machine, the journal and the database, so that nothing brings the person
back in between. Asked again it does what is left to be done.

It is the same for a center that runs and for one that does not (``callcenter.upkeep.erasing``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from callcenter.core.arrivals import normalize_number
from callcenter.core.erasure import (
    UNDER_WAY,
    agents_of,
    callbacks_of,
    contacts_in_hoppers,
    voicemails_of,
    why_not_erasable,
)
from callcenter.core.state import State
from callcenter.domain.commands import FetchContacts, FindContact, LookUpCustomer, RefillHopper
from callcenter.domain.events import ErasureRequested, Request
from callcenter.domain.ids import CustomerId, RequestId
from callcenter.domain.numbers import is_one_of
from callcenter.domain.step import Reply

DRAIN_S = 12.0
"""For answers of the database that are under way: their deadlines are shorter."""
LOOK_EVERY_S = 0.05


class Person(Struct, frozen=True):
    """All that somebody is known by."""

    numbers: tuple[str, ...]
    """E.164, as far as they can be told."""
    names: tuple[str, ...] = ()
    customers: tuple[CustomerId, ...] = ()


class Erased(Struct, frozen=True):
    """How much was erased, in rows. Nothing that tells of whom."""

    customers: int = 0
    contacts: int = 0
    calls: int = 0
    """Records of calls that have lost their number."""
    attempts: int = 0
    texts: int = 0
    """Texts of audit, faults and repairs in which something was blotted out."""
    rejects: int = 0
    """Rows of files with rejected rows."""
    voicemails: int = 0
    """Messages left, with their recordings."""


class PersonStore(Protocol):
    """The database, as far as it knows people."""

    async def find(self, number: str, customer: CustomerId) -> Person:
        """Whoever has this number (E.164) or is this customer; one of both may be empty."""
        ...

    async def hold(self, person: Person) -> None:
        """Give the person to no campaign any more."""
        ...

    async def erase(self, person: Person) -> Erased:
        """Erase the person from every table; rows that reports count stay."""
        ...

    async def scrub(self) -> None:
        """Leave nothing of what was erased in the database's files, as far as it can be told."""
        ...


class ErasingCenter(Protocol):
    """The hub, or what stands for it in a center that does not run."""

    @property
    def state(self) -> State:
        """The live state."""
        ...

    async def ask(self, request: Request) -> Reply:
        """Have a request stepped, and its answer."""
        ...

    async def erase_numbers(self, is_erased: Callable[[str], bool]) -> None:
        """Erase numbers from the journal."""
        ...


class ErasureRefused(Exception):  # noqa: N818 - a fact, said to who asks
    """The person cannot be erased now; the message says why, and names nobody."""


class Erasure:
    """Erases people, one at a time."""

    def __init__(
        self,
        center: ErasingCenter,
        people: PersonStore,
        records_written: Callable[[], Awaitable[None]],
        erase_rejects: Callable[[Person], int],
        erase_recordings: Callable[[Iterable[str]], object],
    ) -> None:
        """``records_written`` returns when all that is journaled is in the database;
        ``erase_rejects`` takes the person out of files with rejected rows, ``erase_recordings``
        deletes voicemails by their files' names."""
        self._center = center
        self._people = people
        self._records_written = records_written
        self._erase_rejects = erase_rejects
        self._erase_recordings = erase_recordings
        self._one_at_a_time = asyncio.Lock()

    async def erase(
        self, *, number: str, customer: CustomerId, request: RequestId, by: str
    ) -> Erased:
        """Forget whoever has this number or is this customer; knowing nobody is no error.

        Raises ``ErasureRefused``, ``OSError`` and what the database raises: then it is to be asked
        for again, what was erased until then stays so.
        """
        async with self._one_at_a_time:
            return await self._erase(number, customer, request, by)

    async def _erase(
        self, number: str, customer: CustomerId, request: RequestId, by: str
    ) -> Erased:
        wanted = self._normalize(number) if number else ""
        found = await self._people.find(wanted, customer)
        person = Person(
            tuple(dict.fromkeys([*((wanted,) if wanted else ()), *found.numbers])),
            found.names,
            tuple(dict.fromkeys([*((customer,) if customer else ()), *found.customers])),
        )
        self._refuse_unless_erasable(person)
        # From here to the last step but one the database still tells who the person is: whatever
        # fails in between, it is found again when it is asked for again.
        await self._people.hold(person)
        await self._wait_for_answers()
        state = self._center.state
        contacts = contacts_in_hoppers(state, person.numbers, person.customers)
        voicemails = voicemails_of(state, person.numbers, person.customers)
        # The recordings first: once the state has forgotten the messages nobody finds them.
        files = [state.voicemails[call].file for call in voicemails]
        await asyncio.to_thread(self._erase_recordings, files)
        await self._center.ask(
            ErasureRequested(
                request,
                contacts,
                by,
                person.customers,
                voicemails,
                callbacks_of(state, person.numbers, person.customers),
                agents_of(state, person.numbers, person.customers),
            )
        )
        await self._records_written()
        self._refuse_unless_erasable(person)  # who calls just now is in the journal again
        await self._center.erase_numbers(
            lambda number: is_one_of(number, person.numbers, self._normalize)
        )
        rejects = await asyncio.to_thread(self._erase_rejects, person)
        erased = await self._people.erase(person)
        await self._people.scrub()
        return replace(erased, rejects=rejects, voicemails=len(voicemails))

    def _refuse_unless_erasable(self, person: Person) -> None:
        problem = why_not_erasable(self._center.state, person.numbers, person.customers)
        if problem:
            raise ErasureRefused(problem)

    def _normalize(self, number: str) -> str:
        return normalize_number(number, self._center.state.center.region)

    async def _wait_for_answers(self) -> None:
        """Until every answer is in that the database may have given before the person was gone."""
        asked = [
            key
            for key, command in self._center.state.pending.items()
            if isinstance(command, RefillHopper | FetchContacts | LookUpCustomer | FindContact)
        ]
        try:
            async with asyncio.timeout(DRAIN_S):
                pending = self._center.state.pending
                while any(key in pending for key in asked):  # noqa: ASYNC110 - nothing tells of it
                    await asyncio.sleep(LOOK_EVERY_S)
        except TimeoutError:
            raise ErasureRefused(UNDER_WAY) from None
