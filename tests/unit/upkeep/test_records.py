"""Whether the records are what the journal says is found out, and can be mended."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from callcenter.domain.step import Entry
from callcenter.settings import load_settings
from callcenter.storage.record_check import Difference, Range, compare_records
from callcenter.upkeep.records import RecordsCheck, RecordsUnprovable, check_records, project
from tests.unit.storage.samples import make_entry as entry_of
from tests.unit.storage.samples import numbered, one_of_each
from tests.unit.upkeep.files import database_in, look_into, spoil
from tests.unit.upkeep.little_center import little_center, make_center, write_config

JOURNAL = "j0000001"


def check(config: Path, *, rebuild: bool = False) -> RecordsCheck:
    return asyncio.run(check_records(load_settings(config), rebuild=rebuild))


def test_records_that_the_projector_wrote_equal_the_journal(tmp_path: Path) -> None:
    config, entries = make_center(tmp_path, 20, later=3)

    found = check(config)

    assert found.is_equal
    assert {table.table: table.rows for table in found.tables if table.rows} == {"calls": 20}
    assert (found.first, found.last, found.journal_last) == (1, len(entries) - 6, len(entries))
    assert found.replaced == {}
    assert sorted(path.name for path in (tmp_path / "data").iterdir() if path.is_dir()) == [
        "journal",
        "secrets",
        "sounds",
        "voicemails",
    ]


def test_rows_lost_changed_and_invented_are_named_and_a_rebuild_mends_them(tmp_path: Path) -> None:
    config, _ = make_center(tmp_path, 5)
    spoil(
        tmp_path / "data",
        "DELETE FROM calls WHERE position = 5",
        "UPDATE calls SET caller_number = '1', offers = 7 WHERE position = 7",
        "UPDATE calls SET choices = '[ ]' WHERE position = 9",
        "INSERT INTO faults SELECT journal, 8, 3, 'k', 'd', 1.5 FROM projector_positions",
    )

    found = check(config)
    mended = check(config, rebuild=True)

    calls = next(table for table in found.tables if table.table == "calls")
    assert not found.is_equal
    assert (calls.rows, calls.expected, calls.missing, calls.differing) == (4, 5, 1, 2)
    assert calls.differences == (
        Difference(5, 0, "missing"),
        Difference(7, 0, "differs", ("caller_number", "offers")),
        Difference(9, 0, "differs", ("choices",)),
    )
    faults = next(table for table in found.tables if table.table == "faults")
    assert (faults.unexplained, faults.differences) == (1, (Difference(8, 3, "unexplained"),))
    assert mended.tables == found.tables
    assert mended.replaced["calls"] == 5
    assert check(config).is_equal


def test_what_a_trimmed_journal_no_longer_holds_is_neither_proved_nor_touched(
    tmp_path: Path,
) -> None:
    async def main() -> list[Entry]:
        async with little_center(tmp_path) as center:
            for _ in range(4):
                center.take_calls(10)
                await center.journal.sync()
                await center.projector.catch_up()
                await center.save_snapshot()
            return center.entries

    entries = asyncio.run(main())
    config = tmp_path / "center.yaml"
    spoil(
        tmp_path / "data",
        "UPDATE calls SET offers = 7 WHERE position = 5",
        f"UPDATE calls SET offers = 7 WHERE position = {len(entries)}",
    )

    found = check(config, rebuild=True)

    assert 1 < found.first < found.last == len(entries)
    calls = next(table for table in found.tables if table.table == "calls")
    assert found.older + calls.rows == 40
    assert [one.position for one in calls.differences] == [len(entries)]
    assert check(config).is_equal
    assert look_into(tmp_path / "data", "SELECT offers FROM calls WHERE position = 5") == [(7,)]


def test_rows_of_other_journals_are_counted_and_left_alone(tmp_path: Path) -> None:
    config, _ = make_center(tmp_path, 2)
    spoil(tmp_path / "data", "UPDATE calls SET journal = 'before00' WHERE position = 5")

    found = check(config, rebuild=True)

    assert found.other_journals == 1
    assert check(config).is_equal


def test_records_that_are_ahead_of_the_journal_cannot_be_proved(tmp_path: Path) -> None:
    config, _ = make_center(tmp_path, 1)
    spoil(tmp_path / "data", "UPDATE projector_positions SET position = 99")

    with pytest.raises(RecordsUnprovable, match="up to 99, the journal ends at 5"):
        check(config)


def test_without_a_journal_nothing_can_be_proved(tmp_path: Path) -> None:
    config = write_config(tmp_path)

    with pytest.raises(RecordsUnprovable, match="no journal"):
        check(config)


async def test_every_kind_of_record_is_compared(tmp_path: Path) -> None:
    entries = [entry_of(1, *one_of_each()), *numbered(2, 9)]
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    of = Range(JOURNAL, 1, 9)
    async with database_in(tmp_path / "a") as a, database_in(tmp_path / "b") as b:
        await project(a, of, iter(entries), batch_entries_max=1)
        await project(b, of, iter(entries), batch_entries_max=4)
        equal = await compare_records(a, b, of)
        for table in equal:
            spoil(
                tmp_path / "a",
                f"DELETE FROM {table.table} WHERE position = 1 AND record_index = "
                f"(SELECT min(record_index) FROM {table.table} WHERE position = 1)",
            )
        unequal = await compare_records(a, b, of)

    assert all(table.is_equal and table.rows for table in equal)
    assert not any(table.is_equal for table in unequal)
