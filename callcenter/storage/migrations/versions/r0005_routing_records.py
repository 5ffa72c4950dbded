"""Which rule took a call, why an agent was chosen, and who changed the routing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Calls and offers that are there have no rule and no score."""
    with op.batch_alter_table("calls") as calls:
        calls.add_column(sa.Column("rule", TEXT, nullable=False, server_default=""))
        calls.add_column(
            sa.Column("rules_version", sa.Integer(), nullable=False, server_default="0")
        )
    with op.batch_alter_table("offers") as offers:
        offers.add_column(sa.Column("score", sa.JSON(), nullable=False, server_default="[]"))
    op.create_table(
        "routing_changes",
        sa.Column("journal", TEXT, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("record_index", sa.Integer(), autoincrement=False, nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("kind", "subject", "detail", "by")),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint(
            "journal", "position", "record_index", name=op.f("pk_routing_changes")
        ),
    )
    op.create_index(op.f("ix_routing_changes_at"), "routing_changes", ["at"])
