"""How a call is or was routed, in lines for people: what ``callcenter rules explain`` prints.

Takes the answer of ``GET /calls/{call}/routing`` as it came.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

WAITS = {
    "nobody_signed_in": "nobody is signed in who may take it at its present step",
    "all_busy": "all who may take it are at work",
    "held": "somebody is free, but it is kept for a better agent",
}
NEXT = {
    "released_to_all": "it is no longer kept for the agent it prefers",
    "step_widens": "more agents may take it",
    "hold_ends": "it is no longer held for a senior",
    "overdue": "it goes before every call that has waited less",
}
FITS = {
    "may_take_it": "free, and may take it",
    "not_here": "not ready",
    "at_work": "at work",
    "other_queues": "in other queues",
    "lacks_skill": "without the skills",
    "no_room": "with no room for another call",
    "kept_for_another": "waited for by another call",
}


def tell_routing(answer: Json) -> Iterator[str]:
    """The lines for one call."""
    if answer["live"] is not None:
        yield from _tell_live(answer["live"])
    else:
        yield from _tell_ended(answer["ended"])


def _tell_live(call: Json) -> Iterator[str]:
    yield (
        f"{call['call']}: {call['state']}, {call['tier']}, queue {call['queue'] or 'none'},"
        f" weight {call['weight']:g}"
    )
    if call["is_outdated"]:
        yield "  its rule is being looked up again just now"
    if call["tried"]:
        yield f"rules, version {call['rules_version']}:"
    for rule in call["tried"]:
        yield f"  {'takes it' if rule['holds'] else 'no'}: {rule['rule']}{_why(rule)}"
    if len(call["steps"]) > 1 or call["steps"][0]["skills"]:
        yield "who may answer:"
        for step in call["steps"]:
            now = "  <- now" if step["holds_now"] else ""
            yield f"  after {step['after_s']:g} s: {_skills(step['skills'])}{now}"
    if call["preferred"]:
        yield f"preferred: {call['preferred']}"
    if call["waiting"] is not None:
        yield from _tell_waiting(call["waiting"])
    if call["agents"]:
        yield "agents:"
    for group in call["agents"]:
        names = ", ".join(group["names"])
        more = ", ..." if group["count"] > len(group["names"]) else ""
        fit = FITS.get(group["fit"], group["fit"])
        yield f"  {group['count']} {group['seniority']} {fit}: {names}{more}"
    if call["decision"] is not None:
        decision = call["decision"]
        why = f"{_said(decision['reason'])}{_parts(decision['score'])}"
        yield f"given to {decision['agent']}: {why}"


def _why(rule: Json) -> str:
    if rule["failure"]:
        return f" (could not be evaluated: {rule['failure']})"
    if not rule["when"]:
        return " (takes every call)"
    read = ", ".join(f"{name} is {_value(value)}" for name, value in rule["read"].items())
    return f": {rule['when']}" + (f" ({read})" if read else "")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    return f"{value:g}" if isinstance(value, float | int) else f"[{', '.join(value)}]"


def _skills(skills: dict[str, int]) -> str:
    return ", ".join(f"{name} {level}" for name, level in skills.items()) or "anybody of the queue"


def _tell_waiting(waiting: Json) -> Iterator[str]:
    yield f"waits: {WAITS.get(waiting['reason'], waiting['reason'])}"
    expected = waiting["expected_s"]
    more = "nobody can tell how long" if expected is None else f"about {expected:.0f} s more"
    yield f"  position {waiting['position']}, {more}"
    for at, step in waiting["next"]:
        yield f"  {_time(at)}: {NEXT.get(step, step)}"


def _tell_ended(ended: Json) -> Iterator[str]:
    call = ended["call"]
    by = f" by {call['answered_by']}" if call["answered_by"] else ""
    yield (
        f"{call['call']}: {call['outcome']}{by}, {call['tier']}, queue {call['queue'] or 'none'}"
    )
    if call["rule"]:
        when = f": {ended['when']}" if ended["when"] else ""
        yield f"rule, version {call['rules_version']}: {call['rule']}{when}"
    for offer in ended["offers"]:
        yield (
            f"  {_time(offer['offered_at'])} offered to {offer['agent']}, {offer['result']}:"
            f" {_said(offer['reason'])}{_parts(offer['score'])}"
        )


def _said(reason: str) -> str:
    return reason.replace("_", " ") or "no reason kept"


def _parts(score: list[float] | None) -> str:
    if not score:
        return ""
    weight, loss, growth, handling_s, _ = score
    return f" (weight {weight:g} x (1 + {loss:.2f}) x {growth:.2f} / {handling_s:.0f} s)"


def _time(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%H:%M:%S} UTC"
