"""What goes wrong, said to the client as problem details (RFC 9457): what, where, how to mend it.

Everything that a handler or the framework raises ends here; no traceback, no SQL and no file's name
ever reaches a client. Handlers raise ``ProblemError``; the middleware turns the rest into one.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus

import msgspec
import pydantic
import structlog
from aiohttp import web
from msgspec import Struct

from callcenter.service.ports import Overloaded

PROBLEM_TYPE = "application/problem+json"
OVERLOADED_RETRY_S = 1
"""Seconds a client should wait when the inbox is full, which drains in well under a second."""
FIELD_ERRORS_MAX = 50
"""Field errors named in one answer; a body with more is wrong as a whole."""

_LOG = structlog.get_logger("callcenter.api")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FieldError(Struct, frozen=True, omit_defaults=True):
    """One field of the request that is wrong."""

    path: str
    """Where, e.g. ``body.phone``, ``query.limit`` or ``header.Idempotency-Key``."""
    detail: str
    """What is wrong with it, and how to mend it."""
    line: int = 0
    """Of a document in this field, from 1; 0: about no line."""
    mend: str = ""
    """The part of ``detail`` that says how to mend a line."""


class Problem(Struct, frozen=True):
    """The body of every refusal."""

    type: str
    """``urn:callcenter:problem:NAME``: stable, for programs."""
    title: str
    """The kind of problem, for people; the same for every problem of a type."""
    status: int
    detail: str
    """What is wrong in this case and how to mend it."""
    errors: tuple[FieldError, ...] = ()
    """The fields that are wrong, if it is about fields."""
    incident: str = ""
    """The number under which the log tells more."""


TITLES: dict[str, tuple[int, str]] = {
    "bad-request": (400, "The request cannot be understood"),
    "not-signed-in": (401, "Sign in first"),
    "wrong-sign-in": (401, "Login or password is wrong"),
    "forbidden": (403, "Not allowed"),
    "wrong-origin": (403, "The request comes from another site"),
    "https-needed": (403, "HTTPS is needed"),
    "not-found": (404, "There is no such thing"),
    "method-not-allowed": (405, "This address does not do that"),
    "too-slow": (408, "The request came too slowly"),
    "conflict": (409, "Not possible now"),
    "too-large": (413, "The request is too large"),
    "wrong-type": (415, "The body is of another kind"),
    "invalid": (422, "Fields are wrong"),
    "key-reused": (422, "The Idempotency-Key was used for another request"),
    "too-many": (429, "Too many attempts"),
    "internal": (500, "Something broke on our side"),
    "overloaded": (503, "Busy, try again"),
    "unavailable": (503, "A part of the service is not there"),
}
"""Every problem by the name in its type: status and title."""

_OF_STATUS = {400: "bad-request", 404: "not-found", 405: "method-not-allowed", 413: "too-large"}


class ProblemError(Exception):
    """Ends a request with this problem; ``name`` is a key of ``TITLES``."""

    def __init__(
        self,
        name: str,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        incident: str = "",
    ) -> None:
        status, title = TITLES[name]
        super().__init__(detail)
        self.headers = dict(headers or {})
        self.problem = Problem(
            type=f"urn:callcenter:problem:{name}",
            title=title,
            status=status,
            detail=detail,
            errors=tuple(errors[:FIELD_ERRORS_MAX]),
            incident=incident,
        )


def overloaded() -> ProblemError:
    """The hub's inbox is full."""
    return ProblemError(
        "overloaded",
        "More comes in than can be handled just now; nothing was changed. Send it again after a"
        " second with the same Idempotency-Key.",
        headers={"Retry-After": str(OVERLOADED_RETRY_S)},
    )


def unavailable(what: str, retry_s: int = 2) -> ProblemError:
    """A part that this request needs does not answer; ``what`` says which and what still works."""
    return ProblemError("unavailable", what, headers={"Retry-After": str(retry_s)})


def invalid(where: str, error: pydantic.ValidationError) -> ProblemError:
    """Fields are wrong. What was sent is not repeated: it may be a secret.

    A validator of ours says how to mend in its error's context, see ``documents.yaml_lines``.
    """
    found = [
        FieldError(
            path=".".join([where, *(str(part) for part in item["loc"] if part != "[key]")]),
            detail=". ".join([item["msg"], *_mend(item.get("ctx", {}))]),
        )
        for item in error.errors(include_url=False, include_input=False)
    ]
    names = ", ".join(item.path for item in found[:5])
    return ProblemError("invalid", f"Wrong: {names}. Mend these fields.", errors=found)


def _mend(context: Mapping[str, object]) -> list[str]:
    mend = context.get("mend")
    return [mend] if isinstance(mend, str) else []


def problem_response(error: ProblemError) -> web.Response:
    """The answer for this problem."""
    return web.Response(
        status=error.problem.status,
        body=msgspec.json.encode(error.problem),
        headers={"Content-Type": PROBLEM_TYPE, **error.headers},
    )


def _of_http(request: web.Request, error: web.HTTPException) -> ProblemError:
    """The framework's own refusal, as a problem."""
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    match error.status:
        case 404:
            detail = (
                f"There is nothing at {request.path}. /api/v1/openapi.json lists what there is."
            )
        case 405:
            detail = (
                f"{request.method} is not possible at {request.path}; possible:"
                f" {headers.get('Allow', 'nothing')}."
            )
        case 413:
            detail = "The body is longer than this address takes. Send less."
        case _:
            detail = f"{HTTPStatus(error.status).phrase}."
    return ProblemError(_OF_STATUS.get(error.status, "bad-request"), detail, headers=headers)


def as_problem(request: web.Request, error: Exception) -> ProblemError:
    """What the client is told of an exception.

    Those that nobody foresaw are logged under a number, and the client is told the number.
    """
    match error:
        case ProblemError():
            return error
        case Overloaded():
            return overloaded()
        case web.HTTPException():
            return _of_http(request, error)
        case _:
            incident = secrets.token_hex(4)
            _LOG.error(
                "request_failed",
                incident=incident,
                method=request.method,
                path=request.path,
                exc_info=error,
            )
            return ProblemError(
                "internal",
                f"The request was not completed. Tell your administrator the number {incident}:"
                " the log has the rest.",
                incident=incident,
            )


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn everything raised below into problem details."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return problem_response(as_problem(request, error))
    except Exception as error:
        is_gone = request.transport is None or request.transport.is_closing()
        if is_gone and not isinstance(error, ProblemError):
            raise  # there is nobody to tell
        return problem_response(as_problem(request, error))
