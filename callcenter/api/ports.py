"""What the API needs of the service: the hub, as far as it is used here, contact lists, and vital
signs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from callcenter.core.state import State
from callcenter.documents.contacts_csv import ContactReading
from callcenter.domain.events import Event, Request
from callcenter.domain.ids import CampaignId
from callcenter.domain.step import Reply
from callcenter.service.contact_lists import (
    ContactImport,
    Duplicates,
    ImportProgress,
)
from callcenter.service.ports import AttemptPage, EvidencePage, Touched
from routing.chooser import Chooser


class HubLike(Protocol):
    """The part of ``callcenter.service.hub.Hub`` that the API uses."""

    on_touched: list[Touched]
    """Called with what changed after each batch, behind the journal."""

    @property
    def state(self) -> State:
        """The live state: for queries only."""
        ...

    @property
    def chooser(self) -> Chooser:
        """Who goes to whom, as it stands: for queries only."""
        ...

    def put(self, event: Event) -> None:
        """Give an event to the machine; raises ``Overloaded`` when the inbox is full."""
        ...

    async def ask(self, request: Request) -> Reply:
        """Give a request to the machine and wait for its answer, which comes behind the journal."""
        ...


class ContactImporter(Protocol):
    """Takes lists of people to be dialed."""

    async def import_contacts(
        self,
        campaign: CampaignId,
        path: Path,
        *,
        list_name: str,
        priority: int | None,
        duplicates: Duplicates,
        reading: ContactReading,
        dry_run: bool,
    ) -> ContactImport:
        """Read a CSV file or an Excel sheet into a list of this campaign; with ``dry_run`` only say
        what it would do.

        ``priority`` None: as the list has it. Raises ``CannotRead`` for a file that as a whole
        cannot be used.
        """
        ...

    def import_progress(self, campaign: CampaignId) -> ImportProgress | None:
        """How far the import into this campaign has come; None when there is none."""
        ...

    async def rejects(self, campaign: CampaignId) -> bytes | None:
        """The rows that the campaign's last import refused, as CSV; None when there are none."""
        ...


class AttemptReader(Protocol):
    """Reads what came of a campaign's attempts."""

    async def attempts_page(self, campaign: CampaignId, *, limit: int, cursor: str) -> AttemptPage:
        """One page, newest first; raises ``ValueError`` for a cursor that is not one of ours."""
        ...


class EvidenceReader(Protocol):
    """Reads the evidence of a campaign's attempts."""

    async def evidence_page(self, campaign: CampaignId, *, limit: int, cursor: str) -> EvidencePage:
        """One page, newest first; raises ``ValueError`` for a cursor that is not one of ours."""
        ...


class Vitals(Struct, frozen=True):
    """How the service is, read by ``/healthz`` and ``/metrics``. Counts run since the start."""

    leading: bool
    """Whether this process commands the PBXs."""
    links: Mapping[str, bool]
    """Every PBX of the config and whether it is reachable."""
    journal_ok: bool
    """False while nothing can be written: calls go on, unjournaled."""
    journal_position: int
    journal_unsynced: int
    """Entries that a power cut would take."""
    projector_lag: int
    """Journal entries that are not records yet."""
    inbox: int
    inbox_limit: int
    events: Mapping[str, int]
    """Events stepped, by class name."""
    commands: Mapping[str, int]
    """Commands released, by class name."""
    faults: Mapping[str, int]
    """Faults recorded, by kind."""
    repairs: Mapping[str, int]
    """Repairs recorded, by kind."""
    forgotten: Mapping[str, int] = {}
    """Rows whose number went, or that went, because they were old; by what they are of."""
    notes: tuple[str, ...] = ()
    """Sentences for the administrator on what is wrong."""


ReadVitals = Callable[[], Vitals]
