"""``callcenter replay`` of journals that this version wrote, and of those that it did not."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner, Result

from callcenter.cli.app import make_app
from callcenter.core.machine import MACHINE_VERSION
from callcenter.core.state import decode_state
from callcenter.domain import events as e
from callcenter.domain.step import Entry
from callcenter.journal.file import FileJournal
from tests.unit.core.test_migrations import fixture
from tests.unit.core.test_salvage import Story


def replay(folder: Path, *options: str) -> Result:
    """Run the command in this process; what it says must never be a traceback."""
    result = CliRunner().invoke(make_app(), ["replay", str(folder), *options])
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def write(folder: Path, *batches: list[Entry], snapshot: bytes = b"", **who: Any) -> None:
    """A journal with a snapshot before these batches."""

    async def main() -> None:
        who.setdefault("machine_version", MACHINE_VERSION)
        journal = FileJournal(folder, journal_id="TEST0000", **who)
        journal.load()
        if snapshot:
            await journal.save_snapshot(batches[0][0].position - 1, snapshot)
        for batch in batches:
            journal.append(batch)
        await journal.close()

    asyncio.run(main())


@pytest.fixture
def story() -> list[Entry]:
    """What happened, decided by this version."""
    bench = Story(journal="TEST0000")
    bench.dial("ana")
    return bench.tail


@pytest.mark.parametrize("who", [{"python": (3, 99)}, {"tzdata": "2031.1"}, {"machine_version": 1}])
def test_a_journal_of_another_version_is_refused_and_salvaged_when_asked(
    tmp_path: Path, story: list[Entry], who: dict[str, Any]
) -> None:
    write(tmp_path, story, **who)

    refused = replay(tmp_path)
    salvaged = replay(tmp_path, "--salvage", "--json")

    assert refused.exit_code == 1
    assert "was written by machine version" in refused.output.replace("\n", " ")
    assert "--salvage" in refused.output
    assert salvaged.exit_code == 0
    report = json.loads(salvaged.stdout)
    assert (report["equal"], report["entries"]) == (True, len(story))
    assert len(report["written_by"]) == 1


def test_differences_are_told_and_end_with_1_also_when_salvaged(
    tmp_path: Path, story: list[Entry]
) -> None:
    silent = msgspec.structs.replace(story[-1], commands=())
    write(tmp_path, [*story[:-1], silent], python=(3, 99))

    result = replay(tmp_path, "--salvage", "--json")

    assert result.exit_code == 1
    assert [x["position"] for x in json.loads(result.stdout)["differences"]] == [silent.position]


@pytest.mark.parametrize("only_segment", [False, True])
def test_what_cannot_be_read_ends_the_salvage_there_and_is_said(
    tmp_path: Path, story: list[Entry], only_segment: bool
) -> None:
    class EventOfTomorrow(msgspec.Struct, frozen=True, tag=True):
        """Nobody knows it today."""

    strange: Any = EventOfTomorrow()
    last = Entry(len(story) + 1, story[-1].now, strange)
    write(tmp_path, story, [last], [msgspec.structs.replace(last, position=len(story) + 2)])
    where = next(tmp_path.glob("*.journal")) if only_segment else tmp_path

    refused = replay(where)
    salvaged = replay(where, "--salvage")

    assert refused.exit_code == 1
    assert "does not know" in refused.output.replace("\n", " ")
    assert salvaged.exit_code == 0
    assert f"entries            {len(story)}" in salvaged.stdout
    assert "remark: " in salvaged.stdout


def test_the_snapshot_of_the_version_before_is_migrated_for_a_salvage(tmp_path: Path) -> None:
    old = decode_state(fixture(MACHINE_VERSION))
    tick = Entry(old.position + 1, old.now + 0.001, e.DesktopOpened("nobody"))
    write(
        tmp_path,
        [tick],
        snapshot=fixture(MACHINE_VERSION - 1),
        machine_version=MACHINE_VERSION - 1,
    )

    assert replay(tmp_path).exit_code == 1
    assert replay(tmp_path, "--salvage").exit_code == 0


def test_a_snapshot_that_nobody_can_read_is_said(tmp_path: Path) -> None:
    write(tmp_path, [Entry(2, 5.0, e.Tick())], snapshot=b"\x00", machine_version=1)

    result = replay(tmp_path, "--salvage")

    assert result.exit_code == 1
    assert "machine version 1; this is" in result.output.replace("\n", " ")
