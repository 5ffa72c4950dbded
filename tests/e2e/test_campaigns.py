"""A manager's campaign from the list to the last call, on the pages."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Locator, Page, expect

from tests.e2e.browser import Visitor
from tests.e2e.conftest import Visitors
from tests.e2e.site import (
    CAMPAIGN,
    CAMPAIGN_NAME,
    CONTACTS,
    PATIENT,
    WORKERS,
    Site,
    contact,
    write_list,
)

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PEOPLE = [contact(n) for n in range(PATIENT, CONTACTS)]
GOOD = len(PEOPLE)
BAD_ROWS = (
    "12,Nobody Short,standard,,\n,Nobody Blank,silver,,\n+3546119999,Nobody Tier,platinum,,\n"
)
ROWS = [str(GOOD + n) for n in (2, 3, 4)]
LONGEST_CALL_S = 45.0
"""Being dialed, ringing and talking."""
REASONS = [re.compile(reason) for reason in ("too few digits", "number", "tier")]


class CampaignPage:
    """The page of the campaign, as the manager sees and uses it."""

    def __init__(self, visitor: Visitor) -> None:
        self.page: Page = visitor.page

    async def press(self, button: str) -> None:
        """Press a button of the page's head."""
        await self.page.get_by_role("main").get_by_role("button", name=button).click()

    async def take_step(self, verb: str, effect: str) -> None:
        """Press a button, read what will happen, and press the one with the verb."""
        await self.press(verb)
        what_happens = self.page.get_by_role("dialog")
        await expect(what_happens).to_contain_text(effect)
        await what_happens.get_by_role("button", name=verb).click()

    @property
    def says(self) -> Locator:
        """The sentence on what the campaign does now."""
        return self.page.get_by_role("main").get_by_role("status").first

    def stage(self, name: str) -> Locator:
        """One step of the funnel, with its count."""
        return self.page.get_by_role("button", name=re.compile(rf"\d {name}$"))

    def panel(self, title: str) -> Locator:
        """One of the boxes."""
        heading = self.page.get_by_role("heading", name=title, exact=True)
        return self.page.locator("section").filter(has=heading)


async def _open(visitors: Visitors) -> CampaignPage:
    visitor = await visitors.sign_in("max")
    await visitor.page.get_by_role("link", name=CAMPAIGN_NAME).click()
    await expect(visitor.page).to_have_url(f"{visitor.url}/campaigns/{CAMPAIGN}")
    return CampaignPage(visitor)


async def test_an_import_shows_first_which_rows_it_refuses_and_why(
    site: Site, visitors: Visitors
) -> None:
    await site.make_campaign()
    campaign = await _open(visitors)
    text = write_list(PEOPLE) + BAD_ROWS

    await campaign.press("Import list")
    dialog = campaign.page.get_by_role("dialog")
    await dialog.locator("input[type=file]").set_input_files(
        {"name": "spring.csv", "mimeType": "text/csv", "buffer": text.encode()}
    )
    await expect(dialog.get_by_label("List name")).to_have_value("spring")
    await dialog.get_by_role("button", name="Check the file").click()
    await expect(dialog).to_contain_text(f"{GOOD} contacts can be imported")
    await expect(dialog).to_contain_text("3 rows are refused")
    columns = dialog.get_by_role("table", name="Columns of the file")
    await expect(columns.locator("tbody tr td:first-child").first).to_have_text("number")
    rows = dialog.get_by_role("table", name="What is wrong").locator("tbody tr")
    await expect(rows.locator("td:first-child")).to_have_text(ROWS)
    await expect(rows.locator("td:nth-child(3)")).to_have_text(REASONS)
    await expect(campaign.stage("In list")).to_have_count(0)  # nothing was changed
    await dialog.get_by_role("button", name=f"Import {GOOD} contacts").click()
    await expect(dialog).to_contain_text(f"{GOOD} contacts were imported into spring")
    await dialog.get_by_role("button", name="Close", exact=True).last.click()

    await expect(dialog).to_have_count(0)
    await campaign.take_step("Start", "Calls are placed from now on")
    await expect(campaign.stage("In list")).to_contain_text(str(GOOD))


async def test_a_campaign_is_started_watched_paused_and_drained(
    site: Site, visitors: Visitors
) -> None:
    await site.make_campaign(PEOPLE)
    campaign = await _open(visitors)
    await expect(campaign.says).to_have_text("Not started yet.")
    async with site.at_work(*WORKERS):
        await expect(campaign.panel("Agents")).to_contain_text(re.compile("Ready2"))

        await campaign.take_step("Start", "Calls are placed from now on")
        await expect(campaign.panel("Results").locator("tbody tr").first).to_contain_text(
            re.compile(r"Talked with an agent[3-9]")
        )
        await expect(campaign.panel("Last attempts")).to_contain_text("+354 611")
        await campaign.take_step("Pause", "No new calls are placed.")
        await expect(campaign.says).to_have_text("Paused by max.")
        await expect(campaign.stage("With agents")).to_have_text(re.compile("^0"))
        ended = await campaign.stage("Ended").inner_text()
        await campaign.take_step("Start", "Calls are placed from now on")
        await expect(campaign.stage("Ended")).not_to_have_text(ended)
        await campaign.take_step("Drain", "The campaign is finished when")

        await expect(campaign.says).to_have_text(
            "Finished: the last call is over.", timeout=LONGEST_CALL_S * 1000.0
        )
