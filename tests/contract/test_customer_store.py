"""What every directory of customers promises, in memory and in databases of each kind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import TypeAlias, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from callcenter.documents.customers_csv import CustomerRow
from callcenter.documents.rejects import Reject
from callcenter.domain.customer import Tier
from callcenter.service.ports import Customer, CustomerStore
from callcenter.storage.customer_import import BATCH_ROWS
from callcenter.storage.directory import CustomerDirectory
from callcenter.storage.memory import MemoryCustomers
from callcenter.storage.stores import ImportResult, KnownCustomers
from tests.unit.storage.databases import Place, new_database

DEADLINE_S = 20.0

Directory: TypeAlias = CustomerDirectory | MemoryCustomers


@asynccontextmanager
async def provide_customers(place: Place | None) -> AsyncIterator[Directory]:
    if place is None:
        yield MemoryCustomers()
        return
    async with new_database(place) as database:
        yield CustomerDirectory(database)


@pytest.fixture
async def customers(place_or_memory: Place | None) -> AsyncIterator[Directory]:
    async with provide_customers(place_or_memory) as provided:
        yield provided


A, B, C = "+12025550101", "+12025550102", "+12025550103"

ANA = CustomerRow(
    row=2,
    id="K1",
    name="Ana López",
    numbers=(A, B),
    tier=Tier.GOLD,
    value=1234.5,
    since="2019-05-31",
    note="speaks Spanish",
)
BO = CustomerRow(row=3, id="K2", name="Bo", numbers=(C,), tier=Tier.STANDARD)


async def load(
    customers: Directory, *rows: CustomerRow | Reject, dry_run: bool = False
) -> tuple[ImportResult, list[Reject]]:
    rejects: list[Reject] = []
    result = await customers.import_rows(rows, on_reject=rejects.append, dry_run=dry_run)
    assert result.rows == len(rows)
    assert result.rejected == len(rejects)
    assert result.added + result.changed + result.unchanged + result.rejected == result.rows
    return result, rejects


def numbers_on(card: Mapping[str, object]) -> tuple[str, ...]:
    return cast(tuple[str, ...], card["numbers"])


async def numbers_of(customers: Directory, customer: str) -> tuple[str, ...]:
    card = await customers.card(customer)
    return numbers_on(card) if card else ()


async def test_a_customer_is_found_by_each_number(customers: Directory) -> None:
    await load(customers, ANA, BO)
    store: CustomerStore = customers

    assert await store.find_by_number(A) == Customer("K1", Tier.GOLD, value=1234.5)
    assert await store.find_by_number(B) == Customer("K1", Tier.GOLD, value=1234.5)
    assert await store.find_by_number(C) == Customer("K2", Tier.STANDARD)


@pytest.mark.parametrize(
    "number",
    ["", "anonymous", "2025550101", "+1202555010", A + "1", "+" * 99, "+1\ud800"],
    ids=repr,
)
async def test_other_numbers_are_nobodys(customers: Directory, number: str) -> None:
    await load(customers, ANA)

    assert await customers.find_by_number(number) is None


async def test_the_card_tells_everything(customers: Directory) -> None:
    await load(customers, ANA, BO)
    source: KnownCustomers = customers

    full: Mapping[str, object] | None = await source.card("K1")
    bare = await source.card("K2")

    assert full == {
        "id": "K1",
        "name": "Ana López",
        "tier": Tier.GOLD,
        "numbers": (A, B),
        "value": 1234.5,
        "since": "2019-05-31",
        "notes": "speaks Spanish",
    }
    assert bare is not None
    assert (bare["value"], bare["since"], bare["notes"]) == (None, "", "")
    assert await source.card("K9") is None


async def test_what_rules_read_of_a_customer_comes_with_the_answer_and_not_on_the_card(
    customers: Directory,
) -> None:
    row = replace(
        ANA, language="es", owner="ana", churn_risk=0.35, attributes={"segment": "vip", "seats": ""}
    )
    await load(customers, row)

    found = await customers.find_by_number(A)
    card = await customers.card("K1")

    assert found == Customer(
        "K1",
        Tier.GOLD,
        language="es",
        owner="ana",
        value=1234.5,
        churn_risk=0.35,
        attributes={"segment": "vip"},
    )
    assert card is not None
    assert {"churn_risk", "owner", "attributes", "language"}.isdisjoint(card)


async def test_attributes_are_added_changed_and_taken_away_one_by_one(
    customers: Directory,
) -> None:
    await load(customers, replace(ANA, language="es", attributes={"segment": "vip", "plan": "a"}))

    await load(customers, replace(ANA, churn_risk=0.0, attributes={"plan": "b", "seats": "9"}))
    kept = await customers.find_by_number(A)
    await load(customers, replace(ANA, language="", churn_risk=None, attributes={"segment": ""}))
    cleared = await customers.find_by_number(A)

    assert kept is not None
    assert cleared is not None
    assert (kept.language, kept.attributes) == ("es", {"segment": "vip", "plan": "b", "seats": "9"})
    assert (cleared.language, cleared.attributes) == ("", {"plan": "b", "seats": "9"})


async def test_an_import_adds_changes_and_leaves_alone(customers: Directory) -> None:
    first, _ = await load(customers, ANA, BO)
    same, _ = await load(customers, ANA, BO)
    other, _ = await load(
        customers, replace(ANA, tier=Tier.SILVER), replace(BO, id="K3", numbers=("+12025550104",))
    )

    assert (first.added, first.changed, first.unchanged) == (2, 0, 0)
    assert (same.added, same.changed, same.unchanged) == (0, 0, 2)
    assert (other.added, other.changed, other.unchanged) == (1, 1, 0)
    assert await customers.find_by_number(A) == Customer("K1", Tier.SILVER, value=1234.5)
    assert await customers.find_by_number(C) == Customer("K2", Tier.STANDARD)  # not in the file


async def test_an_answer_given_before_an_import_does_not_outlive_it(customers: Directory) -> None:
    assert await customers.find_by_number(A) is None
    await load(customers, ANA)
    assert await customers.find_by_number(A) == Customer("K1", Tier.GOLD, value=1234.5)
    await load(customers, replace(ANA, numbers=(B,)))

    assert await customers.find_by_number(A) is None


async def test_columns_that_a_file_lacks_change_nothing_and_empty_ones_clear(
    customers: Directory,
) -> None:
    await load(customers, ANA)

    await load(customers, replace(ANA, name="Ana Gómez", value=UNSET, since=UNSET, note=UNSET))
    lacking = await customers.card("K1")
    await load(customers, replace(ANA, value=None, since="", note=""))
    empty = await customers.card("K1")

    assert lacking is not None
    assert empty is not None
    assert [lacking[key] for key in ("name", "value", "since", "notes")] == [
        "Ana Gómez",
        1234.5,
        "2019-05-31",
        "speaks Spanish",
    ]
    assert [empty[key] for key in ("value", "since", "notes")] == [None, "", ""]


async def test_the_order_of_numbers_is_kept_and_may_change(customers: Directory) -> None:
    await load(customers, ANA)
    result, _ = await load(customers, replace(ANA, numbers=(B, A)))

    assert result.changed == 1
    assert await numbers_of(customers, "K1") == (B, A)


async def test_a_number_of_somebody_else_is_rejected_and_both_stay_as_they_were(
    customers: Directory,
) -> None:
    await load(customers, ANA, BO)

    result, rejects = await load(customers, replace(BO, numbers=(C, A), fields=("K2", "Bo", A)))

    assert result.rejected == 1
    assert rejects == [
        Reject(
            row=3,
            column="phone",
            value=A,
            reason="the number belongs to customer K1",
            mend="Take it from that customer, or leave it out here.",
            fields=("K2", "Bo", A),
        )
    ]
    assert await numbers_of(customers, "K1") == (A, B)
    assert await numbers_of(customers, "K2") == (C,)


@pytest.mark.parametrize("order", ["giver first", "taker first"])
@pytest.mark.parametrize("rows_at_once", [1, 500])
async def test_a_number_may_pass_from_one_to_another_in_one_file(
    customers: Directory, order: str, rows_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callcenter.storage.customer_import.BATCH_ROWS", rows_at_once)
    await load(customers, ANA, BO)
    giver, taker = replace(ANA, numbers=(B,)), replace(BO, numbers=(C, A))

    rows = (giver, taker) if order == "giver first" else (taker, giver)
    result, _ = await load(customers, *rows)

    assert (result.changed, result.rejected) == (2, 0)
    assert await customers.find_by_number(A) == Customer("K2", Tier.STANDARD)


async def test_numbers_may_pass_along_a_chain_but_not_of_one_who_keeps_them(
    customers: Directory,
) -> None:
    third = CustomerRow(4, "K3", "Cy", ("+12025550109",), Tier.SILVER)
    await load(customers, ANA, BO, third)

    chain, _ = await load(
        customers,
        replace(third, numbers=(C,)),
        replace(BO, numbers=(A,)),
        replace(ANA, numbers=(B,)),
    )
    stuck, rejects = await load(customers, replace(third, numbers=(A,)), replace(BO, numbers=(B,)))

    assert (chain.changed, chain.rejected) == (3, 0)
    assert await customers.find_by_number(C) == Customer("K3", Tier.SILVER)
    assert (stuck.changed, stuck.rejected) == (0, 2)
    assert [reject.value for reject in rejects] == [A, B]
    assert await customers.find_by_number(A) == Customer("K2", Tier.STANDARD)


async def test_a_dry_run_tells_what_would_happen_and_does_not_do_it(customers: Directory) -> None:
    await load(customers, ANA)

    dry, rejects = await load(
        customers, replace(ANA, name="Other"), BO, replace(BO, id="K3", numbers=(A,)), dry_run=True
    )

    assert dry == ImportResult(rows=3, added=1, changed=1, unchanged=0, rejected=1, dry_run=True)
    assert len(rejects) == 1
    assert await customers.card("K2") is None
    assert await customers.find_by_number(C) is None


async def test_rejected_rows_are_passed_on_and_counted(customers: Directory) -> None:
    reject = Reject(7, "tier", "platinum", "there is no such tier", "Write one.")

    result, rejects = await load(customers, reject, ANA)

    assert (result.added, result.rejected) == (1, 1)
    assert rejects == [reject]


async def test_a_file_that_breaks_off_changes_nothing(customers: Directory) -> None:
    def rows() -> Iterable[CustomerRow]:
        for n in range(BATCH_ROWS + 10):
            yield replace(ANA, id=f"K{n}", numbers=(f"+1202555{n:04d}",))
        raise OSError("the disk was pulled out")

    with pytest.raises(OSError, match="pulled out"):
        await customers.import_rows(rows())

    assert await customers.card("K1") is None


async def test_a_cancelled_import_changes_nothing_and_the_next_one_works(
    customers: Directory,
) -> None:
    began = asyncio.Event()
    many = (replace(ANA, id=f"K{n}", numbers=(f"+1202555{n:04d}",)) for n in range(100_000))
    task = asyncio.create_task(customers.import_rows(many, on_progress=lambda _: began.set()))
    await asyncio.wait_for(began.wait(), DEADLINE_S)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await customers.card("K1") is None
    result, _ = await load(customers, BO)
    assert result.added == 1


async def test_progress_is_told_batch_by_batch(customers: Directory) -> None:
    told: list[int] = []
    count = 2 * BATCH_ROWS + 3

    rows = [replace(ANA, id=f"K{n}", numbers=(f"+1202555{n:04d}",)) for n in range(count)]
    result = await customers.import_rows(rows, on_progress=told.append)

    assert told == [BATCH_ROWS, 2 * BATCH_ROWS, count]
    assert result.added == count
    assert await numbers_of(customers, f"K{count - 1}") == (f"+1202555{count - 1:04d}",)


files = st.lists(
    st.dictionaries(
        st.sampled_from(["K1", "K2", "K3", "K4"]),
        st.sets(st.sampled_from([f"+1202555010{n}" for n in range(6)]), min_size=1, max_size=3),
        max_size=4,
    ),
    max_size=4,
)


@settings(max_examples=20)
@given(files=files)
def test_whatever_is_imported_a_number_has_one_owner_and_both_stores_agree(
    place: Place,
    files: list[dict[str, set[str]]],
) -> None:
    def rows_of(file: dict[str, set[str]]) -> list[CustomerRow]:
        """Rows as the reader gives them: a number once in a file."""
        claimed: set[str] = set()
        rows = []
        for number, (customer, numbers) in enumerate(file.items(), 2):
            free = tuple(sorted(numbers - claimed))
            claimed |= numbers
            if free:
                rows.append(CustomerRow(number, customer, customer, free, Tier.GOLD))
        return rows

    async def live(place: Place | None) -> list[object]:
        async with provide_customers(place) as customers:
            told: list[object] = [await load(customers, *rows_of(file)) for file in files]
            cards = [await customers.card(f"K{n}") for n in range(1, 5)]
            owned = {number: card["id"] for card in cards if card for number in numbers_on(card)}
            assert sum(len(numbers_on(card)) for card in cards if card) == len(owned)
            for number in (f"+1202555010{n}" for n in range(6)):
                found = await customers.find_by_number(number)
                assert (found.id if found else None) == owned.get(number)
            return [*told, cards]

    assert asyncio.run(live(place)) == asyncio.run(live(None))
