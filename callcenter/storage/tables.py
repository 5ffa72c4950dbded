"""The tables. Plain SQL types only, so that SQLite and PostgreSQL hold the same.

Times are UTC seconds as double precision floats; NULL where the domain says 0.0 for "never". Texts
carry no length limit: limits are the business of whoever lets the text in. Changed together with a
new file in ``migrations``.
"""

from __future__ import annotations

from typing import Any

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
    UnaryExpression,
    UniqueConstraint,
    false,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import operators
from sqlalchemy.sql.compiler import SQLCompiler

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

TEXT = Text().with_variant(Text(collation="C"), "postgresql")
"""Sorted and compared by code points, as SQLite does, whatever language the server speaks."""

# --- records: written by the projector alone ----------------------------------------------------

projector_positions = Table(
    "projector_positions",
    metadata,
    Column("journal", TEXT, primary_key=True),
    Column("position", BigInteger, nullable=False),
)


def _record_table(name: str, *columns: Column[object], indexes: tuple[str, ...]) -> Table:
    """A table of records, keyed by the journal entry that led to each and its place in it. An index
    over two columns is written with a space between them."""
    return Table(
        name,
        metadata,
        Column("journal", TEXT, primary_key=True),
        Column("position", BigInteger, primary_key=True, autoincrement=False),
        Column("record_index", Integer, primary_key=True, autoincrement=False),
        *columns,
        *(Index(f"ix_{name}_{columns.replace(' ', '_')}", *columns.split()) for columns in indexes),
    )


def _text(name: str) -> Column[object]:
    return Column(name, TEXT, nullable=False)


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
    Column("campaign", TEXT, nullable=False, server_default=""),
    Column("attempt", TEXT, nullable=False, server_default=""),
    Column("rule", TEXT, nullable=False, server_default=""),
    Column("rules_version", Integer, nullable=False, server_default="0"),
    Column("returned", TEXT, nullable=False, server_default=""),
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
    Column("score", JSON, nullable=False, server_default="[]"),
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
    Column("sale", Boolean, nullable=False, server_default=false()),
    Column("amount_cents", Integer, nullable=False, server_default="0"),
    indexes=("call", "at"),
)

attempts = _record_table(
    "attempts",
    _text("attempt"),
    _text("campaign"),
    _text("contact"),
    _text("number"),
    _text("pbx"),
    _text("channel"),
    Column("tries", Integer, nullable=False),
    _moment("placed_at"),
    _moment_or_never("ringing_at"),
    _moment_or_never("answered_at"),
    _moment_or_never("person_at"),
    _moment_or_never("connected_at"),
    _moment_or_never("harbour_at"),
    _moment("ended_at"),
    _text("result"),
    Column("cause", Integer, nullable=False),
    Column("verdict", TEXT),
    _text("verdict_cause"),
    _text("agent"),
    _text("call"),
    _text("status"),
    _moment_or_never("next_try_at"),
    Column("other_number", Boolean, nullable=False, server_default=false()),
    _moment_or_never("message_left_at"),
    indexes=("attempt", "contact", "ended_at", "campaign ended_at", "number placed_at"),
)

return_calls = _record_table(
    "return_calls",
    _text("call"),
    _text("campaign"),
    _text("contact"),
    _text("number"),
    _moment("arrived_at"),
    _moment_or_never("answered_at"),
    _moment("ended_at"),
    _text("agent"),
    _yes_no("opted_out"),
    indexes=("call", "ended_at", "campaign contact"),
)

dnc_changes = _record_table(
    "dnc_changes",
    _text("number"),
    _yes_no("added"),
    _text("reason"),
    _text("source"),
    _moment("until"),
    _text("by"),
    _moment("at"),
    indexes=("at",),
)

campaign_changes = _record_table(
    "campaign_changes",
    _text("campaign"),
    Column("settings", JSON, nullable=False),
    _text("state"),
    _text("by"),
    _moment("at"),
    indexes=("campaign at",),
)

routing_changes = _record_table(
    "routing_changes",
    _text("kind"),
    _text("subject"),
    _text("detail"),
    _text("by"),
    _moment("at"),
    indexes=("at",),
)

