"""Runs a route: who asks, may they, is the request whole, the handler, the answer, the audit.

The order matters: nothing of a body is read before its sender may send it.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import TypeAlias

import msgspec
import pydantic
from aiohttp import web

from callcenter.api.audit import AuditWriter
from callcenter.api.auth import Site, not_signed_in, require_role, token_of
from callcenter.api.errors import FieldError, Handler, ProblemError, as_problem, invalid
from callcenter.api.idempotency import HEADER, Keys
from callcenter.api.route import (
    JSON,
    NOBODY,
    Download,
    Exchange,
    Route,
    Services,
)
from callcenter.api.upload import Upload, Uploads
from callcenter.service.ports import Account, AuditEntry, Clock

BODY_DEADLINE_S = 10.0
"""For a body of 64 KiB over the slowest line that an agent works on."""
HANDLER_DEADLINE_S = 15.0
"""For a whole handler: the machine answers in milliseconds, the database in seconds at worst."""

NAME_CHARS_MAX = 128
"""Characters of an id in a path; ours have at most half as many."""

Arguments: TypeAlias = Mapping[str, pydantic.BaseModel | Upload]
"""What a handler is called with beside the exchange."""


class Dispatch:
    """Makes framework handlers of routes."""

    def __init__(
        self, services: Services, site: Site, audit: AuditWriter, clock: Clock, uploads: Uploads
    ) -> None:
        self._services = services
        self._uploads = uploads
        self._site = site
        self._audit = audit
        self._clock = clock
        self._keys = Keys()

    def handler(self, route: Route) -> Handler:
        """The framework's handler for this route."""

        async def handle(request: web.Request) -> web.StreamResponse:
            exchange = await self._exchange(request, route)
            body: bytes | Upload = b""
            async with AsyncExitStack() as stack:  # an upload's file is gone at its end
                try:
                    if route.roles:
                        require_role(exchange.account, route.roles)
                    arguments = _parse_query(request, route)
                    body = await self._read_body(request, route, stack)
                    arguments |= _parse_body(route, body)
                    self._name_wish(request, route, exchange, body)
                    response = await self._run(request, route, exchange, arguments)
                except Exception as error:
                    if not route.writes:
                        raise
                    problem = as_problem(request, error)
                    self._note(request, route, exchange, body, problem.problem.status)
                    raise problem from None
                if route.writes:
                    self._note(request, route, exchange, body, response.status)
            return response

        return handle

    async def _exchange(self, request: web.Request, route: Route) -> Exchange:
        """Find out who asks, and from which page."""
        site = self._site
        for value in request.match_info.values():
            if len(value) > NAME_CHARS_MAX or not value.isprintable():
                raise web.HTTPNotFound
        account, token, by_cookie = NOBODY, "", False
        if route.roles or route.writes:
            site.refuse_plain_http(request)
        if route.roles:
            account, token, by_cookie = await signed_in(request, site, self._services)
        if route.writes:
            site.refuse_foreign_origin(request, by_cookie=by_cookie)
        return Exchange(
            services=self._services,
            account=account,
            token=token,
            path=request.match_info,
            address=site.address(request),
        )

    async def _read_body(
        self, request: web.Request, route: Route, stack: AsyncExitStack
    ) -> bytes | Upload:
        """What was sent: in memory, or in a file that is there until the stack is closed."""
        if route.upload is None:
            return await _read_body(request, route)
        return await stack.enter_async_context(self._uploads.receive(request, route.upload))

    def _name_wish(
        self, request: web.Request, route: Route, exchange: Exchange, body: bytes | Upload
    ) -> None:
        """Give a wish its id, by the client's key or a new one."""
        if not route.writes:
            return
        content = body.sha256.encode() if isinstance(body, Upload) else body
        wish = b"\n".join((route.method.encode(), request.raw_path.encode(), content))
        key = request.headers.get(HEADER)
        exchange.key = secrets.token_hex(12) if key is None else key
        exchange.request_id = self._keys.request_id(exchange.account.id, exchange.key, wish)

    async def _run(
        self, request: web.Request, route: Route, exchange: Exchange, arguments: Arguments
    ) -> web.Response:
        try:
            async with asyncio.timeout(route.deadline_s or HANDLER_DEADLINE_S):
                answer = await route.handler(exchange, **arguments)
        except TimeoutError:
            raise ProblemError(
                "unavailable",
                "No answer came in time; whether it was done is not known. Send it again with the"
                " same Idempotency-Key.",
                headers={"Retry-After": "2"},
            ) from None
        response = _response(answer)
        if route.writes:
            response.headers[HEADER] = exchange.key
        if exchange.cookie is not None:
            self._site.set_cookie(request, response, exchange.cookie)
        return response

    def _note(
        self,
        request: web.Request,
        route: Route,
        exchange: Exchange,
        body: bytes | Upload,
        status: int,
    ) -> None:
        """Keep for auditors who wanted what, and what became of it."""
        self._audit.add(
            AuditEntry(
                at=self._clock.now(),
                account=exchange.audited_as or exchange.account.id,
                address=exchange.address,
                action=route.name,
                subject=request.path,
                request=exchange.request_id,
                status=status,
                detail=_for_audit(route, body),
            )
        )


