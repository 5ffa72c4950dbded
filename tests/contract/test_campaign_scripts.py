"""What agents say in a campaign: kept, on the cards of its contacts, and what it may name."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from callcenter.storage.campaign_scripts import StoredScripts
from callcenter.storage.stores import ContactDestination
from tests.contract.contact_stores import A, B, C, Store, provide_store, row
from tests.unit.storage.databases import Place
from tests.unit.storage.samples import T0

HELLO = "Good day {name}.\n\n- 您好 {card}"


class Desk:
    """A store and its scripts."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.scripts = StoredScripts(store.contacts._database, now=lambda: T0)

    async def on_card(self, number: str) -> object:
        """What the card of this contact of ``autumn`` has for the agent to say."""
        card = await self.store.contacts.contact_card(await self.store.id_of(number))
        assert card is not None
        return card["script"]


@pytest.fixture
async def desk(place: Place) -> AsyncIterator[Desk]:
    async with provide_store(place) as store:
        yield Desk(store)


async def test_a_script_is_on_every_card_of_its_campaign_until_it_is_taken_away(desk: Desk) -> None:
    await desk.store.add(row(A), row(B))
    before = await desk.on_card(A)

    await desk.scripts.put_script("autumn", "Another.")
    await desk.scripts.put_script("autumn", HELLO)
    await desk.scripts.put_script("spring", "Not theirs.")

    assert before == ""
    assert await desk.scripts.script("autumn") == HELLO
    assert [await desk.on_card(number) for number in (A, B)] == [HELLO, HELLO]
    await desk.scripts.put_script("autumn", "")
    assert await desk.scripts.script("autumn") == ""
    assert await desk.on_card(A) == ""


async def test_the_columns_are_those_that_any_contact_of_the_campaign_has(desk: Desk) -> None:
    await desk.store.add(
        row(A, attributes={"card": "gold", "Due date": "May"}), row(B, attributes={"card": "blue"})
    )
    await desk.store.add(
        row(C, attributes={"bonus": "7"}), into=ContactDestination("autumn", "second")
    )
    await desk.store.add(
        row(A, attributes={"size": "XL"}), into=ContactDestination("spring", "first")
    )

    assert await desk.scripts.columns("autumn") == ("bonus", "card", "Due date")
    assert await desk.scripts.columns("winter") == ()
