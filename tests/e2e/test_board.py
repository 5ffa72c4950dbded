"""What a supervisor sees, live, and when the server is away."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Locator, Page, expect

from tests.e2e.conftest import Visitors
from tests.e2e.site import (
    ALEX,
    ANNA,
    CAMPAIGN,
    CAMPAIGN_NAME,
    PATIENT,
    STRANGER,
    WORKERS,
    Site,
    contact,
)

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

AGE = re.compile(r"No connection\. What you see is 0:\d\d old\.")


def _rows(page: Page, table: str) -> Locator:
    return page.get_by_role("table", name=table).locator("tbody tr")


async def test_the_board_shows_queues_waiting_calls_agents_and_the_campaign_live(
    site: Site, visitors: Visitors
) -> None:
    await site.make_campaign([contact(n) for n in range(PATIENT)])
    page = (await visitors.sign_in("sam")).page
    await expect(page.get_by_role("table", name="Waiting calls")).to_contain_text("Nobody waits.")

    await site.call(ANNA.numbers[0])
    await site.call(STRANGER)
    waiting = _rows(page, "Waiting calls")
    await expect(waiting.filter(has_text="+354 555 2001")).to_contain_text("Gold")
    await expect(waiting.filter(has_text="+354 666 0001")).to_contain_text("Waiting")
    await expect(_rows(page, "Queues").locator("td").nth(1)).to_have_text("2")

    async with site.at_work(ALEX, *WORKERS), site.manager() as manager:
        await manager.start(CAMPAIGN)

        alex = _rows(page, "Agents").filter(has_text="alex")
        await expect(alex).to_contain_text("Talking")
        await expect(alex).to_contain_text("+354 555 2001")  # gold comes first
        await expect(waiting).to_have_count(1)
        await expect(waiting).to_contain_text("+354 666 0001")
        campaign = _rows(page, "Campaigns").filter(has_text=CAMPAIGN_NAME)
        await expect(campaign).to_contain_text("Running")
        eve = _rows(page, "Agents").filter(has_text="eve")
        await expect(eve).to_contain_text(CAMPAIGN_NAME)
        await expect(eve).to_contain_text("Talking")
        await expect(eve).to_contain_text("+354 611")  # whom with


async def test_a_board_without_its_server_says_how_old_it_is_and_comes_back(
    site: Site, visitors: Visitors
) -> None:
    visitor = await visitors.sign_in("sam")
    page = visitor.page
    await site.call(STRANGER)
    waiting = _rows(page, "Waiting calls")
    await expect(waiting).to_contain_text("+354 666 0001")
    visitor.expect("ERR_CONNECTION_REFUSED")

    async with site.away():
        await expect(page.get_by_text(AGE)).to_be_visible()
        await expect(page.get_by_text("Calls go on at the phones.")).to_be_visible()
        await expect(waiting).to_contain_text("+354 666 0001")  # as it was last

    await expect(page.get_by_text(AGE)).to_have_count(0)
    await expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    await expect(waiting).to_contain_text("Waiting")
