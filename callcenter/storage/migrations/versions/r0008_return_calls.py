"""Contacts who call a number of their campaign back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """No call that is there is known for a return call."""
    with op.batch_alter_table("calls") as calls:
        calls.add_column(sa.Column("returned", TEXT, nullable=False, server_default=""))
    op.create_table(
        "return_calls",
        sa.Column("journal", TEXT, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("record_index", sa.Integer(), autoincrement=False, nullable=False),
        *(
            sa.Column(name, TEXT, nullable=False)
            for name in ("call", "campaign", "contact", "number")
        ),
        sa.Column("arrived_at", sa.Double(), nullable=False),
        sa.Column("answered_at", sa.Double(), nullable=True),
        sa.Column("ended_at", sa.Double(), nullable=False),
        sa.Column("agent", TEXT, nullable=False),
        sa.Column("opted_out", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint(
            "journal", "position", "record_index", name=op.f("pk_return_calls")
        ),
    )
    op.create_index(op.f("ix_return_calls_call"), "return_calls", ["call"])
    op.create_index(op.f("ix_return_calls_ended_at"), "return_calls", ["ended_at"])
    op.create_index(
        op.f("ix_return_calls_campaign_contact"), "return_calls", ["campaign", "contact"]
    )
