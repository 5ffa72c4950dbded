"""An AmiConnection whose callbacks write down what they were told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from callcenter.pbx.ami.connection import AmiConnection
from callcenter.pbx.ami.errors import DownKind
from callcenter.pbx.ami.link import LinkDown, LinkUp, Timings
from callcenter.pbx.ami.wire import AmiMessage
from tests.unit.pbx.ami.fake_server import PATIENT, SECRET, FakeAmi, wait_until


class LinkProbe:
    """The connection, and all it told, in order: LinkUp, messages, LinkDown."""

    def __init__(
        self,
        port: int,
        *,
        timings: Timings = PATIENT,
        secret: str = SECRET,
        on_message: Callable[[AmiMessage], object] | None = None,
        **options: Any,
    ) -> None:
        self.told: list[LinkUp | LinkDown | AmiMessage] = []
        self.faults: list[str] = []
        self._on_message = on_message
        self.link = AmiConnection(
            "main",
            "127.0.0.1",
            port,
            "leader",
            secret,
            on_message=self._take,
            on_up=self.told.append,
            on_down=self.told.append,
            on_fault=self.faults.append,
            secret_source="secrets/leader",
            timings=timings,
            **options,
        )

    def _take(self, message: AmiMessage) -> None:
        self.told.append(message)
        if self._on_message is not None:
            self._on_message(message)

    @property
    def ups(self) -> list[LinkUp]:
        return [item for item in self.told if isinstance(item, LinkUp)]

    @property
    def downs(self) -> list[LinkDown]:
        return [item for item in self.told if isinstance(item, LinkDown)]

    @property
    def kinds(self) -> list[DownKind]:
        return [down.kind for down in self.downs]

    @property
    def events(self) -> list[str]:
        """Names of the events delivered, FullyBooted left out."""
        names = [str(item["Event"]) for item in self.told if isinstance(item, dict)]
        return [name for name in names if name != "FullyBooted"]


@asynccontextmanager
async def running(probe: LinkProbe) -> AsyncIterator[LinkProbe]:
    """Run the probe's link; close it at the end and wait until it has ended."""
    async with asyncio.TaskGroup() as group:
        group.create_task(probe.link.run())
        try:
            yield probe
        finally:
            probe.link.close()


@asynccontextmanager
async def linked(server: FakeAmi, **options: Any) -> AsyncIterator[LinkProbe]:
    """A link to the server that is up."""
    async with running(LinkProbe(server.port, **options)) as probe:
        await wait_until(lambda: probe.ups)
        yield probe
