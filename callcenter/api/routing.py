"""What supervisors ask and do about single calls and queues: why a call is where it is, its
priority, and the emergency switch of a queue. Wishes are events; the machine grants them or says
why not (409). The rules themselves: ``rules``."""

from __future__ import annotations

from typing import Annotated

import structlog
from msgspec import Struct
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from callcenter.api.errors import ProblemError, unavailable
from callcenter.api.route import OVERSEERS, Body, Exchange, Name, route
from callcenter.api.rules import EDITORS
from callcenter.core.queries import CallView, call_view
from callcenter.core.routing_queries import CallRouting, explain_call, prompts_played
from callcenter.domain.events import CallPriorityRequested, QueueSwitched, Request
from callcenter.domain.ids import QueueId
from callcenter.domain.records import CallRecord, OfferRecord
from callcenter.domain.rules import QueueSwitch, SwitchMode

WEIGHT_MAX = 1000.0
SWITCH_S_MIN = 10.0
SWITCH_S_MAX = 7 * 86_400.0
"""A week: what lasts longer belongs into the rules."""

_LOG = structlog.get_logger("callcenter.api")

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


class SwitchedQueue(Struct, frozen=True):
    """A queue and its emergency switch."""

    queue: QueueId
    switch: QueueSwitch | None
    """None: it is treated as the rules say."""
    prompts: tuple[str, ...]
    """What the menus play: any of them may be given as ``prompt``."""


class EndedRouting(Struct, frozen=True):
    """How a call was routed that has ended."""

    call: CallRecord
    when: str
    """The condition of the rule that took it; empty when it had none, or is not kept any more."""
    offers: tuple[OfferRecord, ...]
    """To whom it was offered, with reason and score, in order."""


class RoutingExplained(Struct, frozen=True):
    """How one call is or was routed: one of both."""

    live: CallRouting | None
    ended: EndedRouting | None


@route(
    "GET",
    "/calls/{call}/routing",
    roles=OVERSEERS,
    summary="Why a call is routed so",
    problems=("not-found", "unavailable"),
)
async def call_routing(exchange: Exchange) -> RoutingExplained:
    """Rules tried, agents considered, what comes next; of an ended call what was kept of that."""
    name, hub = exchange.path["call"], exchange.services.hub
    live = explain_call(hub.state, hub.chooser, name)
    if live is not None:
        return RoutingExplained(live, None)
    try:
        history = await exchange.services.records.call(name)
        if history is None:
            raise ProblemError("not-found", f"No call {name} is live or on record.")
        document = await exchange.services.rules.document(history.call.rules_version)
    except ProblemError:
        raise
    except Exception as error:  # noqa: BLE001 - any failure of any store
        _LOG.warning("record_store_failed", error=repr(error))
        raise unavailable(
            "The call is not live, and records cannot be read: the database does not answer. Try"
            " again in a moment."
        ) from None
    rules = () if document is None else document.rules.rules
    when = next((rule.when for rule in rules if rule.name == history.call.rule), "")
    return RoutingExplained(None, EndedRouting(history.call, when, history.offers))


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
    "GET",
    "/queues/{queue}/switch",
    roles=OVERSEERS,
    summary="A queue's switch",
    problems=("not-found",),
)
async def queue_switch(exchange: Exchange) -> SwitchedQueue:
    """Whether the queue is switched, how and until when."""
    return _found(exchange)


@route(
    "POST",
    "/queues/{queue}/switch",
    roles=EDITORS,
    summary="Switch a queue",
    problems=REFUSED,
)
async def switch_queue(exchange: Exchange, body: SwitchQueue) -> SwitchedQueue:
    """Close or divert a queue, or put a message in front of it, at once and for a time. The rules
    stay as they are."""
    _found(exchange)
    until = exchange.services.clock.now() + body.for_s
    switch = QueueSwitch(body.mode, until, body.target or "", body.prompt or "")
    return await _switch(exchange, switch)


@route(
    "DELETE",
    "/queues/{queue}/switch",
    roles=EDITORS,
    summary="End a queue's switch",
    problems=REFUSED,
)
async def end_switch(exchange: Exchange) -> SwitchedQueue:
    """Treat the queue as the rules say again."""
    _found(exchange)
    return await _switch(exchange, None)


async def _switch(exchange: Exchange, switch: QueueSwitch | None) -> SwitchedQueue:
    name, by = exchange.path["queue"], exchange.account.id
    await _ask(exchange, QueueSwitched(exchange.request_id, name, switch, by))
    return _found(exchange)


def _found(exchange: Exchange) -> SwitchedQueue:
    name, state = exchange.path["queue"], exchange.services.hub.state
    if state.queues.get(name) is None:
        raise ProblemError("not-found", f"There is no queue {name}.")
    return SwitchedQueue(name, state.switches.get(name), prompts_played(state))


async def _ask(exchange: Exchange, request: Request) -> None:
    """Hand a wish to the machine; raises why it was refused."""
    reply = await exchange.services.hub.ask(request)
    if reply.problem:
        raise ProblemError("conflict", reply.problem)
