"""A supervisor's change of the rules while people wait, on the pages."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Locator, Page, expect

from tests.e2e.conftest import Visitors
from tests.e2e.site import ANNA, STRANGER, Site

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

MISTAKE = """\
format: 1
rules:
  - name: gold first
    when: customer.teir == "gold"
    then:
      weight: 3
  - name: everybody
"""
MENDED = MISTAKE.replace("teir", "tier")
REHEARSAL_MS = 120_000
NO_MORE = "format: 1\nrules:\n  - name: everybody\n"


class RulesPage:
    """The page of the rules, as the supervisor sees and uses it."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def write(self, text: str) -> None:
        """Have this text in the editor."""
        await self.page.get_by_label("Text of the rules").fill(text)

    async def press(self, button: str) -> None:
        """Press a button."""
        await self.page.get_by_role("button", name=button, exact=True).click()

    async def publish(self, comment: str) -> None:
        """Read who is touched, say why, and publish."""
        await self.press("Publish")
        what_happens = self.page.get_by_role("dialog")
        effect = "2 callers wait; 1 would be treated differently."
        await expect(what_happens).to_contain_text(effect)
        await what_happens.get_by_role("textbox").fill(comment)
        await what_happens.get_by_role("button", name="Publish").click()

    def version(self, number: int) -> Locator:
        """One version in the list."""
        return self.page.get_by_role("listitem").filter(has_text=f"Version {number}")

    def says(self, text: str) -> Locator:
        """Whether the page says so."""
        return self.page.get_by_role("status").filter(has_text=text)


async def test_a_supervisor_mends_a_mistake_publishes_and_rolls_back_while_callers_wait(
    site: Site, visitors: Visitors
) -> None:
    await site.call(ANNA.numbers[0])
    await site.call(STRANGER)
    page = (await visitors.sign_in("sam")).page
    waiting = page.get_by_role("table", name="Waiting calls").locator("tbody tr")
    await expect(waiting.filter(has_text="Gold")).to_have_count(1)
    await expect(waiting.filter(has_text="Waiting")).to_have_count(2)
    await page.get_by_role("link", name="Rules").click()
    rules = RulesPage(page)

    await rules.write(MISTAKE)
    await expect(page.get_by_role("button", name=re.compile("^Line 4: .*teir"))).to_be_visible()
    await expect(page.locator("[data-problem]")).to_have_text("4")
    await expect(page.get_by_role("button", name="Publish", exact=True)).to_be_disabled()
    await rules.write(MENDED)
    await expect(page.locator("[data-problem]")).to_have_count(0)
    await rules.publish("gold waits less")
    await expect(rules.says("Version 1 holds now.")).to_be_visible()
    await expect(rules.version(1)).to_contain_text("gold waits less")
    await expect(rules.version(1)).to_contain_text("published")

    await rules.write(NO_MORE)
    await rules.publish("all alike")
    await expect(rules.says("Version 2 holds now.")).to_be_visible()
    await rules.press("Roll back to version 1")
    await expect(rules.says("Version 3 holds now: it says what version 1 said.")).to_be_visible()
    await expect(page.get_by_label("Text of the rules")).to_have_value(MENDED)

    await page.get_by_role("link", name="Board").click()
    await waiting.filter(has_text="Gold").click()
    drawer = page.get_by_role("dialog")
    await expect(drawer).to_contain_text("Nobody who is signed in may take this call now.")
    await expect(drawer).to_contain_text("by the rule “gold first”, version 3")
    await expect(drawer).to_contain_text("customer.tier")


async def test_a_supervisor_rehearses_rules_and_sees_both_side_by_side(
    site: Site, visitors: Visitors
) -> None:
    page = (await visitors.sign_in("sam")).page
    await page.get_by_role("link", name="Rules").click()
    rules = RulesPage(page)
    rehearsal = page.get_by_role("region", name="Rehearsal")

    await rules.write(NO_MORE.replace("format: 1", "format: 1\npreset: strict_priority"))
    await rules.press("Rehearse")
    await rules.press("Cancel")
    await expect(rehearsal).to_contain_text("The rehearsal was cancelled.")
    await rules.press("Rehearse")

    figures = rehearsal.get_by_role("table")
    await expect(figures).to_contain_text("Agents' occupancy", timeout=REHEARSAL_MS)
    await expect(figures).to_contain_text("Mean wait")
    await rules.press("Discard")
    await expect(rehearsal).to_contain_text("The text was changed since")


async def test_a_supervisor_diverts_a_queue_or_closes_it_with_two_clicks_and_ends_it_with_one(
    site: Site, visitors: Visitors
) -> None:
    await site.call(STRANGER)
    page = (await visitors.sign_in("sam")).page
    waiting = page.get_by_role("table", name="Waiting calls").locator("tbody tr")
    await expect(waiting).to_contain_text("Waiting")

    await page.get_by_role("button", name=re.compile("^Emergency switch of queue")).click()
    await expect(page.get_by_role("dialog")).to_contain_text("The 1 caller who waits is still")
    await page.get_by_role("button", name="Close the queue").click()
    note = page.get_by_role("status").filter(has_text="is closed until")
    await expect(note).to_be_visible()
    await note.get_by_role("button").click()

    await expect(note).to_have_count(0)
    await expect(waiting).to_contain_text("Waiting")
