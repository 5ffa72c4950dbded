"""Hashing of passwords: off the loop, few at a time."""

from __future__ import annotations

import asyncio

import pytest

from callcenter.storage.passwords import HashCost, HashingBusy, PasswordHasher
from tests.unit.storage.people import CHEAP, PASSWORD, Gated


async def test_a_hash_tells_right_from_wrong() -> None:
    hasher = PasswordHasher(CHEAP)
    stored = await hasher.make(PASSWORD)

    assert await hasher.is_right(stored, PASSWORD)
    assert not await hasher.is_right(stored, PASSWORD + "x")
    assert not await hasher.is_right(None, PASSWORD)
    assert not await hasher.is_right("no hash at all", PASSWORD)


async def test_two_hashes_of_one_password_differ() -> None:
    hasher = PasswordHasher(CHEAP)

    assert await hasher.make(PASSWORD) != await hasher.make(PASSWORD)


async def test_the_cost_is_the_one_asked_for() -> None:
    stored = await PasswordHasher(HashCost(rounds=2, memory_kib=32, lanes=1)).make(PASSWORD)

    assert stored.startswith("$argon2id$v=19$m=32,t=2,p=1$")
    assert PasswordHasher(CHEAP).is_outdated(stored)
    assert not PasswordHasher(HashCost(rounds=2, memory_kib=32, lanes=1)).is_outdated(stored)


async def test_few_hash_at_once_some_wait_and_the_rest_is_sent_away() -> None:
    hasher = Gated(at_once_max=2, waiting_max=3)
    stored = await hasher.make(PASSWORD)
    tasks = [asyncio.create_task(hasher.is_right(stored, PASSWORD)) for _ in range(8)]
    await asyncio.sleep(0)

    with pytest.raises(HashingBusy, match="Try again"):
        await hasher.is_right(stored, PASSWORD)
    hasher.gate.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)

    assert answers.count(True) == 5
    assert sum(isinstance(answer, HashingBusy) for answer in answers) == 3
    assert hasher.at_work_max <= 2
    assert await hasher.is_right(stored, PASSWORD)


async def test_those_who_gave_up_waiting_leave_their_place() -> None:
    hasher = Gated(at_once_max=1, waiting_max=1)
    stored = await hasher.make(PASSWORD)
    tasks = [asyncio.create_task(hasher.is_right(stored, PASSWORD)) for _ in range(2)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    await asyncio.wait({tasks[1]})

    again = asyncio.create_task(hasher.is_right(stored, PASSWORD))
    hasher.gate.set()

    assert await tasks[0]
    assert await again
