"""Migrations of a database that holds data: each test begins at the version of before."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from sqlalchemy import create_engine, text

from callcenter.documents.contacts_csv import ContactRow
from callcenter.domain.records import CallRecord
from callcenter.service.ports import CallQuery
from callcenter.storage.contacts import Contacts
from callcenter.storage.directory import CustomerDirectory
from callcenter.storage.records import StoredRecords
from callcenter.storage.stores import ContactDestination
from callcenter.storage.upgrade import make_config
from tests.unit.storage.databases import open_database
from tests.unit.storage.samples import CALL

OLD_CALLS = """INSERT INTO calls VALUES ('j', 1, 0, 'c1', 'main', '1700000000.1', '+12025550101',
    '7000', 'main', '["1", "3"]', 'K1', 'gold', 'service', 1700000000.0, 1700000010.0,
    1700000015.25, 1700000060.0, 'answered', 'ana', 1, 0, 0, 1)"""
OLD_CUSTOMERS = "INSERT INTO customers VALUES ('K1', 'Ana', 'gold', NULL, '', '', 1.0)"
OLD_NUMBERS = "INSERT INTO customer_numbers VALUES ('+12025550101', 'K1', 0)"


def make_database(path: Path, revision: str, *statements: str) -> None:
    """A database as a program of that revision left it."""
    config = make_config()
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


async def test_calls_of_before_campaigns_stay_and_say_that_they_came_in(tmp_path: Path) -> None:
    path = tmp_path / "center.db"
    make_database(path, "0001", OLD_CALLS)

    async with open_database(path) as database:
        await database.migrate()
        page = await StoredRecords(database).calls(CallQuery(limit=9))

    expected: CallRecord = CALL
    assert page.rows == (expected,)
    assert (expected.campaign, expected.attempt) == ("", "")


async def test_a_migrated_database_takes_contacts_of_the_customers_it_has(tmp_path: Path) -> None:
    path = tmp_path / "center.db"
    make_database(path, "0001", OLD_CALLS, OLD_CUSTOMERS, OLD_NUMBERS)
    row = ContactRow(2, "+12025550101", ("America/New_York",))

    async with open_database(path) as database:
        await database.migrate()
        contacts = Contacts(database, CustomerDirectory(database), "US")
        await contacts.add([row], ContactDestination("autumn", "first"))
        card = await contacts.contact_card("1")

    assert card is not None
    customer = card["customer"]
    assert isinstance(customer, dict)
    assert customer["name"] == "Ana"
