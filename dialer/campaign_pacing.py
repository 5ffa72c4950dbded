"""A campaign's pacer: one strategy decides, and everything is learnt whatever the strategy.

So a campaign that goes from progressive to predictive in the middle of a day begins with what is
known of its list, and the allowance of the legal window is counted from the first call on.
"""

from __future__ import annotations

from msgspec import Struct, field
from msgspec.structs import replace

from callcenter.domain.attempt import AttemptResult
from callcenter.domain.campaign import CampaignSettings, Pacing
from dialer.compliance import PROFILES
from dialer.pacing.budget import LegalWindow, count, is_spent, turn_window
from dialer.pacing.decision import Because, Decision, Reason
from dialer.pacing.predictive import PredictivePacer, Settings, State, new_state
from dialer.pacing.preview import decide_preview
from dialer.pacing.progressive import decide_power
from dialer.pacing.scene import AgentPhase, Scene, see_over

OFTEN_AGENTS = 50
"""Up to so many agents at work the predictive pacer is asked whenever something has happened."""
SELDOM_S = 1.0
"""With more of them, and so dearer forecasts, not oftener than this."""
AGAIN_S = 1.5
"""It is asked again after so long although nothing has happened: chances move with time."""


LOST_MAX = 0.5
"""An estimate of lost people beyond this is a mistake of the few who were judged."""


class Hours(Struct):
    """What the agents' time went into, seconds; only what is over."""

    talking_s: float = 0.0
    wrap_up_s: float = 0.0
    idle_s: float = 0.0
    """Ready, with an open line."""
    waits: int = 0
    """How often a ready agent was given a person."""


class PacingState(Struct):
    """Everything a campaign's pacer knows, plain data."""

    learnt: State
    reason: Reason | None = None
    """Why the last decision was for so many calls; None: none was made yet."""
    placed: int = 0
    """How many that decision was for."""
    kept: int = 0
    """Agents needed for calls that come in, as counted last."""
    kept_at: float = 0.0
    hours: Hours = field(default_factory=Hours)


def legal_window(settings: CampaignSettings) -> LegalWindow:
    """The share that may be abandoned and over which time: the profile's, or stricter."""
    profile = PROFILES.get(settings.terms.legal)
    window = LegalWindow() if profile is None else profile.abandoned
    return window if settings.drop_cap is None else replace(window, cap=settings.drop_cap)


def begin(settings: CampaignSettings, now: float, people: int, dropped: int) -> PacingState:
    """A campaign that begins, or of which only this is known: so many people, and of them so many
    who found no agent."""
    known = PacingState(new_state(_settings_of(settings)))
    count(known.learnt.budget, now, answered=float(people), abandoned=float(dropped))
    return known


def count_result(known: PacingState, result: AttemptResult, now: float) -> None:
    """Count a person of whose call the pacer was not told."""
    if result in (AttemptResult.CONNECTED, AttemptResult.DROPPED):
        dropped = float(result is AttemptResult.DROPPED)
        count(known.learnt.budget, now, answered=1.0, abandoned=dropped)


def _settings_of(settings: CampaignSettings) -> Settings:
    return Settings(legal_window(settings), float(settings.harbour_wait_s), settings.max_lines)


class CampaignPacer(PredictivePacer):
    """A ``Pacer`` that does as its campaign's settings say. ``known`` is changed in place."""

    def __init__(self, known: PacingState, settings: CampaignSettings) -> None:
        super().__init__(known.learnt)
        self.known = known
        self._campaign = settings

    def use(self, settings: CampaignSettings, taken_for_machines: float = 0.0) -> None:
        """Other settings hold from now on; what was counted and learnt stays.

        ``taken_for_machines``: share of the people who answer whom detection takes for machines.
        """
        self._campaign = settings
        state = self.state
        wanted = replace(
            _settings_of(settings), taken_for_machines=min(LOST_MAX, taken_for_machines)
        )
        if state.settings != wanted:
            state.settings = wanted
            state.budget.rule = wanted.window

    def take_back(self, now: float, *, dropped: bool) -> None:
        """A person was counted whose attempt is not to count."""
        count(self.state.budget, now, answered=-1.0, abandoned=-float(dropped))

    @property
    def scene(self) -> Scene:
        """The calls and agents it knows of."""
        return self.state.scene

    def forget(self, call: str) -> None:
        """This call is not there any more; nothing is to be learnt of it."""
        see_over(self.scene, call)

    def agent(self, agent: str, phase: AgentPhase, now: float) -> None:
        """An agent does this from now on."""
        before = self.scene.agents.get(agent)
        if before is not None and before.phase is not phase:
            hours, lasted_s = self.known.hours, now - before.since
            if before.phase is AgentPhase.TALKING:
                hours.talking_s += lasted_s
            elif before.phase is AgentPhase.WRAP_UP:
                hours.wrap_up_s += lasted_s
            else:
                hours.idle_s += lasted_s
                hours.waits += phase is AgentPhase.TALKING
        super().agent(agent, phase, now)

    @property
    def is_timed(self) -> bool:
        """Whether to ask again when nothing has happened for ``AGAIN_S``."""
        return self._campaign.pacing is Pacing.PREDICTIVE and bool(self.scene.agents)

    def ask(self, now: float, kept: int = 0) -> Decision | None:
        """How many calls to place now by the campaign's strategy, and why; None: too soon after
        the last time. ``kept``: free agents who are not to be dialed for."""
        campaign, scene = self._campaign, self.scene
        scene.kept = min(kept, scene.ready + scene.accepted)
        if campaign.pacing is Pacing.PREDICTIVE:
            is_soon = self.state.asked_at <= now < self.state.asked_at + SELDOM_S
            if len(scene.agents) > OFTEN_AGENTS and is_soon:
                return None
            made: Decision = self.decide(now)
        elif campaign.pacing is Pacing.PREVIEW:
            turn_window(self.state.budget, now)
            made = _with_budget(decide_preview(scene, campaign.max_lines), self.state)
        else:
            turn_window(self.state.budget, now)
            ratio = campaign.lines_per_agent if campaign.pacing is Pacing.POWER else 1.0
            is_held = ratio > 1.0 and is_spent(self.state.budget)
            made = decide_power(scene, 1.0 if is_held else ratio, campaign.max_lines)
            made = _with_budget(made, self.state, is_held=is_held)
        self.known.reason = replace(made.reason, kept=scene.kept)
        self.known.placed = made.count
        return made


def _with_budget(made: Decision, state: State, *, is_held: bool = False) -> Decision:
    """The same, with what the legal window has seen."""
    reason = replace(made.reason, answered=state.budget.answered, abandoned=state.budget.abandoned)
    if is_held and reason.because is Because.ONE_EACH:
        reason = replace(reason, because=Because.BUDGET)
    return replace(made, reason=reason)
