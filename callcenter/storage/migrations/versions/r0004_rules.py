"""Versions of routing rules, and what rules may read of a customer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """There are no versions yet; of customers that are there nothing more is known."""
    op.create_table(
        "rule_versions",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("rules", TEXT, nullable=False),
        sa.Column("author", TEXT, nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("comment", TEXT, nullable=False),
        sa.Column("based_on", sa.Integer(), nullable=False),
        sa.Column("request", TEXT, nullable=False),
        sa.Column("published_at", sa.Double()),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_rule_versions")),
        sa.UniqueConstraint("request", name=op.f("uq_rule_versions_request")),
    )
    with op.batch_alter_table("customers") as customers:
        customers.add_column(sa.Column("language", TEXT, nullable=False, server_default=""))
        customers.add_column(sa.Column("owner", TEXT, nullable=False, server_default=""))
        customers.add_column(sa.Column("churn_risk", sa.Double()))
        customers.add_column(
            sa.Column("attributes", sa.JSON(), nullable=False, server_default="{}")
        )
