"""Checks what rules mean: that every name is known, every condition can be evaluated, every rule
can be reached, and every call finds somebody in the end.

Whether the document has the right shape, and in which line a problem stands, is the business of
``callcenter.documents.rules``.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches

from msgspec import Struct

from callcenter.domain.conditions import Always, BadCondition, Condition, covers, read_condition
from callcenter.domain.ids import QueueId, SkillId
from callcenter.domain.rules import Rule, Rules, Treatment


class RuleProblem(Struct, frozen=True):
    """One thing wrong with a document of rules."""

    place: tuple[str | int, ...]
    """The keys under which it stands in the document."""
    what: str
    """Without a full stop."""
    mend: str
    """A sentence that says what to do."""


class Staff(Struct, frozen=True):
    """Who could answer: one agent's queues and skills."""

    queues: tuple[QueueId, ...]
    skills: Mapping[SkillId, int]

    def can(self, queue: QueueId, skills: Mapping[SkillId, int]) -> bool:
        """Whether this agent is in the queue and has these skills at these levels."""
        return queue in self.queues and all(
            self.skills.get(skill, 0) >= level for skill, level in skills.items()
        )


def read_conditions(rules: Rules) -> tuple[dict[int, Condition], list[RuleProblem]]:
    """The conditions of the rules that have one, by place, and what is wrong with the others."""
    attributes = rules.known_attributes()
    conditions: dict[int, Condition] = {}
    problems: list[RuleProblem] = []
    for index, rule in enumerate(rules.rules):
        if not rule.when:
            continue
        try:
            conditions[index] = read_condition(rule.when, attributes)
        except BadCondition as bad:
            where = f" (column {bad.column})" if bad.column else ""
            problems.append(
                RuleProblem(("rules", index, "when"), f"`when`: {bad.what}{where}", bad.mend)
            )
    return conditions, problems


def find_problems(
    rules: Rules,
    queues: Collection[QueueId] | None = None,
    staff: Collection[Staff] | None = None,
) -> list[RuleProblem]:
    """Everything wrong with these rules, in order.

    ``queues`` are those of the center, ``staff`` its agents; without them queues are taken as right
    and nobody is missed.
    """
    conditions, problems = read_conditions(rules)
    problems += _find_doubled_names(rules)
    problems += _find_unreachable(rules, conditions)
    for index, rule in enumerate(rules.rules):
        problems += _check_treatment(rules, ("rules", index, "then"), rule, queues)
        if staff is not None:
            problems += _find_nobody(("rules", index, "then"), rule, queues, staff)
    problems += _find_overflow_loops(rules)
    return problems


def _find_doubled_names(rules: Rules) -> Iterator[RuleProblem]:
    seen: dict[str, int] = {}
    for index, rule in enumerate(rules.rules):
        if rule.name in seen:
            yield RuleProblem(
                ("rules", index, "name"),
                f"the name `{rule.name}` is taken by rule {seen[rule.name] + 1}",
                "Give each rule a name of its own: reports and explanations use it.",
            )
        seen.setdefault(rule.name, index)


def _find_unreachable(rules: Rules, conditions: Mapping[int, Condition]) -> Iterator[RuleProblem]:
    """Rules behind one that takes all their calls, and a list without a last rule for the rest."""
    last = len(rules.rules) - 1
    for index, rule in enumerate(rules.rules):
        mine = conditions.get(index)
        if rule.when and mine is None:
            continue  # it could not be read, which is told
        for place, earlier in enumerate(rules.rules[:index]):
            theirs = conditions.get(place)
            if earlier.when and theirs is None:
                continue
            part = Always(True) if theirs is None else theirs.part
            if covers(part, Always(True) if mine is None else mine.part):
                yield RuleProblem(
                    ("rules", index),
                    f"the rule `{rule.name}` is never reached: `{earlier.name}` takes its calls",
                    f"Put it in front of `{earlier.name}`, or take it out.",
                )
                break
        if index == last and rule.when:
            yield RuleProblem(
                ("rules", index),
                "the last rule has a condition: calls that no rule takes are left",
                "Add a rule without `when` at the end.",
            )


