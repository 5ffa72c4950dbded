"""Contacts one by one: priorities, somebody added by another program, and why somebody is next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.documents.contacts_csv import ContactRow
from callcenter.domain.attempt import ContactStatus
from callcenter.domain.campaign import CallingWindow, Terms
from callcenter.domain.ids import CampaignId, ContactId, CustomerId
from callcenter.service.contact_book import (
    ContactAdded,
    ContactBecause,
    ContactListView,
    ContactReason,
    ContactWhy,
    Names,
)
from callcenter.storage.contact_chances import read_chances
from callcenter.storage.contact_counts import (
    AS_THE_LIST,
    Openings,
    count_groups,
    may_be_asked,
    row_of,
)
from callcenter.storage.contact_pasts import read_history, read_tries
from callcenter.storage.contact_refill import (
    ANY_HOURS,
    FOUND_COLUMNS,
    FROM,
    Found,
    candidate_of,
    found_of,
    read_groups,
    read_priorities,
    target_of,
)
from callcenter.storage.contacts import Contacts
from callcenter.storage.database import Database
from callcenter.storage.record_rows import storable
from callcenter.storage.stores import ContactDestination
from callcenter.storage.tables import contact_lists, contact_numbers, contacts, customers, dnc
from dialer.compliance import NotNow, Refusal, looks_back_s, may_dial, profile_of
from dialer.contact_history import Try
from dialer.contact_order import Next, Wait, explain, order_contacts

NAMES_EACH = 500
"""Asked for with one statement: databases bound the values of one."""


class StoredContactBook:
    """The ``ContactBook`` of the database. All methods raise ``DatabaseAway``."""

    def __init__(self, database: Database, store: Contacts) -> None:
        """``store`` takes over who is added."""
        self._database = database
        self._store = store
        self._openings = Openings()

    async def lists(self, campaign: CampaignId) -> tuple[ContactListView, ...]:
        """See ``ContactBook``."""
        columns = contact_lists.c
        query = (
            select(
                columns.id,
                columns.name,
                columns.priority,
                columns.imported_at,
                columns.rows,
                columns.accepted,
                columns.refused,
            )
            .where(columns.campaign == storable(campaign))
            .order_by(columns.id)
        )
        async with self._database.reading() as connection:
            return tuple(ContactListView(*row) for row in await connection.execute(query))

    async def set_list_priority(self, campaign: CampaignId, list_id: int, priority: int) -> bool:
        """See ``ContactBook``. No contact's row is touched: a list of millions is no slower."""
        columns = contact_lists.c
        statement = (
            update(contact_lists)
            .where(columns.campaign == storable(campaign), columns.id == list_id)
            .values(priority=priority)
        )
        async with self._database.writing() as connection:
            return (await connection.execute(statement)).rowcount > 0

    async def set_contact_priority(
        self, campaign: CampaignId, contact: ContactId, priority: int | None
    ) -> bool:
        """See ``ContactBook``."""
        row_id = row_of(contact)
        if row_id is None:
            return False
        columns = contacts.c
        statement = (
            update(contacts)
            .where(columns.campaign == storable(campaign), columns.id == row_id)
            .values(priority=AS_THE_LIST if priority is None else priority)
        )
        async with self._database.writing() as connection:
            return (await connection.execute(statement)).rowcount > 0

    async def add_one(
        self, campaign: CampaignId, row: ContactRow, list_name: str
    ) -> ContactAdded | str:
        """See ``ContactBook``."""
        report = await self._store.add([row], ContactDestination(campaign, list_name))
        if not report.accepted:
            return report.problems[0].reason
        columns = contacts.c
        query = select(columns.id).where(
            columns.campaign == storable(campaign), columns.number == row.number
        )
        async with self._database.reading() as connection:
            return ContactAdded(str(await connection.scalar(query)), row.number)

    async def why(
        self, campaign: CampaignId, wanted: str, window: CallingWindow, terms: Terms, now: float
    ) -> ContactWhy | None:
        """See ``ContactBook``."""
        campaign = storable(campaign)
        columns = contacts.c
        query = (
            select(
                *FOUND_COLUMNS,
                columns.status,
                columns.consent,
                columns.next_try_at,
                columns.last_result,
                columns.priority,
                contact_lists.c.name,
                contact_lists.c.priority.label("of_list"),
            )
            .select_from(FROM.join(contact_lists, contact_lists.c.id == columns.list))
            .where(columns.campaign == campaign, _is_wanted(storable(wanted)))
            .limit(1)
        )
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).first()
            if row is None:
                return None
            *facts, status, consent, next_try_at, last_result, own, list_name, of_list = row
            found = found_of(facts, of_list if own == AS_THE_LIST else own)
            tries = (await read_tries(connection, [found.id], now)).get(found.id, ())
            asked = _Asked(connection, campaign, found, window, terms, now)
            reasons = await asked.what_is_in_the_way(ContactStatus(status), consent, next_try_at)
            if not reasons:
                reasons = [await self._place(asked, tries)]
        return ContactWhy(
            contact=str(found.id),
            campaign=campaign,
            list=list_name,
            number=found.number,
            numbers=found.numbers,
            status=ContactStatus(status),
            made=found.made,
            last_result=last_result,
            priority=found.priority,
            reasons=tuple(reasons),
        )

    async def names(self, contacts: Sequence[ContactId], customers: Sequence[CustomerId]) -> Names:
        """See ``ContactBook``."""
        rows = [row_id for one in contacts if (row_id := row_of(one)) is not None]
        async with self._database.reading() as connection:
            return Names(
                await _contact_names(connection, rows),
                await _customer_names(connection, [storable(one) for one in customers]),
            )

    async def _place(self, asked: _Asked, tries: tuple[Try, ...]) -> ContactReason:
        """Where somebody stands who may be dialed now, or that the window is closed."""
        connection, now = asked.connection, asked.now
        chances = await read_chances(connection)
        candidate = candidate_of(asked.found, asked.campaign, tries)
        order = order_contacts([candidate], now, {asked.campaign: asked.window}, chances)
        for waits in order.not_now:
            code = (
                ContactBecause.NO_ZONE
                if waits.wait is Wait.NO_ZONE
                else ContactBecause.WINDOW_CLOSED
            )
            return ContactReason(code, waits.sentence(now), waits.until)
        place: Next = order.next[0]
        groups = await read_groups(connection, asked.campaign, now)
        priorities = await read_priorities(connection, asked.campaign)
        standing = count_groups(groups, priorities, asked.window, asked.terms, self._openings, now)
        before = dict.fromkeys(
            alike
            for priority, level in standing.callable
            if priority > asked.found.priority
            for alike in level
        )
        ahead = sum(
            group.due
            for group in groups
            if group.status is ContactStatus.OPEN and group.alike in before
        )
        said = place.sentence(explain(candidate, now, chances))
        return ContactReason(
            ContactBecause.NEXT, f"{said}; {ahead} contacts of a higher priority are due"
        )


