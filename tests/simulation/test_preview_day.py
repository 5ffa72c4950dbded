"""Seeded hours of preview dialing on virtual time: agents who read, dial, skip, walk away and
vanish."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest

from callcenter.core.invariants import broken
from callcenter.core.machine import Machine
from callcenter.core.state import empty_state
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.attempt import AttemptResult
from callcenter.domain.campaign import Pacing
from callcenter.domain.records import AgentStateRecord, ConversationRecord, OfferRecord
from callcenter.service.recovery import replay
from callcenter.simulator.day import SimulatedDay
from callcenter.simulator.desktops import DesktopHabits
from callcenter.simulator.simulation import Scenario
from callcenter.simulator.simulation import play as play_scenario
from tests.simulation.test_campaign_day import (
    CAMPAIGN,
    CONTACTS,
    attempts_of,
    check_same,
    dialed_of,
    make_day,
    play,
)

PREVIEW = msgspec.structs.replace(CAMPAIGN, pacing=Pacing.PREVIEW, lines_per_agent=1.0)
TIMED = msgspec.structs.replace(PREVIEW, preview_s=6.0)
HABITS = DesktopHabits(
    campaign=PREVIEW.id,
    forget_share=0.1,
    break_share=0.05,
    end_call_share=0.2,
    skip_share=0.15,
    untouched_share=0.02,
)


def readers(day: SimulatedDay) -> dict[str, str]:
    """Who read the card that became a call, by the call's channel."""
    cards = [x for entry in day.entries for x in entry.commands if isinstance(x, c.PopCard)]
    calls = {x.channel.id for e in day.entries for x in e.commands if isinstance(x, c.PlaceCall)}
    return {card.call: card.agent for card in cards if card.call in calls}


def skipped(day: SimulatedDay) -> list[tuple[float, str]]:
    """When which contact was skipped."""
    cards = {
        x.call: x.contact for one in day.entries for x in one.commands if isinstance(x, c.PopCard)
    }
    return [
        (one.now, cards[one.event.preview])
        for one in day.entries
        if isinstance(one.event, e.PreviewSkipRequested)
    ]


def check_whose(day: SimulatedDay) -> Counter[AttemptResult]:
    """Every call was asked for by one agent, and its person offered to that one alone."""
    attempts, asked = attempts_of(day), readers(day)
    assert attempts.keys() == asked.keys()
    calls = {record.call: name for name, record in attempts.items() if record.call}
    first: dict[str, str] = {}
    for record in day.records:
        if isinstance(record, ConversationRecord) and record.call in calls:
            first.setdefault(record.call, record.agent)
    for call, agent in first.items():
        assert agent == asked[calls[call]]
    for record in day.records:
        if isinstance(record, OfferRecord) and record.call in calls and record.call not in first:
            assert record.agent == asked[calls[record.call]]
    return Counter(record.result for record in attempts.values())


def make_preview_day(
    seed: int, *, contacts: int = CONTACTS, kill_every_s: float = 0.0
) -> SimulatedDay:
    return make_day(
        seed, campaign=PREVIEW, habits=HABITS, contacts=contacts, kill_every_s=kill_every_s
    )


@pytest.mark.parametrize("seed", range(3))
def test_an_hour_of_preview_adds_up_and_everybody_gets_whom_they_read(seed: int) -> None:
    day = make_preview_day(seed)

    play(day, 1.0)

    dialed = dialed_of(day)
    for channel, record in attempts_of(day).items():
        check_same(record, dialed[channel])
    results = check_whose(day)
    assert results[AttemptResult.CONNECTED] > 60
    assert results[AttemptResult.DROPPED] <= 1
    assert day.state.campaigns[PREVIEW.id].skips == len(skipped(day)) > 20
    assert day.stuck_agents() == []
    assert len(day.state.previewing) == 0
    assert day.repairs() == {}


def test_nobody_is_dialed_while_skipped() -> None:
    day = make_preview_day(4, contacts=150)

    play(day, 1.0)

    shown = [
        (one.now, x.contact)
        for one in day.entries
        for x in one.commands
        if isinstance(x, c.PopCard) and x.call.startswith("att-")
    ]
    passed = skipped(day)
    assert len(passed) > 15
    for at, contact in passed:
        assert not [then for then, whom in shown if whom == contact and at < then < at + 1800.0]
    again = [c for at, c in passed if any(w == c and then >= at + 1800.0 for then, w in shown)]
    assert again


def test_an_agent_who_walks_away_from_a_card_is_not_ready_and_the_card_goes_to_others() -> None:
    day = make_preview_day(6)

    play(day, 1.0)

    reasons = Counter(r.reason for r in day.records if isinstance(r, AgentStateRecord))
    assert reasons["preview_untouched"] > 2
    check_whose(day)


def test_timed_previews_are_dialed_although_nobody_presses() -> None:
    slow = msgspec.structs.replace(HABITS, read_s=(60.0, 60.0), untouched_share=0.0)
    day = make_day(8, campaign=TIMED, habits=slow)

    play(day, 0.5)

    assert check_whose(day)[AttemptResult.CONNECTED] > 30
    presses = [x for x in day.entries if isinstance(x.event, e.PreviewDialRequested)]
    assert len(presses) < 5
    assert skipped(day) == []


@pytest.mark.parametrize("seed", range(100, 104))
def test_a_service_that_dies_again_and_again_shows_and_dials_nobody_twice(seed: int) -> None:
    day = make_preview_day(seed, kill_every_s=120.0)

    play(day, 0.7)

    attempts, dialed = attempts_of(day), dialed_of(day)
    assert day.kills > 5
    assert dialed.keys() <= attempts.keys()
    assert broken(day.state) == []
    assert day.stuck_agents() == []
    assert len(day.state.attempts) == len(day.state.calls) == len(day.state.previewing) == 0


def test_a_day_of_preview_replays_the_same_from_its_journal() -> None:
    day = make_preview_day(5, kill_every_s=200.0)
    play(day, 0.3)

    replayed = replay(Machine(empty_state(day.state.journal)), day.entries)

    assert replayed.differences == ()
    assert replayed.machine.state.encode() == day.state.encode()


@pytest.mark.parametrize("seed", range(1, 4))
def test_nothing_breaks_in_a_faulty_half_hour_of_preview(seed: int) -> None:
    outcome = play_scenario(Scenario(seed, 0.5, 30, "all", pacing=Pacing.PREVIEW))

    assert outcome.replay_equal
    assert outcome.callers_lost == 0
    assert outcome.stuck_agents == []
    assert outcome.attempts > 50
    assert len(outcome.faults) > 5
