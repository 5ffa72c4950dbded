"""The telephone network behind a trunk of a real Asterisk, played by SIPp.

One process answers every number that is dialed, each in its own way: people, machines, and all that
never becomes a conversation. What they do on the wire is in `sipp/carrier.xml`; every message is in
`messages.log`, as with the far ends in `callcenter.simulator.sip_far_ends`.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from callcenter.simulator.asterisk_instance import TRUNK_LOOPBACK
from callcenter.simulator.sip_far_ends import (
    ALL_DAY_MS,
    SCENARIOS,
    SippProcess,
    write_rows,
)
from callcenter.simulator.sounds import write_carrier_sounds

_NUMBER: Final = re.compile(r"\+?[0-9]{3,15}")
_RING_MS: Final = 500
_NUMBERS: Final = "numbers.csv"  # sipp/carrier.xml names it
_NOBODY: Final = "nobody;human;0;0;none;0;"  # SIPp refuses an empty file


class NumberBehaviour(StrEnum):
    """What happens when a number is dialed."""

    HUMAN = "human"  # answers after ring_ms with a short hello, then listens
    MACHINE = "machine"  # answers after ring_ms with a long greeting
    QUIET = "quiet"  # answers after ring_ms; a line on which nobody says a word
    FAX = "fax"  # answers after ring_ms with a fax machine's tone; a second later asks for T.38
    SILENT = "silent"  # answers after ring_ms and sends no sound at all
    HANGS_UP = "hangs_up"  # answers after ring_ms and hangs up at once
    BUSY = "busy"  # 486 after ring_ms
    REJECTED = "rejected"  # 603 after ring_ms
    NO_ANSWER = "no_answer"  # rings until the caller gives up
    CONGESTION = "congestion"  # 503 at once: the network has no line


@dataclass(frozen=True, slots=True)
class CarrierNumber:
    """What one number does. Times are kept to about 15 %: SIPp counts in steps of 50 ms."""

    number: str  # E.164; dialed with or without its plus
    behaviour: NumberBehaviour = NumberBehaviour.HUMAN
    ring_ms: int = _RING_MS  # 0: without ringing
    talk_ms: int = ALL_DAY_MS  # hangs up that long after it answered
    key: str = ""  # pressed by a human, key_ms after the answer
    key_ms: int = 2_000

    def __post_init__(self) -> None:
        if not _NUMBER.fullmatch(self.number):
            raise ValueError(f"{self.number!r} is no telephone number")


class SippCarrier(SippProcess):
    """All numbers of a telephone network; one without a plan is unknown: 404.

    The PBX dials it by `Trunk(name, carrier.address, carrier.port)`. It has an address of its own,
    for Asterisk knows a trunk's calls by their address.
    """

    def __init__(
        self,
        directory: Path,
        plans: Sequence[CarrierNumber],
        *,
        address: str = TRUNK_LOOPBACK,
        port: int | None = None,
    ) -> None:
        """Take the plans, a folder to write in, and where to listen (default: a free port)."""
        super().__init__(directory, address, port)
        self._plans = tuple(plans)

    async def start(self) -> None:
        """Start the network and return when it can be dialed. Raises FarEndError."""
        self.directory.mkdir(parents=True, exist_ok=True)
        sounds = await asyncio.to_thread(write_carrier_sounds, self.directory)
        # SIPp reads sounds when it reads the scenario: their paths have to stand in it.
        scenario = (SCENARIOS / "carrier.xml").read_text(encoding="utf-8")
        for name, path in sounds.items():
            scenario = scenario.replace(f"@{name.upper()}@", str(path))
        (self.directory / "carrier.xml").write_text(scenario, encoding="utf-8")
        rows = [_row(plan) for plan in self._plans] or [_NOBODY]
        write_rows(self.directory / _NUMBERS, rows)
        await self._start("-sf", "carrier.xml", "-inf", _NUMBERS, "-infindex", _NUMBERS, "0")


def _row(plan: CarrierNumber) -> str:
    number = plan.number.removeprefix("+")
    key = plan.key or "none"
    return f"{number};{plan.behaviour};{plan.ring_ms};{plan.talk_ms};{key};{plan.key_ms};"
