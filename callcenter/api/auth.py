"""Who asks: sessions, the cookie, roles, and whether a request comes from our own pages.

A session is an opaque token, sent as a cookie by browsers or as ``Authorization: Bearer`` by
programs. It travels over HTTPS or on loopback only: the cookie is ``__Host-session`` with Secure,
or, since ``__Host-`` needs Secure, ``session`` on plain HTTP.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from aiohttp import web

from callcenter.api.errors import ProblemError, unavailable
from callcenter.service.ports import Account, AccountStore, Role, SignInRefused

SECURE_COOKIE = "__Host-session"
PLAIN_COOKIE = "session"
TOKEN_CHARS_MAX = 200
"""Longer ones are not ours and are not looked up."""

SESSION_FRESH_S = 5.0
"""An answer of the store is used this long, so that a click does not wait for the database.

A session revoked elsewhere lives on for this time; one revoked through this process ends at once.
"""
SESSION_STALE_S = 3600.0
"""While the store does not answer, a session seen within this time goes on: agents can work while
the database is repaired."""
SESSIONS_KEPT_MAX = 10_000
"""Sessions remembered: ten for each of 1,000 agents."""
STORE_DEADLINE_S = 2.0
"""For one look-up of a session."""
SIGN_IN_DEADLINE_S = 10.0
"""For one sign-in: hashing takes 0.25 s and waits for its turn."""
SIGN_INS_AT_ONCE = 64
"""Sign-ins under way; at 0.25 s each on two threads that is eight seconds of waiting."""

_LOG = structlog.get_logger("callcenter.api")


@dataclass(frozen=True, slots=True)
class Site:
    """Where the API is reached at."""

    origins: Sequence[str] = ()
    """Origins of our own pages, e.g. ``https://cc.example.com``; empty: the address asked for."""
    behind_proxy: bool = False
    """A reverse proxy on this machine ends TLS and sets X-Forwarded-Proto and X-Forwarded-For."""

    def is_secure(self, request: web.Request) -> bool:
        """Whether the client came by HTTPS."""
        if self._from_proxy(request):
            return request.headers.get("X-Forwarded-Proto", "") == "https"
        return request.secure

    def address(self, request: web.Request) -> str:
        """The client's network address."""
        if self._from_proxy(request):
            # The proxy appends the address it saw; what stands before it is the client's own claim.
            forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
            if forwarded:
                return forwarded[:45]
        return request.remote or ""

    def _from_proxy(self, request: web.Request) -> bool:
        return self.behind_proxy and _is_loopback(request.remote or "")

    def refuse_plain_http(self, request: web.Request) -> None:
        """Passwords and sessions travel over HTTPS, or never leave this machine."""
        if self.is_secure(request):
            return
        if _is_loopback(request.remote or "") and _is_loopback(_host_name(request.host)):
            return
        raise ProblemError(
            "https-needed",
            "Plain HTTP is served on loopback only. Use https://, or from this machine"
            " http://127.0.0.1 with the port.",
        )

    def refuse_foreign_origin(self, request: web.Request, *, by_cookie: bool) -> None:
        """A browser says which page a request comes from; only our own pages may write.

        Browsers always send Origin with a write; a program with a token need not.
        """
        origin = request.headers.get("Origin")
        if origin is None:
            if not by_cookie:
                return
            raise ProblemError(
                "wrong-origin", "A request with a cookie needs the header Origin: use a token."
            )
        scheme = "https" if self.is_secure(request) else "http"
        if origin not in (self.origins or (f"{scheme}://{request.host}",)):
            raise ProblemError(
                "wrong-origin",
                "The header Origin names another site. If it is yours, add it to the origins in"
                " the config file.",
            )

    def cookie_name(self, request: web.Request) -> str:
        """The name of the session cookie for this connection."""
        return SECURE_COOKIE if self.is_secure(request) else PLAIN_COOKIE

    def set_cookie(self, request: web.Request, response: web.StreamResponse, token: str) -> None:
        """Give the browser its session; an empty token takes it away."""
        response.set_cookie(
            self.cookie_name(request),
            token,
            max_age=None if token else 0,
            path="/",
            secure=self.is_secure(request),
            httponly=True,
            samesite="Strict",
        )


def _host_name(host: str) -> str:
    """A Host header without its port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _is_loopback(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def token_of(request: web.Request, site: Site) -> tuple[str, bool]:
    """The request's token and whether it came as a cookie; empty when there is none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme:
        return (token.strip() if scheme.lower() == "bearer" else ""), False
    token = request.cookies.get(site.cookie_name(request), "")
    return token, bool(token)


