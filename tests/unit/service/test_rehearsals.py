"""Rehearsals of a running center: one at a time, watched, cancelled, and failing in words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from callcenter.domain.campaign import Campaign, CampaignSettings, CampaignState, HopperRow
from callcenter.domain.rehearsal import (
    CampaignFigures,
    CampaignRehearsalResult,
    Change,
    Compared,
    Estimate,
    Paired,
    Plan,
    Progress,
    RehearsalFailed,
    RehearsalResult,
    TierResult,
)
from callcenter.domain.rules import DEFAULT_RULES, Rule, Rules, Treatment
from callcenter.service.campaign_plan import CampaignPlan
from callcenter.service.rehearsals import (
    KEPT,
    CampaignWish,
    RehearsalBusy,
    Rehearsals,
    RehearsalState,
    Wish,
)
from dialer.campaign_pacing import begin
from dialer.pacing.scene import see_placed
from tests.unit.api.fakes import FakeClock, FakeHub

NEW = Rules((Rule("new", Treatment()),))
WISH = Wish(NEW, 5, 2.0, "2026-06-02", "sue")
SAME = Paired(1.0, 1.0, 0.0, 0.0, 0.0)
RESULT = RehearsalResult(
    "2026-06-02", 0.0, 1.0, 5, (TierResult("all", 1.0, SAME, SAME, SAME, SAME, SAME),), (),
    "nobody calls", "assumed", 0, 0, ()
)  # fmt: skip

FIGURE = Compared(Estimate(0.5, 0.4, 0.6), Estimate(0.6), Estimate(0.1, 0.05, 0.15))
CAMPAIGN_RESULT = CampaignRehearsalResult(
    0.0, 8.0, 5, 12, 7, 0.03, 0.03, 4000,
    CampaignFigures(
        FIGURE, FIGURE, FIGURE, FIGURE, FIGURE, FIGURE, FIGURE, FIGURE, Compared(None)
    ),
    1200, 3, ("The past is thin.",)
)  # fmt: skip


class FakeRehearser:
    """Waits for a test to say what comes of it."""

    def __init__(self) -> None:
        self.plans: list[Plan] = []
        self.campaign_plans: list[CampaignPlan] = []
        self.outcome: asyncio.Future[RehearsalResult] = asyncio.Future()
        self.campaign_outcome: asyncio.Future[CampaignRehearsalResult] = asyncio.Future()
        self.was_cancelled = False
        self.on_progress: Callable[[Progress], None] = lambda progress: None

    async def rehearse(
        self, plan: Plan, on_progress: Callable[[Progress], None]
    ) -> RehearsalResult:
        """As the port's."""
        self.plans.append(plan)
        self.on_progress = on_progress
        try:
            return await self.outcome
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise

    async def rehearse_campaign(
        self, plan: CampaignPlan, on_progress: Callable[[Progress], None]
    ) -> CampaignRehearsalResult:
        """As the port's."""
        self.campaign_plans.append(plan)
        self.on_progress = on_progress
        return await self.campaign_outcome


class Stage:
    """Rehearsals around a real machine."""

    def __init__(self) -> None:
        self.rehearser, self.clock, self.hub = FakeRehearser(), FakeClock(), FakeHub()
        self.rehearsals = Rehearsals(self.hub, self.rehearser, self.clock)

    def state_of(self, rehearsal: str) -> RehearsalState | None:
        """How it stands."""
        known = self.rehearsals.find(rehearsal)
        return None if known is None else known.state


