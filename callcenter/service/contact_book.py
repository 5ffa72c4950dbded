"""Contacts and their lists as managers handle them one by one.

Their priorities, somebody added by another program, and why somebody is next or is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from callcenter.documents.contacts_csv import ContactRow
from callcenter.domain.attempt import ContactStatus
from callcenter.domain.campaign import CallingWindow, Terms
from callcenter.domain.ids import CampaignId, ContactId, CustomerId


class ContactListView(Struct, frozen=True):
    """A list of contacts."""

    id: int
    name: str
    priority: int
    """More is dialed earlier; holds for all of its contacts that have none of their own."""
    imported_at: float
    """The last import, UTC seconds."""
    rows: int
    accepted: int
    refused: int


class ContactBecause(StrEnum):
    """Why a contact stands where it does."""

    NEXT = "next"
    """May be dialed now; the sentence tells its place."""
    IN_HOPPER = "in_hopper"
    UNDER_WAY = "under_way"
    CALLBACK = "callback"
    """Is promised a call: dialed then, and not before."""
    DONE = "done"
    USED_UP = "used_up"
    DNC = "dnc"
    NO_CONSENT = "no_consent"
    RETRY_LATER = "retry_later"
    CAPPED = "capped"
    ABANDONED = "abandoned"
    """Found no agent lately and is left alone."""
    WINDOW_CLOSED = "window_closed"
    NO_ZONE = "no_zone"


class ContactReason(Struct, frozen=True):
    """One reason, in words."""

    code: ContactBecause
    sentence: str
    until: float = 0.0
    """It holds until then, UTC seconds; 0.0: nobody can say, or for good."""


class ContactWhy(Struct, frozen=True):
    """Why a contact is dialed next, or not now."""

    contact: ContactId
    campaign: CampaignId
    list: str
    number: str
    """The one to be dialed next, E.164."""
    numbers: int
    """How many the contact has."""
    status: ContactStatus
    made: int
    last_result: str
    """Empty: never tried."""
    priority: int
    """The one that counts: the contact's own, or its list's."""
    reasons: tuple[ContactReason, ...]
    """All that is in the way; or, when nothing is, why the contact stands where it does."""


class ContactAdded(Struct, frozen=True):
    """Somebody was added to a list."""

    contact: ContactId
    number: str
    """E.164."""


class Names(Struct, frozen=True):
    """What people are called, as far as a list or the directory says it."""

    contacts: dict[ContactId, str]
    customers: dict[CustomerId, str]


class ContactBook(Protocol):
    """The contacts of all campaigns, one by one."""

    async def lists(self, campaign: CampaignId) -> tuple[ContactListView, ...]:
        """A campaign's lists, in the order they were made."""
        ...

    async def set_list_priority(self, campaign: CampaignId, list_id: int, priority: int) -> bool:
        """Have a list dialed earlier or later; False when the campaign has none of this id."""
        ...

    async def set_contact_priority(
        self, campaign: CampaignId, contact: ContactId, priority: int | None
    ) -> bool:
        """The same for one contact (None: as its list); False when there is none of this id."""
        ...

    async def add_one(
        self, campaign: CampaignId, row: ContactRow, list_name: str
    ) -> ContactAdded | str:
        """Add somebody to a list, which is made when there is none of its name; or why not."""
        ...

    async def why(
        self, campaign: CampaignId, wanted: str, window: CallingWindow, terms: Terms, now: float
    ) -> ContactWhy | None:
        """Why this contact, named by its id or one of its numbers (E.164), is dialed next or is not
        now; None when the campaign has none such."""
        ...

    async def names(self, contacts: Sequence[ContactId], customers: Sequence[CustomerId]) -> Names:
        """What these are called. A contact whose list has no name is called as its customer is; who
        has none anywhere is left out."""
        ...
