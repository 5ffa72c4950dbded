"""A process that appends for ever and says what it was promised; the kill test ends it.

Lines on standard output: ``appended N``, ``synced N``, ``snapshot N``.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from callcenter.journal.file import FileJournal
from tests.unit.journal.entries import make_entries, make_state

SEGMENT_BYTES = 4_000
SNAPSHOT_EVERY = 60


def say(what: str, position: int) -> None:
    """Tell the parent; it has it even if we are killed right after."""
    sys.stdout.write(f"{what} {position}\n")
    sys.stdout.flush()


async def keep_syncing(journal: FileJournal) -> None:
    """Sync again and again, beside the appends."""
    while True:
        position = journal.position.position
        await journal.sync()
        say("synced", position)
        await asyncio.sleep(0)


async def keep_saving(journal: FileJournal) -> None:
    """Save a snapshot now and then, beside all else."""
    while True:
        position = journal.position.position
        if position and position % SNAPSHOT_EVERY == 0:
            await journal.save_snapshot(position, make_state(position))
            say("snapshot", position)
        await asyncio.sleep(0)


async def main(folder: Path) -> None:
    """Append for ever."""
    journal = FileJournal(folder, machine_version=1, segment_bytes=SEGMENT_BYTES)
    journal.load()
    tasks = [asyncio.create_task(job(journal)) for job in (keep_syncing, keep_saving)]
    while not any(task.done() for task in tasks):
        first = journal.position.position + 1
        last = first + first % 3
        journal.append(make_entries(first, last))
        say("appended", last)
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)  # one of them failed: say how


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
