"""The first tables: records, accounts with sessions and audit, customers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make everything on an empty database."""
    _create_records_of_calls()
    _create_other_records()
    _create_accounts()
    _create_audit()
    _create_customers()


def _record_table(name: str, *columns: sa.Column[object], indexes: tuple[str, ...]) -> None:
    op.create_table(
        name,
        sa.Column("journal", TEXT, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("record_index", sa.Integer(), autoincrement=False, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("journal", "position", "record_index", name=op.f(f"pk_{name}")),
    )
    for column in indexes:
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column])


def _text(name: str) -> sa.Column[object]:
    return sa.Column(name, TEXT, nullable=False)


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Double(), nullable=False)


def _moment_or_never(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Double(), nullable=True)


def _create_records_of_calls() -> None:
    _record_table(
        "calls",
        _text("call"),
        _text("pbx"),
        _text("channel"),
        _text("caller_number"),
        _text("dialed_number"),
        _text("flow"),
        sa.Column("choices", sa.JSON(), nullable=False),
        _text("customer"),
        _text("tier"),
        _text("queue"),
        _moment("arrived_at"),
        _moment_or_never("queued_at"),
        _moment_or_never("answered_at"),
        _moment("ended_at"),
        _text("outcome"),
        _text("answered_by"),
        sa.Column("answered_by_senior", sa.Boolean(), nullable=False),
        sa.Column("overflowed", sa.Boolean(), nullable=False),
        sa.Column("via_fallback", sa.Boolean(), nullable=False),
        sa.Column("offers", sa.Integer(), nullable=False),
        indexes=("call", "ended_at", "customer", "caller_number", "answered_by"),
    )
    _record_table(
        "offers",
        _text("call"),
        _text("agent"),
        _moment("offered_at"),
        _moment("ended_at"),
        _text("result"),
        _text("reason"),
        indexes=("call", "ended_at"),
    )
    _record_table(
        "conversations",
        _text("call"),
        _text("agent"),
        _moment("began_at"),
        _moment("ended_at"),
        indexes=("call", "ended_at"),
    )


def _create_other_records() -> None:
    op.create_table(
        "projector_positions",
        sa.Column("journal", TEXT, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("journal", name=op.f("pk_projector_positions")),
    )
    _record_table(
        "agent_states",
        _text("agent"),
        _text("state"),
        _text("reason"),
        _moment("began_at"),
        _moment("ended_at"),
        indexes=("agent", "ended_at"),
    )
    _record_table(
        "dispositions",
        _text("call"),
        _text("agent"),
        _text("code"),
        _moment("at"),
        indexes=("call", "at"),
    )
    _record_table("faults", _text("kind"), _text("detail"), _moment("at"), indexes=("at",))
    _record_table("repairs", _text("kind"), _text("subject"), _moment("at"), indexes=("at",))


def _create_accounts() -> None:
    op.create_table(
        "accounts",
        _text("id"),
        _text("name"),
        sa.Column("roles", sa.JSON(), nullable=False),
        _text("password_hash"),
        _text("phone"),
        _text("seniority"),
        sa.Column("queues", sa.JSON(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        _moment("created_at"),
        _moment("changed_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
    )
    op.create_table(
        "sessions",
        _text("token_hash"),
        _text("id"),
        _text("account"),
        _moment("created_at"),
        _moment("last_seen_at"),
        _moment("expires_at"),
        _text("address"),
        _text("client"),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.id"], name=op.f("fk_sessions_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sessions")),
        sa.UniqueConstraint("id", name=op.f("uq_sessions_id")),
    )
    op.create_index(op.f("ix_sessions_account"), "sessions", ["account"])
    op.create_index(op.f("ix_sessions_expires_at"), "sessions", ["expires_at"])


def _create_audit() -> None:
    op.create_table(
        "audit",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        _moment("at"),
        _text("account"),
        _text("address"),
        _text("action"),
        _text("subject"),
        _text("request"),
        sa.Column("status", sa.Integer(), nullable=False),
        _text("detail"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_at"), "audit", ["at"])
    op.create_index(op.f("ix_audit_account"), "audit", ["account"])


def _create_customers() -> None:
    op.create_table(
        "customers",
        _text("id"),
        _text("name"),
        _text("tier"),
        sa.Column("value", sa.Double(), nullable=True),
        _text("since"),
        _text("notes"),
        _moment("changed_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
    )
    op.create_table(
        "customer_numbers",
        _text("number"),
        _text("customer"),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer"],
            ["customers.id"],
            name=op.f("fk_customer_numbers_customer"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_customer_numbers")),
    )
    op.create_index(op.f("ix_customer_numbers_customer"), "customer_numbers", ["customer"])
