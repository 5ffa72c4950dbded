"""The sound of one call: RTP out every 20 ms, and a note of every packet that comes in."""

from __future__ import annotations

import asyncio
import re
import struct
import time
from collections.abc import Callable
from typing import Any, cast

PACKET_S = 0.02
"""Of sound in one packet."""
SILENCE = bytes([0xFF]) * 160
"""20 ms of u-law silence: what is said does not matter, when it arrives does."""
SILENT = b"\xff\x7f"
"""Both zeros of u-law."""
HEADER_BYTES = 12
SOURCE = 7
"""Names whoever sends (SSRC): one for each socket, so any will do."""

_AUDIO = re.compile(r"^m=audio (\d+)", re.M)
_HOST = re.compile(r"^c=IN IP4 (\S+)", re.M)


class Sound(asyncio.DatagramProtocol):
    """The RTP of one call: sends silence every 20 ms, notes what arrives."""

    def __init__(self, call_id: str, note: Callable[[str], None]) -> None:
        self._call_id = call_id
        self._note = note
        self._transport: asyncio.DatagramTransport | None = None
        self._peer: tuple[str, int] | None = None
        self._sent = 0
        self._next_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    @property
    def port(self) -> int:
        """Where sound is awaited."""
        assert self._transport is not None
        port: int = self._transport.get_extra_info("sockname")[1]
        return port

    def speak_to(self, description: str) -> None:
        """Begin to send where the other's SDP says."""
        host, port = _HOST.search(description), _AUDIO.search(description)
        if host is not None and port is not None:
            self._peer = (host[1], int(port[1]))
            self._next_at = time.monotonic()

    def speak(self, now: float) -> None:
        """Send what is due at ``now`` of the monotonic clock; after a delay several packets."""
        if self._peer is None or self._transport is None:
            return
        while self._next_at <= now:
            n = self._sent
            header = struct.pack(
                "!BBHII", 0x80, 0, n & 0xFFFF, n * len(SILENCE) & 0xFFFFFFFF, SOURCE
            )
            self._transport.sendto(header + SILENCE, self._peer)
            self._sent += 1
            self._next_at += PACKET_S

    def datagram_received(self, data: bytes, _: tuple[str | Any, int]) -> None:
        """Note a packet: when, its number, and whether anything is to be heard in it."""
        if len(data) > HEADER_BYTES:
            number, sound = int.from_bytes(data[2:4], "big"), data[HEADER_BYTES:].strip(SILENT)
            self._note(f"{self._call_id} {time.time():.6f} {number} {int(bool(sound))}\n")

    def close(self) -> None:
        """The call is over."""
        if self._transport is not None:
            self._transport.close()
