"""The two telephone worlds a sample center can run in: simulated, or a real Asterisk with SIPp."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

from msgspec import Struct

from callcenter.bootstrap import pbx_config, read_secret
from callcenter.demo.sample import (
    DIALED,
    MENU,
    PROMPT_S,
    PROMPTS,
    SampleAgent,
    SampleCaller,
)
from callcenter.settings import Settings
from callcenter.simulator import people
from callcenter.simulator.ami_server import AmiServer
from callcenter.simulator.asterisk_instance import (
    LOOPBACK,
    TRUNK_LOOPBACK,
    AsteriskInstance,
    asterisk_version,
    find_free_ports,
    free_port,
)
from callcenter.simulator.exchange import PbxSettings
from callcenter.simulator.sessions import fence_account, leader_account
from callcenter.simulator.sip_far_ends import (
    Behaviour,
    CallerPlan,
    PhonePlan,
    SippCallers,
    SippPhones,
)
from callcenter.simulator.stage import Deed
from callcenter.simulator.world import World

FOREVER_S = 10_000_000.0
"""Longer than any demo: callers leave by their plan, not by lack of patience."""


ULAW_BYTES_PER_S = 8000
MENU_BEGINS_S = 0.5
"""Asterisk's answer, and AsyncAGI's two pick-ups of a command (100 ms at most each)."""


class Invite(Struct, frozen=True):
    """A phone was rung: the INVITE arrived there."""

    phone: str
    at: float


class Telephony(ABC):
    """A PBX, agents' phones and callers. ``async with`` runs them."""

    name: str
    version: str | None = None
    """The Asterisk's version; None for the simulated PBX."""

    @abstractmethod
    def config(self) -> dict[str, object]:
        """What the PBX's section of the config file says beyond the sample's."""

    @property
    @abstractmethod
    def ami_port(self) -> int:
        """Where the PBX takes commands."""

    @abstractmethod
    async def start(self, settings: Settings) -> None:
        """Start PBX and phones; secrets are in the settings' data folder."""

    @abstractmethod
    async def call(self, callers: Sequence[SampleCaller]) -> None:
        """Have these callers call, each at its time from now."""

    @abstractmethod
    def invites(self) -> list[Invite]:
        """Every INVITE that reached a phone, by the phones' own log."""

    @abstractmethod
    async def stop(self) -> None:
        """End everything."""


class SimulatedTelephony(Telephony):
    """The simulated PBX behind a real AMI port, with simulated people."""

    name = "simulated"

    def __init__(self, agents: Sequence[SampleAgent], seed: int) -> None:
        self._agents = agents
        self._seed = seed
        self._port = free_port()
        self._server: AmiServer | None = None
        self._world: World | None = None

    @property
    def ami_port(self) -> int:
        """See ``Telephony``."""
        return self._port

    def config(self) -> dict[str, object]:
        """See ``Telephony``."""
        return {}

    async def start(self, settings: Settings) -> None:
        """See ``Telephony``."""
        pbx = settings.pbxs[0]
        accounts = (
            leader_account(read_secret(settings, pbx.name, pbx.leader), pbx.leader),
            fence_account(read_secret(settings, pbx.name, pbx.fence), pbx.fence),
        )
        habits = {agent.phone.number: _habits(agent) for agent in self._agents}
        self._world = World(
            self._seed,
            time.time(),
            PbxSettings(
                phones=tuple(habits),
                sounds={f"cc/{name}": length for name, length in PROMPT_S.items()},
            ),
            accounts,
            phones=habits,
        )
        self._server = AmiServer(self._world, port=self._port)
        await self._server.start()

    async def call(self, callers: Sequence[SampleCaller]) -> None:
        """See ``Telephony``."""
        assert self._world is not None
        assert self._server is not None
        self._server.step()
        for caller in callers:
            plan = people.CallerPlan(
                number=caller.number,
                dialed=DIALED,
                tier=caller.tier or "",
                keys={f"cc/{MENU}": caller.key},
                think_s=caller.key_after_s,
                patience_s=FOREVER_S,
                talk_s=FOREVER_S,
                leaving=people.Leaving.ANY_TIME,
                leaves_after_s=caller.stay_s,
            )
            self._world.add_caller(plan, after_s=caller.at_s)
        self._server.step()

    def invites(self) -> list[Invite]:
        """See ``Telephony``."""
        assert self._world is not None
        return [Invite(x.party, x.at) for x in self._world.log if x.deed is Deed.INVITED]

    async def stop(self) -> None:
        """See ``Telephony``."""
        if self._server is not None:
            await self._server.stop()


