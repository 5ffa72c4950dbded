"""The pacers' place in the machine: each is shown its campaign's calls and agents, in step.

What they know is part of the state. They are told what a step has changed before they are asked;
of a step that failed they are made to forget the calls and agents, and are shown those that are
there.
"""

from __future__ import annotations

from callcenter.core.amd import is_for_no_agent, taken_for_machines
from callcenter.core.state import State
from callcenter.core.turn import Turn
from callcenter.domain.agent import Agent, AgentState
from callcenter.domain.attempt import Attempt, AttemptResult, AttemptState
from callcenter.domain.campaign import Campaign
from callcenter.domain.ids import AgentId, AttemptId, CampaignId
from callcenter.domain.records import AttemptRecord
from dialer.campaign_pacing import CampaignPacer, begin
from dialer.pacing.scene import AgentPhase

BY_TRUNK = (AttemptResult.FAILED, AttemptResult.CONGESTION, AttemptResult.UNCOUNTED)
"""Results that say nothing of the number."""


class Pacers:
    """A pacer for each campaign, that knows the calls and agents which the state knows."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._pacers: dict[CampaignId, CampaignPacer] = {}
        self._works_for: dict[AgentId, CampaignId] = {}
        for campaign in state.campaigns.values():
            self._pacer(campaign)
        self.start_anew()

    def of(self, campaign: Campaign) -> CampaignPacer:
        """The pacer of this campaign, as its settings are now."""
        pacer = self._pacer(campaign)
        pacer.use(campaign.settings, taken_for_machines(campaign))
        return pacer

    def _pacer(self, campaign: Campaign) -> CampaignPacer:
        name = campaign.settings.id
        pacer = self._pacers.get(name)
        if pacer is None:
            known = self._state.pacings.get(name)
            if known is None:
                dropped = campaign.results.get(AttemptResult.DROPPED, 0)
                known = begin(campaign.settings, self._state.now, campaign.people, dropped)
                self._state.pacings[name] = known
            pacer = self._pacers[name] = CampaignPacer(known, campaign.settings)
        return pacer

    def start_anew(self) -> None:
        """Look at everything: what a failed step, or another process, has told may not be so."""
        state = self._state
        for name in [name for name in state.pacings if name not in state.campaigns]:
            del state.pacings[name]
            self._pacers.pop(name, None)
        for name, pacer in self._pacers.items():
            for call in list(pacer.scene.calls):
                attempt = state.attempts.get(call)
                is_ours = attempt is not None and attempt.campaign == name
                if attempt is None or not is_ours or not is_undecided(self._state, attempt):
                    pacer.forget(call)
            for agent_id in list(pacer.scene.agents):
                agent = state.agents.get(agent_id)
                if agent is None or agent.campaign != name:
                    pacer.agent(agent_id, AgentPhase.GONE, state.now)
        self._works_for = {}
        for attempt in state.attempts.values():
            self._show_attempt(attempt)
        for agent_id in state.agents:
            self._show_agent(agent_id)

    # --- within a step --------------------------------------------------------------------------

    def show(self, turn: Turn) -> None:
        """Tell the pacers what this step has changed so far."""
        for attempt_id in turn.dirty_attempts:
            attempt = self._state.attempts.get(attempt_id)
            if attempt is not None:
                self._show_attempt(attempt)
        for record in turn.attempts_over:
            self._show_end(record)
        turn.dirty_attempts.clear()
        turn.attempts_over.clear()
        for agent_id in turn.dirty_agents:
            self._show_agent(agent_id)

    def _show_attempt(self, attempt: Attempt) -> None:
        campaign = self._state.campaigns[attempt.campaign]
        pacer, call, now = self._pacer(campaign), attempt.id, self._state.now
        if is_open(attempt) and call not in pacer.scene.calls:
            pacer.placed(call, attempt.placed_at)
        match attempt.state:
            case AttemptState.RINGING:
                pacer.ringing(call, now)
            case AttemptState.SCREENING:
                pacer.answered(call, now)
                if is_for_no_agent(attempt):
                    pacer.classified(call, False, now)
            case AttemptState.FOR_AGENT:
                pacer.classified(call, True, now)
            case AttemptState.CONNECTED:
                pacer.classified(call, True, now)
                pacer.connected(call, now)
            case AttemptState.DROPPED:
                pacer.classified(call, True, now)
                if not is_undecided(self._state, attempt):
                    pacer.abandoned(call, now)
            case AttemptState.HELD:
                self._tell_end(pacer, call, attempt.outcome)
            case _:
                pass

    def _show_end(self, record: AttemptRecord) -> None:
        pacer = self._pacer(self._state.campaigns[record.campaign])
        self._tell_end(pacer, record.attempt, record.result)
        if record.result is AttemptResult.UNCOUNTED and record.person_at:
            pacer.take_back(self._state.now, dropped=bool(record.harbour_at))

    def _tell_end(
        self, pacer: CampaignPacer, attempt: AttemptId, result: AttemptResult | None
    ) -> None:
        now = self._state.now
        if result is AttemptResult.DROPPED:  # if that was not told yet: no join came to anything
            pacer.abandoned(attempt, now)
        is_cancelled = result is AttemptResult.CANCELLED
        pacer.ended(attempt, now, refused=result in BY_TRUNK, cancelled=is_cancelled)

    def _show_agent(self, agent_id: AgentId) -> None:
        agent = self._state.agents.get(agent_id)
        works_for = agent.campaign if agent is not None else ""
        before = self._works_for.pop(agent_id, "")
        if before and before != works_for and before in self._pacers:
            self._pacers[before].agent(agent_id, AgentPhase.GONE, self._state.now)
        campaign = self._state.campaigns.get(works_for)
        if agent is None or campaign is None:
            return
        self._works_for[agent_id] = works_for
        self._pacer(campaign).agent(agent_id, phase_of(self._state, agent), self._state.now)


def is_open(attempt: Attempt) -> bool:
    """Whether the pacer counts it: its outcome is open, or its person waits for an agent."""
    if attempt.state is AttemptState.SCREENING:
        return not is_for_no_agent(attempt)
    return attempt.state in (AttemptState.PLACED, AttemptState.RINGING, AttemptState.FOR_AGENT)


def is_undecided(state: State, attempt: Attempt) -> bool:
    """Whether the pacer has still to hear what becomes of it. A join that crosses the message makes
    a conversation of it, or comes back refused."""
    call = state.calls.get(attempt.call)
    is_crossed = attempt.state is AttemptState.DROPPED and call is not None and call.joining
    return is_open(attempt) or is_crossed


def _free_phase(agent: Agent) -> AgentPhase:
    return AgentPhase.ACCEPTED if agent.dialing else AgentPhase.READY


def phase_of(state: State, agent: Agent) -> AgentPhase:
    """What this agent is doing, as far as the pacing of their campaign minds."""
    if state.links.get(agent.pbx) is not True:
        return AgentPhase.GONE
    match agent.state:
        case AgentState.READY:
            leg = state.legs.get(agent.line) if agent.line is not None else None
            is_free = leg is not None and leg.parked and not leg.call and agent.desktops > 0
            return _free_phase(agent) if is_free else AgentPhase.GONE
        case AgentState.RESERVED | AgentState.RINGING:
            return _free_phase(agent)  # the person is still counted as waiting
        case AgentState.TALKING if agent.wish is None:
            return AgentPhase.TALKING
        case AgentState.WRAP_UP if agent.wish is None and agent.desktops > 0:
            return AgentPhase.WRAP_UP
        case _:
            return AgentPhase.GONE
