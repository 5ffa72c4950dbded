"""Rules ready to be used: which one takes a call, and what becomes of conditions that fail."""

from __future__ import annotations

from callcenter.core import rulebook
from callcenter.core.rulebook import NO_RULE, Rulebook
from callcenter.domain.conditions import Value, Values
from callcenter.domain.rules import PublishedRules, Rule, Rules, Treatment

GOLD = Rule("gold", Treatment(weight=2.0), 'customer.tier == "gold"')
RICH = Rule("rich", Treatment(weight=3.0), "customer.value > 100")
REST = Rule("rest", Treatment())


def book(*rules: Rule) -> Rulebook:
    """These rules, published."""
    return Rulebook(PublishedRules(1, Rules(rules)))


def values(tier: str, value: Value = 0.0) -> Values:
    """A customer."""
    return {"customer": {"tier": tier, "value": value}}


def test_the_first_rule_that_holds_takes_the_call() -> None:
    one = book(GOLD, RICH, REST)

    assert one.find(values("gold", 500.0))[0] is GOLD
    assert one.find(values("silver", 500.0))[0] is RICH
    assert one.find(values("silver"))[0] is REST
    assert one.reads == ("customer.tier", "customer.value")


def test_equal_input_is_answered_without_evaluating_again() -> None:
    one = book(GOLD, REST)

    first, again = one.find(values("gold"))[0], one.find(values("gold", 7.0))[0]

    assert first is again is GOLD
    assert len(one._answers) == 1


def test_no_more_answers_are_kept_than_allowed() -> None:
    one = book(RICH, REST)
    for number in range(rulebook.ANSWERS_MAX + 1):
        one._answers[(float(number),)] = REST

    one.find(values("gold", 1e9))

    assert len(one._answers) == 1


def test_a_condition_that_fails_does_not_hold_and_is_told_each_time() -> None:
    one = book(RICH, REST)

    for _ in range(2):
        rule, failures = one.find(values("gold", "much"))

        assert rule is REST
        assert [failure.rule for failure in failures] == ["rich"]


def test_a_condition_that_cannot_be_read_does_not_hold() -> None:
    one = book(Rule("odd", Treatment(), "customer.shoe == 4"), REST)

    rule, failures = one.find(values("gold"))

    assert rule is REST
    assert failures[0].failure == "the condition cannot be read"
    problem = one.problem()
    assert problem is not None
    assert problem.place == ("rules", 0, "when")


def test_without_a_rule_for_all_a_call_is_treated_plainly() -> None:
    assert book(GOLD).find(values("silver"))[0] is NO_RULE
    assert book().find(values("silver"))[0] is NO_RULE
    assert book(GOLD).problem() is None


def test_rules_are_tried_up_to_the_one_that_holds() -> None:
    tried = book(GOLD, RICH, REST).try_all(values("silver", 500.0))

    assert [(one.rule, one.holds) for one in tried] == [("gold", False), ("rich", True)]
