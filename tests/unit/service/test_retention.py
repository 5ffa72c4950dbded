"""What is old is forgotten every day, and a failure of one day does not end it."""

from __future__ import annotations

import asyncio

import pytest

from callcenter.service.retention import AGAIN_S, DAY_S, FIRST_S, Forgotten, Retention
from tests.fakes import LoopClock


class Keeper:
    """A database that notes what it was asked to forget."""

    def __init__(self) -> None:
        self.asked: list[tuple[float, float]] = []
        self.snapshots: list[float] = []
        self.failures = 0

    async def forget_before(self, calls_before: float, audit_before: float) -> Forgotten:
        if self.failures:
            self.failures -= 1
            raise OSError("away")
        self.asked.append((calls_before, audit_before))
        return Forgotten(3, 2, 1)

    async def save_snapshot(self) -> None:
        self.snapshots.append(asyncio.get_running_loop().time())


def make(keeper: Keeper, *, calls_days: int, audit_days: int) -> Retention:
    return Retention(
        keeper, keeper.save_snapshot, LoopClock(), calls_days=calls_days, audit_days=audit_days
    )


async def run_for(retention: Retention, seconds: float) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(seconds):
            await retention.run()


@pytest.mark.virtual_time
async def test_every_day_what_is_older_than_the_settings_say_is_forgotten_and_counted() -> None:
    keeper = Keeper()
    retention = make(keeper, calls_days=90, audit_days=730)
    began = LoopClock().now()

    await run_for(retention, 2 * DAY_S)

    first, second = keeper.asked
    assert first == (began + FIRST_S - 90 * DAY_S, began + FIRST_S - 730 * DAY_S)
    assert second[0] - first[0] == DAY_S
    assert len(keeper.snapshots) == 2
    assert retention.forgotten == {"calls": 6, "attempts": 4, "audit": 2}


@pytest.mark.virtual_time
async def test_without_settings_nothing_is_forgotten_and_the_journal_is_let_go_all_the_same() -> (
    None
):
    keeper = Keeper()

    await run_for(make(keeper, calls_days=0, audit_days=0), DAY_S)

    assert keeper.asked == [(0.0, 0.0)]
    assert len(keeper.snapshots) == 1


@pytest.mark.virtual_time
async def test_a_day_that_failed_is_done_again_soon() -> None:
    keeper = Keeper()
    keeper.failures = 1

    await run_for(make(keeper, calls_days=1, audit_days=1), FIRST_S + AGAIN_S + 1)

    assert len(keeper.asked) == 1