async def _contact_names(connection: AsyncConnection, rows: Sequence[int]) -> dict[str, str]:
    of, known = contacts.c, customers.c
    query = select(of.id, of.name, func.coalesce(known.name, "")).select_from(
        contacts.outerjoin(customers, known.id == of.customer)
    )
    names: dict[str, str] = {}
    for begin in range(0, len(rows), NAMES_EACH):
        found = await connection.execute(query.where(of.id.in_(rows[begin : begin + NAMES_EACH])))
        names |= {str(row_id): own or theirs for row_id, own, theirs in found if own or theirs}
    return names


async def _customer_names(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, str]:
    of = customers.c
    names: dict[str, str] = {}
    for begin in range(0, len(ids), NAMES_EACH):
        query = select(of.id, of.name).where(of.id.in_(ids[begin : begin + NAMES_EACH]))
        names |= {customer: name for customer, name in await connection.execute(query) if name}
    return names


class _Asked:
    """Somebody of whom it is asked why they are not dialed."""

    def __init__(
        self,
        connection: AsyncConnection,
        campaign: CampaignId,
        found: Found,
        window: CallingWindow,
        terms: Terms,
        now: float,
    ) -> None:
        self.connection = connection
        self.campaign = campaign
        self.found = found
        self.window = window
        self.terms = terms
        self.now = now

    async def what_is_in_the_way(
        self, status: ContactStatus, consent: int, next_try_at: float | None
    ) -> list[ContactReason]:
        """Everything that is, but for the calling window."""
        reasons = _of_status(status, self.found.made)
        barred = await self._barred()
        if barred:
            reasons = [*(one for one in reasons if one.code is not ContactBecause.DNC), *barred]
        if not may_be_asked(consent, self.terms):
            said = "did not agree to be called" if consent < 0 else "refused to be called"
            reasons.append(ContactReason(ContactBecause.NO_CONSENT, said))
        capped = await self._capped()
        reasons += capped
        if not capped and status is ContactStatus.OPEN and (next_try_at or 0.0) > self.now:
            said = f"is tried again at {_clock(next_try_at or 0.0)} at the soonest"
            reasons.append(ContactReason(ContactBecause.RETRY_LATER, said, next_try_at or 0.0))
        return reasons

    async def _barred(self) -> list[ContactReason]:
        query = select(dnc.c.number, dnc.c.reason, dnc.c.source, dnc.c.since, dnc.c.until).where(
            dnc.c.number == self.found.number, or_(dnc.c.until.is_(None), dnc.c.until > self.now)
        )
        row = (await self.connection.execute(query)).first()
        if row is None:
            return []
        because = f", because: {row.reason}" if row.reason else ""
        said = f"is on the do-not-call list since {_clock(row.since)} ({row.source}){because}"
        return [ContactReason(ContactBecause.DNC, said, row.until or 0.0)]

    async def _capped(self) -> list[ContactReason]:
        back_s = looks_back_s(self.terms)
        if not back_s:
            return []
        relation = self.found.relation
        history = await read_history(self.connection, [relation], self.now - back_s)
        target = target_of(relation, self.found.zones)
        verdict = may_dial(
            target, profile_of(self.terms), ANY_HOURS, self.terms.caps, history, self.now
        )
        if not isinstance(verdict, NotNow) or verdict.refusal not in _CAPPED:
            return []
        until = f", until {_clock(verdict.until)}" if verdict.until else ""
        return [ContactReason(_CAPPED[verdict.refusal], verdict.sentence() + until, verdict.until)]


_CAPPED = {
    Refusal.CAP: ContactBecause.CAPPED,
    Refusal.HISTORY_TOO_SHORT: ContactBecause.CAPPED,
    Refusal.ABANDONED: ContactBecause.ABANDONED,
}


def _of_status(status: ContactStatus, made: int) -> list[ContactReason]:
    said = {
        ContactStatus.DONE: (ContactBecause.DONE, "is done"),
        ContactStatus.USED_UP: (ContactBecause.USED_UP, f"was given up after {made} attempts"),
        ContactStatus.DNC: (ContactBecause.DNC, "may be called at none of its numbers"),
    }
    return [ContactReason(*said[status])] if status in said else []


def _is_wanted(wanted: str) -> ColumnElement[bool]:
    """The contact of this id, or who has this number."""
    row_id = row_of(wanted)
    if row_id is not None:
        return contacts.c.id == row_id
    of = contact_numbers.c
    return or_(
        contacts.c.number == wanted,
        contacts.c.id.in_(select(of.contact).where(of.number == wanted)),
    )


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
