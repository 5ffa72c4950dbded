"""An agent's working day in miniature, in a browser: calls, cards, breaks, a reload in mid-call."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from callcenter.demo.sample import SampleAgent
from callcenter.service.ports import CallHistory, CallQuery
from tests.e2e.conftest import Visitors
from tests.e2e.desk import Desk
from tests.e2e.site import ALEX, ANNA, CAMPAIGN, DAN, NOTE, STRANGER, Site, contact

RINGS_S = 2.5
"""After the prompt, and before an unanswered call is taken back."""

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def _ready_desk(visitors: Visitors, agent: SampleAgent = ALEX) -> Desk:
    desk = Desk(await visitors.sign_in(agent.login))
    await desk.start_work(agent.phone.number)
    await desk.get_ready()
    return desk


async def _what_is_kept(site: Site) -> CallHistory:
    """The records of the call that has ended."""
    await site.center.projector.wait_for(site.center.hub.position)
    (call,) = (await site.center.records.calls(CallQuery(limit=2, cursor=""))).rows
    history = await site.center.records.call(call.call)
    assert history is not None
    return history


async def test_an_agent_sees_who_calls_talks_and_writes_it_up_by_keys(
    site: Site, visitors: Visitors
) -> None:
    desk = await _ready_desk(visitors)

    await site.call(ANNA.numbers[0])
    await expect(desk.card).to_contain_text(ANNA.name)
    await expect(desk.card).to_contain_text("Gold")
    await expect(desk.card).to_contain_text(NOTE)
    await desk.take_call()
    await expect(desk.call).to_contain_text("+354 555 2001")
    await desk.press("e")
    await desk.shows_state("Wrap-up")
    await expect(desk.pane("How it ended")).to_contain_text("Choosing ends the wrap-up.")
    await desk.press("1")

    await desk.shows_state("Ready")
    await expect(desk.call).to_contain_text("No call")
    kept = await _what_is_kept(site)
    assert (kept.call.answered_by, kept.call.customer) == ("alex", ANNA.id)
    assert [(written.agent, written.code) for written in kept.dispositions] == [("alex", "solved")]


async def test_a_break_wished_during_a_call_is_shown_and_begins_after_it(
    site: Site, visitors: Visitors
) -> None:
    desk = await _ready_desk(visitors)
    await site.call(ANNA.numbers[0])
    await desk.take_call()

    await desk.press("b")
    await expect(desk.page.get_by_role("menu")).to_contain_text("Take no calls after this one")
    await desk.press("2")
    await expect(desk.page.get_by_text("After this call: lunch")).to_be_visible()
    await desk.shows_state("Talking")
    await desk.press("e")
    await desk.shows_state("Wrap-up")
    await desk.press("1")

    await desk.shows_state("Not ready")
    await desk.shows_state("lunch")


async def test_a_reload_in_mid_call_brings_everything_back(site: Site, visitors: Visitors) -> None:
    desk = await _ready_desk(visitors)
    await site.call(ANNA.numbers[0])
    await desk.take_call()
    await desk.press("4")  # a complaint
    await expect(desk.pane("How it ended")).to_contain_text("Noted.")

    await desk.page.reload()

    await desk.shows_state("Talking")
    await expect(desk.card).to_contain_text(ANNA.name)
    await expect(desk.card).to_contain_text(NOTE)
    await expect(desk.call).to_contain_text(re.compile(r"Talking\s*0:\d\d"))
    await desk.press("e")
    await desk.shows_state("Wrap-up")


async def test_a_caller_who_hangs_up_while_the_phone_rings_leaves_a_note(
    site: Site, visitors: Visitors
) -> None:
    desk = await _ready_desk(visitors, DAN)

    await site.call(STRANGER, stay_s=RINGS_S)

    await expect(desk.call).to_contain_text("The caller hung up before you were connected")
    await desk.shows_state("Ready")


async def test_an_agent_reads_cards_skips_one_and_dials_the_next(
    site: Site, visitors: Visitors
) -> None:
    await site.make_campaign([contact(n) for n in range(2)], pacing="preview")
    desk = Desk(await visitors.sign_in("alex"))
    await desk.start_work(ALEX.phone.number, "Spring renewals")
    await expect(desk.pane("Work")).to_contain_text("Line open")
    await desk.get_ready()

    async with site.manager() as manager:
        await manager.start(CAMPAIGN)

    await expect(desk.card).to_contain_text(contact(0).name)
    await expect(desk.card).to_contain_text("credit gold")
    await expect(desk.call).to_contain_text("Read, then dial")
    await desk.press("s")
    await expect(desk.card).to_contain_text(contact(1).name)
    await desk.page.reload()
    await expect(desk.card).to_contain_text(contact(1).name)
    await desk.press("d")
    await desk.take_call()
    await expect(desk.card).to_contain_text(contact(1).name)
    # A trunk whose answers are over at once is looked at: such a call's result would wait.
    await expect(desk.call).to_contain_text(re.compile(r"Talking\s*0:0[2-9]"))
    await desk.press("e")
    await desk.shows_state("Wrap-up")
    await desk.press("4")
    await desk.shows_state("Ready")
    await expect(desk.call).to_contain_text("The card of who is next appears here.")
    await site.center.projector.wait_for(site.center.hub.position)
    attempts = (await site.center.contacts.attempts_page(CAMPAIGN, limit=5, cursor="")).rows
    assert [(one.number, one.agent) for one in attempts] == [(contact(1).number, "alex")]


async def test_an_agent_joins_a_campaign_and_gets_a_person_with_their_card(
    site: Site, visitors: Visitors
) -> None:
    await site.make_campaign([contact(0)])
    desk = Desk(await visitors.sign_in("alex"))
    await desk.start_work(ALEX.phone.number, "Spring renewals")
    await expect(desk.pane("Work")).to_contain_text("Line open")
    await desk.get_ready()

    async with site.manager() as manager:
        await manager.start(CAMPAIGN)

    await desk.take_call()
    await expect(desk.card).to_contain_text(contact(0).name)
    await expect(desk.card).to_contain_text("credit gold")
    await expect(desk.card).to_contain_text("first")
    await expect(desk.call).to_contain_text("Spring renewals")
    await desk.press("e")
    await desk.shows_state("Wrap-up")
    await desk.press("4")
    await desk.shows_state("Ready")
    await expect(desk.pane("Work")).to_contain_text("Line open")
