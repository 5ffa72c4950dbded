"""Who gets in, where they land, and what is said to those who do not get in."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Visitors
from tests.e2e.site import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


ROLES = (
    ("alex", "Agent", "/desk", ["My desk"]),
    ("sam", "Supervisor", "/board", ["Board", "Callbacks", "Rules", "Campaigns", "Reports"]),
    ("max", "Manager", "/campaigns", ["Board", "Callbacks", "Rules", "Campaigns", "Reports"]),
)


async def test_each_role_signs_in_lands_on_its_own_page_and_signs_out(visitors: Visitors) -> None:
    visitor = await visitors.come()
    page = visitor.page
    visitor.expect("^401 GET /api/v1/campaigns$")  # asked for in the moment of signing out
    await visitor.knock()

    for login, role, path, pages in ROLES:
        await visitor.fill_in(login, PASSWORD)

        await expect(page).to_have_url(f"{visitor.url}{path}")
        await expect(page.get_by_role("banner")).to_contain_text(role)
        await expect(page.get_by_role("navigation").get_by_role("link")).to_have_text(pages)
        await expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_label("Password", exact=True)).to_be_visible()

    await visitor.go_to("/campaigns")
    await expect(page.get_by_label("Password", exact=True)).to_be_visible()


async def test_a_wrong_password_is_told_clearly_and_can_be_mended(visitors: Visitors) -> None:
    visitor = await visitors.come()
    visitor.expect("^401 POST /api/v1/session$")
    await visitor.knock()

    await visitor.fill_in("sam", "no such password")

    await expect(visitor.page.get_by_role("alert")).to_have_text(
        "Login or password is wrong. Check both; capital letters count."
    )
    await expect(visitor.page.get_by_label("Password", exact=True)).to_be_focused()
    await visitor.fill_in("sam", PASSWORD)
    await expect(visitor.page).to_have_url(f"{visitor.url}/board")


async def test_a_page_for_another_role_says_whose_it_is(visitors: Visitors) -> None:
    visitor = await visitors.sign_in("alex")
    await expect(visitor.page).to_have_url(f"{visitor.url}/desk")

    await visitor.go_to("/board")

    await expect(visitor.page.get_by_role("heading")).to_have_text("This page is not for your role")
    await expect(visitor.page.get_by_role("main")).to_contain_text("Supervisor")
