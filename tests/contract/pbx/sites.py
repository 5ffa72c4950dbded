"""The two PBXs of the contract, set up alike: the simulated one with simulated people, and a real
Asterisk with SIPp's phones, callers and telephone network.

Who is there and what they do is said once, here and in the scenarios; each site plays it.
"""

from __future__ import annotations

import itertools
import os
import signal
import time
from abc import ABC, abstractmethod
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple, Self

from callcenter.pbx.config import AmiAccount, FallbackQueue, PbxConfig, Phone, Trunk, render
from callcenter.simulator import dialed, people, sip_far_ends
from callcenter.simulator.ami_server import AmiServer
from callcenter.simulator.asterisk_instance import (
    LOOPBACK,
    TRUNK_LOOPBACK,
    AsteriskInstance,
    free_port,
    new_config,
)
from callcenter.simulator.dialplan import parse_dialplan
from callcenter.simulator.exchange import PbxSettings
from callcenter.simulator.native_queue import QueueSettings
from callcenter.simulator.screening import FAX, QUIET, Voice
from callcenter.simulator.sessions import fence_account, leader_account
from callcenter.simulator.sip_carrier import CarrierNumber, NumberBehaviour, SippCarrier
from callcenter.simulator.sip_far_ends import Behaviour, PhonePlan, SippCallers, SippPhones
from callcenter.simulator.sounds import to_ulaw, tone
from callcenter.simulator.world import World

NAME: Final = "main"
TRUNK: Final = "carrier"
DIALED: Final = "6000"

STALE_S: Final = 2
"""Seconds without a heartbeat until the dialplan believes the service dead: the least allowed."""

HOLD_LOOK_S: Final = 3
"""Seconds between two looks at the heartbeat: longer than anybody is on hold here, except where
the look itself is watched."""

PROMPT_S: Final = {"welcome": 0.3, "menu": 0.6, "long": 1.2, "safe-harbour": 0.8, "we-called": 0.6}
"""Prompts and how long they are; the prompt ``missing`` has no file."""

FALLBACK: Final = FallbackQueue(ring_timeout_s=5, retry_s=1, wrapup_s=1)

RING_S: Final = 0.2
"""From the INVITE to the phone's answer or refusal."""

ANSWERS: Final = "1001"
ANSWERS_AND_LEAVES: Final = "1002"
"""Answers, and hangs up ``AGENT_TALKS_S`` later."""
ANSWERS_TOO: Final = "1003"
REJECTS: Final = "1004"
DECLINES: Final = "1005"
IGNORES: Final = "1006"
UNREACHABLE: Final = "1007"
UNKNOWN: Final = "1999"
"""There is no such endpoint."""

AGENT_TALKS_S: Final = 0.9

BEHAVIOURS: Final = {
    ANSWERS: Behaviour.ANSWER,
    ANSWERS_AND_LEAVES: Behaviour.ANSWER,
    ANSWERS_TOO: Behaviour.ANSWER,
    REJECTS: Behaviour.REJECT,
    DECLINES: Behaviour.DECLINE,
    IGNORES: Behaviour.IGNORE,
}

PERSON: Final = "+12025550101"
"""Answers after ``RING_S`` and says hello, as all here who answer do; never hangs up."""
PERSON_TOO: Final = "+12025550102"
LEAVES_SOON: Final = "+12025550103"
"""Hangs up ``SOON_S`` after the answer."""
LEAVES_LATER: Final = "+12025550104"
"""Hangs up ``LATER_S`` after the answer."""
MACHINE: Final = "+12025550105"
SAYS_NOTHING: Final = "+12025550106"
SENDS_NOTHING: Final = "+12025550107"
HANGS_UP: Final = "+12025550108"
"""At once."""
IS_BUSY: Final = "+12025550109"
IS_BUSY_UNRUNG: Final = "+12025550110"
REFUSES: Final = "+12025550111"
NOT_THERE: Final = "+12025550112"
NO_LINE: Final = "+12025550113"
IS_FAX: Final = "+12025550115"
NO_NUMBER: Final = "+12025550114"
"""There is no such number."""

SOON_S: Final = 0.5
LATER_S: Final = 2.4


class Dialed(NamedTuple):
    """What a number does that is dialed."""

    behaviour: NumberBehaviour
    stay_s: float = 600.0
    """Hangs up so long after the answer; ten minutes is longer than any scenario."""
    ring_s: float = RING_S