def require_role(account: Account, roles: Sequence[Role]) -> None:
    """Refuse an account that has none of these roles."""
    if not any(role in roles for role in account.roles):
        raise ProblemError(
            "forbidden",
            f"This needs the role {' or '.join(roles)}; {account.id} has"
            f" {', '.join(account.roles) or 'none'}. An administrator can give it.",
        )


def not_signed_in() -> ProblemError:
    """There is no session, or it is over."""
    return ProblemError(
        "not-signed-in",
        "There is no session, or it is over. Sign in with POST /api/v1/session.",
        headers={"WWW-Authenticate": "Bearer"},
    )


class Sessions:
    """The account store's sessions, remembered for a moment and over an outage of the store."""

    def __init__(self, store: AccountStore) -> None:
        self._store = store
        self._kept: OrderedDict[bytes, tuple[Account, float]] = OrderedDict()
        self._granted: dict[bytes, Account] = {}
        """Sessions of this process alone."""
        self._signing_in = 0
        self.on_closed: list[Callable[[str], None]] = []
        """Told the token of a session that was ended here, so that its sockets are closed."""

    async def account(self, token: str) -> Account | None:
        """Whose session this is; None when there is none.

        Raises ``ProblemError`` when the store does not answer and the session was not seen lately.
        """
        if not token or len(token) > TOKEN_CHARS_MAX:
            return None
        key, now = _digest(token), asyncio.get_running_loop().time()
        if key in self._granted:
            return self._granted[key]
        account, seen = self._kept.get(key, (None, 0.0))
        if account is not None and now - seen < SESSION_FRESH_S:
            return account
        try:
            async with asyncio.timeout(STORE_DEADLINE_S):
                found = await self._store.session(token)
        except Exception as error:  # noqa: BLE001 - any failure of any store: work goes on
            _LOG.warning("session_store_failed", error=repr(error))
            if account is not None and now - seen < SESSION_STALE_S:
                return account
            raise unavailable(
                "Sessions cannot be checked: the database does not answer. Who is signed in goes"
                " on working; try again in a moment."
            ) from None
        if found is None:
            self._kept.pop(key, None)
            return None
        self._keep(key, found, now)
        return found

    def grant(self, account: Account) -> str:
        """Make a session that only this process knows, until it is taken back; its token."""
        token = secrets.token_urlsafe(32)
        self._granted[_digest(token)] = account
        return token

    def take_back(self, token: str) -> None:
        """End such a session."""
        self._granted.pop(_digest(token), None)

    async def sign_in(self, login: str, password: str, address: str) -> tuple[Account, str]:
        """Check a password and start a session; returns whose it is and its token."""
        if self._signing_in >= SIGN_INS_AT_ONCE:
            raise unavailable("Too many people sign in at this moment. Try again.", retry_s=5)
        self._signing_in += 1
        try:
            async with asyncio.timeout(SIGN_IN_DEADLINE_S):
                account = await self._store.verify(login, password, address)
                if isinstance(account, SignInRefused):
                    raise _refused(account)
                token = await self._store.open_session(account)
        except ProblemError:
            raise
        except Exception as error:  # noqa: BLE001 - any failure of any store, too slow included
            _LOG.warning("account_store_failed", error=repr(error))
            raise unavailable(
                "Nobody can sign in just now: the database does not answer. Try again."
            ) from None
        finally:
            self._signing_in -= 1
        self._keep(_digest(token), account, asyncio.get_running_loop().time())
        return account, token

    async def close(self, token: str) -> None:
        """End a session, here at once and in the store; its sockets are closed.

        Raises ``ProblemError`` when the store does not answer: then the token may still be good.
        """
        self._kept.pop(_digest(token), None)
        for tell in self.on_closed:
            tell(token)
        try:
            async with asyncio.timeout(STORE_DEADLINE_S):
                await self._store.revoke(token)
        except Exception as error:  # noqa: BLE001 - any failure of any store
            _LOG.warning("session_store_failed", error=repr(error))
            raise unavailable(
                "The session could not be ended: the database does not answer. Try again."
            ) from None

    def _keep(self, key: bytes, account: Account, now: float) -> None:
        self._kept[key] = (account, now)
        self._kept.move_to_end(key)
        while len(self._kept) > SESSIONS_KEPT_MAX:
            self._kept.popitem(last=False)


def _refused(refusal: SignInRefused) -> ProblemError:
    if refusal.retry_after_s > 0:
        wait = {"Retry-After": str(max(1, round(refusal.retry_after_s)))}
        return ProblemError("too-many", refusal.reason, headers=wait)
    return ProblemError("wrong-sign-in", refusal.reason)


def _digest(token: str) -> bytes:
    """Tokens are not kept in memory as they are."""
    return hashlib.sha256(token.encode(errors="replace")).digest()
