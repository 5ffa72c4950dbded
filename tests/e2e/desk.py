"""The agent's desk as a person sees and uses it."""

from __future__ import annotations

import re

from playwright.async_api import Locator, Page, expect

from tests.e2e.browser import Visitor


class Desk:
    """The desk of an agent who has signed in to the pages."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.page: Page = visitor.page

    async def start_work(self, phone: str, work: str = "Inbound calls") -> None:
        """Sign on at the phone, for the queues or for a campaign."""
        await self.page.get_by_label("Phone").fill(phone)
        await self.page.get_by_role("radio", name=work).check()
        await self.page.get_by_role("button", name="Start work").click()

    async def get_ready(self) -> None:
        """Press Ready, and see that it is so."""
        await self.page.get_by_role("button", name=re.compile("^Ready")).click()
        await self.shows_state("Ready")

    async def take_call(self) -> None:
        """Wait until the phone has been picked up."""
        await self.shows_state("Talking")

    async def press(self, key: str) -> None:
        """Press a key, wherever the focus is."""
        await self.page.keyboard.press(key)

    def pane(self, title: str) -> Locator:
        """One of the boxes."""
        heading = self.page.get_by_role("heading", name=title, exact=True)
        return self.page.locator("section").filter(has=heading)

    @property
    def card(self) -> Locator:
        """The box of the card."""
        return self.pane("Card")

    @property
    def call(self) -> Locator:
        """The box of the call."""
        return self.pane("Call")

    async def shows_state(self, text: str) -> None:
        """Wait until the agent's state, at the top left, is this."""
        await expect(self.page.get_by_role("main").get_by_role("status").first).to_contain_text(
            text
        )
