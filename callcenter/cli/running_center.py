"""Acts on a running center over its API, as the command line of the same user on this machine."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

import aiohttp
import msgspec
import orjson
from msgspec import Struct

from callcenter.api.errors import FieldError
from callcenter.api.local_access import LocalAccess, local_access_path, read_local_access
from callcenter.api.route import PREFIX
from callcenter.cli.common import clear_errors, fail
from callcenter.settings import Settings

ANSWER_DEADLINE_S = 30.0
"""The center gives up on a request after half of it."""


class Refusal(Exception):  # noqa: N818 - a fact about a request
    """The center said no."""

    def __init__(self, detail: str, errors: tuple[FieldError, ...]) -> None:
        super().__init__(detail)
        self.errors = errors
        """The fields that are wrong, if it is about fields."""


class _Problem(Struct, frozen=True):
    detail: str
    errors: tuple[FieldError, ...] = ()


def ask_center(
    settings: Settings,
    method: str,
    path: str,
    body: object = None,
    *,
    deadline_s: float | None = None,
) -> Any:
    """Send a request and return the answer's JSON; ``path`` follows ``/api/v1``.

    It is given up after ``deadline_s``, usually ``ANSWER_DEADLINE_S``.

    None when the answer is empty. Raises ``Refusal``. Ends the command when no center runs.
    """
    file = local_access_path(settings.data_dir)
    deadline_s = ANSWER_DEADLINE_S if deadline_s is None else deadline_s
    start = "Start it with `callcenter serve`"
    with clear_errors():
        access = read_local_access(file)
    if access is None:
        fail(f"no center runs with this config: there is no {file}. {start}")
    try:
        status, content = asyncio.run(_send(access, method, path, body, deadline_s))
    except TimeoutError:
        fail(f"the center at {access.url} did not answer within {deadline_s:.0f} s")
    except aiohttp.ClientError as error:
        fail(f"no center answers at {access.url}, which {file} names: {error}. {start}")
    if status == HTTPStatus.UNAUTHORIZED:
        fail(f"another center than the one that wrote {file} serves at {access.url}")
    if status >= HTTPStatus.BAD_REQUEST:
        raise _refusal(status, content)
    return orjson.loads(content) if content else None


async def _send(
    access: LocalAccess, method: str, path: str, body: object, deadline_s: float
) -> tuple[int, bytes]:
    deadline = aiohttp.ClientTimeout(total=deadline_s)
    headers = {"Authorization": f"Bearer {access.token}"}
    url = f"{access.url}{PREFIX}{path}"
    async with (
        aiohttp.ClientSession(timeout=deadline, headers=headers) as session,
        session.request(method, url, json=body) as response,
    ):
        return response.status, await response.read()


def _refusal(status: int, content: bytes) -> Refusal:
    try:
        problem = msgspec.json.decode(content, type=_Problem)
    except (
        msgspec.MsgspecError,
        UnicodeDecodeError,
        RecursionError,
    ):  # something else serves there
        return Refusal(f"the answer was HTTP {status}, and no problem that can be read", ())
    return Refusal(problem.detail, problem.errors)
