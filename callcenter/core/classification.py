"""Finds the rule of a call that waits, and does what it says: queue, preferred agent, overflow.

Rules are looked up when a call begins to wait, when others are published, and when something is
known that they may read and was not before. As time passes they are not: what is to change with the
wait are the treatment's steps and overflows.
"""

from __future__ import annotations

import math
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from callcenter.core import announcing, kept_places, overflowing
from callcenter.core.line_names import line_of
from callcenter.core.queue_days import today
from callcenter.core.rulebook import Rulebook
from callcenter.core.state import State
from callcenter.core.turn import Turn
from callcenter.domain.agent import Agent, AgentState
from callcenter.domain.attribute_values import as_kind
from callcenter.domain.call import Call, CallState, Place
from callcenter.domain.conditions import Kind, Value, Values
from callcenter.domain.flow import INTENT
from callcenter.domain.ids import AgentId, CallId, QueueId
from callcenter.domain.rules import (
    ATTRIBUTES,
    DAYS,
    Overflow,
    Prefer,
    Rules,
    SwitchMode,
    Treatment,
)
from routing.chooser import Chooser

SLICE_CALLS = 100
"""So many calls are looked at again in one step, some milliseconds: other events get their turn."""
SLICE_PAUSE_S = 0.001
LOOK_ALONE_CALLS = 2_000
"""Among more than this it takes a step of its own to see whose rules are to be found again."""
LOOK_FOR_AGENTS_S = 10.0
"""How often it is looked whether still somebody is signed in who could take a call."""
HEARS_S = 1.0
"""How soon it is looked again at a caller who hears an announcement."""


def first_problem(book: Rulebook) -> str:
    """Why these rules cannot be used at all, in a sentence; empty when they can."""
    rules = book.published.rules
    if not rules.rules:
        return "There is no rule: add one without `when` that takes every call."
    seen: dict[str, None] = {}
    for rule in rules.rules:
        if not rule.name or rule.name in seen:
            return f"The rule name `{rule.name}` is empty or taken: give each rule its own."
        seen[rule.name] = None
    weights = [*rules.weights.values(), *(rule.then.weight for rule in rules.rules)]
    if not all(0.0 < weight < math.inf for weight in weights):
        return "A weight is not a number above 0: 1 is normal."
    problem = book.problem()
    return "" if problem is None else f"{problem.what}. {problem.mend}"


# --- when ---------------------------------------------------------------------------------------


def is_due(state: State, call: Call) -> bool:
    """Whether the rule of this call, if it waits, is to be found (again)."""
    if call.state is not CallState.WAITING or call.waits_for:
        return False
    if call.is_stale or not call.rule or call.rules_version != state.rules.version:
        return True
    return diverted_to(state, call.queue) != call.queue


def diverted_to(state: State, queue: QueueId) -> QueueId:
    """Where calls of this queue go just now: to itself, unless the emergency switch says other."""
    switch = state.switches.get(queue)
    if switch is None or switch.mode is not SwitchMode.DIVERTED:
        return queue
    return switch.target if switch.target in state.queues else queue


def bring_up_to_date(turn: Turn) -> None:
    """Find the rules of the calls that this step has touched, and do what their overflows say."""
    for call_id in list(turn.dirty_calls):
        call = turn.state.calls.get(call_id)
        if call is not None and is_due(turn.state, call):
            call = classify(turn, call)
        if call is not None and call.overflow is not None:
            overflowing.act_if_possible(turn, call)


def apply_to_waiting(turn: Turn, _subject: str = "") -> None:
    """Find the rules of all who wait, who came first in front, a slice in each step."""
    state = turn.state
    left = state.to_classify
    if not left:
        version = state.rules.version
        left += [
            (call.queued_at, call.id)
            for call in state.calls.values()
            if call.state is CallState.WAITING
            and (call.rules_version != version or is_due(state, call))
        ]
        left.sort(reverse=True)
        if len(left) > LOOK_ALONE_CALLS:
            state.set_timer("rules:", turn.now + SLICE_PAUSE_S)
            return
    done = 0
    while left:
        call = state.calls.get(left[-1][1])
        if call is not None and is_due(state, call):
            if done == SLICE_CALLS:
                state.set_timer("rules:", turn.now + SLICE_PAUSE_S)
                return
            classify(turn, call)
            done += 1
        left.pop()


