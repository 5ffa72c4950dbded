"""The telephone world that a sample center runs in, and the simulated one.

A real Asterisk with SIPp is in ``callcenter.demo.sip_telephony``.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from callcenter.demo import renewals, sip_counter
from callcenter.demo.arrivals import SampleCaller
from callcenter.demo.renewals import SampleContact
from callcenter.demo.sample import (
    DIALED,
    MENU,
    PROMPT_S,
    TRUNK,
    SampleAgent,
)
from callcenter.demo.sip_counter import SipCall
from callcenter.domain.agent import Seniority
from callcenter.domain.customer import Tier
from callcenter.installation import read_secret
from callcenter.settings import Settings
from callcenter.simulator import people
from callcenter.simulator.ami_server import AmiServer
from callcenter.simulator.asterisk_instance import free_port
from callcenter.simulator.dialed import Behaviour, DialedPlan
from callcenter.simulator.exchange import PbxSettings
from callcenter.simulator.sessions import fence_account, leader_account
from callcenter.simulator.stage import Deed, Entry
from callcenter.simulator.world import World

FOREVER_S = 10_000_000.0
"""Longer than any demo: callers leave by their plan, not by lack of patience."""
NETWORK_S = 0.05
"""From the INVITE to the first ringing in the simulated network."""
CLOCK_LOOKS = 20
"""Of these the quickest tells best how two clocks differ."""


class Heard(Struct, frozen=True):
    """An agent's telephone brings somebody: the INVITE has arrived, or somebody is heard on a line
    that was open."""

    phone: str
    at: float


class Telephony(ABC):
    """A PBX, agents' phones, callers, and people to be dialed."""

    name: str
    version: str | None = None
    """The Asterisk's version; None for the simulated PBX."""

    def __init__(self, agents: Sequence[SampleAgent], contacts: Sequence[SampleContact]) -> None:
        self._agents = tuple(agents)
        self._contacts = tuple(contacts)
        self._gold: dict[str, None] = {}
        """Numbers of gold customers who were to call."""

    @abstractmethod
    def config(self) -> dict[str, object]:
        """What the PBX's section of the config file says beyond the sample's."""

    @property
    @abstractmethod
    def ami_port(self) -> int:
        """Where the PBX takes commands."""

    @abstractmethod
    async def start(self, settings: Settings) -> None:
        """Start PBX, phones and carrier; secrets are in the settings' data folder."""

    async def call(self, callers: Sequence[SampleCaller]) -> None:
        """Have these callers call, each at its time from now."""
        self._gold |= {caller.number: None for caller in callers if caller.tier is Tier.GOLD}
        await self._call(callers)

    @abstractmethod
    async def _call(self, callers: Sequence[SampleCaller]) -> None:
        """See ``call``."""

    @abstractmethod
    def heard(self) -> list[Heard]:
        """Every INVITE for somebody who reached a phone, and every time somebody was heard on a
        campaign's line, by the far ends' own logs."""

    @abstractmethod
    def count(self) -> dict[str, Any]:
        """What became of everybody, by the far ends' own logs: see ``sip_counter.count_folder``."""

    @abstractmethod
    async def stop(self) -> None:
        """End everything."""

    def _line_phones(self) -> tuple[str, ...]:
        """Phones that stay on the line for a campaign."""
        return tuple(agent.phone.number for agent in self._agents if agent.campaign)

    def _senior_phones(self) -> tuple[str, ...]:
        return tuple(
            agent.phone.number
            for agent in self._agents
            if agent.seniority is Seniority.SENIOR and not agent.campaign
        )


