"""The benchmark measures what it says, on a small journal."""

from __future__ import annotations

import json
from pathlib import Path

from callcenter.bench import journal as bench


def test_the_benchmark_gives_medians_with_their_spread_and_leaves_nothing(tmp_path: Path) -> None:
    result = bench.run(tmp_path, entries=300, runs=3, syncs=5)

    assert (result["entries"], result["runs"]) == (300, 3)
    assert result["bytes_per_entry"] > 10
    figures = [
        *(figure for batch in result["append"].values() for figure in batch.values()),
        *result["fdatasync"].values(),
        *result["load"].values(),
    ]
    assert len(figures) == 9
    for figure in figures:
        assert 0 < figure["min"] <= figure["median"] <= figure["max"]
    assert list(tmp_path.iterdir()) == []
    json.dumps(result)


def test_the_entries_of_the_benchmark_follow_one_another() -> None:
    entries = bench.make_entries(20)

    assert [entry.position for entry in entries] == list(range(1, 21))
    assert sum(bool(entry.commands) for entry in entries) == 4
