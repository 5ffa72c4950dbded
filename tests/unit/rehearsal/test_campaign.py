"""Campaigns rehearsed: the direction of every change, and what is said of what was assumed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from callcenter.domain.agent import AgentProfile
from callcenter.domain.attempt import AttemptResult
from callcenter.domain.campaign import (
    DEFAULT_RETRIES,
    CallingWindow,
    Campaign,
    CampaignSettings,
    CampaignState,
    Cap,
    Counting,
    Of,
    OnMachine,
    Pacing,
    RetryRule,
    Terms,
)
from callcenter.domain.history import CampaignPast, ListedContact, PastAttempt, Shift
from callcenter.domain.rehearsal import (
    CampaignRehearsalResult,
    Change,
    Compared,
    Progress,
    RehearsalFailed,
)
from callcenter.rehearsal import campaign as engine
from callcenter.rehearsal.campaign import rehearse_campaign
from callcenter.service.campaign_plan import CampaignPlan
from dialer.campaign_pacing import begin
from dialer.pacing.budget import count
from tests.unit.rehearsal.made_up import MONDAY, make_agents, make_center

TEN = MONDAY + 10 * 3600.0
AGENTS = make_agents(12)
ONCE = {AttemptResult.BUSY: RetryRule(600.0, 2)}
SETTINGS = CampaignSettings(
    "renewals", "Renewals", "main", "carrier", max_lines=100, retries=ONCE, wrap_up_s=30.0
)


def make_list(count: int, zones: tuple[str, ...] = ("UTC",)) -> tuple[ListedContact, ...]:
    return tuple(ListedContact(f"{number}", zones) for number in range(1, count + 1))


def make_plan(
    settings: CampaignSettings = SETTINGS,
    change: Change = Change(),  # noqa: B008 - frozen
    *,
    team: Sequence[AgentProfile] = AGENTS[:5],
    **changes: Any,
) -> CampaignPlan:
    plan = CampaignPlan(
        center=make_center(),
        campaign=Campaign(settings, CampaignState.PAUSED),
        pacing=None,
        agents=AGENTS,
        team=tuple(one.id for one in team),
        change=change,
        now=TEN,
        seeds=2,
        hours=1.0,
    )
    return replace(plan, **changes)


def make_past(contacts: int = 2000, **changes: Any) -> CampaignPast:
    return replace(CampaignPast(TEN, contacts=make_list(contacts), left=contacts), **changes)


def mean(value: Compared, which: str = "current") -> float:
    found = getattr(value, which)
    assert found is not None
    return float(found.mean)


def said(result: CampaignRehearsalResult, words: str) -> bool:
    return any(words in note for note in result.notes)


# --- direction ------------------------------------------------------------------------------------


def test_with_fewer_agents_the_list_takes_longer() -> None:
    plan = make_plan(change=Change(without=3), team=AGENTS[:8], hours=3.0)

    result = rehearse_campaign(make_past(150), plan)

    assert (result.agents, result.new_agents) == (8, 5)
    assert mean(result.figures.finished_h, "new") > mean(result.figures.finished_h)
    assert mean(result.figures.tried_all_h, "new") > mean(result.figures.tried_all_h)
    assert mean(result.figures.calls_per_h, "new") < mean(result.figures.calls_per_h)
    assert mean(result.figures.tried) == 150.0
    assert not said(result, "not worked through")


def test_with_more_agents_than_the_center_has_it_is_shorter() -> None:
    plan = make_plan(change=Change(agents=15), hours=0.25, seeds=3)

    result = rehearse_campaign(make_past(), plan)

    assert result.new_agents == 15
    assert mean(result.figures.reached, "new") > 1.5 * mean(result.figures.reached)
    difference = result.figures.reached.difference
    assert difference is not None
    assert difference.least is not None
    assert difference.least > 0.0


def test_progressive_never_drops_and_power_does_beside_busier_agents() -> None:
    change = Change(pacing=Pacing.POWER, lines_per_agent=3.0)
    plan = make_plan(change=change, team=AGENTS, hours=0.3)

    result = rehearse_campaign(make_past(), plan)

    figures = result.figures
    assert mean(figures.dropped) == 0.0
    assert mean(figures.dropped, "new") > 0.0
    assert mean(figures.idle_s, "new") < mean(figures.idle_s)
    assert mean(figures.talking, "new") > mean(figures.talking)
    assert (result.cap, result.new_cap) == (0.03, 0.03)


def test_predictive_keeps_agents_busier_within_the_cap_that_is_changed() -> None:
    change = Change(pacing=Pacing.PREDICTIVE, drop_cap=0.01, max_lines=60)
    plan = make_plan(replace(SETTINGS, lines_per_agent=2.0), change, hours=0.25)

    result = rehearse_campaign(make_past(), plan)

    assert mean(result.figures.occupancy, "new") > 0.5
    assert result.new_cap == 0.01
    assert said(result, "With 5 agents predictive dialing gains little")


def test_a_budget_that_is_spent_is_spent_in_the_rehearsal_too() -> None:
    power = replace(SETTINGS, pacing=Pacing.POWER, lines_per_agent=3.0)
    known = begin(power, TEN, 0, 0)
    count(known.learnt.budget, TEN - 3600.0, answered=1000.0, abandoned=100.0)

    result = rehearse_campaign(make_past(), make_plan(power, pacing=known, hours=0.5))

    assert mean(result.figures.dropped) == 0.0
    assert known.learnt.budget.answered == 1000.0  # of the running center: not touched


# --- what is played -------------------------------------------------------------------------------


def test_without_a_change_it_is_played_once_and_the_same_seed_gives_the_same() -> None:
    told: list[Progress] = []
    first = rehearse_campaign(make_past(), make_plan(hours=0.25), told.append)
    again = rehearse_campaign(make_past(), make_plan(hours=0.25))

    assert first == again
    assert (first.new_agents, first.new_cap, first.figures.reached.new) == (None, None, None)
    assert first.hours == 0.25
    assert [(one.doing, one.share) for one in told][-1] == ("playing", 1.0)
    assert said(first, "no calls to learn from yet")
    assert said(first, "There are no shifts of its agents")
    assert said(first, "not worked through within 0.25 hours")
    assert not said(first, "faults")


@pytest.mark.parametrize(
    "changes",
    [
        {"pacing": Pacing.PREVIEW},
        {"amd": False},
        {"on_machine": OnMachine.TO_AGENT},
        {"on_machine": OnMachine.LEAVE_MESSAGE, "machine_prompt": "we-called"},
        {"amd_check_every": 2},
        {"retries": DEFAULT_RETRIES, "wrap_up_s": 5.0},
        {"pacing": Pacing.POWER, "lines_per_agent": 3.0, "opt_out_key": "9"},
    ],
)
def test_every_way_to_run_it_is_played_without_a_fault(changes: dict[str, Any]) -> None:
    result = rehearse_campaign(make_past(), make_plan(replace(SETTINGS, **changes), hours=0.25))

    assert mean(result.figures.reached) > 10.0
    assert not said(result, "faults")
    assert said(result, "read each card") == (changes.get("pacing") is Pacing.PREVIEW)


def test_a_longer_ring_time_is_said_to_be_unknown() -> None:
    plan = make_plan(change=Change(ring_s=40.0), hours=0.25)

    assert said(rehearse_campaign(make_past(), plan), "for longer than 25 s is not known")


def test_work_goes_on_the_next_morning_and_retries_come_due_meanwhile() -> None:
    window = CallingWindow(9 * 60, 11 * 60, tuple(range(7)))
    retries = {AttemptResult.BUSY: RetryRule(4 * 3600.0, 2)}
    settings = replace(SETTINGS, window=window, retries=retries)

    result = rehearse_campaign(make_past(60), make_plan(settings, hours=2.0))

    assert (result.begin, result.hours) == (TEN, 2.0)
    assert 1.0 < mean(result.figures.finished_h) < 2.0  # of work: the night does not count
    assert mean(result.figures.tried_all_h) < 1.0


def test_shifts_say_who_is_there_and_strangers_take_those_of_others() -> None:
    shifts = (Shift("a0", "mon", 9 * 60, 11 * 60), Shift("a1", "mon", 10 * 60, 11 * 60))
    plan = make_plan(change=Change(agents=3), team=AGENTS[:2], hours=2.0)

    result = rehearse_campaign(make_past(shifts=shifts), plan)

    assert result.hours == pytest.approx(2.0)  # one of this Monday, one of the next
    assert not said(result, "no shifts")
    assert mean(result.figures.reached, "new") > mean(result.figures.reached)


def test_zones_that_are_closed_wait_for_their_window() -> None:
    contacts = (*make_list(40), *(
        ListedContact(f"t{number}", ("Asia/Tokyo",), priority=5) for number in range(20)
    ))  # fmt: skip
    past = CampaignPast(TEN + 6 * 3600.0, contacts=contacts, left=60)

    result = rehearse_campaign(past, make_plan(now=TEN + 6 * 3600.0, hours=4.0))

    assert mean(result.figures.tried) == 40.0  # Tokyo is closed from 11:00 UTC on


def test_caps_hold_back_whom_the_past_has_spent() -> None:
    cap = Cap(Of.PERSON, Counting.ATTEMPTS, 1, 86400.0)
    settings = replace(SETTINGS, terms=Terms(caps=(cap,)))
    tried = tuple(
        PastAttempt(f"{number}", "UTC", 1, TEN - 60.0, 0.0, 0.0, 0.0, TEN - 50.0,
                    AttemptResult.BUSY, 17)
        for number in range(1, 31)
    )  # fmt: skip

    result = rehearse_campaign(make_past(50, attempts=tried), make_plan(settings))

    assert mean(result.figures.tried) == 20.0


# --- limits, and what cannot be -------------------------------------------------------------------


def test_of_too_much_work_only_the_first_hours_are_played_and_it_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine, "CALLS_MAX", 400)
    monkeypatch.setattr(engine, "TIMES_CALLS", 1)
    plan = make_plan(change=Change(agents=12), hours=4.0)
    result = rehearse_campaign(make_past(), plan)
    monkeypatch.setattr(engine, "HOURS_MAX", 1.0)
    short = rehearse_campaign(make_past(), make_plan(hours=4.0))

    assert result.hours == 0.25
    assert said(result, "Only the first 0.25 hours were played: there are so many calls")
    assert said(result, "ended early, because they brought so many more calls")
    assert short.hours == 0.5
    assert said(short, "Only the first 0.5 hours were played: more would take too long")


def test_what_is_left_out_is_said() -> None:
    past = make_past(200, left=1_000_000, without_consent=7)

    result = rehearse_campaign(past, make_plan(replace(SETTINGS, blended=True), hours=0.25))

    assert result.contacts == 1_000_000
    assert said(result, "Of 1000000 contacts 200 were played")
    assert said(result, "7 contacts may not be called for want of their consent")
    assert said(result, "Calls that come in were not rehearsed")


def test_the_team_is_who_works_for_it_or_did_or_everybody() -> None:
    worked = PastAttempt(
        "1", "UTC", 1, TEN - 86400.0, 0.0, 0.0, 0.0, TEN, AttemptResult.CONNECTED, 16, agent="a3"
    )
    earlier = replace(worked, placed_at=TEN - 3 * 86400.0, agent="a4")
    past = make_past(attempts=(earlier, worked))

    now = rehearse_campaign(past, make_plan(hours=0.25))
    last = rehearse_campaign(past, make_plan(hours=0.25, team=()))
    everybody = rehearse_campaign(make_past(), make_plan(hours=0.25, team=()))

    assert (now.agents, last.agents, everybody.agents) == (5, 1, 12)
    assert said(last, "the 1 agents were taken who did on 2026-05-31")
    assert said(everybody, "all 12 agents of the center were taken")


def test_what_cannot_be_rehearsed_is_refused_with_a_sentence() -> None:
    never = replace(SETTINGS, window=CallingWindow(0, 1440, ()))
    over = replace(SETTINGS, ends_at=TEN - 1.0)
    late = replace(SETTINGS, starts_at=TEN + 60 * 86400.0, ends_at=TEN + 1.0)
    refused = {
        "There is nobody left": (make_past(0), make_plan()),
        "There are no agents": (make_past(), make_plan(team=(), agents=())),
        "Of 5 agents 5 leave": (make_past(), make_plan(change=Change(without=5))),
        "Nobody on the list may be called": (make_past(), make_plan(never)),
        "The campaign's time is over": (make_past(), make_plan(over)),
        "at a time in which its agents work": (make_past(), make_plan(late)),
    }

    for words, (past, plan) in refused.items():
        with pytest.raises(RehearsalFailed, match=words):
            rehearse_campaign(past, plan)


def test_a_campaign_that_ends_soon_is_played_until_then() -> None:
    settings = replace(SETTINGS, ends_at=TEN + 1800.0)

    assert rehearse_campaign(make_past(), make_plan(settings, hours=2.0)).hours == 0.5


def test_agents_who_wait_for_retries_are_told_of() -> None:
    retries = {result: RetryRule(8 * 3600.0, 3) for result in AttemptResult}

    waited = rehearse_campaign(make_past(10), make_plan(replace(SETTINGS, retries=retries)))

    assert said(waited, "Everybody was dialed before the end")
    assert mean(waited.figures.tried_all_h) < 0.5
