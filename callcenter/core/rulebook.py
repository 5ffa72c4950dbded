"""The rules that hold, ready to be used: conditions read once, answers kept for equal input.

Made of the published rules alone, so it is never stored.
"""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from callcenter.domain.conditions import Condition, ConditionFailed, Values
from callcenter.domain.rules import PublishedRules, Rule, Treatment
from routing.rule_checks import RuleProblem, read_conditions

ANSWERS_MAX = 10_000
"""Answers kept: as many inputs differ in what the conditions read. Then it is begun anew."""

NO_RULE = Rule("", Treatment())
"""What takes a call that no rule takes: checked documents end in a rule for all."""

Key: TypeAlias = tuple[object, ...]


class Tried(Struct, frozen=True):
    """One rule that was looked at."""

    rule: str
    holds: bool
    failure: str = ""
    """Why its condition could not be evaluated: then it does not hold."""


class Rulebook:
    """Finds the first rule whose condition holds."""

    def __init__(self, published: PublishedRules) -> None:
        self.published = published
        self._conditions, self.problems = read_conditions(published.rules)
        reads = [name for one in self._conditions.values() for name in one.reads]
        self.reads: tuple[str, ...] = tuple(dict.fromkeys(reads))
        """Every attribute that some condition looks at."""
        self._paths = tuple(name.split(".", 1) for name in self.reads)
        self._answers: dict[Key, Rule] = {}

    def problem(self) -> RuleProblem | None:
        """The first condition that cannot be read."""
        return self.problems[0] if self.problems else None

    def condition(self, index: int) -> Condition | None:
        """The condition of the rule at this place, if it has one that can be read."""
        return self._conditions.get(index)

    def find(self, values: Values) -> tuple[Rule, list[Tried]]:
        """The rule for these values, and those whose conditions failed on the way to it."""
        key = tuple(values[owner][name] for owner, name in self._paths)
        known = self._answers.get(key)
        if known is not None:
            return known, []
        tried = self.try_all(values)
        failures = [one for one in tried if one.failure]
        rule = self.published.rules.rules[len(tried) - 1] if _found(tried) else NO_RULE
        if not failures:
            if len(self._answers) >= ANSWERS_MAX:
                self._answers.clear()
            self._answers[key] = rule
        return rule, failures

    def try_all(self, values: Values) -> list[Tried]:
        """Every rule up to the first that holds."""
        tried: list[Tried] = []
        for index, rule in enumerate(self.published.rules.rules):
            condition = self._conditions.get(index)
            tried.append(_try(rule, condition, values))
            if tried[-1].holds:
                break
        return tried


def _found(tried: list[Tried]) -> bool:
    return bool(tried) and tried[-1].holds


def _try(rule: Rule, condition: Condition | None, values: Values) -> Tried:
    if not rule.when:
        return Tried(rule.name, True)
    if condition is None:
        return Tried(rule.name, False, "the condition cannot be read")
    try:
        return Tried(rule.name, condition.holds(values))
    except ConditionFailed as failed:
        return Tried(rule.name, False, str(failed))
