"""How many agents of a blended campaign are kept for the calls that come in.

The campaign's agents also take inbound calls. Inbound goes first, and dialing yields before inbound
runs short: the agents whom the expected arrivals need (Erlang C, 80 % within 20 s unless the queue
sets its own target) are not dialed for, whether or not anybody is waiting.
"""

from __future__ import annotations

import math

from callcenter.core.line_names import campaign_line, line_of
from callcenter.core.state import State
from callcenter.domain.agent import AT_WORK, Agent, AgentState
from callcenter.domain.campaign import Campaign
from callcenter.domain.customer import Tier
from callcenter.domain.ids import QueueId
from dialer.campaign_pacing import PacingState
from routing.chooser import Chooser
from routing.erlang import agents_needed
from routing.learning import JUNIOR

SHARE = 0.8
"""Of the callers, who are to be answered within the queue's target time."""
KEPT_FOR_S = 2.0
SILENT_FOR = 3.0
"""Nobody came for so many times the usual gap: fewer come than before."""


def agents_kept(state: State, chooser: Chooser, campaign: Campaign, known: PacingState) -> int:
    """How many of the campaign's free agents are not to be dialed for; 0 unless it is blended.

    Counted anew every ``KEPT_FOR_S``; in ``known`` it stands until then.
    """
    if not campaign.settings.blended:
        return 0
    if not known.kept_at <= state.now < known.kept_at + KEPT_FOR_S:
        known.kept = _count(state, chooser, campaign)
        known.kept_at = state.now
    return known.kept


def _count(state: State, chooser: Chooser, campaign: Campaign) -> int:
    name, pbx = campaign.settings.id, campaign.settings.pbx
    team = [agent for agent in state.agents.values() if agent.campaign == name]
    queues = tuple(dict.fromkeys(queue for agent in team for queue in agent.queues))
    needed = 0
    for queue in queues:
        needed += _needed(state, chooser, line_of(pbx, queue), queue)
    others = [agent for agent in state.agents.values() if _is_at_inbound(state, agent, queues)]
    with_callers = [agent for agent in team if _is_with_caller(state, agent)]
    return max(0, needed - len(others) - len(with_callers))


def _needed(state: State, chooser: Chooser, line: QueueId, queue: QueueId) -> int:
    """The agents whom this queue's expected arrivals need."""
    rates: list[float] = []
    work: list[float] = []
    for tier in Tier:
        known = chooser.estimates.arrivals_of(line, tier)
        if known is None or known.gap.value <= 0.0:
            continue
        gap_s = max(known.gap.value, (state.now - known.last_at) / SILENT_FOR)
        rates.append(1.0 / gap_s)
        work.append(chooser.estimates.figures(line, tier).handling_s[JUNIOR] / gap_s)
    calls_per_s, erlangs = math.fsum(rates), math.fsum(work)
    if calls_per_s <= 0.0:
        return 0
    target_s = state.queues[queue].target_s if queue in state.queues else 20.0
    return agents_needed(calls_per_s, erlangs / calls_per_s, share=SHARE, within_s=target_s)


def _is_at_inbound(state: State, agent: Agent, queues: tuple[QueueId, ...]) -> bool:
    """Whether this agent works for one of these queues and for no campaign."""
    if agent.campaign or not any(queue in queues for queue in agent.queues):
        return False
    return agent.state in AT_WORK or (agent.state is AgentState.READY and agent.desktops > 0)


def _is_with_caller(state: State, agent: Agent) -> bool:
    """Whether this agent of a campaign is busy with a call that came in, wrap-up included."""
    if agent.state not in AT_WORK:
        return False
    if agent.task is not None:
        return agent.task.line != campaign_line(agent.pbx, agent.campaign)
    call = state.calls.get(agent.call)
    return call is not None and not call.waits_for
