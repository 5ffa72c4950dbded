"""The people at the far ends of a real Asterisk, played by SIPp: agents' phones and callers.

One process plays all phones, another a number of callers, each by a plan. What they do on the wire
is in the scenarios under `sipp/`. Every message they send and receive is in their `messages.log`,
with its time in UTC: what truly happened, whoever says otherwise.
"""

import asyncio
import os
import re
import shutil
import socket
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

from callcenter.simulator.asterisk_instance import (
    LOOPBACK,
    TRUNK_LOOPBACK,
    free_port,
    free_rtp_ports,
)
from callcenter.simulator.sounds import write_sounds

SCENARIOS: Final = Path(__file__).parent / "sipp"
"""What is done on the wire, in SIPp's own language."""

_NUMBER: Final = re.compile(r"[0-9+*#]{1,32}")
_START_LIMIT_S: Final = 10.0  # SIPp opens its port within 50 ms
_STOP_LIMIT_S: Final = 3.0  # then it is killed
_POLL_S: Final = 0.01
_UDP_SOCKETS: Final = Path("/proc/net/udp")
_MEDIA_PORTS: Final = 4  # SIPp opens the first and the third for audio and video
_MEDIA_PORT_TRIES: Final = 50
_TIMER_MS: Final = 5  # how exactly SIPp keeps time

# All callers of a plan exist from the start and wait for their time: as many per second as can be.
_CREATION_RATE_PER_S: Final = 1000

ALL_DAY_MS: Final = 86_400_000
"""Milliseconds of a day: of whoever does not hang up."""


class FarEndError(RuntimeError):
    """SIPp is not installed, or did not start: the message holds what it said."""


class Behaviour(StrEnum):
    """What a phone does when it is rung."""

    ANSWER = "answer"  # after ring_ms
    REJECT = "reject"  # after ring_ms, with 486
    DECLINE = "decline"  # after ring_ms, with 603
    IGNORE = "ignore"  # rings until the caller gives up


class KeyBy(StrEnum):
    """How a caller's phone sends a key press."""

    INFO = "info"  # SIP INFO
    # telephone-event in RTP. SIPp wants root for it, and sends it 0.8 s later than told; such a
    # caller is silent until then.
    RFC2833 = "rfc2833"


@dataclass(frozen=True, slots=True)
class PhonePlan:
    """What one phone does. Times are kept to about 15 %: SIPp counts in steps of 50 ms."""

    number: str
    behaviour: Behaviour = Behaviour.ANSWER
    ring_ms: int = 200
    talk_ms: int = ALL_DAY_MS  # hangs up that long after it answered

    def __post_init__(self) -> None:
        _check_number(self.number)


@dataclass(frozen=True, slots=True)
class CallerPlan:
    """What one caller does. Times are kept to about 15 %: SIPp counts in steps of 50 ms."""

    number: str  # who calls
    dialed: str  # whom
    stay_ms: int  # hangs up that long after the answer
    start_ms: int = 0  # calls that long after the process has started
    key: str = ""  # one of 0-9 * #; none: presses nothing
    key_by: KeyBy = KeyBy.INFO
    key_ms: int = 1500  # presses the key that long after the answer

    def __post_init__(self) -> None:
        _check_number(self.number)
        _check_number(self.dialed)
        if not re.fullmatch(r"[0-9*#]?", self.key):
            raise ValueError(f"caller {self.number}: key {self.key!r} is no key of a phone")


