"""Routing rules: the document in force, its versions, checking, publishing, rolling back.

What a document says is known to ``callcenter.documents.rules``, how it is published to
``callcenter.service.rules``. What becomes of single calls and queues: ``routing``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import structlog
from msgspec import Struct
from pydantic import Field, PlainSerializer, RootModel, StringConstraints

from callcenter.api.errors import FieldError, ProblemError, unavailable
from callcenter.api.route import OVERSEERS, PRINTABLE, Body, Exchange, Query, route
from callcenter.core.routing_queries import Preview, preview_rules
from callcenter.documents.rules import diff_rules, rules_schema
from callcenter.documents.yaml_lines import DOCUMENT_BYTES_MAX, DocumentError, DocumentProblem
from callcenter.service.ports import Overloaded, Role
from callcenter.service.rules import RuleBook, RulesRefused
from callcenter.service.version_store import RulesConflict, RulesDocument, RulesVersion

EDITORS = (Role.SUPERVISOR, Role.MANAGER, Role.ADMINISTRATOR)
"""Who changes rules."""
VERSIONS_PER_PAGE = 50
VERSIONS_PER_PAGE_MAX = 500
TEXT_BODY_BYTES_MAX = 2 * DOCUMENT_BYTES_MAX
"""The longest document, with its line ends and quotes written as JSON has it."""
COMMENT_CHARS_MAX = 500
VERSION_MAX = 2**31 - 1

_LOG = structlog.get_logger("callcenter.api")


def _for_audit(text: str) -> str:
    """Which text it was: the store has what it says."""
    return f"{len(text)} characters, sha256 {hashlib.sha256(text.encode()).hexdigest()}"


Text = Annotated[
    str, Field(min_length=1, max_length=DOCUMENT_BYTES_MAX), PlainSerializer(_for_audit)
]
"""A document of rules in YAML."""
Version = Annotated[int, Field(ge=0, le=VERSION_MAX)]
Comment = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=COMMENT_CHARS_MAX, pattern=PRINTABLE),
]


class VersionView(Struct, frozen=True):
    """One version of the rules."""

    version: int
    """0: the built-in rules, which hold until some are published."""
    state: str
    """``published``: calls are treated by it. ``replaced``: they were. ``draft``: never published,
    and newer than what is. ``unused``: never published, and overtaken."""
    by: str
    """The account; ``@cli``: the command line, ``file``: the config's file."""
    created_at: float
    published_at: float
    comment: str
    based_on: int
    """The version its writer had before them."""


class VersionText(VersionView, frozen=True):
    """One version with what it says."""

    text: str


class Versions(Struct, frozen=True):
    """One page of versions, the newest first."""

    versions: tuple[VersionView, ...]
    next: int
    """``before`` of the next page; 0 after the last."""


class VersionsQuery(Query):
    """Which versions."""

    limit: Annotated[int, Field(ge=1, le=VERSIONS_PER_PAGE_MAX)] = VERSIONS_PER_PAGE
    before: Version = 0
    """``next`` of the page before."""


class DiffQuery(Query):
    """Which two versions."""

    from_: Annotated[Version, Field(alias="from")]
    to: Version


class RulesDiff(Struct, frozen=True):
    """What was changed between two versions."""

    diff: str
    """In the unified format; empty when they say the same."""


class RulesText(Body):
    """A document that is not kept."""

    text: Text


class PublishRules(Body):
    """A document to be published."""

    text: Text
    comment: Comment = ""
    """Why: for those who look at the versions later."""
    based_on: Version
    """The version that was published when the text was begun; 0: none was."""


class RollBackRules(Body):
    """An older version to be published anew."""

    version: Version
    comment: Comment = ""
    based_on: Version
    """The version that is published now."""


class TextProblem(Struct, frozen=True):
    """One thing wrong with a document."""

    line: int
    """From 1; 0 when it is about the whole."""
    what: str
    mend: str


class RulesCheck(Struct, frozen=True):
    """What is wrong with a document; nothing: it may be published."""

    problems: tuple[TextProblem, ...]


class RulesSchema(RootModel[dict[str, Any]]):
    """The JSON Schema of a document of rules."""


@route("GET", "/rules", roles=OVERSEERS, summary="The rules in force", problems=("unavailable",))
async def rules(exchange: Exchange) -> VersionText:
    """The rules by which calls are treated now, with who published them and when."""
    book = exchange.services.rules
    with told():
        return _with_text(await book.published(), book.in_force)


@route(
    "GET",
    "/rules/versions",
    roles=OVERSEERS,
    summary="Versions of the rules",
    problems=("unavailable",),
)
async def versions(exchange: Exchange, query: VersionsQuery) -> Versions:
    """Every version that was kept, the newest first, drafts among them."""
    book = exchange.services.rules
    with told():
        found = await book.versions(query.limit + 1, query.before)
    shown = found[: query.limit]
    following = shown[-1].version if len(found) > query.limit else 0
    return Versions(tuple(_view(about, book.in_force) for about in shown), following)


@route(
    "GET",
    "/rules/versions/{version}",
    roles=OVERSEERS,
    summary="One version of the rules",
    problems=("not-found", "unavailable"),
)
async def version(exchange: Exchange) -> VersionText:
    """One version with its text; 0 are the built-in rules."""
    book = exchange.services.rules
    return _with_text(await _found(book, _number(exchange.path["version"])), book.in_force)


