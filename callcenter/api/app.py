"""Puts the API together from plain values and ports; starts and stops its tasks with the app.

Beside the routes of ``route.TABLE``: ``/api/v1/openapi.json``, ``/api/v1/live``, ``/healthz`` and
``/metrics``. The last two need no sign-in and tell counts only.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from callcenter.api import (
    agents,
    board,
    callbacks,
    calls,
    campaign_rehearsals,
    campaign_results,
    campaign_scripts,
    campaigns,
    contacts,
    dnc,
    people,
    queues,
    records,
    rehearsals,
    reports,
    routing,
    rules,
    session,
    static_files,
    trunks,
    voicemails,
)
from callcenter.api.audit import AuditWriter
from callcenter.api.auth import Sessions, Site
from callcenter.api.desktops import LiveDesktops
from callcenter.api.dispatch import Dispatch
from callcenter.api.errors import problems
from callcenter.api.live import LiveTopics
from callcenter.api.local_access import local_access
from callcenter.api.metrics import CONTENT_TYPE, Metrics
from callcenter.api.openapi import document
from callcenter.api.ports import AttemptReader, ContactImporter, EvidenceReader, HubLike, ReadVitals
from callcenter.api.route import JSON, PREFIX, TABLE, Services
from callcenter.api.upload import Uploads
from callcenter.api.websocket import LiveSockets
from callcenter.domain.ids import PbxName
from callcenter.service.campaign_results import CampaignResults
from callcenter.service.campaign_scripts import CampaignScripts
from callcenter.service.contact_book import ContactBook
from callcenter.service.dnc import DncStore
from callcenter.service.erasure import Erasure
from callcenter.service.ports import (
    AccountStore,
    AuditLog,
    CardSource,
    Clock,
    RecordReader,
    ReportSource,
)
from callcenter.service.rehearsals import Rehearsals
from callcenter.service.reports import Reports
from callcenter.service.rules import RuleBook
from callcenter.service.voicemails import VoicemailFiles

RESOURCES = (
    agents,
    board,
    callbacks,
    calls,
    campaign_rehearsals,
    campaign_results,
    campaign_scripts,
    campaigns,
    contacts,
    dnc,
    people,
    queues,
    records,
    rehearsals,
    reports,
    routing,
    rules,
    session,
    trunks,
    voicemails,
)
"""The modules whose routes are served: importing them has filled the table."""

SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""With every answer that does not set its own."""
HSTS = "max-age=31536000"
"""Over HTTPS: browsers stay with HTTPS for a year."""