class SippProcess(ABC):
    """A running SIPp in a folder of its own; the base of phones, callers and the carrier."""

    def __init__(self, directory: Path, address: str, port: int | None) -> None:
        self.directory = directory.resolve()
        self.address = address
        self.port = port if port is not None else free_port()
        self._process: asyncio.subprocess.Process | None = None

    @property
    def messages_path(self) -> Path:
        """SIPp's trace of every message, with times in UTC."""
        return self.directory / "messages.log"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @abstractmethod
    async def start(self) -> None:
        """Start SIPp and return when its port is open. Raises FarEndError with what it said."""

    def invites(self) -> list[tuple[str, float]]:
        """Every call that came in so far: the number dialed and when (UTC seconds), in order."""
        if not self.messages_path.exists():
            return []
        seen: dict[str, tuple[str, float]] = {}
        for stamp, block in _read_received(self.messages_path):
            if block.startswith("INVITE "):
                call_id = _header(block, "Call-ID")
                number = block.split("sip:", 1)[1].split("@", 1)[0]
                seen.setdefault(call_id, (number, stamp))
        return list(seen.values())

    async def stop(self) -> None:
        """End the process at once: its calls are not hung up. Nothing if it has ended."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(_STOP_LIMIT_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _start(self, *arguments: str) -> None:
        sipp = shutil.which("sipp")
        if sipp is None:
            raise FarEndError("sipp is not on PATH: run scripts/asterisk/install.sh --far-ends")
        if self._is_taken(self.port):
            raise FarEndError(f"UDP port {self.port} on {self.address} is in use")
        common = ["-i", self.address, "-mi", self.address, "-p", str(self.port)]
        common += ["-mp", str(self._media_port()), "-ci", LOOPBACK, "-timer_resol", str(_TIMER_MS)]
        common += ["-nostdin", "-skip_rlimit", "-trace_msg", "-message_file", "messages.log"]
        output = self.directory / "output"
        with output.open("wb") as out:
            self._process = await asyncio.create_subprocess_exec(
                sipp,
                *arguments,
                *common,
                cwd=self.directory,
                env={**os.environ, "TZ": "UTC", "TERM": "dumb"},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            async with asyncio.timeout(_START_LIMIT_S):
                # Nobody tells when a port is bound: it has to be looked at.
                while self._process.returncode is None and not self._is_open():  # noqa: ASYNC110 see above
                    await asyncio.sleep(_POLL_S)
        except asyncio.CancelledError:
            await self.stop()
            raise
        except TimeoutError:
            await self.stop()
            raise FarEndError(f"sipp did not open its port in {_START_LIMIT_S:g} s") from None
        if self._process.returncode:
            said = output.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise FarEndError("sipp did not start: " + " ".join(said[-3:]))

    def _media_port(self) -> int:
        """The first of the ports for sound that SIPp opens at its start, or it ends at once.

        Raises FarEndError. A block that is free at its ends may be in use in between: an Asterisk
        opens its ports for sound one by one.
        """
        for _ in range(_MEDIA_PORT_TRIES):
            port = free_rtp_ports()
            if not any(self._is_taken(port + n) for n in range(_MEDIA_PORTS)):
                return port
        raise FarEndError(f"no free ports for sound on {self.address}")

    def _is_open(self) -> bool:
        """Whether somebody has bound our port, by the kernel's list (proc(5)): to try it would take
        it away from a SIPp that is about to."""
        address = int.from_bytes(socket.inet_aton(self.address), sys.byteorder)
        place = f" {address:08X}:{self.port:04X} "
        return place in _UDP_SOCKETS.read_text(encoding="ascii")

    def _is_taken(self, port: int) -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((self.address, port))
            except OSError:
                return True
        return False


class SippPhones(SippProcess):
    """All agents' phones, rung as `contact(number)`; a number without a plan says 404."""

    def __init__(
        self,
        directory: Path,
        plans: Sequence[PhonePlan],
        *,
        address: str = LOOPBACK,
        port: int | None = None,
    ) -> None:
        """Take the plans, a folder to write in, and where to listen (default: a free port)."""
        super().__init__(directory, address, port)
        self._plans = tuple(plans)

    def contact(self, number: str) -> str:
        """Return the SIP address of a phone, for `Phone.contact`."""
        return f"sip:{number}@{self.address}:{self.port}"

    async def start(self) -> None:
        """Start the phones and return when they can be rung. Raises FarEndError."""
        rows = [
            f"{plan.number};{plan.behaviour};{plan.ring_ms};{plan.talk_ms};" for plan in self._plans
        ]
        self.directory.mkdir(parents=True, exist_ok=True)
        write_rows(self.directory / "phones.csv", rows)
        scenario = str(SCENARIOS / "phone.xml")
        await self._start("-sf", scenario, "-inf", "phones.csv", "-infindex", "phones.csv", "0")


