"""The contacts of all campaigns: who is dialed next, what an agent's screen shows of them, and what
came of it.

Who is next is read by ``contact_refill``; what attempts and the do-not-call list change in the rows
is in ``contact_numbers``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from hashlib import blake2b

import msgspec
from msgspec.structs import replace
from sqlalchemy import bindparam, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.documents.contacts_csv import ContactRow
from callcenter.domain.attempt import ContactStatus
from callcenter.domain.campaign import CallingWindow, HopperRow, ListCounts, Terms
from callcenter.domain.ids import CampaignId, ContactId, CustomerId
from callcenter.domain.records import AttemptRecord
from callcenter.service.ports import AttemptPage, Fetched, KnownContact, Refill
from callcenter.storage import tables
from callcenter.storage.contact_chances import read_chances
from callcenter.storage.contact_counts import Alike, Openings, count_groups, row_of
from callcenter.storage.contact_import import ContactImporter, Tally
from callcenter.storage.contact_refill import (
    ROUNDS_MAX,
    Found,
    hopper_rows,
    is_due,
    judge,
    put_in_order,
    read_candidates,
    read_groups,
    read_priorities,
    read_these,
)
from callcenter.storage.contact_returns import find_contact
from callcenter.storage.contact_rows import add_rows, find_taken, finish, keep_list
from callcenter.storage.customer_import import Changes
from callcenter.storage.database import Database
from callcenter.storage.dnc import lift_ended, read_barred
from callcenter.storage.record_rows import storable
from callcenter.storage.records import read_page
from callcenter.storage.stores import (
    PAGE_ITEMS_DEFAULT,
    ContactDestination,
    ImportConflict,
    KnownCustomers,
    PageRequest,
)
from callcenter.storage.tables import campaign_scripts, contact_lists, contacts
from dialer.compliance import NotNow, looks_back_s
from dialer.contact_chance import Chances

REFILL_ROWS_MAX = 5_000
"""Contacts handed over at once: five minutes of dialing by a thousand agents."""
LIFT_EVERY_S = 60.0
"""How often it is looked whose time on the do-not-call list is over."""
LOOK_AGAIN_S = 3600.0
"""For whom nobody can say when they may be called."""
FETCH_AGAIN_S = 60.0
"""For who shares a cap with somebody fetched at the same time."""
KEY_BYTES = 6
NO_TERMS = Terms()


class Contacts(ContactImporter):
    """The ``ContactStore`` of the database, and with ``customers`` the ``CardSource``. ``region``
    (ISO 3166) is where numbers without a country code are at home; ``now`` tells UTC seconds."""

    def __init__(
        self,
        database: Database,
        customers: KnownCustomers,
        region: str,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(region)
        self._database = database
        self._customers = customers
        self._now = now
        self._openings = Openings()
        self._lifted_at = 0.0
        self._held_by: dict[CampaignId, str] = {}

    async def refill(
        self,
        campaign: CampaignId,
        want: int,
        window: CallingWindow,
        exclude: Sequence[ContactId],
        now: float,
        terms: Terms = NO_TERMS,
    ) -> Refill:
        """At most ``want`` contacts that may be dialed at ``now``, without those of ``exclude``, in
        the order of ``dialer.contact_order``; whom the terms hold back waits until they do not.

        Raises ``DatabaseAway``.
        """
        campaign = storable(campaign)
        await self._lift(campaign, terms, now)
        not_these = [row_id for one in exclude if (row_id := row_of(one)) is not None]
        async with self._database.reading() as connection:
            groups = await read_groups(connection, campaign, now)
            priorities = await read_priorities(connection, campaign)
            standing = count_groups(groups, priorities, window, terms, self._openings, now)
            capped = await _count_held(connection, campaign, now)
            look = _Look(connection, campaign, window, terms, not_these, now)
            rows = await look.find(standing.callable, min(want, REFILL_ROWS_MAX))
        await self._hold(look.held, terms, now)
        return Refill(rows, _with_held(standing.counts, look.held, capped))

    async def fetch(
        self,
        campaign: CampaignId,
        contacts: Sequence[ContactId],
        now: float,
        terms: Terms = NO_TERMS,
    ) -> Fetched:
        """These contacts, as far as they may be dialed at ``now``, also those that are done with:
        they were promised a call. Raises ``DatabaseAway``."""
        ids = [row_id for one in contacts if (row_id := row_of(one)) is not None]
        async with self._database.reading() as connection:
            found = await read_these(connection, storable(campaign), ids, terms, now)
            judged = await judge(connection, found, terms, len(found), {}, now)
            rows = await hopper_rows(connection, judged.accepted, now)
        later = {str(one.id): now + FETCH_AGAIN_S for one in judged.passed_over}
        held = {str(one.id): _ends(why, now) for one, why in judged.held}
        return Fetched(rows, later | held)

    async def find_contact(
        self, number: str, campaigns: Sequence[CampaignId]
    ) -> KnownContact | None:
        """See ``ContactStore``; a number that is no E.164 is nobody's. Raises ``DatabaseAway``."""
        async with self._database.looking_up() as connection:
            return await find_contact(connection, number, campaigns)

    async def _lift(self, campaign: CampaignId, terms: Terms, now: float) -> None:
        """Let go whom other terms than today's hold back, and whose time on the do-not-call list is
        over."""
        key = _key_of(terms)
        if self._lifted_at > now - LIFT_EVERY_S and self._held_by.get(campaign) == key:
            return
        columns = contacts.c
        async with self._database.writing() as connection:
            await lift_ended(connection, now)
            await connection.execute(
                update(contacts)
                .where(columns.campaign == campaign, columns.held != "", columns.held != key)
                .values(held="", next_try_at=None)
            )
        self._lifted_at, self._held_by[campaign] = now, key

    async def _hold(self, held: Sequence[tuple[Found, NotNow]], terms: Terms, now: float) -> None:
        """Leave these contacts alone until the terms let them be dialed."""
        if not held:
            return
        statement = (
            update(contacts)
            .where(
                contacts.c.id == bindparam("of"),
                contacts.c.status == ContactStatus.OPEN.value,
                is_due(now),
            )
            .values(held=_key_of(terms), next_try_at=bindparam("until"))
        )
        changes = [{"of": one.id, "until": _ends(why, now)} for one, why in held]
        async with self._database.writing() as connection:
            await connection.execute(statement, changes)

    async def card(self, customer: CustomerId) -> Mapping[str, object] | None:
        """What an agent's screen shows of a customer. Raises ``DatabaseAway``."""
        return await self._customers.card(customer)

    async def contact_card(self, contact: ContactId) -> Mapping[str, object] | None:
        """What an agent's screen shows of a contact, ready for JSON; None when there is none of
        that id. Raises ``DatabaseAway``.

        ``customer`` is the card of the customer, None when the directory knows none; ``script`` is
        what the agent says in the contact's campaign, as it was written.
        """
        row_id = row_of(contact)
        if row_id is None:
            return None
        query = (
            select(
                contacts,
                contact_lists.c.name.label("list_name"),
                campaign_scripts.c.text.label("script"),
            )
            .join(contact_lists, contact_lists.c.id == contacts.c.list)
            .outerjoin(campaign_scripts, campaign_scripts.c.campaign == contacts.c.campaign)
            .where(contacts.c.id == row_id)
        )
        async with self._database.looking_up() as connection:
            row = (await connection.execute(query)).mappings().first()
        if row is None:
            return None
        return {
            "name": row["name"],
            "number": row["number"],
            "campaign": row["campaign"],
            "list": row["list_name"],
            "attributes": row["attributes"],
            "note": row["note"],
            "made": row["made"],
            "last_result": row["last_result"],
            "last_tried_at": row["last_tried_at"] or 0.0,
            "script": row["script"] or "",
            "customer": await find_card(self._customers, row["customer"], row["number"]),
        }

    async def attempts_page(
        self, campaign: CampaignId, limit: int = PAGE_ITEMS_DEFAULT, cursor: str = ""
    ) -> AttemptPage:
        """Attempts of a campaign, the last ended first. Raises ``BadCursor``, ``DatabaseAway``."""
        only = [tables.attempts.c.campaign == storable(campaign)]
        wanted = PageRequest(cursor, limit)
        page = await read_page(self._database, AttemptRecord, "ended_at", only, wanted)
        return AttemptPage(page.items, page.next)

    # --- for the import --------------------------------------------------------------------------

    async def numbers_known(self, numbers: Sequence[str]) -> Collection[str]:
        """Those of the numbers that a contact of any campaign has. Raises ``DatabaseAway``."""
        async with self._database.reading() as connection:
            return await find_taken(connection, numbers, None)

    async def _find_taken(self, campaign: CampaignId, numbers: Sequence[str]) -> Collection[str]:
        async with self._database.reading() as connection:
            return await find_taken(connection, numbers, campaign)

    async def _find_barred(self, numbers: Sequence[str]) -> Collection[str]:
        async with self._database.reading() as connection:
            return await read_barred(connection, numbers, self._now())

    async def _apply(
        self, into: ContactDestination, added: Changes[ContactRow], tally: Tally
    ) -> None:
        now = self._now()
        campaign = storable(into.campaign)
        try:
            async with self._database.writing() as connection:
                list_id = await keep_list(connection, into, tally, now)
                for batch in added.batches():
                    await add_rows(connection, list(batch), campaign, list_id, now)
                await finish(connection, list_id, now)
        except IntegrityError as problem:
            raise ImportConflict(
                "Another import added the same contacts meanwhile. Nothing was written: "
                "import the file again."
            ) from problem


