"""What every store of versions of rules promises, in memory and in databases of each kind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, TypeAlias

import pytest
from msgspec.structs import replace

from callcenter.documents.files import config_path
from callcenter.documents.rules import load_rules
from callcenter.domain.rules import Rule, Rules, Treatment
from callcenter.service.version_store import NewRules, RulesConflict, RulesDocument, VersionStore
from callcenter.storage.memory_rule_versions import MemoryRuleVersions
from callcenter.storage.rule_versions import StoredRuleVersions
from tests.unit.storage.databases import Place, new_database

Store: TypeAlias = StoredRuleVersions | MemoryRuleVersions

RULES = Rules((Rule("everybody", Treatment(skills={"cards": 3, "a": 1})),), skills=("cards", "a"))
NEW = NewRules(
    text="format: 1 # für alle",
    rules=RULES,
    by="sue",
    comment="cards first",
    based_on=0,
    request="r1",
    at=1_700_000_000.25,
)


def new(request: str, based_on: int = 0, **changes: Any) -> NewRules:
    """A wish of its own."""
    return replace(NEW, request=request, based_on=based_on, **changes)


@pytest.fixture
async def store(place_or_memory: Place | None) -> AsyncIterator[Store]:
    if place_or_memory is None:
        yield MemoryRuleVersions()
        return
    async with new_database(place_or_memory) as database:
        yield StoredRuleVersions(database)


async def publish(store: VersionStore, wish: NewRules) -> RulesDocument:
    """Keep a version and mark it."""
    kept = await store.save(wish)
    await store.mark_published(kept.about.version, wish.at + 1)
    found = await store.document(kept.about.version)
    assert found is not None
    return found


async def test_an_empty_store_has_nothing(store: Store) -> None:
    assert await store.published() is None
    assert await store.document(1) is None
    assert await store.versions(10) == ()
    assert await store.find_text(NEW.text) is None


async def test_what_was_kept_comes_back_as_it_was(store: Store) -> None:
    saved = await store.save(NEW)
    found = await store.document(1)

    assert saved == found
    assert (saved.text, saved.rules) == (NEW.text, RULES)
    assert list(saved.rules.rules[0].then.skills) == ["cards", "a"]
    about = saved.about
    assert (about.version, about.by, about.comment, about.based_on) == (1, "sue", "cards first", 0)
    assert (about.created_at, about.published_at) == (1_700_000_000.25, 0.0)


async def test_the_shipped_document_comes_back_whole(store: Store) -> None:
    rules = load_rules(config_path("routing.yaml"))

    await store.save(replace(NEW, rules=rules))
    found = await store.document(1)

    assert found is not None
    assert found.rules == rules


async def test_a_version_is_a_draft_until_it_is_marked(store: Store) -> None:
    await store.save(NEW)
    before = await store.published()
    await store.mark_published(1, 5.0)
    await store.mark_published(1, 9.0)
    await store.mark_published(7, 9.0)
    after = await store.published()

    assert before is None
    assert after is not None
    assert (after.about.version, after.about.published_at) == (1, 5.0)
    assert await store.document(7) is None


async def test_who_began_with_another_version_than_the_published_one_is_refused(
    store: Store,
) -> None:
    await publish(store, new("r1"))
    await publish(store, new("r2", based_on=1, by="mia"))

    with pytest.raises(RulesConflict, match=r"version 1.*version 2 by mia") as late:
        await store.save(new("r3", based_on=1))
    with pytest.raises(RulesConflict):
        await store.save(new("r4", based_on=3))

    assert late.value.published is not None
    assert (late.value.based_on, late.value.published.version) == (1, 2)
    assert [about.version for about in await store.versions(10)] == [2, 1]


async def test_who_began_with_a_version_where_none_is_published_is_refused(store: Store) -> None:
    with pytest.raises(RulesConflict, match="no version is published"):
        await store.save(new("r1", based_on=1))

    assert await store.versions(10) == ()


async def test_drafts_do_not_stand_in_each_others_way(store: Store) -> None:
    await store.save(new("r1"))
    second = await store.save(new("r2"))

    assert second.about.version == 2
    assert await store.published() is None


async def test_a_wish_is_kept_once_even_when_something_was_published_meanwhile(
    store: Store,
) -> None:
    first = await store.save(NEW)
    again = await store.save(replace(NEW, at=NEW.at + 60))
    await store.mark_published(1, 5.0)
    later = await store.save(NEW)

    assert again == first
    assert (later.about.version, later.about.published_at) == (1, 5.0)
    assert len(await store.versions(10)) == 1


async def test_numbers_go_on_above_what_the_machine_knows(store: Store) -> None:
    kept = await store.save(NEW, above=41)
    after = await store.save(new("r2"), above=7)

    assert (kept.about.version, after.about.version) == (42, 43)


async def test_wishes_at_once_get_numbers_of_their_own(store: Store) -> None:
    kept = await asyncio.gather(*(store.save(new(f"r{n}")) for n in range(5)))

    assert sorted(each.about.version for each in kept) == [1, 2, 3, 4, 5]


async def test_versions_come_the_newest_first_page_by_page(store: Store) -> None:
    for n in range(5):
        await store.save(new(f"r{n}"))

    pages = [await store.versions(2)]
    while pages[-1]:
        pages.append(await store.versions(2, before=pages[-1][-1].version))

    numbers = [[about.version for about in page] for page in pages]
    assert numbers == [[5, 4], [3, 2], [1], []]


async def test_a_text_is_found_by_what_it_says_exactly(store: Store) -> None:
    await store.save(new("r1", text="a"))
    await store.save(new("r2", text="b"))
    await store.save(new("r3", text="a"))

    found = await store.find_text("a")

    assert found is not None
    assert found.version == 3
    assert await store.find_text("A") is None
