"""Reads for supervisors: why a call is where it is, and what other rules would do to who waits.

Conditions are evaluated with what is true now; for a call that waits longer that may be more than
was known when its rule was found.
"""

from __future__ import annotations

import heapq

from msgspec import Struct

from callcenter.core.classification import (
    diverted_to,
    first_problem,
    is_due,
    preferred_of,
    values_of,
)
from callcenter.core.rulebook import Rulebook
from callcenter.core.state import State
from callcenter.domain.agent import Agent, AgentState, Seniority
from callcenter.domain.call import Call, CallState
from callcenter.domain.conditions import Value, Values
from callcenter.domain.customer import Attribute, Tier
from callcenter.domain.flow import QueueNode
from callcenter.domain.ids import AgentId, CallId, QueueId, SkillId
from callcenter.domain.rules import PublishedRules, Rules, Treatment
from routing.chooser import Chooser
from routing.explaining import Fit, Waiting
from routing.work import Score

NAMES_MAX = 5
"""So many agents of each group are named."""
PREVIEW_CALLS_MAX = 1_000
"""So many waiting calls are looked at before publishing: some ten milliseconds."""


class RuleView(Struct, frozen=True):
    """One rule that was looked at, the first in front."""

    rule: str
    when: str
    """Its condition; empty: it takes every call."""
    holds: bool
    read: dict[str, Value]
    """What the condition looks at, and what it is for this call now."""
    failure: str
    """Why the condition could not be evaluated; empty when it could."""


class StepView(Struct, frozen=True):
    """Who may answer from so many seconds of waiting on."""

    after_s: float
    skills: dict[SkillId, int]
    holds_now: bool


class AgentsView(Struct, frozen=True):
    """Agents of one seniority who are the same to the call."""

    fit: Fit
    seniority: Seniority
    count: int
    names: tuple[AgentId, ...]
    """The first of them."""


class DecisionView(Struct, frozen=True):
    """Why this agent was chosen."""

    agent: AgentId
    offered_at: float
    reason: str
    """Routing's word (docs/ROUTING.md); ``native_queue`` when it was not asked."""
    score: Score | None


class CallRouting(Struct, frozen=True):
    """How a live call is routed."""

    call: CallId
    state: CallState
    tier: Tier
    queue: QueueId
    asked_queue: QueueId
    """The queue that the menu chose."""
    rule: str
    """The rule that took it; ``-`` when none did, empty when it has not waited yet."""
    rules_version: int
    is_outdated: bool
    """Its rule is being looked up again just now."""
    treatment: Treatment
    weight: float
    """What a supervisor made of its priority; 1.0 is normal."""
    preferred: AgentId
    attributes: dict[str, Attribute]
    """What the menu has found out, as rules read it of ``call``."""
    tried: tuple[RuleView, ...]
    steps: tuple[StepView, ...]
    waiting: Waiting | None
    """Why it still waits, and what comes next and when; None while it does not wait."""
    agents: tuple[AgentsView, ...]
    """While it waits: everybody signed in, and why not they."""
    decision: DecisionView | None
    """While it is offered or answered: who was chosen, and why."""


def explain_call(state: State, chooser: Chooser, call_id: CallId) -> CallRouting | None:
    """How this call is routed; None when it is not live."""
    call = state.calls.get(call_id)
    if call is None:
        return None
    is_inbound = not call.waits_for
    waited_s = state.now - call.queued_at if call.queued_at else 0.0
    waiting = chooser.explain(call_id, state.now)
    return CallRouting(
        call=call_id,
        state=call.state,
        tier=call.tier,
        queue=call.queue,
        asked_queue=call.asked_queue,
        rule=call.rule,
        rules_version=call.rules_version,
        is_outdated=is_due(state, call),
        treatment=call.treatment,
        weight=call.weight,
        preferred=call.preferred,
        attributes=call.attributes,
        tried=_tried(state, chooser, call) if is_inbound else (),
        steps=_steps(call.treatment, waited_s),
        waiting=waiting,
        agents=_agents(state, chooser, call) if waiting is not None else (),
        decision=_decision(state, call),
    )


def _tried(state: State, chooser: Chooser, call: Call) -> tuple[RuleView, ...]:
    book = state.rulebook
    values = values_of(state, chooser, call, book)
    rules = book.published.rules.rules
    return tuple(
        RuleView(one.rule, rules[index].when, one.holds, _read(book, index, values), one.failure)
        for index, one in enumerate(book.try_all(values))
    )


