"""A real Asterisk with SIPp's phones, callers and carrier, all on loopback."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from callcenter.demo import renewals, sip_counter
from callcenter.demo.arrivals import SampleCaller
from callcenter.demo.renewals import SampleContact
from callcenter.demo.sample import DIALED, PROMPTS, TRUNK, SampleAgent
from callcenter.demo.telephony import Heard, Telephony
from callcenter.installation import pbx_config
from callcenter.settings import Settings
from callcenter.simulator.asterisk_instance import (
    LOOPBACK,
    TRUNK_LOOPBACK,
    AsteriskInstance,
    asterisk_version,
    find_free_ports,
    free_port,
)
from callcenter.simulator.sip_carrier import CarrierNumber, NumberBehaviour, SippCarrier
from callcenter.simulator.sip_far_ends import (
    Behaviour,
    CallerPlan,
    PhonePlan,
    SippCallers,
    SippPhones,
)

ULAW_BYTES_PER_S = 8000
MENU_BEGINS_S = 0.5
"""Asterisk's answer, and AsyncAGI's two pick-ups of a command (100 ms at most each)."""
JOINS = "joins"
"""Asterisk's log of channels that were joined: verbose messages of level 3."""
STAMP_S = 0.001
"""Its times are cut to milliseconds: what it notes happened up to that much later."""

_JOINED = re.compile(
    r"^\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3})\].* Channel PJSIP/(\d+)-[0-9a-f]+ joined"
    r" 'simple_bridge'",
    re.M,
)


class AsteriskTelephony(Telephony):
    """See the module. Everything is written into ``folder``."""

    name = "asterisk"

    def __init__(
        self, folder: Path, agents: Sequence[SampleAgent], contacts: Sequence[SampleContact]
    ) -> None:
        super().__init__(agents, contacts)
        self._folder = folder
        self._ports = find_free_ports()
        reachable = [agent for agent in agents if agent.phone.behaviour != "unreachable"]
        self.phones = SippPhones(folder / sip_counter.PHONES, [_phone_plan(a) for a in reachable])
        self._dead_port = free_port()
        self.carrier = SippCarrier(folder / sip_counter.CARRIER, list(_numbers(contacts)))
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
            "trunks": [{"name": TRUNK, "host": TRUNK_LOOPBACK, "port": self.carrier.port}],
        }

    def _contact(self, agent: SampleAgent) -> str:
        if agent.phone.behaviour == "unreachable":
            return f"sip:{agent.phone.number}@{LOOPBACK}:{self._dead_port}"
        return self.phones.contact(agent.phone.number)

    async def start(self, settings: Settings) -> None:
        """See ``Telephony``."""
        self.version = await asterisk_version()
        config = pbx_config(settings, settings.pbxs[0])
        # Nobody qualifies the far end: SIPp answers no OPTIONS.
        trunks = tuple(replace(trunk, qualify_s=0) for trunk in config.trunks)
        self.instance = AsteriskInstance(
            self._folder / "asterisk", replace(config, trunks=trunks), PROMPTS
        )
        await self.instance.start()
        await self.instance.cli(f"logger add channel {JOINS} verbose(3)")
        self._write_plan()
        await self.phones.start()
        await self.carrier.start()

    def _write_plan(self) -> None:
        """What the counter has to know beforehand."""
        plan = {
            "gold": list(self._gold),
            "seniors": self._senior_phones(),
            "harbour_wait_s": renewals.HARBOUR_WAIT_S,
            "message_s": self._sound_s(renewals.HARBOUR_PROMPT),
        }
        (self._folder / sip_counter.PLAN).write_text(json.dumps(plan), encoding="utf-8")

    def _sound_s(self, prompt: str) -> float:
        assert self.instance is not None
        sound = self.instance.config.sounds_dir / f"{prompt}.ulaw"
        return sound.stat().st_size / ULAW_BYTES_PER_S

    async def _call(self, callers: Sequence[SampleCaller]) -> None:
        self._write_plan()
        menu_s = self._sound_s("greeting") + MENU_BEGINS_S
        plans = [
            CallerPlan(
                number=caller.number,
                dialed=DIALED,
                stay_ms=round(caller.stay_s * 1000),
                start_ms=round(caller.at_s * 1000),
                key=caller.key,
                key_ms=round((menu_s + caller.key_after_s) * 1000),
            )
            for caller in callers
        ]
        folder = self._folder / sip_counter.CALLERS.replace("*", str(len(self.callers)))
        process = SippCallers(folder, plans, pbx=(LOOPBACK, self._ports.sip))
        self.callers.append(process)
        await process.start()

    def heard(self) -> list[Heard]:
        """See ``Telephony``."""
        assert self.instance is not None
        calls = sip_counter.read_calls(self.phones.messages_path)
        rings = [Heard(c.called, c.invited_at) for c in calls if sip_counter.is_ring(c)]
        log = (self.instance.directory / "log" / JOINS).read_text(encoding="utf-8")
        return rings + list(read_joins(log, self._line_phones()))

    def count(self) -> dict[str, Any]:
        """See ``Telephony``."""
        return sip_counter.count_folder(self._folder)

    async def stop(self) -> None:
        """See ``Telephony``."""
        await asyncio.gather(*(process.stop() for process in self.callers))
        await self.phones.stop()
        await self.carrier.stop()
        if self.instance is not None:
            await self.instance.stop()


def read_joins(log: str, phones: Sequence[str]) -> Iterable[Heard]:
    """When somebody was first heard on these phones' lines, by Asterisk's log of what it joined.

    Bridge puts the person in first and the agent's line behind, so this is when both are in.
    """
    for found in _JOINED.finditer(log):
        if found[2] in phones:
            # Asterisk writes its own time zone, which is this process's.
            at = datetime.fromisoformat(found[1]).astimezone().timestamp()
            yield Heard(found[2], at + STAMP_S)


def _phone_plan(agent: SampleAgent) -> PhonePlan:
    behaviour = {"reject": Behaviour.REJECT, "ignore": Behaviour.IGNORE}.get(
        agent.phone.behaviour, Behaviour.ANSWER
    )
    return PhonePlan(agent.phone.number, behaviour, round(agent.phone.ring_s * 1000))


def _numbers(contacts: Sequence[SampleContact]) -> Iterable[CarrierNumber]:
    """The carrier's plan; numbers that it does not have stay out."""
    for contact in contacts:
        if contact.behaviour != renewals.UNKNOWN_NUMBER:
            yield CarrierNumber(
                contact.number,
                NumberBehaviour(contact.behaviour),
                ring_ms=round(contact.ring_s * 1000),
                talk_ms=round(contact.stay_s * 1000),
            )
