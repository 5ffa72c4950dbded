"""Debian's Chromium, driven by playwright, and people in front of it whose pages stay clean."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    async_playwright,
)

from tests.e2e.site import PASSWORD

ARGUMENTS: Final = (
    "--no-sandbox",  # CI is root in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LAPTOP: Final = (1366, 768)
"""The smallest screen that the pages are made for."""
WAIT_S: Final = 10.0
"""How long a page is given to show something: it takes a tenth, on a busy machine a second."""
REFUSED: Final = "Failed to load resource"
"""So begins what the browser itself writes of an answer of 400 and more, which is seen here too."""

ABORTED: Final = "net::ERR_ABORTED"
"""The browser does not want an answer any more: the page was left before it came."""


@asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    """A Chromium without windows."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(ARGUMENTS)
        )
        try:
            yield browser
        finally:
            await browser.close()


class Visitor:
    """A person with a browser of their own. Everything that goes wrong in it is noted: errors in
    the console (what the page's security policy forbids is one), broken scripts, requests that
    failed or were refused.
    """

    def __init__(self, context: BrowserContext, page: Page, url: str) -> None:
        self.context = context
        self.page = page
        self.url = url
        self._expected: list[re.Pattern[str]] = []
        self._seen: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self._seen.append(f"script: {error}"))
        page.on("requestfailed", self._fail)
        page.on("response", self._take)

    def expect(self, pattern: str) -> None:
        """What fits this is meant to go wrong."""
        self._expected.append(re.compile(pattern))

    @property
    def trouble(self) -> list[str]:
        """What went wrong and was not meant to."""
        return [
            line for line in self._seen if not any(each.search(line) for each in self._expected)
        ]

    async def sign_in(self, login: str) -> None:
        """Sign in without the form, and open the page that one lands on."""
        body = {"login": login, "password": PASSWORD}
        answer = await self.context.request.post(f"{self.url}/api/v1/session", data=body)
        assert answer.ok, await answer.text()
        await self.go_to("/")

    async def knock(self) -> None:
        """Open the center without being signed in."""
        self.expect(r"^401 GET /api/v1/me$")  # whether anybody is signed in already
        await self.go_to("/")

    async def fill_in(self, login: str, password: str) -> None:
        """Fill in the sign-in form and send it."""
        await self.page.get_by_label("Login").fill(login)
        await self.page.get_by_label("Password", exact=True).fill(password)
        await self.page.get_by_role("button", name="Sign in").click()

    async def go_to(self, path: str) -> None:
        """Open an address of the center."""
        await self.page.goto(f"{self.url}{path}")

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(REFUSED):
            self._seen.append(f"console: {message.text}")

    def _fail(self, request: Request) -> None:
        if request.failure != ABORTED:
            path = self._path(request.url)
            self._seen.append(f"failed {request.method} {path}: {request.failure}")

    def _take(self, response: Response) -> None:
        if response.status >= 400:
            path = self._path(response.url)
            self._seen.append(f"{response.status} {response.request.method} {path}")

    def _path(self, address: str) -> str:
        return address.removeprefix(self.url)


@asynccontextmanager
async def visit(browser: Browser, url: str, *, language: str = "en") -> AsyncIterator[Visitor]:
    """Somebody looks at the center at this address; raises when anything went wrong meanwhile."""
    width, height = LAPTOP
    context = await browser.new_context(
        locale=language,
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
    )
    context.set_default_timeout(WAIT_S * 1000)
    try:
        visitor = Visitor(context, await context.new_page(), url)
        yield visitor
        assert visitor.trouble == [], visitor.trouble
    finally:
        await context.close()
