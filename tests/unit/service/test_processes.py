"""Processes of our own: what they said, and their end."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process

from callcenter.service import processes
from tests.integration.asterisk import wait_until

DEADLINE_S = 20.0


async def start(does: str) -> Process:
    """A process that runs this program."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", does, stdin=PIPE, stdout=PIPE, stderr=PIPE, limit=1024
    )


async def test_one_that_has_said_more_than_anybody_read_is_ended_too() -> None:
    process = await start("while True: print('much')")
    said = asyncio.create_task(processes.read_tail(process.stderr))
    stdout = process.stdout
    assert stdout is not None

    def is_full() -> bool:
        return bool(stdout._paused)  # type: ignore[attr-defined]  # it tells nobody

    await wait_until(is_full, "asyncio reads on no more")

    async with asyncio.timeout(DEADLINE_S):
        await processes.end(process, said)

    assert process.returncode == -9
    assert said.done()


async def test_of_what_it_said_last_as_much_is_kept_as_a_log_can_hold() -> None:
    process = await start("import sys; sys.stderr.write('early' * 5000 + 'the last word')")

    async with asyncio.timeout(DEADLINE_S):
        said = await processes.read_tail(process.stderr)
        await processes.end(process, asyncio.create_task(processes.read_tail(process.stderr)))

    assert len(said) == processes.ERROR_BYTES_MAX
    assert said.endswith("the last word")
