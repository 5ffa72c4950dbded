"""Contacts and their lists one by one: priorities, somebody to be dialed within seconds, and why
somebody is next or is not. Whole lists are imported in ``campaigns``.
"""

from __future__ import annotations

from typing import Annotated, NoReturn
from urllib.parse import unquote

import structlog
from msgspec import Struct
from msgspec.structs import replace
from pydantic import Field, StringConstraints

from callcenter.api.campaigns import MANAGERS, tell_of_contacts
from callcenter.api.errors import FieldError, ProblemError, unavailable
from callcenter.api.route import OVERSEERS, PRINTABLE, Body, Exchange, Name, route
from callcenter.core.arrivals import normalize_number
from callcenter.core.state import State
from callcenter.documents.contact_columns import ATTRIBUTES_MAX
from callcenter.documents.contacts_csv import (
    ATTRIBUTE_CHARS_MAX,
    PRIORITY_MAX,
    ContactRow,
)
from callcenter.documents.one_contact import read_numbers
from callcenter.documents.people_csv import NOTE_CHARS_MAX, Wrong
from callcenter.domain.campaign import Campaign
from callcenter.domain.customer import Tier
from callcenter.service.contact_book import (
    ContactAdded,
    ContactBecause,
    ContactBook,
    ContactListView,
    ContactReason,
    ContactWhy,
)
from dialer.compliance import lawful_window

ADDED_LIST = "added by program"
"""The list of those whom no list is named for."""
NUMBERS_MAX = 10
HOT = PRIORITY_MAX
"""The priority of somebody who is added alone: before every list."""

_LOG = structlog.get_logger("callcenter.api")

Priority = Annotated[int, Field(ge=0, le=PRIORITY_MAX)]
Number = Annotated[str, Field(min_length=1, max_length=32, pattern=PRINTABLE)]


Numbers = Annotated[list[Number], Field(min_length=1, max_length=NUMBERS_MAX)]
Attributes = Annotated[
    dict[Name, Annotated[str, StringConstraints(max_length=ATTRIBUTE_CHARS_MAX)]],
    Field(max_length=ATTRIBUTES_MAX, default_factory=dict),
]


class ContactLists(Struct, frozen=True):
    """The lists of a campaign."""

    lists: tuple[ContactListView, ...]


class ListPriority(Body):
    """How early a list is dialed."""

    priority: Priority
    """More is earlier. Holds from the next call on, for all contacts without one of their own."""


class ContactPriority(Body):
    """How early one contact is dialed."""

    priority: Priority | None
    """More is earlier; null: as the list."""


class NewContact(Body):
    """Somebody to be dialed, within seconds if the campaign runs and the hour allows it."""

    numbers: Numbers
    """In the order in which they are to be tried, however they are written."""
    name: Annotated[str, Field(max_length=200, pattern=PRINTABLE)] = ""
    customer: Annotated[str, Field(max_length=64, pattern=PRINTABLE)] = ""
    """The id that the directory of customers knows them by."""
    tier: Annotated[Tier, Field(strict=False)] = Tier.STANDARD
    """Counts where the directory does not know the customer."""
    priority: Priority | None = HOT
    """More is earlier; null: as the list."""
    note: Annotated[str, Field(max_length=NOTE_CHARS_MAX)] = ""
    zone: Annotated[str, Field(max_length=64, pattern=PRINTABLE)] = ""
    """Time zone (IANA) of where the person is; known, it alone decides when they may be called."""
    consent: bool | None = None
    """Whether they agreed to be called; null: not known."""
    account: Annotated[str, Field(max_length=64, pattern=PRINTABLE)] = ""
    """Persons and numbers of one account are spared together."""
    attributes: Attributes
    """What else the agent is shown."""
    list: Name = ADDED_LIST
    """The list they are put on, which is made when the campaign has none of its name."""


@route(
    "GET",
    "/campaigns/{campaign}/lists",
    roles=OVERSEERS,
    summary="A campaign's lists",
    problems=("not-found", "unavailable"),
)
async def lists(exchange: Exchange) -> ContactLists:
    """The lists of a campaign with their priorities."""
    campaign = _found(exchange)
    try:
        return ContactLists(await _book(exchange).lists(campaign.settings.id))
    except ProblemError:
        raise
    except Exception as error:  # noqa: BLE001 - any failure of any store
        _away(error)


@route(
    "PUT",
    "/campaigns/{campaign}/lists/{list}",
    roles=MANAGERS,
    summary="Dial a list earlier or later",
    problems=("not-found", "unavailable"),
)
async def set_list_priority(exchange: Exchange, body: ListPriority) -> ContactLists:
    """Give a list another priority: it holds from the next call on."""
    name, wanted = _found(exchange).settings.id, exchange.path["list"]
    book = _book(exchange)
    try:
        is_there = wanted.isdecimal() and len(wanted) <= _ID_DIGITS_MAX
        if not is_there or not await book.set_list_priority(name, int(wanted), body.priority):
            raise ProblemError("not-found", f"Campaign {name} has no list {wanted}.")
        changed = ContactLists(await book.lists(name))
    except ProblemError:
        raise
    except Exception as error:  # noqa: BLE001 - any failure of any store
        _away(error)
    await tell_of_contacts(exchange, name)
    return changed


