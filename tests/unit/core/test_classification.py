"""Which rule takes a call, when that is found out, and where it leads the call."""

from __future__ import annotations

import math

import msgspec
import pytest

from callcenter.core import classification
from callcenter.core.rulebook import Rulebook
from callcenter.domain import commands as c
from callcenter.domain import events as e
from callcenter.domain.call import CallState
from callcenter.domain.conditions import Kind
from callcenter.domain.customer import Tier
from callcenter.domain.records import CallRecord, FaultRecord
from callcenter.domain.rules import (
    AgentStep,
    Overflow,
    Prefer,
    PublishedRules,
    Rule,
    Rules,
    Treatment,
)
from tests.builders import PBX, T0, Bench, channel
from tests.unit.core.rule_bench import (
    REST,
    TWO_QUEUES,
    caller,
    choose,
    find,
    publish,
    ruled,
    rules_of,
    staff,
)

GOLD = 'customer.tier == "gold"'


def test_until_rules_are_published_everybody_is_treated_plainly() -> None:
    bench = Bench(center=TWO_QUEUES)

    call = caller(bench, "a", "2")

    assert (call.rule, call.rules_version, call.queue) == ("everybody", 0, "sales")


def test_the_rule_leads_the_call_to_its_queue_and_the_menus_is_kept() -> None:
    bench = ruled(Rule("gold", Treatment(queue="sales", weight=2.0), GOLD))

    call = caller(bench, "a", tier=Tier.GOLD)

    assert (call.rule, call.queue, call.asked_queue) == ("gold", "sales", "service")
    assert call.treatment.weight == 2.0
    assert caller(bench, "b").rule == "rest"
    bench.hang_up("a")
    assert [(r.rule, r.rules_version) for r in bench.kept(CallRecord)] == [("gold", 1)]


def test_a_rule_with_an_unknown_queue_leaves_the_menus_and_is_told() -> None:
    bench = ruled(Rule("gold", Treatment(queue="moon"), GOLD))
    bench.allowed_faults = ("unknown_queue",)

    assert caller(bench, "a", tier=Tier.GOLD).queue == "service"
    assert bench.kept(FaultRecord)


def test_own_attributes_are_read_as_the_kind_that_the_rules_declare() -> None:
    declared = {"customer": {"score": Kind.NUMBER}}
    bench = ruled(Rule("high", Treatment(), "customer.score > 5"), attributes=declared)

    for name, score in {"a": "12.5", "b": "4", "c": "many"}.items():
        find(bench, name, Tier.GOLD, attributes={"score": score})
        choose(bench, name)

    assert [bench.call(name).rule for name in "abc"] == ["high", "rest", "rest"]


def test_a_condition_that_fails_is_no_match_and_a_fault() -> None:
    bench = ruled(Rule("early", Treatment(), 'customer.language < "m"'))
    bench.allowed_faults = ("rule_failed",)

    find(bench, "a", Tier.GOLD, language=5.0)
    choose(bench, "a")

    assert bench.call("a").rule == "rest"
    assert "rule early" in bench.kept(FaultRecord)[0].detail


def test_a_customer_found_late_is_treated_by_the_right_rule_and_keeps_the_place() -> None:
    bench = ruled(Rule("gold", Treatment(queue="sales"), GOLD))
    bench.tell(e.CallArrived(channel("a"), "5551234", "7000"))
    look_up = bench.last(c.LookUpCustomer)
    choose(bench, "a")
    queued_at = bench.call("a").queued_at
    bench.now += 3
    assert bench.call("a").rule == "rest"

    bench.tell(e.CustomerFound(look_up.id, look_up.call, "k", Tier.GOLD))

    call = bench.call("a")
    assert (call.rule, call.queue, call.queued_at) == ("gold", "sales", queued_at)


def test_whole_numbers_of_the_directory_are_kept_as_the_journal_gives_them_back() -> None:
    bench = ruled()

    find(bench, "a", Tier.GOLD, value=5, attributes={"n": 3, "vip": True, "segment": "x"})

    facts = bench.call("a").facts
    assert (type(facts.value), type(facts.attributes["n"])) == (float, float)
    assert (facts.attributes["vip"], facts.attributes["segment"]) == (True, "x")


