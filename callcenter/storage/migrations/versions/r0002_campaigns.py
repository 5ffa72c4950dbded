"""Campaigns: lists of contacts, attempts and what was changed; calls say which campaign dialed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
COUNTED = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add what campaigns need; calls that are there came in, so they name no campaign."""
    with op.batch_alter_table("calls") as calls:
        calls.add_column(sa.Column("campaign", TEXT, nullable=False, server_default=""))
        calls.add_column(sa.Column("attempt", TEXT, nullable=False, server_default=""))
    _create_attempts()
    _create_campaign_changes()
    _create_contact_lists()
    _create_contacts()


def _text(name: str) -> sa.Column[object]:
    return sa.Column(name, TEXT, nullable=False)


def _number(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Double(), nullable=False)


def _moment_or_never(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Double(), nullable=True)


def _record_table(name: str, *columns: sa.Column[object]) -> None:
    op.create_table(
        name,
        sa.Column("journal", TEXT, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("record_index", sa.Integer(), autoincrement=False, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("journal", "position", "record_index", name=op.f(f"pk_{name}")),
    )


def _create_attempts() -> None:
    _record_table(
        "attempts",
        _text("attempt"),
        _text("campaign"),
        _text("contact"),
        _text("number"),
        _text("pbx"),
        _text("channel"),
        _number("tries"),
        _moment("placed_at"),
        _moment_or_never("ringing_at"),
        _moment_or_never("answered_at"),
        _moment_or_never("person_at"),
        _moment_or_never("connected_at"),
        _moment_or_never("harbour_at"),
        _moment("ended_at"),
        _text("result"),
        _number("cause"),
        sa.Column("verdict", TEXT, nullable=True),
        _text("verdict_cause"),
        _text("agent"),
        _text("call"),
        _text("status"),
        _moment_or_never("next_try_at"),
    )
    for column in ("attempt", "contact", "ended_at"):
        op.create_index(op.f(f"ix_attempts_{column}"), "attempts", [column])
    op.create_index(op.f("ix_attempts_campaign_ended_at"), "attempts", ["campaign", "ended_at"])


def _create_campaign_changes() -> None:
    _record_table(
        "campaign_changes",
        _text("campaign"),
        sa.Column("settings", sa.JSON(), nullable=False),
        _text("state"),
        _text("by"),
        _moment("at"),
    )
    op.create_index(op.f("ix_campaign_changes_campaign_at"), "campaign_changes", ["campaign", "at"])


def _create_contact_lists() -> None:
    op.create_table(
        "contact_lists",
        sa.Column("id", COUNTED, autoincrement=True, nullable=False),
        _text("campaign"),
        _text("name"),
        _number("priority"),
        _moment("imported_at"),
        _number("rows"),
        _number("accepted"),
        _number("refused"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_lists")),
        sa.UniqueConstraint("campaign", "name", name=op.f("uq_contact_lists_campaign_name")),
    )


def _create_contacts() -> None:
    op.create_table(
        "contacts",
        sa.Column("id", COUNTED, autoincrement=True, nullable=False),
        _text("campaign"),
        sa.Column("list", COUNTED, nullable=False),
        _text("number"),
        _text("name"),
        _text("customer"),
        _text("tier"),
        sa.Column("attributes", sa.JSON(), nullable=False),
        _text("note"),
        _text("zones"),
        _number("priority"),
        _text("status"),
        _number("made"),
        _text("last_result"),
        _moment_or_never("last_tried_at"),
        _moment_or_never("next_try_at"),
        _moment("added_at"),
        sa.ForeignKeyConstraint(["list"], ["contact_lists.id"], name=op.f("fk_contacts_list")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
        sa.UniqueConstraint("campaign", "number", name=op.f("uq_contacts_campaign_number")),
        sqlite_autoincrement=True,
    )
    # In SQLite what is NULL comes first anyway, and saying so is an error.
    nulls = " NULLS FIRST" if op.get_bind().dialect.name == "postgresql" else ""
    op.create_index(
        op.f("ix_contacts_order"),
        "contacts",
        [
            "campaign",
            "status",
            sa.text("priority DESC"),
            "made",
            sa.text(f"next_try_at{nulls}"),
            "id",
            "zones",
        ],
    )
    op.create_index(
        op.f("ix_contacts_counts"), "contacts", ["campaign", "status", "zones", "next_try_at"]
    )
