"""The stores in memory on virtual time; what they promise is in ``tests/contract``."""

from __future__ import annotations

import asyncio

import pytest

from callcenter.documents.customers_csv import CustomerRow
from callcenter.domain.customer import Tier
from callcenter.service.ports import Customer
from callcenter.storage.memory import MemoryCustomers, MemoryRecords
from callcenter.storage.stores import CustomerCard
from tests.unit.storage.samples import make_call, make_entry

A = "+12025550101"


@pytest.mark.virtual_time
async def test_records_can_be_waited_for() -> None:
    records = MemoryRecords()

    async def feed_later() -> None:
        await asyncio.sleep(3_600.0)
        records.feed([make_entry(1), make_entry(2, make_call("c1"))])

    async with asyncio.TaskGroup() as group:
        group.create_task(feed_later())
        group.create_task(records.wait_for(1))
        group.create_task(records.wait_for(2))

    assert await records.call("c1") is not None


@pytest.mark.virtual_time
async def test_who_stops_waiting_disturbs_nobody() -> None:
    records = MemoryRecords()
    waiting = asyncio.create_task(records.wait_for(1))
    await asyncio.sleep(1.0)
    waiting.cancel()

    records.feed([make_entry(1)])

    assert records.written == 1


@pytest.mark.virtual_time
async def test_customers_can_be_given_and_imported() -> None:
    customers = MemoryCustomers([CustomerCard("K1", "Ana", Tier.GOLD, (A,))])

    await customers.import_rows([CustomerRow(2, "K2", "Bo", ("+12025550102",), Tier.SILVER)])

    assert await customers.find_by_number(A) == Customer("K1", Tier.GOLD)
    assert await customers.find_by_number("+12025550102") == Customer("K2", Tier.SILVER)


async def test_a_customer_who_is_replaced_gives_up_old_numbers() -> None:
    customers = MemoryCustomers([CustomerCard("K1", "Ana", Tier.GOLD, (A,))])

    customers.put(CustomerCard("K1", "Ana", Tier.GOLD, ("+12025550102",)))

    assert await customers.find_by_number(A) is None
