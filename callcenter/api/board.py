"""The supervisor's board in one answer. Screens that stay open use the live topic ``board``."""

from __future__ import annotations

from callcenter.api.route import OVERSEERS, Exchange, route
from callcenter.core.queries import Board
from callcenter.core.queries import board as read_board


@route("GET", "/board", roles=OVERSEERS, summary="The whole center now")
async def board(exchange: Exchange) -> Board:
    """Queues, agents and calls of one moment; of the calls at most the 500 that came first."""
    return read_board(exchange.services.hub.state)
