"""Another program's connection to PostgreSQL, for tests that run on a loop and must not wait on
it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine, Sequence
from itertools import count
from threading import Thread
from typing import Any, TypeVar

import asyncpg

ANSWER_S = 20.0
"""A statement in a test takes milliseconds; one that waits for a lock should not hang."""

T = TypeVar("T")


class PostgresqlClient:
    """Connected from the beginning to ``close``; blocks the thread it is used in."""

    def __init__(self, url: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._connection: asyncpg.Connection = self._wait(asyncpg.connect(url))

    def execute(self, statement: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Carry it out; ``?`` stands for the next parameter."""
        numbers = count(1)
        numbered = re.sub(r"\?", lambda _: f"${next(numbers)}", statement)
        rows = self._wait(self._connection.fetch(numbered, *parameters))
        return [tuple(row) for row in rows]

    def close(self) -> None:
        """Go; a transaction that is open is taken back."""
        self._wait(self._connection.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(ANSWER_S)
        self._loop.close()

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(ANSWER_S)
