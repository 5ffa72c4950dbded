"""An event loop whose clock jumps to the next timer as soon as nothing is ready.

A test marked ``virtual_time`` runs on it: an hour of sleeps takes milliseconds, and always in the
same order. Code on this loop uses in-memory ports. Time stands still while an executor's job works;
threads that a library starts by itself (aiosqlite does) are not seen, so such code does not fit.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

OUTSIDE_POLL_S = 0.05
"""Real seconds between two looks while a thread works; its end wakes the loop anyway."""

IDLE_POLL_S = 0.01
"""Real seconds of one wait when no timer is set and only a socket could wake the loop."""

IDLE_ROUNDS_MAX = 300
"""Such waits in a row before the test is called dead: three seconds, long for a loopback socket."""

CLOCK_RESOLUTION_S = 1e-9
"""Lets timers that are due at the same virtual instant fire in one round."""


class VirtualDeadlock(RuntimeError):  # noqa: N818 - says what is wrong, like the error it is
    """Every task waits, and nothing that could wake one of them is on its way."""


class _Selector(selectors.DefaultSelector):
    """Advances the loop's clock where a real selector would sleep."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            self.loop.idle_rounds = 0
            return ready
        if self.loop.outside_jobs:
            return super().select(OUTSIDE_POLL_S)
        if timeout is not None:
            self.loop.idle_rounds = 0
            self.loop.now_s += timeout
            return ready
        self.loop.idle_rounds += 1
        if self.loop.idle_rounds > IDLE_ROUNDS_MAX:
            raise VirtualDeadlock("nothing is scheduled and nothing comes in: what is awaited?")
        return super().select(IDLE_POLL_S)


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop of tests marked ``virtual_time``; its clock starts at 0 s."""

    def __init__(self) -> None:
        selector = _Selector()
        selector.loop = self
        self.now_s = 0.0
        self.outside_jobs = 0
        self.idle_rounds = 0
        super().__init__(selector)
        self._clock_resolution = CLOCK_RESOLUTION_S

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self.now_s

    def run_in_executor(  # type: ignore[override]  # typeshed spells the arguments as a TypeVarTuple
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """As asyncio's own; the clock stands still until the job is done."""
        self.outside_jobs += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._note_job_done)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """As asyncio's own, without its time limit: the threads joined here live in real time."""
        self.outside_jobs += 1
        try:
            await super().shutdown_default_executor()
        finally:
            self.outside_jobs -= 1

    def _note_job_done(self, _: asyncio.Future[Any]) -> None:
        self.outside_jobs -= 1
