"""Listens on the loopback's wire: what sound really went to and from one address, and when.

SIPp does not keep what it hears. So whether a person heard the message in time is seen on the wire,
by a process of its own (``python -m tests.far_ends.wire_tap ADDRESS FILE``): one line for each RTP
packet of u-law that this address sent or received, and one for each time that the machine did not
let the tap itself run. Needs the right to listen (root). Only the standard library is used, and
nothing of the program.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

ETH_P_IP: Final = 0x0800
PACKET_OUTGOING: Final = 4
"""On the loopback every packet is seen twice, going out and coming in: one of the two is enough."""
LOUD: Final = 1000
"""Of 32,124: speech and prompts reach 5,000 and more; silence and comfort noise stay below 50."""
PCMU: Final = 0
PACKET_S: Final = 0.02
"""Of sound in each packet (RFC 3551, 4.2, the usual of all SIP)."""
FLUSH_EVERY_S: Final = 0.1
LOOK_EVERY_S: Final = 0.01
"""The tap looks so often whether it runs."""
LATE_S_MIN: Final = 0.02
"""What the tap is late beyond this is noted: the machine stood still for everybody on it."""
OURSELVES: Final = 0
"""Stands for the port in lines that tell how many microseconds we were late."""
READY_S: Final = 10.0
PROJECT: Final = Path(__file__).resolve().parents[2]


def _expand(byte: int) -> int:
    """The amplitude of a u-law byte (ITU-T G.711)."""
    byte = ~byte & 0xFF
    return (((byte & 0x0F) << 3) + 0x84 << ((byte & 0x70) >> 4)) - 0x84


AMPLITUDE: Final = tuple(_expand(byte) for byte in range(256))


def loudest(payload: bytes) -> int:
    """The largest amplitude in a packet of u-law."""
    return max((AMPLITUDE[byte] for byte in set(payload)), default=0)


@dataclass(frozen=True)
class Packet:
    """One packet of sound."""

    at: float
    """Epoch seconds."""
    port: int
    """Of the other side: SIPp has one port for all its calls, the PBX one for each."""
    sent: bool
    """By that address; else received by it."""
    loud: bool


@dataclass(frozen=True)
class Heard:
    """The sound of one call at the far end. None: it never came."""

    greeting_end: float | None
    """When the last loud packet before the message was sent."""
    message_at: float | None
    """When the first loud packet was received."""
    loud_s: float = 0.0
    """How much sound was received, without its pauses: 20 ms a packet."""
    stalled_s: float = 0.0
    """For how long, between the two moments, the machine let nobody run."""

    @property
    def onset_s(self) -> float | None:
        """From the end of the greeting to the beginning of the message."""
        if self.greeting_end is None or self.message_at is None:
            return None
        return self.message_at - self.greeting_end


@dataclass(frozen=True)
class Tapped:
    """All that a tap has written."""

    packets: Sequence[Packet]
    late: Sequence[tuple[float, float]] = ()
    """When the tap ran again after a stall of the machine, and how long that was, in seconds."""


def listen_to(tapped: Tapped, port: int, begin: float, end: float) -> Heard:
    """What was said and heard in the call on this port of the PBX, between two moments."""
    mine = [p for p in tapped.packets if p.port == port and begin <= p.at <= end and p.loud]
    message_at = min((p.at for p in mine if not p.sent), default=None)
    before = end if message_at is None else message_at
    greeting_end = max((p.at for p in mine if p.sent and p.at <= before), default=None)
    loud_s = PACKET_S * sum(not p.sent for p in mine)
    between = [late_s for at, late_s in tapped.late if (greeting_end or before) < at <= before]
    return Heard(greeting_end, message_at, loud_s, sum(between))


def read_tap(path: Path) -> Tapped:
    """The lines of a tap."""
    lines = path.read_text(encoding="ascii").splitlines()
    found = [line.split() for line in lines if line.count(" ") == 3]
    return Tapped(
        [
            Packet(float(at), int(port), sent == "1", loud == "1")
            for at, port, sent, loud in found
            if int(port) != OURSELVES
        ],
        [(float(at), int(late) / 1e6) for at, port, late, _ in found if int(port) == OURSELVES],
    )


class WireTap:
    """A tap in a process of its own. ``async with`` starts and ends it."""

    def __init__(self, path: Path, address: str) -> None:
        self.path = path
        self._address = address
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.far_ends.wire_tap", self._address, str(self.path)),
            stdout=asyncio.subprocess.PIPE,
            cwd=PROJECT,
        )
        assert self._process.stdout is not None
        async with asyncio.timeout(READY_S):
            line = await self._process.stdout.readline()
        assert line == b"ready\n", "no right to listen on the wire: run as root"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.terminate()
        await self._process.communicate()

    def read(self) -> Tapped:
        """Everything heard so far."""
        return read_tap(self.path)


def _describe(frame: bytes, address: bytes, at: float) -> str | None:
    """The line for one IP packet; None for what is no sound of this address."""
    header = (frame[0] & 0x0F) * 4
    if frame[0] >> 4 != 4 or frame[9] != socket.IPPROTO_UDP or len(frame) < header + 8 + 12:
        return None
    source, target = frame[12:16], frame[16:20]
    sent = source == address
    if sent == (target == address):
        return None
    source_port, target_port = struct.unpack_from("!HH", frame, header)
    rtp = frame[header + 8 :]
    if rtp[0] >> 6 != 2 or rtp[1] & 0x7F != PCMU:
        return None
    loud = loudest(rtp[12:]) > LOUD
    return f"{at:.6f} {target_port if sent else source_port} {int(sent)} {int(loud)}\n"


class _Watch(threading.Thread):
    """Notes when the machine does not let this process run."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.lines: deque[str] = deque()

    def run(self) -> None:
        while True:
            due = time.monotonic() + LOOK_EVERY_S
            time.sleep(LOOK_EVERY_S)
            late_s = time.monotonic() - due
            if late_s > LATE_S_MIN:
                self.lines.append(f"{time.time():.6f} {OURSELVES} {late_s * 1e6:.0f} 0\n")


def main() -> None:
    """Listen to the address in the first argument until ended; write to the second."""
    address = socket.inet_aton(sys.argv[1])
    with (
        socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP)) as tap,
        Path(sys.argv[2]).open("w", encoding="ascii") as file,
    ):
        tap.bind(("lo", ETH_P_IP))
        watch = _Watch()
        watch.start()
        print("ready", flush=True)
        flushed = time.monotonic()
        tap.settimeout(FLUSH_EVERY_S)
        while True:
            try:
                frame, origin = tap.recvfrom(2048)
            except TimeoutError:
                frame, origin = b"", ("", 0, PACKET_OUTGOING)
            if frame and origin[2] != PACKET_OUTGOING:
                line = _describe(frame, address, time.time())
                if line is not None:
                    file.write(line)
            if time.monotonic() - flushed > FLUSH_EVERY_S:
                while watch.lines:
                    file.write(watch.lines.popleft())
                file.flush()
                flushed = time.monotonic()


if __name__ == "__main__":
    main()
