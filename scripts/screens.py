"""Takes the pictures in docs/screens/: every page of a sample center that is at work.

    PYTHONPATH=. .venv/bin/python scripts/screens.py [FOLDER [PAGE...]]

Takes two minutes. Needs Chromium and the built pages (``scripts/parts.sh install``).
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from msgspec.structs import replace
from playwright.async_api import Browser, Page, expect

from callcenter.demo.arrivals import draw_callers
from callcenter.demo.renewals import CAMPAIGN, NAME, make_contacts, settings, write_csv
from callcenter.demo.run import Demo, SignIn, make_people, open_demo
from callcenter.demo.sample import AGENTS, VISITOR
from callcenter.demo.telephony import SimulatedTelephony
from scripts.png_palette import shrink
from tests.e2e.browser import open_browser

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "screens"
SEED = 7
SIZES = ((1366, 768), (1920, 1080))
BUSY_S = 45.0
"""So long the center works before the first picture: there are queues then, and results."""
ROUND_S, CALLERS_A_ROUND, STAY_S = 60.0, 28, 45.0
"""More people call, over and over, than the agents can take; only those are left that are known."""
LINES_PER_AGENT = 1.0
"""Nobody answers in vain, as a manager would have it."""
TALK_S = 4.0
"""A conversation has gone on for so long when its picture is taken."""
WAIT_MS = 60_000
"""For a call to come to the visitor's desk."""


class Camera:
    """A page, of which a picture is taken in every size."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page = page
        self._folder = folder
        self.taken: list[Path] = []

    async def take(self, name: str) -> None:
        """Take the pictures of this moment."""
        for width, height in SIZES:
            await self.page.set_viewport_size({"width": width, "height": height})
            await self.page.mouse.move(0, 0)
            path = self._folder / f"{name}-{width}.png"
            path.write_bytes(await self.page.screenshot(animations="disabled"))
            self.taken.append(path)

    async def shrink(self, page: Page) -> None:
        """Make the files small; ``page`` is one that is not needed for anything else."""
        for path in self.taken:
            path.write_bytes(await shrink(page, path.read_bytes()))
            print(f"{path.name}: {path.stat().st_size // 1000} kB")


@asynccontextmanager
async def _open(
    browser: Browser, demo: Demo, folder: Path, who: SignIn | None, language: str = "en"
) -> AsyncIterator[Camera]:
    """A browser at the center's door, or signed in as somebody."""
    width, height = SIZES[0]
    context = await browser.new_context(
        locale=language,
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
        timezone_id="Atlantic/Reykjavik",
    )
    context.set_default_timeout(WAIT_MS)
    try:
        if who is not None:
            body = {"login": who.login, "password": who.password}
            await context.request.post(f"{demo.center.url}/api/v1/session", data=body)
        page = await context.new_page()
        await page.goto(f"{demo.center.url}/")
        camera = Camera(page, folder)
        yield camera
        await page.goto("about:blank")
        await camera.shrink(page)
    finally:
        await context.close()


async def _work(demo: Demo) -> None:
    """Have people call and be dialed until cancelled."""
    await demo.manager.save(CAMPAIGN, settings() | {"lines_per_agent": LINES_PER_AGENT})
    await demo.manager.start(CAMPAIGN)
    while True:
        callers = draw_callers(demo.rng, demo.customers, ROUND_S, CALLERS_A_ROUND, STAY_S)
        await demo.telephony.call([caller for caller in callers if caller.tier is not None])
        await asyncio.sleep(ROUND_S)


async def take_sign_in(browser: Browser, demo: Demo, folder: Path) -> None:
    """The door."""
    async with _open(browser, demo, folder, None) as camera:
        await expect(camera.page.get_by_label("Password", exact=True)).to_be_visible()
        await camera.take("sign-in")


async def take_desk(browser: Browser, demo: Demo, folder: Path) -> None:
    """An agent's way from the phone to the wrap-up, then a call of the campaign."""
    agent = demo.visitor[0]
    async with _open(browser, demo, folder, agent) as camera:
        page = camera.page
        state = page.get_by_role("main").get_by_role("status").first
        await page.get_by_label("Phone").fill(agent.phone)
        await camera.take("desk-start")
        await page.get_by_role("button", name="Start work").click()
        await expect(state).to_contain_text("Not ready")
        await camera.take("desk-idle")
        await page.get_by_role("button", name=re.compile("^Ready")).click()
        await expect(page.get_by_text("Pick up your phone")).to_be_visible()
        await camera.take("desk-ringing")
        await expect(state).to_contain_text("Talking")
        await asyncio.sleep(TALK_S)
        await camera.take("desk-call")
        await page.keyboard.press("e")
        await expect(state).to_contain_text("Wrap-up")
        await camera.take("desk-wrap-up")
        await page.keyboard.press("o")
        await page.get_by_role("radio", name=NAME).check()
        await page.get_by_role("button", name="Start work").click()
        await expect(page.get_by_text("Line open")).to_be_visible()
        await page.get_by_role("button", name=re.compile("^Ready")).click()
        await expect(state).to_contain_text("Talking")
        await page.keyboard.press("?")
        await asyncio.sleep(TALK_S)
        await camera.take("desk-campaign")
        await page.keyboard.press("o")
        await page.keyboard.press("e")
        await expect(page.get_by_role("button", name="Start work")).to_be_visible()


