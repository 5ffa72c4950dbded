"""One browser for all tests, and a center of its own for each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, expect

from callcenter.demo.renewals import SampleContact
from callcenter.demo.sample import SampleAgent
from callcenter.demo.telephony import SimulatedTelephony
from tests.e2e import browser as browsers
from tests.e2e.browser import Visitor, visit
from tests.e2e.site import CONTACTS, Site, contact

SEED = 7

expect.set_options(timeout=browsers.WAIT_S * 1000)


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The browser; each visitor has a context of their own in it."""
    async with browsers.open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """A running center on the simulated PBX."""
    contacts = [contact(n) for n in range(CONTACTS)]

    async with Site.open(tmp_path, _simulated, contacts) as opened:
        yield opened


def _simulated(
    folder: Path, agents: Sequence[SampleAgent], contacts: Sequence[SampleContact]
) -> SimulatedTelephony:
    return SimulatedTelephony(folder, agents, contacts, SEED)


class Visitors:
    """Opens browsers for people, and looks at the end whether their pages stayed clean."""

    def __init__(self, browser: Browser, site: Site, stack: AsyncExitStack) -> None:
        self._browser = browser
        self._site = site
        self._stack = stack

    async def come(self) -> Visitor:
        """Somebody, not signed in."""
        return await self._stack.enter_async_context(visit(self._browser, self._site.url))

    async def sign_in(self, login: str) -> Visitor:
        """Somebody who has signed in."""
        visitor = await self.come()
        await visitor.sign_in(login)
        return visitor


@pytest_asyncio.fixture(loop_scope="session")
async def visitors(browser: Browser, site: Site) -> AsyncIterator[Visitors]:
    """Whoever comes to look at the center."""
    async with AsyncExitStack() as stack:
        yield Visitors(browser, site, stack)
