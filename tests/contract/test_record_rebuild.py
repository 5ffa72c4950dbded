"""Records rebuilt from the journal, in a file, equal those that the projector wrote, in a database
of any kind."""

from __future__ import annotations

from pathlib import Path

from callcenter.storage.record_check import Range, compare_records, replace_records
from callcenter.upkeep.records import project
from tests.unit.storage.databases import Place, new_database, outsider
from tests.unit.storage.samples import make_entry, numbered, one_of_each
from tests.unit.upkeep.files import database_in

JOURNAL = "j0000001"


async def test_rows_are_the_same_in_every_kind_of_database_and_can_be_replaced(
    place: Place, tmp_path: Path
) -> None:
    entries = [make_entry(1, *one_of_each()), make_entry(2, *one_of_each("c2")), *numbered(3, 40)]
    of = Range(JOURNAL, 1, 40)
    async with new_database(place) as ours, database_in(tmp_path) as rebuilt:
        await project(ours, of, iter(entries), batch_entries_max=7)
        await project(rebuilt, of, iter(entries), batch_entries_max=11)
        equal = await compare_records(ours, rebuilt, of)
        with outsider(ours) as other:
            for table in equal:
                other.execute(f"DELETE FROM {table.table} WHERE position = 2")
            other.execute("UPDATE campaign_changes SET settings = '{}'")
        unequal = await compare_records(ours, rebuilt, of)
        await replace_records(ours, rebuilt, of)
        mended = await compare_records(ours, rebuilt, of)

    assert all(table.is_equal and table.rows for table in equal)
    assert not any(table.is_equal for table in unequal)
    assert mended == equal
