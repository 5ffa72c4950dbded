"""Telling the machine of lists of numbers that another program has taken over."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from callcenter.domain.events import DncListChanged, Event
from callcenter.service import dnc
from callcenter.service.dnc import watch_dnc

pytestmark = pytest.mark.virtual_time


async def told_of(*answers: int | Exception) -> list[Event]:
    """What the machine is told while the store answers so, one after the other."""
    told: list[Event] = []
    waiting = list(answers)

    async def imports() -> int:
        if not waiting:
            raise asyncio.CancelledError
        answer = waiting.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    with suppress(asyncio.CancelledError):
        await watch_dnc(imports, told.append)
    return told


async def test_what_was_there_at_the_start_is_no_news() -> None:
    assert await told_of(7, 7, 7) == []


async def test_each_new_list_is_told_once() -> None:
    assert await told_of(0, 1, 1, 3) == [DncListChanged(), DncListChanged()]


async def test_a_database_that_is_away_is_asked_again() -> None:
    assert await told_of(OSError("away"), 1, OSError("away"), 2) == [DncListChanged()]


def test_it_does_not_ask_all_the_time() -> None:
    assert dnc.LOOK_EVERY_S >= 1.0