class SimulatedTelephony(Telephony):
    """The simulated PBX behind a real AMI port, with simulated people; at the end their log is
    written into ``folder``."""

    name = "simulated"

    def __init__(
        self,
        folder: Path,
        agents: Sequence[SampleAgent],
        contacts: Sequence[SampleContact],
        seed: int,
    ) -> None:
        super().__init__(agents, contacts)
        self._log_path = folder / "far_ends.jsonl"
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
                trunk=TRUNK,
                sounds={f"cc/{name}": length for name, length in PROMPT_S.items()},
            ),
            accounts,
            phones=habits,
        )
        for contact in self._contacts:
            self._world.carrier.plan(contact.number, _dialed_plan(contact))
        self._server = AmiServer(self._world, port=self._port)
        await self._server.start()

    async def _call(self, callers: Sequence[SampleCaller]) -> None:
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

    def heard(self) -> list[Heard]:
        """See ``Telephony``."""
        assert self._world is not None
        rings = [call for call in sip_calls(self._world.log) if sip_counter.is_ring(call)]
        lines, behind_s = self._line_phones(), self._behind_s()
        return [Heard(ring.called, ring.invited_at + behind_s) for ring in rings] + [
            Heard(entry.party, entry.at + behind_s)
            for entry in self._world.log
            if entry.deed is Deed.HEARD_PERSON and entry.party in lines
        ]

    def _behind_s(self) -> float:
        """How far the world's clock is behind ours: it was set a moment before it began to run."""
        assert self._server is not None
        looks = []
        for _ in range(CLOCK_LOOKS):
            before, there, after = time.time(), self._server.now, time.time()
            looks.append((after - before, (before + after) / 2 - there))
        return min(looks)[1]

    def count(self) -> dict[str, Any]:
        """See ``Telephony``."""
        assert self._world is not None
        calls = sip_calls(self._world.log)
        rings = [call for call in calls if sip_counter.is_ring(call)]
        callers = [call for call in calls if not call.received]
        dialed = sip_calls(self._world.carrier.log)
        message_s = PROMPT_S[renewals.HARBOUR_PROMPT]
        return {
            "inbound": sip_counter.count_inbound(callers, rings, self._gold, self._senior_phones()),
            "outbound": sip_counter.count_outbound(dialed, renewals.HARBOUR_WAIT_S, message_s),
        }

    async def stop(self) -> None:
        """See ``Telephony``."""
        if self._server is not None:
            await self._server.stop()
        if self._world is not None:
            log = sorted(self._world.log + self._world.carrier.log, key=lambda entry: entry.at)
            self._log_path.write_bytes(msgspec.json.Encoder().encode_lines(log))


def _habits(agent: SampleAgent) -> people.PhoneHabits:
    phone = agent.phone
    ring = (phone.ring_s, phone.ring_s * 1.2)
    share = {kind: float(phone.behaviour == kind) for kind in ("reject", "ignore", "unreachable")}
    return people.PhoneHabits(
        answer_after_s=ring,
        reject_share=share["reject"],
        ignore_share=share["ignore"],
        unreachable_share=share["unreachable"],
        hang_up_first_share=0.0,
    )


def _dialed_plan(contact: SampleContact) -> DialedPlan:
    behaviour = Behaviour(contact.behaviour)
    return DialedPlan(
        behaviour,
        ring_after_s=NETWORK_S,
        ring_s=contact.ring_s,
        stay_s=0.0 if behaviour is Behaviour.HANGS_UP else contact.stay_s,
    )


def sip_calls(log: Iterable[Entry]) -> list[SipCall]:
    """The simulated far ends' log in the terms in which a real one is counted."""
    calls: dict[str, SipCall] = {}
    for entry in log:
        if entry.deed is Deed.DIALED:
            calls[entry.channel] = SipCall(
                entry.channel, entry.number, entry.detail, received=False, invited_at=entry.at
            )
        elif entry.deed is Deed.INVITED:
            is_phone = entry.party.isdigit()
            calls[entry.channel] = SipCall(
                entry.channel,
                entry.number if is_phone else entry.shown,
                entry.party if is_phone else entry.number,
                received=True,
                invited_at=entry.at,
            )
        elif entry.channel in calls:
            _note(calls[entry.channel], entry)
    return list(calls.values())


def _note(call: SipCall, entry: Entry) -> None:
    match entry.deed:
        case Deed.RANG:
            call.ringing_at = entry.at
        case Deed.ACCEPTED | Deed.PICKED_UP:
            call.answered_at = entry.at
        case Deed.PRESSED:
            call.pressed_at = call.pressed_at or entry.at
        case Deed.REFUSED:
            call.refused_at, call.refused_with = entry.at, int(entry.detail)
        case Deed.MISSED | Deed.WITHDRAWN | Deed.UNREACHED:
            call.cancelled_at = entry.at
        case Deed.HUNG_UP | Deed.WAS_HUNG_UP:
            call.ended_at, call.ended_here = entry.at, entry.deed is Deed.HUNG_UP
        case _:
            pass
