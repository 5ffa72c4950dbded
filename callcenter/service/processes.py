"""Processes of our own that are spoken with over pipes: how they are listened to, and ended."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import Process
from contextlib import suppress

ERROR_BYTES_MAX = 4096
"""Of what a process said before it died, for the log."""
PIECE_BYTES = 1 << 16


async def read_tail(stream: asyncio.StreamReader | None) -> str:
    """What is said, the last part of it: read on, for a full pipe would hold up who writes."""
    assert stream is not None
    tail = b""
    while piece := await stream.read(ERROR_BYTES_MAX):
        tail = (tail + piece)[-ERROR_BYTES_MAX:]
    return tail.decode("utf-8", "replace")


async def end(process: Process, reading_errors: asyncio.Task[str]) -> None:
    """Kill it if it lives, and wait until it has gone, cancelled or not. ``reading_errors`` is the
    ``read_tail`` of its standard error."""
    with suppress(ProcessLookupError):
        process.kill()
    await asyncio.shield(_wait_for(process))
    reading_errors.cancel()
    with suppress(asyncio.CancelledError):
        await reading_errors


async def _wait_for(process: Process) -> None:
    """``Process.wait`` returns after the end of its pipes, and the end of a pipe is noticed by who
    reads it: with more in it than asyncio holds for a reader, it would wait for ever."""
    assert process.stdout is not None
    while await process.stdout.read(PIECE_BYTES):
        pass
    await process.wait()
