"""When agents are planned to work: what a rehearsal staffs its days with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Nobody has shifts yet."""
    op.create_table(
        "shifts",
        sa.Column("agent", TEXT, nullable=False),
        sa.Column("day", TEXT, nullable=False),
        sa.Column("begins_min", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ends_min", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("agent", "day", "begins_min", name=op.f("pk_shifts")),
    )
