"""What differs between the kinds of database: a protocol that ``sqlite.py`` and ``postgresql.py``
fill in. Queries, tables and migrations are the same for both."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine


class Use(StrEnum):
    """What a connection is for."""

    MIGRATE = "migrate"
    """One, for as long as the tables are brought up to date."""
    WRITE = "write"
    READ = "read"
    LOOK_UP = "look-up"
    """Short reading that a call waits for."""


READERS_MAX = 4
"""Pages and reports read at the same time."""
LOOK_UPS_MAX = 2
"""Look-ups of callers at the same time; each takes a millisecond."""
CONNECTIONS_MAX = {Use.MIGRATE: 1, Use.WRITE: 1, Use.READ: READERS_MAX, Use.LOOK_UP: LOOK_UPS_MAX}
"""Of one process: one writes at a time, as all of them do among each other."""
WRITER_WAIT_S = 30.0
"""How long a task waits for the writing connection: longer than the writing half of a large
import."""


class Kind(Protocol):
    """One kind of database, at one address."""

    @property
    def place(self) -> str:
        """Where it is, for people: without a password."""
        ...

    @property
    def path(self) -> Path | None:
        """The file it is in; None when a server keeps it."""
        ...

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """What its driver raises past SQLAlchemy when the database is away."""
        ...

    def prepare(self) -> None:
        """Before the first connection: make what can be made. Raises ``DatabaseUnusable``."""
        ...

    def make_engine(self, use: Use) -> AsyncEngine:
        """An engine for this use, its connections set up; it connects when it is first used.

        A transaction of ``WRITE`` and ``MIGRATE`` is the only one of its kind, among all programs:
        what it has read stays true until it has written. The others see one moment throughout, and
        writing through them is refused.
        """
        ...

    async def scrub(self) -> None:
        """Leave nothing of deleted and changed rows behind, as far as it can be told."""
        ...

    def check(self, connection: Connection) -> None:
        """Refuse a database that cannot hold what the tables need. Raises ``DatabaseUnusable``."""
        ...

    def name(self, connection: Connection) -> str:
        """The program and its version, e.g. ``PostgreSQL 15.18``."""
        ...

    def describe(self, problem: Exception) -> str:
        """One sentence for people, on what is wrong and how to mend it; SQL and values stay out of
        it."""
        ...
