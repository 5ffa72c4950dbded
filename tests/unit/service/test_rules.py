"""What a start makes of the versions in the store, the machine's rules, and the config's file."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from callcenter.documents.rules import parse_rules
from callcenter.documents.yaml_lines import DocumentError
from callcenter.domain import events as e
from callcenter.domain.agent import AgentProfile
from callcenter.domain.rules import Rule, Rules, Treatment
from callcenter.service.rules import RuleBook
from callcenter.service.version_store import NewRules, RulesDocument
from callcenter.storage.memory_rule_versions import MemoryRuleVersions
from tests.unit.api.fakes import FakeClock, FakeHub

QUEUES = ("service",)
TEXT = "format: 1\nrules:\n  - name: all\n"
OTHER = "format: 1\nrules:\n  - name: everyone\n"
WRONG = "format: 1\nrules:\n  - name: all\n    then: {queue: nowhere}\n"
RULES = Rules((Rule("all", Treatment()),))


class Start:
    """A center that is started again and again: the store and the machine stay."""

    def __init__(self, folder: Path) -> None:
        self.hub = FakeHub()
        self.store = MemoryRuleVersions()
        self.file = folder / "routing.yaml"
        self.book = RuleBook(self.hub, self.store, FakeClock())

    async def begin(self, text: str | None = None) -> None:
        """Start with this file, or as it was left; None at the first start: without a file."""
        if text is not None:
            self.file.write_text(text)
        self.book = RuleBook(self.hub, self.store, FakeClock())
        job = await self.book.begin(self.file if self.file.exists() else None, QUEUES)
        if job is not None:
            await job

    async def publish(self, text: str, based_on: int) -> RulesDocument:
        """As a supervisor."""
        return await self.book.publish(
            text, comment="", based_on=based_on, by="sue", request=f"r{based_on}"
        )

    @property
    def version(self) -> int:
        return self.hub.state.rules.version

    @property
    def published(self) -> list[int]:
        """Versions that the machine was told of, in order."""
        return [one.version for one in self.hub.asked if isinstance(one, e.RulesPublished)]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    return Start(tmp_path)


async def kept(start: Start, version_after: int = 0) -> RulesDocument:
    """A version that is in the store and that the machine was not told of."""
    published = await start.store.published()
    based_on = 0 if published is None else published.about.version
    new = NewRules(OTHER, RULES, "sue", "", based_on, "cut off", 5.0)
    return await start.store.save(new, above=version_after)


# --- the first start ------------------------------------------------------------------------------


async def test_without_a_file_nothing_is_published_and_the_built_in_rules_hold(
    start: Start,
) -> None:
    await start.begin()

    assert (start.version, start.published, start.book.notes()) == (0, [], ())
    assert await start.store.versions(9) == ()


async def test_the_files_rules_become_version_one_of_a_center_that_had_none(start: Start) -> None:
    await start.begin(TEXT)

    document = await start.store.published()
    assert document is not None
    assert (document.about.version, document.about.by, document.text) == (1, "file", TEXT)
    assert start.hub.state.rules.rules == parse_rules(TEXT, "")
    assert start.book.notes() == ()


async def test_a_first_file_that_is_wrong_stops_the_start_with_its_line(start: Start) -> None:
    with pytest.raises(DocumentError, match=r"routing.yaml:4: there is no queue `nowhere`"):
        await start.begin(WRONG)

    assert await start.store.versions(9) == ()


async def test_a_first_start_that_was_cut_off_is_finished_by_the_next(start: Start) -> None:
    start.hub.full = True
    await start.begin(TEXT)
    notes = start.book.notes()
    start.hub.full = False

    await start.begin()

    assert "Version 1 of the rules could not be published" in notes[0]
    assert (start.version, start.published, start.book.notes()) == (1, [1], ())
    assert len(await start.store.versions(9)) == 1


# --- later starts ---------------------------------------------------------------------------------


async def test_a_start_with_the_same_file_publishes_nothing(start: Start) -> None:
    await start.begin(TEXT)

    await start.begin()
    await start.begin()

    assert (start.published, start.book.notes()) == ([1], ())


async def test_a_changed_file_is_kept_as_a_draft_and_told_at_every_start(start: Start) -> None:
    await start.begin(TEXT)

    await start.begin(OTHER)
    first = start.book.notes()
    await start.begin()
    second = start.book.notes()

    assert (start.version, start.published) == (1, [1])
    assert first == second
    assert "draft 2" in first[0]
    assert str(start.file) in first[0]
    versions = [(about.version, about.published_at) for about in await start.store.versions(9)]
    assert versions[0] == (2, 0.0)
    assert len(versions) == 2


async def test_a_draft_of_the_file_is_told_of_no_more_when_something_newer_is_published(
    start: Start,
) -> None:
    await start.begin(TEXT)
    await start.begin(OTHER)

    await start.publish(OTHER, 1)
    at_once = start.book.notes()
    await start.begin()

    assert at_once == start.book.notes() == ()
    assert start.published == [1, 3]


async def test_a_file_left_behind_by_newer_versions_is_no_draft(start: Start) -> None:
    await start.begin(TEXT)
    await start.publish(OTHER, 1)

    await start.begin()

    assert (start.version, start.book.notes()) == (2, ())
    assert len(await start.store.versions(9)) == 2


@pytest.mark.parametrize("problem", ["wrong", "missing"])
async def test_a_changed_file_that_is_wrong_is_told_with_its_line_and_stops_nothing(
    start: Start, problem: str
) -> None:
    await start.begin(TEXT)
    if problem == "wrong":
        await start.begin(WRONG)
        said = "routing.yaml:4: there is no queue `nowhere`"
    else:
        start.file.unlink()
        start.book = RuleBook(start.hub, start.store, FakeClock())
        assert await start.book.begin(start.file, QUEUES) is None
        said = "there is no such file"

    (note,) = start.book.notes()
    assert said in note
    assert "version 1 as before" in note
    assert len(await start.store.versions(9)) == 1


# --- what a crash left ----------------------------------------------------------------------------


async def test_a_version_that_the_machine_has_lost_is_published_again(start: Start) -> None:
    document = await kept(start, version_after=6)
    await start.store.mark_published(7, 9.0)

    await start.begin(TEXT)

    assert (start.version, start.published) == (7, [7])
    assert start.hub.state.rules.rules == document.rules
    assert "draft 8" in start.book.notes()[0]  # the file says something else


async def test_a_version_whose_mark_was_cut_off_is_marked(start: Start) -> None:
    document = await kept(start)
    start.hub.tell(e.RulesPublished("r", document.about.version, document.rules, "sue"))

    await start.begin()

    found = await start.store.published()
    assert found is not None
    assert found.about.version == 1
    assert (start.published, start.book.notes()) == ([], ())


async def test_a_draft_that_the_machine_was_never_told_of_stays_one(start: Start) -> None:
    await kept(start)

    await start.begin()

    assert (start.version, start.published, start.book.notes()) == (0, [], ())


async def test_a_store_older_than_the_machine_is_told_and_mended_by_publishing(
    start: Start,
) -> None:
    await start.begin(TEXT)
    start.hub.tell(e.RulesPublished("r", 5, RULES, "sue"))

    await start.begin()
    (note,) = start.book.notes()
    shown = await start.book.published()
    await start.publish(OTHER, shown.about.version)

    assert "version 5 of the rules, which the database does not have (it has version 1" in note
    assert shown.about.version == 1
    assert (start.version, start.book.notes()) == (6, ())


async def test_a_store_that_was_emptied_is_told(start: Start) -> None:
    start.hub.tell(e.RulesPublished("r", 5, RULES, "sue"))

    await start.begin(TEXT)

    assert "it has none" in start.book.notes()[0]
    assert (start.version, await start.store.versions(9)) == (5, ())


# --- at once --------------------------------------------------------------------------------------


async def test_of_two_at_once_one_is_published_and_the_other_conflicts(start: Start) -> None:
    results = await asyncio.gather(
        start.book.publish(TEXT, comment="", based_on=0, by="sue", request="a"),
        start.book.publish(OTHER, comment="", based_on=0, by="mia", request="b"),
        return_exceptions=True,
    )

    done = [one for one in results if isinstance(one, RulesDocument)]
    assert [one.about.version for one in done] == [1]
    assert [type(one).__name__ for one in results if one not in done] == ["RulesConflict"]


async def test_going_back_does_not_ask_whether_somebody_has_the_skills(start: Start) -> None:
    skilled = "format: 1\nskills: [a]\nrules:\n  - name: all\n    then: {skills: {a: 1}}\n"
    await start.publish(skilled, 0)
    await start.publish(TEXT, 1)
    start.hub.tell(e.AgentsConfigured((AgentProfile("ana", QUEUES),)))

    back = await start.book.roll_back(1, comment="", based_on=2, by="sue", request="back")

    assert back is not None
    assert back.text == skilled
    with pytest.raises(DocumentError, match="no agent can ever answer"):
        await start.publish(skilled + "\n", 3)
