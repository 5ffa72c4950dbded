"""Who makes a callback of a campaign, and when."""

from __future__ import annotations

import pytest

from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.callback import OWN_FOR_S
from callcenter.domain.campaign import CallingWindow, CampaignStep, Pacing
from tests.builders import ALWAYS, T0, Bench, row
from tests.unit.core.callback_bench import (
    HOUR_S,
    became,
    come_due,
    fetch,
    only,
    promise,
    promised,
    reserved,
    talked,
    try_in_vain,
)
from tests.unit.core.preview_bench import dial, shown, skip, step

# --- made -----------------------------------------------------------------------------------------


def test_at_its_time_the_own_agent_calls_before_anybody_else_of_the_list_is_dialed() -> None:
    bench, _ = talked("ana", "jon", rows=1)
    bench.note("ana")
    asked = bench.ask(
        e.CallbackRequested, "renewals", "0", row(0).number, bench.now + HOUR_S, "ana", "kim"
    )
    assert asked.problem == ""
    bench.wait(HOUR_S)
    assert bench.last(c.FetchContacts).contacts == ("0",)
    assert len(bench.placed()) == 1

    fetch(bench, row(0, made=1))

    assert bench.placed() == ["0", "0"]
    assert reserved(bench) == "ana"
    card = bench.last(c.PopCard)
    assert (card.agent, card.contact, card.preview) == ("ana", "0", True)
    assert card.call == bench.agent("ana").dialing == only(bench).attempt


def test_the_person_goes_to_the_agent_who_promised_and_the_promise_is_kept() -> None:
    bench = promised("ana", "jon")
    come_due(bench)
    ref = bench.last(c.PlaceCall).channel

    bench.person(ref)
    assert bench.call(ref.id).agent == "ana"
    bench.join(ref)
    bench.part(ref)

    assert became(bench) == ["promised", "kept"]
    assert not bench.machine.state.callbacks
    assert not bench.machine.state.due
    assert bench.deadlines(("callback",)) == {}


def test_one_whose_agent_is_away_is_called_by_anybody_after_a_while() -> None:
    bench = promised("ana", "jon")
    assert bench.ask(e.NotReadyRequested, "ana", "lunch").problem == ""
    come_due(bench)
    assert len(bench.placed()) == 1

    bench.wait(OWN_FOR_S)
    fetch(bench, row(0, made=1))  # what it said a quarter of an hour ago is old

    assert reserved(bench) == "jon"


def test_the_own_agent_calls_as_soon_as_ready_within_that_while() -> None:
    bench = promised("ana", "jon")
    assert bench.ask(e.NotReadyRequested, "ana", "lunch").problem == ""
    come_due(bench)

    assert bench.ask(e.ReadyRequested, "ana").problem == ""

    assert reserved(bench) == "ana"


def test_one_whose_agent_has_signed_out_waits_for_them_no_longer_than_for_one_who_is_there() -> (
    None
):
    bench = promised("ana", "jon")
    assert bench.ask(e.SignOutRequested, "ana").problem == ""
    come_due(bench)
    assert len(bench.placed()) == 1

    bench.wait(OWN_FOR_S)
    fetch(bench, row(0, made=1))

    assert reserved(bench) == "jon"


def test_a_callback_of_the_team_is_made_by_whoever_is_idle_for_longest() -> None:
    bench = promised("ana", "jon", is_own=False)

    come_due(bench)

    assert reserved(bench) == "jon"


def test_nobody_is_taken_from_a_call_that_was_placed_for_them() -> None:
    bench = promised("ana")
    bench.wait(31.0)
    bench.fill(row(1))
    assert bench.placed() == ["0", "1"]
    come_due(bench)
    assert bench.placed() == ["0", "1"]
    assert bench.last(c.FetchContacts).contacts == ("0",)

    bench.tell(e.ChannelHungUp(bench.sent(c.PlaceCall)[1].channel, 17))

    assert bench.placed() == ["0", "1", "0"]


def test_calls_placed_ahead_do_not_keep_an_agent_from_a_callback_unless_a_person_waits() -> None:
    bench = promised("ana", "jon", pacing=Pacing.POWER, lines_per_agent=2.0)
    bench.wait(31.0)
    bench.fill(row(1), row(2))
    assert bench.placed() == ["0", "1", "2"]

    come_due(bench)

    assert bench.placed()[3:] == ["0"]
    assert reserved(bench) == "ana"


def test_of_two_due_at_once_the_one_whose_own_agent_is_ready_goes_first() -> None:
    bench = Bench()
    bench.work("ana", rows=0)
    for contact, agent in (("1", ""), ("2", "ana")):
        number, at = row(int(contact)).number, bench.now + HOUR_S + int(contact)
        asked = bench.ask(e.CallbackRequested, "renewals", contact, number, at, agent, "kim")
        assert asked.problem == ""
    assert bench.ask(e.NotReadyRequested, "ana", "lunch").problem == ""
    bench.wait(HOUR_S + 10.0)
    assert bench.ask(e.ReadyRequested, "ana").problem == ""

    fetch(bench, row(1), row(2))

    assert bench.placed() == ["2"]
    try_in_vain(bench)
    assert bench.placed() == ["2", "1"]


