"""What a step teaches routing: told to it when the step stands, so that a fault teaches nothing."""

from __future__ import annotations

from typing import TypeAlias, assert_never

from msgspec import Struct

from callcenter.domain.agent import Agent, Seniority
from callcenter.domain.customer import Tier
from callcenter.domain.ids import QueueId
from routing.learning import JUNIOR, SENIOR, Estimates

RESOLVED: dict[str, bool] = {
    "solved": True,
    "follow_up": False,
    "passed_on": False,
    "complaint": False,
}
"""What dispositions say of whether the matter was resolved; the others say nothing."""


class Arrived(Struct, frozen=True):
    """A call entered this line."""

    line: QueueId
    tier: Tier


class Waited(Struct, frozen=True):
    """A wait is over: the call was answered, or the caller hung up."""

    line: QueueId
    tier: Tier
    waited_s: float
    hung_up: bool


class Handled(Struct, frozen=True):
    """An agent has done with a call, wrap-up included."""

    line: QueueId
    tier: Tier
    side: int
    handling_s: float
    resolved: bool | None


Lesson: TypeAlias = Arrived | Waited | Handled


def handled(agent: Agent, now: float) -> list[Lesson]:
    """What is learnt when this agent is done: nothing, when there was no conversation."""
    task = agent.task
    if task is None:
        return []
    side = SENIOR if agent.seniority is Seniority.SENIOR else JUNIOR
    return [Handled(task.line, task.tier, side, now - agent.busy_since, task.resolved)]


def teach(estimates: Estimates, lesson: Lesson, now: float) -> None:
    """Let routing learn this."""
    match lesson:
        case Arrived():
            estimates.arrived(lesson.line, lesson.tier, now)
        case Waited():
            estimates.waited(lesson.line, lesson.tier, lesson.waited_s, hung_up=lesson.hung_up)
        case Handled():
            estimates.handled(
                lesson.line, lesson.tier, lesson.side, lesson.handling_s, lesson.resolved
            )
        case _ as never:
            assert_never(never)