async def take_desk_in_chinese(browser: Browser, demo: Demo, folder: Path) -> None:
    """The desk again, in the other language."""
    agent = demo.visitor[0]
    async with _open(browser, demo, folder, agent, "zh") as camera:
        page = camera.page
        state = page.get_by_role("main").get_by_role("status").first
        phone = page.get_by_role("textbox").first
        await phone.or_(state).first.wait_for()
        await phone.fill(agent.phone)
        await page.locator("button[type=submit]").click()
        await state.wait_for()
        await page.keyboard.press("r")
        await expect(page.locator("[data-card]")).to_be_visible()
        await expect(page.get_by_text("通话中").first).to_be_visible()
        await asyncio.sleep(TALK_S)
        await camera.take("desk-call-zh")


async def take_board(browser: Browser, demo: Demo, folder: Path) -> None:
    """The supervisor's board."""
    for language, name in (("en", "board"), ("zh", "board-zh")):
        async with _open(browser, demo, folder, demo.visitor[1], language) as camera:
            waiting = camera.page.get_by_role("table").nth(1).locator("tbody tr")
            await expect(waiting.nth(2)).to_be_visible()
            await camera.take(name)
            # The one that came last is the last to be offered to somebody.
            await waiting.filter(has_text=re.compile("Waiting|排队等待")).last.click()
            await expect(camera.page.get_by_role("dialog").locator("ol li").first).to_be_visible()
            await camera.take(name.replace("board", "board-why"))
            if language == "en":
                await _take_board_acts(camera)


async def _take_board_acts(camera: Camera) -> None:
    """Why an agent has a call, and a queue about to be closed."""
    page = camera.page
    drawer = page.get_by_role("dialog")
    await page.keyboard.press("Escape")
    await page.get_by_role("table", name="Agents").get_by_text("Talking").first.click()
    await expect(drawer.get_by_text("Offered to")).to_be_visible()
    await camera.take("board-agent")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Emergency switch").first.click()
    await expect(drawer.get_by_role("button", name="Close the queue")).to_be_visible()
    await camera.take("board-switch")


RULES = """\
format: 1
preset: balanced
weights: { gold: 5, silver: 2, standard: 1 }

rules:
  - name: gold
    when: customer.tier == "gold"
    then:
      weight: 2
      prefer: { who: last_agent, for_s: 15 }
      target: { within_s: 15, share: 0.9 }

  - name: everybody
    then:
      target: { within_s: 20, share: 0.8 }
"""
FASTER = """
  - name: a long line
    when: customer.tier != "gold" and queue.waiting > 1
    then:
      weight: 1.5

  - name: everybody"""


async def take_rules(browser: Browser, demo: Demo, folder: Path) -> None:
    """The supervisor's rules: a mistake, whom a change touches, and what was changed."""
    changed = RULES.replace("\n  - name: everybody", FASTER)
    async with _open(browser, demo, folder, demo.visitor[1]) as camera:
        page = camera.page
        await page.goto(f"{demo.center.url}/rules")
        text = page.get_by_label("Text of the rules")
        publish = page.get_by_role("button", name="Publish", exact=True)
        for version, comment in (
            (RULES, "Gold first"),
            (changed, "Others sooner when many wait"),
            (RULES, ""),
        ):
            await text.fill(version)
            await publish.click()
            await page.get_by_role("dialog").get_by_role("textbox").fill(comment)
            await page.get_by_role("dialog").get_by_role("button", name="Publish").click()
            await expect(publish).to_be_disabled()
            await expect(page.get_by_text("holds now.")).to_be_visible()
            await page.get_by_role("button", name="Close this note").click()
        await text.fill(changed.replace("queue.waiting", "queue.waitin"))
        await expect(page.locator("[data-problem]")).to_be_visible()
        await camera.take("rules-mistake")
        await text.fill(changed)
        await expect(publish).to_be_enabled()
        await publish.click()
        await camera.take("rules-publish")
        await page.keyboard.press("Escape")
        await page.get_by_text("Changes", exact=True).click()
        await camera.take("rules-changes")
    async with _open(browser, demo, folder, demo.visitor[1], "zh") as camera:
        await camera.page.goto(f"{demo.center.url}/rules")
        await camera.page.get_by_label("规则文本").fill(changed)
        await expect(camera.page.get_by_role("button", name="发布", exact=True)).to_be_enabled()
        await camera.take("rules-zh")


