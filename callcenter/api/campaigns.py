"""Campaigns: what managers set and start, the lists they hand in, and what came of the attempts.

Every wish is an event; the machine grants it or says why not (409). Agents join a campaign in
``agents``.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Mapping, Sequence
from typing import Annotated, TypeVar

import structlog
from msgspec import Struct
from pydantic import Field, Json, StringConstraints

from callcenter.api.campaign_scripts import is_new_script, put_script, read_script
from callcenter.api.errors import FieldError, ProblemError, unavailable
from callcenter.api.records import RECORDS_PER_PAGE, RECORDS_PER_PAGE_MAX
from callcenter.api.route import (
    CSV,
    EVERYONE,
    OVERSEERS,
    PRINTABLE,
    Body,
    Download,
    Exchange,
    Query,
    route,
)
from callcenter.api.upload import MEBIBYTE, Upload, UploadKind
from callcenter.core.campaign_queries import CampaignView, campaign_view, campaigns_view
from callcenter.documents.campaign_texts import CAMPAIGN_ID, CAMPAIGN_ID_HINT
from callcenter.documents.campaigns import (
    CampaignFields,
    fields_of,
)
from callcenter.documents.contacts_csv import PRIORITY_MAX, ContactReading
from callcenter.documents.csv_rows import CannotRead
from callcenter.domain.campaign import CampaignStep
from callcenter.domain.events import (
    CampaignSaved,
    CampaignStepRequested,
    ContactsChanged,
    Request,
)
from callcenter.domain.ids import CampaignId, PbxName
from callcenter.domain.records import AttemptRecord
from callcenter.service.contact_lists import (
    ContactImport,
    Duplicates,
    ImportProgress,
)
from callcenter.service.ports import EvidencePage, Overloaded, Role

MANAGERS = (Role.MANAGER, Role.ADMINISTRATOR)
"""Who changes campaigns."""
REFUSED = ("not-found", "conflict", "overloaded")

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CONTACTS = UploadKind((CSV, XLSX), 200 * MEBIBYTE)
"""Two million people with a hundred bytes each."""
IMPORT_DEADLINE_S = 900.0
"""For such a list: some 5,000 rows a second on a busy machine, and the writing."""
TELL_AGAIN_S = 0.1
"""After this a hub whose inbox was full is told again that contacts have come."""

T = TypeVar("T")

_LOG = structlog.get_logger("callcenter.api")


FieldName = Annotated[str, Field(max_length=20)]
ColumnName = Annotated[str, Field(min_length=1, max_length=200)]
Words = Annotated[str, Field(max_length=200)]


class Campaigns(Struct, frozen=True):
    """All campaigns."""

    campaigns: tuple[CampaignView, ...]


class CampaignSetup(CampaignFields, Body):
    """All settings of a campaign; what is left out has its default. Times are in seconds."""


class ContactsQuery(Query):
    """Where the people of a list go."""

    list: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=PRINTABLE),
    ]
    """The name of the contact list; one that is there gets more contacts."""
    priority: Annotated[int, Field(ge=0, le=PRIORITY_MAX)] | None = None
    """Lists of a higher one are dialed first. Left out: as the list has it, 0 for a new one."""
    duplicates: Duplicates = Duplicates.CAMPAIGN
    """Where a number must not be yet to be taken."""
    columns: Json[tuple[tuple[FieldName, ColumnName], ...]] | None = None
    """What columns are, as JSON: pairs of a field and the column's name, such as
    ``[["number","Handy"],["skip","Born"]]``. Numbers are tried in this order. What other columns
    are is guessed from their names."""
    sheet: Annotated[str, Field(max_length=31)] = ""
    """The sheet of a workbook; empty: the first."""
    region: Annotated[str, Field(pattern=r"^([A-Z]{2})?$")] = ""
    """Where numbers without a country code are at home (ISO 3166); empty: where the center is."""
    needs_consent: bool = False
    """Refuse rows that do not say that consent is given."""
    consent_yes: Words = ""
    """What stands for a given consent, separated by commas; empty: yes, true, 1 and the like."""
    consent_no: Words = ""
    """What stands for one that is not given; empty: no, false, 0 and the like."""
    dry_run: bool = False
    """Only say what would be done, and how the columns were understood."""

    def reading(self) -> ContactReading:
        """How the file is to be read."""
        return ContactReading(
            self.region,
            self.columns or (),
            self.sheet,
            _words(self.consent_yes),
            _words(self.consent_no),
            self.needs_consent,
        )


class AttemptsQuery(Query):
    """Which ended attempts."""

    limit: Annotated[int, Field(ge=1, le=RECORDS_PER_PAGE_MAX)] = RECORDS_PER_PAGE
    cursor: Annotated[str, Field(max_length=256)] = ""
    """``next`` of the page before."""


class Attempts(Struct, frozen=True):
    """One page of ended attempts, the last ended first."""

    attempts: tuple[AttemptRecord, ...]
    next: str
    """Cursor of the next page; empty after the last."""


@route("GET", "/campaigns", roles=EVERYONE, summary="All campaigns")
async def campaigns(exchange: Exchange) -> Campaigns:
    """Every campaign with its counts now."""
    return Campaigns(campaigns_view(exchange.services.hub.state))


@route(
    "GET",
    "/campaigns/{campaign}",
    roles=EVERYONE,
    summary="One campaign",
    problems=("not-found",),
)
async def campaign(exchange: Exchange) -> CampaignView:
    """One campaign with its counts now, and why it places no call if it does not."""
    return _found(exchange)


@route(
    "GET",
    "/campaigns/{campaign}/settings",
    roles=OVERSEERS,
    summary="A campaign's settings",
    problems=("not-found", "unavailable"),
)
async def campaign_settings(exchange: Exchange) -> CampaignSetup:
    """The settings in the words in which they are put, to be changed and put back."""
    found = _found(exchange)
    script = await read_script(exchange, found.id)
    return fields_of(CampaignSetup, found.settings).model_copy(update={"script": script})


@route(
    "PUT",
    "/campaigns/{campaign}",
    roles=MANAGERS,
    summary="Make or change a campaign",
    problems=("conflict", "overloaded", "unavailable"),
)
async def save_campaign(exchange: Exchange, body: CampaignSetup) -> CampaignView:
    """Make a campaign, as a draft, or give it these settings. They hold from the next call on, a
    script from the next card on."""
    name = exchange.path["campaign"]
    if not re.fullmatch(CAMPAIGN_ID, name):
        raise ProblemError(
            "invalid",
            f"A campaign's id has {CAMPAIGN_ID_HINT}.",
            errors=[FieldError("path.campaign", f"take {CAMPAIGN_ID_HINT}")],
        )
    _refuse_unknown_trunk(exchange.services.trunks, body)
    is_new = await is_new_script(exchange, name, body.script)
    saved = CampaignSaved(exchange.request_id, body.settings(name), exchange.account.id)
    view = await _ask(exchange, saved)
    if is_new:
        await put_script(exchange, name, body.script)
    return view


@route(
    "POST",
    "/campaigns/{campaign}/start",
    roles=MANAGERS,
    summary="Start a campaign",
    problems=REFUSED,
)
async def start(exchange: Exchange) -> CampaignView:
    """Dial, as soon as agents are there; also after a pause or when contacts were added."""
    return await _take_step(exchange, CampaignStep.START)


@route(
    "POST",
    "/campaigns/{campaign}/pause",
    roles=MANAGERS,
    summary="Pause a campaign",
    problems=REFUSED,
)
async def pause(exchange: Exchange) -> CampaignView:
    """Place no more calls; those under way go on, and people who answer are served."""
    return await _take_step(exchange, CampaignStep.PAUSE)


@route(
    "POST",
    "/campaigns/{campaign}/drain",
    roles=MANAGERS,
    summary="End a campaign",
    problems=REFUSED,
)
async def drain(exchange: Exchange) -> CampaignView:
    """Place no more calls; the campaign is finished when those under way are over."""
    return await _take_step(exchange, CampaignStep.DRAIN)


@route(
    "POST",
    "/campaigns/{campaign}/stop",
    roles=MANAGERS,
    summary="Stop a campaign at once",
    problems=REFUSED,
)
async def stop(exchange: Exchange) -> CampaignView:
    """Hang up what nobody has answered yet, without counting it as tried, and place no more calls.
    Who has answered is served to the end; then the campaign is finished, and its agents leave."""
    return await _take_step(exchange, CampaignStep.STOP)


@route(
    "POST",
    "/campaigns/{campaign}/contacts",
    roles=MANAGERS,
    summary="Import contacts",
    problems=("not-found", "unavailable"),
    upload=CONTACTS,
    deadline_s=IMPORT_DEADLINE_S,
)
async def import_contacts(
    exchange: Exchange, query: ContactsQuery, upload: Upload
) -> ContactImport:
    """Take people from a CSV file or an Excel sheet: all rows that can be used. Of those refused it
    is told why, and they can be had as a file.

    A file sent again is refused row by row where its people are there already.
    """
    name = _found(exchange).id
    try:
        report = await exchange.services.contacts.import_contacts(
            name,
            upload.path,
            list_name=query.list,
            priority=query.priority,
            duplicates=query.duplicates,
            reading=query.reading(),
            dry_run=query.dry_run,
        )
    except CannotRead as error:
        said = str(error).replace(str(upload.path), "The file")
        raise ProblemError("invalid", said, errors=[FieldError("body", "not usable")]) from None
    except Exception as error:  # noqa: BLE001 - any failure of any store
        raise _database_away(error) from None
    if report.accepted and not report.dry_run:
        await tell_of_contacts(exchange, name)
    return report


NO_IMPORT = ImportProgress("", 0.0, 0, dry_run=False)


@route(
    "GET",
    "/campaigns/{campaign}/contacts/progress",
    roles=MANAGERS,
    summary="How far an import is",
    problems=("not-found",),
)
async def import_progress(exchange: Exchange) -> ImportProgress:
    """How far the import into this campaign has come; without a ``list`` none is under way."""
    progress = exchange.services.contacts.import_progress(_found(exchange).id)
    return progress or NO_IMPORT


@route(
    "GET",
    "/campaigns/{campaign}/contacts/rejects",
    roles=MANAGERS,
    summary="Rows that the last import refused",
    problems=("not-found",),
)
async def import_rejects(exchange: Exchange) -> Download:
    """The rows that the last import, or the last dry run, refused, as CSV: each with its reason and
    how to mend it. Mended there, the file can be imported again. 404 when there are none."""
    name = _found(exchange).id
    content = await exchange.services.contacts.rejects(name)
    if content is None:
        raise ProblemError("not-found", f"The last import into campaign {name} refused no row.")
    return Download(f"{name}.rejected.csv", content)


@route(
    "GET",
    "/campaigns/{campaign}/attempts",
    roles=OVERSEERS,
    summary="Ended attempts",
    problems=("not-found", "unavailable"),
)
async def attempts(exchange: Exchange, query: AttemptsQuery) -> Attempts:
    """Ended attempts, the last ended first, page by page. They appear a moment after their end."""
    name = _found(exchange).id
    read = exchange.services.attempts.attempts_page
    page = await _page(read(name, limit=query.limit, cursor=query.cursor))
    return Attempts(page.rows, page.next)


@route(
    "GET",
    "/campaigns/{campaign}/evidence",
    roles=OVERSEERS,
    summary="Evidence of the attempts",
    problems=("not-found", "unavailable"),
)
async def evidence(exchange: Exchange, query: AttemptsQuery) -> EvidencePage:
    """What was done with each call, as a regulator asks it: times, result, message played, and how
    long a person waited from the end of their greeting. The last ended first, page by page."""
    name = _found(exchange).id
    read = exchange.services.evidence.evidence_page
    return await _page(read(name, limit=query.limit, cursor=query.cursor))


async def _page(reading: Awaitable[T]) -> T:
    """A page of the database, or what was wrong with asking for it."""
    try:
        return await reading
    except ValueError:
        raise ProblemError(
            "invalid",
            "The cursor is not one of ours: take `next` of the page before, or none.",
            errors=[FieldError("query.cursor", "not a cursor")],
        ) from None
    except Exception as error:  # noqa: BLE001 - any failure of any store
        raise _database_away(error) from None


def _found(exchange: Exchange) -> CampaignView:
    """The campaign that the path names."""
    name = exchange.path["campaign"]
    view = campaign_view(exchange.services.hub.state, name)
    if view is None:
        raise ProblemError("not-found", f"There is no campaign {name}.")
    return view


async def _take_step(exchange: Exchange, step: CampaignStep) -> CampaignView:
    name = _found(exchange).id
    return await _ask(
        exchange, CampaignStepRequested(exchange.request_id, name, step, exchange.account.id)
    )


async def _ask(exchange: Exchange, request: Request) -> CampaignView:
    """Hand a wish to the machine; the campaign after it, or why it was refused."""
    reply = await exchange.services.hub.ask(request)
    if reply.problem:
        raise ProblemError("conflict", reply.problem)
    return _found(exchange)


def _refuse_unknown_trunk(trunks: Mapping[PbxName, Sequence[str]], wanted: CampaignFields) -> None:
    """The machine dials blindly; what is there stands in the config file."""
    if wanted.pbx not in trunks:
        field, said = "pbx", f"there is no PBX {wanted.pbx}; use one of {_listed(trunks)}"
    else:
        wrong = [one for one in (wanted.trunk, *wanted.trunks) if one not in trunks[wanted.pbx]]
        if not wrong:
            return
        field = "trunk" if wrong[0] == wanted.trunk else "trunks"
        known = _listed(trunks[wanted.pbx])
        said = f"PBX {wanted.pbx} has no trunk {wrong[0]}; use one of {known}"
    raise ProblemError("invalid", f"Wrong: {said}.", errors=[FieldError(f"body.{field}", said)])


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _listed(names: Sequence[str] | Mapping[str, object]) -> str:
    return ", ".join(names) or "none: the config file has no trunk"


async def tell_of_contacts(exchange: Exchange, name: CampaignId) -> None:
    """Have the hopper filled anew; the import itself is done and must not be asked for again."""
    while True:
        try:
            return exchange.services.hub.put(ContactsChanged(name))
        except Overloaded:
            await asyncio.sleep(TELL_AGAIN_S)


def _database_away(error: Exception) -> ProblemError:
    _LOG.warning("contact_store_failed", error=repr(error))
    return unavailable(
        "Contacts and attempts cannot be reached: the database does not answer. Nothing was"
        " changed; try again in a moment."
    )