def start_over(turn: Turn) -> None:
    """The same for other rules, or switches, than those that it was begun for."""
    turn.state.to_classify.clear()
    if len(turn.state.calls) > LOOK_ALONE_CALLS:
        turn.state.set_timer("rules:", turn.now + SLICE_PAUSE_S)
    else:
        apply_to_waiting(turn)


# --- one call -----------------------------------------------------------------------------------


def classify(turn: Turn, call: Call) -> Call:
    """Find the rule that takes this call, and treat it so from now on. It keeps its place."""
    state = turn.state
    asked = call.asked_queue or call.queue
    book = state.rulebook
    rule, failures = book.find(values_of(state, turn.chooser, call, book))
    for one in failures:
        turn.fault("rule_failed", f"rule {one.rule}: {one.failure}")
    queue = rule.then.queue or asked
    if queue not in state.queues:
        turn.fault("unknown_queue", f"{queue} (rule {rule.name})")
        queue = asked
    preferred = preferred_of(state, call, rule.then)
    call = msgspec.structs.replace(
        call,
        asked_queue=asked,
        queue=queue,
        rule=rule.name or "-",
        rules_version=state.rules.version,
        treatment=rule.then,
        is_stale=False,
        preferred=preferred,
        overflows=0,
        overflow=None,
    )
    state.clear_timer(f"overflow:{call.id}")
    call = _overflow(turn, call, is_entry=True)
    call = msgspec.structs.replace(call, queue=diverted_to(state, call.queue))
    announcing.begin(turn, call)
    return turn.put_call(call)


def preferred_of(state: State, call: Call, then: Treatment) -> AgentId:
    """The agent who knows this caller, if the treatment prefers one and calls can be joined."""
    if then.prefer is None or then.prefer_for_s <= 0.0:
        return ""
    name = call.facts.owner if then.prefer is Prefer.OWNER else last_agent_of(state, call)
    agent = state.agents.get(name)
    if agent is None or agent.pbx != call.channel.pbx or agent.campaign:
        return ""
    return name


def last_agent_of(state: State, call: Call) -> AgentId:
    """Who spoke last with the caller: by our own calls, else as the directory has it."""
    own = state.last_agents.get(call.customer) if call.customer else None
    return own or call.facts.last_agent


# --- overflow -----------------------------------------------------------------------------------


def _overflow(turn: Turn, call: Call, *, is_entry: bool) -> Call:
    """Lead the call on if an overflow has come true; say when to look again. Each is taken once,
    and not gone back from. What is more than another queue is done by ``overflowing``, and those
    behind it are looked at afterwards."""
    overflows = call.treatment.overflow
    for index in range(call.overflows, len(overflows)):
        overflow = overflows[index]
        if _is_true(turn, call, overflow, is_entry=is_entry):
            call = msgspec.structs.replace(call, overflows=index + 1)
            if overflow.queue in turn.state.queues:
                call = msgspec.structs.replace(call, queue=overflow.queue)
            elif _is_to_be_done(turn, call, overflow):
                return msgspec.structs.replace(call, overflow=overflow)
    begins = call.queued_at or turn.now
    due = [
        begins + one.after_s if one.after_s else turn.now + LOOK_FOR_AGENTS_S
        for one in overflows[call.overflows :]
        if one.after_s or one.without_agents
    ]
    later = [max(at, turn.now + SLICE_PAUSE_S) for at in due]
    if later:
        turn.state.set_timer(f"overflow:{call.id}", min(later))
    return call


def _is_to_be_done(turn: Turn, call: Call, overflow: Overflow) -> bool:
    """Whether it leads to more than a queue, does not say again what was heard, and calls nobody
    back whose number is not known."""
    if overflow.callback is not None:
        return kept_places.can_take(turn, call)
    message = overflow.message
    if message is not None and not message.ends_call:
        return message.prompt not in call.heard
    return not overflow.queue


def _is_true(turn: Turn, call: Call, overflow: Overflow, *, is_entry: bool) -> bool:
    waited_s = turn.now - (call.queued_at or turn.now)
    if overflow.after_s and waited_s >= overflow.after_s:
        return True
    if overflow.longer_than and is_entry and _waiting(turn, call) > overflow.longer_than:
        return True
    return overflow.without_agents and not has_agents(turn.state, call, waited_s)


