"""A PBX in this process that has time, bridges and channels, and a gateway that runs on it."""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from callcenter.domain.commands import (
    RingAgent,
)
from callcenter.domain.events import (
    PbxEvent,
    PbxStateRead,
)
from callcenter.domain.ids import ChannelRef
from callcenter.pbx.ami import gateway as gateway_module
from callcenter.pbx.ami import reader as reader_module
from callcenter.pbx.ami.gateway import AmiGateway
from callcenter.pbx.ami.link import LinkDown, LinkUp
from callcenter.pbx.ami.wire import AmiMessage, encode_message, first
from callcenter.service.ports import OutcomeUnknown, Refused
from tests.unit.pbx.ami.fake_server import PATIENT, FakeAmi, Peer, message, wait_until

CALLER = ChannelRef("main", "cc-100.1")
LEG = ChannelRef("main", "leg-j-10-0")
RING = RingAgent("cmd-1", LEG, "ana", "1001", "call-1", "+12025550141", 15.0)
EPOCH = 1_795_300_000


def status_row(uniqueid: str, name: str, **headers: str) -> dict[str, str]:
    """A row of Status: a caller in a menu unless told otherwise."""
    return {
        "Event": "Status",
        "Channel": name,
        "Uniqueid": uniqueid,
        "ChannelStateDesc": "Up",
        "Context": "cc-inbound",
        "BridgeID": "",
        "Application": "AGI",
        "Variable": "CC_ROLE=caller",
        **headers,
    }


def arrival(uniqueid: str = CALLER.id) -> bytes:
    env = "agi_callerid%3A%20%2B12025550141%0Aagi_extension%3A%206000%0A%0A"
    return message(Event="AsyncAGIStart", Context="cc-inbound", Uniqueid=uniqueid, Env=env)


def bridge_enter(uniqueid: str, bridge: str, name: str = "<unknown>") -> bytes:
    technology = "simple_bridge" if name == "<unknown>" else "holding_bridge"
    return message(
        Event="BridgeEnter",
        BridgeUniqueid=bridge,
        BridgeTechnology=technology,
        BridgeName=name,
        Channel="PJSIP/carrier-00000001",
        Uniqueid=uniqueid,
    )


def hang_up(uniqueid: str) -> bytes:
    name = "PJSIP/carrier-00000001"
    return message(Event="Hangup", Channel=name, Uniqueid=uniqueid, Cause="16")


class FakePbx(FakeAmi):
    """Knows its time, its bridges and its channels; what happens to it is up to the test."""

    def __init__(self) -> None:
        super().__init__()
        self.on_action = self.answer_lists
        self.epoch = str(EPOCH)
        self.bridges: list[dict[str, str]] = []
        self.channels: dict[str, dict[str, str]] = {}
        self.refusals: dict[str, str] = {}
        """Action -> the message it is refused with."""
        self.silent: list[str] = []
        """Actions that get no answer."""
        self.before: dict[str, Callable[[], object]] = {}
        """Action -> what happens once, just before it is answered."""
        self.after: dict[str, Callable[[], object]] = {}
        """Action -> what happens once, just after it is answered."""

    def answer_lists(self, peer: Peer, action: AmiMessage) -> bool:
        name = first(action, "Action")
        self.before.pop(name, lambda: None)()
        handled = self._answer(peer, action, name)
        self.after.pop(name, lambda: None)()
        return handled

    def _answer(self, peer: Peer, action: AmiMessage, name: str) -> bool:
        channel = first(action, "Channel")
        if name in self.silent:
            return True
        if name in self.refusals:
            peer.answer(action, "Error", Message=self.refusals[name])
        elif name == "Getvar":
            peer.answer(action, Variable="EPOCH", Value=self.epoch)
        elif name == "BridgeList":
            self.list_rows(peer, action, self.bridges)
        elif name == "Status" and channel and channel not in self.channels:
            peer.answer(action, "Error", Message="No such channel")
        elif name == "Status":
            self.list_rows(
                peer, action, [self.channels[channel]] if channel else [*self.channels.values()]
            )
        else:
            return False
        return True

    def list_rows(self, peer: Peer, action: AmiMessage, rows: list[dict[str, str]]) -> None:
        action_id = ("ActionID", first(action, "ActionID"))
        peer.answer(action, EventList="start", Message="List will follow")
        for row in rows:
            peer.transport.write(encode_message([*row.items(), action_id]))
        complete = [("Event", f"{first(action, 'Action')}Complete"), ("EventList", "Complete")]
        peer.transport.write(encode_message([*complete, action_id]))

    def sent(self, name: str) -> list[AmiMessage]:
        """All actions of this name that came in."""
        return [action for action in self.actions if first(action, "Action") == name]


class Running:
    """A gateway that runs, and all that it told."""

    def __init__(self, pbx: FakePbx, **options: Any) -> None:
        self.facts: list[PbxEvent] = []
        self.faults: list[str] = []
        self.links: list[LinkUp | LinkDown] = []
        self.gateway = AmiGateway(
            pbx.account(),
            None,
            self.facts.append,
            on_fault=self.faults.append,
            on_link=self.links.append,
            **{"timings": PATIENT, **options},
        )

    def state(self, number: int = -1) -> PbxStateRead:
        """One of the states told, the last unless said."""
        return [fact for fact in self.facts if isinstance(fact, PbxStateRead)][number]


@asynccontextmanager
async def running(pbx: FakePbx, **options: Any) -> AsyncIterator[Running]:
    """Run a gateway until its first state is told."""
    it = Running(pbx, **options)
    async with asyncio.TaskGroup() as group:
        group.create_task(it.gateway.run())
        await wait_until(lambda: it.gateway.is_up and it.gateway.pbx_time() is not None)
        try:
            yield it
        finally:
            it.gateway.close()


async def outcome_of(result: Future[None]) -> str:
    """How a command ended, in words."""
    try:
        await asyncio.wait_for(result, 10)
    except Refused as refused:
        return f"refused: {refused}"
    except OutcomeUnknown:
        return "unknown"
    return "done"


@asynccontextmanager
async def quick_pbx(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakePbx]:
    """A peer, and waits that are as short as it is quick."""
    monkeypatch.setattr(reader_module, "SETTLE_S", 0.01)
    monkeypatch.setattr(gateway_module, "READ_RETRY_S", 0.01)
    monkeypatch.setattr(gateway_module, "RELIEF_POLL_S", 0.005)
    async with FakePbx() as peer:
        yield peer
