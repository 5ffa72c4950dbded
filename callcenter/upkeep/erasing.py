"""Forgets a person in a center that does not run: the same as in one that does, with a machine that
is stepped here and sends nothing."""

from __future__ import annotations

import time
from collections.abc import Callable

from callcenter.bootstrap import open_journal
from callcenter.core.machine import Machine
from callcenter.core.state import State
from callcenter.documents.reject_rows import erase_reject_rows
from callcenter.domain.events import CommandFailed, Event, Request, ServiceStarted
from callcenter.domain.step import Entry, Reply, Step
from callcenter.installation import open_database, voicemails_path
from callcenter.journal.file import FileJournal
from callcenter.service.erasure import Erased, Erasure
from callcenter.service.recovery import recover
from callcenter.service.voicemails import VoicemailFiles
from callcenter.settings import Settings
from callcenter.storage.people import People

BY = "command line"
"""Who asks, in the journal."""


async def erase_offline(settings: Settings, *, number: str, customer: str) -> Erased:
    """Forget the person in the data folder of a center that does not run.

    Raises ``JournalInUse`` when it runs, ``ErasureRefused``, and what journal and database raise.
    """
    async with open_database(settings) as database:
        journal, projector = open_journal(settings, database)
        try:
            center = StoppedCenter(journal)

            async def catch_up() -> None:
                await projector.catch_up()

            erasure = Erasure(
                center,
                People(database),
                catch_up,
                lambda person: erase_reject_rows(
                    settings.data_dir, settings.region, person.numbers, person.names
                ),
                VoicemailFiles(voicemails_path(settings)).remove,
            )
            return await erasure.erase(
                number=number,
                customer=customer,
                request=f"erase:{center.state.position}",
                by=BY,
            )
        finally:
            await journal.close()


class StoppedCenter:
    """The ``ErasingCenter`` of a center that does not run, over its journal."""

    def __init__(self, journal: FileJournal) -> None:
        """Load the journal. No PBX is reachable from here, so nothing is dialed."""
        self._journal = journal
        self._machine: Machine = recover(journal.id, journal.load()).machine
        self._step(ServiceStarted(self.state.epoch + 1))
        for command in list(self.state.pending):  # a look-up, asked again: nobody answers here
            self._step(CommandFailed(command, "the center does not run"))

    @property
    def state(self) -> State:
        """See ``ErasingCenter``."""
        return self._machine.state

    async def ask(self, request: Request) -> Reply:
        """See ``ErasingCenter``."""
        (reply,) = self._step(request).replies
        return reply

    async def erase_numbers(self, is_erased: Callable[[str], bool]) -> None:
        """See ``ErasingCenter``."""
        await self._journal.save_snapshot(self.state.position, self.state.encode())
        await self._journal.erase(is_erased)

    def _step(self, event: Event) -> Step:
        step = self._machine.handle(event, max(time.time(), self.state.now))
        state = self.state
        entry = Entry(state.position, state.now, event, step.commands, step.records)
        self._journal.append([entry])
        return step