def _check_treatment(
    rules: Rules,
    place: tuple[str | int, ...],
    rule: Rule,
    queues: Collection[QueueId] | None,
) -> Iterator[RuleProblem]:
    then = rule.then
    yield from _unknown_skills(rules, (*place, "skills"), then.skills)
    yield from _unknown_queue((*place, "queue"), then.queue, queues)
    for number, overflow in enumerate(then.overflow):
        yield from _unknown_queue((*place, "overflow", number, "queue"), overflow.queue, queues)
    yield from _find_behind_the_end(place, then)
    asked, since_s = then.skills, 0.0
    for number, step in enumerate(then.steps):
        here = (*place, "steps", number)
        yield from _unknown_skills(rules, (*here, "skills"), step.skills)
        if step.after_s <= since_s:
            yield RuleProblem(
                (*here, "after_s"),
                f"this step never comes: the one before it begins after {since_s:g} s",
                "Put the steps in order of their time.",
            )
        elif any(
            level > asked.get(skill, 0)
            for skill, level in step.skills.items()
            if skill in rules.skills
        ):
            yield RuleProblem(
                here,
                "this step asks for more than the one before it",
                "Ask for a lower level or fewer skills: whoever may answer once may answer later.",
            )
        elif step.skills == asked:
            yield RuleProblem(
                here,
                "this step changes nothing: it asks for the same as the one before it",
                "Ask for a lower level or fewer skills, or take the step out.",
            )
        asked, since_s = step.skills, max(since_s, step.after_s)


def _find_behind_the_end(place: tuple[str | int, ...], then: Treatment) -> Iterator[RuleProblem]:
    """Overflows after so long a wait that an earlier one has ended the call by then."""
    ended_after_s = math.inf
    for number, overflow in enumerate(then.overflow):
        if overflow.after_s and overflow.after_s >= ended_after_s:
            yield RuleProblem(
                (*place, "overflow", number, "after_s"),
                f"this overflow never happens: the call has ended after {ended_after_s:g} s",
                "Put it in front with a shorter time, or take it out.",
            )
        if overflow.ends_call and overflow.after_s:
            ended_after_s = min(ended_after_s, overflow.after_s)


def _unknown_skills(
    rules: Rules, place: tuple[str | int, ...], skills: Mapping[SkillId, int]
) -> Iterator[RuleProblem]:
    for skill in skills:
        if skill not in rules.skills:
            yield RuleProblem(
                (*place, skill),
                f"the skill `{skill}` is not known",
                _suggest(skill, rules.skills, "Add it to `skills` at the top of the document."),
            )


def _unknown_queue(
    place: tuple[str | int, ...], queue: QueueId, queues: Collection[QueueId] | None
) -> Iterator[RuleProblem]:
    if queue and queues is not None and queue not in queues:
        yield RuleProblem(
            place,
            f"there is no queue `{queue}`",
            _suggest(queue, tuple(queues), "Add it to the config file, or name another."),
        )


def _suggest(name: str, known: Collection[str], otherwise: str) -> str:
    close = get_close_matches(name, list(known), 1)
    return f"Did you mean `{close[0]}`?" if close else otherwise


def _find_nobody(
    place: tuple[str | int, ...],
    rule: Rule,
    queues: Collection[QueueId] | None,
    staff: Collection[Staff],
) -> Iterator[RuleProblem]:
    """Treatments that no agent of the center could ever serve, not even by the last step."""
    then = rule.then
    reachable = [then.queue] if then.queue else list(queues or ())
    reachable += [overflow.queue for overflow in then.overflow if overflow.queue]
    asked = [then.skills, *(step.skills for step in then.steps)]
    if not any(each.can(queue, then.skills) for each in staff for queue in reachable):
        served = any(
            each.can(queue, skills) for each in staff for queue in reachable for skills in asked
        )
        is_led_out = any(one.ends_call or one.external for one in then.overflow)
        if not served and not is_led_out:
            yield RuleProblem(
                place,
                f"no agent can ever answer a call of the rule `{rule.name}`",
                "Ask for skills that agents have, or give agents the queue and the skills.",
            )
    for number, step in enumerate(then.steps):
        if not any(each.can(queue, step.skills) for each in staff for queue in reachable):
            yield RuleProblem(
                (*place, "steps", number),
                "this step can never match: no agent of these queues has its skills",
                "Ask for skills that agents have, or take the step out.",
            )


def _find_overflow_loops(rules: Rules) -> Iterator[RuleProblem]:
    """An overflow to the rule's own queue, or twice to the same one."""
    for index, rule in enumerate(rules.rules):
        seen = {rule.then.queue: None} if rule.then.queue else {}
        for number, overflow in enumerate(rule.then.overflow):
            if overflow.queue and overflow.queue in seen:
                yield RuleProblem(
                    ("rules", index, "then", "overflow", number, "queue"),
                    f"the call is in the queue `{overflow.queue}` already",
                    "Name a queue that the call has not been in.",
                )
            seen[overflow.queue] = None
