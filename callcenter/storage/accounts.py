"""Accounts: who may sign in, and as what. The log of what they did is ``audit.py``."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import structlog
from sqlalchemy import RowMapping, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.domain.agent import AgentProfile, Seniority
from callcenter.domain.ids import AgentId
from callcenter.domain.rules import LEVEL_MAX
from callcenter.service.ports import Account, Role, SignInRefused
from callcenter.storage.database import Database
from callcenter.storage.passwords import (
    PASSWORD_CHARS_MAX,
    PASSWORD_CHARS_MIN,
    HashingBusy,
    PasswordHasher,
)
from callcenter.storage.record_rows import storable
from callcenter.storage.sessions import Sessions, end_sessions, read_roles
from callcenter.storage.stores import AccountRefused, AccountSettings, DatabaseAway, Session
from callcenter.storage.tables import accounts
from callcenter.storage.throttle import Throttle, network_of

FAILURES_OF_A_NAME_MAX = 5
"""Wrong passwords before a name must wait: more than anybody mistypes, too few to guess."""
FAILURES_OF_AN_ADDRESS_MAX = 50
"""The same for an address. A whole office may share one: people who get in at last do not count."""
ACCOUNTS_MAX = 10_000
"""Ten times the largest center; lists of accounts are read whole."""
QUEUES_OF_AN_AGENT_MAX = 100
SKILLS_OF_AN_AGENT_MAX = 50

BUSY_RETRY_S = 5.0
"""When everybody signs in at once: that many seconds later some are in."""

_LOG = structlog.get_logger("callcenter.storage.accounts")

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
_PHONE = re.compile(r"[A-Za-z0-9_-]{0,32}")
_QUEUE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")  # as in documents of rules
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_NAME_CHARS_MAX = 100


class Accounts:
    """The ``AccountStore`` of the database, and what administrators do with accounts.

    ``clock`` gives UTC seconds.
    """

    def __init__(
        self,
        database: Database,
        hasher: PasswordHasher,
        sessions: Sessions,
        *,
        by_name: Throttle | None = None,
        by_address: Throttle | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._hasher = hasher
        self._sessions = sessions
        self._by_name = by_name or Throttle(FAILURES_OF_A_NAME_MAX)
        self._by_address = by_address or Throttle(FAILURES_OF_AN_ADDRESS_MAX)
        self._clock = clock

    # --- administration -------------------------------------------------------------------------

    async def add(self, settings: AccountSettings, password: str) -> AccountSettings:
        """Make an account; ``created_at`` is filled in. Raises ``AccountRefused``."""
        _check(settings)
        _check_password(settings.id, password)
        now = self._clock()
        row = {
            "id": settings.id,
            **_changeable(settings),
            "password_hash": await self._hasher.make(password),
            "created_at": now,
            "changed_at": now,
        }
        try:
            async with self._database.writing() as connection:
                count = await connection.scalar(select(func.count()).select_from(accounts))
                if (count or 0) >= ACCOUNTS_MAX:
                    raise AccountRefused(f"There are {ACCOUNTS_MAX} accounts, and no more can be.")
                await connection.execute(insert(accounts).values(row))
        except IntegrityError as problem:
            raise AccountRefused(
                f"There is an account {settings.id!r} already. Choose another login, or change it."
            ) from problem
        return await self._must_find(settings.id)

    async def change(self, settings: AccountSettings) -> AccountSettings:
        """Give the account of this id these settings; a disabled one is signed out everywhere.

        Raises ``AccountRefused``, also where nobody could administer any more.
        """
        _check(settings)
        async with self._database.writing() as connection:
            administered = await _is_administered(connection)
            done = await connection.execute(
                update(accounts)
                .where(accounts.c.id == settings.id)
                .values(**_changeable(settings), changed_at=self._clock())
            )
            if not done.rowcount:
                raise _unknown(settings.id)
            if administered and not await _is_administered(connection):
                raise AccountRefused("This is the last administrator. Make another one first.")
            if settings.disabled:
                await end_sessions(connection, settings.id)
        return await self._must_find(settings.id)

    async def set_password(self, account: AgentId, password: str) -> None:
        """Give the account a new password and sign it out everywhere. Raises ``AccountRefused``."""
        _check_password(account, password)
        hashed = await self._hasher.make(password)
        async with self._database.writing() as connection:
            if not await self._store_hash(connection, account, hashed):
                raise _unknown(account)
            await end_sessions(connection, account)
        self._by_name.forgive(account)

    async def find(self, account: AgentId) -> AccountSettings | None:
        """The account of this id."""
        row = await self._row(account)
        return _read_settings(row) if row else None

    async def list_accounts(self) -> tuple[AccountSettings, ...]:
        """All accounts by id, disabled ones too."""
        async with self._database.reading() as connection:
            rows = await connection.execute(select(accounts).order_by(accounts.c.id))
        return tuple(_read_settings(row) for row in rows.mappings())

    async def agent_profiles(self) -> tuple[AgentProfile, ...]:
        """What routing must know: every account that may take calls, by id."""
        return tuple(
            AgentProfile(one.id, one.queues, one.seniority, one.team, one.skills)
            for one in await self.list_accounts()
            if Role.AGENT in one.roles and not one.disabled
        )

    # --- signing in and out ---------------------------------------------------------------------

    async def verify(self, login: str, password: str, address: str) -> Account | SignInRefused:
        """The account, if login and password are right.

        Else why not: wrong (in the same words and the same time for a login that does not exist),
        disabled, or too many failures of this login or from this address.
        """
        login, network = login.strip().lower()[:64], network_of(address)
        refused = self._throttled(login, network)
        if refused is not None:
            return refused
        self._by_name.charge(login, self._clock())
        self._by_address.charge(network, self._clock())
        try:
            row = await self._row(login)
            right = await self._hasher.is_right(row["password_hash"] if row else None, password)
        except (HashingBusy, DatabaseAway) as problem:  # not tried at all
            self._by_name.refund(login)
            self._by_address.refund(network)
            if isinstance(problem, DatabaseAway):
                raise
            return SignInRefused(str(problem), BUSY_RETRY_S)
        if row is None or not right:
            return SignInRefused("Login or password is wrong.")
        # The person's own slips no longer count against the address: a whole office may share it.
        self._by_address.refund(network, max(1, self._by_name.forgive(login)))
        settings = _read_settings(row)
        if settings.disabled:
            return SignInRefused("This account is disabled. Ask an administrator.")
        if self._hasher.is_outdated(row["password_hash"]):
            await self._renew_hash(login, password)
        return Account(settings.id, settings.name, settings.roles)

    async def open_session(self, account: Account, *, address: str = "", client: str = "") -> str:
        """Begin a session of a verified account; returns its token, which is kept nowhere."""
        token, _ = await self._sessions.open(account.id, address=address, client=client)
        return token

    async def session(self, token: str) -> Account | None:
        """Whose session this is, with the roles of today; counts as a use of the session."""
        return await self._sessions.find(token)

    async def revoke(self, token: str) -> None:
        """End the session of this token."""
        await self._sessions.revoke_token(token)

    async def list_sessions(self, account: AgentId) -> tuple[Session, ...]:
        """The open sessions of an account, the last used first."""
        return await self._sessions.list_sessions(account)

    async def revoke_session(self, session: str) -> bool:
        """End the session of this id (``Session.id``); False when there is none."""
        return await self._sessions.revoke(session)

    async def revoke_all(self, account: AgentId) -> int:
        """End every session of an account; returns how many."""
        return await self._sessions.revoke_all(account)

    # --- inside --------------------------------------------------------------------------------

    def _throttled(self, login: str, network: str) -> SignInRefused | None:
        now = self._clock()
        for wait_s, whose in (
            (self._by_name.wait_s(login, now), "for this login"),
            (self._by_address.wait_s(network, now), "from this address"),
        ):
            if wait_s > 0:
                return SignInRefused(
                    f"Too many failed sign-ins {whose}. Try again in {max(1, wait_s):.0f} s.",
                    wait_s,
                )
        return None

    async def _row(self, account: str) -> RowMapping | None:
        async with self._database.reading() as connection:
            found = await connection.execute(
                select(accounts).where(accounts.c.id == storable(account))
            )
            return found.mappings().first()

    async def _must_find(self, account: AgentId) -> AccountSettings:
        settings = await self.find(account)
        if settings is None:
            raise _unknown(account)
        return settings

    async def _renew_hash(self, account: AgentId, password: str) -> None:
        """Hash the password at today's cost. That it cannot be done now keeps nobody out."""
        try:
            hashed = await self._hasher.make(password)
            async with self._database.writing() as connection:
                await self._store_hash(connection, account, hashed)
        except (HashingBusy, DatabaseAway) as problem:
            _LOG.warning("password not hashed anew", account=account, problem=str(problem))

    async def _store_hash(self, connection: AsyncConnection, account: AgentId, hashed: str) -> bool:
        done = await connection.execute(
            update(accounts)
            .where(accounts.c.id == account)
            .values(password_hash=hashed, changed_at=self._clock())
        )
        return bool(done.rowcount)


