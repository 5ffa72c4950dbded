"""Imports files of contacts: reads them in a process of its own, has the store take the rows, and
keeps those refused in a file that can be mended and sent again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from callcenter.documents.contacts_csv import ContactReading
from callcenter.documents.rejects import Reject, RejectsFile
from callcenter.domain.ids import CampaignId
from callcenter.service.contact_lists import (
    ContactImport,
    Duplicates,
    ImportColumn,
    ImportProgress,
)
from callcenter.service.contact_reading import ContactsProcess
from callcenter.storage.contact_import import ContactImporter
from callcenter.storage.stores import ContactDestination

REJECTS_KEPT_MAX = 100_000
REJECTS_BYTES_MAX = 32_000_000
"""Of the rows that a center keeps for download: whoever has more sends the wrong file."""

AS_GUESSED = ContactReading()
"""Columns by their names, numbers where the center is at home."""

OnShare = Callable[[float, int], None]
"""Told how much of the file has been read (0.0 to 1.0) and how many rows have been judged."""


class ContactFiles:
    """The ``ContactImporter`` of the API. Refused rows of each campaign's last import, also of a
    dry run, are kept in ``rejects_dir``, readable by its owner only."""

    def __init__(self, store: ContactImporter, rejects_dir: Path) -> None:
        self._store = store
        self._rejects_dir = rejects_dir
        self._importing = asyncio.Lock()
        self._progress: dict[CampaignId, ImportProgress] = {}

    async def import_contacts(
        self,
        campaign: CampaignId,
        path: Path,
        *,
        list_name: str,
        priority: int | None = None,
        duplicates: Duplicates = Duplicates.CAMPAIGN,
        reading: ContactReading = AS_GUESSED,
        dry_run: bool = False,
    ) -> ContactImport:
        """Take a CSV file or an Excel sheet over, one file after the other. Raises ``CannotRead``
        for one that cannot be used; then nothing has changed."""
        into = ContactDestination(campaign, list_name, priority, duplicates)
        kept = self._rejects_path(campaign)
        unfinished = kept.with_name(f"{campaign}.unfinished.rejected.csv")

        def show(share: float, rows: int) -> None:
            self._progress[campaign] = ImportProgress(list_name, share, rows, dry_run)

        async with self._importing:
            show(0.0, 0)
            try:
                self._rejects_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
                report = await import_file(
                    self._store,
                    path,
                    into,
                    reading,
                    rejects=unfinished,
                    rejects_max=REJECTS_KEPT_MAX,
                    on_progress=show,
                    dry_run=dry_run,
                )
                if report.rejects_kept:
                    unfinished.replace(kept)
                else:
                    kept.unlink(missing_ok=True)
                return report
            finally:
                unfinished.unlink(missing_ok=True)
                del self._progress[campaign]

    def import_progress(self, campaign: CampaignId) -> ImportProgress | None:
        """How far the import into this campaign has come; None when there is none."""
        return self._progress.get(campaign)

    async def rejects(self, campaign: CampaignId) -> bytes | None:
        """The rows that the campaign's last import refused, as CSV; None when there are none."""
        try:
            return await asyncio.to_thread(self._rejects_path(campaign).read_bytes)
        except FileNotFoundError:
            return None

    def _rejects_path(self, campaign: CampaignId) -> Path:
        return self._rejects_dir / f"{campaign}.rejected.csv"


async def import_file(
    store: ContactImporter,
    path: Path,
    into: ContactDestination,
    reading: ContactReading,
    *,
    rejects: Path,
    rejects_max: int | None = None,
    on_progress: OnShare = lambda _share, _rows: None,
    dry_run: bool = False,
) -> ContactImport:
    """Take a file over; refused rows go to ``rejects``, the first ``rejects_max`` of them.

    A region that ``reading`` leaves open is the store's. Raises ``CannotRead`` and what
    ``ContactImporter.add`` raises.
    """
    if not reading.region:
        reading = replace(reading, region=store.region)
    async with ContactsProcess(path, reading) as rows:
        with RejectsFile(rejects, path, rows.header) as refused:

            def keep(reject: Reject) -> None:
                if rejects_max is None or (
                    refused.count < rejects_max and refused.size_bytes < REJECTS_BYTES_MAX
                ):
                    refused.write(reject)

            report = await store.add(
                rows,
                into,
                on_reject=keep,
                on_progress=lambda judged: on_progress(rows.share, judged),
                dry_run=dry_run,
            )
        columns = zip(rows.header, rows.taken_as, _turned(rows), strict=True)
        return replace(
            report,
            columns=tuple(ImportColumn(*column) for column in columns),
            rejects_kept=refused.count,
        )


def _turned(rows: ContactsProcess) -> list[tuple[str, ...]]:
    """The examples by columns."""
    return [tuple(row[place] for row in rows.examples) for place in range(len(rows.header))]
