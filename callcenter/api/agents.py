"""Agents: what supervisors see of them, and what they ask for themselves.

Every wish is an event; the machine grants it or says why not (409).
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct
from pydantic import Field

from callcenter.api.errors import ProblemError
from callcenter.api.route import OVERSEERS, PRINTABLE, Body, Exchange, Name, route
from callcenter.core.outbound import CAMPAIGNS_MAX
from callcenter.core.queries import AgentView, agent_view, agents_view
from callcenter.domain.callback import Promise
from callcenter.domain.events import (
    CampaignJoinRequested,
    DispositionRequested,
    HangUpRequested,
    NotReadyRequested,
    PreviewDialRequested,
    PreviewSkipRequested,
    ReadyRequested,
    Request,
    SignInRequested,
    SignOutRequested,
)
from callcenter.service.ports import Role

AGENT = (Role.AGENT,)
REFUSED = ("conflict", "overloaded")
AMOUNT_CENTS_MAX = 1_000_000_000
"""Ten million of any currency: more is a slip of the key, and the column ends at twice that."""


class Agents(Struct, frozen=True):
    """All agents."""

    agents: tuple[AgentView, ...]


class PhoneChoice(Body):
    """The phone to work on."""

    phone: Annotated[str, Field(pattern=r"^[0-9]{1,20}$")]
    """Its number, e.g. ``1001``."""


class Reason(Body):
    """Why the agent takes no calls."""

    reason: Name
    """A word of the center's own, e.g. ``break``."""


class PromisedCall(Body):
    """When to call again, and who."""

    at: Annotated[float, Field(gt=0, le=4_102_444_800)]
    """UTC seconds."""
    own: bool
    """The agent who asks calls; else anybody of the campaign."""


class Disposition(Body):
    """How a conversation ended."""

    call: Name
    code: Name
    """A word of the center's own, e.g. ``solved``."""
    callback: PromisedCall | None = None
    """The person of a campaign was promised another call."""
    amount_cents: Annotated[int, Field(ge=0, le=AMOUNT_CENTS_MAX)] = 0
    """What the customer bought for, in hundredths of the center's currency; only with a disposition
    that the campaign takes for a sale."""


class CampaignChoice(Body):
    """What to work for."""

    campaign: Annotated[str, Field(max_length=64, pattern=PRINTABLE)]
    """A campaign's id; empty: inbound calls."""
    also: Annotated[
        list[Annotated[str, Field(max_length=64, pattern=PRINTABLE)]],
        Field(max_length=CAMPAIGNS_MAX, default_factory=list),
    ]
    """More campaigns, to work for at the same time: whoever is free goes to the one of the highest
    priority that has somebody to dial."""


class PreviewChoice(Body):
    """The card that the agent has read."""

    preview: Name
    """The preview's ``id``, in the agent's state."""


@route("GET", "/agents", roles=OVERSEERS, summary="All agents")
async def agents(exchange: Exchange) -> Agents:
    """Every agent's live state, signed in or not."""
    return Agents(agents_view(exchange.services.hub.state))


@route("GET", "/agents/me", roles=AGENT, summary="My own state")
async def my_state(exchange: Exchange) -> AgentView:
    """The live state of the agent who asks."""
    return _myself(exchange)


@route("GET", "/agents/{agent}", roles=OVERSEERS, summary="One agent", problems=("not-found",))
async def agent(exchange: Exchange) -> AgentView:
    """One agent's live state."""
    view = agent_view(exchange.services.hub.state, exchange.path["agent"])
    if view is None:
        raise ProblemError("not-found", f"There is no agent {exchange.path['agent']}.")
    return view


@route("POST", "/agents/me/sign-in", roles=AGENT, summary="Sign in on a phone", problems=REFUSED)
async def sign_in(exchange: Exchange, body: PhoneChoice) -> AgentView:
    """Begin work on a phone. The agent is not ready at first."""
    return await _ask(
        exchange, SignInRequested(exchange.request_id, exchange.account.id, body.phone)
    )


@route("POST", "/agents/me/ready", roles=AGENT, summary="Be ready", problems=REFUSED)
async def ready(exchange: Exchange) -> AgentView:
    """Take calls from now on; needs an open desktop, where the cards appear."""
    return await _ask(exchange, ReadyRequested(exchange.request_id, exchange.account.id))


@route("POST", "/agents/me/not-ready", roles=AGENT, summary="Take a break", problems=REFUSED)
async def not_ready(exchange: Exchange, body: Reason) -> AgentView:
    """Take no calls. During a call it takes effect after it (``wish``)."""
    return await _ask(
        exchange, NotReadyRequested(exchange.request_id, exchange.account.id, body.reason)
    )


@route("POST", "/agents/me/disposition", roles=AGENT, summary="Say how it ended", problems=REFUSED)
async def disposition(exchange: Exchange, body: Disposition) -> AgentView:
    """Write down how the conversation ended, and whether a person of a campaign is to be called
    again. In wrap-up this ends the wrap-up."""
    promised = body.callback
    return await _ask(
        exchange,
        DispositionRequested(
            exchange.request_id,
            exchange.account.id,
            body.call,
            body.code,
            Promise(promised.at, promised.own) if promised else None,
            body.amount_cents,
        ),
    )


@route("POST", "/agents/me/hang-up", roles=AGENT, summary="Hang up", problems=REFUSED)
async def hang_up(exchange: Exchange) -> AgentView:
    """End the running conversation."""
    return await _ask(exchange, HangUpRequested(exchange.request_id, exchange.account.id))


@route("POST", "/agents/me/campaign", roles=AGENT, summary="Join a campaign", problems=REFUSED)
async def join_campaign(exchange: Exchange, body: CampaignChoice) -> AgentView:
    """Work for a campaign, or leave it. The phone is rung once and stays on the line from call to
    call."""
    return await _ask(
        exchange,
        CampaignJoinRequested(
            exchange.request_id, exchange.account.id, body.campaign, tuple(body.also)
        ),
    )


@route("POST", "/agents/me/preview/dial", roles=AGENT, summary="Dial", problems=REFUSED)
async def dial_preview(exchange: Exchange, body: PreviewChoice) -> AgentView:
    """Have the person on the card dialed, for the agent who asks and for nobody else."""
    return await _ask(
        exchange, PreviewDialRequested(exchange.request_id, exchange.account.id, body.preview)
    )


@route("POST", "/agents/me/preview/skip", roles=AGENT, summary="Skip", problems=REFUSED)
async def skip_preview(exchange: Exchange, body: PreviewChoice) -> AgentView:
    """Do not call the person on the card now: nobody is shown them for half an hour. The next card
    follows."""
    return await _ask(
        exchange, PreviewSkipRequested(exchange.request_id, exchange.account.id, body.preview)
    )


@route("POST", "/agents/me/sign-out", roles=AGENT, summary="Stop work", problems=REFUSED)
async def sign_out(exchange: Exchange) -> AgentView:
    """Release the phone. During a call it takes effect after it (``wish``)."""
    return await _ask(exchange, SignOutRequested(exchange.request_id, exchange.account.id))


def _myself(exchange: Exchange) -> AgentView:
    view = agent_view(exchange.services.hub.state, exchange.account.id)
    if view is None:
        raise ProblemError(
            "conflict",
            f"{exchange.account.id} is not an agent of this center: give the account queues.",
        )
    return view


async def _ask(exchange: Exchange, request: Request) -> AgentView:
    """Hand a wish to the machine; the agent's state after it, or why it was refused."""
    reply = await exchange.services.hub.ask(request)
    if reply.problem:
        raise ProblemError("conflict", reply.problem)
    return _myself(exchange)
