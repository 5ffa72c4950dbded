"""A stage for desktops: a hub with one agent and one waiting caller, sockets in memory."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from msgspec.structs import replace

from callcenter.api.desktops import LiveDesktops
from callcenter.domain import events as e
from callcenter.domain.agent import AgentProfile
from callcenter.domain.commands import PopCard
from callcenter.domain.customer import Tier
from tests.unit.api.fakes import FakeCards, FakeClock, FakeHub


class FakeSocket:
    """A desktop that takes frames, or is stalled."""

    def __init__(self, agent: str = "ana") -> None:
        self.agent = agent
        self.frames: list[dict[str, Any]] = []
        self.stalled = False

    async def write_now(self, frame: bytes, deadline: float) -> bool:
        if self.stalled:
            await asyncio.sleep(deadline - asyncio.get_running_loop().time())
            return False
        self.frames.append(json.loads(frame))
        return True


class Stage:
    """Desktops over a hub with one agent and one waiting gold caller whose customer is known."""

    def __init__(self) -> None:
        self.hub = FakeHub()
        self.source = FakeCards()
        self.clock = FakeClock()
        self.shown: list[float] = []
        self.desktops = LiveDesktops(self.hub, self.source, self.clock, self.shown.append)
        self.hub.on_touched.append(self.desktops.on_touched)
        self.hub.tell(e.AgentsConfigured((AgentProfile("ana", ("service",)),)))
        self.call = self.hub.bench.waiting_caller("in1", Tier.GOLD)
        self.source.cards[self.call.customer] = {"name": "Zhang Min", "since": 2018}

    def open(self, agent: str = "ana") -> FakeSocket:
        socket = FakeSocket(agent)
        self.desktops.open(socket)
        return socket

    def pop(self, customer: str | None = None) -> PopCard:
        return PopCard(
            "x1",
            "ana",
            self.call.id,
            self.call.customer if customer is None else customer,
            Tier.GOLD,
            "+15551234",
            "service",
            12.5,
        )

    def offered(self) -> None:
        """Ana is being offered the call, for the state's part."""
        agent = self.hub.bench.agent("ana")
        self.hub.state.agents.put("ana", replace(agent, call=self.call.id))
