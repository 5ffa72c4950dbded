"""Signing in to the API, signing out of it, and who one is. Working on a phone is in ``agents``."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct
from pydantic import Field, SecretStr

from callcenter.api.route import EVERYONE, Body, Exchange, Name, route
from callcenter.core.queries import AgentView, agent_view
from callcenter.service.ports import Account, Role


class SignIn(Body):
    """Login and password."""

    login: Name
    password: Annotated[SecretStr, Field(min_length=1, max_length=256)]
    """Longer ones are refused unread: hashing them would cost time."""
    bearer: bool = False
    """True: the answer holds a token for ``Authorization: Bearer`` and no cookie is set."""


class Me(Struct, frozen=True):
    """Who is signed in."""

    account: str
    name: str
    roles: tuple[Role, ...]
    agent: AgentView | None
    """The agent's live state; null for accounts that answer no calls."""
    token: str = ""
    """Only in the answer to a sign-in that asked for one."""


def _me(exchange: Exchange, account: Account, token: str = "") -> Me:
    return Me(
        account=account.id,
        name=account.name,
        roles=account.roles,
        agent=agent_view(exchange.services.hub.state, account.id),
        token=token,
    )


@route("POST", "/session", roles=(), summary="Sign in", problems=("wrong-sign-in", "too-many"))
async def sign_in(exchange: Exchange, body: SignIn) -> Me:
    """Start a session. Browsers get it as a cookie, programs may ask for a bearer token."""
    exchange.audited_as = body.login
    account, token = await exchange.services.sessions.sign_in(
        body.login, body.password.get_secret_value(), exchange.address
    )
    if body.bearer:
        return _me(exchange, account, token)
    exchange.cookie = token
    return _me(exchange, account)


@route("DELETE", "/session", roles=EVERYONE, summary="Sign out")
async def sign_out(exchange: Exchange) -> None:
    """End this session and close its WebSockets. The agent's phone is left as it is."""
    exchange.cookie = ""
    await exchange.services.sessions.close(exchange.token)


@route("GET", "/me", roles=EVERYONE, summary="Who am I")
async def me(exchange: Exchange) -> Me:
    """The account of this session, its roles and, for agents, the live state."""
    return _me(exchange, exchange.account)
