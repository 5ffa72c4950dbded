"""What the machine decided in some small stories, it decides again: or its version has risen."""

from __future__ import annotations

import gzip
import re
import runpy
from pathlib import Path

import msgspec
import pytest

from callcenter.core.machine import MACHINE_VERSION
from callcenter.domain.events import ServiceStarted
from callcenter.domain.step import Entry
from callcenter.service.recovery import machine_at, replay

JOURNALS = Path(__file__).parents[1] / "fixtures" / "journals"
SCRIPT = runpy.run_path(str(Path(__file__).parents[2] / "scripts" / "golden_journals.py"))
STORIES = ("inbound", "campaign", "faults")
REMAKE = "run scripts/golden_journals.py, and name the decision that changed in " + (
    "tests/fixtures/journals/CHANGES.md"
)
RAISE = (
    "a decision, or what is kept of the state, has changed: raise MACHINE_VERSION in "
    f"callcenter/core/machine.py (once for all that you change), {REMAKE}"
)
ENTRIES = msgspec.msgpack.Decoder(tuple[Entry, ...])


class Story(msgspec.Struct):
    """What is written beside a journal."""

    journal: str
    entries: int
    states_hash: str


class Index(msgspec.Struct):
    """What is written beside all of them."""

    machine_version: int
    inbound: Story
    campaign: Story
    faults: Story


def index() -> Index:
    """What was found when they were made."""
    return msgspec.json.decode((JOURNALS / "expected.json").read_bytes(), type=Index)


def entries_of(story: str) -> tuple[Entry, ...]:
    """The journal."""
    return ENTRIES.decode(gzip.decompress((JOURNALS / f"{story}.entries.gz").read_bytes()))


def test_the_golden_journals_are_of_this_machine_version() -> None:
    assert index().machine_version == MACHINE_VERSION, (
        f"the golden journals are of machine version {index().machine_version}, the code is "
        f"{MACHINE_VERSION}: {REMAKE}"
    )


@pytest.mark.parametrize("story", STORIES)
def test_a_golden_journal_is_stepped_to_the_same_commands_records_and_state(story: str) -> None:
    entries, expected = entries_of(story), getattr(index(), story)
    assert len(entries) == expected.entries
    assert [entry.position for entry in entries] == list(range(1, len(entries) + 1))

    machine = machine_at(expected.journal, None)

    assert replay(machine, entries).differences == (), RAISE
    assert SCRIPT["hash_states"](expected.journal, entries) == expected.states_hash, RAISE


def test_the_stories_hold_what_they_are_for() -> None:
    starts = [entry for entry in entries_of("faults") if isinstance(entry.event, ServiceStarted)]

    assert len(starts) > 1
    assert any(entry.records for entry in entries_of("inbound"))
    assert any("PlaceCall" in str(entry.commands) for entry in entries_of("campaign"))


def test_the_decision_that_changed_last_is_named() -> None:
    text = (JOURNALS / "CHANGES.md").read_text()
    named = [int(number) for number in re.findall(r"^## (\d+)$", text, re.MULTILINE)]

    assert named[:1] == [MACHINE_VERSION], (
        f"write a section '## {MACHINE_VERSION}' at the top of tests/fixtures/journals/CHANGES.md"
    )
    assert named == sorted(named, reverse=True)