class SippCallers(SippProcess):
    """A number of callers, each calling once by its plan; ends by itself when the last has gone."""

    def __init__(
        self,
        directory: Path,
        plans: Sequence[CallerPlan],
        *,
        pbx: tuple[str, int],
        address: str = TRUNK_LOOPBACK,
        port: int | None = None,
    ) -> None:
        """Take the plans, a folder to write in, where the PBX is and where calls come from.

        From TRUNK_LOOPBACK they come in on a trunk; from LOOPBACK as the phone of their number.
        """
        super().__init__(directory, address, port)
        self._plans = tuple(plans)
        self._pbx = pbx

    async def start(self) -> None:
        """Start the clock of all callers. Raises FarEndError."""
        self.directory.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(write_sounds, self.directory, {})
        talk = str(self.directory / "talk.ulaw")
        scenario = (SCENARIOS / "caller.xml").read_text(encoding="utf-8").replace("@TALK@", talk)
        (self.directory / "caller.xml").write_text(scenario, encoding="utf-8")
        write_rows(self.directory / "callers.csv", [_caller_row(plan) for plan in self._plans])
        count = str(len(self._plans))
        rate = str(_CREATION_RATE_PER_S)
        await self._start(
            *(f"{self._pbx[0]}:{self._pbx[1]}", "-sf", "caller.xml", "-inf", "callers.csv"),
            *("-m", count, "-l", count, "-r", rate),
            # A BYE between two looks of the scenario is let pass: the PBX sends it again. By
            # default SIPp would call it unexpected, and the call failed.
            *("-default_behaviors", "all,-abortunexp"),
        )

    async def wait(self, limit_s: float) -> bool:
        """Wait until every caller has gone; says whether all calls went as planned.

        Raises TimeoutError after `limit_s` seconds; the callers are then still there.
        """
        if self._process is None:
            raise FarEndError("the callers have not been started")
        async with asyncio.timeout(limit_s):
            return await self._process.wait() == 0


_STAMP: Final = re.compile(
    r"^-{40,} (\d{4}-\d\d-\d\d)\s(\d\d:\d\d:\d\d\.\d{6})\n\w+ message (received|sent)[^\n]*\n\n",
    re.M,
)


def _read_received(trace: Path) -> Iterator[tuple[float, str]]:
    """The messages that SIPp received, each with its time."""
    text = trace.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n")
    stamps = list(_STAMP.finditer(text))
    for stamp, following in zip(stamps, [*stamps[1:], None], strict=True):
        if stamp[3] == "received":
            at = datetime.fromisoformat(f"{stamp[1]}T{stamp[2]}").replace(tzinfo=UTC).timestamp()
            yield at, text[stamp.end() : following.start() if following else len(text)]


def _header(message: str, name: str) -> str:
    for line in message.split("\n"):
        if line.lower().startswith(name.lower() + ":"):
            return line.partition(":")[2].strip()
    return ""


def _caller_row(plan: CallerPlan) -> str:
    key, by = (plan.key, str(plan.key_by)) if plan.key else ("0", "none")
    fields = (plan.number, plan.dialed, plan.start_ms, key, by, plan.key_ms, plan.stay_ms)
    return ";".join(str(field) for field in fields) + ";"


def write_rows(path: Path, rows: Sequence[str]) -> None:
    """Write a file of plans that SIPp reads line by line."""
    path.write_text("\n".join(["SEQUENTIAL", *rows]) + "\n", encoding="ascii")


def _check_number(number: str) -> None:
    if not _NUMBER.fullmatch(number):
        raise ValueError(f"{number!r} is no telephone number")
