"""Rehearses in a process of its own: the ``Rehearser`` of the service.

The plan goes to its standard input, progress and the result come back as lines of JSON. It is
killed when nobody waits for it any more, and when it takes too long.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec
import structlog
from msgspec import Struct

from callcenter.domain.rehearsal import (
    CampaignRehearsalResult,
    Plan,
    Progress,
    RehearsalFailed,
    RehearsalResult,
)
from callcenter.service import processes
from callcenter.service.campaign_plan import CampaignPlan

COMMAND = (sys.executable, "-m", "callcenter.jobs.rehearsal")
DEADLINE_S = 1800.0
"""The largest rehearsal takes some minutes on a quiet machine."""
LINE_BYTES_MAX = 1 << 20

OTHER_RESULT = "The rehearsal's process rehearsed something else: try again."

_LOG = structlog.get_logger("callcenter.rehearsal")


class Order(Struct, frozen=True, omit_defaults=True):
    """What the process is told: to rehearse one of these."""

    database_url: str
    history_days: float
    plan: Plan | None = None
    campaign: CampaignPlan | None = None


class Line(Struct, frozen=True, omit_defaults=True):
    """What it says: one of these."""

    progress: Progress | None = None
    result: RehearsalResult | None = None
    campaign: CampaignRehearsalResult | None = None
    failed: str = ""


class SubprocessRehearser:
    """See ``callcenter.service.ports.Rehearser``. ``command`` is what is run."""

    def __init__(
        self,
        database_url: str,
        history_days: float,
        *,
        command: Sequence[str] = COMMAND,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._database_url = database_url
        self._history_days = history_days
        self._command = tuple(command)
        self._deadline_s = deadline_s

    async def rehearse(
        self, plan: Plan, on_progress: Callable[[Progress], None] = lambda progress: None
    ) -> RehearsalResult:
        """Have the plan rehearsed. Raises ``RehearsalFailed``; cancelled, the process is killed."""
        line = await self._have_done(
            Order(self._database_url, self._history_days, plan=plan), on_progress
        )
        if line.result is None:
            raise RehearsalFailed(OTHER_RESULT)
        return line.result

    async def rehearse_campaign(
        self, plan: CampaignPlan, on_progress: Callable[[Progress], None] = lambda progress: None
    ) -> CampaignRehearsalResult:
        """The same for a campaign."""
        line = await self._have_done(
            Order(self._database_url, self._history_days, campaign=plan), on_progress
        )
        if line.campaign is None:
            raise RehearsalFailed(OTHER_RESULT)
        return line.campaign

    async def _have_done(self, wanted: Order, on_progress: Callable[[Progress], None]) -> Line:
        """The line that has the result."""
        order = msgspec.json.encode(wanted)
        try:
            # Of a session of its own: Ctrl-C at a terminal is for us, and we end it.
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                limit=LINE_BYTES_MAX,
                start_new_session=True,
            )
        except OSError as error:
            raise RehearsalFailed(f"The rehearsal's process cannot be started: {error}.") from error
        said = asyncio.create_task(processes.read_tail(process.stderr))
        try:
            async with asyncio.timeout(self._deadline_s):
                return await _talk(process, said, order, on_progress)
        except TimeoutError:
            raise RehearsalFailed(
                f"The rehearsal took longer than {self._deadline_s / 60.0:.0f} minutes and was"
                " ended: rehearse fewer hours or seeds."
            ) from None
        finally:
            await processes.end(process, said)


async def _talk(
    process: Process,
    said: asyncio.Task[str],
    order: bytes,
    on_progress: Callable[[Progress], None],
) -> Line:
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        with suppress(ConnectionError):  # it died at once: its end tells
            process.stdin.write(order)
            await process.stdin.drain()
        process.stdin.close()
        while text := await _read_line(process.stdout):
            line = msgspec.json.decode(text, type=Line)
            if line.progress is not None:
                on_progress(line.progress)
            if line.failed:
                raise RehearsalFailed(line.failed)
            if line.result is not None or line.campaign is not None:
                return line
        status = await process.wait()
        _LOG.error("rehearsal_died", status=status, said=await said)
        raise RehearsalFailed(_tell_end(status))
    except msgspec.MsgspecError as error:
        _LOG.error("rehearsal_not_understood", error=str(error))
        raise RehearsalFailed(
            "The rehearsal's process said something that is no result: it was ended."
        ) from error


def _tell_end(status: int) -> str:
    if status < 0:
        return (
            f"The rehearsal's process was killed by signal {-status} before it had a result (9:"
            " somebody ended it, or the machine ran out of memory). Try again, or fewer hours."
        )
    return f"The rehearsal's process ended with status {status} and no result: see the log."


async def _read_line(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readline()
    except ValueError as error:  # longer than the limit
        raise msgspec.DecodeError(str(error)) from error
