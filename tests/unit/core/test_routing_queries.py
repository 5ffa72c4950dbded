"""Why a call is where it is, and what other rules would do to those who wait."""

from __future__ import annotations

import msgspec
import pytest

from callcenter.core import routing_queries
from callcenter.core.routing_queries import (
    CallRouting,
    Preview,
    explain_call,
    preview_rules,
    prompts_played,
)
from callcenter.domain import events as e
from callcenter.domain.agent import Seniority
from callcenter.domain.call import CallState
from callcenter.domain.customer import Tier
from callcenter.domain.rules import AgentStep, Overflow, Preset, Rule, Rules, Treatment
from routing.explaining import Fit, WaitReason
from tests.builders import Bench, channel
from tests.unit.core.rule_bench import REST, caller, ruled, rules_of, staff

GOLD = Rule("gold", Treatment(weight=2.0), 'customer.tier == "gold"')
CARDS = Treatment(skills={"cards": 2}, steps=(AgentStep(30.0, {}),))


def explain(bench: Bench, name: str) -> CallRouting:
    """How this caller's call is routed."""
    found = explain_call(bench.machine.state, bench.machine.chooser, bench.call(name).id)
    assert found is not None
    assert msgspec.json.encode(found)  # it can be sent
    return found


def preview(bench: Bench, rules: Rules) -> Preview:
    """What these rules would do."""
    return preview_rules(bench.machine.state, bench.machine.chooser, rules)


def test_a_waiting_call_says_which_rules_were_tried_and_what_they_read() -> None:
    bench = ruled(GOLD, Rule("cards", CARDS), skills=("cards",))
    caller(bench, "a", tier=Tier.SILVER)

    found = explain(bench, "a")

    assert [(one.rule, one.holds) for one in found.tried] == [("gold", False), ("cards", True)]
    assert found.tried[0].read == {"customer.tier": "silver"}
    assert found.tried[1].read == {}
    assert (found.rule, found.rules_version, found.is_outdated) == ("cards", 1, False)


def test_a_waiting_call_says_which_step_holds_and_who_may_not_take_it() -> None:
    bench = ruled(Rule("cards", CARDS), skills=("cards",))
    staff(bench, "ana", "ben", "cleo", seniors=("ben",), skills={"cleo": {"cards": 2}})
    bench.ask(e.NotReadyRequested, "cleo", "break")
    caller(bench, "a")

    found = explain(bench, "a")

    assert [(one.after_s, one.holds_now) for one in found.steps] == [(0.0, True), (30.0, False)]
    assert found.waiting is not None
    assert found.waiting.reason is WaitReason.NOBODY
    assert found.waiting.next[0][0] == bench.call("a").queued_at + 30.0
    assert {(one.fit, one.seniority): one.names for one in found.agents} == {
        (Fit.LACKS_SKILL, Seniority.JUNIOR): ("ana",),
        (Fit.LACKS_SKILL, Seniority.SENIOR): ("ben",),
        (Fit.NOT_HERE, Seniority.JUNIOR): ("cleo",),
    }


def test_agents_who_are_signed_out_are_not_told() -> None:
    bench = ruled(Rule("cards", CARDS), skills=("cards",))
    staff(bench, "ana")
    bench.ask(e.SignOutRequested, "ana")
    caller(bench, "a")

    assert explain(bench, "a").agents == ()


def test_a_call_that_is_offered_says_who_was_chosen_and_why() -> None:
    bench = ruled(GOLD)
    staff(bench, "ana", seniors=("ana",))
    caller(bench, "a", tier=Tier.GOLD)

    decision = explain(bench, "a").decision

    assert decision is not None
    assert (decision.agent, decision.reason) == ("ana", "only_side_free")
    assert decision.score is not None
    assert decision.score.weight == 10.0
    assert explain(bench, "a").waiting is None


def test_an_answer_of_the_native_queue_has_no_score() -> None:
    bench = ruled()
    staff(bench, "ana")
    bench.ask(e.NotReadyRequested, "ana", "break")
    call = caller(bench, "a")
    leg = msgspec.structs.replace(call.channel, id="native-leg")

    bench.tell(e.FallbackAnswered(call.channel, "1001", leg))

    decision = explain(bench, "a").decision
    assert decision is not None
    assert (decision.reason, decision.score) == ("native_queue", None)


def test_a_call_in_the_menu_has_no_rule_yet() -> None:
    bench = ruled(GOLD)
    bench.tell(e.CallArrived(channel("a"), "5551234", "7000"))

    found = explain(bench, "a")

    assert (found.state, found.rule, found.waiting) == (CallState.IN_IVR, "", None)


def test_a_call_of_a_campaign_has_tried_no_rule() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)
    bench.person(ref)

    assert explain(bench, ref.id).tried == ()


def test_a_call_that_is_not_live_is_not_explained() -> None:
    bench = ruled()

    assert explain_call(bench.machine.state, bench.machine.chooser, "gone") is None


# --- before publishing --------------------------------------------------------------------------


def test_who_would_be_treated_otherwise_is_told_before_publishing() -> None:
    bench = ruled(GOLD)
    gold = caller(bench, "a", tier=Tier.GOLD)
    caller(bench, "b")

    found = preview(bench, rules_of(Rule("best", Treatment(queue="sales", weight=3.0), GOLD.when)))

    assert (found.problem, found.waiting, found.looked_at) == ("", 2, 2)
    (row,) = found.changed
    assert (row.call, row.from_rule, row.to_rule) == (gold.id, "gold", "best")
    assert row.differs == ("queue", "weight")
    assert not found.weights_differ
    assert bench.call("a").rule == "gold"  # nothing has happened


def test_a_rule_of_another_name_is_told_although_it_does_the_same() -> None:
    bench = ruled(GOLD)
    caller(bench, "a", tier=Tier.GOLD)

    (row,) = preview(bench, rules_of(msgspec.structs.replace(GOLD, name="best"))).changed

    assert (row.to_rule, row.differs) == ("best", ())


def test_a_call_that_has_overflowed_is_compared_by_what_its_rule_says() -> None:
    then = Treatment(overflow=(Overflow("sales", longer_than=1),))
    bench = ruled(Rule("over", then))
    caller(bench, "a")
    caller(bench, "b")
    caller(bench, "c")

    found = preview(bench, rules_of(Rule("over", then)))

    assert bench.call("c").queue == "sales"
    assert found.changed == ()


def test_other_weights_are_told() -> None:
    bench = ruled()

    assert preview(bench, rules_of(preset=Preset.EQUAL_WAITS)).weights_differ


def test_rules_that_cannot_be_used_tell_only_that() -> None:
    bench = ruled()
    caller(bench, "a")

    found = preview(bench, Rules((REST, REST)))

    assert found.problem
    assert (found.waiting, found.looked_at, found.changed) == (1, 0, ())


def test_no_more_calls_are_looked_at_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing_queries, "PREVIEW_CALLS_MAX", 1)
    bench = ruled()
    caller(bench, "a")
    bench.now += 1
    caller(bench, "b")

    found = preview(bench, rules_of(Rule("new", Treatment())))

    assert (found.waiting, found.looked_at) == (2, 1)
    assert found.changed[0].call == bench.call("a").id


def test_the_prompts_of_the_menus_are_told_by_name_each_once() -> None:
    assert prompts_played(Bench().machine.state) == ("bye", "menu", "welcome")