def _waiting(turn: Turn, call: Call) -> int:
    return turn.chooser.count_waiting(line_of(call.channel.pbx, call.queue))


def has_agents(state: State, call: Call, waited_s: float) -> bool:
    """Whether somebody is signed in who could take this call at its present step."""
    skills = call.treatment.skills_at(waited_s)
    return any(_could_take(agent, call, skills) for agent in state.agents.values())


def _could_take(agent: Agent, call: Call, skills: dict[str, int]) -> bool:
    return (
        agent.state is not AgentState.SIGNED_OUT
        and agent.pbx == call.channel.pbx
        and not agent.campaign
        and call.queue in agent.queues
        and all(agent.skills.get(skill, 0) >= level for skill, level in skills.items())
    )


def overflow_due(turn: Turn, call_id: CallId) -> None:
    """Look again whether an overflow has come true."""
    call = turn.state.calls.get(call_id)
    if call is None or call.ending:
        return
    if call.overflow is not None:
        turn.touch_call(call)
    elif call.state is CallState.WAITING and call.place is Place.ANNOUNCEMENT:
        turn.state.set_timer(f"overflow:{call_id}", turn.now + HEARS_S)
    elif call.state is CallState.WAITING:
        turn.put_call(_overflow(turn, call, is_entry=False))
    elif call.state is CallState.OFFERED:
        turn.state.set_timer(f"overflow:{call_id}", turn.now + LOOK_FOR_AGENTS_S)


# --- what rules read ----------------------------------------------------------------------------


def values_of(state: State, chooser: Chooser, call: Call, book: Rulebook) -> Values:
    """Every attribute that rules may read, of this call. What no condition looks at of the queue
    is not counted: it is 0."""
    rules, reads = book.published.rules, book.reads
    facts = call.facts
    customer: dict[str, Value] = {
        "known": bool(call.customer),
        "tier": str(call.tier),
        "value": facts.value,
        "churn_risk": facts.churn_risk,
        "language": facts.language,
        "last_agent": last_agent_of(state, call),
        "owner": facts.owner,
    }
    for name, kind in rules.attributes.get("customer", {}).items():
        customer[name] = as_kind(facts.attributes.get(name), kind)
    asked = call.asked_queue or call.queue
    one: dict[str, Value] = {
        "channel": "voice",
        "dialed": call.dialed_number,
        "caller": call.caller_number,
        "queue": asked,
        "intent": as_kind(call.attributes.get(INTENT), Kind.TEXT),
        "choices": call.choices,
    }
    for name, kind in rules.attributes.get("call", {}).items():
        one.setdefault(name, as_kind(call.attributes.get(name), kind))
    queue: dict[str, Value] = {
        name: _queue_value(state, chooser, asked, name) if f"queue.{name}" in reads else 0.0
        for name in ATTRIBUTES["queue"]
    }
    return {"customer": customer, "call": one, "queue": queue, "time": _time_values(state, rules)}


def _queue_value(state: State, chooser: Chooser, queue: QueueId, name: str) -> float:
    """As of the last step: who comes in this one is not counted."""
    lines = [line_of(pbx, queue) for pbx in state.links]
    if name == "waiting":
        return float(sum(int(chooser.count_waiting(line)) for line in lines))
    if name == "agents_ready":
        return float(sum(int(chooser.count_idle(line)) for line in lines))
    if name == "longest_wait_s":
        firsts = [first for line in lines if (first := chooser.waiting_since(line)) is not None]
        return max(0.0, state.now - min(firsts)) if firsts else 0.0
    counts = today(state, queue)
    over = counts.answered + counts.abandoned
    return counts.in_time / over if over else 1.0


def _time_values(state: State, rules: Rules) -> dict[str, Value]:
    """The center's own time, at the minute."""
    local = datetime.fromtimestamp(state.now, ZoneInfo(state.center.time_zone))
    clock, day = f"{local:%H:%M}", DAYS[local.weekday()]
    is_holiday = f"{local:%Y-%m-%d}" in rules.holidays
    is_open = day in rules.open_days and rules.open_from <= clock < rules.open_until
    return {
        "local": clock,
        "weekday": day,
        "open": is_open and not is_holiday,
        "holiday": is_holiday,
    }