@pytest.mark.parametrize(
    "when",
    [
        'customer.known and customer.language == "de" and customer.value > 4',
        'customer.churn_risk >= 0.5 and customer.owner == "ana"',
        'customer.last_agent == "jon"',
        "customer.score == 7 and call.mood == ''",
        'call.channel == "voice" and call.dialed == "7000"',
        'call.caller == "+3545551234" and call.queue == "sales" and "2" in call.choices',
        'call.intent == ""',
        "queue.waiting == 0 and queue.longest_wait_s == 0",
        "queue.service_level == 1 and queue.agents_ready == 1",
        'time.local == "22:13" and time.weekday == "tue"',
        "time.open and not time.holiday",
    ],
)
def test_a_condition_may_read_every_attribute(when: str) -> None:
    declared = {"customer": {"score": Kind.NUMBER}, "call": {"mood": Kind.TEXT}}
    bench = ruled(Rule("it", Treatment(), when), attributes=declared)
    staff(bench, "ana", queues=("sales",))
    bench.now = T0
    facts = {
        "language": "de",
        "value": 5.0,
        "churn_risk": 0.5,
        "owner": "ana",
        "last_agent": "jon",
        "attributes": {"score": 7},
    }
    find(bench, "a", Tier.GOLD, **facts)

    choose(bench, "a", "2")

    assert bench.call("a").rule == "it"


def test_what_is_told_of_a_queue_is_as_of_the_step_before() -> None:
    busy = Rule("busy", Treatment(), "queue.waiting >= 2 and queue.longest_wait_s >= 8")
    bench = ruled(busy)
    caller(bench, "a")
    bench.now += 5
    caller(bench, "b")
    bench.now += 4

    assert caller(bench, "c").rule == "busy"
    assert bench.call("b").rule == "rest"


def test_the_service_level_is_todays() -> None:
    bench = ruled(Rule("bad", Treatment(), "queue.service_level < 0.5"))
    caller(bench, "a")
    bench.hang_up("a")

    assert caller(bench, "b").rule == "bad"


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"open_from": "22:00", "open_until": "22:13"}, "rest"),
        ({"open_days": ("wed",)}, "rest"),
        ({"holidays": ("2023-11-14",)}, "rest"),
        ({"holidays": ("2023-11-15",)}, "open"),
    ],
)
def test_a_center_is_open_in_its_hours_on_its_days(changes: dict[str, object], rule: str) -> None:
    bench = ruled(Rule("open", Treatment(), "time.open"), **changes)

    assert caller(bench, "a").rule == rule


# --- publishing ----------------------------------------------------------------------------------


def test_publishing_treats_those_who_wait_anew_and_they_keep_their_place() -> None:
    bench = ruled()
    before = caller(bench, "a", tier=Tier.GOLD)
    bench.now += 10

    publish(bench, rules_of(Rule("gold", Treatment(queue="sales", weight=3.0), GOLD)))

    call = bench.call("a")
    assert (call.rule, call.rules_version, call.queue) == ("gold", 2, "sales")
    assert call.queued_at == before.queued_at
    publish(bench, rules_of())  # back to what held before
    assert bench.call("a").queue == "service"


