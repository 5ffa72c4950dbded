"""Contacts on virtual time: what the database does for a campaign, as a list in memory.

The real one is ``callcenter.storage.contacts``; this one reads attempts straight from the machine's
records, so nothing is ever behind.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from callcenter.domain.attempt import ContactStatus
from callcenter.domain.campaign import HopperRow, ListCounts
from callcenter.domain.commands import FetchContacts, FindContact, RefillHopper
from callcenter.domain.events import (
    ContactFound,
    ContactNotFound,
    ContactsFetched,
    Event,
    HopperFilled,
)
from callcenter.domain.ids import CampaignId, ContactId
from callcenter.domain.records import AttemptRecord, DncRecord, Record, ReturnRecord
from dialer.window import next_open


@dataclass
class Contact:
    """One contact and how it stands."""

    row: HopperRow
    status: ContactStatus = ContactStatus.OPEN
    next_try_at: float = 0.0
    attempts: list[AttemptRecord] = field(default_factory=list)


class ContactList:
    """The contacts of all campaigns."""

    def __init__(self) -> None:
        self.contacts: dict[CampaignId, dict[ContactId, Contact]] = {}
        self.dnc: dict[str, None] = {}
        """Numbers that nobody may call."""

    def add(self, campaign: CampaignId, rows: tuple[HopperRow, ...]) -> None:
        """Put contacts on a campaign's list, in order of precedence."""
        self.contacts.setdefault(campaign, {}).update({row.contact: Contact(row) for row in rows})

    def note(self, record: Record) -> None:
        """What changes contacts, or who may be called."""
        match record:
            case AttemptRecord():
                self._note_attempt(record)
            case ReturnRecord():
                self._note_return(record)
            case DncRecord():
                self._note_dnc(record)
            case _:
                pass

    def _note_attempt(self, record: AttemptRecord) -> None:
        contact = self.contacts[record.campaign][record.contact]
        contact.attempts.append(record)
        contact.status, contact.next_try_at = record.status, record.next_try_at
        contact.row = msgspec.structs.replace(contact.row, made=record.tries)

    def _note_return(self, record: ReturnRecord) -> None:
        """A return call has ended: who talked with an agent, or opted out, is done."""
        contact = self.contacts[record.campaign][record.contact]
        if record.answered_at or record.opted_out:
            contact.status, contact.next_try_at = ContactStatus.DONE, 0.0

    def find(self, command: FindContact) -> ContactFound | ContactNotFound:
        """Whether the caller is a contact of one of these campaigns."""
        for campaign in command.campaigns:
            for contact in self.contacts.get(campaign, {}).values():
                row = contact.row
                if row.number == command.number:
                    found = (campaign, row.contact, row.customer, row.tier)
                    return ContactFound(command.id, command.call, *found)
        return ContactNotFound(command.id, command.call)

    def _note_dnc(self, record: DncRecord) -> None:
        """A number was put on the do-not-call list, or taken off it."""
        if record.added:
            self.dnc[record.number] = None
        else:
            self.dnc.pop(record.number, None)

    def answer(self, command: RefillHopper | FetchContacts, now: float) -> Event:
        """What the database says to one of its two questions."""
        if isinstance(command, RefillHopper):
            return self.refill(command, now)
        known = self.contacts.get(command.campaign, {})
        found = [known[one].row for one in command.contacts if one in known]
        rows = tuple(row for row in found if row.number not in self.dnc)
        return ContactsFetched(command.id, command.campaign, rows, {})

    def refill(self, command: RefillHopper, now: float) -> HopperFilled:
        """Who is to be dialed next, and how the list stands."""
        contacts = list(self.contacts.get(command.campaign, {}).values())
        every_open = [c for c in contacts if c.status is ContactStatus.OPEN]
        open_ones = [c for c in every_open if c.row.number not in self.dnc]
        later = [c.next_try_at for c in open_ones if c.next_try_at > now]
        due = [c for c in open_ones if c.next_try_at <= now]
        zones = dict.fromkeys(c.row.zones for c in due)  # few: each is looked at once
        opening = {one: next_open(command.window, one, now) for one in zones}
        may = [c for c in due if opening[c.row.zones] == now]
        opens = [at for c in due if (at := opening[c.row.zones]) != now]
        rows = [c.row for c in may if c.row.contact not in command.exclude]
        rows.sort(key=lambda row: row.made)
        counts = ListCounts(
            at=now,
            total=len(contacts),
            due=len(may),
            later=len(later),
            next_due_at=min(later, default=0.0),
            closed=len(opens),
            opens_at=min((at for at in opens if at), default=0.0),
            done=sum(c.status is ContactStatus.DONE for c in contacts),
            used_up=sum(c.status is ContactStatus.USED_UP for c in contacts),
            dnc=len(every_open) - len(open_ones),
        )
        return HopperFilled(command.id, command.campaign, tuple(rows[: command.want]), counts)
