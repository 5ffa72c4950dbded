"""The directory of customers in SQLite: what the contract of all directories does not say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.documents.customers_csv import CustomerRow, CustomersFile
from callcenter.documents.rejects import RejectsFile
from callcenter.domain.customer import Tier
from callcenter.domain.records import DispositionRecord
from callcenter.service.ports import Customer
from callcenter.storage.customer_import import Changes, CustomerChange
from callcenter.storage.database import Database
from callcenter.storage.directory import ANSWER_AGE_MAX_S, CustomerDirectory
from callcenter.storage.record_rows import to_row
from callcenter.storage.stores import CustomerCard, DatabaseAway, ImportConflict
from callcenter.storage.tables import calls, dispositions
from tests.unit.storage.databases import count_rows, held, outsider
from tests.unit.storage.people import Hand
from tests.unit.storage.samples import T0, make_call

A = "+12025550101"
ANA = CustomerRow(2, "K1", "Ana", (A,), Tier.GOLD)
GOLD = Customer("K1", Tier.GOLD)


def change_tier(database: Database, tier: str) -> None:
    """Another program changes the customer."""
    with outsider(database) as connection:
        connection.execute("UPDATE customers SET tier = ?", (tier,))


async def test_an_answer_is_remembered_and_asked_again_after_a_while(database: Database) -> None:
    clock = Hand()
    directory = CustomerDirectory(database, clock=clock)
    await directory.import_rows([ANA])
    first = await directory.find_by_number(A)
    change_tier(database, "silver")

    clock.now += ANSWER_AGE_MAX_S - 1
    remembered = await directory.find_by_number(A)
    clock.now += 1
    again = await directory.find_by_number(A)

    assert first == remembered == GOLD
    assert again == Customer("K1", Tier.SILVER)


async def test_answers_can_be_forgotten_at_once(database: Database) -> None:
    directory = CustomerDirectory(database)
    await directory.import_rows([ANA])
    await directory.find_by_number(A)
    change_tier(database, "silver")

    directory.forget_answers()

    assert await directory.find_by_number(A) == Customer("K1", Tier.SILVER)


async def test_strangers_do_not_fill_the_memory(database: Database) -> None:
    directory = CustomerDirectory(database, answers_max=3)

    for n in range(10):
        assert await directory.find_by_number(f"+120255502{n:02d}") is None

    assert len(directory._answers) == 3


async def test_the_number_asked_for_last_stays_remembered(database: Database) -> None:
    directory = CustomerDirectory(database, answers_max=2)
    await directory.import_rows([ANA])
    for number in (A, "+12025550102", A, "+12025550103"):
        await directory.find_by_number(number)
    change_tier(database, "silver")

    assert await directory.find_by_number(A) == GOLD


async def test_an_answer_that_an_import_has_overtaken_is_not_remembered(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = CustomerDirectory(database)
    asked, imported = asyncio.Event(), asyncio.Event()
    look_up = database.looking_up

    @asynccontextmanager
    async def slow_look_up() -> AsyncIterator[AsyncConnection]:
        async with look_up() as connection:
            yield connection
        asked.set()
        await imported.wait()

    monkeypatch.setattr(database, "looking_up", slow_look_up)
    asking = asyncio.create_task(directory.find_by_number(A))
    await asked.wait()
    await directory.import_rows([ANA])
    imported.set()

    assert await asking is None
    assert await directory.find_by_number(A) == GOLD


async def test_callers_are_recognised_while_another_program_writes(database: Database) -> None:
    directory = CustomerDirectory(database)
    await directory.import_rows([ANA])

    with held(database):
        assert await directory.find_by_number(A) == GOLD
        assert await directory.card("K1") is not None


async def test_who_answered_last_is_told_and_never_remembered(database: Database) -> None:
    directory = CustomerDirectory(database)
    await directory.import_rows([ANA])
    first = await directory.find_by_number(A)
    ended = (
        make_call("c1", T0 + 30, answered_by="cy"),
        make_call("c2", T0 + 10, answered_by="bo"),
        make_call("c3", T0 + 40, answered_by=""),
        make_call("c4", T0 + 50, answered_by="di", customer="K2"),
    )
    async with database.writing() as connection:
        rows = [to_row(call, "j", position, 0) for position, call in enumerate(ended)]
        await connection.execute(insert(calls), rows)

    again = await directory.find_by_number(A)

    assert first == GOLD
    assert again == replace(GOLD, last_agent="cy")


def sale(call: str, at: float, amount_cents: int, **changes: object) -> DispositionRecord:
    """Ana's agent says that she bought."""
    said = DispositionRecord(call, "cy", "agreed", at, sale=True, amount_cents=amount_cents)
    return replace(said, **changes)