async def find_card(
    customers: KnownCustomers, customer: str, number: str
) -> Mapping[str, object] | None:
    """The card of this customer or, when none is named, of the one who has the number."""
    if not customer:
        found = await customers.find_by_number(number)
        if found is None:
            return None
        customer = found.id
    return await customers.card(customer)


class _Look:
    """One look at the contacts of a campaign."""

    def __init__(
        self,
        connection: AsyncConnection,
        campaign: CampaignId,
        window: CallingWindow,
        terms: Terms,
        exclude: Sequence[int],
        now: float,
    ) -> None:
        self._connection = connection
        self._campaign = campaign
        self._window = window
        self._terms = terms
        self._exclude = dict.fromkeys(exclude)
        self._now = now
        self._taken: dict[tuple[str, str], None] = {}
        self.held: list[tuple[Found, NotNow]] = []
        """Whom the terms hold back."""

    async def find(
        self, levels: Sequence[tuple[int, tuple[Alike, ...]]], want: int
    ) -> tuple[HopperRow, ...]:
        """So many of the first that may be dialed; ``levels`` are groups by priority."""
        found: list[Found] = []
        if want <= 0 or not levels:
            return ()
        chances = await read_chances(self._connection)
        rounds = 0
        for priority, groups in levels:
            has_more = True
            while has_more and len(found) < want and rounds < ROUNDS_MAX:
                rounds += 1
                more, has_more = await self._round(priority, groups, want - len(found), chances)
                found += more
        return await hopper_rows(self._connection, found, self._now)

    async def _round(
        self, priority: int, groups: tuple[Alike, ...], want: int, chances: Chances
    ) -> tuple[tuple[Found, ...], bool]:
        """The next ones of these groups, and whether it is worth looking again."""
        connection, campaign, now = self._connection, self._campaign, self._now
        candidates, has_more = await read_candidates(
            connection, campaign, groups, priority, want, self._exclude, now
        )
        ordered = await put_in_order(connection, campaign, candidates, chances, self._window, now)
        judged = await judge(connection, ordered, self._terms, want, self._taken, now)
        seen = [*judged.accepted, *(one for one, _ in judged.held), *judged.passed_over]
        self.held += judged.held
        self._exclude |= dict.fromkeys(one.id for one in seen)
        return judged.accepted, bool(seen) and (has_more or len(seen) < len(ordered))


def _key_of(terms: Terms) -> str:
    """A short name for what holds contacts back: with other terms they are looked at anew."""
    if not looks_back_s(terms):
        return "none"
    said = msgspec.json.encode((terms.legal, terms.caps))
    return blake2b(said, digest_size=KEY_BYTES).hexdigest()


def _ends(why: NotNow, now: float) -> float:
    return why.until if why.until > now else now + LOOK_AGAIN_S


def _with_held(counts: ListCounts, held: Sequence[tuple[Found, NotNow]], capped: int) -> ListCounts:
    """The counts after these contacts were held back."""
    if not held:
        return replace(counts, capped=capped)
    soonest = min(_ends(why, counts.at) for _, why in held)
    return replace(
        counts,
        due=counts.due - len(held),
        later=counts.later + len(held),
        next_due_at=min(counts.next_due_at or soonest, soonest),
        capped=capped + len(held),
    )


async def _count_held(connection: AsyncConnection, campaign: CampaignId, now: float) -> int:
    columns = contacts.c
    query = select(func.count()).where(
        columns.campaign == campaign, columns.held != "", columns.next_try_at > now
    )
    return int(await connection.scalar(query) or 0)