async def settle() -> None:
    """Let every task go as far as it can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_rehearsal_is_planned_from_the_live_center_and_ends_with_its_result() -> None:
    stage = Stage()

    begun = stage.rehearsals.start("r1", WISH)
    await settle()
    stage.rehearser.on_progress(Progress(0.4, "playing"))
    halfway = stage.rehearsals.find("r1")
    stage.clock.time += 60.0
    stage.rehearser.outcome.set_result(RESULT)
    await settle()
    done = stage.rehearsals.find("r1")

    (plan,) = stage.rehearser.plans
    assert (plan.current, plan.new) == (DEFAULT_RULES, NEW)
    assert (plan.seeds, plan.hours, plan.day, plan.now) == (5, 2.0, "2026-06-02", begun.started_at)
    assert (begun.state, begun.by, begun.current_version) == (RehearsalState.RUNNING, "sue", 0)
    assert halfway is not None
    assert (halfway.share, halfway.doing) == (0.4, "playing")
    assert done is not None
    assert (done.state, done.share, done.result) == (RehearsalState.DONE, 1.0, RESULT)
    assert done.ended_at == begun.started_at + 60.0


async def test_there_is_one_at_a_time_and_the_same_wish_is_the_same_rehearsal() -> None:
    stage = Stage()
    first = stage.rehearsals.start("r1", WISH)

    again = stage.rehearsals.start("r1", WISH)
    with pytest.raises(RehearsalBusy, match="sue has another rehearsal under way"):
        stage.rehearsals.start("r2", WISH)
    await settle()
    stage.rehearser.outcome.set_result(RESULT)
    await settle()
    stage.rehearsals.start("r2", WISH)
    await stage.rehearsals.close()

    assert again is first
    assert stage.state_of("r2") is RehearsalState.CANCELLED


async def test_a_cancelled_rehearsal_is_ended_at_once_and_makes_room() -> None:
    stage = Stage()
    stage.rehearsals.start("r1", WISH)
    await settle()

    cancelled = await stage.rehearsals.cancel("r1")
    again = await stage.rehearsals.cancel("r1")
    stage.rehearser.outcome = asyncio.Future()
    stage.rehearsals.start("r2", WISH)
    await stage.rehearsals.close()

    assert cancelled is not None
    assert cancelled.state is RehearsalState.CANCELLED
    assert again == cancelled
    assert stage.rehearser.was_cancelled
    assert await stage.rehearsals.cancel("nothing") is None
    await stage.rehearsals.close()


async def test_one_cancelled_before_it_began_is_cancelled_too() -> None:
    stage = Stage()
    stage.rehearsals.start("r1", WISH)

    await stage.rehearsals.cancel("r1")
    stage.rehearsals.start("r2", WISH)
    await stage.rehearsals.close()

    assert stage.state_of("r1") is RehearsalState.CANCELLED


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (RehearsalFailed("Nobody works then."), "Nobody works then."),
        (OSError("too many files"), "The rehearsal failed: see the log."),
    ],
)
async def test_one_that_fails_says_why_and_the_next_may_begin(
    error: Exception, problem: str
) -> None:
    stage = Stage()
    stage.rehearsals.start("r1", WISH)
    await settle()

    stage.rehearser.outcome.set_exception(error)
    await settle()

    failed = stage.rehearsals.find("r1")
    assert failed is not None
    assert (failed.state, failed.problem, failed.result) == (RehearsalState.FAILED, problem, None)
    stage.rehearser.outcome = asyncio.Future()
    stage.rehearsals.start("r2", WISH)
    await stage.rehearsals.close()


async def test_only_the_newest_are_kept() -> None:
    stage = Stage()
    stage.rehearser.outcome.set_result(RESULT)

    for number in range(KEPT + 3):
        stage.rehearsals.start(f"r{number}", WISH)
        await settle()

    assert stage.state_of("r2") is None
    assert stage.state_of("r3") is RehearsalState.DONE


async def test_a_campaign_is_planned_from_where_it_is_with_nothing_under_way() -> None:
    stage = Stage()
    state = stage.hub.state
    settings = CampaignSettings("renewals", "Renewals", "main", "carrier")
    row = HopperRow("7", "+3545550107", ("UTC",))
    campaign = Campaign(settings, CampaignState.RUNNING, hopper=(row,), refill="c1", placed=9)
    state.pacings["renewals"] = begin(settings, 0.0, people=50, dropped=1)
    see_placed(state.pacings["renewals"].learnt.scene, "att-1", 1.0)
    wish = CampaignWish(campaign, Change(without=1), 3, 2.0, "mia")

    begun = stage.rehearsals.start_campaign("r1", wish)
    again = stage.rehearsals.start_campaign("r1", wish)
    with pytest.raises(RehearsalBusy, match="mia has another rehearsal under way"):
        stage.rehearsals.start("r2", WISH)
    await settle()
    stage.rehearser.campaign_outcome.set_result(CAMPAIGN_RESULT)
    await settle()
    done = stage.rehearsals.find("r1")

    assert again is begun
    assert (begun.campaign, begun.change) == ("renewals", Change(without=1))
    (plan,) = stage.rehearser.campaign_plans
    assert (plan.campaign.state, plan.campaign.placed) == (CampaignState.PAUSED, 9)
    assert (plan.campaign.hopper, plan.campaign.refill) == ((), "")
    assert (plan.seeds, plan.hours, plan.team) == (3, 2.0, ())
    assert plan.pacing is not None
    assert plan.pacing.learnt.budget.answered == 50.0
    assert plan.pacing.learnt.scene.calls == {}
    assert list(state.pacings["renewals"].learnt.scene.calls) == ["att-1"]
    assert done is not None
    assert (done.state, done.result, done.campaign_result) == (
        RehearsalState.DONE, None, CAMPAIGN_RESULT
    )  # fmt: skip
