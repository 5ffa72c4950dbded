"""Where people's telephone numbers stand in what the journal holds, and changing all of them alike.

A kind of event, command, record or row that is to carry a person's number is added here, or the
number would stand open in the journal; ``tests/unit/domain/test_numbers.py`` looks at every field.
The center's own numbers (``dialed_number``, ``caller_id``) and agents' phones are no person's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from msgspec.structs import force_setattr, replace

from callcenter.domain.agent import Agent, Preview, Spoke
from callcenter.domain.attempt import Attempt
from callcenter.domain.call import Call
from callcenter.domain.callback import Callback
from callcenter.domain.campaign import Campaign, HopperRow, Party
from callcenter.domain.commands import FindContact, LookUpCustomer, PlaceCall, PopCard, RingAgent
from callcenter.domain.events import (
    CallArrived,
    CallbackRequested,
    ChannelTruth,
    ContactsFetched,
    DncAdded,
    DncRemoved,
    HopperFilled,
    PbxStateRead,
)
from callcenter.domain.records import AttemptRecord, CallRecord, DncRecord, ReturnRecord
from callcenter.domain.step import Entry

Change = Callable[[str], str]
"""What a number is replaced by; never asked about an empty one."""

T = TypeVar("T")

_ERASED = re.compile(r"~s?[0-9a-f]+\.[0-9a-f]+")

ERASED = "erased"
"""Stands for every erased number where two accounts of one step are compared."""


def is_erased(number: str) -> bool:
    """Whether this is what the journal gives back for a number that it does not know any more."""
    return number.startswith("~") and _ERASED.fullmatch(number) is not None


def can_be_dialed(number: str) -> bool:
    """Whether it is in E.164; an erased one was, so that a replay decides the same."""
    return number.startswith(("+", "~"))


def blot_erased(number: str) -> str:
    """The same word for every erased number; all others as they are."""
    return ERASED if is_erased(number) else number


def is_one_of(number: str, wanted: Iterable[str], normalize: Change) -> bool:
    """Whether it is one of these numbers (E.164), however it is written."""
    return number in wanted or normalize(number) in wanted


def change_numbers(thing: T, change: Change) -> T:
    """The event, command, record, call, attempt or campaign with every number replaced; itself when
    it has none."""
    changing = _CHANGING.get(type(thing))
    return thing if changing is None else changing(thing, change)


def change_all(things: tuple[T, ...], change: Change) -> tuple[T, ...]:
    """The same for several; the same tuple when none of them has a number."""
    for thing in things:
        if type(thing) in _CHANGING:
            return tuple([change_numbers(thing, change) for thing in things])
    return things


def change_entry(entry: Entry, change: Change) -> Entry:
    """The entry with every number replaced; itself when it has none."""
    event = change_numbers(entry.event, change)
    commands = change_all(entry.commands, change) if entry.commands else entry.commands
    records = change_all(entry.records, change) if entry.records else entry.records
    if event is entry.event and commands is entry.commands and records is entry.records:
        return entry
    return Entry(entry.position, entry.now, event, commands, records)


def _changing_field(name: str) -> Callable[[Any, Change], Any]:
    def changing(thing: Any, change: Change) -> Any:
        number = getattr(thing, name)
        if not number:
            return thing
        changed = (
            thing.__copy__()
        )  # three times as fast as `replace`, and every call comes this way
        force_setattr(changed, name, change(number))
        return changed

    return changing


def _changing_many(name: str) -> Callable[[Any, Change], Any]:
    def changing(thing: Any, change: Change) -> Any:
        many = getattr(thing, name)
        changed = change_all(many, change)
        return thing if changed is many else replace(thing, **{name: changed})

    return changing


def _changing_inner(*names: str) -> Callable[[Any, Change], Any]:
    def changing(thing: Any, change: Change) -> Any:
        for name in names:
            inner = getattr(thing, name)
            changed = change_numbers(inner, change)
            thing = thing if changed is inner else replace(thing, **{name: changed})
        return thing

    return changing


def _changing_campaign(campaign: Campaign, change: Change) -> Campaign:
    hopper = change_all(campaign.hopper, change)
    spared = change_all(campaign.spared_since_refill, change)
    if hopper is campaign.hopper and spared is campaign.spared_since_refill:
        return campaign
    return replace(campaign, hopper=hopper, spared_since_refill=spared)


def _changing_callback(callback: Callback, change: Change) -> Callback:
    number = change(callback.number) if callback.number else ""
    row = change_numbers(callback.row, change)
    if number == callback.number and row is callback.row:
        return callback
    return replace(callback, number=number, row=row)


_CHANGING: dict[type[Any], Callable[[Any, Change], Any]] = {
    CallArrived: _changing_field("caller_number"),
    ChannelTruth: _changing_field("caller_number"),
    PbxStateRead: _changing_many("channels"),
    HopperRow: _changing_field("number"),
    HopperFilled: _changing_many("rows"),
    LookUpCustomer: _changing_field("number"),
    FindContact: _changing_field("number"),
    PopCard: _changing_field("caller_number"),
    RingAgent: _changing_field("caller_number"),
    PlaceCall: _changing_field("number"),
    CallRecord: _changing_field("caller_number"),
    AttemptRecord: _changing_field("number"),
    ReturnRecord: _changing_field("number"),
    Call: _changing_field("caller_number"),
    Attempt: _changing_field("number"),
    Party: _changing_field("number"),
    Campaign: _changing_campaign,
    Preview: _changing_inner("row"),
    Spoke: _changing_field("number"),
    Agent: _changing_inner("preview", "spoke"),
    Callback: _changing_callback,
    CallbackRequested: _changing_field("number"),
    ContactsFetched: _changing_many("rows"),
    DncAdded: _changing_field("number"),
    DncRemoved: _changing_field("number"),
    DncRecord: _changing_field("number"),
}
