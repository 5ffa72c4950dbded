"""The rules' own small questions."""

from __future__ import annotations

from callcenter.domain.conditions import Kind
from callcenter.domain.rules import ATTRIBUTES, AgentStep, Rule, Rules, Treatment


def test_the_skills_asked_for_follow_the_steps() -> None:
    then = Treatment(skills={"cards": 3}, steps=(AgentStep(20.0, {"cards": 1}), AgentStep(60.0)))

    assert [then.skills_at(s) for s in (0.0, 19.9, 20.0, 59.0, 60.0, 999.0)] == [
        {"cards": 3},
        {"cards": 3},
        {"cards": 1},
        {"cards": 1},
        {},
        {},
    ]


def test_declared_attributes_stand_beside_those_of_every_call() -> None:
    rules = Rules((Rule("all", Treatment()),), attributes={"call": {"loan": Kind.NUMBER}})

    known = rules.known_attributes()

    assert known["call"] == {**ATTRIBUTES["call"], "loan": Kind.NUMBER}
    assert known["customer"] == ATTRIBUTES["customer"]
    assert list(known) == ["customer", "call", "queue", "time"]
