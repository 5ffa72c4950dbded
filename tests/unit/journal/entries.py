"""Entries for the tests of the journal: each different, each known by its position alone."""

from __future__ import annotations

from callcenter.domain.agent import AgentProfile, Seniority
from callcenter.domain.call import Place
from callcenter.domain.commands import Command, HoldCaller, LookUpCustomer, RingAgent
from callcenter.domain.events import (
    AgentsConfigured,
    CallArrived,
    ChannelHungUp,
    ChannelTruth,
    Event,
    IvrCommandEnded,
    PbxStateRead,
    ReadyRequested,
    Tick,
)
from callcenter.domain.ids import ChannelRef
from callcenter.domain.records import FaultRecord, Record
from callcenter.domain.step import Entry

FIRST_NOW = 1_700_000_000.25
"""The time of position 0, UTC seconds."""


def make_entry(position: int) -> Entry:
    """The entry of this position: kinds and lengths change from one to the next."""
    channel = ChannelRef("main", f"1700000000.{position}")
    events: tuple[Event, ...] = (
        CallArrived(channel, "+4930123456", f"{position}"),
        Tick(),
        IvrCommandEnded(channel, f"m{position}", 0, digits="1"),
        ChannelHungUp(channel, 16),
        ReadyRequested(f"r{position}", "zoë"),
        PbxStateRead(
            "main",
            tuple(ChannelTruth(channel, "1001", Place.HOLD) for _ in range(position % 5)),
        ),
        AgentsConfigured((AgentProfile("ana", ("sales",), Seniority.SENIOR),)),
    )
    commands: tuple[Command, ...] = (
        HoldCaller(f"c{position}-0", channel),
        LookUpCustomer(f"c{position}-1", f"call{position}", "+4930123456"),
        RingAgent(f"c{position}-2", channel, "ana", "1001", f"call{position}", "+4930", 20.0),
    )
    records: tuple[Record, ...] = (FaultRecord("late", "x" * (position % 7), FIRST_NOW),)
    return Entry(
        position=position,
        now=FIRST_NOW + position / 8,
        event=events[position % len(events)],
        commands=commands[: position % 4],
        records=records[: position % 2],
    )


def make_entries(first: int, last: int) -> tuple[Entry, ...]:
    """Those of all positions from ``first`` to ``last``."""
    return tuple(make_entry(position) for position in range(first, last + 1))


def make_state(position: int) -> bytes:
    """What stands for the state as of this position."""
    return b"state as of %d " % position * (position % 3 + 1)
