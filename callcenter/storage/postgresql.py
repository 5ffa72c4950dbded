"""PostgreSQL: a server, for large centers. What is special about its connections and its errors.

Passwords are the driver's business, by the usual ways: ``PGPASSWORD``, a password file
(``PGPASSFILE``, ``~/.pgpass``, or ``passfile`` in the address), or a certificate.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, event, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from callcenter.storage.kind import CONNECTIONS_MAX, WRITER_WAIT_S, Use
from callcenter.storage.stores import DatabaseUnusable

EXAMPLE = "postgresql://callcenter@db.example.com/callcenter"
DRIVER = "postgresql+asyncpg"
PASSWORD_PLACES = "PGPASSWORD, PGPASSFILE or ~/.pgpass (mode 0600)"
VERSION_MIN = 13
"""The oldest release that its makers still mended in 2025."""
ENCODING = "UTF8"

WRITERS_LOCK = int.from_bytes(b"callctr", "big")
"""The advisory lock that a writer holds to the end of its transaction. With it PostgreSQL keeps the
promise that SQLite's stores are written to: what was read before a write is still true then, also
if a command line and a service write at once."""

CONNECT_S = {Use.MIGRATE: 10.0, Use.WRITE: 5.0, Use.READ: 5.0, Use.LOOK_UP: 1.0}
"""To connect and sign in; a server nearby takes some 10 ms."""
STATEMENT_S = {Use.MIGRATE: 0.0, Use.WRITE: 30.0, Use.READ: 60.0, Use.LOOK_UP: 1.0}
"""Of one statement, after which the server ends it; 0.0: no limit, for a migration may rewrite
millions of rows. Reports read the longest; a caller waits two seconds for a look-up, not more."""
ANSWER_MARGIN_S = 0.5
"""How much longer than the server we wait: it is frozen, or the network is gone, if nothing came by
then."""
POOL_S = {Use.MIGRATE: 10.0, Use.WRITE: WRITER_WAIT_S, Use.READ: WRITER_WAIT_S, Use.LOOK_UP: 1.5}
"""How long a task waits for its turn."""
IDLE_S = {Use.MIGRATE: 600, Use.WRITE: 60, Use.READ: 600, Use.LOOK_UP: 60}
"""Between two statements of a transaction; then the server ends it. Nobody may hold the writers'
lock who no longer answers; a report may be read by a slow client."""
KEEPALIVE_S = 20
"""After so much silence the server asks whether we are there; three times 5 s without an answer end
the connection and free its locks."""


SCRUBBED = (
    "calls",
    "attempts",
    "return_calls",
    "contacts",
    "customers",
    "customer_numbers",
    "audit",
    "faults",
    "repairs",
)
"""Tables that an erasure of a person changes."""


class PostgresqlServer:
    """The ``Kind`` of a database on a PostgreSQL server. ``busy_timeout_s``: how long a statement
    waits for what another program holds."""

    path: Path | None = None

    def __init__(self, url: URL, busy_timeout_s: float) -> None:
        try:
            import asyncpg
        except ImportError as problem:
            raise DatabaseUnusable(
                "The driver of PostgreSQL is not installed. "
                "Install `callcenter[postgresql]`, or use SQLite."
            ) from problem
        self.failures: tuple[type[Exception], ...] = (
            asyncpg.PostgresError,
            asyncpg.InterfaceError,
            asyncpg.InternalClientError,
        )
        self._url = url
        self._dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._busy_timeout_ms = max(1, round(busy_timeout_s * 1000))

    @property
    def place(self) -> str:
        """Database, server and user."""
        url = self._url
        host = url.host or url.query.get("host") or "the usual server"
        port = f":{url.port}" if url.port else ""
        user = f" as {url.username}" if url.username else ""
        return f"{url.database or 'the usual database'} at {host}{port}{user}"

    def prepare(self) -> None:
        """Nothing can be made from here: role and database are the server's administrator's."""

    def make_engine(self, use: Use) -> AsyncEngine:
        """Connections are tried before each use, so one that a restart of the server cut does no
        harm."""
        writes = use in (Use.WRITE, Use.MIGRATE)
        engine = create_async_engine(
            f"{DRIVER}://",
            pool_size=CONNECTIONS_MAX[use],
            max_overflow=0,
            pool_timeout=POOL_S[use],
            pool_pre_ping=True,
            hide_parameters=True,  # numbers and names must not get into logs by way of an error
            isolation_level="READ COMMITTED" if writes else "REPEATABLE READ",
            connect_args={
                # Whole, so that every option that the driver knows can be written in the address.
                "dsn": self._dsn,
                "timeout": CONNECT_S[use],
                "command_timeout": STATEMENT_S[use] + ANSWER_MARGIN_S if STATEMENT_S[use] else None,
                "server_settings": self._server_settings(use, writes=writes),
            },
        )
        event.listen(engine.sync_engine, "handle_error", _on_error)
        if writes:

            @event.listens_for(engine.sync_engine, "begin")
            def _wait_for_turn(connection: Connection) -> None:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS_LOCK})")

        return engine

    def _server_settings(self, use: Use, *, writes: bool) -> dict[str, str]:
        return {
            "application_name": f"callcenter {use}",
            "statement_timeout": f"{STATEMENT_S[use] * 1000:.0f}",
            "lock_timeout": str(self._busy_timeout_ms),
            "idle_in_transaction_session_timeout": str(IDLE_S[use] * 1000),
            "tcp_keepalives_idle": str(KEEPALIVE_S),
            "tcp_keepalives_interval": "5",
            "tcp_keepalives_count": "3",
            # The journal forgets what the projector has written: that must survive a power cut.
            "synchronous_commit": "on",
            "default_transaction_read_only": "off" if writes else "on",
            "jit": "off",  # it compiles for longer than our statements run
        }

    async def scrub(self) -> None:
        """VACUUM: the room of deleted rows is free to be written over, no more than that."""
        engine = self.make_engine(Use.MIGRATE)
        try:
            async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as open_one:
                for table in SCRUBBED:
                    await open_one.exec_driver_sql(f"VACUUM {table}")
        finally:
            await engine.dispose()

    def check(self, connection: Connection) -> None:
        """Refuse an old server, and a database that cannot hold every name."""
        version = int(connection.scalar(text("SHOW server_version_num")) or 0) // 10_000
        if version < VERSION_MIN:
            raise DatabaseUnusable(
                f"The server is PostgreSQL {version}; {VERSION_MIN} or newer is needed."
            )
        encoding = connection.scalar(text("SHOW server_encoding"))
        if encoding != ENCODING:
            raise DatabaseUnusable(
                f"The database {self.place} has the encoding {encoding}, which lacks characters of "
                f"people's names. Create it anew with ENCODING '{ENCODING}' TEMPLATE template0."
            )

    def name(self, connection: Connection) -> str:
        """The server's version, without its packager's."""
        version = str(connection.scalar(text("SHOW server_version")) or "")
        return f"PostgreSQL {version.partition(' ')[0]}"

    def describe(self, problem: Exception) -> str:
        """By SQLSTATE: the server's own words may hold numbers and names."""
        cause: BaseException | None = problem.orig if isinstance(problem, DBAPIError) else problem
        state = str(getattr(cause, "sqlstate", None) or "")
        for prefix, sentence in _SENTENCES:
            if prefix and state.startswith(prefix):
                return sentence
        # The driver's own error is the cause of the one that SQLAlchemy knows.
        own = (cause.__cause__ if cause else None) or cause
        if not state:
            # Else refused, no route, no such host, timed out, cut off in mid-sentence.
            return _UNREADABLE if isinstance(own, ValueError) else _GONE
        named = type(own).__name__
        return f"The database says: {named} ({state}). Its log tells more."


