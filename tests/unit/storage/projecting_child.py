"""A process that projects a long journal until it is killed; prints a line for each transaction."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

from callcenter.storage.database import Database
from callcenter.storage.projector import Projector
from tests.unit.storage.samples import ListJournal, numbered

JOURNAL = "j0000001"
ENTRIES = 20_000
BATCH = 50
"""Entries of a transaction: small, so that there are hundreds to be killed in."""


async def start_child(url: str) -> Process:
    """Start the process on the database at this address."""
    root = str(Path(__file__).parents[3])
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.unit.storage.projecting_child",
        url,
        stdout=PIPE,
        cwd=root,
        env={**os.environ, "PYTHONPATH": root},
    )


async def project(url: str) -> None:
    """Run the projector and tell of its progress."""
    database = Database(url)
    journal = ListJournal(numbered(1, ENTRIES))
    projector = Projector(database, JOURNAL, journal.read_after, batch_entries_max=BATCH)
    async with asyncio.TaskGroup() as group:
        group.create_task(projector.run())
        while True:
            await projector.wait_for(projector.written + 1)
            sys.stdout.write(f"{projector.written}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(project(sys.argv[1]))
