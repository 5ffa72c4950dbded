"""Preview dialing: cards skipped, out of time, taken back, or older than the process."""

from __future__ import annotations

import pytest

from callcenter.core.invariants import broken
from callcenter.core.previews import SKIPPED_FOR_S, SKIPPED_MAX, TRY_AGAIN_S, UNTOUCHED_S
from callcenter.core.salvage import salvage
from callcenter.core.state import decode_state
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.agent import AgentState
from callcenter.domain.attempt import AttemptState, Verdict
from callcenter.domain.call import Place
from callcenter.domain.campaign import CallingWindow, CampaignState, CampaignStep, Pacing
from callcenter.domain.step import Entry
from tests.builders import ALWAYS, CAMPAIGN, leg_truth, row, truth
from tests.unit.core.preview_bench import dial, fields_of, hopper, preview, shown, skip, step

# --- skipping -------------------------------------------------------------------------------------


def test_who_was_skipped_is_not_shown_again_for_a_while() -> None:
    bench = preview("ana", rows=2)

    assert skip(bench, "ana").problem == ""

    assert shown(bench, "ana").row.contact == "1"
    assert bench.live().skips == 1
    bench.wait(31.0)
    assert {"0", "1"} <= set(bench.refills()[-1].exclude)
    bench.fill(row(0), row(2))
    assert hopper(bench) == ["2"]
    assert bench.placed() == []


def test_after_that_while_they_come_again() -> None:
    bench = preview("ana", rows=1)
    skip(bench, "ana")
    bench.fill()
    bench.wait(SKIPPED_FOR_S - 60.0)
    assert "0" in bench.refills()[-1].exclude
    for _ in range(3):
        bench.fill()
        bench.wait(31.0)
    assert "0" not in bench.refills()[-1].exclude

    bench.fill(row(0))

    assert shown(bench, "ana").row.contact == "0"


def test_of_those_skipped_so_many_are_kept() -> None:
    bench = preview("ana", rows=1)
    many = {f"c{n}": bench.now + 600.0 for n in range(SKIPPED_MAX)}
    bench.machine.state.campaigns.put(
        "renewals", type(bench.live())(**{**fields_of(bench.live()), "skipped": many})
    )

    skip(bench, "ana")

    assert len(bench.live().skipped) == SKIPPED_MAX
    assert "c0" not in bench.live().skipped
    assert "0" in bench.live().skipped


# --- time -----------------------------------------------------------------------------------------


def test_a_timed_preview_is_dialed_by_itself() -> None:
    bench = preview("ana", preview_s=10.0)
    card = shown(bench, "ana")
    assert card.dial_at == card.since + 10.0

    bench.wait(9.0)
    assert bench.placed() == []
    bench.wait(2.0)

    assert bench.placed() == ["0"]
    assert bench.agent("ana").dialing == card.id


def test_a_timed_preview_that_cannot_be_dialed_is_tried_again() -> None:
    bench = preview("ana", preview_s=10.0)
    bench.tell(e.JournalBlocked("no space"))
    bench.wait(30.0)
    assert bench.placed() == []

    bench.tell(e.JournalRestored())
    bench.wait(TRY_AGAIN_S)

    assert bench.placed() == ["0"]


def test_a_timed_preview_whose_window_has_closed_gives_way_to_the_next() -> None:
    closing = CallingWindow(opens=0, closes=22 * 60 + 16, weekdays=ALWAYS.weekdays)
    bench = preview("ana", preview_s=200.0, window=closing)

    bench.wait(201.0)

    assert bench.placed() == []
    assert bench.agent("ana").preview is None


def test_a_card_that_nobody_touches_makes_its_agent_not_ready() -> None:
    bench = preview("ana", "jon")
    bench.wait(1.0)
    dial(bench, "jon")

    bench.wait(UNTOUCHED_S)

    ana = bench.agent("ana")
    assert (ana.state, ana.reason) == (AgentState.NOT_READY, "preview_untouched")
    assert ana.preview is None
    assert hopper(bench)[0] == "0"


def test_a_timer_without_its_card_does_nothing() -> None:
    bench = preview("ana")
    skip(bench, "ana")
    for name in ("ana", "nobody"):
        bench.machine.state.set_timer(f"preview:{name}", bench.now)
    card = shown(bench, "ana")
    bench.ask(e.NotReadyRequested, "ana", "lunch")
    bench.machine.state.set_timer("preview:ana", bench.now)

    bench.wait(0.1)

    assert (bench.agent("ana").reason, bench.placed()) == ("lunch", [])
    assert hopper(bench)[0] == card.row.contact


# --- withdrawn ------------------------------------------------------------------------------------