async def signed_in(
    request: web.Request, site: Site, services: Services
) -> tuple[Account, str, bool]:
    """Whose request this is, its token, and whether that came as a cookie."""
    token, by_cookie = token_of(request, site)
    account = await services.sessions.account(token)
    if account is None:
        raise not_signed_in()
    return account, token, by_cookie


async def _read_body(request: web.Request, route: Route) -> bytes:
    """The body, bounded in size and time; refused where none is taken."""
    if not request.body_exists:
        return b""
    if route.body is None:
        raise ProblemError("bad-request", f"{route.name} takes no body. Leave it out.")
    bytes_max = route.body_bytes_max
    if request.content_length is not None and request.content_length > bytes_max:
        raise web.HTTPRequestEntityTooLarge(bytes_max)
    if request.content_type != JSON:
        raise ProblemError("wrong-type", f"Send the body as {JSON} and say so in Content-Type.")
    try:
        async with asyncio.timeout(BODY_DEADLINE_S):
            body = await request.read()
    except TimeoutError:
        raise ProblemError(
            "too-slow",
            f"The body did not come within {BODY_DEADLINE_S:.0f} s.",
            headers={"Connection": "close"},
        ) from None
    if len(body) > bytes_max:  # came in chunks; the server itself stops at the longest of all
        raise web.HTTPRequestEntityTooLarge(bytes_max)
    return body


def _parse_query(request: web.Request, route: Route) -> dict[str, pydantic.BaseModel | Upload]:
    """The handler's argument ``query``, as its schema understands what was sent."""
    if route.query is None:
        if request.query_string:
            raise ProblemError("bad-request", f"{route.name} takes no query. Leave it out.")
        return {}
    values = dict(request.query)
    if len(values) != len(request.query):
        twice = [FieldError(f"query.{name}", "given twice") for name in values]
        repeated = [item for item in twice if len(request.query.getall(item.path[6:])) > 1]
        raise ProblemError("invalid", "A name in the query is given twice.", errors=repeated)
    try:
        return {"query": route.query.model_validate(values)}
    except pydantic.ValidationError as error:
        raise invalid("query", error) from None


def _parse_body(route: Route, body: bytes | Upload) -> Arguments:
    """The handler's argument ``body``, as its schema understands what was sent, or ``upload``."""
    if isinstance(body, Upload):
        return {"upload": body}
    if route.body is None:
        return {}
    if not body:
        raise ProblemError(
            "invalid", "A JSON body is needed.", errors=[FieldError("body", "missing")]
        )
    try:
        return {"body": route.body.model_validate_json(body)}
    except pydantic.ValidationError as error:
        raise invalid("body", error) from None


def _response(answer: object) -> web.Response:
    """The answer as JSON or as the file it is; nothing for None."""
    if answer is None:
        return web.Response(status=204)
    if isinstance(answer, Download):
        return web.Response(
            body=answer.content,
            content_type=answer.media_type,
            charset="utf-8",
            headers={"Content-Disposition": f'attachment; filename="{answer.name}"'},
        )
    if isinstance(answer, pydantic.BaseModel):
        return web.Response(body=answer.model_dump_json().encode(), content_type=JSON)
    return web.Response(body=msgspec.json.encode(answer), content_type=JSON)


def _for_audit(route: Route, body: bytes | Upload) -> str:
    """The body for the audit: as it was understood, with secrets blotted out by their type.

    A body that was not understood is left out: a secret in it could not be told from the rest. Of a
    file it is kept which one it was.
    """
    if isinstance(body, Upload):
        return json.dumps({"bytes": body.size_bytes, "sha256": body.sha256})
    if route.body is None or not body:
        return ""
    try:
        return route.body.model_validate_json(body).model_dump_json()
    except pydantic.ValidationError:
        return ""
