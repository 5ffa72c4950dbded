"""The chooser's place in the machine: shows it agents and calls, and keeps both in step.

What it has learnt and holds is part of the state (``Standing``). What a failed step left in it is
thrown away with it: another is made of the state, which looks at everything anew.
"""

from __future__ import annotations

from callcenter.core import lessons
from callcenter.core.line_names import campaign_line, line_of, line_of_call, own_line
from callcenter.core.state import State
from callcenter.core.turn import Turn
from callcenter.domain.agent import AT_WORK, Agent, AgentState, Seniority
from callcenter.domain.call import Call, CallState
from callcenter.domain.callback import Callback, QueuePlace
from callcenter.domain.conditions import Always, Comparison, Part, covers
from callcenter.domain.customer import Tier
from callcenter.domain.ids import AgentId, CallbackId, CallId, QueueId
from callcenter.domain.rules import Preset, Rules, Treatment
from routing.chooser import Chooser
from routing.settings import PRESETS, Settings, Target, with_weights
from routing.standing import Standing
from routing.work import AgentStep, BusyAgent, FreeAgent, Need, Profile, Work

GOLD_FIRST = 3.0
"""With the preset ``gold_first`` a gold customer's wait counts so many times as much."""


class Choosing:
    """A chooser that knows whom the state knows."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._rules, self._center = state.rules, state.center
        self.is_restless = state.restless
        """It is to look at everything anew: nothing is known of what was held."""
        self.chooser = self._make(state.standing)
        if not self.is_restless:
            self.chooser.resume(state.standing)
        state.tell_standing = self._tell

    def _tell(self) -> tuple[Standing, bool]:
        return self.chooser.snapshot(), self.is_restless

    def _make(self, standing: Standing) -> Chooser:
        state = self._state
        chooser = self.chooser = Chooser(settings_of(state), standing.learned)
        for agent_id in state.agents:
            self._show_agent(agent_id)
        for call_id in state.calls:
            self._show_call(call_id)
        for callback_id in state.callbacks:
            self._show_callback(callback_id)
        return chooser

    def start_anew(self) -> None:
        """After a step that failed: forget what was held, keep what was learnt."""
        self._rules, self._center = self._state.rules, self._state.center
        self._make(Standing(self.chooser.estimates.snapshot(), (), ()))
        self.is_restless = True

    # --- within a step --------------------------------------------------------------------------

    def show(self, turn: Turn) -> None:
        """Tell the chooser what this step has changed so far."""
        state = self._state
        if state.rules is not self._rules or state.center is not self._center:
            self._rules, self._center = state.rules, state.center
            settings = settings_of(state)
            if settings != self.chooser.settings:
                self.chooser.change_settings(settings)
        for agent_id in turn.dirty_agents:
            self._show_agent(agent_id)
        for call_id in turn.dirty_calls:
            self._show_call(call_id)
        for callback_id in turn.dirty_callbacks:
            self._show_callback(callback_id)

    def learn(self, turn: Turn) -> None:
        """Tell the chooser what this step has taught; it stands from here on."""
        for lesson in turn.lessons:
            lessons.teach(self.chooser.estimates, lesson, turn.now)
        turn.lessons.clear()

    def _show_agent(self, agent_id: AgentId) -> None:
        agent = self._state.agents.get(agent_id)
        if agent is None or self._state.links.get(agent.pbx) is not True:
            self.chooser.remove_agent(agent_id)
        elif agent.state in AT_WORK:
            profile = self._profile_of(agent, has_line=True)
            self.chooser.put_busy(BusyAgent(agent_id, profile, agent.busy_since), self._state.now)
        elif agent.state is AgentState.READY and agent.desktops:
            profile = self._profile_of(agent, has_line=self._has_open_line(agent))
            self.chooser.put_agent(FreeAgent(agent_id, profile, agent.idle_since))
        else:
            self.chooser.remove_agent(agent_id)

    def _has_open_line(self, agent: Agent) -> bool:
        leg = self._state.legs.get(agent.line) if agent.line is not None else None
        return leg is not None and leg.parked and not leg.call

    def _profile_of(self, agent: Agent, *, has_line: bool) -> Profile:
        campaign = self._state.campaigns.get(agent.campaign)
        is_blended = campaign is not None and campaign.settings.blended
        return profile_of(agent, is_blended=is_blended, has_line=has_line)

    def _show_call(self, call_id: CallId) -> None:
        call = self._state.calls.get(call_id)
        if (
            call is None
            or call.state is not CallState.WAITING
            or call.ending
            or self._state.links.get(call.channel.pbx) is not True
        ):
            self.chooser.remove_call(call_id)
        else:
            self.chooser.put_call(work_of(call))

    def _show_callback(self, callback_id: CallbackId) -> None:
        """A caller who is to be called back waits as if they were on the line."""
        callback = self._state.callbacks.get(callback_id)
        place = callback.place if callback is not None else None
        if (
            callback is None
            or place is None
            or not callback.is_due
            or callback.attempt
            or self._state.links.get(place.pbx) is not True
        ):
            self.chooser.remove_call(callback_id)
        else:
            self.chooser.put_call(work_of_callback(callback, place))


# --- the state in routing's words -----------------------------------------------------------------


def profile_of(agent: Agent, *, is_blended: bool, has_line: bool) -> Profile:
    """What this agent can do; one of a campaign only with a line, calls that come in only in a
    blended one; and one who has dialed somebody can take that person alone."""
    queues: tuple[QueueId, ...] = ()
    if not agent.campaign or (is_blended and has_line):
        queues = tuple(line_of(agent.pbx, queue) for queue in agent.queues)
    if has_line:
        own = (campaign_line(agent.pbx, name) for name in sorted(agent.works_for))
        queues = (*own, *queues)
    if agent.dialing:
        queues = (own_line(agent.pbx, agent.id),) if has_line or not agent.campaign else ()
    return Profile(
        tuple((queue, 1.0) for queue in queues),
        agent.seniority is Seniority.SENIOR,
        needs_of(agent.skills),
    )


def needs_of(skills: dict[str, int]) -> tuple[Need, ...]:
    """Skills and levels in one order."""
    return tuple(Need(skill, level) for skill, level in sorted(skills.items()))


def work_of(call: Call) -> Work:
    """A waiting call as routing sees it."""
    then = call.treatment
    return Work(
        id=call.id,
        queue=line_of_call(call),
        tier=call.tier,
        queued_at=call.place_at or call.queued_at,
        steps=steps_of(then),
        weight=then.weight * call.weight,
        preferred=call.preferred,
        preferred_until=call.queued_at + then.prefer_for_s if call.preferred else 0.0,
    )


def work_of_callback(callback: Callback, place: QueuePlace) -> Work:
    """The same of a caller who is to be called back."""
    then = place.treatment
    return Work(
        id=callback.id,
        queue=line_of(place.pbx, callback.queue),
        tier=callback.tier,
        queued_at=place.queued_at,
        steps=steps_of(then),
        weight=then.weight * place.weight,
        preferred=place.preferred,
        preferred_until=place.queued_at + then.prefer_for_s if place.preferred else 0.0,
    )


def steps_of(then: Treatment) -> tuple[AgentStep, ...]:
    """Who may take a call, by its wait. A step that asks for more than the one before it, which a
    checked document has none of, asks for what both have."""
    steps, asked = [AgentStep(0.0, needs_of(then.skills))], then.skills
    for step in then.steps:
        asked = {
            skill: min(level, asked[skill])
            for skill, level in step.skills.items()
            if skill in asked
        }
        if step.after_s > steps[-1].after_s:
            steps.append(AgentStep(step.after_s, needs_of(asked)))
    return tuple(steps)


# --- settings -------------------------------------------------------------------------------------


def settings_of(state: State) -> Settings:
    """What the published rules and the center's queues make of the chooser's settings."""
    rules = state.rules.rules
    weights = dict(rules.weights)
    if rules.preset is Preset.GOLD_FIRST:
        weights[Tier.GOLD] = weights.get(Tier.GOLD, 1.0) * GOLD_FIRST
    settings = with_weights(PRESETS[rules.preset], weights)
    pbxs = tuple(dict.fromkeys((*state.center.pbxs, *state.center.phones.values())))
    lines = [(line_of(pbx, queue), queue) for pbx in pbxs for queue in state.queues]
    return Settings(
        tier_weights=settings.tier_weights,
        order=settings.order,
        hold_max_of=tuple((line, state.queues[queue].senior_hold_s) for line, queue in lines),
        targets=tuple(
            Target(line, goal.share, goal.within_s, tier)
            for line, queue in lines
            for tier in Tier
            if (goal := target_of(state, rules, queue, tier)) is not None
        ),
    )


def target_of(state: State, rules: Rules, queue: QueueId, tier: Tier) -> Target | None:
    """The service level of this tier in this queue: that of the first rule with one which may lead
    such a call there."""
    for index, rule in enumerate(rules.rules):
        goal = rule.then.target
        condition = state.rulebook.condition(index)
        part = Always(True) if condition is None else condition.part
        if goal is None or _excludes(part, "customer.tier", tier):
            continue
        if rule.then.queue == queue or (
            not rule.then.queue and not _excludes(part, "call.queue", queue)
        ):
            return Target(queue, goal.share, goal.within_s, tier)
    return None


def _excludes(part: Part, attribute: str, value: str) -> bool:
    """Whether this condition is never true of this value."""
    return covers(Comparison(attribute, "!=", (str(value),)), part)
