"""Forgetting people in the database: one who asks for it, and calls of long ago."""

from __future__ import annotations

from msgspec.structs import replace
from sqlalchemy import insert, select

from callcenter.documents.contacts_csv import ContactNumber, ContactRow
from callcenter.documents.customers_csv import CustomerRow
from callcenter.domain.customer import Tier
from callcenter.domain.records import CallRecord, DncRecord
from callcenter.service.dnc import DncEntry, DncNumber
from callcenter.service.erasure import Erased, Person
from callcenter.service.retention import Forgotten
from callcenter.storage import tables
from callcenter.storage.contacts import Contacts
from callcenter.storage.database import Database
from callcenter.storage.directory import CustomerDirectory
from callcenter.storage.dnc import StoredDnc
from callcenter.storage.people import BLOT, People, spellings
from callcenter.storage.record_rows import to_row
from callcenter.storage.stores import ContactDestination
from tests.unit.storage.samples import CALL, T0, make_attempt

ANA, SECOND, BEN = "+4930111111", "+4930111112", "+4930222222"
ZONES = ("Europe/Berlin",)


async def fill(database: Database) -> CustomerDirectory:
    """Ana is a customer with two numbers, a contact and a caller; Ben is a contact and a caller."""
    directory = CustomerDirectory(database)
    await directory.import_rows(
        [CustomerRow(2, "k1", "Ana Berg", (ANA, SECOND), Tier.GOLD, note="likes tea")]
    )
    contacts = Contacts(database, directory, "DE")
    rows = [ContactRow(2, ANA, ZONES, name="A. Berg"), ContactRow(3, BEN, ZONES, name="Ben")]
    await contacts.add(rows, ContactDestination("spring", "first"))
    calls = [
        replace(CALL, caller_number=SECOND),
        replace(CALL, call="c2", caller_number=BEN, ended_at=T0 + 500),
    ]
    attempt = make_attempt("att-1", contact="1", number=ANA)
    async with database.writing() as connection:
        for index, record in enumerate(calls):
            await connection.execute(insert(tables.calls).values(to_row(record, "j", 1, index)))
        await connection.execute(insert(tables.attempts).values(to_row(attempt, "j", 2, 0)))
        for at, detail in ((T0, f"Ana Berg, {ANA}, 030 111111"), (T0 + 500, "Ben")):
            await connection.execute(
                insert(tables.audit).values(
                    at=at,
                    account="mia",
                    address="",
                    action="",
                    subject=f"/x/{ANA[1:]}",
                    request="",
                    status=200,
                    detail=detail,
                )
            )
        await connection.execute(
            insert(tables.faults).values(
                journal="j", position=3, record_index=0, kind="odd", detail=f"of {ANA}", at=T0
            )
        )
    return directory


async def column(database: Database, name: str, of: str) -> list[object]:
    table = tables.metadata.tables[name]
    async with database.reading() as connection:
        keys = list(table.primary_key.columns)
        return list((await connection.scalars(select(table.c[of]).order_by(*keys))).all())


async def test_a_person_is_found_by_any_number_with_all_that_is_theirs(database: Database) -> None:
    await fill(database)
    people = People(database)

    by_number = await people.find(SECOND, "")
    by_id = await people.find("", "k1")

    assert set(by_number.numbers) == set(by_id.numbers) == {ANA, SECOND}
    assert set(by_number.names) == {"Ana Berg", "A. Berg"}
    assert by_number.customers == by_id.customers == ("k1",)
    assert await people.find("+49309", "") == Person(("+49309",))


async def test_a_contact_is_found_by_its_number(database: Database) -> None:
    await fill(database)

    found = await People(database).find(BEN, "")

    assert found == Person((BEN,), ("Ben",))


async def test_a_person_on_hold_is_given_to_no_campaign(database: Database) -> None:
    await fill(database)

    await People(database).hold(Person((ANA,)))

    assert await column(database, "contacts", "status") == ["done", "open"]