NUMBERS: Final = {
    PERSON: Dialed(NumberBehaviour.HUMAN),
    PERSON_TOO: Dialed(NumberBehaviour.HUMAN),
    LEAVES_SOON: Dialed(NumberBehaviour.HUMAN, SOON_S),
    LEAVES_LATER: Dialed(NumberBehaviour.HUMAN, LATER_S),
    MACHINE: Dialed(NumberBehaviour.MACHINE),
    SAYS_NOTHING: Dialed(NumberBehaviour.QUIET),
    IS_FAX: Dialed(NumberBehaviour.FAX),
    SENDS_NOTHING: Dialed(NumberBehaviour.SILENT),
    HANGS_UP: Dialed(NumberBehaviour.HANGS_UP),
    IS_BUSY: Dialed(NumberBehaviour.BUSY),
    IS_BUSY_UNRUNG: Dialed(NumberBehaviour.BUSY, ring_s=0.0),
    REFUSES: Dialed(NumberBehaviour.REJECTED),
    NOT_THERE: Dialed(NumberBehaviour.NO_ANSWER),
    NO_LINE: Dialed(NumberBehaviour.CONGESTION),
}

VOICES: Final = {
    NumberBehaviour.HUMAN: Voice(0.4, 0.4),
    NumberBehaviour.MACHINE: Voice(0.4, 8.4, 20),
    NumberBehaviour.QUIET: QUIET,
    NumberBehaviour.FAX: FAX,
}
"""What SIPp's network sends (``callcenter.simulator.sounds``); of others no sound comes."""


@dataclass(frozen=True)
class Call:
    """What a caller will do. Seconds; the far ends keep them to about 15 %."""

    number: str = "+12025550143"
    key: str = ""
    """Pressed ``key_s`` after the answer, while the prompt ``at`` is heard or after it."""
    at: str = "menu"
    key_s: float = 0.5
    stay_s: float = 60.0
    """Hangs up so long after the answer; a minute is longer than any scenario."""


class Site(ABC):
    """A PBX with its phones. ``async with`` runs it."""

    name: str

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    @abstractmethod
    def ami_port(self) -> int:
        """Where it takes commands."""

    leader: AmiAccount
    fence: AmiAccount

    @abstractmethod
    async def start(self) -> None:
        """Start the PBX and its phones."""

    @abstractmethod
    async def stop(self) -> None:
        """End everything."""

    @abstractmethod
    async def call(self, plan: Call) -> None:
        """Have somebody call now."""

    @abstractmethod
    async def see_off(self) -> None:
        """The callers of the last scenario are gone: tidy up behind them."""


def make_config(directory: Path, contacts: dict[str, str]) -> PbxConfig:
    """The configuration that both sites are made from; ``contacts`` of the phones."""
    return replace(
        new_config(directory, name=NAME),
        phones=tuple(Phone(number, contact=contact) for number, contact in contacts.items()),
        trunks=(Trunk(TRUNK, TRUNK_LOOPBACK, free_port(), qualify_s=0),),
        stale_s=STALE_S,
        hold_look_s=HOLD_LOOK_S,
        fallback=FALLBACK,
    )


class SimulatedSite(Site):
    """The simulated PBX behind its AMI port, running the dialplan that Asterisk is given."""

    name = "simulated"

    async def start(self) -> None:
        """See ``Site``."""
        phones = (*BEHAVIOURS, UNREACHABLE)
        config = make_config(
            self.directory, {phone: f"sip:{phone}@{LOOPBACK}:5060" for phone in phones}
        )
        render(config, self.directory / "etc")
        self.leader, self.fence = config.leader, config.fence
        self.world = World(
            1,
            time.time(),
            PbxSettings(
                phones=phones,
                trunk=TRUNK,
                name=NAME,
                sounds={f"cc/{name}": length for name, length in PROMPT_S.items()},
                missing_sounds=frozenset({"cc/missing"}),
            ),
            (leader_account(config.leader.secret), fence_account(config.fence.secret)),
            phones={phone: _habits(phone) for phone in phones},
            dialplan=parse_dialplan((self.directory / "etc" / "cc_extensions.conf").read_text()),
            queue=QueueSettings(
                ring_timeout_s=FALLBACK.ring_timeout_s,
                retry_s=FALLBACK.retry_s,
                wrapup_s=FALLBACK.wrapup_s,
            ),
        )
        for number, plan in NUMBERS.items():
            self.world.plan_number(number, _plan_of(plan))
        self.world.plan_number(NO_NUMBER, dialed.DialedPlan(dialed.Behaviour.UNKNOWN))
        self._server = AmiServer(self.world)
        await self._server.start()

    @property
    def ami_port(self) -> int:
        """See ``Site``."""
        return self._server.port

    async def stop(self) -> None:
        """See ``Site``."""
        await self._server.stop()

    async def call(self, plan: Call) -> None:
        """See ``Site``."""
        self._server.step()
        self.world.add_caller(
            people.CallerPlan(
                number=plan.number,
                dialed=DIALED,
                keys={f"cc/{plan.at}": plan.key} if plan.key else {},
                keys_by_info=True,
                think_s=plan.key_s,
                patience_s=plan.stay_s,
                talk_s=plan.stay_s,
                leaving=people.Leaving.ANY_TIME,
                leaves_after_s=plan.stay_s,
            )
        )
        self._server.step()

    async def see_off(self) -> None:
        """See ``Site``."""


