"""Messages that callers have left, and that somebody has still to deal with."""

from __future__ import annotations

import asyncio

from msgspec import Struct

from callcenter.api.errors import ProblemError
from callcenter.api.route import OVERSEERS, Exchange, route
from callcenter.api.rules import EDITORS
from callcenter.domain.customer import Tier
from callcenter.domain.ids import CallId, CustomerId, QueueId
from callcenter.domain.supervising import VoicemailDoneRequested
from callcenter.domain.voicemail import VoicemailLeft


class VoicemailView(Struct, frozen=True):
    """One message."""

    call: CallId
    queue: QueueId
    """Which the caller had waited in."""
    left_at: float
    seconds: float
    """How long it is; about, where the PBX was out of sight at its end."""
    caller_number: str
    """E.164 where it could be told; empty when withheld."""
    customer: CustomerId
    tier: Tier
    file: str
    """Its name in ``data_dir/voicemails``."""


class Voicemails(Struct, frozen=True):
    """All messages that nobody has dealt with, the oldest first."""

    voicemails: tuple[VoicemailView, ...]


@route("GET", "/voicemails", roles=OVERSEERS, summary="Voicemails")
async def voicemails(exchange: Exchange) -> Voicemails:
    """The messages that callers have left and nobody has dealt with."""
    left = exchange.services.hub.state.voicemails.values()
    return Voicemails(tuple(_view(one) for one in left))


@route(
    "DELETE",
    "/voicemails/{call}",
    roles=EDITORS,
    summary="A voicemail has been dealt with",
    problems=("conflict", "not-found", "overloaded"),
)
async def forget_voicemail(exchange: Exchange) -> None:
    """Take a message off the list and delete its recording."""
    call, services = exchange.path["call"], exchange.services
    left = services.hub.state.voicemails.get(call)
    if left is None:
        raise ProblemError("not-found", f"Call {call} has left no voicemail, or it is dealt with.")
    # The file first: asked again after a failure it is found again.
    if services.voicemails is not None:
        await asyncio.to_thread(services.voicemails.remove, [left.file])
    by = exchange.account.id
    reply = await services.hub.ask(VoicemailDoneRequested(exchange.request_id, call, by))
    if reply.problem:
        raise ProblemError("conflict", reply.problem)


def _view(left: VoicemailLeft) -> VoicemailView:
    return VoicemailView(**{name: getattr(left, name) for name in VoicemailView.__struct_fields__})
