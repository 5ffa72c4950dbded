"""Queues: how many wait, since when, and who works for them."""

from __future__ import annotations

from msgspec import Struct

from callcenter.api.errors import ProblemError
from callcenter.api.route import EVERYONE, Exchange, route
from callcenter.core.queries import QueueView, queue_view, queues_view


class Queues(Struct, frozen=True):
    """All queues."""

    queues: tuple[QueueView, ...]


@route("GET", "/queues", roles=EVERYONE, summary="All queues")
async def queues(exchange: Exchange) -> Queues:
    """Every queue's counts now."""
    return Queues(queues_view(exchange.services.hub.state))


@route("GET", "/queues/{queue}", roles=EVERYONE, summary="One queue", problems=("not-found",))
async def queue(exchange: Exchange) -> QueueView:
    """One queue's counts now."""
    view = queue_view(exchange.services.hub.state, exchange.path["queue"])
    if view is None:
        raise ProblemError("not-found", f"There is no queue {exchange.path['queue']}.")
    return view
