"""The one route decorator: what a route takes, who may call it and what it answers, in one place.

A handler is an async function of an ``Exchange`` and, if it wants them, of a ``body`` and a
``query``. Their annotations are the schemas: pydantic models for what comes in (strict, nothing
extra), a msgspec Struct, a pydantic model or None for what goes out. A handler that takes a file
instead of JSON has an ``upload``, and the decorator says of which kind. One that may answer with a
file instead of JSON says so by ``| Download`` in its annotation, one that always does by
``Download``. The decorator puts the route into ``TABLE``; ``callcenter.api.dispatch`` runs it and
``callcenter.api.openapi`` describes it.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

import pydantic
from pydantic import ConfigDict, Field

from callcenter.api.auth import Sessions
from callcenter.api.ports import AttemptReader, ContactImporter, EvidenceReader, HubLike
from callcenter.api.upload import Upload, UploadKind
from callcenter.domain.ids import PbxName, RequestId
from callcenter.service.campaign_results import CampaignResults
from callcenter.service.campaign_scripts import CampaignScripts
from callcenter.service.contact_book import ContactBook
from callcenter.service.dnc import DncStore
from callcenter.service.erasure import Erasure
from callcenter.service.ports import Account, Clock, RecordReader, Role
from callcenter.service.rehearsals import Rehearsals
from callcenter.service.reports import Reports
from callcenter.service.rules import RuleBook
from callcenter.service.voicemails import VoicemailFiles

PREFIX = "/api/v1"
JSON = "application/json"
CSV = "text/csv"
BODY_BYTES_MAX = 64 * 1024
"""Bytes of a request's body unless the route takes longer ones: a campaign's settings have a
thousand."""

EVERYONE = tuple(Role)
"""Whoever is signed in."""
OVERSEERS = (Role.SUPERVISOR, Role.MANAGER, Role.ADMINISTRATOR, Role.AUDITOR)
"""Who sees the whole center."""

Handler = TypeVar("Handler", bound=Callable[..., Awaitable[object]])


PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
"""Text without control characters: it travels on to the PBX, the journal and the log."""
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=PRINTABLE)]
"""An id or a word chosen by somebody."""


class Body(pydantic.BaseModel):
    """Base of all request bodies: JSON types are taken as they are, unknown fields are refused."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Query(pydantic.BaseModel):
    """Base of all query strings: text is converted to the field's type, nothing extra is taken."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Download:
    """An answer that is a file."""

    name: str
    """As the browser saves it: letters, digits, ``-`` and ``.``"""
    content: bytes
    media_type: str = CSV


@dataclass(frozen=True, slots=True)
class Services:
    """What handlers may use."""

    hub: HubLike
    sessions: Sessions
    records: RecordReader
    contacts: ContactImporter
    attempts: AttemptReader
    evidence: EvidenceReader
    reports: Reports
    trunks: Mapping[PbxName, Sequence[str]]
    """The trunks of each PBX: what a campaign may dial on."""
    rules: RuleBook
    clock: Clock
    erasure: Erasure | None = None
    """Forgets people."""
    dnc: DncStore | None = None
    """The do-not-call list."""
    contact_book: ContactBook | None = None
    """Contacts one by one."""
    rehearsals: Rehearsals | None = None
    """Plays rules on forecast days."""
    voicemails: VoicemailFiles | None = None
    """Deletes recordings."""
    campaign_results: CampaignResults | None = None
    """Tells what campaigns have come to."""
    campaign_scripts: CampaignScripts | None = None
    """What agents say in campaigns."""


NOBODY = Account(id="", name="", roles=())
"""The account of a request that needs no sign-in."""


@dataclass(slots=True)
class Exchange:
    """One request on its way to an answer."""

    services: Services
    account: Account
    """Who asks; ``NOBODY`` on public routes."""
    token: str
    """The session's token; empty when not signed in."""
    path: Mapping[str, str]
    """Values of the path's placeholders."""
    address: str
    """The client's network address."""
    key: str = ""
    """The Idempotency-Key, the client's or one made here; empty for reads."""
    request_id: RequestId = ""
    """Names this wish: the same key, account, path and body give the same id; empty for reads."""
    audited_as: str = ""
    """Whom the audit names; the account if empty. Set by a sign-in."""
    cookie: str | None = None
    """The session cookie to set with the answer; empty: delete it, None: leave it alone."""


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the table."""

    method: str
    path: str
    handler: Callable[..., Awaitable[object]]
    roles: tuple[Role, ...]
    """Who may; empty: everybody, without signing in."""
    summary: str
    description: str
    tag: str
    body: type[Body] | None
    query: type[Query] | None
    answer: type[Any] | None
    """What comes back; None: nothing (204)."""
    problems: tuple[str, ...]
    """Problems of its own, by their names in ``errors.TITLES``."""
    upload: UploadKind | None = None
    """The file it takes in place of a body."""
    deadline_s: float | None = None
    """For the handler, taking the upload not included; None: as long as all others."""
    downloads: bool = False
    """Whether the answer may be a CSV file, if the query asks for it; one it is where there is no
    other ``answer``."""
    reads: bool = False
    """Whether it changes nothing although it takes a body."""
    body_bytes_max: int = BODY_BYTES_MAX

    @property
    def writes(self) -> bool:
        """Whether it changes something: then it is idempotent by key and audited."""
        return self.method not in ("GET", "HEAD") and not self.reads

    @property
    def name(self) -> str:
        """Method and path pattern, for audit and metrics."""
        return f"{self.method} {self.path}"

    @property
    def placeholders(self) -> tuple[str, ...]:
        """Names in the path."""
        return tuple(re.findall(r"\{(\w+)\}", self.path))


TABLE: dict[tuple[str, str], Route] = {}
"""All routes by method and path, filled when the resource modules are imported."""


def route(
    method: str,
    path: str,
    *,
    roles: tuple[Role, ...],
    summary: str,
    problems: tuple[str, ...] = (),
    upload: UploadKind | None = None,
    deadline_s: float | None = None,
    reads: bool = False,
    body_bytes_max: int = BODY_BYTES_MAX,
) -> Callable[[Handler], Handler]:
    """Register this handler. ``path`` follows ``/api/v1``; ``roles`` empty means public; ``reads``
    a POST that changes nothing.

    Refuses, when imported, a second handler for the same address and schemas that are not strict.
    """

    def register(handler: Handler) -> Handler:
        hints = get_type_hints(handler)
        answer = hints.get("return")
        downloads = answer is Download or Download in get_args(answer)
        if downloads:
            answer = next((kind for kind in get_args(answer) if kind is not Download), None)
        body, query = hints.get("body"), hints.get("query")
        if body is not None and not issubclass(body, Body):
            raise TypeError(f"{method} {path}: the body's schema must be a Body")
        if query is not None and not issubclass(query, Query):
            raise TypeError(f"{method} {path}: the query's schema must be a Query")
        if (hints.get("upload") is Upload) != (upload is not None) or (upload and body):
            raise TypeError(f"{method} {path}: takes a body or an upload, and says of which kind")
        key = (method, PREFIX + path)
        if key in TABLE:
            raise ValueError(f"{method} {path} has a handler already")
        TABLE[key] = Route(
            method=method,
            path=PREFIX + path,
            handler=handler,
            roles=roles,
            summary=summary,
            description=inspect.getdoc(handler) or "",
            tag=handler.__module__.rpartition(".")[2],
            body=body,
            query=query,
            answer=None if answer is type(None) else answer,
            problems=problems,
            upload=upload,
            deadline_s=deadline_s,
            downloads=downloads,
            reads=reads,
            body_bytes_max=body_bytes_max,
        )
        return handler

    return register
