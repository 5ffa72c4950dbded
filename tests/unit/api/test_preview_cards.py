"""The card of somebody who is to be dialed: fetched although there is no call, and shown until the
person is on the line or somebody else is shown."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from callcenter.api.desktops import LiveDesktops
from callcenter.api.frames import Shown
from callcenter.domain import events as e
from callcenter.domain.campaign import Pacing
from callcenter.domain.commands import PopCard
from tests.builders import PBX, Bench, channel, row
from tests.unit.api.fakes import FakeCards, FakeClock, FakeHub

pytestmark = pytest.mark.virtual_time

CARDS = {f"contact:{n}": {"name": name} for n, name in enumerate(("Anna", "Bjarki", "Katla"))}


class Socket:
    """A desktop that takes everything."""

    agent = "ana"

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []

    async def write_now(self, frame: bytes, deadline: float) -> bool:
        self.frames.append(json.loads(frame))
        return True


class Stage:
    """An agent on the line for a campaign in preview, and a desktop."""

    def __init__(self) -> None:
        self.hub = FakeHub()
        self.source = FakeCards()
        self.source.cards |= CARDS
        self.desktops = LiveDesktops(self.hub, self.source, FakeClock())
        self.hub.on_touched.append(self.desktops.on_touched)
        self.bench: Bench = self.hub.bench
        self.bench.agents("ana")
        self.socket = Socket()
        self.desktops.open(self.socket)
        self.bench.campaign(pacing=Pacing.PREVIEW)
        self.bench.fill(*(row(n) for n in range(3)))
        self.bench.open_line("ana")

    def tell(self, event: e.Event) -> None:
        """The machine steps, and the desktops are told what it has touched."""
        self.hub.tell(event)

    async def pop(self) -> dict[str, Any]:
        """The newest card ordered goes out; its frame."""
        self.desktops.on_touched(("agent:ana",))
        assert await self.desktops.pop_card(self.bench.last(PopCard))
        return self.socket.frames[-1]

    @property
    def shown(self) -> str:
        """The card that ana reads."""
        preview = self.bench.agent("ana").preview
        assert preview is not None
        return preview.id


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    yield stage
    await stage.desktops.close_all()


async def test_the_card_of_who_is_next_has_the_contacts_fields(stage: Stage) -> None:
    frame = await stage.pop()

    assert (frame["call"], frame["contact"], frame["campaign"]) == (stage.shown, "0", "renewals")
    assert frame["preview"] is True
    assert (frame["card"], frame["complete"]) == ({"name": "Anna"}, True)
    assert stage.source.asked == ["contact:0"]


async def test_a_slow_source_does_not_hold_up_the_card(stage: Stage) -> None:
    stage.source.delay_s = 1.0

    first = await stage.pop()
    await asyncio.sleep(1.1)

    assert (first["complete"], first["card"]) == (False, None)
    assert stage.socket.frames[-1]["card"] == {"name": "Anna"}


async def test_a_desktop_that_comes_back_is_shown_it_again_also_while_the_person_is_dialed(
    stage: Stage,
) -> None:
    await stage.pop()
    card = stage.shown
    for _ in range(2):
        other = Socket()
        stage.desktops.open(other)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert [(frame["call"], frame["again"]) for frame in other.frames] == [(card, True)]
        if stage.bench.agent("ana").preview is not None:
            stage.tell(e.PreviewDialRequested("r", "ana", card))


async def test_the_card_of_who_was_skipped_is_neither_shown_again_nor_kept(stage: Stage) -> None:
    stage.source.delay_s = 1.0
    await stage.pop()
    stage.tell(e.PreviewSkipRequested("r", "ana", stage.shown))
    stage.desktops.on_touched(("agent:ana",))
    other = Socket()
    stage.desktops.open(other)
    await asyncio.sleep(1.1)

    assert other.frames == []
    assert stage.socket.frames[-1]["complete"] is False  # the rest of it is not sent any more
    assert (await stage.pop())["card"] == {"name": "Bjarki"}


async def test_the_person_on_the_line_has_the_same_card_under_the_call(stage: Stage) -> None:
    await stage.pop()
    card = stage.shown
    stage.tell(e.PreviewDialRequested("r", "ana", card))
    ref = channel(card, PBX)
    stage.bench.person(ref)
    call = stage.bench.call(card)
    stage.desktops.on_touched((f"call:{call.id}",))

    frame = await stage.pop()

    assert (frame["call"], frame["contact"], frame["card"]) == (call.id, "0", {"name": "Anna"})
    assert frame["preview"] is False
    stage.tell(e.ChannelHungUp(ref, 16))
    stage.desktops.on_touched(("agent:ana", f"call:{call.id}"))
    assert (await stage.pop())["card"] == {"name": "Bjarki"}


async def test_when_it_was_seen_is_kept_by_its_id(stage: Stage) -> None:
    await stage.pop()

    stage.desktops.note_shown("ana", Shown(stage.shown, 1.0))

    times = stage.desktops.times(stage.shown)
    assert times is not None
    assert times.shown_at > 0.0
    assert stage.desktops.cards_shown == 1
