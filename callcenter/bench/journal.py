"""How fast the file journal is on this machine's disk: appending, syncing, loading."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from callcenter.domain.commands import HoldCaller, RingAgent
from callcenter.domain.events import CallArrived, CallerHeld, ChannelHungUp, Event, LegRinging, Tick
from callcenter.domain.ids import ChannelRef
from callcenter.domain.step import Entry
from callcenter.journal.file import FileJournal
from callcenter.journal.folder import SEGMENT_SUFFIX

ENTRIES = 50_000
"""Entries of one run: what a busy center of 1,000 agents writes in some two minutes."""

RUNS = 5
"""Runs of each measurement: the median is given, and the slowest and fastest as its spread."""

SYNCS = 200
"""Syncs of one run, each after one batch of `SYNC_BATCH`: enough for a 99th percentile."""

SYNC_BATCH = 10
"""Entries that each sync has to wait for."""

BATCHES = (1, 10, 100)
"""Entries in a batch: the hub writes what came in since it last looked, mostly a few."""

LOAD_BATCH = 10
"""Entries in a batch of the journal that is loaded."""


def run(
    folder: Path | None = None, *, entries: int = ENTRIES, runs: int = RUNS, syncs: int = SYNCS
) -> dict[str, Any]:
    """Measure in a new folder below ``folder``, or in the system's folder for temporary files.

    Figures are ``{"median", "min", "max"}`` over the runs, rates in 1/s and times in ms. Where the
    folder lies in memory, syncs cost nothing and prove nothing.
    """
    made = make_entries(entries)
    with tempfile.TemporaryDirectory(dir=folder, prefix="bench-journal-") as root:
        space = _Space(Path(root))
        append = {f"batch_{size}": _measure_append(space, made, size, runs) for size in BATCHES}
        sync = _measure_sync(space, made, syncs, runs)
        load, size = _measure_load(space, made, runs)
    return {
        "entries": entries,
        "runs": runs,
        "bytes_per_entry": round(size / entries, 1),
        "append": append,
        "fdatasync": sync,
        "load": load,
    }


def make_entries(count: int) -> list[Entry]:
    """Entries as a center writes them: one in five orders something from the PBX."""
    entries = []
    for position in range(1, count + 1):
        channel = ChannelRef("main", f"1767225600.{position // 5}")
        leg = ChannelRef("main", f"leg-abcd1234-{position}-0")
        events: tuple[Event, ...] = (
            CallArrived(channel, "+4930123456", "+4989987654"),
            CallerHeld(channel),
            LegRinging(leg),
            ChannelHungUp(channel, 16),
            Tick(),
        )
        commands = (
            HoldCaller(f"c-abcd1234-{position}-0", channel),
            RingAgent(f"c-abcd1234-{position}-1", leg, "ana", "1001", "x", "+4930123456", 20.0),
        )
        kind = position % len(events)
        ordered = commands if kind == 0 else ()
        entries.append(Entry(position, 1_767_225_600.0 + position / 400, events[kind], ordered))
    return entries


class _Space:
    """Gives every run a folder of its own."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._made = 0

    def make_folder(self) -> Path:
        self._made += 1
        return self._root / str(self._made)


def _measure_append(
    space: _Space, entries: Sequence[Entry], batch: int, runs: int
) -> dict[str, dict[str, float]]:
    """Appends without any sync; the time includes encoding, checksums and digests."""
    batches = _split(entries, batch)
    rates = []
    for _ in range(runs):
        journal = _open_loaded(space.make_folder())
        began = time.perf_counter()
        _append_all(journal, batches)
        seconds = time.perf_counter() - began
        asyncio.run(journal.close())
        rates.append(1 / seconds)
    return {
        "batches_per_s": _summarize([rate * len(batches) for rate in rates]),
        "entries_per_s": _summarize([rate * len(entries) for rate in rates]),
    }


def _append_all(journal: FileJournal, batches: Sequence[Sequence[Entry]]) -> None:
    for batch in batches:
        journal.append(batch)


def _measure_sync(
    space: _Space, entries: Sequence[Entry], syncs: int, runs: int
) -> dict[str, dict[str, float]]:
    """One batch, one sync, and so on: what an order to dial waits for, thread included."""
    medians, slowest = [], []
    for _ in range(runs):
        took = asyncio.run(_sync_often(_open_loaded(space.make_folder()), entries, syncs))
        medians.append(median(took) * 1_000)
        slowest.append(quantiles(took, n=100)[98] * 1_000)
    return {"median_ms": _summarize(medians), "p99_ms": _summarize(slowest)}


async def _sync_often(journal: FileJournal, entries: Sequence[Entry], syncs: int) -> list[float]:
    took = []
    for batch in _split(entries, SYNC_BATCH)[:syncs]:
        journal.append(batch)
        began = time.perf_counter()
        await journal.sync()
        took.append(time.perf_counter() - began)
    await journal.close()
    return took


def _measure_load(
    space: _Space, entries: Sequence[Entry], runs: int
) -> tuple[dict[str, dict[str, float]], int]:
    """Loading all of it, proofs and decoding included; the files are in the system's cache.

    Also returns the journal's size in bytes.
    """
    folder = space.make_folder()
    journal = _open_loaded(folder)
    _append_all(journal, _split(entries, LOAD_BATCH))
    asyncio.run(journal.close())
    size = sum(path.stat().st_size for path in folder.glob(f"*{SEGMENT_SUFFIX}"))
    rates = []
    for _ in range(runs):
        journal = FileJournal(folder, machine_version=1)
        began = time.perf_counter()
        loaded = journal.load()
        seconds = time.perf_counter() - began
        asyncio.run(journal.close())
        rates.append(len(loaded.entries) / seconds)
    return {"entries_per_s": _summarize(rates)}, size


def _open_loaded(folder: Path) -> FileJournal:
    journal = FileJournal(folder, machine_version=1)
    journal.load()
    return journal


def _split(entries: Sequence[Entry], size: int) -> list[Sequence[Entry]]:
    return [entries[at : at + size] for at in range(0, len(entries), size)]


def _summarize(values: Sequence[float]) -> dict[str, float]:
    return {
        "median": round(median(values), 3),
        "min": round(min(values), 3),
        "max": round(max(values), 3),
    }