def test_an_agent_who_takes_a_break_gives_the_card_to_the_next() -> None:
    bench = preview("ana")

    bench.ask(e.NotReadyRequested, "ana", "lunch")

    assert bench.agent("ana").preview is None
    assert hopper(bench)[0] == "0"
    assert "preview:ana" not in bench.machine.state.timers
    bench.ask(e.ReadyRequested, "ana")
    assert shown(bench, "ana").row.contact == "0"


def test_leaving_the_campaign_signing_out_and_losing_the_line_take_the_card_away() -> None:
    for what in ("leaves", "signs out", "loses the line"):
        bench = preview("ana")
        line = bench.agent("ana").line
        assert line is not None

        if what == "leaves":
            bench.ask(e.CampaignJoinRequested, "ana", "")
        elif what == "signs out":
            bench.ask(e.SignOutRequested, "ana")
        else:
            bench.tell(e.ChannelHungUp(line, 16))

        assert bench.agent("ana").preview is None
        assert hopper(bench)[0] == "0"


def test_an_agent_whose_desktop_is_gone_for_good_loses_the_card() -> None:
    bench = preview("ana")
    bench.tell(e.DesktopClosed("ana"))

    bench.wait(21.0)

    assert bench.agent("ana").reason == "desktop_lost"
    assert bench.agent("ana").preview is None


@pytest.mark.parametrize("what", [CampaignStep.PAUSE, CampaignStep.DRAIN])
def test_a_campaign_that_stops_takes_its_cards_away(what: CampaignStep) -> None:
    bench = preview("ana", "jon")

    step(bench, what)

    assert [bench.agent(name).preview for name in ("ana", "jon")] == [None, None]
    assert len(bench.machine.state.previewing) == 0
    assert bench.live().state in (CampaignState.PAUSED, CampaignState.FINISHED)


def test_another_pacing_takes_the_cards_away_and_dials() -> None:
    bench = preview("ana")
    changed = type(CAMPAIGN)(**{**fields_of(CAMPAIGN), "pacing": Pacing.PROGRESSIVE})

    assert bench.ask(e.CampaignSaved, changed, "kim").problem == ""

    assert bench.agent("ana").preview is None
    assert bench.placed() == ["0"]


def test_a_person_who_is_forgotten_is_not_shown_any_more() -> None:
    bench = preview("ana")
    skip(bench, "ana")
    ref = dial(bench, "ana")
    bench.tell(e.ChannelHungUp(ref, 17))
    assert shown(bench, "ana").row.contact == "2"

    assert bench.ask(e.ErasureRequested, ("0", "1", "2"), "kim", ()).problem == ""

    ana = bench.agent("ana")
    assert shown(bench, "ana").row.contact == "3"
    assert ana.dialed_in_vain is None
    assert bench.live().skipped == {}
    assert not {"0", "1", "2"} & set(hopper(bench))


# --- restarts -------------------------------------------------------------------------------------


def test_a_card_survives_a_restart_of_the_service() -> None:
    bench = preview("ana")
    card, line = shown(bench, "ana"), bench.agent("ana").line
    assert line is not None

    bench.restart(leg_truth(line, Place.HOLD))
    assert shown(bench, "ana") == card
    bench.tell(e.DesktopOpened("ana"))

    assert [x.call for x in bench.sent(c.PopCard)] == [card.id]
    assert dial(bench, "ana").id == card.id


def test_a_call_asked_for_survives_a_restart_and_finds_its_agent() -> None:
    bench = preview("ana", "jon")
    ref = dial(bench, "ana")
    lines = [bench.agent(name).line for name in ("ana", "jon")]

    rows = [leg_truth(line, Place.HOLD) for line in lines if line is not None]
    bench.restart(*rows, truth(ref.id, Place.SCREENING, role="dialed"))
    for name in ("ana", "jon"):
        bench.tell(e.DesktopOpened(name))
    bench.tell(e.AttemptScreened(ref, Verdict.HUMAN))
    bench.tell(e.CallerHeld(ref))

    assert bench.call(ref.id).agent == "ana"


def test_what_a_foreign_version_left_behind_is_salvaged_without_cards() -> None:
    bench = preview("ana", "jon")
    ref = dial(bench, "ana")

    found = salvage(bench.machine.state, [])

    assert broken(found) == []
    assert [agent.preview for agent in found.agents.values()] == [None, None]
    assert [agent.dialing for agent in found.agents.values()] == ["", ""]
    assert found.attempts[ref.id].state is AttemptState.PLACED
    assert len(found.previewing) == 0


def test_the_tail_of_a_foreign_version_tells_of_a_call_asked_for() -> None:
    bench = preview("ana")
    before = bench.machine.state.encode()
    wish = e.PreviewDialRequested("r", "ana", shown(bench, "ana").id)
    made = bench.tell(wish)
    state = bench.machine.state
    tail = [Entry(state.position, state.now, wish, made.commands, made.records)]
    found = salvage(decode_state(before), tail)

    assert broken(found) == []
    assert [attempt.contact for attempt in found.attempts.values()] == ["0"]