def test_many_who_wait_are_treated_anew_in_slices_who_came_first_in_front(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(classification, "SLICE_CALLS", 2)
    bench = ruled()
    for name in ("a", "b", "c"):
        caller(bench, name)
        bench.now += 1

    publish(bench, rules_of(Rule("new", Treatment(queue="sales"))))

    versions = [bench.call(name).rules_version for name in ("a", "b", "c")]
    assert versions == [2, 2, 1]
    bench.wait(0.01)
    assert bench.call("c").rules_version == 2
    assert bench.deadlines(("rules",)) == {}


def test_a_call_that_is_offered_is_treated_anew_when_it_waits_again() -> None:
    bench = ruled()
    staff(bench, "ana")
    caller(bench, "a")
    assert bench.call("a").state is CallState.OFFERED

    publish(bench, rules_of(Rule("new", Treatment(queue="sales"))))
    assert bench.call("a").rule == "rest"
    bench.wait(6)  # the phone does not ring

    assert (bench.call("a").rule, bench.call("a").queue) == ("new", "sales")


def test_a_queue_that_is_no_longer_configured_is_left_for_the_default_one() -> None:
    bench = ruled(Rule("sellers", Treatment(weight=2.0), 'call.queue == "sales"'))
    caller(bench, "a", "2")
    assert bench.call("a").rule == "sellers"

    bench.tell(
        e.CenterConfigured(msgspec.structs.replace(TWO_QUEUES, queues=TWO_QUEUES.queues[:1]))
    )

    assert (bench.call("a").queue, bench.call("a").rule) == ("service", "rest")


# --- preferred agents ----------------------------------------------------------------------------


def prefer(who: Prefer, for_s: float = 20.0) -> Rule:
    """Everybody waits so long for an agent of their own."""
    return Rule("own", Treatment(prefer=who, prefer_for_s=for_s), "customer.known")


def test_a_caller_is_kept_for_the_account_owner_and_then_goes_to_anybody() -> None:
    bench = ruled(prefer(Prefer.OWNER))
    staff(bench, "ana", "ben")
    assert bench.ask(e.NotReadyRequested, "ana", "break").problem == ""
    assert bench.ask(e.ReadyRequested, "ana").problem == ""
    caller(bench, "first")  # rings ben, idle longest
    assert bench.call("first").agent == "ben"
    caller(bench, "second")
    bench.talk("second")  # with ana, who is at work so
    find(bench, "a", Tier.STANDARD, owner="ana")
    choose(bench, "a")

    assert bench.call("a").preferred == "ana"
    bench.hang_up("first")  # ben is free again
    assert bench.call("a").state is CallState.WAITING
    bench.wait(20)
    assert bench.call("a").agent == "ben"


def test_a_caller_is_led_to_the_agent_who_spoke_with_them_last() -> None:
    bench = ruled(prefer(Prefer.LAST_AGENT))
    staff(bench, "ana", "ben")
    caller(bench, "a", tier=Tier.STANDARD)
    agent = bench.call("a").agent
    bench.talk("a")
    bench.now += 10
    bench.hang_up("a")

    find(bench, "a", Tier.STANDARD)
    choose(bench, "a")

    assert bench.call("a").preferred == agent
    assert bench.call("a").state is CallState.WAITING  # the agent is in wrap-up, another is idle


@pytest.mark.parametrize(
    ("who", "owner", "for_s"),
    [(Prefer.OWNER, "nobody", 20.0), (Prefer.OWNER, "", 20.0), (Prefer.OWNER, "ana", 0.0)],
)
def test_without_such_an_agent_nobody_is_preferred(who: Prefer, owner: str, for_s: float) -> None:
    bench = ruled(prefer(who, for_s))
    staff(bench, "ana")
    find(bench, "a", Tier.STANDARD, owner=owner)

    choose(bench, "a")

    assert bench.call("a").preferred == ""
    assert bench.call("a").agent == "ana"


# --- overflow ------------------------------------------------------------------------------------


def overflowing(*overflow: Overflow, **changes: object) -> Rule:
    """Everybody who chose service goes on to another queue so."""
    then = msgspec.structs.replace(Treatment(overflow=overflow), **changes)
    return Rule("over", then, 'call.queue == "service"')


def test_a_call_goes_on_after_its_wait_and_keeps_its_place() -> None:
    bench = ruled(overflowing(Overflow("sales", after_s=30.0)))
    queued_at = caller(bench, "a").queued_at

    bench.wait(29)
    assert bench.call("a").queue == "service"
    bench.wait(2)

    assert (bench.call("a").queue, bench.call("a").queued_at) == ("sales", queued_at)
    assert bench.deadlines(("overflow",)) == {}


def test_a_call_goes_on_as_it_comes_in_when_too_many_wait() -> None:
    bench = ruled(overflowing(Overflow("sales", longer_than=1)))
    caller(bench, "a")
    caller(bench, "b")

    assert [bench.call("b").queue, caller(bench, "c").queue] == ["service", "sales"]
    bench.wait(100)
    assert bench.call("b").queue == "service"


def test_a_call_goes_on_while_nobody_is_signed_in_who_could_take_it() -> None:
    skilled = overflowing(Overflow("sales", without_agents=True), skills={"cards": 2})
    bench = ruled(skilled, skills=("cards",))
    staff(bench, "ana", skills={"ana": {"cards": 1}})

    assert caller(bench, "a").queue == "sales"


def test_a_call_goes_on_when_the_last_who_could_take_it_signs_out() -> None:
    bench = ruled(overflowing(Overflow("sales", without_agents=True)))
    staff(bench, "ana")
    bench.ask(e.NotReadyRequested, "ana", "break")
    assert caller(bench, "a").queue == "service"

    bench.ask(e.SignOutRequested, "ana")
    bench.wait(classification.LOOK_FOR_AGENTS_S)

    assert bench.call("a").queue == "sales"


def test_each_overflow_is_taken_once_and_an_unknown_queue_is_passed_by() -> None:
    bench = ruled(overflowing(Overflow("moon", after_s=5.0), Overflow("sales", after_s=10.0)))
    caller(bench, "a")

    bench.wait(6)
    assert (bench.call("a").queue, bench.call("a").overflows) == ("service", 1)
    bench.wait(5)

    assert (bench.call("a").queue, bench.call("a").overflows) == ("sales", 2)


def test_a_call_that_is_being_offered_overflows_when_it_waits_again() -> None:
    bench = ruled(overflowing(Overflow("sales", after_s=2.0)))
    staff(bench, "ana")
    caller(bench, "a")

    bench.wait(3)
    assert (bench.call("a").state, bench.call("a").queue) == (CallState.OFFERED, "service")
    bench.wait(20)

    assert bench.call("a").queue == "sales"


def test_the_timer_of_a_call_that_talks_means_nothing() -> None:
    bench = ruled(overflowing(Overflow("sales", after_s=20.0)))
    staff(bench, "ana")
    caller(bench, "a")
    bench.talk("a")

    bench.wait(25)

    assert bench.call("a").queue == "service"
    bench.machine.state.set_timer("overflow:gone", bench.now)
    bench.tell(e.Tick())


# --- who may answer ------------------------------------------------------------------------------


def test_only_who_has_the_skill_answers_until_the_step_widens() -> None:
    cards = Treatment(skills={"cards": 3}, steps=(AgentStep(30.0, {"cards": 1}),))
    bench = ruled(Rule("cards", cards, 'call.queue == "service"'), skills=("cards",))
    staff(bench, "ana", "ben", skills={"ben": {"cards": 1}})

    caller(bench, "a")
    bench.wait(29)
    assert bench.call("a").state is CallState.WAITING
    bench.wait(2)

    assert bench.call("a").agent == "ben"


def test_rules_that_cannot_be_used_are_named() -> None:
    def problem(*rules: Rule) -> str:
        return classification.first_problem(Rulebook(PublishedRules(1, Rules(rules))))

    odd = Rule("odd", Treatment(), "customer.shoe == 4")

    assert problem(REST) == ""
    assert "no rule" in problem()
    assert "`rest`" in problem(REST, REST)
    assert "shoe" in problem(odd, REST)
    assert "weight" in problem(Rule("light", Treatment(weight=0.0)))
    assert "weight" in problem(Rule("odd", Treatment(weight=math.nan)))


def test_a_call_of_a_campaign_has_no_rule() -> None:
    bench = Bench()
    ref = bench.dial("ana", rows=1)

    bench.person(ref)

    assert bench.call(ref.id).rule == ""
    assert PBX in bench.machine.state.links
