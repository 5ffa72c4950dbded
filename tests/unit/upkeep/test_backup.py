"""A backup of a center, running or not, is whole; or there is none."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import stat
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from callcenter.core.machine import MACHINE_VERSION
from callcenter.domain.step import Entry
from callcenter.installation import journal_folder
from callcenter.journal.file import FileJournal
from callcenter.service.recovery import recover
from callcenter.settings import load_settings
from callcenter.storage import copying
from callcenter.storage.copying import DatabaseCopy, copy_database
from callcenter.storage.record_check import Range, compare_records
from callcenter.storage.stores import DatabaseUnusable
from callcenter.upkeep import make
from callcenter.upkeep.make import BackupRefused, make_backup
from callcenter.upkeep.records import project
from callcenter.upkeep.restore import Restored, restore_backup
from tests.builders import T0
from tests.unit.upkeep.files import count_rows, database_in, spoil
from tests.unit.upkeep.little_center import (
    LittleCenter,
    hash_after,
    hash_state,
    little_center,
    make_center,
    renamed,
    write_config,
)

CALLS = 40


def back_up(config: Path, file: Path) -> None:
    make_backup(load_settings(config), config, file, T0)


@contextmanager
def disk_with(size: int) -> Iterator[None]:
    """While no file can grow beyond this many bytes, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def assert_is_prefix(config: Path, restored: Restored, entries: list[Entry]) -> None:
    """State and records of the restored center are those that the first entries lead to."""
    prefix = entries[: restored.position]
    assert restored.state_hash == hash_after(restored.old_journal, prefix)
    settings = load_settings(config)
    journal = FileJournal(journal_folder(settings), machine_version=MACHINE_VERSION)
    machine = recover(journal.id, journal.load()).machine
    await journal.close()
    assert journal.id == restored.journal != restored.old_journal
    assert hash_state(renamed(machine, restored.old_journal)) == restored.state_hash
    of = Range(restored.old_journal, 1, restored.position)
    expected = config.parent / "expected"
    expected.mkdir()
    async with (
        database_in(settings.data_dir) as ours,
        database_in(expected) as theirs,
    ):
        await project(theirs, of, iter(prefix))
        checks = await compare_records(ours, theirs, of)
    assert all(check.is_equal for check in checks), checks
    assert sum(check.rows for check in checks) > 0


def test_a_restored_center_has_the_state_and_all_records_of_the_journal(tmp_path: Path) -> None:
    config, entries = make_center(tmp_path / "old", CALLS, later=7)
    back_up(config, tmp_path / "backup")
    elsewhere = tmp_path / "new" / "center.yaml"
    elsewhere.parent.mkdir()

    restored = asyncio.run(restore_backup(tmp_path / "backup", elsewhere))

    assert restored.position == len(entries)
    assert restored.records_from == len(entries) - 2 * 7
    assert restored.differences == 0
    asyncio.run(assert_is_prefix(elsewhere, restored, entries))


def test_config_flows_secrets_and_sounds_come_back_and_the_token_of_the_process_does_not(
    tmp_path: Path,
) -> None:
    config, _ = make_center(tmp_path / "old", 1)
    back_up(config, tmp_path / "backup")
    new = tmp_path / "new"
    new.mkdir()

    restored = asyncio.run(restore_backup(tmp_path / "backup", new / "other.yaml"))

    assert (new / "other.yaml").read_bytes() == config.read_bytes()
    assert (new / "flows/prompts/en/hello.txt").read_text() == "Hello.\n"
    assert (new / "data/secrets/main/leader").read_text() == "a secret\n"
    assert (new / "data/sounds/hello.wav").read_text() == "a sound\n"
    assert sorted(os.listdir(new / "data")) == ["center.db", "journal", "secrets", "sounds"]
    assert not (new / "data/secrets/cli.json").exists()
    assert any("missing" in note for note in restored.notes)
    assert sorted(os.listdir(new)) == ["data", "flows", "other.yaml"]


def test_nobody_else_can_read_a_backup_or_what_is_restored_of_data_and_secrets(
    tmp_path: Path,
) -> None:
    config, _ = make_center(tmp_path / "old", 1)
    (tmp_path / "old/data/secrets/main/leader").chmod(0o644)
    back_up(config, tmp_path / "backup")
    (tmp_path / "new").mkdir()

    asyncio.run(restore_backup(tmp_path / "backup", tmp_path / "new/center.yaml"))

    assert stat.S_IMODE((tmp_path / "backup").stat().st_mode) == 0o600
    data = tmp_path / "new/data"
    for path in (data, *data.rglob("*")):
        open_to_others = stat.S_IMODE(path.stat().st_mode) & 0o077
        assert not open_to_others or path.is_relative_to(data / "sounds"), path


