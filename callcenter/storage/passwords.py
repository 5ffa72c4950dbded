"""Hashes passwords (argon2id), in threads and few at a time: each takes a quarter of a second and
64 MiB."""

from __future__ import annotations

import asyncio

import argon2
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec import Struct

PASSWORD_CHARS_MIN = 10
PASSWORD_CHARS_MAX = 1_024
"""Longer ones are wrong without being hashed whole: hashing megabytes would be a way to stop us."""
HASHES_AT_ONCE_MAX = 2
HASHES_WAITING_MAX = 200
"""Sign-ins that queue for a hash: 25 s at two a time; at nine o'clock everybody comes at once."""


class HashingBusy(Exception):  # noqa: N818 - a fact about a moment
    """Too many passwords wait for their turn: nothing was tried."""


class HashCost(Struct, frozen=True):
    """What one hash costs. The defaults are RFC 9106's second choice, with 64 MiB."""

    rounds: int = 3
    memory_kib: int = 65_536
    lanes: int = 4


class PasswordHasher:
    """Makes and checks argon2id hashes off the loop."""

    def __init__(
        self,
        cost: HashCost | None = None,
        *,
        at_once_max: int = HASHES_AT_ONCE_MAX,
        waiting_max: int = HASHES_WAITING_MAX,
    ) -> None:
        cost = cost or HashCost()
        self._argon2 = argon2.PasswordHasher(
            time_cost=cost.rounds, memory_cost=cost.memory_kib, parallelism=cost.lanes
        )
        self._at_once = asyncio.Semaphore(at_once_max)
        self._places = at_once_max + waiting_max
        self._taken = 0
        self._decoy = ""

    async def make(self, password: str) -> str:
        """The hash to store, with its salt and cost. Raises ``HashingBusy``."""
        return await self._in_turn(password)

    async def is_right(self, stored: str | None, password: str) -> bool:
        """Whether the password belongs to the hash. ``None`` (no such account) takes as long and is
        wrong."""
        if stored is None:
            if not self._decoy:
                self._decoy = await self._in_turn("nobody's password")
            await self._in_turn(password[:PASSWORD_CHARS_MAX], self._decoy)
            return False
        right = await self._in_turn(password[:PASSWORD_CHARS_MAX], stored)
        return bool(right) and len(password) <= PASSWORD_CHARS_MAX

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made at another cost than today's."""
        return self._argon2.check_needs_rehash(stored)

    async def _in_turn(self, password: str, stored: str = "") -> str:
        """Hash, or with ``stored`` check (an empty result: wrong), when it is this one's turn."""
        if self._taken >= self._places:
            raise HashingBusy("Too many people sign in at this moment. Try again.")
        self._taken += 1
        try:
            async with self._at_once:
                if stored:
                    return await asyncio.to_thread(self._check, password, stored)
                return await asyncio.to_thread(self._argon2.hash, _encoded(password))
        finally:
            self._taken -= 1

    def _check(self, password: str, stored: str) -> str:
        try:
            self._argon2.verify(stored, _encoded(password))
        except (VerificationError, InvalidHashError):
            return ""
        return stored


def _encoded(password: str) -> bytes:
    # Half surrogates can be in a JSON string; they are some password, not an error.
    return password.encode("utf-8", "surrogatepass")