def _habits(agent: SampleAgent) -> people.PhoneHabits:
    phone = agent.phone
    ring = (phone.ring_s, phone.ring_s * 1.2)
    share = {kind: float(phone.behaviour == kind) for kind in ("reject", "ignore", "unreachable")}
    return people.PhoneHabits(
        answer_after_s=ring,
        reject_share=share["reject"],
        ignore_share=share["ignore"],
        unreachable_share=share["unreachable"],
        hang_up_first_share=0.2,
        talk_s=(4.0, 12.0),
    )


class AsteriskTelephony(Telephony):
    """A real Asterisk with SIPp's phones and callers, all on loopback."""

    name = "asterisk"

    def __init__(self, folder: Path, agents: Sequence[SampleAgent], seed: int) -> None:
        self._folder = folder
        self._agents = agents
        self._rng = Random(seed)
        self._ports = find_free_ports()
        reachable = [agent for agent in agents if agent.phone.behaviour != "unreachable"]
        self.phones = SippPhones(folder / "phones", [_phone_plan(a, self._rng) for a in reachable])
        self._dead_port = free_port()
        self._trunk_port = free_port()
        self.instance: AsteriskInstance | None = None
        self.callers: list[SippCallers] = []

    @property
    def ami_port(self) -> int:
        """See ``Telephony``."""
        return self._ports.ami

    def config(self) -> dict[str, object]:
        """See ``Telephony``."""
        ports = self._ports
        return {
            "sip_port": ports.sip,
            "http_port": ports.http,
            "rtp_start": ports.rtp_start,
            "rtp_end": ports.rtp_end,
            "phones": [
                {"number": agent.phone.number, "contact": self._contact(agent)}
                for agent in self._agents
            ],
            "trunks": [{"name": "carrier", "host": TRUNK_LOOPBACK, "port": self._trunk_port}],
        }

    def _contact(self, agent: SampleAgent) -> str:
        if agent.phone.behaviour == "unreachable":
            return f"sip:{agent.phone.number}@{LOOPBACK}:{self._dead_port}"
        return self.phones.contact(agent.phone.number)

    async def start(self, settings: Settings) -> None:
        """See ``Telephony``."""
        self.version = await asterisk_version()
        config = pbx_config(settings, settings.pbxs[0])
        # Nobody qualifies the far end: SIPp's callers answer no OPTIONS.
        trunks = tuple(replace(trunk, qualify_s=0) for trunk in config.trunks)
        self.instance = AsteriskInstance(
            self._folder / "asterisk", replace(config, trunks=trunks), PROMPTS
        )
        await self.instance.start()
        await self.phones.start()

    async def call(self, callers: Sequence[SampleCaller]) -> None:
        """See ``Telephony``."""
        assert self.instance is not None
        greeting = self.instance.config.sounds_dir / "greeting.ulaw"
        greeting_s = greeting.stat().st_size / ULAW_BYTES_PER_S
        plans = [
            CallerPlan(
                number=caller.number,
                dialed=DIALED,
                stay_ms=round(caller.stay_s * 1000),
                start_ms=round(caller.at_s * 1000),
                key=caller.key,
                key_ms=round((greeting_s + MENU_BEGINS_S + caller.key_after_s) * 1000),
            )
            for caller in callers
        ]
        folder = self._folder / f"callers-{len(self.callers)}"
        process = SippCallers(folder, plans, pbx=(LOOPBACK, self._ports.sip))
        self.callers.append(process)
        await process.start()

    def invites(self) -> list[Invite]:
        """See ``Telephony``."""
        return [Invite(phone, at) for phone, at in self.phones.invites()]

    async def stop(self) -> None:
        """See ``Telephony``."""
        await asyncio.gather(*(process.stop() for process in self.callers))
        await self.phones.stop()
        if self.instance is not None:
            await self.instance.stop()


def _phone_plan(agent: SampleAgent, rng: Random) -> PhonePlan:
    behaviour = {"reject": Behaviour.REJECT, "ignore": Behaviour.IGNORE}.get(
        agent.phone.behaviour, Behaviour.ANSWER
    )
    return PhonePlan(agent.phone.number, behaviour, round(agent.phone.ring_s * 1000))
