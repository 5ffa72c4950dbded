"""The card is on the agent's screen when the phone begins to ring, by the phone's own log.

Three clocks are compared, and on one machine they are one: when the server had handed the card to
the operating system (on loopback it is in the browser's socket then), when the page had painted it
(its own report, ``shown``), and when the INVITE arrived at the phone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec import Struct
from playwright.async_api import Browser, expect

from callcenter.demo.sip_telephony import AsteriskTelephony
from tests.e2e.browser import Visitor, visit
from tests.e2e.conftest import Visitors
from tests.e2e.desk import Desk
from tests.e2e.site import ALEX, ANNA, Site
from tests.integration.asterisk import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CALLS = 3
"""The best of them is judged: other programs may have the processor when a page wants to paint."""
LATE_S = 0.150
"""From the INVITE to the card in the page, at most."""

NOTE_CARDS = """
window.cardsDrawn = {};
new MutationObserver(() => {
  const card = document.querySelector("[data-card]")?.dataset.card;
  if (card) window.cardsDrawn[card] ??= Date.now();
}).observe(document, { childList: true, subtree: true, attributeFilter: ["data-card"] });
"""
"""Has the page note when a card is in its document, in UTC milliseconds."""


class Times(Struct, frozen=True):
    """What happened to one call's card, in UTC seconds."""

    sent_at: float
    """The frame was handed to the operating system."""
    drawn_at: float
    """It was in the page's document."""
    shown_at: float
    """It was painted, as the page told the server."""
    invited_at: float
    """The phone's INVITE."""

    def __str__(self) -> str:
        """Against the INVITE, in milliseconds."""
        frame, drawn, shown = (
            f"{(at - self.invited_at) * 1000:+.1f} ms"
            for at in (self.sent_at, self.drawn_at, self.shown_at)
        )
        return f"against the INVITE: frame {frame}, in the page {drawn}, painted {shown}"


async def _take_calls(site: Site, visitor: Visitor) -> list[Times]:
    """Call an agent one time after the other, and compare the clocks."""
    await visitor.context.add_init_script(NOTE_CARDS)
    desk = Desk(visitor)
    await visitor.sign_in(ALEX.login)
    await desk.start_work(ALEX.phone.number)
    await desk.get_ready()
    found = [await _take_call(site, desk, n) for n in range(CALLS)]
    for times in found:
        print(f"{site.telephony.name}: {times}")
    return found


async def _take_call(site: Site, desk: Desk, n: int) -> Times:
    await site.call(ANNA.numbers[0])
    await desk.take_call()
    await expect(desk.card).to_contain_text(ANNA.name)
    call = await desk.card.locator("[data-card]").get_attribute("data-card") or ""
    drawn_at_ms = await desk.page.evaluate("call => window.cardsDrawn[call]", call)
    await wait_until(lambda: len(site.rings(ALEX.phone.number)) > n, "the phone's log is written")
    await desk.press("e")
    await desk.shows_state("Wrap-up")
    await desk.press("1")
    await desk.shows_state("Ready")
    times = site.center.api.desktops.times(call)
    assert times is not None
    return Times(
        sent_at=times.sent_at,
        drawn_at=drawn_at_ms / 1000,
        shown_at=times.shown_at_ms / 1000,
        invited_at=site.rings(ALEX.phone.number)[n].at,
    )


def _judge(found: list[Times]) -> None:
    assert [times for times in found if times.sent_at >= times.invited_at] == []
    assert [times for times in found if times.shown_at < times.drawn_at] == []
    assert min(times.shown_at - times.invited_at for times in found) <= LATE_S


async def test_the_card_is_sent_before_the_phone_is_invited_and_drawn_at_once(
    site: Site, visitors: Visitors
) -> None:
    found = await _take_calls(site, await visitors.come())

    _judge(found)


@pytest_asyncio.fixture(loop_scope="session")
async def real_site(tmp_path: Path) -> AsyncIterator[Site]:
    """A running center on a real Asterisk, with SIPp's phones and callers."""
    async with Site.open(tmp_path, AsteriskTelephony) as opened:
        yield opened


@pytest.mark.asterisk
async def test_on_a_real_asterisk_the_card_comes_before_the_invite_and_is_drawn_at_once(
    real_site: Site, browser: Browser
) -> None:
    async with visit(browser, real_site.url) as visitor:
        found = await _take_calls(real_site, visitor)

    _judge(found)
