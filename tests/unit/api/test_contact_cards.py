"""The card of a person whom a campaign dialed: the contact's own, fetched when the call begins."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace

from callcenter.api.desktops import LiveDesktops
from callcenter.domain import events as e
from callcenter.domain.agent import AgentProfile
from callcenter.domain.attempt import Attempt
from callcenter.domain.commands import PopCard
from callcenter.domain.customer import Tier
from tests.builders import T0, channel
from tests.unit.api.fakes import FakeCards, FakeClock, FakeHub

pytestmark = pytest.mark.virtual_time

CARD = {"name": "Anna", "policy": "A-17"}


class Socket:
    """A desktop that takes everything."""

    agent = "ana"

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []

    async def write_now(self, frame: bytes, deadline: float) -> bool:
        self.frames.append(json.loads(frame))
        return True


class Stage:
    """One agent, and a person dialed for the campaign ``renewals`` who is contact 7."""

    def __init__(self) -> None:
        self.hub = FakeHub()
        self.source = FakeCards()
        self.source.cards["contact:7"] = CARD
        self.desktops = LiveDesktops(self.hub, self.source, FakeClock())
        self.hub.tell(e.AgentsConfigured((AgentProfile("ana", ("service",)),)))
        self.socket = Socket()
        self.desktops.open(self.socket)
        state = self.hub.state
        waiting = self.hub.bench.waiting_caller("in1")
        self.call = replace(waiting, campaign="renewals", attempt="att-1", customer="")
        state.calls.put(self.call.id, self.call)
        state.put_attempt(Attempt("att-1", "renewals", "7", "+3545550100", channel("att-1"), T0, 1))

    def pop(self, contact: str = "7") -> PopCard:
        return PopCard(
            "x1",
            "ana",
            self.call.id,
            "",
            Tier.STANDARD,
            "+3545550100",
            "",
            0.2,
            "renewals",
            contact,
        )


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    yield stage
    await stage.desktops.close_all()


async def test_the_frame_names_campaign_and_contact_and_holds_the_contacts_card(
    stage: Stage,
) -> None:
    assert await stage.desktops.pop_card(stage.pop())

    frame = stage.socket.frames[0]
    assert (frame["campaign"], frame["contact"], frame["queue"]) == ("renewals", "7", "")
    assert (frame["number"], frame["card"], frame["complete"]) == ("+3545550100", CARD, True)


async def test_the_card_is_asked_for_once_from_when_the_call_begins(stage: Stage) -> None:
    stage.desktops.on_touched((f"call:{stage.call.id}",))
    await asyncio.sleep(0.01)

    await stage.desktops.pop_card(stage.pop())

    assert stage.source.asked == ["contact:7"]


async def test_a_contact_nobody_knows_has_a_number_only(stage: Stage) -> None:
    await stage.desktops.pop_card(stage.pop("8"))

    assert stage.socket.frames[0]["card"] is None


async def test_a_slow_source_does_not_hold_up_the_person(stage: Stage) -> None:
    stage.source.delay_s = 1.0

    await stage.desktops.pop_card(stage.pop())
    first = stage.socket.frames[-1]
    await asyncio.sleep(1.1)

    assert (first["complete"], first["card"]) == (False, None)
    assert (stage.socket.frames[-1]["complete"], stage.socket.frames[-1]["card"]) == (True, CARD)


async def test_a_source_that_fails_is_counted_and_asked_again_for_the_next_card(
    stage: Stage,
) -> None:
    stage.source.broken = True
    await stage.desktops.pop_card(stage.pop())
    stage.source.broken = False

    await stage.desktops.pop_card(stage.pop())

    assert [frame["card"] for frame in stage.socket.frames] == [None, CARD]
    assert stage.desktops.card_failures == 1