async def test_what_is_the_persons_goes_and_what_reports_count_stays(database: Database) -> None:
    directory = await fill(database)
    assert await directory.find_by_number(ANA)
    people = People(database, directory)
    person = await people.find(ANA, "")

    erased = await people.erase(person)
    again = await people.erase(person)
    await people.scrub()

    assert erased == Erased(customers=1, contacts=1, calls=1, attempts=1, texts=3)
    assert again == Erased()
    assert await directory.find_by_number(ANA) is None
    assert await column(database, "customers", "id") == []
    assert await column(database, "customer_numbers", "number") == []
    assert await column(database, "contacts", "number") == [BEN]
    assert await column(database, "calls", "caller_number") == ["", BEN]
    assert await column(database, "attempts", "number") == [""]
    assert await column(database, "faults", "detail") == [f"of {BLOT}"]
    assert await column(database, "audit", "subject") == [f"/x/{BLOT}"] * 2
    first, second = await column(database, "audit", "detail")
    assert second == "Ben"
    assert "Berg" not in str(first)
    assert "111111" not in str(first)


async def test_only_what_is_old_is_forgotten_and_each_row_once(database: Database) -> None:
    await fill(database)
    people = People(database)

    none = await people.forget_before(0.0, 0.0)
    some = await people.forget_before(T0 + 100, T0 + 100)
    again = await people.forget_before(T0 + 101, T0 + 101)

    assert none == Forgotten(0, 0, 0)
    assert some.calls == some.audit == 1
    assert again == Forgotten(0, 0, 0)
    assert await column(database, "calls", "caller_number") == ["", BEN]
    assert await column(database, "audit", "detail") == ["Ben"]


def test_a_number_is_looked_for_as_people_write_it() -> None:
    assert spellings("+4915123456789")[0] == "004915123456789"
    assert spellings("+4915123456789")[-1] == "15123456789"
    assert "01512 3456789" in spellings("+4915123456789")
    assert spellings("1234") == ("1234",)
    assert spellings("+999123") == ("00999123", "+999123", "999123")


def test_a_record_made_anew_of_somebody_erased_has_no_number() -> None:
    record: CallRecord = replace(CALL, caller_number="~1.2f")

    assert to_row(record, "j", 1, 0)["caller_number"] == ""


# --- several numbers, and the do-not-call list ----------------------------------------------------


async def test_a_contact_is_found_and_erased_by_a_further_number(database: Database) -> None:
    contacts = Contacts(database, CustomerDirectory(database), "DE")
    also = (ContactNumber(SECOND, ZONES, "mobile"),)
    await contacts.add(
        [ContactRow(2, ANA, ZONES, name="Ana", more_numbers=also), ContactRow(3, BEN, ZONES)],
        ContactDestination("spring", "first"),
    )
    people = People(database)

    found = await people.find(SECOND, "")
    erased = await people.erase(found)

    assert sorted(found.numbers) == [ANA, SECOND]
    assert found.names == ("Ana",)
    assert erased.contacts == 1
    assert await contacts.numbers_known([ANA, SECOND, BEN]) == {BEN}


async def test_the_do_not_call_list_keeps_the_number_of_who_is_erased_and_nothing_else(
    database: Database,
) -> None:
    dnc = StoredDnc(database, now=lambda: T0)
    await dnc.add([DncNumber(ANA, "Ana Berg asked for it")], source="manager", by="kim")
    record = DncRecord(ANA, True, "Ana Berg asked for it", "manager", 0.0, "kim", T0)
    async with database.writing() as connection:
        await connection.execute(insert(tables.dnc_changes).values(to_row(record, "j", 9, 0)))

    await People(database).erase(Person((ANA,), ("Ana Berg",)))

    assert await dnc.find(ANA) == DncEntry(ANA, "", "manager", "", T0, 0.0)
    async with database.reading() as connection:
        kept = (await connection.execute(select(tables.dnc_changes))).mappings().one()
    assert (kept["number"], kept["reason"]) == ("", "(erased) asked for it")


async def test_changes_of_the_do_not_call_list_lose_their_number_with_the_calls(
    database: Database,
) -> None:
    async with database.writing() as connection:
        for index, at in enumerate((T0, T0 + 500)):
            record = DncRecord(ANA, True, "", "manager", 0.0, "kim", at)
            row = to_row(record, "j", 9, index)
            await connection.execute(insert(tables.dnc_changes).values(row))

    await People(database).forget_before(T0 + 100, T0)

    async with database.reading() as connection:
        query = select(tables.dnc_changes.c.number).order_by(tables.dnc_changes.c.at)
        assert (await connection.scalars(query)).all() == ["", ANA]