def _read(book: Rulebook, index: int, values: Values) -> dict[str, Value]:
    condition = book.condition(index)
    if condition is None:
        return {}
    paths = [(name, name.split(".", 1)) for name in condition.reads]
    return {name: values[owner][attribute] for name, (owner, attribute) in paths}


def _steps(then: Treatment, waited_s: float) -> tuple[StepView, ...]:
    all_steps = [(0.0, then.skills), *((step.after_s, step.skills) for step in then.steps)]
    now = max(after_s for after_s, _ in all_steps if after_s <= waited_s)
    return tuple(StepView(after_s, skills, after_s == now) for after_s, skills in all_steps)


def _agents(state: State, chooser: Chooser, call: Call) -> tuple[AgentsView, ...]:
    groups: dict[tuple[Fit, Seniority], list[AgentId]] = {}
    for agent in state.agents.values():
        if agent.state is not AgentState.SIGNED_OUT:
            key = (_fit(state, chooser, call, agent), agent.seniority)
            groups.setdefault(key, []).append(agent.id)
    return tuple(
        AgentsView(fit, seniority, len(names), tuple(names[:NAMES_MAX]))
        for (fit, seniority), names in groups.items()
    )


def _fit(state: State, chooser: Chooser, call: Call, agent: Agent) -> Fit:
    return chooser.fit(call.id, agent.id, state.now) or Fit.NOT_HERE


def _decision(state: State, call: Call) -> DecisionView | None:
    leg = state.legs.get(call.leg) if call.leg is not None else None
    if leg is None:
        return None
    score = Score(*leg.score) if leg.score else None
    return DecisionView(leg.agent, leg.offered_at, leg.reason, score)


def prompts_played(state: State) -> tuple[str, ...]:
    """What the center's menus play, by name: prompts that are known to be there."""
    nodes = [node for flow in state.flows.values() for node in flow.nodes.values()]
    played = [node.prompt for node in nodes if not isinstance(node, QueueNode) and node.prompt]
    return tuple(sorted(dict.fromkeys(played)))


# --- before publishing --------------------------------------------------------------------------


class PreviewRow(Struct, frozen=True):
    """A waiting call that other rules would treat otherwise."""

    call: CallId
    from_rule: str
    to_rule: str
    differs: tuple[str, ...]
    """What: ``queue``, ``skills``, ``steps``, ``weight``, ``prefer``, ``overflow``, ``target``,
    ``announce``."""


class Preview(Struct, frozen=True):
    """What other rules would do to those who wait."""

    problem: str
    """Why they cannot be used at all; then nothing else is told."""
    waiting: int
    looked_at: int
    """Those who wait longest, at most ``PREVIEW_CALLS_MAX``."""
    changed: tuple[PreviewRow, ...]
    weights_differ: bool
    """Preset or tier weights are others: then who goes first may change for all."""


def preview_rules(state: State, chooser: Chooser, rules: Rules) -> Preview:
    """Who of the waiting would be treated otherwise by these rules."""
    book = Rulebook(PublishedRules(state.rules.version, rules))
    problem = first_problem(book)
    waits = [
        (call.queued_at, call.id)
        for call in state.calls.values()
        if call.state is CallState.WAITING and not call.waits_for
    ]
    held = state.rules.rules
    differ = (rules.preset, rules.weights) != (held.preset, held.weights)
    if problem:
        return Preview(problem, len(waits), 0, (), False)
    looked_at = [state.calls[key] for _, key in heapq.nsmallest(PREVIEW_CALLS_MAX, waits)]
    rows = [_row(state, chooser, call, book) for call in looked_at]
    changed = tuple(row for row in rows if row is not None)
    return Preview("", len(waits), len(looked_at), changed, differ)


def _row(state: State, chooser: Chooser, call: Call, book: Rulebook) -> PreviewRow | None:
    rule, _ = book.find(values_of(state, chooser, call, book))
    old, new = call.treatment, rule.then
    queue = diverted_to(state, new.queue or call.asked_queue or call.queue)
    pairs = {
        "queue": (call.queue, queue) if not call.overflows else (old.queue, new.queue),
        "skills": (old.skills, new.skills),
        "steps": (old.steps, new.steps),
        "weight": (old.weight, new.weight),
        "prefer": (call.preferred, preferred_of(state, call, new)),
        "overflow": (old.overflow, new.overflow),
        "target": (old.target, new.target),
        "announce": (old.announce_every_s, new.announce_every_s),
    }
    differs = tuple(name for name, (before, after) in pairs.items() if before != after)
    if not differs and rule.name == call.rule:
        return None
    return PreviewRow(call.id, call.rule, rule.name, differs)
