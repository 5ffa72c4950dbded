"""Contacts in memory: the same promises as the database's (one contract suite), and nothing kept
after the process. Records and customers: ``memory``.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from callcenter.documents.contacts_csv import ContactRow
from callcenter.domain.attempt import ContactStatus
from callcenter.domain.campaign import CallingWindow, HopperRow
from callcenter.domain.customer import Tier
from callcenter.domain.ids import CampaignId, ContactId, CustomerId
from callcenter.domain.records import AttemptRecord
from callcenter.service.ports import AttemptPage, Refill
from callcenter.storage.contact_counts import (
    ContactGroup,
    Openings,
    count_groups,
    join_zones,
    split_zones,
)
from callcenter.storage.contact_import import ContactImporter, Tally
from callcenter.storage.customer_import import Changes
from callcenter.storage.memory import MemoryCustomers, MemoryRecords
from callcenter.storage.stores import PAGE_ITEMS_DEFAULT, ContactDestination, KnownCustomers


@dataclass(slots=True)
class _Contact:
    """A contact and how they stand."""

    id: int
    campaign: CampaignId
    list: str
    row: ContactRow
    priority: int
    status: ContactStatus = ContactStatus.OPEN
    made: int = 0
    last_result: str = ""
    last_tried_at: float = 0.0
    next_try_at: float = 0.0

    @property
    def zones(self) -> str:
        """As the database has it."""
        return join_zones(self.row.zones)

    @property
    def rank(self) -> tuple[int, int, float, int]:
        """Whoever has the lowest is dialed first."""
        return -self.priority, self.made, self.next_try_at, self.id


class MemoryContacts(ContactImporter):
    """As ``contacts.Contacts``. ``records`` tells of the attempts."""

    def __init__(
        self,
        customers: KnownCustomers | None = None,
        records: MemoryRecords | None = None,
        region: str = "US",
    ) -> None:
        super().__init__(region)
        self._customers = customers or MemoryCustomers()
        self._records = records or MemoryRecords()
        self._contacts: dict[ContactId, _Contact] = {}
        self._numbers: dict[CampaignId, dict[str, _Contact]] = {}
        self._priorities: dict[tuple[CampaignId, str], int] = {}
        self._openings = Openings()
        self._records.on_attempt.append(self._bring_up_to_date)

    async def refill(
        self,
        campaign: CampaignId,
        want: int,
        window: CallingWindow,
        exclude: Sequence[ContactId],
        now: float,
    ) -> Refill:
        """At most ``want`` contacts that may be dialed at ``now``, without those of ``exclude``."""
        contacts = list(self._numbers.get(campaign, {}).values())
        counts, zones = count_groups(_group(contacts, now), window, self._openings, now)
        excluded = frozenset(exclude)
        due = (
            contact
            for contact in contacts
            if contact.status is ContactStatus.OPEN
            and contact.next_try_at <= now
            and contact.zones in zones
            and str(contact.id) not in excluded
        )
        first = heapq.nsmallest(max(0, want), due, key=lambda contact: contact.rank)
        return Refill(tuple([await self._hopper_row(contact) for contact in first]), counts)

    async def card(self, customer: CustomerId) -> Mapping[str, object] | None:
        """What an agent's screen shows of a customer."""
        return await self._customers.card(customer)

    async def contact_card(self, contact: ContactId) -> Mapping[str, object] | None:
        """What an agent's screen shows of a contact, ready for JSON."""
        found = self._contacts.get(contact)
        if found is None:
            return None
        row = found.row
        customer = await self._find_customer(row)
        return {
            "name": row.name,
            "number": row.number,
            "campaign": found.campaign,
            "list": found.list,
            "attributes": row.attributes,
            "note": row.note,
            "made": found.made,
            "last_result": found.last_result,
            "last_tried_at": found.last_tried_at,
            "customer": await self._customers.card(customer) if customer else None,
        }

    async def attempts_page(
        self, campaign: CampaignId, limit: int = PAGE_ITEMS_DEFAULT, cursor: str = ""
    ) -> AttemptPage:
        """Attempts of a campaign, the last ended first. Raises ``BadCursor``."""
        return await self._records.attempts_page(campaign, limit, cursor)

    # --- for the import --------------------------------------------------------------------------

    async def _find_taken(self, campaign: CampaignId, numbers: Sequence[str]) -> Collection[str]:
        known = self._numbers.get(campaign, {})
        return {number for number in numbers if number in known}

    async def _apply(self, into: ContactDestination, added: Changes[ContactRow], _: Tally) -> None:
        key = (into.campaign, into.list)
        if into.priority is not None or key not in self._priorities:
            self._priorities[key] = into.priority or 0
        numbers = self._numbers.setdefault(into.campaign, {})
        for batch in added.batches():
            for row in batch:
                priority = self._priorities[key] if row.priority is None else row.priority
                contact = _Contact(len(self._contacts) + 1, into.campaign, into.list, row, priority)
                self._contacts[str(contact.id)] = numbers[row.number] = contact

    def _bring_up_to_date(self, attempt: AttemptRecord) -> None:
        contact = self._contacts.get(attempt.contact)
        if contact is not None and contact.campaign == attempt.campaign:
            contact.status = attempt.status
            contact.made = attempt.tries
            contact.last_result = attempt.result
            contact.last_tried_at = attempt.ended_at
            contact.next_try_at = attempt.next_try_at

    async def _hopper_row(self, contact: _Contact) -> HopperRow:
        row = contact.row
        customer = await self._find_customer(row)
        card = await self._customers.card(customer) if customer else None
        return HopperRow(
            contact=str(contact.id),
            number=row.number,
            zones=split_zones(contact.zones),
            made=contact.made,
            customer=customer,
            tier=Tier(str(card["tier"])) if card else row.tier,
            list=contact.list,
        )

    async def _find_customer(self, row: ContactRow) -> CustomerId:
        if row.customer:
            return row.customer
        found = await self._customers.find_by_number(row.number)
        return found.id if found else ""


def _group(contacts: Iterable[_Contact], now: float) -> list[ContactGroup]:
    """The contacts by status and zones, as the database groups them."""
    alike: dict[tuple[ContactStatus, str], list[_Contact]] = {}
    for contact in contacts:
        alike.setdefault((contact.status, contact.zones), []).append(contact)
    return [
        ContactGroup(
            status,
            zones,
            len(group),
            sum(contact.next_try_at <= now for contact in group),
            min((c.next_try_at for c in group if c.next_try_at > now), default=None),
        )
        for (status, zones), group in alike.items()
    ]