_GONE = (
    "The PostgreSQL server does not answer. Start it, and check the network and the database_url."
)
_UNREADABLE = "The database_url holds an option that the driver does not know, or a wrong value."
_REFUSED = (
    "The PostgreSQL server refuses the user. Check the user in database_url, the password in "
    f"{PASSWORD_PLACES}, and the server's pg_hba.conf."
)
_SENTENCES = (
    ("08", _GONE),
    ("57P", _GONE),  # shutting down, crashed, starting up
    ("28", _REFUSED),
    (
        "3D000",
        "The PostgreSQL server has no such database. Create it, or correct the database_url.",
    ),
    (
        "55P03",
        "Another program holds the database (a backup, an import, a second service?). "
        "End it and try again.",
    ),
    (
        "25006",
        "The database cannot be written: the connection only reads, or the server is a standby.",
    ),
    (
        "25P03",
        "The server ended a transaction that had stopped. Try again.",
    ),
    ("53100", "The disk of the PostgreSQL server is full. Make room on it."),
    ("53300", "The PostgreSQL server has no connection left. Raise its max_connections."),
    ("57014", "The PostgreSQL server took too long. Look at what else it does, and at its disk."),
    ("58030", "The disk of the PostgreSQL server cannot be read or written. Check it."),
    ("XX00", "The database is damaged. Restore the last backup."),
    (
        "42501",
        "The user may not make or change tables. Make the user the owner of the database.",
    ),
    (
        "42P07",
        "The database holds tables of another program with the same names. Use one of our own.",
    ),
    ("42P01", "The database has not been prepared. Start `callcenter serve`, which does it."),
)


def _on_error(context: ExceptionContext) -> None:
    """Keep values out of errors, and give up a connection on which an answer did not come."""
    if isinstance(context.original_exception, TimeoutError):
        context.is_disconnect = True
    error: Any = context.original_exception
    while error is not None:
        # The driver adds the row, or a part of it: "Key (number)=(...) already exists".
        if getattr(error, "detail", None):
            error.detail = None
        _keep_first_line(error)
        error = error.__cause__
    if context.sqlalchemy_exception is not None:
        _keep_first_line(context.sqlalchemy_exception)


def _keep_first_line(error: BaseException) -> None:
    if error.args and isinstance(error.args[0], str):
        error.args = (error.args[0].partition("\n")[0], *error.args[1:])
