"""A connection that tells when its data arrived by the kernel's clock.

A program notes the time of a message when it gets to read it: milliseconds later, on a busy
machine. Of two programs that note two messages the one that was late says nothing of the messages.
The kernel keeps one time for all data that waits to be read, that of the last: whoever reads very
late is told a time that is too late, never one too early.
"""

from __future__ import annotations

import socket
import struct
import sys
import time
from typing import Any

STAMPS = 35
"""SO_TIMESTAMPNS and the kind of its ancillary data (Linux, asm-generic/socket.h)."""
STAMP = struct.Struct("@ll")
"""struct timespec."""


class StampedSocket(socket.socket):
    """A TCP socket; only ``recv`` notes times."""

    arrived_at = 0.0
    """When the last data that was read had arrived, UTC seconds."""

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """Read, and note when it arrived: now, where the kernel does not say."""
        data, stamps, _, _ = self.recvmsg(size, socket.CMSG_SPACE(STAMP.size), flags)
        self.arrived_at = time.time()
        for level, kind, stamp in stamps:
            if (level, kind) == (socket.SOL_SOCKET, STAMPS):
                seconds, nanoseconds = STAMP.unpack(stamp)
                self.arrived_at = seconds + nanoseconds / 1e9
        return data


class StampedSockets:
    """Makes the sockets of an ``aiohttp.TCPConnector`` (its ``socket_factory``)."""

    def __init__(self) -> None:
        self._last: StampedSocket | None = None

    def __call__(self, address: tuple[Any, ...]) -> socket.socket:
        """A socket for an address as ``getaddrinfo`` gives it."""
        family, kind, protocol, _, _ = address
        self._last = StampedSocket(family, kind, protocol)
        if sys.platform == "linux":
            self._last.setsockopt(socket.SOL_SOCKET, STAMPS, 1)
        return self._last

    @property
    def arrived_at(self) -> float:
        """Of the connection made last."""
        return self._last.arrived_at if self._last is not None else 0.0
