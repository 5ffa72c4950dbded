"""Every number of a person is found, wherever it may stand in an entry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import pytest
from msgspec.structs import fields

from callcenter.domain.agent import Agent, Preview, Spoke
from callcenter.domain.attempt import Attempt
from callcenter.domain.call import Call, Place
from callcenter.domain.callback import Callback, CallbackOrigin
from callcenter.domain.campaign import Campaign, CampaignSettings, HopperRow, ListCounts
from callcenter.domain.commands import Command, HangUp, LookUpCustomer
from callcenter.domain.events import (
    CallArrived,
    ChannelTruth,
    Event,
    HopperFilled,
    PbxStateRead,
    Tick,
)
from callcenter.domain.ids import ChannelRef
from callcenter.domain.numbers import (
    ERASED,
    blot_erased,
    change_all,
    change_entry,
    change_numbers,
    is_erased,
    is_one_of,
)
from callcenter.domain.records import FaultRecord, Record
from callcenter.domain.step import Entry

CHANNEL = ChannelRef("main", "1.1")
PERSONS = ("number", "caller_number")
"""Fields that hold a person's number, in whatever they are."""


def kinds() -> Iterator[type[Any]]:
    yield from get_args(Event)
    yield from get_args(Command)
    yield from get_args(Record)
    yield from (ChannelTruth, HopperRow, Call, Attempt)


def change(number: str) -> str:
    return f"<{number}>"


@pytest.mark.parametrize("kind", list(kinds()), ids=lambda kind: kind.__name__)
def test_every_field_of_a_persons_number_is_changed(kind: type[Any]) -> None:
    names = [field.name for field in fields(kind) if field.name in PERSONS]
    thing = kind(**{field.name: f"{field.name}s" for field in fields(kind)})

    changed = change_numbers(thing, change) if names else thing

    for field in fields(kind):
        expected = f"<{field.name}s>" if field.name in PERSONS else f"{field.name}s"
        assert getattr(changed, field.name) == expected


def test_numbers_are_found_in_what_is_inside() -> None:
    truth = ChannelTruth(CHANNEL, "1001", Place.HOLD, caller_number="1")
    row = HopperRow("c", "2", ())
    campaign = Campaign(CampaignSettings("s", "S", "main", "t"), hopper=(row,))

    read = change_numbers(PbxStateRead("main", (truth,)), change)
    filled = change_numbers(HopperFilled("x", "s", (row,), ListCounts()), change)

    assert read.channels[0].caller_number == "<1>"
    assert filled.rows[0].number == "<2>"
    assert change_numbers(campaign, change).hopper[0].number == "<2>"
    reader = Agent("ana", (), preview=Preview("att-1", "s", row, 1.0))
    changed = change_numbers(reader, change)
    assert changed.preview is not None
    assert changed.preview.row.number == "<2>"
    spoke = change_numbers(Agent("eva", (), spoke=Spoke("c", "s", "c", "3")), change).spoke
    assert spoke is not None
    assert spoke.number == "<3>"
    promised = Callback("cb", 1.0, 0.0, CallbackOrigin.REQUEST, "kim", number="4", row=row)
    told = change_numbers(promised, change)
    assert told.number == "<4>"
    assert told.row is not None
    assert told.row.number == "<2>"
    unknown = Callback("cb", 1.0, 0.0, CallbackOrigin.REQUEST, "kim", "s", "c")
    assert change_numbers(unknown, change) is unknown
    free = Agent("jon", ())
    assert change_numbers(free, change) is free


def test_what_has_no_number_stays_the_same_object() -> None:
    tick = Entry(1, 1.0, Tick())
    withheld = CallArrived(CHANNEL, "", "7000")
    none_seen = PbxStateRead("main", ())
    nobody_next = Campaign(CampaignSettings("s", "S", "main", "t"))
    commands = (HangUp("x", CHANNEL),)
    fault = Entry(2, 1.0, Tick(), commands, (FaultRecord("late", "", 1.0),))

    assert change_entry(tick, change) is tick
    assert change_numbers(withheld, change) is withheld
    assert change_numbers(none_seen, change) is none_seen
    assert change_numbers(nobody_next, change) is nobody_next
    assert change_all(commands, change) is commands
    assert change_entry(fault, change) is fault


def test_an_entry_is_changed_in_all_its_parts_and_not_in_place() -> None:
    look_up = LookUpCustomer("x", "c", "+49")
    entry = Entry(1, 2.0, CallArrived(CHANNEL, "0", "7000"), (HangUp("y", CHANNEL), look_up))

    changed = change_entry(entry, change)

    assert changed.event == CallArrived(CHANNEL, "<0>", "7000")
    assert changed.commands == (HangUp("y", CHANNEL), LookUpCustomer("x", "c", "<+49>"))
    assert (changed.position, changed.now) == (1, 2.0)
    assert look_up.number == "+49"


@pytest.mark.parametrize(
    ("number", "expected"),
    [("~1.1", True), ("~s1f.2a", True), ("~x", False), ("+49151", False), ("", False)],
)
def test_an_erased_number_is_told_by_its_form(number: str, expected: bool) -> None:
    assert is_erased(number) is expected
    assert blot_erased(number) == (ERASED if expected else number)


def test_a_number_is_one_of_the_wanted_in_whatever_spelling() -> None:
    def normalize(number: str) -> str:
        return "+49" + number[1:] if number.startswith("0") else number

    assert is_one_of("+4930", ["+4930"], normalize)
    assert is_one_of("030", ["+4930"], normalize)
    assert not is_one_of("031", ["+4930"], normalize)
