"""The tables. Plain SQL types only, so that SQLite and PostgreSQL hold the same.

Times are UTC seconds as double precision floats; NULL where the domain says 0.0 for "never". Texts
carry no length limit: limits are the business of whoever lets the text in. Changed together with a
new file in ``migrations``.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Named constraints: a migration can only change what it can name."""

COUNTED = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts a key up by itself only when its type is spelled INTEGER."""

# --- records: written by the projector alone ----------------------------------------------------

projector_positions = Table(
    "projector_positions",
    metadata,
    Column("journal", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
)


def _record_table(name: str, *columns: Column[object], indexes: tuple[str, ...]) -> Table:
    """A table of records, keyed by the journal entry that led to each and its place in it."""
    return Table(
        name,
        metadata,
        Column("journal", Text, primary_key=True),
        Column("position", BigInteger, primary_key=True, autoincrement=False),
        Column("record_index", Integer, primary_key=True, autoincrement=False),
        *columns,
        *(Index(f"ix_{name}_{column}", column) for column in indexes),
    )


def _text(name: str) -> Column[object]:
    return Column(name, Text, nullable=False)


def _yes_no(name: str) -> Column[object]:
    return Column(name, Boolean, nullable=False)


def _moment(name: str) -> Column[object]:
    return Column(name, Double, nullable=False)


def _moment_or_never(name: str) -> Column[object]:
    return Column(name, Double)


calls = _record_table(
    "calls",
    _text("call"),
    _text("pbx"),
    _text("channel"),
    _text("caller_number"),
    _text("dialed_number"),
    _text("flow"),
    Column("choices", JSON, nullable=False),
    _text("customer"),
    _text("tier"),
    _text("queue"),
    _moment("arrived_at"),
    _moment_or_never("queued_at"),
    _moment_or_never("answered_at"),
    _moment("ended_at"),
    _text("outcome"),
    _text("answered_by"),
    _yes_no("answered_by_senior"),
    _yes_no("overflowed"),
    _yes_no("via_fallback"),
    Column("offers", Integer, nullable=False),
    indexes=("call", "ended_at", "customer", "caller_number", "answered_by"),
)

offers = _record_table(
    "offers",
    _text("call"),
    _text("agent"),
    _moment("offered_at"),
    _moment("ended_at"),
    _text("result"),
    _text("reason"),
    indexes=("call", "ended_at"),
)

conversations = _record_table(
    "conversations",
    _text("call"),
    _text("agent"),
    _moment("began_at"),
    _moment("ended_at"),
    indexes=("call", "ended_at"),
)

agent_states = _record_table(
    "agent_states",
    _text("agent"),
    _text("state"),
    _text("reason"),
    _moment("began_at"),
    _moment("ended_at"),
    indexes=("agent", "ended_at"),
)

dispositions = _record_table(
    "dispositions",
    _text("call"),
    _text("agent"),
    _text("code"),
    _moment("at"),
    indexes=("call", "at"),
)

faults = _record_table("faults", _text("kind"), _text("detail"), _moment("at"), indexes=("at",))

repairs = _record_table("repairs", _text("kind"), _text("subject"), _moment("at"), indexes=("at",))

# --- accounts -----------------------------------------------------------------------------------

accounts = Table(
    "accounts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("roles", JSON, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("seniority", Text, nullable=False),
    Column("queues", JSON, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("changed_at", Double, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column(
        "account", Text, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("created_at", Double, nullable=False),
    Column("last_seen_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False, index=True),
    Column("address", Text, nullable=False),
    Column("client", Text, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", COUNTED, primary_key=True, autoincrement=True),
    Column("at", Double, nullable=False, index=True),
    Column("account", Text, nullable=False, index=True),
    Column("address", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("detail", Text, nullable=False),
)

# --- customers ----------------------------------------------------------------------------------

customers = Table(
    "customers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("tier", Text, nullable=False),
    Column("value", Double),
    Column("since", Text, nullable=False),
    Column("notes", Text, nullable=False),
    Column("changed_at", Double, nullable=False),
)

customer_numbers = Table(
    "customer_numbers",
    metadata,
    Column("number", Text, primary_key=True),
    Column(
        "customer", Text, ForeignKey("customers.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("place", Integer, nullable=False),
)
