"""What a menu finds out about a call reaches the rules, and whoever asks why."""

from __future__ import annotations

import msgspec

from callcenter.core.queries import call_view
from callcenter.core.routing_queries import explain_call
from callcenter.core.state import decode_state
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.conditions import Kind
from callcenter.domain.flow import MenuNode, PlayNode, QueueNode
from callcenter.domain.rules import Rule, Treatment
from tests.builders import Bench, channel
from tests.unit.core.rule_bench import FLOW, TWO_QUEUES, choose, find, publish, rules_of

MENU = msgspec.structs.replace(
    FLOW,
    nodes={
        **FLOW.nodes,
        "welcome": PlayNode("welcome", "menu", {"intent": "unclear", "seats": 3}),
        "menu": MenuNode("menu", {"1": "cards", "2": "sales"}, "service", sets={"is_new": True}),
        "cards": QueueNode("service", {"intent": "cards"}),
    },
    attributes={"seats": Kind.NUMBER, "is_new": Kind.TRUTH},
)
CARDS = Rule("cards", Treatment(weight=2.0), 'call.intent == "cards"')
LARGE = Rule("large", Treatment(), "call.seats > 2 and call.is_new")


def ruled(*rules: Rule) -> Bench:
    """A center with that menu, and these rules."""
    bench = Bench(center=msgspec.structs.replace(TWO_QUEUES, flows=(MENU,)))
    declared = {"call": {"seats": Kind.NUMBER, "is_new": Kind.TRUTH, "missing": Kind.TEXT}}
    assert publish(bench, rules_of(*rules, attributes=declared)).problem == ""
    return bench


def test_rules_read_the_intent_that_the_last_node_has_set() -> None:
    bench = ruled(CARDS, LARGE)

    for name, digit in {"a": "1", "b": "2"}.items():
        find(bench, name)
        choose(bench, name, digit)

    assert [bench.call(name).rule for name in "ab"] == ["cards", "large"]
    assert bench.call("a").attributes == {"intent": "cards", "seats": 3.0, "is_new": True}
    assert type(bench.call("a").attributes["seats"]) is float
    state = bench.machine.state
    again = decode_state(state.encode())
    assert again.calls.as_dict() == state.calls.as_dict()


def test_a_call_that_ends_nowhere_in_the_menu_has_the_intent_of_the_way_there() -> None:
    bench = ruled(Rule("unclear", Treatment(), 'call.intent == "unclear"'))
    find(bench, "a")
    ref = channel("a")
    bench.tell(e.IvrCommandEnded(ref, bench.last(c.PlayPrompt).id, 0))
    for _ in range(2):
        bench.tell(e.IvrCommandEnded(ref, bench.last(c.AskDigit).id, 0, timed_out=True))

    assert bench.call("a").rule == "unclear"


def test_screens_and_explanations_tell_the_intent_and_the_rule() -> None:
    bench = ruled(CARDS)
    find(bench, "a")
    choose(bench, "a", "1")
    call, state = bench.call("a"), bench.machine.state
    assert bench.ask(e.CallPriorityRequested, call.id, 3.0, "sue").problem == ""

    view = call_view(state, call.id)
    why = explain_call(state, bench.machine.chooser, call.id)

    assert view is not None
    assert (view.rule, view.rules_version, view.weight, view.intent) == ("cards", 1, 6.0, "cards")
    assert why is not None
    assert why.attributes["intent"] == "cards"
    assert why.tried[0].read == {"call.intent": "cards"}
