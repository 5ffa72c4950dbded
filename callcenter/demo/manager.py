"""The campaign manager's work, as a program that uses the public API."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import aiohttp

POLL_S = 0.1
OPERATION_S = 30.0
"""For one request; an import is the longest."""
SESSION_OVER = 401


class RefusedError(RuntimeError):
    """The center did not do what it was asked; the message says what, and why not."""


class Manager:
    """A manager who signs in with ``async with``."""

    def __init__(self, url: str, login: str, password: str) -> None:
        self._http = aiohttp.ClientSession(url, timeout=aiohttp.ClientTimeout(total=OPERATION_S))
        self._sign_in = {"login": login, "password": password, "bearer": True}
        self._token = ""

    async def __aenter__(self) -> Self:
        try:
            await self._renew()
        except BaseException:
            await self._http.close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self._http.close()

    async def save(self, campaign: str, settings: dict[str, Any]) -> None:
        """Make a campaign, or change it."""
        await self._ask("PUT", f"/campaigns/{campaign}", json=settings)

    async def import_contacts(self, campaign: str, name: str, text: str) -> dict[str, Any]:
        """Hand in a list; returns the report with the rows that were refused."""
        report: dict[str, Any] = await self._ask(
            "POST",
            f"/campaigns/{campaign}/contacts",
            params={"list": name},
            data=text.encode(),
            headers={"Content-Type": "text/csv"},
        )
        return report

    async def start(self, campaign: str) -> None:
        """Dial from now on."""
        await self._ask("POST", f"/campaigns/{campaign}/start")

    async def drain(self, campaign: str) -> None:
        """No more calls; those under way go on."""
        await self._ask("POST", f"/campaigns/{campaign}/drain")

    async def view(self, campaign: str) -> dict[str, Any]:
        """How the campaign stands."""
        view: dict[str, Any] = await self._ask("GET", f"/campaigns/{campaign}")
        return view

    async def attempts(self, campaign: str) -> list[dict[str, Any]]:
        """Every ended attempt, the last ended first."""
        attempts: list[dict[str, Any]] = []
        cursor = ""
        while True:
            params = {"limit": "200"} | ({"cursor": cursor} if cursor else {})
            page = await self._ask("GET", f"/campaigns/{campaign}/attempts", params=params)
            attempts += page["attempts"]
            cursor = page["next"]
            if not cursor:
                return attempts

    async def report(self, kind: str, since: float, until: float) -> dict[str, Any]:
        """The report of queues, agents, teams or campaigns; times in UTC seconds."""
        params = {"from": f"{since:.3f}", "to": f"{until:.3f}"}
        report: dict[str, Any] = await self._ask("GET", f"/reports/{kind}", params=params)
        return report

    async def wait_until(
        self, campaign: str, is_so: Callable[[dict[str, Any]], bool], limit_s: float, what: str
    ) -> None:
        """Look again and again until the campaign stands so; raises ``TimeoutError``."""
        loop = asyncio.get_running_loop()
        until = loop.time() + limit_s
        while not is_so(await self.view(campaign)):
            if loop.time() > until:
                raise TimeoutError(f"waited {limit_s:g} s for {what}")
            await asyncio.sleep(POLL_S)

    async def _renew(self) -> None:
        """Begin a session: the first one, or after the last one ran out."""
        async with self._http.post("/api/v1/session", json=self._sign_in) as answer:
            self._token = (await _read(answer))["token"]

    async def _ask(self, method: str, path: str, **more: Any) -> Any:
        address, headers = f"/api/v1{path}", more.pop("headers", {})
        for _ in range(2):
            headers["Authorization"] = f"Bearer {self._token}"
            async with self._http.request(method, address, headers=headers, **more) as answer:
                if answer.status != SESSION_OVER:
                    return await _read(answer)
            await self._renew()
        raise RefusedError(f"{method} {path}: no session lasts")


async def _read(answer: aiohttp.ClientResponse) -> Any:
    if answer.status >= 400:
        what = f"{answer.method} {answer.url.path}"
        raise RefusedError(f"{what}: {(await answer.text())[:500]}")
    return await answer.json()