@route(
    "GET",
    "/rules/diff",
    roles=OVERSEERS,
    summary="Compare two versions",
    problems=("not-found", "unavailable"),
)
async def diff(exchange: Exchange, query: DiffQuery) -> RulesDiff:
    """What was changed from one version to another."""
    book = exchange.services.rules
    before, after = await _found(book, query.from_), await _found(book, query.to)
    return RulesDiff(
        diff_rules(before.text, after.text, f"version {query.from_}", f"version {query.to}")
    )


@route("GET", "/rules/schema", roles=OVERSEERS, summary="The schema of rules")
async def schema(exchange: Exchange) -> RulesSchema:
    """The JSON Schema of a document of rules, for editors."""
    return RulesSchema(rules_schema())


@route(
    "POST",
    "/rules/check",
    roles=OVERSEERS,
    summary="Check rules",
    reads=True,
    body_bytes_max=TEXT_BODY_BYTES_MAX,
)
async def check(exchange: Exchange, body: RulesText) -> RulesCheck:
    """Everything wrong with a document, line by line, as of the center's queues and agents now.
    Nothing is kept."""
    try:
        await exchange.services.rules.check(body.text)
    except DocumentError as error:
        return RulesCheck(tuple(_problem(each) for each in error.problems))
    return RulesCheck(())


@route(
    "POST",
    "/rules/preview",
    roles=OVERSEERS,
    summary="See what rules would change",
    reads=True,
    body_bytes_max=TEXT_BODY_BYTES_MAX,
)
async def preview(exchange: Exchange, body: RulesText) -> Preview:
    """Which of the calls that wait now would be treated differently. Nothing is kept."""
    with told():
        wanted = await exchange.services.rules.check(body.text)
    hub = exchange.services.hub
    return preview_rules(hub.state, hub.chooser, wanted)


@route(
    "POST",
    "/rules/publish",
    roles=EDITORS,
    summary="Publish rules",
    problems=("conflict", "overloaded", "unavailable"),
    body_bytes_max=TEXT_BODY_BYTES_MAX,
)
async def publish(exchange: Exchange, body: PublishRules) -> VersionText:
    """Treat all calls by this document from now on, also those that wait: they keep their place.

    Refused (409) when somebody else has published since the text was begun.
    """
    book = exchange.services.rules
    with told():
        kept = await book.publish(
            body.text,
            comment=body.comment,
            based_on=body.based_on,
            by=exchange.account.id,
            request=exchange.request_id,
        )
    return _with_text(kept, book.in_force)


@route(
    "POST",
    "/rules/rollback",
    roles=EDITORS,
    summary="Go back to an older version",
    problems=("not-found", "conflict", "overloaded", "unavailable"),
)
async def roll_back(exchange: Exchange, body: RollBackRules) -> VersionText:
    """Publish what an older version says, under a new number."""
    book = exchange.services.rules
    with told("body.version"):
        kept = await book.roll_back(
            body.version,
            comment=body.comment,
            based_on=body.based_on,
            by=exchange.account.id,
            request=exchange.request_id,
        )
    if kept is None:
        raise _no_version(body.version)
    return _with_text(kept, book.in_force)


@contextmanager
def told(field: str = "body.text") -> Iterator[None]:
    """Say what went wrong to the client; ``field`` is where the document came from."""
    try:
        yield
    except (ProblemError, Overloaded):
        raise
    except DocumentError as error:
        wrong = [
            FieldError(field, f"{each.what}. {each.mend}", each.line, each.mend)
            for each in error.problems
        ]
        lines = ", ".join(dict.fromkeys(str(each.line) for each in error.problems[:5]))
        raise ProblemError(
            "invalid", f"The rules cannot be published: see line {lines}.", errors=wrong
        ) from None
    except (RulesConflict, RulesRefused) as refused:
        raise ProblemError("conflict", str(refused)) from None
    except Exception as error:  # noqa: BLE001 - any failure of any store
        _LOG.warning("rules_store_failed", error=repr(error))
        raise unavailable(
            "The versions of the rules cannot be reached: the database does not answer. Calls are"
            " treated as before; try again in a moment."
        ) from None


async def _found(book: RuleBook, number: int) -> RulesDocument:
    with told():
        document = await book.document(number)
    if document is None:
        raise _no_version(number)
    return document


def _number(text: str) -> int:
    """The version that a path names."""
    if not (text.isascii() and text.isdigit()) or int(text) > VERSION_MAX:
        raise _no_version(text)
    return int(text)


def _no_version(number: int | str) -> ProblemError:
    return ProblemError("not-found", f"There is no version {number} of the rules.")


def _problem(problem: DocumentProblem) -> TextProblem:
    return TextProblem(problem.line, problem.what, problem.mend)


def _view(about: RulesVersion, in_force: int) -> VersionView:
    return VersionView(
        version=about.version,
        state=_state(about, in_force),
        by=about.by,
        created_at=about.created_at,
        published_at=about.published_at,
        comment=about.comment,
        based_on=about.based_on,
    )


def _with_text(document: RulesDocument, in_force: int) -> VersionText:
    view = _view(document.about, in_force)
    values = {name: getattr(view, name) for name in VersionView.__struct_fields__}
    return VersionText(**values, text=document.text)


def _state(about: RulesVersion, in_force: int) -> str:
    if about.version == in_force:
        return "published"
    if about.published_at or about.version == 0:
        return "replaced"
    return "draft" if about.version > in_force else "unused"
