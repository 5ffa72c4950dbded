"""Contacts who call a campaign back."""

from __future__ import annotations

from typing import Any

from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.call import Call
from callcenter.domain.campaign import HopperRow
from callcenter.domain.ids import ChannelRef
from tests.builders import Bench, channel, row

SHOWN = "+3545550000"
IN = channel("in")


def a_campaign(*agents: str, **changes: Any) -> Bench:
    """A running campaign that shows a number, nobody on its list, and agents with open lines."""
    bench = Bench()
    bench.agents(*agents)
    bench.campaign(caller_id=SHOWN, **changes)
    bench.open_line(*agents)
    return bench


def call_in(bench: Bench, contact: int = 1, *, dialed: str = SHOWN, name: str = "in") -> None:
    """This contact calls."""
    bench.tell(e.CallArrived(channel(name), row(contact).number, dialed))


def known(bench: Bench, contact: int = 1, **changes: Any) -> None:
    """The database knows who calls."""
    asked = bench.last(c.FindContact)
    bench.tell(e.ContactFound(asked.id, asked.call, "renewals", str(contact), **changes))


def call_back(bench: Bench, contact: int = 1) -> Call:
    """A contact calls and is known for one."""
    call_in(bench, contact)
    known(bench, contact)
    return bench.call("in")


def on_hold(bench: Bench) -> Call:
    """The caller is in the holding bridge."""
    bench.tell(e.IvrLeft(IN))
    bench.tell(e.CallerHeld(IN))
    return bench.call("in")


def talk(bench: Bench) -> None:
    """A contact calls back and talks with an agent over the open line."""
    call_back(bench)
    on_hold(bench)
    leg = bench.call("in").leg
    assert leg is not None
    bench.tell(e.CallerLeftHold(IN))
    bench.tell(e.ChannelJoined(IN, "b"))
    bench.tell(e.ChannelJoined(leg, "b"))


def ringing(bench: Bench, *others: HopperRow) -> ChannelRef:
    """The contact's phone rings for an attempt; others are dialed besides."""
    bench.tell(e.ContactsChanged("renewals"))
    bench.fill(row(1), *others)
    ref = bench.sent(c.PlaceCall)[0].channel
    bench.tell(e.AttemptCreated(ref))
    bench.tell(e.AttemptRinging(ref))
    return ref
