"""What rules mean is checked: names, conditions, order, and whether anybody could answer."""

from __future__ import annotations

import pytest

from callcenter.domain.rules import AgentStep, Message, Overflow, Rule, Rules, Treatment, Voicemail
from routing.rule_checks import Staff, find_problems, read_conditions

STAFF = (Staff(("service",), {"cards": 3}), Staff(("loans",), {}))
QUEUES = ("service", "loans")
REST = Rule("the rest", Treatment())


def problems(*rules: Rule, staff: tuple[Staff, ...] | None = STAFF) -> list[tuple[object, ...]]:
    """Place and what is wrong of each problem."""
    found = find_problems(Rules(rules, skills=("cards",)), QUEUES, staff)
    assert all(each.mend.endswith((".", "?")) for each in found)
    return [(*each.place, each.what) for each in found]


def test_good_rules_have_no_problems() -> None:
    gold = Rule(
        "gold",
        Treatment(
            "service",
            {"cards": 3},
            steps=(AgentStep(20.0, {"cards": 2}), AgentStep(40.0)),
            overflow=(Overflow("loans", after_s=60.0),),
        ),
        'customer.tier == "gold"',
    )

    assert problems(gold, REST) == []
    assert find_problems(Rules((gold, REST), skills=("cards",))) == []


def test_the_conditions_that_can_be_read_are_returned_with_what_is_wrong_with_others() -> None:
    rules = Rules((Rule("a", Treatment(), "call.dialed"), Rule("b", Treatment(), "$now"), REST))

    conditions, found = read_conditions(rules)

    assert conditions == {}
    assert [each.place for each in found] == [("rules", 0, "when"), ("rules", 1, "when")]
    assert found[0].what == "`when`: `call.dialed` is text, not true or false"
    assert found[1].what == "`when`: `$` may not stand here (column 1)"


def test_a_rule_behind_one_that_takes_its_calls_is_never_reached() -> None:
    rich = Rule("rich", Treatment(), "customer.value > 100")
    richer = Rule("richer", Treatment(), "customer.value > 1000")

    assert problems(rich, richer, REST) == [
        ("rules", 1, "the rule `richer` is never reached: `rich` takes its calls")
    ]
    assert problems(richer, rich, REST) == []
    assert problems(REST, rich, Rule("more", Treatment())) == [
        ("rules", 1, "the rule `rich` is never reached: `the rest` takes its calls"),
        ("rules", 2, "the rule `more` is never reached: `the rest` takes its calls"),
    ]


def test_a_rule_whose_condition_cannot_be_read_covers_nothing_and_is_told_once() -> None:
    broken = Rule("broken", Treatment(), "customer.tear == 1")

    assert [each[:3] for each in problems(broken, REST)] == [("rules", 0, "when")]
    assert [each[:3] for each in problems(broken, broken, REST)] == [
        ("rules", 0, "when"),
        ("rules", 1, "when"),
        ("rules", 1, "name"),
    ]


def test_calls_that_no_rule_takes_are_told() -> None:
    found = problems(Rule("gold", Treatment(), 'customer.tier == "gold"'))

    assert found == [
        ("rules", 0, "the last rule has a condition: calls that no rule takes are left")
    ]


@pytest.mark.parametrize(
    ("then", "place", "what"),
    [
        (Treatment(skills={"card": 1}), ("skills", "card"), "the skill `card` is not known"),
        (Treatment("servise"), ("queue",), "there is no queue `servise`"),
        (
            Treatment(overflow=(Overflow("x", after_s=1.0),)),
            ("overflow", 0, "queue"),
            "there is no queue `x`",
        ),
        (
            Treatment(skills={"cards": 2}, steps=(AgentStep(9.0, {"card": 1}),)),
            ("steps", 0, "skills", "card"),
            "the skill `card` is not known",
        ),
        (
            Treatment(skills={"cards": 2}, steps=(AgentStep(9.0, {"cards": 2}),)),
            ("steps", 0),
            "this step changes nothing: it asks for the same as the one before it",
        ),
        (
            Treatment(skills={"cards": 2}, steps=(AgentStep(9.0, {"cards": 3}),)),
            ("steps", 0),
            "this step asks for more than the one before it",
        ),
        (
            Treatment(skills={"cards": 3}, steps=(AgentStep(9.0, {"cards": 1}), AgentStep(5.0))),
            ("steps", 1, "after_s"),
            "this step never comes: the one before it begins after 9 s",
        ),
        (
            Treatment("service", overflow=(Overflow("service", after_s=9.0),)),
            ("overflow", 0, "queue"),
            "the call is in the queue `service` already",
        ),
        (
            Treatment(overflow=(Overflow("loans", after_s=9.0), Overflow("loans", longer_than=9))),
            ("overflow", 1, "queue"),
            "the call is in the queue `loans` already",
        ),
        (
            Treatment(
                overflow=(
                    Overflow(longer_than=20, message=Message("bye", ends_call=True)),
                    Overflow(after_s=30.0, voicemail=Voicemail("mail")),
                    Overflow(after_s=30.0, message=Message("busy")),
                    Overflow(without_agents=True, message=Message("nobody")),
                )
            ),
            ("overflow", 2, "after_s"),
            "this overflow never happens: the call has ended after 30 s",
        ),
    ],
)
def test_what_is_wrong_with_a_treatment_is_told_with_its_place(
    then: Treatment, place: tuple[str | int, ...], what: str
) -> None:
    found = problems(Rule("all", then), staff=None)

    assert found == [("rules", 0, "then", *place, what)]


def test_a_treatment_that_nobody_could_serve_is_told() -> None:
    nobody = "no agent can ever answer a call of the rule `all`"
    cannot = "this step can never match: no agent of these queues has its skills"

    assert problems(Rule("all", Treatment("loans", {"cards": 1}))) == [("rules", 0, "then", nobody)]
    assert problems(Rule("all", Treatment("loans", {"cards": 1}, steps=(AgentStep(9.0),)))) == []
    assert problems(
        Rule("all", Treatment("service", {"cards": 5}, steps=(AgentStep(9.0, {"cards": 4}),)))
    ) == [("rules", 0, "then", nobody), ("rules", 0, "then", "steps", 0, cannot)]
    assert (
        problems(
            Rule("all", Treatment("loans", {"cards": 1}, overflow=(Overflow("service", 9.0),)))
        )
        == []
    )
    assert problems(Rule("all", Treatment(skills={"cards": 3}))) == []
    mail = (Overflow(without_agents=True, voicemail=Voicemail("mail")),)
    assert problems(Rule("all", Treatment("loans", {"cards": 1}, overflow=mail))) == []


def test_a_name_is_given_once() -> None:
    again = Rule("the rest", Treatment(), "customer.known")

    assert problems(again, REST) == [("rules", 1, "name", "the name `the rest` is taken by rule 1")]