def _read_settings(row: RowMapping) -> AccountSettings:
    return AccountSettings(
        id=row["id"],
        name=row["name"],
        roles=read_roles(row["roles"]),
        phone=row["phone"],
        seniority=Seniority(row["seniority"]),
        queues=tuple(row["queues"]),
        team=row["team"],
        skills=dict(row["skills"]),
        disabled=row["disabled"],
        created_at=row["created_at"],
    )


def _changeable(settings: AccountSettings) -> dict[str, object]:
    return {
        "name": settings.name,
        "roles": [role.value for role in settings.roles],
        "phone": settings.phone,
        "seniority": settings.seniority.value,
        "queues": list(settings.queues),
        "team": settings.team,
        "skills": dict(sorted(settings.skills.items())),
        "disabled": settings.disabled,
    }


async def _is_administered(connection: AsyncConnection) -> bool:
    """Whether anybody can administer accounts. A center that is being set up has nobody yet."""
    query = select(accounts.c.roles).where(accounts.c.disabled.is_(False))
    return any(
        Role.ADMINISTRATOR.value in roles for roles in (await connection.execute(query)).scalars()
    )


def _unknown(account: AgentId) -> AccountRefused:
    return AccountRefused(f"There is no account {account!r}.")


def _check(settings: AccountSettings) -> None:
    if not _ID.fullmatch(settings.id):
        raise AccountRefused(
            f"The login {settings.id!r} cannot be used. Take 1 to 32 of a-z, 0-9, dot, hyphen and "
            "underscore, beginning with a letter or a digit."
        )
    if not settings.name.strip() or len(settings.name) > _NAME_CHARS_MAX:
        raise AccountRefused(f"Give the person's name, 1 to {_NAME_CHARS_MAX} characters.")
    if _CONTROL.search(settings.name):
        raise AccountRefused("The name holds control characters. Leave them out.")
    if not settings.roles or len(set(settings.roles)) < len(settings.roles):
        raise AccountRefused(f"Give one or more different roles of {', '.join(Role)}.")
    if not _PHONE.fullmatch(settings.phone):
        raise AccountRefused(
            f"The phone {settings.phone!r} cannot be used. Give the number of a configured phone, "
            "e.g. 1001, or none."
        )
    if len(settings.queues) > QUEUES_OF_AN_AGENT_MAX:
        raise AccountRefused(f"An agent can be in at most {QUEUES_OF_AN_AGENT_MAX} queues.")
    for queue in settings.queues:
        if not _QUEUE.fullmatch(queue):
            raise AccountRefused(f"The queue {queue!r} cannot be. Give the name of a queue.")
    if settings.team and not _NAME.fullmatch(settings.team):
        raise AccountRefused(
            f"The team {settings.team!r} cannot be used. Take 1 to 64 letters, digits, hyphens and "
            "underscores, beginning with a letter or a digit."
        )
    if len(settings.skills) > SKILLS_OF_AN_AGENT_MAX:
        raise AccountRefused(f"An agent can have at most {SKILLS_OF_AN_AGENT_MAX} skills.")
    for skill, level in settings.skills.items():
        if not _NAME.fullmatch(skill) or not 1 <= level <= LEVEL_MAX:
            raise AccountRefused(
                f"The skill {skill!r} at level {level} cannot be. Give the name of a skill and a "
                f"level from 1 to {LEVEL_MAX}, e.g. cards=3."
            )


def _check_password(account: AgentId, password: str) -> None:
    if not PASSWORD_CHARS_MIN <= len(password) <= PASSWORD_CHARS_MAX:
        raise AccountRefused(
            f"The password must have {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters."
        )
    if password.lower() == account:
        raise AccountRefused("The password must not be the login.")
