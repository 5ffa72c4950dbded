"""Sessions: who is signed in on which browser. The token is known to that browser only; here is its
hash."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable

import structlog
from sqlalchemy import ColumnElement, RowMapping, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.domain.ids import AgentId
from callcenter.service.ports import Account, Role
from callcenter.storage.database import Database
from callcenter.storage.record_rows import storable
from callcenter.storage.stores import AccountRefused, DatabaseAway, Session
from callcenter.storage.tables import accounts, sessions

TOKEN_BYTES = 32
"""256 bits: not to be guessed, so a fast hash of it is enough."""
IDLE_S = 3600.0
"""A session that nobody used for so long is over. An open desktop uses it."""
ABSOLUTE_S = 12 * 3600.0
"""The end of any session: longer than a shift, shorter than a day."""
SEEN_EVERY_S = 60.0
"""How exactly the last use is kept: not every request should write."""
SESSIONS_OF_AN_ACCOUNT_MAX = 20
"""Open at the same time; the one unused for longest makes room."""
TEXT_CHARS_MAX = 200
"""Of what a browser says about itself."""

_LOG = structlog.get_logger("callcenter.storage.sessions")


class Sessions:
    """The sessions in the database. ``clock`` gives UTC seconds."""

    def __init__(
        self,
        database: Database,
        *,
        idle_s: float = IDLE_S,
        absolute_s: float = ABSOLUTE_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._idle_s = idle_s
        self._absolute_s = absolute_s
        self._clock = clock

    async def open(
        self, account: AgentId, *, address: str = "", client: str = ""
    ) -> tuple[str, Session]:
        """Begin a session of a verified account; returns the token, which is nowhere else, and what
        may be shown. Sessions that are over are cleared away."""
        token, now = secrets.token_urlsafe(TOKEN_BYTES), self._clock()
        session = Session(
            id=secrets.token_hex(8),
            account=account,
            created_at=now,
            last_seen_at=now,
            expires_at=now + self._absolute_s,
            address=storable(address[:TEXT_CHARS_MAX]),
            client=storable(client[:TEXT_CHARS_MAX]),
        )
        async with self._database.writing() as connection:
            known = await connection.scalar(
                select(accounts.c.id).where(
                    accounts.c.id == account, accounts.c.disabled.is_(False)
                )
            )
            if known is None:
                raise AccountRefused(f"There is no account {account!r}, or it is disabled.")
            await connection.execute(delete(sessions).where(self._is_over(now)))
            await _make_room(connection, account)
            await connection.execute(
                insert(sessions).values(
                    token_hash=_hash(token),
                    id=session.id,
                    account=account,
                    created_at=session.created_at,
                    last_seen_at=session.last_seen_at,
                    expires_at=session.expires_at,
                    address=session.address,
                    client=session.client,
                )
            )
        return token, session

    async def find(self, token: str) -> Account | None:
        """Who is behind the token; None when it is unknown, over, revoked or of a disabled account.

        Counts as a use of the session.
        """
        now = self._clock()
        query = (
            select(sessions, accounts.c.name, accounts.c.roles)
            .join(accounts, accounts.c.id == sessions.c.account)
            .where(
                sessions.c.token_hash == _hash(token),
                ~self._is_over(now),
                accounts.c.disabled.is_(False),
            )
        )
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).mappings().first()
        if row is None:
            return None
        await self._note_use(row["id"], row["last_seen_at"], now)
        return Account(row["account"], row["name"], read_roles(row["roles"]))

    async def list_sessions(self, account: AgentId) -> tuple[Session, ...]:
        """The open sessions of an account, the last used first."""
        query = (
            select(sessions)
            .where(sessions.c.account == account, ~self._is_over(self._clock()))
            .order_by(sessions.c.last_seen_at.desc(), sessions.c.id)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return tuple(_read_session(row) for row in rows)

    async def revoke(self, session: str) -> bool:
        """End the session of this id; False when there is none."""
        return await self._delete(sessions.c.id == storable(session)) > 0

    async def revoke_all(self, account: AgentId) -> int:
        """End every session of an account; returns how many."""
        return await self._delete(sessions.c.account == account)

    async def revoke_token(self, token: str) -> None:
        """End the session of this token; one that is not known is no error."""
        await self._delete(sessions.c.token_hash == _hash(token))

    # --- inside --------------------------------------------------------------------------------

    def _is_over(self, now: float) -> ColumnElement[bool]:
        return or_(sessions.c.expires_at <= now, sessions.c.last_seen_at <= now - self._idle_s)

    async def _note_use(self, session: str, last_seen_at: float, now: float) -> None:
        """Note the use, now and then. That it cannot be noted keeps nobody from working."""
        if now - last_seen_at < min(SEEN_EVERY_S, self._idle_s / 2):
            return
        try:
            async with self._database.writing() as connection:
                await connection.execute(
                    update(sessions).where(sessions.c.id == session).values(last_seen_at=now)
                )
        except DatabaseAway as problem:
            _LOG.warning("use of a session not noted", problem=str(problem))

    async def _delete(self, which: ColumnElement[bool]) -> int:
        async with self._database.writing() as connection:
            return (await connection.execute(delete(sessions).where(which))).rowcount


async def end_sessions(connection: AsyncConnection, account: AgentId) -> None:
    """End every session of an account, in the transaction that is the reason for it."""
    await connection.execute(delete(sessions).where(sessions.c.account == account))


async def end_all_sessions(connection: AsyncConnection) -> int:
    """End everybody's sessions, inside somebody's transaction; says how many."""
    return (await connection.execute(delete(sessions))).rowcount


def read_roles(stored: list[str]) -> tuple[Role, ...]:
    """The roles that a row holds; one that a newer program added gives nothing here."""
    known = {role.value: role for role in Role}
    return tuple(known[name] for name in stored if name in known)


async def _make_room(connection: AsyncConnection, account: AgentId) -> None:
    """End the sessions beyond the limit, leaving a place for one more."""
    mine = (
        select(sessions.c.id)
        .where(sessions.c.account == account)
        .order_by(sessions.c.last_seen_at.desc(), sessions.c.id)
    )
    ids = (await connection.execute(mine)).scalars().all()
    surplus = ids[SESSIONS_OF_AN_ACCOUNT_MAX - 1 :]
    if surplus:
        await connection.execute(delete(sessions).where(sessions.c.id.in_(surplus)))


def _read_session(row: RowMapping) -> Session:
    return Session(
        id=row["id"],
        account=row["account"],
        created_at=row["created_at"],
        last_seen_at=row["last_seen_at"],
        expires_at=row["expires_at"],
        address=row["address"],
        client=row["client"],
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
