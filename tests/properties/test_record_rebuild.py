"""Records made anew from the journal are the same rows, however the projector's work was cut into
batches."""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.domain.records import Record
from callcenter.storage.record_check import Range, TableCheck, compare_records, replace_records
from callcenter.upkeep.records import project
from tests.unit.storage.samples import any_record, make_entry
from tests.unit.upkeep.files import database_in

JOURNAL = "j0000001"
EXAMPLES = 15
"""Each makes two databases: a tenth of a second."""


@settings(max_examples=EXAMPLES)
@given(
    st.lists(st.lists(any_record(), max_size=4), min_size=1, max_size=12),
    st.integers(1, 13),
    st.integers(1, 13),
    st.integers(1, 12),
)
def test_rows_are_equal_whatever_the_batches_and_a_rebuild_changes_nothing(
    records: list[list[Record]], batch: int, other_batch: int, first: int
) -> None:
    entries = [make_entry(number, *some) for number, some in enumerate(records, 1)]
    whole = Range(JOURNAL, 1, len(entries))
    part = Range(JOURNAL, min(first, len(entries)), len(entries))

    async def main(folder: Path) -> list[tuple[TableCheck, ...]]:
        for name in ("ours", "theirs"):
            (folder / name).mkdir()
        async with (
            database_in(folder / "ours") as ours,
            database_in(folder / "theirs") as theirs,
        ):
            await project(ours, whole, iter(entries), batch_entries_max=batch)
            await project(theirs, whole, iter(entries), batch_entries_max=other_batch)
            before = await compare_records(ours, theirs, whole)
            await replace_records(ours, theirs, part)
            return [before, await compare_records(ours, theirs, whole)]

    with TemporaryDirectory() as folder:
        found = asyncio.run(main(Path(folder)))

    for checks in found:
        assert all(check.is_equal for check in checks)
        assert sum(check.rows for check in checks) == sum(len(some) for some in records)
