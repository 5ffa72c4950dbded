"""A call's routing in lines for people."""

from __future__ import annotations

from typing import Any

from callcenter.cli.routing_words import tell_routing

LIVE: dict[str, Any] = {
    "call": "c1",
    "state": "waiting",
    "tier": "gold",
    "queue": "service",
    "weight": 2.0,
    "rules_version": 4,
    "is_outdated": False,
    "preferred": "",
    "tried": [],
    "steps": [{"after_s": 0.0, "skills": {}, "holds_now": True}],
    "waiting": None,
    "agents": [],
    "decision": None,
}
ENDED: dict[str, Any] = {
    "call": "c1",
    "outcome": "abandoned",
    "answered_by": "",
    "tier": "standard",
    "queue": "",
    "rule": "",
    "rules_version": 0,
}


def live(**changes: Any) -> list[str]:
    """What is told of a live call."""
    return list(tell_routing({"live": LIVE | changes, "ended": None}))


def test_a_call_that_does_not_wait_has_one_line() -> None:
    assert live() == ["c1: waiting, gold, queue service, weight 2"]


def test_rules_are_told_with_what_they_read_and_why_they_failed() -> None:
    read = {"customer.known": True, "queue.waiting": 3.0, "call.choices": ["1", "3"]}
    rules = [
        {"rule": "a", "when": "x", "holds": False, "read": read, "failure": ""},
        {"rule": "b", "when": "y", "holds": False, "read": {}, "failure": "bad value"},
        {"rule": "c", "when": "true", "holds": True, "read": {}, "failure": ""},
    ]

    assert live(tried=rules, is_outdated=True)[1:] == [
        "  its rule is being looked up again just now",
        "rules, version 4:",
        "  no: a: x (customer.known is true, queue.waiting is 3, call.choices is [1, 3])",
        "  no: b (could not be evaluated: bad value)",
        "  takes it: c: true",
    ]


def test_why_it_waits_is_told_with_what_comes_next_and_who_was_considered() -> None:
    waiting = {
        "reason": "held",
        "position": 1,
        "expected_s": 34.6,
        "next": [[1_700_000_000.0, "hold_ends"], [1_700_000_060.0, "something_new"]],
    }
    agents = [
        {"fit": "may_take_it", "seniority": "junior", "count": 7, "names": ["ana", "ben"]},
        {"fit": "something_new", "seniority": "senior", "count": 1, "names": ["cy"]},
    ]

    assert live(waiting=waiting, agents=agents, preferred="ana")[1:] == [
        "preferred: ana",
        "waits: somebody is free, but it is kept for a better agent",
        "  position 1, about 35 s more",
        "  22:13:20 UTC: it is no longer held for a senior",
        "  22:14:20 UTC: something_new",
        "agents:",
        "  7 junior free, and may take it: ana, ben, ...",
        "  1 senior something_new: cy",
    ]


def test_whom_it_was_given_is_told_with_the_parts_of_the_score() -> None:
    chosen = {"agent": "ana", "reason": "longest_idle", "score": [5.0, 0.1, 1.2, 180.0, 0.04]}
    native = {"agent": "ana", "reason": "native_queue", "score": None}

    assert live(decision=chosen)[1:] == [
        "given to ana: longest idle (weight 5 x (1 + 0.10) x 1.20 / 180 s)"
    ]
    assert live(decision=native)[1:] == ["given to ana: native queue"]


def test_an_ended_call_that_no_rule_took_has_one_line() -> None:
    ended = {"call": ENDED, "when": "", "offers": []}

    assert list(tell_routing({"live": None, "ended": ended})) == [
        "c1: abandoned, standard, queue none"
    ]


def test_the_condition_of_an_ended_calls_rule_is_told() -> None:
    call = ENDED | {"rule": "gold", "rules_version": 3}
    ended = {"call": call, "when": "customer.known", "offers": []}

    assert list(tell_routing({"live": None, "ended": ended}))[1:] == [
        "rule, version 3: gold: customer.known"
    ]