def _plan_of(plan: Dialed) -> dialed.DialedPlan:
    return dialed.DialedPlan(
        dialed.Behaviour(plan.behaviour),
        ring_after_s=0.01,
        ring_s=plan.ring_s,
        voice=VOICES.get(plan.behaviour),
        stay_s=plan.stay_s,
    )


def _habits(phone: str) -> people.PhoneHabits:
    behaviour = BEHAVIOURS.get(phone)
    return people.PhoneHabits(
        answer_after_s=(RING_S, RING_S),
        reject_share=float(behaviour in (Behaviour.REJECT, Behaviour.DECLINE)),
        reject_status=603 if behaviour is Behaviour.DECLINE else 486,
        ignore_share=float(behaviour is Behaviour.IGNORE),
        unreachable_share=float(behaviour is None),
        hang_up_first_share=0.0,
        stay_s=(AGENT_TALKS_S, AGENT_TALKS_S) if phone == ANSWERS_AND_LEAVES else None,
    )


class AsteriskSite(Site):
    """A real Asterisk, and SIPp."""

    name = "asterisk"

    async def start(self) -> None:
        """See ``Site``."""
        self._callers: list[SippCallers] = []
        self._folders = itertools.count(1)
        plans = [
            PhonePlan(
                phone,
                behaviour,
                ring_ms=round(RING_S * 1000),
                talk_ms=round((AGENT_TALKS_S if phone == ANSWERS_AND_LEAVES else 600) * 1000),
            )
            for phone, behaviour in BEHAVIOURS.items()
        ]
        phones = SippPhones(self.directory / "phones", plans)
        contacts = {phone: phones.contact(phone) for phone in BEHAVIOURS}
        contacts[UNREACHABLE] = f"sip:{UNREACHABLE}@{LOOPBACK}:{free_port()}"
        config = make_config(self.directory / "pbx", contacts)
        self.leader, self.fence = config.leader, config.fence
        self.instance = AsteriskInstance(self.directory / "pbx", config)
        sounds = self.instance.config.sounds_dir
        sounds.mkdir(parents=True, exist_ok=True)
        for name, length_s in PROMPT_S.items():
            (sounds / f"{name}.ulaw").write_bytes(to_ulaw(tone((440,), length_s, volume=0.1)))
        carrier = SippCarrier(
            self.directory / "carrier",
            [
                CarrierNumber(
                    number, plan.behaviour, round(plan.ring_s * 1000), round(plan.stay_s * 1000)
                )
                for number, plan in NUMBERS.items()
            ],
            port=config.trunks[0].port,
        )
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(carrier)
            await stack.enter_async_context(phones)
            await stack.enter_async_context(self.instance)
            self._stack = stack.pop_all()

    @property
    def ami_port(self) -> int:
        """See ``Site``."""
        return self.instance.config.ami_port

    async def stop(self) -> None:
        """See ``Site``. Killed: once it has refused a ChannelId a SIP session of it never ends,
        and an orderly end would wait for that.
        """
        await self.see_off()
        with suppress(FileNotFoundError, ProcessLookupError):
            os.kill(int((self.instance.directory / "pid").read_text()), signal.SIGKILL)
        await self._stack.aclose()

    async def call(self, plan: Call) -> None:
        """See ``Site``."""
        caller = sip_far_ends.CallerPlan(
            plan.number,
            DIALED,
            stay_ms=round(plan.stay_s * 1000),
            key=plan.key,
            key_ms=round(plan.key_s * 1000),
        )
        folder = self.directory / f"caller-{next(self._folders)}"
        process = SippCallers(folder, [caller], pbx=(LOOPBACK, self.instance.config.sip_port))
        self._callers.append(process)
        await process.start()

    async def see_off(self) -> None:
        """See ``Site``."""
        for process in self._callers:
            await process.stop()
        self._callers.clear()