async def test_a_center_that_goes_on_working_is_backed_up_as_of_one_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes calls, projects, saves snapshots and trims its journal all the while."""
    monkeypatch.setattr(copying, "PAGES_EACH", 1)
    async with little_center(tmp_path / "old", batch=7) as center:
        center.take_calls(CALLS)
        await center.projector.catch_up()
        loads = asyncio.create_task(keep_working(center))
        before = center.machine.state.position
        for number in range(3):
            await asyncio.to_thread(back_up, tmp_path / "old/center.yaml", tmp_path / f"b{number}")
        during = center.machine.state.position - before
        loads.cancel()
        await asyncio.wait({loads})
        assert loads.cancelled()
        entries = center.entries
    assert during > 0

    for number in range(3):
        config = tmp_path / f"new{number}" / "center.yaml"
        config.parent.mkdir()
        restored = await restore_backup(tmp_path / f"b{number}", config)
        assert before <= restored.position <= len(entries)
        await assert_is_prefix(config, restored, entries)


async def test_what_is_written_and_trimmed_before_and_after_the_copy_of_the_database_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    async with little_center(tmp_path / "old") as center:
        center.take_calls(CALLS)
        await center.projector.catch_up()

        async def work(meanwhile: Callable[[], None]) -> None:
            for _ in range(3):
                center.take_calls(10)
                meanwhile()
                await center.projector.catch_up()
                await center.save_snapshot()

        def busy_copy(source: Path, target: Path, *, meanwhile: Callable[[], None]) -> DatabaseCopy:
            asyncio.run_coroutine_threadsafe(work(meanwhile), loop).result()
            copy = copy_database(source, target, meanwhile=meanwhile)
            asyncio.run_coroutine_threadsafe(work(meanwhile), loop).result()
            return copy

        monkeypatch.setattr(make, "copy_database", busy_copy)
        center.take_calls(3)  # their records are not written before the copy begins
        await asyncio.to_thread(back_up, tmp_path / "old/center.yaml", tmp_path / "backup")
        entries = center.entries
    (tmp_path / "new").mkdir()

    restored = await restore_backup(tmp_path / "backup", tmp_path / "new/center.yaml")

    assert restored.records_from < restored.position == len(entries)
    await assert_is_prefix(tmp_path / "new/center.yaml", restored, entries)


async def keep_working(center: LittleCenter) -> None:
    while True:
        for _ in range(5):
            center.take_calls(1)
            await asyncio.sleep(0)
        await center.projector.catch_up()
        await center.save_snapshot()


def test_a_restored_center_never_makes_an_id_again_that_the_lost_part_gave_away(
    tmp_path: Path,
) -> None:
    async def main() -> tuple[list[str], list[str]]:
        async with little_center(tmp_path / "old") as center:
            center.take_calls(3)
            back_up(tmp_path / "old/center.yaml", tmp_path / "backup")
            lost = len(center.entries)
            center.take_calls(5)
            gone = calls_of(center.entries[lost:])
        (tmp_path / "new").mkdir()
        config = tmp_path / "new/center.yaml"
        restored = await restore_backup(tmp_path / "backup", config)
        async with database_in(tmp_path / "new/data") as database:
            center = LittleCenter(load_settings(config), database, 100)
            assert center.machine.state.position == restored.position == lost
            center.take_calls(5)
            await center.projector.catch_up()
            assert center.projector.stats().entries_missing == 0
            await center.journal.close()
        return gone, calls_of(center.entries)

    gone, made = asyncio.run(main())

    assert len(gone) == len(made) == 5
    assert not set(gone) & set(made)
    assert count_rows(tmp_path / "new/data", "calls") == 3 + 5


def calls_of(entries: list[Entry]) -> list[str]:
    return [record.call for entry in entries for record in entry.records if hasattr(record, "call")]


def test_a_batch_that_is_being_written_is_left_out(tmp_path: Path) -> None:
    config, entries = make_center(tmp_path / "old", 2)
    last = sorted((tmp_path / "old/data/journal").glob("*.journal"))[-1]
    last.write_bytes(last.read_bytes()[:-5])

    manifest = make_backup(load_settings(config), config, tmp_path / "backup", T0)
    (tmp_path / "new").mkdir()
    restored = asyncio.run(restore_backup(tmp_path / "backup", tmp_path / "new/center.yaml"))

    assert manifest.journal is not None
    assert manifest.journal.last_position == restored.position == len(entries)  # by the snapshot
    assert manifest.journal.torn_bytes > 0


def test_everybody_signs_in_anew_after_a_restore(tmp_path: Path) -> None:
    config, _ = make_center(tmp_path / "old", 1)
    spoil(
        tmp_path / "old/data",
        "INSERT INTO accounts VALUES ('ana', '', '[]', '', '', 'junior', '[]', '', '{}', 0, 0, 0)",
        "INSERT INTO sessions VALUES ('h', 's', 'ana', 0, 0, 9e9, '', '')",
    )
    back_up(config, tmp_path / "backup")
    (tmp_path / "new").mkdir()

    restored = asyncio.run(restore_backup(tmp_path / "backup", tmp_path / "new/center.yaml"))

    assert restored.sessions_ended == 1
    assert count_rows(tmp_path / "new/data", "accounts") == 1
    assert count_rows(tmp_path / "new/data", "sessions") == 0


def test_a_center_that_was_never_started_is_backed_up_and_restored_too(tmp_path: Path) -> None:
    config = write_config(tmp_path / "old")

    async def prepare() -> None:
        async with database_in(tmp_path / "old/data"):
            pass

    asyncio.run(prepare())

    manifest = make_backup(load_settings(config), config, tmp_path / "backup", T0)
    (tmp_path / "new").mkdir()
    restored = asyncio.run(restore_backup(tmp_path / "backup", tmp_path / "new/center.yaml"))

    assert manifest.journal is None
    assert (restored.journal, restored.position) == ("", 0)
    assert not (tmp_path / "new/data/journal").exists()


# --- what is refused ------------------------------------------------------------------------------


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    config, _ = make_center(tmp_path / "old", 1)
    (tmp_path / "backup").write_text("yesterday's")

    with pytest.raises(BackupRefused, match="is there already"):
        back_up(config, tmp_path / "backup")

    assert (tmp_path / "backup").read_text() == "yesterday's"


def test_without_a_database_there_is_no_backup(tmp_path: Path) -> None:
    config = write_config(tmp_path / "old")

    with pytest.raises(DatabaseUnusable, match="no database"):
        back_up(config, tmp_path / "backup")

    assert os.listdir(tmp_path) == ["old"]


def test_a_database_that_is_ahead_of_the_journal_is_refused(tmp_path: Path) -> None:
    config, entries = make_center(tmp_path / "old", 1)
    spoil(tmp_path / "old/data", "UPDATE projector_positions SET position = position + 1")

    with pytest.raises(BackupRefused, match=f"ends at {len(entries)}: the two do not belong"):
        back_up(config, tmp_path / "backup")

    assert os.listdir(tmp_path) == ["old"]


@pytest.mark.parametrize("room", [100_000, 700_000], ids=["database", "archive"])
def test_a_full_disk_leaves_no_file(tmp_path: Path, room: int) -> None:
    config, _ = make_center(tmp_path / "old", 1)
    (tmp_path / "old/data/sounds/long.wav").write_bytes(os.urandom(1_000_000))
    assert 100_000 < (tmp_path / "old/data/center.db").stat().st_size < 700_000

    with disk_with(room), pytest.raises(BackupRefused, match="room of the database"):
        back_up(config, tmp_path / "backup")

    assert os.listdir(tmp_path) == ["old"]


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    config, _ = make_center(tmp_path / "old", 1)

    with pytest.raises(BackupRefused, match=r"No such file or directory .*nowhere"):
        back_up(config, tmp_path / "nowhere/backup")


def test_the_archive_can_be_looked_into_with_tar(tmp_path: Path) -> None:
    config, entries = make_center(tmp_path / "old", 1)
    back_up(config, tmp_path / "backup")

    with tarfile.open(tmp_path / "backup") as archive:
        names = archive.getnames()
        manifest = archive.extractfile("manifest.json")
        assert manifest is not None
        content = json.loads(manifest.read())

    assert names[0] == "config/center.yaml"
    assert names[-1] == "manifest.json"
    assert {"database/center.db", "flows/service.yaml", "sounds/hello.wav"} < set(names)
    assert [member["name"] for member in content["members"]] == names[:-1]
    assert content["journal"]["last_position"] == len(entries)


def test_the_file_of_rules_that_the_config_names_goes_with_it(tmp_path: Path) -> None:
    config, _ = make_center(tmp_path / "old", 1)
    config.write_text(config.read_text() + "routing_rules: rules.yaml\n")
    back_up(config, tmp_path / "without")
    (config.parent / "rules.yaml").write_text("format: 1\nrules: [{name: all}]\n")
    back_up(config, tmp_path / "with")

    with tarfile.open(tmp_path / "without") as archive:
        assert "config/rules.yaml" not in archive.getnames()
    with tarfile.open(tmp_path / "with") as archive:
        assert archive.getnames()[:2] == ["config/center.yaml", "config/rules.yaml"]
