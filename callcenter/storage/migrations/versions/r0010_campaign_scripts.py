"""Scripts: what agents say in each campaign."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Campaigns of before have none."""
    op.create_table(
        "campaign_scripts",
        sa.Column("campaign", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("changed_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("campaign", name=op.f("pk_campaign_scripts")),
    )
