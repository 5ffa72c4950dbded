"""What a start makes of a journal that another version has left."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from callcenter.bootstrap import Center, open_center
from callcenter.core.machine import MACHINE_VERSION
from callcenter.core.migrations import MIGRATES_FROM, read_state
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.installation import journal_folder
from callcenter.journal.errors import ForeignJournal
from callcenter.journal.file import FileJournal
from callcenter.journal.reader import read
from callcenter.settings import Settings, load_settings
from callcenter.simulator.asterisk_instance import free_port
from tests.builders import row
from tests.unit.core.test_migrations import fixture
from tests.unit.core.test_salvage import Story

CONFIG = """
data_dir: data
http: {{port: {http}}}
pbxs:
  - name: main
    ami_port: {ami}
    phones: [{{number: "1001"}}]
    trunks: [{{name: carrier, host: 192.0.2.1}}]
queues: [{{id: service}}]
default_queue: service
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A center with which nothing has run yet; its PBX is not there."""
    path = tmp_path / "center.yaml"
    path.write_text(CONFIG.format(http=free_port(), ami=free_port()))
    return load_settings(path)


def open_as(settings: Settings, **who: Any) -> FileJournal:
    """The center's journal, opened by somebody else."""
    journal = FileJournal(journal_folder(settings), journal_id="TESTTEST", **who)
    journal.load()
    return journal


async def run_once(settings: Settings, looks: list[Center]) -> list[str]:
    """Start the center, look, stop it in the regular way; returns its notes."""
    async with open_center(settings) as center:
        looks.append(center)
        await asyncio.sleep(0.2)
        return [note for note in center.notes if not note.startswith('PBX "main"')]


async def test_a_crash_with_another_python_is_salvaged_said_and_over_with_the_first_start(
    settings: Settings,
) -> None:
    story = Story()
    story.dial("ana", rows=2)
    placed = story.last(c.PlaceCall)
    theirs = open_as(settings, machine_version=MACHINE_VERSION, python=(3, 99))
    theirs.append(story.tail)
    await theirs.close()
    looks: list[Center] = []

    notes = await run_once(settings, looks)

    state = looks[0].hub.state
    assert list(state.attempts) == [placed.channel.id]
    assert state.dialing.get(row(0).number) == placed.channel.id
    assert f"wrote the last {len(story.tail)} journal entries" in notes[0]
    assert "Python 3.99" in notes[0]
    assert "1 dialed calls whose end is not known are not dialed again" in notes[0]
    assert await run_once(settings, looks) == []
    assert list(looks[1].hub.state.attempts) == [placed.channel.id]
    assert looks[1].hub.state.epoch > looks[0].hub.state.epoch - 1 > 1_000_000_000


async def test_an_upgrade_after_a_clean_stop_replays_nothing(settings: Settings) -> None:
    old = read_state(fixture(MACHINE_VERSION - 1), MACHINE_VERSION - 1)
    theirs = open_as(settings, machine_version=MACHINE_VERSION - 1)
    await theirs.save_snapshot(old.position, fixture(MACHINE_VERSION - 1))
    await theirs.close()
    looks: list[Center] = []

    notes = await run_once(settings, looks)

    assert notes == []
    assert looks[0].hub.position > old.position
    assert looks[0].hub.events[e.ServiceStarted.__name__] == 1
    left = read(journal_folder(settings), newest_snapshot=True)
    assert (left.snapshot_version, left.entries) == (MACHINE_VERSION, ())


@pytest.mark.parametrize("version", [min(MIGRATES_FROM) - 1, MACHINE_VERSION + 1])
async def test_a_snapshot_of_a_version_too_far_away_stops_the_start_and_is_left_alone(
    settings: Settings, version: int
) -> None:
    theirs = open_as(settings, machine_version=version)
    await theirs.save_snapshot(7, b"whatever it is")
    await theirs.close()

    with pytest.raises(ForeignJournal, match=f"machine version {version} under.*cannot read it"):
        await run_once(settings, [])

    assert read(journal_folder(settings), newest_snapshot=True).snapshot == b"whatever it is"


async def test_a_disk_too_full_for_the_snapshot_does_not_stop_the_start(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Story()
    theirs = open_as(settings, machine_version=MACHINE_VERSION, python=(3, 99))
    theirs.append(story.tail)
    await theirs.close()

    async def refuse(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(FileJournal, "save_snapshot", refuse)

    assert len(await run_once(settings, [])) == 1
    assert len(await run_once(settings, [])) == 1  # and is taken from the same entries once more