class Api:
    """The API of one center: the app to serve, and the desktops to give to the executor."""

    def __init__(
        self,
        *,
        hub: HubLike,
        accounts: AccountStore,
        audit: AuditLog,
        records: RecordReader,
        cards: CardSource,
        clock: Clock,
        vitals: ReadVitals,
        contacts: ContactImporter,
        attempts: AttemptReader,
        evidence: EvidenceReader,
        report_source: ReportSource,
        trunks: Mapping[PbxName, Sequence[str]],
        rules: RuleBook,
        erasure: Erasure | None = None,
        dnc_list: DncStore | None = None,
        contact_book: ContactBook | None = None,
        rehearsals: Rehearsals | None = None,
        voicemail_files: VoicemailFiles | None = None,
        campaign_results: CampaignResults | None = None,
        scripts: CampaignScripts | None = None,
        upload_dir: Path | None = None,
        origins: Sequence[str] = (),
        behind_proxy: bool = False,
        log_requests: bool = False,
        pages: Path | None = None,
    ) -> None:
        """``trunks`` are those of each PBX; ``upload_dir`` is where files sent are kept while they
        are read, None: the system's folder for temporary files. ``pages`` is the folder of the
        built pages, None: the API alone. Without an ``erasure`` nobody can be forgotten, without
        ``voicemail_files`` no recording is deleted, without ``rehearsals`` nothing is rehearsed,
        without a ``dnc_list`` nobody spared, without a ``contact_book`` nobody told of,
        without ``campaign_results`` no results are, without ``scripts`` no agent is told
        what to say."""
        self._vitals = vitals
        self._site = Site(tuple(origins), behind_proxy)
        self._audit = AuditWriter(audit)
        self._clock = clock
        self._uploads = Uploads(upload_dir)
        self._pages = pages
        self._services = Services(
            hub=hub,
            sessions=Sessions(accounts),
            records=records,
            contacts=contacts,
            attempts=attempts,
            evidence=evidence,
            reports=Reports(report_source),
            trunks=trunks,
            rules=rules,
            clock=clock,
            erasure=erasure,
            dnc=dnc_list,
            contact_book=contact_book,
            rehearsals=rehearsals,
            voicemails=voicemail_files,
            campaign_results=campaign_results,
            campaign_scripts=scripts,
        )
        self.metrics = Metrics(hub, vitals, self._counts, log_requests=log_requests)
        self.topics = LiveTopics(hub, clock)
        self.desktops = LiveDesktops(
            hub, cards, clock, on_shown=self.metrics.card_shown_seconds.observe
        )
        self.sockets = LiveSockets(self._services, self._site, self.topics, self.desktops, clock)
        hub.on_touched += [self.topics.on_touched, self.desktops.on_touched]
        self.app = self._build()

    def local_access(self, path: Path, url: str) -> AbstractContextManager[None]:
        """While it is open the command line may act on this process; see ``local_access``."""
        return local_access(path, url, self._services.sessions)

    def _build(self) -> web.Application:
        app = web.Application(
            middlewares=[self.metrics.middleware(), problems],
            client_max_size=max(route.body_bytes_max for route in TABLE.values()),
        )
        dispatch = Dispatch(self._services, self._site, self._audit, self._clock, self._uploads)
        # Fixed paths first: /agents/me is not an agent named "me".
        for route in sorted(TABLE.values(), key=lambda route: len(route.placeholders)):
            app.router.add_route(route.method, route.path, dispatch.handler(route))
        app.router.add_route("GET", f"{PREFIX}/live", self.sockets.handle)
        app.router.add_route("GET", f"{PREFIX}/openapi.json", _openapi)
        app.router.add_route("GET", "/healthz", self._health)
        app.router.add_route("GET", "/metrics", self._metrics)
        if self._pages is not None:
            static_files.add_to(app, self._pages)  # last: it takes every address that is left
        app.on_response_prepare.append(self._add_headers)
        app.on_startup.append(self._start)
        app.on_shutdown.append(self._stop)
        return app

    async def _start(self, _: web.Application) -> None:
        self._uploads.prepare()
        self._audit.start()
        self.topics.start()
        self.sockets.start()

    async def _stop(self, _: web.Application) -> None:
        await self.sockets.close()
        await self.topics.close()
        await self.desktops.close_all()
        await self._audit.close()

    async def _health(self, _: web.Request) -> web.Response:
        """200 while this process leads; the body tells how it is in either case."""
        vitals = self._vitals()
        body = {
            "status": _status(vitals.leading, vitals.journal_ok, vitals.links),
            "leading": vitals.leading,
            "links": dict(vitals.links),
            "journal_ok": vitals.journal_ok,
            "journal_position": vitals.journal_position,
            "projector_lag": vitals.projector_lag,
            "inbox": vitals.inbox,
            "notes": vitals.notes,
        }
        return web.Response(
            status=200 if vitals.leading else 503,
            body=msgspec.json.encode(body),
            content_type=JSON,
        )

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=self.metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    async def _add_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        if self._site.is_secure(request):
            response.headers.setdefault("Strict-Transport-Security", HSTS)
        response.headers["Server"] = "callcenter"  # the framework's version is nobody's business

    def _counts(self) -> Mapping[str, float]:
        desktops = self.desktops
        return {
            "cards_sent": desktops.cards_sent,
            "cards_unseen": desktops.cards_unseen,
            "cards_incomplete": desktops.cards_incomplete,
            "card_failures": desktops.card_failures,
            "frames": self.topics.frames,
            "sockets": self.sockets.open_count,
            "sockets_kicked": self.sockets.kicked,
            "audit_waiting": self._audit.waiting,
            "audit_dropped": self._audit.dropped,
        }


def _status(leading: bool, journal_ok: bool, links: Mapping[str, bool]) -> str:
    """One word for people: ``ok``, ``degraded`` or ``standby``."""
    if not leading:
        return "standby"
    return "ok" if journal_ok and all(links.values()) else "degraded"


def api_document() -> dict[str, Any]:
    """The OpenAPI document of all routes."""
    try:
        product = version("callcenter")
    except PackageNotFoundError:  # run from the source tree without an install
        product = "0"
    return document(TABLE.values(), product)


@functools.cache
def _document_bytes() -> bytes:
    return msgspec.json.encode(api_document())


async def _openapi(_: web.Request) -> web.Response:
    # Made once, and beside the loop: it takes 60 ms, in which no call would move.
    body = await asyncio.to_thread(_document_bytes)
    return web.Response(body=body, content_type=JSON)