def test_a_number_that_is_dialed_for_somebody_else_just_now_waits() -> None:
    bench = promised("ana", "jon")
    bench.wait(31.0)
    bench.fill(row(5, number=row(0).number))
    other = bench.last(c.PlaceCall).channel
    come_due(bench)
    assert len(bench.placed()) == 2

    bench.tell(e.ChannelHungUp(other, 17))

    assert reserved(bench) == "ana"


def test_outside_the_calling_window_it_waits_for_the_morning() -> None:
    closing = CallingWindow(opens=8 * 60, closes=22 * 60 + 30, weekdays=ALWAYS.weekdays)
    bench = promised("ana", window=closing)  # at 22:13
    come_due(bench)
    assert len(bench.placed()) == 1
    opens = only(bench).not_before
    assert bench.deadlines(("callback",)) == {f"callback:{only(bench).id}": opens}

    bench.wait(opens - bench.now - 1.0)
    assert len(bench.sent(c.FetchContacts)) == 1
    bench.wait(2.0)
    fetch(bench, row(0, made=1))

    assert len(bench.placed()) == 2
    assert bench.now - T0 > 9 * HOUR_S


def test_a_window_that_opens_at_no_time_is_looked_at_again() -> None:
    bench = promised("ana")
    come_due(bench, row(0, zones=()))

    assert only(bench).not_before == pytest.approx(bench.now + 3600.0)
    assert len(bench.placed()) == 1


def test_a_campaign_whose_lines_are_all_in_use_tries_again_soon() -> None:
    bench = promised("ana", "jon", "eva", max_lines=1)
    bench.wait(31.0)
    bench.fill(row(1))
    come_due(bench)
    assert bench.placed() == ["0", "1"]

    try_in_vain(bench)
    assert bench.placed() == ["0", "1", "0"]


def test_a_paused_campaign_calls_nobody_back_until_it_runs_again() -> None:
    bench = promised("ana")
    step(bench, CampaignStep.PAUSE)
    bench.wait(2 * HOUR_S)
    assert bench.sent(c.FetchContacts) == []

    step(bench, CampaignStep.START)
    fetch(bench, row(0, made=1))

    assert reserved(bench) == "ana"


def test_a_campaign_without_agents_asks_the_database_nothing() -> None:
    bench = promised("ana")
    assert bench.ask(e.CampaignJoinRequested, "ana", "").problem == ""

    bench.wait(2 * HOUR_S)

    assert bench.sent(c.FetchContacts) == []


def test_nobody_is_called_back_while_the_journal_cannot_be_written() -> None:
    bench = promised("ana")
    bench.tell(e.JournalBlocked("disk full"))
    bench.wait(HOUR_S + 1.0)
    assert bench.sent(c.FetchContacts) == []

    bench.tell(e.JournalRestored())
    fetch(bench, row(0, made=1))

    assert reserved(bench) == "ana"


# --- in preview -----------------------------------------------------------------------------------


def preview_promised(**changes: float) -> Bench:
    """Ana and Jon read cards first; Ana has talked with contact 0 and promised a call."""
    bench = Bench()
    bench.work("ana", "jon", rows=1, pacing=Pacing.PREVIEW, **changes)
    ref = dial(bench, "ana")
    bench.person(ref)
    bench.join(ref)
    bench.part(ref)
    assert promise(bench, "ana").problem == ""
    return bench


def test_in_preview_its_agent_reads_the_card_first() -> None:
    bench = preview_promised()

    come_due(bench)

    card = shown(bench, "ana")
    assert (card.callback, card.row.contact) == (only(bench).id, "0")
    assert only(bench).attempt == card.id
    ref = dial(bench, "ana")
    assert bench.attempt(ref).callback == only(bench).id
    bench.tell(e.ChannelHungUp(ref, 17))
    assert became(bench)[-1] == "tried"


def test_a_card_that_is_withdrawn_stays_promised() -> None:
    bench = preview_promised()
    come_due(bench)

    assert bench.ask(e.NotReadyRequested, "ana", "lunch").problem == ""

    assert only(bench).attempt == ""
    assert bench.live().hopper == ()
    assert bench.ask(e.ReadyRequested, "ana").problem == ""
    assert shown(bench, "ana").callback == only(bench).id


def test_one_that_its_agent_skips_comes_again_in_half_an_hour() -> None:
    bench = preview_promised()
    come_due(bench)

    assert skip(bench, "ana").problem == ""

    assert only(bench).at == bench.now + 1800.0
    assert bench.agent("ana").preview is None
    assert bench.live().skips == 1
    assert became(bench)[-1] == "moved"


def test_one_that_is_moved_or_cancelled_is_taken_from_the_desk() -> None:
    bench = preview_promised()
    come_due(bench)
    one = only(bench)

    assert bench.ask(e.CallbackMoved, one.id, bench.now + 600.0, "jon", "kim").problem == ""
    assert bench.agent("ana").preview is None
    bench.wait(601.0)
    fetch(bench, row(0, made=1))
    assert shown(bench, "jon").callback == one.id
    assert bench.ask(e.CallbackCancelled, one.id, False, "kim").problem == ""

    assert bench.agent("jon").preview is None
    assert became(bench)[-2:] == ["moved", "cancelled"]