@route(
    "PUT",
    "/campaigns/{campaign}/contacts/{contact}",
    roles=MANAGERS,
    summary="Dial a contact earlier or later",
    problems=("not-found", "unavailable"),
)
async def set_contact_priority(exchange: Exchange, body: ContactPriority) -> ContactWhy:
    """Give a contact a priority of its own, or its list's again: it holds from the next call on."""
    campaign, contact = _found(exchange), exchange.path["contact"]
    name = campaign.settings.id
    try:
        if not await _book(exchange).set_contact_priority(name, contact, body.priority):
            raise ProblemError("not-found", f"Campaign {name} has no contact {contact}.")
    except ProblemError:
        raise
    except Exception as error:  # noqa: BLE001 - any failure of any store
        _away(error)
    await tell_of_contacts(exchange, name)
    return await explain_contact(exchange, campaign, contact)


@route(
    "POST",
    "/campaigns/{campaign}/contact",
    roles=MANAGERS,
    summary="Add one contact",
    problems=("not-found", "conflict", "unavailable"),
)
async def add_contact(exchange: Exchange, body: NewContact) -> ContactAdded:
    """Add somebody who is to be dialed soon, as whoever has just asked for a call. Refused (409)
    where the campaign has one of the numbers, or one is on the do-not-call list."""
    name = _found(exchange).settings.id
    row = _row_of(body, exchange.services.hub.state.center.region)
    try:
        added = await _book(exchange).add_one(name, row, body.list)
    except ProblemError:
        raise
    except Exception as error:  # noqa: BLE001 - any failure of any store
        _away(error)
    if isinstance(added, str):
        raise ProblemError("conflict", f"{added[:1].upper()}{added[1:]}.")
    await tell_of_contacts(exchange, name)
    return added


@route(
    "GET",
    "/campaigns/{campaign}/contacts/{contact}/why",
    roles=OVERSEERS,
    summary="Why a contact is next, or not now",
    problems=("not-found", "unavailable"),
)
async def why(exchange: Exchange) -> ContactWhy:
    """Why a contact, named by its id or a number, is dialed next, or what is in the way, in
    sentences with numbers."""
    return await explain_contact(exchange, _found(exchange), unquote(exchange.path["contact"]))


_ID_DIGITS_MAX = 18


async def explain_contact(exchange: Exchange, campaign: Campaign, wanted: str) -> ContactWhy:
    """Why a contact, named by its id or a number, is next or not; refused when there is none."""
    settings = campaign.settings
    state = exchange.services.hub.state
    number = normalize_number(wanted, state.center.region) if not wanted.isdecimal() else wanted
    window = lawful_window(settings.window, settings.terms)
    now = exchange.services.clock.now()
    try:
        book = _book(exchange)
        found = await book.why(settings.id, number, window, settings.terms, now)
        if found is None and wanted.isdecimal():  # a number as dialed at home
            number = normalize_number(wanted, state.center.region)
            found = await book.why(settings.id, number, window, settings.terms, now)
    except ProblemError:
        raise
    except Exception as error:  # noqa: BLE001 - any failure of any store
        _away(error)
    if found is None:
        raise ProblemError("not-found", f"Campaign {settings.id} has no contact {wanted}.")
    return replace(found, reasons=(*_of_the_moment(state, found), *found.reasons))


def _of_the_moment(state: State, found: ContactWhy) -> tuple[ContactReason, ...]:
    """What the machine knows of the contact just now."""
    for attempt in state.attempts.values():
        if attempt.campaign == found.campaign and attempt.contact == found.contact:
            return (
                ContactReason(
                    ContactBecause.UNDER_WAY, f"is being called just now ({attempt.state})"
                ),
            )
        if attempt.number == found.number:
            said = f"the number is being called just now, for campaign {attempt.campaign}"
            return (ContactReason(ContactBecause.UNDER_WAY, said),)
    campaign = state.campaigns[found.campaign]
    for callback in state.callbacks.values():
        if (callback.campaign, callback.contact) == (found.campaign, found.contact):
            who = callback.agent or "anybody"
            said = f"is promised a call, which {who} makes before all others when its time has come"
            return (ContactReason(ContactBecause.CALLBACK, said, callback.at),)
    for place, row in enumerate(campaign.hopper, 1):
        if row.contact == found.contact:
            said = f"is number {place} of the {len(campaign.hopper)} to be dialed next"
            return (ContactReason(ContactBecause.IN_HOPPER, said),)
    return ()


def _row_of(body: NewContact, region: str) -> ContactRow:
    try:
        first, *more = read_numbers(body.numbers, body.zone, region)
    except Wrong as wrong:
        raise ProblemError(
            "invalid",
            f"{wrong.reason[:1].upper()}{wrong.reason[1:]}.",
            errors=[FieldError("body.numbers", wrong.mend)],
        ) from None
    return ContactRow(
        1,
        first.number,
        first.zones,
        body.name,
        body.customer,
        body.tier,
        body.priority,
        body.note,
        dict(body.attributes),
        (),
        first.kind,
        tuple(more),
        first.zones[0] if body.zone else "",
        body.consent,
        body.account,
    )


def _found(exchange: Exchange) -> Campaign:
    """The campaign that the path names."""
    return find_campaign(exchange, exchange.path["campaign"])


def find_campaign(exchange: Exchange, name: str) -> Campaign:
    """The campaign of this id; refused when there is none."""
    campaign = exchange.services.hub.state.campaigns.get(name)
    if campaign is None:
        raise ProblemError("not-found", f"There is no campaign {name}.")
    return campaign


def _book(exchange: Exchange) -> ContactBook:
    book = exchange.services.contact_book
    if book is None:
        raise unavailable("This center keeps no contacts.")
    return book


def _away(error: Exception) -> NoReturn:
    _LOG.warning("contact_book_failed", error=repr(error))
    raise unavailable(
        "Contacts cannot be reached: the database does not answer. Nothing was changed; try again"
        " in a moment."
    ) from None