faults = _record_table("faults", _text("kind"), _text("detail"), _moment("at"), indexes=("at",))

repairs = _record_table("repairs", _text("kind"), _text("subject"), _moment("at"), indexes=("at",))

# --- accounts -----------------------------------------------------------------------------------

accounts = Table(
    "accounts",
    metadata,
    Column("id", TEXT, primary_key=True),
    Column("name", TEXT, nullable=False),
    Column("roles", JSON, nullable=False),
    Column("password_hash", TEXT, nullable=False),
    Column("phone", TEXT, nullable=False),
    Column("seniority", TEXT, nullable=False),
    Column("queues", JSON, nullable=False),
    Column("team", TEXT, nullable=False, server_default=""),
    Column("skills", JSON, nullable=False, server_default="{}"),
    Column("disabled", Boolean, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("changed_at", Double, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", TEXT, primary_key=True),
    Column("id", TEXT, nullable=False, unique=True),
    Column(
        "account", TEXT, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("created_at", Double, nullable=False),
    Column("last_seen_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False, index=True),
    Column("address", TEXT, nullable=False),
    Column("client", TEXT, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", COUNTED, primary_key=True, autoincrement=True),
    Column("at", Double, nullable=False, index=True),
    Column("account", TEXT, nullable=False, index=True),
    Column("address", TEXT, nullable=False),
    Column("action", TEXT, nullable=False),
    Column("subject", TEXT, nullable=False),
    Column("request", TEXT, nullable=False),
    Column("status", Integer, nullable=False),
    Column("detail", TEXT, nullable=False),
)

# --- customers ----------------------------------------------------------------------------------

customers = Table(
    "customers",
    metadata,
    Column("id", TEXT, primary_key=True),
    Column("name", TEXT, nullable=False),
    Column("tier", TEXT, nullable=False),
    Column("value", Double),
    Column("since", TEXT, nullable=False),
    Column("notes", TEXT, nullable=False),
    Column("language", TEXT, nullable=False, server_default=""),
    Column("owner", TEXT, nullable=False, server_default=""),
    Column("churn_risk", Double),
    Column("attributes", JSON, nullable=False, server_default="{}"),
    Column("changed_at", Double, nullable=False),
)

customer_numbers = Table(
    "customer_numbers",
    metadata,
    Column("number", TEXT, primary_key=True),
    Column(
        "customer", TEXT, ForeignKey("customers.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("place", Integer, nullable=False),
)

# --- rules --------------------------------------------------------------------------------------

rule_versions = Table(
    "rule_versions",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    _text("text"),
    _text("rules"),
    _text("author"),
    _moment("created_at"),
    _text("comment"),
    Column("based_on", Integer, nullable=False),
    _text("request"),
    _moment_or_never("published_at"),
    UniqueConstraint("request"),
)
"""``rules`` are those that the machine is told, in JSON; a text because its keys have an order."""

# --- shifts -------------------------------------------------------------------------------------

shifts = Table(
    "shifts",
    metadata,
    Column("agent", TEXT, primary_key=True),
    Column("day", TEXT, primary_key=True),
    Column("begins_min", Integer, primary_key=True, autoincrement=False),
    Column("ends_min", Integer, nullable=False),
)
"""``day`` is a local date or a weekday; an account that is gone may still have some."""

# --- contacts -----------------------------------------------------------------------------------

contact_lists = Table(
    "contact_lists",
    metadata,
    Column("id", COUNTED, primary_key=True, autoincrement=True),
    _text("campaign"),
    _text("name"),
    Column("priority", Integer, nullable=False),
    _moment("imported_at"),
    Column("rows", Integer, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    UniqueConstraint("campaign", "name"),
)

campaign_scripts = Table(
    "campaign_scripts",
    metadata,
    Column("campaign", TEXT, primary_key=True),
    _text("text"),
    _moment("changed_at"),
)
"""What agents say in a campaign; one without a row has no script."""

contacts = Table(
    "contacts",
    metadata,
    Column("id", COUNTED, primary_key=True, autoincrement=True),
    _text("campaign"),
    Column("list", COUNTED, ForeignKey("contact_lists.id"), nullable=False),
    _text("number"),
    _text("name"),
    _text("customer"),
    _text("tier"),
    Column("attributes", JSON, nullable=False),
    _text("note"),
    _text("zones"),
    Column("priority", Integer, nullable=False),
    _text("status"),
    Column("made", Integer, nullable=False),
    _text("last_result"),
    _moment_or_never("last_tried_at"),
    _moment_or_never("next_try_at"),
    _moment("added_at"),
    Column("kind", TEXT, nullable=False, server_default="other"),
    Column("zone", TEXT, nullable=False, server_default=""),
    Column("consent", Integer, nullable=False, server_default="-1"),
    Column("account", TEXT, nullable=False, server_default=""),
    Column("numbers", Integer, nullable=False, server_default="1"),
    Column("worth", Integer, nullable=False, server_default="0"),
    Column("held", TEXT, nullable=False, server_default=""),
    UniqueConstraint("campaign", "number"),
    # The machine knows contacts by their ids: one that was deleted must not name another person.
    sqlite_autoincrement=True,
)


class _NullsFirst(UnaryExpression[float]):
    """A column of an index in which NULL comes first."""

    inherit_cache = True


@compiles(_NullsFirst, "sqlite")
def _compile_nulls_first(element: _NullsFirst, compiler: SQLCompiler, **options: Any) -> str:
    # In SQLite it comes first anyway, and saying so in an index is an error.
    return compiler.process(element.element, **options)


"""``number``, ``zones`` and ``kind`` are of the number to be dialed next; who has several has all
of them in ``contact_numbers``. ``priority`` -1: as the list has it. ``consent``: 1 given, 0
refused, -1 not known. ``worth``: the customer's value in whole units, when it was looked at last.
``held``: by which terms the contact is held back until ``next_try_at``; empty when by none."""

Index(
    "ix_contacts_order",
    contacts.c.campaign,
    contacts.c.status,
    contacts.c.list,
    contacts.c.priority,
    contacts.c.zones,
    contacts.c.kind,
    contacts.c.consent,
    contacts.c.worth.desc(),
    contacts.c.made,
    _NullsFirst(contacts.c.next_try_at, modifier=operators.nulls_first_op),
    contacts.c.id,
)
"""Groups of contacts that are alike for the order of dialing, and the order within each: of a
million contacts the next ones are read in milliseconds, and all that is counted is in it."""

Index("ix_contacts_number", contacts.c.number)
for _name, _columns in (
    ("customer", ("customer",)),
    ("account", ("account",)),
    ("held", ("campaign", "held", "next_try_at")),
):
    _filled = contacts.c[_name] != ""
    Index(
        f"ix_contacts_{_name}",
        *(contacts.c[_column] for _column in _columns),
        sqlite_where=_filled,
        postgresql_where=_filled,
    )

contact_numbers = Table(
    "contact_numbers",
    metadata,
    Column("contact", COUNTED, ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("number", TEXT, nullable=False, index=True),
    _text("zones"),
    _text("kind"),
    Column("made", Integer, nullable=False),
    _text("last_result"),
    _moment_or_never("last_tried_at"),
    _yes_no("invalid"),
)
"""Every number of contacts that have several, in the order in which they are tried."""

dnc = Table(
    "dnc",
    metadata,
    Column("number", TEXT, primary_key=True),
    _text("reason"),
    _text("source"),
    _text("by"),
    _moment("since"),
    _moment_or_never("until"),
)
"""Numbers that nobody may call; ``until`` NULL: for good."""

_ends = dnc.c.until.is_not(None)
Index("ix_dnc_until", dnc.c.until, sqlite_where=_ends, postgresql_where=_ends)

dnc_imports = Table(
    "dnc_imports",
    metadata,
    Column("id", COUNTED, primary_key=True, autoincrement=True),
    _text("source"),
    _moment("at"),
    Column("rows", Integer, nullable=False),
)
"""Lists of numbers taken into ``dnc``: a running center looks here for those of other programs."""

contact_chances = Table(
    "contact_chances",
    metadata,
    Column("name", TEXT, primary_key=True),
    Column("model", TEXT, nullable=False),
)
"""What was learnt of when people are reached (``dialer.contact_chance``), as JSON."""
