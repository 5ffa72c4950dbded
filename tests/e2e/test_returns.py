"""A contact calls the campaign's number back: what the agent reads, and what the report counts."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Visitors
from tests.e2e.desk import Desk
from tests.e2e.site import ALEX, CAMPAIGN, Site, contact

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_who_calls_back_is_met_with_the_script_and_counted(
    site: Site, visitors: Visitors
) -> None:
    await site.make_campaign([contact(0)], script="Thank you for calling back, {name}.")
    async with site.manager() as manager:
        await manager.start(CAMPAIGN)  # nobody works for it: nobody is dialed
    desk = Desk(await visitors.sign_in(ALEX.login))
    await desk.start_work(ALEX.phone.number)
    await desk.get_ready()

    await site.call(contact(0).number)
    await desk.take_call()
    await expect(desk.pane("What to say")).to_contain_text("calling back, Katrín Foss 0.")
    await desk.press("e")
    await desk.shows_state("Wrap-up")

    await site.center.projector.wait_for(site.center.hub.position)
    page = (await visitors.sign_in("sam")).page
    await page.get_by_role("link", name="Reports").click()
    await page.get_by_role("main").get_by_text("Campaigns", exact=True).click()
    line = page.get_by_role("table", name="Totals").locator("tbody tr")
    await expect(line).to_have_count(1)
    header = await page.get_by_role("table", name="Totals").locator("th").all_inner_texts()
    cells = await line.locator("td").all_inner_texts()
    said = dict(zip(header, cells, strict=True))
    assert said["Campaign"] == CAMPAIGN
    assert (said["Attempts"], said["Returns"]) == ("0", "1")
    assert (said["Answered"], said["Opted out"]) == ("1", "0")
