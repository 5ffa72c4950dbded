"""A campaign through the shell: the list is asked, the journal is safe before the dialing."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from callcenter.core.campaign_queries import Silence, campaign_view
from callcenter.domain import events as e
from callcenter.domain.agent import AgentState
from callcenter.domain.attempt import AttemptResult
from callcenter.domain.call import CallState
from callcenter.domain.campaign import CampaignStep
from callcenter.domain.records import AttemptRecord
from callcenter.service.executor import REFILL_DEADLINE_S
from tests.builders import CAMPAIGN, T0, channel, row
from tests.unit.service.test_hub import Rig, running

pytestmark = pytest.mark.virtual_time


async def start(rig: Rig) -> None:
    """Make the campaign and start it."""
    assert (await rig.hub.ask(e.CampaignSaved("c1", CAMPAIGN, "kim"))).problem == ""
    step = e.CampaignStepRequested("c2", "renewals", CampaignStep.START, "kim")
    assert (await rig.hub.ask(step)).problem == ""


async def join(rig: Rig) -> None:
    """Ana works for the campaign."""
    assert (await rig.hub.ask(e.CampaignJoinRequested("j1", "ana", "renewals"))).problem == ""


async def test_the_card_goes_before_the_join_and_the_disk_before_the_dialing() -> None:
    async with running() as rig:
        rig.contacts.rows = [row(1)]
        await rig.seat()
        await start(rig)
        await rig.settle()
        rig.log.clear()

        await join(rig)
        await rig.settle()

        assert rig.hub.state.agents["ana"].state is AgentState.TALKING
        opened, placed = rig.log.index("OpenLine"), rig.log.index("PlaceCall")
        assert "sync" in rig.log[:opened]
        assert "sync" in rig.log[opened:placed]
        assert placed < rig.log.index("card") < rig.log.index("JoinCall")


async def test_the_list_is_asked_when_every_attempt_is_written_at_the_time_it_is_asked() -> None:
    async with running() as rig:
        await rig.settle(7)
        rig.log.clear()

        await start(rig)
        await rig.settle()

        assert rig.log.index("written") < rig.log.index("refill")
        assert rig.contacts.asked_at == [pytest.approx(T0 + 7, abs=0.1)]
        assert rig.hub.state.campaigns["renewals"].counts.at == rig.contacts.asked_at[0]


async def test_every_attempt_has_one_record_in_the_journal() -> None:
    async with running() as rig:
        rig.contacts.rows = [row(1)]
        await rig.seat()
        await start(rig)
        await join(rig)
        await rig.settle()

        attempt = next(rig.hub.state.attempts.values())
        await rig.settle(2)
        rig.hub.put(e.ChannelHungUp(attempt.channel, 16))
        await rig.settle()

        records = [r for x in rig.fed for r in x.records if isinstance(r, AttemptRecord)]
        assert [r.contact for r in records] == ["1"]


async def test_a_list_that_cannot_be_read_is_asked_again() -> None:
    async with running() as rig:
        rig.contacts.failure = RuntimeError("database is locked")
        await start(rig)
        await rig.settle()
        assert rig.hub.faults == {"hopper_not_filled": 1}

        rig.contacts.failure, rig.contacts.rows = None, [row(1)]
        await rig.settle(6)

        assert len(rig.hub.state.campaigns["renewals"].hopper) == 1


async def test_a_list_that_does_not_answer_is_given_up_and_asked_again() -> None:
    async with running() as rig:
        rig.contacts.delay_s = 60.0
        await start(rig)
        await rig.settle(REFILL_DEADLINE_S + 0.5)

        assert rig.hub.faults == {"hopper_not_filled": 1}
        failed = [x.event for x in rig.journal.entries if isinstance(x.event, e.CommandFailed)]
        assert "no answer within 10 s" in failed[0].reason
        await rig.settle(6)
        assert rig.log.count("refill") == 2


async def returns_to(rig: Rig) -> None:
    """A campaign with a number that people may call back, and ana on the line for it."""
    settings = msgspec.structs.replace(CAMPAIGN, caller_id="7000")
    await rig.seat()
    assert (await rig.hub.ask(e.CampaignSaved("c1", settings, "kim"))).problem == ""
    step = e.CampaignStepRequested("c2", "renewals", CampaignStep.START, "kim")
    assert (await rig.hub.ask(step)).problem == ""
    await join(rig)
    await rig.settle()


async def test_a_contact_who_calls_back_is_found_and_talks_with_the_campaign() -> None:
    async with running() as rig:
        await returns_to(rig)
        rig.contacts.known = {"+3545551234": "7"}

        rig.hub.put(e.CallArrived(channel("a"), "5551234", "7000"))
        rig.hub.put(e.CallArrived(channel("b"), "5551235", "7000"))
        await rig.settle()

        back, other = rig.hub.state.calls.values()
        assert (back.contact, back.state) == ("7", CallState.CONNECTED)
        assert (other.contact, other.queue) == ("", "service")


async def test_a_database_that_is_slow_or_broken_does_not_hold_up_who_calls_back() -> None:
    async with running() as rig:
        await returns_to(rig)
        rig.contacts.delay_s = 60.0
        rig.hub.put(e.CallArrived(channel("a"), "5551234", "7000"))
        await rig.settle(2.2)
        assert rig.hub.faults == {"contact_lookup_failed": 1}

        rig.contacts.delay_s, rig.contacts.failure = 0.0, RuntimeError("database is locked")
        rig.hub.put(e.CallArrived(channel("b"), "5551234", "7000"))
        await rig.settle()

        assert rig.hub.faults["contact_lookup_failed"] == 2
        assert [call.contact for call in rig.hub.state.calls.values()] == ["", ""]


async def test_a_list_that_is_being_read_does_not_hold_up_the_end() -> None:
    async with running() as rig:
        rig.contacts.delay_s = 60.0
        await start(rig)
        await rig.settle()
        began = asyncio.get_running_loop().time()

    assert asyncio.get_running_loop().time() - began < 1.0
    assert rig.hub.faults == {}


# --- a disk that takes nothing --------------------------------------------------------------------


async def test_nobody_is_dialed_while_the_disk_is_full_and_an_agent_is_still_rung() -> None:
    async with running() as rig:
        rig.contacts.rows = [row(1), row(2)]
        await rig.seat()
        await start(rig)
        await rig.settle()
        rig.log.clear()
        rig.journal.full = True

        await join(rig)  # a call is decided in a step that cannot be written
        await rig.settle()

        assert "OpenLine" in rig.log
        assert "PlaceCall" not in rig.log
        assert "no space left" in rig.hub.tell_problems()[0]
        view = campaign_view(rig.hub.state, "renewals")
        assert view is not None
        assert view.silence_code is Silence.JOURNAL_BLOCKED
        rig.hub.put(e.CallArrived(channel("a"), "5551234", "7000"))
        await rig.settle()
        assert len(rig.hub.state.calls) == 1

        rig.journal.full = False
        await rig.settle(2.5)

        assert rig.hub.journal_problem == ""
        assert rig.log.count("PlaceCall") == 1
        assert rig.log.index("append") < rig.log.index("PlaceCall")
        events = [type(entry.event) for entry in rig.journal.entries]
        assert events.count(e.JournalBlocked) == events.count(e.JournalRestored) == 1


async def test_a_call_decided_in_the_step_that_was_not_kept_comes_back_unsent() -> None:
    async with running() as rig:
        rig.contacts.rows = [row(1)]
        await rig.seat()
        await start(rig)
        await join(rig)
        await rig.settle(0.0001)
        assert rig.hub.state.agents["ana"].state is AgentState.READY
        rig.journal.unsynced = True

        await rig.settle()

        failed = [x.event for x in rig.journal.entries if isinstance(x.event, e.CommandFailed)]
        assert [(x.withheld, x.unknown) for x in failed] == [(True, False)]
        assert "PlaceCall" not in rig.log
        records = [r for x in rig.journal.entries for r in x.records]
        results = [r.result for r in records if isinstance(r, AttemptRecord)]
        assert results == [AttemptResult.FAILED]


async def test_a_disk_that_does_not_sync_is_tried_again_once_a_second() -> None:
    async with running() as rig:
        await rig.settle()
        rig.journal.unsynced = True
        rig.hub.put(e.Tick())
        await rig.settle(3.0)
        assert rig.hub.journal_problem
        assert rig.hub.is_journaled
        assert 2 <= rig.journal.refused <= 5

        rig.journal.unsynced = False
        await rig.settle(1.2)

        assert rig.hub.journal_problem == ""
        assert rig.hub.state.blocked == ""
        assert rig.hub.synced_position == rig.hub.position


async def test_who_was_promised_a_call_is_asked_for_by_name_and_again_when_that_fails() -> None:
    async with running() as rig:
        await rig.seat()
        await start(rig)
        await join(rig)
        await rig.settle()
        rig.contacts.rows, rig.contacts.delay_s = [row(7)], 60.0
        at = rig.hub.state.now + 5.0
        asked = e.CallbackRequested("r", "renewals", "7", row(7).number, at, "", "kim")
        assert (await rig.hub.ask(asked)).problem == ""

        await rig.settle(REFILL_DEADLINE_S + 6.0)
        assert rig.hub.faults == {"callbacks_not_fetched": 1}
        rig.contacts.delay_s, rig.contacts.failure = 0.001, RuntimeError("database is locked")
        await rig.settle(6.0)
        assert rig.hub.faults == {"callbacks_not_fetched": 2}
        rig.contacts.failure = None
        await rig.settle(6.0)

        [placed] = rig.hub.state.attempts.values()
        assert (placed.contact, placed.agent) == ("7", "ana")
        assert placed.callback in rig.hub.state.callbacks
        assert rig.log.index("written") < rig.log.index("fetch")
