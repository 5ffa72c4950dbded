"""Promised calls as a supervisor sees, moves and cancels them."""

from __future__ import annotations

import re
import time

import pytest
from playwright.async_api import expect

from tests.e2e.browser import Visitor
from tests.e2e.conftest import Visitors
from tests.e2e.site import CAMPAIGN, CAMPAIGN_NAME, Site, contact

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

HOUR_S = 3600.0


async def _promise(visitor: Visitor, n: int, agent: str, in_s: float) -> None:
    """Somebody promises a person of the list a call, from another program."""
    body = {
        "campaign": CAMPAIGN,
        "contact": contact(n).number,
        "at": time.time() + in_s,
        "agent": agent,
    }
    address, headers = f"{visitor.url}/api/v1/callbacks", {"Origin": visitor.url}
    answer = await visitor.context.request.post(address, data=body, headers=headers)
    assert answer.ok, await answer.text()


async def test_a_supervisor_finds_hands_on_and_cancels_promised_calls(
    site: Site, visitors: Visitors
) -> None:
    await site.make_campaign([contact(n) for n in range(3)])
    visitor = await visitors.sign_in("sam")
    page = visitor.page
    await page.get_by_role("link", name="Callbacks").click()
    await expect(page.get_by_text("Nobody is waiting to be called back")).to_be_visible()

    for n, agent in enumerate(("alex", "alex", "")):
        await _promise(visitor, n, agent, HOUR_S + n)
    rows = page.get_by_role("table", name="Callbacks").locator("tbody tr")
    await expect(rows).to_have_count(3)
    await expect(rows.nth(0)).to_contain_text(contact(0).name)
    await expect(rows.nth(0)).to_contain_text("+354 611 0000")
    await expect(rows.nth(0)).to_contain_text(CAMPAIGN_NAME)
    await expect(rows.nth(2)).to_contain_text("Anybody")

    await page.get_by_role("combobox", name="Who calls").click()
    await page.get_by_role("option", name="alex").click()
    await expect(rows).to_have_count(2)
    await page.get_by_role("button", name=f"Change the callback of {contact(0).name}").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("combobox", name="Who calls").click()
    await page.get_by_role("option", name="dan").click()
    await expect(dialog.get_by_role("status")).to_contain_text(
        re.compile(f"^dan will call {contact(0).name} at")
    )
    await dialog.get_by_role("button", name="Move the callback").click()
    await expect(dialog).to_have_count(0)
    await expect(rows).to_have_count(1)  # the other is not alex's any more

    await page.get_by_role("button", name=f"Cancel the callback of {contact(1).name}").click()
    await page.get_by_role("button", name="Cancel the callback", exact=True).click()
    await expect(rows).to_contain_text("None of them is like this.")
    kept = site.center.hub.state.callbacks.values()
    assert sorted(one.agent for one in kept) == ["", "dan"]