async def test_what_a_customer_bought_in_campaigns_is_on_the_card_and_part_of_their_worth(
    database: Database,
) -> None:
    directory = CustomerDirectory(database, now=lambda: T0)
    await directory.import_rows([replace(ANA, value=100.0)])
    campaign = {"campaign": "autumn", "answered_by": "cy"}
    ended = [
        make_call("before", T0 - 20, customer="K1", **campaign),
        make_call("by id", T0 + 10, customer="K1", **campaign),
        make_call("by number", T0 + 20, customer="", caller_number=A, **campaign),
        make_call("other", T0 + 30, customer="K2", caller_number=A, **campaign),
        make_call("inbound", T0 + 40, customer="K1"),
    ]
    said = [
        sale("before", T0 - 10, 500),
        sale("by id", T0 + 11, 9_999),
        sale("by id", T0 + 12, 4_990),  # put right
        sale("by number", T0 + 21, 0),
        sale("other", T0 + 31, 700),
        sale("inbound", T0 + 41, 800),
        sale("before", T0 + 50, 0, agent="di", code="interested", sale=False),
    ]
    async with database.writing() as connection:
        for place, one in enumerate(ended):
            await connection.execute(insert(calls).values(to_row(one, "j", place, 0)))
        for place, word in enumerate(said, len(ended)):
            await connection.execute(insert(dispositions).values(to_row(word, "j", place, 0)))

    found, card = await directory.find_by_number(A), await directory.card("K1")

    assert found is not None
    assert found.value == 149.90
    assert card is not None
    assert card["purchases"] == [
        {"at": at, "campaign": "autumn", "code": "agreed", "amount_cents": cents, "call": call}
        for at, cents, call in (
            (T0 + 21, 0, "by number"),
            (T0 + 12, 4_990, "by id"),
            (T0 - 10, 500, "before"),
        )
    ]


async def test_a_customer_is_known_while_records_cannot_be_read(database: Database) -> None:
    directory = CustomerDirectory(database)
    await directory.import_rows([ANA])
    with outsider(database) as connection:
        connection.execute("DROP TABLE calls")

    assert await directory.find_by_number(A) == GOLD


async def test_a_database_that_is_away_says_so(database: Database) -> None:
    directory = CustomerDirectory(database)
    with outsider(database) as connection:
        connection.execute("DROP TABLE customer_numbers")

    with pytest.raises(DatabaseAway):
        await directory.find_by_number(A)


async def test_an_import_waits_for_the_one_before(database: Database) -> None:
    directory = CustomerDirectory(database)

    results = await asyncio.gather(*(directory.import_rows([ANA]) for _ in range(3)))

    assert [result.added for result in results] == [1, 0, 0]
    assert [result.unchanged for result in results] == [0, 1, 1]


async def test_an_import_that_another_process_overtook_changes_nothing(
    database: Database,
) -> None:
    directory = CustomerDirectory(database)

    def rows() -> Iterator[CustomerRow]:
        yield replace(ANA, id="K7", numbers=("+12025550107",))
        yield ANA

    def overtake(_rows: int) -> None:
        with outsider(database) as connection:
            connection.execute(
                "INSERT INTO customers (id, name, tier, since, notes, changed_at)"
                " VALUES ('K1', 'Ana', 'gold', '', '', 1.0)"
            )

    with pytest.raises(ImportConflict, match="import the file again"):
        await directory.import_rows(rows(), on_progress=overtake)

    assert count_rows(database, "customers") == 1
    assert count_rows(database, "customer_numbers") == 0


async def test_a_file_is_imported_with_its_rejects_beside_it(
    database: Database, tmp_path: Path
) -> None:
    directory = CustomerDirectory(database)
    source, rejected = tmp_path / "customers.csv", tmp_path / "customers.rejects.csv"
    source.write_text(
        "Customer ID;Name;Phone;Tier\n"
        "K1;Ana;(202) 555-0101;gold\n"
        "K2;Bo;555-0102;standard\n"
        "\n"
        "K3;Cy;+49 30 123456|(202) 555-0103;SILVER\n",
        encoding="utf-8",
    )

    with (
        CustomersFile(source, "US") as rows,
        RejectsFile(rejected, source, rows.header) as rejects,
    ):
        result = await directory.import_rows(rows, on_reject=rejects.write)

    assert (result.rows, result.added, result.rejected, rows.blank) == (3, 2, 1, 1)
    assert await directory.find_by_number(A) == GOLD
    assert await directory.find_by_number("+4930123456") == Customer("K3", Tier.SILVER)
    assert "the area code is missing" in rejected.read_text(encoding="utf-8-sig")


def test_changes_beyond_the_memory_go_to_a_file_and_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("callcenter.storage.customer_import.SPOOL_MEMORY_BYTES", 1_000)
    made = [
        CustomerChange(
            CustomerCard(f"K{n}", "Zoë" * 20, Tier.GOLD, (f"+1202555{n:04d}",), 1.5), True, True
        )
        for n in range(1_200)
    ]

    with Changes(CustomerChange) as changes:
        for change in made:
            changes.add(change)
        for _ in range(2):
            assert [change for batch in changes.batches() for change in batch] == made
        assert changes.count == 1_200
