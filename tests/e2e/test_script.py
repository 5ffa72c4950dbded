"""What agents say: written by a manager, read by an agent."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Visitors
from tests.e2e.desk import Desk
from tests.e2e.site import ALEX, CAMPAIGN, CAMPAIGN_NAME, Site, contact

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SCRIPT = """# Opening
Good day {name}, my name is {agent}.

- Your {Card} runs out in {runs_out}.
- You are on the list {list}, as {nmae}."""


async def test_a_script_is_checked_when_it_is_saved_and_filled_in_on_the_desk(
    site: Site, visitors: Visitors
) -> None:
    await site.make_campaign([contact(0)], pacing="preview")
    manager = await visitors.sign_in("max")
    manager.expect("^422 PUT /api/v1/campaigns/spring$")
    page = manager.page
    await page.get_by_role("link", name=CAMPAIGN_NAME).click()
    await page.get_by_role("main").get_by_role("button", name="Settings").click()
    dialog = page.get_by_role("dialog")
    text = dialog.get_by_role("textbox", name="Text", exact=True)

    await text.fill(SCRIPT)
    await expect(dialog).to_contain_text("{runs out}")  # what there is besides
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_contain_text("there is no {nmae}; take {name}, {number}, {agent}")
    await expect(dialog).to_contain_text("{card}, {runs out}")
    await text.fill(SCRIPT.replace("nmae", "number"))
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_have_count(0)

    desk = Desk(await visitors.sign_in(ALEX.login))
    await desk.start_work(ALEX.phone.number, CAMPAIGN_NAME)
    await expect(desk.pane("Work")).to_contain_text("Line open")
    await desk.get_ready()
    async with site.manager() as program:
        await program.start(CAMPAIGN)
    script = desk.pane("What to say")
    await expect(script).to_contain_text("Good day Katrín Foss 0, my name is Alex Berg.")
    await expect(script).to_contain_text("Your credit gold runs out in 2027-03.")
    await expect(script).to_contain_text("You are on the list first, as +354 611 0000.")
    await expect(desk.call).to_contain_text("Read, then dial")
    await desk.press("d")
    await desk.take_call()

    await expect(script).to_contain_text("Good day Katrín Foss 0")
    await expect(desk.card).to_contain_text("Katrín Foss 0")
