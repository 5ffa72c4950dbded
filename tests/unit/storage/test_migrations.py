"""Migrations of a database that holds data: each test begins at the version of before."""

from __future__ import annotations

from pathlib import Path
from tempfile import mkdtemp

from alembic import command
from sqlalchemy import Connection, text

from callcenter.documents.contacts_csv import ContactRow
from callcenter.domain.campaign import CallingWindow
from callcenter.domain.customer import Tier
from callcenter.domain.records import CallRecord
from callcenter.service.ports import CallQuery, Customer
from callcenter.storage.contacts import Contacts
from callcenter.storage.directory import CustomerDirectory
from callcenter.storage.records import StoredRecords
from callcenter.storage.rule_versions import StoredRuleVersions
from callcenter.storage.stores import ContactDestination
from callcenter.storage.upgrade import make_config
from tests.far_ends.postgresql_server import PostgresqlServer
from tests.unit.storage.databases import Place, open_database, url_of
from tests.unit.storage.samples import CALL, T0

AUTUMN = ContactDestination("autumn", "first")

OLD_CALLS = """INSERT INTO calls VALUES ('j', 1, 0, 'c1', 'main', '1700000000.1', '+12025550101',
    '7000', 'main', '["1", "3"]', 'K1', 'gold', 'service', 1700000000.0, 1700000010.0,
    1700000015.25, 1700000060.0, 'answered', 'ana', TRUE, FALSE, FALSE, 1)"""
OLD_CUSTOMERS = "INSERT INTO customers VALUES ('K1', 'Ana', 'gold', NULL, '', '', 1.0)"
OLD_NUMBERS = "INSERT INTO customer_numbers VALUES ('+12025550101', 'K1', 0)"


async def make_database(place: Place, revision: str, *statements: str) -> str:
    """A database as a program of that revision left it; returns its address."""
    if isinstance(place, PostgresqlServer):
        await place.create("old")
        url = place.url("old")
    else:
        url = url_of(Path(mkdtemp(dir=place)) / "center.db")

    def make(connection: Connection) -> None:
        config = make_config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        for statement in statements:
            connection.execute(text(statement))

    async with open_database(url) as database, database.writing() as connection:
        await connection.run_sync(make)
    return url


async def test_calls_of_before_campaigns_stay_and_say_that_they_came_in(place: Place) -> None:
    url = await make_database(place, "0001", OLD_CALLS)

    async with open_database(url) as database:
        await database.migrate()
        page = await StoredRecords(database).calls(CallQuery(limit=9))

    expected: CallRecord = CALL
    assert page.rows == (expected,)
    assert (expected.campaign, expected.attempt) == ("", "")


async def test_a_migrated_database_takes_contacts_of_the_customers_it_has(place: Place) -> None:
    url = await make_database(place, "0001", OLD_CALLS, OLD_CUSTOMERS, OLD_NUMBERS)
    row = ContactRow(2, "+12025550101", ("America/New_York",))

    async with open_database(url) as database:
        await database.migrate()
        contacts = Contacts(database, CustomerDirectory(database), "US")
        await contacts.add([row], ContactDestination("autumn", "first"))
        card = await contacts.contact_card("1")

    assert card is not None
    customer = card["customer"]
    assert isinstance(customer, dict)
    assert customer["name"] == "Ana"


async def test_customers_of_before_rules_stay_and_nothing_more_is_known_of_them(
    place: Place,
) -> None:
    url = await make_database(place, "0003", OLD_CUSTOMERS, OLD_NUMBERS)

    async with open_database(url) as database:
        await database.migrate()
        found = await CustomerDirectory(database).find_by_number("+12025550101")
        versions = await StoredRuleVersions(database).versions(9)

    assert found == Customer("K1", Tier.GOLD)
    assert versions == ()


async def test_attempts_of_before_messages_on_machines_left_none(place: Place) -> None:
    old = """INSERT INTO attempts VALUES ('j', 1, 0, 'att-1', 'autumn', '1', '+12025550101', 'main',
        'att-1', 1, 1700000000.0, 1700000001.0, 1700000009.0, NULL, NULL, NULL, 1700000012.0,
        'machine', 16, 'machine', 'MAXWORDS-4-4', '', '', 'open', 1700003600.0, FALSE)"""
    url = await make_database(place, "0009", old)

    async with open_database(url) as database:
        await database.migrate()
        contacts = Contacts(database, CustomerDirectory(database), "US")
        page = await contacts.attempts_page("autumn", limit=9, cursor="")

    [attempt] = page.rows
    assert (attempt.result, attempt.message_left_at) == ("machine", 0.0)


async def test_contacts_of_before_several_numbers_keep_their_priority_and_their_place(
    place: Place,
) -> None:
    url = await make_database(
        place,
        "0005",
        "INSERT INTO contact_lists (campaign, name, priority, imported_at, rows, accepted, refused)"
        " VALUES ('autumn', 'first', 3, 1.0, 3, 3, 0)",
        *(
            "INSERT INTO contacts (campaign, list, number, name, customer, tier, attributes, note,"
            " zones, priority, status, made, last_result, added_at) VALUES"
            f" ('autumn', 1, '+1202555010{n}', '', '', 'standard', '{{}}', '', 'America/New_York',"
            f" {priority}, 'open', 0, '', 1.0)"
            for n, priority in ((1, 3), (2, 3), (3, 9))
        ),
    )

    async with open_database(url) as database:
        await database.migrate()
        contacts = Contacts(database, CustomerDirectory(database), "US")
        refill = await contacts.refill("autumn", 9, CallingWindow(), (), T0)
        await contacts.add([ContactRow(2, "+12025550104", ("America/New_York",))], AUTUMN)
        await contacts.add([], ContactDestination("autumn", "first", 10))
        after = await contacts.refill("autumn", 9, CallingWindow(), (), T0)

    assert [row.contact for row in refill.rows] == ["3", "1", "2"]
    assert [row.contact for row in after.rows] == ["1", "2", "4", "3"]
