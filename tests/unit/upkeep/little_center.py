"""A center's data folder with a real journal, a real machine and a real database, without a PBX:
calls come and hang up."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from callcenter.core.machine import MACHINE_VERSION, Machine
from callcenter.core.state import decode_state, empty_state
from callcenter.domain import events as e
from callcenter.domain.step import Entry
from callcenter.installation import journal_folder
from callcenter.journal.errors import EntriesTrimmed
from callcenter.journal.file import FileJournal
from callcenter.service.recovery import recover
from callcenter.settings import Settings, load_settings
from callcenter.storage.database import Database
from callcenter.storage.projector import EntriesGone, Projector
from tests.builders import CENTER, PBX, T0, channel
from tests.unit.upkeep.files import database_in

CONFIG = """
data_dir: data
flows_dir: flows
region: IS
http: {port: 18080}
pbxs: [{name: main, phones: [{number: "1001", count: 3}]}]
queues: [{id: service}]
default_queue: service
numbers: {"*": service}
"""
SEGMENT_BYTES = 3_000
"""So small that there are many."""


def write_config(folder: Path) -> Path:
    """A config file with the folders that it names, flows and secrets in them."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "center.yaml"
    config.write_text(CONFIG)
    for name, content in (
        ("flows/service.yaml", "own: flow\n"),
        ("flows/prompts/en/hello.txt", "Hello.\n"),
        ("data/secrets/main/leader", "a secret\n"),
        ("data/secrets/cli.json", "a token of the process that runs\n"),
        ("data/sounds/hello.wav", "a sound\n"),
    ):
        path = folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(content)
    return config


class LittleCenter:
    """A center that is alive in this process."""

    def __init__(self, settings: Settings, database: Database, batch: int) -> None:
        self.settings = settings
        self.database = database
        self.written = 0
        self.journal = FileJournal(
            journal_folder(settings),
            machine_version=MACHINE_VERSION,
            segment_bytes=SEGMENT_BYTES,
            trim_behind=lambda: self.projector.written,
        )
        self.machine: Machine = recover(self.journal.id, self.journal.load()).machine
        self.entries: list[Entry] = []
        """All since the center was opened."""
        self.projector = Projector(
            database,
            self.journal.id,
            self._read_after,
            sync_journal=self.journal.sync,
            batch_entries_max=batch,
        )

    def _read_after(self, position: int) -> Iterator[Entry]:
        try:
            yield from self.journal.read_after(position)
        except EntriesTrimmed as gone:
            raise EntriesGone(gone.first_kept) from gone

    def tell(self, *events: e.Event) -> None:
        """Step the machine and journal it, as the hub does."""
        batch: list[Entry] = []
        for event in events:
            step = self.machine.handle(event, T0 + self.machine.state.position)
            state = self.machine.state
            batch.append(Entry(state.position, state.now, event, step.commands, step.records))
        self.journal.append(batch)
        self.entries += batch

    def begin(self) -> None:
        """Tell the machine what a start tells it."""
        self.tell(
            e.ServiceStarted(self.machine.state.epoch + 1),
            e.CenterConfigured(CENTER),
            e.PbxStateRead(PBX, ()),
        )

    def take_calls(self, count: int) -> None:
        """Calls that arrive and hang up at once: a record each."""
        for _ in range(count):
            call = channel(f"1700000000.{self.machine.state.position}")
            self.tell(e.CallArrived(call, "5550100", "7000"))
            self.tell(e.ChannelHungUp(call, 16))

    async def save_snapshot(self) -> None:
        """As the hub does now and then."""
        state = self.machine.state
        await self.journal.save_snapshot(state.position, state.encode())


@asynccontextmanager
async def little_center(folder: Path, *, batch: int = 100) -> AsyncIterator[LittleCenter]:
    """A new center in this folder."""
    settings = load_settings(write_config(folder))
    async with database_in(settings.data_dir) as database:
        center = LittleCenter(settings, database, batch)
        try:
            center.begin()
            yield center
        finally:
            await center.journal.close()


def make_center(folder: Path, calls: int, *, later: int = 0) -> tuple[Path, list[Entry]]:
    """A center that took this many calls, and so many later ones whose records are not written yet,
    and was killed. Its config file, and everything it journaled."""

    async def main() -> list[Entry]:
        async with little_center(folder) as center:
            center.take_calls(calls)
            await center.save_snapshot()
            await center.projector.catch_up()
            center.take_calls(later)
            return center.entries

    return folder / "center.yaml", asyncio.run(main())


def hash_after(journal: str, entries: list[Entry]) -> str:
    """The hash of the state that these entries lead to."""
    machine = Machine(empty_state(journal))
    for entry in entries:
        machine.handle(entry.event, entry.now)
    return hash_state(machine)


def hash_state(machine: Machine) -> str:
    """As `callcenter replay` prints it."""
    return hashlib.blake2b(machine.state.encode(), digest_size=16).hexdigest()


def renamed(machine: Machine, journal: str) -> Machine:
    """The same machine, had its journal this id."""
    state = decode_state(machine.state.encode())
    state.journal = journal
    return Machine(state)
