"""What supervisors do about single calls and queues beside the rules: a call's priority, and the
emergency switch of a queue. Each is an event; the machine grants it or says why not (409)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from callcenter.api.errors import ProblemError
from callcenter.api.route import Body, Exchange, Name, route
from callcenter.api.rules import EDITORS
from callcenter.core.queries import CallView, QueueView, call_view, queue_view
from callcenter.domain.events import CallPriorityRequested, QueueSwitched, Request
from callcenter.domain.rules import QueueSwitch, SwitchMode

WEIGHT_MAX = 1000.0
SWITCH_S_MIN = 60.0
SWITCH_S_MAX = 7 * 86_400.0
"""A week: what lasts longer belongs into the rules."""

REFUSED = ("not-found", "conflict", "overloaded")


class CallPriority(Body):
    """How much a call weighs beside others."""

    weight: Annotated[float, Field(gt=0, le=WEIGHT_MAX, allow_inf_nan=False)]
    """Times the weights of its tier and rule; 1 is normal, 2 counts its wait twice."""


class SwitchQueue(Body):
    """How a queue is switched, and for how long."""

    mode: Annotated[SwitchMode, Field(strict=False)]
    for_s: Annotated[float, Field(ge=SWITCH_S_MIN, le=SWITCH_S_MAX, allow_inf_nan=False)]
    """Then it ends by itself."""
    target: Name | None = None
    """With ``diverted``: the queue that takes the calls."""
    prompt: Name | None = None
    """With ``closed`` and ``message``: what callers hear."""

    @model_validator(mode="after")
    def _is_whole(self) -> SwitchQueue:
        is_diverted = self.mode is SwitchMode.DIVERTED
        needed, other = ("target", "prompt") if is_diverted else ("prompt", "target")
        if getattr(self, needed) is None or getattr(self, other) is not None:
            raise PydanticCustomError(
                "other_field",
                "{mode} needs {needed} and takes no {other}",
                {
                    "mode": self.mode.value,
                    "needed": needed,
                    "other": other,
                    "mend": f"Give {needed}, and leave {other} out.",
                },
            )
        return self


@route(
    "POST",
    "/calls/{call}/priority",
    roles=EDITORS,
    summary="Change a call's priority",
    problems=REFUSED,
)
async def set_priority(exchange: Exchange, body: CallPriority) -> CallView:
    """Have a waiting call weigh more or less than it would, from now on."""
    name = exchange.path["call"]
    if call_view(exchange.services.hub.state, name) is None:
        raise ProblemError("not-found", f"Call {name} is not live.")
    by = exchange.account.id
    await _ask(exchange, CallPriorityRequested(exchange.request_id, name, body.weight, by))
    view = call_view(exchange.services.hub.state, name)
    if view is None:
        raise ProblemError("not-found", f"Call {name} has ended just now.")
    return view


@route(
    "POST",
    "/queues/{queue}/switch",
    roles=EDITORS,
    summary="Switch a queue",
    problems=REFUSED,
)
async def switch_queue(exchange: Exchange, body: SwitchQueue) -> QueueView:
    """Close or divert a queue, or put a message in front of it, at once and for a time. The rules
    stay as they are."""
    _found(exchange)
    until = exchange.services.hub.state.now + body.for_s
    switch = QueueSwitch(body.mode, until, body.target or "", body.prompt or "")
    return await _switch(exchange, switch)


@route(
    "DELETE",
    "/queues/{queue}/switch",
    roles=EDITORS,
    summary="End a queue's switch",
    problems=REFUSED,
)
async def end_switch(exchange: Exchange) -> QueueView:
    """Treat the queue as the rules say again."""
    _found(exchange)
    return await _switch(exchange, None)


async def _switch(exchange: Exchange, switch: QueueSwitch | None) -> QueueView:
    name, by = exchange.path["queue"], exchange.account.id
    await _ask(exchange, QueueSwitched(exchange.request_id, name, switch, by))
    return _found(exchange)


def _found(exchange: Exchange) -> QueueView:
    name = exchange.path["queue"]
    view = queue_view(exchange.services.hub.state, name)
    if view is None:
        raise ProblemError("not-found", f"There is no queue {name}.")
    return view


async def _ask(exchange: Exchange, request: Request) -> None:
    """Hand a wish to the machine; raises why it was refused."""
    reply = await exchange.services.hub.ask(request)
    if reply.problem:
        raise ProblemError("conflict", reply.problem)