async def take_campaigns(browser: Browser, demo: Demo, folder: Path) -> None:
    """The manager's pages."""
    known = make_contacts(demo.rng, demo.customers, 120)
    strangers = [replace(contact, number=f"+354632{n:04d}") for n, contact in enumerate(known)]
    text = write_csv([*strangers, known[0]])
    async with _open(browser, demo, folder, demo.visitor[2]) as camera:
        page = camera.page
        await page.get_by_role("link", name=NAME).wait_for()
        await camera.take("campaigns")
        await page.get_by_role("link", name=NAME).click()
        await page.get_by_role("button", name="Pause").wait_for()
        await expect(page.get_by_role("table")).to_have_count(2)
        await camera.take("campaign")
        await page.get_by_text("Lists", exact=True).click()
        await expect(page.get_by_role("table", name="Lists").locator("tbody tr")).to_have_count(1)
        await camera.take("campaign-lists")
        await page.get_by_role("main").get_by_text("Results", exact=True).click()
        await page.get_by_text("Tier", exact=True).click()
        await expect(page.get_by_role("columnheader", name="Tier")).to_be_visible()
        await camera.take("campaign-results")
        await page.get_by_role("button", name="New list from results").click()
        await page.get_by_label("List name").fill("again")
        await page.get_by_role("button", name="Count").click()
        await expect(page.get_by_text("contacts match")).to_be_visible()
        await camera.take("campaign-new-list")
        await page.keyboard.press("Escape")
        await page.get_by_text("Now", exact=True).click()
        await page.get_by_role("button", name="Pause").click()
        await camera.take("campaign-pause")
        await page.keyboard.press("Escape")
        await page.get_by_role("button", name="Settings").click()
        await page.get_by_role("dialog").wait_for()
        await camera.take("campaign-settings")
        await page.keyboard.press("Escape")
        await page.get_by_role("button", name="Import list").click()
        dialog = page.get_by_role("dialog")
        await dialog.locator("input[type=file]").set_input_files(
            {"name": "autumn renewals.csv", "mimeType": "text/csv", "buffer": text.encode()}
        )
        await dialog.get_by_role("button", name="Check the file").click()
        await dialog.get_by_role("table").last.wait_for()
        await camera.take("campaign-import")
    async with _open(browser, demo, folder, demo.visitor[2], "zh") as camera:
        await camera.page.goto(f"{demo.center.url}/campaigns/{CAMPAIGN}")
        await expect(camera.page.get_by_role("table")).to_have_count(2)
        await camera.take("campaign-zh")


async def take_reports(browser: Browser, demo: Demo, folder: Path) -> None:
    """The reports of this day, as far as it has gone."""
    for language, kinds in (("en", ("queues", "agents", "teams")), ("zh", ("teams",))):
        async with _open(browser, demo, folder, demo.visitor[1], language) as camera:
            page = camera.page
            await page.goto(f"{demo.center.url}/reports")
            for kind in kinds:
                await page.locator(f"label[for$=-{kind}]").click()
                await expect(page.get_by_role("table")).to_have_count(2)
                await expect(
                    page.get_by_role("table").nth(1).locator("tbody td").nth(1)
                ).to_be_visible()
                await camera.take(f"reports-{kind}" + ("" if language == "en" else "-zh"))


Take = Callable[[Browser, Demo, Path], Awaitable[None]]
PAGES: dict[str, Take] = {
    "sign-in": take_sign_in,
    "desk": take_desk,
    "board": take_board,
    "rules": take_rules,
    "campaigns": take_campaigns,
    "reports": take_reports,
    "desk-zh": take_desk_in_chinese,
}


async def main(folder: Path, data: Path, pages: list[str]) -> None:
    """Start a sample center in the folder ``data`` and take these pages' pictures, or all."""
    expect.set_options(timeout=WAIT_MS)
    customers, contacts = make_people(SEED)
    telephony = SimulatedTelephony(data, (*AGENTS, VISITOR), contacts, SEED)
    async with open_demo(data, telephony, customers, contacts, seed=SEED) as demo:
        working = asyncio.create_task(_work(demo))
        await asyncio.sleep(BUSY_S)
        async with open_browser() as browser:
            for page in pages or PAGES:
                await PAGES[page](browser, demo, folder)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


if __name__ == "__main__":
    asked = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    asked.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="callcenter-screens-") as place:
        asyncio.run(main(asked, Path(place), sys.argv[2:]))
